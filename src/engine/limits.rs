//! Whether a draft may be written at all.

use super::{Draft, Engine, EngineError};
use crate::domain::{
    Plan,
    plan::Kind,
    safeguards::{Extent, OnLimit, SHARE_FREE},
    survey::Header,
};

/// What the person who starts the run allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowance {
    pub max_changes: Option<u64>,
    pub attended: bool,
}

/// What becomes of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// Nothing is written: a dry run, or nothing to change.
    Report,
    Refuse(Vec<Refusal>),
    /// It waits for a person; `why` names the limits that it is over.
    Park {
        why: Vec<String>,
    },
    Apply,
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
        let mut refusals = self.firm_refusals(&draft.header);
        if plan.head().kind == Kind::Undo {
            // Whoever undoes a run may undo all of it.
            return Ok(refusals);
        }
        let extent = self.extent(plan, allowance).await?;
        let over = safeguards.exceeded(extent, allowance.max_changes, allowance.attended);
        refusals.extend(over.into_iter().map(|text| Refusal { text, parkable: true }));
        Ok(refusals)
    }

    /// What forbids to write anything for this run, whoever approves it.
    pub(super) fn firm_refusals(&self, header: &Header) -> Vec<Refusal> {
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
        if self.profile.safeguards.require_ticket && header.ticket.is_none() {
            refusals.push(Refusal::firm("the settings require a ticket; name one with --ticket"));
        }
        if self.profile.safeguards.require_reason && header.reason.is_none() {
            refusals.push(Refusal::firm("the settings require a reason; give one with --reason"));
        }
        refusals
    }

    /// What becomes of a draft, given what speaks against it. `asked_to_park`: whoever started the run wants
    /// somebody to approve it.
    pub fn course(&self, draft: &Draft, refusals: Vec<Refusal>, asked_to_park: bool) -> Course {
        let safeguards = &self.profile.safeguards;
        if draft.plan.is_none() || draft.header.dry_run {
            return Course::Report;
        }
        let may_park = safeguards.on_limit == OnLimit::Park && refusals.iter().all(|one| one.parkable);
        if !refusals.is_empty() && !may_park {
            return Course::Refuse(refusals);
        }
        if refusals.is_empty() && !asked_to_park && !safeguards.wants_approval() {
            return Course::Apply;
        }
        Course::Park { why: refusals.into_iter().map(|one| one.text).collect() }
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
