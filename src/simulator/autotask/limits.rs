//! The two limits: threads per object endpoint (there is one integration here), and the pool of the hour that the whole tenant shares.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::switches::Switches;

/// Calls at once per object endpoint, for one tracking identifier.
const THREADS: usize = 3;
/// The pool is counted over this.
const WINDOW: SignedDuration = SignedDuration::from_mins(60);

#[derive(Debug, Clone, Default)]
struct Slots {
    taken: usize,
    /// When the slot of the last call that ended is free.
    lagging_until: Option<Timestamp>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    slots: HashMap<&'static str, Slots>,
    /// Requests that counted: second, and how many in it.
    counted: VecDeque<(i64, u64)>,
}

impl Limits {
    /// Takes a slot, unless all are taken.
    pub fn enter(&mut self, object: &'static str, now: Timestamp) -> bool {
        let slots = self.slots.entry(object).or_default();
        let lagging = slots.lagging_until.is_some_and(|until| until > now);
        let free = slots.taken + usize::from(lagging) < THREADS;
        slots.taken += usize::from(free);
        free
    }

    pub fn leave(&mut self, object: &'static str, now: Timestamp, switches: &Switches) {
        if let Some(slots) = self.slots.get_mut(object) {
            slots.taken = slots.taken.saturating_sub(1);
            let lag = SignedDuration::from_millis(i64::from(switches.slot_lag_ms));
            slots.lagging_until = (!lag.is_zero()).then(|| now + lag);
        }
    }

    /// As at the start. Calls that are under way keep their slots.
    pub fn forget(&mut self) {
        self.counted.clear();
    }

    /// Requests of the last hour, those of other integrations among them.
    pub fn used(&mut self, now: Timestamp, switches: &Switches) -> u64 {
        let from = (now - WINDOW).as_second();
        while self.counted.front().is_some_and(|(second, _)| *second <= from) {
            self.counted.pop_front();
        }
        let ours: u64 = self.counted.iter().map(|(_, count)| count).sum();
        ours + u64::from(switches.foreign_per_minute) * 60
    }

    /// Counts a request. How much longer it takes now that the pool is so low; `None` if the pool is used up.
    pub fn count(&mut self, now: Timestamp, switches: &Switches) -> Option<Duration> {
        let used = self.used(now, switches);
        let pool = u64::from(switches.pool);
        if used >= pool {
            return None;
        }
        match self.counted.back_mut() {
            Some((second, count)) if *second == now.as_second() => *count += 1,
            _ => self.counted.push_back((now.as_second(), 1)),
        }
        Some(match used {
            used if used * 4 >= pool * 3 => Duration::from_secs(1),
            used if used * 2 >= pool => Duration::from_millis(500),
            _ => Duration::ZERO,
        })
    }
}
