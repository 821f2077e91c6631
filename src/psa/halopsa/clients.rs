//! Clients, with the signals that the criteria ask for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    AT_ONCE, HaloPsa, contracts,
    fields::{self, Fields},
    number,
    paging::List,
    wire::{self, filled},
};
use crate::{
    domain::{
        Client, ClientId, Criteria, Listing, Signals,
        client::ContractHistory,
        text::{one_line, same_name},
    },
    psa::{
        PsaError,
        lenient::id_of,
        listing::{Kind, all_there, each},
        names::unknown_name,
        port::{ClientScope, Clients, Result},
    },
};

pub const PATH: &str = "/Client";
/// Up to so many clients are asked for one by one; of more, all are read.
const FEW: usize = 4;
/// The client that the vendor's installations keep for the MSP itself.
const OWN: i64 = 1;

/// All clients: without being told, the PSA leaves out the inactive ones, and all after the fiftieth.
pub fn everybody() -> List {
    List::new("client", PATH, "clients")
        .with("includeactive", &true)
        .with("includeinactive", &true)
        .with("order", &"id")
}

/// What the clients are judged by, read beforehand.
struct Evidence {
    internal: BTreeSet<i64>,
    top_levels: BTreeMap<i64, String>,
    types: BTreeMap<String, String>,
    histories: Option<BTreeMap<i64, ContractHistory>>,
}

pub async fn clients(psa: &HaloPsa, scope: ClientScope<'_>, criteria: &Criteria) -> Result<Clients> {
    let (listing, whole) = match scope {
        ClientScope::Ids(ids) => {
            let numbers: BTreeSet<i64> = ids.iter().filter_map(|id| number(id.as_str())).collect();
            by_ids(psa, &numbers).await?
        }
        ClientScope::Candidates | ClientScope::All => (list(psa).await?, true),
    };
    let listing = match &criteria.custom_field {
        Some(field) => fields::complete(psa, listing, field, whole).await?,
        None => listing,
    };
    let internal = if whole || psa.knows_internal().await {
        psa.internal(listing.rows()).await?.as_ref().clone()
    } else {
        BTreeSet::new()
    };
    let wanted: Option<BTreeSet<i64>> = match scope {
        ClientScope::Ids(ids) => Some(ids.iter().filter_map(|id| number(id.as_str())).collect()),
        _ => None,
    };
    let everybody = !matches!(scope, ClientScope::Ids(_));
    let listing =
        listing.narrowed(|row| wanted.as_ref().is_none_or(|ids| row.id.is_some_and(|id| ids.contains(&id))));
    let scanned = listing.rows().len() as u64;
    let evidence = Evidence {
        internal,
        top_levels: top_levels(psa, listing.rows(), criteria, everybody).await?,
        types: type_labels(psa, listing.rows(), criteria, everybody).await?,
        histories: match criteria.contract_ended_days {
            Some(_) => Some(histories(psa, listing.rows()).await?),
            None => None,
        },
    };
    let listing = listing.try_map(|row| convert(&evidence, criteria, row))?;
    Ok(Clients { listing, scanned })
}

async fn list(psa: &HaloPsa) -> Result<Listing<wire::Client>> {
    let listing = psa.api.proven_list(&everybody(), &|_: &wire::Client| true, None).await?;
    if listing.rows().is_empty() {
        return Err(PsaError::Permission {
            message: "the list of clients is empty. This PSA shows missing rights as empty lists: the agent that the application logs in as must be allowed to see clients (Allow use of all Customers: Yes), and the application needs read:customers".to_owned(),
        });
    }
    Ok(listing)
}

/// A few clients one by one, or all; and whether it is all.
async fn by_ids(psa: &HaloPsa, ids: &BTreeSet<i64>) -> Result<(Listing<wire::Client>, bool)> {
    if ids.is_empty() {
        return Ok((Listing::nothing(), false));
    }
    // Whether a client is the MSP's own can only be told from the whole list, once.
    if ids.len() > FEW || !psa.knows_internal().await {
        return Ok((list(psa).await?, true));
    }
    let rows = each(ids.iter().copied().collect(), AT_ONCE, |id| one(psa, id)).await?;
    let rows: Vec<wire::Client> = rows.into_iter().flatten().collect();
    let belongs = |row: &wire::Client| row.id.is_some_and(|id| ids.contains(&id));
    let kind = Kind { what: "client", id: &id_of::<wire::Client>, belongs: &belongs };
    // What was answered as missing is missing: the rest is all there is.
    let there = rows.len() as u64;
    match all_there(rows, there, &kind) {
        Some(listing) => Ok((listing, false)),
        None => Ok((list(psa).await?, true)),
    }
}

/// One client with all its members; `None` if there is no such client, or none that this account may see.
pub async fn one(psa: &HaloPsa, id: i64) -> Result<Option<wire::Client>> {
    let answer = psa.api.object::<wire::Client>(&format!("{PATH}/{id}"), &[("includedetails", "true")]).await;
    match answer {
        Ok(row) if row.id == Some(id) => Ok(Some(row)),
        Ok(_) => Err(PsaError::Unreadable { message: format!("another record came for client {id}") }),
        Err(PsaError::Refused { status: 404, .. }) => Ok(None),
        Err(PsaError::Permission { .. }) if psa.api.count(&everybody()).await.is_ok() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names of the top levels, where a row does not say its own; every tag asked for must be there.
async fn top_levels(
    psa: &HaloPsa,
    rows: &[wire::Client],
    criteria: &Criteria,
    everybody: bool,
) -> Result<BTreeMap<i64, String>> {
    if criteria.tags.is_empty() {
        return Ok(BTreeMap::new());
    }
    let nameless =
        rows.iter().any(|row| row.toplevel_id.is_some() && filled(row.toplevel_name.as_ref()).is_none());
    let mut known: BTreeSet<String> = rows.iter().flat_map(|row| own_tags(row).into_iter()).collect();
    let missing: Vec<&String> =
        criteria.tags.iter().filter(|tag| !known.iter().any(|name| same_name(name, tag))).collect();
    if !nameless && (missing.is_empty() || !everybody) {
        return Ok(BTreeMap::new());
    }
    let top_levels = match psa.top_levels().await {
        // Relationships may do; whether the name exists cannot be told.
        Err(PsaError::Permission { message }) if !nameless => {
            tracing::warn!(message, "top levels cannot be read; a misspelt tag is not noticed");
            return Ok(BTreeMap::new());
        }
        other => other?,
    };
    known.extend(top_levels.values().cloned());
    if everybody {
        for tag in missing {
            if !known.iter().any(|name| same_name(name, tag)) {
                return Err(unknown_name(
                    "top level or customer relationship",
                    tag,
                    known.iter().map(String::as_str),
                ));
            }
        }
    }
    Ok(top_levels)
}

/// The names that a client's own row has for its top level and its relationships.
fn own_tags(row: &wire::Client) -> BTreeSet<String> {
    let related = [&row.customer_relationship, &row.customer_relationship_list];
    row.toplevel_name
        .as_deref()
        .into_iter()
        .chain(related.into_iter().flat_map(names_in))
        .map(str::trim)
        .filter(|tag| !tag.is_empty() && tag.parse::<i64>().is_err())
        .map(ToOwned::to_owned)
        .collect()
}

/// Names in a list or by themselves: as text, with commas between several, or as pairs with a name.
fn names_in(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.split([',', ';']).collect(),
        Value::Array(entries) => entries.iter().flat_map(names_in).collect(),
        // A name of its own may well have a comma in it.
        Value::Object(pair) => pair.get("name").and_then(Value::as_str).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The labels of customer types, by number. The rows may say them; else a lookup does. Where neither can be read, only
/// numbers can be named.
async fn type_labels(
    psa: &HaloPsa,
    rows: &[wire::Client],
    criteria: &Criteria,
    everybody: bool,
) -> Result<BTreeMap<String, String>> {
    if criteria.statuses.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        let Some(kind) = customer_type(row) else { continue };
        used.insert(kind);
        if let Some(label) = own_label(row) {
            labels.insert(kind.to_owned(), label.to_owned());
        }
    }
    let unlabelled = |labels: &BTreeMap<String, String>| -> BTreeSet<i64> {
        let bare = used.iter().filter(|kind| !labels.contains_key(**kind));
        bare.filter_map(|kind| kind.parse().ok()).collect()
    };
    let names: Vec<&str> =
        criteria.statuses.iter().map(String::as_str).filter(|name| name.parse::<i64>().is_err()).collect();
    let dark = unlabelled(&labels);
    let unknown = |name: &&str| !labels.values().any(|label| same_name(label, name));
    if !names.is_empty() && (!dark.is_empty() || everybody && names.iter().any(unknown)) {
        match psa.customer_types(&dark, &names).await {
            Ok(known) => labels.extend(known.into_iter().map(|(kind, label)| (kind.to_string(), label))),
            Err(error @ (PsaError::SignIn { .. } | PsaError::Unreachable { .. })) => return Err(error),
            Err(error) => tracing::warn!(%error, "the labels of customer types cannot be read"),
        }
    }
    if everybody {
        for wanted in &criteria.statuses {
            let by_number = used.iter().any(|kind| same_name(kind, wanted));
            let by_label = labels.values().any(|label| same_name(label, wanted));
            if by_number || by_label {
                continue;
            }
            let dark = unlabelled(&labels);
            if dark.is_empty() {
                let words = used.iter().copied().filter(|kind| kind.parse::<i64>().is_err());
                return Err(unknown_name(
                    "customer type",
                    wanted,
                    labels.values().map(String::as_str).chain(words),
                ));
            }
            let dark: Vec<String> = dark.iter().map(ToString::to_string).collect();
            return Err(PsaError::Settings {
                message: format!(
                    "the names of customer types cannot be read here, so \"{wanted}\" cannot be told from the others; write the type's number in offboarded.statuses. Numbers in use: {}",
                    dark.join(", ")
                ),
            });
        }
    }
    Ok(labels)
}

/// The customer type as the row has it: mostly a number. Zero is none.
fn customer_type(row: &wire::Client) -> Option<&str> {
    filled(row.customertype.as_ref()).filter(|kind| !["0", "-1"].contains(kind))
}

fn own_label(row: &wire::Client) -> Option<&str> {
    filled(row.customertype_name.as_ref()).or(customer_type(row).filter(|kind| kind.parse::<i64>().is_err()))
}

/// The contracts that bear on these clients: their own, and those of whoever pays their bills.
async fn histories(psa: &HaloPsa, rows: &[wire::Client]) -> Result<BTreeMap<i64, ContractHistory>> {
    let clients: BTreeSet<i64> = rows.iter().flat_map(family).collect();
    let contracts = contracts::told(psa, &clients).await?;
    Ok(contracts::histories(contracts.rows(), psa.today()))
}

fn family(row: &wire::Client) -> BTreeSet<i64> {
    [row.id, row.client_to_invoice, row.client_to_invoice_recurring]
        .into_iter()
        .flatten()
        .filter(|id| *id > 0)
        .collect()
}

fn convert(evidence: &Evidence, criteria: &Criteria, row: wire::Client) -> Result<Client> {
    let id = row.id.ok_or_else(|| PsaError::Unreadable { message: "a client without an id".to_owned() })?;
    let mut tags = own_tags(&row);
    if filled(row.toplevel_name.as_ref()).is_none() {
        tags.extend(row.toplevel_id.and_then(|id| evidence.top_levels.get(&id)).cloned());
    }
    let kind = customer_type(&row);
    let label = own_label(&row).or_else(|| evidence.types.get(kind?).map(String::as_str));
    // The profile may name the number, where the labels cannot be read.
    let named = |text: &str| criteria.statuses.iter().any(|wanted| same_name(wanted, text));
    let status = kind.filter(|kind| named(kind)).or(label).or(kind);
    let contracts = evidence.histories.as_ref().map(|histories| {
        family(&row)
            .into_iter()
            .filter_map(|id| histories.get(&id).copied())
            .fold(ContractHistory::default(), ContractHistory::joined_with)
    });
    let signals = Signals {
        inactive: criteria.inactive.then_some(row.inactive == Some(true)),
        status: status.map(ToOwned::to_owned),
        tags,
        custom_field: criteria.custom_field.as_ref().and_then(|field| row.custom_value(field)),
        contracts,
    };
    Ok(Client {
        id: ClientId::from(id),
        identifier: filled(row.reference.as_ref()).map(ToOwned::to_owned),
        parent: None,
        signals,
        own: own(&row, id, &evidence.internal),
        record_url: None,
        name: row.name.unwrap_or_default(),
    })
}

/// Why a client is not a customer: the MSP itself, or one that has not bought anything yet.
fn own(row: &wire::Client, id: i64, internal: &BTreeSet<i64>) -> Option<String> {
    if id == OWN {
        return Some("the MSP's own client: it has id 1".to_owned());
    }
    if internal.contains(&id) {
        return Some("the MSP's own client: the PSA counts it as internal".to_owned());
    }
    (row.is_account == Some(true)).then(|| {
        let name = one_line(row.name.as_deref().unwrap_or_default(), 60);
        format!("a prospect, not a customer: \"{name}\" is an account")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> wire::Client {
        serde_json::from_str(text).unwrap()
    }

    fn judged(text: &str, statuses: &[&str]) -> Client {
        let evidence = Evidence {
            internal: [4].into(),
            top_levels: [(9, "Former clients".to_owned())].into(),
            types: [("5".to_owned(), "Former Client".to_owned())].into(),
            histories: None,
        };
        let criteria = Criteria {
            inactive: true,
            statuses: statuses.iter().map(ToString::to_string).collect(),
            ..Criteria::default()
        };
        convert(&evidence, &criteria, row(text)).unwrap()
    }

    #[test]
    fn a_type_has_its_label_or_its_number_as_the_profile_names_it() {
        let status = |text: &str, statuses: &[&str]| judged(text, statuses).signals.status;
        assert_eq!(
            status(r#"{"id":2,"customertype":5}"#, &["former client"]).as_deref(),
            Some("Former Client")
        );
        assert_eq!(status(r#"{"id":2,"customertype":"5"}"#, &["5"]).as_deref(), Some("5"));
        assert_eq!(status(r#"{"id":2,"customertype":"Gone"}"#, &["gone"]).as_deref(), Some("Gone"));
        assert_eq!(
            status(r#"{"id":2,"customertype":7,"customertype_name":"New"}"#, &[]).as_deref(),
            Some("New")
        );
        assert_eq!(status(r#"{"id":2,"customertype":0}"#, &["x"]), None);
    }

    #[test]
    fn tags_are_the_top_level_and_the_relationships() {
        let client = judged(
            r#"{"id":2,"toplevel_id":9,"customer_relationship":[{"id":"3","name":"Offboarded"}],"customer_relationship_list":"Partner, 12"}"#,
            &[],
        );
        let tags: Vec<&str> = client.signals.tags.iter().map(String::as_str).collect();
        assert_eq!(tags, ["Former clients", "Offboarded", "Partner"]);
        let tags = |members: &str| {
            judged(&format!(r#"{{"id":2,"toplevel_name":"Now",{members}}}"#), &[]).signals.tags
        };
        for turned in [
            r#""customer_relationship":"Partner; Gone, 12""#,
            r#""customer_relationship":3,"customer_relationship_list":[{"id":3,"name":"Gone"},{"name":"Partner"},{"id":4}]"#,
            r#""customer_relationship":null,"customer_relationship_list":["Gone","Partner",7]"#,
        ] {
            assert_eq!(tags(turned).into_iter().collect::<Vec<_>>(), ["Gone", "Now", "Partner"], "{turned}");
        }
        let named = judged(r#"{"id":2,"toplevel_id":9,"toplevel_name":"Now"}"#, &[]);
        assert!(named.signals.tags.contains("Now") && named.signals.tags.len() == 1);
    }

    #[test]
    fn the_msp_itself_and_prospects_are_not_customers_and_a_stopped_one_has_not_left() {
        assert!(judged(r#"{"id":1,"inactive":true}"#, &[]).own.is_some());
        assert!(judged(r#"{"id":4,"inactive":true}"#, &[]).own.is_some());
        assert!(judged(r#"{"id":5,"inactive":true,"is_account":true}"#, &[]).own.is_some());
        let stopped = judged(r#"{"id":6,"stopped":1}"#, &[]);
        assert_eq!((stopped.own, stopped.signals.inactive), (None, Some(false)));
    }
}
