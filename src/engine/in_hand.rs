//! The runs that this process is at work on. A lease tells processes apart; this tells two tasks of one process
//! apart, which the screen may start by pressing a key twice.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::{RunId, Timestamp};

static IN_HAND: Mutex<BTreeMap<RunId, Timestamp>> = Mutex::new(BTreeMap::new());

/// A run in the hand of one task. Whoever still waits for an answer of it holds it too; the last one lets go.
#[derive(Debug)]
pub(super) struct InHand(RunId);

impl InHand {
    /// Takes the run, or tells since when somebody else has it.
    pub fn take(run: &RunId, now: Timestamp) -> Result<Arc<Self>, Timestamp> {
        // Whoever panicked while holding the lock left a whole map behind.
        let mut runs = IN_HAND.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = runs.get(run) {
            return Err(*since);
        }
        runs.insert(run.clone(), now);
        Ok(Arc::new(Self(run.clone())))
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        IN_HAND.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_in_one_hand_until_the_last_holder_lets_go() {
        let (run, now) = (RunId::from("in-hand-test"), Timestamp::from_seconds(1_790_000_000));
        let first = InHand::take(&run, now).unwrap();
        let waiting = Arc::clone(&first);
        drop(first);
        assert_eq!(InHand::take(&run, now.plus_seconds(5)).unwrap_err(), now);
        drop(waiting);
        assert!(InHand::take(&run, now).is_ok());
    }
}
