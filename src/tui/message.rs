//! Everything that can happen to the screen.

use super::{
    desk::{
        ClientRead, Completion, Control, Hold, LinksRead, LoadNews, LogLine, Parked, PastRun, PlanView,
        Recheck, RunNews, SaveError, Saved, Trouble,
    },
    key::Key,
    options::StopSignal,
};
use crate::domain::{ClientId, ConfigId, RunId, document::Report};

#[derive(Debug, Clone)]
pub enum Message {
    Key(Key),
    Paste(String),
    Mouse(Mouse),
    Resize(u16, u16),
    /// Time went by while something moves.
    Tick,
    Load(u64, LoadNews),
    LoadEnded(u64, Result<(), Trouble>),
    /// The cursor rested on a client.
    LinksDue(u64),
    LinksRead(Vec<ClientId>, Result<Vec<LinksRead>, Trouble>),
    Filtered(u64, Vec<u32>),
    Ordered(u64, Vec<u32>),
    /// How many ticked rows the filter hides.
    CountedHidden(u64, usize),
    ClientLoaded(u64, ClientId, Result<Box<ClientRead>, Trouble>),
    /// The desktop's program did not take what was to be copied, and why; the text.
    CopiedOtherwise(String, String),
    Planned(u64, Result<Box<PlanView>, Trouble>),
    Parked(Result<Parked, Trouble>),
    Rejected(RunId, Result<(), Trouble>),
    /// The plan of the run that is to be resumed.
    Reopened(u64, Result<Box<PlanView>, Trouble>),
    Started(u64, Result<RunId, Trouble>),
    Run(u64, RunNews),
    /// No more news will come of this run.
    RunNewsEnded(u64),
    Controlled(Control, Result<(), Trouble>),
    Saved(Result<Saved, SaveError>),
    /// What the path that was typed could become.
    Completed(String, Completion),
    Story(RunId, Result<Vec<String>, Trouble>),
    History(Result<Vec<PastRun>, Trouble>),
    Report(RunId, Result<Box<Report>, Trouble>),
    Rechecked(RunId, Result<Recheck, Trouble>),
    /// A hold was put on a configuration, or taken away.
    Held(ConfigId, Result<Option<Hold>, Trouble>),
    Log(Vec<LogLine>),
    /// The terminal told how light its background is.
    Background(Background),
    /// The program is asked to end.
    Stop(StopSignal),
    /// Waited long enough for a run to end.
    LeaveNow,
    CouldNotSuspend(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    Press,
    WheelUp,
    WheelDown,
    WheelLeft,
    WheelRight,
}

/// What lies behind the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}
