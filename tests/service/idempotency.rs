//! Asking again with the same key is asking once; and many may ask at the same time.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use mothball::store::Right;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Answered, Server, on_every_store, uniform};
use crate::{
    engine::offboarded,
    support::world::{Place, World},
};

async fn ask(server: &Server, token: &str, path: &str, key: &str, body: &Value) -> Answered {
    let request = server.request(&Method::POST, path, token).header("idempotency-key", key).json(body);
    server.send(&Method::POST, path, request).await
}

async fn the_same_key_is_the_same_run_and_other_inputs_are_refused(place: Place) {
    let server = Server::at(&place, 2).await;
    let clients = offboarded(&server.world.simulator);
    let body = json!({ "client_id": clients[0] });
    let first = ask(&server, &server.token, "/v1/runs?wait=120", "k1", &body).await;
    assert_eq!(first.status, 200);
    let run = first.run();
    let again = ask(&server, &server.token, "/v1/runs?wait=120", "k1", &body).await;
    assert_eq!((again.status, again.json()), (200, first.json()), "the same report");
    assert_eq!(ask(&server, &server.token, "/v1/runs", "k1", &body).await.run(), run);
    for other in [json!({ "client_id": clients[1] }), json!({ "client_id": clients[0], "dry_run": true })] {
        let refused = ask(&server, &server.token, "/v1/runs", "k1", &other).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (422, Some("IdempotencyKeyReused")));
    }
    // Another key is another run, and so is another's key.
    assert_ne!(ask(&server, &server.token, "/v1/runs", "k2", &body).await.run(), run);
    let other = server.new_token("other", &[Right::Trigger]).await;
    assert_ne!(ask(&server, &other, "/v1/runs", "k1", &body).await.run(), run);
    let undo = format!("/v1/runs/{run}/undo");
    let undone = ask(&server, &server.token, &undo, "u1", &json!({})).await.run();
    assert_eq!(ask(&server, &server.token, &undo, "u1", &json!({})).await.run(), undone);
    server.once_done(&undone).await;
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_with_one_key_are_one_run_and_with_a_thousand_keys_all_are_answered() {
    let server = Server::with(World::new(uniform(1)).await, 4).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let body = json!({ "client_id": client, "dry_run": true });
    let same = (0..1_000).map(|_| ask(&server, &server.token, "/v1/runs", "one", &body));
    let answered = join_all(same).await;
    assert!(answered.iter().all(|one| one.status == 202));
    let runs: BTreeSet<String> = answered.iter().map(Answered::run).collect();
    assert_eq!(runs.len(), 1);
    let keys: Vec<String> = (0..1_000).map(|n| format!("key {n}").replace(' ', "-")).collect();
    let each = keys.iter().map(|key| ask(&server, &server.token, "/v1/runs", key, &body));
    let answered = join_all(each).await;
    assert!(answered.iter().all(|one| one.status == 202));
    let runs: BTreeSet<String> = answered.iter().map(Answered::run).collect();
    assert_eq!(runs.len(), 1_000);
    server.check().await;
}

on_every_store!(the_same_key_is_the_same_run_and_other_inputs_are_refused,);
