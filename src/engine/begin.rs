//! How a run begins: approved and started, parked for a person, or concluded at once because it writes nothing.

use std::sync::Arc;

use super::{Draft, Engine, EngineError, Finished, RunHandle, apply::Run, feed::Journal, in_hand::InHand};
use crate::{
    domain::{
        Approval, ApprovedPlan, ClientId, Event, Plan, Problem, RunId, RunState, SkipReason, Stamped,
        Timestamp,
        event::End,
        survey::{Header, Survey},
    },
    store::{Claim, Held, Holder, NewRun},
    system::process::Identity,
};

impl Engine {
    /// Approves the draft's plan in the operator's name and starts it. The plan and its approval are
    /// durable when this returns.
    pub async fn start(&self, draft: Draft) -> Result<RunHandle, EngineError> {
        let Draft { header, survey, plan } = draft;
        let plan = plan.ok_or_else(|| EngineError::Refused("there is nothing to change".to_owned()))?;
        if header.dry_run {
            return Err(EngineError::Refused("a dry run writes nothing".to_owned()));
        }
        if self.profile.safeguards.wants_approval() {
            return Err(EngineError::Refused("the settings want a second step for approval".to_owned()));
        }
        let approval = Approval::of_all(&plan, &header.operator, self.now());
        let approved = ApprovedPlan::new(plan, approval.clone(), self.now())?;
        let in_hand = self.take_in_hand(&header, approved.plan())?;
        self.lock(&header, approved.plan()).await?;
        let begun = async {
            let journal = self.open_journal(&header, &survey, Some(approved.plan())).await?;
            let planned = Event::Planned { digest: approved.plan().digest() };
            journal.record([planned, Event::Approved { approval }]).await?;
            let superseded = self.supersede(&header.run, approved.plan()).await?;
            journal.record(superseded).await?;
            Ok(journal)
        };
        let journal = match begun.await {
            Ok(journal) => journal,
            Err(error) => {
                self.unlock(&header.run).await;
                return Err(error);
            }
        };
        let todo = approved.items().map(|item| (Arc::new(item.clone()), 0)).collect();
        Ok(Run::new(self.clone(), header, survey, approved, journal, in_hand, todo, None).spawn())
    }

    /// Takes the plan's clients for this run alone, all of them or none.
    pub(super) async fn lock(&self, header: &Header, plan: &Plan) -> Result<(), EngineError> {
        let holder = Holder { process: Identity::own(), operator: header.operator.clone() };
        let clients: Vec<ClientId> = plan.clients().into_iter().collect();
        let tenant = &plan.head().tenant;
        let acquired =
            self.store.acquire(tenant, &clients, Claim::All, &header.run, &holder, self.now()).await?;
        if acquired.held.is_empty() { Ok(()) } else { Err(EngineError::Locked { held: acquired.held }) }
    }

    pub(super) async fn unlock(&self, run: &RunId) {
        if let Err(error) = self.store.release(run).await {
            tracing::warn!(%error, "the locks are given back when this process ends");
        }
    }

    /// Takes the run for one task of this process.
    pub(super) fn take_in_hand(&self, header: &Header, plan: &Plan) -> Result<Arc<InHand>, EngineError> {
        InHand::take(&header.run, self.now()).map_err(|since| {
            let by = Holder { process: Identity::own(), operator: header.operator.clone() };
            let held = |client| Held { client, run: header.run.clone(), by: by.clone(), since, ended: false };
            EngineError::Locked { held: plan.clients().into_iter().map(held).collect() }
        })
    }

    /// Stores a run that writes nothing: a dry run, one without anything to change, one refused.
    pub async fn conclude(
        &self,
        draft: Draft,
        how: End,
        problems: Vec<Problem>,
    ) -> Result<Finished, EngineError> {
        let Draft { header, survey, plan } = draft;
        let journal = self.open_journal(&header, &survey, plan.as_ref()).await?;
        journal.record(conclusion(&header, plan.as_ref(), how, problems)).await?;
        let journal_head = journal.head().await;
        Ok(Finished { header, survey, plan, state: journal.with(RunState::clone), journal_head })
    }

    /// Stores a run that waits for a person. It holds nothing and changes nothing.
    pub async fn park(&self, draft: Draft, warnings: Vec<String>) -> Result<Finished, EngineError> {
        let Draft { header, survey, plan } = draft;
        let journal = self.open_journal(&header, &survey, plan.as_ref()).await?;
        let mut events: Vec<Event> =
            plan.iter().map(|plan| Event::Planned { digest: plan.digest() }).collect();
        events.extend(warnings.into_iter().map(|text| Event::Warned { text }));
        events.push(Event::Parked);
        journal.record(events).await?;
        if let Some(plan) = &plan {
            let superseded = self.supersede(&header.run, plan).await?;
            journal.record(superseded).await?;
        }
        let journal_head = journal.head().await;
        Ok(Finished { header, survey, plan, state: journal.with(RunState::clone), journal_head })
    }

    async fn open_journal(
        &self,
        header: &Header,
        survey: &Survey,
        plan: Option<&Plan>,
    ) -> Result<Journal, EngineError> {
        let run = NewRun {
            header: header.clone(),
            survey: survey.clone(),
            plan: plan.map(|plan| (plan.canonical_bytes(), plan.digest())),
        };
        self.store.create_run(&run).await?;
        let state = plan.map(RunState::of).unwrap_or_default();
        Ok(Journal::new(Arc::clone(&self.store), self.clock.clone(), header.run.clone(), state))
    }
}

/// How a run that writes nothing ends, without a store: for a report when there is none.
pub fn conclude_unstored(draft: Draft, how: End, problems: Vec<Problem>, now: Timestamp) -> Finished {
    let Draft { header, survey, plan } = draft;
    let mut state = plan.as_ref().map(RunState::of).unwrap_or_default();
    for event in conclusion(&header, plan.as_ref(), how, problems) {
        state.apply(&Stamped { at: now, event });
    }
    Finished { header, survey, plan, state, journal_head: None }
}

fn conclusion(header: &Header, plan: Option<&Plan>, how: End, problems: Vec<Problem>) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(plan) = plan {
        events.push(Event::Planned { digest: plan.digest() });
        if how == End::Finished && header.dry_run {
            events.extend(plan.items().iter().map(|item| {
                Event::skipped(item.config_id.clone(), SkipReason::DryRun, Some(item.before.clone()))
            }));
        }
    }
    events.extend(problems.into_iter().map(|problem| Event::Troubled { problem }));
    events.push(Event::Ended { how });
    events
}
