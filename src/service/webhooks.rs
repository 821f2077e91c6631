//! Webhooks of the PSAs. What comes in is checked, put down durably, and only then acknowledged; what it says is never
//! more than "look at this client again". [`look`] does that: a cheap fresh read first, and a run like any other, unattended
//! and within the safeguards, only if there is something to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::Task;
use crate::{
    domain::{ClientId, ConfigId, Lifecycle, Origin, RunId, Timestamp},
    engine::{Engine, EngineError, Glance},
    psa::webhook::{About, Delivery, Door, Told, Turned},
    store::{NewJob, Once, Put, Queue, StoreError},
    system::random,
};

/// The largest body that is taken.
pub const LARGEST: usize = 64 * 1024;
/// An event is known again for so long.
const REMEMBERED: i64 = 7 * 24 * 3600;

/// The way in of one profile.
pub struct Way {
    pub door: Arc<dyn Door>,
    /// The status that makes the vendor send an event again.
    pub again: u16,
}

/// The ways in, by profile. A profile without a secret has none.
#[derive(Default)]
pub struct Ways(BTreeMap<String, Way>);

/// What is answered. Only the status: whoever knocks learns nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is put down, or was before.
    Taken,
    /// There is no such way in.
    Nowhere,
    /// It does not prove that the PSA sent it.
    Away,
    TooLarge,
    /// It cannot be taken now; this status makes the vendor send it again.
    Again(u16),
}

impl Answer {
    pub fn status(self) -> u16 {
        match self {
            Self::Taken => 204,
            Self::Nowhere => 404,
            Self::Away => 401,
            Self::TooLarge => 413,
            Self::Again(status) => status,
        }
    }
}

/// What a job of a webhook has to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    Client(ClientId),
    /// At the client that this configuration belongs to by then.
    Configuration(ConfigId),
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// There is nothing to do, and why.
    Nothing(&'static str),
    /// The client left, and rests until then.
    Later(Timestamp),
    /// The client left something behind.
    Left(ClientId),
}

impl Ways {
    pub fn open(&mut self, profile: &str, way: Way) {
        self.0.insert(profile.to_owned(), way);
    }

    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes a request in. When this says [`Answer::Taken`], everything that it told of is durable.
    pub async fn receive(&self, profile: &str, delivery: &Delivery<'_>, queue: &dyn Queue) -> Answer {
        let Some(way) = self.0.get(profile) else { return Answer::Nowhere };
        if delivery.body.len() > LARGEST {
            return Answer::TooLarge;
        }
        let told = match way.door.admit(delivery).await {
            Ok(told) => told,
            Err(Turned::Away(why)) => {
                tracing::warn!(profile, why, "a webhook was turned away");
                return Answer::Away;
            }
            Err(Turned::Later(why)) => {
                tracing::warn!(profile, why, "a webhook cannot be taken now");
                return Answer::Again(way.again);
            }
        };
        match put_down(profile, told, queue, delivery.at).await {
            Ok(()) => Answer::Taken,
            Err(error) => {
                tracing::error!(profile, %error, "a webhook could not be put down");
                Answer::Again(way.again)
            }
        }
    }
}

async fn put_down(
    profile: &str,
    told: Vec<Told>,
    queue: &dyn Queue,
    now: jiff::Timestamp,
) -> Result<(), StoreError> {
    // A delivery may tell of many events about one record: one look is enough.
    let mut put = BTreeSet::new();
    for Told { event, about } in told {
        let look = match about {
            About::Client(id) => Look::Client(id),
            About::Configuration(id) => Look::Configuration(id),
            About::Stopped => {
                tracing::error!(
                    profile,
                    "the PSA turned its webhook off: it will tell no more until `mothball webhooks register` makes it anew"
                );
                continue;
            }
            About::Nothing(why) => {
                tracing::info!(profile, event, why, "a webhook of no concern");
                continue;
            }
        };
        if !put.insert(look.clone()) {
            continue;
        }
        let job = look.job(profile, &event, now);
        match queue.put_job(&job).await? {
            Put::New => tracing::info!(profile, event, ?look, "a webhook has a client looked at again"),
            Put::Known(_) | Put::Differs(_) => tracing::info!(profile, event, "a webhook came again"),
            Put::Busy => tracing::warn!(profile, event, "a webhook's job has the id of another"),
        }
    }
    Ok(())
}

impl Look {
    /// The job that does it, once for each event, one after the other within a profile: looks that overlapped would
    /// get into each other's way.
    fn job(&self, profile: &str, event: &str, at: jiff::Timestamp) -> NewJob {
        let now = Timestamp::new(at);
        NewJob {
            run: RunId::new(random::run_id(at)),
            profile: profile.to_owned(),
            task: Task::Look { at: self.clone() }.to_value(),
            origin: Origin::Webhook { event: event.chars().take(16).collect() },
            at: now,
            not_before: now,
            once: Some(Once {
                key: format!("webhook:{profile}:{event}"),
                fingerprint: event.to_owned(),
                until: now.plus_seconds(REMEMBERED),
            }),
            lane: Some(format!("webhook:{profile}")),
        }
    }
}

/// Looks, as cheap as it can be. What the webhook said is forgotten by now, but for an id.
pub async fn look(engine: &Engine, look: &Look) -> Result<Seen, EngineError> {
    let client = match look {
        Look::Client(id) => id.clone(),
        Look::Configuration(id) => {
            let read = engine.psa.read(std::slice::from_ref(id)).await?.remove(id).flatten();
            match read {
                None => return Ok(Seen::Nothing("the configuration is gone")),
                // Most of these are our own changes, told back to us.
                Some(found) if found.lifecycle() != Lifecycle::Active => {
                    return Ok(Seen::Nothing("the configuration is not active"));
                }
                Some(found) => found.client.clone(),
            }
        }
    };
    Ok(match engine.glance(&client).await? {
        Glance::Stays => Seen::Nothing("the client does not count as offboarded"),
        Glance::NothingLeft => Seen::Nothing("nothing of the client is active"),
        Glance::Rests { until } => Seen::Later(until),
        Glance::Left => Seen::Left(client),
    })
}

/// What was looked at lately, and when that look began: an event from before then has nothing to add.
#[derive(Default)]
pub struct Looked(Mutex<BTreeMap<(String, Look), Timestamp>>);

/// Looks that are remembered; beyond that all are forgotten, and some are taken twice.
const MOST_LOOKS: usize = 10_000;

impl Looked {
    /// Whether somebody began to look there after `told`. If not, this is a look that begins now.
    pub fn since(&self, profile: &str, look: &Look, told: Timestamp, now: Timestamp) -> bool {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (profile.to_owned(), look.clone());
        if looks.get(&place).is_some_and(|began| *began > told) {
            return true;
        }
        if looks.len() >= MOST_LOOKS {
            looks.clear();
        }
        looks.insert(place, now);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_from_before_a_look_has_nothing_to_add() {
        let looked = Looked::default();
        let at = Timestamp::from_seconds;
        let (acme, other) = (Look::Client("1".into()), Look::Client("2".into()));
        assert!(!looked.since("main", &acme, at(10), at(20)));
        assert!(looked.since("main", &acme, at(11), at(21)));
        assert!(!looked.since("main", &acme, at(20), at(22)), "it may have been told while the look went on");
        assert!(!looked.since("main", &other, at(11), at(23)));
        assert!(!looked.since("branch", &acme, at(11), at(24)));
    }
}
