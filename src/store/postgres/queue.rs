//! The queue of a team: of many servers one gets each job.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{PostgresStore, leases::lives, own::Own, writer::Changed};
use crate::{
    domain::{RunId, Timestamp},
    store::{
        Holder, Result, StoreError,
        journal::to_json,
        queue::{Job, NewJob, Put, Queue, Stage},
        rows,
        types::{millis, moment},
    },
};

#[async_trait]
impl Queue for PostgresStore {
    async fn put_job(&self, job: &NewJob) -> Result<Put> {
        change!(self, |connection, job| put(connection, &job))
    }

    async fn take_job(&self, holder: &Holder, now: Timestamp) -> Result<Option<Job>> {
        // Asked often and seldom answered: looking is cheap, taking is a change.
        if !self.patiently(|| something_to_take(self, now)).await? {
            return Ok(None);
        }
        let (own, ended_after) = (&self.own, self.limits.ended_after);
        change!(self, |connection, own, holder| take(connection, &own, &holder, now, ended_after))
    }

    async fn next_job(&self) -> Result<Option<Timestamp>> {
        self.patiently(|| async move {
            let next: Option<i64> = sqlx::query_scalar(
                "SELECT min(not_before) FROM jobs WHERE ended_at IS NULL AND host IS NULL",
            )
            .fetch_one(&self.reads)
            .await
            .map_err(|error| self.error(&error))?;
            Ok(next.map(moment))
        })
        .await
    }

    async fn finish_job(&self, run: &RunId, at: Timestamp, trouble: Option<&str>) -> Result<()> {
        let trouble = trouble.map(str::to_owned);
        change!(self, |connection, run, trouble| finish(connection, &run, at, trouble.as_deref()))
    }

    async fn give_back(&self, run: &RunId, not_before: Timestamp) -> Result<()> {
        change!(self, |connection, run| give_back(connection, &run, not_before))
    }

    async fn drop_job(&self, run: &RunId, at: Timestamp, why: &str) -> Result<bool> {
        change!(self, |connection, run, why| drop_job(connection, &run, at, &why))
    }

    async fn job(&self, run: &RunId) -> Result<Option<Job>> {
        self.patiently(|| async move {
            let row = sqlx::query("SELECT * FROM jobs WHERE run = $1 ORDER BY number DESC LIMIT 1")
                .bind(run.as_str())
                .fetch_optional(&self.reads)
                .await;
            row.and_then(|row| row.as_ref().map(rows::job).transpose()).map_err(|error| self.error(&error))
        })
        .await
    }

    async fn jobs(&self) -> Result<Vec<Job>> {
        self.patiently(|| async move {
            let rows = sqlx::query("SELECT * FROM jobs WHERE ended_at IS NULL ORDER BY number")
                .fetch_all(&self.reads)
                .await;
            rows.and_then(|rows| rows.iter().map(rows::job).collect()).map_err(|error| self.error(&error))
        })
        .await
    }

    async fn jobs_in_hand(&self) -> Result<Vec<Job>> {
        self.patiently(|| async move {
            let found = sqlx::query(AssertSqlSafe(format!("{HELD} ORDER BY number")))
                .bind(self.own.identity.host.as_str())
                .bind(self.limits.ended_after)
                .fetch_all(&self.reads)
                .await;
            let in_hand = found.and_then(|rows| {
                let mut jobs = Vec::with_capacity(rows.len());
                for row in &rows {
                    if lives(row, &self.own.identity, &self.own)? {
                        jobs.push(rows::job(row)?);
                    }
                }
                Ok(jobs)
            });
            in_hand.map_err(|error| self.error(&error))
        })
        .await
    }

    async fn forget_jobs(&self, ended_before: Timestamp, now: Timestamp) -> Result<u64> {
        let moments = (ended_before, now);
        change!(self, |connection, moments| forget(connection, moments))
    }
}

async fn something_to_take(store: &PostgresStore, now: Timestamp) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM jobs WHERE ended_at IS NULL
             AND ((host IS NULL AND not_before <= $1) OR host IS NOT NULL))",
    )
    .bind(millis(now))
    .fetch_one(&store.reads)
    .await
    .map_err(|error| store.error(&error))
}

async fn put(connection: &mut PgConnection, job: &NewJob) -> Changed<Put> {
    // Somebody else may put down the same at the same moment: then theirs is found in the second round.
    for _ in 0..3 {
        if let Some(known) = known(connection, job).await? {
            return Ok(known);
        }
        let new = sqlx::query(
            "INSERT INTO jobs (run, profile, task, origin, at, not_before, lane, once, fingerprint, once_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        )
        .bind(job.run.as_str())
        .bind(job.profile.as_str())
        .bind(job.task.to_string())
        .bind(to_json(&job.origin)?)
        .bind(millis(job.at))
        .bind(millis(job.not_before))
        .bind(job.lane.as_deref())
        .bind(job.once.as_ref().map(|once| once.key.as_str()))
        .bind(job.once.as_ref().map(|once| once.fingerprint.as_str()))
        .bind(job.once.as_ref().map(|once| millis(once.until)))
        .execute(&mut *connection)
        .await?;
        if new.rows_affected() > 0 {
            return Ok(Put::New);
        }
    }
    Err(StoreError::Other { message: format!("job {} is neither there nor can it be put down", job.run) }
        .into())
}

/// What is there already that makes this job a second one.
async fn known(connection: &mut PgConnection, job: &NewJob) -> Changed<Option<Put>> {
    if let Some(once) = &job.once {
        let known = sqlx::query("SELECT run, fingerprint, once_until FROM jobs WHERE once = $1")
            .bind(once.key.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(known) = known {
            if job.at < moment(known.try_get("once_until")?) {
                let run = RunId::new(known.try_get::<String, _>("run")?);
                let same = known.try_get::<String, _>("fingerprint")? == once.fingerprint;
                return Ok(Some(if same { Put::Known(run) } else { Put::Differs(run) }));
            }
            sqlx::query("UPDATE jobs SET once = NULL, fingerprint = NULL, once_until = NULL WHERE once = $1")
                .bind(once.key.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    let busy: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM jobs WHERE run = $1 AND ended_at IS NULL)")
            .bind(job.run.as_str())
            .fetch_one(connection)
            .await?;
    Ok(busy.then_some(Put::Busy))
}

/// Jobs in somebody's hands, with what is known of the process. `$1`: the observer's host, `$2`: after how long one has
/// ended.
const HELD: &str =
    "SELECT jobs.*, processes.space, processes.id IS NOT NULL AS known, jobs.host = $1 AS near,
       coalesce(processes.seen > clock_timestamp() - $2::interval, false) AS heard
     FROM jobs LEFT JOIN processes ON processes.id = jobs.process
     WHERE ended_at IS NULL AND jobs.host IS NOT NULL";

/// That no other job of its lane is in somebody's hands.
const LANE_FREE: &str = "NOT EXISTS (SELECT FROM jobs AS other WHERE other.lane = jobs.lane
    AND other.ended_at IS NULL AND other.host IS NOT NULL AND other.number <> jobs.number)";

async fn take(
    connection: &mut PgConnection,
    own: &Own,
    holder: &Holder,
    now: Timestamp,
    ended_after: std::time::Duration,
) -> Changed<Option<Job>> {
    // One taker after the other, so that two of them never see the same lane as free. Nobody else waits for that.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.jobs', 0))")
        .execute(&mut *connection)
        .await?;
    let held = sqlx::query(AssertSqlSafe(format!(
        "{HELD} AND {LANE_FREE} ORDER BY number FOR UPDATE OF jobs SKIP LOCKED"
    )))
    .bind(holder.process.host.as_str())
    .bind(ended_after)
    .fetch_all(&mut *connection)
    .await?;
    let mut found = None;
    for row in &held {
        if !lives(row, &holder.process, own)? {
            found = Some((row.try_get::<i64, _>("number")?, rows::job(row)?));
            break;
        }
    }
    if found.is_none() {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT * FROM jobs WHERE ended_at IS NULL AND host IS NULL AND not_before <= $1 AND {LANE_FREE}
             ORDER BY not_before, number LIMIT 1 FOR UPDATE SKIP LOCKED"
        )))
        .bind(millis(now))
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = row {
            found = Some((row.try_get("number")?, rows::job(&row)?));
        }
    }
    let Some((number, mut taken)) = found else { return Ok(None) };
    sqlx::query(
        "UPDATE jobs SET process = $1, host = $2, pid = $3, boot = $4, operator = $5, since = $6, tries = tries + 1
         WHERE number = $7",
    )
    .bind(own.id.as_str())
    .bind(holder.process.host.as_str())
    .bind(i64::from(holder.process.pid))
    .bind(holder.process.boot.as_str())
    .bind(holder.operator.as_str())
    .bind(millis(now))
    .bind(number)
    .execute(connection)
    .await?;
    taken.stage = Stage::Held { by: holder.clone(), since: now };
    taken.tries += 1;
    Ok(Some(taken))
}

async fn finish(
    connection: &mut PgConnection,
    run: &RunId,
    at: Timestamp,
    trouble: Option<&str>,
) -> Changed<()> {
    sqlx::query("UPDATE jobs SET ended_at = $1, trouble = $2 WHERE run = $3 AND ended_at IS NULL")
        .bind(millis(at))
        .bind(trouble)
        .bind(run.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn give_back(connection: &mut PgConnection, run: &RunId, not_before: Timestamp) -> Changed<()> {
    sqlx::query(
        "UPDATE jobs SET process = NULL, host = NULL, pid = NULL, boot = NULL, operator = NULL, since = NULL,
                not_before = $1
         WHERE run = $2 AND ended_at IS NULL",
    )
    .bind(millis(not_before))
    .bind(run.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn drop_job(connection: &mut PgConnection, run: &RunId, at: Timestamp, why: &str) -> Changed<bool> {
    let dropped = sqlx::query(
        "UPDATE jobs SET ended_at = $1, trouble = $2
         WHERE run = $3 AND ended_at IS NULL AND host IS NULL
           AND (tries = 0 OR NOT EXISTS (SELECT FROM runs WHERE id = jobs.run))",
    )
    .bind(millis(at))
    .bind(why)
    .bind(run.as_str())
    .execute(connection)
    .await?;
    Ok(dropped.rows_affected() > 0)
}

async fn forget(connection: &mut PgConnection, (ended_before, now): (Timestamp, Timestamp)) -> Changed<u64> {
    let forgotten =
        sqlx::query("DELETE FROM jobs WHERE ended_at < $1 AND (once IS NULL OR once_until <= $2)")
            .bind(millis(ended_before))
            .bind(millis(now))
            .execute(connection)
            .await?;
    Ok(forgotten.rows_affected())
}
