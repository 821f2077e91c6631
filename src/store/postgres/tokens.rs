//! Who may call the API, and how far schedules were looked after.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::{PostgresStore, writer::Changed};
use crate::{
    domain::{RunId, Timestamp},
    store::{
        Result,
        journal::to_json,
        rows,
        schedules::{Mark, Schedules},
        tokens::{Token, Tokens},
        types::{millis, moment},
    },
};

#[async_trait]
impl Tokens for PostgresStore {
    async fn put_token(&self, token: &Token) -> Result<()> {
        change!(self, |connection, token| put(connection, &token))
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        self.patiently(|| async move {
            let rows = sqlx::query("SELECT * FROM tokens ORDER BY made_at, id").fetch_all(&self.reads).await;
            rows.and_then(|rows| rows.iter().map(rows::token).collect()).map_err(|error| self.error(&error))
        })
        .await
    }

    async fn token(&self, id: &str) -> Result<Option<Token>> {
        self.patiently(|| async move {
            let row =
                sqlx::query("SELECT * FROM tokens WHERE id = $1").bind(id).fetch_optional(&self.reads).await;
            row.and_then(|row| row.as_ref().map(rows::token).transpose()).map_err(|error| self.error(&error))
        })
        .await
    }

    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool> {
        change!(self, |connection, id| revoke(connection, &id, at))
    }

    async fn token_used(&self, id: &str, at: Timestamp) -> Result<()> {
        change!(self, |connection, id| used(connection, &id, at))
    }
}

async fn put(connection: &mut PgConnection, token: &Token) -> Changed<()> {
    sqlx::query(
        "INSERT INTO tokens (id, name, rights, hash, made_at, expires, revoked, last_used)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(token.id.as_str())
    .bind(token.name.as_str())
    .bind(to_json(&token.rights)?)
    .bind(token.hash.as_str())
    .bind(millis(token.made_at))
    .bind(token.expires.map(millis))
    .bind(token.revoked.map(millis))
    .bind(token.last_used.map(millis))
    .execute(connection)
    .await?;
    Ok(())
}

async fn revoke(connection: &mut PgConnection, id: &str, at: Timestamp) -> Changed<bool> {
    let revoked = sqlx::query("UPDATE tokens SET revoked = $1 WHERE id = $2 AND revoked IS NULL")
        .bind(millis(at))
        .bind(id)
        .execute(connection)
        .await?;
    Ok(revoked.rows_affected() > 0)
}

async fn used(connection: &mut PgConnection, id: &str, at: Timestamp) -> Changed<()> {
    sqlx::query("UPDATE tokens SET last_used = $1 WHERE id = $2")
        .bind(millis(at))
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl Schedules for PostgresStore {
    async fn mark_schedule(&self, name: &str, until: Timestamp, run: Option<&RunId>) -> Result<()> {
        let run = run.cloned();
        change!(self, |connection, name, run| mark(connection, &name, until, run.as_ref()))
    }

    async fn schedule_marks(&self) -> Result<BTreeMap<String, Mark>> {
        self.patiently(|| async move {
            let rows: Vec<(String, i64, Option<String>)> =
                sqlx::query_as("SELECT name, until, run FROM schedules")
                    .fetch_all(&self.reads)
                    .await
                    .map_err(|error| self.error(&error))?;
            let mark = |until, run: Option<String>| Mark { until: moment(until), run: run.map(RunId::new) };
            Ok(rows.into_iter().map(|(name, until, run)| (name, mark(until, run))).collect())
        })
        .await
    }
}

async fn mark(
    connection: &mut PgConnection,
    name: &str,
    until: Timestamp,
    run: Option<&RunId>,
) -> Changed<()> {
    sqlx::query(
        "INSERT INTO schedules (name, until, run) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET until = excluded.until, run = coalesce(excluded.run, schedules.run)
         WHERE excluded.until > schedules.until",
    )
    .bind(name)
    .bind(millis(until))
    .bind(run.map(RunId::as_str))
    .execute(connection)
    .await?;
    Ok(())
}
