//! What is decided about a run is decided once.

use mothball::{
    domain::{Event, Phase, Plan, RunId, RunState, Stamped},
    store::{Store, StoreError},
};

use super::{on_every_store, samples::*};

on_every_store!(
    a_decision_is_taken_only_by_the_journal_it_was_made_for,
    of_many_decisions_at_once_one_is_taken,
    runs_are_found_by_the_state_they_are_in,
    time_never_was_earlier_than_what_the_journals_tell,
    a_superseded_run_reads_back_as_such,
);

fn parked(seconds: i64) -> Vec<Stamped> {
    vec![stamp(seconds, Event::Parked)]
}

fn rejected(by: &str, seconds: i64) -> Vec<Stamped> {
    vec![stamp(seconds, Event::Rejected { by: by.to_owned() })]
}

async fn a_decision_is_taken_only_by_the_journal_it_was_made_for(store: &dyn Store) {
    let id = RunId::from("r1");
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    let waiting = store.append(&id, &parked(1)).await.unwrap();
    let head = store.append_after(&id, &waiting, &rejected("jane", 2)).await.unwrap().expect("in time");
    assert_eq!(store.append_after(&id, &waiting, &rejected("joe", 3)).await.unwrap(), None);
    let stored = store.run(&id).await.unwrap().unwrap();
    assert_eq!((&stored.head, stored.events.len()), (&head, 2));
    assert_eq!(store.runs(1).await.unwrap()[0].phase, Phase::Rejected);
    let unknown = store.append_after(&RunId::from("r9"), &waiting, &rejected("joe", 3)).await;
    assert!(matches!(unknown, Err(StoreError::UnknownRun(_))));
    assert_eq!(store.verify_all().await.unwrap(), []);
}

async fn of_many_decisions_at_once_one_is_taken(store: &dyn Store) {
    for round in 0..20 {
        let id = format!("r{round}");
        store.create_run(&run(&id, 2, round)).await.unwrap();
        let id = RunId::from(id);
        let waiting = store.append(&id, &parked(round)).await.unwrap();
        let tries = (0..8).map(|n| {
            let (id, waiting) = (&id, &waiting);
            async move {
                store.append_after(id, waiting, &rejected(&n.to_string(), round)).await.unwrap().is_some()
            }
        });
        let taken = futures_util::future::join_all(tries).await;
        assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
        assert_eq!(store.run(&id).await.unwrap().unwrap().events.len(), 2);
    }
    assert_eq!(store.verify_all().await.unwrap(), []);
}

async fn runs_are_found_by_the_state_they_are_in(store: &dyn Store) {
    for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20)] {
        store.create_run(&run(id, 2, start)).await.unwrap();
    }
    for id in ["r3", "r1"] {
        store.append(&RunId::from(id), &parked(30)).await.unwrap();
    }
    let waiting = store.runs_in(Phase::AwaitingApproval).await.unwrap();
    let ids: Vec<&str> = waiting.iter().map(|run| run.header.run.as_str()).collect();
    assert_eq!(ids, ["r3", "r1"]);
    assert_eq!(store.runs_in(Phase::Rejected).await.unwrap(), []);
    // One alone is told as among others.
    for listed in store.runs(9).await.unwrap() {
        let whole = store.run(&listed.header.run).await.unwrap().unwrap();
        assert_eq!(listed.plan_digest, whole.plan.map(|(_, digest)| digest));
        assert_eq!(store.summary(&listed.header.run).await.unwrap(), Some(listed));
    }
    assert_eq!(store.summary(&"nobody".into()).await.unwrap(), None);
}

async fn time_never_was_earlier_than_what_the_journals_tell(store: &dyn Store) {
    assert_eq!(store.latest().await.unwrap(), None);
    store.create_run(&run("r1", 2, 5)).await.unwrap();
    assert_eq!(store.latest().await.unwrap(), Some(at(5)));
    store.append(&RunId::from("r1"), &parked(90)).await.unwrap();
    store.create_run(&run("r2", 2, 7)).await.unwrap();
    assert_eq!(store.latest().await.unwrap(), Some(at(90)), "a clock was set back");
}

async fn a_superseded_run_reads_back_as_such(store: &dyn Store) {
    let (id, new) = (RunId::from("r1"), run("r1", 2, 0));
    store.create_run(&new).await.unwrap();
    store.append(&id, &parked(1)).await.unwrap();
    let by = RunId::from("r2");
    store.append(&id, &[stamp(2, Event::Superseded { by: by.clone() })]).await.unwrap();
    let stored = store.run(&id).await.unwrap().unwrap();
    let (bytes, digest) = new.plan.unwrap();
    let state = RunState::replay(&Plan::reopen(&bytes, &digest).unwrap(), &stored.events);
    assert_eq!((state.phase, state.superseded_by), (Phase::Expired, Some(by)));
    assert_eq!(store.runs(1).await.unwrap()[0].phase, Phase::Expired);
}
