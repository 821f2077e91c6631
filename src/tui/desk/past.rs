//! Earlier runs, and what can still be done about them.

use crate::domain::{Origin, Phase, RunId, Timestamp, document::FollowUp, plan::Kind, text::count};

/// One line of History.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    pub run: RunId,
    pub kind: Kind,
    /// The run that it undoes or retries.
    pub parent: Option<RunId>,
    pub started_at: Timestamp,
    /// Where it stands. One whose process died is interrupted.
    pub phase: Phase,
    /// What set it going.
    pub origin: Origin,
    pub requested_by: String,
    pub reason: Option<String>,
    pub dry_run: bool,
    pub clients: u64,
    /// Items of its plan, and how many ended how.
    pub items: u64,
    pub changed: u64,
    pub skipped: u64,
    pub errors: u64,
    /// Those of the errors that nobody knows the outcome of.
    pub unknown: u64,
    /// Items that it set inactive and nobody restored since.
    pub restorable: u64,
    /// Those of them that were seen active again.
    pub active_again: u64,
    /// Who works on it right now, if somebody does.
    pub at_work: Option<String>,
    /// The profile that it belongs to, if that is not this session's.
    pub elsewhere: Option<String>,
}

impl PastRun {
    pub fn waits_for_approval(&self) -> bool {
        self.phase == Phase::AwaitingApproval && self.is_free()
    }

    /// Whether it was stopped before its end, so that going on with it is offered.
    pub fn was_interrupted(&self) -> bool {
        self.phase == Phase::Interrupted && !self.dry_run && self.is_free()
    }

    /// One that finished may go on, too, while somebody still has to find out what became of an item.
    pub fn may_resume(&self) -> bool {
        let open = self.phase == Phase::Finished && self.unknown > 0 && !self.dry_run && self.is_free();
        self.was_interrupted() || open
    }

    pub fn may_undo(&self) -> bool {
        self.restorable > 0 && self.phase.is_over() && self.is_free()
    }

    pub fn may_recheck(&self) -> bool {
        self.restorable > 0 && self.elsewhere.is_none()
    }

    /// Whether another process is at work on it, so that it can be watched.
    pub fn may_follow(&self) -> bool {
        self.at_work.is_some() && self.elsewhere.is_none()
    }

    /// Who or what asked for it, in few words: a person by name, else what set it going.
    pub fn asked_for_by(&self) -> String {
        match &self.origin {
            Origin::Person => self.requested_by.clone(),
            Origin::Schedule { name } => format!("schedule {name}"),
            // Events have numbers only, which tell nobody anything.
            Origin::Webhook { .. } => "webhook".to_owned(),
            Origin::Api { token } => format!("API {token}"),
        }
    }

    /// The same in a sentence: what set it going, and whoever stands behind that.
    pub fn told_who(&self) -> String {
        let (started, itself) = match &self.origin {
            Origin::Person => return format!("By {}", self.requested_by),
            Origin::Schedule { name } => (format!("Started by the schedule {name}"), self.asked_for_by()),
            Origin::Webhook { event } => {
                (format!("Started by a webhook (event {event})"), self.asked_for_by())
            }
            Origin::Api { token } => (format!("Started over the API with the token {token}"), token.clone()),
        };
        if self.requested_by == itself {
            started
        } else {
            format!("{started}, asked for by {}", self.requested_by)
        }
    }

    /// What it did, or would do: `4 of 5 set inactive, 1 skipped`.
    pub fn figures(&self) -> String {
        let done = match self.kind {
            Kind::Deactivate => "set inactive",
            Kind::Undo => "restored",
        };
        let (items, waits) = (self.items, self.phase == Phase::AwaitingApproval);
        let mut parts = vec![match (self.dry_run, waits) {
            (true, _) => format!("dry run: {items} looked at"),
            (false, true) => format!("{items} to be {done}"),
            (false, false) => format!("{} of {items} {done}", self.changed),
        }];
        if self.skipped > 0 && !self.dry_run && !waits {
            parts.push(format!("{} skipped", self.skipped));
        }
        if self.errors > 0 {
            parts.push(count(self.errors as usize, "error", "errors"));
        }
        parts.join(", ")
    }

    fn is_free(&self) -> bool {
        self.at_work.is_none() && self.elsewhere.is_none()
    }
}

/// What a second look at a run found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    pub run: RunId,
    pub as_of: Timestamp,
    /// What did not stay as the run left it, and new records of the same devices.
    pub found: Vec<FollowUp>,
}
