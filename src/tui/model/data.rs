//! What was read: clients and their configurations, indexed so that no key has to walk all rows.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use nucleo_matcher::Utf32String;

use super::super::{
    desk::{Hold, Row},
    filter::Candidate,
    natural,
    ticks::Ticks,
};
use crate::domain::{
    ClientId, ConfigId, Lifecycle, Links, SignOfLife, Tenant, Timestamp, client::Offboarded,
    document::Coverage, text::count,
};

/// One configuration of a client. Nothing is prepared to find and sort it: there are too many of them.
#[derive(Debug)]
pub struct Entry {
    pub row: Row,
    /// Its client's place in [`Data::clients`].
    pub client: usize,
}

impl Entry {
    /// What it is sorted by unless somebody wants it otherwise.
    pub fn sort_name(&self) -> String {
        natural::key(&self.row.configuration.title())
    }

    /// As a filter looks at it.
    pub fn candidate<'a>(&'a self, links: &'a Links) -> Candidate<'a> {
        Candidate { row: &self.row, links }
    }

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
    /// Another one in the list has the same name.
    pub namesake: bool,
    /// Places in [`Data::rows`], in the order of arrival.
    pub rows: Vec<u32>,
    pub tickable: usize,
    /// Those of them that an "all" key may tick.
    pub bulk: usize,
    pub ticked: usize,
    /// Rows that an earlier run set inactive and that are active again.
    pub again: usize,
    pub links: LinksState,
    /// When its links were read.
    pub links_at: Option<Timestamp>,
    pub signs_of_life: Vec<SignOfLife>,
    /// When it was read again by itself, if that was after all of it was read.
    pub read_at: Option<Timestamp>,
    /// Why it does not belong here any more, if that was found out when it was read again.
    pub gone: Option<String>,
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

    /// What tells it from others of the same name, if there are any.
    pub fn apart(&self) -> Option<String> {
        self.namesake.then(|| format!("#{}", self.id()))
    }
}

/// Rows that may be ticked in bulk and are not ticked, by whether something hangs on them. Unknown is not none.
#[derive(Debug, Default)]
pub struct Unlinked {
    /// Known to hang on nothing.
    pub ids: Vec<ConfigId>,
    pub linked: usize,
    pub unknown: usize,
}

impl Unlinked {
    /// What is told once they are ticked.
    pub fn told(&self) -> String {
        let what = count(self.ids.len(), "configuration without links", "configurations without links");
        let mut parts = vec![format!("Ticked {what}")];
        if self.linked > 0 {
            parts.push(format!("{} still linked", self.linked));
        }
        if self.unknown > 0 {
            parts.push(format!("{} left out, because their links could not be read", self.unknown));
        }
        parts.join("; ")
    }
}

/// What one reading brought.
#[derive(Debug, Default)]
pub struct Data {
    pub tenant: Option<Tenant>,
    pub clients: Vec<ClientEntry>,
    client_at: HashMap<ClientId, usize>,
    /// The first client of each name.
    named: HashMap<String, usize>,
    pub rows: Vec<Arc<Entry>>,
    /// Of each row; those that nobody read share one.
    pub links: Vec<Arc<Links>>,
    /// Labels of the vendor's own fields, in the order in which rows showed them.
    pub labels: Vec<Arc<str>>,
    not_read: Arc<Links>,
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
            let at = self.clients.len();
            let first = *self.named.entry(client.name.trim().to_lowercase()).or_insert(at);
            let namesake = first != at && !client.name.trim().is_empty();
            if namesake {
                self.clients[first].namesake = true;
            }
            self.client_at.insert(client.id.clone(), at);
            self.clients.push(ClientEntry {
                offboarded,
                hay,
                sort_name,
                namesake,
                rows: Vec::new(),
                tickable: 0,
                bulk: 0,
                ticked: 0,
                again: 0,
                links: LinksState::default(),
                links_at: None,
                signs_of_life: Vec::new(),
                read_at: None,
                gone: None,
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
            self.add_row(row, client);
            if touched.last() != Some(&client) {
                touched.push(client);
            }
        }
        touched
    }

    fn add_row(&mut self, row: Row, client: usize) {
        self.note_labels(&row);
        let at = self.rows.len() as u32;
        self.row_at.insert(row.configuration.id.clone(), at);
        let entry = Entry { row, client };
        self.count(&entry, true);
        self.clients[client].rows.push(at);
        self.rows.push(Arc::new(entry));
        self.links.push(Arc::clone(&self.not_read));
    }

    /// Adds a row to the counts of its client, or takes it out of them.
    fn count(&mut self, entry: &Entry, in_it: bool) {
        let owner = &mut self.clients[entry.client];
        let counts = [
            (&mut owner.tickable, entry.may_tick()),
            (&mut owner.bulk, entry.may_tick_in_bulk()),
            (&mut owner.again, entry.row.again.is_some()),
        ];
        for (count, is_one) in counts {
            if is_one {
                *count = if in_it { *count + 1 } else { count.saturating_sub(1) };
            }
        }
    }

    fn note_labels(&mut self, row: &Row) {
        for (at, (label, _)) in row.configuration.details.iter().enumerate() {
            // Rows of one vendor have their fields in the same order, so most are where they are looked for first.
            let there = self.labels.get(at).is_some_and(|known| **known == **label)
                || self.labels.iter().any(|known| **known == **label);
            if !there {
                self.labels.push(label.as_str().into());
            }
        }
    }

    /// Puts what was read again of one client in the place of what is known of it. Places of other rows may change.
    pub fn replace_client(&mut self, client: usize, rows: Vec<Row>, read_at: Timestamp) {
        let before: Vec<ConfigId> =
            self.clients[client].rows.iter().map(|at| self.rows[*at as usize].id().clone()).collect();
        let now: HashSet<&ConfigId> = rows.iter().map(|row| &row.configuration.id).collect();
        let gone: Vec<ConfigId> = before.into_iter().filter(|id| !now.contains(id)).collect();
        for id in gone {
            self.remove_row(&id);
        }
        for row in rows {
            match self.row(&row.configuration.id) {
                Some(at) => self.replace_row(at, row),
                None => self.add_row(row, client),
            }
        }
        let owner = &mut self.clients[client];
        owner.read_at = Some(read_at);
        owner.links = LinksState::NotRead;
        owner.links_at = None;
        owner.signs_of_life.clear();
    }

    fn replace_row(&mut self, at: u32, row: Row) {
        self.note_labels(&row);
        let old = Arc::clone(&self.rows[at as usize]);
        let entry = Entry { row, client: old.client };
        self.count(&old, false);
        self.count(&entry, true);
        self.rows[at as usize] = Arc::new(entry);
        self.links[at as usize] = Arc::clone(&self.not_read);
    }

    /// Takes a row out; the last one moves to its place.
    fn remove_row(&mut self, id: &ConfigId) {
        let Some(at) = self.row_at.remove(id) else { return };
        let entry = Arc::clone(&self.rows[at as usize]);
        self.count(&entry, false);
        self.clients[entry.client].rows.retain(|place| *place != at);
        self.rows.swap_remove(at as usize);
        self.links.swap_remove(at as usize);
        if let Some(moved) = self.rows.get(at as usize) {
            let from = self.rows.len() as u32;
            self.row_at.insert(moved.id().clone(), at);
            for place in &mut self.clients[moved.client].rows {
                if *place == from {
                    *place = at;
                }
            }
        }
    }

    pub fn client(&self, id: &ClientId) -> Option<usize> {
        self.client_at.get(id).copied()
    }

    pub fn row(&self, id: &ConfigId) -> Option<u32> {
        self.row_at.get(id).copied()
    }

    /// Puts a hold on a row or takes it away, and counts its client anew.
    pub fn set_hold(&mut self, at: u32, hold: Option<Hold>) {
        let old = Arc::clone(&self.rows[at as usize]);
        let row = Row { hold: hold.map(Box::new), ..old.row.clone() };
        let entry = Entry { row, client: old.client };
        self.count(&old, false);
        self.count(&entry, true);
        self.rows[at as usize] = Arc::new(entry);
    }

    pub fn entry(&self, at: u32) -> &Arc<Entry> {
        &self.rows[at as usize]
    }

    pub fn links_of(&self, at: u32) -> &Links {
        &self.links[at as usize]
    }

    /// Looks through a client's rows for those without links.
    pub fn find_unlinked(&self, client: &ClientId, ticks: &Ticks, found: &mut Unlinked) {
        let rows = self.client(client).map_or(&[][..], |at| &self.clients[at].rows);
        for at in rows {
            let (entry, links) = (self.entry(*at), self.links_of(*at));
            if !entry.may_tick_in_bulk() || ticks.contains(entry.id()) {
            } else if links.are_none() {
                found.ids.push(entry.id().clone());
            } else if links.linked().next().is_some() {
                found.linked += 1;
            } else {
                found.unknown += 1;
            }
        }
    }

    /// Whether an id may be ticked at all.
    pub fn may_tick(&self, id: &ConfigId) -> bool {
        self.row(id).is_some_and(|at| self.entry(at).may_tick())
    }
}
