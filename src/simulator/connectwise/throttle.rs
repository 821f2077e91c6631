//! The vendor's limit: over 1,000 requests in a minute "will likely" be throttled [C DG]. What counts and for how long
//! is not published, so it is a switch.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::errors;
use crate::simulator::exchange::Reply;

const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The requests of the last minute.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    recent: VecDeque<Timestamp>,
}

impl Throttle {
    /// Counts a request. The one that is too many is turned away, and does not count.
    pub fn admit(&mut self, most: Option<u32>, now: Timestamp) -> Result<(), Reply> {
        let Some(most) = most else { return Ok(()) };
        while self.recent.front().is_some_and(|first| *first + WINDOW <= now) {
            self.recent.pop_front();
        }
        if self.recent.len() < most as usize {
            self.recent.push_back(now);
            return Ok(());
        }
        let wait = self.recent.front().map_or(WINDOW, |first| (*first + WINDOW).duration_since(now));
        let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + u64::from(wait.subsec_nanos() > 0);
        Err(errors::too_many(seconds).with("Retry-After", seconds.to_string()))
    }
}
