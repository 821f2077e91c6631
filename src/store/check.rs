//! What notices that a journal is not as it was written: one run's records as they come, everything else that is
//! stored about it held against them, and the way from run to run.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Flaw, KnownHead,
    audit::hashes,
    journal::{Batch, FORMAT, Genesis, NO_HEAD, Predecessor, Record, hash, phase_word},
    prune::Tombstone,
    types::{millis, moment},
};
use crate::domain::{ConfigId, Event, Phase, Plan, RunId, Stamped, plan::sha256, survey::Header};

/// What is stored of a run besides its records.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: RunId,
    pub header: String,
    pub survey: String,
    pub plan: Option<(Vec<u8>, String)>,
    pub line: Line,
    pub items: BTreeMap<ConfigId, Item>,
    /// With the digest that was written beside it.
    pub report: Option<(String, Option<String>)>,
}

/// The run's line in the list: all of it follows from the header and the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub psa: String,
    pub tenant: Option<String>,
    pub phase: String,
    pub records: u64,
    pub head: String,
    pub last_event: i64,
    pub look_due: Option<i64>,
}

/// An item's line: it follows from the plan and the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    pub client: String,
    pub outcome: Option<String>,
    pub settled_at: Option<i64>,
}

/// What came of checking one run.
#[derive(Debug)]
pub struct Checked {
    pub flaws: Vec<Flaw>,
    pub records: u64,
    /// `None` if its record 0 does not tell.
    pub link: Option<Link>,
}

/// Which run and which pruning a run was stored after.
#[derive(Debug, Clone)]
pub struct Link {
    pub after: Option<Predecessor>,
    pub pruned: Option<String>,
}

impl Link {
    pub fn of(genesis: &str) -> serde_json::Result<Self> {
        let Genesis { after, pruned, .. } = serde_json::from_str(genesis)?;
        Ok(Self { after, pruned })
    }
}

/// The hashes of records that other runs were stored after, as they are now.
pub type Followed = BTreeMap<(RunId, u64), String>;

/// Checks one run's records as they come, in the order of their numbers.
#[derive(Debug)]
pub struct Checker {
    stored: Stored,
    known: Vec<KnownHead>,
    next: u64,
    last: Option<String>,
    phase: Phase,
    /// What the records lead to, for [`Line`] and [`Item`].
    last_event: Option<i64>,
    look_due: Option<i64>,
    items: BTreeMap<ConfigId, Item>,
    plan_reads: bool,
    link: Option<Link>,
    flaws: Vec<Flaw>,
}

impl Checker {
    /// `known`: heads of this run that left the machine. The stored report's own is added to them.
    pub fn new(stored: Stored, known: impl IntoIterator<Item = KnownHead>) -> Self {
        let mut checker = Self {
            known: known.into_iter().collect(),
            next: 0,
            last: None,
            phase: Phase::default(),
            last_event: None,
            look_due: None,
            items: BTreeMap::new(),
            plan_reads: true,
            link: None,
            flaws: Vec::new(),
            stored,
        };
        checker.documents();
        checker
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
        } else if seq < self.next {
            self.flaw(Some(seq), "its number was there before: it was inserted or put in another order");
        }
        if self.last.as_ref().is_some_and(|last| *last != record.previous) {
            self.flaw(
                Some(seq),
                "it does not follow the record before it: one was edited, removed or put in another order",
            );
        }
        if hash(&record.previous, seq, &record.body) != record.hash {
            self.flaw(Some(seq), "it was edited: its hash does not fit");
        }
        if seq == 0 {
            self.genesis(record);
        } else {
            match serde_json::from_str::<Stamped>(&record.body) {
                Ok(event) => self.event(seq, &event),
                Err(error) => self.flaw(Some(seq), format!("it cannot be read: {error}")),
            }
        }
        self.known.retain(|known| known.head != record.hash);
        self.next = seq.saturating_add(1);
        self.last = Some(record.hash.clone());
    }

    /// What is stored beside the records and read by whoever opens the run.
    fn documents(&mut self) {
        if let Some((bytes, digest)) = &self.stored.plan {
            let plan = Plan::reopen(bytes, digest);
            self.plan_reads = plan.is_ok();
            let item = |client: &str| Item { client: client.to_owned(), ..Item::default() };
            let items = plan.iter().flat_map(Plan::items);
            self.items = items.map(|one| (one.config_id.clone(), item(one.client_id.as_str()))).collect();
        }
        match serde_json::from_str::<Header>(&self.stored.header) {
            Ok(header) => {
                self.last_event = Some(millis(header.started_at));
                let tenant = header.tenant.map(|tenant| tenant.id);
                if (&header.psa, &tenant) != (&self.stored.line.psa, &self.stored.line.tenant) {
                    self.flaw(None, "it is listed under another PSA or tenant than it was made for");
                }
            }
            Err(error) => self.flaw(None, format!("what was asked for (the header) cannot be read: {error}")),
        }
        let Some((report, digest)) = &self.stored.report else { return };
        if digest.as_ref().is_some_and(|digest| *digest != sha256(report.as_bytes())) {
            self.flaw(None, "the report kept with it was edited");
        } else if let Ok(report) = serde_json::from_str::<serde_json::Value>(report) {
            let own = hashes(&report).into_iter().filter(|(run, _)| *run == self.stored.id);
            self.known.extend(own.map(|(run, head)| KnownHead {
                run,
                head,
                told_by: "the report kept with it".to_owned(),
                at: None,
            }));
        } else {
            self.flaw(None, "the report kept with it cannot be read");
        }
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
        self.link = Some(Link { after: genesis.after, pruned: genesis.pruned });
    }

    fn event(&mut self, seq: u64, event: &Stamped) {
        let batch = match Batch::of(std::slice::from_ref(event)) {
            Ok(batch) => batch,
            Err(error) => return self.flaw(Some(seq), error.to_string()),
        };
        self.phase = batch.phase_after(self.phase);
        self.last_event = self.last_event.max(batch.last);
        if let Some(look) = batch.look {
            self.look_due = look.due();
        }
        for (config_id, outcome, at) in batch.settled {
            if let Some(item) = self.items.get_mut(&config_id) {
                item.outcome = Some(outcome.to_owned());
                item.settled_at = Some(at);
            }
        }
        if let Event::Intended { config_id, .. }
        | Event::Answered { config_id, .. }
        | Event::Settled { config_id, .. } = &event.event
            && self.plan_reads
            && !self.items.contains_key(config_id)
        {
            self.flaw(Some(seq), format!("it is about configuration {config_id}, which is not in the plan"));
        }
    }

    pub fn finish(mut self) -> Checked {
        let line = self.stored.line.clone();
        if self.next < line.records {
            self.flaw(
                None,
                format!("it was cut off: the journal ends after {} of {} records", self.next, line.records),
            );
        } else if self.next > line.records {
            self.flaw(
                None,
                format!("the journal has {} records where {} were written", self.next, line.records),
            );
        } else if self.last.as_ref() != Some(&line.head) {
            self.flaw(None, "its last record is not the one that was written last");
        }
        if phase_word(self.phase) != line.phase {
            let text = format!("it is listed as {}, its records say {}", line.phase, self.phase.words());
            self.flaw(None, text);
        }
        if self.last_event != Some(line.last_event) {
            let told = self.last_event.map_or_else(|| "nothing".to_owned(), |at| moment(at).to_string());
            let text =
                format!("its last event is listed at {}, its records say {told}", moment(line.last_event));
            self.flaw(None, text);
        }
        if self.look_due != line.look_due {
            self.flaw(None, "the moment of its second look is not the one that its records say");
        }
        let ids = self.items.keys().chain(self.stored.items.keys());
        if let Some(id) = ids.into_iter().find(|id| self.items.get(id) != self.stored.items.get(id)).cloned()
        {
            let listed = self.stored.items.get(&id).map_or_else(|| "not at all".to_owned(), Item::words);
            let told = self.items.get(&id).map_or_else(|| "not in its plan".to_owned(), Item::words);
            self.flaw(None, format!("configuration {id} is listed as {listed}, plan and records say {told}"));
        }
        for known in std::mem::take(&mut self.known) {
            let (head, by) = (&known.head, &known.told_by);
            self.flaw(
                None,
                format!("no record has the hash {head} that {by} names: it was cut off or rewritten"),
            );
        }
        let newest = self.last_event.map(moment);
        for flaw in &mut self.flaws {
            flaw.newest = newest;
        }
        Checked { flaws: self.flaws, records: self.next, link: self.link }
    }

    fn flaw(&mut self, seq: Option<u64>, what: impl Into<String>) {
        self.flaws.push(Flaw { run: self.stored.id.clone(), seq, what: what.into(), newest: None });
    }
}

impl Item {
    fn words(&self) -> String {
        let at = self.settled_at.map(|at| format!(" at {}", moment(at))).unwrap_or_default();
        format!("{}{at}, client {}", self.outcome.as_deref().unwrap_or("open"), self.client)
    }
}

/// One place in the order in which runs were stored: a run, or what is left of one that was pruned.
#[derive(Debug, Clone)]
pub struct Place {
    pub number: u64,
    pub run: RunId,
    /// `None` if the run's own record 0 does not tell.
    pub link: Option<Link>,
}

impl From<&Tombstone> for Place {
    fn from(stone: &Tombstone) -> Self {
        Self {
            number: stone.number,
            run: stone.run.clone(),
            link: Some(Link { after: stone.after.clone(), pruned: stone.pruned.clone() }),
        }
    }
}

/// Whether the places follow each other without a gap, each after the last pruning there was.
pub fn check_order(places: &mut [Place], followed: &Followed, prunings: &[String]) -> Vec<Flaw> {
    places.sort_by_key(|place| place.number);
    let known: BTreeSet<RunId> = places.iter().map(|place| place.run.clone()).collect();
    let mut flaws = Vec::new();
    let mut flaw = |run: &RunId, what: String| {
        flaws.push(Flaw { run: run.clone(), seq: None, what, newest: None });
    };
    let mut expected = 1;
    let mut before: Option<&Place> = None;
    let mut seen = 0;
    for place in &*places {
        if place.number != expected {
            flaw(
                &place.run,
                format!(
                    "it is number {} where number {expected} was expected: a run is missing before it",
                    place.number
                ),
            );
        }
        if let Some(Link { after, pruned }) = &place.link {
            match (after, before) {
                (Some(after), Some(before)) if after.run == before.run => {
                    if followed.get(&(after.run.clone(), after.seq)) != Some(&after.head) {
                        let text = format!(
                            "record {}, which run {} was stored after, is not there any more as it was",
                            after.seq, place.run
                        );
                        flaw(&before.run, text);
                    }
                }
                (Some(after), _) if known.contains(&after.run) => flaw(
                    &place.run,
                    format!("it was put in another order: it was stored right after run {}", after.run),
                ),
                (Some(after), _) => flaw(
                    &after.run,
                    format!(
                        "it was removed: run {} was stored right after it, and it is not there",
                        place.run
                    ),
                ),
                (None, Some(_)) => flaw(&place.run, "it says that it was the first run".to_owned()),
                (None, None) => {}
            }
            match pruned.as_ref().map(|pruned| prunings.iter().position(|hash| hash == pruned)) {
                None if seen == 0 => {}
                Some(Some(at)) if at + 1 >= seen => seen = at + 1,
                _ => flaw(
                    &place.run,
                    "the record of what was pruned before it is not there any more as it was".to_owned(),
                ),
            }
        }
        before = Some(place);
        expected = place.number.saturating_add(1);
    }
    flaws
}
