//! Configurations: listing those of many companies in few requests, and what a record says in the domain's words.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

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
        ClientId, ConfigId, Configuration, Incomplete, Label, Listing, Text, Timestamp,
        configuration::Record, text::one_line,
    },
    psa::{
        PsaError,
        lenient::id_of,
        listing::{Kind, chunks, each, proven},
        port::Result,
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
    news: Option<&mpsc::Sender<Vec<Configuration>>>,
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
    let listing = Listing::joined(parts);
    let statuses = psa.statuses_for(listing.rows()).await?;
    listing.try_map(|row| {
        if row.active_flag.is_none() {
            return Err(Incomplete::unmarked("configuration", row.id.unwrap_or_default()).into());
        }
        convert(psa, &place, &statuses, row)
    })
}

async fn list_chunk(
    psa: &ConnectWise,
    companies: &[i64],
    place: &Place,
    statuses: &Statuses,
    news: Option<&mpsc::Sender<Vec<Configuration>>>,
) -> Result<Listing<wire::Configuration>> {
    let asked: BTreeSet<i64> = companies.iter().copied().collect();
    let list = List::new("configuration", PATH, FIELDS).when(Condition::one_of("company/id", companies));
    let belongs = |row: &wire::Configuration| {
        row.company.as_ref().and_then(|company| company.id).is_some_and(|id| asked.contains(&id))
    };
    let kind = Kind { what: list.what, id: &id_of::<wire::Configuration>, belongs: &belongs };
    let list = &list;
    proven(
        &kind,
        || psa.api.count(&list.path, list.condition.as_ref()),
        |expected| async move {
            let mut pager: Pager<'_, wire::Configuration> = Pager::new(&psa.api, list, Some(expected));
            let mut rows = Vec::new();
            while let Some(page) = pager.next().await? {
                if let Some(news) = news {
                    let told = page.iter().filter_map(|row| convert(psa, place, statuses, row.clone()).ok());
                    // Whoever wanted the news may have left; the listing does not depend on it.
                    let _ = news.send(told.collect()).await;
                }
                rows.extend(page);
            }
            Ok(rows)
        },
    )
    .await
}

/// A record in the domain's words.
pub fn convert(
    psa: &ConnectWise,
    place: &Place,
    statuses: &Statuses,
    row: wire::Configuration,
) -> Result<Configuration> {
    let state = statuses.state(&row);
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
    let details = details(&row, &named);
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
        record_url: psa.api.screen(place, "ConfigFV", id).map(Text::from),
        details,
        name: row.name.unwrap_or_default(),
    };
    Ok(record.into())
}

fn details(
    row: &wire::Configuration,
    named: &impl Fn(&Option<wire::Reference>) -> Option<Label>,
) -> Vec<(Label, Text)> {
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
