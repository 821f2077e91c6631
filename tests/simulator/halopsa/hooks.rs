//! Webhooks: made, bound to events, and told.

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use mothball::simulator::Options;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Caller, answer, rows, switched};

/// A receiver on loopback, and what it is sent: the `Authorization` header and the body.
async fn receiver() -> (String, UnboundedReceiver<(String, Value)>) {
    let (tell, told) = unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let take = move |headers: HeaderMap, body: Bytes| {
        let auth = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        tell.send((auth.unwrap_or_default(), serde_json::from_slice(&body).unwrap())).unwrap();
        async {}
    };
    let router = Router::new().route("/hook", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, told)
}

/// Makes a webhook for changed assets, and binds it.
async fn bind(caller: &Caller, url: &str, payload: i64) -> Value {
    let hook = json!([{
        "name": "assets", "url": url, "authentication_type": 1, "basic_username": "mothball", "basic_password": "s3cret",
        "payload_type": payload, "events": [{ "eventno": 122 }],
    }]);
    let (status, hook) = caller.post("/Webhook", hook).await;
    assert_eq!(status, 201);
    let events = caller.read("/Lookup?lookupid=64").await;
    let updated = rows(&events).iter().find(|row| row["name"] == "Asset Updated").unwrap();
    let binding = json!([{ "eventno": updated["id"], "name": "Asset Updated", "type": -2, "delivery_method": 6, "webhook_id": hook["id"] }]);
    assert_eq!(caller.post("/Notification", binding).await.0, 201);
    hook
}

#[tokio::test]
async fn a_change_is_told_to_the_webhook_that_is_bound_to_it() {
    let caller = Caller::start(Options::default()).await;
    let (url, mut told) = receiver().await;
    let hook = bind(&caller, &url, 1).await;
    // What a webhook says of its events is dropped, and its password is not told again.
    assert!(hook.get("events").is_none() && hook.get("basic_password").is_none());
    let id = caller.ids("/Asset").await[3];
    caller.post("/Asset", json!([{ "id": id, "inactive": true }])).await;
    let (auth, body) = told.recv().await.unwrap();
    assert_eq!(auth, "Basic bW90aGJhbGw6czNjcmV0");
    assert_eq!(
        (&body["event"], &body["object_id"], &body["webhook_id"]),
        (&json!("asset updated"), &json!(id), &hook["id"])
    );
    assert_eq!((&body["asset"]["id"], &body["asset"]["inactive"]), (&json!(id), &json!(true)));
    let at = body["timestamp"].as_str().unwrap();
    assert_eq!(at.rsplit('.').next().unwrap().len(), 8, "{at}");
    assert_ne!(body["id"], json!(id));
    let events = caller.read("/WebhookEvent").await;
    assert_eq!((rows(&events).len(), &rows(&events)[0]["entity_id"]), (1, &json!(id)));
    // What others do is told as well.
    caller.simulator.edit(|edits| edits.set_active(&id.to_string(), true));
    assert_eq!(told.recv().await.unwrap().1["asset"]["inactive"], json!(false));
}

#[tokio::test]
async fn a_payload_may_be_less_than_everything() {
    for (payload, members) in [(0, Some(false)), (2, None)] {
        let caller = Caller::start(Options::default()).await;
        let (url, mut told) = receiver().await;
        bind(&caller, &url, payload).await;
        let id = caller.ids("/Asset").await[3];
        caller.post("/Asset", json!([{ "id": id, "inactive": true }])).await;
        let (_, body) = told.recv().await.unwrap();
        let has_type = body.get("asset").map(|asset| asset.get("assettype_id").is_some());
        assert_eq!(has_type, members);
    }
}

#[tokio::test]
async fn deliveries_may_be_grouped() {
    let caller = Caller::start(switched("webhook_batches", "true")).await;
    let (url, mut told) = receiver().await;
    bind(&caller, &url, 0).await;
    let ids = caller.ids("/Asset").await;
    caller
        .post("/Asset", json!([{ "id": ids[3], "inactive": true }, { "id": ids[4], "inactive": true }]))
        .await;
    let (_, body) = told.recv().await.unwrap();
    let told: Vec<_> = body.as_array().unwrap().iter().map(|event| event["object_id"].clone()).collect();
    assert_eq!(told, [json!(ids[3]), json!(ids[4])]);
}

#[tokio::test]
async fn a_webhook_needs_an_address_and_can_be_taken_away() {
    let caller = Caller::start(Options::default()).await;
    assert_eq!(
        caller.post("/Webhook", json!([{ "name": "test" }])).await,
        (400, json!("Please enter a valid URL"))
    );
    let (url, mut told) = receiver().await;
    let hook = bind(&caller, &url, 0).await;
    let id = hook["id"].as_str().unwrap();
    // A POST of a part keeps the rest.
    caller.post("/Webhook", json!([{ "id": id, "name": "renamed" }])).await;
    let one = caller.read(&format!("/Webhook/{id}")).await;
    assert_eq!((&one["name"], &one["url"]), (&json!("renamed"), &json!(url)));
    assert_eq!(answer(caller.request("DELETE", &format!("/Webhook/{id}"))).await.0, 200);
    assert_eq!(caller.get(&format!("/Webhook/{id}")).await.0, 404);
    let asset = caller.ids("/Asset").await[3];
    caller.post("/Asset", json!([{ "id": asset, "inactive": true }])).await;
    assert_eq!(caller.read("/WebhookEvent").await["events"], json!([]));
    assert!(told.try_recv().is_err());
}
