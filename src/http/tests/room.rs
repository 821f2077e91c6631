//! What a vendor's room may tell the sender, and ask it.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_clocks_are_compared_with_every_answer() {
    let ahead = Step::Answer(200, &[("date", "Tue, 24 Nov 2026 10:05:00 GMT")], "[]");
    let script = Script::new([OK, ahead], OK);
    let http = http(&script);
    http.send(read()).await.unwrap();
    assert_eq!(http.clock_lead(), None);
    http.send(read()).await.unwrap();
    assert!(matches!(http.clock_lead(), Some(299 | 300)), "{:?}", http.clock_lead());
}

#[tokio::test(start_paused = true)]
async fn every_call_waits_for_what_the_room_knows() {
    let script = Script::new([], OK);
    let http = http(&script);
    let began = Instant::now();
    http.hold(Duration::from_secs(90), "the hourly limit is nearly used up");
    http.send(read()).await.unwrap();
    assert_eq!(script.times()[0].duration_since(began), Duration::from_secs(90));
}

#[tokio::test(start_paused = true)]
async fn what_the_room_refuses_is_not_sent() {
    let script = Script::new([], OK);
    let http = http(&script);
    http.refuse("no zone for this user");
    let refused = http.send(read()).await;
    assert!(
        matches!(&refused, Err(HttpError::SignIn { message }) if message.contains("no zone")),
        "{refused:?}"
    );
    assert_eq!(script.count(), 0);
}

/// While the PSA is away it is asked for with the room's own read, once at a time, and not with what waits.
#[tokio::test(start_paused = true)]
async fn a_psa_that_was_away_is_asked_for_with_the_probe() {
    let script = Script::new(vec![Step::Answer(502, &[], ""); 11], OK);
    let mut options = options(&script);
    options.patience = None;
    let http = Http::new(options);
    http.set_probe(Request::get(Url::parse(BASE).unwrap().join("info").unwrap()));
    let calls = (0..10).map(|_| http.send(read()));
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    let probes = |path: &str| {
        let seen = script.seen.lock().unwrap();
        seen.iter().filter(|(_, request)| request.url.path() == path).count()
    };
    assert_eq!((probes("/info"), probes("/list")), (2, 20), "one in vain, one that shows that it is back");
}
