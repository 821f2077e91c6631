//! A record as it goes out: whole, or the members that `fields` asks for.

use serde_json::{Value, json};

use super::{
    errors,
    lists::Lister,
    names::{Kind, Names},
    records::Record,
    state::Row,
    switches::{Nulls, UnknownFields},
};
use crate::simulator::exchange::Reply;

/// A member that is to be shown.
pub(super) struct Field {
    path: String,
    kind: Kind,
}

impl Lister<'_> {
    pub(super) fn fields(&self, names: Names) -> Result<Option<Vec<Field>>, Reply> {
        let Some(text) = self.query.get("fields").filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        let mut fields = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "*") {
            let (head, tail) = name.split_once('/').map_or((name, None), |(head, tail)| (head, Some(tail)));
            match names.iter().find(|(known, _)| known.eq_ignore_ascii_case(head)) {
                Some((known, kind)) => {
                    let path = tail.map_or_else(|| (*known).to_owned(), |tail| format!("{known}/{tail}"));
                    fields.push(Field { path, kind: *kind });
                }
                None if self.state.switches.unknown_fields == UnknownFields::Refused => {
                    return Err(errors::conditions(&format!("{name} is not a recognized name.")));
                }
                None => {}
            }
        }
        Ok(Some(fields))
    }

    /// A record as it goes out: whole, or the members asked for.
    pub(super) fn show<R: Record>(&self, row: &R, names: Names, fields: Option<&[Field]>) -> Value {
        let state = self.state;
        let Some(fields) = fields else {
            return Value::Object(state.with_nulls(row.render(state), names));
        };
        let mut shown = Row::new();
        shown.insert("id".to_owned(), json!(row.id()));
        for field in fields {
            let (head, tail) = field.path.split_once('/').map_or((&*field.path, None), |(h, t)| (h, Some(t)));
            let mut value =
                row.get(state, if matches!(field.kind, Kind::List(_)) { head } else { &field.path });
            if value.is_null() {
                if tail.is_none() && state.switches.nulls == Nulls::Explicit {
                    shown.insert(head.to_owned(), Value::Null);
                }
                continue;
            }
            match (tail, field.kind) {
                (Some(tail), Kind::List(_)) => {
                    let entries = value.as_array().into_iter().flatten();
                    let entries: Value = entries
                        .map(|entry| json!({ tail: entry.get(tail).cloned().unwrap_or_default() }))
                        .collect();
                    shown.insert(head.to_owned(), entries);
                }
                (Some(tail), _) => {
                    let mut whole = shown.entry(head.to_owned()).or_insert_with(|| json!({}));
                    for member in tail.split('/') {
                        whole = &mut whole[member];
                    }
                    *whole = value;
                }
                (None, Kind::Info) => {
                    shown.insert(head.to_owned(), value);
                }
                (None, _) => {
                    strip_info(&mut value);
                    shown.insert(head.to_owned(), value);
                }
            }
        }
        if state.switches.info_always {
            shown.insert("_info".to_owned(), row.get(state, "_info"));
        }
        Value::Object(shown)
    }
}

/// With `fields`, references come without `_info`.
fn strip_info(value: &mut Value) {
    match value {
        Value::Object(row) => {
            row.remove("_info");
        }
        Value::Array(rows) => rows.iter_mut().for_each(strip_info),
        _ => {}
    }
}
