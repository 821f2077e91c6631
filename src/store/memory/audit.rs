//! Checking, counting and pruning what is in memory.

use async_trait::async_trait;

use super::{Kept, MemoryStore, State};
use crate::{
    domain::RunId,
    store::{
        Audit, Findings, KnownHead, Result,
        audit::{self, Extent, RawRun},
        check::{Checked, Checker, Item, Line, Link, Place, Stored},
        journal::{Predecessor, phase_word},
        prune::{self, Cut, Needed, Pruning, Tombstone},
        types::millis,
    },
};

impl Kept {
    pub fn check(&self, known: impl IntoIterator<Item = KnownHead>) -> Checked {
        let mut checker = Checker::new(self.stored(), known);
        for record in &self.records {
            checker.record(record);
        }
        checker.finish()
    }

    fn stored(&self) -> Stored {
        let header = &self.summary.header;
        let item = |item: &crate::domain::PlanItem| {
            let settled = self.settled.get(&item.config_id);
            Item {
                client: item.client_id.as_str().to_owned(),
                outcome: settled.map(|(outcome, _)| (*outcome).to_owned()),
                settled_at: settled.map(|(_, at)| *at),
            }
        };
        Stored {
            id: self.prepared.id.clone(),
            header: self.prepared.header.clone(),
            survey: self.prepared.survey.clone(),
            plan: self.prepared.plan.clone(),
            line: Line {
                psa: header.psa.clone(),
                tenant: header.tenant.as_ref().map(|tenant| tenant.id.clone()),
                phase: phase_word(self.summary.phase),
                records: self.written,
                head: self.summary.head.clone(),
                last_event: millis(self.summary.last_event),
                look_due: self.summary.look_due.map(millis),
            },
            items: self.prepared.items.iter().map(|one| (one.config_id.clone(), item(one))).collect(),
            report: self.report.as_ref().map(|(report, digest)| (report.to_string(), Some(digest.clone()))),
        }
    }

    fn link(&self) -> Option<Link> {
        Link::of(&self.records.first()?.body).ok()
    }
}

impl State {
    /// The record of this run that the next one was stored after.
    fn followed(&self, run: &RunId) -> Option<Predecessor> {
        let stones = prune::read(&self.prunings).0.into_iter().flat_map(|pruning| pruning.runs);
        let after = self.runs.iter().filter_map(Kept::link).filter_map(|link| link.after);
        after.chain(stones.filter_map(|stone| stone.after)).find(|after| after.run == *run)
    }
}

#[async_trait]
impl Audit for MemoryStore {
    async fn audit(&self, known: &[KnownHead]) -> Result<Findings> {
        let state = self.lock();
        let mut findings = Findings::default();
        let mut places: Vec<Place> = Vec::new();
        for kept in &state.runs {
            let run = &kept.prepared.id;
            let checked = kept.check(known.iter().filter(|known| known.run == *run).cloned());
            findings.runs += 1;
            findings.records += checked.records;
            findings.flaws.extend(checked.flaws);
            places.push(Place { number: kept.number, run: run.clone(), link: checked.link });
        }
        let followed = audit::wanted(&places, &state.prunings).into_iter().filter_map(|after| {
            let record = state.run(&after.run)?.records.iter().find(|record| record.seq == after.seq)?;
            Some(((after.run, after.seq), record.hash.clone()))
        });
        audit::conclude(&mut findings, places, followed.collect(), &state.prunings, known);
        Ok(findings)
    }

    async fn raw(&self, run: &RunId) -> Result<Option<RawRun>> {
        Ok(self.lock().run(run).map(|kept| RawRun {
            header: kept.prepared.header.clone(),
            survey: kept.prepared.survey.clone(),
            plan: kept.prepared.plan.clone(),
            report: kept.report.as_ref().map(|(report, _)| report.to_string()),
            records: kept.records.clone(),
        }))
    }

    async fn extent(&self) -> Result<Extent> {
        let state = self.lock();
        let bodies = state.runs.iter().flat_map(|kept| &kept.records).map(|record| record.body.len());
        Ok(Extent {
            runs: state.runs.len() as u64,
            records: state.runs.iter().map(|kept| kept.records.len() as u64).sum(),
            bytes: bodies.sum::<usize>() as u64,
            oldest: state.runs.iter().map(|kept| kept.summary.header.started_at).min(),
        })
    }

    async fn prunings(&self) -> Result<Vec<Pruning>> {
        Ok(prune::read(&self.lock().prunings).0)
    }

    async fn prune(&self, cut: &Cut) -> Result<bool> {
        let mut state = self.change()?;
        let mut stones = Vec::new();
        for run in &cut.runs {
            let id = &run.header.run;
            let Some(at) = state.runs.iter().position(|kept| kept.prepared.id == *id) else {
                return Ok(false);
            };
            let kept = &state.runs[at];
            let is_locked = state.leases.values().any(|held| held.run == *id);
            let needed = Needed::of(&kept.summary(), is_locked, at + 1 == state.runs.len());
            if kept.summary.head != run.head || needed.is_some() {
                return Ok(false);
            }
            let (Some(link), Some(next)) = (kept.link(), state.followed(id)) else { return Ok(false) };
            stones.push(Tombstone::of(run, kept.number, kept.written, link, &next));
        }
        let record = cut.record(state.prunings.last(), stones)?;
        state.prunings.push(record);
        state.runs.retain(|kept| !cut.runs.iter().any(|run| run.header.run == kept.prepared.id));
        Ok(true)
    }
}
