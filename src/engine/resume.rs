//! Going on with a run that was interrupted: the journal is replayed through the same fold, every item whose
//! fate is open is read before anything is sent, and what was settled stays settled.

use std::sync::Arc;

use super::{
    Engine, EngineError, RunHandle,
    apply::Run,
    feed::Journal,
    in_hand::InHand,
    items::Todo,
    left_open::{may_resume, sent},
};
use crate::{
    domain::{
        Approval, ApprovedPlan, Event, Phase, Plan, RunState, Stamped, Timestamp, approval::NotApproved,
    },
    store::StoredRun,
};

/// A run as its journal tells it, fit to go on.
struct Reopened {
    plan: Plan,
    approval: Approval,
    state: RunState,
}

impl Engine {
    /// Resumes a stored run. Refused if it has ended, was never approved, was altered, belongs to another tenant, or
    /// somebody is at work on it.
    pub async fn resume(&self, stored: StoredRun) -> Result<RunHandle, EngineError> {
        self.may_write()?;
        let run = stored.header.run.clone();
        let plan = reopen(&stored)?.plan;
        let in_hand = self.take_in_hand(&stored.header, &plan)?;
        // Before the PSA is asked anything: whoever is at work on it may need all the calls that there are.
        self.lock(&stored.header, &plan).await?;
        let begun = async {
            self.same_tenant(&plan).await?;
            // What was read before the lock may be out of date: another process may have gone on, and ended, meanwhile.
            let stored = self.store.run(&run).await?;
            let stored = stored.ok_or_else(|| EngineError::Refused(format!("there is no run {run}")))?;
            self.must_be_whole(&stored).await?;
            self.go_on(stored, in_hand).await
        };
        match begun.await {
            Ok(resumed) => Ok(resumed.spawn()),
            Err(error) => {
                self.unlock(&run).await;
                Err(error)
            }
        }
    }

    async fn go_on(&self, stored: StoredRun, in_hand: Arc<InHand>) -> Result<Run, EngineError> {
        let Reopened { plan, approval, state } = reopen(&stored)?;
        let StoredRun { header, survey, events, .. } = stored;
        let (approved, expired) =
            match ApprovedPlan::new(plan.clone(), approval.clone(), self.latest(&events)) {
                Ok(approved) => (approved, None),
                // What was sent is still settled by reading; nothing more is sent.
                Err(expired @ NotApproved::Expired(_)) => {
                    let made_at = plan.head().made_at;
                    (ApprovedPlan::new(plan, approval, made_at)?, Some(expired.into()))
                }
                Err(error) => return Err(error.into()),
            };
        let todo = open_items(&approved, &state);
        let journal = Journal::new(Arc::clone(&self.store), self.clock.clone(), header.run.clone(), state);
        journal.record([Event::Resumed]).await?;
        Ok(Run::new(self.clone(), header, survey, approved, journal, in_hand, todo, expired))
    }

    /// Refuses while the settings forbid every write.
    fn may_write(&self) -> Result<(), EngineError> {
        if self.profile.safeguards.dry_run {
            let text = "safeguards.dry_run is true, so nothing may be sent: take it out of the settings file to resume";
            return Err(EngineError::Refused(text.to_owned()));
        }
        match self.profile.unenforced.first() {
            None => Ok(()),
            Some(setting) => Err(EngineError::Refused(setting.clone())),
        }
    }

    /// The time, never earlier than what the journal has seen: a clock that was set back revives no plan.
    pub(super) fn latest(&self, events: &[Stamped]) -> Timestamp {
        events.iter().map(|event| event.at).max().max(Some(self.now())).unwrap_or_else(|| self.now())
    }
}

fn reopen(stored: &StoredRun) -> Result<Reopened, EngineError> {
    let run = &stored.header.run;
    let refused = |why: String| EngineError::Refused(format!("run {run} {why}"));
    let (bytes, digest) =
        stored.plan.as_ref().ok_or_else(|| refused("has no plan: there is nothing to resume".to_owned()))?;
    let plan = Plan::reopen(bytes, digest).map_err(EngineError::Altered)?;
    let state = RunState::replay(&plan, &stored.events);
    if !may_resume(state.phase, state.open_items().next().is_some()) {
        let advice = match state.phase {
            Phase::AwaitingApproval => format!("approve it first: mothball runs approve {run}"),
            _ => "there is nothing to resume".to_owned(),
        };
        return Err(refused(format!("is {}: {advice}", state.phase.words())));
    }
    let approval = state.approval.clone().ok_or_else(|| refused("was never approved".to_owned()))?;
    Ok(Reopened { plan, approval, state })
}

/// What is not settled, each with how often it may have been sent.
fn open_items(approved: &ApprovedPlan, state: &RunState) -> Vec<Todo> {
    approved
        .items()
        .filter_map(|item| Some((Arc::new(item.clone()), sent(state.item(&item.config_id))?)))
        .collect()
}
