//! A store of which the n-th change fails, and every one after it: whether it was kept or not is not known.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use mothball::{
    domain::{ConfigId, Event, Stamped},
    store::{Result, Store, StoreError},
};

use super::guarded_store::{Doorkeeper, GuardedStore, Kind};

/// What became of the change that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lost,
    /// It is there all the same, as after a sync that failed on a disk that went on.
    Kept,
}

pub type FailingStore = GuardedStore<Failing>;

pub struct Failing {
    at: u64,
    fate: Fate,
    changes: AtomicU64,
    /// Items whose intent is certain.
    intended: Mutex<BTreeSet<ConfigId>>,
}

impl FailingStore {
    pub fn new(inner: Arc<dyn Store>, at: u64, fate: Fate) -> Arc<Self> {
        let door = Failing { at, fate, changes: AtomicU64::new(0), intended: Mutex::default() };
        Arc::new(Self { inner, door })
    }

    /// Whether a change has failed.
    pub fn has_failed(&self) -> bool {
        self.door.changes.load(Ordering::SeqCst) >= self.door.at
    }

    /// Items for which an intent was put down and acknowledged.
    pub fn intended(&self) -> BTreeSet<ConfigId> {
        self.door.intended.lock().unwrap().clone()
    }
}

impl Doorkeeper for Failing {
    async fn change<T: Send>(&self, _: Kind, change: impl Future<Output = Result<T>> + Send) -> Result<T> {
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

    fn appended(&self, events: &[Stamped]) {
        for stamped in events {
            if let Event::Intended { config_id, .. } = &stamped.event {
                self.intended.lock().unwrap().insert(config_id.clone());
            }
        }
    }
}
