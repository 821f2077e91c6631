//! What arrives while something is read or runs.

use std::{borrow::Cow, path::PathBuf};

use super::Hold;
use crate::domain::{
    ClientId, ConfigId, Configuration, Label, Links, RunId, RunState, SignOfLife, Stamped, Tenant, Timestamp,
    client::Offboarded,
    document::{Coverage, Report},
    event::Notice,
};

/// What arrives while loading.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadNews {
    Tenant(Tenant),
    Clients(Vec<Offboarded>),
    /// Rows of one page; they may be shown, and cannot be planned before the listing is complete.
    Rows(Vec<Row>),
    /// All rows as they were proven, with everything that is known of them: they take the place of those told before.
    Proven(Vec<Row>),
    /// Everything is here and proven complete.
    Complete {
        as_of: Timestamp,
        coverage: Coverage,
    },
    Notice(Notice),
    /// A second look at earlier runs was due, and this did not stay as they left it.
    CameBack(Vec<String>),
}

/// One configuration, and what a person must know before ticking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub configuration: Configuration,
    /// The rule that keeps it, if one does.
    pub locked: Option<Label>,
    /// The hold that a person put on it.
    pub hold: Option<Box<Hold>>,
    /// An earlier run set it inactive, and here it is.
    pub again: Option<Box<Again>>,
}

impl Row {
    /// Why it cannot be ticked, if it cannot. A person's word comes before a rule's.
    pub fn kept_because(&self) -> Option<Cow<'_, str>> {
        match (&self.hold, &self.locked) {
            (Some(hold), _) => Some(Cow::Owned(hold.to_string())),
            (None, Some(why)) => Some(Cow::Borrowed(why)),
            (None, None) => None,
        }
    }

    pub fn may_be_ticked(&self) -> bool {
        self.hold.is_none() && self.locked.is_none()
    }
}

/// A configuration that we set inactive and that is active again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The run that set it inactive, and when.
    pub run: RunId,
    pub at: Timestamp,
}

impl std::fmt::Display for Again {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "active again: run {} set it inactive on {}", self.run, self.at.day())
    }
}

/// One client, read again by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRead {
    /// `None` if it does not count as offboarded any more, or is gone; `why` says which.
    pub offboarded: Option<Offboarded>,
    pub why: Option<String>,
    pub rows: Vec<Row>,
    pub as_of: Timestamp,
}

/// The links of one client's configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinksRead {
    pub client: ClientId,
    pub links: Vec<(ConfigId, Links)>,
    pub signs_of_life: Vec<SignOfLife>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    Pause,
    Resume,
    /// Takes nothing new, lets what is in flight end.
    Cancel,
    /// The same, asked for from outside, by a signal: the run can be resumed.
    Interrupt,
    /// Starts nothing more and settles what was sent.
    Stop,
}

/// What arrives while a run goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum RunNews {
    Events(Vec<Stamped>),
    /// The whole state, after this listener lagged.
    State(Box<RunState>),
    Notice(Notice),
    Ended(Box<Ending>),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub report: Report,
    /// Where the report lies; the error if it could not be saved. `None` if another process saw to that.
    pub saved: Option<Result<PathBuf, String>>,
    /// The command that resumes an interrupted run.
    pub resume: Option<String>,
}
