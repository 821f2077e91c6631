//! What is asked of the database. Each answer is from one moment, and holds no connection afterwards.

use sqlx::{Postgres, Row, Transaction};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{PostgresStore, leases};
use crate::{
    domain::{Phase, RunId, Stamped, Tenant, Timestamp, survey::Survey},
    store::{
        Deactivated, Held, Hold, Result, RunSummary, StoreError, StoredRun, Sweep,
        journal::{events, phase_word},
        rows::{self, Database, Line},
        types::{millis, moment},
    },
};

/// Records per row of an answer: the way through the driver costs more than the bytes.
pub const CHUNK: i64 = 4_000;

/// A transaction in which everything is seen as of one moment.
pub const MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl PostgresStore {
    /// All that is read through it is as of one moment.
    pub(super) async fn moment(&self) -> Result<Transaction<'static, Postgres>> {
        self.reads.begin_with(MOMENT).await.map_err(|error| self.error(&error))
    }

    fn corrupt(&self, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt { path: self.address.to_string().into(), what: what.into() }
    }

    async fn decoded<T>(&self, task: JoinHandle<std::result::Result<T, String>>) -> Result<T> {
        match task.await {
            Ok(decoded) => decoded.map_err(|what| self.corrupt(what)),
            Err(error) => Err(StoreError::Other { message: error.to_string() }),
        }
    }
}

pub async fn run(store: &PostgresStore, id: &RunId) -> Result<Option<StoredRun>> {
    let mut snapshot = store.moment().await?;
    let explain = |error: sqlx::Error| store.error(&error);
    let row = sqlx::query(
        "SELECT header, head, records, survey, plan, plan_digest, report
         FROM runs JOIN documents ON documents.run = runs.id WHERE runs.id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(&mut *snapshot)
    .await
    .map_err(explain)?;
    let Some(row) = row else { return Ok(None) };
    // Decoding goes on beside reading, on as many cores as there are.
    let survey: String = row.try_get("survey").map_err(explain)?;
    let survey: JoinHandle<std::result::Result<Survey, String>> =
        spawn_blocking(move || serde_json::from_str(&survey).map_err(|error| error.to_string()));
    let records: i64 = row.try_get("records").map_err(explain)?;
    let mut chunks: Vec<JoinHandle<std::result::Result<Vec<Stamped>, String>>> = Vec::new();
    let mut from = 1;
    while from < records {
        // JSON text has no raw line feed, so it can part the bodies.
        let bodies: Option<String> = sqlx::query_scalar(
            "SELECT string_agg(body, E'\\n' ORDER BY seq) FROM records WHERE run = $1 AND seq >= $2 AND seq < $3",
        )
        .bind(id.as_str())
        .bind(from)
        .bind((from + CHUNK).min(records))
        .fetch_one(&mut *snapshot)
        .await
        .map_err(explain)?;
        chunks.push(spawn_blocking(move || events(bodies.unwrap_or_default().lines())));
        from += CHUNK;
    }
    snapshot.commit().await.map_err(explain)?;

    let mut events = Vec::with_capacity(records as usize);
    for chunk in chunks {
        events.append(&mut store.decoded(chunk).await?);
    }
    if events.len() as i64 + 1 != records {
        let what = format!("run {id} has {} of {} records", events.len() + 1, records);
        return Err(store.corrupt(what));
    }
    let header: String = row.try_get("header").map_err(explain)?;
    let report: Option<String> = row.try_get("report").map_err(explain)?;
    Ok(Some(StoredRun {
        header: serde_json::from_str(&header).map_err(|error| store.corrupt(error.to_string()))?,
        survey: store.decoded(survey).await?,
        plan: rows::plan(&row).map_err(explain)?,
        head: row.try_get("head").map_err(explain)?,
        events,
        report: report
            .map(|report| serde_json::from_str(&report).map_err(|error| store.corrupt(error.to_string())))
            .transpose()?,
    }))
}

pub async fn records_after(
    store: &PostgresStore,
    run: &RunId,
    seq: u64,
    limit: u32,
) -> Result<Vec<(u64, Stamped)>> {
    let lines: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, body FROM records WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(run.as_str())
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&store.reads)
            .await
            .map_err(|error| store.error(&error))?;
    if lines.is_empty() {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM runs WHERE id = $1)")
            .bind(run.as_str())
            .fetch_one(&store.reads)
            .await
            .map_err(|error| store.error(&error))?;
        return known.then(Vec::new).ok_or_else(|| StoreError::UnknownRun(run.clone()));
    }
    let events = events(lines.iter().map(|(_, body)| body.as_str())).map_err(|what| store.corrupt(what))?;
    Ok(lines.iter().map(|(seq, _)| *seq as u64).zip(events).collect())
}

pub async fn runs(store: &PostgresStore, limit: u32) -> Result<Vec<RunSummary>> {
    list(store, Which::Latest(limit)).await
}

pub async fn runs_in(store: &PostgresStore, phase: Phase) -> Result<Vec<RunSummary>> {
    list(store, Which::In(phase)).await
}

pub async fn summary(store: &PostgresStore, run: &RunId) -> Result<Option<RunSummary>> {
    Ok(list(store, Which::One(run)).await?.pop())
}

pub async fn latest(store: &PostgresStore) -> Result<Option<Timestamp>> {
    let at: Option<i64> = sqlx::query_scalar("SELECT max(last_event) FROM runs")
        .fetch_one(&store.reads)
        .await
        .map_err(|error| store.error(&error))?;
    Ok(at.map(moment))
}

/// Which runs a list is of.
enum Which<'a> {
    Latest(u32),
    In(Phase),
    One(&'a RunId),
}

/// What a list tells of a run, without its large parts.
macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT runs.id, phase, head, last_event, look_due, header, plan_digest, documents.report IS NOT NULL AS has_report
             FROM runs JOIN documents ON documents.run = runs.id ",
            $which
        )
    };
}

/// These runs, the latest first.
async fn list(store: &PostgresStore, which: Which<'_>) -> Result<Vec<RunSummary>> {
    let explain = |error: sqlx::Error| store.error(&error);
    let mut snapshot = store.moment().await?;
    let query = match which {
        Which::Latest(limit) => sqlx::query(listed!("ORDER BY number DESC LIMIT $1")).bind(i64::from(limit)),
        Which::In(phase) => {
            sqlx::query(listed!("WHERE phase = $1 ORDER BY number DESC")).bind(phase_word(phase))
        }
        Which::One(run) => sqlx::query(listed!("WHERE runs.id = $1")).bind(run.as_str()),
    };
    let found = query.fetch_all(&mut *snapshot).await.map_err(explain)?;
    let mut summaries = Vec::with_capacity(found.len());
    for row in found {
        let id: String = row.try_get("id").map_err(explain)?;
        let counts = sqlx::query("SELECT outcome, count(*) AS n FROM items WHERE run = $1 GROUP BY outcome")
            .bind(&id)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(explain)?;
        let clients: i64 = sqlx::query_scalar("SELECT count(DISTINCT client_id) FROM items WHERE run = $1")
            .bind(&id)
            .fetch_one(&mut *snapshot)
            .await
            .map_err(explain)?;
        summaries.push(rows::summary(&row, &counts, clients).map_err(explain)?);
    }
    Ok(summaries)
}

pub async fn deactivated(store: &PostgresStore, tenant: &Tenant) -> Result<Vec<Deactivated>> {
    let explain = |error: sqlx::Error| store.error(&error);
    let found = sqlx::query(
        "SELECT items.run, config_id, client_id, outcome, settled_at
         FROM items JOIN runs ON runs.id = items.run
         WHERE psa = $1 AND tenant = $2 AND outcome IN ('deactivated', 'restored')
         ORDER BY settled_at, number",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .fetch_all(&store.reads)
    .await
    .map_err(explain)?;
    rows::standing(&found).map_err(explain)
}

pub async fn unsettled(store: &PostgresStore, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>> {
    let explain = |error: sqlx::Error| store.error(&error);
    let found = sqlx::query(
        "SELECT id, phase FROM runs
         WHERE ($1::text IS NULL OR (psa = $1 AND tenant = $2))
           AND (phase IN ('approved', 'applying', 'paused', 'verifying', 'interrupted')
                OR EXISTS (SELECT 1 FROM items WHERE run = runs.id AND outcome = 'unknown'))
         ORDER BY number",
    )
    .bind(tenant.map(|tenant| tenant.psa.as_str()))
    .bind(tenant.map(|tenant| tenant.id.as_str()))
    .fetch_all(&store.reads)
    .await
    .map_err(explain)?;
    found
        .iter()
        .map(|line| Ok((line.run("id")?, rows::phase(line)?)))
        .collect::<Database<_>>()
        .map_err(explain)
}

pub async fn due_looks(store: &PostgresStore, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>> {
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM runs WHERE psa = $1 AND tenant = $2 AND look_due <= $3 ORDER BY look_due, number",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .bind(millis(now))
    .fetch_all(&store.reads)
    .await
    .map_err(|error| store.error(&error))?;
    Ok(due.into_iter().map(RunId::new).collect())
}

pub async fn refusal(store: &PostgresStore, key: &str) -> Result<Option<Timestamp>> {
    let at: Option<i64> = sqlx::query_scalar("SELECT at FROM refusals WHERE sign_in = $1")
        .bind(key)
        .fetch_optional(&store.reads)
        .await
        .map_err(|error| store.error(&error))?;
    Ok(at.map(moment))
}

pub async fn sweep(store: &PostgresStore, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT clients FROM sweeps WHERE psa = $1 AND tenant = $2 AND profile = $3")
            .bind(tenant.psa.as_str())
            .bind(tenant.id.as_str())
            .bind(profile)
            .fetch_optional(&store.reads)
            .await
            .map_err(|error| store.error(&error))?;
    found
        .map(|sweep| serde_json::from_str(&sweep).map_err(|error| store.corrupt(error.to_string())))
        .transpose()
}

pub async fn leases(store: &PostgresStore) -> Result<Vec<Held>> {
    let mut connection = store.reads.acquire().await.map_err(|error| store.error(&error))?;
    let held = leases::all(&mut connection, &store.own, store.limits.ended_after).await;
    held.map_err(|error| store.error(&error))
}

pub async fn holds(store: &PostgresStore, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
    let found = sqlx::query(
        "SELECT config_id, reason, held_by, held_at, until FROM holds WHERE psa = $1 AND tenant = $2",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .fetch_all(&store.reads)
    .await
    .map_err(|error| store.error(&error))?;
    rows::holds(&found, now).map_err(|error| store.error(&error))
}

pub async fn has_requests(store: &PostgresStore, run: &RunId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM requests WHERE run = $1)")
        .bind(run.as_str())
        .fetch_one(&store.reads)
        .await
        .map_err(|error| store.error(&error))
}
