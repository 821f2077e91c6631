//! Webhooks at the PSA: made, listed, removed through its API. One on companies, one on configuration items; each gets
//! ready once it watches a field, and fields are added one after another: several at once meet the vendor's limit
//! (n8n-nodes-autotask#4).

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::secret;
use crate::{
    domain::{Criteria, text::same_name},
    psa::{
        PsaError,
        autotask::{Autotask, client::CallError, errors, paging::List, setup::Picklists, wire},
        lenient::{Row, filled, flag, integer, text},
        port::Result,
        registry::Connection,
        webhook::{Registered, Registrar, Registration, bare, mark},
    },
};

/// The vendor takes no longer name.
const LONGEST_NAME: usize = 50;

/// What webhooks can be of.
struct Kind {
    entity: &'static str,
    about: &'static str,
    /// Paths and the field of the number in the lists of fields that can be watched.
    fields: fn(&Criteria) -> Vec<Watched>,
}

/// A field to watch. What the list of fields calls it is not certain, so several names are known.
struct Watched {
    names: Vec<String>,
    udf: bool,
}

impl Watched {
    fn field(names: &[&str]) -> Self {
        Self { names: names.iter().map(|name| (*name).to_owned()).collect(), udf: false }
    }
}

const KINDS: [Kind; 2] = [
    Kind {
        entity: "CompanyWebhooks",
        about: "company",
        fields: |criteria| {
            let mut fields = vec![Watched::field(&["isActive", "Active"])];
            if !criteria.statuses.is_empty() {
                fields.push(Watched::field(&["companyType", "Company Type", "Account Type"]));
            }
            if !criteria.tags.is_empty() {
                fields.push(Watched::field(&["classification", "Account Classification"]));
                fields.push(Watched::field(&[
                    "companyCategoryID",
                    "companyCategory",
                    "Category",
                    "Company Category",
                ]));
            }
            if let Some(custom) = &criteria.custom_field {
                fields.push(Watched { names: vec![custom.name.clone()], udf: true });
            }
            fields
        },
    },
    Kind {
        entity: "ConfigurationItemWebhooks",
        about: "configuration item",
        fields: |_| vec![Watched::field(&["isActive", "Active"])],
    },
];

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Hook {
    #[serde(deserialize_with = "integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "text")]
    name: Option<String>,
    #[serde(deserialize_with = "text")]
    webhook_url: Option<String>,
    #[serde(deserialize_with = "flag")]
    is_active: Option<bool>,
    #[serde(deserialize_with = "flag")]
    is_ready: Option<bool>,
}

impl Row for Hook {
    fn id(&self) -> Option<i64> {
        self.id
    }
}

const ROW: &[&str] = &["id", "name", "webhookUrl", "isActive", "isReady"];

pub fn open(connection: Connection) -> Result<Arc<dyn Registrar>> {
    Ok(Arc::new(Autotask::open(connection)?))
}

fn name(profile: &str) -> String {
    mark(profile).chars().take(LONGEST_NAME).collect()
}

impl Hook {
    fn told(&self, kind: &Kind, profile: &str) -> Option<Registered> {
        let own = filled(self.name.as_ref()).unwrap_or_default();
        Some(Registered {
            id: format!("{}/{}", kind.entity, self.id?),
            about: kind.about.to_owned(),
            name: own.to_owned(),
            url: bare(filled(self.webhook_url.as_ref()).unwrap_or_default()),
            active: self.is_active != Some(false) && self.is_ready != Some(false),
            ours: own == name(profile),
            new: false,
            note: (self.is_ready == Some(false)).then(|| "it watches no field yet".to_owned()),
        })
    }
}

impl Autotask {
    async fn hooks(&self, kind: &Kind) -> Result<Vec<Hook>> {
        self.api.short_list(&List::all("webhook", kind.entity, ROW)).await
    }

    /// Makes one, ready to tell. One that does not get ready is taken away again.
    async fn make(&self, kind: &Kind, wanted: &Registration) -> Result<Registered> {
        let url = wanted.address.url().as_str();
        let body = json!({
            "name": name(&wanted.lock.profile),
            "webhookUrl": url,
            "deactivationUrl": url,
            "secretKey": secret(&wanted.lock)?.expose_secret().trim(),
            "isActive": true,
            "isSubscribedToCreateEvents": false,
            "isSubscribedToUpdateEvents": true,
            "isSubscribedToDeleteEvents": false,
            "sendThresholdExceededNotification": false,
        });
        let id = self.create(kind, kind.entity, &body).await?;
        let path = format!("{}/{id}", kind.entity);
        match self.watch(kind, id, wanted).await {
            Ok(missing) => Ok(Registered {
                id: path,
                about: kind.about.to_owned(),
                name: name(&wanted.lock.profile),
                url: url.to_owned(),
                active: true,
                ours: true,
                new: true,
                note: (!missing.is_empty()).then(|| {
                    format!("the PSA cannot watch {} here; a sweep finds such changes", missing.join(", "))
                }),
            }),
            Err(error) => {
                if let Err(left) = self.take_away(kind, &path).await {
                    tracing::warn!(%left, path, "a webhook that watches nothing is left at the PSA");
                }
                Err(error)
            }
        }
    }

    /// Adds the fields; the names of those that cannot be watched.
    async fn watch(&self, kind: &Kind, id: i64, wanted: &Registration) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        let mut watched = 0;
        for field in (kind.fields)(&wanted.criteria) {
            let (list, number) = if field.udf { ("UdfFields", "udfFieldID") } else { ("Fields", "fieldID") };
            let told: wire::Fields =
                self.api.about(kind.entity, &format!("{id}/{list}/entityInformation/fields")).await?;
            let offered = Picklists::of(told);
            let found = offered.of_field(number).iter().find(|choice| {
                choice.active && field.names.iter().any(|name| same_name(name, &choice.label))
            });
            let Some(choice) = found else {
                missing.push(field.names[0].clone());
                continue;
            };
            let body =
                json!({ number: choice.value, "isSubscribedField": true, "isDisplayAlwaysField": false });
            self.create(kind, &format!("{}/{id}/{list}", kind.entity), &body).await?;
            watched += 1;
        }
        if watched == 0 {
            return Err(PsaError::Unreadable {
                message: format!(
                    "the PSA offers none of {} to a webhook on this; set it up by hand as `mothball webhooks register --steps` says",
                    missing.join(", ")
                ),
            });
        }
        Ok(missing)
    }

    async fn create(&self, kind: &Kind, path: &str, body: &Value) -> Result<i64> {
        let reply = self.api.create_once(kind.entity, path, body, &CancellationToken::new()).await;
        let reply = reply.map_err(CallError::into_psa)?;
        if !reply.is_success() {
            return Err(errors::error(&reply));
        }
        let made: wire::Operation = reply.json().map_err(|message| PsaError::Unreadable { message })?;
        made.item.ok_or_else(|| PsaError::Unreadable { message: format!("{path} answered without a number") })
    }

    async fn take_away(&self, kind: &Kind, path: &str) -> Result<()> {
        let reply = self.api.delete(kind.entity, path).await.map_err(CallError::into_psa)?;
        if reply.is_success() { Ok(()) } else { Err(errors::error(&reply)) }
    }
}

#[async_trait]
impl Registrar for Autotask {
    async fn list(&self, profile: &str) -> Result<Vec<Registered>> {
        let mut all = Vec::new();
        for kind in &KINDS {
            all.extend(self.hooks(kind).await?.iter().filter_map(|hook| hook.told(kind, profile)));
        }
        Ok(all)
    }

    async fn register(&self, wanted: &Registration) -> Result<Vec<Registered>> {
        let mut all = Vec::new();
        for kind in &KINDS {
            let there = self.hooks(kind).await?;
            let told = there.iter().filter_map(|hook| hook.told(kind, &wanted.lock.profile));
            let kept =
                told.into_iter().find(|hook| hook.ours && hook.active && wanted.address.is_of(&hook.url));
            all.push(match kept {
                Some(kept) => kept,
                None => self.make(kind, wanted).await?,
            });
        }
        Ok(all)
    }

    async fn remove(&self, hook: &Registered) -> Result<()> {
        let kind = KINDS.iter().find(|kind| hook.id.starts_with(&format!("{}/", kind.entity)));
        let kind =
            kind.ok_or_else(|| PsaError::Unreadable { message: format!("{} is no webhook", hook.id) })?;
        self.take_away(kind, &hook.id).await
    }
}
