//! What a client may read about itself.
//!
//! In it: its name, the names, types and sites of its own configurations, what became of each in fixed words, whether
//! each is active now, when this was told, and the run's id as a reference for questions (it begins with the moment of
//! the run; the rest is random).
//!
//! Left out, and why: the PSA's ids and addresses of records (they open nothing for a client, and tell outsiders how the
//! house counts), status names of the PSA (they are the house's words, such as "Do not bill"), links and what is left to
//! do (agreements, prices, other people's tickets, tools), signs of life and the criterion (the house's judgement of the
//! client), warnings, errors, notes and coverage (vendors' words, other clients, counts over the whole tenant), who asked,
//! approved, why and under which ticket (names and remarks of people who did not write for a client), and digests.
//! Why a configuration was left alone is left out, too: that it is held, protected or still billed is nobody else's
//! business. That it was left as it is, is said.

use serde::Serialize;

use crate::domain::{
    Phase, RunId, SkipReason, Timestamp,
    document::{ClientReport, ConfigReport},
    text::harmless_json,
};

/// The document of one client, for that client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientView {
    pub client_name: Option<String>,
    /// The run's id.
    pub reference: RunId,
    pub timestamp: Timestamp,
    /// Whether this is about giving back what was retired.
    pub restores: bool,
    pub standing: Standing,
    pub totals: Totals,
    pub items: Vec<ItemView>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Done,
    /// It came to its end, and some of it could not be done.
    DoneInPart,
    /// It was only looked at what would be done.
    Trial,
    NotBegun,
    UnderWay,
    EndedEarly,
    NothingDone,
}

impl Standing {
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "This is done.",
            Self::DoneInPart => "This is done in part.",
            Self::Trial => "This was a trial: nothing was changed.",
            Self::NotBegun => "This is planned: nothing was changed yet.",
            Self::UnderWay => "This is not finished yet.",
            Self::EndedEarly => "This was ended early: what is not listed as done was left as it is.",
            Self::NothingDone => "Nothing was changed.",
        }
    }

    fn of(phase: Phase, dry_run: bool, totals: &Totals) -> Self {
        match phase {
            _ if dry_run => Self::Trial,
            Phase::Finished if totals.not_completed + totals.planned > 0 => Self::DoneInPart,
            Phase::Finished => Self::Done,
            Phase::Planned | Phase::AwaitingApproval | Phase::Approved => Self::NotBegun,
            Phase::Applying | Phase::Paused | Phase::Verifying | Phase::Interrupted => Self::UnderWay,
            Phase::Cancelled => Self::EndedEarly,
            Phase::Rejected | Phase::Expired | Phase::Refused => Self::NothingDone,
        }
    }
}

/// One configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemView {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub site: Option<String>,
    pub what: What,
    /// As last read.
    pub active: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Retired,
    RetiredBefore,
    Restored,
    RestoredBefore,
    Planned,
    LeftAsItIs,
    NotCompleted,
}

impl What {
    pub fn words(self) -> &'static str {
        match self {
            Self::Retired => "Retired",
            Self::RetiredBefore => "Retired before",
            Self::Restored => "Active again",
            Self::RestoredBefore => "Active again before",
            Self::Planned => "Planned",
            Self::LeftAsItIs => "Left as it is",
            Self::NotCompleted => "Not completed",
        }
    }

    /// From the contract's words alone; a change that was not read back is not told as done.
    fn of(config: &ConfigReport) -> Self {
        match (config.outcome.as_str(), config.skip_reason) {
            ("deactivated", _) if config.verified => Self::Retired,
            ("restored", _) if config.verified => Self::Restored,
            ("planned", _) => Self::Planned,
            ("skipped", Some(reason)) => match reason {
                SkipReason::DryRun | SkipReason::Planned => Self::Planned,
                SkipReason::AlreadyInactive => Self::RetiredBefore,
                SkipReason::AlreadyRestored => Self::RestoredBefore,
                SkipReason::NotStarted => Self::NotCompleted,
                SkipReason::Mixed
                | SkipReason::Protected
                | SkipReason::Held
                | SkipReason::NotSelected
                | SkipReason::LinkedBilling
                | SkipReason::LinkedTickets
                | SkipReason::LinkedChildren
                | SkipReason::LinkedRmm
                | SkipReason::LinkedUnknown
                | SkipReason::ChangedSinceReview => Self::LeftAsItIs,
            },
            ("changed_since_review", _) => Self::LeftAsItIs,
            _ => Self::NotCompleted,
        }
    }
}

/// Each configuration is in exactly one count beside `items`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub items: u64,
    pub retired: u64,
    pub restored: u64,
    pub planned: u64,
    pub left_as_they_are: u64,
    pub not_completed: u64,
}

impl Totals {
    fn count(&mut self, what: What) {
        self.items += 1;
        match what {
            What::Retired | What::RetiredBefore => self.retired += 1,
            What::Restored | What::RestoredBefore => self.restored += 1,
            What::Planned => self.planned += 1,
            What::LeftAsItIs => self.left_as_they_are += 1,
            What::NotCompleted => self.not_completed += 1,
        }
    }
}

impl ClientView {
    /// Takes the few fields that a client may see out of its document. Everything else stays behind.
    pub fn of(report: &ClientReport) -> Self {
        let items: Vec<ItemView> = report
            .configs
            .iter()
            .map(|config| ItemView {
                name: config.config_name.clone(),
                kind: config.config_type.clone(),
                site: config.site.clone(),
                what: What::of(config),
                active: config.status != "inactive",
            })
            .collect();
        let mut totals = Totals::default();
        for item in &items {
            totals.count(item.what);
        }
        Self {
            client_name: report.client_name.clone(),
            reference: report.run.run_id.clone(),
            timestamp: report.timestamp,
            restores: report.statistics.configs_restored.is_some(),
            standing: Standing::of(report.run.state, report.run.dry_run, &totals),
            totals,
            items,
        }
    }

    pub fn to_json(&self) -> String {
        // Text, numbers and flags: this cannot fail; if it does, say so in JSON.
        let json = serde_json::to_string_pretty(self)
            .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
        format!("{}\n", harmless_json(&json))
    }
}
