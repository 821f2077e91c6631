//! Why something could not be kept or found again, and what a person can do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::domain::{RunId, plan::PlanAltered};

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    #[error("the data directory {} cannot be used: {reason}", folder.display())]
    Unwritable { folder: PathBuf, reason: String },
    #[error("the disk failed at {}: {reason}", path.display())]
    DiskFailed { path: PathBuf, reason: String },
    #[error("there is no space left for {}", path.display())]
    DiskFull { path: PathBuf },
    #[error("{} was written by a newer mothball (its form is {found}, this build knows up to {known})", path.display())]
    NewerSchema { path: PathBuf, found: i64, known: i64 },
    #[error("{} is damaged: {what}", path.display())]
    Corrupt { path: PathBuf, what: String },
    #[error("another process keeps {} locked", path.display())]
    Busy { path: PathBuf },
    /// An earlier change through this handle failed; what the disk holds is not known any more.
    #[error("nothing more is stored, because an earlier record could not be made durable: {first}")]
    Failed { first: String },
    #[error("there is no run {0} in the store")]
    UnknownRun(RunId),
    #[error("run {0} is already in the store")]
    RunExists(RunId),
    #[error(transparent)]
    Plan(#[from] PlanAltered),
    #[error("the store is closed")]
    Closed,
    #[error("the store cannot do this: {message}")]
    Other { message: String },
}

impl StoreError {
    /// What a person can do next.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unwritable { .. } => {
                "Name a folder that you may write to, with --data-dir or MOTHBALL_DATA_DIR, or mend its rights."
            }
            Self::DiskFailed { .. } => {
                "Check the disk and keep the data directory, then `mothball runs resume` goes on where this run stopped; nothing is sent that was not journaled."
            }
            Self::DiskFull { .. } => {
                "Make space, then `mothball runs resume` goes on where this run stopped; nothing is sent that was not journaled."
            }
            Self::NewerSchema { .. } => "Use the newer mothball, or another data directory (--data-dir).",
            Self::Corrupt { .. } => {
                "Keep the file, `mothball audit verify` names what is damaged; restore a backup or use another data directory (--data-dir)."
            }
            Self::Busy { .. } => "Wait until the other mothball is done, or end it, and try again.",
            Self::Failed { .. } => {
                "Check the disk, start mothball again, and let `mothball runs resume` settle what was sent."
            }
            Self::UnknownRun(_) => "`mothball runs list` shows the runs there are.",
            Self::RunExists(_) | Self::Closed | Self::Other { .. } => {
                "This is an error of mothball: please report it with the log file."
            }
            Self::Plan(_) => "Nothing is written from an altered plan. Review again to make a new one.",
        }
    }
}
