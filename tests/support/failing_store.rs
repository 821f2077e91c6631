//! A store of which the n-th change fails, and every one after it: whether it was kept or not is not known.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use mothball::{
    domain::{ClientId, ConfigId, Event, Phase, RunId, Stamped, Tenant, Timestamp},
    store::{
        Acquired, Claim, Deactivated, Flaw, Held, Hold, Holder, NewRun, Request, Result, RunSummary, Store,
        StoreError, StoredRun, Sweep,
    },
};

/// What became of the change that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lost,
    /// It is there all the same, as after a sync that failed on a disk that went on.
    Kept,
}

pub struct FailingStore {
    inner: Arc<dyn Store>,
    at: u64,
    fate: Fate,
    changes: AtomicU64,
    /// Items whose intent is certain.
    intended: Mutex<BTreeSet<ConfigId>>,
}

impl FailingStore {
    pub fn new(inner: Arc<dyn Store>, at: u64, fate: Fate) -> Arc<Self> {
        Arc::new(Self { inner, at, fate, changes: AtomicU64::new(0), intended: Mutex::default() })
    }

    /// Whether a change has failed.
    pub fn has_failed(&self) -> bool {
        self.changes.load(Ordering::SeqCst) >= self.at
    }

    /// Items for which an intent was put down and acknowledged.
    pub fn intended(&self) -> BTreeSet<ConfigId> {
        self.intended.lock().unwrap().clone()
    }

    async fn change<T: Send>(&self, change: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let number = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        if number < self.at {
            return change.await;
        }
        if number > self.at {
            return Err(StoreError::Failed { first: "the disk is full".to_owned() });
        }
        if self.fate == Fate::Kept {
            change.await?;
        }
        Err(StoreError::DiskFull { path: PathBuf::from("mothball.db") })
    }

    fn acknowledged(&self, events: &[Stamped]) {
        for stamped in events {
            if let Event::Intended { config_id, .. } = &stamped.event {
                self.intended.lock().unwrap().insert(config_id.clone());
            }
        }
    }
}

#[async_trait]
impl Store for FailingStore {
    async fn create_run(&self, run: &NewRun) -> Result<()> {
        self.change(self.inner.create_run(run)).await
    }

    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String> {
        let head = self.change(self.inner.append(run, events)).await?;
        self.acknowledged(events);
        Ok(head)
    }

    async fn append_after(&self, run: &RunId, head: &str, events: &[Stamped]) -> Result<Option<String>> {
        self.change(self.inner.append_after(run, head, events)).await
    }

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()> {
        self.change(self.inner.save_report(run, report)).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        self.inner.run(id).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        self.inner.runs(limit).await
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
        self.change(self.inner.acquire(tenant, clients, claim, run, holder, now)).await
    }

    async fn leases(&self) -> Result<Vec<Held>> {
        self.inner.leases().await
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        self.change(self.inner.release(run)).await
    }

    async fn remember_refusal(&self, key: &str, at: Timestamp) -> Result<()> {
        self.change(self.inner.remember_refusal(key, at)).await
    }

    async fn refusal(&self, key: &str) -> Result<Option<Timestamp>> {
        self.inner.refusal(key).await
    }

    async fn forget_refusal(&self, key: &str) -> Result<()> {
        self.change(self.inner.forget_refusal(key)).await
    }

    async fn record_offboarded(&self, tenant: &Tenant, profile: &str, sweep: &Sweep) -> Result<()> {
        self.change(self.inner.record_offboarded(tenant, profile, sweep)).await
    }

    async fn last_offboarded(&self, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
        self.inner.last_offboarded(tenant, profile).await
    }

    async fn put_hold(&self, tenant: &Tenant, hold: &Hold) -> Result<()> {
        self.change(self.inner.put_hold(tenant, hold)).await
    }

    async fn holds(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
        self.inner.holds(tenant, now).await
    }

    async fn remove_hold(&self, tenant: &Tenant, config_id: &ConfigId) -> Result<bool> {
        self.change(self.inner.remove_hold(tenant, config_id)).await
    }

    async fn put_request(&self, run: &RunId, request: &Request) -> Result<()> {
        self.change(self.inner.put_request(run, request)).await
    }

    async fn take_requests(&self, run: &RunId) -> Result<Vec<Request>> {
        self.inner.take_requests(run).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
