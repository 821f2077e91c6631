//! What still hangs on configuration items and their companies.
//!
//! The budget, in requests, where `c` is the number of chunks of 200 companies or configuration items, and a list
//! longer than 500 rows takes one more for each 500:
//! - billing: the items once more, c; the companies' contracts, 3c, and those of payers, 3; contracts, services and
//!   products that items name, one for each 200; billing products and subscriptions, 3c each;
//! - tickets: 3c, and 3 for each 200 open tickets, for the items that they name besides;
//! - children: 3c; active child companies: 3c; RMM: none, the record says it.
//!
//! A contract's link has the contract's number; those of other things say what they are: `subscription/7`.
//!
//! Never one for each item. Nothing here fails: what cannot be read is unknown, and says why.

mod billing;
mod children;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use super::{Autotask, number};
use crate::{
    domain::{
        Client, Configuration, Links, configuration,
        links::{Link, LinkAnswer, LinkKind},
        text::one_line,
    },
    psa::{
        linking::{Signs, nothing_read},
        port::LinkReading,
    },
};

/// What is asked about: numbers, and who belongs to whom.
struct Scope<'a> {
    /// Item, company, record.
    items: Vec<(i64, i64, &'a Configuration)>,
    companies: Vec<i64>,
    /// The companies whose contracts may bill for a company: itself and its parent.
    payers: BTreeMap<i64, BTreeSet<i64>>,
}

impl<'a> Scope<'a> {
    fn of(clients: &[Client], configurations: &'a [Configuration]) -> Self {
        let items: Vec<(i64, i64, &Configuration)> = configurations
            .iter()
            .filter_map(|row| Some((number(row.id.as_str())?, number(row.client.as_str())?, row)))
            .collect();
        let mut companies: BTreeSet<i64> = clients.iter().filter_map(|row| number(row.id.as_str())).collect();
        companies.extend(items.iter().map(|(_, company, _)| *company));
        let mut payers: BTreeMap<i64, BTreeSet<i64>> =
            companies.iter().map(|company| (*company, BTreeSet::from([*company]))).collect();
        for client in clients {
            let parent = client.parent.as_ref().and_then(|parent| number(parent.as_str()));
            if let (Some(company), Some(parent)) = (number(client.id.as_str()), parent) {
                payers.entry(company).or_default().insert(parent);
            }
        }
        Self { items, companies: companies.into_iter().collect(), payers }
    }

    fn ids(&self) -> Vec<i64> {
        self.items.iter().map(|(id, _, _)| *id).collect()
    }
}

pub async fn read(psa: &Autotask, clients: &[Client], configurations: &[Configuration]) -> LinkReading {
    if let Err(error) = psa.api.zone().await {
        return nothing_read(clients, configurations, &error);
    }
    let scope = Scope::of(clients, configurations);
    let ((mut billing, running), (mut tickets, open), mut children, active_children) = tokio::join!(
        billing::read_billing(psa, &scope),
        tickets::read_tickets(psa, &scope),
        children::read_children(psa, &scope),
        children::read_child_companies(psa, &scope),
    );
    let mut reading = LinkReading::default();
    for (id, company, configuration) in &scope.items {
        let mut links = Links::default();
        *links.get_mut(LinkKind::Billing) = billing.answer(*id, *company);
        *links.get_mut(LinkKind::Tickets) = tickets.answer(*id, *company);
        *links.get_mut(LinkKind::Children) = children.answer(*id, *company);
        *links.get_mut(LinkKind::Rmm) = rmm(configuration);
        reading.links.insert(configuration.id.clone(), links);
    }
    for client in clients {
        let Some(company) = number(client.id.as_str()) else { continue };
        let signs: [&Signs; 3] = [&running, &open, &active_children];
        let signs = signs.into_iter().flat_map(|signs| signs.of(company)).collect();
        reading.signs_of_life.insert(client.id.clone(), signs);
    }
    reading
}

fn rmm(configuration: &Configuration) -> LinkAnswer {
    let link = configuration.rmm.iter().map(|link| {
        let page = crate::http::Url::parse(link).ok().filter(|url| url.scheme() == "https");
        Link {
            id: link.to_string(),
            name: page
                .as_ref()
                .and_then(|url| url.host_str())
                .map_or_else(|| one_line(link, 60), ToOwned::to_owned),
            detail: None,
            record_url: page.map(|_| link.to_string()),
        }
    });
    LinkAnswer::of(link.collect())
}

fn title(name: Option<&str>, id: i64) -> String {
    configuration::title(name.unwrap_or_default(), &id.into())
}
