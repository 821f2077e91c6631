//! Assets: listing those of many clients in few requests, and what a record says in the domain's words.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{
    AT_ONCE, HaloPsa,
    client::Quirk,
    marks::marked,
    number,
    paging::{List, PAGE},
    setup::{Statuses, Types},
    wire::{self, day, filled, kept},
};
use crate::{
    domain::{
        ClientId, ConfigId, Configuration, Details, Incomplete, Label, Listing, State, StatusRef, Text,
        Timestamp,
        configuration::{self, Record},
        text::one_line,
    },
    psa::{
        PsaError,
        listing::{chunks, each},
        port::{News, Result},
    },
};

pub const PATH: &str = "/Asset";

/// All assets, active or not; the order of ids keeps pages apart while others work.
pub fn everything() -> List {
    List::new("asset", PATH, "assets")
        .with("includeactive", &true)
        .with("includeinactive", &true)
        .with("order", &"id")
}

/// Every asset of these clients.
pub async fn list(
    psa: &HaloPsa,
    clients: &[ClientId],
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let clients: Vec<i64> = clients.iter().filter_map(|id| number(id.as_str())).collect();
    if clients.is_empty() {
        return Ok(Listing::nothing());
    }
    let listing = of_clients(psa, &clients, false, news).await?;
    if listing.rows().is_empty() {
        psa.api.may_be_empty(&everything()).await?;
    }
    Ok(listing)
}

/// The assets of these clients. Newer servers know a filter for several clients; older ones do not, and unknown
/// parameters are ignored without a word.
pub async fn of_clients(
    psa: &HaloPsa,
    clients: &[i64],
    active_only: bool,
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let base = &everything().but("includeinactive", &!active_only);
    let clients: BTreeSet<i64> = clients.iter().copied().collect();
    if clients.len() > 1 && !psa.api.has(Quirk::AssetsOfOneClientOnly) {
        match of_several(psa, base, &clients, news).await {
            Ok(Some(listing)) => return Ok(listing),
            Ok(None)
            | Err(PsaError::Incomplete(Incomplete::Foreign { .. }) | PsaError::Refused { status: 400, .. }) =>
            {
                psa.api.note(Quirk::AssetsOfOneClientOnly);
            }
            Err(error) => return Err(error),
        }
    }
    if clients.len() > 1 {
        let all = psa.api.count(base).await?;
        if all.div_ceil(PAGE as u64) < clients.len() as u64 {
            let ours = |row: &wire::Asset| row.client_id.is_some_and(|id| clients.contains(&id));
            return proven(psa, base, &|_| true, news, &ours).await;
        }
    }
    let parts =
        each(clients.into_iter().collect(), AT_ONCE, |client| of_one(psa, base, client, news)).await?;
    Ok(Listing::joined(parts))
}

async fn of_one(
    psa: &HaloPsa,
    base: &List,
    client: i64,
    news: Option<&News>,
) -> Result<Listing<Configuration>> {
    let list = base.clone().with("client_id", &client);
    let belongs = |row: &wire::Asset| row.client_id == Some(client);
    proven(psa, &list, &belongs, news, &belongs).await
}

/// The assets of several clients by one filter; `None` if the server turns out to look at one of them only.
async fn of_several(
    psa: &HaloPsa,
    base: &List,
    clients: &BTreeSet<i64>,
    news: Option<&News>,
) -> Result<Option<Listing<Configuration>>> {
    let ids: Vec<i64> = clients.iter().copied().collect();
    let room = psa.api.room_for_ids(PATH, &base.clone().with("client_ids", &"").pairs());
    let parts = each(chunks(&ids, room), AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = base.clone().with("client_ids", &joined(&chunk));
        let belongs = |row: &wire::Asset| row.client_id.is_some_and(|id| asked.contains(&id));
        let listing = proven(psa, &list, &belongs, news, &belongs).await?;
        let seen: BTreeSet<i64> =
            listing.rows().iter().filter_map(|row| number(row.client.as_str())).collect();
        // A client without assets is rare: more likely the filter was not understood.
        if let Some(client) = asked.difference(&seen).last()
            && !of_one(psa, base, *client, None).await?.rows().is_empty()
        {
            return Ok(None);
        }
        Ok(Some(listing))
    })
    .await?;
    Ok(parts.into_iter().collect::<Option<Vec<_>>>().map(Listing::joined))
}

type Test<'a> = &'a (dyn Fn(&wire::Asset) -> bool + Sync);

/// A list with its proof and with every mark, what is `ours` of it in the domain's words. Pages are passed on as they
/// arrive.
async fn proven(
    psa: &HaloPsa,
    list: &List,
    belongs: Test<'_>,
    news: Option<&News>,
    ours: Test<'_>,
) -> Result<Listing<Configuration>> {
    let (pages, mut arriving) = mpsc::channel::<Vec<wire::Asset>>(2);
    let listing = async {
        let listing = psa.api.proven_list(list, belongs, news.map(|_| &pages)).await;
        drop(pages);
        listing
    };
    let passing_on = async {
        let words = Words::default();
        while let Some(page) = arriving.recv().await {
            let Some(news) = news else { continue };
            let ours = page.into_iter().filter(|row| ours(row));
            news.tell(ours.filter_map(|row| convert(psa, &words, &row).ok()).collect()).await;
        }
    };
    let (listing, ()) = tokio::join!(listing, passing_on);
    let listing = marked(psa, list, listing?).await?.narrowed(ours);
    let words = Words::of(psa, listing.rows()).await?;
    listing.try_map(|row| Ok(News::as_told(news, convert(psa, &words, &row)?)))
}

/// Ids as the vendor's lists of ids are written.
pub fn joined(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// How many assets of the tenant are active.
pub async fn count_active(psa: &HaloPsa) -> Result<u64> {
    psa.api.count(&everything().but("includeinactive", &false)).await
}

/// Names for what rows have as numbers only.
#[derive(Default)]
pub struct Words {
    statuses: Option<Arc<Statuses>>,
    types: Option<Arc<Types>>,
}

impl Words {
    /// What these rows need. That a name cannot be read is no reason to stop.
    pub async fn of(psa: &HaloPsa, rows: &[wire::Asset]) -> Result<Self> {
        let nameless = |id: Option<i64>, name: &Option<Label>| {
            id.is_some_and(|id| id > 0) && filled(name.as_ref()).is_none()
        };
        let statuses = rows.iter().any(|row| nameless(row.status_id, &row.status_name));
        let types = rows.iter().any(|row| nameless(row.assettype_id, &row.assettype_name));
        let readable = |error: PsaError| match error {
            PsaError::SignIn { .. } | PsaError::Unreachable { .. } => Err(error),
            error => {
                tracing::warn!(%error, "names of statuses or types cannot be read");
                Ok(())
            }
        };
        let mut words = Self::default();
        if statuses {
            match psa.statuses().await {
                Ok(known) => words.statuses = Some(known),
                Err(error) => readable(error)?,
            }
        }
        if types {
            match psa.types().await {
                Ok(known) => words.types = Some(known),
                Err(error) => readable(error)?,
            }
        }
        Ok(words)
    }
}

/// The state of a record whose mark is known.
pub fn state(row: &wire::Asset, words: &Words) -> State {
    let status = row.status_id.filter(|id| *id > 0).map(|id| {
        let known = || words.statuses.as_ref().and_then(|statuses| statuses.name(id)).map(Label::from);
        let name = kept(row.status_name.as_ref()).or_else(known).unwrap_or_default();
        StatusRef { id: id.to_string().into(), name }
    });
    // Statuses carry no meaning of their own here: the mark alone says whether a record is retired.
    State { active: row.inactive == Some(false), status, closed: None }
}

/// A record in the domain's words.
pub fn convert(psa: &HaloPsa, words: &Words, row: &wire::Asset) -> Result<Configuration> {
    let state = state(row, words);
    let id = row.id.ok_or_else(|| PsaError::Unreadable { message: "an asset without an id".to_owned() })?;
    let plain = |text: &Option<Text>| text.clone().unwrap_or_default();
    let name = kept(row.key_field.as_ref()).or(kept(row.inventory_number.as_ref())).unwrap_or_default();
    let client = row.client_id.ok_or_else(|| PsaError::Unreadable {
        message: format!("asset {} belongs to no client", configuration::title(&name, &id.into())),
    })?;
    if let Some(kind) = row.assettype_id {
        psa.remember_type(id, kind);
    }
    let named_type = || row.assettype_id.and_then(|kind| words.types.as_ref()?.name(kind)).map(Label::from);
    let systems = row.marks.systems();
    let rmm: Vec<String> =
        systems.iter().map(|(system, id)| format!("{system} {}", one_line(id, 80))).collect();
    let record = Record {
        id: ConfigId::from(id),
        client: ClientId::from(client),
        names: vec![
            plain(&row.key_field),
            plain(&row.key_field2),
            plain(&row.key_field3),
            plain(&row.inventory_number),
        ],
        config_type: kept(row.assettype_name.as_ref()).or_else(named_type).unwrap_or_default(),
        site: kept(row.site_name.as_ref()),
        serial: serial(row),
        state,
        parent: row.parent_id.filter(|parent| *parent > 0).map(ConfigId::from),
        rmm: (!rmm.is_empty()).then(|| rmm.join("; ").into()),
        last_updated: [&row.last_modified, &row.dlastupdate]
            .into_iter()
            .find_map(|text| Timestamp::parse(text.as_deref()?)),
        record_url: None,
        details: details(row),
        name,
    };
    Ok(record.into())
}

/// The serial number, where a key field says that it is one: `SN: 5CG1234`.
fn serial(row: &wire::Asset) -> Option<Text> {
    [&row.key_field3, &row.key_field2].into_iter().find_map(|field| {
        let (label, serial) = filled(field.as_ref())?.split_once(':')?;
        let label = label.trim().to_lowercase();
        let serial = serial.trim();
        (["sn", "s/n", "serial", "serial number"].contains(&label.as_str()) && !serial.is_empty())
            .then(|| serial.into())
    })
}

fn details(row: &wire::Asset) -> Details {
    let label = |text: &Option<Label>| kept(text.as_ref()).map(Text::from);
    let text = |text: &Option<Text>| kept(text.as_ref());
    let date = |text: &Option<String>| day(text.as_ref()).map(|day| Label::from(day.to_string()).into());
    let told = [
        ("Asset tag", text(&row.inventory_number)),
        ("Key field 2", text(&row.key_field2)),
        ("Key field 3", text(&row.key_field3)),
        ("User", label(&row.username)),
        ("Manufacturer", label(&row.manufacturer_name)),
        ("Supplier", label(&row.supplier_name)),
        ("Contract", label(&row.contract_ref).or_else(|| label(&row.latest_contract_ref))),
        ("Contract until", date(&row.contract_end_date)),
        ("Criticality", label(&row.criticality_description)),
        ("Warranty until", date(&row.warranty_end)),
    ];
    let told = told.into_iter().filter_map(|(label, value)| Some((label.into(), value?)));
    let pages: BTreeMap<&str, &str> = row.marks.pages().collect();
    let page = |(system, page): (&str, &str)| (format!("{system} page").into(), one_line(page, 300).into());
    told.chain(pages.into_iter().map(page)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_alone_says_whether_an_asset_is_retired() {
        let state_of = |text: &str| state(&serde_json::from_str(text).unwrap(), &Words::default());
        let retired = state_of(r#"{"inactive":true,"status_id":1,"status_name":"Active"}"#);
        assert_eq!((retired.active, retired.closed, retired.status_name()), (false, None, Some("Active")));
        assert_eq!(retired.lifecycle(), crate::domain::Lifecycle::Inactive);
        let active = state_of(r#"{"inactive":false,"status_id":0}"#);
        assert_eq!((active.active, active.status), (true, None));
        assert!(!state_of("{}").active, "a mark that is not there does not say \"active\"");
    }

    #[test]
    fn a_serial_number_is_one_where_the_field_says_so() {
        let serial = |text: &str| serial(&serde_json::from_str(text).unwrap());
        assert_eq!(serial(r#"{"key_field3":"SN: 5CG12"}"#).as_deref(), Some("5CG12"));
        assert_eq!(serial(r#"{"key_field3":"Latitude: 5CG12"}"#), None);
    }
}
