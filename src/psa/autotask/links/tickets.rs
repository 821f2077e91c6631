//! Open tickets, and the configuration items that they name: one in the ticket itself, others beside it.

use std::collections::BTreeMap;

use super::{
    super::{Autotask, filter::Filter, paging::List, setup::Picklists, wire},
    Scope, title,
};
use crate::{
    domain::{SignOfLife, links::Link, text::one_line},
    psa::{
        lenient::filled,
        linking::{Found, Signs},
        port::Result,
    },
};

const ENTITY: &str = "Tickets";
const ADDITIONAL: &str = "TicketAdditionalConfigurationItems";
const FIELDS: &[&str] =
    &["id", "companyID", "configurationItemID", "ticketNumber", "title", "status", "completedDate"];
/// What the status of a ticket that is done is called; it is one of the system's own.
const DONE: &[&str] = &["complete", "completed", "closed"];

pub async fn read_tickets(psa: &Autotask, scope: &Scope<'_>) -> (Found, Signs) {
    let (tickets, statuses) = match open_tickets(psa, &scope.companies).await {
        Ok(read) => read,
        Err(error) => return (Found::failed(&error), Signs::unread("tickets", &error)),
    };
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for company in tickets.iter().filter_map(|ticket| ticket.company) {
        *counts.entry(company).or_default() += 1;
    }
    let signs = counts
        .into_iter()
        .map(|(company, count)| (company, vec![SignOfLife::OpenTickets { count }]))
        .collect();
    let beside = additional(psa, &tickets).await;
    let mut found = match &beside {
        Ok(_) => Found::default(),
        Err(error) => Found::failed(error),
    };
    let by_id: BTreeMap<i64, &wire::Ticket> =
        tickets.iter().filter_map(|ticket| Some((ticket.id?, ticket))).collect();
    let own = tickets.iter().filter_map(|ticket| Some((ticket.configuration?, ticket)));
    let others =
        beside.iter().flatten().filter_map(|row| Some((row.configuration?, *by_id.get(&row.ticket?)?)));
    for (configuration, ticket) in own.chain(others) {
        found.add(configuration, link(ticket, &statuses));
    }
    (found, Signs::Read(signs))
}

fn link(ticket: &wire::Ticket, statuses: &Picklists) -> Link {
    let id = ticket.id.unwrap_or_default();
    let title = title(ticket.title.as_deref(), id);
    let name = match filled(ticket.ticket_number.as_ref()) {
        Some(number) => one_line(&format!("{number} {title}"), 200),
        None => title,
    };
    let detail = statuses.label("status", ticket.status).map(ToOwned::to_owned);
    Link { id: id.to_string(), name, detail, record_url: None }
}

/// The tickets of these companies that are not done.
async fn open_tickets(
    psa: &Autotask,
    companies: &[i64],
) -> Result<(Vec<wire::Ticket>, std::sync::Arc<Picklists>)> {
    let statuses = psa.picklists(ENTITY).await?;
    let done = statuses.labelled("status", DONE);
    let open = done
        .iter()
        .map(|status| Filter::is_not("status", *status))
        .reduce(|one, other| one.and(&other))
        // Where no status says so, the day of completion does.
        .unwrap_or_else(|| Filter::missing("completedDate"));
    let list = List::all("ticket", ENTITY, FIELDS).when(open);
    let rows: Vec<wire::Ticket> =
        psa.api.proven_of(&list, "companyID", companies, |row: &wire::Ticket| row.company).await?;
    let is_open = |row: &wire::Ticket| match row.status {
        Some(status) if !done.is_empty() => !done.contains(&status),
        _ => filled(row.completed_date.as_ref()).is_none(),
    };
    Ok((rows.into_iter().filter(is_open).collect(), statuses))
}

/// The items that open tickets name besides.
async fn additional(psa: &Autotask, tickets: &[wire::Ticket]) -> Result<Vec<wire::AdditionalItem>> {
    let ids: Vec<i64> = tickets.iter().filter_map(|ticket| ticket.id).collect();
    let list = List::all("ticket's item", ADDITIONAL, &["id", "ticketID", "configurationItemID"]);
    psa.api.proven_of(&list, "ticketID", &ids, |row: &wire::AdditionalItem| row.ticket).await
}
