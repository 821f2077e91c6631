//! From the body of a write to a record: what a save checks, and the vendor's texts for what it does not like.

use serde_json::{Value, json};

use super::{
    entities::{self, Entity, Field, Kind},
    errors,
    filter::{member, time},
    query::MASK,
    records::Record,
    setup,
    state::{State, UdfKind},
    switches::ReadOnly,
};

/// How a body is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Create,
    /// What is not sent stays.
    Patch,
    /// What is not sent is null afterwards.
    Put,
}

pub(super) struct Save<'a> {
    pub state: &'a State,
    pub entity: &'static Entity,
    pub mode: Mode,
    pub notes: &'a mut Vec<String>,
    pub problems: Vec<String>,
}

impl Save<'_> {
    /// The record after the save, or one text per problem.
    pub fn apply(mut self, before: &Record, body: &Value) -> Result<Record, Vec<String>> {
        let mut after = if self.mode == Mode::Put { self.emptied(before) } else { before.clone() };
        for (name, value) in body.as_object().into_iter().flatten() {
            if name.eq_ignore_ascii_case("id") {
                continue;
            }
            if self.entity.udfs && name.eq_ignore_ascii_case("userDefinedFields") {
                self.user_defined(&mut after, value);
                continue;
            }
            let Some(field) = self.entity.field(name) else {
                self.notes.push(format!("{} has no field \"{name}\"", self.entity.path));
                self.problems.push(format!("Unable to find {name} in the {} Entity.", self.entity.name));
                continue;
            };
            self.set(before, &mut after, field, value);
        }
        let whole = self.mode != Mode::Patch || self.state.switches.patch_validates_all;
        if whole {
            let texts = standing(self.state, self.entity, &after);
            self.problems.extend(texts);
        }
        self.problems.dedup();
        if self.problems.is_empty() { Ok(after) } else { Err(self.problems) }
    }

    /// What a PUT starts from: only what no client can write.
    fn emptied(&self, before: &Record) -> Record {
        let mut after = before.clone();
        for field in self.entity.fields.iter().filter(|field| !field.read_only) {
            after.set(field.name, Value::Null);
        }
        for (_, value) in &mut after.udfs {
            *value = None;
        }
        after
    }

    fn set(&mut self, before: &Record, after: &mut Record, field: &'static Field, value: &Value) {
        let stored = match converted(field, value) {
            Ok(stored) => stored,
            Err(text) => {
                self.problems.push(text);
                return;
            }
        };
        let held = before.get(field.name);
        if field.read_only && self.mode != Mode::Create {
            let same = held == stored
                || time(held.as_str().unwrap_or_default())
                    .is_some_and(|held| stored.as_str().and_then(time) == Some(held));
            self.notes.push(format!("{}: {} is read-only and was sent", self.entity.path, field.name));
            if !same && field.name == "companyID" && self.state.switches.read_only == ReadOnly::Refused {
                self.problems.push(format!("The field {} is read-only and cannot be changed.", field.name));
            }
            return;
        }
        if stored.is_null() && field.required {
            self.problems.push(format!("Value does not exist for the required field {}", field.name));
            return;
        }
        if let (Some(most), Some(text)) = (field.length, stored.as_str())
            && text.chars().count() > most
        {
            self.problems
                .push(format!("The length of field {} is limited to {most} characters.", field.name));
            return;
        }
        if let Some(text) = self.misfit(field, &stored, held == stored) {
            self.problems.push(text);
            return;
        }
        after.set(field.name, stored);
    }

    /// A value of a picklist or a reference that is not (or no longer) there.
    fn misfit(&self, field: &Field, value: &Value, unchanged: bool) -> Option<String> {
        let number = value.as_i64()?;
        if field.picklist {
            let picks = self.state.picks(self.entity.path, field.name);
            let fits = picks.iter().any(|pick| pick.value == number && (pick.active || unchanged));
            return (!fits && !picks.is_empty())
                .then(|| format!("Picklist value [{number}] does not exist for {}", field.name));
        }
        dangling(self.state, field, number)
    }

    fn user_defined(&mut self, after: &mut Record, value: &Value) {
        for entry in value.as_array().into_iter().flatten() {
            let name = member(entry, "name").and_then(Value::as_str).unwrap_or_default();
            let udf = self.state.udfs_of(self.entity.path).find(|udf| udf.name.eq_ignore_ascii_case(name));
            let Some(udf) = udf else {
                self.problems.push(format!("User-defined field {name} does not exist."));
                continue;
            };
            let value = match member(entry, "value") {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
                Some(other) => Some(other.to_string()),
            };
            if udf.protected && value.as_deref() == Some(MASK) {
                self.notes.push(format!("the mask of the protected field \"{name}\" was sent back"));
            }
            if udf.required && value.is_none() {
                self.problems.push(format!("{name} is a required field."));
                continue;
            }
            let listed = |value: &str| udf.list.iter().any(|(known, _, active)| known == value && *active);
            if udf.kind == UdfKind::List && value.as_deref().is_some_and(|value| !listed(value)) {
                let value = value.unwrap_or_default();
                self.problems.push(format!("Picklist value [{value}] does not exist for {name}"));
                continue;
            }
            after.set_udf(udf.id, value);
        }
    }
}

/// What a save that validates the whole record finds wrong with it.
pub(super) fn standing(state: &State, entity: &Entity, record: &Record) -> Vec<String> {
    let mut texts = Vec::new();
    for field in &entity.fields {
        let value = record.value(field.name);
        if field.required && value.is_none() {
            texts.push(format!("Value does not exist for the required field {}", field.name));
        }
        if let Some(number) = value.and_then(Value::as_i64) {
            texts.extend(dangling(state, field, number));
        }
    }
    for udf in state.udfs_of(entity.path).filter(|udf| udf.required) {
        if record.udf(udf.id).is_none() {
            texts.push(format!("{} is a required field.", udf.name));
        }
    }
    texts
}

/// Why no save of this item gets through under the switches now set, if none does.
pub(super) fn blocked(state: &State, item: &Record) -> Option<String> {
    let chosen = state.refusals.get(&item.id).and_then(|texts| texts.first()).cloned();
    let standing = || standing(state, entities::named("ConfigurationItems"), item).into_iter().next();
    chosen.or_else(|| state.switches.patch_validates_all.then(standing).flatten())
}

fn dangling(state: &State, field: &Field, id: i64) -> Option<String> {
    let refers = field.refers?;
    let fits = match refers {
        "Contact" => state.contacts.get(&id).copied().unwrap_or(false),
        "Resource" => setup::RESOURCES.iter().any(|(known, _)| *known == id),
        "ServiceBundle" => id > 0,
        _ => {
            let entity = entities::entities().iter().find(|entity| entity.name == refers);
            let record = entity.and_then(|entity| state.record(entity.path, id));
            // What is inactive cannot be referred to, except where nothing says so: companies and items.
            record.is_some_and(|record| {
                matches!(refers, "Company" | "ConfigurationItem")
                    || record.value("isActive") != Some(&json!(false))
            })
        }
    };
    (!fits).then(|| {
        format!("Reference value on field: {} of type: {refers} does not exist or is invalid.", field.name)
    })
}

/// A value of the body as the field stores it.
fn converted(field: &Field, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let (found, name) = match field.kind {
        Kind::Int | Kind::Long => {
            let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
            (number.map(|number| json!(number)), if field.kind == Kind::Int { "Int32" } else { "Int64" })
        }
        Kind::Double => {
            let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
            (number.map(|number| json!(number)), "Double")
        }
        Kind::Text => (
            match value {
                Value::String(text) => Some(json!(text)),
                Value::Number(_) | Value::Bool(_) => Some(json!(value.to_string())),
                _ => None,
            },
            "String",
        ),
        Kind::Flag => (
            match value {
                Value::Bool(flag) => Some(json!(flag)),
                Value::Number(number) => number.as_i64().map(|number| json!(number != 0)),
                Value::String(text) => {
                    text.trim().to_ascii_lowercase().parse::<bool>().ok().map(|flag| json!(flag))
                }
                _ => None,
            },
            "Boolean",
        ),
        Kind::Date => (value.as_str().and_then(time).map(|at| json!(at.to_string())), "DateTime"),
    };
    found.ok_or_else(|| errors::conversion(value, name, field.name))
}
