//! Meddling with the file past the store: rows through another connection, and bytes of the file itself.

#![expect(clippy::disallowed_macros, reason = "the counts are printed for those who ask for them")]

use std::{collections::BTreeMap, path::Path};

use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::*;
use crate::store::{Findings, RunSummary, generated};

/// Journals whose rows are edited one by one: each edit is two commits and a check.
const JOURNALS: u64 = 10;
/// Files with some bytes changed.
const FILES: u64 = 400;

/// What can be done to one record. `?1` is the run, `?2` the record, `?3` another record of the same run.
const TO_A_RECORD: &[&[&str]] = &[
    &["UPDATE records SET body = replace(body, substr(body, 12, 1), '~') WHERE run = ?1 AND seq = ?2"],
    &["UPDATE records SET body = CAST(body AS BLOB) || x'ff' WHERE run = ?1 AND seq = ?2"],
    &["UPDATE records SET hash = replace(hash, substr(hash, 30, 1), 'g') WHERE run = ?1 AND seq = ?2"],
    &[
        "UPDATE records SET previous = replace(previous, substr(previous, 30, 1), 'g') WHERE run = ?1 AND seq = ?2",
    ],
    &["UPDATE records SET seq = -3 WHERE run = ?1 AND seq = ?2"],
    &["UPDATE records SET run = 'somebody' WHERE run = ?1 AND seq = ?2"],
    &["DELETE FROM records WHERE run = ?1 AND seq = ?2"],
    &[
        "DELETE FROM records WHERE run = ?1 AND seq = ?2",
        "UPDATE records SET seq = -seq WHERE run = ?1 AND seq > ?2",
        "UPDATE records SET seq = -seq - 1 WHERE run = ?1 AND seq < 0",
        "UPDATE runs SET records = records - 1 WHERE id = ?1",
    ],
    &[
        "INSERT INTO records SELECT run, 1000 + seq, previous, hash, body FROM records WHERE run = ?1 AND seq = ?2",
    ],
    &["INSERT INTO records SELECT run, -1, previous, hash, body FROM records WHERE run = ?1 AND seq = ?2"],
    &[
        "UPDATE records SET seq = -seq - 1 WHERE run = ?1 AND seq > ?2",
        "UPDATE records SET seq = -seq WHERE run = ?1 AND seq < 0",
        "INSERT INTO records SELECT run, seq + 1, hash, hash, body FROM records WHERE run = ?1 AND seq = ?2",
        "UPDATE runs SET records = records + 1 WHERE id = ?1",
    ],
    &[
        "UPDATE records SET seq = -9 WHERE run = ?1 AND seq = ?2",
        "UPDATE records SET seq = ?2 WHERE run = ?1 AND seq = ?3",
        "UPDATE records SET seq = ?3 WHERE run = ?1 AND seq = -9",
    ],
];

/// What can be done to what is stored beside the records: every column there is. `?1` is the run.
const TO_A_RUN: &[&str] = &[
    "UPDATE runs SET id = 'somebody' WHERE id = ?1",
    "UPDATE runs SET number = number + 100 WHERE id = ?1",
    "UPDATE runs SET number = -number WHERE id = ?1",
    "UPDATE runs SET psa = 'halopsa' WHERE id = ?1",
    "UPDATE runs SET tenant = tenant || ' ' WHERE id = ?1",
    "UPDATE runs SET tenant = NULL WHERE id = ?1",
    "UPDATE runs SET phase = CASE phase WHEN 'finished' THEN 'refused' ELSE 'finished' END WHERE id = ?1",
    "UPDATE runs SET phase = 'nothing' WHERE id = ?1",
    "UPDATE runs SET records = records + 1 WHERE id = ?1",
    "UPDATE runs SET records = records - 1 WHERE id = ?1",
    "UPDATE runs SET head = replace(head, substr(head, 7, 1), 'g') WHERE id = ?1",
    "UPDATE runs SET last_event = last_event + 1 WHERE id = ?1",
    "UPDATE runs SET last_event = 'never' WHERE id = ?1",
    "UPDATE runs SET header = replace(header, 'jane', 'joan') WHERE id = ?1",
    "UPDATE runs SET header = CAST(header AS BLOB) || x'fe' WHERE id = ?1",
    "UPDATE runs SET look_due = coalesce(look_due, 0) + 1 WHERE id = ?1",
    "UPDATE documents SET run = 'somebody' WHERE run = ?1",
    "UPDATE documents SET survey = replace(survey, 'SRV', 'SRW') WHERE run = ?1",
    "UPDATE documents SET plan = plan || x'20' WHERE run = ?1",
    "UPDATE documents SET plan = NULL WHERE run = ?1",
    "UPDATE documents SET plan_digest = replace(plan_digest, substr(plan_digest, 7, 1), 'g') WHERE run = ?1",
    "UPDATE documents SET report = replace(report, '1.0', '1.1') WHERE run = ?1 AND report IS NOT NULL",
    "UPDATE documents SET report_digest = 'x' WHERE run = ?1 AND report IS NOT NULL",
    "DELETE FROM documents WHERE run = ?1",
    "UPDATE items SET run = 'somebody' WHERE run = ?1",
    "UPDATE items SET config_id = 'x' || config_id WHERE run = ?1",
    "UPDATE items SET client_id = client_id || '0' WHERE run = ?1",
    "UPDATE items SET outcome = CASE outcome WHEN 'deactivated' THEN 'restored' ELSE 'deactivated' END WHERE run = ?1",
    "UPDATE items SET settled_at = coalesce(settled_at, 0) + 1 WHERE run = ?1",
    "DELETE FROM items WHERE run = ?1",
    "DELETE FROM records WHERE run = ?1",
    "DELETE FROM runs WHERE id = ?1",
];

async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join(FILE)).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    sqlx::query("PRAGMA synchronous = off").execute(&mut connection).await.unwrap();
    connection
}

/// Does something and puts everything back. Tells whether anything was changed, and what was found.
async fn meddle(
    store: &SqliteStore,
    past: &mut SqliteConnection,
    statements: &[&'static str],
    (run, seq, other): (&str, i64, i64),
) -> Option<Findings> {
    let mut changed = 0;
    let mut transaction = past.begin().await.unwrap();
    for table in ["runs", "documents", "records", "items"] {
        let copy = format!("CREATE TEMP TABLE kept_{table} AS SELECT * FROM main.{table}");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut *transaction).await.unwrap();
    }
    for statement in statements {
        let query = sqlx::query(*statement).bind(run);
        let query =
            if statement.contains("?2") || statement.contains("?3") { query.bind(seq) } else { query };
        let query = if statement.contains("?3") { query.bind(other) } else { query };
        changed += query.execute(&mut *transaction).await.unwrap().rows_affected();
    }
    transaction.commit().await.unwrap();
    let findings = store.audit(&[]).await.unwrap();
    let mut transaction = past.begin().await.unwrap();
    for table in ["items", "records", "documents", "runs"] {
        for statement in [
            format!("DELETE FROM main.{table}"),
            format!("INSERT INTO main.{table} SELECT * FROM kept_{table}"),
            format!("DROP TABLE kept_{table}"),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *transaction).await.unwrap();
        }
    }
    transaction.commit().await.unwrap();
    (changed > 0).then_some(findings)
}

#[tokio::test]
async fn every_record_and_every_column_meddled_with_in_the_file_is_found() {
    let (mut done, mut records) = (0, 0);
    for seed in 0..JOURNALS {
        let mut rng = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let journal = generated::journal(&mut rng, 2, 5);
        generated::store(&store, &journal).await;
        let mut past = raw(folder.path()).await;
        for (number, run) in (1..).zip(&journal) {
            let id = run.new.header.run.as_str();
            let length = 1 + run.batches.iter().map(Vec::len).sum::<usize>() as i64;
            records += length;
            for seq in 0..length {
                let other = (seq + rng.random_range(1..length)) % length;
                for statements in TO_A_RECORD {
                    // What was appended last in good order is no flaw.
                    let findings = meddle(&store, &mut past, statements, (id, seq, other)).await;
                    assert!(
                        !findings.expect(statements[0]).is_whole(),
                        "seed {seed}, {id} {seq}: {statements:?}"
                    );
                    done += 1;
                }
            }
            for statement in TO_A_RUN {
                // The whole of the latest run is missed by reports alone; its parts that are left are found here.
                if let Some(findings) = meddle(&store, &mut past, &[statement], (id, 0, 0)).await {
                    assert!(!findings.is_whole(), "seed {seed}, run {number}: {statement}");
                    done += 1;
                }
            }
        }
        assert!(store.audit(&[]).await.unwrap().is_whole(), "everything was put back");
        store.close().await;
    }
    println!("seeds 0 to {}: {done} of {done} found, in {records} records on disk", JOURNALS - 1);
}

/// Everything that anybody reads of the journal.
async fn read(
    store: &SqliteStore,
) -> Result<(Vec<RunSummary>, BTreeMap<RunId, StoredRun>, Vec<Deactivated>)> {
    let runs = store.runs(u32::MAX).await?;
    let mut stored = BTreeMap::new();
    for run in &runs {
        let id = &run.header.run;
        stored.insert(id.clone(), store.run(id).await?.ok_or_else(|| StoreError::UnknownRun(id.clone()))?);
    }
    let tenant = crate::domain::plan::samples::head().tenant;
    Ok((runs, stored, store.deactivated(&tenant).await?))
}

#[tokio::test]
async fn no_changed_byte_of_the_file_makes_another_journal_unnoticed() {
    let mut rng = StdRng::seed_from_u64(2026);
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    generated::store(&store, &generated::journal(&mut rng, 6, 30)).await;
    let original = read(&store).await.unwrap();
    store.close().await;
    let bytes = std::fs::read(folder.path().join(FILE)).unwrap();
    let (mut refused, mut found, mut unused) = (0, 0, 0);
    for file in 0..FILES {
        let folder = tempfile::tempdir().unwrap();
        let mut damaged = bytes.clone();
        for _ in 0..rng.random_range(1..=3) {
            let at = rng.random_range(0..damaged.len());
            damaged[at] ^= rng.random_range(1..=255);
        }
        std::fs::write(folder.path().join(FILE), &damaged).unwrap();
        let Ok(store) = SqliteStore::open(folder.path()).await else {
            refused += 1;
            continue;
        };
        match store.audit(&[]).await {
            Err(_) => refused += 1,
            Ok(findings) if !findings.is_whole() => found += 1,
            Ok(_) => {
                let now = read(&store).await.expect("what was found whole can be read");
                assert_eq!(now, original, "file {file}: another journal, and nobody noticed");
                unused += 1;
            }
        }
        store.close().await;
    }
    println!(
        "{FILES} files of {} bytes: {refused} refused, {found} found, {unused} with nothing of a journal changed",
        bytes.len()
    );
    assert!(refused > 0 && found > 0, "the damage reaches what is stored");
}
