//! Every kind of fault does what it says, in the vendor's words: mostly without any.

use std::time::Duration;

use mothball::simulator::{
    Options, Write,
    faults::{Kind, Plan, Rule},
};
use serde_json::{Value, json};

use super::{Caller, rows};

struct Bench {
    caller: Caller,
    id: i64,
}

/// What came back; status 0 if nothing did.
#[derive(Debug)]
struct Seen {
    status: u16,
    body: String,
    retry_after: Option<String>,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Bench {
    async fn new() -> Self {
        let caller = Caller::start(Options::default()).await;
        let truth = caller.simulator.truth();
        let id = truth.configurations.values().find(|row| row.is_active()).unwrap().id.parse().unwrap();
        Self { caller, id }
    }

    async fn send(&self, rule: Rule, request: reqwest::RequestBuilder) -> Seen {
        self.caller.simulator.set_faults(rule.into());
        let nothing = Seen { status: 0, body: String::new(), retry_after: None };
        let seen = match request.timeout(Duration::from_secs(3)).send().await {
            Err(_) => nothing,
            Ok(response) => {
                let retry_after = response.headers().get("retry-after");
                let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
                let status = response.status().as_u16();
                response.text().await.map_or(nothing, |body| Seen { status, body, retry_after })
            }
        };
        self.caller.simulator.set_faults(Plan::none());
        seen
    }

    /// Retires the asset under a fault that is in force for this one request.
    async fn post(&self, rule: Rule) -> (Seen, Vec<Write>) {
        // A connection of its own: a refusal meets new ones.
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let request = http.build().unwrap().post(format!("{}/api/Asset", self.caller.simulator.base_url()));
        let off = json!([{ "id": self.id, "inactive": true }]);
        let request = request.bearer_auth(&self.caller.token).json(&off);
        (self.send(rule, request).await, self.caller.simulator.writes())
    }

    async fn get(&self, rule: Rule, path: &str) -> Seen {
        self.send(rule, self.caller.request("GET", path)).await
    }
}

/// What a write meets under each kind: the status (0: broken off), and whether it was stored.
fn on_a_write(kind: Kind) -> (u16, bool) {
    match kind {
        Kind::Refused | Kind::ResetBeforeWrite | Kind::Hang => (0, false),
        // A client of this suite reads neither 200 headers nor a wrong checksum; the write is stored all the same.
        Kind::ResetAfterWrite
        | Kind::Reset
        | Kind::HangAfterWrite
        | Kind::Truncated
        | Kind::HeaderFlood
        | Kind::GzipBomb => (0, true),
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
        Kind::FalseOk | Kind::LostWrite => (201, false),
        Kind::Html200 => (200, false),
        Kind::Empty200 | Kind::HugeBody => (200, true),
        Kind::Forbidden => (403, false),
        Kind::Invalid => (400, false),
        Kind::NotFound => (404, false),
        Kind::Conflict => (409, false),
        Kind::Redirect301 => (301, false),
        Kind::Redirect302 => (302, false),
        _ => (201, true),
    }
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
        let (seen, writes) = bench.post(rule).await;
        let (status, stored) = on_a_write(*kind);
        assert_eq!((seen.status, writes.len()), (status, usize::from(stored)), "{kind}: {seen:?}");
        assert!(writes.iter().all(|write| write.id == bench.id.to_string()), "{kind}");
    }
}

#[tokio::test]
async fn refusals_say_nothing() {
    let bench = Bench::new().await;
    for kind in [Kind::Unauthorized, Kind::Forbidden, Kind::NotFound, Kind::Error500, Kind::Conflict] {
        assert_eq!(bench.post(Rule::always(kind)).await.0.body, "", "{kind}");
    }
    assert_eq!(
        bench.post(Rule::always(Kind::Invalid)).await.0.json(),
        json!("Warranty reference must be entered")
    );
}

#[tokio::test]
async fn throttling_comes_in_all_its_shapes() {
    let bench = Bench::new().await;
    let wait = |kind| Rule::always(kind).lasting(Duration::from_secs(30));
    let (seen, _) = bench.post(wait(Kind::Throttled)).await;
    assert_eq!(seen.retry_after.as_deref(), Some("30"));
    assert_eq!(seen.json(), json!("Rate Limit Reached - 700 Requests per rolling 5 minute window."));
    assert!(bench.post(wait(Kind::ThrottledDate)).await.0.retry_after.unwrap().ends_with("GMT"));
    assert_eq!(bench.post(wait(Kind::ThrottledBare)).await.0.retry_after, None);
    assert_eq!(bench.post(wait(Kind::ThrottledAbsurd)).await.0.retry_after.as_deref(), Some("31536000"));
    assert_eq!(bench.post(wait(Kind::ThrottledNegative)).await.0.retry_after.as_deref(), Some("-5"));
}

#[tokio::test]
async fn answers_that_lie() {
    let bench = Bench::new().await;
    let (seen, writes) = bench.post(Rule::always(Kind::FalseOk)).await;
    assert_eq!((&seen.json()["inactive"], writes.len()), (&json!(false), 0));
    let (seen, writes) = bench.post(Rule::always(Kind::LostWrite)).await;
    assert_eq!((&seen.json()["inactive"], writes.len()), (&json!(true), 0));
    let (seen, writes) = bench.post(Rule::always(Kind::OtherRecord)).await;
    assert_ne!(seen.json()["id"], json!(bench.id));
    assert_eq!(writes[0].id, bench.id.to_string());
    let (seen, _) = bench.post(Rule::always(Kind::InvalidJson)).await;
    assert!(seen.status == 201 && seen.json().is_null());
}

#[tokio::test]
async fn a_fault_on_one_asset_meets_the_batch_that_it_is_in() {
    let bench = Bench::new().await;
    let truth = bench.caller.simulator.truth();
    let ids: Vec<i64> = truth
        .configurations
        .values()
        .filter(|row| row.is_active())
        .take(3)
        .map(|row| row.id.parse().unwrap())
        .collect();
    let batch = || {
        let items: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "inactive": true })).collect();
        bench.caller.request("POST", "/Asset").json(&items)
    };
    let last = ids[2];
    let seen = bench.send(Rule::on_configuration(Kind::Forbidden, last), batch()).await;
    assert_eq!((seen.status, bench.caller.simulator.writes().len()), (403, 0));
    let seen = bench.send(Rule::on_configuration(Kind::Forbidden, 999_999), batch()).await;
    assert_eq!((seen.status, bench.caller.simulator.writes().len()), (201, 3));
    // A lie is about that one asset only.
    let bench = Bench::new().await;
    let items: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "inactive": true })).collect();
    let request = bench.caller.request("POST", "/Asset").json(&items);
    let seen = bench.send(Rule::on_configuration(Kind::FalseOk, last), request).await;
    let said: Vec<Value> = rows(&seen.json()).iter().map(|row| row["inactive"].clone()).collect();
    assert_eq!(said, [json!(true), json!(true), json!(false)]);
    assert_eq!(bench.caller.simulator.writes().len(), 2);
}

#[tokio::test]
async fn lists_that_do_not_add_up() {
    let bench = Bench::new().await;
    let path = "/Asset?pageinate=true&page_size=40";
    let ids = |seen: &Seen| -> Vec<i64> {
        rows(&seen.json()).iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let plain = || Rule::always(Kind::Slow).lasting(Duration::ZERO);
    let first = ids(&bench.get(plain(), path).await);
    let second = ids(&bench.get(plain(), &format!("{path}&page_no=2")).await);
    assert_eq!(ids(&bench.get(Rule::always(Kind::DroppedPage), path).await), second);
    assert_eq!(ids(&bench.get(Rule::always(Kind::RepeatedPage), &format!("{path}&page_no=2")).await), first);
    assert_eq!(ids(&bench.get(Rule::always(Kind::ShortenedPage), path).await), first[..39]);
    let filtered = format!("{path}&client_id=1");
    assert_eq!(ids(&bench.get(Rule::always(Kind::FilterIgnored), &filtered).await).len(), 40);
    assert!(ids(&bench.get(plain(), &filtered).await).len() <= 6);
    let one = "/Asset?pageinate=true&page_size=1";
    let count = |seen: &Seen| seen.json()["record_count"].as_i64().unwrap();
    let right = count(&bench.get(plain(), one).await);
    assert_eq!(count(&bench.get(Rule::always(Kind::LyingCount), one).await), right + 1);
    let poisoned = Rule::on_configuration(Kind::PoisonRow, first[10]);
    let seen = bench.get(poisoned.clone(), path).await;
    assert_eq!((seen.status, seen.body.as_str()), (500, ""));
    assert_eq!(bench.get(poisoned, &format!("{path}&page_no=2")).await.status, 200);
    bench.get(Rule::always(Kind::RowsAdded), path).await;
    assert_eq!(count(&bench.get(plain(), one).await), right + 1);
    assert!(bench.caller.simulator.writes().is_empty() && bench.caller.simulator.all_writes()[0].by_others);
}

#[tokio::test]
async fn shapes_nobody_promised() {
    let bench = Bench::new().await;
    let path = "/Asset?pageinate=true&page_size=10";
    let first = |seen: &Seen| rows(&seen.json())[0].clone();
    assert!(first(&bench.get(Rule::always(Kind::NumbersAsStrings), path).await)["client_id"].is_string());
    assert!(first(&bench.get(Rule::always(Kind::ExtraFields), path).await)["futureMember"].is_object());
    let whole = first(&bench.get(Rule::always(Kind::Slow).lasting(Duration::ZERO), path).await);
    let missing = bench.get(Rule::always(Kind::MissingFields), "/AssetGroup").await;
    assert!(first(&missing).as_object().unwrap().len() < 3, "{missing:?}");
    let null = bench.get(Rule::always(Kind::NullFields), "/AssetGroup").await;
    assert!(first(&null).as_object().unwrap().values().any(Value::is_null), "{null:?}");
    assert!(whole["client_id"].is_i64());
}

#[tokio::test]
async fn a_throttled_sign_in_is_throttled_like_the_rest() {
    let bench = Bench::new().await;
    let rule = Rule::always(Kind::ThrottledBare).on_route("/auth/token");
    let seen = bench.send(rule.clone(), bench.caller.token_request(&[("scope", "read:assets")])).await;
    assert_eq!(seen.status, 429);
    assert_eq!(bench.get(rule, "/Tags").await.status, 200);
}
