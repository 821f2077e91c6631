//! What is stored: the records of one tenant, and the log of how they changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{records::Asset, switches::Switches};
use crate::simulator::{
    deliver::Delivery,
    log::{Ledger, Write, differences},
    watch::{Touched, Watched},
};

pub use crate::simulator::rows::Row;
pub(super) use crate::simulator::rows::{flag, guid, number, object, text};

/// Members that every save touches, and what only repeats other records; they are no change of their own.
const UNTOLD: &[&str] = &[
    "dlastupdate",
    "last_modified",
    "open_ticket_count",
    "total_ticket_count",
    "_warning",
    "allowed_status",
];

/// One tenant.
#[derive(Debug, Clone)]
pub struct State {
    pub switches: Switches,
    pub(super) assets: BTreeMap<i64, Asset>,
    pub(super) by_client: HashMap<i64, BTreeSet<i64>>,
    pub(super) clients: BTreeMap<i64, Row>,
    /// What the generator made each client.
    pub(super) roles: BTreeMap<i64, &'static str>,
    pub(super) sites: BTreeMap<i64, Row>,
    pub(super) top_levels: BTreeMap<i64, Row>,
    pub(super) asset_types: BTreeMap<i64, Row>,
    pub(super) asset_groups: BTreeMap<i64, Row>,
    /// Of tickets and of assets alike.
    pub(super) statuses: BTreeMap<i64, Row>,
    pub(super) tags: BTreeMap<i64, Row>,
    /// Customer types, by lookup code.
    pub(super) customer_types: BTreeMap<i64, &'static str>,
    /// Name and label, by id.
    pub(super) custom_fields: BTreeMap<i64, (String, String)>,
    pub(super) contracts: BTreeMap<i64, Row>,
    pub(super) contract_assets: BTreeMap<i64, BTreeSet<i64>>,
    /// The contract that an asset's own row names.
    pub(super) contract_by_asset: HashMap<i64, i64>,
    /// Recurring invoices with their lines.
    pub(super) invoices: BTreeMap<i64, Row>,
    pub(super) tickets: BTreeMap<i64, Row>,
    pub(super) ticket_assets: BTreeMap<i64, BTreeSet<i64>>,
    /// Actions of tickets, by their own id here; the ticket's is `ticket_id`.
    pub(super) actions: BTreeMap<i64, Row>,
    pub(super) changes: Vec<Row>,
    pub(super) webhooks: BTreeMap<String, Row>,
    pub(super) notifications: BTreeMap<i64, Row>,
    pub(super) webhook_events: Vec<Row>,
    pub(super) due: Vec<(String, Delivery, Value)>,
    ledger: Ledger,
    pub(super) touched: Touched,
}

impl State {
    pub(super) fn empty(switches: Switches) -> Self {
        Self {
            switches,
            assets: BTreeMap::new(),
            by_client: HashMap::new(),
            clients: BTreeMap::new(),
            roles: BTreeMap::new(),
            sites: BTreeMap::new(),
            top_levels: BTreeMap::new(),
            asset_types: BTreeMap::new(),
            asset_groups: BTreeMap::new(),
            statuses: BTreeMap::new(),
            tags: BTreeMap::new(),
            customer_types: BTreeMap::new(),
            custom_fields: BTreeMap::new(),
            contracts: BTreeMap::new(),
            contract_assets: BTreeMap::new(),
            contract_by_asset: HashMap::new(),
            invoices: BTreeMap::new(),
            tickets: BTreeMap::new(),
            ticket_assets: BTreeMap::new(),
            actions: BTreeMap::new(),
            changes: Vec::new(),
            webhooks: BTreeMap::new(),
            notifications: BTreeMap::new(),
            webhook_events: Vec::new(),
            due: Vec::new(),
            ledger: Ledger::default(),
            touched: Touched::new(),
        }
    }

    /// Puts an asset in, or back under whatever client it now has.
    pub(super) fn insert(&mut self, asset: Asset) {
        if let Some(before) = self.assets.get(&asset.id).filter(|before| before.client_id != asset.client_id)
            && let Some(ids) = self.by_client.get_mut(&before.client_id)
        {
            ids.remove(&asset.id);
        }
        self.by_client.entry(asset.client_id).or_default().insert(asset.id);
        self.assets.insert(asset.id, asset);
    }

    pub(super) fn take_out(&mut self, id: i64) -> Option<Asset> {
        let gone = self.assets.remove(&id)?;
        if let Some(ids) = self.by_client.get_mut(&gone.client_id) {
            ids.remove(&id);
        }
        Some(gone)
    }

    /// Lists an asset in a contract.
    pub(super) fn carry(&mut self, contract: i64, asset: i64) {
        self.contract_assets.entry(contract).or_default().insert(asset);
        self.contract_by_asset.entry(asset).or_insert(contract);
    }

    /// The fields that a type asks for: id, name, whether they must be filled.
    pub(super) fn fields_of(&self, kind: i64) -> Vec<(i64, String, bool)> {
        let fields = self.asset_types.get(&kind).and_then(|row| row.get("fields")).and_then(Value::as_array);
        fields
            .into_iter()
            .flatten()
            .map(|field| {
                let id = field["field_id"].as_f64().unwrap_or(0.0) as i64;
                let name = field["field_name"].as_str().unwrap_or_default().to_owned();
                (id, name, super::setup::MANDATORY.contains(&(kind, id)))
            })
            .collect()
    }

    /// The statuses that a type allows; none if it allows all.
    pub(super) fn allowed_statuses(&self, kind: i64) -> Option<Vec<i64>> {
        let row = self.asset_types.get(&kind)?;
        if flag(row, "allowall_status") {
            return None;
        }
        let allowed = row.get("allowed_status").and_then(Value::as_array)?;
        Some(allowed.iter().filter_map(|status| status["status_id"].as_i64()).collect())
    }

    /// The tickets that name an asset.
    pub(super) fn tickets_of(&self, asset: i64) -> Vec<&Row> {
        self.ticket_assets
            .iter()
            .filter(|(_, named)| named.contains(&asset))
            .filter_map(|(id, _)| self.tickets.get(id))
            .collect()
    }

    /// These assets, as lists show them.
    pub(super) fn rows_of(&self, ids: Option<&BTreeSet<i64>>) -> Value {
        let assets = ids.into_iter().flatten().filter_map(|id| self.assets.get(id));
        assets.map(|asset| Value::Object(self.asset_row(asset))).collect()
    }

    /// Whether the agent sees the client, and what belongs to it.
    pub(super) fn sees(&self, client: i64) -> bool {
        self.switches.agent_sees_only.is_empty() || self.switches.agent_sees_only.contains(&client)
    }

    /// Why a save of this asset would be refused though it says nothing of its fields, if it would.
    pub(super) fn blocked(&self, asset: &Asset) -> Option<String> {
        if !self.switches.mandatory_fields_block {
            return None;
        }
        self.fields_of(asset.type_id)
            .into_iter()
            .find(|(id, _, mandatory)| *mandatory && asset.fields.get(id).is_none_or(String::is_empty))
            .map(|(_, name, _)| format!("{name} must be entered"))
    }

    /// The table of a kind of record that is a plain row.
    pub(super) fn table(&self, kind: &str) -> Option<&BTreeMap<i64, Row>> {
        Some(match kind {
            "client" => &self.clients,
            "site" => &self.sites,
            "contract" => &self.contracts,
            "invoice" => &self.invoices,
            "ticket" => &self.tickets,
            "action" => &self.actions,
            "type" => &self.asset_types,
            "group" => &self.asset_groups,
            "status" => &self.statuses,
            "toplevel" => &self.top_levels,
            "tag" => &self.tags,
            "notification" => &self.notifications,
            _ => return None,
        })
    }

    pub(super) fn table_mut(&mut self, kind: &str) -> Option<&mut BTreeMap<i64, Row>> {
        Some(match kind {
            "client" => &mut self.clients,
            "site" => &mut self.sites,
            "contract" => &mut self.contracts,
            "invoice" => &mut self.invoices,
            "ticket" => &mut self.tickets,
            "notification" => &mut self.notifications,
            _ => return None,
        })
    }

    /// The log of changes.
    pub fn writes(&self) -> &[Write] {
        self.ledger.writes()
    }

    /// Notes what differs between two states of a record, and tells the webhooks.
    pub(super) fn log(
        &mut self,
        at: Timestamp,
        record: (&str, i64),
        before: &Row,
        after: &Row,
        by_others: bool,
    ) {
        let changes = differences(before, after, UNTOLD);
        if changes.is_empty() {
            return;
        }
        let action = match (before.is_empty(), after.is_empty()) {
            (true, _) => "created",
            (_, true) => "deleted",
            _ => "updated",
        };
        self.announce(at, record.0, record.1, action, if after.is_empty() { before } else { after });
        let client = number(before, "client_id").or_else(|| number(after, "client_id"));
        let client = if record.0 == "client" { Some(record.1) } else { client };
        if record.0 == "configuration" {
            self.tell_changes(at, record.1, &changes, by_others);
        }
        self.ledger.note(at, record, client, changes, by_others);
    }

    /// The vendor's own log of an asset: a row for each member that changed.
    fn tell_changes(
        &mut self,
        at: Timestamp,
        asset: i64,
        changes: &[crate::simulator::Change],
        by_others: bool,
    ) {
        let shown = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        for change in changes {
            let id = self.changes.len() as i64 + 1;
            self.changes.push(object(json!({
                "id": id, "asset_id": asset, "field_id": 0, "field_name": change.field,
                "old_value": shown(&change.before), "new_value": shown(&change.after),
                "who": if by_others { "Jane Doe" } else { super::AGENT }, "datetime": super::hooks::seven_digits(at),
            })));
        }
    }

    /// Stores an asset that a client changed, with the log.
    pub(super) fn store(&mut self, at: Timestamp, mut after: Asset) {
        let id = after.id;
        let before = self.shown("configuration", id).unwrap_or_default();
        after.modified = at;
        self.insert(after);
        let shown = self.shown("configuration", id).unwrap_or_default();
        self.log(at, ("configuration", id), &before, &shown, false);
    }

    /// Stores a row that a client changed, with the log.
    pub(super) fn store_row(&mut self, at: Timestamp, kind: &'static str, id: i64, after: &Row) {
        let before = self.shown(kind, id).unwrap_or_default();
        if let Some(rows) = self.table_mut(kind) {
            rows.insert(id, after.clone());
        }
        self.log(at, (kind, id), &before, after, false);
    }
}
