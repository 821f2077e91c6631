//! What is refused: no token, the wrong one, one without the scope; bodies that are no inputs; runs that are not there.

use mothball::store::Right;
use reqwest::Method;
use serde_json::json;

use super::server::{Server, uniform};
use crate::support::world::World;

/// Every route that needs a token, with the scopes of which one is enough.
const ROUTES: &[(&str, &str, &[Right])] = &[
    ("GET", "/v1/runs", &[Right::Read]),
    ("POST", "/v1/runs", &[Right::Trigger]),
    ("GET", "/v1/runs/nobody", &[Right::Read]),
    ("GET", "/v1/runs/nobody/report", &[Right::Read]),
    ("GET", "/v1/runs/nobody/events", &[Right::Read]),
    ("POST", "/v1/runs/nobody/approve", &[Right::Approve]),
    ("POST", "/v1/runs/nobody/reject", &[Right::Approve]),
    ("POST", "/v1/runs/nobody/cancel", &[Right::Trigger, Right::Approve]),
    ("POST", "/v1/runs/nobody/resume", &[Right::Trigger]),
    ("POST", "/v1/runs/nobody/undo", &[Right::Trigger]),
    ("GET", "/metrics", &[Right::Read]),
];

/// A server that does nothing but answer.
async fn idle() -> Server {
    Server::with(World::new(uniform(1)).await, 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_its_scopes_allow_and_nothing_else() {
    let server = idle().await;
    for right in [Right::Read, Right::Trigger, Right::Approve] {
        let token = server.new_token("one", &[right]).await;
        for (method, path, enough) in ROUTES {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = server.request(&method, path, &token);
            let request = if method == Method::POST { request.json(&json!({})) } else { request };
            let answered = server.send(&method, path, request).await;
            if enough.contains(&right) {
                // Let in; whether there is anything to do is another matter.
                assert!(matches!(answered.status, 200 | 404 | 422), "{method} {path}: {}", answered.status);
            } else {
                assert_eq!(
                    (answered.status, answered.json()["code"].as_str()),
                    (403, Some("NotAllowed")),
                    "{path}"
                );
            }
        }
    }
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_token_in_force_is_told_the_same_whatever_is_wrong_with_it() {
    let server = idle().await;
    let revoked = server.new_token("gone", &[Right::Read]).await;
    let id = revoked.split('_').nth(1).unwrap();
    server.service.store.revoke_token(id, server.service.now()).await.unwrap();
    let changed = format!("{}x", &server.token[..server.token.len() - 1]);
    let mut told = std::collections::BTreeSet::new();
    for (method, path, _) in ROUTES {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        for token in ["", "mb_", "nonsense", revoked.as_str(), changed.as_str()] {
            let request = server.request(&method, path, token);
            let request = if method == Method::POST { request.json(&json!({})) } else { request };
            let answered = server.send(&method, path, request).await;
            assert_eq!(answered.status, 401, "{method} {path} {token}");
            assert_eq!(answered.headers["www-authenticate"], "Bearer");
            told.insert(answered.text);
        }
        let basic = server.request(&method, path, "").basic_auth("ci", Some(&server.token)).json(&json!({}));
        assert_eq!(server.send(&method, path, basic).await.status, 401);
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(server.service.metrics.delays() > 0, "so many failures were slowed");
    // Whoever has one is let in all the same.
    assert_eq!(server.get("/v1/runs").await.status, 200);
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_inputs_are_refused_with_what_is_wrong() {
    let server = idle().await;
    let post = async |media: Option<&str>, body: &str| {
        let mut request = server.request(&Method::POST, "/v1/runs", &server.token).body(body.to_owned());
        if let Some(media) = media {
            request = request.header("content-type", media);
        }
        let answered = server.send(&Method::POST, "/v1/runs", request).await;
        (answered.status, answered.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    let json = Some("application/json");
    for media in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")]
    {
        assert_eq!(post(media, r#"{"client_id":"1"}"#).await.0, 415, "{media:?}");
    }
    assert_eq!(post(json, "").await.0, 400);
    assert_eq!(post(json, "{").await.0, 400);
    for (body, said) in [
        ("[]", "expected"),
        ("null", "expected"),
        ("{}", "give one of them"),
        (r#"{"client_id":"1","all":true}"#, "give one of them"),
        (r#"{"client_id":" "}"#, "means nobody"),
        (r#"{"client_id":1}"#, "expected a string"),
        (r#"{"client_id":"1","max_changes":9}"#, "unknown field `max_changes`"),
        (r#"{"client_id":"1","attended":true}"#, "unknown field `attended`"),
        (r#"{"client_id":"1","offboarded_statuses":[]}"#, "an empty list names nothing"),
    ] {
        let (status, detail) = post(json, body).await;
        assert_eq!(status, 422, "{body}");
        assert!(detail.contains(said), "{body}: {detail}");
    }
    let (status, detail) = post(json, r#"{"client_id":"1","profile":"other"}"#).await;
    assert!(status == 404 && detail.contains("no profile"), "{detail}");
    let (status, detail) = post(json, r#"{"client_id":"1","offboarded_statuses":["Active"]}"#).await;
    assert!(status == 403 && detail.contains("may only narrow"), "{detail}");
    assert_eq!(post(Some("application/json; charset=utf-8"), r#"{"client_id":"1"}"#).await.0, 202);
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_address_and_the_headers_is_checked_too() {
    let server = idle().await;
    for path in ["/v1/runs?limit=0", "/v1/runs?limit=501", "/v1/runs?limit=x", "/v1/runs?offset=1"] {
        assert_eq!(server.get(path).await.status, 422, "{path}");
    }
    for path in ["/v1/runs?wait=301", "/v1/runs?wait=-1", "/v1/runs?dry_run=true"] {
        assert_eq!(server.post(path, json!({ "client_id": "1" })).await.status, 422, "{path}");
    }
    for (path, body) in [
        ("/v1/runs/nobody", None),
        ("/v1/runs/%00", None),
        ("/v1/runs/%FF", None),
        ("/v1/runs/nobody/report", None),
        ("/v1/runs/nobody/events", None),
        ("/v1/runs/nobody/approve", Some(json!({}))),
        ("/v1/runs/nobody/undo", Some(json!({}))),
        ("/v1/nothing", None),
        ("/", None),
    ] {
        let answered = match body {
            Some(body) => server.post(path, body).await,
            None => server.get(path).await,
        };
        assert_eq!(answered.status, 404, "{path}");
    }
    for (method, path) in
        [("DELETE", "/v1/runs"), ("PUT", "/v1/runs/x"), ("OPTIONS", "/v1/runs"), ("GET", "/v1/runs/x/undo")]
    {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answered = server.send(&method, path, server.request(&method, path, &server.token)).await;
        assert_eq!(answered.status, 405, "{method} {path}");
        assert!(answered.headers.contains_key("allow"), "{method} {path}");
    }
    let path = "/v1/runs/x/events";
    let request = server.request(&Method::GET, path, &server.token).header("last-event-id", "x");
    assert_eq!(server.send(&Method::GET, path, request).await.status, 422);
    let long = "k".repeat(256);
    let request = server.request(&Method::POST, "/v1/runs", &server.token).header("idempotency-key", long);
    let answered = server.send(&Method::POST, "/v1/runs", request.json(&json!({ "client_id": "1" }))).await;
    assert_eq!(answered.status, 422);
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_the_server_needs_no_token_and_the_metrics_do() {
    let server = idle().await;
    for path in ["/healthz", "/readyz"] {
        let answered = server.send(&Method::GET, path, server.request(&Method::GET, path, "")).await;
        assert_eq!((answered.status, answered.json()), (200, json!({ "status": "ok" })), "{path}");
    }
    server.post("/v1/runs", json!({ "client_id": "1" })).await;
    let metrics = server.get("/metrics").await;
    for line in [
        r#"mothball_jobs{stage="waiting"} 1"#,
        r#"mothball_http_requests_total{route="/v1/runs",status="202"} 1"#,
        "# EOF",
    ] {
        assert!(metrics.text.contains(line), "{line} in {}", metrics.text);
    }
    let (service, address) = (server.service.clone(), server.address);
    server.check().await;
    service.store.close().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it listens no longer");
}
