//! One suite for every store: what one promises, the others keep.

use std::{path::Path, sync::Arc};

use mothball::{
    domain::{
        ClientId, ConfigId, Criteria, Event, Outcome, Phase, RunId, Stamped, Tenant, Timestamp,
        event::{Answer, End},
        plan::Kind,
        survey::{Header, Survey},
    },
    store::{Holder, NewRun, Store, StoreError, memory::MemoryStore, sqlite::SqliteStore},
    system::process::Identity,
};

async fn each(test: impl AsyncFn(Arc<dyn Store>)) {
    test(Arc::new(MemoryStore::default())).await;
    let folder = tempfile::tempdir().unwrap();
    test(Arc::new(SqliteStore::open(folder.path()).await.unwrap())).await;
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

fn new_run(id: &str) -> NewRun {
    NewRun {
        header: Header {
            run: RunId::from(id),
            kind: Kind::Deactivate,
            parent: None,
            profile: "main".into(),
            psa: "connectwise".into(),
            tenant: Some(tenant()),
            operator: "jane".into(),
            requested_by: None,
            ticket: None,
            reason: Some("left".into()),
            dry_run: false,
            attended: true,
            criteria: Criteria { inactive: true, ..Criteria::default() },
            links: true,
            single: true,
            started_at: at(0),
        },
        survey: Survey::default(),
        plan: Some((b"plan".to_vec(), "digest".into())),
    }
}

fn tenant() -> Tenant {
    Tenant { psa: "connectwise".into(), id: "host/acme".into(), name: "Acme".into() }
}

fn story(id: &str) -> Vec<Stamped> {
    let id = ConfigId::from(id);
    [
        Event::Applying,
        Event::Intended { config_id: id.clone(), attempt: 1 },
        Event::Answered { config_id: id.clone(), attempt: 1, answer: Answer::Accepted },
        Event::settled(id, Outcome::Deactivated { verified: true }, None),
    ]
    .into_iter()
    .map(|event| Stamped { at: at(1), event })
    .collect()
}

#[tokio::test]
async fn a_run_comes_back_as_it_was_put_down() {
    each(async |store| {
        let run = new_run("r1");
        store.create_run(&run).await.unwrap();
        let head = store.append(&run.header.run, &story("1")).await.unwrap();
        let more = [Stamped { at: at(2), event: Event::Ended { how: End::Finished } }];
        let last = store.append(&run.header.run, &more).await.unwrap();
        assert_ne!(head, last);
        store.save_report(&run.header.run, &serde_json::json!({ "success": true })).await.unwrap();
        let stored = store.run(&run.header.run).await.unwrap().unwrap();
        assert_eq!(stored.header, run.header);
        assert_eq!(stored.plan, run.plan);
        assert_eq!(stored.head, last);
        assert_eq!(stored.events, [story("1"), more.to_vec()].concat());
        assert_eq!(stored.report, Some(serde_json::json!({ "success": true })));
        let summary = &store.runs(10).await.unwrap()[0];
        assert_eq!((summary.phase, summary.changed, summary.errors), (Phase::Finished, 1, 0));
        assert!(store.verify().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_harms_nothing() {
    each(async |store| {
        store.create_run(&new_run("r1")).await.unwrap();
        assert_eq!(store.create_run(&new_run("r1")).await, Err(StoreError::RunExists("r1".into())));
        let nobody = RunId::from("nobody");
        assert_eq!(store.append(&nobody, &story("1")).await, Err(StoreError::NoRun("nobody".into())));
        assert!(store.run(&nobody).await.unwrap().is_none());
        store.append(&RunId::from("r1"), &story("1")).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_appends_at_once_keep_one_chain() {
    each(async |store| {
        store.create_run(&new_run("r1")).await.unwrap();
        let appends = (0..100).map(|item| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                store.append(&RunId::from("r1"), &story(&item.to_string())).await.unwrap();
            })
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap();
        }
        let stored = store.run(&RunId::from("r1")).await.unwrap().unwrap();
        assert_eq!(stored.events.len(), 400);
        assert!(store.verify().await.unwrap().is_empty());
        assert_eq!(store.runs(1).await.unwrap()[0].changed, 100);
    })
    .await;
}

#[tokio::test]
async fn runs_come_latest_first_and_their_heads_are_chained() {
    each(async |store| {
        for id in ["r1", "r2", "r3"] {
            store.create_run(&new_run(id)).await.unwrap();
            store.append(&RunId::from(id), &story("1")).await.unwrap();
        }
        let runs: Vec<String> = store.runs(2).await.unwrap().iter().map(|run| run.run.to_string()).collect();
        assert_eq!(runs, ["r3", "r2"]);
        let heads: Vec<String> = [
            store.run(&RunId::from("r1")).await.unwrap().unwrap().head,
            store.run(&RunId::from("r2")).await.unwrap().unwrap().head,
        ]
        .into();
        assert_ne!(heads[0], heads[1], "the same story under another head is another chain");
    })
    .await;
}

fn holder(run: &str, pid: u32) -> Holder {
    let own = Identity::own();
    Holder { run: RunId::from(run), operator: "jane".into(), host: own.host, pid, boot: own.boot }
}

#[tokio::test]
async fn a_client_has_one_writer_and_a_dead_one_does_not_count() {
    each(async |store| {
        let own = Identity::own();
        let clients = [ClientId::from("1"), ClientId::from("2")];
        assert!(
            store.acquire(&tenant(), &clients[..1], &holder("r1", own.pid), at(0)).await.unwrap().is_empty()
        );
        let held = store.acquire(&tenant(), &clients, &holder("r2", own.pid), at(1)).await.unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!((held[0].client.as_str(), held[0].run.as_str(), held[0].since), ("1", "r1", at(0)));
        let other = Tenant { id: "host/other".into(), ..tenant() };
        assert!(store.acquire(&other, &clients, &holder("r3", own.pid), at(1)).await.unwrap().is_empty());
        store.release(&RunId::from("r1")).await.unwrap();
        assert!(store.acquire(&tenant(), &clients, &holder("r2", own.pid), at(2)).await.unwrap().is_empty());
        // A process that is no more, and one of an earlier boot, hold nothing.
        store.release(&RunId::from("r2")).await.unwrap();
        for dead in [holder("r4", 4_000_000), Holder { boot: "earlier".into(), ..holder("r4", own.pid) }] {
            store.acquire(&tenant(), &clients, &dead, at(3)).await.unwrap();
            assert!(
                store.acquire(&tenant(), &clients, &holder("r5", own.pid), at(4)).await.unwrap().is_empty()
            );
            store.release(&RunId::from("r5")).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_file_is_private_and_survives_its_program() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = SqliteStore::open(folder.path()).await.unwrap();
        store.create_run(&new_run("r1")).await.unwrap();
        store.append(&RunId::from("r1"), &story("1")).await.unwrap();
    }
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mothball::system::files::mode(&path).unwrap(), 0o600, "{}", path.display());
    }
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(store.run(&RunId::from("r1")).await.unwrap().unwrap().events.len(), 4);
}

async fn tampered(sql: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    store.create_run(&new_run("r1")).await.unwrap();
    store.append(&RunId::from("r1"), &story("1")).await.unwrap();
    execute(folder.path(), sql).await;
    store.verify().await.unwrap()
}

async fn execute(folder: &Path, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("mothball.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn tampering_with_the_file_is_found() {
    for sql in [
        "UPDATE records SET event = replace(event, '\"1\"', '\"2\"') WHERE seq = 2",
        "DELETE FROM records WHERE seq = 2",
        "DELETE FROM records WHERE seq = 4",
        "UPDATE records SET seq = 9 WHERE seq = 4",
    ] {
        assert_eq!(tampered(sql).await.len(), 1, "{sql}");
    }
}

#[tokio::test]
async fn after_a_failed_write_nothing_more_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    store.create_run(&new_run("r1")).await.unwrap();
    execute(folder.path(), "DROP TABLE records").await;
    let run = RunId::from("r1");
    assert!(matches!(store.append(&run, &story("1")).await, Err(StoreError::Broken(_))));
    assert!(matches!(store.append(&run, &story("1")).await, Err(StoreError::Failed(_))));
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let Err(StoreError::Folder { path, .. }) = SqliteStore::open(&file.join("data")).await.map(|_| ()) else {
        panic!("it must be refused")
    };
    assert_eq!(path, file.join("data"));
}
