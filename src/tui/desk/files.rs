//! Reports as files, and the paths that a person types.

use std::path::PathBuf;

use super::Trouble;
use crate::{domain::RunId, report::export::Wish};

/// A report that shall become a file, or a file for each client in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveRequest {
    pub run: RunId,
    pub wish: Wish,
    /// As it was typed; `~` is the home directory, and a directory gets one document per client.
    pub path: PathBuf,
    /// What is there already may be replaced.
    pub overwrite: bool,
}

/// Where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The file; the directory, if there are several.
    pub path: PathBuf,
    pub files: usize,
}

/// Why a report was not saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveError {
    Exists(PathBuf),
    Failed(Trouble),
}

/// What a path that is being typed could become.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// As far as it is clear.
    pub text: String,
    /// The names that fit, if there are several; directories end with `/`.
    pub names: Vec<String>,
}
