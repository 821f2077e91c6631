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
    /// A team's database: it went away, or was not there to begin with.
    #[error("the database {place} cannot be reached: {reason}")]
    Away { place: String, reason: String },
    #[error("store.url cannot be used: {reason}")]
    Address { reason: String },
    #[error("no safe connection to the database {place} can be made: {reason}")]
    Unsafe { place: String, reason: String },
    #[error("the database {place} refused the sign-in: {reason}")]
    SignInRefused { place: String, reason: String },
    #[error("the database {place} does not let this account work: {reason}")]
    NoRights { place: String, reason: String },
    #[error("the database {place} can only be read now")]
    ReadOnly { place: String },
    #[error(
        "the tables in {place} are of an earlier mothball (their form is {found}, this build needs {known})"
    )]
    OlderSchema { place: String, found: i64, known: i64 },
    /// This process was not heard of for so long that another one took its place.
    #[error("run {0} was taken over by another process")]
    TakenOver(RunId),
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
            Self::NewerSchema { .. } => "Use the newer mothball, or another store (store.url, --data-dir).",
            Self::Corrupt { .. } => {
                "Keep it as it is, `mothball audit verify` names what is damaged; restore a backup or use another store (store.url, --data-dir)."
            }
            Self::Busy { .. } => "Wait until the other mothball is done, or end it, and try again.",
            Self::Failed { .. } => {
                "Check the disk or the database, start mothball again, and let `mothball runs resume` settle what was sent."
            }
            Self::Away { .. } => {
                "Check that PostgreSQL runs there and that store.url is right; a run that was stopped goes on with `mothball runs resume`, and nothing is sent that was not journaled."
            }
            Self::Address { .. } => {
                "Write it as postgres://USER:PASSWORD@HOST/DATABASE. To another computer it is always sslmode=verify-full; name a CA of your own with ?sslrootcert=FILE."
            }
            Self::Unsafe { .. } => {
                "The server needs a certificate for the name in store.url that is valid today; name a CA of your own with ?sslrootcert=FILE."
            }
            Self::SignInRefused { .. } => {
                "Mend user or password in store.url, or let the account in on the server (pg_hba.conf)."
            }
            Self::NoRights { .. } => {
                "Make the database, and let the account make tables in it: CREATE DATABASE mothball OWNER …, encoding UTF8."
            }
            Self::ReadOnly { .. } => {
                "Name the primary server in store.url, or wait until it takes changes again; then `mothball runs resume` goes on."
            }
            Self::OlderSchema { .. } => {
                "When every other mothball that uses it has ended: `mothball store migrate`."
            }
            Self::TakenOver(_) => {
                "Nothing more is sent from here. `mothball runs show` tells what became of the run."
            }
            Self::UnknownRun(_) => "`mothball runs list` shows the runs there are.",
            Self::RunExists(_) | Self::Closed | Self::Other { .. } => {
                "This is an error of mothball: please report it with the log file."
            }
            Self::Plan(_) => "Nothing is written from an altered plan. Review again to make a new one.",
        }
    }
}
