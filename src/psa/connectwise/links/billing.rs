//! What is still billed: running agreements, what is attached to them, and their additions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::{StreamExt, stream};

use super::{
    super::{
        CHUNKS_AT_ONCE, ConnectWise, agreements,
        paging::{List, Pager},
        wire::{self, filled},
    },
    Found, Scope, Signs, once_refused, title,
};
use crate::{
    domain::{SignOfLife, links::Link, text::one_line},
    psa::port::Result,
};

pub async fn read_billing(psa: &ConnectWise, scope: &Scope<'_>) -> (Found, Signs) {
    let payers: Vec<i64> = scope.payers.keys().copied().collect();
    let listing = match agreements::list(psa, Some(&payers)).await {
        Ok(listing) => listing,
        Err(error) => return (Found::failed(&error), Signs::unread("agreements", &error)),
    };
    let today = psa.today();
    let running: Vec<wire::Agreement> =
        listing.into_rows().into_iter().filter(|row| agreements::runs(row, today)).collect();
    let mut signs: BTreeMap<i64, Vec<SignOfLife>> = BTreeMap::new();
    let mut found = Found::default();
    let serials: BTreeMap<String, Vec<i64>> = by_serial(scope);
    let wanted: BTreeSet<i64> = scope.configurations.iter().map(|(id, _, _)| *id).collect();
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let readings: Vec<(wire::Agreement, Result<Attached>)> = stream::iter(running.into_iter().enumerate())
        .map(|(at, agreement)| {
            let refused = &refused;
            async move {
                let attached = once_refused(refused, at * 2, attached(psa, &agreement)).await;
                (agreement, attached)
            }
        })
        .buffered(CHUNKS_AT_ONCE)
        .collect()
        .await;
    for (agreement, attached) in readings {
        let (Some(id), Some(company)) = (agreement.id, agreements::of(&agreement)) else { continue };
        let name = title(agreement.name.as_deref(), id);
        let mut detail = agreements::detail(&agreement);
        let link = |detail: Option<String>| Link {
            id: id.to_string(),
            name: name.clone(),
            detail,
            record_url: None,
        };
        match attached {
            Ok(attached) => {
                for configuration in attached.configurations.iter().filter(|id| wanted.contains(id)) {
                    found.add(*configuration, link(Some(detail.clone())));
                }
                for addition in &attached.additions {
                    let serial = filled(addition.serial_number.as_ref()).map(str::to_lowercase);
                    for configuration in serial.and_then(|serial| serials.get(&serial)).into_iter().flatten()
                    {
                        found.add(*configuration, link(Some(addition_detail(addition))));
                    }
                }
                if !attached.additions.is_empty() {
                    let units = crate::domain::text::count(attached.additions.len(), "addition", "additions");
                    detail = format!("{detail}, {units}");
                }
            }
            Err(error) => {
                let why = one_line(&format!("agreement \"{name}\": {error}"), 300);
                for company in scope.payers.get(&company).into_iter().flatten() {
                    found.unknown.entry(*company).or_insert_with(|| why.clone());
                }
            }
        }
        signs.entry(company).or_default().push(SignOfLife::RunningAgreement {
            name,
            detail: Some(detail),
            record_url: None,
        });
    }
    (found, Signs::Read(signs))
}

fn by_serial(scope: &Scope<'_>) -> BTreeMap<String, Vec<i64>> {
    let mut serials: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (id, _, row) in &scope.configurations {
        if let Some(serial) = filled(row.serial.as_ref()) {
            serials.entry(serial.to_lowercase()).or_default().push(*id);
        }
    }
    serials
}

/// What hangs on one agreement.
struct Attached {
    configurations: Vec<i64>,
    additions: Vec<wire::Addition>,
}

async fn attached(psa: &ConnectWise, agreement: &wire::Agreement) -> Result<Attached> {
    let id = agreement.id.unwrap_or_default();
    let list = List::new("configuration", format!("/finance/agreements/{id}/configurations"), "");
    let references: Vec<wire::Reference> = Pager::new(&psa.api, &list, None).all().await?;
    let list = List::new("addition", format!("/finance/agreements/{id}/additions"), "");
    let additions: Vec<wire::Addition> = Pager::new(&psa.api, &list, None).all().await?;
    let today = psa.today();
    let additions = additions
        .into_iter()
        .filter(|row| wire::day(row.cancelled_date.as_ref()).is_none_or(|date| date > today))
        .collect();
    Ok(Attached { configurations: references.iter().filter_map(|row| row.id).collect(), additions })
}

fn addition_detail(addition: &wire::Addition) -> String {
    let product = addition.product.as_ref().and_then(|product| filled(product.identifier.as_ref()));
    let what = product.or(filled(addition.description.as_ref())).unwrap_or("addition");
    match filled(addition.quantity.as_ref()) {
        Some(quantity) => one_line(&format!("{what}, quantity {quantity}"), 120),
        None => one_line(what, 120),
    }
}
