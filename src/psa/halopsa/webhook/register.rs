//! Webhooks at the PSA: made, bound to events, listed, removed through its API. What a webhook says of events when it is
//! made is dropped; they are bound by notifications [C-live: HCLI]. What the events are called is not certain [L], so
//! they are looked up.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::psa::{
    PsaError,
    halopsa::{HaloPsa, errors, paging::List, token},
    lenient::{filled, flag, integer, text},
    port::Result,
    registry::Connection,
    webhook::{Registered, Registrar, Registration, bare, mark},
};

const WEBHOOK: &str = "/Webhook";
const NOTIFICATION: &str = "/Notification";
/// The lookup that lists the events [C-live: HCLI].
const EVENTS: i64 = 64;
/// How a notification reaches a webhook [C-live: HCLI].
const TO_A_WEBHOOK: i64 = 6;
const OF_THE_SYSTEM: i64 = -2;
/// The methods of a webhook count from GET [C: HCLI].
const POST: i64 = 1;
/// The right that webhooks need.
const RIGHT: &str = "admin";

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Hook {
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    name: Option<String>,
    #[serde(deserialize_with = "text")]
    url: Option<String>,
    #[serde(deserialize_with = "flag")]
    active: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(deserialize_with = "integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "text")]
    name: Option<String>,
}

pub fn open(connection: Connection) -> Result<Arc<dyn Registrar>> {
    let extras = token::EXTRAS.into_iter().chain([RIGHT]).collect();
    Ok(Arc::new(HaloPsa::asking_for(extras, connection)?))
}

impl Hook {
    fn told(&self, profile: &str) -> Option<Registered> {
        let name = filled(self.name.as_ref()).unwrap_or_default();
        Some(Registered {
            id: filled(self.id.as_ref())?.to_owned(),
            about: String::new(),
            name: name.to_owned(),
            url: bare(filled(self.url.as_ref()).unwrap_or_default()),
            active: self.active != Some(false),
            ours: name == mark(profile),
            new: false,
            note: None,
        })
    }
}

/// Whether an event is a change of a client, or of an asset, or a new asset: those come back by themselves where an
/// integration imports them.
fn is_wanted(name: &str) -> bool {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let changed = |verb: &str| ["updated", "changed", "amended", "edited"].contains(&verb);
    match words[..] {
        ["asset" | "device", verb] => changed(verb) || verb == "created",
        ["client" | "customer", verb] => changed(verb),
        _ => false,
    }
}

impl HaloPsa {
    async fn hooks(&self) -> Result<Vec<Hook>> {
        self.api.setup_list(&List::new("webhook", WEBHOOK, "webhooks")).await
    }

    async fn save<T: DeserializeOwned>(&self, path: &str, body: Value) -> Result<T> {
        let reply = self.api.post_once(path, &Value::Array(vec![body]), &CancellationToken::new()).await?;
        if !reply.is_success() {
            return Err(errors::error(&reply, RIGHT));
        }
        // One object in answer to an array of one, or an array.
        let saved: Value = reply.json().map_err(|message| PsaError::Unreadable { message })?;
        let saved = match saved {
            Value::Array(rows) => rows.into_iter().next().unwrap_or_default(),
            one => one,
        };
        serde_json::from_value(saved).map_err(|error| PsaError::Unreadable { message: error.to_string() })
    }

    async fn make(&self, wanted: &Registration) -> Result<Registered> {
        let lock = &wanted.lock;
        let mut body = json!({
            "name": mark(&lock.profile),
            "url": wanted.address.url().as_str(),
            "type": 0,
            "method": POST,
            "content_type": "application/json",
            "authentication_type": 0,
            "active": true,
        });
        if let Some(user) = lock.value("user_name") {
            body["authentication_type"] = json!(1);
            body["basic_username"] = json!(user);
            body["basic_password"] = json!(lock.secret("password")?.expose_secret().trim());
        }
        let hook: Hook = self.save(WEBHOOK, body).await?;
        let told = hook.told(&lock.profile).ok_or_else(|| PsaError::Unreadable {
            message: "the answer to a new webhook names none; `mothball webhooks list` shows what is there"
                .to_owned(),
        })?;
        let note = match self.bind(&told.id).await {
            Ok(bound) if bound.is_empty() => {
                Some("none of the PSA's events is plainly a change of a client or an asset: choose its events yourself, in Configuration > Integrations > Webhooks".to_owned())
            }
            Ok(bound) => Some(format!("told of: {}", bound.join(", "))),
            Err(error) => Some(format!(
                "it could not be bound to events ({error}): choose them yourself, in Configuration > Integrations > Webhooks"
            )),
        };
        Ok(Registered { new: true, note, ..told })
    }

    /// Binds a webhook to the events; their names.
    async fn bind(&self, hook: &str) -> Result<Vec<String>> {
        let list = List::new("event", "/Lookup", "lookups").with("lookupid", &EVENTS);
        let events: Vec<Event> = self.api.setup_list(&list).await?;
        let mut bound = Vec::new();
        for event in events {
            let (Some(id), Some(name)) = (event.id, filled(event.name.as_ref())) else { continue };
            if !is_wanted(name) {
                continue;
            }
            let body = json!({
                "eventno": id,
                "name": name,
                "type": OF_THE_SYSTEM,
                "delivery_method": TO_A_WEBHOOK,
                "webhook_id": hook,
            });
            let _: Value = self.save(NOTIFICATION, body).await?;
            bound.push(name.to_owned());
        }
        Ok(bound)
    }
}

#[async_trait]
impl Registrar for HaloPsa {
    async fn list(&self, profile: &str) -> Result<Vec<Registered>> {
        Ok(self.hooks().await?.iter().filter_map(|hook| hook.told(profile)).collect())
    }

    async fn register(&self, wanted: &Registration) -> Result<Vec<Registered>> {
        let there = self.list(&wanted.lock.profile).await?;
        let kept = there.into_iter().find(|hook| hook.ours && hook.active && wanted.address.is_of(&hook.url));
        Ok(vec![match kept {
            Some(kept) => kept,
            None => self.make(wanted).await?,
        }])
    }

    async fn remove(&self, hook: &Registered) -> Result<()> {
        let reply = self.api.delete(&format!("{WEBHOOK}/{}", hook.id)).await?;
        if reply.is_success() || reply.status == 404 { Ok(()) } else { Err(errors::error(&reply, RIGHT)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_that_are_wanted_are_known_by_plain_words() {
        for name in ["Asset Updated", "asset created", "Customer Updated", "Client changed"] {
            assert!(is_wanted(name), "{name}");
        }
        for name in
            ["Customer Created", "Asset Deleted", "Customer User Updated", "Ticket Updated", "Asset", ""]
        {
            assert!(!is_wanted(name), "{name}");
        }
    }
}
