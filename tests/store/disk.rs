//! What only the store on disk can promise: modes, durability across handles, and errors with a way out.

use std::{fs, os::unix::fs::PermissionsExt};

use mothball::{
    domain::RunId,
    store::{SqliteStore, Store, StoreError},
    system::files,
};

use super::samples::*;

#[tokio::test]
async fn everything_in_the_data_directory_is_private() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("a/b");
    let store = SqliteStore::open(&folder).await.unwrap();
    store.create_run(&run("r1", 2, 0)).await.unwrap();
    assert_eq!(store.path(), folder.join("mothball.db"));
    assert_eq!(files::mode(&folder).unwrap(), 0o700);
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(files::mode(&path).unwrap(), 0o600, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 3, "the database, its log and the lock");
    store.close().await;
}

#[tokio::test]
async fn what_was_appended_is_there_for_the_next_handle_even_without_a_close() {
    let folder = tempfile::tempdir().unwrap();
    let run = run("r1", 2, 0);
    let first = SqliteStore::open(folder.path()).await.unwrap();
    first.create_run(&run).await.unwrap();
    let head = first.append(&run.header.run, &opening(&run, 1)).await.unwrap();
    // Both work on the same file at the same time.
    let second = SqliteStore::open(folder.path()).await.unwrap();
    let stored = second.run(&run.header.run).await.unwrap().unwrap();
    assert_eq!((stored.head, stored.events.len()), (head, 3));
    second.append(&run.header.run, &[finished(2)]).await.unwrap();
    first.append(&run.header.run, &[finished(3)]).await.unwrap();
    assert_eq!(second.verify_all().await.unwrap(), []);
}

#[tokio::test]
async fn appends_at_the_same_time_share_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let run = run("r1", 200, 0);
    store.create_run(&run).await.unwrap();
    let before = store.commits();
    let id = &run.header.run;
    let appends = (1..=200).map(|one| {
        let store = &store;
        async move { store.append(id, &item(one, 1, DEACTIVATED)).await.unwrap() }
    });
    futures_util::future::join_all(appends).await;
    let commits = store.commits() - before;
    assert!((1..=20).contains(&commits), "{commits} commits for 200 appends");
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_acknowledged() {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };
    for kill_after in [1, 7, 40] {
        let folder = tempfile::tempdir().unwrap();
        // This program again, as the one that is killed.
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::disk::appends_until_killed", "--include-ignored", "--nocapture"])
            .env("MOTHBALL_DATA_DIR", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged: Vec<String> = Vec::new();
        for line in lines {
            let line = line.unwrap();
            acknowledged.extend(line.strip_prefix("durable ").map(str::to_owned));
            if acknowledged.len() == kill_after {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let stored = store.run(&RunId::from("r1")).await.unwrap().unwrap();
        assert!(acknowledged.len() >= kill_after && stored.events.len() >= acknowledged.len());
        // The last one stands for all before it: they are in one chain.
        let last = acknowledged.last().map(String::as_str);
        assert_eq!(store.verify(&RunId::from("r1"), last).await.unwrap(), []);
        store.append(&RunId::from("r1"), &[finished(9)]).await.unwrap();
        assert_eq!(store.verify_all().await.unwrap(), []);
    }
}

#[tokio::test]
#[ignore = "run, and killed, by another test"]
async fn appends_until_killed() {
    use std::io::Write;
    let Some(folder) = mothball::system::environment::path("MOTHBALL_DATA_DIR") else { return };
    let store = SqliteStore::open(&folder).await.unwrap();
    store.create_run(&run("r1", 1, 0)).await.unwrap();
    for n in 0..100_000 {
        let events = [stamp(n, mothball::domain::Event::Warned { text: "x".repeat(200) })];
        let head = store.append(&RunId::from("r1"), &events).await.unwrap();
        writeln!(std::io::stdout(), "durable {head}").unwrap();
    }
}

#[tokio::test]
async fn two_that_open_a_new_store_at_once_both_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let opened = futures_util::future::join_all((0..6).map(|_| SqliteStore::open(folder.path()))).await;
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let outer = tempfile::tempdir().unwrap();
    let blocked = outer.path().join("file");
    fs::write(&blocked, "not a folder").unwrap();
    let error = SqliteStore::open(&blocked.join("data")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unwritable { folder, .. } if folder.ends_with("file/data")));
    assert!(error.advice().contains("--data-dir"));

    let locked = outer.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    // The superuser may write everywhere.
    if fs::write(locked.join("probe"), "").is_err() {
        let error = SqliteStore::open(&locked).await.unwrap_err();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_store_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mothball.db"), "this is not a database, however long it may be".repeat(99))
        .unwrap();
    let error = SqliteStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

/// A connection past the store.
async fn raw(folder: &std::path::Path) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions;
    sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("mothball.db")).connect().await.unwrap()
}

#[tokio::test]
async fn a_newer_form_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(folder.path()).await.unwrap().close().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9000, 'later', TRUE, x'00', 0)",
    )
    .execute(&mut raw(folder.path()).await)
    .await
    .unwrap();
    let error = SqliteStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 9000, .. }), "{error:?}");
}

/// A store with three runs of which the second has every kind of record.
async fn journal(folder: &std::path::Path) -> SqliteStore {
    let store = SqliteStore::open(folder).await.unwrap();
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
async fn every_kind_of_meddling_with_the_journal_is_found() {
    // Run r2 has records 0 to 7.
    let meddlings: &[&[&str]] = &[
        &["UPDATE records SET body = replace(body, 'applying', 'verifying') WHERE run = 'r2' AND seq = 3"],
        &["UPDATE records SET hash = replace(hash, substr(hash, 9, 1), 'g') WHERE run = 'r2' AND seq = 3"],
        &[
            "UPDATE records SET previous = replace(previous, substr(previous, 9, 1), 'g') WHERE run = 'r2' AND seq = 3",
        ],
        &[
            "UPDATE records SET previous = replace(previous, substr(previous, 9, 1), 'g') WHERE run = 'r2' AND seq = 0",
        ],
        &["DELETE FROM records WHERE run = 'r2' AND seq = 0"],
        &["DELETE FROM records WHERE run = 'r2' AND seq = 4"],
        &["DELETE FROM records WHERE run = 'r2' AND seq = 7"],
        &[
            "DELETE FROM records WHERE run = 'r2' AND seq = 4",
            "UPDATE records SET seq = seq - 1 WHERE run = 'r2' AND seq > 4",
        ],
        &["INSERT INTO records SELECT run, 8, hash, hash, body FROM records WHERE run = 'r2' AND seq = 7"],
        &[
            "INSERT INTO records SELECT run, 8, previous, hash, body FROM records WHERE run = 'r2' AND seq = 7",
        ],
        &[
            "UPDATE records SET seq = 99 WHERE run = 'r2' AND seq = 4",
            "UPDATE records SET seq = 4 WHERE run = 'r2' AND seq = 5",
            "UPDATE records SET seq = 5 WHERE run = 'r2' AND seq = 99",
        ],
        &["DELETE FROM records WHERE run = 'r2' AND seq = 7", "UPDATE runs SET records = 7 WHERE id = 'r2'"],
        &["UPDATE runs SET phase = 'cancelled' WHERE id = 'r2'"],
        &["UPDATE runs SET header = replace(header, 'jane', 'joan') WHERE id = 'r2'"],
        &["UPDATE documents SET survey = replace(survey, 'Server', 'Switch') WHERE run = 'r2'"],
        &["UPDATE documents SET plan = x'00' WHERE run = 'r2'"],
        &["UPDATE documents SET plan = NULL, plan_digest = NULL WHERE run = 'r2'"],
        &[
            "DELETE FROM items WHERE run = 'r2'",
            "DELETE FROM documents WHERE run = 'r2'",
            "DELETE FROM records WHERE run = 'r2'",
            "DELETE FROM runs WHERE id = 'r2'",
        ],
        &["UPDATE runs SET number = 9 WHERE id = 'r2'"],
    ];
    for meddling in meddlings {
        let folder = tempfile::tempdir().unwrap();
        let store = journal(folder.path()).await;
        let mut past = raw(folder.path()).await;
        sqlx::query("PRAGMA foreign_keys = off").execute(&mut past).await.unwrap();
        for statement in *meddling {
            let done = sqlx::query(*statement).execute(&mut past).await.unwrap();
            assert!(done.rows_affected() > 0, "{statement} changed nothing");
        }
        let flaws = store.verify_all().await.unwrap();
        assert!(!flaws.is_empty(), "{meddling:?} was not found");
        assert!(flaws.iter().all(|flaw| flaw.run != RunId::from("r1")), "{meddling:?}: {flaws:?}");
    }
}

#[tokio::test]
async fn every_edited_byte_of_a_body_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path()).await;
    let mut past = raw(folder.path()).await;
    let run = RunId::from("r2");
    let bodies: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, body FROM records WHERE run = 'r2' ORDER BY seq")
            .fetch_all(&mut past)
            .await
            .unwrap();
    let mut put = async |seq: i64, body: &str| {
        sqlx::query("UPDATE records SET body = ? WHERE run = 'r2' AND seq = ?")
            .bind(body)
            .bind(seq)
            .execute(&mut past)
            .await
            .unwrap();
    };
    for (seq, body) in &bodies {
        for at in (0..body.len()).step_by(7) {
            let mut edited = body.clone().into_bytes();
            edited[at] = if edited[at] == b'x' { b'y' } else { b'x' };
            put(*seq, std::str::from_utf8(&edited).unwrap()).await;
            assert!(!store.verify(&run, None).await.unwrap().is_empty(), "record {seq}, byte {at}");
        }
        put(*seq, body).await;
    }
    assert_eq!(store.verify_all().await.unwrap(), []);
}

#[tokio::test]
async fn a_journal_rewritten_to_an_earlier_end_is_found_by_the_head_in_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path()).await;
    let run = RunId::from("r3");
    let head = store.run(&run).await.unwrap().unwrap().head;
    let mut past = raw(folder.path()).await;
    for statement in [
        "DELETE FROM records WHERE run = 'r3' AND seq = 7",
        "UPDATE runs SET records = 7, phase = 'applying', last_event = last_event - 1000, head =
           (SELECT hash FROM records WHERE run = 'r3' AND seq = 6) WHERE id = 'r3'",
    ] {
        sqlx::query(statement).execute(&mut past).await.unwrap();
    }
    assert_eq!(store.verify(&run, None).await.unwrap(), []);
    assert_eq!(store.verify(&run, Some(&head)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_large_journal_opens_and_folds() {
    let folder = tempfile::tempdir().unwrap();
    let n = 20_000;
    let new = run("big", n, 0);
    let id = new.header.run.clone();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    store.create_run(&new).await.unwrap();
    let events: Vec<_> = (1..=n).flat_map(|one| item(one, 1, DEACTIVATED)).collect();
    for part in events.chunks(5_000) {
        store.append(&id, part).await.unwrap();
    }
    store.close().await;
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let stored = store.run(&id).await.unwrap().unwrap();
    let (bytes, digest) = stored.plan.unwrap();
    let plan = mothball::domain::Plan::reopen(&bytes, &digest).unwrap();
    let state = mothball::domain::RunState::replay(&plan, &stored.events);
    assert_eq!(state.totals.done, u64::from(n));
}
