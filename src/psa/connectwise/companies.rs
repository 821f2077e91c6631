//! Companies, with the signals that the criteria ask for.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CHUNKS_AT_ONCE, ConnectWise, agreements,
    client::Place,
    conditions::Condition,
    number,
    paging::List,
    setup::CompanyStatuses,
    wire::{self, filled},
};
use crate::{
    domain::{
        Client, ClientId, Criteria, Listing, Signals,
        client::ContractHistory,
        criteria::CustomField,
        text::{one_line, same_name},
    },
    psa::{
        PsaError,
        lenient::{field_text, id_of},
        listing::{Kind, all_there, chunks, each},
        names::{ids_of, known_field},
        port::{ClientScope, Clients, Result},
    },
};

pub const PATH: &str = "/company/companies";
const FIELDS: &str =
    "id,identifier,name,status/id,status/name,types,deletedFlag,parentCompany/id,billToCompany/id";
const ASSOCIATIONS: &str = "/company/companyTypeAssociations";

/// What the criteria and the companies were judged by, read beforehand.
struct Evidence<'a> {
    statuses: Option<&'a CompanyStatuses>,
    histories: Option<BTreeMap<i64, ContractHistory>>,
    /// Company types by company, from their own list.
    associated: BTreeMap<i64, BTreeSet<String>>,
}

pub async fn clients(psa: &ConnectWise, scope: ClientScope<'_>, criteria: &Criteria) -> Result<Clients> {
    let place = psa.api.place().await?;
    let fields = fields(criteria);
    let statuses = if criteria.inactive || !criteria.statuses.is_empty() {
        Some(psa.company_statuses().await?)
    } else {
        None
    };
    let statuses = statuses.as_deref();
    let status_ids = match statuses {
        Some(statuses) => statuses.named(&criteria.statuses)?,
        None => Vec::new(),
    };
    let mut associated = BTreeMap::new();
    let everybody = || list(psa, &fields, Some(Condition::flag("deletedFlag", false)));
    let (listing, scanned) = match scope {
        ClientScope::Ids(ids) => {
            let numbers: Vec<i64> = ids.iter().filter_map(|id| number(id.as_str())).collect();
            (by_ids(psa, &fields, &numbers).await?, Some(()))
        }
        ClientScope::All => (everybody().await?, Some(())),
        // A field's value and the end of an agreement cannot be asked for by id.
        ClientScope::Candidates
            if criteria.custom_field.is_some() || criteria.contract_ended_days.is_some() =>
        {
            (everybody().await?, Some(()))
        }
        ClientScope::Candidates => match with_types(psa, &criteria.tags).await? {
            Tagged::Unlisted => (everybody().await?, Some(())),
            Tagged::Listed(types) => {
                let mut wanted = status_ids;
                if let (true, Some(statuses)) = (criteria.inactive, statuses) {
                    wanted.extend(statuses.inactive_ids());
                }
                let by_status = by_statuses(psa, &fields, wanted).await?;
                let known: BTreeSet<i64> = by_status.rows().iter().filter_map(|row| row.id).collect();
                let others: Vec<i64> = types.keys().copied().filter(|id| !known.contains(id)).collect();
                associated = types;
                (Listing::joined([by_status, by_ids(psa, &fields, &others).await?]), None)
            }
        },
    };
    // A filter that the PSA ignores must not bring a deleted company back.
    let listing = listing.narrowed(|row| row.deleted_flag != Some(true));
    let scanned = match scanned {
        Some(()) => listing.rows().len() as u64,
        None => psa.api.count(PATH, Some(&Condition::flag("deletedFlag", false))).await?,
    };
    if !matches!(scope, ClientScope::Ids(_))
        && let Some(field) = &criteria.custom_field
    {
        check_caption(field, listing.rows())?;
    }
    if associated.is_empty() && listing.rows().iter().any(|row| row.types.is_none()) {
        associated = types_of(psa, listing.rows(), criteria).await?;
    }
    if matches!(scope, ClientScope::Ids(_) | ClientScope::All) && !criteria.tags.is_empty() {
        type_ids(psa, &criteria.tags).await?;
    }
    let histories = match criteria.contract_ended_days {
        Some(_) => Some(histories(psa, listing.rows(), scope).await?),
        None => None,
    };
    let evidence = Evidence { statuses, histories, associated };
    let listing = listing.try_map(|row| convert(psa, &place, &evidence, criteria, row))?;
    Ok(Clients { listing, scanned })
}

fn fields(criteria: &Criteria) -> String {
    match &criteria.custom_field {
        Some(field) => match user_defined(&field.name) {
            Some(number) => format!("{FIELDS},customFields,userDefinedField{number}"),
            None => format!("{FIELDS},customFields"),
        },
        None => FIELDS.to_owned(),
    }
}

/// The number of a field that is called `userDefinedField3`.
fn user_defined(name: &str) -> Option<usize> {
    let name = name.trim().to_ascii_lowercase();
    name.strip_prefix("userdefinedfield")?.parse().ok().filter(|number| (1..=10).contains(number))
}

async fn list(
    psa: &ConnectWise,
    fields: &str,
    condition: Option<Condition>,
) -> Result<Listing<wire::Company>> {
    let list = List { condition, ..List::new("company", PATH, fields) };
    psa.api.proven_list(&list, &|_| true).await
}

async fn by_statuses(psa: &ConnectWise, fields: &str, mut ids: Vec<i64>) -> Result<Listing<wire::Company>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Listing::nothing());
    }
    let condition = Condition::one_of("status/id", &ids).and(&Condition::flag("deletedFlag", false));
    let list = List::new("company", PATH, fields).when(condition);
    let belongs = |row: &wire::Company| {
        row.status.as_ref().and_then(|status| status.id).is_some_and(|id| ids.contains(&id))
    };
    psa.api.proven_list(&list, &belongs).await
}

pub async fn by_ids(psa: &ConnectWise, fields: &str, ids: &[i64]) -> Result<Listing<wire::Company>> {
    if ids.is_empty() {
        return Ok(Listing::nothing());
    }
    let place = psa.api.place().await?;
    let room = psa.api.room_for_ids(&place, PATH, fields, &Condition::one_of("id", &[]));
    let parts = each(chunks(ids, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("company", PATH, fields).when(Condition::one_of("id", &chunk));
        let belongs = |row: &wire::Company| row.id.is_some_and(|id| asked.contains(&id));
        let rows: Vec<wire::Company> = psa.api.setup_list(&list).await?;
        let kind = Kind { what: list.what, id: &id_of::<wire::Company>, belongs: &belongs };
        match all_there(rows, asked.len() as u64, &kind) {
            Some(listing) => Ok(listing),
            None => psa.api.proven_list(&list, &belongs).await,
        }
    })
    .await?;
    Ok(Listing::joined(parts))
}

/// The ids of these company types.
async fn type_ids(psa: &ConnectWise, names: &[String]) -> Result<Vec<i64>> {
    let types: Vec<wire::Named> =
        psa.api.setup_list(&List::new("company type", "/company/companies/types", "id,name")).await?;
    let known = types.iter().filter_map(|row| Some((row.id?, row.name.as_deref()?)));
    ids_of("company type", names, known)
}

enum Tagged {
    Listed(BTreeMap<i64, BTreeSet<String>>),
    /// This tenant does not list them: the types of every company must be looked at.
    Unlisted,
}

/// The companies that have one of these types.
async fn with_types(psa: &ConnectWise, names: &[String]) -> Result<Tagged> {
    if names.is_empty() {
        return Ok(Tagged::Listed(BTreeMap::new()));
    }
    let ids = type_ids(psa, names).await?;
    let list = List::new("company type", ASSOCIATIONS, "id,type/id,type/name,company/id")
        .when(Condition::one_of("type/id", &ids));
    let belongs = |row: &wire::TypeAssociation| {
        row.company_type.as_ref().and_then(|kind| kind.id).is_some_and(|id| ids.contains(&id))
    };
    match psa.api.proven_list(&list, &belongs).await {
        Ok(listing) => Ok(Tagged::Listed(by_company(listing.into_rows()))),
        Err(PsaError::Refused { status: 400 | 404 | 405, .. } | PsaError::Permission { .. }) => {
            Ok(Tagged::Unlisted)
        }
        Err(error) => Err(error),
    }
}

fn by_company(rows: Vec<wire::TypeAssociation>) -> BTreeMap<i64, BTreeSet<String>> {
    let mut types: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let company = row.company.and_then(|company| company.id);
        let name = row.company_type.and_then(|kind| kind.name);
        if let (Some(company), Some(name)) = (company, name) {
            types.entry(company).or_default().insert(name.into());
        }
    }
    types
}

/// The types of companies whose records do not carry them. Without a criterion that needs them their lack is borne.
async fn types_of(
    psa: &ConnectWise,
    rows: &[wire::Company],
    criteria: &Criteria,
) -> Result<BTreeMap<i64, BTreeSet<String>>> {
    let companies: Vec<i64> = rows.iter().filter_map(|row| row.id).collect();
    let place = psa.api.place().await?;
    let fields = "id,type/id,type/name,company/id";
    let room = psa.api.room_for_ids(&place, ASSOCIATIONS, fields, &Condition::one_of("company/id", &[]));
    let parts = each(chunks(&companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list =
            List::new("company type", ASSOCIATIONS, fields).when(Condition::one_of("company/id", &chunk));
        let belongs = |row: &wire::TypeAssociation| {
            row.company.as_ref().and_then(|company| company.id).is_some_and(|id| asked.contains(&id))
        };
        psa.api.proven_list(&list, &belongs).await
    })
    .await;
    match parts {
        Ok(parts) => Ok(by_company(Listing::joined(parts).into_rows())),
        Err(error @ (PsaError::SignIn { .. } | PsaError::Unreachable { .. })) => Err(error),
        Err(error) if criteria.tags.is_empty() => {
            tracing::warn!(%error, "company types cannot be read");
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error),
    }
}

/// The agreements that bear on these companies: their own, their parent's, and those of whoever pays their bills.
async fn histories(
    psa: &ConnectWise,
    rows: &[wire::Company],
    scope: ClientScope<'_>,
) -> Result<BTreeMap<i64, ContractHistory>> {
    let agreements = if matches!(scope, ClientScope::Ids(_)) {
        let companies: Vec<i64> = rows.iter().flat_map(|row| family(row).into_iter().flatten()).collect();
        agreements::list(psa, Some(&companies)).await?
    } else {
        agreements::list(psa, None).await?
    };
    Ok(agreements::histories(agreements.rows(), psa.today()))
}

fn family(row: &wire::Company) -> [Option<i64>; 3] {
    let id = |reference: &Option<wire::Reference>| reference.as_ref().and_then(|reference| reference.id);
    [row.id, id(&row.parent_company), id(&row.bill_to_company)]
}

/// A caption that no company has is a mistake in the settings, not a field that nobody filled.
fn check_caption(field: &CustomField, rows: &[wire::Company]) -> Result<()> {
    if user_defined(&field.name).is_some() || rows.is_empty() {
        return Ok(());
    }
    let captions: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.custom_fields.iter().flatten())
        .filter_map(|custom| filled(custom.caption.as_ref()))
        .collect();
    known_field("custom field of companies", field, captions)
}

fn convert(
    psa: &ConnectWise,
    place: &Place,
    evidence: &Evidence<'_>,
    criteria: &Criteria,
    row: wire::Company,
) -> Result<Client> {
    let id = row.id.ok_or_else(|| PsaError::Unreadable { message: "a company without an id".to_owned() })?;
    let status = row.status.as_ref();
    let mut tags: BTreeSet<String> =
        row.types.iter().flatten().filter_map(|kind| Some(kind.name.as_ref()?.to_string())).collect();
    tags.extend(evidence.associated.get(&id).into_iter().flatten().cloned());
    let own = own(psa, place, &row, &tags);
    let contracts = evidence.histories.as_ref().map(|histories| {
        family(&row)
            .into_iter()
            .flatten()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter_map(|id| histories.get(&id).copied())
            .fold(ContractHistory::default(), ContractHistory::joined_with)
    });
    let inactive = evidence
        .statuses
        .filter(|_| criteria.inactive)
        .map(|statuses| status.and_then(|status| statuses.is_inactive(status.id?)).unwrap_or(false));
    let signals = Signals {
        inactive,
        status: status.and_then(|status| Some(status.name.as_ref()?.to_string())),
        tags,
        custom_field: criteria.custom_field.as_ref().and_then(|field| custom_value(field, &row)),
        contracts,
    };
    let parent = row.parent_company.as_ref().and_then(|parent| parent.id).filter(|parent| *parent > 0);
    Ok(Client {
        id: ClientId::from(id),
        identifier: filled(row.identifier.as_ref()).map(ToOwned::to_owned),
        parent: parent.map(ClientId::from),
        signals,
        own,
        record_url: psa.api.screen(place, "AccountFV", id),
        name: row.name.unwrap_or_default(),
    })
}

/// The field's value as text. A tick box says true; a person may have written "Yes" for it.
fn custom_value(field: &CustomField, row: &wire::Company) -> Option<String> {
    if let Some(number) = user_defined(&field.name) {
        return row.user_defined(number).cloned();
    }
    let found = row
        .custom_fields
        .iter()
        .flatten()
        .find(|custom| custom.caption.as_ref().is_some_and(|caption| same_name(caption, &field.name)))?;
    field_text(&found.value, &field.value)
}

/// Why a company is not a customer: the MSP itself, or the mail connector's catch-all.
fn own(psa: &ConnectWise, place: &Place, row: &wire::Company, tags: &BTreeSet<String>) -> Option<String> {
    let identifier = filled(row.identifier.as_ref()).unwrap_or_default();
    let name = filled(row.name.as_ref()).unwrap_or_default();
    if same_name(identifier, psa.api.company()) {
        return Some("the MSP's own company: its identifier is the login company id".to_owned());
    }
    let company = filled(place.info.company_name.as_ref());
    if company.is_some_and(|company| same_name(company, name)) {
        return Some("the MSP's own company: it has the name that the PSA signs with".to_owned());
    }
    let catchall = |text: &str| text.trim_start_matches('%').to_ascii_lowercase().starts_with("catchall");
    if catchall(identifier) || catchall(name) {
        return Some("the PSA's catch-all company".to_owned());
    }
    tags.iter()
        .find(|tag| ["owner", "internal"].iter().any(|own| same_name(tag, own)))
        .map(|tag| format!("the MSP's own company: it has the type \"{}\"", one_line(tag, 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> wire::Company {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_custom_field_is_text_whatever_it_is_in_the_psa() {
        let value = |json: &str, wanted: &str| {
            let field = CustomField { name: "offboarded".into(), value: wanted.into() };
            let row = row(&format!(
                r#"{{"id":1,"customFields":[{{"id":3,"caption":"Offboarded ","value":{json}}}]}}"#
            ));
            custom_value(&field, &row)
        };
        assert_eq!(value("\"Yes\"", "Yes").as_deref(), Some("Yes"));
        assert_eq!(value("true", "Yes").as_deref(), Some("yes"));
        assert_eq!(value("true", "true").as_deref(), Some("true"));
        assert_eq!(value("false", "Yes").as_deref(), Some("false"));
        assert_eq!(value("7777", "7777").as_deref(), Some("7777"));
        assert_eq!(value("null", "x"), None);
        let field = CustomField { name: "userDefinedField3".into(), value: "x".into() };
        assert_eq!(custom_value(&field, &row(r#"{"userDefinedField3":"gone"}"#)).as_deref(), Some("gone"));
    }

    #[test]
    fn an_unknown_caption_is_answered_with_those_there_are() {
        let rows = [row(
            r#"{"id":1,"customFields":[{"id":3,"caption":"Offboarded","value":null},{"id":4,"caption":"Tier"}]}"#,
        )];
        let named =
            |name: &str| check_caption(&CustomField { name: name.into(), value: "Yes".into() }, &rows);
        assert!(named(" offboarded").is_ok());
        assert!(matches!(
            named("Ofboarded"),
            Err(PsaError::UnknownName { candidates, .. }) if candidates == ["Offboarded", "Tier"]
        ));
    }
}
