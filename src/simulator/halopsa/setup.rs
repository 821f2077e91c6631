//! The setup tables: statuses, types, top levels, customer types, fields. Their ids are no round numbers, so that
//! nobody gets away with guessing them.

use serde_json::{Value, json};

use super::state::{State, object};

pub(super) const ACTIVE: i64 = 41;
pub(super) const IN_STOCK: i64 = 43;
pub(super) const INACTIVE: i64 = 46;
pub(super) const RETIRED: i64 = 52;
pub(super) const DECOMMISSIONED: i64 = 57;
const ON_LOAN: i64 = 60;
/// Those that sound retired: the vendor itself puts no mark on them.
pub(super) const RETIRED_STATUSES: [i64; 3] = [INACTIVE, RETIRED, DECOMMISSIONED];
/// `type` of the statuses that assets have.
pub(super) const ASSET_STATUS: i64 = 1;

pub(super) const SERVER: i64 = 130;
pub(super) const WORKSTATION: i64 = 131;

pub(super) const MANAGED: i64 = 2;
pub(super) const FORMER: i64 = 5;

pub(super) const CLIENTS: i64 = 12;
pub(super) const OFFBOARDED: i64 = 17;
pub(super) const SUSPENDED: i64 = 19;

pub(super) const CF_OFFBOARDED: i64 = 216;
pub(super) const CF_PLAN: i64 = 217;
pub(super) const CF_DISPOSAL: i64 = 230;

const HOST: i64 = 51;
const SERIAL: i64 = 52;
const MODEL: i64 = 53;
const ADDRESS: i64 = 54;
pub(super) const WARRANTY: i64 = 59;
const DOMAIN: i64 = 56;
const REGISTRAR: i64 = 57;
const EXPIRY: i64 = 58;

/// Fields of a type that must not be empty.
pub(super) const MANDATORY: [(i64, i64); 1] = [(SERVER, WARRANTY)];

/// Asset types, in the mix in which they occur, with the word that host names carry.
pub(super) const KINDS: [(i64, &str); 16] = [
    (SERVER, "SRV"),
    (WORKSTATION, "WS"),
    (WORKSTATION, "WS"),
    (WORKSTATION, "PC"),
    (134, "LT"),
    (134, "LT"),
    (139, "FW"),
    (140, "SW"),
    (144, "AP"),
    (147, "PRN"),
    (152, "DOM"),
    (153, "SSL"),
    (158, "LIC"),
    (161, "BDR"),
    (165, "UPS"),
    (SERVER, "SRV"),
];

/// Id, name, group, key fields, further fields, whether every status is allowed.
type Kind = (i64, &'static str, i64, [i64; 3], &'static [i64], bool);

const TYPES: [Kind; 12] = [
    (SERVER, "Server", 7, [HOST, SERIAL, MODEL], &[ADDRESS, WARRANTY], true),
    (WORKSTATION, "Workstation", 7, [HOST, SERIAL, MODEL], &[ADDRESS], true),
    (134, "Laptop", 7, [HOST, SERIAL, MODEL], &[ADDRESS], true),
    (139, "Firewall", 9, [HOST, SERIAL, MODEL], &[ADDRESS], true),
    (140, "Switch", 9, [HOST, SERIAL, MODEL], &[ADDRESS], true),
    (144, "Access Point", 9, [HOST, SERIAL, MODEL], &[], true),
    (147, "Printer", 9, [HOST, SERIAL, MODEL], &[ADDRESS], true),
    (152, "Domain", 11, [DOMAIN, REGISTRAR, EXPIRY], &[], false),
    (153, "SSL Certificate", 11, [DOMAIN, REGISTRAR, EXPIRY], &[], false),
    (158, "Licence", 11, [HOST, SERIAL, EXPIRY], &[], false),
    (161, "Backup Appliance", 7, [HOST, SERIAL, MODEL], &[ADDRESS], true),
    (165, "UPS", 9, [HOST, SERIAL, MODEL], &[], true),
];

const FIELDS: [(i64, &str); 8] = [
    (HOST, "Host name"),
    (SERIAL, "Serial number"),
    (MODEL, "Model"),
    (ADDRESS, "IP address"),
    (WARRANTY, "Warranty reference"),
    (DOMAIN, "Domain name"),
    (REGISTRAR, "Registrar"),
    (EXPIRY, "Expiry"),
];

fn field_name(id: i64) -> &'static str {
    FIELDS.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name)
}

/// Fills the setup tables.
pub(super) fn tables(state: &mut State) {
    for (id, name, kind) in [
        (1, "New", 0),
        (2, "In Progress", 0),
        (9, "Closed", 0),
        (ACTIVE, "Active", ASSET_STATUS),
        (IN_STOCK, "In Stock", ASSET_STATUS),
        (INACTIVE, "Inactive", ASSET_STATUS),
        (RETIRED, "Retired", ASSET_STATUS),
        (DECOMMISSIONED, "Decommissioned", ASSET_STATUS),
        (ON_LOAN, "On Loan", ASSET_STATUS),
    ] {
        let row = json!({ "id": id, "name": name, "shortname": name, "type": kind, "sequence": id, "colour": "#1e90ff" });
        state.statuses.insert(id, object(row));
    }
    for (id, name) in [(7, "Computers"), (9, "Network"), (11, "Services")] {
        state.asset_groups.insert(id, object(json!({ "id": id, "name": name, "sequence": id })));
    }
    for (id, name) in [
        (CLIENTS, "Clients"),
        (14, "Offboarding planned"),
        (OFFBOARDED, "Offboarded"),
        (SUSPENDED, "Suspended"),
    ] {
        state.top_levels.insert(id, object(json!({ "id": id, "name": name, "long_name": name, "type": 0 })));
    }
    for (id, name) in
        [(MANAGED, "Managed"), (3, "Break/Fix"), (FORMER, "Former Client"), (6, "Prospect"), (8, "Vendor")]
    {
        state.customer_types.insert(id, name);
    }
    for (id, name, label) in [
        (CF_OFFBOARDED, "CFOffboarded", "Offboarded"),
        (CF_PLAN, "CFServicePlan", "Service plan"),
        (CF_DISPOSAL, "CFDisposal", "Disposal class"),
    ] {
        state.custom_fields.insert(id, (name.to_owned(), label.to_owned()));
    }
    for (id, word) in [(3, "vip"), (4, "offboarded")] {
        state.tags.insert(id, object(json!({ "id": id, "text": word, "type": 0 })));
    }
    for kind in &TYPES {
        let row = asset_type(state, kind);
        state.asset_types.insert(kind.0, object(row));
    }
}

fn asset_type(state: &State, (id, name, group, keys, others, all): &Kind) -> Value {
    let group_name = state.asset_groups.get(group).and_then(|row| row.get("name")).cloned();
    let fields: Value = keys
        .iter()
        .chain(others.iter())
        .enumerate()
        // The vendor sends these ids with a point.
        .map(|(at, field)| {
            json!({
                "id": (id * 100 + field) as f64, "typeinfo_id": (id * 100 + field) as f64, "field_id": *field as f64,
                "field_name": field_name(*field), "sequence": at + 1,
            })
        })
        .collect();
    let allowed: Value = if *all {
        json!([])
    } else {
        [ACTIVE, INACTIVE, RETIRED, DECOMMISSIONED]
            .into_iter()
            .map(|status| {
                json!({
                    "id": id * 100 + status, "xtype_id": id, "xtype_name": name, "status_id": status,
                    "status_name": state.statuses.get(&status).and_then(|row| row.get("name")),
                    "allowafterallstatuses": true,
                })
            })
            .collect()
    };
    json!({
        "id": id, "name": name, "assetgroup_id": group, "assetgroup_name": group_name,
        "keyfield_id": keys[0], "keyfield_name": field_name(keys[0]),
        "keyfield2_id": keys[1], "keyfield2_name": field_name(keys[1]),
        "keyfield3_id": keys[2], "keyfield3_name": field_name(keys[2]),
        "fields": fields, "allowall_status": all, "allowed_status": allowed, "linkedcontracttype": 0,
        "status_visibility": 1, "show_to_users": true,
    })
}
