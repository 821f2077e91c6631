//! A refused sign-in rests, whichever process was refused: vendors lock accounts that are refused again and again.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::Instant;

use super::request::HttpError;
use crate::domain::Timestamp;

/// How long it is believed that no other process was refused meanwhile.
const BELIEVED: Duration = Duration::from_secs(1);

/// What is remembered of one sign-in beyond the end of the process. It belongs to the secret: with another one it is
/// another sign-in.
#[async_trait]
pub trait SignInMemory: Send + Sync {
    /// The rest that it has to take now, if it was refused not long ago.
    async fn resting(&self) -> Option<Rest>;

    /// It was refused just now.
    async fn refused(&self);

    /// It was accepted: what was remembered against it is forgotten.
    async fn accepted(&self);
}

/// What makes a sign-in this one and no other: where to, whose, and with what.
#[derive(Debug)]
pub struct SignInParts {
    pub place: String,
    pub user: String,
    pub secrets: Vec<SecretString>,
}

/// A refused sign-in that is not tried again yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "it was refused at {}, and is not tried again before {} (UTC), because vendors lock accounts; with another secret in the profile it is tried at once",
            self.since.clock_time(),
            self.until.clock_time()
        )
    }
}

/// One process's view of that memory, if it has one.
pub(super) struct SignIn {
    memory: Option<Arc<dyn SignInMemory>>,
    /// When it was last made sure that the sign-in does not rest.
    asked: Mutex<Option<Instant>>,
    accepted: AtomicBool,
}

impl SignIn {
    pub fn new(memory: Option<Arc<dyn SignInMemory>>) -> Self {
        Self { memory, asked: Mutex::default(), accepted: AtomicBool::new(false) }
    }

    /// Refuses what must not be sent now: a sign-in while it rests, and before the first look anything at all.
    pub async fn may_go(&self, signs_in: bool) -> Result<(), HttpError> {
        let Some(memory) = &self.memory else { return Ok(()) };
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.is_some_and(|at| !signs_in || at.elapsed() < BELIEVED) {
            return Ok(());
        }
        if let Some(rest) = memory.resting().await {
            return Err(HttpError::Resting { rest });
        }
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(())
    }

    pub async fn refused(&self) {
        if let Some(memory) = &self.memory {
            memory.refused().await;
        }
    }

    /// An answer that only somebody who is signed in gets. The first one is enough.
    pub async fn accepted(&self) {
        if let Some(memory) = &self.memory
            && !self.accepted.swap(true, Ordering::Relaxed)
        {
            memory.accepted().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A memory that rests when it is told to, and counts what it is told.
    #[derive(Default)]
    struct Notebook {
        rests: AtomicBool,
        asked: Mutex<u32>,
        accepted: Mutex<u32>,
    }

    #[async_trait]
    impl SignInMemory for Notebook {
        async fn resting(&self) -> Option<Rest> {
            *self.asked.lock().unwrap() += 1;
            let since = Timestamp::from_seconds(1_790_000_000);
            let rest = Rest { since, until: since.plus_seconds(300) };
            self.rests.load(Ordering::SeqCst).then_some(rest)
        }

        async fn refused(&self) {
            self.rests.store(true, Ordering::SeqCst);
        }

        async fn accepted(&self) {
            *self.accepted.lock().unwrap() += 1;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_look_comes_before_everything_and_later_ones_before_a_sign_in_once_a_second() {
        let notebook = Arc::new(Notebook::default());
        let sign_in = SignIn::new(Some(Arc::clone(&notebook) as Arc<dyn SignInMemory>));
        notebook.refused().await;
        for signs_in in [false, true, false] {
            let error = sign_in.may_go(signs_in).await.unwrap_err();
            assert!(matches!(error, HttpError::Resting { .. }), "{error:?}");
        }
        notebook.rests.store(false, Ordering::SeqCst);
        for signs_in in [false, true, true] {
            sign_in.may_go(signs_in).await.unwrap();
        }
        assert_eq!(*notebook.asked.lock().unwrap(), 4, "believed for a moment once it was seen not to rest");
        notebook.refused().await;
        tokio::time::advance(BELIEVED).await;
        sign_in.may_go(false).await.unwrap();
        assert!(sign_in.may_go(true).await.is_err(), "another process was refused meanwhile");
    }

    #[tokio::test]
    async fn that_it_is_good_is_told_once() {
        let notebook = Arc::new(Notebook::default());
        let sign_in = SignIn::new(Some(Arc::clone(&notebook) as Arc<dyn SignInMemory>));
        sign_in.accepted().await;
        sign_in.accepted().await;
        assert_eq!(*notebook.accepted.lock().unwrap(), 1);
    }

    #[test]
    fn a_rest_says_since_when_until_when_and_what_to_do() {
        let since = Timestamp::parse("2026-11-24T14:03:09Z").unwrap();
        let told = Rest { since, until: since.plus_seconds(300) }.to_string();
        for part in ["14:03:09", "14:08:09", "lock accounts", "another secret"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
