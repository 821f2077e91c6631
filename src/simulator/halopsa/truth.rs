//! What is really stored, for checkers.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    records::Asset,
    state::{Row, State, flag, number, text},
};
use crate::simulator::{CompanyTruth, ConfigurationTruth, OffboardedBy, Truth};

fn time(row: &Row, member: &str) -> Option<Timestamp> {
    text(row, member).parse().ok()
}

/// Whether a contract runs on this day: active, begun, and not ended.
fn runs(contract: &Row, now: Timestamp) -> bool {
    let ended = time(contract, "end_date").is_some_and(|end| end + SignedDuration::from_hours(24) <= now);
    let begun = time(contract, "start_date").is_none_or(|start| start <= now);
    flag(contract, "active") && begun && !ended
}

/// Whether a line of a recurring invoice bills on this day.
fn bills(line: &Row, now: Timestamp) -> bool {
    !flag(line, "isinactive")
        && time(line, "startdate").is_none_or(|start| start <= now)
        && time(line, "enddate").is_none_or(|end| end + SignedDuration::from_hours(24) > now)
}

impl State {
    /// Running contracts that list an asset, and lines of recurring invoices that bill it by name or count it: by
    /// asset, the id of the contract or the invoice with its name.
    fn billed(&self, now: Timestamp) -> HashMap<i64, BTreeMap<String, String>> {
        let mut billed: HashMap<i64, BTreeMap<String, String>> = HashMap::new();
        for (id, carried) in &self.contract_assets {
            let Some(contract) = self.contracts.get(id).filter(|contract| runs(contract, now)) else {
                continue;
            };
            for asset in carried {
                let name = text(contract, "ref").to_owned();
                billed.entry(*asset).or_default().insert(id.to_string(), name);
            }
        }
        for (id, invoice) in self.invoices.iter().filter(|(_, invoice)| !flag(invoice, "disabled")) {
            let lines = invoice.get("lines").and_then(Value::as_array).into_iter().flatten();
            for line in lines.filter_map(Value::as_object).filter(|line| bills(line, now)) {
                for asset in self.met_by(invoice, line) {
                    let name = text(line, "item_shortdescription").to_owned();
                    billed.entry(asset).or_default().insert(id.to_string(), name);
                }
            }
        }
        billed
    }

    /// The assets that a line bills: the one it names, or those that it counts. An inactive one counts, too: Halo's own
    /// sample of a counting line does not ask.
    fn met_by(&self, invoice: &Row, line: &Row) -> Vec<i64> {
        if let Some(asset) = number(line, "asset_id").filter(|id| *id > 0) {
            return vec![asset];
        }
        let counts = line.get("quantity_assets").and_then(Value::as_array).into_iter().flatten();
        let counts: Vec<&Row> = counts.filter_map(Value::as_object).collect();
        let counted = |asset: &Asset| {
            counts.iter().any(|count| {
                let fits = |member: &str, id: Option<i64>| {
                    number(count, member).filter(|wanted| *wanted > 0).is_none_or(|wanted| id == Some(wanted))
                };
                let group = self.asset_types.get(&asset.type_id).and_then(|row| number(row, "assetgroup_id"));
                fits("type_id", Some(asset.type_id))
                    && fits("device_group_id", group)
                    && fits("site_id", asset.site_id)
            })
        };
        let client = number(invoice, "client_id").unwrap_or(0);
        let theirs = self.by_client.get(&client).into_iter().flatten();
        theirs.copied().filter(|id| self.assets.get(id).is_some_and(counted)).collect()
    }

    pub(crate) fn truth(&self, now: Timestamp) -> Truth {
        let mut billed = self.billed(now);
        let mut tickets_on: HashMap<i64, Vec<String>> = HashMap::new();
        for (id, named) in &self.ticket_assets {
            if self.tickets.get(id).is_some_and(|ticket| !flag(ticket, "hasbeenclosed")) {
                for asset in named {
                    tickets_on.entry(*asset).or_default().push(id.to_string());
                }
            }
        }
        let mut children_of: HashMap<i64, Vec<String>> = HashMap::new();
        for asset in self.assets.values().filter(|asset| !asset.inactive) {
            if let Some(parent) = asset.parent {
                children_of.entry(parent).or_default().push(asset.id.to_string());
            }
        }
        let name = |rows: &BTreeMap<i64, Row>, id: Option<i64>| {
            id.and_then(|id| rows.get(&id)).map(|row| text(row, "name").to_owned())
        };
        let configurations = self.assets.values().map(|asset| {
            let key = self.key_field(asset, 0);
            let ninja = asset.ninja.map(|id| id.to_string());
            let truth = ConfigurationTruth {
                id: asset.id.to_string(),
                name: if key.is_empty() { asset.inventory_number.clone() } else { key },
                company: asset.client_id.to_string(),
                type_name: name(&self.asset_types, Some(asset.type_id)).unwrap_or_default(),
                site: name(&self.sites, asset.site_id),
                active: Some(!asset.inactive),
                status: name(&self.statuses, asset.status_id),
                // The vendor puts no mark on a status: only `inactive` says that an asset is retired.
                closed: asset.inactive,
                agreements: billed.remove(&asset.id).unwrap_or_default(),
                open_tickets: tickets_on.remove(&asset.id).unwrap_or_default(),
                active_children: children_of.remove(&asset.id).unwrap_or_default(),
                rmm: ninja.or_else(|| asset.datto.clone()),
                blocked: self.blocked(asset),
                hidden: !self.sees(asset.client_id),
            };
            (truth.id.clone(), truth)
        });
        let configurations = configurations.collect();
        let companies =
            self.clients.iter().map(|(id, row)| (id.to_string(), self.client_truth(*id, row, now)));
        Truth { configurations, companies: companies.collect() }
    }

    fn client_truth(&self, id: i64, row: &Row, now: Timestamp) -> CompanyTruth {
        let status = number(row, "customertype").and_then(|id| self.customer_types.get(&id)).copied();
        let status = status.unwrap_or_default().to_owned();
        let relationships = row.get("customer_relationship").and_then(Value::as_array).into_iter().flatten();
        let mut types: Vec<String> =
            relationships.filter_map(|kind| kind["name"].as_str().map(ToOwned::to_owned)).collect();
        types.push(text(row, "toplevel_name").to_owned());
        // The contracts of the client, and of whoever pays its bills.
        let payers = payers_of(row);
        let family: Vec<i64> = [Some(id)].into_iter().chain(payers).flatten().collect();
        let of = |contract: &&Row, clients: &[i64]| {
            number(contract, "client_id").is_some_and(|client| clients.contains(&client))
        };
        let theirs: Vec<&Row> = self.contracts.values().filter(|row| of(row, &family)).collect();
        let any_runs = theirs.iter().any(|contract| runs(contract, now));
        let last = theirs.iter().filter_map(|contract| time(contract, "end_date")).max();
        let long_ago = last.is_some_and(|last| last <= now - SignedDuration::from_hours(24 * 30));
        let says_yes = row
            .get("customfields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|field| field["label"] == "Offboarded" && field["value"] == "Yes");
        CompanyTruth {
            id: id.to_string(),
            identifier: text(row, "ref").to_owned(),
            name: text(row, "name").to_owned(),
            deleted: false,
            own: id == super::INTERNAL,
            parent: payers.into_iter().flatten().next().map(|id| id.to_string()),
            offboarded: OffboardedBy {
                inactive: flag(row, "inactive"),
                status: status == "Former Client",
                tag: types.iter().any(|name| name == "Offboarded"),
                custom_field: says_yes,
                contract_ended: !theirs.is_empty() && !any_runs && long_ago,
            },
            status,
            types,
            role: self.roles.get(&id).copied().unwrap_or_default().to_owned(),
            running_agreements: self
                .contracts
                .iter()
                .filter(|(_, contract)| of(contract, &[id]) && runs(contract, now))
                .map(|(id, _)| id.to_string())
                .collect(),
            open_tickets: self
                .tickets
                .iter()
                .filter(|(_, ticket)| {
                    number(ticket, "client_id") == Some(id) && !flag(ticket, "hasbeenclosed")
                })
                .map(|(id, _)| id.to_string())
                .collect(),
            active_child_companies: self
                .clients
                .iter()
                .filter(|(_, child)| payers_of(child).contains(&Some(id)) && !flag(child, "inactive"))
                .map(|(id, _)| id.to_string())
                .collect(),
        }
    }
}

/// Who pays the bills of a client, and its recurring bills, if not itself. Halo has no other parent of a client: a top
/// level only groups them.
fn payers_of(row: &Row) -> [Option<i64>; 2] {
    ["client_to_invoice", "client_to_invoice_recurring"]
        .map(|member| number(row, member).filter(|id| *id > 0))
}
