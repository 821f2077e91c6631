//! The store of one computer: SQLite in the data directory, write-ahead log, every commit synced.

mod writer;

use std::{path::Path, str::FromStr, time::Duration};

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use sqlx::{
    Row, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use super::{
    Held, Holder, NewRun, Result, RunSummary, Store, StoreError, StoredRun,
    chain::{self, Link},
};
use crate::{
    domain::{ClientId, RunId, Stamped, Tenant, Timestamp},
    system::files,
};
use writer::{Order, Writer};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// The file in the data directory.
pub const FILE: &str = "mothball.db";

pub struct SqliteStore {
    /// For reading; every write goes through the one writer.
    pool: SqlitePool,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the store of a data directory, and makes it if it is not there.
    pub async fn open(folder: &Path) -> Result<Self> {
        let unusable = |why: String| StoreError::Folder { path: folder.to_owned(), why };
        files::create_private_folder(folder).map_err(|error| unusable(error.to_string()))?;
        let path = folder.join(FILE);
        files::create_private_file(&path).map_err(|error| unusable(error.to_string()))?;
        let options = SqliteConnectOptions::from_str("sqlite://")
            .map_err(|error| unusable(error.to_string()))?
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|error| unusable(error.to_string()))?;
        MIGRATIONS.run(&pool).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
                StoreError::Newer { path: path.clone(), why: error.to_string() }
            }
            other => unusable(other.to_string()),
        })?;
        let writer = Writer::start(pool.clone());
        Ok(Self { pool, writer })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_run(&self, run: &NewRun) -> Result<()> {
        self.writer.give(Order::Create(Box::new(run.clone()))).await.map(|_| ())
    }

    async fn append(&self, run: &RunId, events: &[Stamped]) -> Result<String> {
        self.writer.give(Order::Append { run: run.clone(), events: events.to_vec() }).await
    }

    async fn save_report(&self, run: &RunId, report: &serde_json::Value) -> Result<()> {
        self.writer.give(Order::Report { run: run.clone(), report: report.to_string() }).await.map(|_| ())
    }

    async fn run(&self, id: &RunId) -> Result<Option<StoredRun>> {
        let row = sqlx::query(
            "SELECT header, survey, plan, digest, head, report FROM runs \
             JOIN standings ON standings.run = runs.id LEFT JOIN reports ON reports.run = runs.id WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await
        .map_err(broken)?;
        let Some(row) = row else { return Ok(None) };
        let records = sqlx::query("SELECT event FROM records WHERE run = ? ORDER BY seq")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(broken)?;
        let plan: Option<Vec<u8>> = get(&row, "plan")?;
        let digest: Option<String> = get(&row, "digest")?;
        let report: Option<String> = get(&row, "report")?;
        Ok(Some(StoredRun {
            header: json(&get::<String>(&row, "header")?)?,
            survey: json(&get::<String>(&row, "survey")?)?,
            plan: plan.zip(digest),
            head: get(&row, "head")?,
            events: records
                .iter()
                .map(|record| json(&get::<String>(record, "event")?))
                .collect::<Result<_>>()?,
            report: report.map(|report| json(&report)).transpose()?,
        }))
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>> {
        let rows = sqlx::query(
            "SELECT id, started_at, profile, tenant, dry_run, phase, changed, skipped, errors FROM runs \
             JOIN standings ON standings.run = runs.id ORDER BY position DESC LIMIT ?",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(broken)?;
        rows.iter().map(summary).collect()
    }

    async fn verify(&self) -> Result<Vec<String>> {
        let runs = sqlx::query(
            "SELECT id, start, head FROM runs JOIN standings ON standings.run = runs.id ORDER BY position",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(broken)?;
        let mut found = Vec::new();
        for run in &runs {
            let id: String = get(run, "id")?;
            let records =
                sqlx::query("SELECT seq, event, before, hash FROM records WHERE run = ? ORDER BY seq")
                    .bind(&id)
                    .fetch_all(&self.pool)
                    .await
                    .map_err(broken)?;
            let links: Vec<Link> = records
                .iter()
                .map(|row| {
                    Ok(Link {
                        seq: get(row, "seq")?,
                        json: get(row, "event")?,
                        before: get(row, "before")?,
                        hash: get(row, "hash")?,
                    })
                })
                .collect::<Result<_>>()?;
            let (start, head): (String, String) = (get(run, "start")?, get(run, "head")?);
            found.extend(chain::broken(&id, &start, &head, &links));
        }
        Ok(found)
    }

    async fn acquire(
        &self,
        tenant: &Tenant,
        clients: &[ClientId],
        holder: &Holder,
        now: Timestamp,
    ) -> Result<Vec<Held>> {
        let tenant = format!("{}/{}", tenant.psa, tenant.id);
        writer::acquire(&self.pool, &tenant, clients, holder, now).await
    }

    async fn release(&self, run: &RunId) -> Result<()> {
        self.writer.give(Order::Release(run.clone())).await.map(|_| ())
    }
}

fn summary(row: &SqliteRow) -> Result<RunSummary> {
    let started_at: String = get(row, "started_at")?;
    let phase: String = get(row, "phase")?;
    Ok(RunSummary {
        run: RunId::new(get::<String>(row, "id")?),
        started_at: Timestamp::parse(&started_at).ok_or_else(|| StoreError::Corrupt(started_at.clone()))?,
        profile: get(row, "profile")?,
        tenant: get(row, "tenant")?,
        phase: json(&phase)?,
        dry_run: get(row, "dry_run")?,
        changed: get(row, "changed")?,
        skipped: get(row, "skipped")?,
        errors: get(row, "errors")?,
    })
}

fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn broken(error: sqlx::Error) -> StoreError {
    StoreError::Broken(error.to_string())
}
