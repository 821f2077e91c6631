//! Reading records by id: as many in one request as an `in` list takes.

use std::collections::BTreeMap;

use super::{
    Autotask,
    configurations::{ENTITY, FIELDS, Names, WHAT, convert},
    filter::Filter,
    number,
    paging::{CHUNKS_AT_ONCE, List, batches},
    wire,
};
use crate::{
    domain::{ConfigId, Configuration, Incomplete},
    http::Tries,
    psa::{
        PsaError,
        listing::{ById, by_id, each},
        port::Result,
    },
};

/// The records as they are now. One that makes the PSA fail whenever it is asked for is left out of the answer; one
/// that did not come is asked for again, and counted, before it counts as gone.
pub async fn by_ids(psa: &Autotask, ids: &[ConfigId]) -> Result<BTreeMap<ConfigId, Option<Configuration>>> {
    let numbers: Vec<i64> = ids.iter().filter_map(|id| number(id.as_str())).collect();
    let mut answer: BTreeMap<ConfigId, Option<Configuration>> =
        ids.iter().filter(|id| number(id.as_str()).is_none()).map(|id| (id.clone(), None)).collect();
    let (rows, missing) = rows(psa, &numbers).await?;
    let names = Names::of(psa, &rows).await?;
    for row in rows {
        if row.is_active.is_none() {
            // A mark that is not there proves nothing, neither before a change nor after it.
            tracing::warn!(id = row.id, "the PSA does not show the active mark of this configuration item");
            continue;
        }
        let record = convert(&names, row)?;
        answer.insert(record.id.clone(), Some(record));
    }
    for id in missing {
        answer.entry(ConfigId::from(id)).or_insert(None);
    }
    Ok(answer)
}

/// The rows of these ids, and the ids that are gone.
pub async fn rows(psa: &Autotask, ids: &[i64]) -> Result<(Vec<wire::ConfigurationItem>, Vec<i64>)> {
    if ids.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut read = in_batches(psa, ids).await?;
    let absent = |read: &ById<wire::ConfigurationItem>| -> Vec<i64> {
        ids.iter()
            .copied()
            .filter(|id| !read.found.contains_key(id) && !read.unreadable.contains_key(id))
            .collect()
    };
    // A server may send shorter pages than it was asked for: as long as more come, more may be there.
    loop {
        let missing = absent(&read);
        if missing.is_empty() {
            break;
        }
        let again = in_batches(psa, &missing).await?;
        let none_came = again.found.is_empty() && again.unreadable.is_empty();
        read.found.extend(again.found);
        read.unreadable.extend(again.unreadable);
        if none_came {
            break;
        }
    }
    if read.found.is_empty()
        && let Some((id, why)) = read.unreadable.first_key_value()
    {
        let unreadable =
            Incomplete::Unreadable { what: WHAT.to_owned(), id: id.to_string(), why: why.clone() };
        return Err(unreadable.into());
    }
    for (id, why) in &read.unreadable {
        tracing::warn!(id, why, "the PSA fails over this configuration item");
    }
    let gone = gone(psa, absent(&read)).await?;
    Ok((read.found.into_values().collect(), gone))
}

/// Those of the missing that are gone. A list that lacks a row proves little: an answer that was cut looks like that.
async fn gone(psa: &Autotask, missing: Vec<i64>) -> Result<Vec<i64>> {
    let mut gone = Vec::new();
    for batch in batches(&missing) {
        match psa.api.count(ENTITY, &Filter::one_of("id", &batch)).await {
            Ok(0) => gone.extend(batch),
            Ok(there) => {
                tracing::warn!(
                    there,
                    ?batch,
                    "configuration items are there, and the PSA does not show them"
                );
            }
            Err(error @ (PsaError::Refused { .. } | PsaError::Permission { .. })) => {
                tracing::warn!(%error, ?batch, "not shown, and not counted either");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(gone)
}

async fn in_batches(psa: &Autotask, ids: &[i64]) -> Result<ById<wire::ConfigurationItem>> {
    let parts = each(batches(ids), CHUNKS_AT_ONCE, |chunk| {
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

async fn batch_of(
    psa: &Autotask,
    ids: Vec<i64>,
    halved: bool,
) -> Result<Vec<(i64, wire::ConfigurationItem)>> {
    let list = List::all(WHAT, ENTITY, FIELDS);
    let filter = Filter::one_of("id", &ids);
    let ask = |tries: Tries| psa.api.page_of(&list, &filter, None, tries);
    let page: wire::Page<wire::ConfigurationItem> =
        match ask(if halved { Tries::Once } else { Tries::Usual }).await {
            // A part of a troubled batch is asked for once; a broken connection is another matter.
            Err(PsaError::Unreachable { gave_up: false, .. } | PsaError::Unreadable { .. }) if halved => {
                ask(Tries::Usual).await?
            }
            other => other?,
        };
    let unreadable = |message: &str| PsaError::Unreadable { message: message.to_owned() };
    page.items
        .ok_or_else(|| unreadable("an answer without items"))?
        .into_iter()
        .map(|row| Ok((row.id.ok_or_else(|| unreadable("a configuration item without an id"))?, row)))
        .collect()
}
