//! What the screen is told at its start, and what it tells at its end.

use std::path::PathBuf;

use thiserror::Error;
use tokio::sync::watch;

use crate::domain::{Phase, RunId};

/// What the caller knows and the screen may not find out by itself.
pub struct Options {
    /// `NO_COLOR` is set: the mono theme, whatever `theme` says.
    pub no_color: bool,
    /// `dark`, `light`, `high-contrast` or `mono`; dark if not said.
    pub theme: Option<String>,
    /// No characters outside ASCII of our own.
    pub ascii: bool,
    pub mouse: bool,
    /// The terminal is known to make links of what is marked as such (OSC 8).
    pub hyperlinks: bool,
    /// What takes copied text; the terminal itself (OSC 52) if there is none, as over SSH.
    pub clipboard: Option<Clipboard>,
    /// Stops this process until it is continued, as Ctrl-Z does in a shell.
    pub suspend: fn() -> std::io::Result<()>,
    /// Turns to `Some` when the program is asked to end.
    pub stop: watch::Receiver<Option<StopSignal>>,
}

/// A program of the desktop that takes text for other programs.
#[derive(Debug, Clone, Copy)]
pub struct Clipboard {
    pub name: &'static str,
    /// Gives it the text and waits until it has it.
    pub take: fn(&str) -> std::io::Result<()>,
}

/// Why the program is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// The terminal went away (SIGHUP, or its end of file).
    Hangup,
    /// SIGINT from outside; Ctrl-C in the screen is a key.
    Interrupt,
    Terminate,
}

/// How the screen was left.
#[derive(Debug, Clone, PartialEq)]
pub enum Leave {
    /// The person quit.
    Quit(Closing),
    /// A signal ended it; a run was cancelled and waited for first, as long as that may take.
    Stopped(StopSignal, Closing),
}

impl Leave {
    pub fn closing(&self) -> &Closing {
        match self {
            Self::Quit(closing) | Self::Stopped(_, closing) => closing,
        }
    }
}

/// What the caller needs for the exit code and the last lines it prints.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closing {
    /// The last run of this session, if there was one.
    pub last_run: Option<LastRun>,
}

/// How the last run of a session stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LastRun {
    pub run: RunId,
    pub phase: Phase,
    pub success: bool,
    /// False if the screen was left before the run's end was told.
    pub ended: bool,
    /// Where the report lies; the error if it could not be saved.
    pub report: Option<Result<PathBuf, String>>,
    /// The command that resumes it.
    pub resume: Option<String>,
}

/// Why there can be no screen.
#[derive(Debug, Error)]
pub enum TuiError {
    #[error("there is no terminal to draw on: {0}; use `mothball run` without a screen")]
    NoTerminal(#[source] std::io::Error),
    #[error("no theme is called \"{name}\"; there are {known}")]
    UnknownTheme { name: String, known: String },
    #[error(
        "what is written wants a person's confirmation, typed at a terminal; standard input is none. \
         Without a person use `mothball run`"
    )]
    NobodyToConfirm,
    #[error("the screen could not be started: {0}")]
    Io(#[from] std::io::Error),
    /// The panic's own message was printed after the terminal was restored.
    #[error("a part of the program panicked; what was sent is in the journal")]
    Panicked,
}
