//! Secrets: where they come from, and how they are fetched when they are needed. A [`Secret`] only knows the
//! way; what it leads to is never shown, not even by accident.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};
use toml::de::DeValue;

use super::{
    Fault, location,
    section::{Found, Section},
};
use crate::{
    domain::text::one_line,
    system::{
        environment, files,
        keyring::{self, Keyring, KeyringError},
    },
};

/// How long a command may take to tell a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// No secret is longer than this.
const LONGEST: u64 = 64 * 1024;

/// The way to a secret.
#[derive(Debug, Clone)]
pub struct Secret {
    source: Source,
    /// Where it stands in the file, for messages.
    place: Fault,
    /// Variables that hold other secrets of the file: a command does not get to see them.
    withheld: Arc<[String]>,
}

#[derive(Debug, Clone)]
enum Source {
    Plain(SecretString),
    Environment(String),
    File(PathBuf),
    /// Program and arguments; no shell.
    Command(Vec<String>),
    /// By its name in the keyring of whoever is signed in.
    Keyring(String),
    /// By the name under which the service manager handed it over (`LoadCredential=` of a systemd unit).
    Credential(String),
}

/// Where systemd puts what a unit names with `LoadCredential=`.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// What is said about a secret in plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    Warned,
    /// An address, which is only secret if it has a password in it.
    IfNoPassword,
}

const FORMS: &str = "{ env = \"NAME\" }, { file = \"PATH\" }, { command = [\"PROGRAM\", \"ARGUMENT\"] }, { keyring = \"NAME\" }, { credential = \"NAME\" }, or text in quotes";

/// What works where no keyring does.
const WITHOUT_KEYRING: &str =
    "{ file = \"PATH\" } (mode 0600), { command = [\"PROGRAM\", \"ARGUMENT\"] } or { env = \"NAME\" }";

/// Reads the way to a secret from a value.
pub fn read(section: &Section<'_, '_>, found: Found<&DeValue<'_>>, plain: Plain) -> Option<Secret> {
    let document = section.document();
    let refuse = |what: String| {
        document.fault(found.at, found.key.clone(), what);
        None
    };
    let source = match found.value {
        DeValue::String(text) => {
            if text.trim().is_empty() {
                return refuse(format!("it is empty; write {FORMS}"));
            }
            let has_password = || url::Url::parse(text).is_ok_and(|url| url.password().is_some());
            if plain == Plain::Warned || has_password() {
                let place = document.fault_at(found.at, found.key.clone(), String::new());
                document.warn(format!(
                    "{} stands in plain text in {} (line {}); better: {{ env = \"NAME\" }}, {{ file = \"PATH\" }} or {{ command = […] }}",
                    found.key,
                    document.path().display(),
                    place.line,
                ));
            }
            Source::Plain(SecretString::from(text.to_string()))
        }
        DeValue::Table(table) => {
            let mut entries = table.iter();
            let (Some((way, value)), None) = (entries.next(), entries.next()) else {
                return refuse(format!("it needs exactly one way to the secret: {FORMS}"));
            };
            match (way.get_ref().as_ref(), value.get_ref()) {
                ("env", DeValue::String(name)) if !name.trim().is_empty() => {
                    Source::Environment(name.to_string())
                }
                ("file", DeValue::String(path)) if !path.trim().is_empty() => {
                    Source::File(location::resolve(path, document.path()))
                }
                ("command", DeValue::Array(words)) => {
                    let words: Option<Vec<String>> =
                        words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
                    match words {
                        Some(words) if words.first().is_some_and(|program| !program.is_empty()) => {
                            Source::Command(words)
                        }
                        _ => return refuse("command must be a list of texts, the program first".to_owned()),
                    }
                }
                ("command", DeValue::String(_)) => {
                    return refuse(
                        "command must be a list, like [\"pass\", \"show\", \"cw\"]; no shell is used"
                            .to_owned(),
                    );
                }
                ("keyring", DeValue::String(name)) if !name.trim().is_empty() => {
                    Source::Keyring(name.to_string())
                }
                // A name, and no way out of the folder.
                ("credential", DeValue::String(name))
                    if !name.trim().is_empty() && !name.contains('/') && name != ".." =>
                {
                    Source::Credential(name.to_string())
                }
                ("credential", _) => {
                    return refuse(
                        "credential must be a name that the unit gives with LoadCredential=NAME:PATH"
                            .to_owned(),
                    );
                }
                ("env" | "file" | "keyring", _) => {
                    return refuse(format!("{} must be text in quotes", way.get_ref()));
                }
                (other, _) => {
                    let known = ["env", "file", "command", "keyring", "credential"];
                    let near = crate::domain::text::nearest(other, known);
                    let hint = near.map(|way| format!(" (did you mean \"{way}\"?)")).unwrap_or_default();
                    return refuse(format!(
                        "\"{}\" is no way to a secret{hint}; write {FORMS}",
                        one_line(other, 20)
                    ));
                }
            }
        }
        _ => return refuse(format!("it must be {FORMS}")),
    };
    Some(Secret {
        source,
        place: document.fault_at(found.at, found.key, String::new()),
        withheld: Arc::default(),
    })
}

/// Makes sure that no command sees the secrets that stand in the environment for somebody else.
pub fn keep_apart<'s>(secrets: impl IntoIterator<Item = &'s mut Secret>) {
    let secrets: Vec<_> = secrets.into_iter().collect();
    let variables = secrets.iter().filter_map(|secret| match &secret.source {
        Source::Environment(name) => Some(name.clone()),
        _ => None,
    });
    let withheld: Arc<[String]> = variables.collect();
    for secret in secrets {
        secret.withheld = Arc::clone(&withheld);
    }
}

impl Secret {
    /// Where it comes from, in words.
    pub fn origin(&self) -> String {
        match &self.source {
            Source::Plain(_) => "the settings file, in plain text".to_owned(),
            Source::Environment(name) => format!("the variable {name}"),
            Source::File(path) => format!("the file {}", path.display()),
            // Its arguments may say more than is good.
            Source::Command(words) => format!("the command {}", words.first().map_or("", String::as_str)),
            Source::Keyring(name) => format!("the keyring (\"{name}\")"),
            Source::Credential(name) => format!("the credential {name} of the service"),
        }
    }

    /// Says what is wrong with what it leads to.
    pub fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { what: what.into(), ..self.place.clone() }
    }

    /// Fetches it.
    pub async fn reveal(&self) -> Result<SecretString, Fault> {
        self.reveal_with(keyring::own().as_ref()).await
    }

    /// Fetches it; what stands in a keyring, from this one.
    pub async fn reveal_with(&self, keyring: &dyn Keyring) -> Result<SecretString, Fault> {
        let fetched = match &self.source {
            Source::Plain(secret) => Ok(secret.clone()),
            Source::Environment(name) => environment::variable(name).map(SecretString::from).ok_or_else(|| {
                format!("the environment variable {name} is not set; set it, or name another way to the secret")
            }),
            Source::File(path) => from_file(path),
            Source::Command(words) => from_command(words, &self.withheld).await,
            Source::Keyring(name) => from_keyring(keyring, name).await,
            Source::Credential(name) => from_credential(name),
        };
        fetched.map_err(|what| Fault { what, ..self.place.clone() })
    }
}

fn from_file(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let mode = files::mode(path).map_err(|error| format!("the file {shown} cannot be read: {error}"))?;
    if mode & 0o077 != 0 {
        return Err(format!(
            "the file {shown} has mode {mode:04o}, so others may read it; run `chmod 600 {shown}`"
        ));
    }
    first_line_of(path)
}

/// What the service manager handed over. It sees to it that nobody else can read it, in ways that a mode does not show.
fn from_credential(name: &str) -> Result<SecretString, String> {
    let folder = environment::path(CREDENTIALS).ok_or_else(|| {
        format!(
            "no credentials were handed over ({CREDENTIALS} is not set): start it as a service with LoadCredential={name}:PATH in its unit, or name another way to the secret"
        )
    })?;
    first_line_of(&folder.join(name))
}

fn first_line_of(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let read = std::fs::File::open(path).and_then(|file| {
        // Wiped when it is done with, and large enough never to be moved.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize + 1));
        std::io::Read::read_to_string(&mut std::io::Read::take(file, LONGEST), &mut text)?;
        Ok(text)
    });
    let text = read.map_err(|error| format!("the file {shown} cannot be read: {error}"))?;
    first_line(&text).ok_or_else(|| format!("the file {shown} is empty; its first line must be the secret"))
}

fn first_line(text: &str) -> Option<SecretString> {
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| SecretString::from(line.to_owned()))
}

async fn from_keyring(keyring: &dyn Keyring, name: &str) -> Result<SecretString, String> {
    let secret = keyring.read(name).await.map_err(|error| match error {
        // The keyring is there: what is amiss is said, and is mended there.
        KeyringError::Missing { .. } | KeyringError::NotText { .. } | KeyringError::Locked => {
            error.to_string()
        }
        other => format!("{other}. Without one use {WITHOUT_KEYRING}"),
    })?;
    first_line(secret.expose_secret()).ok_or_else(|| {
        format!("what the keyring has as \"{name}\" is empty; its first line must be the secret")
    })
}

async fn from_command(words: &[String], withheld: &[String]) -> Result<SecretString, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("command names no program".to_owned());
    };
    let mut command = Command::new(program);
    for variable in withheld {
        command.env_remove(variable);
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the command \"{program}\" cannot be started: {error}"))?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let ended = timeout(COMMAND_LIMIT, async {
        let (output, errors) = tokio::join!(bounded(output), bounded(errors));
        (child.wait().await, output, errors)
    })
    .await;
    let Ok((status, output, errors)) = ended else {
        return Err(format!(
            "the command \"{program}\" did not end within {} seconds; it must not ask for anything",
            COMMAND_LIMIT.as_secs()
        ));
    };
    let status = status.map_err(|error| format!("the command \"{program}\" failed: {error}"))?;
    if !status.success() {
        // Only the beginning: nobody knows what a failing helper prints.
        let said = one_line(errors.lines().next().unwrap_or_default(), 100);
        let said = if said.is_empty() { String::new() } else { format!(", saying \"{said}\"") };
        return Err(format!("the command \"{program}\" failed ({status}){said}; run it by hand to see why"));
    }
    first_line(&output).ok_or_else(|| {
        format!("the command \"{program}\" printed nothing; its first line must be the secret")
    })
}

/// What a pipe says, up to a bound; the rest is read and dropped, so that the writer is not blocked.
async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> Zeroizing<String> {
    let Some(mut pipe) = pipe else { return Zeroizing::default() };
    let mut kept = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 1));
    if (&mut pipe).take(LONGEST).read_to_end(&mut kept).await.is_ok() {
        // What is beyond the bound does not matter, and neither does an error in it.
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    Zeroizing::new(String::from_utf8_lossy(&kept).into_owned())
}
