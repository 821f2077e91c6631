//! The vendor's error bodies: mostly none at all.

use serde_json::{Map, Value, json};

use super::switches::Switches;
use crate::simulator::exchange::{Content, Reply};

pub(super) fn unauthorized() -> Reply {
    Reply::empty(401)
}

pub(super) fn forbidden() -> Reply {
    Reply::empty(403)
}

pub(super) fn not_found() -> Reply {
    Reply::empty(404)
}

/// The token endpoint's own shape.
pub(super) fn oauth(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, json!({ "error": error, "error_description": description }))
}

/// A message, and nothing else: one at a time, however much is wrong.
pub(super) fn message(switches: &Switches, text: &str) -> Reply {
    said(switches, 400, text)
}

pub(super) fn too_many(switches: &Switches) -> Reply {
    let text = format!(
        "Rate Limit Reached - {} Requests per rolling 5 minute window.",
        switches.requests_per_window
    );
    said(switches, 429, &text)
}

fn said(switches: &Switches, status: u16, text: &str) -> Reply {
    if switches.plain_messages {
        return Reply { status, headers: Vec::new(), content: Content::Text(text.to_owned()) };
    }
    Reply::json(status, json!(text))
}

/// What could not be bound to the vendor's types, by where it stands.
pub(super) fn model_state(wrong: impl IntoIterator<Item = (String, String)>) -> Reply {
    let mut map: Map<String, Value> = Map::new();
    for (place, text) in wrong {
        if let Value::Array(texts) = map.entry(place).or_insert_with(|| json!([])) {
            texts.push(json!(text));
        }
    }
    Reply::json(400, Value::Object(map))
}

/// A value in the path or the query that is not of its type.
pub(super) fn not_valid(name: &str, value: &str) -> Reply {
    model_state([(name.to_owned(), format!("The value '{value}' is not valid."))])
}
