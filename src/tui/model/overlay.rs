//! Boxes that cover the screen until they are answered.

use std::collections::BTreeSet;

use tui_input::Input;

use super::{
    super::{
        columns::{Column, Columns},
        desk::{Confirm, Hold, LogLevel, LogLine, PastRun, Recheck, Trouble},
        scroll::Scroll,
    },
    saving::SaveBox,
};
use crate::domain::{ConfigId, RunId};

#[derive(Debug)]
pub enum Overlay {
    Help {
        search: Input,
        typing: bool,
        scroll: Scroll,
    },
    Log(LogBox),
    /// Every action, by a word of it.
    Palette(PaletteBox),
    Confirm(ConfirmBox),
    /// Runs that were interrupted: go on with one of them?
    Resume(ResumeBox),
    /// End a run that waits for approval?
    Reject {
        run: RunId,
        choice: RejectChoice,
    },
    /// Which columns are shown?
    Columns(ColumnsBox),
    /// What is to be copied?
    Copy {
        /// What there is to copy here.
        offers: Vec<CopyWhat>,
        choice: CopyWhat,
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
    /// What happened in a run.
    Story {
        run: RunId,
        lines: Vec<String>,
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

/// The log, from one level on.
#[derive(Debug, Default)]
pub struct LogBox {
    pub lines: Vec<LogLine>,
    pub level: LogLevel,
    /// Places in `lines` of those from that level on.
    pub shown: Vec<usize>,
    pub scroll: Scroll,
    /// The newest lines stay in sight until somebody moves up.
    pub follow: bool,
}

/// What is looked for in the palette, and the line under the cursor.
#[derive(Debug, Default)]
pub struct PaletteBox {
    pub input: Input,
    pub cursor: usize,
}

/// The columns as they are being chosen; the table shows them at once.
#[derive(Debug)]
pub struct ColumnsBox {
    /// The name first, which is always shown; what is not shown at the end.
    pub lines: Vec<ColumnLine>,
    pub scroll: Scroll,
    /// What was shown before.
    pub before: Columns,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLine {
    pub column: Column,
    pub shown: bool,
    pub width: Option<u16>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CopyWhat {
    #[default]
    Row,
    Id,
    Table,
    Link,
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
