//! What hangs on assets in a generated tenant: contracts, recurring invoices, and tickets.

use rand::Rng;
use serde_json::{Value, json};

use super::{
    seed::{Made, Seeder},
    setup,
    state::{flag, number, object, text},
};
use crate::simulator::people::one_in;

impl Seeder<'_> {
    /// A contract that runs on, or ended so many days ago.
    pub(super) fn contract(&mut self, client: i64, name: &str, ended: Option<i64>) {
        // No contract ended about a month ago: which side of thirty days it is on hangs on how days are counted.
        let ended = ended.map(|days| if (27..=33).contains(&days) { days + 14 } else { days });
        let runs_out = ended.is_none() && one_in(&mut self.rng, 3);
        let id = self.id("contract", 400);
        let length = self.rng.random_range(365..1200);
        let start = self.ago(ended.unwrap_or(0) + length);
        let client_name = self.state.clients.get(&client).and_then(|row| row.get("name")).cloned();
        let mut row = object(json!({
            "id": id,
            "ref": format!("{name} {id}"),
            "client_id": client,
            "client_name": client_name,
            "site_id": -1,
            "start_date": start,
            "started": true,
            "active": ended.is_none(),
            "expired": ended.is_some(),
            "contract_status": if ended.is_some() { "Expired" } else { "Active" },
            "contracttype": 1,
            "contracttype_name": "Managed",
            "numberofunitsfree": 0,
            "periodchargeamount": f64::from(self.rng.random_range(10u16..200)) * 25.0,
        }));
        if runs_out {
            row.insert("end_date".to_owned(), json!(self.ago(-200)));
        }
        match ended {
            Some(days) => row.insert("end_date".to_owned(), json!(self.ago(days))),
            None => row.insert("next_invoice_date".to_owned(), json!(self.ago(-20))),
        };
        self.state.contracts.insert(id, row);
    }

    /// Contracts list assets, invoices bill them, tickets name them.
    pub(super) fn links_of(&mut self, clients: &[Made]) {
        let contracts: Vec<(i64, i64)> = self
            .state
            .contracts
            .iter()
            .filter_map(|(id, row)| number(row, "client_id").map(|client| (*id, client)))
            .collect();
        for (contract, client) in contracts {
            for asset in self.assets_at(client) {
                if self.rng.random_ratio(1, 4) {
                    self.state.carry(contract, asset);
                }
            }
            self.invoice(contract, client);
        }
        for client in clients {
            let ids = self.assets_at(client.id);
            // A client that left long ago has few tickets; some have none at all.
            let tickets = if client.role.starts_with("contract") { 0 } else { self.rng.random_range(0..6) };
            for number in 0..tickets {
                let ticket = self.ticket(client.id, number % 2 == 1);
                let named = ids.iter().copied().filter(|_| self.rng.random_ratio(1, 12)).collect();
                self.state.ticket_assets.insert(ticket, named);
            }
        }
    }

    fn assets_at(&self, client: i64) -> Vec<i64> {
        self.state.by_client.get(&client).into_iter().flatten().copied().collect()
    }

    /// The recurring invoice of a contract: a flat line, a line for one asset, and now and then one that counts them.
    fn invoice(&mut self, contract: i64, client: i64) {
        let Some(row) = self.state.contracts.get(&contract) else { return };
        let (runs, reference) = (flag(row, "active"), text(row, "ref").to_owned());
        let (start, client_name) = (row.get("start_date").cloned(), row.get("client_name").cloned());
        let id = self.id("invoice", 70_000);
        let line = |number: i64, what: &str, members: Value| {
            let mut line = object(json!({
                "id": id * 10 + number, "ihid": id, "item_shortdescription": what, "qty_order": 1.0,
                "unit_price": 45.0, "net_amount": 45.0, "contract_id": contract, "startdate": start,
                // The invoice of a contract that ended was stopped with it.
                "isinactive": !runs, "calculate_price_from_assets": false,
            }));
            line.extend(object(members));
            Value::Object(line)
        };
        let mut lines = vec![line(1, "Managed services", json!({}))];
        let ids = self.assets_at(client);
        if !ids.is_empty() && !one_in(&mut self.rng, 3) {
            let asset = ids[self.rng.random_range(0..ids.len())];
            let tag = self.state.assets.get(&asset).map(|asset| asset.inventory_number.clone());
            let named = json!({ "asset_id": asset, "asset_inventory_number": tag });
            lines.push(line(2, "Server monitoring", named));
        }
        if one_in(&mut self.rng, 3) {
            let counted = json!({
                "calculate_price_from_assets": true,
                "quantity_assets": [{
                    "id": id * 100 + 3, "invoice_line_id": id * 10 + 3, "kind": 1, "type_id": setup::SERVER,
                    "type_name": "Server", "device_group_id": 0, "site_id": 0, "minimum_qty": 0, "qty_free": 0,
                    "criteria": [],
                }],
            });
            lines.push(line(3, "Per server", counted));
        }
        let row = json!({
            "id": id, "client_id": client, "client_name": client_name, "name": client_name,
            "contract_id": contract, "contract_ref": reference, "is_recurring_invoice": true, "disabled": !runs,
            "nextcreationdate": self.ago(-12), "lastcreated": self.ago(18), "period": 1, "periodname": "Monthly",
            "total": 45.0 * lines.len() as f64, "lines": lines,
        });
        self.state.invoices.insert(id, object(row));
    }

    fn ticket(&mut self, client: i64, closed: bool) -> i64 {
        let id = self.id("ticket", 4_000);
        let summary = self.people.ticket(&mut self.rng);
        let days = self.rng.random_range(1..200);
        let opened = self.ago(days);
        // Bare foreign keys: the vendor names neither agent nor status here.
        let mut row = object(json!({
            "id": id, "summary": summary, "client_id": client, "status_id": if closed { 9 } else { 2 },
            "tickettype_id": 1, "agent_id": 3, "priority_id": 3, "dateoccurred": opened, "hasbeenclosed": closed,
        }));
        if closed {
            row.insert("dateclosed".to_owned(), json!(opened));
        }
        self.state.tickets.insert(id, row);
        id
    }
}
