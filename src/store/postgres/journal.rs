//! Changes to runs and their journals. Several processes append at the same time, each to its own runs: a run's line is
//! locked before its end is looked at.

use std::collections::{BTreeMap, HashMap};

use sqlx::{PgConnection, Row};

use super::{leases, own::Own, writer::Changed};
use crate::{
    domain::{ConfigId, Phase, RunId, plan::sha256, survey::Header},
    store::{
        Result, StoreError,
        journal::{Batch, Look, Predecessor, Prepared, Record, phase_from, phase_word},
        rows::Database,
        types::millis,
    },
};

pub async fn create(connection: &mut PgConnection, run: &Prepared, header: &Header) -> Changed<()> {
    // Runs are stored one after the other, whichever process does it: each names the one before it.
    chain(connection).await?;
    let known = sqlx::query("SELECT 1 FROM runs WHERE id = $1")
        .bind(run.id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_some() {
        return Err(StoreError::RunExists(run.id.clone()).into());
    }
    let last = sqlx::query("SELECT id, number, records, head FROM runs ORDER BY number DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (number, after) = match last {
        None => (1, None),
        Some(row) => {
            let after = Predecessor {
                run: RunId::new(row.try_get::<String, _>("id")?),
                seq: (row.try_get::<i64, _>("records")? - 1).max(0) as u64,
                head: row.try_get("head")?,
            };
            (row.try_get::<i64, _>("number")? + 1, Some(after))
        }
    };
    let pruned = sqlx::query_scalar("SELECT hash FROM prunings ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let genesis = run.genesis(after, pruned)?;
    sqlx::query(
        "INSERT INTO runs (id, number, psa, tenant, phase, records, head, last_event, header)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8)",
    )
    .bind(run.id.as_str())
    .bind(number)
    .bind(header.psa.as_str())
    .bind(header.tenant.as_ref().map(|tenant| tenant.id.as_str()))
    .bind(phase_word(Phase::default()))
    .bind(genesis.hash.as_str())
    .bind(millis(header.started_at))
    .bind(run.header.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query("INSERT INTO documents (run, survey, plan, plan_digest) VALUES ($1, $2, $3, $4)")
        .bind(run.id.as_str())
        .bind(run.survey.as_str())
        .bind(run.plan.as_ref().map(|(bytes, _)| bytes.as_slice()))
        .bind(run.plan.as_ref().map(|(_, digest)| digest.as_str()))
        .execute(&mut *connection)
        .await?;
    insert_records(connection, &[(run.id.clone(), genesis)]).await?;
    let (ids, clients): (Vec<&str>, Vec<&str>) =
        run.items.iter().map(|item| (item.config_id.as_str(), item.client_id.as_str())).unzip();
    sqlx::query(
        "INSERT INTO items (run, config_id, client_id)
         SELECT $1, item.id, item.client FROM unnest($2::text[], $3::text[]) AS item (id, client)",
    )
    .bind(run.id.as_str())
    .bind(ids)
    .bind(clients)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Holds the chain of runs for this transaction: nobody stores or prunes one meanwhile. Reading goes on.
pub async fn chain(connection: &mut PgConnection) -> Database<()> {
    sqlx::query("LOCK TABLE prunings IN SHARE ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

pub async fn save_report(connection: &mut PgConnection, run: &RunId, report: &str) -> Changed<()> {
    let saved = sqlx::query("UPDATE documents SET report = $1, report_digest = $2 WHERE run = $3")
        .bind(report)
        .bind(sha256(report.as_bytes()))
        .bind(run.as_str())
        .execute(&mut *connection)
        .await?;
    if saved.rows_affected() == 0 {
        return Err(StoreError::UnknownRun(run.clone()).into());
    }
    Ok(())
}

/// Where a journal stands.
struct Tip {
    records: u64,
    head: String,
    phase: Phase,
    last_event: i64,
    look: Option<Look>,
    /// Who may append as the one that is at work on it; `None` if nobody ever took it.
    holder: Option<String>,
}

/// Appends batches of several runs in order. One answer per batch; an unknown run, or one that another process has
/// taken over, harms no other.
pub async fn append(
    connection: &mut PgConnection,
    own: &Own,
    batches: Vec<(RunId, Batch)>,
) -> Database<Vec<Result<String>>> {
    let runs: Vec<&str> = batches.iter().map(|(run, _)| run.as_str()).collect();
    let mut tips = tips(connection, &runs).await?;
    let mut records = Vec::new();
    let mut settled = HashMap::new();
    let mut heads = Vec::with_capacity(batches.len());
    for (run, batch) in batches {
        let Some(tip) = tips.get_mut(&run) else {
            heads.push(Err(StoreError::UnknownRun(run)));
            continue;
        };
        // Whoever is at work on a run must still hold it; others may add what they decided or read about it.
        let at_work = batch.intends || own.holds(&run);
        if at_work && tip.holder.as_ref().is_some_and(|holder| *holder != own.id) {
            heads.push(Err(StoreError::TakenOver(run)));
            continue;
        }
        tip.phase = batch.phase_after(tip.phase);
        tip.last_event = tip.last_event.max(batch.last.unwrap_or(i64::MIN));
        tip.look = batch.look.or(tip.look);
        for body in batch.bodies {
            let record = Record::new(tip.records, &tip.head, body);
            tip.records += 1;
            tip.head.clone_from(&record.hash);
            records.push((run.clone(), record));
        }
        for (config_id, outcome, at) in batch.settled {
            settled.insert((run.clone(), config_id), (outcome, at));
        }
        heads.push(Ok(tip.head.clone()));
    }
    insert_records(connection, &records).await?;
    settle(connection, &settled).await?;
    let appended = |run: &RunId| records.iter().any(|(of, _)| of == run);
    for (run, tip) in tips.iter().filter(|(run, _)| appended(run)) {
        let look = tip.look.map(Look::due);
        sqlx::query(
            "UPDATE runs SET phase = $1, records = $2, head = $3, last_event = $4,
                    look_due = CASE WHEN $5 THEN $6 ELSE look_due END
             WHERE id = $7",
        )
        .bind(phase_word(tip.phase))
        .bind(tip.records as i64)
        .bind(tip.head.as_str())
        .bind(tip.last_event)
        .bind(look.is_some())
        .bind(look.flatten())
        .bind(run.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(heads)
}

/// Appends to one journal if it still ends with `head`.
pub async fn append_after(
    connection: &mut PgConnection,
    own: &Own,
    run: &RunId,
    head: &str,
    batch: &Batch,
) -> Changed<Option<String>> {
    match tips(connection, &[run.as_str()]).await?.get(run) {
        None => return Err(StoreError::UnknownRun(run.clone()).into()),
        Some(tip) if tip.head != head => return Ok(None),
        Some(_) => {}
    }
    let heads = append(connection, own, vec![(run.clone(), batch.clone())]).await?;
    Ok(heads.into_iter().next().transpose()?)
}

/// Where these journals stand; nobody else appends to them until the transaction has ended.
async fn tips(connection: &mut PgConnection, runs: &[&str]) -> Database<BTreeMap<RunId, Tip>> {
    let rows = sqlx::query(
        "SELECT id, records, head, phase, last_event FROM runs WHERE id = ANY($1) ORDER BY id FOR UPDATE",
    )
    .bind(runs)
    .fetch_all(&mut *connection)
    .await?;
    let mut holders = leases::fence(connection, runs).await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("id")?;
            let tip = Tip {
                records: row.try_get::<i64, _>("records")? as u64,
                head: row.try_get("head")?,
                phase: phase_from(&row.try_get::<String, _>("phase")?).unwrap_or_default(),
                last_event: row.try_get("last_event")?,
                look: None,
                holder: holders.remove(&id),
            };
            Ok((RunId::new(id), tip))
        })
        .collect()
}

async fn settle(
    connection: &mut PgConnection,
    settled: &HashMap<(RunId, ConfigId), (&'static str, i64)>,
) -> Database<()> {
    if settled.is_empty() {
        return Ok(());
    }
    let runs: Vec<&str> = settled.keys().map(|(run, _)| run.as_str()).collect();
    let ids: Vec<&str> = settled.keys().map(|(_, id)| id.as_str()).collect();
    let outcomes: Vec<&str> = settled.values().map(|(outcome, _)| *outcome).collect();
    let moments: Vec<i64> = settled.values().map(|(_, at)| *at).collect();
    sqlx::query(
        "UPDATE items SET outcome = settled.outcome, settled_at = settled.at
         FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS settled (run, id, outcome, at)
         WHERE items.run = settled.run AND items.config_id = settled.id",
    )
    .bind(runs)
    .bind(ids)
    .bind(outcomes)
    .bind(moments)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_records(connection: &mut PgConnection, records: &[(RunId, Record)]) -> Database<()> {
    if records.is_empty() {
        return Ok(());
    }
    let texts =
        |of: fn(&Record) -> &str| -> Vec<&str> { records.iter().map(|(_, record)| of(record)).collect() };
    let runs: Vec<&str> = records.iter().map(|(run, _)| run.as_str()).collect();
    let seqs: Vec<i64> = records.iter().map(|(_, record)| record.seq as i64).collect();
    sqlx::query(
        "INSERT INTO records (run, seq, previous, hash, body)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[])",
    )
    .bind(runs)
    .bind(seqs)
    .bind(texts(|record| &record.previous))
    .bind(texts(|record| &record.hash))
    .bind(texts(|record| &record.body))
    .execute(connection)
    .await?;
    Ok(())
}
