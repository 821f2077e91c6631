//! A run that waits for a person: approved whole or in part, rejected, expired, or superseded by a newer plan.
//! Each of these is decided once: the journal takes the decision only if nothing else was decided meanwhile.

use std::{collections::BTreeSet, sync::Arc};

use super::{Engine, EngineError, Finished, RunHandle, apply::Run, feed::Journal};
use crate::{
    domain::{
        Approval, ApprovedPlan, Code, ConfigId, Event, Phase, Plan, Problem, RunId, RunState, SkipReason,
        Stamped, Timestamp,
        approval::NotApproved,
        consent::{Part, Person},
        plan::{Kind, PlanAltered},
    },
    store::{Store, StoreError, StoredRun},
};

/// A parked run whose plan is whole and may still be decided about.
struct Waiting {
    stored: StoredRun,
    plan: Plan,
    state: RunState,
}

impl Engine {
    /// Approves a parked run, all of it or a part, in a person's name, and starts it. Items that are not approved
    /// are skipped as not selected.
    pub async fn approve(
        &self,
        stored: StoredRun,
        part: &Part,
        by: &Person,
    ) -> Result<RunHandle, EngineError> {
        let Waiting { stored, plan, mut state } = self.waiting(stored).await?;
        let run = stored.header.run.clone();
        self.may_approve(&stored, by)?;
        let items = part.of(&plan).map_err(EngineError::Usage)?;
        let now = self.time(&stored.events).await?;
        let approval = Approval::given(&plan, items, &by.to_string(), now);
        let approved = ApprovedPlan::new(plan, approval.clone(), now)?;
        self.same_tenant(approved.plan()).await?;
        let in_hand = self.take_in_hand(&stored.header, approved.plan())?;
        self.lock(&stored.header, approved.plan()).await?;

        let mut events = vec![Event::Approved { approval }];
        events.extend(left_out(&approved));
        let stamped = self.stamped(events);
        let written = match self.store.append_after(&run, &stored.head, &stamped).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => self.phase_now(&run).await.and_then(|phase| Err(too_late(&run, phase))),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = written {
            self.unlock(&run).await;
            return Err(error);
        }
        let head = approved.plan().head();
        if head.kind == Kind::Deactivate {
            let clients: BTreeSet<_> = approved.items().map(|item| item.client_id.clone()).collect();
            // It is approved; a store that fails now stops the run by itself, with a report.
            if let Err(error) = self.accept_clients(&head.tenant, clients).await {
                tracing::warn!(%error, "the approved clients still count as new");
            }
        }
        for event in &stamped {
            state.apply(event);
        }
        let todo = approved.items().map(|item| (Arc::new(item.clone()), 0)).collect();
        let journal = Journal::new(Arc::clone(&self.store), self.clock.clone(), run, state);
        Ok(Run::new(self.clone(), stored.header, stored.survey, approved, journal, in_hand, todo, None)
            .spawn())
    }

    /// Whether this person may approve this part of the run now. Nothing is asked of the PSA.
    pub async fn check_approval(
        &self,
        stored: StoredRun,
        part: &Part,
        by: &Person,
    ) -> Result<(), EngineError> {
        let Waiting { stored, plan, .. } = self.waiting(stored).await?;
        self.may_approve(&stored, by)?;
        part.of(&plan).map(drop).map_err(EngineError::Usage)
    }

    /// Ends a parked run without anything written. Anybody may, whoever asked for it.
    pub async fn reject(&self, stored: StoredRun, by: &Person) -> Result<Finished, EngineError> {
        let Waiting { stored, plan, mut state } = self.waiting(stored).await?;
        let text = format!("the plan was rejected by {by}");
        let problem = Problem::new(Code::SafeguardRefused, text, self.now());
        let events = self.stamped(vec![Event::Troubled { problem }, Event::Rejected { by: by.to_string() }]);
        let run = &stored.header.run;
        let Some(head) = self.store.append_after(run, &stored.head, &events).await? else {
            return Err(too_late(run, self.phase_now(run).await?));
        };
        for event in &events {
            state.apply(event);
        }
        let StoredRun { header, survey, .. } = stored;
        Ok(Finished { header, survey, plan: Some(plan), state, journal_head: Some(head) })
    }

    /// Ends a run that was stored and not begun: whoever made it ended before its plan stood. Nothing of it was
    /// sent, and another run does what it was to do.
    pub async fn replace_unbegun(&self, stored: &StoredRun, newer: &RunId) -> Result<(), EngineError> {
        let text = format!("it was cut off before its plan stood; run {newer} does it instead");
        let problem = Problem::new(Code::Interrupted, text, self.now());
        let events = self.stamped(vec![Event::Troubled { problem }, Event::Superseded { by: newer.clone() }]);
        // If something was added meanwhile somebody is at work on it after all.
        self.store.append_after(&stored.header.run, &stored.head, &events).await?;
        Ok(())
    }

    /// What a run that ended without being applied came to, for its report.
    pub async fn as_it_ended(&self, run: &RunId) -> Result<Option<Finished>, EngineError> {
        let Some(StoredRun { header, survey, plan, head, events, .. }) = self.store.run(run).await? else {
            return Ok(None);
        };
        let Some((bytes, digest)) = plan else { return Ok(None) };
        let plan = Plan::reopen(&bytes, &digest).map_err(EngineError::Altered)?;
        let state = RunState::replay(&plan, &events);
        Ok(Some(Finished { header, survey, plan: Some(plan), state, journal_head: Some(head) }))
    }

    /// Opens a stored run for a decision; refused if there is none to make any more.
    async fn waiting(&self, stored: StoredRun) -> Result<Waiting, EngineError> {
        let run = stored.header.run.clone();
        let Some((bytes, digest)) = &stored.plan else {
            return Err(EngineError::NotWaiting(format!("run {run} has no plan to approve")));
        };
        let plan = Plan::reopen(bytes, digest).map_err(EngineError::Altered)?;
        let state = RunState::replay(&plan, &stored.events);
        // Whoever alters the plan can alter the digest beside it, but not the journal's chain as well.
        if let Some(told) = state.digest.as_ref().filter(|told| *told != digest) {
            let altered = PlanAltered::Digest { found: digest.clone(), expected: told.clone() };
            return Err(EngineError::Altered(altered));
        }
        self.must_be_whole(&stored).await?;
        if let Some(newer) = &state.superseded_by {
            return Err(EngineError::Superseded(run, newer.clone()));
        }
        if state.phase == Phase::Expired {
            return Err(NotApproved::Expired(plan.head().expires_at).into());
        }
        if state.phase != Phase::AwaitingApproval {
            return Err(EngineError::NotWaiting(format!(
                "run {run} is {}, it does not wait for approval",
                state.phase.words()
            )));
        }
        if plan.is_expired(self.time(&stored.events).await?) {
            let events = self.stamped(expired(&plan, self.now()));
            self.store.append_after(&run, &stored.head, &events).await?;
            return Err(NotApproved::Expired(plan.head().expires_at).into());
        }
        Ok(Waiting { stored, plan, state })
    }

    /// Whether this person may let this run write, as far as this computer can tell.
    pub fn may_approve(&self, stored: &StoredRun, by: &Person) -> Result<(), EngineError> {
        let safeguards = &self.profile.safeguards;
        if safeguards.dry_run || stored.header.dry_run {
            return Err(EngineError::Refused("safeguards.dry_run is set: nothing is written".to_owned()));
        }
        if safeguards.four_eyes && by.goes_by(stored.header.requesters()) {
            return Err(EngineError::Refused(format!(
                "safeguards.four_eyes wants another person to approve run {} than {by}, who asked for it. (Here people are told apart by the names of the system's users and operators; only the server's tokens bind that fully)",
                stored.header.run
            )));
        }
        match self.firm_refusals(&stored.header).into_iter().next() {
            Some(refusal) => Err(EngineError::Refused(refusal.text)),
            None => Ok(()),
        }
    }

    /// Parked runs of the same tenant that share a client with this newer plan wait in vain from now on. Returns
    /// what the newer run has to tell of it.
    pub(super) async fn supersede(&self, newer: &RunId, plan: &Plan) -> Result<Vec<Event>, EngineError> {
        let clients = plan.clients();
        let mut told = Vec::new();
        for summary in self.store.runs_in(Phase::AwaitingApproval).await? {
            let run = &summary.header.run;
            let same_tenant =
                summary.header.tenant.as_ref().is_some_and(|own| own.is_same_as(&plan.head().tenant));
            if run == newer || !same_tenant {
                continue;
            }
            let Some(StoredRun { plan: Some((bytes, digest)), head, .. }) = self.store.run(run).await? else {
                continue;
            };
            // An altered plan cannot be approved; there is nothing to supersede.
            let Ok(older) = Plan::reopen(&bytes, &digest) else { continue };
            if older.clients().is_disjoint(&clients) {
                continue;
            }
            let text = format!("a newer plan for one of its clients is run {newer}");
            let problem = Problem::new(Code::PlanExpired, text, self.now());
            let events =
                self.stamped(vec![Event::Troubled { problem }, Event::Superseded { by: newer.clone() }]);
            if self.store.append_after(run, &head, &events).await?.is_some() {
                let text =
                    format!("run {run}, which waited for approval for one of these clients, is superseded");
                told.push(Event::Warned { text });
            }
        }
        Ok(told)
    }

    /// The time, never earlier than what any journal has seen: a clock that was set back revives no plan.
    async fn time(&self, events: &[Stamped]) -> Result<Timestamp, StoreError> {
        let here = self.latest(events);
        Ok(self.store.latest().await?.map_or(here, |seen| seen.max(here)))
    }

    async fn phase_now(&self, run: &RunId) -> Result<Phase, EngineError> {
        let mut state = RunState::default();
        if let Some(stored) = self.store.run(run).await? {
            stored.events.iter().for_each(|event| state.apply(event));
        }
        Ok(state.phase)
    }

    fn stamped(&self, events: Vec<Event>) -> Vec<Stamped> {
        let at = self.now();
        events.into_iter().map(|event| Stamped { at, event }).collect()
    }
}

/// Somebody else decided while we looked.
fn too_late(run: &RunId, phase: Phase) -> EngineError {
    EngineError::NotWaiting(format!("run {run} was decided about meanwhile: it is {}", phase.words()))
}

/// What is in the plan and was not approved.
fn left_out(approved: &ApprovedPlan) -> impl Iterator<Item = Event> {
    let taken: BTreeSet<&ConfigId> = approved.items().map(|item| &item.config_id).collect();
    approved.plan().items().iter().filter(move |item| !taken.contains(&item.config_id)).map(|item| {
        Event::skipped(item.config_id.clone(), SkipReason::NotSelected, Some(item.before.clone()))
    })
}

fn expired(plan: &Plan, now: Timestamp) -> Vec<Event> {
    let text = format!("nobody approved the plan before it expired at {}", plan.head().expires_at);
    vec![Event::Troubled { problem: Problem::new(Code::PlanExpired, text, now) }, Event::Expired]
}

/// Writes down which parked runs have expired by now, so that lists say so.
pub async fn expire_overdue(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    let now = store.latest().await?.map_or(now, |seen| seen.max(now));
    for summary in store.runs_in(Phase::AwaitingApproval).await? {
        let run = &summary.header.run;
        let Some(StoredRun { plan: Some((bytes, digest)), head, .. }) = store.run(run).await? else {
            continue;
        };
        let Ok(plan) = Plan::reopen(&bytes, &digest) else { continue };
        if plan.is_expired(now) {
            let events: Vec<Stamped> =
                expired(&plan, now).into_iter().map(|event| Stamped { at: now, event }).collect();
            store.append_after(run, &head, &events).await?;
        }
    }
    Ok(())
}
