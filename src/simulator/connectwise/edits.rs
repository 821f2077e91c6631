//! What a test may change behind the client's back, inside `Simulator::edit`: as a colleague or an RMM would.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    records::{Configuration, Record},
    state::{Row, State, id_of, text, whole_second},
};
use crate::simulator::{
    Edits,
    watch::{Touched, Watched},
};

impl State {
    pub fn configuration_ids(&self) -> Vec<i64> {
        self.configurations.keys().copied().collect()
    }

    pub fn configuration(&self, id: i64) -> Option<&Configuration> {
        self.configurations.get(&id)
    }

    pub fn configuration_mut(&mut self, id: i64) -> Option<&mut Configuration> {
        self.touch("configuration", id);
        self.configurations.get_mut(&id)
    }

    pub fn company_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("company", id);
        self.companies.get_mut(&id)
    }

    pub fn agreement_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("agreement", id);
        self.agreements.get_mut(&id)
    }

    pub fn ticket_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("ticket", id);
        self.tickets.get_mut(&id)
    }

    /// Attaches a configuration to an agreement, as a colleague would.
    pub fn attach(&mut self, agreement: i64, configuration: i64) {
        self.agreement_configurations.entry(agreement).or_default().insert(configuration);
    }

    /// Names a configuration in a ticket, as a colleague would.
    pub fn name_in_ticket(&mut self, ticket: i64, configuration: i64) {
        self.ticket_configurations.entry(ticket).or_default().insert(configuration);
    }

    /// Deletes a configuration.
    pub fn remove_configuration(&mut self, id: i64) {
        self.touch("configuration", id);
        if let Some(gone) = self.configurations.remove(&id)
            && let Some(ids) = self.by_company.get_mut(&gone.company_id)
        {
            ids.remove(&id);
        }
    }

    /// The id that a new configuration gets.
    pub(super) fn next_id(&self) -> i64 {
        self.configurations.keys().next_back().map_or(1, |last| last + 1)
    }

    /// Adds an active configuration to a company, like its others.
    pub fn add_configuration(&mut self, company: i64) -> i64 {
        let id = self.next_id();
        self.touch("configuration", id);
        let like = self
            .by_company
            .get(&company)
            .and_then(|ids| ids.first())
            .and_then(|id| self.configurations.get(id));
        let like = like.or_else(|| self.configurations.values().next()).cloned();
        if let Some(like) = like {
            let status_id = Some(self.status_id("Active").unwrap_or(like.status_id.unwrap_or(1)));
            let site_id = like.site_id.filter(|_| like.company_id == company);
            self.insert(Configuration {
                id,
                name: format!("NEW-AGENT-{id}"),
                company_id: company,
                status_id,
                site_id,
                active: Some(true),
                parent: None,
                contact_id: None,
                ..like
            });
        }
        id
    }

    /// Stores a configuration that a client made, which the log tells.
    pub(super) fn create(&mut self, at: Timestamp, made: Configuration) {
        let id = made.id;
        self.insert(made);
        let shown = self.shown("configuration", id).unwrap_or_default();
        self.log(at, ("configuration", id), &Row::new(), &shown, false);
    }

    /// Removes a status of configurations, as an administrator would: its records get another one first. False
    /// where there are not both.
    pub fn replace_configuration_status(&mut self, name: &str, instead: &str) -> bool {
        let (Some(old), Some(new)) = (self.status_id(name), self.status_id(instead)) else { return false };
        let with_it: Vec<i64> =
            self.configurations.values().filter(|row| row.status_id == Some(old)).map(|row| row.id).collect();
        for id in with_it {
            if let Some(row) = self.configuration_mut(id) {
                row.status_id = Some(new);
            }
        }
        self.statuses.remove(&old).is_some()
    }

    /// Sets a company's status by name, as a colleague would.
    pub fn set_company_status(&mut self, company: i64, status: &str) {
        let id = self.company_statuses.values().find(|row| text(row, "name") == status).map(Record::id);
        let Some(id) = id else { return };
        let href = self.href(&format!("/company/companies/statuses/{id}"));
        if let Some(row) = self.company_mut(company) {
            row.insert(
                "status".to_owned(),
                json!({ "id": id, "name": status, "_info": { "status_href": href } }),
            );
        }
    }

    /// The id of a configuration status, by name.
    pub fn status_id(&self, name: &str) -> Option<i64> {
        self.statuses.values().find(|row| text(row, "description") == name).map(Record::id)
    }

    /// The login company id.
    pub fn login(&self) -> &str {
        &self.login
    }
}

impl Watched for State {
    fn touched(&mut self) -> &mut Touched {
        &mut self.touched
    }

    fn shown(&self, kind: &str, id: i64) -> Option<Row> {
        match kind {
            "configuration" => self.configurations.get(&id).map(|configuration| configuration.render(self)),
            kind => self.table(kind).and_then(|(rows, _)| rows.get(&id)).cloned(),
        }
    }

    fn settle(&mut self, at: Timestamp, kind: &str, id: i64) {
        if let Some(mut configuration) =
            self.configurations.get(&id).cloned().filter(|_| kind == "configuration")
        {
            configuration.updated = whole_second(at).max(configuration.updated);
            configuration.updated_by = "jdoe";
            for ids in self.by_company.values_mut() {
                ids.remove(&id);
            }
            self.insert(configuration);
        }
    }

    fn tell(&mut self, at: Timestamp, record: (&str, i64), before: &Row, after: &Row) {
        self.log(at, record, before, after, true);
    }
}

impl Edits for State {
    fn configuration_ids(&self) -> Vec<String> {
        self.configurations.keys().map(ToString::to_string).collect()
    }

    fn set_active(&mut self, configuration: &str, active: bool) {
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            row.active = Some(active);
        }
    }

    fn set_status(&mut self, configuration: &str, status: &str) -> bool {
        let Some(status) = self.status_id(status) else { return false };
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            row.status_id = Some(status);
        }
        true
    }

    fn rename(&mut self, configuration: &str, name: &str) {
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            name.clone_into(&mut row.name);
        }
    }

    fn move_to(&mut self, configuration: &str, client: &str) {
        let Some(client) = number(client) else { return };
        if let Some(row) = number(configuration).and_then(|id| self.configuration_mut(id)) {
            row.company_id = client;
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
        let Some(like) = number(configuration).and_then(|id| self.configurations.get(&id)).cloned() else {
            return String::new();
        };
        let id = self.add_configuration(like.company_id);
        if let Some(row) = self.configuration_mut(id) {
            row.serial = like.serial;
            row.management_link = like.management_link;
        }
        id.to_string()
    }

    fn add_ticket(&mut self, client: &str, closed: bool) -> String {
        let id = self.tickets.keys().next_back().map_or(70_001, |last| last + 1);
        let company = client.parse().map_or(Value::Null, |id| self.reference("company", id));
        let (status, name) = if closed { (17, ">Closed") } else { (12, "In Progress") };
        let row = json!({
            "id": id, "summary": "Client leaves", "recordType": "ServiceTicket", "company": company,
            "status": { "id": status, "name": name, "_info": {} }, "closedFlag": closed, "_info": {},
        });
        self.tickets.insert(id, super::state::object(row));
        id.to_string()
    }

    fn bring_back(&mut self, client: &str) {
        let Some(client) = number(client) else { return };
        self.set_company_status(client, "Active");
        self.associations
            .retain(|_, row| !(id_of(row, "company") == Some(client) && row["type"]["name"] == "Offboarded"));
        if let Some(row) = self.company_mut(client) {
            if let Some(types) = row.get_mut("types").and_then(Value::as_array_mut) {
                types.retain(|kind| kind["name"] != "Offboarded");
            }
            for field in row.get_mut("customFields").and_then(Value::as_array_mut).into_iter().flatten() {
                if field["caption"] == "Offboarded" {
                    field["value"] = Value::Null;
                }
            }
        }
        // An agreement that runs again stands for a contract that was renewed.
        let ended: Vec<i64> = self
            .agreements
            .iter()
            .filter(|(_, row)| id_of(row, "company") == Some(client))
            .map(|(id, _)| *id)
            .collect();
        for id in ended {
            if let Some(row) = self.agreement_mut(id) {
                row.insert("cancelledFlag".to_owned(), json!(false));
                row.insert("agreementStatus".to_owned(), json!("Active"));
                row.insert("noEndingDateFlag".to_owned(), json!(true));
                row.remove("endDate");
                row.remove("dateCancelled");
            }
        }
    }

    fn offboard(&mut self, client: &str) {
        if let Some(client) = number(client) {
            self.set_company_status(client, "Inactive");
        }
    }
}

fn number(id: &str) -> Option<i64> {
    id.parse().ok()
}
