//! A store that forgets everything when it is dropped. For tests under virtual time, and for the demo's
//! rehearsals: it makes no use of threads, files or timers.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::watch;

use super::{
    Acquired, Audit, Claim, Deactivated, Flaw, Held, Hold, Holder, Job, KnownHead, Mark, NewRun, Request,
    Result, RunSummary, Schedules, Store, StoreError, StoredRun, Sweep, Token,
    journal::{Batch, Predecessor, Prepared, Record, events},
    types::{forgotten_before, moment},
};
use crate::{
    domain::{ClientId, ConfigId, Phase, RunId, Stamped, Tenant, Timestamp, plan::sha256},
    system::process::Identity,
};

mod audit;
mod queue;
#[cfg(test)]
mod tests;

/// The tenant as a key: its vendor and its id.
type Place = (String, String);

#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they were stored.
    runs: Vec<Kept>,
    prunings: Vec<Record>,
    leases: BTreeMap<(Place, ClientId), Held>,
    refusals: BTreeMap<String, Timestamp>,
    sweeps: BTreeMap<(Place, String), Sweep>,
    holds: BTreeMap<(Place, ConfigId), Hold>,
    requests: Vec<(RunId, Request)>,
    /// In the order in which they were put down.
    jobs: Vec<Job>,
    tokens: Vec<Token>,
    schedules: BTreeMap<String, Mark>,
    /// Set by a test: after so many more changes the next one cannot be made durable.
    fails_after: Option<u32>,
    failed: Option<String>,
    closed: bool,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    prepared: Prepared,
    summary: RunSummary,
    /// With its digest.
    report: Option<(serde_json::Value, String)>,
    records: Vec<Record>,
    /// How many records were written.
    written: u64,
    settled: BTreeMap<ConfigId, (&'static str, i64)>,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets so many more changes happen, and makes the next one fail as a full disk would, and with it all later ones.
    pub fn fail_after(&self, changes: u32) {
        self.lock().fails_after = Some(changes);
    }

    /// The records of a run as they are stored, for whoever checks them by other means than these.
    pub fn records(&self, run: &RunId) -> Vec<Record> {
        self.lock().run(run).map(|kept| kept.records.clone()).unwrap_or_default()
    }

    /// How many records there are of each run, in the order in which the runs were stored.
    pub fn lengths(&self) -> Vec<(RunId, usize)> {
        self.lock().runs.iter().map(|kept| (kept.prepared.id.clone(), kept.records.len())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of another task cannot leave the state half changed: no call panics while it holds it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, for a change.
    fn change(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        if let Some(first) = &state.failed {
            return Err(StoreError::Failed { first: first.clone() });
        }
        match state.fails_after {
            Some(0) => {
                let error = StoreError::DiskFull { path: "memory".into() };
                state.failed = Some(error.to_string());
                Err(error)
            }
            left => {
                state.fails_after = left.map(|left| left - 1);
                // Whoever hears of it now waits for the lock, and then sees the change.
                self.changes.send_modify(|number| *number += 1);
                Ok(state)
            }
        }
    }
}

impl State {
    fn run(&self, id: &RunId) -> Option<&Kept> {
        self.runs.iter().find(|kept| kept.prepared.id == *id)
    }

    fn run_mut(&mut self, id: &RunId) -> Result<&mut Kept> {
        self.runs
            .iter_mut()
            .find(|kept| kept.prepared.id == *id)
            .ok_or_else(|| StoreError::UnknownRun(id.clone()))
    }
}

impl Kept {
    fn is_of(&self, tenant: &Tenant) -> bool {
        self.summary.header.tenant.as_ref().is_some_and(|own| own.is_same_as(tenant))
    }

    fn append(&mut self, batch: Batch) -> String {
        for body in &batch.bodies {
            let record = Record::new(self.records.len() as u64, &self.summary.head, body.clone());
            self.summary.head.clone_from(&record.hash);
            self.records.push(record);
            self.written += 1;
        }
        self.summary.phase = batch.phase_after(self.summary.phase);
        if let Some(last) = batch.last {
            self.summary.last_event = self.summary.last_event.max(moment(last));
        }
        if let Some(look) = batch.look {
            self.summary.look_due = look.due().map(moment);
        }
        for (config_id, outcome, at) in batch.settled {
            if self.prepared.items.iter().any(|item| item.config_id == config_id) {
                self.settled.insert(config_id, (outcome, at));
            }
        }
        self.summary.head.clone()
    }

    fn summary(&self) -> RunSummary {
        let mut summary = self.summary.clone();
        for (outcome, _) in self.settled.values() {
            *summary.outcomes.entry((*outcome).to_owned()).or_default() += 1;
        }
        summary
    }
}

fn place(tenant: &Tenant) -> Place {
    (tenant.psa.clone(), tenant.id.clone())
}

fn corrupt(what: String) -> StoreError {
    StoreError::Corrupt { path: "memory".into(), what }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_run(&self, run: &NewRun) -> Result<()> {
        let prepared = Prepared::of(run)?;
        let mut state = self.change()?;
        if state.run(&prepared.id).is_some() {
            return Err(StoreError::RunExists(prepared.id));
        }
        let after = state.runs.last().map(|last| Predecessor {
            run: last.prepared.id.clone(),
            seq: last.records.len() as u64 - 1,
            head: last.summary.head.clone(),
        });
        let pruned = state.prunings.last().map(|record| record.hash.clone());
        let genesis = prepared.genesis(after, pruned)?;
        let clients: std::collections::BTreeSet<_> =
            prepared.items.iter().map(|item| &item.client_id).collect();
        let summary = RunSummary {
            header: run.header.clone(),
            phase: Phase::default(),
            head: genesis.hash.clone(),
            last_event: run.header.started_at,
            look_due: None,
            items: prepared.items.len() as u64,
            clients: clients.len() as u64,
            outcomes: BTreeMap::new(),
            has_report: false,
            plan_digest: prepared.plan.as_ref().map(|(_, digest)| digest.clone()),
        };
        let kept = Kept {
            number: state.runs.last().map_or(1, |last| last.number + 1),
            prepared,
            summary,
            report: None,
            records: vec![genesis],
            written: 1,
            settled: BTreeMap::new(),
        };
        state.runs.push(kept);
        Ok(())
    }

    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String> {
        let batch = Batch::of(events)?;
        let mut state = self.change()?;
        Ok(state.run_mut(run)?.append(batch))
    }

    async fn append_after(&self, run: &RunId, head: &str, events: &[Stamped]) -> Result<Option<String>> {
        let batch = Batch::of(events)?;
        let mut state = self.change()?;
        let kept = state.run_mut(run)?;
        Ok((kept.summary.head == head).then(|| kept.append(batch)))
    }

    async fn records_after(&self, run: &RunId, seq: u64, limit: u32) -> Result<Vec<(u64, Stamped)>> {
        let state = self.lock();
        let kept = state.run(run).ok_or_else(|| StoreError::UnknownRun(run.clone()))?;
        // Record 0 is the beginning, not an event.
        let from = usize::try_from(seq).unwrap_or(usize::MAX).saturating_add(1);
        let after: Vec<&Record> = kept.records.iter().skip(from).take(limit as usize).collect();
        let events = events(after.iter().map(|record| record.body.as_str())).map_err(corrupt)?;
        Ok(after.iter().map(|record| record.seq).zip(events).collect())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()> {
        let mut state = self.change()?;
        let kept = state.run_mut(run)?;
        kept.report = Some((report.clone(), sha256(report.to_string().as_bytes())));
        kept.summary.has_report = true;
        Ok(())
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        let state = self.lock();
        let Some(kept) = state.run(id) else { return Ok(None) };
        let bodies = kept.records.iter().skip(1).map(|record| record.body.as_str());
        Ok(Some(StoredRun {
            header: serde_json::from_str(&kept.prepared.header)
                .map_err(|error| corrupt(error.to_string()))?,
            survey: serde_json::from_str(&kept.prepared.survey)
                .map_err(|error| corrupt(error.to_string()))?,
            plan: kept.prepared.plan.clone(),
            head: kept.summary.head.clone(),
            events: events(bodies).map_err(corrupt)?,
            report: kept.report.as_ref().map(|(report, _)| report.clone()),
        }))
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        let state = self.lock();
        Ok(state.runs.iter().rev().take(limit as usize).map(Kept::summary).collect())
    }

    async fn summary(&self, run: &RunId) -> Result<Option<RunSummary>> {
        let state = self.lock();
        Ok(state.runs.iter().find(|kept| kept.prepared.id == *run).map(Kept::summary))
    }

    async fn runs_in(&self, phase: Phase) -> Result<Vec<RunSummary>> {
        let state = self.lock();
        Ok(state.runs.iter().rev().filter(|kept| kept.summary.phase == phase).map(Kept::summary).collect())
    }

    async fn latest(&self) -> Result<Option<Timestamp>> {
        Ok(self.lock().runs.iter().map(|kept| kept.summary.last_event).max())
    }

    async fn deactivated(&self, tenant: &Tenant) -> Result<Vec<Deactivated>> {
        let state = self.lock();
        let mut changes = Vec::new();
        for kept in &state.runs {
            if !kept.is_of(tenant) {
                continue;
            }
            for item in &kept.prepared.items {
                if let Some((outcome @ ("deactivated" | "restored"), at)) = kept.settled.get(&item.config_id)
                {
                    let change = Deactivated {
                        config_id: item.config_id.clone(),
                        client_id: item.client_id.clone(),
                        run: kept.prepared.id.clone(),
                        at: moment(*at),
                    };
                    changes.push((*outcome == "deactivated", change));
                }
            }
        }
        changes.sort_by_key(|(_, change)| change.at);
        let mut standing = BTreeMap::new();
        for (deactivated, change) in changes {
            if deactivated {
                standing.insert(change.config_id.clone(), change);
            } else {
                standing.remove(&change.config_id);
            }
        }
        Ok(standing.into_values().collect())
    }

    async fn unsettled(&self, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>> {
        let state = self.lock();
        let unsettled = state.runs.iter().filter(|kept| {
            let unknown = kept.settled.values().any(|(outcome, _)| *outcome == "unknown");
            tenant.is_none_or(|tenant| kept.is_of(tenant)) && (unknown || kept.summary.phase.may_go_on())
        });
        Ok(unsettled.map(|kept| (kept.prepared.id.clone(), kept.summary.phase)).collect())
    }

    async fn due_looks(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>> {
        let state = self.lock();
        let due = state
            .runs
            .iter()
            .filter(|kept| kept.is_of(tenant) && kept.summary.look_due.is_some_and(|due| due <= now));
        Ok(due.map(|kept| kept.prepared.id.clone()).collect())
    }

    async fn verify(&self, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>> {
        let state = self.lock();
        let kept = state.run(run).ok_or_else(|| StoreError::UnknownRun(run.clone()))?;
        Ok(kept.check(known_head.map(|head| KnownHead::of_a_report(run, head))).flaws)
    }

    async fn verify_all(&self) -> Result<Vec<Flaw>> {
        self.audit(&[]).await?.into_flaws()
    }

    fn covers(&self) -> String {
        "this process only".to_owned()
    }

    async fn acquire(
        &self,
        tenant: &Tenant,
        clients: &[ClientId],
        claim: Claim,
        run: &RunId,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<Acquired> {
        let mut state = self.change()?;
        let mut acquired = Acquired::default();
        for client in clients {
            match state.leases.get(&(place(tenant), client.clone())) {
                Some(held) if !may_take(held, run, holder) => acquired.held.push(held.clone()),
                _ => acquired.taken.push(client.clone()),
            }
        }
        if claim == Claim::All && !acquired.held.is_empty() {
            acquired.taken.clear();
        }
        for client in &acquired.taken {
            let held = Held {
                client: client.clone(),
                run: run.clone(),
                by: holder.clone(),
                since: now,
                ended: false,
            };
            state.leases.insert((place(tenant), client.clone()), held);
        }
        Ok(acquired)
    }

    async fn leases(&self) -> Result<Vec<Held>> {
        let own = Identity::own();
        let judged = |held: &Held| Held { ended: held.by.process.has_ended(&own), ..held.clone() };
        Ok(self.lock().leases.values().map(judged).collect())
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        let mut state = self.change()?;
        state.leases.retain(|_, held| held.run != *run);
        state.requests.retain(|(of, _)| of != run);
        Ok(())
    }

    async fn remember_refusal(&self, key: &str, at: Timestamp) -> Result<()> {
        let mut state = self.change()?;
        state.refusals.retain(|_, earlier| *earlier >= forgotten_before(at));
        state.refusals.insert(key.to_owned(), at);
        Ok(())
    }

    async fn refusal(&self, key: &str) -> Result<Option<Timestamp>> {
        Ok(self.lock().refusals.get(key).copied())
    }

    async fn forget_refusal(&self, key: &str) -> Result<()> {
        self.change()?.refusals.remove(key);
        Ok(())
    }

    async fn record_offboarded(&self, tenant: &Tenant, profile: &str, sweep: &Sweep) -> Result<()> {
        self.change()?.sweeps.insert((place(tenant), profile.to_owned()), sweep.clone());
        Ok(())
    }

    async fn last_offboarded(&self, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
        Ok(self.lock().sweeps.get(&(place(tenant), profile.to_owned())).cloned())
    }

    async fn put_hold(&self, tenant: &Tenant, hold: &Hold) -> Result<()> {
        self.change()?.holds.insert((place(tenant), hold.config_id.clone()), hold.clone());
        Ok(())
    }

    async fn holds(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
        let state = self.lock();
        let own = state.holds.iter().filter(|((at, _), hold)| *at == place(tenant) && hold.is_in_force(now));
        Ok(own.map(|(_, hold)| hold.clone()).collect())
    }

    async fn remove_hold(&self, tenant: &Tenant, config_id: &ConfigId) -> Result<bool> {
        Ok(self.change()?.holds.remove(&(place(tenant), config_id.clone())).is_some())
    }

    async fn put_request(&self, run: &RunId, request: &Request) -> Result<()> {
        self.change()?.requests.push((run.clone(), request.clone()));
        Ok(())
    }

    async fn take_requests(&self, run: &RunId) -> Result<Vec<Request>> {
        let mut state = self.lock();
        if !state.requests.iter().any(|(of, _)| of == run) {
            return Ok(Vec::new());
        }
        drop(state);
        state = self.change()?;
        let mut taken = Vec::new();
        state.requests.retain(|(of, request)| {
            if of == run {
                taken.push(request.clone());
            }
            of != run
        });
        Ok(taken)
    }

    async fn close(&self) {
        self.lock().closed = true;
    }
}

#[async_trait]
impl Schedules for MemoryStore {
    async fn mark_schedule(&self, name: &str, until: Timestamp, run: Option<&RunId>) -> Result<()> {
        let mut state = self.change()?;
        let before = state.schedules.get(name);
        if before.is_none_or(|before| until > before.until) {
            let run = run.or(before.and_then(|before| before.run.as_ref())).cloned();
            state.schedules.insert(name.to_owned(), Mark { until, run });
        }
        Ok(())
    }

    async fn schedule_marks(&self) -> Result<BTreeMap<String, Mark>> {
        Ok(self.lock().schedules.clone())
    }
}

/// Whether a lease is as good as free for this run: its holder has ended, or it is this run's own.
pub(super) fn may_take(held: &Held, run: &RunId, holder: &Holder) -> bool {
    held.by.process.has_ended(&holder.process) || (held.run == *run && held.by.process == holder.process)
}
