//! Reading assets by id: many in one request where the server knows the filter, else one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AT_ONCE, HaloPsa,
    assets::{PATH, Words, convert, everything, joined},
    client::Quirk,
    marks::mark,
    number,
    paging::PAGE,
    wire,
};
use crate::{
    domain::{ConfigId, Configuration, Incomplete},
    psa::{
        PsaError,
        listing::{ById, by_id, chunks, each},
        port::Result,
    },
};

/// What was read of some assets.
struct Found {
    rows: BTreeMap<i64, wire::Asset>,
    /// Records that make the PSA fail, and those that this account may not see.
    unreadable: BTreeMap<i64, String>,
}

/// The records as they are now. One that the PSA fails over, or does not let us see, is left out of the answer; one
/// that did not come is asked for by itself before it counts as gone.
pub async fn by_ids(psa: &HaloPsa, ids: &[ConfigId]) -> Result<BTreeMap<ConfigId, Option<Configuration>>> {
    let numbers: Vec<i64> = ids.iter().filter_map(|id| number(id.as_str())).collect();
    let mut answer: BTreeMap<ConfigId, Option<Configuration>> =
        ids.iter().filter(|id| number(id.as_str()).is_none()).map(|id| (id.clone(), None)).collect();
    if numbers.is_empty() {
        return Ok(answer);
    }
    let found = rows(psa, &numbers).await?;
    if found.rows.is_empty()
        && let Some((id, why)) = found.unreadable.first_key_value()
    {
        let (what, id, why) = ("asset".to_owned(), id.to_string(), why.clone());
        return Err(Incomplete::Unreadable { what, id, why }.into());
    }
    for id in &numbers {
        if !found.rows.contains_key(id) && !found.unreadable.contains_key(id) {
            answer.insert(ConfigId::from(*id), None);
        }
    }
    for (id, why) in &found.unreadable {
        tracing::warn!(id, why, "this asset cannot be read");
    }
    let mut rows: Vec<wire::Asset> = found.rows.into_values().collect();
    mark(psa, &mut rows).await?;
    let words = Words::of(psa, &rows).await?;
    for row in rows {
        if row.inactive.is_none() {
            // A mark that is not there proves nothing, neither before a change nor after it.
            tracing::warn!(id = row.id, "the PSA does not show the inactive mark of this asset");
            continue;
        }
        let record = convert(psa, &words, &row)?;
        answer.insert(record.id.clone(), Some(record));
    }
    Ok(answer)
}

async fn rows(psa: &HaloPsa, ids: &[i64]) -> Result<Found> {
    let mut found = Found { rows: BTreeMap::new(), unreadable: BTreeMap::new() };
    let together = ids.len() > 1 && !psa.api.has(Quirk::AssetsOneByOne);
    if together {
        match batches(psa, ids).await {
            Ok(read) => {
                found.rows = read.found;
                found.unreadable = read.unreadable;
            }
            // Rows that were not asked for: the filter is not known here.
            Err(PsaError::Incomplete(Incomplete::Foreign { .. }) | PsaError::Refused { status: 400, .. }) => {
                psa.api.note(Quirk::AssetsOneByOne);
            }
            Err(error) => return Err(error),
        }
    }
    let missing: BTreeSet<i64> = ids
        .iter()
        .copied()
        .filter(|id| !found.rows.contains_key(id) && !found.unreadable.contains_key(id))
        .collect();
    if missing.len() > FEW && whole_is_less(psa, missing.len()).await? {
        let all = psa.api.proven_list(&everything(), &|_: &wire::Asset| true, None).await?;
        let ours = all.into_rows().into_iter().filter_map(|row| Some((row.id?, row)));
        found.rows.extend(ours.filter(|(id, _)| missing.contains(id)));
        return Ok(found);
    }
    let nothing_before = found.rows.is_empty() && found.unreadable.is_empty();
    let singles =
        each(missing.into_iter().collect(), AT_ONCE, |id| async move { Ok((id, one(psa, id).await)) })
            .await?;
    let refused = singles.iter().all(|(_, read)| matches!(read, Err(PsaError::Permission { .. })));
    for (id, read) in singles {
        match read {
            Ok(Some(row)) => {
                found.rows.insert(id, row);
            }
            Ok(None) => {}
            Err(PsaError::Permission { message }) if !(refused && nothing_before) => {
                found.unreadable.insert(id, message);
            }
            Err(PsaError::Refused { status: 500, message }) => {
                found.unreadable.insert(id, message);
            }
            Err(error) => return Err(error),
        }
    }
    if together && nothing_before && ids.len() > 1 && found.rows.len() == ids.len() {
        // The list had none of them, and each is there: the filter means something else here.
        psa.api.note(Quirk::AssetsOneByOne);
    }
    Ok(found)
}

/// Up to so many assets are asked for one by one without a thought.
const FEW: usize = 8;

/// Whether the list of all assets takes fewer requests than asking for so many one by one.
async fn whole_is_less(psa: &HaloPsa, singles: usize) -> Result<bool> {
    let pages = psa.api.count(&everything()).await?.div_ceil(PAGE as u64);
    Ok(pages + 1 < singles as u64)
}

/// One asset with all its members; `None` if it is gone.
async fn one(psa: &HaloPsa, id: i64) -> Result<Option<wire::Asset>> {
    match psa.api.object::<wire::Asset>(&format!("{PATH}/{id}"), &[("includedetails", "false")]).await {
        Ok(row) if row.id == Some(id) => Ok(Some(row)),
        Ok(_) => Err(PsaError::Unreadable { message: format!("another record came for asset {id}") }),
        Err(PsaError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn batches(psa: &HaloPsa, ids: &[i64]) -> Result<ById<wire::Asset>> {
    let room = psa.api.room_for_ids(PATH, &everything().with("assets", &"").pairs());
    let parts = each(chunks(ids, room), AT_ONCE, |chunk| {
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

async fn batch_of(psa: &HaloPsa, ids: Vec<i64>, halved: bool) -> Result<Vec<(i64, wire::Asset)>> {
    let list = everything().with("assets", &joined(&ids));
    let mut rows: Vec<wire::Asset> = Vec::new();
    // Servers may send shorter pages than asked for.
    for page in 1..=ids.len() {
        let answer = psa.api.ask::<wire::Asset>(&list, page, ids.len(), halved).await;
        let envelope = match answer {
            // A part of a troubled batch is asked for once; a broken connection is another matter.
            Err(PsaError::Unreachable { gave_up: false, .. } | PsaError::Unreadable { .. }) if halved => {
                psa.api.ask::<wire::Asset>(&list, page, ids.len(), false).await?
            }
            other => other?,
        };
        let foreign = envelope.rows.iter().any(|row| row.id.is_none_or(|id| !ids.contains(&id)));
        let done = envelope.rows.is_empty() || foreign;
        rows.extend(envelope.rows);
        if done || envelope.count.is_none_or(|count| rows.len() as u64 >= count) {
            break;
        }
    }
    rows.into_iter()
        .map(|row| {
            let id = row
                .id
                .ok_or_else(|| PsaError::Unreadable { message: "an asset without an id".to_owned() })?;
            Ok((id, row))
        })
        .collect()
}
