//! Whole records: what a POST makes of its body, and what a PUT leaves of a record that is there.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    API_MEMBER, errors, names,
    patch::{self, Operation},
    records::{Configuration, Question},
    state::{Row, State, flag, whole_second},
};
use crate::simulator::exchange::Reply;

/// A new record.
pub(super) fn created(state: &State, at: Timestamp, id: i64, body: &Value) -> Result<Configuration, Reply> {
    let body = required(body)?;
    let kind = patch::reference_id(&body["type"], "configurationType")?;
    let kind = kind.filter(|id| state.types.contains_key(id)).ok_or_else(|| patch::invalid("type"))?;
    let asked = state.questions.iter().filter(|(_, row)| row.get("parentId") == Some(&kind.into()));
    let questions = asked.zip(0..).map(|((question_id, _), place)| Question {
        answer_id: id * 10 + place,
        question_id: *question_id,
        answer: Value::Null,
    });
    let fields = state.fields.iter().filter(|(_, row)| row.get("podId") == Some(&CONFIGURATION_POD.into()));
    let at = whole_second(at);
    let blank = Configuration {
        id,
        name: String::new(),
        type_id: kind,
        status_id: default_status(state),
        company_id: 0,
        site_id: None,
        contact_id: None,
        active: Some(true),
        bill: false,
        parent: None,
        device: String::new(),
        serial: String::new(),
        tag: String::new(),
        management_link: None,
        questions: questions.collect(),
        custom: fields.map(|(id, _)| (*id, Value::Null)).collect(),
        installed: at,
        entered: at,
        entered_by: API_MEMBER,
        updated: at,
        updated_by: API_MEMBER,
        extra: Row::new(),
    };
    filled(state, blank, body)
}

/// What a PUT leaves: members that the body does not name go back to their default, or to nothing. Answers and
/// custom fields stay, as with a PATCH.
pub(super) fn replaced(state: &State, before: &Configuration, body: &Value) -> Result<Configuration, Reply> {
    let body = required(body)?;
    if patch::reference_id(&body["type"], "configurationType")? != Some(before.type_id) {
        return Err(patch::type_stays());
    }
    let blank = Configuration {
        status_id: default_status(state),
        site_id: None,
        contact_id: None,
        active: Some(true),
        bill: false,
        parent: None,
        device: String::new(),
        serial: String::new(),
        tag: String::new(),
        management_link: None,
        extra: Row::new(),
        ..before.clone()
    };
    filled(state, blank, body)
}

/// The screen that configurations' custom fields are on.
const CONFIGURATION_POD: i64 = 6;

fn required(body: &Value) -> Result<&Row, Reply> {
    let body = body.as_object().ok_or_else(|| errors::cast(body, "ConnectWise.Apis.v3_0.Configuration"))?;
    let missing = |name: &&str| body.get(*name).is_none_or(|value| value.is_null() || value == "");
    match ["name", "type", "company"].into_iter().find(missing) {
        Some(name) => {
            let message = format!("{name} is required.");
            Err(errors::invalid("configuration", "MissingRequiredField", &message, name))
        }
        None => Ok(body),
    }
}

fn default_status(state: &State) -> Option<i64> {
    state.statuses.iter().find(|(_, row)| flag(row, "defaultFlag")).map(|(id, _)| *id)
}

/// Members that nobody knows are passed over, as the vendor does.
fn filled(state: &State, mut blank: Configuration, body: &Row) -> Result<Configuration, Reply> {
    for (name, value) in body.iter().filter(|(name, _)| *name != "type") {
        if let Some((head, kind)) = names::CONFIGURATION.iter().find(|(known, _)| known == name) {
            let operation = Operation { head, kind: *kind, tail: None, value: value.clone() };
            // What is remarked are paths into references, which a body does not have.
            patch::set(state, &mut blank, &operation, &mut Vec::new())?;
        }
    }
    match patch::blocked(state, &blank) {
        Some(why) => Err(why),
        None => Ok(blank),
    }
}
