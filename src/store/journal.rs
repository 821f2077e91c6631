//! The journal's form: one record per event, chained by hashes, the runs chained by their heads.
//!
//! Record 0 of a run holds the digests of what was stored with it (header, survey, plan) and follows the
//! head of the run stored before it. So nothing can be edited, removed, inserted or put in another
//! order unnoticed, except a whole end; that is found by a head that left the machine in a report.
//! [`super::check`] is what notices.

use serde::{Deserialize, Serialize};

use super::{NewRun, Result, StoreError, types::millis};
use crate::domain::{
    ConfigId, Event, Phase, Plan, RunId, RunState, Stamped,
    plan::{PlanItem, sha256},
};

/// What the first run of all follows.
pub const NO_HEAD: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) const FORMAT: &str = "mothball-journal/1";

/// One line of the journal. The body is JSON: a [`Genesis`] for record 0, an event for all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub seq: u64,
    /// The hash of the record before it.
    pub previous: String,
    pub hash: String,
    pub body: String,
}

impl Record {
    pub fn new(seq: u64, previous: &str, body: String) -> Self {
        let hash = hash(previous, seq, &body);
        Self { seq, previous: previous.to_owned(), hash, body }
    }
}

pub fn hash(previous: &str, seq: u64, body: &str) -> String {
    sha256(format!("{previous}\n{seq}\n{body}").as_bytes())
}

/// Where the run stored before ended when this one began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    pub run: RunId,
    pub seq: u64,
    pub head: String,
}

/// The body of record 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    pub format: String,
    pub run: RunId,
    pub header: String,
    pub survey: String,
    pub plan: Option<String>,
    pub after: Option<Predecessor>,
    /// The head of the chain of prunings when the run was stored; none until something was pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned: Option<String>,
}

/// A new run made ready to be stored.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub id: RunId,
    pub header: String,
    pub survey: String,
    pub plan: Option<(Vec<u8>, String)>,
    pub items: Vec<PlanItem>,
}

impl Prepared {
    pub fn of(run: &NewRun) -> Result<Self> {
        let items = match &run.plan {
            Some((bytes, digest)) => Plan::reopen(bytes, digest)?.items().to_vec(),
            None => Vec::new(),
        };
        Ok(Self {
            id: run.header.run.clone(),
            header: to_json(&run.header)?,
            survey: to_json(&run.survey)?,
            plan: run.plan.clone(),
            items,
        })
    }

    /// Record 0, after the run stored before and the last pruning.
    pub fn genesis(&self, after: Option<Predecessor>, pruned: Option<String>) -> Result<Record> {
        let previous = after.as_ref().map_or(NO_HEAD, |after| &after.head).to_owned();
        let genesis = Genesis {
            format: FORMAT.to_owned(),
            run: self.id.clone(),
            header: sha256(self.header.as_bytes()),
            survey: sha256(self.survey.as_bytes()),
            plan: self.plan.as_ref().map(|(_, digest)| digest.clone()),
            after,
            pruned,
        };
        Ok(Record::new(0, &previous, to_json(&genesis)?))
    }
}

/// What a batch says about a run's second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// To be taken at this moment, in milliseconds since 1970.
    Due(i64),
    Taken,
}

impl Look {
    /// When it is to be taken, if it still is.
    pub fn due(self) -> Option<i64> {
        match self {
            Self::Due(at) => Some(at),
            Self::Taken => None,
        }
    }
}

/// Events made ready to be appended.
#[derive(Debug, Clone)]
pub struct Batch {
    pub bodies: Vec<String>,
    /// Those that may move the run to another phase.
    turns: Vec<Stamped>,
    /// Configuration, outcome by the contract's word, moment.
    pub settled: Vec<(ConfigId, &'static str, i64)>,
    pub last: Option<i64>,
    /// When the run's items are to be looked at again, if that changes: at a moment, or not any more.
    pub look: Option<Look>,
    /// Whether something is about to be sent.
    pub intends: bool,
}

impl Batch {
    pub fn of(events: &[Stamped]) -> Result<Self> {
        let mut settled = Vec::new();
        let mut turns = Vec::new();
        let mut look = None;
        let mut intends = false;
        for stamped in events {
            intends |= matches!(stamped.event, Event::Intended { .. } | Event::NoteIntended { .. });
            match &stamped.event {
                Event::Settled { config_id, outcome, .. } => {
                    settled.push((config_id.clone(), outcome.name(), millis(stamped.at)));
                }
                Event::Intended { .. }
                | Event::Answered { .. }
                | Event::Troubled { .. }
                | Event::Warned { .. }
                | Event::FollowedUp { .. } => {}
                Event::LookDue { due, .. } => look = Some(Look::Due(millis(*due))),
                Event::LookedAgain { .. } => look = Some(Look::Taken),
                _ => turns.push(stamped.clone()),
            }
        }
        Ok(Self {
            bodies: events.iter().map(to_json).collect::<Result<_>>()?,
            turns,
            settled,
            look,
            intends,
            last: events.iter().map(|stamped| millis(stamped.at)).max(),
        })
    }

    /// The phase that these events lead to, by the rules of the fold.
    pub fn phase_after(&self, phase: Phase) -> Phase {
        let mut state = RunState { phase, ..RunState::default() };
        self.turns.iter().for_each(|turn| state.apply(turn));
        state.phase
    }
}

/// Reads the bodies of records 1, 2, 3, … back.
pub fn events<'a>(bodies: impl IntoIterator<Item = &'a str>) -> std::result::Result<Vec<Stamped>, String> {
    bodies
        .into_iter()
        .map(|body| serde_json::from_str(body).map_err(|error| format!("an event cannot be read: {error}")))
        .collect()
}

pub fn phase_word(phase: Phase) -> String {
    // A phase without data is a JSON string of one word.
    serde_json::to_value(phase).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

pub fn phase_from(word: &str) -> Option<Phase> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Other { message: error.to_string() })
}
