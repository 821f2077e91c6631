//! Open tickets, and the assets that stand in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use futures_util::{StreamExt, stream};

use super::{
    super::{
        AT_ONCE, HaloPsa,
        client::Quirk,
        paging::List,
        wire::{self, day, filled},
    },
    Scope, of_clients,
};
use crate::{
    domain::{Incomplete, SignOfLife, links::Link, text::one_line},
    psa::{
        PsaError,
        linking::{Found, Signs, once_refused},
        listing::each,
        port::Result,
    },
};

const PATH: &str = "/Tickets";
/// The vendor's own limit for a page of tickets.
const PAGE: usize = 100;
/// The largest id there can be: no tenant has got so far.
const NO_ASSET: i64 = i32::MAX as i64;

/// Assets, each with a ticket that it stands in.
type Named = Vec<(i64, Link)>;
type Tickets = BTreeMap<i64, wire::Ticket>;

/// One question about a link.
enum Ask {
    /// Which of these assets of its client stand in it?
    Ticket(wire::Ticket, Arc<[i64]>),
    /// Which of its client's open tickets does it stand in?
    Asset(i64, Arc<Tickets>),
}

pub async fn read_tickets(psa: &HaloPsa, scope: &Scope<'_>) -> (Found, Signs) {
    let (list, whole) = (open(), List::new("ticket", PATH, "tickets"));
    let quirk = Quirk::TicketsOfOneClientOnly;
    let client_of = |row: &wire::Ticket| row.client_id;
    let listing = of_clients(psa, &list, &whole, quirk, &scope.clients, client_of).await;
    let listing = match listing {
        Ok(listing) => listing,
        Err(error) => return (Found::failed(&error), Signs::unread("tickets", &error)),
    };
    let mut by_client: BTreeMap<i64, Tickets> = BTreeMap::new();
    // A filter that is ignored must not make closed tickets open ones.
    for ticket in listing.into_rows().into_iter().filter(is_open) {
        if let (Some(client), Some(id)) = (ticket.client_id, ticket.id) {
            by_client.entry(client).or_default().insert(id, ticket);
        }
    }
    let signs = by_client
        .iter()
        .map(|(client, tickets)| (*client, vec![SignOfLife::OpenTickets { count: tickets.len() as u64 }]))
        .collect();
    let mut asks = Vec::new();
    for (client, tickets) in by_client {
        let assets: Vec<i64> = scope.of_client(client).map(|(id, _)| id).collect();
        if tickets.len() <= assets.len() {
            let assets: Arc<[i64]> = assets.into();
            let ask = |ticket| (client, Ask::Ticket(ticket, Arc::clone(&assets)));
            asks.extend(tickets.into_values().map(ask));
        } else {
            let tickets = Arc::new(tickets);
            asks.extend(assets.into_iter().map(|asset| (client, Ask::Asset(asset, Arc::clone(&tickets)))));
        }
    }
    let wanted = scope.assets();
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let readings: Vec<(i64, Result<Named>)> = stream::iter(asks.into_iter().enumerate())
        .map(|(at, (client, ask))| {
            let refused = &refused;
            async move { (client, once_refused(refused, at, answer(psa, ask)).await) }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut found = Found::default();
    for (client, reading) in readings {
        match reading {
            Ok(links) => {
                for (asset, link) in links.into_iter().filter(|(asset, _)| wanted.contains(asset)) {
                    found.add(asset, link);
                }
            }
            Err(error) => {
                found.unknown.entry(client).or_insert_with(|| one_line(&format!("tickets: {error}"), 300));
            }
        }
    }
    (found, Signs::Read(signs))
}

fn open() -> List {
    List { page: PAGE, ..List::new("ticket", PATH, "tickets") }.with("open_only", &true).with("order", &"id")
}

fn is_open(ticket: &wire::Ticket) -> bool {
    ticket.hasbeenclosed != Some(true) || day(ticket.dateclosed.as_ref()).is_none()
}

async fn answer(psa: &HaloPsa, ask: Ask) -> Result<Named> {
    match ask {
        Ask::Ticket(ticket, ours) => {
            let id = ticket.id.unwrap_or_default();
            let named = match assets(psa, id).await {
                Ok(Some(assets)) => assets,
                Ok(None) | Err(PsaError::Refused { status: 404, .. }) => by_asset(psa, id, &ours).await?,
                Err(error) => return Err(error),
            };
            Ok(named.into_iter().map(|asset| (asset, link(&ticket))).collect())
        }
        Ask::Asset(asset, known) => {
            let list = open().with("asset_id", &asset);
            let belongs = |row: &wire::Ticket| row.id.is_some_and(|id| known.contains_key(&id));
            match psa.api.proven_list(&list, &belongs, None).await {
                Ok(rows) if rows.rows().len() < known.len() || known.len() == 1 => {
                    Ok(rows.rows().iter().map(|row| (asset, link(row))).collect())
                }
                Ok(_) | Err(PsaError::Incomplete(Incomplete::Foreign { .. })) => {
                    each_checked(psa, asset, &known).await
                }
                Err(error) => Err(error),
            }
        }
    }
}

/// Tickets of others, or an asset that stands in every open ticket: that is as likely a filter that is not looked at: the tickets are asked.
async fn each_checked(psa: &HaloPsa, asset: i64, known: &Tickets) -> Result<Named> {
    let mut links = Vec::new();
    for (id, ticket) in known {
        let Some(named) = assets(psa, *id).await? else { return Err(untold(*id)) };
        if named.contains(&asset) {
            links.push((asset, link(ticket)));
        }
    }
    Ok(links)
}

/// Which of these assets stand in a ticket whose record does not tell: the list is asked for each of them. An asset
/// that there cannot be shows whether that filter is looked at.
async fn by_asset(psa: &HaloPsa, ticket: i64, assets: &[i64]) -> Result<BTreeSet<i64>> {
    let stands_in = |asset: i64| async move {
        let list = open().with("asset_id", &asset);
        let rows = psa.api.proven_list(&list, &|_: &wire::Ticket| true, None).await?;
        Ok::<_, PsaError>(rows.rows().iter().any(|row| row.id == Some(ticket)).then_some(asset))
    };
    if stands_in(NO_ASSET).await?.is_some() {
        return Err(untold(ticket));
    }
    let found = each(assets.to_vec(), AT_ONCE, stands_in).await?;
    Ok(found.into_iter().flatten().collect())
}

fn untold(ticket: i64) -> PsaError {
    let message = format!("ticket {ticket} does not tell its assets, and the list cannot be asked by asset");
    PsaError::Unreadable { message }
}

/// The assets that stand in a ticket; `None` if its record does not tell.
async fn assets(psa: &HaloPsa, ticket: i64) -> Result<Option<BTreeSet<i64>>> {
    let record: wire::Ticket =
        psa.api.object(&format!("{PATH}/{ticket}"), &[("includedetails", "true")]).await?;
    if record.id != Some(ticket) {
        return Err(PsaError::Unreadable { message: format!("another record came for ticket {ticket}") });
    }
    Ok(record.assets.map(|assets| assets.iter().filter_map(|asset| asset.id).collect()))
}

fn link(ticket: &wire::Ticket) -> Link {
    let id = ticket.id.unwrap_or_default();
    let name = filled(ticket.summary.as_ref()).map_or_else(|| format!("#{id}"), ToOwned::to_owned);
    let detail = filled(ticket.status_name.as_ref()).map(ToOwned::to_owned);
    Link { id: id.to_string(), name, detail, record_url: None }
}
