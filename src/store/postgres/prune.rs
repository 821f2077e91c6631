//! Removing runs from the database, with a stone for each.

use sqlx::{PgConnection, Row};

use super::{audit::record, journal, writer::Changed};
use crate::{
    domain::RunId,
    store::{
        RunSummary, StoreError,
        check::Link,
        journal::{Predecessor, Record, phase_word},
        prune::{Cut, Needed, Tombstone, read},
        rows::Database,
    },
};

/// The chain of prunings.
pub async fn records(connection: &mut PgConnection) -> Database<Vec<Record>> {
    let rows = sqlx::query("SELECT seq, previous, hash, body FROM prunings ORDER BY seq")
        .fetch_all(connection)
        .await?;
    rows.iter().map(record).collect()
}

pub async fn prune(connection: &mut PgConnection, cut: &Cut) -> Changed<bool> {
    journal::chain(connection).await?;
    let earlier = records(connection).await?;
    let mut stones = Vec::new();
    for run in &cut.runs {
        match stone(connection, run, &earlier).await? {
            Some(stone) => stones.push(stone),
            None => return Ok(false),
        }
    }
    let pruning = cut.record(earlier.last(), stones)?;
    sqlx::query("INSERT INTO prunings (seq, previous, hash, body) VALUES ($1, $2, $3, $4)")
        .bind(pruning.seq as i64)
        .bind(pruning.previous)
        .bind(pruning.hash)
        .bind(pruning.body)
        .execute(&mut *connection)
        .await?;
    for run in &cut.runs {
        for statement in [
            "DELETE FROM items WHERE run = $1",
            "DELETE FROM records WHERE run = $1",
            "DELETE FROM documents WHERE run = $1",
            "DELETE FROM requests WHERE run = $1",
            "DELETE FROM holders WHERE run = $1",
            "DELETE FROM runs WHERE id = $1",
        ] {
            sqlx::query(statement).bind(run.header.run.as_str()).execute(&mut *connection).await?;
        }
    }
    Ok(true)
}

/// What is to be left of a run; `None` if it is not as it was last seen, or is needed after all.
async fn stone(
    connection: &mut PgConnection,
    seen: &RunSummary,
    earlier: &[Record],
) -> Changed<Option<Tombstone>> {
    let run = &seen.header.run;
    let row = sqlx::query(
        "SELECT number, records, head, phase, look_due, (SELECT max(number) FROM runs) AS latest,
                EXISTS (SELECT 1 FROM leases WHERE run = id) AS locked,
                EXISTS (SELECT 1 FROM items WHERE run = id AND outcome = 'unknown') AS unknown
         FROM runs WHERE id = $1 FOR UPDATE",
    )
    .bind(run.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let number: i64 = row.try_get("number")?;
    let as_seen = row.try_get::<String, _>("head")? == seen.head
        && row.try_get::<String, _>("phase")? == phase_word(seen.phase)
        && row.try_get::<Option<i64>, _>("look_due")?.is_some() == seen.look_due.is_some()
        && row.try_get::<bool, _>("unknown")? == seen.outcomes.contains_key("unknown");
    let is_latest = number == row.try_get::<i64, _>("latest")?;
    if !as_seen || Needed::of(seen, row.try_get("locked")?, is_latest).is_some() {
        return Ok(None);
    }
    let own: String = sqlx::query_scalar("SELECT body FROM records WHERE run = $1 AND seq = 0")
        .bind(run.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let Some(next) = followed(connection, run, number, earlier).await? else { return Ok(None) };
    let link = Link::of(&own).map_err(|error| StoreError::Other { message: error.to_string() })?;
    let records = row.try_get::<i64, _>("records")? as u64;
    Ok(Some(Tombstone::of(seen, number as u64, records, link, &next)))
}

/// The record of this run that the next one, pruned or not, was stored after.
async fn followed(
    connection: &mut PgConnection,
    run: &RunId,
    number: i64,
    earlier: &[Record],
) -> Changed<Option<Predecessor>> {
    let next: Option<String> = sqlx::query_scalar(
        "SELECT body FROM records JOIN runs ON runs.id = records.run WHERE number = $1 AND seq = 0",
    )
    .bind(number + 1)
    .fetch_optional(&mut *connection)
    .await?;
    let stones = read(earlier).0.into_iter().flat_map(|pruning| pruning.runs);
    let after = match next {
        Some(body) => Link::of(&body).ok().and_then(|link| link.after),
        None => stones.filter_map(|stone| stone.after).find(|after| after.run == *run),
    };
    Ok(after.filter(|after| after.run == *run))
}
