//! What is asked of the file. Each answer is from one moment, and holds no connection afterwards.

use sqlx::{Row, pool::PoolConnection};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{SqliteStore, changes::held};
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

impl SqliteStore {
    /// A connection on which everything is seen as of one moment, until it is given back.
    pub async fn moment(&self) -> Result<PoolConnection<sqlx::Sqlite>> {
        self.reads.acquire().await.map_err(|error| self.error(&error))
    }

    fn corrupt(&self, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), what: what.into() }
    }

    async fn decoded<T>(&self, task: JoinHandle<std::result::Result<T, String>>) -> Result<T> {
        match task.await {
            Ok(decoded) => decoded.map_err(|what| self.corrupt(what)),
            Err(error) => Err(StoreError::Other { message: error.to_string() }),
        }
    }
}

pub async fn run(store: &SqliteStore, id: &RunId) -> Result<Option<StoredRun>> {
    let mut connection = store.moment().await?;
    let explain = |error: sqlx::Error| store.error(&error);
    let mut snapshot = sqlx::Connection::begin(&mut *connection).await.map_err(explain)?;
    let row = sqlx::query(
        "SELECT header, head, records, survey, plan, plan_digest, report
         FROM runs JOIN documents ON documents.run = runs.id WHERE runs.id = ?",
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
            "SELECT group_concat(body, char(10) ORDER BY seq) FROM records WHERE run = ? AND seq >= ? AND seq < ?",
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
    drop(connection);

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
    store: &SqliteStore,
    run: &RunId,
    seq: u64,
    limit: u32,
) -> Result<Vec<(u64, Stamped)>> {
    let lines: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, body FROM records WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?")
            .bind(run.as_str())
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&store.reads)
            .await
            .map_err(|error| store.error(&error))?;
    if lines.is_empty() {
        let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM runs WHERE id = ?")
            .bind(run.as_str())
            .fetch_optional(&store.reads)
            .await
            .map_err(|error| store.error(&error))?;
        return known.map(|_| Vec::new()).ok_or_else(|| StoreError::UnknownRun(run.clone()));
    }
    let events = events(lines.iter().map(|(_, body)| body.as_str())).map_err(|what| store.corrupt(what))?;
    Ok(lines.iter().map(|(seq, _)| *seq as u64).zip(events).collect())
}

pub async fn runs(store: &SqliteStore, limit: u32) -> Result<Vec<RunSummary>> {
    list(store, Which::Latest(limit)).await
}

pub async fn runs_in(store: &SqliteStore, phase: Phase) -> Result<Vec<RunSummary>> {
    list(store, Which::In(phase)).await
}

pub async fn summary(store: &SqliteStore, run: &RunId) -> Result<Option<RunSummary>> {
    Ok(list(store, Which::One(run)).await?.pop())
}

pub async fn latest(store: &SqliteStore) -> Result<Option<Timestamp>> {
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
async fn list(store: &SqliteStore, which: Which<'_>) -> Result<Vec<RunSummary>> {
    let explain = |error: sqlx::Error| store.error(&error);
    let mut connection = store.moment().await?;
    let mut snapshot = sqlx::Connection::begin(&mut *connection).await.map_err(explain)?;
    let query = match which {
        Which::Latest(limit) => sqlx::query(listed!("ORDER BY number DESC LIMIT ?")).bind(i64::from(limit)),
        Which::In(phase) => {
            sqlx::query(listed!("WHERE phase = ? ORDER BY number DESC")).bind(phase_word(phase))
        }
        Which::One(run) => sqlx::query(listed!("WHERE runs.id = ?")).bind(run.as_str()),
    };
    let found = query.fetch_all(&mut *snapshot).await.map_err(explain)?;
    let mut summaries = Vec::with_capacity(found.len());
    for row in found {
        let id: String = row.try_get("id").map_err(explain)?;
        let counts = sqlx::query("SELECT outcome, count(*) AS n FROM items WHERE run = ? GROUP BY outcome")
            .bind(&id)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(explain)?;
        let clients: i64 = sqlx::query_scalar("SELECT count(DISTINCT client_id) FROM items WHERE run = ?")
            .bind(&id)
            .fetch_one(&mut *snapshot)
            .await
            .map_err(explain)?;
        summaries.push(rows::summary(&row, &counts, clients).map_err(explain)?);
    }
    Ok(summaries)
}

pub async fn deactivated(store: &SqliteStore, tenant: &Tenant) -> Result<Vec<Deactivated>> {
    let explain = |error: sqlx::Error| store.error(&error);
    let found = sqlx::query(
        "SELECT items.run, config_id, client_id, outcome, settled_at
         FROM items JOIN runs ON runs.id = items.run
         WHERE psa = ? AND tenant = ? AND outcome IN ('deactivated', 'restored')
         ORDER BY settled_at, number",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .fetch_all(&store.reads)
    .await
    .map_err(explain)?;
    rows::standing(&found).map_err(explain)
}

pub async fn unsettled(store: &SqliteStore, tenant: Option<&Tenant>) -> Result<Vec<(RunId, Phase)>> {
    let explain = |error: sqlx::Error| store.error(&error);
    let found = sqlx::query(
        "SELECT id, phase FROM runs
         WHERE (?1 IS NULL OR (psa = ?1 AND tenant = ?2))
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

pub async fn due_looks(store: &SqliteStore, tenant: &Tenant, now: Timestamp) -> Result<Vec<RunId>> {
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM runs WHERE psa = ? AND tenant = ? AND look_due <= ? ORDER BY look_due, number",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .bind(millis(now))
    .fetch_all(&store.reads)
    .await
    .map_err(|error| store.error(&error))?;
    Ok(due.into_iter().map(RunId::new).collect())
}

pub async fn refusal(store: &SqliteStore, key: &str) -> Result<Option<Timestamp>> {
    let at: Option<i64> = sqlx::query_scalar("SELECT at FROM refusals WHERE sign_in = ?")
        .bind(key)
        .fetch_optional(&store.reads)
        .await
        .map_err(|error| store.error(&error))?;
    Ok(at.map(moment))
}

pub async fn sweep(store: &SqliteStore, tenant: &Tenant, profile: &str) -> Result<Option<Sweep>> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT clients FROM sweeps WHERE psa = ? AND tenant = ? AND profile = ?")
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

pub async fn leases(store: &SqliteStore) -> Result<Vec<Held>> {
    let rows =
        sqlx::query("SELECT * FROM leases ORDER BY psa, tenant, client_id").fetch_all(&store.reads).await;
    let rows = rows.map_err(|error| store.error(&error))?;
    rows.iter().map(held).collect::<std::result::Result<_, _>>().map_err(|error| store.error(&error))
}

pub async fn holds(store: &SqliteStore, tenant: &Tenant, now: Timestamp) -> Result<Vec<Hold>> {
    let found = sqlx::query(
        "SELECT config_id, reason, held_by, held_at, until FROM holds WHERE psa = ? AND tenant = ?",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .fetch_all(&store.reads)
    .await
    .map_err(|error| store.error(&error))?;
    rows::holds(&found, now).map_err(|error| store.error(&error))
}

pub async fn has_requests(store: &SqliteStore, run: &RunId) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM requests WHERE run = ? LIMIT 1")
        .bind(run.as_str())
        .fetch_optional(&store.reads)
        .await
        .map_err(|error| store.error(&error))?;
    Ok(found.is_some())
}
