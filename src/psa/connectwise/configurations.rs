//! Configurations: listing those of many companies in few requests, and what a record says in the domain's words.

use std::collections::BTreeSet;

use super::{
    CHUNKS_AT_ONCE, ConnectWise,
    client::Place,
    conditions::Condition,
    number,
    paging::{List, Pager},
    setup::Statuses,
    wire::{self, filled, kept},
};
use crate::{
    domain::{
        ClientId, ConfigId, Configuration, Details, Incomplete, Label, Listing, RecordUrl, Text, Timestamp,
        configuration::Record, text::one_line,
    },
    psa::{
        PsaError,
        lenient::id_of,
        listing::{Kind, chunks, each, proven},
        port::{News, Result},
    },
};

pub const PATH: &str = "/company/configurations";
/// What the program shows or decides by. Questions and custom fields are long and serve neither.
pub const FIELDS: &str = "id,name,type/id,type/name,status/id,status/name,company/id,site/name,contact/name,\
manufacturer/name,deviceIdentifier,serialNumber,modelNumber,tagNumber,ipAddress,macAddress,osType,lastLoginName,\
warrantyExpirationDate,billFlag,parentConfigurationId,activeFlag,managementLink,_info";

/// Every configuration of these companies. Companies go in chunks whose ids fit into one address; each chunk is
/// counted before and after.
pub async fn list(
    psa: &ConnectWise,
    clients: &[ClientId],
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let companies: Vec<i64> = clients.iter().filter_map(|id| number(id.as_str())).collect();
    if companies.is_empty() {
        return Ok(Listing::nothing());
    }
    let place = psa.api.place().await?;
    let statuses = psa.statuses().await?;
    let room = psa.api.room_for_ids(&place, PATH, FIELDS, &Condition::one_of("company/id", &[]));
    let parts = each(chunks(&companies, room), CHUNKS_AT_ONCE, |chunk| {
        let (place, statuses) = (&*place, &*statuses);
        async move { list_chunk(psa, &chunk, place, statuses, news).await }
    })
    .await?;
    Ok(Listing::joined(parts))
}

/// A row of a page: in the domain's words at once, so that a long list is not kept twice; as it was sent where something
/// must still be asked about it.
enum Read {
    InWords(Configuration),
    AsSent(Box<wire::Configuration>),
}

impl Read {
    fn of(psa: &ConnectWise, place: &Place, statuses: &Statuses, row: wire::Configuration) -> Self {
        let is_clear = row.active_flag.is_some() && statuses.know(&row);
        // What cannot be said in words is told once the list is whole.
        match is_clear.then(|| convert(psa, place, statuses, &row)) {
            Some(Ok(record)) => Self::InWords(record),
            _ => Self::AsSent(Box::new(row)),
        }
    }

    fn id(&self) -> String {
        match self {
            Self::InWords(record) => record.id.to_string(),
            Self::AsSent(row) => id_of(&**row),
        }
    }

    fn company(&self) -> Option<i64> {
        match self {
            Self::InWords(record) => number(record.client.as_str()),
            Self::AsSent(row) => row.company.as_ref()?.id,
        }
    }

    /// As it is told before the list is whole.
    fn as_news(&self, psa: &ConnectWise, place: &Place, statuses: &Statuses) -> Option<Configuration> {
        match self {
            Self::InWords(record) => Some(record.clone()),
            Self::AsSent(row) => convert(psa, place, statuses, row).ok(),
        }
    }
}

async fn list_chunk(
    psa: &ConnectWise,
    companies: &[i64],
    place: &Place,
    statuses: &Statuses,
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let asked: BTreeSet<i64> = companies.iter().copied().collect();
    let list = List::new("configuration", PATH, FIELDS).when(Condition::one_of("company/id", companies));
    let belongs = |row: &Read| row.company().is_some_and(|id| asked.contains(&id));
    let kind = Kind { what: list.what, id: &Read::id, belongs: &belongs };
    let list = &list;
    let listing = proven(
        &kind,
        || psa.api.count(&list.path, list.condition.as_ref()),
        |expected| async move {
            let mut pager: Pager<'_, wire::Configuration> = Pager::new(&psa.api, list, Some(expected));
            let mut rows = Vec::new();
            while let Some(page) = pager.next().await? {
                let page: Vec<Read> =
                    page.into_iter().map(|row| Read::of(psa, place, statuses, row)).collect();
                if let Some(news) = news {
                    news.tell(page.iter().filter_map(|row| row.as_news(psa, place, statuses)).collect())
                        .await;
                }
                rows.extend(page);
            }
            Ok(rows)
        },
    )
    .await?;
    in_words(psa, place, listing).await
}

async fn in_words(
    psa: &ConnectWise,
    place: &Place,
    listing: Listing<Read>,
) -> Result<Listing<Configuration>> {
    let sent = listing.rows().iter().filter_map(|row| match row {
        Read::AsSent(row) => Some(&**row),
        Read::InWords(_) => None,
    });
    let statuses = psa.statuses_for(sent).await?;
    listing.try_map(|row| match row {
        Read::InWords(record) => Ok(record),
        Read::AsSent(row) if row.active_flag.is_none() => {
            Err(Incomplete::unmarked("configuration", row.id.unwrap_or_default()).into())
        }
        Read::AsSent(row) => convert(psa, place, &statuses, &row),
    })
}

/// A record in the domain's words.
pub fn convert(
    psa: &ConnectWise,
    place: &Place,
    statuses: &Statuses,
    row: &wire::Configuration,
) -> Result<Configuration> {
    let state = statuses.state(row);
    let id =
        row.id.ok_or_else(|| PsaError::Unreadable { message: "a configuration without an id".to_owned() })?;
    let company =
        row.company.as_ref().and_then(|company| company.id).ok_or_else(|| PsaError::Unreadable {
            message: format!(
                "configuration {} belongs to no company",
                ConnectWise::title(row.name.as_deref(), id)
            ),
        })?;
    let named = |reference: &Option<wire::Reference>| kept(reference.as_ref()?.name.as_ref());
    let plain = |text: &Option<Text>| text.clone().unwrap_or_default();
    let updated = row.info.as_ref().and_then(|info| info.last_updated.as_deref());
    let record = Record {
        id: ConfigId::from(id),
        client: ClientId::from(company),
        names: vec![
            plain(&row.name),
            plain(&row.device_identifier),
            plain(&row.serial_number),
            plain(&row.tag_number),
        ],
        config_type: named(&row.configuration_type).unwrap_or_default(),
        site: named(&row.site),
        serial: kept(row.serial_number.as_ref()),
        state,
        parent: row.parent_configuration_id.filter(|id| *id > 0).map(ConfigId::from),
        rmm: filled(row.management_link.as_ref()).map(|link| one_line(link, 300).into()),
        last_updated: updated.and_then(Timestamp::parse),
        record_url: psa.api.screen(place, "ConfigFV", id).map(RecordUrl::from),
        details: details(row, &named),
        name: plain(&row.name),
    };
    Ok(record.into())
}

fn details(row: &wire::Configuration, named: &impl Fn(&Option<wire::Reference>) -> Option<Label>) -> Details {
    let label = |text: &Option<Label>| kept(text.as_ref()).map(Text::from);
    let named = |reference| named(reference).map(Text::from);
    let text = |text: &Option<Text>| kept(text.as_ref());
    let date =
        |text: &Option<String>| wire::day(text.as_ref()).map(|day| Label::from(day.to_string()).into());
    let billed = row.bill_flag.map(|billed| Label::from(if billed { "yes" } else { "no" }).into());
    [
        ("Contact", named(&row.contact)),
        ("Manufacturer", named(&row.manufacturer)),
        ("Model", label(&row.model_number)),
        ("Tag", text(&row.tag_number)),
        ("Device id", text(&row.device_identifier)),
        ("IP address", text(&row.ip_address)),
        ("MAC address", text(&row.mac_address)),
        ("System", label(&row.os_type)),
        ("Last sign-in", text(&row.last_login_name)),
        ("Warranty until", date(&row.warranty_expiration_date)),
        ("Bill customer", billed),
        ("Last change by", row.info.as_ref().and_then(|info| label(&info.updated_by))),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label.into(), value?)))
    .collect()
}

/// How many configurations of the tenant are active on both sides, or, where the PSA does not let us ask for the
/// mark, how many have an open status.
pub async fn count_active(psa: &ConnectWise) -> Result<u64> {
    let open = Condition::one_of("status/id", &psa.statuses().await?.open_ids());
    let both = Condition::flag("activeFlag", true).and(&open);
    match psa.api.count(PATH, Some(&both)).await {
        Err(PsaError::Refused { status: 400, .. }) => psa.api.count(PATH, Some(&open)).await,
        other => other,
    }
}
