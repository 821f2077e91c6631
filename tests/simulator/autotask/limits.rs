//! The limits: threads per object endpoint, and the pool of the hour.

use std::time::Duration;

use mothball::{simulator::Options, system::Clock};
use serde_json::json;

use super::{Caller, all, answer, texts};

/// So many calls at once: their statuses, sorted.
async fn at_once(caller: &Caller, paths: &[&str]) -> Vec<u16> {
    let calls = paths.iter().map(|path| answer(caller.request("GET", path)));
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(calls).await.into_iter().map(|(status, _)| status).collect();
    statuses.sort_unstable();
    statuses
}

async fn slow(pairs: &[&str]) -> Caller {
    let mut switches = mothball::simulator::Switches::default();
    for pair in pairs {
        switches.set("autotask", pair).unwrap();
    }
    Caller::start(Options { latency: Duration::from_millis(300), switches, ..Options::default() }).await
}

#[tokio::test]
async fn the_fourth_call_at_once_to_one_object_is_refused() {
    let caller = slow(&[]).await;
    let info = "/ConfigurationItems/entityInformation";
    let one = "/ConfigurationItems/1001";
    assert_eq!(at_once(&caller, &[info, one, one]).await, [200, 200, 200]);
    assert_eq!(at_once(&caller, &[info, one, one, info]).await, [200, 200, 200, 429]);
    // A refused call takes no slot, and another object has slots of its own.
    assert_eq!(
        at_once(&caller, &[one, one, one, one, one, "/Companies/0", "/ConfigurationItems/1001/Notes"]).await,
        [200, 200, 200, 200, 200, 429, 429]
    );
    assert_eq!(at_once(&caller, &[one, one, one]).await, [200, 200, 200]);
    let zone = "/ZoneInformation?user=api%40fabrikam.example";
    assert_eq!(at_once(&caller, &[zone, zone, zone, zone, zone]).await, [200; 5]);
}

#[tokio::test]
async fn the_refusal_of_a_thread_has_two_forms() {
    for (form, status, begins) in
        [("status429", 429, "The API thread threshold"), ("code500", 500, "ITGenATR005")]
    {
        let caller = slow(&[&format!("thread_limit={form}")]).await;
        let calls = (0..4).map(|_| answer(caller.request("GET", "/Version")));
        let answers = futures_util::future::join_all(calls).await;
        let refused: Vec<_> = answers.iter().filter(|(status, _)| *status != 200).collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].0, status);
        assert!(texts(&refused[0].1)[0].starts_with(begins), "{refused:?}");
    }
}

#[tokio::test]
async fn a_slot_that_lags_is_not_there_for_the_next_burst() {
    let caller = slow(&["slot_lag_ms=60000"]).await;
    assert_eq!(at_once(&caller, &["/Version"]).await, [200]);
    assert_eq!(at_once(&caller, &["/Version", "/Version", "/Version"]).await, [200, 200, 429]);
    assert_eq!(at_once(&caller, &["/Version"]).await, [200]);
}

#[tokio::test]
async fn a_call_that_breaks_off_gives_its_slot_back() {
    let caller = slow(&[]).await;
    let give_up = || caller.request("GET", "/Version").timeout(Duration::from_millis(50)).send();
    for _ in 0..2 {
        let broken = futures_util::future::join_all([give_up(), give_up(), give_up()]).await;
        assert!(broken.iter().all(Result::is_err));
        // The server sees the end of a connection a moment later.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(at_once(&caller, &["/Version", "/Version", "/Version"]).await, [200, 200, 200]);
}

#[tokio::test(start_paused = true)]
async fn the_pool_slows_down_refuses_and_fills_again_with_time() {
    let mut switches = mothball::simulator::Switches::default();
    switches.set("autotask", "pool=100").unwrap();
    let options = Options {
        psa: "autotask".to_owned(),
        switches,
        clock: Clock::following_tokio("2026-03-04T05:06:07Z".parse().unwrap()),
        ..Options::default()
    };
    let simulator = mothball::simulator::Simulator::start(options).await.unwrap();
    let own = simulator.credentials();
    let call = async |path: &str| {
        use tower::ServiceExt;
        let request = axum::http::Request::builder()
            .uri(format!("/ATServicesRest/V1.0{path}"))
            .header("UserName", &own["user_name"])
            .header("Secret", &own["secret"])
            .header("ApiIntegrationCode", &own["integration_code"])
            .body(axum::body::Body::empty())
            .unwrap();
        let begun = tokio::time::Instant::now();
        let response = simulator.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (status, begun.elapsed(), body)
    };
    for number in 0..100 {
        let (status, took, _) = call("/Version").await;
        let wanted = match number {
            0..50 => Duration::ZERO,
            50..75 => Duration::from_millis(500),
            _ => Duration::from_secs(1),
        };
        assert_eq!((status, took), (200, wanted), "call {number}");
    }
    let (status, _, body) = call("/Version").await;
    assert!(status == 429 && texts(&body)[0].contains("threshold"), "{body}");
    // The zone is exempt.
    assert_eq!(call("/ZoneInformation?user=api%40fabrikam.example").await.0, 200);
    tokio::time::advance(Duration::from_mins(61)).await;
    let (_, took, threshold) = call("/ThresholdInformation").await;
    let wanted = json!({ "externalRequestThreshold": 100, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 1 });
    assert_eq!((took, threshold), (Duration::ZERO, wanted));
}

#[tokio::test]
async fn others_use_the_same_pool() {
    let caller = Caller::with(&["pool=1000", "foreign_per_minute=5"]).await;
    let (_, threshold) = caller.get("/ThresholdInformation").await;
    assert_eq!(threshold["currentTimeframeRequestCount"], 301);
    let caller = Caller::with(&["pool=300", "foreign_per_minute=5", "pool_status=500"]).await;
    let (status, body) = caller.send("POST", "/Companies/query", json!({ "filter": all() })).await;
    assert!(status == 500 && texts(&body)[0].contains("threshold"), "{body}");
}
