//! Whoever listens hears of changes, and reads on where they were.

use mothball::{
    domain::{Event, RunId},
    store::{SqliteStore, Store, StoreError},
};

use super::{on_every_store, samples::*};

on_every_store!(records_are_read_on_from_where_one_was, a_change_is_heard_of);

async fn records_are_read_on_from_where_one_was(store: &dyn Store) {
    let new = run("r1", 2, 0);
    store.create_run(&new).await.unwrap();
    let id = RunId::from("r1");
    assert_eq!(store.records_after(&id, 0, 10).await.unwrap(), []);
    let events = opening(&new, 1);
    store.append(&id, &events).await.unwrap();
    let all = store.records_after(&id, 0, 10).await.unwrap();
    let numbered: Vec<_> = (1..).zip(events.clone()).collect();
    assert_eq!(all, numbered);
    assert_eq!(store.records_after(&id, 1, 1).await.unwrap(), numbered[1..2]);
    assert_eq!(store.records_after(&id, 3, 10).await.unwrap(), []);
    assert_eq!(store.records_after(&id, u64::MAX, 10).await.unwrap(), []);
    let stranger = store.records_after(&RunId::from("r2"), 0, 10).await;
    assert_eq!(stranger, Err(StoreError::UnknownRun(RunId::from("r2"))));
}

async fn a_change_is_heard_of(store: &dyn Store) {
    let mut changes = store.changes();
    let before = *changes.borrow_and_update();
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    changes.changed().await.unwrap();
    assert_ne!(*changes.borrow_and_update(), before);
    store.append(&RunId::from("r1"), &[stamp(1, Event::Applying)]).await.unwrap();
    changes.changed().await.unwrap();
}

/// Two processes have two handles on one file.
#[tokio::test]
async fn what_another_process_changes_is_heard_of_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = SqliteStore::open(folder.path()).await.unwrap();
    let there = SqliteStore::open(folder.path()).await.unwrap();
    // Listened to, given up, and listened to again.
    drop(here.changes());
    let mut changes = here.changes();
    for round in 0..2 {
        changes.borrow_and_update();
        // The other handle goes on changing until it is heard: what came before the first question is not told.
        let heard = async {
            changes.changed().await.unwrap();
        };
        let noise = async {
            for n in 0.. {
                there.create_run(&run(&format!("r{round}-{n}"), 1, n)).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = heard => {}
            () = noise => {}
        }
    }
    here.close().await;
    there.close().await;
}
