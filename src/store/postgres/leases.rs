//! Who works on which client, over all the computers that share the database.
//!
//! Whether a holder has ended is known at once where its process number means something: in the same numbering of
//! processes, in the same boot of the same computer. Everywhere else it has ended when the database has not heard of it
//! for a while. A process that was only asleep finds the fence ([`fence`]) when it wakes up.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{own::Own, writer::Changed};
use crate::{
    domain::{ClientId, RunId, Tenant, Timestamp},
    store::{
        Acquired, Claim, Held, Holder,
        rows::{self, Database, Line},
        types::millis,
    },
    system::process::Identity,
};

/// A wish to take clients.
#[derive(Clone)]
pub struct Wanted {
    pub tenant: Tenant,
    pub clients: Vec<ClientId>,
    pub claim: Claim,
    pub run: RunId,
    pub holder: Holder,
    pub now: Timestamp,
    pub ended_after: Duration,
}

pub async fn acquire(connection: &mut PgConnection, wanted: &Wanted, own: &Own) -> Changed<Acquired> {
    // One after the other: of two that want a client that nobody has, the second must see the first.
    sqlx::query("LOCK TABLE leases IN SHARE ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
    let ids: Vec<&str> = wanted.clients.iter().map(ClientId::as_str).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{HELD} WHERE leases.psa = $3 AND tenant = $4 AND client_id = ANY($5)"
    )))
    .bind(wanted.holder.process.host.as_str())
    .bind(wanted.ended_after)
    .bind(wanted.tenant.psa.as_str())
    .bind(wanted.tenant.id.as_str())
    .bind(ids)
    .fetch_all(&mut *connection)
    .await?;
    let there: Vec<Held> =
        rows.iter().map(|row| held(row, &wanted.holder.process, own)).collect::<Database<_>>()?;
    let there: BTreeMap<&ClientId, &Held> = there.iter().map(|held| (&held.client, held)).collect();
    let mut acquired = Acquired::default();
    for client in &wanted.clients {
        match there.get(client) {
            Some(held) if !may_take(held, wanted) => acquired.held.push((*held).clone()),
            _ => acquired.taken.push(client.clone()),
        }
    }
    if wanted.claim == Claim::All && !acquired.held.is_empty() {
        acquired.taken.clear();
    }
    let replaced: Vec<&str> = acquired
        .taken
        .iter()
        .filter_map(|client| there.get(client))
        .map(|held| held.run.as_str())
        .filter(|run| *run != wanted.run.as_str())
        .collect();
    take(connection, wanted, &acquired.taken, own).await?;
    if !replaced.is_empty() {
        sqlx::query("UPDATE holders SET process = '' WHERE run = ANY($1)")
            .bind(replaced)
            .execute(&mut *connection)
            .await?;
    }
    if !acquired.taken.is_empty() {
        sqlx::query(
            "INSERT INTO holders (run, process) VALUES ($1, $2)
             ON CONFLICT (run) DO UPDATE SET process = excluded.process",
        )
        .bind(wanted.run.as_str())
        .bind(own.id.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(acquired)
}

async fn take(
    connection: &mut PgConnection,
    wanted: &Wanted,
    clients: &[ClientId],
    own: &Own,
) -> Database<()> {
    let ids: Vec<&str> = clients.iter().map(ClientId::as_str).collect();
    sqlx::query(
        "INSERT INTO leases (psa, tenant, client_id, run, process, host, pid, boot, operator, since)
         SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10 FROM unnest($3::text[]) AS id
         ON CONFLICT (psa, tenant, client_id) DO UPDATE SET run = excluded.run, process = excluded.process,
             host = excluded.host, pid = excluded.pid, boot = excluded.boot, operator = excluded.operator,
             since = excluded.since",
    )
    .bind(wanted.tenant.psa.as_str())
    .bind(wanted.tenant.id.as_str())
    .bind(ids)
    .bind(wanted.run.as_str())
    .bind(own.id.as_str())
    .bind(wanted.holder.process.host.as_str())
    .bind(i64::from(wanted.holder.process.pid))
    .bind(wanted.holder.process.boot.as_str())
    .bind(wanted.holder.operator.as_str())
    .bind(millis(wanted.now))
    .execute(connection)
    .await?;
    Ok(())
}

/// As good as free for this run: its holder has ended, or it is this run's own.
fn may_take(held: &Held, wanted: &Wanted) -> bool {
    held.ended || (held.run == wanted.run && held.by.process == wanted.holder.process)
}

/// Leases with what is known of their processes. `$1`: the observer's host, `$2`: after how long one has ended.
const HELD: &str = "SELECT leases.*, processes.space, processes.id IS NOT NULL AS known,
       leases.host = $1 AS near, coalesce(processes.seen > clock_timestamp() - $2::interval, false) AS heard
     FROM leases LEFT JOIN processes ON processes.id = leases.process";

pub async fn all(connection: &mut PgConnection, own: &Own, ended_after: Duration) -> Database<Vec<Held>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{HELD} ORDER BY leases.psa, tenant, client_id")))
        .bind(own.identity.host.as_str())
        .bind(ended_after)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| held(row, &own.identity, own)).collect()
}

fn held(row: &PgRow, observer: &Identity, own: &Own) -> Database<Held> {
    Ok(Held {
        client: ClientId::new(row.text("client_id")?),
        run: row.run("run")?,
        by: rows::holder(row)?,
        since: row.moment("since")?,
        ended: !lives(row, observer, own)?,
    })
}

/// Whether the holder in this line lives. The line has its `host`, `pid` and `boot`, whether its process is `known`, in
/// which `space` it is numbered, whether it is `near` the observer and was `heard` of.
pub fn lives(row: &PgRow, observer: &Identity, own: &Own) -> Database<bool> {
    if !row.try_get::<bool, _>("known")? {
        return Ok(false);
    }
    let process = rows::process(row)?;
    let numbered_with_us = row.try_get::<bool, _>("near")?
        && process.boot == observer.boot
        && row.try_get::<Option<String>, _>("space")?.as_ref() == Some(&own.space);
    if numbered_with_us { Ok(!process.has_ended(observer)) } else { row.try_get("heard") }
}

/// Gives back what this process took for a run; what another one took over meanwhile is not its to give.
pub async fn release(connection: &mut PgConnection, run: &RunId, process: &str) -> Changed<()> {
    let given = sqlx::query("DELETE FROM leases WHERE run = $1 AND process = $2")
        .bind(run.as_str())
        .bind(process)
        .execute(&mut *connection)
        .await?;
    let others: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM leases WHERE run = $1)")
        .bind(run.as_str())
        .fetch_one(&mut *connection)
        .await?;
    if given.rows_affected() > 0 || !others {
        sqlx::query("DELETE FROM requests WHERE run = $1").bind(run.as_str()).execute(connection).await?;
    }
    Ok(())
}

/// The fence. Of each of these runs, who may append to it; whoever takes a lease over waits until this transaction has
/// ended. A run that nobody ever took is free.
pub async fn fence(connection: &mut PgConnection, runs: &[&str]) -> Database<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT run, process FROM holders WHERE run = ANY($1) ORDER BY run FOR SHARE")
            .bind(runs)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}
