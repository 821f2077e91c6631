//! What a POST says of an asset, put into what is stored: by top-level member, arrays whole.

use serde_json::Value;

use super::{
    errors,
    names::{self, Type},
    records::Asset,
    state::{Row, State},
    switches::{ForeignStatus, Retiring},
};
use crate::simulator::exchange::Reply;

/// Members that repeat other records; a POST does not change them.
const DERIVED: &[&str] = &[
    "client_name",
    "site_name",
    "assettype_name",
    "status_name",
    "contract_ref",
    "open_ticket_count",
    "total_ticket_count",
    "parent_assets",
    "child_assets",
    "contracts",
    "allowed_status",
    "allowallstatus",
    "dlastupdate",
    "last_modified",
    "key",
    "device_number",
    "changeguid",
    "isassetdetails",
    "users",
    "sibling_assets",
];

/// What of a POST cannot be read as the vendor's types, by where it stands.
pub(super) fn unreadable(items: &[Value], body: &str) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Value::Object(item) = item else {
            let text =
                format!("Error converting value {item} to type 'Device'. Path '[{at}]', line 1, position 1.");
            wrong.push((format!("[{at}]"), text));
            continue;
        };
        for (name, value) in item {
            let Some(kind) = names::of_asset(name) else { continue };
            if let Some(why) = misfit(kind, value) {
                let place = format!("[{at}].{name}");
                let position =
                    body.find(&format!("\"{name}\"")).unwrap_or(0) + name.len() + 3 + value.to_string().len();
                wrong.push((place.clone(), format!("{why} Path '{place}', line 1, position {position}.")));
            }
        }
    }
    wrong
}

/// The server reads leniently: numbers out of strings, flags out of numbers.
fn misfit(kind: Type, value: &Value) -> Option<String> {
    let opens = |sign: char| Some(format!("Unexpected character encountered while parsing value: {sign}."));
    match (kind, value) {
        (_, Value::Null)
        | (Type::List, Value::Array(_))
        | (Type::Object, Value::Object(_))
        | (Type::Decimal, Value::Number(_))
        | (Type::Flag, Value::Bool(_) | Value::Number(_)) => None,
        (Type::List | Type::Object, other) => Some(format!("Error converting value {other}.")),
        (_, Value::Array(_)) => opens('['),
        (_, Value::Object(_)) => opens('{'),
        (Type::Text, _) => None,
        (Type::Integer, Value::Number(number)) => {
            number.as_i64().is_none().then(|| format!("Input string '{number}' is not a valid integer."))
        }
        (Type::Integer, Value::String(text)) => text
            .trim()
            .parse::<i64>()
            .is_err()
            .then(|| format!("Could not convert string to integer: {text}.")),
        (Type::Integer, Value::Bool(_)) => {
            Some("Error reading integer. Unexpected token: Boolean.".to_owned())
        }
        (Type::Decimal, Value::String(text)) => text
            .trim()
            .parse::<f64>()
            .is_err()
            .then(|| format!("Could not convert string to decimal: {text}.")),
        (Type::Decimal, Value::Bool(_)) => {
            Some("Error reading decimal. Unexpected token: Boolean.".to_owned())
        }
        (Type::Flag, Value::String(text)) => (!text.eq_ignore_ascii_case("true")
            && !text.eq_ignore_ascii_case("false"))
        .then(|| format!("Could not convert string to boolean: {text}.")),
        (Type::Time, Value::String(text)) => (text.parse::<jiff::Timestamp>().is_err()
            && text.parse::<jiff::civil::DateTime>().is_err())
        .then(|| format!("Could not convert string to DateTime: {text}.")),
        (Type::Time, other) => Some(format!("Error reading date. Unexpected token: {other}.")),
    }
}

pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

fn truth_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The asset after the POST, or the one thing that is wrong with it.
pub(super) fn merged(
    state: &State,
    before: &Asset,
    given: &Row,
    notes: &mut Vec<String>,
) -> Result<Asset, Reply> {
    let refuse = |text: &str| errors::message(&state.switches, text);
    let mut after = before.clone();
    let mut says_status = false;
    for (name, value) in given {
        if name.starts_with('_') || name == "deactivate_child_devices" {
            notes.push(format!(
                "{name} in a POST of an asset: what it does is not known, and it is not looked at"
            ));
            continue;
        }
        if DERIVED.contains(&name.as_str()) {
            notes.push(format!("{name} in a POST of an asset: it is derived, and not looked at"));
            continue;
        }
        match name.as_str() {
            "id" => {}
            "inactive" => after.inactive = truth_of(value).unwrap_or(after.inactive),
            "status_id" => {
                says_status = true;
                let Some(status) = whole(value).filter(|status| *status > 0) else { continue };
                let known = state.statuses.get(&status).is_some_and(|row| {
                    row.get("type").and_then(Value::as_i64) == Some(super::setup::ASSET_STATUS)
                });
                let allowed = state.allowed_statuses(after.type_id).is_none_or(|ids| ids.contains(&status));
                match (known && allowed, state.switches.foreign_status) {
                    (true, _) => after.status_id = Some(status),
                    (false, ForeignStatus::Refused) => {
                        return Err(refuse("The selected Status is not valid for this Asset Type"));
                    }
                    (false, ForeignStatus::Ignored) => {}
                }
            }
            "client_id" => {
                let client = whole(value).filter(|id| state.clients.contains_key(id));
                after.client_id = client.ok_or_else(|| refuse("A Customer must be selected"))?;
            }
            "site_id" => {
                let site = whole(value).and_then(|id| state.sites.get(&id).map(|row| (id, row)));
                let (id, row) = site.ok_or_else(|| refuse("A Site must be selected"))?;
                after.site_id = Some(id);
                if !given.contains_key("client_id") {
                    after.client_id = super::state::number(row, "client_id").unwrap_or(after.client_id);
                }
            }
            "assettype_id" => {
                let kind = whole(value).filter(|id| state.asset_types.contains_key(id));
                after.type_id = kind.ok_or_else(|| refuse("An Asset Type must be selected"))?;
            }
            "inventory_number" => after.inventory_number = words(value),
            "username" => after.username = words(value),
            "notes" => after.notes = words(value),
            "parent_id" => after.parent = whole(value).filter(|id| *id > 0),
            "ninjarmm_id" => after.ninja = whole(value).filter(|id| *id > 0),
            "datto_id" => after.datto = Some(words(value)).filter(|text| !text.is_empty()),
            "warranty_end" => after.warranty_end = value.as_str().and_then(|text| text.parse().ok()),
            "key_field" | "key_field2" | "key_field3" => {
                let member = match name.as_str() {
                    "key_field" => "keyfield_id",
                    "key_field2" => "keyfield2_id",
                    _ => "keyfield3_id",
                };
                let kind = state.asset_types.get(&after.type_id);
                if let Some(field) = kind.and_then(|kind| super::state::number(kind, member)) {
                    after.fields.insert(field, words(value));
                }
            }
            "fields" => {
                notes
                    .push("fields in a POST of an asset: those that it does not name are emptied".to_owned());
                after.fields = values(value).map(|(id, value)| (id, words(&value))).collect();
                for (id, field, mandatory) in state.fields_of(after.type_id) {
                    if mandatory && after.fields.get(&id).is_none_or(|text| text.trim().is_empty()) {
                        return Err(refuse(&format!("{field} must be entered")));
                    }
                }
            }
            "customfields" => {
                notes.push(
                    "customfields in a POST of an asset: those that it does not name are emptied".to_owned(),
                );
                let given: Vec<(i64, Value)> = values(value).collect();
                for (id, stored) in &mut after.custom {
                    *stored = given
                        .iter()
                        .find(|(other, _)| other == id)
                        .map_or(Value::Null, |(_, value)| value.clone());
                }
            }
            name if names::of_asset(name).is_some() => {
                after.extra.insert(name.to_owned(), value.clone());
            }
            name => {
                notes.push(format!("an asset has no member \"{name}\"; the server drops it without a word"));
            }
        }
    }
    retire(state, before, &mut after, says_status);
    match state.blocked(&after) {
        Some(why) => Err(refuse(&why)),
        None => Ok(after),
    }
}

/// Whether the status and the inactive mark move one another.
fn retire(state: &State, before: &Asset, after: &mut Asset, says_status: bool) {
    let retired = |status: Option<i64>| status.is_some_and(|id| super::setup::RETIRED_STATUSES.contains(&id));
    match state.switches.retiring {
        Retiring::StatusSetsMark if before.status_id != after.status_id => {
            after.inactive = retired(after.status_id);
        }
        Retiring::MarkSetsStatus if before.inactive != after.inactive && !says_status => {
            let status = if after.inactive { super::setup::INACTIVE } else { super::setup::ACTIVE };
            after.status_id = Some(status);
        }
        Retiring::Independent | Retiring::StatusSetsMark | Retiring::MarkSetsStatus => {}
    }
}

/// Ids and values of an array of fields.
fn values(list: &Value) -> impl Iterator<Item = (i64, Value)> {
    list.as_array().into_iter().flatten().filter_map(|field| {
        let id = field.get("id").and_then(whole)?;
        Some((id, field.get("value").cloned().unwrap_or_default()))
    })
}
