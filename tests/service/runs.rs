//! Runs asked for, followed, reported, undone.

use std::sync::Arc;

use mothball::{
    domain::{
        Origin, RunId,
        notice::{Occasion, Preset},
    },
    http::Network,
    service::{
        Task,
        notify::{Notifier, Tally, Target},
        webhooks::Look,
    },
    store::{NewJob, Put},
    system::Clock,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Server, on_every_store, uniform};
use crate::{
    engine::offboarded,
    support::world::{Place, World},
};

async fn a_run_is_asked_for_done_reported_and_undone(place: Place) {
    let server = Server::at(&place, 2).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let asked = json!({ "client_id": client, "reason": "left", "ticket": "815", "requested_by": "Boss" });
    let report = server.run_to_its_end(asked).await;
    assert_eq!(
        (report["success"].as_bool(), report["client_id"].as_str()),
        (Some(true), Some(client.as_str()))
    );
    assert_eq!(report["statistics"]["configs_deactivated"], 4);
    assert_eq!(report["operator"], "ci");
    assert_eq!(report["requested_by"], "Boss");
    let run = report["run_id"].as_str().unwrap();
    let shown = server.get(&format!("/v1/runs/{run}")).await.json();
    assert_eq!(shown["state"], "finished");
    assert_eq!(shown["origin"], json!({ "kind": "api", "token": "ci" }));
    assert_eq!(shown["counts"], json!({ "items": 4, "changed": 4, "skipped": 0, "errors": 0 }));
    assert_eq!(shown["trouble"], Value::Null);
    let again = server.get(&format!("/v1/runs/{run}/report")).await.json();
    assert_eq!(again, report);

    let undo = server.post(&format!("/v1/runs/{run}/undo"), json!({ "reason": "came back" })).await;
    assert_eq!(undo.status, 202);
    let undone = server.once_done(&undo.run()).await;
    assert_eq!((undone["state"].as_str(), undone["kind"].as_str()), (Some("finished"), Some("undo")));
    assert_eq!(undone["parent"], run);
    assert_eq!(undone["counts"]["changed"], 4);
    let list = server.get("/v1/runs?limit=10").await.json();
    let ids: Vec<&str> =
        list["runs"].as_array().unwrap().iter().map(|run| run["run_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [undo.run().as_str(), run]);
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_and_the_settings_dry_run_cannot_be_turned_off() {
    let mut world = World::new(uniform(1)).await;
    let client = offboarded(&world.simulator)[0].clone();
    world.engine.profile.safeguards.dry_run = true;
    let server = Server::with(world, 2).await;
    for asked in
        [json!({ "client_id": client, "dry_run": false }), json!({ "client_id": client, "dry_run": true })]
    {
        let report = server.run_to_its_end(asked).await;
        assert_eq!(report["dry_run"], true);
        assert_eq!(report["statistics"]["configs_skipped"], 4);
    }
    assert!(server.world.simulator.writes().is_empty());
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_unattended_runs_hold() {
    let server = Server::new(4).await;
    let report = server.run_to_its_end(json!({ "all": true })).await;
    assert_eq!((report["state"].as_str(), report["success"].as_bool()), (Some("refused"), Some(false)));
    let codes: Vec<&str> =
        report["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"SafeguardRefused"), "{codes:?}");
    assert!(server.world.simulator.writes().is_empty());
    server.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_not_there_is_told_by_the_report() {
    let server = Server::new(1).await;
    let report = server.run_to_its_end(json!({ "client_name": "Nobody & Sons" })).await;
    assert_eq!(report["errors"][0]["code"], "ClientNotFound");
    server.check().await;
}

/// One server-sent event: its id, its name, its data.
fn parsed(text: &str) -> Vec<(u64, String, Value)> {
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned)
    };
    text.split("\n\n")
        .filter(|block| block.contains("data: "))
        .map(|block| {
            let id = field(block, "id").unwrap().parse().unwrap();
            let data = serde_json::from_str(&field(block, "data").unwrap()).unwrap();
            (id, field(block, "event").unwrap(), data)
        })
        .collect()
}

async fn events_come_once_in_order_and_go_on_from_where_one_was(place: Place) {
    let server = Server::at(&place, 1).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let run = server.post("/v1/runs", json!({ "client_id": client })).await.run();
    // Followed from before it began to its end.
    let path = format!("/v1/runs/{run}/events");
    let whole = server.get(&path).await;
    assert_eq!(whole.headers["content-type"], "text/event-stream");
    let events = parsed(&whole.text);
    let ids: Vec<u64> = events.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>());
    let stored = server.service.store.run(&RunId::from(run.as_str())).await.unwrap().unwrap();
    let journal: Vec<Value> =
        stored.events.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    assert_eq!(events.iter().map(|(_, _, data)| data.clone()).collect::<Vec<_>>(), journal);
    assert!(events.iter().all(|(_, name, data)| data["event"] == *name));
    assert_eq!(events.last().unwrap().1, "ended");
    for last in [1, 5, events.len()] {
        let request = server.request(&Method::GET, &path, &server.token).header("last-event-id", last);
        let rest = server.send(&Method::GET, &path, request).await;
        assert_eq!(parsed(&rest.text), events[last..]);
    }
    server.check().await;
}

async fn what_only_waits_is_shown_listed_and_cancelled(place: Place) {
    let server = Server::with(World::at(&place, uniform(1)).await, 0).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let asked = json!({ "client_id": client, "reason": "left", "dry_run": true });
    let run = server.post("/v1/runs", asked).await.run();
    let path = format!("/v1/runs/{run}");
    let shown = server.get(&path).await.json();
    assert_eq!((shown["state"].as_str(), shown["reason"].as_str()), (Some("queued"), Some("left")));
    assert_eq!((shown["dry_run"].as_bool(), shown["operator"].as_str()), (Some(true), Some("ci")));
    assert_eq!(server.get("/v1/runs").await.json()["runs"][0]["run_id"], *run);
    assert_eq!(server.get(&format!("{path}/report")).await.status, 409);
    for decision in ["approve", "reject", "resume", "undo"] {
        assert_eq!(server.post(&format!("{path}/{decision}"), json!({})).await.status, 409, "{decision}");
    }
    // Nobody works here, so waiting for the report ends without one.
    let waited = server.post("/v1/runs?wait=1", json!({ "client_id": client })).await;
    assert_eq!((waited.status, waited.json()["state"].as_str()), (202, Some("queued")));
    let cancelled = server.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!((cancelled.status, cancelled.json()["state"].as_str()), (202, Some("not_begun")));
    assert!(cancelled.json()["trouble"].as_str().unwrap().contains("cancelled by ci"));
    assert_eq!(server.post(&format!("{path}/cancel"), json!({})).await.status, 409);
    server.check().await;
}

/// What is done besides in the queue: a look that came to nothing, one that waits, and word of a run to somebody who is away.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_run_is_not_among_the_runs() {
    let server = Server::new(1).await;
    let target = Target {
        name: "duty".to_owned(),
        url: "http://127.0.0.1:1/hook".to_owned().into(),
        preset: Preset::Json,
        events: vec![Occasion::Waiting],
        profiles: Vec::new(),
        client_names: false,
        link: None,
    };
    let network = Arc::new(Network::new(None).unwrap());
    let notifier = Notifier::new(vec![target], network, Clock::system(), Tally::default());
    assert!(server.service.notifier.set(Arc::new(notifier)).is_ok());
    let client = offboarded(&server.world.simulator)[0].clone();
    let run = server.parked(&client).await;
    let look = async |after: i64| {
        let (run, at) = (server.service.new_run(), server.service.now());
        let job = NewJob {
            run: run.clone(),
            profile: "test".to_owned(),
            task: Task::Look { at: Look::Client("999999".into()) }.to_value(),
            origin: Origin::Webhook { event: "event".to_owned() },
            at,
            not_before: at.plus_seconds(after),
            once: None,
            lane: None,
        };
        assert_eq!(server.service.store.put_job(&job).await.unwrap(), Put::New);
        run.to_string()
    };
    let (done, waiting) = (look(0).await, look(3_600).await);
    assert_eq!(server.once_done(&done).await["state"], "not_begun");
    let jobs = server.service.store.jobs().await.unwrap();
    let kept: Vec<&str> = jobs.iter().map(|job| job.new.run.as_str()).collect();
    assert!(kept.contains(&waiting.as_str()), "{kept:?}");
    assert!(kept.iter().any(|job| job.starts_with("notice:duty:")), "{kept:?}");
    let asked = server.post("/v1/runs", json!({ "client_id": client, "dry_run": true })).await.run();
    server.once_done(&asked).await;
    let list = server.get("/v1/runs").await.json();
    let ids: Vec<&str> =
        list["runs"].as_array().unwrap().iter().map(|run| run["run_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [asked.as_str(), run.as_str()]);
    server.check().await;
}

async fn a_server_that_ends_leaves_its_runs_to_the_next_one(place: Place) {
    let mut options = uniform(1);
    options.latency = std::time::Duration::from_millis(20);
    let server = Server::with(World::at(&place, options).await, 2).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let run = server.post("/v1/runs", json!({ "client_id": client })).await.run();
    // Ended while it looks or writes, whatever comes first.
    while server.world.simulator.count() < 3 {
        tokio::task::yield_now().await;
    }
    let (world, left) = server.stop().await;
    assert_eq!(left.interrupted, 1);
    let server = Server::with(world, 2).await;
    let done = server.once_done(&run).await;
    assert_eq!(done["state"], "finished", "{done}");
    assert_eq!(done["counts"]["changed"], 4);
    assert_eq!(server.world.simulator.writes().len(), 4, "each once");
    server.check().await;
}

async fn a_run_that_goes_on_is_cancelled_in_good_order(place: Place) {
    let mut options = uniform(1);
    options.latency = std::time::Duration::from_millis(20);
    let server = Server::with(World::at(&place, options).await, 2).await;
    let client = offboarded(&server.world.simulator)[0].clone();
    let run = server.post("/v1/runs", json!({ "client_id": client })).await.run();
    while server.world.simulator.count() < 3 {
        tokio::task::yield_now().await;
    }
    let told = server.post(&format!("/v1/runs/{run}/cancel"), json!({})).await;
    assert_eq!(told.status, 202, "{}", told.text);
    let done = server.once_done(&run).await;
    assert_eq!(done["state"], "cancelled", "{done}");
    assert_eq!(server.post(&format!("/v1/runs/{run}/cancel"), json!({})).await.status, 409);
    server.check().await;
}

on_every_store!(
    a_run_is_asked_for_done_reported_and_undone,
    events_come_once_in_order_and_go_on_from_where_one_was,
    what_only_waits_is_shown_listed_and_cancelled,
    a_server_that_ends_leaves_its_runs_to_the_next_one,
    a_run_that_goes_on_is_cancelled_in_good_order,
);
