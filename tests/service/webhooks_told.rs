//! From a change at the PSA to what becomes of it: the simulator's own webhooks, through the real server.

use std::time::Duration;

use mothball::{
    domain::{Origin, Phase},
    service::Service,
    simulator::{Layout, Options},
    store::{Job, RunSummary, Stage},
};
use reqwest::Method;

use super::server::Server;
use crate::support::{
    vendor,
    webhooks::{Caught, genuine, registration},
    world::World,
};

async fn world(psa: &str) -> World {
    let layout = Layout::Uniform { offboarded: 3, each: 4 };
    World::new(Options { psa: psa.to_owned(), layout, ..Options::default() }).await
}

/// A server whose PSA tells it nothing by itself.
async fn untold(psa: &str, workers: usize) -> Server {
    Server::with(world(psa).await, workers).await
}

/// A server whose PSA tells it of changes.
async fn told(psa: &str, change: impl FnOnce(&mut World)) -> Server {
    let mut world = world(psa).await;
    change(&mut world);
    let server = Server::with(world, 2).await;
    let room = vendor::room(psa);
    let connection =
        crate::support::world::connection(&server.world.simulator, room, mothball::system::Clock::system());
    let registrar = (room.webhooks.registrar)(connection).unwrap();
    registrar.register(&registration(psa, &format!("http://{}", server.address))).await.unwrap();
    server
}

/// The runs that webhooks made, once nothing is left to do.
async fn runs(service: &Service, wanted: usize) -> Vec<RunSummary> {
    let mut changes = service.store.changes();
    for _ in 0..600 {
        changes.borrow_and_update();
        let runs = service.store.runs(100).await.unwrap();
        if service.store.jobs().await.unwrap().is_empty() && runs.len() >= wanted {
            return runs;
        }
        // As long as there is no job, the webhook itself is still on its way.
        drop(tokio::time::timeout(Duration::from_millis(200), changes.changed()).await);
    }
    panic!("nothing came of it: {:#?}", service.store.jobs().await.unwrap());
}

async fn a_client_that_leaves_is_retired_without_anybody_asking(psa: &'static str) {
    let server = told(psa, |_| {}).await;
    let left = crate::engine::offboarded(&server.world.simulator).remove(0);
    // It came back and leaves again: that is the change that is told.
    server.world.simulator.edit(|edits| edits.bring_back(&left));
    server.world.simulator.edit(|edits| edits.offboard(&left));
    let runs = runs(&server.service, 1).await;
    assert_eq!(runs.len(), 1, "{runs:#?}");
    assert!(matches!(runs[0].header.origin, Origin::Webhook { .. }), "{:?}", runs[0].header);
    let truth = server.world.simulator.truth();
    let active = |client: &str| {
        truth.configurations.values().filter(|row| row.company == client && row.is_active()).count()
    };
    assert_eq!(active(&left), 0);
    for other in crate::engine::offboarded(&server.world.simulator).iter().skip(1) {
        assert_ne!(active(other), 0, "nothing was told of {other}");
    }
    let report = server.get(&format!("/v1/runs/{}/report", runs[0].header.run)).await.json();
    crate::support::schema::assert_valid(&report);
    assert_eq!((&report["state"], &report["success"]), (&"finished".into(), &true.into()), "{report}");
    server.check().await;
}

async fn what_the_settings_want_approved_waits(psa: &'static str) {
    let server = told(psa, |world| world.engine.profile.safeguards.require_approval = true).await;
    let left = crate::engine::offboarded(&server.world.simulator).remove(0);
    server.world.simulator.edit(|edits| edits.bring_back(&left));
    server.world.simulator.edit(|edits| edits.offboard(&left));
    let runs = runs(&server.service, 1).await;
    assert_eq!(runs[0].phase, Phase::AwaitingApproval, "{:?}", runs[0]);
    let of_items =
        server.world.simulator.writes().into_iter().filter(|write| !write.record.contains("Webhook"));
    assert_eq!(of_items.count(), 0, "a webhook approves nothing");
    server.check().await;
}

/// G6: whoever knows the secret can have a client looked at, and nothing else.
async fn a_genuine_webhook_that_names_a_client_that_stays_changes_nothing(psa: &'static str) {
    let server = untold(psa, 2).await;
    let left = crate::engine::offboarded(&server.world.simulator).remove(0);
    server.world.simulator.edit(|edits| edits.bring_back(&left));
    assert_eq!(send(&server, &genuine(&server.world.simulator, "test", &left).await).await, 204);
    let ended = runs(&server.service, 0).await;
    assert!(ended.is_empty(), "no run for a client that stays: {ended:#?}");
    server.check().await;
}

async fn the_same_webhook_a_hundred_times_over_is_one_job(psa: &'static str) {
    let server = untold(psa, 0).await;
    let valid = genuine(&server.world.simulator, "test", "7").await;
    for _ in 0..100 {
        assert_eq!(send(&server, &valid).await, 204);
    }
    let jobs: Vec<Job> = server.service.store.jobs().await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert!(matches!(jobs[0].stage, Stage::Waiting));
    let mut forged = valid.clone();
    forged.headers[0].1.push(b'=');
    assert_eq!(send(&server, &forged).await, 401);
    assert_eq!(server.post("/v1/webhooks/other", serde_json::json!({})).await.status, 404);
    assert_eq!(server.get("/v1/webhooks/test").await.status, 405);
    server.check().await;
}

/// Sends it as it is; the status.
async fn send(server: &Server, caught: &Caught) -> u16 {
    let path = "/v1/webhooks/test";
    let url = format!("{path}?{}", caught.query);
    let request = server.request(&Method::POST, &url, "").headers(caught.headers()).body(caught.body.clone());
    server.send(&Method::POST, path, request).await.status
}

crate::support::vendor::on_every_psa!(
    a_client_that_leaves_is_retired_without_anybody_asking,
    what_the_settings_want_approved_waits,
    a_genuine_webhook_that_names_a_client_that_stays_changes_nothing,
    the_same_webhook_a_hundred_times_over_is_one_job,
);
