//! Contracts of clients: which run, and when the last one ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    AT_ONCE, HaloPsa,
    paging::{List, PAGE},
    wire::{self, day, filled},
};
use crate::{
    domain::{Incomplete, Listing, client::ContractHistory},
    psa::{PsaError, listing::each, port::Result},
};

pub const PATH: &str = "/ClientContract";

/// Ended contracts are told about only if asked for.
pub fn all() -> List {
    List::new("contract", PATH, "contracts").with("includeinactive", &true).with("order", &"id")
}

/// The contracts of these clients, for telling what hangs on them: none at all is not believed, for missing rights look
/// the same.
pub async fn list(psa: &HaloPsa, clients: &BTreeSet<i64>) -> Result<Listing<wire::Contract>> {
    let listing = told(psa, clients).await?;
    if listing.rows().is_empty() && !clients.is_empty() {
        psa.api.may_be_empty(&all()).await?;
    }
    Ok(listing)
}

/// The contracts of these clients as the PSA tells them, for the criterion: where there are none, no client counts as
/// offboarded by the end of its last one.
pub async fn told(psa: &HaloPsa, clients: &BTreeSet<i64>) -> Result<Listing<wire::Contract>> {
    if clients.is_empty() {
        return Ok(Listing::nothing());
    }
    // The filter takes one client; where the whole list is shorter than so many questions, it is read.
    if clients.len() < 3 || psa.api.count(&all()).await?.div_ceil(PAGE as u64) >= clients.len() as u64 {
        let each_alone = each(clients.iter().copied().collect(), AT_ONCE, |client| async move {
            let list = all().with("client_id", &client);
            psa.api.proven_list(&list, &|row: &wire::Contract| row.client_id == Some(client), None).await
        });
        match each_alone.await {
            // The filter is not known here: all are read, and ours are picked out.
            Err(PsaError::Incomplete(Incomplete::Foreign { .. })) => {}
            parts => return Ok(Listing::joined(parts?)),
        }
    }
    let everything = psa.api.proven_list(&all(), &|_: &wire::Contract| true, None).await?;
    Ok(everything.narrowed(|row| row.client_id.is_some_and(|id| clients.contains(&id))))
}

/// What the contracts of each client come to.
pub fn histories(contracts: &[wire::Contract], today: Date) -> BTreeMap<i64, ContractHistory> {
    let mut histories: BTreeMap<i64, ContractHistory> = BTreeMap::new();
    for contract in contracts {
        if let Some(client) = contract.client_id {
            histories.entry(client).or_default().add(runs(contract, today), ended(contract, today));
        }
    }
    histories
}

/// Whether it runs. In doubt it does: one that has not begun, one without an end, one that is past its end but not
/// called expired.
pub fn runs(contract: &wire::Contract, today: Date) -> bool {
    let begins = day(contract.start_date.as_ref()).is_some_and(|date| date > today);
    if contract.active == Some(false) && !begins {
        return false;
    }
    match day(contract.end_date.as_ref()) {
        Some(end) if end < today => contract.expired == Some(false),
        Some(_) => true,
        None => contract.expired != Some(true),
    }
}

/// The day it ended on; a planned end in the future is none.
fn ended(contract: &wire::Contract, today: Date) -> Option<Date> {
    day(contract.end_date.as_ref()).filter(|end| *end <= today)
}

pub fn title(contract: &wire::Contract) -> String {
    let id = contract.id.unwrap_or_default();
    filled(contract.reference.as_ref()).map_or_else(|| format!("#{id}"), ToOwned::to_owned)
}

/// What kind, until when and for how much, for a person.
pub fn detail(contract: &wire::Contract) -> String {
    let kind =
        filled(contract.contracttype_name.as_ref()).map(|kind| format!("{kind}, ")).unwrap_or_default();
    let until = match day(contract.end_date.as_ref()) {
        Some(date) if date.year() < 2099 => format!("until {date}"),
        _ => "no end date".to_owned(),
    };
    let amount = contract.periodchargeamount.as_deref().and_then(|amount| amount.parse::<f64>().ok());
    match amount.filter(|amount| *amount > 0.0) {
        Some(amount) => format!("{kind}{until}, bills {amount:.2}"),
        None => format!("{kind}{until}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn in_doubt_a_contract_runs() {
        let today = date(2026, 11, 24);
        for (text, running, end) in [
            (r#"{"active":true,"end_date":"2027-01-01T00:00:00Z"}"#, true, None),
            (
                r#"{"active":true,"expired":false,"end_date":"2026-01-01T00:00:00Z"}"#,
                true,
                Some(date(2026, 1, 1)),
            ),
            (r#"{"expired":true,"end_date":"2026-01-01T00:00:00"}"#, false, Some(date(2026, 1, 1))),
            (r#"{"end_date":"2026-11-23T00:00:00Z"}"#, false, Some(date(2026, 11, 23))),
            (r#"{"end_date":"2026-11-24T00:00:00Z"}"#, true, Some(date(2026, 11, 24))),
            (r#"{"expired":true,"end_date":"2027-01-01T00:00:00Z"}"#, true, None),
            (r#"{"active":false,"end_date":"2027-01-01T00:00:00Z"}"#, false, None),
            (r#"{"active":false,"start_date":"2026-12-01T00:00:00Z"}"#, true, None),
            (r#"{"expired":true}"#, false, None),
            (r#"{"end_date":"1899-12-30T00:00:00"}"#, true, None),
            ("{}", true, None),
        ] {
            let contract: wire::Contract = serde_json::from_str(text).unwrap();
            assert_eq!((runs(&contract, today), ended(&contract, today)), (running, end), "{text}");
        }
    }
}
