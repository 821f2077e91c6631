//! What a run found before anybody decided: clients with their reasons, configurations with what is
//! to become of them. The plan is the part of it that may be changed; the report tells all of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Configuration, Links, Problem, RunId, SignOfLife, SkipReason, Tenant, Timestamp, client::Offboarded,
    document::Coverage, plan::Kind,
};

/// Who asked for a run, and for what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub run: RunId,
    pub kind: Kind,
    pub parent: Option<RunId>,
    pub profile: String,
    /// The vendor's key.
    pub psa: String,
    /// `None` until the PSA said who it is.
    pub tenant: Option<Tenant>,
    pub operator: String,
    pub requested_by: Option<String>,
    pub ticket: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    pub attended: bool,
    /// One client was asked for, so the report is that client's document.
    pub single: bool,
    pub started_at: Timestamp,
}

/// One configuration that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub configuration: Configuration,
    /// Why it is not in the plan; `None` if it is.
    pub skip: Option<SkipReason>,
    /// More about that reason, if there is more to say.
    pub why: Option<String>,
    pub links: Links,
}

/// One client of a run, asked for by name or found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyedClient {
    /// What was asked for, if it could not be found.
    pub asked: Option<String>,
    /// `None` if there is no such client, or not just one, or it does not count as offboarded.
    pub offboarded: Option<Offboarded>,
    /// The client's id and name where it was found but is not offboarded.
    pub known_as: Option<(super::ClientId, String)>,
    pub found: Vec<Found>,
    pub signs_of_life: Vec<SignOfLife>,
    pub warnings: Vec<String>,
    pub problems: Vec<Problem>,
}

impl SurveyedClient {
    pub fn of(offboarded: Offboarded) -> Self {
        Self {
            asked: None,
            known_as: Some((offboarded.client.id.clone(), offboarded.client.name.clone())),
            offboarded: Some(offboarded),
            found: Vec::new(),
            signs_of_life: Vec::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// All that a run found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    pub clients: Vec<SurveyedClient>,
    pub coverage: Coverage,
    pub warnings: Vec<String>,
    pub problems: Vec<Problem>,
}

impl Survey {
    pub fn found(&self) -> impl Iterator<Item = &Found> {
        self.clients.iter().flat_map(|client| &client.found)
    }

    /// Configurations read, by what they are.
    pub fn tally(configurations: &[Configuration]) -> BTreeMap<String, u64> {
        configurations.iter().fold(BTreeMap::new(), |mut tally, configuration| {
            *tally.entry(configuration.lifecycle().words().to_owned()).or_default() += 1;
            tally
        })
    }
}
