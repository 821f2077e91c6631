//! Which clients have left, and what they left behind.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::mpsc;

use super::{Engine, EngineError};
use crate::{
    domain::{
        Client, ClientId, Code, ConfigId, Configuration, Criteria, Hold, Listing, Problem, Tenant, Timestamp,
        Wanted,
        client::Offboarded,
        document::Coverage,
        survey::{Survey, SurveyedClient},
        text::{nearest, same_name},
    },
    psa::port::{ClientScope, Clients, News},
    store::Deactivated,
};

/// Which clients a run is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Every client that counts as offboarded.
    All,
    Named {
        ids: Vec<ClientId>,
        names: Vec<String>,
    },
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct Request {
    pub ask: Ask,
    /// Replaces the profile's statuses where not empty.
    pub statuses: Vec<String>,
}

/// What was found, proven complete.
#[derive(Debug, Clone)]
pub struct Discovery {
    pub tenant: Tenant,
    pub wanted: Wanted,
    pub criteria: Criteria,
    pub clients: Vec<Offboarded>,
    /// What was asked for and is not among them, and why.
    pub missing: Vec<SurveyedClient>,
    pub listing: Listing<Configuration>,
    /// What runs of ours set inactive and none restored since.
    pub set_inactive: BTreeMap<ConfigId, Deactivated>,
    /// What persons want kept, as of now.
    pub holds: BTreeMap<ConfigId, Hold>,
    pub coverage: Coverage,
    pub as_of: Timestamp,
}

/// What is told while it goes on.
#[derive(Debug, Clone)]
pub enum Found {
    Tenant(Tenant),
    /// What persons want kept; told before the first page.
    Holds(BTreeMap<ConfigId, Hold>),
    Clients(Vec<Offboarded>),
    Page(Vec<Configuration>),
}

impl Engine {
    /// Finds the clients asked for that count as offboarded, and lists all their configurations.
    pub async fn discover(
        &self,
        request: &Request,
        news: Option<&mpsc::Sender<Found>>,
    ) -> Result<Discovery, EngineError> {
        let tenant = self.psa.tenant().await?;
        self.psa.refresh().await;
        tell(news, Found::Tenant(tenant.clone())).await;
        let holds = self.holds(&tenant).await?;
        tell(news, Found::Holds(holds.clone())).await;
        let wanted = self.psa.wanted(self.profile.status.as_deref()).await?;
        let mut criteria = self.profile.criteria.clone();
        if !request.statuses.is_empty() {
            criteria.statuses.clone_from(&request.statuses);
        }
        let (clients, missing, scanned) = self.find_clients(&request.ask, &criteria).await?;
        tell(news, Found::Clients(clients.clone())).await;

        let ids: Vec<ClientId> = clients.iter().map(|offboarded| offboarded.client.id.clone()).collect();
        let listing = match news {
            None => self.psa.configurations(&ids, None).await?,
            Some(news) => self.list_telling(&ids, news).await?,
        };
        let set_inactive = self.store.deactivated(&tenant).await?;
        let set_inactive =
            set_inactive.into_iter().map(|change| (change.config_id.clone(), change)).collect();
        let as_of = self.now();
        let coverage = Coverage {
            as_of: Some(as_of),
            complete: true,
            clients_scanned: scanned,
            clients_offboarded: clients.len() as u64,
            clients_in_run: clients.len() as u64,
            configurations_read: Survey::tally(listing.rows()),
            ..Coverage::default()
        };
        Ok(Discovery {
            tenant,
            wanted,
            criteria,
            clients,
            missing,
            listing,
            set_inactive,
            holds,
            coverage,
            as_of,
        })
    }

    async fn list_telling(
        &self,
        ids: &[ClientId],
        news: &mpsc::Sender<Found>,
    ) -> Result<Listing<Configuration>, EngineError> {
        let (pages, mut arriving) = mpsc::channel(8);
        let listing = async {
            let news = News::new(pages);
            self.psa.configurations(ids, Some(&news)).await
        };
        let telling = async {
            while let Some(page) = arriving.recv().await {
                tell(Some(news), Found::Page(page)).await;
            }
        };
        let (listing, ()) = tokio::join!(listing, telling);
        Ok(listing?)
    }

    async fn find_clients(
        &self,
        ask: &Ask,
        criteria: &Criteria,
    ) -> Result<(Vec<Offboarded>, Vec<SurveyedClient>, u64), EngineError> {
        let today = self.now().day();
        match ask {
            Ask::All => {
                let Clients { listing, scanned } =
                    self.psa.clients(ClientScope::Candidates, criteria).await?;
                let mut clients: Vec<Offboarded> =
                    listing.rows().iter().filter_map(|client| criteria.judge(client, today)).collect();
                clients.sort_by(|a, b| a.client.id.cmp(&b.client.id));
                Ok((clients, Vec::new(), scanned))
            }
            Ask::Named { ids, names } => {
                // By id the few are asked for; a name can only be found among all.
                let scope = if names.is_empty() { ClientScope::Ids(ids) } else { ClientScope::All };
                let Clients { listing, .. } = self.psa.clients(scope, criteria).await?;
                let mut named = Named { engine: self, rows: listing.rows(), missing: Vec::new() };
                let wanted = named.resolve(ids, names)?;
                let mut missing = named.missing;
                let mut clients = Vec::new();
                for client in wanted {
                    match criteria.judge(client, today) {
                        Some(offboarded) => clients.push(offboarded),
                        None => missing.push(self.not_offboarded(client)),
                    }
                }
                let scanned = (clients.len() + missing.len()) as u64;
                Ok((clients, missing, scanned))
            }
        }
    }

    fn not_offboarded(&self, client: &Client) -> SurveyedClient {
        let why = match &client.own {
            Some(own) => format!("always is protected: {own}"),
            None => format!(
                "does not match the profile's criteria for offboarded. Mark it as offboarded in the PSA, or look at [profiles.{}.offboarded]",
                self.profile.name
            ),
        };
        let message = format!("{} \"{}\" ({}) {why}.", self.psa.nouns().client, client.name, client.id);
        SurveyedClient::missing(
            Some(client.id.clone()),
            Some(client.name.clone()),
            Problem::new(Code::ClientNotOffboarded, message, self.now()),
        )
    }
}

struct Named<'a> {
    engine: &'a Engine,
    rows: &'a [Client],
    missing: Vec<SurveyedClient>,
}

impl<'a> Named<'a> {
    /// The clients meant by ids and names. Given both, they must mean the same clients.
    fn resolve(&mut self, ids: &[ClientId], names: &[String]) -> Result<Vec<&'a Client>, EngineError> {
        let by_id: Vec<&Client> = ids.iter().filter_map(|id| self.by_id(id)).collect();
        let by_name: Vec<&Client> = names.iter().filter_map(|name| self.by_name(name, ids)).collect();
        let set = |clients: &[&Client]| -> BTreeSet<ClientId> {
            clients.iter().map(|client| client.id.clone()).collect()
        };
        let (ids_found, names_found) = (set(&by_id), set(&by_name));
        let differ = ids_found != names_found || !self.missing.is_empty();
        if !ids.is_empty() && !names.is_empty() && differ {
            let list = |clients: &[&Client]| {
                if clients.is_empty() {
                    return "unknown".to_owned();
                }
                clients
                    .iter()
                    .map(|client| format!("\"{}\" ({})", client.name, client.id))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let missing: Vec<&str> = self
                .missing
                .iter()
                .flat_map(|client| &client.problems)
                .map(|problem| problem.message.as_str())
                .collect();
            return Err(EngineError::Usage(format!(
                "--client-id and --client-name do not mean the same {}: the id is {}, the name is {}. {} Give one of them.",
                self.engine.psa.nouns().client,
                list(&by_id),
                list(&by_name),
                missing.join(" ")
            )));
        }
        let mut seen = BTreeSet::new();
        Ok(by_id.into_iter().chain(by_name).filter(|client| seen.insert(client.id.clone())).collect())
    }

    fn by_id(&mut self, id: &ClientId) -> Option<&'a Client> {
        let found = self.rows.iter().find(|client| client.id == *id);
        if found.is_none() {
            let message = format!(
                "There is no {} with id {id}, or this API account may not see it.",
                self.engine.psa.nouns().client
            );
            self.miss(Some(id.clone()), None, Code::ClientNotFound, message);
        }
        found
    }

    /// The client with this name. Of several with the same name those are meant whose ids were given, too.
    fn by_name(&mut self, name: &str, ids: &[ClientId]) -> Option<&'a Client> {
        let mut matching: Vec<&Client> =
            self.rows.iter().filter(|client| same_name(&client.name, name)).collect();
        if let [given] =
            matching.iter().copied().filter(|client| ids.contains(&client.id)).collect::<Vec<_>>()[..]
        {
            matching = vec![given];
        }
        let noun = self.engine.psa.nouns();
        match matching.as_slice() {
            [one] => Some(one),
            [] => {
                let near = nearest(name, self.rows.iter().map(|client| client.name.as_str()));
                let hint = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
                let message = format!("There is no {} named \"{name}\".{hint}", noun.client);
                self.miss(None, Some(name.to_owned()), Code::ClientNotFound, message);
                None
            }
            several => {
                let list: Vec<String> =
                    several.iter().map(|client| format!("\"{}\" (id {})", client.name, client.id)).collect();
                let message = format!(
                    "{} {} are named \"{name}\": {}. Use --client-id.",
                    several.len(),
                    noun.clients,
                    list.join(", ")
                );
                self.miss(None, Some(name.to_owned()), Code::AmbiguousClient, message);
                None
            }
        }
    }

    fn miss(&mut self, id: Option<ClientId>, name: Option<String>, code: Code, message: String) {
        let problem = Problem::new(code, message, self.engine.now());
        self.missing.push(SurveyedClient::missing(id, name, problem));
    }
}

async fn tell(news: Option<&mpsc::Sender<Found>>, found: Found) {
    if let Some(news) = news {
        // Nobody listening any more is no reason to stop.
        let _ = news.send(found).await;
    }
}
