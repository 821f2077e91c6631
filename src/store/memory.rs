//! A store that forgets: for tests in virtual time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{
    Held, Holder, NewRun, Result, RunSummary, Store, StoreError, StoredRun,
    chain::{self, GENESIS, Link},
    types::Step,
};
use crate::domain::{ClientId, Phase, RunId, Stamped, Tenant, Timestamp};

#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    runs: BTreeMap<RunId, Run>,
    order: Vec<RunId>,
    leases: BTreeMap<(String, ClientId), (Holder, Timestamp)>,
}

#[derive(Debug)]
struct Run {
    new: NewRun,
    start: String,
    head: String,
    links: Vec<Link>,
    events: Vec<Stamped>,
    report: Option<serde_json::Value>,
    summary: RunSummary,
}

impl MemoryStore {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change below is whole before the lock is given back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_run(&self, new: &NewRun) -> Result<()> {
        let mut inner = self.inner();
        let id = new.header.run.clone();
        if inner.runs.contains_key(&id) {
            return Err(StoreError::RunExists(id.to_string()));
        }
        let start = inner
            .order
            .last()
            .and_then(|last| inner.runs.get(last))
            .map_or(GENESIS.to_owned(), |run| run.head.clone());
        let summary = RunSummary {
            run: id.clone(),
            started_at: new.header.started_at,
            profile: new.header.profile.clone(),
            tenant: new.header.tenant.as_ref().map(|tenant| tenant.id.clone()),
            phase: Phase::Planned,
            dry_run: new.header.dry_run,
            changed: 0,
            skipped: 0,
            errors: 0,
        };
        let run = Run {
            new: new.clone(),
            head: start.clone(),
            start,
            links: Vec::new(),
            events: Vec::new(),
            report: None,
            summary,
        };
        inner.order.push(id.clone());
        inner.runs.insert(id, run);
        Ok(())
    }

    async fn append(&self, id: &RunId, events: &[Stamped]) -> Result<String> {
        let mut inner = self.inner();
        let run = inner.runs.get_mut(id).ok_or_else(|| StoreError::NoRun(id.to_string()))?;
        for event in events {
            let json =
                serde_json::to_string(event).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let seq = run.links.len() as i64 + 1;
            let hash = chain::link(&run.head, id.as_str(), seq, &json);
            run.links.push(Link { seq, json, before: run.head.clone(), hash: hash.clone() });
            run.head = hash;
            run.events.push(event.clone());
        }
        let step = Step::of(events);
        run.summary.phase = step.phase.unwrap_or(run.summary.phase);
        run.summary.changed += step.changed;
        run.summary.skipped += step.skipped;
        run.summary.errors += step.errors;
        Ok(run.head.clone())
    }

    async fn save_report(&self, id: &RunId, report: &serde_json::Value) -> Result<()> {
        let mut inner = self.inner();
        let run = inner.runs.get_mut(id).ok_or_else(|| StoreError::NoRun(id.to_string()))?;
        run.report = Some(report.clone());
        Ok(())
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        Ok(self.inner().runs.get(id).map(|run| StoredRun {
            header: run.new.header.clone(),
            survey: run.new.survey.clone(),
            plan: run.new.plan.clone(),
            head: run.head.clone(),
            events: run.events.clone(),
            report: run.report.clone(),
        }))
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        let inner = self.inner();
        let latest = inner.order.iter().rev().take(limit as usize);
        Ok(latest.filter_map(|id| inner.runs.get(id)).map(|run| run.summary.clone()).collect())
    }

    async fn verify(&self) -> Result<Vec<String>> {
        let inner = self.inner();
        let check = |(id, run): (&RunId, &Run)| chain::broken(id.as_str(), &run.start, &run.head, &run.links);
        Ok(inner.runs.iter().filter_map(check).collect())
    }

    async fn acquire(
        &self,
        tenant: &Tenant,
        clients: &[ClientId],
        holder: &Holder,
        now: Timestamp,
    ) -> Result<Vec<Held>> {
        let mut inner = self.inner();
        let mut held = Vec::new();
        for client in clients {
            let key = (format!("{}/{}", tenant.psa, tenant.id), client.clone());
            match inner.leases.get(&key) {
                Some((other, since)) if other.run != holder.run && other.is_alive() => {
                    held.push(Held {
                        client: client.clone(),
                        run: other.run.clone(),
                        by: other.words(),
                        since: *since,
                    });
                }
                _ => {
                    inner.leases.insert(key, (holder.clone(), now));
                }
            }
        }
        Ok(held)
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        self.inner().leases.retain(|_, (holder, _)| holder.run != *run);
        Ok(())
    }
}
