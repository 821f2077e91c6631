//! Open tickets, and the configurations that they name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::{StreamExt, stream};

use super::{
    super::{
        CHUNKS_AT_ONCE, ConnectWise,
        client::Place,
        conditions::Condition,
        paging::{List, Pager},
        wire,
    },
    Found, Scope, Signs, once_refused, title,
};
use crate::{
    domain::{Listing, SignOfLife, links::Link, text::one_line},
    psa::{
        PsaError,
        listing::{chunks, each},
        port::Result,
    },
};

const TICKETS: &str = "/service/tickets";
const TICKET_FIELDS: &str = "id,summary,company/id,status/name,closedFlag";

pub async fn read_tickets(psa: &ConnectWise, place: &Place, scope: &Scope<'_>) -> (Found, Signs) {
    let listing = match open_tickets(psa, place, &scope.companies).await {
        Ok(listing) => listing,
        Err(error) => return (Found::failed(&error), Signs::unread("tickets", &error)),
    };
    let mut by_company: BTreeMap<i64, Vec<wire::Ticket>> = BTreeMap::new();
    for ticket in listing.into_rows() {
        if let Some(company) = ticket.company.as_ref().and_then(|company| company.id) {
            by_company.entry(company).or_default().push(ticket);
        }
    }
    let signs = by_company
        .iter()
        .map(|(company, tickets)| (*company, vec![SignOfLife::OpenTickets { count: tickets.len() as u64 }]))
        .collect();
    let mut configurations: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (id, company, _) in &scope.configurations {
        configurations.entry(*company).or_default().push(*id);
    }
    let mut asks = Vec::new();
    let mut backwards = Vec::new();
    for (company, ids) in &configurations {
        let tickets = by_company.remove(company).unwrap_or_default();
        if tickets.len() <= ids.len() {
            asks.extend(tickets.into_iter().map(|ticket| (*company, ticket)));
        } else {
            backwards.push((*company, ids.clone(), tickets));
        }
    }
    let mut found = Found::default();
    asks.extend(look_backwards(psa, backwards, &mut found).await);
    let wanted: BTreeSet<i64> = scope.configurations.iter().map(|(id, _, _)| *id).collect();
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let readings: Vec<(i64, wire::Ticket, Result<Vec<i64>>)> = stream::iter(asks.into_iter().enumerate())
        .map(|(at, (company, ticket))| {
            let refused = &refused;
            async move {
                let named = once_refused(refused, at, named_by(psa, &ticket)).await;
                (company, ticket, named)
            }
        })
        .buffered(CHUNKS_AT_ONCE)
        .collect()
        .await;
    for (company, ticket, named) in readings {
        match named {
            Ok(ids) => {
                for id in ids.into_iter().filter(|id| wanted.contains(id)) {
                    found.add(id, ticket_link(&ticket));
                }
            }
            Err(error) => {
                let why = one_line(&format!("ticket #{}: {error}", ticket.id.unwrap_or_default()), 300);
                found.unknown.entry(company).or_insert(why);
            }
        }
    }
    (found, Signs::Read(signs))
}

/// For companies with more open tickets than configurations: asks by configuration. Returns the tickets that must be
/// asked one by one after all, because this tenant does not filter tickets so.
async fn look_backwards(
    psa: &ConnectWise,
    companies: Vec<(i64, Vec<i64>, Vec<wire::Ticket>)>,
    found: &mut Found,
) -> Vec<(i64, wire::Ticket)> {
    let mut left = Vec::new();
    let mut works = true;
    let mut asked = 0;
    for (company, ids, tickets) in companies {
        if !works {
            left.extend(tickets.into_iter().map(|ticket| (company, ticket)));
            continue;
        }
        let refused: Mutex<Option<String>> = Mutex::new(None);
        let readings: Vec<(i64, Result<Vec<wire::Ticket>>)> = stream::iter(ids)
            .map(|id| {
                let refused = &refused;
                asked += 1;
                let at = asked;
                async move { (id, once_refused(refused, at, tickets_of(psa, id)).await) }
            })
            .buffered(CHUNKS_AT_ONCE)
            .collect()
            .await;
        if readings.iter().any(|(_, reading)| matches!(reading, Err(PsaError::Refused { status: 400, .. }))) {
            works = false;
            left.extend(tickets.into_iter().map(|ticket| (company, ticket)));
            continue;
        }
        for (id, reading) in readings {
            match reading {
                Ok(tickets) => tickets.iter().for_each(|ticket| found.add(id, ticket_link(ticket))),
                Err(error) => {
                    let why = one_line(&format!("tickets of #{id}: {error}"), 300);
                    found.unknown.entry(company).or_insert(why);
                }
            }
        }
    }
    left
}

fn ticket_link(ticket: &wire::Ticket) -> Link {
    let id = ticket.id.unwrap_or_default();
    let status = ticket.status.as_ref().and_then(|status| Some(status.name.as_ref()?.to_string()));
    Link { id: id.to_string(), name: title(ticket.summary.as_deref(), id), detail: status, record_url: None }
}

async fn open_tickets(psa: &ConnectWise, place: &Place, companies: &[i64]) -> Result<Listing<wire::Ticket>> {
    let open = Condition::flag("closedFlag", false);
    let empty = Condition::one_of("company/id", &[]).and(&open);
    let room = psa.api.room_for_ids(place, TICKETS, TICKET_FIELDS, &empty);
    let open = &open;
    let parts = each(chunks(companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("ticket", TICKETS, TICKET_FIELDS)
            .when(Condition::one_of("company/id", &chunk).and(open));
        let belongs = |row: &wire::Ticket| {
            row.company.as_ref().and_then(|company| company.id).is_some_and(|id| asked.contains(&id))
        };
        psa.api.proven_list(&list, &belongs).await
    })
    .await?;
    Ok(Listing::joined(parts).narrowed(|row: &wire::Ticket| row.closed_flag != Some(true)))
}

/// The configurations that a ticket names.
async fn named_by(psa: &ConnectWise, ticket: &wire::Ticket) -> Result<Vec<i64>> {
    let id = ticket.id.unwrap_or_default();
    let list = List::new("configuration", format!("{TICKETS}/{id}/configurations"), "");
    let rows: Vec<wire::Reference> = Pager::new(&psa.api, &list, None).all().await?;
    Ok(rows.iter().filter_map(|row| row.id).collect())
}

/// The open tickets that name a configuration.
async fn tickets_of(psa: &ConnectWise, configuration: i64) -> Result<Vec<wire::Ticket>> {
    let condition =
        Condition::id("configuration/id", configuration).and(&Condition::flag("closedFlag", false));
    let list = List::new("ticket", TICKETS, TICKET_FIELDS).when(condition);
    let rows: Vec<wire::Ticket> = Pager::new(&psa.api, &list, None).all().await?;
    Ok(rows.into_iter().filter(|row| row.closed_flag != Some(true)).collect())
}
