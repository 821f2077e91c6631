//! What is tried again, when, and how often.

use super::Outcome;
use crate::{domain::Code, engine::EngineError};

/// A PSA that is away, or a client that somebody works on, is tried again so often.
pub(super) const TRIES: u32 = 8;

/// Once more, later each time; not for ever.
pub(super) fn later(tries: u32, why: String) -> Outcome {
    if tries >= TRIES { Outcome::Failed(why) } else { Outcome::Later(backoff(tries)) }
}

/// Half a minute, a minute, two, …, an hour at most.
pub(super) fn backoff(tries: u32) -> i64 {
    (30_i64 << tries.saturating_sub(1).min(7)).min(3_600)
}

/// Whether the PSA may be there again in a while. A refused sign-in is not tried again by itself: vendors lock accounts.
pub(super) fn may_pass(error: &EngineError) -> bool {
    matches!(error, EngineError::Locked { .. })
        || matches!(error.code(), Code::PSAConnectionError | Code::RateLimited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_longer_and_none_longer_than_an_hour() {
        let waits: Vec<i64> = (1..10).map(backoff).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(backoff(0), 30);
    }
}
