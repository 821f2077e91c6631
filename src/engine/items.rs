//! What the stages of a pass hand on: items with how often they were sent, and when they were read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    domain::{Event, Outcome, PlanItem, event::Answer},
    psa::PsaError,
};

/// How long what was read of items and clients is good for. After that, and after every pause, they are read
/// again before anything is sent.
pub(super) const FRESH: Duration = Duration::from_mins(1);

/// An item and how often it was sent.
pub(super) type Todo = (Arc<PlanItem>, u32);

/// When something was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    at: Instant,
    pauses: u64,
}

impl Seen {
    pub fn now(pauses: &AtomicU64) -> Self {
        Self { at: Instant::now(), pauses: pauses.load(Ordering::SeqCst) }
    }

    pub fn is_stale(self, pauses: &AtomicU64) -> bool {
        self.pauses != pauses.load(Ordering::SeqCst) || self.at.elapsed() > FRESH
    }
}

/// What concerns every item, so that going on would only repeat it.
pub(super) fn concerns_all(error: &PsaError) -> bool {
    matches!(error, PsaError::SignIn { .. } | PsaError::Unreachable { gave_up: true, .. })
}

/// An item that could not be looked at again. What was sent for it before may still take effect.
pub(super) fn unread(item: &PlanItem, attempts: u32, error: &PsaError) -> Event {
    let outcome = if attempts == 0 {
        Outcome::Failed {
            code: error.code(),
            message: format!("it could not be read before the change, so nothing was sent: {error}"),
        }
    } else {
        Outcome::Unknown { message: format!("it was sent, and could not be read again: {error}") }
    };
    Event::settled(item.config_id.clone(), outcome, Some(item.before.clone()))
}

/// An item whose write was not sent after all counts one try less.
pub(super) fn unsent_again((item, attempt): Todo) -> Todo {
    (item, attempt.saturating_sub(1))
}

pub(super) fn answered(item: &PlanItem, attempt: u32, answer: Answer) -> Event {
    Event::Answered { config_id: item.config_id.clone(), attempt, answer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::samples;

    #[tokio::test(start_paused = true)]
    async fn what_was_read_is_good_for_a_minute_and_not_after_a_pause() {
        let pauses = AtomicU64::new(0);
        let seen = Seen::now(&pauses);
        assert!(!seen.is_stale(&pauses));
        tokio::time::advance(FRESH).await;
        assert!(!seen.is_stale(&pauses));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(seen.is_stale(&pauses));
        let seen = Seen::now(&pauses);
        pauses.store(1, Ordering::SeqCst);
        assert!(seen.is_stale(&pauses));
    }

    #[test]
    fn only_a_refused_sign_in_and_a_psa_that_stays_away_concern_all() {
        let away = |gave_up| PsaError::Unreachable { message: "away".into(), gave_up };
        assert!(concerns_all(&PsaError::SignIn { message: "wrong key".into() }));
        assert!(concerns_all(&away(true)));
        assert!(!concerns_all(&away(false)));
        assert!(!concerns_all(&PsaError::Refused { status: 400, message: "no".into() }));
    }

    #[test]
    fn what_was_sent_and_cannot_be_read_is_unknown_and_what_was_not_has_failed() {
        let plan = samples::plan(1);
        let error = PsaError::Unreadable { message: "503".into() };
        let told = |attempts| match unread(&plan.items()[0], attempts, &error) {
            Event::Settled { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        };
        assert!(matches!(told(0), Outcome::Failed { .. }));
        assert!(matches!(told(1), Outcome::Unknown { .. }));
    }
}
