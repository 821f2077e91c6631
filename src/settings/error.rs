//! What can be wrong with settings. A person reads all of it, so all of it says what to do.

use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    #[error(
        "there is no settings file at {}. `mothball setup` asks for what is needed and writes it; or copy config.example.toml there, or name another file with --config or MOTHBALL_CONFIG. `mothball demo` works without one",
        path.display()
    )]
    NotFound { path: PathBuf },
    #[error("the settings file {} cannot be read: {reason}. Mend it, or name another with --config", path.display())]
    Unreadable { path: PathBuf, reason: String },
    /// Every mistake of the file, in its order.
    #[error("{}", all(.0))]
    Faults(Vec<Fault>),
    #[error("there is no profile \"{name}\"{}; the settings file has {}", meant(nearest.as_ref()), list(known))]
    UnknownProfile { name: String, nearest: Option<String>, known: Vec<String> },
    #[error(
        "which profile? Name one with --profile, or set default_profile; the settings file has {}",
        list(known)
    )]
    WhichProfile { known: Vec<String> },
    #[error("this user has no home directory; name the {what} with {flag} or {variable}")]
    NoHome { what: &'static str, flag: &'static str, variable: &'static str },
}

/// One mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}:{line}:{column}: {}{what}", path.display(), key_of(key))]
pub struct Fault {
    pub path: PathBuf,
    pub line: usize,
    pub column: usize,
    /// `profiles.main.pace.requests`; empty where no key can be told.
    pub key: String,
    /// What is wrong, and what to do.
    pub what: String,
}

fn key_of(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

fn all(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn meant(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default()
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
