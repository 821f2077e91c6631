//! What is waited for, how long in all, and what counts as being away.

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_turned_away_waits_for_what_was_asked_and_no_longer() {
    let script = Script::new([Step::Answer(429, &[("retry-after", "2")], "{}")], OK);
    http(&script).send(read()).await.unwrap();
    let times = script.times();
    assert_eq!(times[1].duration_since(times[0]), s(2) + script.latency);
}

/// Ten minutes are the most: to the second, and with what was waited before.
#[tokio::test(start_paused = true)]
async fn ten_minutes_may_be_waited_and_not_a_moment_more() {
    let turned = Step::Answer(429, &[("retry-after", "600")], "{}");
    let script = Script::new([turned.clone()], OK);
    assert!(http(&script).send(read()).await.unwrap().is_success());
    let script = Script::new([turned], Step::Fail(Sent::Maybe, Failure::Broken));
    let Err(HttpError::Unreachable { message, .. }) = http(&script).send(read()).await else {
        panic!("it is unreachable")
    };
    assert!(message.ends_with("it broke (2 tries)"), "{message}");
    assert_eq!(script.count(), 2, "no pause is left for a third");
}

#[tokio::test(start_paused = true)]
async fn a_psa_that_turns_calls_away_is_not_away() {
    let script = Script::new([], Step::Answer(429, &[("retry-after", "0")], "{}"));
    let http = http(&script);
    let mut notices = http.notices();
    for _ in 0..3 {
        assert!(matches!(http.send(read()).await, Err(HttpError::RateLimited { .. })));
    }
    assert_eq!(script.count(), 15);
    let stalled = |notice: &Notice| matches!(notice, Notice::Stalled { .. });
    assert!(!told(&mut notices).iter().any(stalled));
}

/// A call that is tried once, such as a probe, says nothing about the others.
#[tokio::test(start_paused = true)]
async fn what_is_tried_once_counts_for_nothing() {
    let script = Script::new([], Step::Fail(Sent::Never, Failure::Connect));
    let http = http(&script);
    let mut notices = http.notices();
    for _ in 0..12 {
        assert!(http.send(read().once()).await.is_err());
    }
    assert_eq!(script.count(), 12);
    assert!(told(&mut notices).is_empty());
}
