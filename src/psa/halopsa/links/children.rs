//! Children: active assets whose record names one of ours as its parent.

use super::{
    super::{HaloPsa, assets::of_clients},
    Scope, number,
};
use crate::{
    domain::links::Link,
    psa::{linking::Found, port::Result},
};

pub async fn read_children(psa: &HaloPsa, scope: &Scope<'_>) -> Found {
    match children(psa, scope).await {
        Ok(found) => found,
        Err(error) => Found::failed(&error),
    }
}

/// The parent of a record stands on the record, so the active assets of these clients tell all. A child that belongs to
/// another client is not seen.
async fn children(psa: &HaloPsa, scope: &Scope<'_>) -> Result<Found> {
    let mut found = Found::default();
    if scope.configurations.is_empty() {
        return Ok(found);
    }
    let wanted = scope.assets();
    let clients: Vec<i64> = scope.configurations.iter().map(|(_, client, _)| *client).collect();
    for child in of_clients(psa, &clients, true, None).await?.into_rows() {
        let parent = child.parent.as_ref().and_then(|parent| number(parent.as_str()));
        let Some(parent) = parent.filter(|parent| child.state.active && wanted.contains(parent)) else {
            continue;
        };
        let detail = child.state.status_name().filter(|name| !name.is_empty()).map(ToOwned::to_owned);
        let (id, name) = (child.id.to_string(), child.title());
        found.add(parent, Link { id, name, detail, record_url: None });
    }
    Ok(found)
}
