//! The clock. Whoever needs the time is handed one of these, so that tests can hand over another.

use std::{sync::Arc, time::Duration};

/// Tells the time and waits. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>);

impl Clock {
    /// The computer's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for the time")]
    pub fn system() -> Self {
        Self(Arc::new(jiff::Timestamp::now))
    }

    /// A clock that always tells the same time.
    pub fn fixed(at: jiff::Timestamp) -> Self {
        Self(Arc::new(move || at))
    }

    /// A clock that tells whatever `now` says.
    pub fn telling(now: impl Fn() -> jiff::Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that starts at `start` and follows tokio's time, which a test may pause.
    pub fn following_tokio(start: jiff::Timestamp) -> Self {
        let origin = tokio::time::Instant::now();
        Self(Arc::new(move || start + origin.elapsed()))
    }

    pub fn now(&self) -> jiff::Timestamp {
        (self.0)()
    }

    /// Waits for `duration` of tokio's time.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
