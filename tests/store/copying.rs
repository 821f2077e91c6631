//! A store is copied whole, or not at all.

use mothball::{
    domain::{ConfigId, RunId},
    store::{
        Claim, Hold, Holder, Sighting, SqliteStore, Store, Sweep,
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
