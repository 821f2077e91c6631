//! The query grammar: conditions, groups, and what the vendor does with what it does not understand.

use std::cmp::Ordering;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use super::{
    entities::{Entity, Kind},
    errors,
    records::Record,
    state::{State, Udf, UdfKind},
};
use crate::simulator::exchange::Reply;

/// The most alternatives in one query.
const MOST_ORS: usize = 500;

#[derive(Debug)]
pub(super) enum Condition {
    And(Vec<Self>),
    Or(Vec<Self>),
    Field(&'static str, Test),
    Udf(Udf, Test),
}

#[derive(Debug)]
pub(super) enum Test {
    Equal(Operand, bool),
    Compare(fn(Ordering) -> bool, Operand),
    Text(fn(&str, &str) -> bool, String),
    Exists(bool),
    In(Vec<Operand>, bool),
}

/// A value to compare with: texts in small letters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Number(f64),
    Text(String),
    Flag(bool),
    Time(Timestamp),
    Null,
}

/// A member of an object, whatever the case of its name.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The id that a body names, as a number or in a string.
pub(super) fn id_in(body: &Value) -> Option<i64> {
    let id = member(body, "id")?;
    id.as_i64().or_else(|| id.as_str().and_then(|text| text.trim().parse().ok()))
}

/// A time with or without its `Z`, or a day.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let bare = || {
        text.parse::<DateTime>().ok()?.to_zoned_datetime(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    text.parse().ok().or_else(bare)
}

pub(super) struct Reader<'a> {
    pub state: &'a State,
    pub entity: &'static Entity,
    pub notes: &'a mut Vec<String>,
    ors: usize,
    udfs: usize,
}

impl<'a> Reader<'a> {
    pub fn new(state: &'a State, entity: &'static Entity, notes: &'a mut Vec<String>) -> Self {
        Self { state, entity, notes, ors: 0, udfs: 0 }
    }

    /// The conditions of a query; `None` matches nothing, which is what an empty list means.
    pub fn read(&mut self, filter: Option<&Value>) -> Result<Option<Condition>, Reply> {
        let filter = filter.filter(|filter| !filter.is_null()).ok_or_else(errors::no_filter)?;
        let Value::Array(items) = filter else {
            return Err(errors::json_syntax(filter.to_string().as_bytes()));
        };
        if items.is_empty() {
            self.notes.push(format!("{}: an empty filter, which matches nothing", self.entity.path));
            return Ok(None);
        }
        let all = self.all(items, false)?;
        if self.ors > MOST_ORS {
            return Err(errors::too_many_ors());
        }
        if self.udfs > 1 {
            return Err(errors::server("Only one user-defined field may be queried at a time."));
        }
        Ok(Some(Condition::And(all)))
    }

    fn all(&mut self, items: &[Value], alternatives: bool) -> Result<Vec<Condition>, Reply> {
        let mut read = Vec::new();
        for item in items {
            if alternatives {
                self.ors += 1;
            }
            read.extend(self.one(item)?);
        }
        Ok(read)
    }

    /// One condition or group; `None` where the vendor passes over it.
    fn one(&mut self, item: &Value) -> Result<Option<Condition>, Reply> {
        let op = member(item, "op").and_then(Value::as_str).unwrap_or_default();
        let lower = op.to_ascii_lowercase();
        if matches!(lower.as_str(), "and" | "or") {
            let items = member(item, "items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let alternatives = lower == "or";
            let read = self.all(items, alternatives)?;
            return Ok(match (read.is_empty(), alternatives) {
                (true, _) => None,
                (_, true) => Some(Condition::Or(read)),
                _ => Some(Condition::And(read)),
            });
        }
        if !OPS.contains(&lower.as_str()) {
            self.notes.push(format!(
                "{}: no op is called \"{op}\"; the condition is passed over",
                self.entity.path
            ));
            return Ok(None);
        }
        let name = member(item, "field").and_then(Value::as_str).unwrap_or_default();
        let unknown = || errors::unknown_field(name, self.state.entity_name(self.entity));
        let value = member(item, "value").cloned().unwrap_or_default();
        if lower == "in" || lower == "notin" {
            self.ors += value.as_array().map_or(1, Vec::len);
        }
        if member(item, "udf").and_then(Value::as_bool) == Some(true) {
            self.udfs += 1;
            let mut all = self.state.udfs_of(self.entity.path);
            let udf = all.find(|udf| udf.name.eq_ignore_ascii_case(name)).ok_or_else(unknown)?.clone();
            let kind = if udf.kind == UdfKind::Date { Kind::Date } else { Kind::Text };
            return Ok(Some(Condition::Udf(udf, test(&lower, kind, &value, name)?)));
        }
        let field = self.entity.field(name).ok_or_else(unknown)?;
        if !field.queryable {
            self.notes.push(format!("{}: {name} cannot be queried", self.entity.path));
            if self.state.switches.non_queryable_refused {
                return Err(unknown());
            }
        }
        Ok(Some(Condition::Field(field.name, test(&lower, field.kind, &value, name)?)))
    }
}

const OPS: [&str; 13] = [
    "eq",
    "noteq",
    "gt",
    "gte",
    "lt",
    "lte",
    "beginswith",
    "endswith",
    "contains",
    "exist",
    "notexist",
    "in",
    "notin",
];

fn test(op: &str, kind: Kind, value: &Value, path: &str) -> Result<Test, Reply> {
    let one = || operand(kind, value, path);
    let text = || match value {
        Value::String(text) => text.to_lowercase(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(match op {
        "eq" => Test::Equal(one()?, true),
        "noteq" => Test::Equal(one()?, false),
        "gt" => Test::Compare(Ordering::is_gt, one()?),
        "gte" => Test::Compare(Ordering::is_ge, one()?),
        "lt" => Test::Compare(Ordering::is_lt, one()?),
        "lte" => Test::Compare(Ordering::is_le, one()?),
        "beginswith" => Test::Text(|held, asked| held.starts_with(asked), text()),
        "endswith" => Test::Text(|held, asked| held.ends_with(asked), text()),
        "contains" => Test::Text(|held, asked| held.contains(asked), text()),
        "exist" => Test::Exists(true),
        "notexist" => Test::Exists(false),
        _ => {
            let Value::Array(values) = value else {
                return Err(errors::server(format!(
                    "The '{op}' operator needs an array of values for {path}."
                )));
            };
            let operands: Result<Vec<Operand>, Reply> =
                values.iter().map(|value| operand(kind, value, path)).collect();
            Test::In(operands?, op == "in")
        }
    })
}

/// Turns a value of the query into what the field holds.
fn operand(kind: Kind, value: &Value, path: &str) -> Result<Operand, Reply> {
    if value.is_null() {
        return Ok(Operand::Null);
    }
    let number = || match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let (found, name) = match kind {
        Kind::Int => (number().map(Operand::Number), "Int32"),
        Kind::Long => (number().map(Operand::Number), "Int64"),
        Kind::Double => (number().map(Operand::Number), "Double"),
        Kind::Text => (
            match value {
                Value::String(text) => Some(Operand::Text(text.to_lowercase())),
                Value::Number(_) | Value::Bool(_) => Some(Operand::Text(value.to_string())),
                _ => None,
            },
            "String",
        ),
        Kind::Flag => (
            match value {
                Value::Bool(flag) => Some(Operand::Flag(*flag)),
                Value::Number(number) => {
                    number.as_i64().filter(|n| (0..=1).contains(n)).map(|n| Operand::Flag(n == 1))
                }
                Value::String(text) => text.trim().to_ascii_lowercase().parse().ok().map(Operand::Flag),
                _ => None,
            },
            "Boolean",
        ),
        Kind::Date => (value.as_str().and_then(time).map(Operand::Time), "DateTime"),
    };
    found.ok_or_else(|| errors::server(errors::conversion(value, name, path)))
}

impl Condition {
    pub fn holds(&self, state: &State, record: &Record) -> bool {
        let empty = state.switches.negations_match_empty;
        match self {
            Self::And(all) => all.iter().all(|one| one.holds(state, record)),
            Self::Or(any) => any.iter().any(|one| one.holds(state, record)),
            Self::Field("id", test) => test.holds(Held::Number(record.id as f64), empty),
            Self::Field(name, test) => test.holds(held(record.value(name)), empty),
            Self::Udf(udf, test) => {
                let stored = record.udf(udf.id);
                let label = || udf.list.iter().find(|(value, ..)| Some(value.as_str()) == stored);
                let shown = match label() {
                    Some((_, label, _)) if state.switches.list_udf_matches_label => Some(label.as_str()),
                    _ => stored,
                };
                test.holds(shown.map_or(Held::Null, Held::Text), empty)
            }
        }
    }

    /// The only values that a numeric field may have, if the query says so.
    pub fn only(&self, field: &str) -> Option<Vec<i64>> {
        match self {
            Self::And(all) => all.iter().find_map(|one| one.only(field)),
            Self::Field(name, Test::Equal(Operand::Number(id), true)) if *name == field => {
                Some(vec![*id as i64])
            }
            Self::Field(name, Test::In(operands, true)) if *name == field => Some(
                operands
                    .iter()
                    .filter_map(|operand| match operand {
                        Operand::Number(id) => Some(*id as i64),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => None,
        }
    }
}

/// What a record holds.
#[derive(Clone, Copy)]
enum Held<'r> {
    Number(f64),
    Text(&'r str),
    Flag(bool),
    Null,
}

fn held(value: Option<&Value>) -> Held<'_> {
    match value {
        Some(Value::Number(number)) => number.as_f64().map_or(Held::Null, Held::Number),
        Some(Value::String(text)) => Held::Text(text),
        Some(Value::Bool(flag)) => Held::Flag(*flag),
        _ => Held::Null,
    }
}

impl Held<'_> {
    fn compare(self, operand: &Operand) -> Option<Ordering> {
        match (self, operand) {
            (Self::Number(held), Operand::Number(asked)) => held.partial_cmp(asked),
            (Self::Text(held), Operand::Text(asked)) => Some(held.to_lowercase().cmp(asked)),
            (Self::Text(held), Operand::Time(asked)) => time(held).map(|held| held.cmp(asked)),
            (Self::Flag(held), Operand::Flag(asked)) => Some(held.cmp(asked)),
            (Self::Null, Operand::Null) => Some(Ordering::Equal),
            _ => None,
        }
    }

    fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }
}

impl Test {
    fn holds(&self, held: Held<'_>, negations_match_empty: bool) -> bool {
        let equal = |operand: &Operand| held.compare(operand) == Some(Ordering::Equal);
        let negated = |found: bool| if held.is_null() { negations_match_empty && !found } else { !found };
        match self {
            Self::Equal(operand, true) => equal(operand),
            Self::Equal(Operand::Null, false) => !held.is_null(),
            Self::Equal(operand, false) => negated(equal(operand)),
            Self::Compare(fits, operand) => held.compare(operand).is_some_and(fits),
            Self::Text(fits, asked) => match held {
                Held::Text(text) => fits(&text.to_lowercase(), asked),
                _ => false,
            },
            Self::Exists(wanted) => held.is_null() != *wanted,
            Self::In(operands, true) => operands.iter().any(equal),
            Self::In(operands, false) => negated(operands.iter().any(equal)),
        }
    }
}
