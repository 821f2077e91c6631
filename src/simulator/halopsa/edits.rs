//! What a test may change behind the client's back, inside `Simulator::edit`: as a colleague or an RMM would.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    records::Asset,
    setup,
    state::{Row, State, number, text},
};
use crate::simulator::{
    Edits,
    watch::{Touched, Watched},
};

impl State {
    pub fn asset_ids(&self) -> Vec<i64> {
        self.assets.keys().copied().collect()
    }

    pub fn asset(&self, id: i64) -> Option<&Asset> {
        self.assets.get(&id)
    }

    pub fn asset_mut(&mut self, id: i64) -> Option<&mut Asset> {
        self.touch("configuration", id);
        self.assets.get_mut(&id)
    }

    pub fn client_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("client", id);
        self.clients.get_mut(&id)
    }

    pub fn contract_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("contract", id);
        self.contracts.get_mut(&id)
    }

    pub fn ticket_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("ticket", id);
        self.tickets.get_mut(&id)
    }

    pub fn invoice_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("invoice", id);
        self.invoices.get_mut(&id)
    }

    /// Lists an asset in a contract, as a colleague would.
    pub fn attach(&mut self, contract: i64, asset: i64) {
        self.carry(contract, asset);
    }

    /// Names an asset in a ticket, as a colleague would.
    pub fn name_in_ticket(&mut self, ticket: i64, asset: i64) {
        self.ticket_assets.entry(ticket).or_default().insert(asset);
    }

    /// Deletes an asset.
    pub fn remove_asset(&mut self, id: i64) {
        self.touch("configuration", id);
        self.take_out(id);
    }

    /// Adds an active asset to a client, like its others.
    pub fn add_asset(&mut self, client: i64) -> i64 {
        let id = self.assets.keys().next_back().map_or(1, |last| last + 1);
        self.touch("configuration", id);
        let like = self.by_client.get(&client).and_then(|ids| ids.first()).and_then(|id| self.assets.get(id));
        let kind = like.map_or(setup::WORKSTATION, |like| like.type_id);
        let mut asset = Asset::new(id, client, kind);
        asset.site_id = self.clients.get(&client).and_then(|row| number(row, "main_site_id"));
        asset.status_id = Some(setup::ACTIVE);
        asset.inventory_number = format!("A{id:06}");
        for (field, ..) in self.fields_of(kind) {
            asset.fields.insert(field, format!("NEW-AGENT-{id}"));
        }
        self.insert(asset);
        id
    }

    /// The id of an asset status, by name.
    pub fn status_id(&self, name: &str) -> Option<i64> {
        let of_assets = |row: &&Row| number(row, "type") == Some(setup::ASSET_STATUS);
        self.statuses
            .values()
            .filter(of_assets)
            .find(|row| text(row, "name") == name)
            .and_then(|row| number(row, "id"))
    }
}

impl Watched for State {
    fn touched(&mut self) -> &mut Touched {
        &mut self.touched
    }

    fn shown(&self, kind: &str, id: i64) -> Option<Row> {
        match kind {
            "configuration" => self.assets.get(&id).map(|asset| {
                let mut row = self.asset_row(asset);
                row.insert("notes".to_owned(), json!(asset.notes));
                row.insert("fields".to_owned(), self.shown_fields(asset));
                row.insert("customfields".to_owned(), self.shown_custom(asset));
                row
            }),
            kind => self.table(kind).and_then(|rows| rows.get(&id)).cloned(),
        }
    }

    fn settle(&mut self, at: Timestamp, kind: &str, id: i64) {
        if let Some(mut asset) = self.assets.get(&id).cloned().filter(|_| kind == "configuration") {
            asset.modified = at.max(asset.modified);
            // Edited in place, it may stand under the client it had.
            for ids in self.by_client.values_mut() {
                ids.remove(&id);
            }
            self.insert(asset);
        }
    }

    fn tell(&mut self, at: Timestamp, record: (&str, i64), before: &Row, after: &Row) {
        self.log(at, record, before, after, true);
    }
}

impl Edits for State {
    fn configuration_ids(&self) -> Vec<String> {
        self.assets.keys().map(ToString::to_string).collect()
    }

    fn set_active(&mut self, configuration: &str, active: bool) {
        if let Some(asset) = parsed(configuration).and_then(|id| self.asset_mut(id)) {
            asset.inactive = !active;
        }
    }

    fn set_status(&mut self, configuration: &str, status: &str) -> bool {
        let Some(status) = self.status_id(status) else { return false };
        if let Some(asset) = parsed(configuration).and_then(|id| self.asset_mut(id)) {
            asset.status_id = Some(status);
        }
        true
    }

    fn rename(&mut self, configuration: &str, name: &str) {
        let Some(id) = parsed(configuration) else { return };
        let kind = self.assets.get(&id).map(|asset| asset.type_id).unwrap_or_default();
        let field = self.asset_types.get(&kind).and_then(|row| number(row, "keyfield_id"));
        if let (Some(asset), Some(field)) = (self.asset_mut(id), field) {
            asset.fields.insert(field, name.to_owned());
        }
    }

    fn move_to(&mut self, configuration: &str, client: &str) {
        let Some(client) = parsed(client) else { return };
        let site = self.clients.get(&client).and_then(|row| number(row, "main_site_id"));
        if let Some(asset) = parsed(configuration).and_then(|id| self.asset_mut(id)) {
            asset.client_id = client;
            asset.site_id = site;
        }
    }

    fn remove(&mut self, configuration: &str) {
        if let Some(id) = parsed(configuration) {
            self.remove_asset(id);
        }
    }

    fn add(&mut self, client: &str) -> String {
        parsed(client).map(|client| self.add_asset(client).to_string()).unwrap_or_default()
    }

    fn add_again(&mut self, configuration: &str) -> String {
        let Some(like) = parsed(configuration).and_then(|id| self.assets.get(&id)).cloned() else {
            return String::new();
        };
        let id = self.add_asset(like.client_id);
        self.touch("configuration", id);
        if let Some(row) = self.assets.get_mut(&id) {
            row.type_id = like.type_id;
            row.fields = like.fields;
            row.ninja = like.ninja;
            row.datto = like.datto;
        }
        id.to_string()
    }

    fn add_ticket(&mut self, client: &str, closed: bool) -> String {
        let id = self.tickets.keys().next_back().map_or(4_001, |last| last + 1);
        let mut row = super::state::object(json!({
            "id": id, "summary": "Client leaves", "client_id": client.parse::<i64>().unwrap_or_default(),
            "status_id": if closed { 9 } else { 2 }, "tickettype_id": 1, "hasbeenclosed": closed,
        }));
        if closed {
            row.insert("dateclosed".to_owned(), json!("2026-01-05T10:00:00Z"));
        }
        self.tickets.insert(id, row);
        id.to_string()
    }

    fn bring_back(&mut self, client: &str) {
        let Some(client) = parsed(client) else { return };
        if let Some(row) = self.client_mut(client) {
            let Value::Object(usual) = json!({
                "inactive": false, "customertype": setup::MANAGED, "toplevel_id": setup::CLIENTS,
                "toplevel_name": "Clients", "customer_relationship": [], "customer_relationship_list": "",
            }) else {
                return;
            };
            row.extend(usual);
            for field in row.get_mut("customfields").and_then(Value::as_array_mut).into_iter().flatten() {
                if let (true, Value::Object(field)) = (field["label"] == "Offboarded", field) {
                    field.remove("value");
                    field.remove("display");
                }
            }
        }
        // A contract that runs again stands for one that was renewed.
        let theirs: Vec<i64> = self
            .contracts
            .iter()
            .filter(|(_, row)| number(row, "client_id") == Some(client))
            .map(|(id, _)| *id)
            .collect();
        for id in theirs {
            if let Some(row) = self.contract_mut(id) {
                row.insert("active".to_owned(), json!(true));
                row.insert("expired".to_owned(), json!(false));
                row.insert("contract_status".to_owned(), json!("Active"));
                row.remove("end_date");
            }
        }
    }

    fn offboard(&mut self, client: &str) {
        if let Some(row) = parsed(client).and_then(|client| self.client_mut(client)) {
            row.insert("inactive".to_owned(), json!(true));
        }
    }
}

fn parsed(id: &str) -> Option<i64> {
    id.parse().ok()
}
