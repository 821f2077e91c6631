//! Records as their members, as most vendors' rooms keep them.

use serde_json::{Map, Value};

/// A record as its members.
pub type Row = Map<String, Value>;

/// A record, from a literal.
pub(crate) fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// A member that is text; else nothing.
pub(crate) fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A member that is set and true.
pub(crate) fn flag(row: &Row, name: &str) -> bool {
    row.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// A member that is a whole number.
pub(crate) fn number(row: &Row, name: &str) -> Option<i64> {
    row.get(name).and_then(Value::as_i64)
}

/// A GUID for a number, always the same.
pub(crate) fn guid(id: i64) -> String {
    let mixed = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        mixed >> 32,
        mixed & 0xffff,
        id & 0xfff,
        (mixed >> 16) & 0xfff,
        id
    )
}
