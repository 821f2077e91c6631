//! What can go wrong with the store, with what to do next.

use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    #[error("the data directory {} cannot be used: {why}", path.display())]
    Folder { path: PathBuf, why: String },
    #[error("{} was written by a newer version of mothball ({why}); use that version, or another --data-dir", path.display())]
    Newer { path: PathBuf, why: String },
    #[error("the store cannot be read or written: {0}; is the disk full or read-only?")]
    Broken(String),
    /// An earlier write failed; nothing is tried again on the same store.
    #[error("the store failed earlier ({0}) and takes nothing more until the program is started again")]
    Failed(String),
    #[error("there is already a run {0}")]
    RunExists(String),
    #[error("there is no run {0}")]
    NoRun(String),
    #[error("a stored record cannot be understood: {0}; `mothball runs list` shows what else there is")]
    Corrupt(String),
}
