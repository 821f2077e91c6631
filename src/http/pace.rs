//! How fast calls may follow each other: never more than the limit in any window, and slower after the PSA
//! complained (halved at once, recovered step by step).

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at once.
    pub in_flight: u32,
    /// Calls under way at once about one thing, where the vendor limits that: see [`super::Request::about`].
    pub per_object: Option<u32>,
    /// Calls in any window.
    pub requests: u32,
    pub window: Duration,
}

/// The rate never falls below this share of what is allowed.
const SLOWEST: f64 = 1.0 / 8.0;
/// Regained per step without a complaint.
const STEP: f64 = 1.0 / 16.0;
const STEP_EVERY: Duration = Duration::from_secs(10);
/// The rate that a complaint halves is measured over this time.
const MEASURED: Duration = Duration::from_secs(5);

/// A shorter wait is told to nobody.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// The pace of one profile.
#[derive(Debug)]
pub(super) struct Pace {
    requests: usize,
    window: Duration,
    /// When the calls of the last window were let go.
    sent: VecDeque<Instant>,
    /// Calls per second after a complaint; `None` while the limit alone counts.
    slowed: Option<Slowed>,
    /// Until when a wait was told: all that wait meanwhile wait for the same reason.
    told_until: Option<Instant>,
}

#[derive(Debug)]
struct Slowed {
    rate: f64,
    since: Instant,
    next: Instant,
}

impl Pace {
    pub fn new(limits: Limits) -> Self {
        Self {
            requests: limits.requests.max(1) as usize,
            window: limits.window,
            sent: VecDeque::new(),
            slowed: None,
            told_until: None,
        }
    }

    fn allowed_rate(&self) -> f64 {
        self.requests as f64 / self.window.as_secs_f64().max(0.001)
    }

    /// Lets one call go now, or tells how long to wait before asking again.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        while self.sent.front().is_some_and(|at| now.duration_since(*at) >= self.window) {
            self.sent.pop_front();
        }
        if self.sent.len() >= self.requests
            && let Some(oldest) = self.sent.front()
        {
            return Err((*oldest + self.window).duration_since(now));
        }
        self.recover(now);
        if let Some(slowed) = &mut self.slowed {
            if slowed.next > now {
                return Err(slowed.next.duration_since(now));
            }
            slowed.next = now + Duration::from_secs_f64(1.0 / slowed.rate);
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// Why calls wait now, once for each wait that somebody who watches would wonder about.
    pub fn tell(&mut self, wait: Duration, now: Instant) -> Option<String> {
        if wait < WORTH_TELLING || self.told_until.is_some_and(|until| now < until) {
            return None;
        }
        self.told_until = Some(now + wait);
        let window = in_words(self.window);
        Some(if self.sent.len() >= self.requests {
            format!("the profile's own pace: {} requests per {window} are used", self.requests)
        } else {
            format!(
                "the PSA complained: slower than the profile's pace of {} requests per {window}",
                self.requests
            )
        })
    }

    /// The PSA complained about a call let go at `sent`. Complaints about calls from before the last cut are the
    /// same complaint.
    pub fn complained(&mut self, sent: Instant, now: Instant) {
        if self.slowed.as_ref().is_some_and(|slowed| sent < slowed.since) {
            return;
        }
        let allowed = self.allowed_rate();
        let recent = self.sent.iter().rev().take_while(|at| now.duration_since(**at) <= MEASURED).count();
        let measured = recent as f64 / MEASURED.as_secs_f64();
        let before =
            self.slowed.as_ref().map_or(allowed, |slowed| slowed.rate).min(measured.max(allowed * SLOWEST));
        let rate = (before / 2.0).max(allowed * SLOWEST);
        self.slowed = Some(Slowed { rate, since: now, next: now });
    }

    fn recover(&mut self, now: Instant) {
        let allowed = self.allowed_rate();
        if let Some(slowed) = &mut self.slowed {
            let steps = now.duration_since(slowed.since).as_secs() / STEP_EVERY.as_secs();
            slowed.rate += allowed * STEP * steps as f64;
            slowed.since += STEP_EVERY * steps as u32;
            if slowed.rate >= allowed {
                self.slowed = None;
            }
        }
    }
}

/// A window as people say it.
fn in_words(window: Duration) -> String {
    match window.as_secs() {
        3600 => "hour".to_owned(),
        60 => "minute".to_owned(),
        seconds if seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { in_flight: 1, per_object: None, requests: 1, window: Duration::from_mins(1) };

    fn pace(requests: u32) -> Pace {
        Pace::new(Limits { requests, ..LIMITS })
    }

    /// Calls let go in `seconds`, asking whenever it is told to.
    fn run(pace: &mut Pace, start: Instant, seconds: u64) -> Vec<Instant> {
        let mut now = start;
        let mut gone = Vec::new();
        while now < start + Duration::from_secs(seconds) {
            match pace.take(now) {
                Ok(()) => gone.push(now),
                Err(wait) => now += wait.max(Duration::from_millis(1)),
            }
        }
        gone
    }

    #[tokio::test]
    async fn no_window_holds_more_than_the_limit() {
        let gone = run(&mut pace(50), Instant::now(), 300);
        assert!(gone.len() >= 250);
        for (i, at) in gone.iter().enumerate() {
            let within = gone[i..]
                .iter()
                .take_while(|later| later.duration_since(*at) < Duration::from_mins(1))
                .count();
            assert!(within <= 50);
        }
    }

    #[tokio::test]
    async fn a_complaint_halves_the_rate_and_time_restores_it_slowly() {
        let start = Instant::now();
        let mut pace = pace(600);
        let before = run(&mut pace, start, 5).len() as f64 / 5.0;
        let now = start + Duration::from_secs(5);
        pace.complained(now, now);
        let later = now + Duration::from_mins(1);
        let after = run(&mut pace, later, 5).len() as f64 / 5.0;
        assert!(after <= before / 2.0, "{before} → {after}");
        let much_later = later + Duration::from_mins(10);
        assert!(run(&mut pace, much_later, 1).len() > 500, "recovered in full");
    }

    #[tokio::test]
    async fn complaints_about_older_calls_are_the_same_complaint() {
        let start = Instant::now();
        let mut pace = pace(600);
        run(&mut pace, start, 1);
        let cut = start + Duration::from_secs(1);
        pace.complained(cut, cut);
        let rate = pace.slowed.as_ref().unwrap().rate;
        for _ in 0..9 {
            pace.complained(start, cut + Duration::from_millis(5));
        }
        assert!((pace.slowed.as_ref().unwrap().rate - rate).abs() < f64::EPSILON);
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_next_call_may_go_when_the_oldest_leaves_the_window() {
        let (mut pace, now) = (pace(2), Instant::now());
        assert_eq!(pace.take(now), Ok(()));
        assert_eq!(pace.take(now + s(10)), Ok(()));
        assert_eq!(pace.take(now + s(20)), Err(s(40)));
        assert_eq!(pace.take(now + s(60)), Ok(()));
        assert_eq!(pace.take(now + s(60)), Err(s(10)));
    }

    fn rate(pace: &Pace) -> f64 {
        pace.slowed.as_ref().map_or(f64::INFINITY, |slowed| slowed.rate)
    }

    fn near(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-9, "{left} is not {right}");
    }

    /// 600 a minute are allowed: 10 a second.
    #[test]
    fn a_complaint_halves_what_was_measured_down_to_an_eighth_and_steps_lead_back() {
        let now = Instant::now();
        let mut pace = pace(600);
        near(pace.allowed_rate(), 10.0);
        for call in 0..40 {
            pace.take(now + Duration::from_millis(100 * call)).unwrap();
        }
        let cut = now + s(4);
        // Forty calls in the last five seconds are eight a second.
        pace.complained(cut, cut);
        near(rate(&pace), 4.0);
        assert_eq!(pace.take(cut), Ok(()));
        assert_eq!(pace.take(cut), Err(Duration::from_millis(250)));
        // Once more: half of the slower rate, which is less than what was measured.
        let again = cut + s(1);
        pace.complained(again, again);
        near(rate(&pace), 2.0);
        let third = again + s(1);
        pace.complained(third, third);
        near(rate(&pace), 1.25);
        // Of a call from before the cut it is the same complaint; from the moment of the cut on, another one.
        let mut quick = super::Pace::new(Limits { requests: 600, ..LIMITS });
        quick.complained(now, now);
        near(rate(&quick), 1.25);
        quick.slowed.as_mut().unwrap().rate = 8.0;
        quick.complained(now, now);
        near(rate(&quick), 1.25);
        // A sixteenth of what is allowed comes back with each ten seconds.
        let mut at = third + Duration::from_millis(9_999);
        pace.take(at).unwrap();
        near(rate(&pace), 1.25);
        at = third + s(25);
        pace.take(at).unwrap();
        near(rate(&pace), 2.5);
        at = third + s(30);
        pace.take(at).unwrap();
        near(rate(&pace), 3.125);
        pace.take(third + s(140)).unwrap();
        assert!(pace.slowed.is_none(), "all of it is back");
    }

    #[test]
    fn what_was_sent_long_ago_is_not_measured() {
        let now = Instant::now();
        let mut pace = pace(600);
        for call in (0..40).map(|_| 0.5).chain([1.0]).chain((0..19).map(|_| 5.5)) {
            pace.take(now + Duration::from_secs_f64(call)).unwrap();
        }
        // Of the sixty calls, twenty in the last five seconds: four a second.
        let cut = now + s(6);
        pace.complained(cut, cut);
        near(rate(&pace), 2.0);
    }

    #[test]
    fn a_wait_worth_telling_is_told_once_with_its_reason() {
        let now = Instant::now();
        let mut full = pace(1);
        full.take(now).unwrap();
        assert_eq!(full.tell(Duration::from_millis(999), now), None);
        let told = full.tell(s(50), now + s(10)).unwrap();
        assert!(told.contains("1 requests per minute are used"), "{told}");
        assert_eq!(full.tell(s(49), now + s(11)), None);
        assert!(full.tell(s(1), now + s(60)).is_some());
        let mut slowed = pace(600);
        slowed.take(now).unwrap();
        slowed.complained(now, now);
        assert!(slowed.tell(s(1), now).unwrap().contains("the PSA complained"));
    }

    #[test]
    fn windows_are_told_as_people_say_them() {
        for (seconds, words) in
            [(3_600, "hour"), (60, "minute"), (300, "5 minutes"), (90, "90 s"), (7, "7 s")]
        {
            assert_eq!(in_words(s(seconds)), words);
        }
    }
}
