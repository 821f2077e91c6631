//! The one list of vendors. Settings, `setup`, `doctor`, the example file and the README's tables are
//! made from what each room declares here.

use std::{collections::BTreeMap, ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use secrecy::SecretString;

pub use super::webhook::Lock;
use super::{Psa, PsaError, webhook::Webhooks};
use crate::{
    domain::{note::NoteOn, tenant::Nouns},
    http::{
        Authorizer, Discreet, Http, Limits, Network, Options, Seats, SignInMemory, SignInParts, Transport,
        Url, address,
    },
    system::Clock,
};

/// What a vendor's room declares about itself.
pub struct Room {
    /// The word in the settings file.
    pub key: &'static str,
    pub nouns: Nouns,
    pub criteria: CriteriaWords,
    pub fields: &'static [Field],
    pub pace: PaceLimits,
    /// Whether `deactivate.status` works here.
    pub sets_status: bool,
    /// What `batch` may be, where writes take several items.
    pub batch: Option<RangeInclusive<u32>>,
    /// Why there are no notes on configurations here; `None` if there are.
    pub no_configuration_notes: Option<&'static str>,
    pub rights: &'static [Right],
    pub webhooks: Webhooks,
    /// Opens the adapter. Sends nothing yet.
    pub open: fn(Connection) -> Result<Arc<dyn Psa>, PsaError>,
}

/// What the criteria `statuses` and `tags` look at, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CriteriaWords {
    pub statuses: &'static str,
    pub tags: &'static str,
}

/// One key of a profile that only this vendor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub key: &'static str,
    pub kind: FieldKind,
    pub required: bool,
    pub help: &'static str,
    pub example: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// The address of the PSA: `https://`, or `http://` to a loopback address.
    Url,
    Secret,
}

/// A right that the API user needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// Where it is set in the PSA.
    pub place: &'static str,
    pub level: &'static str,
    pub needed_for: &'static str,
    /// Without it the main job cannot be done.
    pub essential: bool,
}

/// Defaults of `pace`, and what the vendor allows at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceLimits {
    pub default: Pace,
    pub most: Pace,
}

/// How fast calls may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub in_flight: u32,
    pub requests: u32,
    pub window_seconds: u32,
}

/// All that an adapter needs to work.
pub struct Connection {
    pub profile: String,
    /// The room's fields that are not secret, by key.
    pub values: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
    pub ca_file: Option<PathBuf>,
    pub pace: Pace,
    pub batch: Option<u32>,
    /// Which notes will be written: what they need is asked for at the sign-in, and looked at by `doctor`.
    pub notes: NoteOn,
    pub clock: Clock,
    /// How long to wait for a PSA that stays away; `None` while a person watches.
    pub patience: Option<Duration>,
    /// Instead of the network, in tests.
    pub transport: Option<Arc<dyn Transport>>,
    /// Remembers refused sign-ins for other processes; without it each process learns by itself.
    pub memory: Option<Arc<dyn SignInMemory>>,
    /// Keeps the seats of all processes that share this PSA; without it each keeps to the limits by itself.
    pub seats: Option<Arc<dyn Seats>>,
}

impl Connection {
    /// A field of the profile that must be filled.
    ///
    /// # Errors
    /// [`PsaError::Settings`] that names the key.
    pub fn value(&self, key: &str) -> Result<String, PsaError> {
        match self.optional(key) {
            Some(value) => Ok(value),
            None => Err(PsaError::Settings { message: format!("{key} is missing in the profile") }),
        }
    }

    /// A field of the profile that may be left out.
    pub fn optional(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A field that is an address.
    ///
    /// # Errors
    /// [`PsaError::Settings`] that says what to write instead.
    pub fn address(&self, key: &str) -> Result<Url, PsaError> {
        address::check(&self.value(key)?)
            .map_err(|error| PsaError::Settings { message: format!("{key}: {error}") })
    }

    /// A secret; empty if it is not there.
    pub fn secret(&self, key: &str) -> SecretString {
        self.secrets.get(key).cloned().unwrap_or_default()
    }

    /// What makes the sign-in this one and no other. Its values are quoted, so that no two read the same.
    pub fn sign_in(&self) -> SignInParts {
        let values = self.values.iter().map(|(key, value)| (key.as_str(), value.trim()));
        let (place, user): (BTreeMap<_, _>, BTreeMap<_, _>) = values.partition(|(key, _)| *key == "base_url");
        let secrets = self.secrets.values().cloned().collect();
        SignInParts { place: format!("{place:?}"), user: format!("{user:?}"), secrets }
    }

    /// What sends for this profile, at its pace.
    ///
    /// # Errors
    /// [`PsaError::Settings`] if the CA file cannot be used.
    pub fn sender(
        &self,
        base: Url,
        authorizer: Arc<dyn Authorizer>,
        limits: Limits,
    ) -> Result<Http, PsaError> {
        let transport: Arc<dyn Transport> = match &self.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(
                Network::new(self.ca_file.as_deref())
                    .map_err(|error| PsaError::Settings { message: error.to_string() })?,
            ),
        };
        let transport = Arc::new(Discreet::new(transport, self.secrets.values()));
        Ok(Http::new(Options {
            base,
            limits,
            clock: self.clock.clone(),
            patience: self.patience,
            transport,
            authorizer,
            memory: self.memory.clone(),
            seats: self.seats.clone(),
        }))
    }
}

impl Pace {
    /// So many calls at once, and in a window.
    pub fn limits(self) -> Limits {
        Limits {
            in_flight: self.in_flight,
            per_object: None,
            requests: self.requests,
            window: Duration::from_secs(u64::from(self.window_seconds)),
        }
    }
}

/// Every vendor that there is.
pub static ROOMS: [&Room; 3] = [&super::connectwise::ROOM, &super::autotask::ROOM, &super::halopsa::ROOM];

/// Whether an address may be called at all: `https://`, or `http://` to a loopback address.
pub fn check_address(address: &str) -> Result<(), crate::http::AddressError> {
    crate::http::address::check(address).map(|_| ())
}

/// The room of this key.
pub fn room(key: &str) -> Option<&'static Room> {
    ROOMS.into_iter().find(|room| room.key == key)
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("key", &self.key).finish_non_exhaustive()
    }
}

impl FieldKind {
    /// Whether a field of this kind may hold this text; else what is wrong with it.
    pub fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::Url => crate::http::address::check(text).map(|_| ()).map_err(|error| error.to_string()),
            Self::Text | Self::Secret if text.trim().is_empty() => Err("it is empty".to_owned()),
            Self::Text | Self::Secret => Ok(()),
        }
    }
}
