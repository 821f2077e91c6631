//! Secrets: named in the file, looked up only when they are used.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::SecretString;
use thiserror::Error;
use tokio::process::Command;

use super::reader::Section;
use crate::system::{environment, files};

/// How long a command may take to tell a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Where a secret comes from.
#[derive(Debug, Clone)]
pub enum Secret {
    Plain(SecretString),
    Env(String),
    File(PathBuf),
    /// A program and its arguments; no shell.
    Command(Vec<String>),
    Keyring(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    #[error(
        "the environment variable {0} is not set; export it, or use {{ file = \"…\" }} or {{ command = […] }}"
    )]
    NotInEnvironment(String),
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("{} may be read by others (mode {mode:o}); run: chmod 600 {}", path.display(), path.display())]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("{} is empty", .0.display())]
    EmptyFile(PathBuf),
    #[error("the command {program} {why}; run it by hand to see what it says")]
    Command { program: String, why: String },
    #[error(
        "this version has no keyring support yet; use {{ env = \"…\" }}, {{ file = \"…\" }} or {{ command = […] }}"
    )]
    Keyring,
}

/// Reads a secret's source. Complains where it is none; warns about plain text.
pub(super) fn read(
    section: &mut Section<'_>,
    key: &str,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Option<Secret> {
    match section.text_or_table(key)? {
        Ok(text) if text.is_empty() => {
            section.complain(key, "the secret is empty");
            None
        }
        Ok(text) => {
            warnings.push(format!(
                "{} stands in the settings file in plain text (line {}); better: {{ env = \"…\" }}, {{ file = \"…\" }} or {{ command = […] }}",
                section.key_path(key),
                section.line(key)
            ));
            Some(Secret::Plain(text.into()))
        }
        Err(mut table) => {
            let env = table.text("env").map(Secret::Env);
            let file = table.text("file").map(|path| Secret::File(resolve(folder, &path)));
            let command = Some(table.list("command")).filter(|list| !list.is_empty()).map(Secret::Command);
            let keyring = table.text("keyring").map(Secret::Keyring);
            table.finish();
            let mut given: Vec<Secret> = [env, file, command, keyring].into_iter().flatten().collect();
            if given.len() == 1 {
                given.pop()
            } else {
                section.complain(key, "exactly one of env, file, command, keyring is wanted");
                None
            }
        }
    }
}

/// A path as a person writes it: `~` is home, anything relative lies beside the settings file.
fn resolve(folder: &Path, path: &str) -> PathBuf {
    match path.strip_prefix("~/").zip(environment::path("HOME")) {
        Some((rest, home)) => home.join(rest),
        None => folder.join(path),
    }
}

impl Secret {
    /// Looks the secret up.
    pub async fn look_up(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Plain(secret) => Ok(secret.clone()),
            Self::Env(name) => environment::variable(name)
                .map(SecretString::from)
                .ok_or_else(|| SecretError::NotInEnvironment(name.clone())),
            Self::File(path) => from_file(path),
            Self::Command(words) => from_command(words).await,
            Self::Keyring(_) => Err(SecretError::Keyring),
        }
    }
}

fn from_file(path: &Path) -> Result<SecretString, SecretError> {
    let unreadable =
        |error: std::io::Error| SecretError::Unreadable { path: path.to_owned(), why: error.to_string() };
    let mode = files::mode(path).map_err(unreadable)?;
    if mode & 0o077 != 0 {
        return Err(SecretError::TooOpen { path: path.to_owned(), mode });
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned().into()),
        None => Err(SecretError::EmptyFile(path.to_owned())),
    }
}

async fn from_command(words: &[String]) -> Result<SecretString, SecretError> {
    let program = words.first().cloned().unwrap_or_default();
    let failed = |why: &str| SecretError::Command { program: program.clone(), why: why.to_owned() };
    let mut command = Command::new(&program);
    command
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND_LIMIT, command.output())
        .await
        .map_err(|_| failed("took longer than 10 seconds"))?
        .map_err(|error| failed(&format!("cannot be started ({error})")))?;
    if !output.status.success() {
        return Err(failed(&format!("failed ({})", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("printed no text"))?;
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned().into()),
        None => Err(failed("printed nothing")),
    }
}
