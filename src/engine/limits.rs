//! Whether a draft may be written at all.

use super::{Draft, Engine, EngineError};
use crate::domain::{
    Plan,
    plan::Kind,
    safeguards::{Extent, SHARE_FREE},
};

/// What the person who starts the run allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowance {
    pub max_changes: Option<u64>,
    pub attended: bool,
}

/// One thing that forbids to write a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it is, and what to do about it.
    pub text: String,
    /// A limit: with `on_limit = "park"` the run waits for a person instead.
    pub parkable: bool,
}

impl Engine {
    /// Everything that forbids to write this draft. Empty: it may go.
    pub async fn refusals(&self, draft: &Draft, allowance: Allowance) -> Result<Vec<Refusal>, EngineError> {
        let Some(plan) = &draft.plan else { return Ok(Vec::new()) };
        let safeguards = &self.profile.safeguards;
        let mut refusals: Vec<Refusal> = self
            .profile
            .unenforced
            .iter()
            .map(|setting| {
                Refusal::firm(format!(
                    "{setting} is set, but this version does not enforce it yet, so nothing is written while it is set; remove it from the settings file to go on"
                ))
            })
            .collect();
        if safeguards.require_ticket && draft.header.ticket.is_none() {
            refusals.push(Refusal::firm("the settings require a ticket; name one with --ticket".to_owned()));
        }
        // The way back knows no limit on how much it may restore.
        if plan.head().kind == Kind::Undo {
            return Ok(refusals);
        }
        let extent = self.extent(plan, allowance).await?;
        let over = safeguards.exceeded(extent, allowance.max_changes, allowance.attended);
        refusals.extend(over.into_iter().map(|text| Refusal { text, parkable: true }));
        Ok(refusals)
    }

    async fn extent(&self, plan: &Plan, allowance: Allowance) -> Result<Extent, EngineError> {
        let changes = plan.items().len() as u64;
        let tenant_active = if !allowance.attended && changes >= SHARE_FREE {
            Some(self.psa.active_configurations().await?)
        } else {
            None
        };
        Ok(Extent { changes, clients: plan.clients().len() as u64, tenant_active })
    }
}

impl Refusal {
    /// One that no approval can lift.
    pub fn firm(text: impl Into<String>) -> Self {
        Self { text: text.into(), parkable: false }
    }
}
