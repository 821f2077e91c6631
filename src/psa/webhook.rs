//! Webhooks: what a PSA tells of its own accord, and how it is made to.
//!
//! Nothing that comes in is believed. A vendor's [`Door`] decides from the raw bytes and the headers whether the PSA
//! sent it; only then is the body read. What it says is never more than "look at client X again": a fresh read of
//! the PSA is what counts, and no word of a webhook becomes a change.

mod proof;
mod register;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    PsaError,
    registry::{Connection, Field},
};
use crate::domain::{ClientId, ConfigId, plan::hex};

pub use crate::http::{HeaderMap, HeaderValue, Url, header::HeaderName};
pub(super) use proof::{matches, only, parameter};
pub use register::{Address, AddressError, Registered, Registrar, Registration};
pub(super) use register::{bare, mark};

/// A secret that is shorter can be guessed.
pub const SHORTEST_SECRET: usize = 16;

/// What a vendor's room declares about its webhooks.
pub struct Webhooks {
    /// The keys of `[profiles.NAME.webhook]`.
    pub fields: &'static [Field],
    /// Keys that are of no use without each other. One of these groups must be there; what is there is asked for.
    pub ways: &'static [&'static [&'static str]],
    /// The answer that makes this vendor send an event again, when it cannot be taken now.
    pub again: u16,
    /// Opens the door. Sends nothing yet.
    pub door: OpenDoor,
    /// Opens what sets webhooks up at the PSA. Sends nothing yet.
    pub registrar: fn(Connection) -> Result<Arc<dyn Registrar>, PsaError>,
    /// How a person sets them up in the PSA's own screens, step by step.
    pub steps: fn(&Registration) -> Vec<String>,
}

/// Opens the way in of a profile.
pub type OpenDoor = fn(&Lock, &Connection) -> Result<Arc<dyn Door>, PsaError>;

/// What a webhook must know to be let in: the settings of `[profiles.NAME.webhook]`, with the secrets fetched.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    pub profile: String,
    pub values: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
}

/// A request as it came in, unread.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The part of the address behind `?`, undecoded.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub at: jiff::Timestamp,
}

/// The way in for the webhooks of one profile.
#[async_trait]
pub trait Door: Send + Sync {
    /// Whether the PSA sent this; if so, what it tells. The body is read only after that is certain.
    async fn admit(&self, delivery: &Delivery<'_>) -> Result<Vec<Told>, Turned>;
}

/// Why a request was not let in. The words are for the log: whoever sent it is told nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Turned {
    /// It does not prove that the PSA sent it.
    #[error("{0}")]
    Away(&'static str),
    /// That cannot be told now; the PSA may send it again.
    #[error("{0}")]
    Later(String),
}

/// One event of the PSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The same for the same event, and for no other.
    pub event: String,
    pub about: About,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Client(ClientId),
    Configuration(ConfigId),
    /// The PSA tells no more: it turned this webhook off.
    Stopped,
    /// Nothing that this program looks at, or nothing that it understands: in words, for the log.
    Nothing(&'static str),
}

impl Told {
    /// An event known by the bytes that were proven to be the PSA's. Vendors number their deliveries, but whether one
    /// number can stand for two events is not certain; the bytes hold number, time and content together.
    pub fn of(bytes: &[u8], about: About) -> Self {
        Self { event: hex(&Sha256::digest(bytes)), about }
    }
}

impl Lock {
    /// A value that is no secret.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A secret, long enough not to be guessed.
    ///
    /// # Errors
    /// [`PsaError::Settings`] that names the key.
    pub fn secret(&self, key: &str) -> Result<&SecretString, PsaError> {
        let settings = |message: String| PsaError::Settings { message };
        let place = format!("profiles.{}.webhook.{key}", self.profile);
        let secret = self.secrets.get(key).ok_or_else(|| settings(format!("{place} is missing")))?;
        let length = secret.expose_secret().trim().len();
        if length < SHORTEST_SECRET {
            return Err(settings(format!(
                "{place} has {length} characters and could be guessed; use at least {SHORTEST_SECRET}, such as `openssl rand -hex 32` prints"
            )));
        }
        Ok(secret)
    }

    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key) || self.secrets.contains_key(key)
    }
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("fields", &self.fields).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_could_be_guessed_is_refused_and_not_told() {
        let lock = |text: &str| Lock {
            profile: "main".to_owned(),
            secrets: BTreeMap::from([("secret".to_owned(), SecretString::from(text.to_owned()))]),
            ..Lock::default()
        };
        let said = lock("fifteen letters").secret("secret").unwrap_err().to_string();
        assert!(said.contains("profiles.main.webhook.secret") && !said.contains("fifteen"), "{said}");
        assert!(lock("sixteen letters!").secret("secret").is_ok());
        assert!(Lock::default().secret("secret").is_err());
        assert!(!format!("{:?}", lock("sixteen letters!")).contains("sixteen"));
    }

    #[test]
    fn an_event_is_known_by_all_of_its_bytes() {
        let told = |bytes: &[u8]| Told::of(bytes, About::Stopped).event;
        assert_eq!(told(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_ne!(told(b"abc"), told(b"abc "));
    }
}
