//! Processes that share a PSA: nothing is sent without a seat, and none is kept longer than its call.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::http::{Seat, Seats, Taken};

/// So many seats, for whoever comes.
struct Bench {
    free: Arc<AtomicUsize>,
    closed: AtomicBool,
}

impl Bench {
    fn of(seats: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(AtomicUsize::new(seats)), closed: AtomicBool::new(false) })
    }
}

#[async_trait]
impl Seats for Bench {
    async fn take(&self, _object: Option<&'static str>, _limits: Limits) -> Result<Taken, String> {
        if self.closed.load(Ordering::SeqCst) {
            return Err("the team's database is away".to_owned());
        }
        let taken = self.free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |free| free.checked_sub(1));
        if taken.is_err() {
            return Ok(Taken::Wait(Duration::from_millis(5)));
        }
        let free = Arc::clone(&self.free);
        Ok(Taken::Seat(Seat::new(move || {
            free.fetch_add(1, Ordering::SeqCst);
        })))
    }
}

fn shared(script: &Arc<Script>, bench: &Arc<Bench>) -> Http {
    Http::new(Options { seats: Some(Arc::clone(bench) as Arc<dyn Seats>), ..options(script) })
}

#[tokio::test(start_paused = true)]
async fn two_senders_together_keep_to_the_seats() {
    let script = Script::new([], OK);
    let bench = Bench::of(3);
    let senders = [shared(&script, &bench), shared(&script, &bench)];
    let calls = (0..24).map(|n| senders[n % 2].send(read()));
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(script.most_under_way.load(Ordering::SeqCst), 3);
    assert_eq!(bench.free.load(Ordering::SeqCst), 3, "each was given back");
    script.steps.lock().unwrap().push_back(Step::Fail(Sent::Maybe, Failure::Broken));
    assert!(senders[0].send(write()).await.is_err());
    assert_eq!(bench.free.load(Ordering::SeqCst), 3, "after a failure, too");
}

#[tokio::test(start_paused = true)]
async fn without_a_seat_nothing_is_sent() {
    let script = Script::new([], OK);
    let bench = Bench::of(3);
    let http = shared(&script, &bench);
    bench.closed.store(true, Ordering::SeqCst);
    for request in [read(), write()] {
        let error = http.send(request).await.unwrap_err();
        assert!(
            matches!(&error, HttpError::Unreachable { sent: Sent::Never, gave_up: true, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("database is away"), "{error}");
    }
    assert_eq!(script.count(), 0);
    bench.closed.store(false, Ordering::SeqCst);
    assert!(http.send(write()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_wanted_any_more_waits_for_no_seat() {
    let script = Script::new([], OK);
    let bench = Bench::of(0);
    let hold = CancellationToken::new();
    hold.cancel();
    let error = shared(&script, &bench).send(write().unless(&hold)).await.unwrap_err();
    assert!(matches!(error, HttpError::Held), "{error:?}");
    assert_eq!(script.count(), 0);
}
