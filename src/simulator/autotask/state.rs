//! What is stored: the records of one tenant, and the log of how they changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    entities::{self, Entity},
    records::Record,
    switches::Switches,
};
use crate::simulator::{
    deliver::Delivery,
    log::{Write, differences},
};

/// Fields that every save touches; they are no change of their own.
const UNTOLD: &[&str] = &[
    "lastModifiedTime",
    "lastActivityPersonID",
    "lastActivityPersonType",
    "lastTrackedModifiedDateTime",
    "lastActivityDate",
    "lastModifiedDateTime",
];

/// One value of a picklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    pub value: i64,
    pub label: String,
    pub active: bool,
    /// The same in every tenant.
    pub system: bool,
}

/// What a user-defined field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UdfKind {
    Text,
    Date,
    List,
}

/// A user-defined field, as an administrator set it up.
#[derive(Debug, Clone, PartialEq)]
pub struct Udf {
    pub id: i64,
    /// The entity's path.
    pub entity: &'static str,
    pub name: String,
    pub kind: UdfKind,
    pub required: bool,
    /// Rows show it masked.
    pub protected: bool,
    /// Stored value, label, and whether it can still be chosen.
    pub list: Vec<(String, String, bool)>,
}

/// One tenant.
#[derive(Debug, Clone)]
pub struct State {
    pub switches: Switches,
    /// The site's root.
    pub(super) base: String,
    tables: BTreeMap<&'static str, BTreeMap<i64, Record>>,
    pub(super) by_company: HashMap<i64, BTreeSet<i64>>,
    pub(super) picklists: BTreeMap<(&'static str, &'static str), Vec<Pick>>,
    pub(super) udfs: Vec<Udf>,
    /// Contacts, and whether they are active.
    pub(super) contacts: BTreeMap<i64, bool>,
    /// What the generator made each company.
    pub(super) roles: BTreeMap<i64, &'static str>,
    /// Configuration items that no save gets through, with the texts.
    pub(super) refusals: BTreeMap<i64, Vec<String>>,
    /// Records whose first PATCH was taken back.
    pub(super) taken_back: BTreeSet<i64>,
    pub(super) deliveries: Vec<Delivery>,
    /// Callouts so far, by webhook.
    pub(super) sequence: BTreeMap<i64, u64>,
    writes: Vec<Write>,
    pub(super) touched: BTreeMap<(&'static str, i64), Option<Record>>,
}

/// Times are kept to the millisecond.
pub(super) fn millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// What a kind of record is called in the log.
fn word(entity: &Entity) -> &'static str {
    match entity.path {
        "ConfigurationItems" => "configuration",
        "Companies" => "company",
        "Contracts" => "contract",
        "Tickets" => "ticket",
        "ConfigurationItemNotes" | "TicketNotes" => "note",
        _ => entity.name,
    }
}

impl State {
    pub(super) fn empty(switches: Switches, base: &str) -> Self {
        Self {
            switches,
            base: base.to_owned(),
            tables: entities::entities().iter().map(|entity| (entity.path, BTreeMap::new())).collect(),
            by_company: HashMap::new(),
            picklists: BTreeMap::new(),
            udfs: Vec::new(),
            contacts: BTreeMap::new(),
            roles: BTreeMap::new(),
            refusals: BTreeMap::new(),
            taken_back: BTreeSet::new(),
            deliveries: Vec::new(),
            sequence: BTreeMap::new(),
            writes: Vec::new(),
            touched: BTreeMap::new(),
        }
    }

    /// The records of an entity, by id.
    pub(super) fn table(&self, path: &str) -> &BTreeMap<i64, Record> {
        static NONE: BTreeMap<i64, Record> = BTreeMap::new();
        self.tables.get(path).unwrap_or(&NONE)
    }

    pub fn record(&self, path: &str, id: i64) -> Option<&Record> {
        self.table(path).get(&id)
    }

    pub(super) fn stored_mut(&mut self, path: &str, id: i64) -> Option<&mut Record> {
        self.tables.get_mut(path).and_then(|rows| rows.get_mut(&id))
    }

    /// Puts a record in its place, without the log.
    pub(super) fn put(&mut self, path: &'static str, record: Record) {
        if path == "ConfigurationItems" {
            self.unplace(record.id);
            if let Some(company) = record.number("companyID") {
                self.by_company.entry(company).or_default().insert(record.id);
            }
        }
        self.tables.entry(path).or_default().insert(record.id, record);
    }

    pub(super) fn take(&mut self, path: &str, id: i64) -> Option<Record> {
        if path == "ConfigurationItems" {
            self.unplace(id);
        }
        self.tables.get_mut(path).and_then(|rows| rows.remove(&id))
    }

    fn unplace(&mut self, id: i64) {
        let company = self.record("ConfigurationItems", id).and_then(|row| row.number("companyID"));
        if let Some(ids) = company.and_then(|company| self.by_company.get_mut(&company)) {
            ids.remove(&id);
        }
    }

    pub(super) fn next_id(&self, path: &str) -> i64 {
        self.table(path).keys().next_back().map_or(1, |last| last + 1)
    }

    pub(super) fn picks(&self, entity: &str, field: &str) -> &[Pick] {
        self.picklists
            .iter()
            .find(|((path, name), _)| *path == entity && *name == field)
            .map_or(&[], |(_, picks)| picks.as_slice())
    }

    /// The label of a picklist's value.
    pub(super) fn label(&self, entity: &str, field: &str, value: Option<i64>) -> Option<&str> {
        self.picks(entity, field)
            .iter()
            .find(|pick| Some(pick.value) == value)
            .map(|pick| pick.label.as_str())
    }

    /// The user-defined fields of an entity.
    pub(super) fn udfs_of(&self, path: &str) -> impl Iterator<Item = &Udf> {
        self.udfs.iter().filter(move |udf| udf.entity == path)
    }

    /// The value of a company's or an item's user-defined field, by name.
    pub fn udf(&self, path: &str, id: i64, name: &str) -> Option<&str> {
        let definition = self.udfs_of(path).find(|udf| udf.name.eq_ignore_ascii_case(name))?;
        self.record(path, id)?.udf(definition.id)
    }

    /// What the metadata call an entity.
    pub(super) fn entity_name(&self, entity: &'static Entity) -> &'static str {
        match entity.path {
            "ConfigurationItems" if self.switches.soap_entity_name => "InstalledProduct",
            _ => entity.name,
        }
    }

    /// A record as the log compares it: its fields, and its user-defined ones by name.
    fn compared(&self, entity: &Entity, record: Option<&Record>) -> Map<String, Value> {
        let Some(record) = record else { return Map::new() };
        let mut row = record.whole(entity);
        for udf in self.udfs_of(entity.path) {
            row.insert(format!("userDefinedFields/{}", udf.name), json!(record.udf(udf.id)));
        }
        row
    }

    /// The client that a record belongs to.
    fn client_of(&self, entity: &Entity, record: &Record) -> Option<i64> {
        if entity.path == "Companies" {
            return Some(record.id);
        }
        let by = |field: &str, path: &str| {
            record.number(field).and_then(|id| self.record(path, id)).and_then(|row| row.number("companyID"))
        };
        record
            .number("companyID")
            .or_else(|| by("configurationItemID", "ConfigurationItems"))
            .or_else(|| by("contractID", "Contracts"))
            .or_else(|| by("ticketID", "Tickets"))
    }

    /// The log of changes.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Notes what differs between two states of a record, and tells the webhooks.
    pub(super) fn log(
        &mut self,
        at: Timestamp,
        entity: &'static Entity,
        before: Option<&Record>,
        after: Option<&Record>,
        by: By,
    ) {
        let changes = differences(&self.compared(entity, before), &self.compared(entity, after), UNTOLD);
        let Some(record) = before.or(after).filter(|_| !changes.is_empty()) else { return };
        self.announce(at, entity, before, after, by);
        let client = self.client_of(entity, record).map(|id| id.to_string()).unwrap_or_default();
        self.writes.push(Write {
            seq: self.writes.len() as u64 + 1,
            at,
            record: format!("{}/{}", word(entity), record.id),
            id: record.id.to_string(),
            client,
            changes,
            by_others: by.others,
        });
    }

    /// Stores a record that was changed, with the log.
    pub(super) fn store(&mut self, at: Timestamp, entity: &'static Entity, mut after: Record, by: By) {
        stamp(entity, &mut after, at, by.person);
        let before = self.record(entity.path, after.id).cloned();
        self.put(entity.path, after.clone());
        self.log(at, entity, before.as_ref(), Some(&after), by);
    }

    /// The webhooks that are due.
    pub(crate) fn take_deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }
}

/// Who changes a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    /// The resource.
    pub person: i64,
    /// No client of the API.
    pub others: bool,
}

/// The times that a save leaves behind.
pub(super) fn stamp(entity: &Entity, record: &mut Record, at: Timestamp, person: i64) {
    let later = |record: &Record, field: &str| {
        millisecond(at).max(record.date(field).unwrap_or(Timestamp::MIN)).to_string()
    };
    match entity.path {
        "ConfigurationItems" => {
            record.set("lastModifiedTime", later(record, "lastModifiedTime"));
            record.set("lastActivityPersonID", person);
            record.set("lastActivityPersonType", 1);
        }
        "Companies" => {
            record.set("lastTrackedModifiedDateTime", later(record, "lastTrackedModifiedDateTime"));
        }
        "Contracts" => record.set("lastModifiedDateTime", later(record, "lastModifiedDateTime")),
        _ => {}
    }
}
