//! Journal, fold, publish, in this order. Listeners get the latest state and a bounded stream of
//! events; whoever lags reads the state again. The engine never waits for any of them.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, broadcast, watch};

use crate::{
    domain::{Event, RunId, RunState, Stamped, Timestamp},
    store::{Store, StoreError},
    system::Clock,
};

/// How many events a listener may be behind before it has to read the state again.
const BACKLOG: usize = 4096;

/// The listener's end.
#[derive(Clone)]
pub struct Feed {
    state: Arc<RwLock<RunState>>,
    changed: watch::Receiver<()>,
    events: broadcast::Sender<Stamped>,
}

impl Feed {
    /// Looks at the latest state without copying it.
    pub fn with<R>(&self, look: impl FnOnce(&RunState) -> R) -> R {
        // A panic of another thread while it held the lock leaves whole events behind, never half of one.
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn state(&self) -> RunState {
        self.with(RunState::clone)
    }

    /// Events from now on.
    pub fn events(&self) -> broadcast::Receiver<Stamped> {
        self.events.subscribe()
    }

    /// Returns when something happened since the last call; false once nothing will any more.
    pub async fn changed(&mut self) -> bool {
        self.changed.changed().await.is_ok()
    }
}

/// The engine's end.
pub(super) struct Journal {
    store: Arc<dyn Store>,
    clock: Clock,
    run: RunId,
    state: Arc<RwLock<RunState>>,
    changed: watch::Sender<()>,
    events: broadcast::Sender<Stamped>,
    head: Mutex<Option<String>>,
}

impl Journal {
    pub fn new(store: Arc<dyn Store>, clock: Clock, run: RunId, state: RunState) -> Self {
        let (changed, _) = watch::channel(());
        let (events, _) = broadcast::channel(BACKLOG);
        Self {
            store,
            clock,
            run,
            state: Arc::new(RwLock::new(state)),
            changed,
            events,
            head: Mutex::new(None),
        }
    }

    pub fn feed(&self) -> Feed {
        Feed {
            state: Arc::clone(&self.state),
            changed: self.changed.subscribe(),
            events: self.events.clone(),
        }
    }

    /// Writes the events down; when it returns they are durable, folded and published.
    pub async fn record(&self, events: impl IntoIterator<Item = Event>) -> Result<(), StoreError> {
        let at = Timestamp::new(self.clock.now());
        let stamped: Vec<Stamped> = events.into_iter().map(|event| Stamped { at, event }).collect();
        if stamped.is_empty() {
            return Ok(());
        }
        let head = self.store.append(&self.run, &stamped).await?;
        *self.head.lock().await = Some(head);
        self.fold(stamped);
        Ok(())
    }

    /// Folds and publishes without writing down: for a run whose journal broke, so that its report
    /// still tells what was seen.
    pub fn fold(&self, stamped: Vec<Stamped>) {
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            for event in &stamped {
                state.apply(event);
            }
        }
        for event in stamped {
            // Nobody listening is no error.
            let _ = self.events.send(event);
        }
        self.changed.send_replace(());
    }

    pub fn with<R>(&self, look: impl FnOnce(&RunState) -> R) -> R {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The hash of the last record.
    pub async fn head(&self) -> Option<String> {
        self.head.lock().await.clone()
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::new(self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::plan::samples,
        store::{MemoryStore, generated},
    };

    #[tokio::test]
    async fn a_listener_is_woken_by_each_change_and_told_when_there_will_be_none() {
        let plan = samples::plan(2);
        let id = plan.items()[0].config_id.clone();
        let store = Arc::new(MemoryStore::new());
        let new = generated::journal(&mut rand::SeedableRng::seed_from_u64(1), 1, 1).remove(0).new;
        store.create_run(&new).await.unwrap();
        let run = new.header.run;
        let journal = Journal::new(store, Clock::system(), run, RunState::of(&plan));
        let (mut feed, mut events) = (journal.feed(), journal.feed().events());
        assert_eq!(journal.head().await, None, "this life of the run wrote nothing yet");
        for attempt in 1..=2 {
            journal.record([Event::Intended { config_id: id.clone(), attempt }]).await.unwrap();
            assert!(feed.changed().await);
        }
        assert_eq!(feed.state(), journal.with(RunState::clone));
        assert_eq!(feed.state().totals.sending, 1);
        assert!(matches!(events.recv().await.unwrap().event, Event::Intended { attempt: 1, .. }));
        let head = journal.head().await.expect("it wrote");
        assert_eq!(head.len(), 64, "a hash");
        drop(journal);
        assert!(!feed.changed().await);
    }
}
