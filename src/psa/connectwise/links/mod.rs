//! What still hangs on configurations and their companies.
//!
//! The budget, in requests, where `c` is the number of chunks of about 250 companies or configurations:
//! - agreements: 3c, and 2 for each running agreement (what is attached to it, its additions);
//! - tickets: 3c, and one for each open ticket or each configuration, whichever is less for that company;
//! - children: 3c; active child companies: 3c and one list of statuses; RMM: none, the record says it.
//!
//! [`MOST_SINGLE`] bounds what is asked one by one; what is beyond is unknown. Nothing here fails: what cannot be
//! read is unknown, and says why.

mod billing;
mod children;
mod tickets;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use super::{ConnectWise, number};
use crate::{
    domain::{
        Client, ClientId, ConfigId, Configuration, Links, SignOfLife,
        links::{Link, LinkAnswer, LinkKind},
        text::one_line,
    },
    psa::{
        PsaError,
        port::{LinkReading, Result},
    },
};

/// Requests about a single agreement, ticket or configuration in one reading.
const MOST_SINGLE: usize = 2000;

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
