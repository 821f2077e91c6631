//! Callbacks: registering them, and telling them, signed.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    errors, patch,
    state::{Row, State, flag, guid, id_of, text, whole_second},
};
use crate::simulator::{deliver::Delivery, exchange::Reply, query::Query};

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

/// Whether an entry is about this record: its owner hears of all, the other levels of those that belong to its object.
fn hears(entry: &Row, id: i64, subject: &Row) -> bool {
    let object = entry.get("objectId").and_then(Value::as_i64);
    match text(entry, "level") {
        "owner" => true,
        level if level == text(entry, "type") => object == Some(id),
        level => {
            let listed = subject.get("types").filter(|_| level == "type").and_then(Value::as_array);
            let listed = listed.into_iter().flatten().any(|kind| kind["id"].as_i64() == object);
            listed || id_of(subject, level) == object
        }
    }
}

impl State {
    pub(super) fn add_callback(&mut self, now: Timestamp, body: &[u8]) -> Result<Reply, Reply> {
        let id = self.next_callback;
        let row = self.callback(now, id, &errors::parsed(body)?)?;
        self.next_callback += 1;
        self.callbacks.insert(id, row.clone());
        Ok(Reply::json(201, Value::Object(row)))
    }

    /// PUT or PATCH of one.
    pub(super) fn change_callback(
        &mut self,
        now: Timestamp,
        method: &str,
        id: i64,
        body: &[u8],
    ) -> Result<Reply, Reply> {
        let before = self.callbacks.get(&id).ok_or_else(|| errors::not_found("Callback", id))?;
        let body = match method {
            "PATCH" => {
                let patched = patch::row(self, "callback", before, body).map_err(|(reply, _)| reply)?;
                Value::Object(patched.after)
            }
            _ => errors::parsed(body)?,
        };
        let row = self.callback(now, id, &body)?;
        self.callbacks.insert(id, row.clone());
        Ok(Reply::json(200, Value::Object(row)))
    }

    /// An entry as it is stored, if it may be.
    fn callback(&self, now: Timestamp, id: i64, body: &Value) -> Result<Row, Reply> {
        let invalid =
            |message: &str, field: &str| errors::invalid("callbackEntry", "InvalidField", message, field);
        let missing = |field: &str| {
            errors::invalid("callbackEntry", "MissingRequiredField", &format!("{field} is required."), field)
        };
        let url = body["url"].as_str().ok_or_else(|| missing("url"))?;
        let kind = body["type"].as_str().ok_or_else(|| missing("type"))?.to_lowercase();
        let level = body["level"].as_str().ok_or_else(|| missing("level"))?.to_lowercase();
        let object = body["objectId"].as_i64().ok_or_else(|| missing("objectId"))?.max(1);
        if !url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(invalid("Invalid URL", "url"));
        }
        if !levels(&kind).is_some_and(|levels| levels.contains(&level.as_str())) {
            let message = "Unrecognized level for type, see documentation for supported levels for each type";
            return Err(invalid(message, "level"));
        }
        let same = |(other, row): &(&i64, &Row)| {
            **other != id
                && text(row, "url") == url
                && text(row, "type") == kind
                && text(row, "level") == level
                && row.get("objectId") == Some(&json!(object))
        };
        if self.callbacks.iter().any(|entry| same(&entry)) {
            return Err(errors::invalid(
                "callbackEntry",
                "ObjectExists",
                "A matching callback entry already exists",
                "url",
            ));
        }
        let mut row = Row::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("id", json!(id));
        if let Some(description) = body["description"].as_str() {
            put("description", json!(description));
        }
        put("url", json!(url));
        put("objectId", json!(object));
        put("type", json!(kind));
        put("level", json!(level));
        put("memberId", json!(243));
        put("payloadVersion", json!("3.0.0"));
        put("inactiveFlag", json!(body["inactiveFlag"].as_bool().unwrap_or(false)));
        put("isSoapCallbackFlag", json!(false));
        put("isSelfSuppressedFlag", json!(body["isSelfSuppressedFlag"].as_bool().unwrap_or(false)));
        put("_info", json!({ "lastUpdated": whole_second(now), "updatedBy": super::API_MEMBER }));
        Ok(row)
    }

    /// The key that callbacks are signed with; needs no credentials.
    pub(super) fn callback_key(&self, query: &Query) -> Result<Reply, Reply> {
        let known = query.get("companyName").is_some_and(|name| name.eq_ignore_ascii_case(&self.login));
        if !known || query.get("id").is_none() {
            return Err(errors::no_endpoint());
        }
        Ok(Reply::json(200, json!({ "signing_key": SIGNING_KEY })))
    }

    /// Makes ready what the callbacks are to be told of a change. `subject` is the record after it, or before it was
    /// deleted.
    pub(super) fn announce(&mut self, at: Timestamp, record: (&str, i64), action: &str, subject: &Row) {
        let (kind, id) = record;
        let entity = (action != "deleted").then_some(subject);
        let due: Vec<Delivery> = self
            .callbacks
            .values()
            .filter(|entry| text(entry, "type") == kind && !flag(entry, "inactiveFlag"))
            .filter(|entry| hears(entry, id, subject))
            .map(|entry| self.delivery(at, entry, kind, id, action, entity))
            .collect();
        self.deliveries.extend(due);
    }

    fn delivery(
        &self,
        at: Timestamp,
        entry: &Row,
        kind: &str,
        id: i64,
        action: &str,
        entity: Option<&Row>,
    ) -> Delivery {
        let message = guid(at.as_millisecond() ^ id);
        let body = json!({
            "Action": action,
            "CallbackObjectRecId": entry.get("id"),
            "CompanyId": self.login,
            "Entity": entity.map(|row| Value::Object(row.clone()).to_string()),
            "FromUrl": self.base.trim_start_matches("http://"),
            "ID": id,
            "MemberId": super::API_MEMBER,
            "MessageId": message,
            "Metadata": { "key_url": format!(
                "{}/{}//system/callbackkey/index.rails?companyName={}&id={message}", self.base, super::RELEASES[0], self.login
            ) },
            "PartnerId": guid(1),
            "ProductInstanceId": guid(2),
            "Type": kind,
        })
        .to_string();
        // The vendor appends raw text, hence addresses that end with `recordId=`.
        let url = format!("{}{id}&action={action}", text(entry, "url"));
        let signature = STANDARD.encode(sign(SIGNING_KEY, body.as_bytes()));
        Delivery { url, headers: vec![("x-content-signature".to_owned(), signature)], body }
    }

    /// The callbacks that are due.
    pub(crate) fn take_deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }
}

const SIGNING_KEY: &str = "c2ltdWxhdGVkLXNpZ25pbmcta2V5";

/// HMAC-SHA256 of the message; the key is the SHA-256 of the signing key.
fn sign(key: &str, message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(&Sha256::digest(key.as_bytes()));
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against `openssl dgst -sha256 -mac HMAC` with the hashed key.
    #[test]
    fn the_signature_is_hmac_sha256_with_the_hashed_key() {
        assert_eq!(
            STANDARD.encode(sign("secret", b"message")),
            "B0muVgOBJA1CJ5BxT5gIMtgVLdVAWZ78QzjgHT4PgTQ="
        );
    }
}
