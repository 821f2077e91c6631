//! Changes to everything but runs: leases, refused sign-ins, sweeps, holds, requests.

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::writer::Changed;
use crate::{
    domain::{ClientId, ConfigId, RunId, Tenant, Timestamp},
    store::{
        Acquired, Claim, Held, Hold, Holder, Request, Sweep,
        journal::to_json,
        memory::may_take,
        rows::{self, Database, Line},
        types::{forgotten_before, millis},
    },
    system::process::Identity,
};

/// A wish to take clients.
pub struct Wanted {
    pub tenant: Tenant,
    pub clients: Vec<ClientId>,
    pub claim: Claim,
    pub run: RunId,
    pub holder: Holder,
    pub now: Timestamp,
}

pub async fn acquire(connection: &mut SqliteConnection, wanted: &Wanted) -> Changed<Acquired> {
    let mut acquired = Acquired::default();
    for client in &wanted.clients {
        let row = sqlx::query("SELECT * FROM leases WHERE psa = ? AND tenant = ? AND client_id = ?")
            .bind(wanted.tenant.psa.as_str())
            .bind(wanted.tenant.id.as_str())
            .bind(client.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        match row.as_ref().map(held).transpose()? {
            Some(held) if !may_take(&held, &wanted.run, &wanted.holder) => acquired.held.push(held),
            _ => acquired.taken.push(client.clone()),
        }
    }
    if wanted.claim == Claim::All && !acquired.held.is_empty() {
        acquired.taken.clear();
    }
    for client in &acquired.taken {
        sqlx::query(
            "INSERT INTO leases (psa, tenant, client_id, run, host, pid, boot, operator, since)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (psa, tenant, client_id) DO UPDATE SET run = excluded.run, host = excluded.host,
                 pid = excluded.pid, boot = excluded.boot, operator = excluded.operator, since = excluded.since",
        )
        .bind(wanted.tenant.psa.as_str())
        .bind(wanted.tenant.id.as_str())
        .bind(client.as_str())
        .bind(wanted.run.as_str())
        .bind(wanted.holder.process.host.as_str())
        .bind(i64::from(wanted.holder.process.pid))
        .bind(wanted.holder.process.boot.as_str())
        .bind(wanted.holder.operator.as_str())
        .bind(millis(wanted.now))
        .execute(&mut *connection)
        .await?;
    }
    Ok(acquired)
}

pub fn held(row: &SqliteRow) -> Database<Held> {
    let by = rows::holder(row)?;
    Ok(Held {
        client: ClientId::new(row.text("client_id")?),
        run: row.run("run")?,
        ended: by.process.has_ended(&Identity::own()),
        by,
        since: row.moment("since")?,
    })
}

pub async fn release(connection: &mut SqliteConnection, run: &RunId) -> Changed<()> {
    sqlx::query("DELETE FROM leases WHERE run = ?").bind(run.as_str()).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM requests WHERE run = ?").bind(run.as_str()).execute(connection).await?;
    Ok(())
}

pub async fn remember_refusal(connection: &mut SqliteConnection, key: &str, at: Timestamp) -> Changed<()> {
    sqlx::query("DELETE FROM refusals WHERE at < ?")
        .bind(millis(forgotten_before(at)))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO refusals (sign_in, at) VALUES (?, ?)
         ON CONFLICT (sign_in) DO UPDATE SET at = excluded.at",
    )
    .bind(key)
    .bind(millis(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn forget_refusal(connection: &mut SqliteConnection, key: &str) -> Changed<()> {
    sqlx::query("DELETE FROM refusals WHERE sign_in = ?").bind(key).execute(connection).await?;
    Ok(())
}

pub async fn record_sweep(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    profile: &str,
    sweep: &Sweep,
) -> Changed<()> {
    sqlx::query(
        "INSERT INTO sweeps (psa, tenant, profile, at, clients) VALUES (?, ?, ?, ?, ?)
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

pub async fn put_hold(connection: &mut SqliteConnection, tenant: &Tenant, hold: &Hold) -> Changed<()> {
    sqlx::query(
        "INSERT INTO holds (psa, tenant, config_id, reason, held_by, held_at, until)
         VALUES (?, ?, ?, ?, ?, ?, ?)
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
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    config_id: &ConfigId,
) -> Changed<bool> {
    let removed = sqlx::query("DELETE FROM holds WHERE psa = ? AND tenant = ? AND config_id = ?")
        .bind(tenant.psa.as_str())
        .bind(tenant.id.as_str())
        .bind(config_id.as_str())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

pub async fn put_request(connection: &mut SqliteConnection, run: &RunId, request: &Request) -> Changed<()> {
    sqlx::query("INSERT INTO requests (run, wish, asked_by, at) VALUES (?, ?, ?, ?)")
        .bind(run.as_str())
        .bind(to_json(&request.wish)?)
        .bind(request.by.as_str())
        .bind(millis(request.at))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn take_requests(connection: &mut SqliteConnection, run: &RunId) -> Changed<Vec<Request>> {
    let taken = sqlx::query("SELECT wish, asked_by, at FROM requests WHERE run = ? ORDER BY number")
        .bind(run.as_str())
        .fetch_all(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM requests WHERE run = ?").bind(run.as_str()).execute(connection).await?;
    Ok(taken.iter().map(rows::request).collect::<Database<_>>()?)
}
