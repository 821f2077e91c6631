//! Durable memory: runs, their journal, leases. Batch-first, without visible transactions; nothing here is
//! held open across a call to a PSA.
//!
//! [`sqlite`] is the store of one computer; [`memory`] serves tests in virtual time. One test suite runs on both.

pub mod chain;
mod error;
pub mod memory;
pub mod sqlite;
mod types;

pub use error::StoreError;
pub use types::{Held, Holder, NewRun, RunSummary, StoredRun};

use async_trait::async_trait;

use crate::domain::{ClientId, RunId, Stamped, Tenant, Timestamp};

pub type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
pub trait Store: Send + Sync {
    /// Puts a run down before anything of it happens.
    async fn create_run(&self, run: &NewRun) -> Result<()>;

    /// Adds to a run's journal. Durable when it returns; gives the hash of the last record.
    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String>;

    /// Keeps the report as it was handed out.
    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()>;

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>>;

    /// Runs, the latest first.
    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>>;

    /// Recomputes the hash chain of every run; what does not fit is named.
    async fn verify(&self) -> Result<Vec<String>>;

    /// Takes these clients for one writer. Those that another live process holds are told instead of
    /// taken; a lease of a dead process of this computer is taken over.
    async fn acquire(
        &self,
        tenant: &Tenant,
        clients: &[ClientId],
        holder: &Holder,
        now: Timestamp,
    ) -> Result<Vec<Held>>;

    /// Gives back whatever a run holds.
    async fn release(&self, run: &RunId) -> Result<()>;
}
