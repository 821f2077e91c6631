//! Runs that begin by themselves: when, for whom, and what becomes of those that were slept through.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ClientId, Timestamp, cadence::Cadence};

/// A firing is on time if it is noticed so many seconds later: a busy computer is not one that was off.
const ON_TIME: i64 = 5 * 60;

/// One schedule of the settings.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Unique, without blanks; it is part of what the store remembers.
    pub name: String,
    pub cadence: Cadence,
    pub profile: String,
    pub inputs: Inputs,
    pub missed: Missed,
    /// How many hours after its time a missed run is still of use.
    pub missed_within_hours: u32,
    /// The run begins up to so many seconds late, so that not everybody asks the PSA at the full hour.
    pub jitter_seconds: u32,
}

/// What a scheduled run is asked to do. It can only narrow what the settings allow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    pub clients: Clients,
    /// Statuses that count as offboarded, instead of the profile's.
    pub statuses: Vec<String>,
    pub types: Vec<String>,
    pub sites: Vec<String>,
    pub limit_clients: Option<NonZeroUsize>,
    pub dry_run: bool,
    pub require_approval: bool,
    pub include_archived: bool,
    pub reason: Option<String>,
    pub ticket: Option<String>,
    pub requested_by: Option<String>,
}

/// Whose configurations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clients {
    /// Of every client that counts as offboarded.
    #[default]
    All,
    Named {
        ids: Vec<ClientId>,
        names: Vec<String>,
    },
}

/// What becomes of firings that nobody was there for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missed {
    #[default]
    Skip,
    /// One run makes up for all of them.
    RunOnce,
}

/// What is to be done now about a schedule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    /// The firing that a run is owed for.
    pub fire: Option<Timestamp>,
    /// Firings that nothing comes of. Counted as far back as a missed one may be of use.
    pub passed_over: u32,
}

impl Schedule {
    /// The look at all clients of a profile that finds what its webhooks did not tell. Its name is none that the settings
    /// could give to a schedule.
    pub fn sweep(profile: &str, cadence: Cadence) -> Self {
        let reason = "Daily sweep: what webhooks may not have told";
        Self {
            name: format!("sweep:{profile}"),
            cadence,
            profile: profile.to_owned(),
            inputs: Inputs { reason: Some(reason.to_owned()), ..Inputs::default() },
            missed: Missed::RunOnce,
            missed_within_hours: 24,
            jitter_seconds: 15 * 60,
        }
    }

    /// What the firings later than `since`, up to and with `now`, come to: at most one run.
    pub fn due(&self, since: Timestamp, now: Timestamp) -> Due {
        let useful = match self.missed {
            Missed::Skip => ON_TIME,
            Missed::RunOnce => i64::from(self.missed_within_hours) * 3600,
        };
        // Nobody looks through years of firings for the few that could still matter.
        let window = now.plus_seconds(-ON_TIME.max(i64::from(self.missed_within_hours) * 3600));
        let mut firings = 0;
        let mut latest = None;
        for firing in self.cadence.all_after(since.max(window)).take_while(|firing| *firing <= now) {
            firings += 1;
            latest = Some(firing);
        }
        let fire = latest.filter(|firing| now.seconds_since(*firing) <= useful as f64);
        Due { fire, passed_over: firings - u32::from(fire.is_some()) }
    }

    /// When the run of this firing begins: the same in every process that asks.
    pub fn begins(&self, firing: Timestamp) -> Timestamp {
        let digest = Sha256::digest(format!("{}:{firing}", self.name));
        let drawn = digest.iter().take(8).fold(0_u64, |drawn, byte| drawn << 8 | u64::from(*byte));
        firing.plus_seconds((drawn % (u64::from(self.jitter_seconds) + 1)) as i64)
    }

    /// What keeps two runs of it from going on at once.
    pub fn lane(&self) -> String {
        format!("schedule:{}", self.name)
    }

    /// What keeps a firing from being taken twice.
    pub fn key(&self, firing: Timestamp) -> String {
        format!("schedule:{}:{firing}", self.name)
    }
}

#[cfg(test)]
mod tests;
