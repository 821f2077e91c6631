//! What happened: the writes, the requests, and the notes on what a good client would not send.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value};

/// How many requests are remembered one by one; the counters go on.
const REQUESTS_KEPT: usize = 200_000;
/// How many different notes are kept.
const NOTES_KEPT: usize = 1_000;

/// One change of a stored record, taken from what was stored before and after, not from what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Write {
    pub seq: u64,
    pub at: jiff::Timestamp,
    /// `configuration/123`
    pub record: String,
    /// The record's id.
    pub id: String,
    /// The id of the client that the record belonged to before the change; empty if to none.
    pub client: String,
    pub changes: Vec<Change>,
    /// Made behind the client's back: by a test, or by a fault that plays an RMM.
    pub by_others: bool,
}

/// One member of a record that differs. What was or is not there is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

/// The changes of one tenant, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(Vec<Write>);

impl Ledger {
    pub fn writes(&self) -> &[Write] {
        &self.0
    }

    /// Writes down a change of a record, given by its kind and id, that belonged to a client.
    pub fn note(
        &mut self,
        at: jiff::Timestamp,
        (kind, id): (&str, i64),
        client: Option<i64>,
        changes: Vec<Change>,
        by_others: bool,
    ) {
        self.0.push(Write {
            seq: self.0.len() as u64 + 1,
            at,
            record: format!("{kind}/{id}"),
            id: id.to_string(),
            client: client.map(|id| id.to_string()).unwrap_or_default(),
            changes,
            by_others,
        });
    }
}

/// The members in which two states of a record differ, leaving out the ones that every save touches.
pub(crate) fn differences(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    untold: &[&str],
) -> Vec<Change> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !untold.contains(&name.as_str()))
        .filter_map(|name| {
            let old = before.get(name).cloned().unwrap_or_default();
            let new = after.get(name).cloned().unwrap_or_default();
            (old != new).then(|| Change { field: name.clone(), before: old, after: new })
        })
        .collect()
}

/// One request as it arrived, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestSeen {
    /// Counts from 0, over all requests to the vendor's routes.
    pub index: u64,
    pub at: jiff::Timestamp,
    pub method: String,
    pub path: String,
    /// As sent, still encoded, without the `?`.
    pub query: String,
    pub body: String,
    /// The vendor's route with its place holders: `PATCH /company/configurations/{id}`.
    pub route: String,
    /// Whether a header with credentials (`Authorization`, `Secret`) came along.
    pub with_credentials: bool,
    /// Whether the credentials were the right ones.
    pub authorised: bool,
    /// The status answered; 0 if the connection was broken instead.
    pub status: u16,
    /// The body of a JSON answer, kept only when `Options::keep_bodies` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// The faults that met it.
    pub faults: Vec<String>,
}

/// Requests, counters and notes.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub requests: VecDeque<RequestSeen>,
    pub by_route: BTreeMap<String, u64>,
    pub total: u64,
    notes: Vec<String>,
}

impl Journal {
    pub fn saw(&mut self, seen: RequestSeen) {
        self.total += 1;
        *self.by_route.entry(seen.route.clone()).or_default() += 1;
        if self.requests.len() == REQUESTS_KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
    }

    /// Each note is kept once.
    pub fn note(&mut self, text: String) {
        if self.notes.len() < NOTES_KEPT && !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}
