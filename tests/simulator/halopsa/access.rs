//! Signing in, what a token allows and how long, and how many requests are let through.

use std::time::Duration;

use mothball::{
    simulator::{Options, Switches},
    system::Clock,
};
use serde_json::json;
use tower::ServiceExt;

use super::{Caller, answer, switched};

#[tokio::test]
async fn the_way_to_the_token_is_found_without_credentials() {
    let caller = Caller::signed_out(Options::default()).await;
    let base = caller.simulator.base_url();
    let (status, body) = answer(caller.http.get(format!("{base}/api/AuthInfo"))).await;
    assert_eq!(
        (status, &body["auth_url"], &body["tenant_id"]),
        (200, &json!(format!("{base}/auth")), &json!("fabrikam"))
    );
    // Whoever came by another name is led back by it.
    let proxied = caller.http.get(format!("{base}/api/AuthInfo")).header("host", "acme.halopsa.example");
    let told = answer(proxied.header("x-forwarded-proto", "https")).await.1;
    assert_eq!(told["auth_url"], "https://acme.halopsa.example/auth");
    assert_eq!(answer(caller.http.get(format!("{base}/api/instanceinfo"))).await.0, 200);
    assert_eq!(caller.simulator.notes(), [] as [String; 0]);
    answer(caller.http.get(format!("{base}/api/AuthInfo")).bearer_auth("x")).await;
    assert!(caller.simulator.notes()[0].contains("needs none"), "{:?}", caller.simulator.notes());
}

#[tokio::test]
async fn the_tenant_may_come_in_the_query_in_the_form_or_not_at_all() {
    let caller = Caller::signed_out(Options::default()).await;
    let credentials = caller.simulator.credentials();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", credentials["client_id"].as_str()),
        ("client_secret", credentials["client_secret"].as_str()),
        ("scope", "read:assets edit:assets"),
        ("tenant", "fabrikam"),
    ];
    let plain = format!("{}/auth/token", caller.simulator.base_url());
    for request in [
        caller.http.post(format!("{plain}?tenant=fabrikam")).form(&form[..4]),
        caller.http.post(&plain).form(&form),
        caller.http.post(&plain).form(&form[..4]),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
        assert_eq!(body["scope"], json!("read:assets edit:assets"));
    }
    for (how, wanted) in [("refused", 401), ("server_error", 500), ("ignored", 200)] {
        let mut switches = Switches::default();
        switches.set("halopsa", &format!("wrong_tenant={how}")).unwrap();
        caller.simulator.set_switches(&switches);
        let request = caller.http.post(format!("{plain}?tenant=other")).form(&form[..4]);
        assert_eq!(answer(request).await.0, wanted, "{how}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_an_invalid_client() {
    for (switch, wanted) in [("401", 401), ("400", 400)] {
        let caller = Caller::signed_out(switched("bad_client_status", switch)).await;
        for wrong in [("client_secret", "guess"), ("client_id", "guess")] {
            let (status, body) = answer(caller.token_request(&[wrong])).await;
            assert_eq!((status, &body["error"]), (wanted, &json!("invalid_client")));
            assert!(body["error_description"].is_string());
        }
        let seen = caller.simulator.requests();
        assert!(seen.len() == 2 && seen.iter().all(|request| !request.authorised));
        let (status, body) = answer(caller.token_request(&[("grant_type", "password")])).await;
        assert_eq!((status, &body["error"]), (400, &json!("unsupported_grant_type")));
    }
}

#[tokio::test]
async fn without_a_good_token_the_answer_is_an_empty_401() {
    let mut caller = Caller::signed_out(Options::default()).await;
    for token in ["", "guess"] {
        caller.token = token.to_owned();
        assert_eq!(caller.get("/Asset").await, (401, json!("")));
        assert_eq!(caller.post("/Asset", json!([])).await, (401, json!("")));
    }
}

#[tokio::test]
async fn a_token_allows_what_was_asked_for_and_no_more() {
    let mut caller = Caller::signed_out(Options::default()).await;
    caller.token = caller.sign_in("read:assets").await;
    assert_eq!(caller.get("/Asset?client_id=1").await.0, 200);
    assert_eq!(caller.get("/Client").await, (403, json!("")));
    assert_eq!(caller.post("/Asset", json!([{ "id": 61, "inactive": true }])).await, (403, json!("")));
    assert!(caller.simulator.notes().iter().any(|note| note.contains("lacks edit:assets")));
    assert_eq!(caller.simulator.writes(), []);
    for (how, wanted) in [
        ("unauthorized", (401, json!(""))),
        ("empty_list", (200, json!({ "record_count": 0, "clients": [] }))),
    ] {
        let mut switches = Switches::default();
        switches.set("halopsa", &format!("missing_right={how}")).unwrap();
        caller.simulator.set_switches(&switches);
        assert_eq!(caller.get("/Client").await, wanted);
    }
    // Nothing to show, but nothing to change either.
    assert_eq!(caller.post("/Client", json!([])).await.0, 403);
    // A right that is added later is in the next token.
    caller.token = caller.sign_in("read:assets read:customers").await;
    assert!(caller.ids("/Client").await.len() > 10);
}

#[tokio::test]
async fn the_agent_may_do_less_than_the_token() {
    let caller = Caller::with("agent_lacks", r#"["edit:assets","read:invoices"]"#).await;
    assert_eq!(caller.post("/Asset", json!([{ "id": 61, "inactive": true }])).await.0, 403);
    assert_eq!(caller.get("/RecurringInvoice").await.0, 403);
    let caller = Caller::with("agent_sees_only", "[1]").await;
    assert_eq!(caller.ids("/Client").await, [1]);
    assert_eq!(caller.ids("/Asset?includeinactive=true").await.len(), 6);
    let truth = caller.simulator.truth();
    let hidden = truth.configurations.values().find(|row| row.hidden).unwrap();
    assert_eq!(caller.get(&format!("/Asset/{}", hidden.id)).await.0, 404);
    let id: i64 = hidden.id.parse().unwrap();
    assert_eq!(caller.post("/Asset", json!([{ "id": id, "inactive": true }])).await.0, 404);
    assert_eq!(caller.simulator.writes(), []);
}

/// A caller in process, where time only runs when it is told to.
struct Still(Caller);

impl Still {
    async fn with(pairs: &[&str]) -> Self {
        let mut switches = Switches::default();
        for pair in pairs {
            switches.set("halopsa", pair).unwrap();
        }
        let clock = Clock::following_tokio("2026-11-26T09:00:00Z".parse().unwrap());
        let mut still = Self(Caller::signed_out(Options { clock, switches, ..Options::default() }).await);
        still.sign_in().await;
        still
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Option<String>, String) {
        let request = request.build().unwrap();
        let mut http = axum::http::Request::builder().method(request.method()).uri(request.url().as_str());
        *http.headers_mut().unwrap() = request.headers().clone();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec();
        let answer = self
            .0
            .simulator
            .router()
            .oneshot(http.body(axum::body::Body::from(body)).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        (status, retry_after, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn sign_in(&mut self) {
        let (status, _, body) = self.send(self.0.token_request(&[("scope", "read:assets")])).await;
        assert_eq!(status, 200, "{body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["access_token"].as_str().unwrap().clone_into(&mut self.0.token);
    }

    async fn get(&self, path: &str) -> u16 {
        self.send(self.0.request("GET", path)).await.0
    }
}

async fn wait(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_runs_out() {
    let mut caller = Still::with(&["token_seconds=90"]).await;
    wait(89).await;
    assert_eq!(caller.get("/Status").await, 200);
    wait(1).await;
    assert_eq!(caller.get("/Status").await, 401);
    caller.sign_in().await;
    assert_eq!(caller.get("/Status").await, 200);
}

#[tokio::test]
async fn a_token_is_revoked_and_a_secret_rotated_in_mid_run() {
    let mut caller = Caller::with("tokens_revoked_after", "2").await;
    for wanted in [200, 200, 401] {
        assert_eq!(caller.get("/Status").await.0, wanted);
    }
    caller.token = caller.sign_in("read:assets").await;
    assert_eq!(caller.get("/Status").await.0, 200);
    let caller = Caller::with("secret_rotated_after", "2").await;
    for wanted in [200, 200, 401] {
        assert_eq!(caller.get("/Status").await.0, wanted);
    }
    assert_eq!(answer(caller.token_request(&[])).await.1["error"], json!("invalid_client"));
}

#[tokio::test(start_paused = true)]
async fn seven_hundred_requests_in_five_rolling_minutes_and_no_more() {
    let caller = Still::with(&[]).await;
    for _ in 1..400 {
        assert_eq!(caller.get("/Tags").await, 200);
    }
    wait(200).await;
    for _ in 400..700 {
        assert_eq!(caller.get("/Tags").await, 200);
    }
    let limit = "\"Rate Limit Reached - 700 Requests per rolling 5 minute window.\"".to_owned();
    let too_many = (429, None, limit);
    assert_eq!(caller.send(caller.0.request("GET", "/Tags")).await, too_many);
    // It meets signing in as well.
    assert_eq!(caller.send(caller.0.request("GET", "/AuthInfo")).await, too_many);
    assert_eq!(caller.send(caller.0.token_request(&[])).await, too_many);
    // The first 400 fall out of the window together; the others are still in it.
    wait(99).await;
    assert_eq!(caller.get("/Tags").await, 429);
    wait(1).await;
    for _ in 0..400 {
        assert_eq!(caller.get("/Tags").await, 200);
    }
    assert_eq!(caller.get("/Tags").await, 429);
    assert!(caller.0.simulator.notes().iter().any(|note| note.contains("more than 700")));
}

#[tokio::test(start_paused = true)]
async fn another_limit_may_say_when_to_come_back() {
    let caller = Still::with(&["requests_per_window=300", "retry_after=true", "plain_messages=true"]).await;
    wait(100).await;
    for _ in 1..300 {
        assert_eq!(caller.get("/Tags").await, 200);
    }
    // The token, 100 seconds older than the rest, is the first to fall out.
    let limit = "Rate Limit Reached - 300 Requests per rolling 5 minute window.".to_owned();
    assert_eq!(caller.send(caller.0.request("GET", "/Tags")).await, (429, Some("200".to_owned()), limit));
}
