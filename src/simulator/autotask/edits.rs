//! What a test may change behind the client's back, inside `Simulator::edit`: as a colleague or an RMM would.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    entities,
    records::Record,
    setup,
    state::{By, State, stamp},
};
use crate::simulator::Edits;

const ITEMS: &str = "ConfigurationItems";
const COMPANIES: &str = "Companies";

impl State {
    pub fn configuration_ids(&self) -> Vec<i64> {
        self.table(ITEMS).keys().copied().collect()
    }

    /// A record of an entity (`"Companies"`), to be changed; the log of writes marks what differs afterwards.
    pub fn record_mut(&mut self, path: &'static str, id: i64) -> Option<&mut Record> {
        self.touch(path, id);
        self.stored_mut(path, id)
    }

    pub fn configuration_mut(&mut self, id: i64) -> Option<&mut Record> {
        self.record_mut(ITEMS, id)
    }

    pub fn company_mut(&mut self, id: i64) -> Option<&mut Record> {
        self.record_mut(COMPANIES, id)
    }

    /// No save of this item gets through from now on; it answers with these texts. None ends that.
    pub fn refuse(&mut self, configuration: i64, texts: &[&str]) {
        if texts.is_empty() {
            self.refusals.remove(&configuration);
        } else {
            self.refusals.insert(configuration, texts.iter().map(|text| (*text).to_owned()).collect());
        }
    }

    /// Sets a user-defined field by name, or empties it.
    pub fn set_udf(&mut self, path: &'static str, id: i64, name: &str, value: Option<&str>) {
        let udf = self.udfs_of(path).find(|udf| udf.name == name).map(|udf| udf.id);
        if let (Some(udf), Some(row)) = (udf, self.record_mut(path, id)) {
            row.set_udf(udf, value.map(ToOwned::to_owned));
        }
    }

    /// An administrator gives a user-defined field another name.
    pub fn rename_udf(&mut self, from: &str, to: &str) {
        for udf in self.udfs.iter_mut().filter(|udf| udf.name == from) {
            to.clone_into(&mut udf.name);
        }
    }

    pub fn remove_configuration(&mut self, id: i64) {
        self.touch(ITEMS, id);
        self.take(ITEMS, id);
    }

    /// Adds an active item to a company, like its others.
    pub fn add_configuration(&mut self, company: i64) -> i64 {
        let id = self.next_id(ITEMS);
        self.touch(ITEMS, id);
        let theirs = self.by_company.get(&company).and_then(|ids| ids.first());
        let like = theirs.and_then(|id| self.record(ITEMS, *id));
        let location = like.map(|row| row.get("companyLocationID")).unwrap_or_default();
        let like = like.or_else(|| self.table(ITEMS).values().next());
        let kind = like.map(|row| row.get("configurationItemCategoryID")).unwrap_or_default();
        let row = Record::new(id)
            .with("companyID", company)
            .with("companyLocationID", location)
            .with("configurationItemCategoryID", kind)
            .with("productID", setup::product_of(setup::WORKSTATION))
            .with("isActive", true)
            .with("referenceTitle", format!("NEW-AGENT-{id}"))
            .with("serialNumber", format!("NEW{id}"));
        let mut row = row;
        row.set_udf(setup::DISPOSAL_METHOD, Some("Standard".to_owned()));
        self.put(ITEMS, row);
        id
    }

    fn touch(&mut self, path: &'static str, id: i64) {
        if !self.touched.contains_key(&(path, id)) {
            let before = self.record(path, id).cloned();
            self.touched.insert((path, id), before);
        }
    }

    /// Runs a change that no client made, and logs what differs afterwards.
    pub(crate) fn as_others<R>(&mut self, at: Timestamp, change: impl FnOnce(&mut Self) -> R) -> R {
        self.touched.clear();
        let result = change(self);
        for ((path, id), before) in std::mem::take(&mut self.touched) {
            let entity = entities::named(path);
            let mut after = self.record(path, id).cloned();
            if before == after {
                continue;
            }
            if let Some(row) = &mut after {
                stamp(entity, row, at, setup::COLLEAGUE);
                if path == ITEMS {
                    // It may have moved to another company.
                    for ids in self.by_company.values_mut() {
                        ids.remove(&id);
                    }
                }
                self.put(path, row.clone());
            }
            let by = By { person: setup::COLLEAGUE, others: true };
            self.log(at, entity, before.as_ref(), after.as_ref(), by);
        }
        result
    }
}

impl Edits for State {
    fn configuration_ids(&self) -> Vec<String> {
        self.table(ITEMS).keys().map(ToString::to_string).collect()
    }

    fn set_active(&mut self, configuration: &str, active: bool) {
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            row.set("isActive", active);
        }
    }

    /// Items have no status.
    fn set_status(&mut self, _configuration: &str, _status: &str) -> bool {
        false
    }

    fn rename(&mut self, configuration: &str, name: &str) {
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            row.set("referenceTitle", name);
        }
    }

    fn move_to(&mut self, configuration: &str, client: &str) {
        let Some(client) = number(client) else { return };
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            row.set("companyID", client);
        }
    }

    fn remove(&mut self, configuration: &str) {
        if let Some(id) = number(configuration) {
            self.remove_configuration(id);
        }
    }

    fn add(&mut self, client: &str) -> String {
        number(client).map(|client| self.add_configuration(client).to_string()).unwrap_or_default()
    }

    fn add_again(&mut self, configuration: &str) -> String {
        let like = number(configuration).and_then(|id| self.record(ITEMS, id)).cloned();
        let Some((company, like)) = like.and_then(|like| Some((like.number("companyID")?, like))) else {
            return String::new();
        };
        let id = self.add_configuration(company);
        if let Some(row) = self.record_mut(ITEMS, id) {
            for member in ["serialNumber", "rmmDeviceID", "rmmDeviceUID", "dattoSerialNumber"] {
                row.set(member, like.get(member));
            }
        }
        id.to_string()
    }

    fn add_ticket(&mut self, client: &str, closed: bool) -> String {
        let id = self.next_id("Tickets").max(70_001);
        let mut row = Record::new(id)
            .with("companyID", client.parse::<i64>().unwrap_or_default())
            .with("title", "Client leaves")
            .with("ticketNumber", format!("T20260101.{:04}", id % 10_000))
            .with("priority", 2)
            .with("status", if closed { setup::COMPLETE } else { setup::IN_PROGRESS });
        if closed {
            row.set("completedDate", "2026-01-05T10:00:00Z");
        }
        self.put("Tickets", row);
        id.to_string()
    }

    fn bring_back(&mut self, client: &str) {
        let Some(client) = number(client) else { return };
        if let Some(row) = self.company_mut(client) {
            row.set("isActive", true);
            row.set("companyType", setup::CUSTOMER);
            row.set("classification", Value::Null);
            row.set("companyCategoryID", setup::STANDARD);
            row.set_udf(setup::OFFBOARDED_FIELD, None);
        }
        // A contract that runs again stands for one that was renewed.
        let theirs: Vec<i64> = self
            .table("Contracts")
            .values()
            .filter(|row| row.number("companyID") == Some(client))
            .map(Record::id)
            .collect();
        for id in theirs {
            if let Some(row) = self.record_mut("Contracts", id) {
                row.set("status", 1);
                row.set("endDate", "2999-12-31T00:00:00Z");
            }
        }
    }

    fn offboard(&mut self, client: &str) {
        if let Some(row) = number(client).and_then(|client| self.company_mut(client)) {
            row.set("isActive", false);
        }
    }
}

fn number(id: &str) -> Option<i64> {
    id.parse().ok()
}
