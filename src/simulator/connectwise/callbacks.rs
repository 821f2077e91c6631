//! Callbacks: registering them, and telling them, signed.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    errors,
    query::Query,
    state::{Row, State, text},
};
use crate::simulator::exchange::Reply;

/// The levels that each type of record knows.
fn levels(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "company" => &["owner", "territory", "status", "type", "company"],
        "configuration" => &["owner", "configuration", "status", "type", "company"],
        "contact" => &["owner", "contact", "type", "company"],
        "ticket" => &["owner", "board", "location", "status", "ticket", "company"],
        "agreement" => &["owner", "agreement", "type", "company"],
        _ => return None,
    })
}

impl State {
    pub(super) fn add_callback(&mut self, now: Timestamp, body: &[u8]) -> Result<Reply, Reply> {
        let body: Value =
            serde_json::from_slice(body).map_err(|_| errors::patch("The request body is not valid JSON."))?;
        let invalid =
            |message: &str, field: &str| errors::invalid("callbackEntry", "InvalidField", message, field);
        let missing = |field: &str| {
            errors::invalid("callbackEntry", "MissingRequiredField", &format!("{field} is required."), field)
        };
        let url = body["url"].as_str().ok_or_else(|| missing("url"))?;
        let kind = body["type"].as_str().ok_or_else(|| missing("type"))?.to_lowercase();
        let level = body["level"].as_str().ok_or_else(|| missing("level"))?.to_lowercase();
        let object = body["objectId"].as_i64().ok_or_else(|| missing("objectId"))?;
        if url::Url::parse(url).is_err() {
            return Err(invalid("Invalid URL", "url"));
        }
        if !levels(&kind).is_some_and(|levels| levels.contains(&level.as_str())) {
            let message = "Unrecognized level for type, see documentation for supported levels for each type";
            return Err(invalid(message, "level"));
        }
        let same =
            |row: &&Row| text(row, "url") == url && text(row, "type") == kind && text(row, "level") == level;
        if self.callbacks.values().find(same).is_some() {
            return Err(errors::invalid(
                "callbackEntry",
                "ObjectExists",
                "A matching callback entry already exists",
                "url",
            ));
        }
        let id = self.next_callback;
        self.next_callback += 1;
        let row = json!({
            "id": id, "url": url, "objectId": object.max(1), "type": kind, "level": level, "memberId": 243,
            "payloadVersion": "3.0.0", "inactiveFlag": body["inactiveFlag"].as_bool().unwrap_or(false),
            "isSoapCallbackFlag": false, "isSelfSuppressedFlag": body["isSelfSuppressedFlag"].as_bool().unwrap_or(false),
            "_info": { "lastUpdated": now, "updatedBy": super::API_MEMBER },
        });
        self.callbacks.insert(id, row.as_object().cloned().unwrap_or_default());
        Ok(Reply::json(201, row))
    }

    /// The key that callbacks are signed with; needs no credentials.
    pub(super) fn callback_key(&self, query: &Query) -> Result<Reply, Reply> {
        let known = query.get("companyName").is_some_and(|name| name.eq_ignore_ascii_case(&self.login));
        if !known || query.get("id").is_none() {
            return Err(errors::no_endpoint());
        }
        Ok(Reply::json(200, json!({ "signing_key": SIGNING_KEY })))
    }

    pub(super) fn announce(&mut self, _: Timestamp, _: &str, _: i64, _: &str) {}
}

const SIGNING_KEY: &str = "c2ltdWxhdGVkLXNpZ25pbmcta2V5";
