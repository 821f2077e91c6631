//! What is wrong with the settings, all of it at once.

use std::{cell::RefCell, collections::BTreeSet, ops::Range, path::PathBuf};

use thiserror::Error;

use super::secret::SecretError;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    #[error(
        "there is no settings file at {}\n  Copy config.example.toml there and fill it in, name another file with --config, or try `mothball demo`, which needs none.",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("this platform tells no configuration directory; name the settings file with --config")]
    NoHome,
    #[error("{}", lines(path, list))]
    Faults { path: PathBuf, list: Vec<Fault> },
    #[error("{}: there is no profile \"{name}\"{}; it has {}", path.display(), hint(near.as_deref()), known.join(", "))]
    NoProfile { path: PathBuf, name: String, known: Vec<String>, near: Option<String> },
    #[error("{}: which profile? Name one with --profile or default_profile: {}", path.display(), known.join(", "))]
    WhichProfile { path: PathBuf, known: Vec<String> },
    #[error("{}:{line}: {key}: {source}", path.display())]
    Secret { path: PathBuf, line: usize, key: String, source: SecretError },
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub column: usize,
    /// The whole key, such as `profiles.main.psa`; empty for the file's form.
    pub key: String,
    pub message: String,
}

fn lines(path: &std::path::Path, list: &[Fault]) -> String {
    let texts: Vec<String> = list
        .iter()
        .map(|fault| {
            let key = if fault.key.is_empty() { String::new() } else { format!("{}: ", fault.key) };
            format!(
                "{}:{}:{}: line {}: {key}{}",
                path.display(),
                fault.line,
                fault.column,
                fault.line,
                fault.message
            )
        })
        .collect();
    texts.join("\n")
}

fn hint(near: Option<&str>) -> String {
    near.map(|near| format!(", did you mean \"{near}\"?")).unwrap_or_default()
}

/// Where faults are gathered while reading goes on.
pub(super) struct Faults {
    text: String,
    list: RefCell<Vec<Fault>>,
    vocabulary: RefCell<BTreeSet<String>>,
}

impl Faults {
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), list: RefCell::default(), vocabulary: RefCell::default() }
    }

    pub fn add(&self, span: Range<usize>, key: &str, message: impl Into<String>) {
        let (line, column) = self.place(span.start);
        let fault = Fault { line, column, key: key.to_owned(), message: message.into() };
        self.list.borrow_mut().push(fault);
    }

    pub fn note(&self, key: &str) {
        self.vocabulary.borrow_mut().insert(key.to_owned());
    }

    pub fn vocabulary(&self) -> BTreeSet<String> {
        self.vocabulary.borrow().clone()
    }

    /// Line and column, counted from 1.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    pub fn into_list(self) -> Vec<Fault> {
        let mut list = self.list.into_inner();
        list.sort_by_key(|fault| (fault.line, fault.column));
        list
    }
}
