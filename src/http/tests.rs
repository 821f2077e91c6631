//! The sender on a scripted transport, with time that is paused.

mod renewals;
mod room;
mod shared;
mod waits;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::broadcast::Receiver, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    Authorizer, Failure, HeaderMap, HeaderValue, Http, HttpError, Judgement, Limits, Method, Options,
    Renewed, Reply, Request, Sent, Transport, TransportError, Url, WireReply, WireRequest,
};
use crate::{domain::event::Notice, system::Clock};

/// What the other side does with one request.
#[derive(Clone)]
enum Step {
    Answer(u16, &'static [(&'static str, &'static str)], &'static str),
    Fail(Sent, Failure),
    Hang,
}

const OK: Step = Step::Answer(200, &[], "[]");

/// Plays its steps one after another, then the last one for ever.
struct Script {
    steps: Mutex<VecDeque<Step>>,
    last: Step,
    seen: Mutex<Vec<(Instant, WireRequest)>>,
    latency: Duration,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>, last: Step) -> Arc<Self> {
        Arc::new(Self {
            steps: Mutex::new(steps.into_iter().collect()),
            last,
            seen: Mutex::default(),
            latency: Duration::from_millis(10),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        })
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn times(&self) -> Vec<Instant> {
        self.seen.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        self.seen.lock().unwrap().push((Instant::now(), request));
        let step = self.steps.lock().unwrap().pop_front().unwrap_or_else(|| self.last.clone());
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.latency).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match step {
            Step::Answer(status, given, body) => {
                let mut headers = HeaderMap::new();
                for (name, value) in given {
                    headers.insert(*name, HeaderValue::from_static(value));
                }
                Ok(WireReply { status, headers, body: body.as_bytes().to_vec() })
            }
            Step::Fail(sent, failure) => Err(TransportError::new(sent, failure, "it broke")),
            Step::Hang => std::future::pending().await,
        }
    }
}

struct Key;

#[async_trait]
impl Authorizer for Key {
    async fn headers(&self, _http: &Http) -> Result<HeaderMap, HttpError> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Basic canary"));
        Ok(headers)
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        if reply.status == 401 { Judgement::Refused(reply.line()) } else { Judgement::Fine }
    }
}

const BASE: &str = "https://psa.example.com/";

fn options(script: &Arc<Script>) -> Options {
    let transport: Arc<dyn Transport> = Arc::clone(script) as Arc<dyn Transport>;
    Options {
        base: Url::parse(BASE).unwrap(),
        limits: Limits { in_flight: 10, per_object: None, requests: 100_000, window: Duration::from_mins(1) },
        clock: Clock::following_tokio("2026-11-24T10:00:00Z".parse().unwrap()),
        patience: Some(Duration::from_mins(2)),
        transport,
        authorizer: Arc::new(Key),
        memory: None,
        seats: None,
    }
}

fn http(script: &Arc<Script>) -> Http {
    Http::new(options(script))
}

fn read() -> Request {
    Request::get(Url::parse(BASE).unwrap().join("list").unwrap())
}

fn write() -> Request {
    Request::json(Method::PATCH, Url::parse(BASE).unwrap().join("item").unwrap(), &serde_json::json!([]))
}

fn told(notices: &mut Receiver<Notice>) -> Vec<Notice> {
    std::iter::from_fn(|| notices.try_recv().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn reads_are_sent_again_and_each_retry_is_told() {
    for trouble in [
        Step::Fail(Sent::Never, Failure::Connect),
        Step::Fail(Sent::Maybe, Failure::Broken),
        Step::Hang,
        Step::Answer(500, &[], "{}"),
        Step::Answer(503, &[], "<html>down</html>"),
        Step::Answer(429, &[("retry-after", "2")], "{}"),
        Step::Answer(200, &[], "<html>sign in</html>"),
        Step::Answer(200, &[], ""),
    ] {
        let script = Script::new([trouble.clone(), trouble], OK);
        let http = http(&script);
        let mut notices = http.notices();
        assert_eq!(http.send(read()).await.unwrap().status, 200);
        assert_eq!(script.count(), 3);
        let retries =
            told(&mut notices).into_iter().filter(|notice| matches!(notice, Notice::Retrying { .. }));
        assert_eq!(retries.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn five_tries_are_all() {
    let script = Script::new([], Step::Answer(500, &[], "{}"));
    assert_eq!(http(&script).send(read()).await.unwrap().status, 500);
    assert_eq!(script.count(), 5);
    let script = Script::new([], Step::Fail(Sent::Maybe, Failure::Broken));
    assert!(matches!(
        http(&script).send(read()).await,
        Err(HttpError::Unreachable { sent: Sent::Maybe, gave_up: false, .. })
    ));
    assert_eq!(script.count(), 5);
    let script = Script::new([], Step::Fail(Sent::Never, Failure::Tls));
    assert!(http(&script).send(read()).await.is_err());
    assert_eq!(script.count(), 1, "a bad certificate does not get better");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_if_nothing_can_have_come_of_it() {
    for (step, tries) in [
        (Step::Fail(Sent::Never, Failure::Connect), 2),
        (Step::Answer(429, &[], "{}"), 2),
        (Step::Fail(Sent::Maybe, Failure::Broken), 1),
        (Step::Fail(Sent::Maybe, Failure::Timeout), 1),
        (Step::Hang, 1),
        (Step::Answer(500, &[], "{}"), 1),
        (Step::Answer(503, &[], "<html>"), 1),
        (Step::Answer(200, &[], "<html>"), 1),
    ] {
        let script = Script::new([step], OK);
        // Whatever the answer is: what counts is how often it was sent.
        let _ = http(&script).send(write()).await;
        assert_eq!(script.count(), tries);
    }
}

#[tokio::test(start_paused = true)]
async fn a_complaint_makes_every_call_wait() {
    let script = Script::new([Step::Answer(429, &[("retry-after", "30")], "{}")], OK);
    let http = http(&script);
    let start = Instant::now();
    let first = tokio::spawn({
        let http = http.clone();
        async move { http.send(read()).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    http.send(read()).await.unwrap();
    first.await.unwrap().unwrap();
    assert!(script.times()[1..].iter().all(|at| at.duration_since(start) >= Duration::from_secs(30)));
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_wait_is_honoured_as_seconds_and_as_a_date_and_nonsense_is_backed_off_from() {
    for (given, least, most) in [
        (Some("20"), 20.0, 21.0),
        (Some("Tue, 24 Nov 2026 10:00:25 GMT"), 24.0, 26.0),
        (None, 0.05, 2.0),
        (Some("-5"), 0.05, 2.0),
        (Some("31536000"), 0.05, 2.0),
    ] {
        let step = match given {
            None => Step::Answer(429, &[], "{}"),
            Some("20") => Step::Answer(429, &[("retry-after", "20")], "{}"),
            Some("-5") => Step::Answer(429, &[("retry-after", "-5")], "{}"),
            Some("31536000") => Step::Answer(429, &[("retry-after", "31536000")], "{}"),
            Some(_) => Step::Answer(429, &[("retry-after", "Tue, 24 Nov 2026 10:00:25 GMT")], "{}"),
        };
        let script = Script::new([step], OK);
        let http = http(&script);
        http.send(read()).await.unwrap();
        let times = script.times();
        let waited = times[1].duration_since(times[0]).as_secs_f64();
        assert!((least..most).contains(&waited), "{given:?}: {waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_for_the_own_pace_is_told_once_and_a_short_one_is_not() {
    for (requests, window, told_of) in [
        (5, Duration::from_hours(1), Some("the profile's own pace: 5 requests per hour are used")),
        (5, Duration::from_mins(5), Some("the profile's own pace: 5 requests per 5 minutes are used")),
        (5, Duration::from_millis(900), None),
    ] {
        let script = Script::new([], OK);
        let limits = Limits { in_flight: 3, per_object: None, requests, window };
        let http = Http::new(Options { limits, ..options(&script) });
        let mut notices = http.notices();
        for _ in 0..5 {
            http.send(read()).await.unwrap();
        }
        assert_eq!(told(&mut notices), [], "there was nothing to wait for yet");
        let begun = Instant::now();
        let waiting = || async { http.send(read()).await.unwrap() };
        tokio::join!(waiting(), waiting(), waiting());
        assert!(begun.elapsed() < window, "the three go one after another as the window lets them");
        let told = told(&mut notices);
        match told_of {
            None => assert_eq!(told, []),
            Some(words) => match &told[..] {
                [Notice::Waiting { seconds, why }] => {
                    assert_eq!(why, words);
                    let left = window.as_secs_f64() - seconds;
                    assert!((0.0..1.0).contains(&left), "{seconds} s of {window:?}");
                }
                other => panic!("{other:?}"),
            },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_request_waits_longer_than_ten_minutes_in_all() {
    let script = Script::new([], Step::Answer(429, &[("retry-after", "400")], "{}"));
    let start = Instant::now();
    assert!(matches!(http(&script).send(read()).await, Err(HttpError::RateLimited { .. })));
    assert!(start.elapsed() <= Duration::from_secs(601));
}

#[tokio::test(start_paused = true)]
async fn never_more_calls_at_once_than_allowed() {
    let script = Script::new([], OK);
    let http = http(&script);
    let calls = (0..100).map(|_| http.send(read()));
    futures_util::future::join_all(calls).await;
    assert_eq!(script.most_under_way.load(Ordering::SeqCst), 10);
}

#[tokio::test(start_paused = true)]
async fn never_more_calls_in_a_window_than_allowed() {
    let script = Script::new([], OK);
    let mut options = options(&script);
    options.limits.requests = 50;
    let http = Http::new(options);
    futures_util::future::join_all((0..200).map(|_| http.send(read()))).await;
    let times = script.times();
    for (i, at) in times.iter().enumerate() {
        let within = times[i..].iter().take_while(|t| t.duration_since(*at) < Duration::from_mins(1)).count();
        assert!(within <= 50, "{within} calls in a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_failures_in_a_row_stop_everything_until_one_probe_succeeds() {
    let down = Step::Answer(503, &[], "<html>down</html>");
    let script = Script::new(vec![down; 14], OK);
    let http = http(&script);
    let mut notices = http.notices();
    let calls = (0..10).map(|_| http.send(read()));
    let replies = futures_util::future::join_all(calls).await;
    assert!(replies.iter().all(|reply| reply.as_ref().is_ok_and(|reply| reply.status == 200)));
    let times = script.times();
    // The first ten fail, then there is one probe at a time, further and further apart.
    let gaps: Vec<f64> = times[9..15].windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    assert!(gaps[0] >= 1.0 && gaps[1] >= 2.0 && gaps[2] >= 4.0 && gaps[3] >= 8.0, "{gaps:?}");
    let told = told(&mut notices);
    assert!(told.iter().any(|notice| matches!(notice, Notice::Stalled { failures: 10, .. })));
    assert!(told.contains(&Notice::Flowing));
}

#[tokio::test(start_paused = true)]
async fn more_than_half_of_the_last_fifty_stops_everything_too() {
    let down = || Step::Answer(503, &[], "<html>down</html>");
    let script = Script::new((0..90).map(|i| if i % 3 == 0 { OK } else { down() }), OK);
    let http = http(&script);
    let mut notices = http.notices();
    for _ in 0..40 {
        http.send(read()).await.unwrap();
    }
    assert!(told(&mut notices).iter().any(|notice| matches!(notice, Notice::Stalled { .. })));
}

#[tokio::test(start_paused = true)]
async fn patience_ends_for_all_at_once_and_a_later_call_may_find_it_back() {
    let script = Script::new([], Step::Fail(Sent::Never, Failure::Connect));
    let http = http(&script);
    let start = Instant::now();
    let calls = (0..12).map(|i| http.send(if i % 2 == 0 { read() } else { write() }));
    for reply in futures_util::future::join_all(calls).await {
        assert!(
            matches!(reply, Err(HttpError::Unreachable { gave_up: true, sent: Sent::Never, .. })),
            "{reply:?}"
        );
    }
    assert!((120.0..125.0).contains(&start.elapsed().as_secs_f64()));
    let before = script.count();
    assert!(http.send(read()).await.is_err());
    assert_eq!(script.count(), before, "it fails at once");
    tokio::time::sleep(Duration::from_secs(31)).await;
    script.steps.lock().unwrap().extend([OK, OK]);
    assert!(http.send(read()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_person_who_watches_waits_as_long_as_it_takes() {
    let script = Script::new(vec![Step::Answer(502, &[], ""); 60], OK);
    let mut options = options(&script);
    options.patience = None;
    let http = Http::new(options);
    let calls = (0..10).map(|_| http.send(read()));
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_refused_sign_in_is_not_tried_again() {
    let script = Script::new([Step::Answer(401, &[], "no such key")], OK);
    let http = http(&script);
    assert!(
        matches!(http.send(read()).await, Err(HttpError::SignIn { message }) if message == "no such key")
    );
    for request in [read(), write()] {
        let error = http.send(request).await.unwrap_err();
        assert!(matches!(error, HttpError::SignIn { .. }));
        assert_eq!(error.sent(), Sent::Never);
    }
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_when_the_sign_in_is_refused_may_end() {
    let script = Script::new([OK, OK, Step::Answer(401, &[], "")], OK);
    let http = http(&script);
    let (a, b, c) = tokio::join!(http.send(write()), http.send(write()), http.send(read()));
    assert!(a.is_ok() && b.is_ok() && c.is_err());
    assert!(http.send(read()).await.is_err());
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn credentials_go_to_the_configured_host_only() {
    let script = Script::new([], OK);
    let http = http(&script);
    let elsewhere = Url::parse("https://other.example.com/list").unwrap();
    assert!(matches!(http.send(Request::get(elsewhere.clone())).await, Err(HttpError::Forbidden { .. })));
    let plain = Url::parse("http://psa.example.com/list").unwrap();
    assert!(matches!(
        http.send(Request::get(plain).without_credentials()).await,
        Err(HttpError::Forbidden { .. })
    ));
    assert_eq!(script.count(), 0);
    http.send(Request::get(elsewhere).without_credentials()).await.unwrap();
    http.send(read()).await.unwrap();
    let seen = script.seen.lock().unwrap();
    assert!(!seen[0].1.headers.contains_key("authorization"));
    assert!(seen[1].1.headers["authorization"].is_sensitive());
    assert!(seen[1].1.headers["user-agent"].to_str().unwrap().starts_with("mothball/"));
    assert!(!format!("{:?}", seen[1].1).contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_on_the_same_host_only_and_never_for_writes() {
    let here = Step::Answer(302, &[("location", "/elsewhere")], "");
    let script = Script::new([here.clone()], OK);
    assert!(http(&script).send(read()).await.is_ok());
    assert_eq!(script.seen.lock().unwrap()[1].1.url.path(), "/elsewhere");

    let script = Script::new([], here.clone());
    assert!(matches!(http(&script).send(read()).await, Err(HttpError::Redirected { .. })));
    assert_eq!(script.count(), 4);

    let script = Script::new([here], OK);
    assert!(matches!(http(&script).send(write()).await, Err(HttpError::Redirected { .. })));
    assert_eq!(script.count(), 1);

    for there in [
        Step::Answer(301, &[("location", "https://thief.example.com/list")], ""),
        Step::Answer(307, &[("location", "http://psa.example.com/list")], ""),
        Step::Answer(308, &[("location", "https://psa.example.com:444/list")], ""),
    ] {
        let script = Script::new([], there);
        let error = http(&script).send(read()).await.unwrap_err().to_string();
        assert!(error.contains("https://psa.example.com redirects to "), "{error}");
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_given_up_when_the_work_stops() {
    let script = Script::new([Step::Answer(429, &[("retry-after", "60")], "{}")], OK);
    let http = http(&script);
    let hold = CancellationToken::new();
    let waiting = tokio::spawn({
        let (http, request) = (http.clone(), write().unless(&hold));
        async move { http.send(request).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    hold.cancel();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!((error.clone(), error.sent()), (HttpError::Held, Sent::Never));
    assert!(start.elapsed() < Duration::from_millis(100));
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_complaint_slows_what_follows() {
    let script = Script::new(vec![OK; 100], OK);
    let mut options = options(&script);
    options.limits =
        Limits { in_flight: 4, per_object: None, requests: 1200, window: Duration::from_mins(1) };
    let http = Http::new(options);
    futures_util::future::join_all((0..100).map(|_| http.send(read()))).await;
    script.steps.lock().unwrap().push_back(Step::Answer(429, &[("retry-after", "1")], "{}"));
    http.send(read()).await.unwrap();
    let start = Instant::now();
    futures_util::future::join_all((0..50).map(|_| http.send(read()))).await;
    let rate = 50.0 / start.elapsed().as_secs_f64();
    assert!(rate <= 11.0, "{rate} calls a second after a complaint at 20");
}

#[tokio::test(start_paused = true)]
async fn a_posted_query_is_sent_again_like_a_read() {
    let script = Script::new([Step::Fail(Sent::Maybe, Failure::Broken)], OK);
    let query = Request::json(Method::POST, read().url, &serde_json::json!({})).as_read();
    assert!(http(&script).send(query).await.unwrap().is_success());
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_about_one_thing_have_a_limit_of_their_own() {
    let script = Script::new([], OK);
    let mut options = options(&script);
    options.limits.per_object = Some(2);
    let http = Http::new(options);
    futures_util::future::join_all((0..12).map(|_| http.send(read().about("Companies")))).await;
    assert_eq!(script.most_under_way.load(Ordering::SeqCst), 2);
    let two = |object| (0..6).map(move |_| read().about(object)).collect::<Vec<_>>();
    let both = two("Companies").into_iter().chain(two("Contracts"));
    futures_util::future::join_all(both.map(|request| http.send(request))).await;
    assert_eq!(script.most_under_way.load(Ordering::SeqCst), 4);
}
