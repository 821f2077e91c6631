//! Boxes that cover the screen until they are answered.

use std::path::PathBuf;

use tui_input::Input;

use super::super::{
    desk::{LogLine, Trouble},
    scroll::Scroll,
};
use crate::domain::{ConfigId, RunId};

#[derive(Debug)]
pub enum Overlay {
    Help {
        search: Input,
        typing: bool,
        scroll: Scroll,
    },
    Log {
        lines: Vec<LogLine>,
        scroll: Scroll,
        follow: bool,
    },
    Confirm(ConfirmBox),
    /// Ticked rows are hidden by the filter: what about them?
    Hidden {
        ids: Vec<ConfigId>,
        choice: HiddenChoice,
    },
    Save(SaveBox),
    /// Quit while a run goes on?
    Quit {
        choice: QuitChoice,
    },
    Trouble {
        title: String,
        trouble: Trouble,
    },
}

/// The typed confirmation. Enter alone never gets through: the right text and the button are needed.
#[derive(Debug, Default)]
pub struct ConfirmBox {
    pub input: Input,
    pub focus: ConfirmFocus,
    /// Why the last key did nothing.
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfirmFocus {
    #[default]
    Cancel,
    Text,
    Go,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HiddenChoice {
    #[default]
    Show,
    Untick,
    Include,
}

impl HiddenChoice {
    pub const ALL: [Self; 3] = [Self::Show, Self::Untick, Self::Include];
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuitChoice {
    #[default]
    Stay,
    CancelAndLeave,
}

#[derive(Debug)]
pub struct SaveBox {
    pub run: RunId,
    pub input: Input,
    pub state: SaveState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveState {
    Typing,
    Saving,
    /// There is such a file already: overwrite it?
    Exists {
        path: PathBuf,
        overwrite: bool,
    },
    Failed(Trouble),
}
