//! What all processes together may ask of one PSA: a seat for each call that is under way, and loans out of the calls
//! that its window has.

use std::{collections::BTreeSet, time::Duration};

use sqlx::{PgConnection, Row};

use super::{PostgresStore, leases::lives, own::Own, writer::Changed};
use crate::store::{Result, rows::Database};

/// No call lasts so long: whoever could not give its seat back does not keep it for ever.
const LONGEST_CALL: Duration = Duration::from_mins(2);

/// So long after it was sent a call may still be under way at the PSA, though whoever sent it was killed.
const OUTLIVES: Duration = Duration::from_secs(5);

/// Whoever waits for a seat asks again sooner than that; who does not waits no longer.
const WAITS: Duration = Duration::from_secs(3);

/// For so long a loan may be spent. What is not spent by then counts as if it had been.
pub const LOAN_LASTS: Duration = Duration::from_secs(5);

/// A loan is so small a part of the window, so that nobody takes all of it.
const PART: u32 = 20;

/// What one call needs.
#[derive(Debug, Clone)]
pub struct Call {
    pub tenant: String,
    /// Seats by what they are for, and how many there are of each.
    pub seats: Vec<(String, u32)>,
    /// Calls in any window.
    pub requests: u32,
    pub window: Duration,
    /// Whether a loan is needed, too.
    pub borrows: bool,
}

/// A seat by its object and number.
pub type Seat = (String, i64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seated {
    /// With so many calls lent, this one among them.
    Yes { seats: Vec<Seat>, lent: u32 },
    /// All seats are taken.
    Full,
    /// The window has no calls left before so long.
    Spent(Duration),
}

impl PostgresStore {
    pub async fn take_seats(&self, call: &Call) -> Result<Seated> {
        let (own, ended_after) = (&self.own, self.limits.ended_after);
        change!(self, |connection, own, call| take(connection, &own, &call, ended_after))
    }

    pub async fn give_seats_back(&self, tenant: &str, seats: &[Seat]) -> Result<()> {
        let own = &self.own;
        change!(self, |connection, own, tenant, seats| give_back(connection, &own, &tenant, &seats))
    }
}

async fn take(
    connection: &mut PgConnection,
    own: &Own,
    call: &Call,
    ended_after: Duration,
) -> Changed<Seated> {
    // One after the other, for each tenant.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.seats.' || $1, 0))")
        .bind(call.tenant.as_str())
        .execute(&mut *connection)
        .await?;
    let mut seats: Vec<Seat> = Vec::with_capacity(call.seats.len());
    for (object, most) in &call.seats {
        let free = free(connection, own, &call.tenant, object, *most, ended_after).await?;
        // Those who have waited longer come first.
        let ahead = ahead(connection, own, &call.tenant, object).await?;
        let Some(number) = free.get(ahead) else {
            wait(connection, own, &call.tenant, object).await?;
            return Ok(Seated::Full);
        };
        seats.push((object.clone(), *number));
    }
    let mut lent = 0;
    if call.borrows {
        match borrow(connection, call).await? {
            Ok(calls) => lent = calls,
            Err(wait) => return Ok(Seated::Spent(wait)),
        }
    }
    for (object, number) in &seats {
        sqlx::query(
            "INSERT INTO seats (tenant, object, number, process, taken) VALUES ($1, $2, $3, $4, clock_timestamp())
             ON CONFLICT (tenant, object, number)
             DO UPDATE SET process = excluded.process, taken = excluded.taken",
        )
        .bind(call.tenant.as_str())
        .bind(object.as_str())
        .bind(number)
        .bind(own.id.as_str())
        .execute(&mut *connection)
        .await?;
        sqlx::query("DELETE FROM waits WHERE tenant = $1 AND object = $2 AND process = $3")
            .bind(call.tenant.as_str())
            .bind(object.as_str())
            .bind(own.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(Seated::Yes { seats, lent })
}

/// How many other processes have waited longer than this one.
async fn ahead(connection: &mut PgConnection, own: &Own, tenant: &str, object: &str) -> Database<usize> {
    let ahead: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM waits
         WHERE tenant = $1 AND object = $2 AND process <> $3 AND said > clock_timestamp() - $4::interval
           AND since < coalesce(
               (SELECT since FROM waits WHERE tenant = $1 AND object = $2 AND process = $3
                    AND said > clock_timestamp() - $4::interval),
               'infinity')",
    )
    .bind(tenant)
    .bind(object)
    .bind(own.id.as_str())
    .bind(WAITS)
    .fetch_one(connection)
    .await?;
    Ok(ahead as usize)
}

/// Says that this process waits; since when, it said first.
async fn wait(connection: &mut PgConnection, own: &Own, tenant: &str, object: &str) -> Database<()> {
    sqlx::query(
        "INSERT INTO waits (tenant, object, process, since, said)
         VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp())
         ON CONFLICT (tenant, object, process) DO UPDATE SET said = excluded.said,
             since = CASE WHEN waits.said > excluded.said - $4::interval THEN waits.since
                          ELSE excluded.since END",
    )
    .bind(tenant)
    .bind(object)
    .bind(own.id.as_str())
    .bind(WAITS)
    .execute(connection)
    .await?;
    Ok(())
}

/// The seats that nobody sits on.
async fn free(
    connection: &mut PgConnection,
    own: &Own,
    tenant: &str,
    object: &str,
    most: u32,
    ended_after: Duration,
) -> Database<Vec<i64>> {
    let rows = sqlx::query(
        "SELECT number, host, pid, boot, space, processes.id IS NOT NULL AS known, host = $1 AS near,
                coalesce(seen > clock_timestamp() - $2::interval, false) AS heard,
                processes.id IS NOT NULL AND taken > clock_timestamp() - $6::interval AS fresh
         FROM seats LEFT JOIN processes ON processes.id = seats.process
         WHERE tenant = $3 AND object = $4 AND taken > clock_timestamp() - $5::interval",
    )
    .bind(own.identity.host.as_str())
    .bind(ended_after)
    .bind(tenant)
    .bind(object)
    .bind(LONGEST_CALL)
    .bind(OUTLIVES)
    .fetch_all(connection)
    .await?;
    let mut taken = BTreeSet::new();
    for row in &rows {
        // Whoever ended in good order had no call under way, and has no row any more.
        if row.try_get("fresh")? || lives(row, &own.identity, own)? {
            taken.insert(row.try_get::<i64, _>("number")?);
        }
    }
    Ok((1..=i64::from(most.max(1))).filter(|number| !taken.contains(number)).collect())
}

/// So many calls, or how long to wait for some.
async fn borrow(connection: &mut PgConnection, call: &Call) -> Database<std::result::Result<u32, Duration>> {
    sqlx::query("DELETE FROM loans WHERE tenant = $1 AND until < clock_timestamp() - $2::interval")
        .bind(call.tenant.as_str())
        .bind(call.window)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query(
        "SELECT coalesce(sum(calls), 0)::bigint AS out,
                extract(epoch FROM min(until) + $2::interval - clock_timestamp())::float8 AS next
         FROM loans WHERE tenant = $1",
    )
    .bind(call.tenant.as_str())
    .bind(call.window)
    .fetch_one(&mut *connection)
    .await?;
    let left = i64::from(call.requests.max(1)) - row.try_get::<i64, _>("out")?;
    if left <= 0 {
        let next: Option<f64> = row.try_get("next")?;
        return Ok(Err(Duration::from_secs_f64(next.unwrap_or(1.0).max(0.05))));
    }
    let calls = left.min(i64::from((call.requests / PART).max(1)));
    sqlx::query("INSERT INTO loans (tenant, until, calls) VALUES ($1, clock_timestamp() + $2::interval, $3)")
        .bind(call.tenant.as_str())
        .bind(LOAN_LASTS)
        .bind(calls)
        .execute(connection)
        .await?;
    Ok(Ok(calls as u32))
}

async fn give_back(connection: &mut PgConnection, own: &Own, tenant: &str, seats: &[Seat]) -> Changed<()> {
    for (object, number) in seats {
        sqlx::query("DELETE FROM seats WHERE tenant = $1 AND object = $2 AND number = $3 AND process = $4")
            .bind(tenant)
            .bind(object.as_str())
            .bind(number)
            .bind(own.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
