//! A store that passes everything on, and lets somebody stand at the door of each change: to fail it, to stop the world.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use mothball::{
    domain::{ClientId, ConfigId, Phase, RunId, Stamped, Tenant, Timestamp},
    store::{
        Acquired, Claim, Deactivated, Flaw, Held, Hold, Holder, Job, Mark, NewJob, NewRun, Put, Queue,
        Request, Result, RunSummary, Schedules, Store, StoredRun, Sweep, Token, Tokens,
    },
};

/// What kind of change is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A run, its records, its lease: what a run cannot go on without.
    Run,
    Other,
}

/// Stands at the door.
pub trait Doorkeeper: Send + Sync + 'static {
    /// Lets the change through, or does not.
    fn change<T: Send>(
        &self,
        kind: Kind,
        change: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send;

    /// These records were acknowledged.
    fn appended(&self, _events: &[Stamped]) {}

    /// As whom a run holds its lease.
    fn holder(&self, holder: &Holder) -> Holder {
        holder.clone()
    }
}

pub struct GuardedStore<D> {
    pub inner: Arc<dyn Store>,
    pub door: D,
}

#[async_trait]
impl<D: Doorkeeper> Store for GuardedStore<D> {
    async fn create_run(&self, run: &NewRun) -> Result<()> {
        self.door.change(Kind::Run, self.inner.create_run(run)).await
    }

    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String> {
        let head = self.door.change(Kind::Run, self.inner.append(run, events)).await?;
        self.door.appended(events);
        Ok(head)
    }

    async fn append_after(&self, run: &RunId, head: &str, events: &[Stamped]) -> Result<Option<String>> {
        self.door.change(Kind::Run, self.inner.append_after(run, head, events)).await
    }

    async fn records_after(&self, run: &RunId, seq: u64, limit: u32) -> Result<Vec<(u64, Stamped)>> {
        self.inner.records_after(run, seq, limit).await
    }

    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.changes()
    }

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()> {
        self.door.change(Kind::Other, self.inner.save_report(run, report)).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        self.inner.run(id).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        self.inner.runs(limit).await
    }

    async fn summary(&self, run: &RunId) -> Result<Option<RunSummary>> {
        self.inner.summary(run).await
    }

    async fn runs_in(&self, phase: Phase) -> Result<Vec<RunSummary>> {
        self.inner.runs_in(phase).await
    }

    async fn latest(&self) -> Result<Option<Timestamp>> {
        self.inner.latest().await
    }

    async fn deactivated(&self, tenant: &Tenant) -> Result<Vec<Deactivated>> {
        self.inner.deactivated(tenant).await
    }

    async fn unsettled(&self, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>> {
        self.inner.unsettled(tenant).await
    }

    async fn due_looks(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>> {
        self.inner.due_looks(tenant, now).await
    }

    async fn verify(&self, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>> {
        self.inner.verify(run, known_head).await
    }

    async fn verify_all(&self) -> Result<Vec<Flaw>> {
        self.inner.verify_all().await
    }

    fn covers(&self) -> String {
        self.inner.covers()
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
        self.door
            .change(
                Kind::Run,
                self.inner.acquire(tenant, clients, claim, run, &self.door.holder(holder), now),
            )
            .await
    }

    async fn leases(&self) -> Result<Vec<Held>> {
        self.inner.leases().await
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        self.door.change(Kind::Run, self.inner.release(run)).await
    }

    async fn remember_refusal(&self, key: &str, at: Timestamp) -> Result<()> {
        self.door.change(Kind::Other, self.inner.remember_refusal(key, at)).await
    }

    async fn refusal(&self, key: &str) -> Result<Option<Timestamp>> {
        self.inner.refusal(key).await
    }

    async fn forget_refusal(&self, key: &str) -> Result<()> {
        self.door.change(Kind::Other, self.inner.forget_refusal(key)).await
    }

    async fn record_offboarded(&self, tenant: &Tenant, profile: &str, sweep: &Sweep) -> Result<()> {
        self.door.change(Kind::Other, self.inner.record_offboarded(tenant, profile, sweep)).await
    }

    async fn last_offboarded(&self, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
        self.inner.last_offboarded(tenant, profile).await
    }

    async fn put_hold(&self, tenant: &Tenant, hold: &Hold) -> Result<()> {
        self.door.change(Kind::Other, self.inner.put_hold(tenant, hold)).await
    }

    async fn holds(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
        self.inner.holds(tenant, now).await
    }

    async fn remove_hold(&self, tenant: &Tenant, config_id: &ConfigId) -> Result<bool> {
        self.door.change(Kind::Other, self.inner.remove_hold(tenant, config_id)).await
    }

    async fn put_request(&self, run: &RunId, request: &Request) -> Result<()> {
        self.door.change(Kind::Other, self.inner.put_request(run, request)).await
    }

    async fn take_requests(&self, run: &RunId) -> Result<Vec<Request>> {
        self.inner.take_requests(run).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl<D: Doorkeeper> Queue for GuardedStore<D> {
    async fn put_job(&self, job: &NewJob) -> Result<Put> {
        self.door.change(Kind::Other, self.inner.put_job(job)).await
    }

    async fn take_job(&self, holder: &Holder, now: Timestamp) -> Result<Option<Job>> {
        self.door.change(Kind::Other, self.inner.take_job(holder, now)).await
    }

    async fn next_job(&self) -> Result<Option<Timestamp>> {
        self.inner.next_job().await
    }

    async fn finish_job(&self, run: &RunId, at: Timestamp, trouble: Option<&str>) -> Result<()> {
        self.door.change(Kind::Other, self.inner.finish_job(run, at, trouble)).await
    }

    async fn give_back(&self, run: &RunId, not_before: Timestamp) -> Result<()> {
        self.door.change(Kind::Other, self.inner.give_back(run, not_before)).await
    }

    async fn drop_job(&self, run: &RunId, at: Timestamp, why: &str) -> Result<bool> {
        self.door.change(Kind::Other, self.inner.drop_job(run, at, why)).await
    }

    async fn job(&self, run: &RunId) -> Result<Option<Job>> {
        self.inner.job(run).await
    }

    async fn jobs(&self) -> Result<Vec<Job>> {
        self.inner.jobs().await
    }

    async fn forget_jobs(&self, ended_before: Timestamp, now: Timestamp) -> Result<u64> {
        self.door.change(Kind::Other, self.inner.forget_jobs(ended_before, now)).await
    }
}

#[async_trait]
impl<D: Doorkeeper> Tokens for GuardedStore<D> {
    async fn put_token(&self, token: &Token) -> Result<()> {
        self.door.change(Kind::Other, self.inner.put_token(token)).await
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        self.inner.tokens().await
    }

    async fn token(&self, id: &str) -> Result<Option<Token>> {
        self.inner.token(id).await
    }

    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool> {
        self.door.change(Kind::Other, self.inner.revoke_token(id, at)).await
    }

    async fn token_used(&self, id: &str, at: Timestamp) -> Result<()> {
        self.door.change(Kind::Other, self.inner.token_used(id, at)).await
    }
}

#[async_trait]
impl<D: Doorkeeper> Schedules for GuardedStore<D> {
    async fn mark_schedule(&self, name: &str, until: Timestamp, run: Option<&RunId>) -> Result<()> {
        self.door.change(Kind::Other, self.inner.mark_schedule(name, until, run)).await
    }

    async fn schedule_marks(&self) -> Result<BTreeMap<String, Mark>> {
        self.inner.schedule_marks().await
    }
}
