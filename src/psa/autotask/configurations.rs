//! Configuration items: listing those of many companies in few requests, and what a record says in the domain's
//! words. There is one side of "active" only: no status [C GDS, spec].

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Autotask,
    filter::Filter,
    number,
    paging::{CHUNKS_AT_ONCE, List, Listener, batches},
    setup::spared,
    wire,
};
use crate::{
    domain::{
        ClientId, ConfigId, Configuration, Details, Incomplete, Label, Listing, State, Text, Timestamp,
        configuration::Record, text::one_line,
    },
    psa::{
        PsaError,
        lenient::{day, filled, kept},
        listing::each,
        port::{News, Result},
    },
};

pub const ENTITY: &str = "ConfigurationItems";
pub const WHAT: &str = "configuration item";
/// What the program shows or decides by. Notes and user-defined fields are long and serve neither.
pub const FIELDS: &[&str] = &[
    "id",
    "companyID",
    "companyLocationID",
    "configurationItemCategoryID",
    "configurationItemType",
    "productID",
    "contractID",
    "contractServiceID",
    "contractServiceBundleID",
    "serviceID",
    "serviceBundleID",
    "parentConfigurationItemID",
    "isActive",
    "referenceTitle",
    "referenceNumber",
    "serialNumber",
    "location",
    "installDate",
    "warrantyExpirationDate",
    "lastModifiedTime",
    "rmmDeviceID",
    "rmmDeviceUID",
    "rmmDeviceUrl",
    "rmmDeviceAuditHostname",
    "rmmDeviceAuditIPAddress",
    "rmmDeviceAuditLastUser",
    "dattoSerialNumber",
    "dattoHostname",
];
const CATEGORIES: &str = "ConfigurationItemCategories";
const SORTS: &str = "ConfigurationItemTypes";
const LOCATIONS: &str = "CompanyLocations";
const PRODUCTS: &str = "Products";
/// Products serve only to show a record: what would take more requests than this is left out.
const MOST_PRODUCTS: usize = 1000;

/// The names of what rows only number.
#[derive(Debug, Default)]
pub struct Names {
    categories: BTreeMap<i64, Label>,
    sorts: BTreeMap<i64, Label>,
    locations: BTreeMap<i64, Label>,
    products: BTreeMap<i64, Label>,
}

impl Names {
    /// The names that these rows need.
    pub async fn of(psa: &Autotask, rows: &[wire::ConfigurationItem]) -> Result<Self> {
        let mut names = Self::default();
        if rows.iter().any(|row| row.category.is_some()) {
            names.categories = spared("categories", psa.names(CATEGORIES).await)?.as_ref().clone();
        }
        // The older sort is asked for only where nothing newer says what a record is.
        let lacks_category =
            |row: &wire::ConfigurationItem| row.category.is_none_or(|id| !names.categories.contains_key(&id));
        if rows.iter().any(|row| row.sort.is_some() && lacks_category(row)) {
            names.sorts = spared("types", psa.names(SORTS).await)?.as_ref().clone();
        }
        let locations = rows.iter().filter_map(|row| row.location_id);
        names.locations = spared("locations", psa.names_of(LOCATIONS, locations).await)?;
        let products: BTreeSet<i64> = rows.iter().filter_map(|row| row.product).collect();
        if products.len() <= MOST_PRODUCTS {
            names.products = spared("products", psa.names_of(PRODUCTS, products).await)?;
        }
        Ok(names)
    }
}

/// Every configuration item of these companies. Companies go in chunks that fit into one `in` list; each chunk is
/// counted before and after.
pub async fn list(
    psa: &Autotask,
    clients: &[ClientId],
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let companies: Vec<i64> = clients.iter().filter_map(|id| number(id.as_str())).collect();
    let no_names = Names::default();
    let parts = each(batches(&companies), CHUNKS_AT_ONCE, |chunk| {
        let no_names = &no_names;
        async move {
            let asked: BTreeSet<i64> = chunk.iter().copied().collect();
            let list = List::all(WHAT, ENTITY, FIELDS).when(Filter::one_of("companyID", &chunk));
            let belongs = |row: &wire::ConfigurationItem| row.company.is_some_and(|id| asked.contains(&id));
            let of = |row: &wire::ConfigurationItem| convert(no_names, row.clone()).ok();
            let listener = news.map(|to| Listener { to, of: &of });
            let listing = psa.api.proven_list(&list, &belongs, listener.as_ref()).await?;
            in_words(psa, listing, news).await
        }
    })
    .await?;
    Ok(Listing::joined(parts))
}

async fn in_words(
    psa: &Autotask,
    listing: Listing<wire::ConfigurationItem>,
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let names = Names::of(psa, listing.rows()).await?;
    listing.try_map(|row| {
        if row.is_active.is_none() {
            return Err(Incomplete::unmarked(WHAT, row.id.unwrap_or_default()).into());
        }
        Ok(News::as_told(news, convert(&names, row)?))
    })
}

/// How many configuration items of the tenant are active.
pub async fn count_active(psa: &Autotask) -> Result<u64> {
    psa.api.count(ENTITY, &Filter::is("isActive", true)).await
}

/// A record in the domain's words.
pub fn convert(names: &Names, row: wire::ConfigurationItem) -> Result<Configuration> {
    let unreadable = |message: String| PsaError::Unreadable { message };
    let id = row.id.ok_or_else(|| unreadable("a configuration item without an id".to_owned()))?;
    let company =
        row.company.ok_or_else(|| unreadable(format!("configuration item {id} belongs to no company")))?;
    let name_of = |known: &BTreeMap<i64, Label>, id: Option<i64>| kept(id.and_then(|id| known.get(&id)));
    let category = name_of(&names.categories, row.category);
    let sort = name_of(&names.sorts, row.sort);
    let details = details(names, &row);
    let plain = |text: &Option<Text>| text.clone().unwrap_or_default();
    let record = Record {
        id: ConfigId::from(id),
        client: ClientId::from(company),
        names: vec![plain(&row.reference_title), plain(&row.reference_number), plain(&row.serial_number)],
        config_type: category.or(sort).unwrap_or_default(),
        site: name_of(&names.locations, row.location_id),
        serial: kept(row.serial_number.as_ref()),
        // A mark that is not there does not say "active".
        state: State { active: row.is_active == Some(true), status: None, closed: None },
        parent: row.parent.filter(|id| *id > 0).map(ConfigId::from),
        rmm: rmm(&row).map(Text::from),
        last_updated: row.last_modified_time.as_deref().and_then(moment),
        record_url: None,
        details,
        name: row.reference_title.unwrap_or_default(),
    };
    Ok(record.into())
}

/// What feeds the record: its page in the RMM, else its number there.
fn rmm(row: &wire::ConfigurationItem) -> Option<String> {
    let number =
        |text: &Option<String>| filled(text.as_ref()).filter(|text| *text != "0").map(ToOwned::to_owned);
    number(&row.rmm_device_url)
        .or_else(|| number(&row.rmm_device_uid).map(|uid| format!("RMM device {uid}")))
        .or_else(|| number(&row.rmm_device_id).map(|id| format!("RMM device {id}")))
        .or_else(|| number(&row.datto_serial_number).map(|serial| format!("Datto device {serial}")))
        .map(|text| one_line(&text, 300))
}

fn details(names: &Names, row: &wire::ConfigurationItem) -> Details {
    let text = |text: &Option<Text>| kept(text.as_ref());
    let date = |text: &Option<String>| day(text.as_ref()).map(|day| Label::from(day.to_string()).into());
    let product = row.product.and_then(|id| names.products.get(&id).cloned());
    [
        ("Product", product.map(Text::from)),
        ("Reference number", text(&row.reference_number)),
        ("Location", text(&row.location)),
        ("Host name", text(&row.rmm_device_audit_hostname).or_else(|| text(&row.datto_hostname))),
        ("IP address", text(&row.rmm_device_audit_ip_address)),
        ("Last user", text(&row.rmm_device_audit_last_user)),
        ("Installed on", date(&row.install_date)),
        ("Warranty until", date(&row.warranty_expiration_date)),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label.into(), value?)))
    .collect()
}

/// A moment in UTC, with or without `Z`, with whatever fraction [C DJA, N8N].
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Configuration {
        convert(&Names::default(), serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn moments_come_with_and_without_their_zone() {
        for text in ["2024-01-31T15:04:05.307", "2024-01-31T15:04:05.307Z", "2024-01-31T15:04:05.3070000Z"] {
            assert_eq!(moment(text), Timestamp::parse("2024-01-31T15:04:05.307Z"), "{text}");
        }
        assert_eq!(moment("2024-01-31T15:04:05"), Timestamp::parse("2024-01-31T15:04:05Z"));
        assert_eq!(moment("2024-01-31T15:04:05.30"), Timestamp::parse("2024-01-31T15:04:05.300Z"));
        assert_eq!(moment("soon"), None);
    }

    #[test]
    fn the_record_of_the_vendors_help_is_understood() {
        let record = record(
            r#"{"id":1001,"companyID":174,"referenceTitle":"PC-01","serialNumber":"X1","isActive":true,"contractID":null,"userDefinedFields":[]}"#,
        );
        assert_eq!(
            (record.name.as_str(), record.client.as_str(), record.state.active),
            ("PC-01", "174", true)
        );
        assert_eq!(record.state.closed, None);
        let odd = self::record(
            r#"{"id":"7","companyID":0,"isActive":1,"rmmDeviceID":0,"parentConfigurationItemID":0}"#,
        );
        assert_eq!((odd.title().as_str(), odd.client.as_str(), odd.state.active), ("#7", "0", true));
        assert_eq!((&odd.rmm, &odd.parent), (&None, &None));
    }

    #[test]
    fn a_mark_that_is_not_there_does_not_say_active() {
        assert!(!record(r#"{"id":1,"companyID":2}"#).state.active);
        assert!(!record(r#"{"id":1,"companyID":2,"isActive":null}"#).state.active);
    }

    #[test]
    fn the_rmm_is_told_by_its_page_or_its_number() {
        let rmm = |members: &str| record(&format!(r#"{{"id":1,"companyID":2,{members}}}"#)).rmm.clone();
        let page = "https://pinotage.centrastage.net/device/9";
        assert_eq!(rmm(&format!(r#""rmmDeviceID":9,"rmmDeviceUrl":"{page}""#)).as_deref(), Some(page));
        assert_eq!(rmm(r#""rmmDeviceID":9,"rmmDeviceUID":"ab-cd""#).as_deref(), Some("RMM device ab-cd"));
        assert_eq!(rmm(r#""rmmDeviceID":9"#).as_deref(), Some("RMM device 9"));
        assert_eq!(rmm(r#""dattoSerialNumber":"D1""#).as_deref(), Some("Datto device D1"));
    }
}
