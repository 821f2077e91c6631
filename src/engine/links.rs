//! Which links are read, when, and how many requests that may take.
//!
//! Links have a budget of their own, apart from the requests that list, write and verify. An adapter
//! reads them per set of clients, never per configuration where the vendor offers anything better; the
//! engine asks for at most [`CLIENTS_AT_ONCE`] clients in one call and for a client once per
//! [`FRESH_SECONDS`].

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::Mutex;

use super::Engine;
use crate::{
    domain::{Client, ClientId, Configuration, Links, Timestamp, survey::Survey},
    psa::port::LinkReading,
};

/// Clients whose links are asked for in one call of the port.
pub const CLIENTS_AT_ONCE: usize = 50;

/// How long links that were read for the screen are shown before they are read again.
pub const FRESH_SECONDS: f64 = 120.0;

/// Links read a short while ago, by client.
#[derive(Debug, Default)]
pub struct Cache(Mutex<BTreeMap<ClientId, (Timestamp, LinkReading)>>);

impl Cache {
    /// What is known and still fresh at `now`.
    pub async fn fresh(&self, client: &ClientId, now: Timestamp) -> Option<LinkReading> {
        let cache = self.0.lock().await;
        let (read_at, reading) = cache.get(client)?;
        (now.seconds_since(*read_at) < FRESH_SECONDS).then(|| reading.clone())
    }

    pub async fn keep(&self, client: ClientId, now: Timestamp, reading: LinkReading) {
        self.0.lock().await.insert(client, (now, reading));
    }

    /// What is known of one client is read anew the next time.
    pub async fn forget_client(&self, client: &ClientId) {
        self.0.lock().await.remove(client);
    }

    pub async fn forget(&self) {
        self.0.lock().await.clear();
    }
}

impl Engine {
    /// Marks the links of what the survey leaves to go as unknown, and why.
    pub fn forget_links(&self, survey: &mut Survey, why: &str) {
        for found in survey.clients.iter_mut().flat_map(|client| &mut client.found) {
            if found.skip.is_none() {
                found.links = Links::unknown(why);
            }
        }
    }

    /// The links of what the survey leaves to go, and the signs of life of its clients.
    pub async fn read_links(&self, survey: &Survey) -> LinkReading {
        self.links_of(survey, |found| found.skip.is_none()).await
    }

    pub(super) async fn links_of(
        &self,
        survey: &Survey,
        concerns: impl Fn(&crate::domain::survey::Found) -> bool,
    ) -> LinkReading {
        let mut clients: Vec<(Client, Vec<Configuration>)> = Vec::new();
        for surveyed in &survey.clients {
            let Some(offboarded) = &surveyed.offboarded else { continue };
            let rows: Vec<Configuration> = surveyed
                .found
                .iter()
                .filter(|found| concerns(found))
                .map(|found| found.configuration.clone())
                .collect();
            if !rows.is_empty() {
                clients.push((offboarded.client.clone(), rows));
            }
        }
        let mut all = LinkReading::default();
        for group in clients.chunks(CLIENTS_AT_ONCE) {
            let names: Vec<Client> = group.iter().map(|(client, _)| client.clone()).collect();
            let rows: Vec<Configuration> = group.iter().flat_map(|(_, rows)| rows.clone()).collect();
            let reading = self.psa.links(&names, &rows).await;
            all.links.extend(reading.links);
            all.signs_of_life.extend(reading.signs_of_life);
        }
        all
    }

    /// The links of these clients' configurations, from the cache where they are fresh.
    pub async fn links_for_screen(
        &self,
        clients: &[Client],
        configurations: &[Configuration],
        cache: &Cache,
    ) -> LinkReading {
        let now = self.now();
        let mut all = LinkReading::default();
        let mut stale = Vec::new();
        for client in clients {
            match cache.fresh(&client.id, now).await {
                Some(reading) => {
                    all.links.extend(reading.links);
                    all.signs_of_life.extend(reading.signs_of_life);
                }
                None => stale.push(client.clone()),
            }
        }
        for group in stale.chunks(CLIENTS_AT_ONCE) {
            let ids: BTreeSet<&ClientId> = group.iter().map(|client| &client.id).collect();
            let rows: Vec<Configuration> =
                configurations.iter().filter(|row| ids.contains(&row.client)).cloned().collect();
            let reading = self.psa.links(group, &rows).await;
            for client in group {
                let own = LinkReading {
                    links: rows
                        .iter()
                        .filter(|row| row.client == client.id)
                        .filter_map(|row| Some((row.id.clone(), reading.links.get(&row.id)?.clone())))
                        .collect(),
                    signs_of_life: reading
                        .signs_of_life
                        .get(&client.id)
                        .map(|signs| [(client.id.clone(), signs.clone())].into())
                        .unwrap_or_default(),
                };
                cache.keep(client.id.clone(), now, own).await;
            }
            all.links.extend(reading.links);
            all.signs_of_life.extend(reading.signs_of_life);
        }
        all
    }
}
