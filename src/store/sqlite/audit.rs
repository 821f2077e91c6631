//! Checking the file: each run's journal, everything that is stored beside it, the way from run to run, and SQLite's
//! own opinion of the file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{SqliteStore, prune, reads::CHUNK};
use crate::{
    domain::{ConfigId, RunId},
    store::{
        Audit, Findings, Flaw, KnownHead, Result, StoreError,
        audit::{self, Extent, RawRun},
        check::{Checked, Checker, Followed, Item, Line, Place, Stored},
        journal::{Predecessor, Record},
        prune::{self as pruning, Cut, Pruning},
        rows::Database,
        types::moment,
    },
};

pub async fn verify(store: &SqliteStore, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>> {
    let mut connection = store.moment().await?;
    let known = known_head.map(|head| KnownHead::of_a_report(run, head));
    let checked = check(&mut connection, run, known).await;
    match told(checked.map_err(|error| store.error(&error)))? {
        Ok(Some(checked)) => Ok(checked.flaws),
        Ok(None) => Err(StoreError::UnknownRun(run.clone())),
        Err(what) => Ok(vec![unreadable(run, &what)]),
    }
}

/// What cannot be read because it is damaged is a finding; that the file cannot be asked is an error.
fn told<T>(outcome: Result<T>) -> Result<std::result::Result<T, String>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(StoreError::Corrupt { what, .. }) => Ok(Err(what)),
        Err(StoreError::Other { message }) => Ok(Err(message)),
        Err(error) => Err(error),
    }
}

fn unreadable(run: &RunId, what: &str) -> Flaw {
    Flaw { run: run.clone(), seq: None, what: format!("it cannot be read: {what}"), newest: None }
}

#[async_trait]
impl Audit for SqliteStore {
    async fn audit(&self, known: &[KnownHead]) -> Result<Findings> {
        let mut connection = self.moment().await?;
        let mut findings = Findings::default();
        let explain = |error: sqlx::Error| self.error(&error);
        // One moment for everything: a run that is stored or pruned meanwhile is not half seen.
        let mut snapshot = sqlx::Connection::begin(&mut *connection).await.map_err(explain)?;
        let sound = integrity(&mut snapshot).await.map_err(explain);
        match told(sound)? {
            Ok(damage) => findings.damage.extend(damage),
            Err(what) => findings.damage.push(what),
        }
        let listed = sqlx::query_as("SELECT id, number FROM runs ORDER BY number").fetch_all(&mut *snapshot);
        let runs: Vec<(String, i64)> = match told(listed.await.map_err(explain))? {
            Ok(runs) => runs,
            Err(what) => {
                findings.damage.push(format!("the list of runs cannot be read: {what}"));
                Vec::new()
            }
        };
        let mut places = Vec::new();
        for (id, number) in runs {
            let run = RunId::new(id);
            let own: Vec<KnownHead> = known.iter().filter(|known| known.run == run).cloned().collect();
            let mut link = None;
            match told(check(&mut snapshot, &run, own).await.map_err(explain))? {
                Ok(Some(checked)) => {
                    findings.records += checked.records;
                    findings.flaws.extend(checked.flaws);
                    link = checked.link;
                }
                Ok(None) => {
                    findings.flaws.push(unreadable(&run, "its line is not found by its id"));
                }
                Err(what) => findings.flaws.push(unreadable(&run, &what)),
            }
            findings.runs += 1;
            places.push(Place { number: number as u64, run, link });
        }
        match told(orphans(&mut snapshot).await.map_err(explain))? {
            Ok(orphans) => findings.flaws.extend(orphans),
            Err(what) => findings.damage.push(what),
        }
        let prunings = match told(prune::records(&mut snapshot).await.map_err(explain))? {
            Ok(prunings) => prunings,
            Err(what) => {
                findings.damage.push(format!("what was pruned cannot be read: {what}"));
                Vec::new()
            }
        };
        let wanted = audit::wanted(&places, &prunings);
        let followed = match told(followed(&mut snapshot, wanted).await.map_err(explain))? {
            Ok(followed) => followed,
            Err(what) => {
                findings.damage.push(what);
                Followed::new()
            }
        };
        // It was only read: how the snapshot ends changes nothing.
        let _ = snapshot.rollback().await;
        audit::conclude(&mut findings, places, followed, &prunings, known);
        Ok(findings)
    }

    async fn raw(&self, run: &RunId) -> Result<Option<RawRun>> {
        let mut connection = self.moment().await?;
        let explain = |error: sqlx::Error| self.error(&error);
        let mut snapshot = sqlx::Connection::begin(&mut *connection).await.map_err(explain)?;
        let raw = raw(&mut snapshot, run).await.map_err(explain);
        // It was only read: how the snapshot ends changes nothing.
        let _ = snapshot.rollback().await;
        raw
    }

    async fn extent(&self) -> Result<Extent> {
        let row = sqlx::query(
            "SELECT count(*) AS runs, sum(records) AS records, min(last_event) AS oldest,
                    (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS bytes
             FROM runs",
        )
        .fetch_one(&self.reads)
        .await;
        let explain = |error: sqlx::Error| self.error(&error);
        let row = row.map_err(explain)?;
        Ok(Extent {
            runs: row.try_get::<i64, _>("runs").map_err(explain)? as u64,
            records: row.try_get::<Option<i64>, _>("records").map_err(explain)?.unwrap_or(0) as u64,
            bytes: row.try_get::<i64, _>("bytes").map_err(explain)? as u64,
            oldest: row.try_get::<Option<i64>, _>("oldest").map_err(explain)?.map(moment),
        })
    }

    async fn prunings(&self) -> Result<Vec<Pruning>> {
        let mut connection = self.moment().await?;
        let records = prune::records(&mut connection).await.map_err(|error| self.error(&error))?;
        Ok(pruning::read(&records).0)
    }

    async fn prune(&self, cut: &Cut) -> Result<bool> {
        let cut = cut.clone();
        self.writer
            .change(move |connection| Box::pin(async move { prune::prune(connection, &cut).await }))
            .await
    }
}

/// What SQLite itself finds wrong with the file.
async fn integrity(connection: &mut SqliteConnection) -> Database<Vec<String>> {
    let lines: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&mut *connection).await?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// What is there of runs that are not in the list.
async fn orphans(connection: &mut SqliteConnection) -> Database<Vec<Flaw>> {
    // From run to run along the index: the records in between are not read.
    let ids: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE
           r (run) AS (SELECT min(run) FROM records
                       UNION ALL SELECT (SELECT min(run) FROM records WHERE run > r.run) FROM r WHERE run IS NOT NULL),
           i (run) AS (SELECT min(run) FROM items
                       UNION ALL SELECT (SELECT min(run) FROM items WHERE run > i.run) FROM i WHERE run IS NOT NULL)
         SELECT CAST(run AS TEXT) FROM (SELECT run FROM r UNION SELECT run FROM i UNION SELECT run FROM documents)
         WHERE run IS NOT NULL AND run NOT IN (SELECT id FROM runs)",
    )
    .fetch_all(&mut *connection)
    .await?;
    let what = "parts of it are stored, and it is not in the list of runs: it was removed";
    Ok(ids
        .into_iter()
        .map(|id| Flaw { run: RunId::new(id), seq: None, what: what.to_owned(), newest: None })
        .collect())
}

async fn followed(connection: &mut SqliteConnection, wanted: Vec<Predecessor>) -> Database<Followed> {
    let mut found = Followed::new();
    for Predecessor { run, seq, .. } in wanted {
        let hash: Option<String> = sqlx::query_scalar("SELECT hash FROM records WHERE run = ? AND seq = ?")
            .bind(run.as_str())
            .bind(seq as i64)
            .fetch_optional(&mut *connection)
            .await?;
        found.extend(hash.map(|hash| ((run, seq), hash)));
    }
    Ok(found)
}

async fn raw(connection: &mut SqliteConnection, run: &RunId) -> Database<Option<RawRun>> {
    let row = sqlx::query(
        "SELECT header, survey, plan, plan_digest, report
         FROM runs JOIN documents ON documents.run = runs.id WHERE runs.id = ?",
    )
    .bind(run.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let plan: Option<Vec<u8>> = row.try_get("plan")?;
    let mut records: Vec<Record> = Vec::new();
    loop {
        let last = records.last().map_or(i64::MIN, |record| record.seq as i64);
        let mut more = chunk(connection, run, last).await?;
        let is_last = (more.len() as i64) < CHUNK;
        records.append(&mut more);
        if is_last {
            break;
        }
    }
    Ok(Some(RawRun {
        header: row.try_get("header")?,
        survey: row.try_get("survey")?,
        plan: plan.zip(row.try_get("plan_digest")?),
        report: row.try_get("report")?,
        records,
    }))
}

async fn check(
    connection: &mut SqliteConnection,
    run: &RunId,
    known: impl IntoIterator<Item = KnownHead>,
) -> Database<Option<Checked>> {
    let mut snapshot = sqlx::Connection::begin(connection).await?;
    let row = sqlx::query(
        "SELECT psa, tenant, phase, records, head, last_event, look_due, CAST(header AS BLOB) AS header,
                CAST(survey AS BLOB) AS survey, plan, plan_digest, CAST(report AS BLOB) AS report, report_digest
         FROM runs LEFT JOIN documents ON documents.run = runs.id WHERE runs.id = ?",
    )
    .bind(run.as_str())
    .fetch_optional(&mut *snapshot)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let plan: Option<Vec<u8>> = row.try_get("plan")?;
    let report: Option<Vec<u8>> = row.try_get("report")?;
    let stored = Stored {
        id: run.clone(),
        header: text(row.try_get("header")?),
        survey: text(row.try_get("survey")?),
        plan: plan.zip(row.try_get("plan_digest")?),
        line: Line {
            psa: row.try_get("psa")?,
            tenant: row.try_get("tenant")?,
            phase: row.try_get("phase")?,
            records: row.try_get::<i64, _>("records")? as u64,
            head: row.try_get("head")?,
            last_event: row.try_get("last_event")?,
            look_due: row.try_get("look_due")?,
        },
        items: items(&mut snapshot, run).await?,
        report: report.map(|report| text(Some(report))).zip(Some(row.try_get("report_digest")?)),
    };
    let mut checker = Checker::new(stored, known);
    let mut last = i64::MIN;
    loop {
        let records = chunk(&mut snapshot, run, last).await?;
        last = records.last().map_or(last, |record| record.seq as i64);
        for record in &records {
            checker.record(record);
        }
        if (records.len() as i64) < CHUNK {
            break;
        }
    }
    // It was only read: how the snapshot ends changes nothing.
    let _ = snapshot.rollback().await;
    Ok(Some(checker.finish()))
}

/// The records after `last`, at most [`CHUNK`].
async fn chunk(connection: &mut SqliteConnection, run: &RunId, last: i64) -> Database<Vec<Record>> {
    match chunk_at_once(connection, run, last).await? {
        Some(records) => Ok(records),
        None => chunk_row_by_row(connection, run, last).await,
    }
}

/// All of them in one row of the answer, because the way through the driver costs more than the bytes. `None` if one
/// has not the shape that a record is written in: then where it ends cannot be seen in the one row.
async fn chunk_at_once(
    connection: &mut SqliteConnection,
    run: &RunId,
    last: i64,
) -> Database<Option<Vec<Record>>> {
    let row = sqlx::query(
        "SELECT count(*) AS rows,
                sum(typeof(seq) = 'integer' AND typeof(previous) = 'text' AND typeof(hash) = 'text'
                    AND typeof(body) = 'text' AND length(CAST(previous AS BLOB)) = 64
                    AND length(CAST(hash AS BLOB)) = 64 AND instr(previous || hash || body, char(10)) = 0) AS shaped,
                CAST(group_concat(previous || hash || seq || ' ' || body, char(10) ORDER BY seq) AS BLOB) AS records
         FROM (SELECT * FROM records WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?)",
    )
    .bind(run.as_str())
    .bind(last)
    .bind(CHUNK)
    .fetch_one(connection)
    .await?;
    let rows: i64 = row.try_get("rows")?;
    if rows == 0 {
        return Ok(Some(Vec::new()));
    }
    if row.try_get::<i64, _>("shaped")? != rows {
        return Ok(None);
    }
    let Ok(all) = String::from_utf8(row.try_get("records")?) else { return Ok(None) };
    let records: Option<Vec<Record>> = all.split('\n').map(from_one_row).collect();
    Ok(records.filter(|records| records.len() as i64 == rows))
}

/// A record as [`chunk_at_once`] has it.
fn from_one_row(line: &str) -> Option<Record> {
    let (previous, rest) = line.split_at_checked(64)?;
    let (hash, rest) = rest.split_at_checked(64)?;
    let (seq, body) = rest.split_once(' ')?;
    Some(Record {
        seq: seq.parse::<i64>().ok()? as u64,
        previous: previous.to_owned(),
        hash: hash.to_owned(),
        body: body.to_owned(),
    })
}

async fn chunk_row_by_row(
    connection: &mut SqliteConnection,
    run: &RunId,
    last: i64,
) -> Database<Vec<Record>> {
    let rows = sqlx::query(
        "SELECT seq, CAST(previous AS BLOB) AS previous, CAST(hash AS BLOB) AS hash, CAST(body AS BLOB) AS body
         FROM records WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
    )
    .bind(run.as_str())
    .bind(last)
    .bind(CHUNK)
    .fetch_all(connection)
    .await?;
    rows.iter().map(record).collect()
}

pub fn record(row: &SqliteRow) -> Database<Record> {
    Ok(Record {
        seq: row.try_get::<i64, _>("seq")? as u64,
        previous: text(row.try_get("previous")?),
        hash: text(row.try_get("hash")?),
        body: text(row.try_get("body")?),
    })
}

async fn items(connection: &mut SqliteConnection, run: &RunId) -> Database<BTreeMap<ConfigId, Item>> {
    let rows = sqlx::query("SELECT config_id, client_id, outcome, settled_at FROM items WHERE run = ?")
        .bind(run.as_str())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let item = Item {
                client: row.try_get("client_id")?,
                outcome: row.try_get("outcome")?,
                settled_at: row.try_get("settled_at")?,
            };
            Ok((ConfigId::new(row.try_get::<String, _>("config_id")?), item))
        })
        .collect()
}

/// Stored text, damaged or not: what is no text any more is not taken for what it was.
fn text(bytes: Option<Vec<u8>>) -> String {
    match String::from_utf8(bytes.unwrap_or_default()) {
        Ok(text) => text,
        Err(error) => format!("(not text) {}", String::from_utf8_lossy(error.as_bytes())),
    }
}
