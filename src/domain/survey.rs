//! What a run found before anybody decided: clients with their reasons, configurations with what is
//! to become of them. The plan is the part of it that may be changed; the report tells all of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ClientId, Configuration, Criteria, Links, Origin, Outcome, Phase, Problem, RunId, RunState, SignOfLife,
    SkipReason, Tenant, Timestamp, client::Offboarded, document::Coverage, note::NotePolicy, plan::Kind,
    run::ItemState,
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
    /// The user of the operating system who started it; nobody in records of earlier builds.
    #[serde(default)]
    pub user: String,
    /// What set it going; a person in records of earlier builds.
    #[serde(default, skip_serializing_if = "Origin::is_person")]
    pub origin: Origin,
    pub requested_by: Option<String>,
    pub ticket: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    pub attended: bool,
    /// What made clients count as offboarded in this run.
    pub criteria: Criteria,
    /// Whether links are read.
    pub links: bool,
    /// What is to be noted in the PSA; nothing in records of earlier builds.
    #[serde(default)]
    pub notes: NotePolicy,
    /// One client was asked for, so the report is that client's document.
    pub single: bool,
    pub started_at: Timestamp,
}

impl Header {
    /// Every name under which somebody asked for this run.
    pub fn requesters(&self) -> impl Iterator<Item = &str> {
        [self.operator.as_str(), self.user.as_str()].into_iter().chain(self.requested_by.as_deref())
    }
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

impl Found {
    /// What became of it, whether it was in the plan or not.
    pub fn outcome(&self, state: &RunState, dry_run: bool) -> Outcome {
        match self.skip {
            // Found out while the plan was made: it is told as what it is, not as left out by choice.
            Some(SkipReason::ChangedSinceReview) => {
                return Outcome::ChangedSinceReview { what: self.why.clone().unwrap_or_default() };
            }
            Some(reason) => return Outcome::Skipped { reason },
            None => {}
        }
        match state.item(&self.configuration.id) {
            Some(ItemState::Settled(settled)) => settled.outcome.clone(),
            Some(item) if item.is_open() => Outcome::Unknown {
                message: "a change was sent and not read back; resume the run to settle it".to_owned(),
            },
            _ => {
                let waits = matches!(state.phase, Phase::Planned | Phase::AwaitingApproval | Phase::Approved);
                let reason = match (dry_run, waits) {
                    (true, _) => SkipReason::DryRun,
                    (false, true) => SkipReason::Planned,
                    (false, false) => SkipReason::NotStarted,
                };
                Outcome::Skipped { reason }
            }
        }
    }
}

/// One client of a run, asked for or found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SurveyedClient {
    /// As far as known: what was asked for if there is no such client.
    pub id: Option<ClientId>,
    pub name: Option<String>,
    /// `None` if there is no such client, or not just one, or it does not count as offboarded.
    pub offboarded: Option<Offboarded>,
    pub found: Vec<Found>,
    pub signs_of_life: Vec<SignOfLife>,
    pub warnings: Vec<String>,
    pub problems: Vec<Problem>,
}

impl SurveyedClient {
    pub fn of(offboarded: Offboarded) -> Self {
        Self {
            id: Some(offboarded.client.id.clone()),
            name: Some(offboarded.client.name.clone()),
            offboarded: Some(offboarded),
            ..Self::default()
        }
    }

    /// A client that is not part of the run after all, and why.
    pub fn missing(id: Option<ClientId>, name: Option<String>, problem: Problem) -> Self {
        Self { id, name, problems: vec![problem], ..Self::default() }
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
