//! What still hangs on configurations and their companies.
//!
//! The budget, in requests, where `c` is the number of chunks of about 250 companies or configurations:
//! - agreements: 3c, and 2 for each running agreement (what is attached to it, its additions);
//! - tickets: 3c, and one for each open ticket or each configuration, whichever is less for that company;
//! - children: 3c; active child companies: 3c and one list of statuses; RMM: none, the record says it.
//!
//! [`crate::psa::linking::MOST_SINGLE`] bounds what is asked one by one; what is beyond is unknown. Nothing here fails: what cannot be
//! read is unknown, and says why.

mod billing;
mod children;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use super::{ConnectWise, number};
use crate::{
    domain::{
        Client, Configuration, Links,
        links::{Link, LinkAnswer, LinkKind},
        text::one_line,
    },
    psa::{
        linking::{Found, Signs, nothing_read, once_refused},
        port::LinkReading,
    },
};

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
        billing::read_billing(psa, &scope),
        tickets::read_tickets(psa, &place, &scope),
        children::read_children(psa, &place, &scope),
        children::read_child_companies(psa, &place, &scope),
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

fn rmm(configuration: &Configuration) -> LinkAnswer {
    LinkAnswer::of(
        configuration
            .rmm
            .iter()
            .map(|link| Link {
                id: link.to_string(),
                name: host(link).unwrap_or_else(|| one_line(link, 60)),
                detail: None,
                record_url: link.starts_with("https://").then(|| link.to_string()),
            })
            .collect(),
    )
}

fn host(link: &str) -> Option<String> {
    Some(crate::http::Url::parse(link).ok()?.host_str()?.to_owned())
}

fn title(name: Option<&str>, id: i64) -> String {
    ConnectWise::title(name, id)
}
