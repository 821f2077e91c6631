//! `mothball serve`: runs without a screen, on the same engine, with the same safeguards, in the same store.
//!
//! A request comes in through [`listen`] (sockets, TLS, limits), passes the [`doors`] (host, size, time) and reaches the
//! [`api`]. What it asks for becomes a [`task`], put down in the store's queue before anybody is told yes. The
//! [`worker`] takes it from there and does it with the engine of its profile ([`profiles`]).

pub mod api;
pub mod doors;
pub mod inputs;
pub mod listen;
mod metrics;
pub mod notify;
pub mod profiles;
mod reports;
pub mod schedule;
mod steady;
pub mod task;
pub mod tokens;
pub mod webhooks;
mod worker;

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

pub use doors::{Doors, Limits};
pub use inputs::{Bounded, RunInputs};
pub use metrics::Metrics;
pub use profiles::{Profiles, Rules};
pub use reports::{ReportError, report_of, state_of};
pub use task::Task;
pub use worker::{Left, free_own, work};

use crate::{
    domain::{RunId, Timestamp},
    store::{Holder, Store},
    system::{Clock, process::Identity, random},
};

/// What all parts of the server share.
pub struct Service {
    pub store: Arc<dyn Store>,
    pub profiles: Arc<dyn Profiles>,
    pub clock: Clock,
    pub doors: Doors,
    pub metrics: Metrics,
    pub stop: Stopping,
    /// Tells people about runs, if there is anybody to tell.
    pub notifier: OnceLock<Arc<notify::Notifier>>,
    /// Failed sign-ins, by where they come from.
    pub(crate) failures: tokens::Failures,
    /// What the webhooks had looked at.
    pub(crate) looked: webhooks::Looked,
}

/// How the server ends: nothing new is taken, then what goes on is interrupted; the second time it is cut short.
#[derive(Debug, Clone, Default)]
pub struct Stopping {
    pub soon: CancellationToken,
    pub now: CancellationToken,
}

impl Service {
    pub fn new(store: Arc<dyn Store>, profiles: Arc<dyn Profiles>, clock: Clock, doors: Doors) -> Arc<Self> {
        Arc::new(Self {
            store,
            profiles,
            clock,
            doors,
            metrics: Metrics::new(),
            stop: Stopping::default(),
            notifier: OnceLock::new(),
            failures: tokens::Failures::default(),
            looked: webhooks::Looked::default(),
        })
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::new(self.clock.now())
    }

    pub fn new_run(&self) -> RunId {
        RunId::new(random::run_id(self.clock.now()))
    }

    /// As whom this process takes jobs.
    pub fn holder() -> Holder {
        Holder { process: Identity::own(), operator: "mothball serve".to_owned() }
    }
}
