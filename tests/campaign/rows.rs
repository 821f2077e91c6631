//! What stands in requests and answers, read from the vendors' papers once more: which records a write is about, and
//! in which state an answer shows a record. The program's own adapters are not asked.

use serde_json::Value;

use super::wire::{Answer, Exchange};

/// A record's two marks, as far as something tells of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Marks {
    pub active: Option<bool>,
    /// The status, by its id.
    pub status: Option<String>,
}

impl Marks {
    /// Whether the two can be the same state, where one of them may not tell all.
    pub fn fits(&self, other: &Self) -> bool {
        let fits = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        (self.active.is_none() || other.active.is_none() || self.active == other.active)
            && fits(&self.status, &other.status)
    }

    /// This state with what the other one tells.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            active: other.active.or(self.active),
            status: other.status.clone().or_else(|| self.status.clone()),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn yes(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// Whether the request changes configurations, and each one with the marks that it asks for.
pub fn write(psa: &str, exchange: &Exchange) -> Vec<(String, Marks)> {
    let body: Value = serde_json::from_str(&exchange.body).unwrap_or_default();
    match (psa, exchange.method.as_str()) {
        ("connectwise", "PATCH") => {
            let Some((_, id)) = exchange.path.split_once("/company/configurations/") else {
                return Vec::new();
            };
            let operation = |path: &str| {
                let all = body.as_array().into_iter().flatten();
                all.filter(|operation| operation["path"] == path).map(|operation| &operation["value"]).next()
            };
            let marks = Marks {
                active: operation("activeFlag").and_then(yes),
                status: operation("status").and_then(|status| text(&status["id"])),
            };
            vec![(id.to_owned(), marks)]
        }
        ("autotask", "PATCH") if exchange.path.ends_with("/ConfigurationItems") => {
            let id = text(&body["id"]).unwrap_or_default();
            vec![(id, Marks { active: yes(&body["isActive"]), status: None })]
        }
        ("halopsa", "POST") if exchange.path.eq_ignore_ascii_case("/api/Asset") => body
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| {
                let active = yes(&item["inactive"]).map(|inactive| !inactive);
                (text(&item["id"]).unwrap_or_default(), Marks { active, status: text(&item["status_id"]) })
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether the request changes anything at all, by its method and its place.
pub fn changes_something(psa: &str, exchange: &Exchange) -> bool {
    match (psa, exchange.method.as_str()) {
        (_, "GET" | "HEAD") => false,
        ("connectwise", "POST") => !exchange.path.ends_with("/search"),
        ("autotask", "POST") => !exchange.path.contains("/query"),
        ("halopsa", "POST") => !exchange.path.ends_with("/token"),
        _ => true,
    }
}

/// The configurations that an answer shows. Nothing, if it is not a success or cannot be read.
pub fn shown(psa: &str, exchange: &Exchange) -> Vec<(String, Marks)> {
    let Some(Answer::Reply { status: 200..=299, body }) = &exchange.answer else { return Vec::new() };
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let path = exchange.path.to_ascii_lowercase();
    let about = match psa {
        "connectwise" => path.split_once("/company/configurations").map(|(_, rest)| rest),
        "autotask" => path.split_once("/configurationitems").map(|(_, rest)| rest),
        _ => path.split_once("/api/asset").map(|(_, rest)| rest),
    };
    let own = about.is_some_and(|rest| {
        rest.is_empty() || rest == "/query" || rest.starts_with('/') && !rest.contains("count")
    });
    if !own {
        return Vec::new();
    }
    let rows = match &body {
        Value::Array(rows) => rows.clone(),
        Value::Object(members) => match members.get("items").or_else(|| members.get("assets")) {
            Some(Value::Array(rows)) => rows.clone(),
            _ => vec![members.get("item").cloned().unwrap_or(body)],
        },
        _ => Vec::new(),
    };
    rows.iter().filter_map(|row| Some((text(&row["id"])?, marks(psa, row)))).collect()
}

/// The marks of a record as a row, or a log of changes, has them.
pub fn marks(psa: &str, row: &Value) -> Marks {
    match psa {
        "connectwise" => Marks { active: yes(&row["activeFlag"]), status: text(&row["status"]["id"]) },
        "autotask" => Marks { active: yes(&row["isActive"]), status: None },
        _ => {
            Marks { active: yes(&row["inactive"]).map(|inactive| !inactive), status: text(&row["status_id"]) }
        }
    }
}
