//! What arrives from the engine while it reads, as rows that say what a person must know before ticking them.

use std::collections::BTreeMap;

use crate::{
    domain::{
        Client, ClientId, ConfigId, Configuration, Hold, Label, Tenant, Wanted,
        client::Offboarded,
        selection::{Scope, Sieve, Verdict},
    },
    engine::{Engine, discover::Found},
    store::Deactivated,
    tui::desk::{Again, LoadNews, Row},
};

pub(super) struct Rows<'a> {
    engine: &'a Engine,
    clients: BTreeMap<ClientId, Client>,
    holds: BTreeMap<ConfigId, Hold>,
    /// What runs of ours set inactive and none restored since.
    set_inactive: BTreeMap<ConfigId, Deactivated>,
    wanted: Wanted,
}

impl<'a> Rows<'a> {
    pub fn new(engine: &'a Engine) -> Self {
        Self {
            engine,
            clients: BTreeMap::new(),
            holds: BTreeMap::new(),
            set_inactive: BTreeMap::new(),
            wanted: Wanted::inactive(None),
        }
    }

    /// `None` for what the screen need not know by itself.
    pub async fn news(&mut self, found: Found) -> Option<LoadNews> {
        Some(match found {
            Found::Holds(holds) => {
                self.holds = holds;
                return None;
            }
            Found::Tenant(tenant) => {
                self.set_inactive = self.ours(&tenant).await;
                LoadNews::Tenant(tenant)
            }
            Found::Clients(clients) => {
                self.clients = clients
                    .iter()
                    .map(|Offboarded { client, .. }| (client.id.clone(), client.clone()))
                    .collect();
                LoadNews::Clients(clients)
            }
            Found::Page(page) => {
                LoadNews::Rows(page.into_iter().map(|configuration| self.row(configuration)).collect())
            }
        })
    }

    async fn ours(&self, tenant: &Tenant) -> BTreeMap<ConfigId, Deactivated> {
        match self.engine.store.deactivated(tenant).await {
            Ok(changes) => changes.into_iter().map(|change| (change.config_id.clone(), change)).collect(),
            Err(error) => {
                tracing::warn!(%error, "what earlier runs set inactive is not marked in this list");
                BTreeMap::new()
            }
        }
    }

    /// Rows of a proven listing.
    pub fn of(&self, listing: &[Configuration]) -> Vec<Row> {
        listing.iter().cloned().map(|configuration| self.row(configuration)).collect()
    }

    fn row(&self, configuration: Configuration) -> Row {
        let again = self
            .set_inactive
            .get(&configuration.id)
            .filter(|_| configuration.state.active)
            .map(|change| Again { run: change.run.clone(), at: change.at });
        Row {
            locked: self.locked(&configuration),
            hold: self.holds.get(&configuration.id).map(|hold| Box::new(hold.into())),
            again: again.map(Box::new),
            configuration,
        }
    }

    /// The rule that keeps it. Holds are told on their own: they can be taken away.
    fn locked(&self, configuration: &Configuration) -> Option<Label> {
        let scope = Scope { include_mixed: true, include_archived: true, ..Scope::default() };
        let sieve = Sieve {
            scope: &scope,
            protection: &self.engine.profile.protection,
            wanted: &self.wanted,
            holds: &BTreeMap::new(),
        };
        let Some(client) = self.clients.get(&configuration.client) else {
            return Some("its client is not in this list".into());
        };
        match sieve.judge(configuration, client) {
            Verdict::Offer | Verdict::Hide => None,
            Verdict::Leave { reason, why: None } => Some(reason.words().into()),
            Verdict::Leave { reason, why: Some(why) } => Some(format!("{}: {why}", reason.words()).into()),
        }
    }
}
