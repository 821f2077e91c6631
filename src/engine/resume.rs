//! Going on with a run that was interrupted: the journal is replayed through the same fold, every item whose
//! fate is open is read before anything is sent, and what was settled stays settled.

use std::sync::Arc;

use super::{Engine, EngineError, RunHandle, apply::Run, feed::Journal, pipeline::Todo};
use crate::{
    domain::{
        ApprovedPlan, Outcome, Phase, Plan, PlanItem, RunState, Stamped, approval::NotApproved,
        event::Answer, run::ItemState,
    },
    store::StoredRun,
};

impl Engine {
    /// Resumes a stored run. Refused if it has ended, was never approved, was altered, or belongs to another tenant.
    pub async fn resume(&self, stored: StoredRun) -> Result<RunHandle, EngineError> {
        let StoredRun { header, survey, plan, events, .. } = stored;
        let run = header.run.clone();
        let (bytes, digest) = plan.ok_or_else(|| {
            EngineError::Refused(format!("run {run} has no plan: there is nothing to resume"))
        })?;
        let plan = Plan::reopen(&bytes, &digest).map_err(EngineError::Altered)?;
        let state = RunState::replay(&plan, &events);
        if !may_resume(state.phase) {
            let phase = state.phase.words();
            return Err(EngineError::Refused(format!("run {run} is {phase}: there is nothing to resume")));
        }
        let approval = state
            .approval
            .clone()
            .ok_or_else(|| EngineError::Refused(format!("run {run} was never approved")))?;
        let approved = match ApprovedPlan::new(plan.clone(), approval.clone(), self.latest(&events)) {
            Ok(approved) => approved,
            // What was sent is still settled by reading; nothing more is sent.
            Err(expired @ NotApproved::Expired(_)) => {
                let made_at = plan.head().made_at;
                let approved = ApprovedPlan::new(plan, approval, made_at)?;
                return self.launch(header, survey, approved, state, Some(expired.into())).await;
            }
            Err(error) => return Err(error.into()),
        };
        self.launch(header, survey, approved, state, None).await
    }

    /// The time, never earlier than what the journal has seen: a clock that was set back revives no plan.
    fn latest(&self, events: &[Stamped]) -> crate::domain::Timestamp {
        events.iter().map(|event| event.at).max().max(Some(self.now())).unwrap_or_else(|| self.now())
    }

    async fn launch(
        &self,
        header: crate::domain::survey::Header,
        survey: crate::domain::survey::Survey,
        approved: ApprovedPlan,
        state: RunState,
        expired: Option<EngineError>,
    ) -> Result<RunHandle, EngineError> {
        self.same_tenant(&approved).await?;
        self.lock(&header, approved.plan()).await?;
        let todo = open_items(&approved, &state);
        let journal = Journal::new(Arc::clone(&self.store), self.clock.clone(), header.run.clone(), state);
        journal.record([crate::domain::Event::Resumed]).await?;
        Ok(Run::new(self.clone(), header, survey, approved, journal, todo, expired).spawn())
    }
}

fn may_resume(phase: Phase) -> bool {
    matches!(phase, Phase::Approved | Phase::Applying | Phase::Paused | Phase::Verifying | Phase::Interrupted)
}

/// What is not settled, each with how often it may have been sent.
fn open_items(approved: &ApprovedPlan, state: &RunState) -> Vec<Todo> {
    let sent = |item: &PlanItem| match state.item(&item.config_id) {
        None | Some(ItemState::Queued | ItemState::Answered { answer: Answer::NotSent, .. }) => Some(0),
        Some(ItemState::Sending { attempt } | ItemState::Answered { attempt, .. }) => Some(*attempt),
        Some(ItemState::Settled(settled)) => matches!(settled.outcome, Outcome::Unknown { .. }).then_some(1),
    };
    approved.items().filter_map(|item| Some((Arc::new(item.clone()), sent(item)?))).collect()
}
