//! What needs a hand inside: a disk that is full, a file that another process keeps to itself.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use super::{open::Limits, *};
use crate::domain::{
    Event,
    plan::{Kind, samples},
    survey::{Header, Survey},
};

fn new_run(id: &str) -> NewRun {
    let plan = samples::plan(2);
    NewRun {
        header: Header {
            run: RunId::from(id),
            kind: Kind::Deactivate,
            parent: None,
            profile: "main".into(),
            psa: "connectwise".into(),
            tenant: Some(samples::head().tenant),
            operator: "jane".into(),
            user: "jane".into(),
            origin: crate::domain::Origin::default(),
            requested_by: None,
            ticket: None,
            reason: None,
            dry_run: false,
            attended: true,
            criteria: crate::domain::Criteria::default(),
            links: true,
            notes: crate::domain::note::NotePolicy::default(),
            single: false,
            started_at: Timestamp::from_seconds(1),
        },
        survey: Survey::default(),
        plan: Some((plan.canonical_bytes(), plan.digest())),
    }
}

fn warning(size: usize) -> Stamped {
    Stamped { at: Timestamp::from_seconds(2), event: Event::Warned { text: "x".repeat(size) } }
}

#[tokio::test]
async fn after_a_failed_commit_nothing_more_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunId::from("r1");
    SqliteStore::open(folder.path()).await.unwrap().close().await;
    let store =
        SqliteStore::open_with(folder.path(), Limits { pages: Some(60), ..Limits::default() }).await.unwrap();
    store.create_run(&new_run("r1")).await.unwrap();
    let head = store.append(&run, &[warning(10)]).await.unwrap();

    let full = store.append(&run, &[warning(1_000_000)]).await.unwrap_err();
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    // A small one would fit, but what the disk holds is not known any more.
    let refused = store.append(&run, &[warning(10)]).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Failed { first } if first.contains("no space")), "{refused:?}");
    let refused = store.create_run(&new_run("r2")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Failed { .. }));
    assert!(matches!(store.release(&run).await, Err(StoreError::Failed { .. })));

    // Reading goes on, and a new handle finds what was durable before.
    assert_eq!(store.run(&run).await.unwrap().unwrap().head, head);
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(store.run(&run).await.unwrap().unwrap().head, head);
    assert_eq!(store.verify_all().await.unwrap(), []);
    store.append(&run, &[warning(1_000_000)]).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_fails_all_that_shared_the_commit_and_none_halfway() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunId::from("r1");
    SqliteStore::open(folder.path()).await.unwrap().close().await;
    let store =
        SqliteStore::open_with(folder.path(), Limits { pages: Some(60), ..Limits::default() }).await.unwrap();
    store.create_run(&new_run("r1")).await.unwrap();
    let appends = (0..50).map(|n| {
        let (store, run) = (&store, &run);
        async move { store.append(run, &[warning(10 + n * 1_000), warning(10)]).await }
    });
    let answers = futures_util::future::join_all(appends).await;
    let kept = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(kept < 50);
    let stored = store.run(&run).await.unwrap().unwrap();
    assert_eq!(stored.events.len(), kept * 2);
}

#[tokio::test]
async fn what_was_refused_because_another_process_was_busy_may_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunId::from("r1");
    let limits = Limits { patience: Some(Duration::ZERO), ..Limits::default() };
    let store = SqliteStore::open_with(folder.path(), limits).await.unwrap();
    store.create_run(&new_run("r1")).await.unwrap();
    let mut other = SqliteConnectOptions::new().filename(folder.path().join(FILE)).connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let busy = store.append(&run, &[warning(10)]).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    store.append(&run, &[warning(10)]).await.unwrap();
    assert_eq!(store.run(&run).await.unwrap().unwrap().events.len(), 1);
    store.close().await;
}
