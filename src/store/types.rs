//! What goes into the store and comes out of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        ClientId, ConfigId, Phase, RunId, Stamped, Timestamp,
        plan::hex,
        survey::{Header, Survey},
    },
    system::process::Identity,
};

/// A run as it is first stored, before anything happens in it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    pub header: Header,
    pub survey: Survey,
    /// Canonical bytes and digest of the plan, if there is one.
    pub plan: Option<(Vec<u8>, String)>,
}

/// A run with everything that happened in it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    pub header: Header,
    pub survey: Survey,
    pub plan: Option<(Vec<u8>, String)>,
    /// The hash of the journal's last record.
    pub head: String,
    pub events: Vec<Stamped>,
    pub report: Option<serde_json::Value>,
}

/// One line of the list of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    pub header: Header,
    pub phase: Phase,
    pub head: String,
    /// Moment of the last event; of the start if there is none yet.
    pub last_event: Timestamp,
    /// When its items are to be looked at again.
    pub look_due: Option<Timestamp>,
    /// Items of the plan, and the clients they belong to.
    pub items: u64,
    pub clients: u64,
    /// How many items ended how, by the contract's word; items without an outcome are in none.
    pub outcomes: BTreeMap<String, u64>,
    pub has_report: bool,
    pub plan_digest: Option<String>,
}

impl RunSummary {
    /// Items that were deactivated or restored.
    pub fn changed(&self) -> u64 {
        self.sum(&["deactivated", "restored"])
    }

    pub fn skipped(&self) -> u64 {
        self.sum(&["skipped", "planned", "changed_since_review"])
    }

    pub fn errors(&self) -> u64 {
        self.sum(&["failed", "unknown"])
    }

    fn sum(&self, words: &[&str]) -> u64 {
        words.iter().filter_map(|word| self.outcomes.get(*word)).sum()
    }
}

/// A configuration that a run set inactive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deactivated {
    pub config_id: ConfigId,
    pub client_id: ClientId,
    pub run: RunId,
    pub at: Timestamp,
}

/// Something wrong with a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    pub run: RunId,
    /// The record, if it is about one.
    pub seq: Option<u64>,
    pub what: String,
    /// The newest thing that the run's own records tell: a backup made after it has all of the run.
    pub newest: Option<Timestamp>,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "run {}, record {seq}: {}", self.run, self.what),
            None => write!(f, "run {}: {}", self.run, self.what),
        }
    }
}

/// Who works on a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub process: Identity,
    pub operator: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, process {} on {}", self.operator, self.process.pid, self.process.host)
    }
}

/// What to do when not all clients are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Take none.
    All,
    /// Take those that are.
    Free,
}

/// What came of taking clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acquired {
    pub taken: Vec<ClientId>,
    pub held: Vec<Held>,
}

/// A client that another run works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub client: ClientId,
    pub run: RunId,
    pub by: Holder,
    pub since: Timestamp,
    /// Whether the holder has ended, as far as this store can tell: whoever comes next takes over.
    pub ended: bool,
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "client {} is being worked on by run {} ({}, since {})",
            self.client,
            self.run,
            self.by,
            self.since.minutes(),
        )
    }
}

/// Which clients count as offboarded, as one profile last saw them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// When all clients were last looked at; `None` if only single ones ever were.
    pub all_at: Option<Timestamp>,
    pub clients: BTreeMap<ClientId, Sighting>,
}

/// A client that counts as offboarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// When it was first seen to; forgotten once it is seen not to.
    pub since: Timestamp,
    /// Whether it was let through as one of those that count: from then on it is not new any more.
    pub accepted: bool,
}

/// What one process asks of the one that works on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub wish: Wish,
    pub by: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    Pause,
    Resume,
    /// Take nothing new, let what is in flight end.
    Cancel,
    /// Start nothing more and settle what was sent.
    Stop,
}

/// The name under which a refused sign-in is remembered. The secrets go in, but cannot be had back.
pub fn sign_in_key<'a>(host: &'a str, user: &'a str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    // Each part with its length before it, and without a copy of a secret that nobody would wipe.
    for part in [host, user].into_iter().chain(secrets) {
        hash.update(format!("{}:", part.len()));
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Until when a sign-in that was refused is not tried again with the same secret: vendors lock accounts.
pub fn rests_until(refused: Timestamp) -> Timestamp {
    refused.plus_seconds(5 * 60)
}

/// Refusals older than this, seen from a later one, are of no use to anybody.
pub(super) fn forgotten_before(refused: Timestamp) -> Timestamp {
    refused.plus_seconds(-24 * 60 * 60)
}

/// Milliseconds since 1970.
pub(super) fn millis(at: Timestamp) -> i64 {
    (at.seconds_since(Timestamp::from_seconds(0)) * 1000.0).round() as i64
}

pub(super) fn moment(millis: i64) -> Timestamp {
    Timestamp::from_seconds(0).plus_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_to_the_millisecond() {
        for text in ["2026-11-24T01:47:19.001Z", "1999-12-31T23:59:59.999Z", "2096-02-29T12:00:00Z"] {
            let at = Timestamp::parse(text).unwrap();
            assert_eq!(moment(millis(at)), at);
        }
    }

    #[test]
    fn a_sign_in_key_tells_its_parts_apart() {
        assert_ne!(sign_in_key("a", "bc", ["d"]), sign_in_key("ab", "c", ["d"]));
        assert_ne!(sign_in_key("a", "b", ["cd", "e"]), sign_in_key("a", "b", ["c", "de"]));
        assert_eq!(sign_in_key("a", "b", ["c"]).len(), 64);
    }
}
