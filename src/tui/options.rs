//! What the screen is told at its start, and what it tells at its end.

use std::path::PathBuf;

use thiserror::Error;
use tokio::sync::watch;

use super::{
    keymap::Keymap,
    model::Look,
    theme::{Styles, Theme},
};
use crate::domain::{Phase, RunId};

/// What the caller knows and the screen may not find out by itself.
pub struct Options {
    /// Colours and signs. Under `NO_COLOR` the caller gives the mono theme.
    pub look: Look,
    /// What to change to if the terminal, once asked, tells of a light background; `None` asks nothing.
    pub on_light: Option<Styles>,
    pub keymap: Keymap,
    pub mouse: bool,
    /// The terminal is known to make links of what is marked as such (OSC 8).
    pub hyperlinks: bool,
    /// What takes copied text; the terminal itself (OSC 52) if there is none, as over SSH.
    pub clipboard: Option<Clipboard>,
    pub alert: Alert,
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

impl Options {
    /// Nothing wished for: the dark theme, all signs, the table's keys, the mouse, no noise.
    pub fn new(suspend: fn() -> std::io::Result<()>, stop: watch::Receiver<Option<StopSignal>>) -> Self {
        Self {
            look: Look::new(Theme::default(), false),
            on_light: None,
            keymap: Keymap::default(),
            mouse: true,
            hyperlinks: false,
            clipboard: None,
            alert: Alert::None,
            suspend,
            stop,
        }
    }
}

/// How whoever looks elsewhere is told that a run ended or waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Alert {
    #[default]
    None,
    Bell,
    /// A notice of the desktop, as iTerm2, WezTerm, kitty, ghostty and Windows Terminal take it.
    Osc9,
    /// The same for VTE (GNOME), foot and urxvt.
    Osc777,
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
