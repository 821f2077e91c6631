//! What happens in a run. The journal keeps these in order; [`super::run`] folds them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Approval, ConfigId, Links, Outcome, Problem, RunId, SkipReason, State, Timestamp,
    document::FollowUp,
    note::{NoteAnswer, Place},
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The plan stands, under this digest.
    Planned {
        digest: String,
    },
    /// The run waits for a person.
    Parked,
    Approved {
        approval: Approval,
    },
    Rejected {
        by: String,
    },
    Expired,
    /// A newer plan for one of its clients took the place of this one, which was still waiting.
    Superseded {
        by: RunId,
    },
    /// Items are being taken from now on.
    Applying,
    Paused {
        why: String,
    },
    Resumed,
    /// A write is about to be sent. In the journal before the first byte of it leaves.
    Intended {
        config_id: ConfigId,
        attempt: u32,
    },
    /// What came back for that write, verbatim enough to tell a person.
    Answered {
        config_id: ConfigId,
        attempt: u32,
        answer: Answer,
    },
    /// The end of one item, with the state last read.
    Settled {
        config_id: ConfigId,
        #[serde(flatten)]
        outcome: Outcome,
        state: Option<State>,
    },
    /// A note is about to be sent. In the journal before the first byte of it leaves.
    NoteIntended {
        place: Place,
    },
    /// What became of that note.
    NoteAnswered {
        place: Place,
        #[serde(flatten)]
        answer: NoteAnswer,
    },
    /// No more writes; reading back.
    Verifying,
    /// Something that concerns the run, or one of its clients, as a whole.
    Troubled {
        problem: Problem,
    },
    Warned {
        text: String,
    },
    /// Links were read again after the changes.
    FollowedUp {
        links: BTreeMap<ConfigId, Links>,
        follow_up: Vec<FollowUp>,
    },
    /// These items shall be looked at again at this moment: an RMM may switch them back.
    LookDue {
        due: Timestamp,
        items: BTreeSet<ConfigId>,
    },
    /// Items were looked at again after the run, and this is what did not stay as it was left.
    LookedAgain {
        follow_up: Vec<FollowUp>,
    },
    /// The end.
    Ended {
        how: End,
    },
}

/// What the PSA said to a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It accepted, and its answer shows nothing else than the wanted state.
    Accepted,
    /// It said no, or accepted without doing it.
    Refused { message: String },
    /// No answer that could be understood; the write may have happened or not.
    Lost { message: String },
    /// The write was never sent after all.
    NotSent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Finished,
    Cancelled,
    /// Stopped from outside; it can be resumed.
    Interrupted,
    /// A safeguard or a guard refused it before anything was written.
    Refused,
}

/// An event with its moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    pub at: Timestamp,
    #[serde(flatten)]
    pub event: Event,
}

/// What the sending layer tells while it works. Shown, logged, never journaled.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Every call of the profile waits.
    Waiting { seconds: f64, why: String },
    /// One call is sent again.
    Retrying { attempt: u32, why: String },
    /// Many failures in a row: the PSA seems to be away.
    Stalled { failures: u32, why: String },
    /// Calls go through again.
    Flowing,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Waiting { seconds, why } => write!(f, "waiting {seconds:.0} s: {why}"),
            Self::Retrying { attempt, why } => write!(f, "try {attempt}: {why}"),
            Self::Stalled { failures, why } => write!(f, "paused after {failures} failures in a row: {why}"),
            Self::Flowing => write!(f, "the PSA answers again"),
        }
    }
}

impl Event {
    pub fn settled(config_id: ConfigId, outcome: Outcome, state: Option<State>) -> Self {
        Self::Settled { config_id, outcome, state }
    }

    pub fn skipped(config_id: ConfigId, reason: SkipReason, state: Option<State>) -> Self {
        Self::Settled { config_id, outcome: Outcome::Skipped { reason }, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_what_is_waited_for_and_why() {
        let why = || "429".to_owned();
        for (notice, words) in [
            (Notice::Waiting { seconds: 11.6, why: why() }, "waiting 12 s: 429"),
            (Notice::Retrying { attempt: 2, why: why() }, "try 2: 429"),
            (Notice::Stalled { failures: 5, why: why() }, "paused after 5 failures in a row: 429"),
            (Notice::Flowing, "the PSA answers again"),
        ] {
            assert_eq!(notice.to_string(), words);
        }
    }
}
