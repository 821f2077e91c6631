//! What is still billed: running contracts, the services of theirs that an item is counted in, billing products and
//! subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        Autotask,
        contracts::{self, Contracts},
        paging::List,
        read,
        setup::spared,
        wire,
    },
    Scope, title,
};
use crate::{
    domain::{
        Label, SignOfLife,
        links::Link,
        text::{one_line, same_name},
    },
    psa::{
        PsaError,
        lenient::{day, filled},
        linking::{Found, Signs},
        port::Result,
    },
};

const SERVICES: &str = "ContractServices";
const BUNDLES: &str = "ContractServiceBundles";
const ASSOCIATIONS: &str = "ConfigurationItemBillingProductAssociations";
const SUBSCRIPTIONS: &str = "Subscriptions";
const SERVICE_FIELDS: &[&str] =
    &["id", "contractID", "invoiceDescription", "internalDescription", "unitPrice"];
/// What the status of a subscription that has ended is called.
const ENDED: &[&str] = &["inactive", "cancelled", "canceled"];

pub async fn read_billing(psa: &Autotask, scope: &Scope<'_>) -> (Found, Signs) {
    let (contracts, products, subscriptions) =
        tokio::join!(of_contracts(psa, scope), billing_products(psa, scope), subscriptions(psa, scope));
    let mut links: Vec<(i64, Link)> = Vec::new();
    let mut failed: Option<PsaError> = None;
    let signs = match contracts {
        Ok((found, signs)) => {
            links.extend(found);
            signs
        }
        Err(error) => {
            let signs = Signs::unread("contracts", &error);
            failed = Some(error);
            signs
        }
    };
    for part in [products, subscriptions] {
        match part {
            Ok(found) => links.extend(found),
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    let mut found = failed.as_ref().map_or_else(Found::default, Found::failed);
    for (id, link) in links {
        found.add(id, link);
    }
    (found, signs)
}

type Links = Vec<(i64, Link)>;

/// The running contracts that items name, with the service that they are counted in, and those of the companies.
async fn of_contracts(psa: &Autotask, scope: &Scope<'_>) -> Result<(Links, Signs)> {
    let companies: Vec<i64> = scope.payers.values().flatten().copied().collect();
    let ids = scope.ids();
    let (known, rows) = tokio::join!(contracts::with_payers(psa, &companies), read::rows(psa, &ids));
    let (mut known, (rows, _)) = (known?, rows?);
    let services = services_of(psa, SERVICES, rows.iter().filter_map(|row| row.contract_service)).await?;
    let bundles = services_of(psa, BUNDLES, rows.iter().filter_map(|row| row.contract_bundle)).await?;
    let there: BTreeSet<i64> = known.rows.iter().filter_map(|row| row.id).collect();
    let parts: Vec<Part<'_>> = rows.iter().filter_map(|row| Part::of(row, &services, &bundles)).collect();
    let named: BTreeSet<i64> = parts.iter().filter_map(|part| part.contract).collect();
    let others: Vec<i64> = named.difference(&there).copied().collect();
    let signs = signs(scope, &known);
    known.rows.extend(contracts::by_ids(psa, &others).await?.rows);
    let running: BTreeMap<i64, &wire::Contract> =
        known.running().filter_map(|row| Some((row.id?, row))).collect();
    Ok((parts.iter().filter_map(|part| part.link(&running)).collect(), signs))
}

/// An item as a part of a contract.
struct Part<'a> {
    item: i64,
    /// Not known where it hangs on a service that cannot be read.
    contract: Option<i64>,
    service: Option<(i64, Option<&'a wire::ContractService>)>,
}

impl<'a> Part<'a> {
    fn of(row: &wire::ConfigurationItem, services: &'a Services, bundles: &'a Services) -> Option<Self> {
        let of = |id: Option<i64>, known: &'a Services| id.map(|id| (id, known.get(&id)));
        let service = of(row.contract_service, services).or(of(row.contract_bundle, bundles));
        let contract = row.contract.or(service.and_then(|(_, service)| service?.contract));
        let is_part = contract.is_some() || service.is_some();
        Some(Self { item: row.id.filter(|_| is_part)?, contract, service })
    }

    fn link(&self, running: &BTreeMap<i64, &wire::Contract>) -> Option<(i64, Link)> {
        let service = self.service.map(|(id, service)| counted_in(service, id));
        let Some(contract) = self.contract else {
            let (id, _) = self.service?;
            let detail = Some("its contract is not known".to_owned());
            return Some((
                self.item,
                Link { id: format!("service/{id}"), name: service?, detail, record_url: None },
            ));
        };
        let row = running.get(&contract)?;
        let detail =
            [Some(contracts::detail(row)), service].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let link = Link {
            id: contract.to_string(),
            name: title(row.contract_name.as_deref(), contract),
            detail: Some(one_line(&detail, 200)),
            record_url: None,
        };
        Some((self.item, link))
    }
}

type Services = BTreeMap<i64, wire::ContractService>;

/// Services by id. They serve to say more of a contract that is known to bill; without them it is said without.
async fn services_of(
    psa: &Autotask,
    entity: &'static str,
    ids: impl Iterator<Item = i64>,
) -> Result<Services> {
    let ids: Vec<i64> = ids.collect();
    let list = List::all("service", entity, SERVICE_FIELDS);
    let rows = psa.api.by_ids(&list, &ids).await.map(crate::domain::Listing::into_rows);
    let rows: Vec<wire::ContractService> = spared("services", rows)?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id?, row))).collect())
}

fn counted_in(service: Option<&wire::ContractService>, number: i64) -> String {
    let name = service.and_then(|row| {
        filled(row.invoice_description.as_ref()).or(filled(row.internal_description.as_ref()))
    });
    let price = service.and_then(|row| amount(row.unit_price.as_ref()));
    let name = name.map_or_else(|| format!("service #{number}"), |name| format!("service \"{name}\""));
    match price {
        Some(price) => format!("{name}, {price} a unit"),
        None => name,
    }
}

fn amount(text: Option<&String>) -> Option<String> {
    let amount: f64 = text?.trim().parse().ok()?;
    (amount > 0.0).then(|| format!("{amount:.2}"))
}

/// The companies that a running contract speaks for.
fn signs(scope: &Scope<'_>, known: &Contracts) -> Signs {
    let mut by_company: BTreeMap<i64, Vec<&wire::Contract>> = BTreeMap::new();
    for contract in known.running() {
        if let Some(company) = contract.company {
            by_company.entry(company).or_default().push(contract);
        }
    }
    let sign = |contract: &&wire::Contract| SignOfLife::RunningAgreement {
        name: title(contract.contract_name.as_deref(), contract.id.unwrap_or_default()),
        detail: Some(contracts::detail(contract)),
        record_url: None,
    };
    let own = |company: &i64| by_company.get(company).into_iter().flatten().map(sign).collect::<Vec<_>>();
    Signs::Read(scope.companies.iter().map(|company| (*company, own(company))).collect())
}

async fn billing_products(psa: &Autotask, scope: &Scope<'_>) -> Result<Links> {
    let list = List::all(
        "billing product",
        ASSOCIATIONS,
        &["id", "billingProductID", "configurationItemID", "expirationDate"],
    );
    let rows: Vec<wire::Association> = psa
        .api
        .proven_of(&list, "configurationItemID", &scope.ids(), |row: &wire::Association| row.configuration)
        .await?;
    let today = psa.today();
    let rows: Vec<wire::Association> = rows
        .into_iter()
        .filter(|row| day(row.expiration_date.as_ref()).is_none_or(|date| date >= today))
        .collect();
    let ids = rows.iter().filter_map(|row| row.product);
    let names = spared("products", psa.names_of("Products", ids).await)?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let id = row.id?;
            let product = row.product.unwrap_or_default();
            let link = Link {
                id: format!("product/{id}"),
                name: format!("billing product {}", title(names.get(&product).map(Label::as_str), product)),
                detail: Some(until(row.expiration_date.as_ref())),
                record_url: None,
            };
            Some((row.configuration?, link))
        })
        .collect())
}

async fn subscriptions(psa: &Autotask, scope: &Scope<'_>) -> Result<Links> {
    let list = List::all(
        "subscription",
        SUBSCRIPTIONS,
        &["id", "configurationItemID", "subscriptionName", "status", "expirationDate", "periodPrice"],
    );
    let rows: Vec<wire::Subscription> = psa
        .api
        .proven_of(&list, "configurationItemID", &scope.ids(), |row: &wire::Subscription| row.configuration)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let statuses = spared("subscription statuses", psa.picklists(SUBSCRIPTIONS).await.map(Some))?;
    let today = psa.today();
    let runs = |row: &wire::Subscription| {
        let label = statuses.as_ref().and_then(|lists| lists.label("status", row.status));
        let ended = label.is_some_and(|label| ENDED.iter().any(|word| same_name(word, label)));
        !ended && day(row.expiration_date.as_ref()).is_none_or(|date| date >= today)
    };
    Ok(rows
        .iter()
        .filter(|row| runs(row))
        .filter_map(|row| {
            let id = row.id?;
            let mut detail = until(row.expiration_date.as_ref());
            if let Some(price) = amount(row.period_price.as_ref()) {
                detail = format!("{detail}, {price} a period");
            }
            let name = format!("subscription {}", title(row.subscription_name.as_deref(), id));
            Some((
                row.configuration?,
                Link { id: format!("subscription/{id}"), name, detail: Some(detail), record_url: None },
            ))
        })
        .collect())
}

fn until(date: Option<&String>) -> String {
    day(date).map_or_else(|| "no end date".to_owned(), |date| format!("until {date}"))
}
