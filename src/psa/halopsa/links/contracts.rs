//! Running contracts, and the assets that stand in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::{StreamExt, stream};

use super::{
    super::{AT_ONCE, HaloPsa, assets::everything, contracts, wire},
    Scope,
};
use crate::{
    domain::{
        SignOfLife,
        links::Link,
        text::{one_line, same_name},
    },
    psa::{
        PsaError,
        linking::{Found, Signs, once_refused},
        port::Result,
    },
};

/// The largest id there can be: no tenant has got so far.
const NO_CONTRACT: i64 = i32::MAX as i64;

pub async fn read(psa: &HaloPsa, scope: &Scope<'_>) -> (Found, Signs) {
    let listing = match contracts::list(psa, &scope.clients).await {
        Ok(listing) => listing,
        Err(error) => return (Found::failed(&error), Signs::unread("contracts", &error)),
    };
    let today = psa.today();
    let running: Vec<wire::Contract> =
        listing.into_rows().into_iter().filter(|row| contracts::runs(row, today)).collect();
    let mut signs: BTreeMap<i64, Vec<SignOfLife>> = BTreeMap::new();
    let mut found = Found::default();
    let wanted = scope.assets();
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let readings: Vec<(wire::Contract, Result<BTreeSet<i64>>)> =
        stream::iter(running.into_iter().enumerate())
            .map(|(at, contract)| {
                let refused = &refused;
                async move {
                    let assets = once_refused(refused, at, assets(psa, &contract)).await;
                    (contract, assets)
                }
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
    for (contract, assets) in readings {
        let (Some(id), Some(client)) = (contract.id, contract.client_id) else { continue };
        let (name, detail) = (contracts::title(&contract), contracts::detail(&contract));
        let link = || Link {
            id: id.to_string(),
            name: name.clone(),
            detail: Some(detail.clone()),
            record_url: None,
        };
        match assets {
            Ok(assets) => assets.intersection(&wanted).for_each(|asset| found.add(*asset, link())),
            Err(error) => {
                let why = one_line(&format!("contract \"{name}\": {error}"), 300);
                found.unknown.entry(client).or_insert(why);
            }
        }
        // The record names the contract that it is in, whatever the contract says.
        for (asset, row) in scope.of_client(client) {
            if row.details.get("Contract").is_some_and(|value| same_name(value, &name)) {
                found.add(asset, link());
            }
        }
        signs.entry(client).or_default().push(SignOfLife::RunningAgreement {
            name,
            detail: Some(detail),
            record_url: None,
        });
    }
    (found, Signs::Read(signs))
}

/// The assets of a contract. Who may list contracts may still be refused their records.
async fn assets(psa: &HaloPsa, contract: &wire::Contract) -> Result<BTreeSet<i64>> {
    let id = contract.id.unwrap_or_default();
    let record: wire::Contract = psa.api.object(&format!("{}/{id}", contracts::PATH), &[]).await?;
    if record.id != Some(id) {
        return Err(PsaError::Unreadable { message: format!("another record came for contract {id}") });
    }
    match record.assets {
        Some(assets) => Ok(assets.iter().filter_map(|asset| asset.id).collect()),
        None => listed(psa, id).await,
    }
}

/// The assets of a contract whose record does not tell them: the list of assets is asked. A contract that there cannot
/// be shows whether that filter is looked at.
async fn listed(psa: &HaloPsa, contract: i64) -> Result<BTreeSet<i64>> {
    let of = |contract: i64| everything().with("contract_id", &contract);
    if psa.api.count(&of(NO_CONTRACT)).await? > 0 {
        let message =
            format!("contract {contract} does not tell its assets, and the list cannot be asked by contract");
        return Err(PsaError::Unreadable { message });
    }
    let rows = psa.api.proven_list(&of(contract), &|_: &wire::Asset| true, None).await?;
    Ok(rows.rows().iter().filter_map(|row| row.id).collect())
}
