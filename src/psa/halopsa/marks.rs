//! The inactive mark of rows that do not show it. Members without a value are left out of lists, and builds differ in
//! what they take for one; a mark that is not there proves nothing by itself. The filters tell.

use std::collections::BTreeSet;

use super::{
    AT_ONCE, HaloPsa,
    assets::{PATH, everything, joined},
    client::Quirk,
    paging::{List, PAGE},
    wire,
};
use crate::{
    domain::{Incomplete, Listing},
    psa::{
        PsaError,
        listing::{chunks, each},
        port::Result,
    },
};

/// The same listing, every row with its mark. `list` is what it was read with.
pub async fn marked(
    psa: &HaloPsa,
    list: &List,
    listing: Listing<wire::Asset>,
) -> Result<Listing<wire::Asset>> {
    if listing.rows().iter().all(|row| row.inactive.is_some()) {
        return Ok(listing);
    }
    if all_others_are_active(psa, list, listing.rows()).await? {
        return Ok(listing.map(|row| wire::Asset { inactive: row.inactive.or(Some(false)), ..row }));
    }
    let marks = read(psa, listing.rows()).await?;
    listing.try_map(|row| {
        let inactive = row.inactive.or_else(|| marks.of(row.id?));
        if inactive.is_none() {
            return Err(Incomplete::unmarked("asset", row.id.unwrap_or_default()).into());
        }
        Ok(wire::Asset { inactive, ..row })
    })
}

/// The same rows with their marks, where these can be told.
pub async fn mark(psa: &HaloPsa, rows: &mut [wire::Asset]) -> Result<()> {
    if rows.iter().all(|row| row.inactive.is_some()) || psa.api.has(Quirk::AssetsOneByOne) {
        return Ok(());
    }
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.id).collect();
    let list = everything().with("assets", &joined(&ids));
    let others_are_active = ids.len() <= PAGE && all_others_are_active(psa, &list, rows).await?;
    let marks = if others_are_active { Marks::default() } else { read(psa, rows).await? };
    for row in rows.iter_mut().filter(|row| row.inactive.is_none()) {
        row.inactive = if others_are_active { Some(false) } else { row.id.and_then(|id| marks.of(id)) };
    }
    Ok(())
}

/// Whether the PSA counts as many inactive ones as rows say that they are: then all the others are active.
async fn all_others_are_active(psa: &HaloPsa, list: &List, rows: &[wire::Asset]) -> Result<bool> {
    let inactive = rows.iter().filter(|row| row.inactive == Some(true)).count() as u64;
    Ok(psa.api.count(&list.clone().but("includeactive", &false)).await? == inactive)
}

#[derive(Default)]
struct Marks {
    active: BTreeSet<i64>,
    inactive: BTreeSet<i64>,
}

impl Marks {
    /// Whether it is inactive, if exactly one of the two lists has it.
    fn of(&self, id: i64) -> Option<bool> {
        match (self.active.contains(&id), self.inactive.contains(&id)) {
            (true, false) => Some(false),
            (false, true) => Some(true),
            _ => None,
        }
    }
}

async fn read(psa: &HaloPsa, rows: &[wire::Asset]) -> Result<Marks> {
    let bare: Vec<i64> = rows.iter().filter(|row| row.inactive.is_none()).filter_map(|row| row.id).collect();
    if psa.api.has(Quirk::AssetsOneByOne) {
        return Ok(Marks::default());
    }
    let room = psa.api.room_for_ids(PATH, &everything().with("assets", &"").pairs());
    let parts = each(chunks(&bare, room), AT_ONCE, |chunk| async move {
        Ok((ids(psa, &chunk, true).await?, ids(psa, &chunk, false).await?))
    })
    .await;
    let mut marks = Marks::default();
    match parts {
        Ok(parts) => {
            for (active, inactive) in parts {
                marks.active.extend(active);
                marks.inactive.extend(inactive);
            }
        }
        // The filter by ids is not known here.
        Err(PsaError::Incomplete(Incomplete::Foreign { .. })) => psa.api.note(Quirk::AssetsOneByOne),
        Err(error) => return Err(error),
    }
    Ok(marks)
}

/// Which of these assets are active, or inactive.
async fn ids(psa: &HaloPsa, asked: &[i64], active: bool) -> Result<Vec<i64>> {
    let list = List { page: PAGE, ..List::new("asset", PATH, "assets") }
        .with("includeactive", &active)
        .with("includeinactive", &!active)
        .with("order", &"id")
        .with("assets", &joined(asked));
    let belongs = |row: &wire::Named| row.id.is_some_and(|id| asked.contains(&id));
    let rows = psa.api.proven_list(&list, &belongs, None).await?;
    Ok(rows.rows().iter().filter_map(|row| row.id).collect())
}
