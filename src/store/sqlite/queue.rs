//! The queue and the tokens on disk.

use async_trait::async_trait;
use sqlx::{Row, SqliteConnection};

use super::{SqliteStore, writer::Changed};
use crate::{
    domain::{RunId, Timestamp},
    store::{
        Holder, Result,
        journal::to_json,
        queue::{Job, NewJob, Put, Queue, Stage},
        rows,
        tokens::{Token, Tokens},
        types::{millis, moment},
    },
};

#[async_trait]
impl Queue for SqliteStore {
    async fn put_job(&self, job: &NewJob) -> Result<Put> {
        let job = job.clone();
        self.writer.change(move |connection| Box::pin(async move { put(connection, &job).await })).await
    }

    async fn take_job(&self, holder: &Holder, now: Timestamp) -> Result<Option<Job>> {
        // Asked often and seldom answered: looking is cheap, taking is a change.
        let look = sqlx::query_scalar::<_, i64>(
            "SELECT 1 FROM jobs WHERE ended_at IS NULL
             AND ((host IS NULL AND not_before <= ?1) OR (host IS NOT NULL AND NOT (host = ?2 AND pid = ?3 AND boot = ?4)))
             LIMIT 1",
        );
        let found = look
            .bind(millis(now))
            .bind(holder.process.host.as_str())
            .bind(i64::from(holder.process.pid))
            .bind(holder.process.boot.as_str())
            .fetch_optional(&self.reads)
            .await
            .map_err(|error| self.error(&error))?;
        if found.is_none() {
            return Ok(None);
        }
        let holder = holder.clone();
        self.writer
            .change(move |connection| Box::pin(async move { take(connection, &holder, now).await }))
            .await
    }

    async fn next_job(&self) -> Result<Option<Timestamp>> {
        let next: Option<i64> =
            sqlx::query_scalar("SELECT min(not_before) FROM jobs WHERE ended_at IS NULL AND host IS NULL")
                .fetch_one(&self.reads)
                .await
                .map_err(|error| self.error(&error))?;
        Ok(next.map(moment))
    }

    async fn finish_job(&self, run: &RunId, at: Timestamp, trouble: Option<&str>) -> Result<()> {
        let (run, trouble) = (run.clone(), trouble.map(str::to_owned));
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE jobs SET ended_at = ?, trouble = ? WHERE run = ? AND ended_at IS NULL",
                    )
                    .bind(millis(at))
                    .bind(trouble)
                    .bind(run.as_str())
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn give_back(&self, run: &RunId, not_before: Timestamp) -> Result<()> {
        let run = run.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE jobs SET host = NULL, pid = NULL, boot = NULL, operator = NULL, since = NULL, not_before = ?
                         WHERE run = ? AND ended_at IS NULL",
                    )
                    .bind(millis(not_before))
                    .bind(run.as_str())
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn drop_job(&self, run: &RunId, at: Timestamp, why: &str) -> Result<bool> {
        let (run, why) = (run.clone(), why.to_owned());
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    let dropped = sqlx::query(
                        "UPDATE jobs SET ended_at = ?, trouble = ?
                         WHERE run = ? AND ended_at IS NULL AND host IS NULL
                         AND (tries = 0 OR NOT EXISTS (SELECT 1 FROM runs WHERE id = jobs.run))",
                    )
                    .bind(millis(at))
                    .bind(why)
                    .bind(run.as_str())
                    .execute(connection)
                    .await?;
                    Ok(dropped.rows_affected() > 0)
                })
            })
            .await
    }

    async fn job(&self, run: &RunId) -> Result<Option<Job>> {
        let row = sqlx::query("SELECT * FROM jobs WHERE run = ? ORDER BY number DESC LIMIT 1")
            .bind(run.as_str())
            .fetch_optional(&self.reads)
            .await;
        row.and_then(|row| row.as_ref().map(rows::job).transpose()).map_err(|error| self.error(&error))
    }

    async fn jobs(&self) -> Result<Vec<Job>> {
        let rows = sqlx::query("SELECT * FROM jobs WHERE ended_at IS NULL ORDER BY number")
            .fetch_all(&self.reads)
            .await;
        rows.and_then(|rows| rows.iter().map(rows::job).collect()).map_err(|error| self.error(&error))
    }

    async fn forget_jobs(&self, ended_before: Timestamp, now: Timestamp) -> Result<u64> {
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    let forgotten = sqlx::query(
                        "DELETE FROM jobs WHERE ended_at < ? AND (once IS NULL OR once_until <= ?)",
                    )
                    .bind(millis(ended_before))
                    .bind(millis(now))
                    .execute(connection)
                    .await?;
                    Ok(forgotten.rows_affected())
                })
            })
            .await
    }
}

async fn put(connection: &mut SqliteConnection, job: &NewJob) -> Changed<Put> {
    if let Some(once) = &job.once {
        let known = sqlx::query("SELECT run, fingerprint, once_until FROM jobs WHERE once = ?")
            .bind(once.key.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(known) = known {
            if job.at < moment(known.try_get("once_until")?) {
                let run = RunId::new(known.try_get::<String, _>("run")?);
                let same = known.try_get::<String, _>("fingerprint")? == once.fingerprint;
                return Ok(if same { Put::Known(run) } else { Put::Differs(run) });
            }
            sqlx::query("UPDATE jobs SET once = NULL, fingerprint = NULL, once_until = NULL WHERE once = ?")
                .bind(once.key.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    let busy = sqlx::query("SELECT 1 FROM jobs WHERE run = ? AND ended_at IS NULL")
        .bind(job.run.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if busy.is_some() {
        return Ok(Put::Busy);
    }
    sqlx::query(
        "INSERT INTO jobs (run, profile, task, origin, at, not_before, lane, once, fingerprint, once_until)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
    .execute(connection)
    .await?;
    Ok(Put::New)
}

/// That no other job of its lane is in somebody's hands.
const LANE_FREE: &str = "NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.lane = jobs.lane
    AND other.ended_at IS NULL AND other.host IS NOT NULL AND other.number <> jobs.number)";

async fn take(connection: &mut SqliteConnection, holder: &Holder, now: Timestamp) -> Changed<Option<Job>> {
    let held = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT * FROM jobs WHERE ended_at IS NULL AND host IS NOT NULL AND {LANE_FREE} ORDER BY number"
    )))
    .fetch_all(&mut *connection)
    .await?;
    let mut found = None;
    for row in &held {
        let left_behind = rows::job(row)?;
        if left_behind.is_free_for(holder) {
            found = Some((row.try_get::<i64, _>("number")?, left_behind));
            break;
        }
    }
    if found.is_none() {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT * FROM jobs WHERE ended_at IS NULL AND host IS NULL AND not_before <= ? AND {LANE_FREE}
             ORDER BY not_before, number LIMIT 1"
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
        "UPDATE jobs SET host = ?, pid = ?, boot = ?, operator = ?, since = ?, tries = tries + 1 WHERE number = ?",
    )
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

#[async_trait]
impl Tokens for SqliteStore {
    async fn put_token(&self, token: &Token) -> Result<()> {
        let token = token.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO tokens (id, name, rights, hash, made_at, expires, revoked, last_used)
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    )
                    .bind(token.id)
                    .bind(token.name)
                    .bind(to_json(&token.rights)?)
                    .bind(token.hash)
                    .bind(millis(token.made_at))
                    .bind(token.expires.map(millis))
                    .bind(token.revoked.map(millis))
                    .bind(token.last_used.map(millis))
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        let rows = sqlx::query("SELECT * FROM tokens ORDER BY made_at, id").fetch_all(&self.reads).await;
        rows.and_then(|rows| rows.iter().map(rows::token).collect()).map_err(|error| self.error(&error))
    }

    async fn token(&self, id: &str) -> Result<Option<Token>> {
        let row = sqlx::query("SELECT * FROM tokens WHERE id = ?").bind(id).fetch_optional(&self.reads).await;
        row.and_then(|row| row.as_ref().map(rows::token).transpose()).map_err(|error| self.error(&error))
    }

    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool> {
        let id = id.to_owned();
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    let revoked =
                        sqlx::query("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL")
                            .bind(millis(at))
                            .bind(id)
                            .execute(connection)
                            .await?;
                    Ok(revoked.rows_affected() > 0)
                })
            })
            .await
    }

    async fn token_used(&self, id: &str, at: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    sqlx::query("UPDATE tokens SET last_used = ? WHERE id = ?")
                        .bind(millis(at))
                        .bind(id)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
