//! A stored record, of whatever entity: the fields that have a value, and the user-defined ones.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entities::Entity;

/// Kept small, because there may be a hundred thousand of them: fields without a value are not stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub(super) id: i64,
    fields: Vec<(&'static str, Value)>,
    /// Definition id and value.
    pub(super) udfs: Vec<(i64, Option<String>)>,
}

impl Record {
    pub(super) fn new(id: i64) -> Self {
        Self { id, fields: Vec::new(), udfs: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    pub fn id(&self) -> i64 {
        self.id
    }

    /// Sets a field; null takes its value away.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        let found = self.fields.iter().position(|(known, _)| *known == name);
        match (found, value.is_null()) {
            (Some(at), true) => {
                self.fields.remove(at);
            }
            (Some(at), false) => self.fields[at].1 = value,
            (None, true) => {}
            (None, false) => self.fields.push((name, value)),
        }
    }

    /// The value of a field; `None` is null.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub fn get(&self, name: &str) -> Value {
        if name == "id" { json!(self.id) } else { self.value(name).cloned().unwrap_or_default() }
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64)
    }

    pub fn text(&self, name: &str) -> &str {
        self.value(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn date(&self, name: &str) -> Option<Timestamp> {
        self.text(name).parse().ok()
    }

    pub(super) fn udf(&self, definition: i64) -> Option<&str> {
        self.udfs.iter().find(|(id, _)| *id == definition).and_then(|(_, value)| value.as_deref())
    }

    pub(super) fn set_udf(&mut self, definition: i64, value: Option<String>) {
        match self.udfs.iter_mut().find(|(id, _)| *id == definition) {
            Some((_, stored)) => *stored = value,
            None => self.udfs.push((definition, value)),
        }
    }

    /// Every field of the entity, null where there is no value; without the user-defined ones.
    pub(super) fn whole(&self, entity: &Entity) -> Map<String, Value> {
        entity.fields.iter().map(|field| (field.name.to_owned(), self.get(field.name))).collect()
    }
}
