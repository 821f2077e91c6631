//! Checking the database: each run's journal, everything that is stored beside it, and the way from run to run.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{PostgresStore, prune, reads::CHUNK};
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

pub async fn verify(store: &PostgresStore, run: &RunId, known_head: Option<&str>) -> Result<Vec<Flaw>> {
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
impl Audit for PostgresStore {
    async fn audit(&self, known: &[KnownHead]) -> Result<Findings> {
        let mut findings = Findings::default();
        let explain = |error: sqlx::Error| self.error(&error);
        // One moment for everything: a run that is stored or pruned meanwhile is not half seen.
        let mut snapshot = self.moment().await?;
        findings.notes.extend(carelessness(&mut snapshot).await.map_err(explain)?);
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
        let explain = |error: sqlx::Error| self.error(&error);
        let mut snapshot = self.moment().await?;
        let raw = raw(&mut snapshot, run).await.map_err(explain);
        // It was only read: how the snapshot ends changes nothing.
        let _ = snapshot.rollback().await;
        raw
    }

    async fn extent(&self) -> Result<Extent> {
        let row = sqlx::query(
            "SELECT count(*) AS runs, coalesce(sum(records), 0)::bigint AS records, min(last_event) AS oldest,
                    (SELECT sum(pg_total_relation_size(own.oid))::bigint FROM pg_class AS own
                     JOIN pg_class AS runs ON runs.relnamespace = own.relnamespace
                     WHERE own.relkind = 'r' AND runs.oid = 'runs'::regclass) AS bytes
             FROM runs",
        )
        .fetch_one(&self.reads)
        .await;
        let explain = |error: sqlx::Error| self.error(&error);
        let row = row.map_err(explain)?;
        Ok(Extent {
            runs: row.try_get::<i64, _>("runs").map_err(explain)? as u64,
            records: row.try_get::<i64, _>("records").map_err(explain)? as u64,
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
        change!(self, |connection, cut| prune::prune(connection, &cut))
    }
}

/// Settings of the server under which it may lose what it acknowledged.
async fn carelessness(connection: &mut PgConnection) -> Database<Vec<String>> {
    let off: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'",
    )
    .fetch_all(connection)
    .await?;
    let told =
        |name: String| format!("{name} is off at the server: a power cut may damage what is stored there");
    Ok(off.into_iter().map(told).collect())
}

/// What is there of runs that are not in the list.
async fn orphans(connection: &mut PgConnection) -> Database<Vec<Flaw>> {
    // From run to run along the index: the records in between are not read.
    let ids: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE
           r (run) AS (SELECT min(run) FROM records
                       UNION ALL SELECT (SELECT min(run) FROM records WHERE run > r.run) FROM r WHERE run IS NOT NULL),
           i (run) AS (SELECT min(run) FROM items
                       UNION ALL SELECT (SELECT min(run) FROM items WHERE run > i.run) FROM i WHERE run IS NOT NULL)
         SELECT run FROM (SELECT run FROM r UNION SELECT run FROM i UNION SELECT run FROM documents) AS parts
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

async fn followed(connection: &mut PgConnection, wanted: Vec<Predecessor>) -> Database<Followed> {
    let mut found = Followed::new();
    for Predecessor { run, seq, .. } in wanted {
        let hash: Option<String> = sqlx::query_scalar("SELECT hash FROM records WHERE run = $1 AND seq = $2")
            .bind(run.as_str())
            .bind(seq as i64)
            .fetch_optional(&mut *connection)
            .await?;
        found.extend(hash.map(|hash| ((run, seq), hash)));
    }
    Ok(found)
}

async fn raw(connection: &mut PgConnection, run: &RunId) -> Database<Option<RawRun>> {
    let row = sqlx::query(
        "SELECT header, survey, plan, plan_digest, report
         FROM runs JOIN documents ON documents.run = runs.id WHERE runs.id = $1",
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
    connection: &mut PgConnection,
    run: &RunId,
    known: impl IntoIterator<Item = KnownHead>,
) -> Database<Option<Checked>> {
    let row = sqlx::query(
        "SELECT psa, tenant, phase, records, head, last_event, look_due, header, survey, plan, plan_digest, report,
                report_digest
         FROM runs LEFT JOIN documents ON documents.run = runs.id WHERE runs.id = $1",
    )
    .bind(run.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let plan: Option<Vec<u8>> = row.try_get("plan")?;
    let report: Option<String> = row.try_get("report")?;
    let stored = Stored {
        id: run.clone(),
        header: row.try_get("header")?,
        // It is gone together with the rest of the documents.
        survey: row.try_get::<Option<String>, _>("survey")?.unwrap_or_default(),
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
        items: items(connection, run).await?,
        report: report.zip(Some(row.try_get("report_digest")?)),
    };
    let mut checker = Checker::new(stored, known);
    let mut last = i64::MIN;
    loop {
        let records = chunk(connection, run, last).await?;
        last = records.last().map_or(last, |record| record.seq as i64);
        for record in &records {
            checker.record(record);
        }
        if (records.len() as i64) < CHUNK {
            break;
        }
    }
    Ok(Some(checker.finish()))
}

/// The records after `last`, at most [`CHUNK`].
async fn chunk(connection: &mut PgConnection, run: &RunId, last: i64) -> Database<Vec<Record>> {
    let rows = sqlx::query(
        "SELECT seq, previous, hash, body FROM records WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    )
    .bind(run.as_str())
    .bind(last)
    .bind(CHUNK)
    .fetch_all(connection)
    .await?;
    rows.iter().map(record).collect()
}

pub fn record(row: &PgRow) -> Database<Record> {
    Ok(Record {
        seq: row.try_get::<i64, _>("seq")? as u64,
        previous: row.try_get("previous")?,
        hash: row.try_get("hash")?,
        body: row.try_get("body")?,
    })
}

async fn items(connection: &mut PgConnection, run: &RunId) -> Database<BTreeMap<ConfigId, Item>> {
    let rows = sqlx::query("SELECT config_id, client_id, outcome, settled_at FROM items WHERE run = $1")
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
