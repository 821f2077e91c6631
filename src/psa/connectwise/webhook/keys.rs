//! The keys that callbacks are signed with: fetched from the configured site when a callback needs one that is not
//! known, kept for an hour, few and one at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::{
    hashed, is_signed,
    place::{Pins, Place},
};
use crate::{
    http::{Authorizer, HeaderMap, Http, HttpError, Judgement, Limits, Reply, Request},
    psa::{PsaError, registry::Connection, webhook::Turned},
};

/// The vendor changes its keys without saying when. A key that is older is asked for again.
const KEPT: Duration = Duration::from_hours(1);
/// A key that did not fit is not asked for again before this: it would be the same.
const PAUSE: Duration = Duration::from_secs(20);
/// Keys that are asked for in [`WINDOW`].
const MOST_ASKED: usize = 12;
const WINDOW: Duration = Duration::from_mins(1);
/// Keys that are known at once.
const MOST_KEPT: usize = 32;
/// The vendor gives a callback 5 s [C: DG]; an answer must be out by then.
const PATIENCE: Duration = Duration::from_secs(3);

/// The keys of one tenant.
pub struct Keys {
    pins: Pins,
    http: Http,
    known: Mutex<Vec<Known>>,
    /// Held while a key is asked for, so that a burst of callbacks asks once. When keys were asked for lately.
    asked: tokio::sync::Mutex<VecDeque<Instant>>,
}

struct Known {
    id: String,
    /// The hash of the key: that is what signs. `None` if the PSA has no such key.
    key: Option<[u8; 32]>,
    at: Instant,
}

#[derive(Deserialize)]
struct Answer {
    signing_key: Option<SecretString>,
}

impl Keys {
    pub fn new(pins: Pins, connection: &Connection) -> Result<Self, PsaError> {
        let limits = Limits { in_flight: 1, per_object: None, requests: MOST_ASKED as u32, window: WINDOW };
        let base = connection.address("base_url")?;
        let http = connection.sender(base, Arc::new(Nobody), limits)?;
        Ok(Self { pins, http, known: Mutex::default(), asked: tokio::sync::Mutex::default() })
    }

    /// Whether the PSA signed these bytes.
    pub async fn prove(&self, body: &[u8], signature: &[u8]) -> Result<(), Turned> {
        if self.knows(body, signature) {
            return Ok(());
        }
        let place = self.pins.place(body).ok_or(Turned::Away(
            "no known key made the signature, and the body names none of the configured company's at the configured host",
        ))?;
        let mut asked = self.asked.lock().await;
        // Somebody else may have asked for it meanwhile.
        if self.knows(body, signature) {
            return Ok(());
        }
        if self.is_fresh(&place.id) {
            return Err(Turned::Away("the signature does not fit the key that the body names"));
        }
        let now = Instant::now();
        while asked.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            asked.pop_front();
        }
        if asked.len() >= MOST_ASKED {
            return Err(Turned::Later("too many unknown keys were named within a minute".to_owned()));
        }
        asked.push_back(now);
        let key = self.fetch(&place).await?;
        self.keep(place.id, key);
        if self.knows(body, signature) {
            Ok(())
        } else {
            Err(Turned::Away("the signature does not fit the key that the body names"))
        }
    }

    fn knows(&self, body: &[u8], signature: &[u8]) -> bool {
        let known = self.known();
        let mut fits = false;
        // All of them are tried, so that the time does not tell which one fits.
        for key in known.iter().filter(|known| known.at.elapsed() < KEPT).filter_map(|known| known.key) {
            fits |= is_signed(&key, body, signature);
        }
        fits
    }

    /// Whether this key was asked for moments ago.
    fn is_fresh(&self, id: &str) -> bool {
        self.known().iter().any(|known| known.id == id && known.at.elapsed() < PAUSE)
    }

    fn keep(&self, id: String, key: Option<[u8; 32]>) {
        let mut known = self.known();
        // The vendor may give each callback's key another number: the same key is kept once.
        known.retain(|other| {
            other.id != id && (key.is_none() || other.key != key) && other.at.elapsed() < KEPT
        });
        if known.len() >= MOST_KEPT {
            // Numbers that nobody has a key for make room first.
            let oldest = known.iter().position(|other| other.key.is_none()).unwrap_or(0);
            known.remove(oldest);
        }
        known.push(Known { id, key, at: Instant::now() });
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        // Each change is a single one.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a key; `None` if there is none of this number.
    async fn fetch(&self, place: &Place) -> Result<Option<[u8; 32]>, Turned> {
        let later = |why: String| Turned::Later(format!("the key of a callback cannot be had: {why}"));
        let request = Request::get(place.url.clone()).without_credentials().once();
        let reply = match timeout(PATIENCE, self.http.send(request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(later(error.to_string())),
            Err(_) => return Err(later(format!("no answer within {} s", PATIENCE.as_secs()))),
        };
        match reply.status {
            200..=299 => {
                let answer: Answer = reply.json().map_err(later)?;
                let key = answer.signing_key.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
                if key.trim().is_empty() {
                    return Err(later("the answer has no signing_key".to_owned()));
                }
                Ok(Some(hashed(key)))
            }
            400..=499 if reply.status != 429 && reply.status != 408 => Ok(None),
            status => Err(later(format!("the PSA answered {status}"))),
        }
    }
}

/// Keys are told to anybody who knows their number [C: DG]: no credentials are sent for one.
struct Nobody;

#[async_trait]
impl Authorizer for Nobody {
    async fn headers(&self, _http: &Http) -> Result<HeaderMap, HttpError> {
        Err(HttpError::Forbidden { message: "keys are asked for without credentials".to_owned() })
    }

    fn judge(&self, _reply: &Reply) -> Judgement {
        Judgement::Fine
    }
}
