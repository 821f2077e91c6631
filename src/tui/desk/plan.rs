//! A plan as the screen asks for it and shows it, and what must be typed to act on it.

use std::collections::BTreeSet;

use super::Setting;
use crate::domain::{
    Client, ClientId, ConfigId, Plan, PlanItem, RunId, Timestamp, plan::Kind, survey::Survey,
};

/// What the technician wants planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub ticked: BTreeSet<ConfigId>,
    pub reason: Option<String>,
    pub ticket: Option<String>,
    /// Plan and report, but write nothing.
    pub dry_run: bool,
}

/// What the technician wants restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoDraft {
    /// The run that changed it.
    pub run: RunId,
    /// Only these of what it changed; all of it if `None`.
    pub only: Option<BTreeSet<ConfigId>>,
    pub reason: Option<String>,
    pub ticket: Option<String>,
    pub dry_run: bool,
}

/// A run that was stored and waits for approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub run: RunId,
    /// When its plan expires.
    pub until: Timestamp,
}

/// What the Plan shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanView {
    pub plan: Plan,
    pub digest: String,
    /// Clients with reasons and signs of life, and every configuration with what is left out and why.
    pub survey: Survey,
    pub dry_run: bool,
    pub estimate: Estimate,
    pub warnings: Vec<String>,
    /// Why it may not start, or not be approved by this person, at all.
    pub refused: Vec<String>,
    /// Why it cannot start at once and is parked for approval instead, if that is so.
    pub needs_approval: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    pub reason: Option<String>,
    pub ticket: Option<String>,
    /// Which notes the PSA gets, in a sentence.
    pub notes: Option<String>,
}

impl PlanView {
    /// The client of an item, as surveyed.
    pub fn client(&self, id: &ClientId) -> Option<&Client> {
        self.survey
            .clients
            .iter()
            .filter_map(|client| client.offboarded.as_ref())
            .map(|offboarded| &offboarded.client)
            .find(|client| client.id == *id)
    }

    pub fn is_undo(&self) -> bool {
        self.plan.head().kind == Kind::Undo
    }

    /// The clients of these items, in the order of their ids.
    pub fn clients_of(&self, items: &BTreeSet<ConfigId>) -> BTreeSet<&ClientId> {
        self.items_of(items).map(|item| &item.client_id).collect()
    }

    /// Those items of the plan that are among `items`.
    pub fn items_of(&self, items: &BTreeSet<ConfigId>) -> impl Iterator<Item = &PlanItem> {
        self.plan.items().iter().filter(|item| items.contains(&item.config_id))
    }

    /// The name of a client of the plan; empty if it has none.
    pub fn client_name(&self, id: &ClientId) -> &str {
        let named = self.survey.clients.iter().find(|client| client.id.as_ref() == Some(id));
        named.and_then(|client| client.name.as_deref()).unwrap_or("").trim()
    }

    /// What must be typed before these items are changed.
    pub fn confirm(&self, items: &BTreeSet<ConfigId>, setting: &Setting) -> Confirm {
        let count = self.items_of(items).count() as u64;
        // An undo knows no limit: what was changed may be changed back.
        if count > setting.max_changes && !self.is_undo() {
            return Confirm::CountAndProfile { count, profile: setting.profile.clone() };
        }
        let clients: Vec<&ClientId> = self.clients_of(items).into_iter().collect();
        match clients[..] {
            [id] => Confirm::Client { id: id.clone(), name: self.client_name(id).to_owned() },
            _ => Confirm::Count(count),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub requests: u64,
    pub seconds: f64,
    pub pace: Pace,
    /// What it takes of the requests that the PSA's users have together, where the PSA tells.
    pub pool: Option<Pool>,
}

/// How fast a PSA may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests that fit into one window of so many seconds.
    pub requests: u32,
    pub window_seconds: u32,
    /// Writes that may be under way at once.
    pub in_flight: usize,
    /// Changes per write.
    pub batch: usize,
}

/// Items that the engine reads back at once; for estimates only.
const READ_PAGE: u64 = 100;

/// What these PSAs take to answer on an ordinary day.
const ANSWER_SECONDS: f64 = 0.33;

impl Pace {
    /// Requests that so many changes take: the writes, and reading before and after.
    pub fn requests_for(&self, changes: u64) -> u64 {
        changes.div_ceil(self.batch.max(1) as u64) + 2 * changes.div_ceil(READ_PAGE) + 4
    }

    /// How long so many requests take. What fits into one window goes as fast as it is answered; the rest waits for
    /// the next ones.
    pub fn seconds_for(&self, requests: u64) -> f64 {
        let windows = requests.saturating_sub(1) / u64::from(self.requests.max(1));
        let by_window = windows as f64 * f64::from(self.window_seconds);
        let by_answers = requests as f64 * ANSWER_SECONDS / self.in_flight.max(1) as f64;
        by_window.max(by_answers)
    }
}

/// Shares of the requests that everything which calls a PSA has together in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pool {
    /// What this work takes.
    pub takes: f64,
    /// What is used already, by whomever.
    pub used: f64,
    pub window_seconds: u32,
}

/// What must be typed before anything is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// The client's id or its name.
    Client { id: ClientId, name: String },
    /// The number of configurations.
    Count(u64),
    /// The number, a blank, and the profile's name.
    CountAndProfile { count: u64, profile: String },
}

impl Confirm {
    pub fn accepts(&self, typed: &str) -> bool {
        let typed = typed.trim();
        match self {
            Self::Client { id, name } => {
                typed == id.as_str()
                    || (!name.trim().is_empty() && crate::domain::text::same_name(typed, name))
            }
            Self::Count(count) => typed == count.to_string(),
            Self::CountAndProfile { count, profile } => typed == format!("{count} {profile}"),
        }
    }
}
