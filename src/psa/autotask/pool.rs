//! The hourly pool: what the tenant's integrations may ask together. Looked at before it is asked for, so that this
//! program leaves the others their share.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

use super::wire;
use crate::{
    http::Http,
    psa::{
        PsaError,
        port::{self, Result},
        registry::Pace,
    },
};

/// The vendor's published pool [C help]; a tenant's own is told by the PSA.
pub const PUBLISHED: Pace = Pace { in_flight: 3, requests: 10_000, window_seconds: 3600 };
/// Whatever the settings say: above this every call of the tenant is slowed by a second.
const STOP: f64 = 0.75;
/// A look is believed so long.
const LOOK_EVERY: Duration = Duration::from_secs(90);
/// While the pool is used up it is looked at again after so long, then less and less often.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What the PSA told, and how much was sent by then.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    sent: u64,
    /// `None` where the PSA does not tell this user: then its own pace must do.
    told: Option<port::Pool>,
}

/// Watches the pool.
pub struct Watch {
    /// The part of the pool that may be used when this program asks, others' requests counted.
    share: f64,
    patience: Option<Duration>,
    look: Mutex<Option<Look>>,
}

impl Watch {
    pub fn new(pace: Pace, patience: Option<Duration>) -> Self {
        Self { share: share(pace), patience, look: Mutex::new(None) }
    }

    /// Returns when one more request may be sent. `ask` asks the PSA, `sent` counts what was sent so far.
    pub async fn admit<A, F>(&self, http: &Http, sent: impl Fn() -> u64, ask: A) -> Result<()>
    where
        A: Fn() -> F,
        F: Future<Output = Result<wire::Threshold>>,
    {
        // Whoever holds the lock looks; the others wait for what it sees.
        let mut known = self.look.lock().await;
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(look) = &*known
                && look.at.elapsed() < LOOK_EVERY
                && !self.is_spent(look, sent())
            {
                return Ok(());
            }
            let why = match ask().await {
                Ok(told) => {
                    let look = Look { at: Instant::now(), sent: sent(), told: pool(&told) };
                    *known = Some(look);
                    if !self.is_spent(&look, look.sent) {
                        return Ok(());
                    }
                    self.words(&look)
                }
                // Turned away for the very reason that was to be looked for.
                Err(PsaError::RateLimited { message }) => message,
                Err(
                    error @ (PsaError::Permission { .. }
                    | PsaError::Refused { .. }
                    | PsaError::Unreadable { .. }),
                ) => {
                    tracing::warn!(%error, "the hourly pool cannot be watched");
                    *known = Some(Look { at: Instant::now(), sent: sent(), told: None });
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if self.patience.is_some_and(|patience| began.elapsed() + pause > patience) {
                let message = format!("waited as long as allowed: {why}");
                return Err(PsaError::Unreachable { message, gave_up: true });
            }
            http.hold(pause, &why);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What was seen last is not believed any more.
    pub async fn forget(&self) {
        *self.look.lock().await = None;
    }

    fn is_spent(&self, look: &Look, sent: u64) -> bool {
        let since = sent.saturating_sub(look.sent);
        look.told.is_some_and(|pool| is_spent(self.share, &pool, since))
    }

    fn words(&self, look: &Look) -> String {
        let Some(pool) = look.told else { return "the hourly pool is used up".to_owned() };
        let share = self.share * 100.0;
        let setting = if self.share < STOP { ", as pace.requests says" } else { ", whatever pace says" };
        format!(
            "{} of the {} requests that all of this tenant's integrations have per {} are used; from {share:.0} % on nothing is sent{setting}",
            pool.used,
            pool.limit,
            if pool.window_seconds == 3600 {
                "hour".to_owned()
            } else {
                format!("{} minutes", pool.window_seconds / 60)
            },
        )
    }
}

/// The part of the pool that a pace leaves to this program and all others together.
pub fn share(pace: Pace) -> f64 {
    let per_hour = f64::from(pace.requests) * f64::from(PUBLISHED.window_seconds)
        / f64::from(pace.window_seconds.max(1));
    (per_hour / f64::from(PUBLISHED.requests)).min(STOP)
}

/// Whether so much of it is used that nothing more is sent, with what was sent since it was told.
pub fn is_spent(share: f64, pool: &port::Pool, since: u64) -> bool {
    (pool.used + since) as f64 >= pool.limit as f64 * share
}

/// What the PSA tells of the pool, if it tells anything.
pub fn pool(told: &wire::Threshold) -> Option<port::Pool> {
    let positive = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let limit = positive(told.limit).filter(|limit| *limit > 0)?;
    let minutes = positive(told.timeframe).and_then(|minutes| u32::try_from(minutes).ok());
    let window_seconds = minutes.filter(|minutes| *minutes > 0).unwrap_or(60).saturating_mul(60);
    Some(port::Pool { used: positive(told.used)?, limit, window_seconds })
}
