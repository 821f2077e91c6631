//! The journal's form: one record per event, chained by hashes, the runs chained by their heads.
//!
//! Record 0 of a run holds the digests of what was stored with it (header, survey, plan) and follows the
//! head of the run stored before it. So nothing can be edited, removed, inserted or put in another
//! order unnoticed, except a whole end; that is found by a head that left the machine in a report.

use serde::{Deserialize, Serialize};

use super::{Flaw, NewRun, Result, StoreError, types::millis};
use crate::domain::{
    ConfigId, Event, Phase, Plan, RunId, RunState, Stamped,
    plan::{PlanItem, sha256},
};

/// What the first run of all follows.
pub const NO_HEAD: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const FORMAT: &str = "mothball-journal/1";

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

    /// Record 0.
    pub fn genesis(&self, after: Option<Predecessor>) -> Result<Record> {
        let previous = after.as_ref().map_or(NO_HEAD, |after| &after.head).to_owned();
        let genesis = Genesis {
            format: FORMAT.to_owned(),
            run: self.id.clone(),
            header: sha256(self.header.as_bytes()),
            survey: sha256(self.survey.as_bytes()),
            plan: self.plan.as_ref().map(|(_, digest)| digest.clone()),
            after,
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
}

impl Batch {
    pub fn of(events: &[Stamped]) -> Result<Self> {
        let mut settled = Vec::new();
        let mut turns = Vec::new();
        let mut look = None;
        for stamped in events {
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

/// What is stored of a run besides its records, for the check.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: RunId,
    pub header: String,
    pub survey: String,
    pub plan: Option<(Vec<u8>, String)>,
    pub phase: String,
    pub records: u64,
    pub head: String,
}

/// Checks one run's records as they come, in the order of their numbers.
#[derive(Debug)]
pub struct Checker {
    stored: Stored,
    known_head: Option<String>,
    next: u64,
    last: Option<String>,
    phase: Phase,
    after: Option<Predecessor>,
    flaws: Vec<Flaw>,
}

impl Checker {
    pub fn new(stored: Stored, known_head: Option<&str>) -> Self {
        Self {
            stored,
            known_head: known_head.map(str::to_owned),
            next: 0,
            last: None,
            phase: Phase::default(),
            after: None,
            flaws: Vec::new(),
        }
    }

    pub fn record(&mut self, record: &Record) {
        let seq = record.seq;
        if seq > self.next {
            let missing = if seq - self.next == 1 {
                format!("record {} is missing before it", self.next)
            } else {
                format!("records {} to {} are missing before it", self.next, seq - 1)
            };
            self.flaw(Some(seq), missing);
        }
        if self.last.as_ref().is_some_and(|last| *last != record.previous) {
            self.flaw(Some(seq), "it does not follow the record before it");
        }
        if hash(&record.previous, seq, &record.body) != record.hash {
            self.flaw(Some(seq), "it was edited: its hash does not fit");
        }
        if seq == 0 {
            self.genesis(record);
        } else {
            match serde_json::from_str::<Stamped>(&record.body) {
                Ok(event) => match Batch::of(std::slice::from_ref(&event)) {
                    Ok(batch) => self.phase = batch.phase_after(self.phase),
                    Err(error) => self.flaw(Some(seq), error.to_string()),
                },
                Err(error) => self.flaw(Some(seq), format!("it cannot be read: {error}")),
            }
        }
        if self.known_head.as_ref() == Some(&record.hash) {
            self.known_head = None;
        }
        self.next = seq + 1;
        self.last = Some(record.hash.clone());
    }

    fn genesis(&mut self, record: &Record) {
        let genesis = match serde_json::from_str::<Genesis>(&record.body) {
            Ok(genesis) => genesis,
            Err(error) => return self.flaw(Some(0), format!("it cannot be read: {error}")),
        };
        if genesis.format != FORMAT {
            self.flaw(Some(0), format!("its form is {}, this build knows {FORMAT}", genesis.format));
        }
        if genesis.run != self.stored.id {
            self.flaw(Some(0), format!("it belongs to run {}", genesis.run));
        }
        if genesis.header != sha256(self.stored.header.as_bytes()) {
            self.flaw(None, "what was asked for (the header) was edited");
        }
        if genesis.survey != sha256(self.stored.survey.as_bytes()) {
            self.flaw(None, "what was found (the survey) was edited");
        }
        let plan = self.stored.plan.as_ref();
        let plan_fits = plan.map(|(_, digest)| digest) == genesis.plan.as_ref()
            && plan.is_none_or(|(bytes, digest)| sha256(bytes) == *digest);
        if !plan_fits {
            self.flaw(None, "the plan was edited");
        }
        if record.previous != genesis.after.as_ref().map_or(NO_HEAD, |after| &after.head) {
            self.flaw(Some(0), "it does not follow the run stored before it");
        }
        self.after = genesis.after;
    }

    /// The flaws, and which run this one says it follows.
    pub fn finish(mut self) -> (Vec<Flaw>, Option<Predecessor>) {
        let stored = self.stored.records;
        if self.next < stored {
            self.flaw(None, format!("the journal ends after {} of {stored} records", self.next));
        } else if self.next > stored {
            self.flaw(None, format!("the journal has {} records where {stored} were written", self.next));
        } else if self.last.as_ref() != Some(&self.stored.head) {
            self.flaw(None, "its last record is not the one that was written last");
        }
        if phase_word(self.phase) != self.stored.phase {
            let text =
                format!("it is listed as {}, its records say {}", self.stored.phase, self.phase.words());
            self.flaw(None, text);
        }
        if let Some(head) = self.known_head.take() {
            self.flaw(
                None,
                format!("no record has the hash {head} that a report names: it was cut off or rewritten"),
            );
        }
        (self.flaws, self.after)
    }

    fn flaw(&mut self, seq: Option<u64>, what: impl Into<String>) {
        self.flaws.push(Flaw { run: self.stored.id.clone(), seq, what: what.into() });
    }
}

/// Whether the runs follow each other without a gap. `number` counts from 1; `found` is the hash of the
/// record that `after` names, if there is one.
pub fn check_order(
    run: &RunId,
    number: u64,
    expected: u64,
    after: Option<&Predecessor>,
    found: Option<&str>,
) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut flaw = |what: String| flaws.push(Flaw { run: run.clone(), seq: None, what });
    if number != expected {
        flaw(format!(
            "it is number {number} where number {expected} was expected: a run is missing before it"
        ));
    }
    match after {
        Some(after) if found != Some(after.head.as_str()) => {
            flaw(format!(
                "it followed record {} of run {}, which is not there any more as it was",
                after.seq, after.run
            ));
        }
        None if number > 1 => flaw("it says that it was the first run".to_owned()),
        _ => {}
    }
    flaws
}
