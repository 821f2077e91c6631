//! What still hangs on configurations and their companies.
//!
//! The budget, in requests, where `c` is the number of chunks of about 250 companies or configurations:
//! - agreements: 3c, and 2 for each running agreement (what is attached to it, its additions);
//! - tickets: 3c, and one for each open ticket or each configuration, whichever is less for that company;
//! - children: 3c; active child companies: 3c and one list of statuses; RMM: none, the record says it.
//!
//! [`MOST_SINGLE`] bounds what is asked one by one; what is beyond is unknown. Nothing here fails: what cannot be
//! read is unknown, and says why.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::{StreamExt, stream};

use super::{
    CHUNKS_AT_ONCE, ConnectWise, agreements,
    client::Place,
    companies,
    conditions::Condition,
    configurations::PATH as CONFIGURATIONS,
    number,
    paging::{List, Pager},
    wire::{self, filled},
};
use crate::{
    domain::{
        Client, ClientId, ConfigId, Configuration, Lifecycle, Links, Listing, SignOfLife,
        links::{Link, LinkAnswer, LinkKind},
        text::one_line,
    },
    psa::{
        PsaError,
        listing::{chunks, each},
        port::{LinkReading, Result},
    },
};

/// Requests about a single agreement, ticket or configuration in one reading.
const MOST_SINGLE: usize = 2000;
const TICKETS: &str = "/service/tickets";
const TICKET_FIELDS: &str = "id,summary,company/id,status/name,closedFlag";
const CHILD_FIELDS: &str = "id,name,status/id,status/name,company/id,parentConfigurationId,activeFlag";

/// The links of one kind: what was found, and for which companies the reading is not complete.
#[derive(Default)]
struct Found {
    links: BTreeMap<i64, Vec<Link>>,
    /// By company; configurations with a found link keep it.
    unknown: BTreeMap<i64, String>,
    /// Nothing could be read at all.
    failed: Option<String>,
}

impl Found {
    fn failed(error: &PsaError) -> Self {
        Self { failed: Some(one_line(&error.to_string(), 300)), ..Self::default() }
    }

    fn add(&mut self, configuration: i64, link: Link) {
        let links = self.links.entry(configuration).or_default();
        if !links.contains(&link) {
            links.push(link);
        }
    }

    fn answer(&mut self, configuration: i64, company: i64) -> LinkAnswer {
        let found = self.links.remove(&configuration).unwrap_or_default();
        if !found.is_empty() {
            return LinkAnswer::of(found);
        }
        match self.failed.as_ref().or_else(|| self.unknown.get(&company)) {
            Some(why) => LinkAnswer::Unknown { why: why.clone() },
            None => LinkAnswer::None,
        }
    }
}

/// What is asked about: numbers, and who belongs to whom.
struct Scope<'a> {
    configurations: Vec<(i64, i64, &'a Configuration)>,
    companies: Vec<i64>,
    /// Companies whose agreements may carry a configuration: the companies and their parents.
    payers: BTreeMap<i64, BTreeSet<i64>>,
}

impl<'a> Scope<'a> {
    fn of(clients: &[Client], configurations: &'a [Configuration]) -> Self {
        let configurations: Vec<(i64, i64, &Configuration)> = configurations
            .iter()
            .filter_map(|row| Some((number(row.id.as_str())?, number(row.client.as_str())?, row)))
            .collect();
        let mut companies: BTreeSet<i64> = clients.iter().filter_map(|row| number(row.id.as_str())).collect();
        companies.extend(configurations.iter().map(|(_, company, _)| *company));
        let mut payers: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for company in &companies {
            payers.entry(*company).or_default().insert(*company);
        }
        for client in clients {
            let parent = client.parent.as_ref().and_then(|parent| number(parent.as_str()));
            if let (Some(company), Some(parent)) = (number(client.id.as_str()), parent) {
                payers.entry(parent).or_default().insert(company);
            }
        }
        Self { configurations, companies: companies.into_iter().collect(), payers }
    }
}

pub async fn read(psa: &ConnectWise, clients: &[Client], configurations: &[Configuration]) -> LinkReading {
    let place = match psa.api.place().await {
        Ok(place) => place,
        Err(error) => return nothing_read(clients, configurations, &error),
    };
    let scope = Scope::of(clients, configurations);
    let ((mut billing, running), (mut tickets, open), mut children, active_children) = tokio::join!(
        read_billing(psa, &scope),
        read_tickets(psa, &place, &scope),
        read_children(psa, &place, &scope),
        read_child_companies(psa, &place, &scope),
    );
    let mut reading = LinkReading::default();
    for (id, company, configuration) in &scope.configurations {
        let mut links = Links::default();
        *links.get_mut(LinkKind::Billing) = billing.answer(*id, *company);
        *links.get_mut(LinkKind::Tickets) = tickets.answer(*id, *company);
        *links.get_mut(LinkKind::Children) = children.answer(*id, *company);
        *links.get_mut(LinkKind::Rmm) = rmm(configuration);
        reading.links.insert(configuration.id.clone(), links);
    }
    for client in clients {
        let Some(company) = number(client.id.as_str()) else { continue };
        let mut signs = Vec::new();
        signs.extend(running.of(company));
        signs.extend(open.of(company));
        signs.extend(active_children.of(company));
        reading.signs_of_life.insert(client.id.clone(), signs);
    }
    reading
}

fn nothing_read(clients: &[Client], configurations: &[Configuration], error: &PsaError) -> LinkReading {
    let why = one_line(&error.to_string(), 300);
    let sign = || vec![SignOfLife::Unknown { why: why.clone() }];
    LinkReading {
        links: configurations
            .iter()
            .map(|row| (row.id.clone(), Links::unknown(&why)))
            .collect::<BTreeMap<ConfigId, _>>(),
        signs_of_life: clients
            .iter()
            .map(|client| (client.id.clone(), sign()))
            .collect::<BTreeMap<ClientId, _>>(),
    }
}

/// Signs of life of one kind.
enum Signs {
    Read(BTreeMap<i64, Vec<SignOfLife>>),
    Unread(String),
}

impl Signs {
    fn unread(what: &str, error: &PsaError) -> Self {
        Self::Unread(one_line(&format!("{what}: {error}"), 300))
    }

    fn of(&self, company: i64) -> Vec<SignOfLife> {
        match self {
            Self::Read(signs) => signs.get(&company).cloned().unwrap_or_default(),
            Self::Unread(why) => vec![SignOfLife::Unknown { why: why.clone() }],
        }
    }
}

fn rmm(configuration: &Configuration) -> LinkAnswer {
    LinkAnswer::of(
        configuration
            .rmm
            .iter()
            .map(|link| Link {
                id: link.clone(),
                name: host(link).unwrap_or_else(|| one_line(link, 60)),
                detail: None,
                record_url: link.starts_with("https://").then(|| link.clone()),
            })
            .collect(),
    )
}

fn host(link: &str) -> Option<String> {
    Some(crate::http::Url::parse(link).ok()?.host_str()?.to_owned())
}

async fn read_billing(psa: &ConnectWise, scope: &Scope<'_>) -> (Found, Signs) {
    let payers: Vec<i64> = scope.payers.keys().copied().collect();
    let listing = match agreements::list(psa, Some(&payers)).await {
        Ok(listing) => listing,
        Err(error) => return (Found::failed(&error), Signs::unread("agreements", &error)),
    };
    let today = psa.today();
    let running: Vec<wire::Agreement> =
        listing.into_rows().into_iter().filter(|row| agreements::runs(row, today)).collect();
    let mut signs: BTreeMap<i64, Vec<SignOfLife>> = BTreeMap::new();
    let mut found = Found::default();
    let serials: BTreeMap<String, Vec<i64>> = by_serial(scope);
    let wanted: BTreeSet<i64> = scope.configurations.iter().map(|(id, _, _)| *id).collect();
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let readings: Vec<(wire::Agreement, Result<Attached>)> = stream::iter(running.into_iter().enumerate())
        .map(|(at, agreement)| {
            let refused = &refused;
            async move {
                let attached = once_refused(refused, at * 2, attached(psa, &agreement)).await;
                (agreement, attached)
            }
        })
        .buffered(CHUNKS_AT_ONCE)
        .collect()
        .await;
    for (agreement, attached) in readings {
        let (Some(id), Some(company)) = (agreement.id, agreements::of(&agreement)) else { continue };
        let name = title(agreement.name.as_ref(), id);
        let mut detail = agreements::detail(&agreement);
        let link = |detail: Option<String>| Link {
            id: id.to_string(),
            name: name.clone(),
            detail,
            record_url: None,
        };
        match attached {
            Ok(attached) => {
                for configuration in attached.configurations.iter().filter(|id| wanted.contains(id)) {
                    found.add(*configuration, link(Some(detail.clone())));
                }
                for addition in &attached.additions {
                    let serial = filled(addition.serial_number.as_ref()).map(str::to_lowercase);
                    for configuration in serial.and_then(|serial| serials.get(&serial)).into_iter().flatten()
                    {
                        found.add(*configuration, link(Some(addition_detail(addition))));
                    }
                }
                if !attached.additions.is_empty() {
                    let units = crate::domain::text::count(attached.additions.len(), "addition", "additions");
                    detail = format!("{detail}, {units}");
                }
            }
            Err(error) => {
                let why = one_line(&format!("agreement \"{name}\": {error}"), 300);
                for company in scope.payers.get(&company).into_iter().flatten() {
                    found.unknown.entry(*company).or_insert_with(|| why.clone());
                }
            }
        }
        signs.entry(company).or_default().push(SignOfLife::RunningAgreement {
            name,
            detail: Some(detail),
            record_url: None,
        });
    }
    (found, Signs::Read(signs))
}

fn by_serial(scope: &Scope<'_>) -> BTreeMap<String, Vec<i64>> {
    let mut serials: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (id, _, row) in &scope.configurations {
        if let Some(serial) = filled(row.serial.as_ref()) {
            serials.entry(serial.to_lowercase()).or_default().push(*id);
        }
    }
    serials
}

/// What hangs on one agreement.
struct Attached {
    configurations: Vec<i64>,
    additions: Vec<wire::Addition>,
}

async fn attached(psa: &ConnectWise, agreement: &wire::Agreement) -> Result<Attached> {
    let id = agreement.id.unwrap_or_default();
    let list = List::new("configuration", format!("/finance/agreements/{id}/configurations"), "");
    let references: Vec<wire::Reference> = Pager::new(&psa.api, &list, None).all().await?;
    let list = List::new("addition", format!("/finance/agreements/{id}/additions"), "");
    let additions: Vec<wire::Addition> = Pager::new(&psa.api, &list, None).all().await?;
    let today = psa.today();
    let additions = additions
        .into_iter()
        .filter(|row| wire::day(row.cancelled_date.as_ref()).is_none_or(|date| date > today))
        .collect();
    Ok(Attached { configurations: references.iter().filter_map(|row| row.id).collect(), additions })
}

fn addition_detail(addition: &wire::Addition) -> String {
    let product = addition.product.as_ref().and_then(|product| filled(product.identifier.as_ref()));
    let what = product.or(filled(addition.description.as_ref())).unwrap_or("addition");
    match filled(addition.quantity.as_ref()) {
        Some(quantity) => one_line(&format!("{what}, quantity {quantity}"), 120),
        None => one_line(what, 120),
    }
}

async fn read_tickets(psa: &ConnectWise, place: &Place, scope: &Scope<'_>) -> (Found, Signs) {
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
    let status = ticket.status.as_ref().and_then(|status| status.name.clone());
    Link { id: id.to_string(), name: title(ticket.summary.as_ref(), id), detail: status, record_url: None }
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

async fn read_children(psa: &ConnectWise, place: &Place, scope: &Scope<'_>) -> Found {
    let ids: Vec<i64> = scope.configurations.iter().map(|(id, _, _)| *id).collect();
    let room = psa.api.room_for_ids(
        place,
        CONFIGURATIONS,
        CHILD_FIELDS,
        &Condition::one_of("parentConfigurationId", &[]),
    );
    let parts = each(chunks(&ids, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("configuration", CONFIGURATIONS, CHILD_FIELDS)
            .when(Condition::one_of("parentConfigurationId", &chunk));
        let belongs =
            |row: &wire::Configuration| row.parent_configuration_id.is_some_and(|id| asked.contains(&id));
        psa.api.proven_list(&list, &belongs).await
    })
    .await;
    let parts = match parts {
        // The list operator is not proven for this member; asking for all children of the companies is.
        Err(PsaError::Refused { status: 400, .. }) => children_by_company(psa, place, scope).await,
        other => other,
    };
    let rows = match parts {
        Ok(parts) => Listing::joined(parts).into_rows(),
        Err(error) => return Found::failed(&error),
    };
    let statuses = match psa.statuses_for(&rows).await {
        Ok(statuses) => statuses,
        Err(error) => return Found::failed(&error),
    };
    let mut found = Found::default();
    for row in &rows {
        let (Some(id), Some(parent)) = (row.id, row.parent_configuration_id) else { continue };
        let state = statuses.state(row);
        if state.lifecycle() == Lifecycle::Active {
            let detail = state.status_name().map(ToOwned::to_owned);
            let record_url = psa.api.screen(place, "ConfigFV", id);
            found.add(
                parent,
                Link { id: id.to_string(), name: title(row.name.as_ref(), id), detail, record_url },
            );
        }
    }
    found
}

async fn children_by_company(
    psa: &ConnectWise,
    place: &Place,
    scope: &Scope<'_>,
) -> Result<Vec<Listing<wire::Configuration>>> {
    let children = Condition::present("parentConfigurationId");
    let empty = Condition::one_of("company/id", &[]).and(&children);
    let room = psa.api.room_for_ids(place, CONFIGURATIONS, CHILD_FIELDS, &empty);
    let children = &children;
    each(chunks(&scope.companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("configuration", CONFIGURATIONS, CHILD_FIELDS)
            .when(Condition::one_of("company/id", &chunk).and(children));
        let belongs = |row: &wire::Configuration| {
            row.company.as_ref().and_then(|company| company.id).is_some_and(|id| asked.contains(&id))
        };
        psa.api.proven_list(&list, &belongs).await
    })
    .await
}

/// Child companies whose status is not an inactive one.
async fn read_child_companies(psa: &ConnectWise, place: &Place, scope: &Scope<'_>) -> Signs {
    match child_companies(psa, place, scope).await {
        Ok(signs) => Signs::Read(signs),
        Err(error) => Signs::unread("child companies", &error),
    }
}

async fn child_companies(
    psa: &ConnectWise,
    place: &Place,
    scope: &Scope<'_>,
) -> Result<BTreeMap<i64, Vec<SignOfLife>>> {
    let fields = "id,name,status/id,parentCompany/id,deletedFlag";
    let there = Condition::flag("deletedFlag", false);
    let empty = Condition::one_of("parentCompany/id", &[]).and(&there);
    let room = psa.api.room_for_ids(place, companies::PATH, fields, &empty);
    let there = &there;
    let parent_of = |row: &wire::Company| row.parent_company.as_ref().and_then(|parent| parent.id);
    let parts = each(chunks(&scope.companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("company", companies::PATH, fields)
            .when(Condition::one_of("parentCompany/id", &chunk).and(there));
        let belongs = |row: &wire::Company| parent_of(row).is_some_and(|id| asked.contains(&id));
        psa.api.proven_list(&list, &belongs).await
    })
    .await?;
    let rows = Listing::joined(parts).into_rows();
    let mut signs: BTreeMap<i64, Vec<SignOfLife>> = BTreeMap::new();
    if rows.is_empty() {
        return Ok(signs);
    }
    let statuses = psa.company_statuses().await?;
    for row in rows {
        let inactive = row.status.as_ref().and_then(|status| statuses.is_inactive(status.id?));
        if let (Some(parent), Some(id)) = (parent_of(&row), row.id)
            && row.deleted_flag != Some(true)
            && inactive != Some(true)
        {
            let name = title(row.name.as_ref(), id);
            signs.entry(parent).or_default().push(SignOfLife::ActiveChild { name });
        }
    }
    Ok(signs)
}

/// Asks about one thing, unless the same question was already refused for want of rights, or too many were asked.
async fn once_refused<T>(
    refused: &Mutex<Option<String>>,
    at: usize,
    question: impl Future<Output = Result<T>>,
) -> Result<T> {
    let lock = || refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if at >= MOST_SINGLE {
        return Err(PsaError::RateLimited {
            message: format!("more than {MOST_SINGLE} would have to be asked"),
        });
    }
    let before = lock().clone();
    if let Some(message) = before {
        return Err(PsaError::Permission { message });
    }
    let answer = question.await;
    if let Err(PsaError::Permission { message }) = &answer {
        *lock() = Some(message.clone());
    }
    answer
}

fn title(name: Option<&String>, id: i64) -> String {
    ConnectWise::title(name, id)
}
