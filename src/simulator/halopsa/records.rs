//! An asset, and how it shows: as a row of a list, and whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Row, State, object, text};

/// One asset. What the vendor derives from other records is not stored in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    pub id: i64,
    pub type_id: i64,
    pub client_id: i64,
    pub site_id: Option<i64>,
    /// The asset tag.
    pub inventory_number: String,
    /// Values of the type's fields, by field id. The three key fields are among them.
    pub fields: BTreeMap<i64, String>,
    /// Custom fields of all assets, by id.
    pub custom: BTreeMap<i64, Value>,
    pub status_id: Option<i64>,
    pub inactive: bool,
    pub parent: Option<i64>,
    pub username: String,
    pub notes: String,
    pub ninja: Option<i64>,
    pub datto: Option<String>,
    pub warranty_end: Option<Timestamp>,
    pub modified: Timestamp,
    /// Members that a client stored and nothing here gives a meaning to.
    pub extra: Row,
}

impl Asset {
    /// An asset with nothing filled in.
    pub(super) fn new(id: i64, client_id: i64, type_id: i64) -> Self {
        Self {
            id,
            type_id,
            client_id,
            site_id: None,
            inventory_number: String::new(),
            fields: BTreeMap::new(),
            custom: BTreeMap::from([(super::setup::CF_DISPOSAL, Value::Null)]),
            status_id: None,
            inactive: false,
            parent: None,
            username: String::new(),
            notes: String::new(),
            ninja: None,
            datto: None,
            warranty_end: None,
            modified: Timestamp::UNIX_EPOCH,
            extra: Row::new(),
        }
    }
}

/// Members that list rows leave out when they have no value.
const OPTIONAL: &[&str] = &[
    "inventory_number",
    "key_field",
    "key_field2",
    "key_field3",
    "site_id",
    "site_name",
    "status_id",
    "status_name",
    "username",
    "parent_id",
    "ninjarmm_id",
    "ninja_url",
    "datto_id",
    "datto_url",
    "warranty_end",
    "contract_id",
    "contract_ref",
    "supplier_id",
    "third_party_id",
];

impl State {
    /// The value of the type's first, second or third key field.
    pub(super) fn key_field(&self, asset: &Asset, number: usize) -> String {
        let member = ["keyfield_id", "keyfield2_id", "keyfield3_id"][number];
        let kind = self.asset_types.get(&asset.type_id);
        let field = kind.and_then(|kind| kind.get(member)).and_then(Value::as_i64);
        field.and_then(|field| asset.fields.get(&field)).cloned().unwrap_or_default()
    }

    /// The assets that hang on this one: of the same client, as the vendor's own screens make them.
    pub(super) fn children_of(&self, asset: &Asset) -> Vec<i64> {
        let others = self.by_client.get(&asset.client_id).into_iter().flatten();
        others
            .copied()
            .filter(|id| self.assets.get(id).is_some_and(|other| other.parent == Some(asset.id)))
            .collect()
    }

    /// An asset as a row of a list.
    pub(super) fn asset_row(&self, asset: &Asset) -> Row {
        let name = |rows: &BTreeMap<i64, Row>, id: Option<i64>| {
            id.and_then(|id| rows.get(&id)).map_or(Value::Null, |row| json!(text(row, "name")))
        };
        let filled = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
        let contract = self.contract_by_asset.get(&asset.id).copied();
        let mut row = object(json!({
            "id": asset.id,
            "inventory_number": filled(&asset.inventory_number),
            "key_field": filled(&self.key_field(asset, 0)),
            "key_field2": filled(&self.key_field(asset, 1)),
            "key_field3": filled(&self.key_field(asset, 2)),
            "client_id": asset.client_id,
            "client_name": name(&self.clients, Some(asset.client_id)),
            "site_id": asset.site_id,
            "site_name": name(&self.sites, asset.site_id),
            "username": filled(&asset.username),
            "assettype_id": asset.type_id,
            "assettype_name": name(&self.asset_types, Some(asset.type_id)),
            "inactive": asset.inactive,
            "status_id": asset.status_id,
            "status_name": name(&self.statuses, asset.status_id),
            "parent_id": asset.parent,
            "warranty_end": asset.warranty_end,
            "contract_id": contract,
            "contract_ref": contract.and_then(|id| self.contracts.get(&id)).map(|row| text(row, "ref")),
            "criticality": -1,
            "device_number": asset.id,
            "is_template": false,
            "key": asset.id,
            "changeguid": super::state::guid(asset.id),
            "ninjarmm_id": asset.ninja,
            "ninja_url": asset.ninja.map(|id| format!("https://app.ninjarmm.example/#/deviceDashboard/{id}/overview")),
            "datto_id": asset.datto,
            "datto_url": asset.datto.as_ref().map(|id| format!("https://rmm.datto.example/device/{id}")),
        }));
        for (name, value) in &asset.extra {
            row.insert(name.clone(), value.clone());
        }
        row.retain(|_, value| !value.is_null());
        row
    }

    /// An asset whole, as `GET /Asset/{id}?includedetails=true` and a POST show it.
    pub(super) fn asset_whole(&self, asset: &Asset) -> Row {
        let mut row = self.asset_row(asset);
        let related = |ids: Vec<i64>| -> Value {
            ids.into_iter()
                .filter_map(|id| self.assets.get(&id))
                .map(|other| Value::Object(self.asset_row(other)))
                .collect()
        };
        let children = self.children_of(asset);
        let tickets = self.tickets_of(asset.id);
        let open = tickets.iter().filter(|ticket| !super::state::flag(ticket, "hasbeenclosed")).count();
        let contracts: Value = self
            .contract_assets
            .iter()
            .filter(|(_, carried)| carried.contains(&asset.id))
            .filter_map(|(id, _)| self.contracts.get(id))
            .map(|row| Value::Object(row.clone()))
            .collect();
        let details = object(json!({
            "isassetdetails": true,
            "notes": asset.notes,
            "fields": self.shown_fields(asset),
            "customfields": self.shown_custom(asset),
            "users": [],
            "contracts": contracts,
            "parent_assets": related(asset.parent.into_iter().collect()),
            "child_assets": related(children),
            "sibling_assets": [],
            "open_ticket_count": open,
            "total_ticket_count": tickets.len(),
            "dlastupdate": asset.modified,
            "last_modified": asset.modified,
            "allowallstatus": self.allowed_statuses(asset.type_id).is_none(),
            "allowed_status": self.shown_statuses(asset.type_id),
        }));
        row.extend(details);
        if self.switches.warns && open > 0 {
            row.insert("_warning".to_owned(), json!(format!("This Asset has {open} open Tickets.")));
        }
        row
    }

    /// `fields`: the members that the type asks for.
    pub(super) fn shown_fields(&self, asset: &Asset) -> Value {
        self.fields_of(asset.type_id)
            .into_iter()
            .map(|(id, name, mandatory)| {
                let value = asset.fields.get(&id).cloned().unwrap_or_default();
                json!({
                    "id": id, "name": name, "value": value, "display": value, "mandatory": mandatory, "lookup": 0,
                    "typeinfo_id": asset.type_id * 100 + id,
                })
            })
            .collect()
    }

    pub(super) fn shown_custom(&self, asset: &Asset) -> Value {
        asset.custom.iter().map(|(id, value)| self.custom_field(*id, value)).collect()
    }

    /// A custom field with its value, as records show it.
    pub(super) fn custom_field(&self, id: i64, value: &Value) -> Value {
        let (name, label) = self.custom_fields.get(&id).cloned().unwrap_or_default();
        let mut shown = json!({ "id": id, "name": name, "label": label, "type": 0, "usage": 1 });
        if !value.is_null() {
            shown["value"] = value.clone();
            shown["display"] = value.clone();
        }
        shown
    }

    /// The allowed statuses of a type, as it shows them.
    pub(super) fn shown_statuses(&self, kind: i64) -> Value {
        let type_name = self.asset_types.get(&kind).map(|row| text(row, "name")).unwrap_or_default();
        self.allowed_statuses(kind)
            .into_iter()
            .flatten()
            .map(|status| {
                let name = self.statuses.get(&status).map(|row| text(row, "name")).unwrap_or_default();
                json!({
                    "id": kind * 100 + status, "xtype_id": kind, "xtype_name": type_name, "status_id": status,
                    "status_name": name, "allowafterallstatuses": true,
                })
            })
            .collect()
    }

    /// Fills what an asset row lacks with null, where that is the switch.
    pub(super) fn with_nulls(&self, mut row: Row) -> Row {
        if self.switches.nulls == super::switches::Nulls::Explicit {
            for name in OPTIONAL {
                row.entry((*name).to_owned()).or_insert(Value::Null);
            }
        }
        row
    }
}
