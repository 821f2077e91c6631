//! Old runs are removed in the open: the chain stays whole, and what somebody took away is told apart.

use mothball::{
    domain::{Event, Outcome, Phase, RunId},
    store::{
        Audit, Claim, Holder, KnownHead, RunSummary, SqliteStore, Store,
        prune::{Cut, Needed, old_runs},
    },
    system::process::Identity,
};

use super::{on_every_store, samples::*};

on_every_store!(
    old_runs_say_why_they_stay_and_what_goes_with_them,
    a_pruned_run_leaves_a_stone_and_the_chain_stays_whole,
    runs_are_pruned_one_by_one_in_any_order,
    nothing_is_pruned_that_changed_meanwhile_or_is_needed,
    a_report_of_a_pruned_run_is_no_flaw_and_one_of_a_missing_run_is,
);

async fn ended(store: &dyn Store, id: &str, start: i64) -> String {
    let run = run(id, 2, start);
    store.create_run(&run).await.unwrap();
    store.append(&run.header.run, &opening(&run, start)).await.unwrap();
    store.append(&run.header.run, &item(1, start + 1, DEACTIVATED)).await.unwrap();
    store.append(&run.header.run, &[finished(start + 2)]).await.unwrap()
}

fn cut(runs: Vec<RunSummary>) -> Cut {
    Cut {
        at: at(1_000),
        by: "jane".to_owned(),
        archive: "/pruned.jsonl".to_owned(),
        archive_digest: "0".repeat(64),
        runs,
    }
}

async fn summaries(store: &dyn Audit, ids: &[&str]) -> Vec<RunSummary> {
    let runs = store.runs(u32::MAX).await.unwrap();
    let wanted = |run: &RunSummary| ids.contains(&run.header.run.as_str());
    runs.into_iter().filter(wanted).collect()
}

async fn old_runs_say_why_they_stay_and_what_goes_with_them(store: &dyn Audit) {
    ended(store, "done", 0).await;
    store.create_run(&run("waiting", 2, 10)).await.unwrap();
    store.append(&RunId::from("waiting"), &[stamp(11, Event::Parked)]).await.unwrap();
    let stopped = run("stopped", 2, 20);
    store.create_run(&stopped).await.unwrap();
    store.append(&stopped.header.run, &opening(&stopped, 20)).await.unwrap();
    ended(store, "unknown", 30).await;
    let lost = Outcome::Unknown { message: "lost".into() };
    store.append(&RunId::from("unknown"), &item(2, 33, lost)).await.unwrap();
    ended(store, "look", 40).await;
    let look = Event::LookDue { due: at(99), items: std::collections::BTreeSet::new() };
    store.append(&RunId::from("look"), &[stamp(43, look)]).await.unwrap();
    ended(store, "locked", 50).await;
    let holder = Holder { process: Identity::own(), operator: "jane".to_owned() };
    let clients = ["1".into()];
    store.acquire(&tenant(), &clients, Claim::All, &RunId::from("locked"), &holder, at(51)).await.unwrap();
    ended(store, "fresh", 60).await;
    ended(store, "latest", 65).await;

    let old = old_runs(store, at(62)).await.unwrap();
    let told: Vec<_> = old.iter().map(|one| (one.run.header.run.as_str(), one.needed)).collect();
    let expected = [
        ("done", None),
        ("waiting", Some(Needed::Unfinished(Phase::AwaitingApproval))),
        ("stopped", Some(Needed::Unfinished(Phase::Applying))),
        ("unknown", Some(Needed::Unknown)),
        ("look", Some(Needed::LookDue)),
        ("locked", Some(Needed::Locked)),
    ];
    assert_eq!(told, expected, "a run is as old as the last thing that happened in it");
    let all = old_runs(store, at(100)).await.unwrap();
    assert_eq!(all.last().unwrap().needed, Some(Needed::Latest));
    // Configuration 1 was deactivated by each of them; the way back is the latest one's.
    assert!(old.iter().all(|one| one.restorable == 0));
    assert_eq!(all.last().unwrap().restorable, 1);
}

async fn a_pruned_run_leaves_a_stone_and_the_chain_stays_whole(store: &dyn Audit) {
    let mut heads = Vec::new();
    for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20), ("r4", 30)] {
        heads.push(ended(store, id, start).await);
    }
    // It went on after the next one was stored, so the next one names an earlier record of it.
    let late =
        store.append(&RunId::from("r2"), &[stamp(40, Event::Warned { text: "late".into() })]).await.unwrap();
    assert!(store.prune(&cut(summaries(store, &["r1", "r2"]).await)).await.unwrap());
    assert_eq!(store.run(&RunId::from("r2")).await.unwrap(), None);
    assert_eq!(store.runs(10).await.unwrap().len(), 2);
    let findings = store.audit(&[]).await.unwrap();
    assert!(findings.is_whole(), "{findings:?}");
    assert_eq!((findings.runs, findings.pruned), (2, 2));

    let prunings = store.prunings().await.unwrap();
    assert_eq!((prunings.len(), prunings[0].by.as_str()), (1, "jane"));
    let left = prunings[0].runs.iter().find(|left| left.run == RunId::from("r2")).unwrap();
    assert_eq!((&left.head, left.records, left.items), (&late, 9, 2));
    assert_eq!((&left.followed.head, left.followed.seq), (&heads[1], 7));
    assert_eq!(left.outcomes.get("deactivated"), Some(&1));

    // What comes after goes on in the same chain.
    ended(store, "r5", 50).await;
    assert!(store.prune(&cut(summaries(store, &["r4"]).await)).await.unwrap());
    ended(store, "r6", 60).await;
    let findings = store.audit(&[]).await.unwrap();
    assert!(findings.is_whole(), "{findings:?}");
    assert_eq!((findings.runs, findings.pruned), (3, 3));
    assert_eq!(store.verify_all().await.unwrap(), []);
}

async fn runs_are_pruned_one_by_one_in_any_order(store: &dyn Audit) {
    let ids = ["r1", "r2", "r3", "r4", "r5"];
    for (at, id) in ids.iter().enumerate() {
        ended(store, id, at as i64 * 10).await;
    }
    for (pruned, id) in ["r3", "r2", "r4", "r1"].iter().enumerate() {
        assert!(store.prune(&cut(summaries(store, &[id]).await)).await.unwrap(), "{id}");
        let findings = store.audit(&[]).await.unwrap();
        assert!(findings.is_whole(), "{id}: {findings:?}");
        assert_eq!(findings.pruned, pruned as u64 + 1);
    }
}

async fn nothing_is_pruned_that_changed_meanwhile_or_is_needed(store: &dyn Audit) {
    for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20)] {
        ended(store, id, start).await;
    }
    assert!(!store.prune(&cut(summaries(store, &["r1", "r3"]).await)).await.unwrap(), "the latest run stays");
    let seen = summaries(store, &["r1", "r2"]).await;
    store.append(&RunId::from("r2"), &[stamp(30, Event::Resumed)]).await.unwrap();
    assert!(!store.prune(&cut(seen)).await.unwrap(), "it changed");
    assert!(!store.prune(&cut(summaries(store, &["r2"]).await)).await.unwrap(), "it can go on");
    let gone = summaries(store, &["r1"]).await;
    assert!(store.prune(&cut(gone.clone())).await.unwrap());
    assert!(!store.prune(&cut(gone)).await.unwrap(), "it is gone");
    assert_eq!(store.runs(10).await.unwrap().len(), 2, "all of them or none");
    assert_eq!(store.prunings().await.unwrap().len(), 1);
    assert_eq!(store.verify_all().await.unwrap(), []);
}

async fn a_report_of_a_pruned_run_is_no_flaw_and_one_of_a_missing_run_is(store: &dyn Audit) {
    let head = ended(store, "r1", 0).await;
    ended(store, "r2", 10).await;
    store.prune(&cut(summaries(store, &["r1"]).await)).await.unwrap();
    let known = |run: &str, head: &str| KnownHead {
        run: RunId::from(run),
        head: head.to_owned(),
        told_by: "the report x.json".to_owned(),
        at: Some(at(5)),
    };
    let findings = store.audit(&[known("r1", &head)]).await.unwrap();
    assert!(findings.is_whole() && findings.notes.is_empty(), "{findings:?}");
    // An earlier report of it names a record that is only in the archive now.
    let findings = store.audit(&[known("r1", &"a".repeat(64))]).await.unwrap();
    assert!(findings.is_whole() && findings.notes[0].contains("/pruned.jsonl"), "{findings:?}");
    let findings = store.audit(&[known("r9", &head)]).await.unwrap();
    assert_eq!(findings.flaws.len(), 1);
    assert_eq!((&findings.flaws[0].run, findings.flaws[0].newest), (&RunId::from("r9"), Some(at(5))));
    assert!(findings.flaws[0].what.contains("x.json"), "{findings:?}");
}

#[tokio::test]
async fn a_stone_that_was_edited_removed_or_forged_is_found() {
    use sqlx::ConnectOptions;
    let meddlings = [
        "UPDATE prunings SET body = replace(body, 'jane', 'joan') WHERE seq = 0",
        "UPDATE prunings SET hash = replace(hash, substr(hash, 9, 1), 'g') WHERE seq = 1",
        "UPDATE prunings SET previous = replace(previous, substr(previous, 9, 1), 'g') WHERE seq = 0",
        "UPDATE prunings SET seq = 7 WHERE seq = 1",
        "DELETE FROM prunings WHERE seq = 0",
        "DELETE FROM prunings WHERE seq = 1",
        "DELETE FROM prunings",
        "INSERT INTO prunings SELECT 2, hash, hash, body FROM prunings WHERE seq = 1",
    ];
    for meddling in meddlings {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).await.unwrap();
        for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20)] {
            ended(&store, id, start).await;
        }
        for id in ["r1", "r2"] {
            assert!(store.prune(&cut(summaries(&store, &[id]).await)).await.unwrap());
        }
        ended(&store, "r4", 30).await;
        assert!(store.audit(&[]).await.unwrap().is_whole());
        let file = folder.path().join("mothball.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut past = options.connect().await.unwrap();
        let done = sqlx::query(meddling).execute(&mut past).await.unwrap();
        assert!(done.rows_affected() > 0, "{meddling} changed nothing");
        assert!(!store.audit(&[]).await.unwrap().is_whole(), "{meddling} was not found");
    }
}
