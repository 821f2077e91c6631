//! The store on disk: one SQLite file in the data directory. [`open`] makes it ready, [`writer`] is the one
//! task that changes it, [`changes`], [`journal`] and [`prune`] hold the changes, [`reads`] what is asked of it, [`queue`] is for
//! the server, [`watch`] notices what other processes change, and [`audit`] checks it.

mod audit;
mod changes;
mod copy;
mod journal;
mod open;
mod prune;
mod queue;
mod reads;
mod schedules;
mod watch;
mod writer;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::SqlitePool;

use self::writer::Writer;
use super::{
    Acquired, Audit, Claim, Deactivated, Flaw, Held, Hold, Holder, NewRun, Request, Result, RunSummary,
    Store, StoreError, StoredRun, Sweep,
    journal::{Batch, Prepared},
};
use crate::domain::{ClientId, ConfigId, Phase, RunId, Stamped, Tenant, Timestamp};

/// The file's name in the data directory.
pub const FILE: &str = "mothball.db";

pub struct SqliteStore {
    path: PathBuf,
    reads: SqlitePool,
    writer: Writer,
    watched: watch::Watched,
}

impl SqliteStore {
    /// Opens the store in this folder, and makes both if they are not there.
    pub async fn open(folder: &Path) -> Result<Self> {
        Self::open_with(folder, open::Limits::default()).await
    }

    async fn open_with(folder: &Path, limits: open::Limits) -> Result<Self> {
        let opened = open::open(folder, limits).await?;
        let watched = watch::Watched::new(&opened.path);
        let writer = Writer::start(opened.connection, opened.path.clone(), watched.teller());
        Ok(Self { path: opened.path, reads: opened.reads, writer, watched })
    }

    /// Where the store lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Transactions made durable through this handle: fewer than calls, when calls come at the same time.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    fn error(&self, error: &sqlx::Error) -> StoreError {
        open::explain(error, &self.path)
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_run(&self, run: &NewRun) -> Result<()> {
        let prepared = Prepared::of(run)?;
        let header = run.header.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move { journal::create(connection, &prepared, &header).await })
            })
            .await
    }

    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String> {
        self.writer.append(run.clone(), Batch::of(events)?).await
    }

    async fn append_after(&self, run: &RunId, head: &str, events: &[Stamped]) -> Result<Option<String>> {
        let (run, head, batch) = (run.clone(), head.to_owned(), Batch::of(events)?);
        self.writer
            .change(move |connection| {
                Box::pin(async move { journal::append_after(connection, run, &head, batch).await })
            })
            .await
    }

    async fn records_after(&self, run: &RunId, seq: u64, limit: u32) -> Result<Vec<(u64, Stamped)>> {
        reads::records_after(self, run, seq, limit).await
    }

    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.watched.subscribe()
    }

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()> {
        let (run, report) = (run.clone(), report.to_string());
        self.writer
            .change(move |connection| {
                Box::pin(async move { journal::save_report(connection, &run, &report).await })
            })
            .await
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        reads::run(self, id).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        reads::runs(self, limit).await
    }

    async fn summary(&self, run: &RunId) -> Result<Option<RunSummary>> {
        reads::summary(self, run).await
    }

    async fn runs_in(&self, phase: Phase) -> Result<Vec<RunSummary>> {
        reads::runs_in(self, phase).await
    }

    async fn latest(&self) -> Result<Option<Timestamp>> {
        reads::latest(self).await
    }

    async fn deactivated(&self, tenant: &Tenant) -> Result<Vec<Deactivated>> {
        reads::deactivated(self, tenant).await
    }

    async fn unsettled(&self, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>> {
        reads::unsettled(self, tenant).await
    }

    async fn due_looks(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>> {
        reads::due_looks(self, tenant, now).await
    }

    async fn verify(&self, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>> {
        audit::verify(self, run, known_head).await
    }

    async fn verify_all(&self) -> Result<Vec<Flaw>> {
        self.audit(&[]).await?.into_flaws()
    }

    fn covers(&self) -> String {
        let folder = self.path.parent().unwrap_or(&self.path);
        format!("the data directory {} on this computer, and nobody elsewhere", folder.display())
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
        let wanted = changes::Wanted {
            tenant: tenant.clone(),
            clients: clients.to_vec(),
            claim,
            run: run.clone(),
            holder: holder.clone(),
            now,
        };
        self.writer
            .change(move |connection| Box::pin(async move { changes::acquire(connection, &wanted).await }))
            .await
    }

    async fn leases(&self) -> Result<Vec<Held>> {
        reads::leases(self).await
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        let run = run.clone();
        self.writer
            .change(move |connection| Box::pin(async move { changes::release(connection, &run).await }))
            .await
    }

    async fn remember_refusal(&self, key: &str, at: Timestamp) -> Result<()> {
        let key = key.to_owned();
        self.writer
            .change(move |connection| {
                Box::pin(async move { changes::remember_refusal(connection, &key, at).await })
            })
            .await
    }

    async fn refusal(&self, key: &str) -> Result<Option<Timestamp>> {
        reads::refusal(self, key).await
    }

    async fn forget_refusal(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.writer
            .change(move |connection| {
                Box::pin(async move { changes::forget_refusal(connection, &key).await })
            })
            .await
    }

    async fn record_offboarded(&self, tenant: &Tenant, profile: &str, sweep: &Sweep) -> Result<()> {
        let (tenant, profile, sweep) = (tenant.clone(), profile.to_owned(), sweep.clone());
        self.writer
            .change(move |connection| {
                Box::pin(async move { changes::record_sweep(connection, &tenant, &profile, &sweep).await })
            })
            .await
    }

    async fn last_offboarded(&self, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
        reads::sweep(self, tenant, profile).await
    }

    async fn put_hold(&self, tenant: &Tenant, hold: &Hold) -> Result<()> {
        let (tenant, hold) = (tenant.clone(), hold.clone());
        self.writer
            .change(move |connection| {
                Box::pin(async move { changes::put_hold(connection, &tenant, &hold).await })
            })
            .await
    }

    async fn holds(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
        reads::holds(self, tenant, now).await
    }

    async fn remove_hold(&self, tenant: &Tenant, config_id: &ConfigId) -> Result<bool> {
        let (tenant, config_id) = (tenant.clone(), config_id.clone());
        self.writer
            .change(move |connection| {
                Box::pin(async move { changes::remove_hold(connection, &tenant, &config_id).await })
            })
            .await
    }

    async fn put_request(&self, run: &RunId, request: &Request) -> Result<()> {
        let (run, request) = (run.clone(), request.clone());
        self.writer
            .change(move |connection| {
                Box::pin(async move { changes::put_request(connection, &run, &request).await })
            })
            .await
    }

    async fn take_requests(&self, run: &RunId) -> Result<Vec<Request>> {
        // Asked often and seldom answered: looking is cheap, taking is a change.
        if !reads::has_requests(self, run).await? {
            return Ok(Vec::new());
        }
        let run = run.clone();
        self.writer
            .change(move |connection| Box::pin(async move { changes::take_requests(connection, &run).await }))
            .await
    }

    async fn close(&self) {
        self.watched.close();
        self.writer.close().await;
        self.reads.close().await;
    }
}

#[cfg(test)]
mod meddling;
#[cfg(test)]
mod tests;
