//! Every kind of fault does what it says.

use std::time::Duration;

use mothball::simulator::{
    Options, Write,
    faults::{Kind, Plan, Rule},
};
use serde_json::{Value, json};

use super::{Caller, answer};

/// What came back, or that nothing did.
#[derive(Debug)]
struct Seen {
    status: u16,
    body: String,
    retry_after: Option<String>,
    broken: bool,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

struct Bench {
    caller: Caller,
    id: i64,
}

impl Bench {
    async fn new() -> Self {
        let caller = Caller::start(Options::default()).await;
        let truth = caller.simulator.truth();
        let active = truth.configurations.values().find(|row| row.is_active()).unwrap();
        let id = active.id.parse().unwrap();
        Self { caller, id }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Seen {
        let Ok(response) = request.timeout(Duration::from_secs(3)).send().await else {
            return Seen { status: 0, body: String::new(), retry_after: None, broken: true };
        };
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        match response.text().await {
            Ok(body) => Seen { status, body, retry_after, broken: false },
            Err(_) => Seen { status, body: String::new(), retry_after, broken: true },
        }
    }

    /// Deactivates the configuration under a fault that is in force for this one request.
    async fn patch(&self, rule: Rule) -> (Seen, Vec<Write>) {
        self.caller.simulator.set_faults(rule.into());
        let path = format!("/company/configurations/{}", self.id);
        let off = json!([{ "op": "replace", "path": "activeFlag", "value": false }]);
        let seen = self.send(self.caller.request("PATCH", &path).json(&off)).await;
        self.caller.simulator.set_faults(Plan::none());
        (seen, self.caller.simulator.writes())
    }

    async fn get(&self, rule: Rule, path: &str) -> Seen {
        self.caller.simulator.set_faults(rule.into());
        let seen = self.send(self.caller.request("GET", path)).await;
        self.caller.simulator.set_faults(Plan::none());
        seen
    }
}

/// What a write meets under each kind: the status (0: broken off), and whether it was stored.
fn on_a_write(kind: Kind) -> Option<(u16, bool)> {
    Some(match kind {
        Kind::Refused | Kind::ResetBeforeWrite | Kind::Hang => (0, false),
        Kind::ResetAfterWrite | Kind::Reset | Kind::HangAfterWrite | Kind::HeaderFlood => (0, true),
        Kind::Truncated | Kind::GzipBomb => return None,
        Kind::Throttled
        | Kind::ThrottledDate
        | Kind::ThrottledBare
        | Kind::ThrottledAbsurd
        | Kind::ThrottledNegative => (429, false),
        Kind::ThreadLimit | Kind::Error500 | Kind::Html500 | Kind::Empty500 => (500, false),
        Kind::Html502 => (502, false),
        Kind::Html503 => (503, false),
        Kind::Empty504 => (504, false),
        Kind::ErrorAfterCommit => (500, true),
        Kind::Empty401 | Kind::Unauthorized => (401, false),
        Kind::FalseOk | Kind::LostWrite | Kind::Html200 => (200, false),
        Kind::Forbidden => (403, false),
        Kind::Invalid => (400, false),
        Kind::NotFound => (404, false),
        Kind::Conflict => (409, false),
        Kind::Redirect301 => (301, false),
        Kind::Redirect302 => (302, false),
        _ => (200, true),
    })
}

#[tokio::test]
async fn every_kind_meets_a_write_as_it_says() {
    for kind in Kind::ALL {
        let bench = Bench::new().await;
        let rule = match kind {
            Kind::Slow | Kind::Jitter | Kind::Drip => Rule::always(*kind).lasting(Duration::from_millis(5)),
            Kind::Hang | Kind::HangAfterWrite => Rule::always(*kind).lasting(Duration::from_millis(300)),
            Kind::HugeBody | Kind::GzipBomb => Rule::always(*kind).sized(100_000),
            _ => Rule::always(*kind),
        };
        let (seen, writes) = bench.patch(rule).await;
        if let Some((status, stored)) = on_a_write(*kind) {
            assert_eq!((seen.status, writes.len()), (status, usize::from(stored)), "{kind}: {seen:?}");
        }
        assert!(writes.iter().all(|write| write.id == bench.id.to_string()), "{kind}");
    }
}

#[tokio::test]
async fn throttling_comes_in_all_its_shapes() {
    let bench = Bench::new().await;
    let wait = |kind| Rule::always(kind).lasting(Duration::from_secs(30));
    let (seen, _) = bench.patch(wait(Kind::Throttled)).await;
    assert_eq!(seen.retry_after.as_deref(), Some("30"));
    assert_eq!(
        seen.json(),
        json!({ "error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds." })
    );
    let (seen, _) = bench.patch(wait(Kind::ThrottledDate)).await;
    assert!(seen.retry_after.unwrap().ends_with("GMT"));
    assert_eq!(bench.patch(wait(Kind::ThrottledBare)).await.0.retry_after, None);
    assert_eq!(bench.patch(wait(Kind::ThrottledAbsurd)).await.0.retry_after.as_deref(), Some("31536000"));
    assert_eq!(bench.patch(wait(Kind::ThrottledNegative)).await.0.retry_after.as_deref(), Some("-5"));
}

#[tokio::test]
async fn answers_that_lie() {
    let bench = Bench::new().await;
    let (seen, _) = bench.patch(Rule::always(Kind::FalseOk)).await;
    assert_eq!((seen.status, &seen.json()["activeFlag"]), (200, &json!(true)));
    let (seen, writes) = bench.patch(Rule::on_configuration(Kind::LostWrite, bench.id)).await;
    assert_eq!((&seen.json()["activeFlag"], writes.len()), (&json!(false), 0));
    let (seen, writes) = bench.patch(Rule::always(Kind::OtherRecord)).await;
    assert_ne!(seen.json()["id"], json!(bench.id));
    assert_eq!(writes[0].id, bench.id.to_string());
    let (seen, _) = bench.patch(Rule::always(Kind::InvalidJson)).await;
    assert!(seen.status == 200 && seen.json().is_null());
    let (seen, _) = bench.patch(Rule::always(Kind::Html200)).await;
    assert!(seen.body.contains("<html>"));
    let (seen, _) = bench.patch(Rule::always(Kind::Truncated)).await;
    assert!(seen.broken && seen.status == 200, "{seen:?}");
}

#[tokio::test]
async fn a_refused_connection_is_refused_and_then_not() {
    let bench = Bench::new().await;
    let rule = Rule::always(Kind::Refused).times(2);
    bench.caller.simulator.set_faults(rule.into());
    let http = || reqwest::Client::builder().no_proxy().build().unwrap();
    let info = format!("{}/login/companyinfo/fabrikam", bench.caller.simulator.base_url());
    assert!(http().get(&info).send().await.is_err());
    assert!(http().get(&info).send().await.is_err());
    let response = http().get(&info).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["connection"], "close");
    // By item, once the request is known.
    let (seen, writes) = bench.patch(Rule::on_configuration(Kind::Refused, bench.id)).await;
    assert!(seen.broken && writes.is_empty());
}

#[tokio::test]
async fn a_redirect_leads_to_another_host_that_sees_who_comes() {
    let bench = Bench::new().await;
    bench.caller.simulator.set_faults(Rule::always(Kind::Redirect302).into());
    let response = bench.caller.request("GET", "/company/companies").send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with("http://localhost:"), "{location}");
    bench.send(bench.caller.http.get(&location).bearer_auth("x")).await;
    let seen = bench.caller.simulator.elsewhere();
    assert!(seen.len() == 1 && seen[0].with_credentials, "{seen:?}");
}

#[tokio::test]
async fn lists_that_do_not_add_up() {
    let bench = Bench::new().await;
    let path = "/company/configurations?pageSize=50&fields=id";
    let ids = |seen: &Seen| -> Vec<i64> {
        seen.json().as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let slow = || Rule::always(Kind::Slow).lasting(Duration::ZERO);
    let first = ids(&bench.get(slow(), path).await);
    let second = ids(&bench.get(slow(), &format!("{path}&page=2")).await);
    assert_eq!(ids(&bench.get(Rule::always(Kind::DroppedPage), path).await), second);
    assert_eq!(ids(&bench.get(Rule::always(Kind::RepeatedPage), &format!("{path}&page=2")).await), first);
    assert_eq!(ids(&bench.get(Rule::always(Kind::ShortenedPage), path).await), first[..49]);
    let filtered = format!("{path}&conditions=id={}", first[3]);
    assert_eq!(ids(&bench.get(Rule::always(Kind::FilterIgnored), &filtered).await), first);
    assert_eq!(ids(&bench.get(slow(), &filtered).await), [first[3]]);
    let counted = bench.get(Rule::always(Kind::LyingCount), "/company/configurations/count").await;
    assert_eq!(counted.json()["count"], 601);
    let poisoned = Rule::on_configuration(Kind::PoisonRow, first[10]);
    let seen = bench.get(poisoned.clone(), path).await;
    assert_eq!(
        (seen.status, seen.json()["message"].as_str().unwrap().to_owned()),
        (500, "String was not recognized as a valid Boolean.".to_owned())
    );
    assert_eq!(bench.get(poisoned, &format!("{path}&page=2")).await.status, 200);
    bench.get(Rule::always(Kind::RowsAdded), path).await;
    assert_eq!(bench.caller.count("/company/configurations/count").await, 601);
    assert_eq!(bench.caller.simulator.writes(), []);
    assert!(bench.caller.simulator.all_writes()[0].by_others);
}

#[tokio::test]
async fn forward_only_lists_lie_too() {
    let bench = Bench::new().await;
    let get = async |rule: Option<Rule>, after: i64| {
        let path = format!("/company/configurations?pageSize=50&fields=id&pageId={after}");
        bench.caller.simulator.set_faults(rule.map_or_else(Plan::none, Plan::from));
        let request = bench.caller.request("GET", &path).header("pagination-type", "forward-only");
        let rows = answer(request).await.1;
        rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let first = get(None, 0).await;
    let second = get(None, first[49]).await;
    assert_eq!(get(Some(Rule::always(Kind::DroppedPage)), 0).await, second);
    assert_eq!(get(Some(Rule::always(Kind::RepeatedPage)), first[49]).await, first);
    assert_eq!(get(Some(Rule::always(Kind::ShortenedPage)), 0).await, first[..49]);
}

#[tokio::test]
async fn shapes_nobody_promised() {
    let bench = Bench::new().await;
    let path = "/company/configurations?pageSize=10";
    let first = |seen: &Seen| seen.json()[0].clone();
    assert!(first(&bench.get(Rule::always(Kind::NumbersAsStrings), path).await)["company"]["id"].is_string());
    assert!(first(&bench.get(Rule::always(Kind::ExtraFields), path).await)["futureMember"].is_object());
    let whole = first(&bench.get(Rule::always(Kind::Slow).lasting(Duration::ZERO), path).await);
    let missing = first(&bench.get(Rule::always(Kind::MissingFields), path).await);
    assert_eq!(missing.as_object().unwrap().len() + 1, whole.as_object().unwrap().len());
    let null = first(&bench.get(Rule::always(Kind::NullFields), path).await);
    assert_eq!(null.as_object().unwrap().values().filter(|value| value.is_null()).count(), 1);
}

#[tokio::test]
async fn floods_are_as_large_as_asked() {
    let bench = Bench::new().await;
    let seen = bench.get(Rule::always(Kind::HugeBody).sized(2_000_000), "/company/companies").await;
    assert!(seen.body.len() >= 2_000_000, "{}", seen.body.len());
    // A gzip body that says it is small: a stream decoder gets all of it before the checksum fails.
    bench.caller.simulator.set_faults(Rule::always(Kind::GzipBomb).sized(5_000_000).into());
    let http = reqwest::Client::builder().no_proxy().gzip(true).build().unwrap();
    let info = format!("{}/login/companyinfo/fabrikam", bench.caller.simulator.base_url());
    let mut response = http.get(info).send().await.unwrap();
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        assert!(chunk.iter().all(|byte| *byte == b' '));
        length += chunk.len();
    }
    assert!(length >= 5_000_000, "{length}");
}

#[tokio::test]
async fn rules_meet_what_they_name() {
    let bench = Bench::new().await;
    let simulator = &bench.caller.simulator;
    simulator.set_faults("503@request:1*1,500@route:/company/companies/count".parse().unwrap());
    let get = async |path: &str| bench.caller.get(path).await.0;
    assert_eq!(get("/company/companies").await, 200);
    assert_eq!(get("/company/companies").await, 503);
    assert_eq!(get("/company/companies").await, 200);
    assert_eq!(get("/company/companies/count").await, 500);
    let (seen, _) = bench.patch(Rule::on_configuration(Kind::Forbidden, bench.id + 1)).await;
    assert_eq!(seen.status, 200);
    let hit = simulator.requests().into_iter().filter(|request| !request.faults.is_empty()).count();
    assert_eq!(hit, 2);
}

/// In process, a broken connection is told by the response's extensions.
#[tokio::test]
async fn the_router_tells_broken_connections() {
    use mothball::simulator::Broken;
    use tower::ServiceExt;
    let bench = Bench::new().await;
    bench.caller.simulator.set_faults(Rule::always(Kind::Reset).into());
    let request = axum::http::Request::builder()
        .uri("/login/companyinfo/fabrikam")
        .body(axum::body::Body::empty())
        .unwrap();
    let response = bench.caller.simulator.router().oneshot(request).await.unwrap();
    assert_eq!(response.extensions().get::<Broken>(), Some(&Broken::Reset));
    bench.caller.simulator.set_faults(Rule::always(Kind::Refused).into());
    let request = axum::http::Request::builder().uri("/system/info").body(axum::body::Body::empty()).unwrap();
    let response = bench.caller.simulator.router().oneshot(request).await.unwrap();
    assert_eq!(response.extensions().get::<Broken>(), Some(&Broken::Refused));
}
