//! What only a team's store can promise: processes on many computers, a database that goes away and comes back.

use std::time::Duration;

use mothball::{
    domain::{ClientId, Event, RunId, Timestamp},
    store::{
        Claim, Hold, Holder, Store, StoreError,
        postgres::{Address, Limits, PostgresStore},
    },
    system::process::Identity,
};
use sqlx::Executor;

use super::samples::*;
use crate::support::{
    postgres::{self, Database, PASSWORD},
    postgres_way::{Cut, Way},
};

/// Says it once more at the end, where it is not overlooked; sorts behind the others of this module.
#[test]
fn without_postgres_it_is_said_what_was_left_out() {
    let left_out = postgres::left_out();
    if left_out > 0 {
        crate::support::say(&format!(
            "{left_out} tests of a team's store were LEFT OUT: PostgreSQL was not found"
        ));
    }
}

macro_rules! database {
    () => {
        match postgres::database().await {
            Some(database) => database,
            None => return,
        }
    };
}

fn quick() -> Limits {
    Limits {
        patience: Duration::from_secs(20),
        ended_after: Duration::from_millis(300),
        heartbeat: Duration::from_mins(10),
    }
}

fn warning(text: &str) -> [mothball::domain::Stamped; 1] {
    [stamp(5, Event::Warned { text: text.into() })]
}

fn clients(ids: &[&str]) -> Vec<ClientId> {
    ids.iter().copied().map(ClientId::from).collect()
}

/// As somebody on another computer is seen.
fn far(operator: &str) -> Holder {
    let process = Identity { host: format!("host-of-{operator}"), pid: 1, boot: operator.to_owned() };
    Holder { process, operator: operator.to_owned() }
}

async fn take(store: &PostgresStore, run: &str, holder: &Holder) -> bool {
    let run = RunId::from(run);
    let acquired = store.acquire(&tenant(), &clients(&["1", "2"]), Claim::All, &run, holder, at(0)).await;
    !acquired.unwrap().taken.is_empty()
}

async fn texts(store: &PostgresStore, run: &str) -> Vec<String> {
    let stored = store.run(&RunId::from(run)).await.unwrap().unwrap();
    let text = |stamped: mothball::domain::Stamped| match stamped.event {
        Event::Warned { text } => text,
        other => format!("{other:?}"),
    };
    stored.events.into_iter().map(text).collect()
}

#[tokio::test]
async fn runs_stored_by_many_processes_at_once_are_one_chain() {
    let database = database!();
    let stores = [database.open().await, database.open().await, database.open().await];
    let work = stores.iter().enumerate().flat_map(|(who, store)| {
        (0..15).map(move |n| async move {
            let id = format!("p{who}-{n}");
            store.create_run(&run(&id, 3, n)).await.unwrap();
            for item_id in 1..=3 {
                store.append(&RunId::from(id.as_str()), &item(item_id, n, DEACTIVATED)).await.unwrap();
            }
        })
    });
    futures_util::future::join_all(work).await;
    assert_eq!(stores[0].verify_all().await.unwrap(), []);
    assert_eq!(stores[1].runs(100).await.unwrap().len(), 45);
    for store in &stores {
        store.close().await;
    }
    let mut past = database.raw().await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM processes").fetch_one(&mut past).await.unwrap();
    assert_eq!(left, 0, "whoever ended in good order left nothing behind");
}

#[tokio::test]
async fn appends_at_the_same_time_share_a_commit() {
    let store = database!().open().await;
    let run = run("r1", 200, 0);
    store.create_run(&run).await.unwrap();
    let before = store.commits();
    let id = &run.header.run;
    let store = &store;
    let appends =
        (1..=200).map(|one| async move { store.append(id, &item(one, 1, DEACTIVATED)).await.unwrap() });
    futures_util::future::join_all(appends).await;
    let commits = store.commits() - before;
    assert!(commits <= 20, "{commits} commits for 200 appends");
}

/// Both ends of the doubt: the commit did not arrive, or its answer did not.
#[tokio::test]
async fn a_commit_that_nobody_answered_is_found_out_and_nothing_is_stored_twice() {
    let database = database!();
    let way = Way::to(database.port()).await;
    let store = database.at_port(way.port).open_with(quick()).await;
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    let id = RunId::from("r1");
    let mut expected = Vec::new();
    for (n, cut) in
        [Cut::AfterCommit, Cut::BeforeCommit, Cut::Nothing, Cut::AfterCommit].into_iter().enumerate()
    {
        way.cut_next(cut);
        let text = format!("{n} {cut:?}");
        store.append(&id, &warning(&text)).await.unwrap();
        expected.push(text);
        assert_eq!(texts(&store, "r1").await, expected);
    }
    way.cut_next(Cut::AfterCommit);
    store.create_run(&run("r2", 2, 0)).await.expect("it was there before it could have been made twice");
    assert_eq!(way.cuts(), 4);
    assert_eq!(store.verify_all().await.unwrap(), []);
}

#[tokio::test]
async fn a_database_that_comes_back_in_time_is_waited_for() {
    let database = database!();
    let way = Way::to(database.port()).await;
    let store = database.at_port(way.port).open_with(quick()).await;
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    let id = RunId::from("r1");
    way.close();
    let back = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        way.reopen();
    };
    let (first, read, (), ()) = tokio::join!(
        async { store.append(&id, &warning("while it was away")).await },
        async { store.holds(&tenant(), at(0)).await },
        async { store.put_request(&id, &request()).await.unwrap() },
        back
    );
    first.unwrap();
    assert_eq!(read.unwrap(), []);
    assert_eq!(texts(&store, "r1").await, ["while it was away"]);
    assert_eq!(store.take_requests(&id).await.unwrap().len(), 1);
}

fn request() -> mothball::store::Request {
    mothball::store::Request { wish: mothball::store::Wish::Pause, by: "joe".into(), at: at(1) }
}

#[tokio::test]
async fn a_journal_that_lacks_something_takes_nothing_more_until_the_run_is_taken_up_anew() {
    let database = database!();
    let way = Way::to(database.port()).await;
    let limits = Limits { patience: Duration::from_millis(300), ..quick() };
    let store = database.at_port(way.port).open_with(limits).await;
    for id in ["r1", "r2"] {
        store.create_run(&run(id, 2, 0)).await.unwrap();
    }
    assert!(take(&store, "r1", &far("jane")).await);
    way.close();
    let (id, other) = (RunId::from("r1"), RunId::from("r2"));
    let away = store.append(&id, &warning("lost")).await.unwrap_err();
    assert!(matches!(away, StoreError::Away { .. }) && away.advice().contains("runs resume"), "{away:?}");
    assert!(store.release(&id).await.is_err(), "nobody can be told");
    way.reopen();
    let refused = store.append(&id, &warning("after a gap")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Failed { .. }), "{refused:?}");
    // Everything else goes on, and what could not be given back is given back now.
    store.append(&other, &warning("another run")).await.unwrap();
    let mut left = store.leases().await.unwrap();
    while !left.is_empty() {
        tokio::task::yield_now().await;
        left = store.leases().await.unwrap();
    }
    assert!(take(&store, "r1", &far("jane")).await);
    store.append(&id, &warning("resumed")).await.unwrap();
    assert_eq!(texts(&store, "r1").await, ["resumed"]);
    assert_eq!(store.verify_all().await.unwrap(), []);
}

#[tokio::test]
async fn a_process_that_slept_while_another_took_its_run_over_can_append_nothing() {
    let database = database!();
    let asleep = database.open_with(quick()).await;
    let awake = database.open_with(quick()).await;
    for id in ["resumed", "replaced"] {
        asleep.create_run(&run(id, 2, 0)).await.unwrap();
    }
    for (theirs, ours) in [("resumed", "resumed"), ("replaced", "new")] {
        let run_id = RunId::from(theirs);
        assert!(take(&asleep, theirs, &far("sleeper")).await);
        asleep.append(&run_id, &item(1, 1, DEACTIVATED)[..1]).await.unwrap();
        assert!(!take(&awake, ours, &far("watcher")).await, "it was heard of moments ago");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(awake.leases().await.unwrap().iter().all(|held| held.ended));
        assert!(take(&awake, ours, &far("watcher")).await);
        for late in [&item(1, 2, DEACTIVATED)[..1], &item(1, 2, DEACTIVATED)[1..2], &[finished(3)]] {
            let refused = asleep.append(&run_id, late).await.unwrap_err();
            assert_eq!(refused, StoreError::TakenOver(run_id.clone()));
        }
        // What it gives back is not its own any more.
        asleep.release(&run_id).await.unwrap();
        assert_eq!(awake.leases().await.unwrap().len(), 2);
        awake.release(&RunId::from(ours)).await.unwrap();
        // The fence stands after the lease was given back, for what is about to be sent.
        let refused = asleep.append(&run_id, &item(2, 4, DEACTIVATED)[..1]).await.unwrap_err();
        assert_eq!(refused, StoreError::TakenOver(run_id.clone()));
        assert_eq!(asleep.run(&run_id).await.unwrap().unwrap().events.len(), 1);
    }
    assert_eq!(awake.verify_all().await.unwrap(), []);
}

#[tokio::test]
async fn a_process_that_is_heard_of_is_never_taken_for_ended() {
    let database = database!();
    let beating =
        Limits { heartbeat: Duration::from_millis(50), ended_after: Duration::from_secs(2), ..quick() };
    let idle = database.open_with(beating).await;
    let other = database.open_with(beating).await;
    assert!(take(&idle, "r1", &far("jane")).await);
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!take(&other, "r2", &far("joe")).await);
    }
    idle.close().await;
    assert!(!take(&other, "r2", &far("joe")).await, "it closed its store with something still held");
}

#[tokio::test]
async fn a_database_that_lost_what_it_acknowledged_is_trusted_no_more() {
    let database = database!();
    let way = Way::to(database.port()).await;
    let store = database.at_port(way.port).open_with(quick()).await;
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    let id = RunId::from("r1");
    store.append(&id, &warning("kept")).await.unwrap();
    way.close();
    // As after a change to a copy that was behind.
    database.raw().await.execute("UPDATE processes SET commits = commits - 1").await.unwrap();
    way.reopen();
    for _ in 0..2 {
        let error = store.append(&id, &warning("on sand")).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Failed { first } if first.contains("acknowledged")),
            "{error:?}"
        );
    }
    assert!(matches!(store.forget_refusal("x").await, Err(StoreError::Failed { .. })));
    assert_eq!(texts(&store, "r1").await, ["kept"], "reading goes on");
}

#[tokio::test]
async fn what_the_database_does_not_take_harms_nothing_beside_it() {
    let store = database!().open().await;
    store.create_run(&run("r1", 9, 0)).await.unwrap();
    let (store, id) = (&store, &RunId::from("r1"));
    let hold = |reason: &str| Hold {
        config_id: "7".into(),
        reason: reason.to_owned(),
        by: "jane".into(),
        at: Timestamp::from_seconds(1),
        until: None,
    };
    let appends = (1..=9).map(|n| async move { store.append(id, &item(n, 1, DEACTIVATED)).await });
    let bad = hold("a NUL \0 is in no text of PostgreSQL");
    let tenant = tenant();
    let (bad, appended) =
        tokio::join!(store.put_hold(&tenant, &bad), futures_util::future::join_all(appends));
    assert!(bad.is_err());
    assert!(appended.iter().all(Result::is_ok), "{appended:?}");
    store.put_hold(&tenant, &hold("good")).await.unwrap();
    assert_eq!(store.verify_all().await.unwrap(), []);
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_with_what_to_do_and_without_the_password() {
    let database = database!();
    database.open().await.close().await;
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let wrong = |from: &str, to: &str| Database { url: database.url.replace(from, to) };
    let cases: [(&str, Database); 4] = [
        ("Away", database.at_port(nobody)),
        ("SignInRefused", wrong(PASSWORD, &format!("{PASSWORD}x"))),
        ("SignInRefused", wrong("team:", "nobody-of-that-name:")),
        ("NoRights", wrong("/postgres?", "/no-such-database?")),
    ];
    for (name, at) in cases {
        told(name, &PostgresStore::open(&at.address()).await.unwrap_err());
    }
    let mut past = database.raw().await;
    past.execute("INSERT INTO _sqlx_migrations VALUES (9000, 'later', now(), TRUE, '\\x00', 0)")
        .await
        .unwrap();
    told("NewerSchema", &PostgresStore::open(&database.address()).await.unwrap_err());
    told("NewerSchema", &PostgresStore::migrate(&database.address()).await.unwrap_err());
    past.execute(
        "DELETE FROM _sqlx_migrations; INSERT INTO _sqlx_migrations VALUES (0, 'x', now(), TRUE, '\\x00', 0)",
    )
    .await
    .unwrap();
    told("OlderSchema", &PostgresStore::open(&database.address()).await.unwrap_err());
}

fn told(name: &str, error: &StoreError) {
    let text = format!("{error:?} {error} {}", error.advice());
    assert!(text.starts_with(name), "{name}: {text}");
    assert!(!text.contains(PASSWORD), "{text}");
    assert!(error.advice().len() > 20 && !error.advice().contains("report it"), "{text}");
}

#[tokio::test]
async fn a_database_that_can_only_be_read_is_read() {
    let database = database!();
    let store = database.open().await;
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    store.close().await;
    let only = Database { url: format!("{}&options[default_transaction_read_only]=on", database.url) };
    let store = PostgresStore::open(&only.address()).await.unwrap();
    assert_eq!(store.runs(9).await.unwrap().len(), 1);
    told("ReadOnly", &store.append(&RunId::from("r1"), &[finished(1)]).await.unwrap_err());
}

#[tokio::test]
async fn an_address_that_is_not_safe_is_refused_before_anything_is_sent() {
    let error = Address::parse(&"postgres://team:pw@db.example/mothball?sslmode=require".to_owned().into())
        .unwrap_err();
    told("Address", &error);
}

/// A store with three runs of which the second has every kind of record.
async fn journal(database: &Database) -> PostgresStore {
    let store = database.open().await;
    for (id, start) in [("r1", 0), ("r2", 10), ("r3", 20)] {
        let run = run(id, 2, start);
        store.create_run(&run).await.unwrap();
        store.append(&run.header.run, &opening(&run, start)).await.unwrap();
        store.append(&run.header.run, &item(1, start + 1, DEACTIVATED)).await.unwrap();
        store.append(&run.header.run, &[finished(start + 2)]).await.unwrap();
    }
    assert_eq!(store.verify_all().await.unwrap(), []);
    store
}

#[tokio::test]
async fn meddling_with_the_database_is_found() {
    // Run r2 has records 0 to 7. Each in a transaction that the next one follows on a copy of the rows.
    let meddlings: &[&str] = &[
        "UPDATE records SET body = replace(body, 'applying', 'verifying') WHERE run = 'r2' AND seq = 3",
        "UPDATE records SET hash = overlay(hash PLACING 'g' FROM 9) WHERE run = 'r2' AND seq = 3",
        "UPDATE records SET previous = overlay(previous PLACING 'g' FROM 9) WHERE run = 'r2' AND seq = 0",
        "DELETE FROM records WHERE run = 'r2' AND seq = 0",
        "DELETE FROM records WHERE run = 'r2' AND seq = 4",
        "DELETE FROM records WHERE run = 'r2' AND seq = 7",
        "INSERT INTO records SELECT run, 8, hash, hash, body FROM records WHERE run = 'r2' AND seq = 7",
        "DELETE FROM records WHERE run = 'r2' AND seq = 7; UPDATE runs SET records = 7 WHERE id = 'r2'",
        "UPDATE runs SET phase = 'cancelled' WHERE id = 'r2'",
        "UPDATE runs SET header = replace(header, 'jane', 'joan') WHERE id = 'r2'",
        "UPDATE runs SET last_event = last_event + 1 WHERE id = 'r2'",
        "UPDATE runs SET look_due = 5 WHERE id = 'r2'",
        "UPDATE runs SET number = 9 WHERE id = 'r2'",
        "UPDATE documents SET survey = replace(survey, 'Server', 'Switch') WHERE run = 'r2'",
        "UPDATE documents SET plan = '\\x00' WHERE run = 'r2'",
        "UPDATE documents SET plan = NULL, plan_digest = NULL WHERE run = 'r2'",
        "DELETE FROM documents WHERE run = 'r2'",
        "UPDATE items SET outcome = 'restored' WHERE run = 'r2'",
        "DELETE FROM items WHERE run = 'r2'",
        "DELETE FROM items WHERE run = 'r2'; DELETE FROM documents WHERE run = 'r2';
         DELETE FROM records WHERE run = 'r2'; DELETE FROM runs WHERE id = 'r2'",
    ];
    let database = database!();
    let store = journal(&database).await;
    let mut past = database.raw().await;
    let tables = ["runs", "documents", "records", "items"];
    for table in tables {
        past.execute(sqlx::AssertSqlSafe(format!("CREATE TABLE kept_{table} AS TABLE {table}")))
            .await
            .unwrap();
    }
    for meddling in meddlings {
        let done = past.execute(*meddling).await.unwrap();
        assert!(done.rows_affected() > 0, "{meddling} changed nothing");
        let flaws = store.verify_all().await.unwrap();
        assert!(!flaws.is_empty(), "{meddling} was not found");
        assert!(flaws.iter().all(|flaw| flaw.run != RunId::from("r1")), "{meddling}: {flaws:?}");
        for table in tables.iter().rev() {
            past.execute(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).await.unwrap();
        }
        for table in tables {
            past.execute(sqlx::AssertSqlSafe(format!("INSERT INTO {table} TABLE kept_{table}")))
                .await
                .unwrap();
        }
        assert_eq!(store.verify_all().await.unwrap(), [], "{meddling} was put back");
    }
}
