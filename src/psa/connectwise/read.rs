//! Reading records by id: as many in one request as fit into an address.

use std::collections::BTreeMap;

use super::{
    CHUNKS_AT_ONCE, ConnectWise,
    conditions::Condition,
    configurations::{FIELDS, PATH, convert},
    number, wire,
};
use crate::{
    domain::{ConfigId, Configuration},
    psa::{
        PsaError,
        listing::{ById, by_id, chunks, each},
        port::Result,
    },
};

/// The records as they are now. One that makes the PSA fail whenever it is asked for is left out of the answer; one
/// that did not come is asked for again, and counted, before it counts as gone.
pub async fn by_ids(
    psa: &ConnectWise,
    ids: &[ConfigId],
) -> Result<BTreeMap<ConfigId, Option<Configuration>>> {
    let numbers: Vec<i64> = ids.iter().filter_map(|id| number(id.as_str())).collect();
    let mut answer: BTreeMap<ConfigId, Option<Configuration>> =
        ids.iter().filter(|id| number(id.as_str()).is_none()).map(|id| (id.clone(), None)).collect();
    if numbers.is_empty() {
        return Ok(answer);
    }
    let mut read = batches(psa, &numbers).await?;
    // A server may send shorter pages than it was asked for: as long as more come, more may be there.
    let missing = loop {
        let missing: Vec<i64> = numbers
            .iter()
            .copied()
            .filter(|id| !read.found.contains_key(id) && !read.unreadable.contains_key(id))
            .collect();
        if missing.is_empty() {
            break missing;
        }
        let again = batches(psa, &missing).await?;
        let none_came = again.found.is_empty() && again.unreadable.is_empty();
        read.found.extend(again.found);
        read.unreadable.extend(again.unreadable);
        if none_came {
            break missing;
        }
    };
    if read.found.is_empty()
        && let Some((id, why)) = read.unreadable.first_key_value()
    {
        let unreadable = crate::domain::Incomplete::Unreadable {
            what: "configuration".to_owned(),
            id: id.to_string(),
            why: why.clone(),
        };
        return Err(unreadable.into());
    }
    let place = psa.api.place().await?;
    let rows: Vec<wire::Configuration> = read.found.into_values().collect();
    let statuses = psa.statuses_for(&rows).await?;
    for row in rows {
        if row.active_flag.is_none() {
            // A mark that is not there proves nothing, neither before a change nor after it.
            tracing::warn!(id = row.id, "the PSA does not show the active mark of this configuration");
            continue;
        }
        let record = convert(psa, &place, &statuses, &row)?;
        answer.insert(record.id.clone(), Some(record));
    }
    for (id, why) in &read.unreadable {
        tracing::warn!(id, why, "the PSA fails over this configuration");
    }
    for id in gone(psa, &missing).await? {
        answer.entry(ConfigId::from(id)).or_insert(None);
    }
    Ok(answer)
}

/// Those of the missing that are gone. A list that lacks a row proves little: an answer that was cut looks like that.
async fn gone(psa: &ConnectWise, missing: &[i64]) -> Result<Vec<i64>> {
    let place = psa.api.place().await?;
    let room = psa.api.room_for_ids(&place, PATH, "", &Condition::one_of("id", &[]));
    let mut gone = Vec::new();
    for batch in chunks(missing, room) {
        match psa.api.count(PATH, Some(&Condition::one_of("id", &batch))).await {
            Ok(0) => gone.extend(batch),
            Ok(there) => {
                tracing::warn!(there, ?batch, "configurations are there, and the PSA does not show them");
            }
            Err(error @ (PsaError::Refused { .. } | PsaError::Permission { .. })) => {
                tracing::warn!(%error, ?batch, "not shown, and not counted either");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(gone)
}

async fn batches(psa: &ConnectWise, ids: &[i64]) -> Result<ById<wire::Configuration>> {
    let place = psa.api.place().await?;
    let room = psa.api.room_for_ids(&place, PATH, FIELDS, &Condition::one_of("id", &[]));
    let parts = each(chunks(ids, room), CHUNKS_AT_ONCE, |chunk| {
        by_id(chunk, move |batch, halved| batch_of(psa, batch, halved))
    })
    .await?;
    let mut all = ById { found: BTreeMap::new(), unreadable: BTreeMap::new() };
    for part in parts {
        all.found.extend(part.found);
        all.unreadable.extend(part.unreadable);
    }
    Ok(all)
}

async fn batch_of(psa: &ConnectWise, ids: Vec<i64>, halved: bool) -> Result<Vec<(i64, wire::Configuration)>> {
    let condition = Condition::one_of("id", &ids);
    let size = ids.len().to_string();
    let fields = if psa.api.refuses_fields(PATH) { "" } else { FIELDS };
    let mut query = vec![("conditions", condition.text()), ("pageSize", size.as_str())];
    if !fields.is_empty() {
        query.push(("fields", fields));
    }
    let ask = |once: bool| {
        let query = &query;
        async move { psa.api.get_as(PATH, query, |request| if once { request.once() } else { request }).await }
    };
    let reply = match ask(halved).await {
        // A part of a troubled batch is asked for once; a broken connection is another matter.
        Err(PsaError::Unreachable { gave_up: false, .. } | PsaError::Unreadable { .. }) if halved => {
            ask(false).await?
        }
        Err(PsaError::Refused { status: 400, message }) if !fields.is_empty() => {
            let without = [("conditions", condition.text()), ("pageSize", size.as_str())];
            let Ok(reply) = psa.api.get(PATH, &without).await else {
                return Err(PsaError::Refused { status: 400, message });
            };
            psa.api.note_refused_fields(PATH);
            reply
        }
        other => other?,
    };
    let rows: Vec<wire::Configuration> =
        reply.json().map_err(|message| PsaError::Unreadable { message: format!("{PATH}: {message}") })?;
    rows.into_iter()
        .map(|row| {
            let id = row.id.ok_or_else(|| PsaError::Unreadable {
                message: "a configuration without an id".to_owned(),
            })?;
            Ok((id, row))
        })
        .collect()
}
