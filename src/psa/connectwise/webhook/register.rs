//! Callbacks at the PSA: made, listed, removed through its API.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::target;
use crate::{
    http::Reply,
    psa::{
        PsaError,
        connectwise::{
            ConnectWise,
            client::CallError,
            errors,
            paging::{List, Pager},
        },
        lenient::{Row, filled, flag, integer, text},
        port::Result,
        registry::Connection,
        webhook::{Address, Registered, Registrar, Registration, bare, mark},
    },
};

const CALLBACKS: &str = "/system/callbacks";
/// What callbacks are wanted of. The level `owner` with the first object hears of every record.
const KINDS: [&str; 2] = ["company", "configuration"];

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    #[serde(deserialize_with = "integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "text")]
    description: Option<String>,
    #[serde(deserialize_with = "text")]
    url: Option<String>,
    #[serde(deserialize_with = "text")]
    r#type: Option<String>,
    #[serde(deserialize_with = "flag")]
    inactive_flag: Option<bool>,
}

impl Row for Entry {
    fn id(&self) -> Option<i64> {
        self.id
    }
}

impl Entry {
    fn told(&self, profile: &str) -> Option<Registered> {
        let url = filled(self.url.as_ref()).unwrap_or_default();
        let name = filled(self.description.as_ref()).unwrap_or_default();
        let bare = bare(url);
        Some(Registered {
            id: self.id?.to_string(),
            about: filled(self.r#type.as_ref()).unwrap_or_default().to_lowercase(),
            // Whether the PSA keeps descriptions is not certain; the address tells as well.
            ours: name == mark(profile) || bare.ends_with(&Address::path(profile)),
            name: name.to_owned(),
            url: bare,
            active: self.inactive_flag != Some(true),
            new: false,
            note: None,
        })
    }
}

pub fn open(connection: Connection) -> Result<Arc<dyn Registrar>> {
    Ok(Arc::new(ConnectWise::open(connection)?))
}

impl ConnectWise {
    async fn entries(&self) -> Result<Vec<Entry>> {
        let list = List::new("callback", CALLBACKS, "");
        Pager::new(&self.api, &list, None).all().await
    }
}

#[async_trait]
impl Registrar for ConnectWise {
    async fn list(&self, profile: &str) -> Result<Vec<Registered>> {
        Ok(self.entries().await?.iter().filter_map(|entry| entry.told(profile)).collect())
    }

    async fn register(&self, wanted: &Registration) -> Result<Vec<Registered>> {
        let profile = &wanted.lock.profile;
        let url = target(wanted)?;
        let there = self.entries().await?;
        let mut made = Vec::new();
        for kind in KINDS {
            let same = |entry: &&Entry| {
                filled(entry.url.as_ref()) == Some(&url)
                    && entry.r#type.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(kind))
                    && entry.inactive_flag != Some(true)
            };
            if let Some(kept) = there.iter().find(same).and_then(|entry| entry.told(profile)) {
                made.push(kept);
                continue;
            }
            let body = json!({
                "id": 0,
                "description": mark(profile),
                "url": url,
                "objectId": 1,
                "type": kind,
                "level": "owner",
                "payloadVersion": "3.0.0",
                "memberId": 0,
                "inactiveFlag": false,
                // What this very API member changes need not be told to it.
                "isSelfSuppressedFlag": true,
            });
            let reply = self.api.post_once(CALLBACKS, &body, &CancellationToken::new()).await;
            made.push(created(&reply.map_err(CallError::into_psa)?, profile)?);
        }
        Ok(made)
    }

    async fn remove(&self, hook: &Registered) -> Result<()> {
        let reply =
            self.api.delete(&format!("{CALLBACKS}/{}", hook.id)).await.map_err(CallError::into_psa)?;
        if reply.is_success() || reply.status == 404 { Ok(()) } else { Err(errors::error(&reply)) }
    }
}

fn created(reply: &Reply, profile: &str) -> Result<Registered> {
    if !reply.is_success() {
        return Err(errors::error(reply));
    }
    let entry: Entry = reply.json().map_err(|message| PsaError::Unreadable { message })?;
    let told = entry.told(profile).ok_or_else(|| PsaError::Unreadable {
        message: "the answer to a new callback names none; `mothball webhooks list` shows what is there"
            .to_owned(),
    })?;
    Ok(Registered { new: true, ..told })
}
