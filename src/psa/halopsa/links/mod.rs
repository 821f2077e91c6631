//! What still hangs on assets and their clients.
//!
//! The budget, in requests, for `n` clients with `a` assets:
//! - contracts: the shorter of `n` and the pages of the whole list, and one for each running contract (its assets);
//! - recurring invoices: a page for every 250 of these clients', and one for each that is listed without its lines;
//! - tickets: a page for every 100 open ones, and one for each open ticket or each asset, whichever is less for that
//!   client;
//! - children: a page for every 250 active assets of these clients; RMM: none, the record says it.
//!
//! Where a server does not know a filter for several clients, `n` takes the place of the pages.
//! [`crate::psa::linking::MOST_SINGLE`] bounds what is asked one by one; what is beyond is unknown. Nothing here fails:
//! what cannot be read is unknown, and says why.

mod billing;
mod children;
mod contracts;
mod invoices;
mod tickets;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::{AT_ONCE, HaloPsa, assets::joined, client::Quirk, number, paging::List};
use crate::{
    domain::{
        Client, Configuration, Incomplete, Links, Listing,
        links::{Link, LinkAnswer, LinkKind},
        text::one_line,
    },
    psa::{
        PsaError,
        lenient::Row,
        linking::nothing_read,
        listing::{chunks, each},
        port::{LinkReading, Result},
    },
};

/// What is asked about: numbers, and who belongs to whom.
struct Scope<'a> {
    configurations: Vec<(i64, i64, &'a Configuration)>,
    clients: BTreeSet<i64>,
}

impl<'a> Scope<'a> {
    fn of(clients: &[Client], configurations: &'a [Configuration]) -> Self {
        let configurations: Vec<(i64, i64, &Configuration)> = configurations
            .iter()
            .filter_map(|row| Some((number(row.id.as_str())?, number(row.client.as_str())?, row)))
            .collect();
        let mut clients: BTreeSet<i64> = clients.iter().filter_map(|row| number(row.id.as_str())).collect();
        clients.extend(configurations.iter().map(|(_, client, _)| *client));
        Self { configurations, clients }
    }

    fn assets(&self) -> BTreeSet<i64> {
        self.configurations.iter().map(|(id, _, _)| *id).collect()
    }

    /// The assets of one client.
    fn of_client(&self, client: i64) -> impl Iterator<Item = (i64, &'a Configuration)> + '_ {
        self.configurations.iter().filter(move |(_, of, _)| *of == client).map(|(id, _, row)| (*id, *row))
    }
}

pub async fn read(psa: &HaloPsa, clients: &[Client], configurations: &[Configuration]) -> LinkReading {
    if let Err(error) = psa.api.place().await {
        return nothing_read(clients, configurations, &error);
    }
    let scope = Scope::of(clients, configurations);
    let ((mut billing, running), (mut tickets, open), mut children) = tokio::join!(
        billing::read_billing(psa, &scope),
        tickets::read_tickets(psa, &scope),
        children::read_children(psa, &scope),
    );
    let mut reading = LinkReading::default();
    for (id, client, configuration) in &scope.configurations {
        let mut links = Links::default();
        *links.get_mut(LinkKind::Billing) = billing.answer(*id, *client);
        *links.get_mut(LinkKind::Tickets) = tickets.answer(*id, *client);
        *links.get_mut(LinkKind::Children) = children.answer(*id, *client);
        *links.get_mut(LinkKind::Rmm) = rmm(configuration);
        reading.links.insert(configuration.id.clone(), links);
    }
    for client in clients {
        let Some(number) = number(client.id.as_str()) else { continue };
        let signs = running.of(number).into_iter().chain(open.of(number)).collect();
        reading.signs_of_life.insert(client.id.clone(), signs);
    }
    reading
}

/// The systems that the record says it is known to: they may bring it back.
fn rmm(configuration: &Configuration) -> LinkAnswer {
    let systems = configuration.rmm.iter().flat_map(|systems| systems.split("; "));
    LinkAnswer::of(
        systems
            .map(|system| {
                let (name, id) = system.rsplit_once(' ').unwrap_or((system, ""));
                let page = format!("{name} page");
                let mut pages = configuration.details.iter().filter(|(label, _)| **label == *page);
                Link {
                    id: id.to_owned(),
                    name: one_line(name, 60),
                    detail: None,
                    record_url: pages
                        .find(|(_, page)| page.starts_with("https://"))
                        .map(|(_, page)| page.to_string()),
                }
            })
            .collect(),
    )
}

/// Rows of several clients: by one filter where the server knows it, else client by client. Every row is checked, and
/// nothing at all is believed only if there is something in `whole`.
async fn of_clients<T>(
    psa: &HaloPsa,
    list: &List,
    whole: &List,
    quirk: Quirk,
    clients: &BTreeSet<i64>,
    client_of: fn(&T) -> Option<i64>,
) -> Result<Listing<T>>
where
    T: Row + DeserializeOwned + Clone + Send + Sync,
{
    let listing = filtered(psa, list, quirk, clients, client_of).await?;
    if listing.rows().is_empty() {
        psa.api.may_be_empty(whole).await?;
    }
    Ok(listing)
}

async fn filtered<T>(
    psa: &HaloPsa,
    list: &List,
    quirk: Quirk,
    clients: &BTreeSet<i64>,
    client_of: fn(&T) -> Option<i64>,
) -> Result<Listing<T>>
where
    T: Row + DeserializeOwned + Clone + Send + Sync,
{
    let ids: Vec<i64> = clients.iter().copied().collect();
    if ids.len() > 1 && !psa.api.has(quirk) {
        let room = psa.api.room_for_ids(list.path, &list.clone().with("client_ids", &"").pairs());
        let parts = each(chunks(&ids, room), AT_ONCE, |chunk| async move {
            let list = list.clone().with("client_ids", &joined(&chunk));
            let belongs = |row: &T| client_of(row).is_some_and(|id| chunk.contains(&id));
            psa.api.proven_list(&list, &belongs, None).await
        })
        .await;
        match parts {
            Err(PsaError::Incomplete(Incomplete::Foreign { .. }) | PsaError::Refused { status: 400, .. }) => {
                psa.api.note(quirk);
            }
            parts => return Ok(Listing::joined(parts?)),
        }
    }
    let parts = each(ids, AT_ONCE, |client| async move {
        let list = list.clone().with("client_id", &client);
        psa.api.proven_list(&list, &|row: &T| client_of(row) == Some(client), None).await
    })
    .await?;
    Ok(Listing::joined(parts))
}
