//! What goes into the store and comes out of it.

use serde::Serialize;

use crate::domain::{
    ClientId, Event, Outcome, Phase, RunId, Stamped, Timestamp,
    survey::{Header, Survey},
};

/// A run as it is put down before anything of it happens.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub header: Header,
    pub survey: Survey,
    /// Canonical bytes and digest.
    pub plan: Option<(Vec<u8>, String)>,
}

/// A run with its whole journal.
#[derive(Debug, Clone)]
pub struct StoredRun {
    pub header: Header,
    pub survey: Survey,
    pub plan: Option<(Vec<u8>, String)>,
    /// The hash of the last record.
    pub head: String,
    pub events: Vec<Stamped>,
    pub report: Option<serde_json::Value>,
}

/// A run in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    pub run: RunId,
    pub started_at: Timestamp,
    pub profile: String,
    pub tenant: Option<String>,
    pub phase: Phase,
    pub dry_run: bool,
    pub changed: i64,
    pub skipped: i64,
    pub errors: i64,
}

/// Who holds a client, told apart from a later process with the same number by its boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub run: RunId,
    pub operator: String,
    pub host: String,
    pub pid: u32,
    pub boot: String,
}

/// A client that somebody else holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub client: ClientId,
    pub run: RunId,
    pub by: String,
    pub since: Timestamp,
}

/// How an event moves the summary of its run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub phase: Option<Phase>,
    pub changed: i64,
    pub skipped: i64,
    pub errors: i64,
}

impl Step {
    pub fn of(events: &[Stamped]) -> Self {
        let mut step = Self::default();
        for stamped in events {
            step.phase = phase(&stamped.event).or(step.phase);
            if let Event::Settled { outcome, .. } = &stamped.event {
                match outcome {
                    Outcome::Deactivated { .. } | Outcome::Restored { .. } => step.changed += 1,
                    Outcome::Skipped { .. } | Outcome::ChangedSinceReview { .. } => step.skipped += 1,
                    Outcome::Failed { .. } | Outcome::Unknown { .. } => step.errors += 1,
                }
            }
        }
        step
    }
}

/// The phase that an event leads to, asked of the one fold.
fn phase(event: &Event) -> Option<Phase> {
    let before = crate::domain::RunState { phase: Phase::Refused, ..Default::default() };
    let leads = match event {
        Event::Planned { .. }
        | Event::Parked
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::Expired
        | Event::Applying
        | Event::Paused { .. }
        | Event::Resumed
        | Event::Verifying
        | Event::Ended { .. } => true,
        Event::Intended { .. }
        | Event::Answered { .. }
        | Event::Settled { .. }
        | Event::Troubled { .. }
        | Event::Warned { .. }
        | Event::FollowedUp { .. } => false,
    };
    leads.then(|| {
        let mut state = before;
        state.apply(&Stamped { at: Timestamp::from_seconds(0), event: event.clone() });
        state.phase
    })
}

impl Holder {
    /// `jane on host1, process 4711`
    pub fn words(&self) -> String {
        format!("{} on {}, process {}", self.operator, self.host, self.pid)
    }

    /// Whether that process may still be at work. On another computer nobody can tell, so it is.
    pub fn is_alive(&self) -> bool {
        crate::system::process::may_be_alive(&self.host, self.pid, &self.boot)
    }
}
