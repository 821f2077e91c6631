//! PATCH: a list of operations on one record, with the checks that a save makes.

use serde_json::{Value, json};

use super::{
    errors,
    names::{self, Kind, Names},
    records::Configuration,
    state::{Row, State, flag, id_of, text},
    switches::{Closing, NestedPatch},
};
use crate::simulator::exchange::Reply;

/// One operation, read from the body.
pub(super) struct Operation {
    pub head: &'static str,
    pub kind: Kind,
    pub tail: Option<String>,
    pub value: Value,
}

/// What a PATCH would store, and what was odd about it.
pub(super) struct Patched<T> {
    pub after: T,
    pub notes: Vec<String>,
}

pub(super) fn operations(
    body: &[u8],
    names: Names,
    notes: &mut Vec<String>,
) -> Result<Vec<Operation>, Reply> {
    let parsed: Value =
        serde_json::from_slice(body).map_err(|_| errors::patch("The request body is not valid JSON."))?;
    let Value::Array(entries) = parsed else {
        notes.push("PATCH body is not a JSON array".to_owned());
        return Err(errors::patch("The request body must be a list of patch operations."));
    };
    if entries.is_empty() {
        notes.push("PATCH without an operation".to_owned());
    }
    entries.iter().map(|entry| operation(entry, names, notes)).collect()
}

fn operation(entry: &Value, names: Names, notes: &mut Vec<String>) -> Result<Operation, Reply> {
    let op = entry.get("op").and_then(Value::as_str).unwrap_or_default();
    let remove = match op {
        "add" | "replace" => false,
        "remove" => true,
        _ => return Err(errors::patch(&format!("Invalid JsonPatch operation '{op}'."))),
    };
    let path = entry.get("path").and_then(Value::as_str).unwrap_or_default();
    let path = path.strip_prefix('/').unwrap_or(path);
    let (head, tail) =
        path.split_once('/').map_or((path, None), |(head, tail)| (head, Some(tail.to_owned())));
    // Case counts here.
    let Some((head, kind)) = names.iter().find(|(name, _)| *name == head) else {
        notes.push(format!("PATCH path that the object does not have: {path}"));
        return Err(errors::patch(&format!(
            "The target location specified by path segment '{head}' was not found."
        )));
    };
    let value = if remove { Value::Null } else { entry.get("value").cloned().unwrap_or_default() };
    Ok(Operation { head, kind: *kind, tail, value })
}

pub(super) fn as_id(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

/// What a reference is set to: nothing, or the id of another record.
pub(super) fn reference_id(value: &Value, target: &str) -> Result<Option<i64>, Reply> {
    match value {
        Value::Null => Ok(None),
        Value::Object(reference) => match reference.get("id") {
            Some(id) => {
                as_id(id).map(Some).ok_or_else(|| errors::cast(id, "System.Nullable`1[System.Int32]"))
            }
            None => {
                Err(errors::invalid("configuration", "InvalidField", &format!("{target} is invalid"), target))
            }
        },
        other => {
            let mut name = target.to_owned();
            if let Some(first) = name.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            Err(errors::cast(
                other,
                &format!("ConnectWise.Apis.v3_0.Company.Configuration.Model.{name}Reference"),
            ))
        }
    }
}

fn as_flag(value: &Value) -> Result<Option<bool>, Reply> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        other => Err(errors::cast(other, "System.Nullable`1[System.Boolean]")),
    }
}

fn as_text(value: &Value) -> Result<String, Reply> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(errors::cast(other, "System.String")),
    }
}

/// Carries a PATCH of a configuration out on a copy.
pub(super) fn configuration(
    state: &State,
    before: &Configuration,
    body: &[u8],
) -> Result<Patched<Configuration>, (Reply, Vec<String>)> {
    let mut notes = Vec::new();
    match changed(state, before, body, &mut notes) {
        Ok(after) => Ok(Patched { after, notes }),
        Err(reply) => Err((reply, notes)),
    }
}

fn changed(
    state: &State,
    before: &Configuration,
    body: &[u8],
    notes: &mut Vec<String>,
) -> Result<Configuration, Reply> {
    let mut after = before.clone();
    let operations = operations(body, names::CONFIGURATION, notes)?;
    for operation in &operations {
        set(state, &mut after, operation, notes)?;
    }
    let named = |name: &str| operations.iter().any(|operation| operation.head == name);
    if state.switches.custom_fields_required && !named("customFields") {
        return Err(errors::invalid(
            "configuration",
            "MissingRequiredField",
            "customFields is required.",
            "customFields",
        ));
    }
    if named("name") && after.name.trim().is_empty() {
        return Err(errors::invalid("configuration", "MissingRequiredField", "name is required.", "name"));
    }
    if let Some(why) = blocked(state, &after) {
        return Err(why);
    }
    close(state, before, &mut after, named("status"));
    Ok(after)
}

/// Why a save of this record is refused under the switches, if it is.
pub(super) fn blocked(state: &State, row: &Configuration) -> Option<Reply> {
    if state.switches.required_fields_block
        && let Some(field) = row.empty_required(state).first()
    {
        let message = format!("{field} is required.");
        return Some(errors::invalid("configuration", "MissingRequiredField", &message, field));
    }
    let company = state.companies.get(&row.company_id)?;
    let status = id_of(company, "status").and_then(|id| state.company_statuses.get(&id))?;
    (state.switches.disallow_saving_blocks && flag(status, "disallowSavingFlag")).then(|| {
        let message = format!("Company status {} does not allow saving.", text(status, "name"));
        errors::invalid("configuration", "InvalidObject", &message, "company")
    })
}

/// Whether closing by one mark moves the other.
fn close(state: &State, before: &Configuration, after: &mut Configuration, status_named: bool) {
    match state.switches.closing {
        Closing::Independent => {}
        Closing::StatusFlipsFlag => {
            if before.status_id != after.status_id {
                after.active = Some(!state.is_closed(after.status_id));
            }
        }
        Closing::FlagFlipsStatus => {
            if before.active != after.active && !status_named {
                let closed = after.active == Some(false);
                let fits = |row: &&Row| {
                    if closed { flag(row, "closedFlag") } else { flag(row, "defaultFlag") }
                };
                let status = state.statuses.values().find(fits);
                after.status_id =
                    status.and_then(|row| row.get("id")).and_then(Value::as_i64).or(after.status_id);
            }
        }
    }
}

/// A member names something that is not there.
pub(super) fn invalid(name: &str) -> Reply {
    errors::invalid("configuration", "InvalidField", &format!("{name} is invalid"), name)
}

pub(super) fn type_stays() -> Reply {
    let message = "The type cannot be changed; use changeType.";
    errors::invalid("configuration", "InvalidField", message, "type")
}

pub(super) fn set(
    state: &State,
    after: &mut Configuration,
    operation: &Operation,
    notes: &mut Vec<String>,
) -> Result<(), Reply> {
    let value = &operation.value;
    if let Some(tail) = &operation.tail {
        notes.push(format!("PATCH into a reference: {}/{tail}", operation.head));
        if tail != "id" || state.switches.nested_patch == NestedPatch::FalseOk {
            return Ok(());
        }
        let whole = Operation { value: json!({ "id": value }), tail: None, ..*operation };
        return set(state, after, &whole, notes);
    }
    let known = |found: bool, name: &str| if found { Ok(()) } else { Err(invalid(name)) };
    match operation.head {
        "id" | "_info" => {}
        "name" => after.name = as_text(value)?,
        "status" => {
            let id = reference_id(value, "configurationStatus")?;
            known(id.is_some_and(|id| state.statuses.contains_key(&id)), "status")?;
            after.status_id = id;
        }
        "company" => {
            let id = reference_id(value, "company")?;
            known(id.is_some_and(|id| state.companies.contains_key(&id)), "company")?;
            after.company_id = id.unwrap_or(after.company_id);
        }
        "type" => return Err(type_stays()),
        "site" => {
            let id = reference_id(value, "site")?;
            known(id.is_none_or(|id| state.sites.contains_key(&id)), "site")?;
            after.site_id = id;
        }
        "contact" => {
            let id = reference_id(value, "contact")?;
            known(id.is_none_or(|id| state.contacts.contains_key(&id)), "contact")?;
            after.contact_id = id;
        }
        "activeFlag" => after.active = as_flag(value)?,
        "billFlag" => after.bill = as_flag(value)?.unwrap_or(false),
        "parentConfigurationId" => {
            let id = match value {
                Value::Null => None,
                value => {
                    let id = as_id(value);
                    Some(id.ok_or_else(|| errors::cast(value, "System.Nullable`1[System.Int32]"))?)
                }
            };
            known(id.is_none_or(|id| state.configurations.contains_key(&id)), "parentConfigurationId")?;
            after.parent = id;
        }
        "deviceIdentifier" => after.device = as_text(value)?,
        "serialNumber" => after.serial = as_text(value)?,
        "tagNumber" => after.tag = as_text(value)?,
        "managementLink" => after.management_link = Some(as_text(value)?).filter(|link| !link.is_empty()),
        "customFields" => custom_fields(after, value)?,
        "questions" => questions(after, value)?,
        head => {
            let stored = typed(operation.kind, value)?;
            after.extra.insert(head.to_owned(), stored);
        }
    }
    Ok(())
}

fn typed(kind: Kind, value: &Value) -> Result<Value, Reply> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Text => as_text(value).map(Value::String),
        Kind::Flag => as_flag(value).map(|flag| json!(flag)),
        Kind::Number if value.is_number() => Ok(value.clone()),
        Kind::Number => as_id(value).map(|id| json!(id)).ok_or_else(|| errors::cast(value, "System.Int32")),
        Kind::Date => match value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
            Some(at) => Ok(json!(at)),
            None => Err(errors::cast(value, "System.DateTime")),
        },
        Kind::Reference(_) if value.is_object() => Ok(value.clone()),
        Kind::List(_) if value.is_array() => Ok(value.clone()),
        _ => Err(errors::cast(value, "ConnectWise.Apis.v3_0")),
    }
}

/// Entries need only `{id, value}`; what is left out stays as it is.
fn custom_fields(after: &mut Configuration, value: &Value) -> Result<(), Reply> {
    let Value::Array(entries) = value else {
        return Err(errors::cast(value, "System.Collections.Generic.List`1[CustomFieldValue]"));
    };
    for entry in entries {
        let id = entry.get("id").and_then(as_id);
        let field = id.and_then(|id| after.custom.iter_mut().find(|(known, _)| *known == id));
        match field {
            Some((_, stored)) => *stored = entry.get("value").cloned().unwrap_or_default(),
            None => {
                return Err(invalid("customFields"));
            }
        }
    }
    Ok(())
}

fn questions(after: &mut Configuration, value: &Value) -> Result<(), Reply> {
    let Value::Array(entries) = value else {
        return Err(errors::cast(value, "System.Collections.Generic.List`1[ConfigurationQuestion]"));
    };
    for entry in entries {
        let id = entry.get("answerId").and_then(as_id).unwrap_or(0);
        match after.questions.iter_mut().find(|question| question.answer_id == id) {
            Some(question) => question.answer = entry.get("answer").cloned().unwrap_or_default(),
            None => return Err(errors::not_found("Configuration Type Question Value", id)),
        }
    }
    Ok(())
}

/// Carries a PATCH of any other record out on a copy.
pub(super) fn row(
    state: &State,
    kind: &str,
    before: &Row,
    body: &[u8],
) -> Result<Patched<Row>, (Reply, Vec<String>)> {
    let mut notes = Vec::new();
    let names = state.table(kind).map_or(&[] as Names, |(_, names)| names);
    let mut apply = || {
        let mut after = before.clone();
        for operation in operations(body, names, &mut notes)? {
            if operation.tail.is_some() {
                notes.push(format!("PATCH into a reference: {}", operation.head));
                continue;
            }
            let mut value = typed(operation.kind, &operation.value)?;
            // A status is shown by its name, which the client need not send.
            if operation.head == "status"
                && kind == "company"
                && let Some(id) = value.get("id").and_then(as_id)
            {
                let status = state.company_statuses.get(&id);
                let status = status
                    .ok_or_else(|| errors::invalid(kind, "InvalidField", "status is invalid", "status"))?;
                value = json!({ "id": id, "name": text(status, "name"), "_info": {} });
            }
            after.insert(operation.head.to_owned(), value);
        }
        Ok(after)
    };
    match apply() {
        Ok(after) => Ok(Patched { after, notes }),
        Err(reply) => Err((reply, notes)),
    }
}
