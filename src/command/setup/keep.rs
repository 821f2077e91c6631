//! Keeping what was typed: each secret where it was chosen to be, then the settings file. Nothing that is there already
//! is overwritten, and what was stored for a file that could not be written is taken away again.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::profile::{self, refuse};
use crate::{
    settings::draft::{self, Way},
    system::{
        files,
        keyring::{Keyring, KeyringError},
    },
    tui::setup::desk::{At, Choice, Draft, Preview, Refusal, Saved, SecretWay},
};

/// How many names are tried before it is given up.
const NAMES: usize = 100;

/// The settings file as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum There {
    Nothing,
    Text(String),
}

impl There {
    pub fn read(path: &Path) -> Result<Self, Refusal> {
        match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Nothing),
            Err(error) => Err(unreadable(path, &error.to_string())),
            Ok(bytes) => {
                String::from_utf8(bytes).map(Self::Text).map_err(|_| unreadable(path, "it is not UTF-8 text"))
            }
        }
    }
}

fn unreadable(path: &Path, why: &str) -> Refusal {
    refuse(
        None,
        &format!("The settings file {} cannot be read: {why}.", path.display()),
        "Mend it, or name another with --config; nothing was changed.",
    )
}

/// A secret that is ours to keep, and the place that was found for it.
pub struct Kept {
    key: &'static str,
    way: Way,
    secret: SecretString,
}

/// Places for the secrets of a draft: of names that are taken the next free one.
pub async fn places(draft: &Draft, path: &Path, keyring: &dyn Keyring) -> Result<Vec<Kept>, Refusal> {
    let mut kept = Vec::new();
    for (key, way) in &draft.secrets {
        let (way, secret) = match way {
            SecretWay::File(secret) => (free_file(&draft.profile, key, path)?, secret),
            SecretWay::Keyring(secret) => (free_entry(&draft.profile, key, keyring).await?, secret),
            SecretWay::Env(_) | SecretWay::Command(_) => continue,
        };
        kept.push(Kept { key, way, secret: secret.clone() });
    }
    Ok(kept)
}

fn numbered(name: &str) -> impl Iterator<Item = String> {
    (1..=NAMES).map(move |n| if n == 1 { name.to_owned() } else { format!("{name}-{n}") })
}

fn free_file(profile: &str, key: &'static str, settings: &Path) -> Result<Way, Refusal> {
    let folder = settings.parent().unwrap_or(Path::new(""));
    let free = numbered(&format!("{profile}.{key}"))
        .find(|name| std::fs::symlink_metadata(folder.join(name)).is_err());
    free.map(Way::File).ok_or_else(|| {
        let message =
            format!("There are {NAMES} files like {profile}.{key} in {} already.", folder.display());
        refuse(Some(At::Key(key)), &message, "Give the profile another name.")
    })
}

/// Asks the keyring itself, so that one that cannot be reached is told of before anything depends on it.
async fn free_entry(profile: &str, key: &'static str, keyring: &dyn Keyring) -> Result<Way, Refusal> {
    for name in numbered(&format!("{profile}.{key}")) {
        match keyring.read(&name).await {
            Err(KeyringError::Missing { .. }) => return Ok(Way::Keyring(name)),
            // Somebody else's, or an earlier one of ours: it stays.
            Ok(_) | Err(KeyringError::NotText { .. }) => {}
            Err(error) => return Err(no_keyring(key, &error)),
        }
    }
    let message = format!("The keyring has {NAMES} secrets like {profile}.{key} already.");
    Err(refuse(Some(At::Key(key)), &message, "Give the profile another name."))
}

fn no_keyring(key: &'static str, error: &KeyringError) -> Refusal {
    refuse(
        Some(At::Key(key)),
        &format!("The secret cannot be kept there: {error}."),
        "Choose another place in the line below it: a file, a command or a variable.",
    )
}

/// The text that would be written.
pub fn preview(
    draft: &Draft,
    choice: &Choice,
    kept: &[Kept],
    path: &Path,
    there: &There,
) -> Result<Preview, Refusal> {
    let ways: BTreeMap<&'static str, Way> = kept.iter().map(|kept| (kept.key, kept.way.clone())).collect();
    let profile = profile::of(draft, choice, &ways)?;
    let (text, before) = match there {
        There::Nothing => (draft::whole_file(&profile, path), None),
        There::Text(text) => (draft::added_to(text, &profile, path), Some(text.clone())),
    };
    let text = text.map_err(|error| profile::refused_by_draft(&error))?;
    let secrets = profile.secrets.iter().map(|(key, way)| will_be(key, way, path)).collect();
    Ok(Preview { text, before, secrets })
}

fn will_be(key: &str, way: &Way, path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new(""));
    match way {
        Way::File(name) => format!("{key} goes into {} (mode 0600).", folder.join(name).display()),
        Way::Keyring(name) => format!("{key} goes into the keyring, as \"{name}\"."),
        Way::Command(words) => format!("{key} comes from the command {}.", words.join(" ")),
        Way::Env(name) => {
            format!("{key} comes from the variable {name}, which must be set wherever mothball runs.")
        }
    }
}

/// Stores the secrets, then writes the file.
pub async fn save(
    kept: &[Kept],
    preview: &Preview,
    path: &Path,
    keyring: &dyn Keyring,
) -> Result<Saved, Refusal> {
    let folder = path.parent().unwrap_or(Path::new(""));
    if !folder.as_os_str().is_empty() {
        files::create_private_folder(folder).map_err(|error| {
            refuse(
                None,
                &format!("The folder {} cannot be made: {error}.", folder.display()),
                "Make it writable, or name another settings file with --config; nothing was saved.",
            )
        })?;
    }
    let mut stored = Vec::new();
    let done = store_all(kept, folder, keyring, &mut stored).await;
    let done = done.and_then(|()| write(preview, path));
    if let Err(refusal) = done {
        for way in &stored {
            take_back(way, folder, keyring).await;
        }
        return Err(refusal);
    }
    Ok(Saved { path: path.to_owned(), secrets: preview.secrets.iter().map(|text| is_now(text)).collect() })
}

fn is_now(text: &str) -> String {
    text.replacen(" goes into ", " lies in ", 1)
}

async fn store_all(
    kept: &[Kept],
    folder: &Path,
    keyring: &dyn Keyring,
    stored: &mut Vec<Way>,
) -> Result<(), Refusal> {
    for Kept { key, way, secret } in kept {
        match way {
            Way::File(name) => {
                let path = folder.join(name);
                let line = secrecy::zeroize::Zeroizing::new(format!("{}\n", secret.expose_secret()));
                files::create_private_with(&path, line.as_bytes()).map_err(|error| {
                    let message = format!("The secret cannot be written to {}: {error}.", path.display());
                    refuse(
                        Some(At::Key(key)),
                        &message,
                        "Make the folder writable, or keep it elsewhere; nothing was saved.",
                    )
                })?;
            }
            Way::Keyring(name) => {
                keyring.store(name, secret).await.map_err(|error| no_keyring(key, &error))?;
            }
            Way::Env(_) | Way::Command(_) => continue,
        }
        stored.push(way.clone());
    }
    Ok(())
}

fn write(preview: &Preview, path: &Path) -> Result<(), Refusal> {
    let now = There::read(path)?;
    let as_shown = match (&now, &preview.before) {
        (There::Nothing, None) => true,
        (There::Text(now), Some(before)) => now == before,
        _ => false,
    };
    if !as_shown {
        return Err(refuse(
            None,
            &format!("The file {} was changed meanwhile, by something else.", path.display()),
            "Go back and look at what would be written now; nothing was saved.",
        ));
    }
    // A link stays one: what it leads to is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    files::write_atomically(&target, preview.text.as_bytes()).map_err(|error| {
        refuse(
            None,
            &format!("The file {} cannot be written: {error}.", path.display()),
            "Make it writable, or name another with --config; nothing was saved.",
        )
    })
}

async fn take_back(way: &Way, folder: &Path, keyring: &dyn Keyring) {
    let gone = match way {
        Way::File(name) => std::fs::remove_file(folder.join(name)).map_err(|error| error.to_string()),
        Way::Keyring(name) => keyring.remove(name).await.map_err(|error| error.to_string()),
        Way::Env(_) | Way::Command(_) => Ok(()),
    };
    if let Err(error) = gone {
        tracing::warn!(error, way = way.written(), "a secret was stored for nothing and cannot be removed");
    }
}
