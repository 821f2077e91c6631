//! Changes to runs and their journals.

use std::collections::{BTreeMap, HashMap};

use sqlx::{Row, SqliteConnection};

use super::writer::Changed;
use crate::{
    domain::{Phase, RunId, plan::sha256, survey::Header},
    store::{
        Result, StoreError,
        journal::{Batch, Look, Predecessor, Prepared, Record, phase_from, phase_word, to_json},
        types::millis,
    },
};

pub async fn create(connection: &mut SqliteConnection, run: &Prepared, header: &Header) -> Changed<()> {
    let known = sqlx::query("SELECT 1 FROM runs WHERE id = ?")
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
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
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
    sqlx::query("INSERT INTO documents (run, survey, plan, plan_digest) VALUES (?, ?, ?, ?)")
        .bind(run.id.as_str())
        .bind(run.survey.as_str())
        .bind(run.plan.as_ref().map(|(bytes, _)| bytes.as_slice()))
        .bind(run.plan.as_ref().map(|(_, digest)| digest.as_str()))
        .execute(&mut *connection)
        .await?;
    insert_records(connection, &[(run.id.clone(), genesis)]).await?;
    let items: Vec<_> = run.items.iter().map(|item| (&item.config_id, &item.client_id)).collect();
    sqlx::query(
        "INSERT INTO items (run, config_id, client_id)
         SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2)",
    )
    .bind(run.id.as_str())
    .bind(to_json(&items)?)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

pub async fn save_report(connection: &mut SqliteConnection, run: &RunId, report: &str) -> Changed<()> {
    let saved = sqlx::query("UPDATE documents SET report = ?, report_digest = ? WHERE run = ?")
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
}

/// Appends batches of several runs in order. One answer per batch; an unknown run harms no other.
pub async fn append(
    connection: &mut SqliteConnection,
    batches: Vec<(RunId, Batch)>,
) -> std::result::Result<Vec<Result<String>>, sqlx::Error> {
    let mut tips: BTreeMap<RunId, Option<Tip>> = BTreeMap::new();
    let mut records = Vec::new();
    let mut settled = HashMap::new();
    let mut heads = Vec::with_capacity(batches.len());
    for (run, batch) in batches {
        if !tips.contains_key(&run) {
            let tip = tip(connection, &run).await?;
            tips.insert(run.clone(), tip);
        }
        let Some(Some(tip)) = tips.get_mut(&run) else {
            heads.push(Err(StoreError::UnknownRun(run)));
            continue;
        };
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
    if !settled.is_empty() {
        let rows: Vec<_> =
            settled.iter().map(|((run, config_id), (outcome, at))| (run, config_id, outcome, at)).collect();
        sqlx::query(
            "UPDATE items SET outcome = settled.value ->> 2, settled_at = settled.value ->> 3
             FROM json_each(?1) AS settled
             WHERE items.run = settled.value ->> 0 AND items.config_id = settled.value ->> 1",
        )
        .bind(serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))?)
        .execute(&mut *connection)
        .await?;
    }
    for (run, tip) in tips.iter().filter_map(|(run, tip)| tip.as_ref().map(|tip| (run, tip))) {
        sqlx::query("UPDATE runs SET phase = ?, records = ?, head = ?, last_event = ? WHERE id = ?")
            .bind(phase_word(tip.phase))
            .bind(tip.records as i64)
            .bind(tip.head.as_str())
            .bind(tip.last_event)
            .bind(run.as_str())
            .execute(&mut *connection)
            .await?;
        if let Some(due) = tip.look.map(Look::due) {
            sqlx::query("UPDATE runs SET look_due = ? WHERE id = ?")
                .bind(due)
                .bind(run.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(heads)
}

/// Appends to one journal if it still ends with `head`.
pub async fn append_after(
    connection: &mut SqliteConnection,
    run: RunId,
    head: &str,
    batch: Batch,
) -> Changed<Option<String>> {
    let Some(tip) = tip(connection, &run).await? else {
        return Err(StoreError::UnknownRun(run).into());
    };
    if tip.head != head {
        return Ok(None);
    }
    let heads = append(connection, vec![(run, batch)]).await?;
    Ok(heads.into_iter().next().transpose()?)
}

async fn tip(
    connection: &mut SqliteConnection,
    run: &RunId,
) -> std::result::Result<Option<Tip>, sqlx::Error> {
    let row = sqlx::query("SELECT records, head, phase, last_event FROM runs WHERE id = ?")
        .bind(run.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    row.map(|row| {
        Ok(Tip {
            records: row.try_get::<i64, _>("records")? as u64,
            head: row.try_get("head")?,
            phase: phase_from(&row.try_get::<String, _>("phase")?).unwrap_or_default(),
            last_event: row.try_get("last_event")?,
            look: None,
        })
    })
    .transpose()
}

async fn insert_records(
    connection: &mut SqliteConnection,
    records: &[(RunId, Record)],
) -> std::result::Result<(), sqlx::Error> {
    let rows: Vec<_> = records
        .iter()
        .map(|(run, record)| (run, record.seq, &record.previous, &record.hash, &record.body))
        .collect();
    sqlx::query(
        "INSERT INTO records (run, seq, previous, hash, body)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1)",
    )
    .bind(serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))?)
    .execute(&mut *connection)
    .await?;
    Ok(())
}
