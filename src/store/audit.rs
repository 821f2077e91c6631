//! The store as those see it who check it, hand it out and shorten it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde::Serialize;

use super::{
    Flaw, Result, Store, StoreError,
    check::{Followed, Place, check_order},
    journal::{Predecessor, Record},
    prune::{self, Cut, Pruning},
};
use crate::domain::{RunId, Timestamp};

/// A head of a run's journal that left the machine, and so cannot be rewritten with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHead {
    pub run: RunId,
    pub head: String,
    /// Which report names it, in words.
    pub told_by: String,
    /// When that report was made.
    pub at: Option<Timestamp>,
}

impl KnownHead {
    pub(super) fn of_a_report(run: &RunId, head: &str) -> Self {
        Self { run: run.clone(), head: head.to_owned(), told_by: "a report".to_owned(), at: None }
    }
}

/// What came of checking all that is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    pub runs: u64,
    pub records: u64,
    /// Runs that were pruned.
    pub pruned: u64,
    pub flaws: Vec<Flaw>,
    /// What is wrong and belongs to no single run.
    pub damage: Vec<String>,
    /// What could not be checked, and need not be wrong.
    pub notes: Vec<String>,
}

impl Findings {
    pub fn is_whole(&self) -> bool {
        self.flaws.is_empty() && self.damage.is_empty()
    }

    /// The flaws; damage to the store as a whole is an error.
    pub(super) fn into_flaws(self) -> Result<Vec<Flaw>> {
        match self.damage.into_iter().next() {
            Some(message) => Err(StoreError::Other { message }),
            None => Ok(self.flaws),
        }
    }
}

/// A run as it is stored, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRun {
    pub header: String,
    pub survey: String,
    pub plan: Option<(Vec<u8>, String)>,
    pub report: Option<String>,
    /// Record 0 first.
    pub records: Vec<Record>,
}

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub runs: u64,
    pub records: u64,
    pub bytes: u64,
    pub oldest: Option<Timestamp>,
}

#[async_trait]
pub trait Audit: Store {
    /// Checks every run, the way from run to run, what was pruned between them, and that every known head is there.
    async fn audit(&self, known: &[KnownHead]) -> Result<Findings>;

    /// Everything that is stored of a run, as it is stored.
    async fn raw(&self, run: &RunId) -> Result<Option<RawRun>>;

    async fn extent(&self) -> Result<Extent>;

    /// What was pruned, the earliest first.
    async fn prunings(&self) -> Result<Vec<Pruning>>;

    /// Removes runs and leaves their stones. All of them or none: false if one is not as it was last seen, or is
    /// needed after all.
    async fn prune(&self, cut: &Cut) -> Result<bool>;
}

/// The records that these runs, and those that were pruned, were stored after.
pub(super) fn wanted(places: &[Place], prunings: &[Record]) -> Vec<Predecessor> {
    let links = places.iter().filter_map(|place| place.link.clone()).filter_map(|link| link.after);
    let stones = prune::read(prunings).0.into_iter().flat_map(|pruning| pruning.runs);
    links.chain(stones.filter_map(|stone| stone.after)).collect()
}

/// Joins what was found run by run: the order, the prunings, and heads of runs that are not there.
pub(super) fn conclude(
    findings: &mut Findings,
    mut places: Vec<Place>,
    mut followed: Followed,
    prunings: &[Record],
    known: &[KnownHead],
) {
    let (read, wrong) = prune::read(prunings);
    findings.damage.extend(wrong);
    let runs: BTreeSet<RunId> = places.iter().map(|place| place.run.clone()).collect();
    let mut stones = BTreeMap::new();
    for pruning in &read {
        for stone in &pruning.runs {
            places.push(Place::from(stone));
            followed.insert((stone.run.clone(), stone.followed.seq), stone.followed.head.clone());
            stones.insert(&stone.run, (pruning, stone));
        }
    }
    findings.pruned = stones.len() as u64;
    let hashes: Vec<String> = prunings.iter().map(|record| record.hash.clone()).collect();
    findings.flaws.extend(check_order(&mut places, &followed, &hashes));
    for known in known.iter().filter(|known| !runs.contains(&known.run)) {
        match stones.get(&known.run) {
            Some((_, stone)) if stone.head == known.head || stone.followed.head == known.head => {}
            Some((pruning, _)) => findings.notes.push(format!(
                "run {} was pruned at {} by {}: whether it had the head that {} names can only be seen in {}",
                known.run,
                pruning.at.minutes(),
                pruning.by,
                known.told_by,
                pruning.archive
            )),
            None => findings.flaws.push(Flaw {
                run: known.run.clone(),
                seq: None,
                what: format!(
                    "it is not in the store, and {} tells of it: it was removed, or the report is of another data directory",
                    known.told_by
                ),
                newest: known.at,
            }),
        }
    }
}

/// The heads that a document of ours names: a report, a joint one, or anything that holds some.
pub fn hashes(report: &serde_json::Value) -> BTreeSet<(RunId, String)> {
    let mut found = BTreeSet::new();
    let own = (report["run_id"].as_str(), report["journal_head"].as_str());
    if let (Some(run), Some(head)) = own {
        found.insert((RunId::from(run), head.to_owned()));
    }
    for client in report["clients"].as_array().into_iter().flatten() {
        found.extend(hashes(client));
    }
    found
}
