//! Boxes that cover the screen until they are answered.

use std::{collections::BTreeSet, path::PathBuf};

use tui_input::Input;

use super::super::{
    desk::{Confirm, Hold, LogLine, PastRun, Recheck, Trouble},
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
    /// Runs that were interrupted: go on with one of them?
    Resume(ResumeBox),
    /// End a run that waits for approval?
    Reject {
        run: RunId,
        choice: RejectChoice,
    },
    /// Keep a configuration: why, until when?
    Hold(HoldBox),
    /// It is held: let it go?
    Release {
        config_id: ConfigId,
        title: String,
        hold: Hold,
        choice: ReleaseChoice,
    },
    /// What a second look found.
    Recheck {
        result: Recheck,
        scroll: Scroll,
    },
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
#[derive(Debug)]
pub struct ConfirmBox {
    pub deed: Deed,
    /// What must be typed.
    pub wanted: Confirm,
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

/// What is done once it is confirmed: to exactly these items of the plan with this digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub act: Act,
    pub items: BTreeSet<ConfigId>,
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// To start the plan that is shown.
    Start,
    /// To approve it, or a part of it, as that parked run.
    Approve(RunId),
}

/// Runs that can be resumed. The first choice is to leave them alone.
#[derive(Debug)]
pub struct ResumeBox {
    pub runs: Vec<PastRun>,
    /// How many more there are that there is no room for.
    pub more: usize,
    /// 0 is later; else one more than the run's place.
    pub choice: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RejectChoice {
    #[default]
    LetItWait,
    Reject,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReleaseChoice {
    #[default]
    KeepHeld,
    Release,
}

#[derive(Debug)]
pub struct HoldBox {
    pub config_id: ConfigId,
    pub title: String,
    pub reason: Input,
    /// A day, or nothing.
    pub until: Input,
    pub field: HoldField,
    /// Why it was not taken.
    pub note: Option<String>,
}

impl HoldBox {
    /// The field that is being typed in.
    pub fn input(&mut self) -> &mut Input {
        match self.field {
            HoldField::Reason => &mut self.reason,
            HoldField::Until => &mut self.until,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HoldField {
    #[default]
    Reason,
    Until,
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
