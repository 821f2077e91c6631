//! A run that waits is decided about by whoever holds a token for it, in the token's name.

use mothball::store::Right;
use serde_json::json;

use super::server::{Server, on_every_store, uniform};
use crate::{
    engine::offboarded,
    support::world::{Place, World},
};

async fn a_part_is_approved_and_the_rest_is_left_alone(place: Place) {
    let server = Server::at(&place, 1).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let run = server.parked(&client).await;
    let report = server.get(&format!("/v1/runs/{run}/report")).await.json();
    let first = report["configs"][0]["config_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/runs/{run}/approve");
    for (wrong, status) in [
        (json!({ "only": ["999999"] }), 409),
        (json!({ "only": [first], "except": [first] }), 422),
        // Not all of it: whoever made this list meant something else.
        (json!({ "only": [] }), 422),
        (json!({ "except": [] }), 422),
        (json!({ "only": [first, first] }), 422),
    ] {
        assert_eq!(server.post(&path, wrong.clone()).await.status, status, "{wrong}");
    }
    let approved = server.post(&path, json!({ "except": [first] })).await;
    assert_eq!(approved.status, 202, "{}", approved.text);
    let done = server.once_done(&run).await;
    assert_eq!((done["state"].as_str(), done["counts"]["changed"].as_u64()), (Some("finished"), Some(3)));
    let report = server.get(&format!("/v1/runs/{run}/report")).await.json();
    assert_eq!(report["approved_by"], "ci");
    assert!(!server.world.simulator.writes().iter().any(|write| write.id == first));
    let again = server.post(&path, json!({})).await;
    assert_eq!((again.status, again.json()["code"].as_str()), (409, Some("WrongState")));
    server.check().await;
}

async fn a_run_is_rejected_once_and_nothing_is_written(place: Place) {
    let server = Server::at(&place, 1).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let run = server.parked(&client).await;
    let cancelled = server.post(&format!("/v1/runs/{run}/cancel"), json!({})).await;
    assert_eq!(cancelled.status, 409, "it is to be rejected instead");
    let rejected = server.post(&format!("/v1/runs/{run}/reject"), json!({})).await;
    assert_eq!((rejected.status, rejected.json()["state"].as_str()), (200, Some("rejected")));
    for decision in ["approve", "reject", "resume"] {
        assert_eq!(
            server.post(&format!("/v1/runs/{run}/{decision}"), json!({})).await.status,
            409,
            "{decision}"
        );
    }
    assert!(server.world.simulator.writes().is_empty());
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_are_those_of_two_tokens() {
    let mut world = World::new(uniform(1)).await;
    let client = offboarded(&world.simulator)[0].clone();
    world.engine.profile.safeguards.four_eyes = true;
    let server = Server::with(world, 2).await;
    // No approval was asked for: the settings want one.
    let report = server.run_to_its_end(json!({ "client_id": client, "requested_by": "Joe" })).await;
    assert_eq!(report["state"], "awaiting_approval");
    let run = report["run_id"].as_str().unwrap();
    let path = format!("/v1/runs/{run}/approve");
    let own = server.post(&path, json!({})).await;
    assert_eq!((own.status, own.json()["code"].as_str()), (403, Some("SafeguardRefused")), "{}", own.text);
    let behalf = server.new_token("joe", &[Right::Approve]).await;
    assert_eq!(server.post_as(&behalf, &path, json!({})).await.status, 403, "it was asked for on his behalf");
    let other = server.new_token("jane", &[Right::Approve]).await;
    assert_eq!(server.post_as(&other, &path, json!({})).await.status, 202);
    assert_eq!(server.once_done(run).await["state"], "finished");
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn require_approval_of_the_settings_cannot_be_turned_off() {
    let mut world = World::new(uniform(1)).await;
    let client = offboarded(&world.simulator)[0].clone();
    world.engine.profile.safeguards.require_approval = true;
    let server = Server::with(world, 2).await;
    let report = server.run_to_its_end(json!({ "client_id": client, "require_approval": false })).await;
    assert_eq!(report["state"], "awaiting_approval");
    assert!(server.world.simulator.writes().is_empty());
    server.check().await;
}

on_every_store!(a_part_is_approved_and_the_rest_is_left_alone, a_run_is_rejected_once_and_nothing_is_written,);
