//! Runs and their journals.

use mothball::{
    domain::{Event, Outcome, Phase, Plan, RunId, RunState, SkipReason, plan::Kind},
    store::{Store, StoreError},
};

use super::{on_every_store, samples::*};

on_every_store!(
    a_run_reads_back_as_it_was_stored,
    runs_are_listed_latest_first_with_phase_and_counts,
    what_was_deactivated_and_not_restored_is_known,
    unknown_and_double_runs_are_refused,
    appends_at_the_same_time_all_arrive_in_one_chain,
    an_untouched_journal_has_no_flaw,
    a_closed_store_takes_nothing,
);

async fn a_run_reads_back_as_it_was_stored(store: &dyn Store) {
    let run = run("r1", 3, 0);
    let id = run.header.run.clone();
    assert_eq!(store.run(&id).await.unwrap(), None);
    store.create_run(&run).await.unwrap();
    let fresh = store.run(&id).await.unwrap().unwrap();
    assert_eq!((fresh.events.len(), &fresh.report), (0, &None));

    let mut events = opening(&run, 1);
    events.extend(item(1, 2, DEACTIVATED));
    let first = store.append(&id, &events[..2]).await.unwrap();
    let head = store.append(&id, &events[2..]).await.unwrap();
    assert_ne!(first, head);
    assert_eq!(store.append(&id, &[]).await.unwrap(), head);
    let report = serde_json::json!({ "success": true, "schema_version": "1.0" });
    store.save_report(&id, &report).await.unwrap();

    let stored = store.run(&id).await.unwrap().unwrap();
    assert_eq!((stored.header, stored.survey), (run.header, run.survey));
    assert_eq!(stored.plan, run.plan);
    assert_eq!((stored.events, stored.head, stored.report), (events, head, Some(report)));
}

async fn runs_are_listed_latest_first_with_phase_and_counts(store: &dyn Store) {
    for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20)] {
        store.create_run(&run(id, 4, start)).await.unwrap();
    }
    let id = RunId::from("r2");
    store.append(&id, &opening(&run("r2", 4, 10), 11)).await.unwrap();
    let phases = |runs: &[mothball::store::RunSummary]| -> Vec<(String, Phase)> {
        runs.iter().map(|run| (run.header.run.to_string(), run.phase)).collect()
    };
    let listed = store.runs(10).await.unwrap();
    let expected = [("r3", Phase::Planned), ("r2", Phase::Applying), ("r1", Phase::Planned)];
    assert_eq!(phases(&listed), expected.map(|(id, phase)| (id.to_owned(), phase)));

    let unknown = Outcome::Unknown { message: "lost".into() };
    let skipped = Outcome::Skipped { reason: SkipReason::AlreadyInactive };
    for (item_id, outcome) in [(1, DEACTIVATED), (2, unknown), (3, skipped), (2, DEACTIVATED)] {
        store.append(&id, &item(item_id, 12, outcome)).await.unwrap();
    }
    store.append(&id, &[finished(13)]).await.unwrap();
    store.save_report(&id, &serde_json::json!({})).await.unwrap();

    let listed = store.runs(2).await.unwrap();
    assert_eq!(listed.len(), 2);
    let r2 = &listed[1];
    assert_eq!((r2.phase, r2.items, r2.clients, r2.has_report), (Phase::Finished, 4, 2, true));
    assert_eq!(r2.last_event, at(13));
    let outcomes: Vec<_> = r2.outcomes.iter().map(|(word, n)| (word.as_str(), *n)).collect();
    assert_eq!(outcomes, [("deactivated", 2), ("skipped", 1)]);
    // The list agrees with the fold.
    let stored = store.run(&id).await.unwrap().unwrap();
    let (bytes, digest) = stored.plan.unwrap();
    let state = RunState::replay(&Plan::reopen(&bytes, &digest).unwrap(), &stored.events);
    assert_eq!((state.phase, state.totals.done, state.totals.queued), (r2.phase, 2, 1));
}

async fn what_was_deactivated_and_not_restored_is_known(store: &dyn Store) {
    let r1 = RunId::from("r1");
    store.create_run(&run("r1", 3, 0)).await.unwrap();
    for id in 1..=3 {
        store.append(&r1, &item(id, i64::from(id), DEACTIVATED)).await.unwrap();
    }
    let ids = |found: Vec<mothball::store::Deactivated>| -> Vec<(String, String, String)> {
        found
            .into_iter()
            .map(|one| (one.config_id.to_string(), one.client_id.to_string(), one.run.to_string()))
            .collect()
    };
    assert_eq!(store.deactivated(&other_tenant()).await.unwrap(), []);
    let renamed = mothball::domain::Tenant { name: "New name".into(), ..tenant() };
    assert_eq!(store.deactivated(&renamed).await.unwrap().len(), 3);

    store.create_run(&run_of("u1", &tenant(), Kind::Undo, 2, 100)).await.unwrap();
    let restored = Outcome::Restored { verified: true };
    let undo = RunId::from("u1");
    store.append(&undo, &item(1, 101, restored.clone())).await.unwrap();
    store.append(&undo, &item(2, 102, restored)).await.unwrap();
    store.create_run(&run("r2", 1, 200)).await.unwrap();
    store.append(&RunId::from("r2"), &item(1, 201, DEACTIVATED)).await.unwrap();
    let expected = [("1", "2", "r2"), ("3", "2", "r1")];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(ids(store.deactivated(&tenant()).await.unwrap()), expected);
}

async fn unknown_and_double_runs_are_refused(store: &dyn Store) {
    let nobody = RunId::from("nobody");
    let unknown = StoreError::UnknownRun(nobody.clone());
    assert_eq!(store.append(&nobody, &[finished(1)]).await, Err(unknown.clone()));
    assert_eq!(store.save_report(&nobody, &serde_json::json!({})).await, Err(unknown.clone()));
    assert_eq!(store.verify(&nobody, None).await, Err(unknown));
    let run = run("r1", 1, 0);
    store.create_run(&run).await.unwrap();
    assert_eq!(store.create_run(&run).await, Err(StoreError::RunExists(RunId::from("r1"))));
    let mut altered = run_of("r2", &tenant(), Kind::Deactivate, 1, 0);
    altered.plan.as_mut().unwrap().0[40] ^= 1;
    assert!(matches!(store.create_run(&altered).await, Err(StoreError::Plan(_))));
    // None of it harmed the store.
    store.append(&RunId::from("r1"), &[finished(1)]).await.unwrap();
}

async fn appends_at_the_same_time_all_arrive_in_one_chain(store: &dyn Store) {
    for id in ["r1", "r2"] {
        store.create_run(&run(id, 60, 0)).await.unwrap();
    }
    let appends = (1..=60).flat_map(|id| {
        ["r1", "r2", "nobody"].map(|run| async move {
            let run = RunId::from(run);
            store.append(&run, &item(id, i64::from(id), DEACTIVATED)).await
        })
    });
    let results = futures_util::future::join_all(appends).await;
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 60);
    for id in ["r1", "r2"] {
        let stored = store.run(&RunId::from(id)).await.unwrap().unwrap();
        assert_eq!(stored.events.len(), 180);
        // Each batch arrived whole.
        for batch in stored.events.chunks(3) {
            assert!(matches!(batch[0].event, Event::Intended { .. }));
            assert!(matches!(batch[2].event, Event::Settled { .. }));
        }
        assert!(results.iter().flatten().any(|head| *head == stored.head));
    }
    assert_eq!(store.verify_all().await.unwrap(), []);
    let listed = store.runs(10).await.unwrap();
    assert!(listed.iter().all(|run| run.outcomes["deactivated"] == 60));
}

async fn an_untouched_journal_has_no_flaw(store: &dyn Store) {
    let mut early = String::new();
    for (id, start) in [("r1", 0), ("r2", 10)] {
        let run = run(id, 2, start);
        store.create_run(&run).await.unwrap();
        early = store.append(&RunId::from(id), &opening(&run, start)).await.unwrap();
    }
    let late = store.append(&RunId::from("r1"), &[finished(30)]).await.unwrap();
    store.append(&RunId::from("r2"), &[finished(31)]).await.unwrap();
    assert_eq!(store.verify_all().await.unwrap(), []);
    assert_eq!(store.verify(&RunId::from("r1"), Some(&late)).await.unwrap(), []);
    assert_eq!(store.verify(&RunId::from("r2"), Some(&early)).await.unwrap(), []);
    let foreign = store.verify(&RunId::from("r2"), Some(&late)).await.unwrap();
    assert!(foreign[0].what.contains("cut off or rewritten"), "{foreign:?}");
}

async fn a_closed_store_takes_nothing(store: &dyn Store) {
    store.create_run(&run("r1", 1, 0)).await.unwrap();
    store.close().await;
    assert_eq!(store.append(&RunId::from("r1"), &[finished(1)]).await, Err(StoreError::Closed));
}

#[tokio::test]
async fn a_failed_change_ends_the_memory_store_too() {
    let store = mothball::store::MemoryStore::new();
    store.create_run(&run("r1", 1, 0)).await.unwrap();
    store.fail_after(1);
    let id = RunId::from("r1");
    store.append(&id, &[finished(1)]).await.unwrap();
    assert!(matches!(store.append(&id, &[finished(2)]).await, Err(StoreError::DiskFull { .. })));
    assert!(matches!(store.append(&id, &[finished(2)]).await, Err(StoreError::Failed { .. })));
    assert_eq!(store.run(&id).await.unwrap().unwrap().events.len(), 1);
}
