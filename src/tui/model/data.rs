//! What was read: clients and their configurations, indexed so that no key has to walk all rows.

use std::{collections::HashMap, sync::Arc};

use nucleo_matcher::Utf32String;

use super::super::{
    desk::{Hold, Row},
    filter::Haystack,
    natural,
};
use crate::domain::{
    ClientId, ConfigId, Lifecycle, Links, SignOfLife, Tenant, Timestamp, client::Offboarded,
    document::Coverage,
};

/// One configuration with what was prepared once to find and sort it.
#[derive(Debug)]
pub struct Entry {
    pub row: Row,
    pub hay: Haystack,
    pub sort_name: String,
    /// Its client's place in [`Data::clients`].
    pub client: usize,
}

impl Entry {
    pub fn id(&self) -> &ConfigId {
        &self.row.configuration.id
    }

    pub fn may_tick(&self) -> bool {
        self.row.may_be_ticked()
    }

    /// Whether an "all" key may tick it: mixed rows are ticked one by one only.
    pub fn may_tick_in_bulk(&self) -> bool {
        self.may_tick() && self.row.configuration.lifecycle() == Lifecycle::Active
    }
}

/// What is known of a client's links.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LinksState {
    #[default]
    NotRead,
    Reading,
    Read,
    Failed(String),
}

#[derive(Debug)]
pub struct ClientEntry {
    pub offboarded: Offboarded,
    pub hay: Utf32String,
    pub sort_name: String,
    /// Places in [`Data::rows`], in the order of arrival.
    pub rows: Vec<u32>,
    pub tickable: usize,
    /// Those of them that an "all" key may tick.
    pub bulk: usize,
    pub ticked: usize,
    /// Rows that an earlier run set inactive and that are active again.
    pub again: usize,
    pub links: LinksState,
    pub signs_of_life: Vec<SignOfLife>,
}

impl ClientEntry {
    pub fn id(&self) -> &ClientId {
        &self.offboarded.client.id
    }

    /// The name, or `#<id>` where the PSA has none.
    pub fn title(&self) -> String {
        let client = &self.offboarded.client;
        if client.name.trim().is_empty() { format!("#{}", client.id) } else { client.name.clone() }
    }
}

/// What one reading brought.
#[derive(Debug, Default)]
pub struct Data {
    pub tenant: Option<Tenant>,
    pub clients: Vec<ClientEntry>,
    client_at: HashMap<ClientId, usize>,
    pub rows: Vec<Arc<Entry>>,
    pub links: Vec<Links>,
    row_at: HashMap<ConfigId, u32>,
    pub complete: Option<(Timestamp, Coverage)>,
}

impl Data {
    pub fn add_clients(&mut self, clients: Vec<Offboarded>) {
        for offboarded in clients {
            if self.client_at.contains_key(&offboarded.client.id) {
                continue;
            }
            let client = &offboarded.client;
            let identifier = client.identifier.as_deref().unwrap_or("");
            let name: String = client.name.chars().take(300).collect();
            let hay: Utf32String = format!("{name} {identifier} {}", client.id).into();
            let sort_name = natural::key(&client.name);
            self.client_at.insert(client.id.clone(), self.clients.len());
            self.clients.push(ClientEntry {
                offboarded,
                hay,
                sort_name,
                rows: Vec::new(),
                tickable: 0,
                bulk: 0,
                ticked: 0,
                again: 0,
                links: LinksState::default(),
                signs_of_life: Vec::new(),
            });
        }
    }

    /// The same clients, as yet without rows.
    #[must_use]
    pub fn clients_only(&self) -> Self {
        let mut data = Self { tenant: self.tenant.clone(), ..Self::default() };
        data.add_clients(self.clients.iter().map(|client| client.offboarded.clone()).collect());
        data
    }

    /// Adds rows of known clients; says which clients got some. A repeated row replaces nothing.
    pub fn add_rows(&mut self, rows: Vec<Row>) -> Vec<usize> {
        let mut touched = Vec::new();
        for row in rows {
            let Some(client) = self.client_at.get(&row.configuration.client).copied() else { continue };
            if self.row_at.contains_key(&row.configuration.id) {
                continue;
            }
            let at = self.rows.len() as u32;
            self.row_at.insert(row.configuration.id.clone(), at);
            let entry = Entry {
                hay: Haystack::of(&row.configuration),
                sort_name: natural::key(&row.configuration.title()),
                client,
                row,
            };
            let owner = &mut self.clients[client];
            owner.tickable += usize::from(entry.may_tick());
            owner.bulk += usize::from(entry.may_tick_in_bulk());
            owner.again += usize::from(entry.row.again.is_some());
            owner.rows.push(at);
            if touched.last() != Some(&client) {
                touched.push(client);
            }
            self.rows.push(Arc::new(entry));
            self.links.push(Links::default());
        }
        touched
    }

    pub fn client(&self, id: &ClientId) -> Option<usize> {
        self.client_at.get(id).copied()
    }

    pub fn row(&self, id: &ConfigId) -> Option<u32> {
        self.row_at.get(id).copied()
    }

    /// Puts a hold on a row or takes it away, and counts its client anew.
    pub fn set_hold(&mut self, at: u32, hold: Option<Hold>) {
        let old = &self.rows[at as usize];
        let entry = Entry {
            row: Row { hold, ..old.row.clone() },
            hay: old.hay.clone(),
            sort_name: old.sort_name.clone(),
            client: old.client,
        };
        let (before, after) =
            ((old.may_tick(), old.may_tick_in_bulk()), (entry.may_tick(), entry.may_tick_in_bulk()));
        let owner = &mut self.clients[entry.client];
        owner.tickable = owner.tickable + usize::from(after.0) - usize::from(before.0);
        owner.bulk = owner.bulk + usize::from(after.1) - usize::from(before.1);
        self.rows[at as usize] = Arc::new(entry);
    }

    pub fn entry(&self, at: u32) -> &Arc<Entry> {
        &self.rows[at as usize]
    }

    pub fn links_of(&self, at: u32) -> &Links {
        &self.links[at as usize]
    }

    /// Whether an id may be ticked at all.
    pub fn may_tick(&self, id: &ConfigId) -> bool {
        self.row(id).is_some_and(|at| self.entry(at).may_tick())
    }
}
