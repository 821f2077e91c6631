//! Companies, with the signals that the criteria ask for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Autotask, contracts,
    contracts::Index,
    filter::Filter,
    number,
    paging::List,
    setup::{Picklists, UserDefinedField},
    wire,
};
use crate::{
    domain::{Client, ClientId, Criteria, Listing, Signals, criteria::CustomField, text::same_name},
    psa::{
        PsaError,
        lenient::{field_text, filled},
        names::{ids_of, unknown_name},
        port::{ClientScope, Clients, Result},
    },
};

pub const ENTITY: &str = "Companies";
pub const FIELDS: &[&str] = &[
    "id",
    "companyName",
    "companyNumber",
    "companyType",
    "classification",
    "companyCategoryID",
    "parentCompanyID",
    "isActive",
];
/// The MSP itself [C].
pub const OWN: i64 = 0;
const CLASSIFICATIONS: &str = "ClassificationIcons";
const CATEGORIES: &str = "CompanyCategories";

/// What the criteria mean in this tenant, and what the companies are judged by, read beforehand.
struct Evidence {
    picklists: Arc<Picklists>,
    types: Vec<i64>,
    tags: Tags,
    field: Option<UserDefinedField>,
    contracts: Option<Index>,
}

/// Classifications and categories that the criteria name.
#[derive(Debug, Default)]
struct Tags {
    classifications: BTreeMap<i64, String>,
    categories: BTreeMap<i64, String>,
}

pub async fn clients(psa: &Autotask, scope: ClientScope<'_>, criteria: &Criteria) -> Result<Clients> {
    let (mut evidence, listing, scanned) = match scope {
        ClientScope::Ids(ids) => {
            let numbers: Vec<i64> = ids.iter().filter_map(|id| number(id.as_str())).collect();
            let listing = psa.api.by_ids(&list(criteria), &numbers).await?;
            (evidence(psa, criteria, listing.rows()).await?, listing, None)
        }
        ClientScope::All => (evidence(psa, criteria, &[]).await?, everybody(psa, criteria).await?, None),
        ClientScope::Candidates => {
            let evidence = evidence(psa, criteria, &[]).await?;
            match candidates(psa, criteria, &evidence).await? {
                Some(listing) => (evidence, listing, Some(psa.api.count(ENTITY, &Filter::all()).await?)),
                None => (evidence, everybody(psa, criteria).await?, None),
            }
        }
    };
    let scanned = scanned.unwrap_or(listing.rows().len() as u64);
    if criteria.contract_ended_days.is_some() {
        let contracts = if matches!(scope, ClientScope::Ids(_)) {
            let companies: Vec<i64> =
                listing.rows().iter().flat_map(|row| [row.id, parent(row)].into_iter().flatten()).collect();
            contracts::with_payers(psa, &companies).await?
        } else {
            contracts::of_companies(psa, None).await?
        };
        evidence.contracts = Some(contracts.index());
    }
    let listing = listing.try_map(|row| convert(&evidence, criteria, row))?;
    Ok(Clients { listing, scanned })
}

/// With a criterion about a user-defined field all fields are sent: the list of fields would have to name it, too.
fn list(criteria: &Criteria) -> List {
    List::all("company", ENTITY, if criteria.custom_field.is_some() { &[] } else { FIELDS })
}

async fn everybody(psa: &Autotask, criteria: &Criteria) -> Result<Listing<wire::Company>> {
    psa.api.proven_list(&list(criteria), &|_| true, None).await
}

/// The companies that one of the criteria may match; `None` if that cannot be asked for: the end of a contract
/// stands in no field of the company.
async fn candidates(
    psa: &Autotask,
    criteria: &Criteria,
    evidence: &Evidence,
) -> Result<Option<Listing<wire::Company>>> {
    if criteria.contract_ended_days.is_some() || evidence.field.as_ref().is_some_and(|field| !field.queryable)
    {
        return Ok(None);
    }
    let mut wanted = Vec::new();
    if criteria.inactive {
        wanted.push(Filter::is("isActive", false));
    }
    let of = |ids: &BTreeMap<i64, String>| ids.keys().copied().collect::<Vec<i64>>();
    let (classifications, categories) = (of(&evidence.tags.classifications), of(&evidence.tags.categories));
    for (field, ids) in [
        ("companyType", &evidence.types),
        ("classification", &classifications),
        ("companyCategoryID", &categories),
    ] {
        if !ids.is_empty() {
            wanted.push(Filter::one_of(field, ids));
        }
    }
    if let (Some(field), Some(criterion)) = (&evidence.field, &criteria.custom_field) {
        wanted.push(Filter::user_defined(&field.name, &field.stored(&criterion.value)));
    }
    if wanted.is_empty() {
        return Ok(Some(Listing::nothing()));
    }
    let filter = if wanted.len() == 1 { wanted.remove(0) } else { Filter::any(wanted) };
    let holds = |value: Option<i64>, ids: &[i64]| value.is_some_and(|value| ids.contains(&value));
    let belongs = |row: &wire::Company| {
        criteria.inactive && row.is_active == Some(false)
            || holds(row.company_type, &evidence.types)
            || holds(row.classification, &classifications)
            || holds(row.category, &categories)
            // How the PSA compares texts is its own affair; that there is one is not.
            || evidence.field.as_ref().is_some_and(|field| stored(field, row).is_some())
    };
    match psa.api.proven_list(&list(criteria).when(filter), &belongs, None).await {
        // This field, or this form of question, is not one that the tenant answers; all companies it does.
        Err(PsaError::Refused { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// What the criteria mean here. `rows` are the companies, where they were read before.
async fn evidence(psa: &Autotask, criteria: &Criteria, rows: &[wire::Company]) -> Result<Evidence> {
    let picklists = psa.picklists(ENTITY).await?;
    let choices = picklists.of_field("companyType");
    let types = ids_of(
        "company type",
        &criteria.statuses,
        choices.iter().map(|choice| (choice.value, choice.label.as_str())),
    )?;
    let tags = tags(psa, &picklists, &criteria.tags).await?;
    let field = match &criteria.custom_field {
        None => None,
        Some(criterion) => Some(match plain_field(criterion, rows) {
            Some(field) => field,
            None => field(psa, criterion).await?,
        }),
    };
    Ok(Evidence { picklists, types, tags, field, contracts: None })
}

/// The field that a criterion names, by its name or else by its label.
async fn field(psa: &Autotask, criterion: &CustomField) -> Result<UserDefinedField> {
    let fields = psa.company_fields().await?;
    let by = |name: fn(&UserDefinedField) -> &str| {
        fields.iter().find(|field| same_name(name(field), &criterion.name))
    };
    let found = by(|field| &field.name).or(by(|field| &field.label)).cloned();
    let names = fields.iter().map(|field| field.name.as_str());
    found.ok_or_else(|| unknown_name("user-defined field of companies", &criterion.name, names))
}

/// The same where the rows tell all there is to know: each has a field of that name, and either nothing stands in it
/// or the very text that is looked for. The list of fields, which counts like any other request, would add nothing.
fn plain_field(criterion: &CustomField, rows: &[wire::Company]) -> Option<UserDefinedField> {
    let field = UserDefinedField::plain(&criterion.name);
    let tells = |row: &wire::Company| {
        named(&field, row).is_some_and(|value| {
            value.is_null()
                || field_text(value, &criterion.value).is_some_and(|text| same_name(&text, &criterion.value))
        })
    };
    (!rows.is_empty() && rows.iter().all(tells)).then_some(field)
}

/// The ids of these classifications and categories. The picklists of the company's fields name them, and entities of
/// their own do [C spec]; each name must be in one of the two.
async fn tags(psa: &Autotask, picklists: &Picklists, names: &[String]) -> Result<Tags> {
    let mut tags = Tags::default();
    if names.is_empty() {
        return Ok(tags);
    }
    let of_picklist = |field: &str| -> BTreeMap<i64, String> {
        picklists.of_field(field).iter().map(|choice| (choice.value, choice.label.clone())).collect()
    };
    let (mut classifications, mut categories) =
        (of_picklist("classification"), of_picklist("companyCategoryID"));
    for (known, entity) in [(&mut classifications, CLASSIFICATIONS), (&mut categories, CATEGORIES)] {
        let all_known =
            !known.is_empty() && names.iter().all(|name| known.values().any(|other| same_name(other, name)));
        if !all_known {
            match psa.names(entity).await {
                Ok(rows) => known.extend(rows.iter().map(|(id, name)| (*id, name.to_string()))),
                Err(error @ (PsaError::Permission { .. } | PsaError::Refused { .. })) => {
                    tracing::warn!(%error, entity, "names cannot be read");
                }
                Err(error) => return Err(error),
            }
        }
    }
    for name in names {
        let (in_classifications, in_categories) =
            (matching(&classifications, name), matching(&categories, name));
        if in_classifications.is_empty() && in_categories.is_empty() {
            let known = classifications.values().chain(categories.values()).map(String::as_str);
            return Err(unknown_name("classification or category of companies", name, known));
        }
        tags.classifications.extend(in_classifications);
        tags.categories.extend(in_categories);
    }
    Ok(tags)
}

fn matching(known: &BTreeMap<i64, String>, name: &str) -> Vec<(i64, String)> {
    known.iter().filter(|(_, other)| same_name(other, name)).map(|(id, other)| (*id, other.clone())).collect()
}

fn convert(evidence: &Evidence, criteria: &Criteria, row: wire::Company) -> Result<Client> {
    let id = row.id.ok_or_else(|| PsaError::Unreadable { message: "a company without an id".to_owned() })?;
    let parent = parent(&row);
    let name_of = |known: &BTreeMap<i64, String>, id: Option<i64>| known.get(&id?).cloned();
    let tags = &evidence.tags;
    let signals = Signals {
        // A mark that is not there does not say "inactive".
        inactive: criteria.inactive.then_some(row.is_active == Some(false)),
        status: evidence.picklists.label("companyType", row.company_type).map(ToOwned::to_owned),
        tags: [name_of(&tags.classifications, row.classification), name_of(&tags.categories, row.category)]
            .into_iter()
            .flatten()
            .collect::<BTreeSet<String>>(),
        custom_field: evidence.field.as_ref().zip(criteria.custom_field.as_ref()).and_then(
            |(field, criterion)| {
                let text = field_text(stored(field, &row)?, &criterion.value)?;
                // What is stored may be meant as it is, or as what a list shows for it.
                Some(if same_name(&text, &criterion.value) { text } else { field.shown(&text) })
            },
        ),
        contracts: evidence.contracts.as_ref().map(|index| index.of(id, parent)),
    };
    Ok(Client {
        id: ClientId::from(id),
        identifier: filled(row.company_number.as_ref()).map(ToOwned::to_owned),
        parent: parent.map(ClientId::from),
        signals,
        own: (id == OWN).then(|| "the MSP's own company: it has the id 0".to_owned()),
        record_url: None,
        name: row.company_name.unwrap_or_default(),
    })
}

fn parent(row: &wire::Company) -> Option<i64> {
    row.parent.filter(|parent| *parent > OWN)
}

/// What stands in a user-defined field, if the row has one of that name.
fn named<'a>(field: &UserDefinedField, row: &'a wire::Company) -> Option<&'a serde_json::Value> {
    let fields = row.user_defined_fields.iter().flatten();
    let mut found =
        fields.filter(|other| other.name.as_ref().is_some_and(|name| same_name(name, &field.name)));
    found.next().map(|found| &found.value)
}

/// The value of a user-defined field, if there is one.
fn stored<'a>(field: &UserDefinedField, row: &'a wire::Company) -> Option<&'a serde_json::Value> {
    named(field, row).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_tell_all_about_a_field_spare_the_list_of_fields() {
        let rows = |texts: &[&str]| -> Vec<wire::Company> {
            texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
        };
        let criterion = CustomField { name: "offboarded".to_owned(), value: "Yes".to_owned() };
        let nothing = r#"{"id":1,"userDefinedFields":[{"name":"Region","value":"x"},{"name":"Offboarded","value":null}]}"#;
        let met = r#"{"id":2,"userDefinedFields":[{"name":"Offboarded","value":"yes"}]}"#;
        assert!(plain_field(&criterion, &rows(&[nothing, met])).is_some());
        // What is stored may be the number of a choice, a protected field is masked, a label is no name.
        let number = r#"{"id":3,"userDefinedFields":[{"name":"Offboarded","value":"17"}]}"#;
        let masked = r#"{"id":4,"userDefinedFields":[{"name":"Offboarded","value":"*****"}]}"#;
        let labelled = r#"{"id":5,"userDefinedFields":[{"name":"UDF 29683","value":null}]}"#;
        for other in [number, masked, labelled, r#"{"id":6}"#] {
            assert!(plain_field(&criterion, &rows(&[met, other])).is_none(), "{other}");
        }
        assert!(plain_field(&criterion, &[]).is_none());
    }
}
