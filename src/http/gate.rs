//! What makes every call of the profile wait, or fail at once: a refused sign-in, a PSA that asks to wait, a PSA
//! that is away.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

use super::{
    request::HttpError,
    transport::{Failure, Sent},
};
use crate::{domain::event::Notice, system::random};

/// So many failures in a row mean that the PSA is away.
const AWAY_AFTER: u32 = 10;
/// So does more than half of the last so many answers.
const REMEMBERED: usize = 50;
const FIRST_PROBE: Duration = Duration::from_secs(1);
const SLOWEST_PROBE: Duration = Duration::from_secs(30);
/// Waits after complaints without a usable `Retry-After` grow from here to here.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

pub(super) struct Gate {
    state: Mutex<State>,
    changed: watch::Sender<()>,
    /// Whoever holds it asks whether the PSA is back; the others wait.
    probing: tokio::sync::Mutex<()>,
    notices: broadcast::Sender<Notice>,
    patience: Option<Duration>,
}

#[derive(Default)]
struct State {
    refused: Option<String>,
    hold: Option<Instant>,
    /// Complaints in a row without a usable wish how long to wait.
    complaints: u32,
    failures: u32,
    /// Whether each of the last answers was a failure.
    recent: VecDeque<bool>,
    away: Option<Away>,
}

impl State {
    fn remember(&mut self, failed: bool) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(failed);
    }
}

#[derive(Clone)]
struct Away {
    since: Instant,
    next_probe: Instant,
    pause: Duration,
    why: String,
    gave_up: bool,
}

impl Gate {
    pub fn new(notices: broadcast::Sender<Notice>, patience: Option<Duration>) -> Self {
        Self {
            state: Mutex::default(),
            changed: watch::Sender::new(()),
            probing: tokio::sync::Mutex::new(()),
            notices,
            patience,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single assignment, so that a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The refused sign-in as an error, once it was refused.
    pub fn refused(&self) -> Result<(), HttpError> {
        match &self.state().refused {
            Some(message) => Err(HttpError::SignIn { message: message.clone() }),
            None => Ok(()),
        }
    }

    /// From now on nothing is sent any more. Whether that is news.
    pub fn refuse(&self, message: &str) -> bool {
        let mut state = self.state();
        let first = state.refused.is_none();
        state.refused.get_or_insert_with(|| message.to_owned());
        drop(state);
        self.changed.send_replace(());
        first
    }

    /// How long every call has to wait, if it has to.
    pub fn hold(&self, now: Instant) -> Option<Duration> {
        let until = self.state().hold?;
        (until > now).then(|| until.duration_since(now))
    }

    /// The PSA asks us to wait: so long, or it does not say how long.
    pub fn complained(&self, asked: Option<Duration>, why: &str, now: Instant) {
        let mut state = self.state();
        let wait = asked.unwrap_or_else(|| {
            let ceiling = FIRST_WAIT.saturating_mul(1 << state.complaints.min(10)).min(LONGEST_WAIT);
            // Calls that were under way together complain together: that is one complaint.
            if state.hold.is_none_or(|until| until <= now) {
                state.complaints += 1;
            }
            jittered(ceiling)
        });
        let until = now + wait;
        if state.hold.is_none_or(|old| old < until) {
            state.hold = Some(until);
            self.tell(Notice::Waiting { seconds: wait.as_secs_f64(), why: why.to_owned() });
        }
    }

    /// An answer came.
    pub fn succeeded(&self) {
        let mut state = self.state();
        state.failures = 0;
        state.complaints = 0;
        state.remember(false);
        if state.away.take().is_some() {
            drop(state);
            self.tell(Notice::Flowing);
            self.changed.send_replace(());
        }
    }

    /// No answer, or one that says that the PSA is in trouble.
    pub fn failed(&self, why: &str, now: Instant) {
        let mut state = self.state();
        state.failures += 1;
        state.remember(true);
        let recent = state.recent.iter().filter(|failed| **failed).count() as u32;
        let mostly = state.recent.len() == REMEMBERED && recent as usize * 2 > REMEMBERED;
        if (state.failures >= AWAY_AFTER || mostly) && state.away.is_none() {
            let failures = if mostly { recent } else { state.failures };
            state.recent.clear();
            state.away = Some(Away {
                since: now,
                next_probe: now + FIRST_PROBE,
                pause: FIRST_PROBE,
                why: why.to_owned(),
                gave_up: false,
            });
            self.tell(Notice::Stalled { failures, why: why.to_owned() });
        }
    }

    pub fn is_away(&self) -> bool {
        self.state().away.is_some()
    }

    /// Waits while the PSA is away. Whoever holds the probe asks with `probe` whether it is back.
    pub async fn wait_while_away<P, F>(&self, probe: P) -> Result<(), HttpError>
    where
        P: Fn() -> F,
        F: Future<Output = Result<(), String>>,
    {
        loop {
            let mut changed = self.changed.subscribe();
            self.refused()?;
            let now = Instant::now();
            let Some(away) = self.state().away.clone() else { return Ok(()) };
            if away.gave_up && now < away.next_probe {
                return Err(gave_up(&away));
            }
            let deadline =
                if away.gave_up { None } else { self.patience.map(|patience| away.since + patience) };
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Err(self.give_up());
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = until(deadline) => {}
                _turn = self.probing.lock() => {
                    let Some(away) = self.state().away.clone() else { continue };
                    let at = if away.gave_up { now } else { away.next_probe };
                    tokio::select! {
                        _ = changed.changed() => continue,
                        () = until(deadline) => continue,
                        () = tokio::time::sleep_until(at) => {}
                    }
                    match probe().await {
                        Ok(()) => self.succeeded(),
                        Err(why) => self.still_away(&why),
                    }
                }
            }
        }
    }

    fn still_away(&self, why: &str) {
        let mut state = self.state();
        if let Some(away) = &mut state.away {
            away.pause = (away.pause * 2).min(SLOWEST_PROBE);
            away.next_probe = Instant::now() + away.pause;
            why.clone_into(&mut away.why);
            let seconds = away.pause.as_secs_f64();
            drop(state);
            self.tell(Notice::Waiting { seconds, why: format!("the PSA is still away: {why}") });
        }
    }

    fn give_up(&self) -> HttpError {
        let mut state = self.state();
        match &mut state.away {
            Some(away) => {
                away.gave_up = true;
                away.next_probe = Instant::now() + SLOWEST_PROBE;
                let error = gave_up(away);
                drop(state);
                self.changed.send_replace(());
                error
            }
            None => HttpError::Unreachable {
                message: "the PSA came back too late for this request".to_owned(),
                sent: Sent::Never,
                failure: None,
                gave_up: false,
            },
        }
    }

    fn tell(&self, notice: Notice) {
        tracing::info!(%notice, "sending");
        // Nobody listening is fine.
        let _ = self.notices.send(notice);
    }
}

/// Full jitter, but never nothing: a call that is sent again at once is turned away again.
pub(super) fn jittered(ceiling: Duration) -> Duration {
    ceiling.mul_f64(0.05 + 0.95 * random::fraction())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn gave_up(away: &Away) -> HttpError {
    HttpError::Unreachable {
        message: format!("waited as long as allowed for the PSA to come back; last: {}", away.why),
        sent: Sent::Never,
        failure: Some(Failure::Connect),
        gave_up: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(patience: Option<Duration>) -> Gate {
        Gate::new(broadcast::channel(64).0, patience)
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_psa_asks_for_is_waited_and_a_shorter_wish_shortens_nothing() {
        let (gate, now) = (gate(None), Instant::now());
        let mut told = gate.notices.subscribe();
        assert_eq!(gate.hold(now), None);
        gate.complained(Some(s(12)), "429", now);
        assert_eq!(gate.hold(now), Some(s(12)));
        gate.complained(Some(s(5)), "429", now);
        gate.complained(Some(s(12)), "429", now);
        assert_eq!(gate.hold(now), Some(s(12)));
        assert!(matches!(told.try_recv(), Ok(Notice::Waiting { .. })));
        assert!(told.try_recv().is_err(), "what changes nothing is not told again");
        gate.complained(Some(s(30)), "429", now);
        assert_eq!(gate.hold(now + s(10)), Some(s(20)));
        assert_eq!(gate.hold(now + s(30)), None);
    }

    /// The `n`-th complaint in a row without a wish waits at most `2^(n-1)` seconds, up to a minute.
    #[tokio::test(start_paused = true)]
    async fn waits_without_a_wish_double_from_one_second_to_a_minute() {
        for (complaints, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (12, 60)] {
            let mut longest = Duration::ZERO;
            for _ in 0..40 {
                let gate = gate(None);
                let mut now = Instant::now();
                for _ in 1..complaints {
                    gate.complained(None, "429", now);
                    now += gate.hold(now).expect("there is a wait");
                }
                gate.complained(None, "429", now);
                longest = longest.max(gate.hold(now).expect("there is a wait"));
            }
            assert!(longest <= s(most) && longest > s(most) / 2, "{complaints}: {longest:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn complaints_of_calls_that_were_under_way_together_are_one() {
        let (gate, now) = (gate(None), Instant::now());
        for _ in 0..20 {
            gate.complained(None, "429", now);
        }
        assert_eq!(gate.state().complaints, 1);
        let later = now + gate.hold(now).expect("there is a wait");
        gate.complained(None, "429", later);
        assert_eq!(gate.state().complaints, 2, "a wait that is over is not the same complaint");
        gate.succeeded();
        assert_eq!(gate.state().complaints, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn ten_failures_in_a_row_or_more_than_half_of_fifty_mean_away() {
        let now = Instant::now();
        let in_a_row = gate(None);
        for _ in 0..9 {
            in_a_row.failed("503", now);
        }
        assert!(!in_a_row.is_away());
        in_a_row.failed("503", now);
        assert!(in_a_row.is_away());
        // Half of the last fifty is not yet more than half.
        let mixed = gate(None);
        for turn in 0..50 {
            if turn % 2 == 0 { mixed.failed("503", now) } else { mixed.succeeded() }
        }
        // The failure that is forgotten for it leaves as many as before.
        mixed.failed("503", now);
        assert!(!mixed.is_away());
        mixed.failed("503", now);
        assert!(mixed.is_away());
        // Fewer than fifty say nothing yet.
        let early = gate(None);
        for turn in 0..39 {
            if turn % 3 == 0 { early.succeeded() } else { early.failed("503", now) }
        }
        assert!(!early.is_away());
    }

    #[tokio::test(start_paused = true)]
    async fn once_patience_has_ended_everybody_is_told_at_once_for_half_a_minute() {
        let gate = gate(Some(s(5)));
        let start = Instant::now();
        for _ in 0..AWAY_AFTER {
            gate.failed("503", start);
        }
        let asked = std::cell::Cell::new(0);
        let wait = || {
            gate.wait_while_away(|| {
                asked.set(asked.get() + 1);
                async { Err("still 503".to_owned()) }
            })
        };
        assert!(matches!(wait().await, Err(HttpError::Unreachable { gave_up: true, .. })));
        assert_eq!(start.elapsed(), s(5));
        tokio::time::advance(SLOWEST_PROBE / 2).await;
        let before = asked.get();
        assert!(wait().await.is_err());
        assert_eq!(asked.get(), before, "without asking the PSA");
        tokio::time::advance(SLOWEST_PROBE / 2).await;
        gate.wait_while_away(|| async { Ok(()) }).await.expect("a later call may find it back");
        assert!(!gate.is_away());
    }

    #[test]
    fn jitter_is_never_nothing_and_never_more_than_its_ceiling() {
        let waits: Vec<Duration> = (0..1_000).map(|_| jittered(s(100))).collect();
        assert!(waits.iter().all(|wait| *wait >= s(5) && *wait <= s(100)));
        let (shortest, longest) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*longest > *shortest + s(80), "{shortest:?} to {longest:?}");
    }
}
