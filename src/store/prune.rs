//! Removing old runs in the open. What is removed leaves a stone behind, in a chain of its own that every later run
//! names: so the chain between runs stays whole, and a run that was pruned is told apart from one that somebody
//! took away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Result, RunSummary, Store,
    check::Link,
    journal::{NO_HEAD, Predecessor, Record, hash, to_json},
};
use crate::domain::{Phase, RunId, Tenant, Timestamp, plan::Kind};

const FORMAT: &str = "mothball-pruning/1";

/// What is left of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    pub run: RunId,
    /// Its place in the order in which runs were stored.
    pub number: u64,
    pub after: Option<Predecessor>,
    pub pruned: Option<String>,
    pub records: u64,
    pub head: String,
    /// The record of it that the next run was stored after.
    pub followed: Followed,
    pub kind: Kind,
    pub profile: String,
    pub dry_run: bool,
    pub started_at: Timestamp,
    pub last_event: Timestamp,
    pub phase: Phase,
    pub items: u64,
    pub outcomes: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Followed {
    pub seq: u64,
    pub head: String,
}

impl Tombstone {
    /// `link`: what the run's own record 0 says; `next`: what the next one's does.
    pub(super) fn of(run: &RunSummary, number: u64, records: u64, link: Link, next: &Predecessor) -> Self {
        let header = &run.header;
        Self {
            run: header.run.clone(),
            number,
            after: link.after,
            pruned: link.pruned,
            records,
            head: run.head.clone(),
            followed: Followed { seq: next.seq, head: next.head.clone() },
            kind: header.kind,
            profile: header.profile.clone(),
            dry_run: header.dry_run,
            started_at: header.started_at,
            last_event: run.last_event,
            phase: run.phase,
            items: run.items,
            outcomes: run.outcomes.clone(),
        }
    }
}

/// One pruning: the body of a record in the chain of prunings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruning {
    pub format: String,
    pub at: Timestamp,
    pub by: String,
    /// Where what was removed was written first, and the digest of that file.
    pub archive: String,
    pub archive_digest: String,
    pub runs: Vec<Tombstone>,
}

/// What shall be removed, as it was last seen.
#[derive(Debug, Clone)]
pub struct Cut {
    pub at: Timestamp,
    pub by: String,
    pub archive: String,
    pub archive_digest: String,
    pub runs: Vec<RunSummary>,
}

impl Cut {
    /// The record of this pruning, after the last one.
    pub(super) fn record(&self, last: Option<&Record>, stones: Vec<Tombstone>) -> Result<Record> {
        let pruning = Pruning {
            format: FORMAT.to_owned(),
            at: self.at,
            by: self.by.clone(),
            archive: self.archive.clone(),
            archive_digest: self.archive_digest.clone(),
            runs: stones,
        };
        let (seq, previous) = last.map_or((0, NO_HEAD), |last| (last.seq + 1, &last.hash));
        Ok(Record::new(seq, previous, to_json(&pruning)?))
    }
}

/// Why a run stays, whatever its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// It waits for somebody, or can be resumed.
    Unfinished(Phase),
    /// Nobody knows yet what became of some of its items.
    Unknown,
    LookDue,
    Locked,
    /// The next run will be stored after it.
    Latest,
}

impl std::fmt::Display for Needed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unfinished(phase) => write!(f, "it is {}", phase.words()),
            Self::Unknown => write!(f, "it has items whose outcome nobody knows"),
            Self::LookDue => write!(f, "its second look is still to be taken"),
            Self::Locked => write!(f, "somebody is at work on it"),
            Self::Latest => write!(f, "it is the latest run, which the next one follows"),
        }
    }
}

impl Needed {
    pub fn of(run: &RunSummary, is_locked: bool, is_latest: bool) -> Option<Self> {
        if run.phase == Phase::AwaitingApproval || run.phase.may_go_on() {
            Some(Self::Unfinished(run.phase))
        } else if run.outcomes.contains_key("unknown") {
            Some(Self::Unknown)
        } else if run.look_due.is_some() {
            Some(Self::LookDue)
        } else if is_locked {
            Some(Self::Locked)
        } else {
            is_latest.then_some(Self::Latest)
        }
    }
}

/// A run in which nothing has happened for long.
#[derive(Debug, Clone)]
pub struct OldRun {
    pub run: RunSummary,
    pub needed: Option<Needed>,
    /// Configurations that an undo of it could still set back.
    pub restorable: u64,
}

/// The runs in which nothing has happened since `before`, the earliest first.
pub async fn old_runs(store: &dyn Store, before: Timestamp) -> Result<Vec<OldRun>> {
    let runs = store.runs(u32::MAX).await?;
    let locked = store.leases().await?;
    let mut standing: BTreeMap<String, Vec<RunId>> = BTreeMap::new();
    let mut old = Vec::new();
    for (at, run) in runs.into_iter().enumerate().filter(|(_, run)| run.last_event < before) {
        let mut restorable = 0;
        if let Some(tenant) = &run.header.tenant {
            let id = &run.header.run;
            restorable = restorable_by(store, &mut standing, tenant, id).await?;
        }
        let is_locked = locked.iter().any(|held| held.run == run.header.run);
        old.push(OldRun { needed: Needed::of(&run, is_locked, at == 0), run, restorable });
    }
    old.reverse();
    Ok(old)
}

async fn restorable_by(
    store: &dyn Store,
    standing: &mut BTreeMap<String, Vec<RunId>>,
    tenant: &Tenant,
    run: &RunId,
) -> Result<u64> {
    let key = format!("{}\n{}", tenant.psa, tenant.id);
    if !standing.contains_key(&key) {
        let changed = store.deactivated(tenant).await?;
        standing.insert(key.clone(), changed.into_iter().map(|one| one.run).collect());
    }
    Ok(standing.get(&key).map_or(0, |runs| runs.iter().filter(|by| *by == run).count() as u64))
}

/// The prunings as their chain tells them, and what is wrong with the chain.
pub(super) fn read(records: &[Record]) -> (Vec<Pruning>, Vec<String>) {
    let mut prunings = Vec::new();
    let mut wrong = Vec::new();
    let mut previous = NO_HEAD;
    for (expected, record) in (0..).zip(records) {
        if record.seq != expected || record.previous != previous {
            wrong.push(format!(
                "pruning {}: it does not follow the one before it: one was removed, inserted or edited",
                record.seq
            ));
        }
        if hash(&record.previous, record.seq, &record.body) != record.hash {
            wrong.push(format!("pruning {}: it was edited: its hash does not fit", record.seq));
        }
        match serde_json::from_str::<Pruning>(&record.body) {
            Ok(pruning) if pruning.format == FORMAT => prunings.push(pruning),
            Ok(other) => {
                wrong.push(format!(
                    "pruning {}: its form is {}, this build knows {FORMAT}",
                    record.seq, other.format
                ));
            }
            Err(error) => wrong.push(format!("pruning {}: it cannot be read: {error}", record.seq)),
        }
        previous = &record.hash;
    }
    (prunings, wrong)
}
