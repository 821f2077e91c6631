//! Work that was put down: who gets it, once, in which order, and what becomes of it.

use std::{collections::BTreeSet, process::Command};

use mothball::{
    domain::{Origin, RunId, Timestamp},
    store::{Holder, Job, NewJob, Once, Put, Queue, SqliteStore, Stage, Store},
    system::process::Identity,
};

use super::{on_every_store, samples::*};

on_every_store!(
    a_job_comes_out_as_it_was_put_down_and_is_taken_once,
    jobs_are_taken_in_the_order_of_their_time,
    the_same_key_makes_one_job_until_it_is_over,
    a_run_has_one_open_job,
    what_an_ended_process_left_behind_is_taken_over_first,
    jobs_of_a_lane_never_go_on_together,
    a_job_that_nobody_began_can_be_dropped,
    a_job_that_was_given_back_waits_for_its_time,
    an_ended_job_is_forgotten_once_its_key_is_over,
    of_many_takers_each_job_has_one,
);

fn here() -> Holder {
    Holder { process: Identity::own(), operator: "jane".into() }
}

fn elsewhere() -> Holder {
    Holder { process: Identity { host: "another-host".into(), ..Identity::own() }, operator: "far".into() }
}

fn ended() -> Holder {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    Holder { process: Identity { pid: child.id(), ..Identity::own() }, operator: "gone".into() }
}

fn job(run: &str, seconds: i64) -> NewJob {
    NewJob {
        run: RunId::from(run),
        profile: "main".into(),
        task: serde_json::json!({ "client_id": "7", "say": "Größe ☃" }),
        origin: Origin::Api { token: "ci".into() },
        at: at(seconds),
        not_before: at(seconds),
        once: None,
        lane: None,
    }
}

fn once(run: &str, seconds: i64, key: &str, fingerprint: &str) -> NewJob {
    let once =
        Once { key: key.into(), fingerprint: fingerprint.into(), until: at(seconds).plus_seconds(3_600) };
    NewJob { once: Some(once), ..job(run, seconds) }
}

fn in_lane(run: &str, lane: &str) -> NewJob {
    NewJob { lane: Some(lane.into()), ..job(run, 0) }
}

async fn take(store: &dyn Store, holder: &Holder, now: Timestamp) -> Option<String> {
    store.take_job(holder, now).await.unwrap().map(|job| job.new.run.as_str().to_owned())
}

async fn put(store: &dyn Store, jobs: &[NewJob]) {
    for job in jobs {
        assert_eq!(store.put_job(job).await.unwrap(), Put::New);
    }
}

async fn open(store: &dyn Store) -> Vec<String> {
    store.jobs().await.unwrap().into_iter().map(|job| job.new.run.as_str().to_owned()).collect()
}

async fn a_job_comes_out_as_it_was_put_down_and_is_taken_once(store: &dyn Store) {
    let new = NewJob { lane: Some("l".into()), ..once("r1", 5, "k", "f") };
    put(store, std::slice::from_ref(&new)).await;
    assert_eq!(store.next_job().await.unwrap(), Some(at(5)));
    let waiting = Job { new: new.clone(), stage: Stage::Waiting, tries: 0 };
    assert_eq!(store.job(&new.run).await.unwrap(), Some(waiting.clone()));
    assert_eq!(store.jobs().await.unwrap(), [waiting]);
    assert_eq!(take(store, &here(), at(4)).await, None, "its time has not come");
    let taken = store.take_job(&here(), at(6)).await.unwrap().unwrap();
    let held = Job { new: new.clone(), stage: Stage::Held { by: here(), since: at(6) }, tries: 1 };
    assert_eq!(taken, held);
    assert_eq!(store.job(&new.run).await.unwrap(), Some(held.clone()));
    assert_eq!(store.jobs().await.unwrap(), [held]);
    assert_eq!(store.next_job().await.unwrap(), None);
    for other in [here(), elsewhere()] {
        assert_eq!(take(store, &other, at(7)).await, None);
    }
    store.finish_job(&new.run, at(9), Some("the secret could not be read")).await.unwrap();
    let trouble = Some("the secret could not be read".to_owned());
    let over = Job { new: new.clone(), stage: Stage::Ended { at: at(9), trouble }, tries: 1 };
    assert_eq!(store.job(&new.run).await.unwrap(), Some(over));
    assert_eq!(store.jobs().await.unwrap(), []);
    assert_eq!(store.job(&RunId::from("r2")).await.unwrap(), None);
}

async fn jobs_are_taken_in_the_order_of_their_time(store: &dyn Store) {
    put(store, &[job("late", 30), job("first", 10), job("second", 10), job("early", 5)]).await;
    assert_eq!(store.next_job().await.unwrap(), Some(at(5)));
    for expected in ["early", "first", "second"] {
        assert_eq!(take(store, &here(), at(20)).await.as_deref(), Some(expected));
    }
    assert_eq!(take(store, &here(), at(20)).await, None);
    assert_eq!(store.next_job().await.unwrap(), Some(at(30)));
    assert_eq!(take(store, &here(), at(30)).await.as_deref(), Some("late"));
}

async fn the_same_key_makes_one_job_until_it_is_over(store: &dyn Store) {
    let known = |run: &str| Put::Known(RunId::from(run));
    put(store, &[once("r1", 0, "key", "a")]).await;
    assert_eq!(store.put_job(&once("r2", 1, "key", "a")).await.unwrap(), known("r1"));
    assert_eq!(store.put_job(&once("r2", 1, "key", "b")).await.unwrap(), Put::Differs(RunId::from("r1")));
    take(store, &here(), at(2)).await;
    assert_eq!(store.put_job(&once("r2", 2, "key", "a")).await.unwrap(), known("r1"));
    store.finish_job(&RunId::from("r1"), at(3), None).await.unwrap();
    assert_eq!(store.put_job(&once("r2", 3_599, "key", "a")).await.unwrap(), known("r1"));
    assert_eq!(store.put_job(&once("r2", 3_600, "key", "b")).await.unwrap(), Put::New);
    assert_eq!(store.put_job(&once("r3", 3_601, "key", "b")).await.unwrap(), known("r2"));
    assert_eq!(store.put_job(&once("r4", 3_601, "other", "b")).await.unwrap(), Put::New);
}

async fn a_run_has_one_open_job(store: &dyn Store) {
    put(store, &[job("r1", 0)]).await;
    assert_eq!(store.put_job(&job("r1", 1)).await.unwrap(), Put::Busy);
    take(store, &here(), at(1)).await;
    assert_eq!(store.put_job(&job("r1", 2)).await.unwrap(), Put::Busy);
    store.finish_job(&RunId::from("r1"), at(3), None).await.unwrap();
    let again = NewJob { task: serde_json::json!("resume"), ..job("r1", 4) };
    assert_eq!(store.put_job(&again).await.unwrap(), Put::New, "an ended one may go on later");
    assert_eq!(store.job(&again.run).await.unwrap().unwrap().new.task, again.task, "the latest is told");
    // What is done to a run's job is done to its open one.
    take(store, &here(), at(5)).await;
    store.finish_job(&again.run, at(6), None).await.unwrap();
    store.finish_job(&again.run, at(7), Some("too late")).await.unwrap();
    store.give_back(&again.run, at(8)).await.unwrap();
    let stage = store.job(&again.run).await.unwrap().unwrap().stage;
    assert_eq!(stage, Stage::Ended { at: at(6), trouble: None });
}

async fn what_an_ended_process_left_behind_is_taken_over_first(store: &dyn Store) {
    let gone = ended();
    put(store, &[job("waits", 0), job("left", 1)]).await;
    store.give_back(&RunId::from("waits"), at(5)).await.unwrap();
    assert_eq!(take(store, &gone, at(1)).await.as_deref(), Some("left"));
    // Nobody can tell what became of a process elsewhere.
    put(store, &[job("far", 0)]).await;
    assert_eq!(take(store, &elsewhere(), at(1)).await.as_deref(), Some("far"));
    let taken = store.take_job(&here(), at(6)).await.unwrap().unwrap();
    assert_eq!((taken.new.run.as_str(), taken.tries), ("left", 2));
    assert_eq!(taken.stage, Stage::Held { by: here(), since: at(6) });
    assert_eq!(take(store, &here(), at(6)).await.as_deref(), Some("waits"));
    assert_eq!(take(store, &here(), at(6)).await, None);
}

async fn jobs_of_a_lane_never_go_on_together(store: &dyn Store) {
    let gone = ended();
    put(store, &[in_lane("a1", "a"), in_lane("a2", "a"), in_lane("b1", "b"), job("free", 0)]).await;
    assert_eq!(take(store, &gone, at(0)).await.as_deref(), Some("a1"));
    assert_eq!(take(store, &elsewhere(), at(0)).await.as_deref(), Some("b1"));
    // The lane is not free because its holder ended: the one who takes over has it.
    assert_eq!(take(store, &here(), at(0)).await.as_deref(), Some("a1"));
    assert_eq!(take(store, &here(), at(0)).await.as_deref(), Some("free"));
    assert_eq!(take(store, &here(), at(0)).await, None);
    store.give_back(&RunId::from("a1"), at(60)).await.unwrap();
    assert_eq!(take(store, &here(), at(0)).await.as_deref(), Some("a2"));
    assert_eq!(take(store, &here(), at(60)).await, None, "the other one of the lane is out");
    store.finish_job(&RunId::from("a2"), at(61), None).await.unwrap();
    assert_eq!(take(store, &here(), at(61)).await.as_deref(), Some("a1"));
}

async fn a_job_that_nobody_began_can_be_dropped(store: &dyn Store) {
    let drop = async |run: &str| store.drop_job(&RunId::from(run), at(9), "cancelled").await.unwrap();
    put(store, &[job("r1", 0), job("r2", 1), job("r3", 2)]).await;
    assert!(!drop("nobody").await);
    assert!(drop("r1").await);
    assert!(!drop("r1").await);
    let stage = store.job(&RunId::from("r1")).await.unwrap().unwrap().stage;
    assert_eq!(stage, Stage::Ended { at: at(9), trouble: Some("cancelled".into()) });
    assert_eq!(take(store, &here(), at(5)).await.as_deref(), Some("r2"));
    assert!(!drop("r2").await, "somebody is at work on it");
    store.give_back(&RunId::from("r2"), at(5)).await.unwrap();
    assert!(drop("r2").await, "it was tried, and made nothing yet");
    take(store, &here(), at(5)).await;
    store.create_run(&run("r3", 2, 0)).await.unwrap();
    store.give_back(&RunId::from("r3"), at(5)).await.unwrap();
    assert!(!drop("r3").await, "there is a run that only its worker can end");
    assert_eq!(open(store).await, ["r3"]);
}

async fn a_job_that_was_given_back_waits_for_its_time(store: &dyn Store) {
    put(store, &[job("r1", 0)]).await;
    take(store, &here(), at(0)).await;
    store.give_back(&RunId::from("r1"), at(60)).await.unwrap();
    assert_eq!(store.next_job().await.unwrap(), Some(at(60)));
    assert_eq!(take(store, &here(), at(59)).await, None);
    let again = store.take_job(&elsewhere(), at(60)).await.unwrap().unwrap();
    assert_eq!((again.tries, again.stage), (2, Stage::Held { by: elsewhere(), since: at(60) }));
}

async fn an_ended_job_is_forgotten_once_its_key_is_over(store: &dyn Store) {
    put(store, &[job("plain", 0), once("keyed", 0, "k", "f"), job("open", 0), job("later", 0)]).await;
    for run in ["plain", "keyed"] {
        store.finish_job(&RunId::from(run), at(10), None).await.unwrap();
    }
    store.finish_job(&RunId::from("later"), at(20), None).await.unwrap();
    assert_eq!(store.forget_jobs(at(20), at(3_599)).await.unwrap(), 1);
    assert!(store.job(&RunId::from("plain")).await.unwrap().is_none());
    assert!(store.job(&RunId::from("keyed")).await.unwrap().is_some(), "its key still counts");
    assert_eq!(store.forget_jobs(at(20), at(3_600)).await.unwrap(), 1);
    assert!(store.job(&RunId::from("later")).await.unwrap().is_some());
    assert_eq!(open(store).await, ["open"]);
    assert_eq!(store.put_job(&once("new", 1, "k", "g")).await.unwrap(), Put::New);
}

async fn of_many_takers_each_job_has_one(store: &dyn Store) {
    let jobs: Vec<NewJob> = (0..40).map(|n| job(&format!("r{n:02}"), 0)).collect();
    put(store, &jobs).await;
    let holders = [here(), elsewhere()];
    let hands = (0..60).map(|n| {
        let holder = &holders[n % 2];
        async move { take(store, holder, at(1)).await }
    });
    let taken: Vec<String> = futures_util::future::join_all(hands).await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 40);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 40, "{taken:?}");
}

/// What was put down is still there for the next process, its key too.
#[tokio::test]
async fn the_queue_and_its_keys_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(folder.path()).await.unwrap();
    put(&first, &[once("r1", 0, "k", "f"), job("r2", 1)]).await;
    assert_eq!(take(&first, &ended(), at(5)).await.as_deref(), Some("r1"));
    first.close().await;
    let second = SqliteStore::open(folder.path()).await.unwrap();
    let known = second.put_job(&once("r3", 6, "k", "f")).await.unwrap();
    assert_eq!(known, Put::Known(RunId::from("r1")));
    assert_eq!(take(&second, &here(), at(6)).await.as_deref(), Some("r1"), "it was begun, so it comes first");
    assert_eq!(take(&second, &here(), at(6)).await.as_deref(), Some("r2"));
    second.close().await;
}
