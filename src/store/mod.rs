//! What outlives the process: runs with their journal, leases, holds, the memory of refused sign-ins,
//! and what processes ask of each other.
//!
//! [`Store`] says what is kept, [`types`] in which words, [`journal`] how records are chained; [`check`] notices what
//! was altered, [`audit`] and [`prune`] are for those who check and shorten it, [`queue`] and [`tokens`] for the server; [`rows`] puts lines of tables
//! back together. There are
//! three that keep it: [`sqlite`] on disk, [`postgres`] for a team, and [`memory`] for tests under virtual time. One suite
//! (`tests/store`) checks them all.

pub mod audit;
mod check;
pub mod copy;
pub mod error;
#[cfg(test)]
pub(crate) mod generated;
pub mod journal;
pub mod memory;
pub mod postgres;
pub mod prune;
pub mod queue;
mod rows;
pub mod schedules;
pub mod sqlite;
pub mod tokens;
pub mod types;

use async_trait::async_trait;
use tokio::sync::watch;

pub use audit::{Audit, Findings, KnownHead};
pub use error::StoreError;
pub use memory::MemoryStore;
pub use postgres::PostgresStore;
pub use queue::{Job, NewJob, Once, Put, Queue, Stage};
pub use schedules::{Mark, Schedules};
pub use sqlite::SqliteStore;
pub use tokens::{Right, Token, Tokens};
pub use types::{
    Acquired, Claim, Deactivated, Flaw, Held, Holder, NewRun, Request, RunSummary, Sighting, StoredRun,
    Sweep, Wish, rests_until, sign_in_key,
};

pub use crate::domain::Hold;
use crate::domain::{ClientId, ConfigId, Phase, RunId, Stamped, Tenant, Timestamp};

pub type Result<T> = std::result::Result<T, StoreError>;

/// Keeps what must not be forgotten. Whatever a call changed is durable when it returns; it shows no
/// transactions, and calls may be made at the same time.
///
/// When a change could not be made durable, every later change through the same handle fails: what the
/// disk holds is then not known any more, and nothing may be built on it. A database that went away can tell what it
/// holds when it is back: there, only a journal that lacks something takes nothing more, until the run is taken up anew.
#[async_trait]
pub trait Store: Queue + Tokens + Schedules + Send + Sync {
    // --- runs and their journal ---

    async fn create_run(&self, run: &NewRun) -> Result<()>;

    /// Adds to a run's journal, all of it or nothing. Returns the new head of its hash chain.
    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String>;

    /// The same, but only if nothing was added since the journal ended with `head`; `None` if something was.
    /// For decisions that two people or processes may come to at the same time.
    async fn append_after(&self, run: &RunId, head: &str, events: &[Stamped]) -> Result<Option<String>>;

    /// What follows record `seq` of a run's journal, at most `limit` records, each with its number.
    async fn records_after(&self, run: &RunId, seq: u64, limit: u32) -> Result<Vec<(u64, Stamped)>>;

    /// Changes its value when something was changed, by this process or another. What it was, whoever listens looks up.
    fn changes(&self) -> watch::Receiver<u64>;

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()>;

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>>;

    /// At most `limit` runs, the latest first.
    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>>;

    /// One run as the list tells it, without reading its journal and its plan.
    async fn summary(&self, run: &RunId) -> Result<Option<RunSummary>>;

    /// All runs in this state, the latest first.
    async fn runs_in(&self, phase: Phase) -> Result<Vec<RunSummary>>;

    /// The latest moment that any journal tells of: time never was earlier than that, whatever a clock says.
    async fn latest(&self) -> Result<Option<Timestamp>>;

    /// Configurations of this tenant that a run set inactive and none restored since, by id.
    async fn deactivated(&self, tenant: &Tenant) -> Result<Vec<Deactivated>>;

    /// Runs of this tenant, or of all, that were stopped before their end or have items that nobody knows the
    /// outcome of, the earliest first. One that another process is at work on is among them.
    async fn unsettled(&self, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>>;

    /// Runs of this tenant whose items are to be looked at again by `now`, the earliest first.
    async fn due_looks(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>>;

    /// What is wrong with a run's journal: edited, removed, inserted or reordered records, and with
    /// `known_head` (a head that left the machine in a report) also a journal that was cut off or
    /// rewritten. Empty if it is as it was written.
    async fn verify(&self, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>>;

    /// [`Store::verify`] for every run, and whether a run is missing between them.
    async fn verify_all(&self) -> Result<Vec<Flaw>>;

    // --- leases ---

    /// Who is kept apart by the leases of this store, in words.
    fn covers(&self) -> String;

    /// Takes these clients of a tenant for a run, in one step. Clients whose holder has ended are taken
    /// over; those of a living one never are.
    async fn acquire(
        &self,
        tenant: &Tenant,
        clients: &[ClientId],
        claim: Claim,
        run: &RunId,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<Acquired>;

    /// What is taken, by living holders and by ended ones that nobody took over from yet.
    async fn leases(&self) -> Result<Vec<Held>>;

    /// Gives back all that was taken for this run, and drops requests that nobody took: they were meant for
    /// the process that ends with it, not for one that resumes the run later.
    async fn release(&self, run: &RunId) -> Result<()>;

    // --- sign-in memory ---

    /// Remembers for a day that this sign-in was refused; `key` is a [`sign_in_key`], and [`rests_until`] says
    /// when it may be tried again.
    async fn remember_refusal(&self, key: &str, at: Timestamp) -> Result<()>;

    async fn refusal(&self, key: &str) -> Result<Option<Timestamp>>;

    async fn forget_refusal(&self, key: &str) -> Result<()>;

    // --- which clients counted as offboarded at the last look ---

    async fn record_offboarded(&self, tenant: &Tenant, profile: &str, sweep: &Sweep) -> Result<()>;

    async fn last_offboarded(&self, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>>;

    // --- holds ---

    /// Puts a hold on a configuration, in place of one that it may have.
    async fn put_hold(&self, tenant: &Tenant, hold: &Hold) -> Result<()>;

    /// The holds that are in force at `now`, by id.
    async fn holds(&self, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>>;

    /// Whether there was one.
    async fn remove_hold(&self, tenant: &Tenant, config_id: &ConfigId) -> Result<bool>;

    // --- requests to the process that works on a run ---

    async fn put_request(&self, run: &RunId, request: &Request) -> Result<()>;

    /// The requests that nobody took yet, oldest first; each is handed out once.
    async fn take_requests(&self, run: &RunId) -> Result<Vec<Request>>;

    /// Waits for what was asked so far, and closes. Later calls fail.
    async fn close(&self);
}
