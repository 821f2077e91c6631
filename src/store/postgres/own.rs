//! What this process is to the database: its name there, and the runs that it holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::RunId,
    system::{Clock, process, process::Identity, random},
};

#[derive(Debug)]
pub struct Own {
    /// Its name in `processes`: never used again.
    pub id: String,
    pub identity: Identity,
    pub space: String,
    runs: Mutex<Runs>,
}

#[derive(Debug, Default)]
struct Runs {
    /// Leased by this process: as long as it is at work on one, nobody else may be.
    held: BTreeSet<RunId>,
    /// Their journals lack something that happened, so nothing may follow; why.
    broken: BTreeMap<RunId, String>,
    /// To be given back as soon as the database is there again.
    owed: BTreeSet<RunId>,
}

impl Own {
    pub fn new() -> Self {
        let identity = Identity::own();
        let id = format!("{}-{}", random::run_id(Clock::system().now()), identity.pid);
        Self { id, identity, space: process::space(), runs: Mutex::default() }
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        // Every change is of one set at a time: a panic elsewhere leaves nothing half done.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is at work on this run from now on, with a journal that was read anew.
    pub fn takes(&self, run: &RunId) {
        let mut runs = self.runs();
        runs.held.insert(run.clone());
        runs.broken.remove(run);
        runs.owed.remove(run);
    }

    pub fn gave_back(&self, run: &RunId) {
        let mut runs = self.runs();
        runs.held.remove(run);
        runs.owed.remove(run);
    }

    pub fn owes(&self, run: &RunId) {
        self.runs().owed.insert(run.clone());
    }

    pub fn owed(&self) -> Vec<RunId> {
        self.runs().owed.iter().cloned().collect()
    }

    pub fn holds(&self, run: &RunId) -> bool {
        self.runs().held.contains(run)
    }

    pub fn broke(&self, run: &RunId, why: &str) {
        self.runs().broken.entry(run.clone()).or_insert_with(|| why.to_owned());
    }

    pub fn broken(&self, run: &RunId) -> Option<String> {
        self.runs().broken.get(run).cloned()
    }
}
