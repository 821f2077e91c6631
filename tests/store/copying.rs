//! A store is copied whole, or not at all.

use mothball::{
    domain::{ConfigId, Origin, RunId},
    store::{
        Claim, Hold, Holder, NewJob, Once, Put, Queue as _, Right, Sighting, SqliteStore, Store, Sweep,
        Token,
        copy::{Copied, CopyError, Copyable, copy},
        prune::Cut,
    },
    system::process::Identity,
};
use sqlx::Executor;

use super::samples::*;
use crate::support::postgres;

/// Something in every table that is copied.
async fn fill(store: &dyn Copyable) {
    for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20), ("r4", 30)] {
        let run = run(id, 40, start);
        store.create_run(&run).await.unwrap();
        store.append(&run.header.run, &opening(&run, start)).await.unwrap();
        for one in 1..=40 {
            store.append(&run.header.run, &item(one, start + 1, DEACTIVATED)).await.unwrap();
        }
        store.append(&run.header.run, &[finished(start + 2)]).await.unwrap();
        store.save_report(&run.header.run, &serde_json::json!({ "run_id": id, "☃": 1 })).await.unwrap();
    }
    let runs = store.runs(9).await.unwrap();
    let old = runs.into_iter().filter(|run| run.header.run.as_str() == "r1").collect();
    let cut =
        Cut { at: at(50), by: "jane".into(), archive: "a".into(), archive_digest: "b".into(), runs: old };
    assert!(store.prune(&cut).await.unwrap());
    store.remember_refusal("key", at(1)).await.unwrap();
    let clients = [("1".into(), Sighting { since: at(1), accepted: true })].into();
    store.record_offboarded(&tenant(), "main", &Sweep { all_at: Some(at(2)), clients }).await.unwrap();
    store.put_hold(&tenant(), &hold()).await.unwrap();
    for id in ["j2", "j1"] {
        assert_eq!(store.put_job(&job(id)).await.unwrap(), Put::New);
    }
    let here = Holder { process: Identity::own(), operator: "jane".into() };
    assert!(store.take_job(&here, at(9)).await.unwrap().is_some());
    store.finish_job(&RunId::from("j2"), at(10), Some("no")).await.unwrap();
    store.put_token(&token()).await.unwrap();
    store.mark_schedule("nightly", at(3), Some(&RunId::from("r2"))).await.unwrap();
}

fn job(run: &str) -> NewJob {
    NewJob {
        run: run.into(),
        profile: "main".into(),
        task: serde_json::json!({ "say": "Größe ☃" }),
        origin: Origin::Api { token: "ci".into() },
        at: at(1),
        not_before: at(1),
        once: Some(Once { key: run.into(), fingerprint: "f".into(), until: at(999) }),
        lane: Some("l".into()),
    }
}

fn token() -> Token {
    Token {
        id: "t1".into(),
        name: "ci".into(),
        rights: vec![Right::Read],
        hash: "0".repeat(64),
        made_at: at(1),
        expires: None,
        revoked: None,
        last_used: Some(at(2)),
    }
}

fn hold() -> Hold {
    Hold {
        config_id: ConfigId::from("7"),
        reason: "still needed".into(),
        by: "jane".into(),
        at: at(1),
        until: None,
    }
}

/// Everything that was put in can be read in the copy, and it goes on there.
async fn is_as_filled(store: &dyn Copyable, original: &dyn Copyable) {
    for id in ["r2", "r3", "r4"] {
        let id = RunId::from(id);
        assert_eq!(store.run(&id).await.unwrap(), original.run(&id).await.unwrap());
        assert_eq!(store.raw(&id).await.unwrap(), original.raw(&id).await.unwrap());
    }
    assert_eq!(store.runs(9).await.unwrap(), original.runs(9).await.unwrap());
    assert_eq!(store.prunings().await.unwrap(), original.prunings().await.unwrap());
    assert_eq!(store.deactivated(&tenant()).await.unwrap(), original.deactivated(&tenant()).await.unwrap());
    assert_eq!(store.refusal("key").await.unwrap(), Some(at(1)));
    assert_eq!(store.holds(&tenant(), at(9)).await.unwrap(), [hold()]);
    let sweep = store.last_offboarded(&tenant(), "main").await.unwrap();
    assert_eq!(sweep, original.last_offboarded(&tenant(), "main").await.unwrap());
    for id in ["j1", "j2"] {
        let id = RunId::from(id);
        assert_eq!(store.job(&id).await.unwrap(), original.job(&id).await.unwrap());
    }
    assert_eq!(store.put_job(&job("j1")).await.unwrap(), Put::Known(RunId::from("j1")));
    assert_eq!(store.tokens().await.unwrap(), [token()]);
    assert_eq!(store.schedule_marks().await.unwrap(), original.schedule_marks().await.unwrap());
    store.create_run(&run("r5", 2, 60)).await.unwrap();
    assert!(store.audit(&[]).await.unwrap().is_whole());
}

#[tokio::test]
async fn from_a_file_to_a_database_and_back() {
    let Some(database) = postgres::database().await else { return };
    let (here, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = SqliteStore::open(here.path()).await.unwrap();
    fill(&file).await;
    let team = database.open().await;
    let copied = copy(&file, &team).await.unwrap();
    assert_eq!(copied, Copied { runs: 3, records: 3 * (1 + 3 + 120 + 1) });
    let again = SqliteStore::open(back.path()).await.unwrap();
    copy(&team, &again).await.unwrap();
    is_as_filled(&team, &file).await;
    is_as_filled(&again, &file).await;
}

#[tokio::test]
async fn nothing_is_copied_while_a_server_has_something_in_hand() {
    let Some(database) = postgres::database().await else { return };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, team) = (SqliteStore::open(here.path()).await.unwrap(), database.open().await);
    let target = SqliteStore::open(there.path()).await.unwrap();
    let holder = Holder { process: Identity::own(), operator: "jane".into() };
    for store in [&file as &dyn Copyable, &team] {
        store.put_job(&job("j1")).await.unwrap();
        assert!(store.take_job(&holder, at(9)).await.unwrap().is_some());
        let refused = copy(store, &target).await;
        assert!(matches!(&refused, Err(CopyError::InHand(run)) if run.as_str() == "j1"), "{refused:?}");
    }
    // Killed: whoever takes the job next finds what it began.
    team.close().await;
    let mut past = database.raw().await;
    past.execute("UPDATE jobs SET pid = 4294967295").await.unwrap();
    copy(&database.open().await, &target).await.unwrap();
    assert!(target.take_job(&holder, at(9)).await.unwrap().is_some());
}

#[tokio::test]
async fn nothing_is_copied_over_something_or_from_what_was_altered_or_is_at_work() {
    let Some(database) = postgres::database().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(folder.path()).await.unwrap();
    fill(&file).await;
    let team = database.open().await;
    team.put_hold(&tenant(), &hold()).await.unwrap();
    assert!(matches!(copy(&file, &team).await, Err(CopyError::NotEmpty("holds"))));
    assert_eq!(team.runs(9).await.unwrap(), [], "all or nothing");
    team.remove_hold(&tenant(), &ConfigId::from("7")).await.unwrap();

    let holder = Holder { process: Identity::own(), operator: "jane".into() };
    let id = RunId::from("r4");
    file.acquire(&tenant(), &["1".into()], Claim::All, &id, &holder, at(0)).await.unwrap();
    assert!(matches!(copy(&file, &team).await, Err(CopyError::InUse(_))));
    file.release(&id).await.unwrap();
    copy(&file, &team).await.unwrap();

    let other = postgres::database().await.unwrap();
    database.raw().await.execute("UPDATE records SET body = body || ' ' WHERE seq = 3").await.unwrap();
    assert!(matches!(copy(&team, &other.open().await).await, Err(CopyError::NotWhole(_))));
}
