//! Changes to everything but runs and leases: refused sign-ins, sweeps, holds, requests.

use sqlx::PgConnection;

use super::writer::Changed;
use crate::{
    domain::{ConfigId, RunId, Tenant, Timestamp},
    store::{
        Hold, Request, Sweep,
        journal::to_json,
        rows::{self, Database},
        types::{forgotten_before, millis},
    },
};

pub async fn remember_refusal(connection: &mut PgConnection, key: &str, at: Timestamp) -> Changed<()> {
    sqlx::query("DELETE FROM refusals WHERE at < $1")
        .bind(millis(forgotten_before(at)))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO refusals (sign_in, at) VALUES ($1, $2)
         ON CONFLICT (sign_in) DO UPDATE SET at = excluded.at",
    )
    .bind(key)
    .bind(millis(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn forget_refusal(connection: &mut PgConnection, key: &str) -> Changed<()> {
    sqlx::query("DELETE FROM refusals WHERE sign_in = $1").bind(key).execute(connection).await?;
    Ok(())
}

pub async fn record_sweep(
    connection: &mut PgConnection,
    tenant: &Tenant,
    profile: &str,
    sweep: &Sweep,
) -> Changed<()> {
    sqlx::query(
        "INSERT INTO sweeps (psa, tenant, profile, at, clients) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (psa, tenant, profile) DO UPDATE SET at = excluded.at, clients = excluded.clients",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .bind(profile)
    .bind(sweep.all_at.map(millis).unwrap_or_default())
    .bind(to_json(sweep)?)
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn put_hold(connection: &mut PgConnection, tenant: &Tenant, hold: &Hold) -> Changed<()> {
    sqlx::query(
        "INSERT INTO holds (psa, tenant, config_id, reason, held_by, held_at, until)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (psa, tenant, config_id) DO UPDATE SET reason = excluded.reason,
             held_by = excluded.held_by, held_at = excluded.held_at, until = excluded.until",
    )
    .bind(tenant.psa.as_str())
    .bind(tenant.id.as_str())
    .bind(hold.config_id.as_str())
    .bind(hold.reason.as_str())
    .bind(hold.by.as_str())
    .bind(millis(hold.at))
    .bind(hold.until.map(millis))
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn remove_hold(
    connection: &mut PgConnection,
    tenant: &Tenant,
    config_id: &ConfigId,
) -> Changed<bool> {
    let removed = sqlx::query("DELETE FROM holds WHERE psa = $1 AND tenant = $2 AND config_id = $3")
        .bind(tenant.psa.as_str())
        .bind(tenant.id.as_str())
        .bind(config_id.as_str())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

pub async fn put_request(connection: &mut PgConnection, run: &RunId, request: &Request) -> Changed<()> {
    sqlx::query("INSERT INTO requests (run, wish, asked_by, at) VALUES ($1, $2, $3, $4)")
        .bind(run.as_str())
        .bind(to_json(&request.wish)?)
        .bind(request.by.as_str())
        .bind(millis(request.at))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn take_requests(connection: &mut PgConnection, run: &RunId) -> Changed<Vec<Request>> {
    // One statement, so that a request that comes meanwhile is neither handed out nor lost.
    let taken = sqlx::query(
        "WITH taken AS (DELETE FROM requests WHERE run = $1 RETURNING number, wish, asked_by, at)
         SELECT wish, asked_by, at FROM taken ORDER BY number",
    )
    .bind(run.as_str())
    .fetch_all(connection)
    .await?;
    Ok(taken.iter().map(rows::request).collect::<Database<_>>()?)
}
