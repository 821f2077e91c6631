//! A team's store: one PostgreSQL database for any number of processes on any number of computers. [`address`] says
//! where it is, [`open`] makes it ready, [`writer`] is the one task of this process that changes it, over the [`line`] that
//! comes back; [`changes`], [`journal`], [`leases`] and [`prune`] hold the changes, [`reads`] what is asked of it, [`queue`] and [`tokens`]
//! are for the server, [`watch`] notices what other processes change, and [`audit`] checks it.

/// Makes a change durable. It may be run more than once, so what it needs is copied for each time.
macro_rules! change {
    ($store:ident, |$connection:ident, $($kept:ident),+| $change:expr) => {{
        $(let $kept = $kept.to_owned();)+
        $store
            .writer
            .change(move |$connection| {
                $(let $kept = $kept.clone();)+
                Box::pin(async move { $change.await })
            })
            .await
    }};
}

pub mod address;
mod audit;
mod changes;
mod copy;
mod explain;
mod journal;
mod leases;
mod line;
mod open;
mod own;
mod prune;
mod queue;
mod reads;
mod seats;
mod tokens;
mod watch;
mod writer;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

pub use self::{
    address::Address,
    open::{Form, Limits},
    seats::{Call, LOAN_LASTS, Seat, Seated},
};
use self::{own::Own, watch::Watched, writer::Writer};
use super::{
    Acquired, Audit, Claim, Deactivated, Flaw, Held, Hold, Holder, NewRun, Request, Result, RunSummary,
    Store, StoreError, StoredRun, Sweep,
    journal::{Batch, Prepared},
};
use crate::domain::{ClientId, ConfigId, Phase, RunId, Stamped, Tenant, Timestamp};

pub struct PostgresStore {
    address: Address,
    own: Arc<Own>,
    limits: Limits,
    reads: PgPool,
    writer: Writer,
    watched: Watched,
}

impl PostgresStore {
    /// Opens the database at this address, and makes its tables if it has none.
    pub async fn open(address: &Address) -> Result<Self> {
        Self::open_with(address, Limits::default()).await
    }

    /// The same with other bounds.
    pub async fn open_with(address: &Address, limits: Limits) -> Result<Self> {
        let reads = open::open(address).await?;
        let own = Arc::new(Own::new());
        let writer = Writer::start(address.clone(), Arc::clone(&own), limits);
        let watched = Watched::new(address);
        Ok(Self { address: address.clone(), own, limits, reads, writer, watched })
    }

    /// Makes the tables at this address, or brings them into the form that this build knows. Tells what they were like.
    pub async fn migrate(address: &Address) -> Result<Form> {
        open::migrate(address).await
    }

    /// Transactions made durable through this handle: fewer than calls, when calls come at the same time.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    fn error(&self, error: &sqlx::Error) -> StoreError {
        explain::explain(error, &self.address)
    }

    /// Reads, once more while the database is away.
    async fn patiently<T, F>(&self, read: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let give_up = Instant::now() + self.limits.patience;
        let mut pause = Duration::from_millis(50);
        loop {
            match read().await {
                Err(StoreError::Away { .. }) if Instant::now() + pause < give_up => {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                came => return came,
            }
        }
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("address", &self.address).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn create_run(&self, run: &NewRun) -> Result<()> {
        let (prepared, header) = (Prepared::of(run)?, &run.header);
        change!(self, |connection, prepared, header| journal::create(connection, &prepared, &header))
    }

    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String> {
        self.writer.append(run.clone(), Batch::of(events)?).await
    }

    async fn append_after(&self, run: &RunId, head: &str, events: &[Stamped]) -> Result<Option<String>> {
        let (batch, own) = (Batch::of(events)?, &self.own);
        change!(self, |connection, own, run, head, batch| journal::append_after(
            connection, &own, &run, &head, &batch
        ))
    }

    async fn records_after(&self, run: &RunId, seq: u64, limit: u32) -> Result<Vec<(u64, Stamped)>> {
        self.patiently(|| reads::records_after(self, run, seq, limit)).await
    }

    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.watched.subscribe()
    }

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()> {
        let report = report.to_string();
        change!(self, |connection, run, report| journal::save_report(connection, &run, &report))
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        self.patiently(|| reads::run(self, id)).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        self.patiently(|| reads::runs(self, limit)).await
    }

    async fn summary(&self, run: &RunId) -> Result<Option<RunSummary>> {
        self.patiently(|| reads::summary(self, run)).await
    }

    async fn runs_in(&self, phase: Phase) -> Result<Vec<RunSummary>> {
        self.patiently(|| reads::runs_in(self, phase)).await
    }

    async fn latest(&self) -> Result<Option<Timestamp>> {
        self.patiently(|| reads::latest(self)).await
    }

    async fn deactivated(&self, tenant: &Tenant) -> Result<Vec<Deactivated>> {
        self.patiently(|| reads::deactivated(self, tenant)).await
    }

    async fn unsettled(&self, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>> {
        self.patiently(|| reads::unsettled(self, tenant)).await
    }

    async fn due_looks(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>> {
        self.patiently(|| reads::due_looks(self, tenant, now)).await
    }

    async fn verify(&self, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>> {
        self.patiently(|| audit::verify(self, run, known_head)).await
    }

    async fn verify_all(&self) -> Result<Vec<Flaw>> {
        self.audit(&[]).await?.into_flaws()
    }

    fn covers(&self) -> String {
        format!("everybody who uses {}, on whatever computer", self.address)
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
        let wanted = leases::Wanted {
            tenant: tenant.clone(),
            clients: clients.to_vec(),
            claim,
            run: run.clone(),
            holder: holder.clone(),
            now,
            ended_after: self.limits.ended_after,
        };
        let own = &self.own;
        let acquired = change!(self, |connection, wanted, own| leases::acquire(connection, &wanted, &own))?;
        if !acquired.taken.is_empty() {
            self.own.takes(run);
        }
        Ok(acquired)
    }

    async fn leases(&self) -> Result<Vec<Held>> {
        self.patiently(|| reads::leases(self)).await
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        let process = self.own.id.as_str();
        let released = change!(self, |connection, run, process| leases::release(connection, &run, &process));
        match &released {
            Ok(()) => self.own.gave_back(run),
            // Nobody calls a second time, and others wait for these clients.
            Err(_) => self.own.owes(run),
        }
        released
    }

    async fn remember_refusal(&self, key: &str, at: Timestamp) -> Result<()> {
        change!(self, |connection, key| changes::remember_refusal(connection, &key, at))
    }

    async fn refusal(&self, key: &str) -> Result<Option<Timestamp>> {
        self.patiently(|| reads::refusal(self, key)).await
    }

    async fn forget_refusal(&self, key: &str) -> Result<()> {
        change!(self, |connection, key| changes::forget_refusal(connection, &key))
    }

    async fn record_offboarded(&self, tenant: &Tenant, profile: &str, sweep: &Sweep) -> Result<()> {
        change!(self, |connection, tenant, profile, sweep| changes::record_sweep(
            connection, &tenant, &profile, &sweep
        ))
    }

    async fn last_offboarded(&self, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
        self.patiently(|| reads::sweep(self, tenant, profile)).await
    }

    async fn put_hold(&self, tenant: &Tenant, hold: &Hold) -> Result<()> {
        change!(self, |connection, tenant, hold| changes::put_hold(connection, &tenant, &hold))
    }

    async fn holds(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
        self.patiently(|| reads::holds(self, tenant, now)).await
    }

    async fn remove_hold(&self, tenant: &Tenant, config_id: &ConfigId) -> Result<bool> {
        change!(self, |connection, tenant, config_id| changes::remove_hold(connection, &tenant, &config_id))
    }

    async fn put_request(&self, run: &RunId, request: &Request) -> Result<()> {
        change!(self, |connection, run, request| changes::put_request(connection, &run, &request))
    }

    async fn take_requests(&self, run: &RunId) -> Result<Vec<Request>> {
        // Asked often and seldom answered: looking is cheap, taking is a change.
        if !self.patiently(|| reads::has_requests(self, run)).await? {
            return Ok(Vec::new());
        }
        change!(self, |connection, run| changes::take_requests(connection, &run))
    }

    async fn close(&self) {
        self.writer.close().await;
        self.reads.close().await;
    }
}
