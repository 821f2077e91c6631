//! The last look before anything is sent: is it still the same tenant, are the clients still gone, is
//! each item still as it was approved?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Engine, EngineError,
    items::{Todo, unread},
    settle::done,
    verify::{Answered, judge_batch},
};
use crate::{
    domain::{
        ApprovedPlan, ClientId, ConfigId, Configuration, Criteria, Event, Outcome, Plan, PlanItem,
        SkipReason, State, plan::Kind,
    },
    psa::{
        PsaError,
        port::{ClientScope, SetAnswer},
    },
};

/// What the guard says about one item.
pub enum Guarded {
    Pass(Arc<PlanItem>),
    Stop(Event),
}

impl Engine {
    /// Refuses a plan of another tenant.
    pub(super) async fn same_tenant(&self, plan: &Plan) -> Result<(), EngineError> {
        let now = self.psa.tenant().await?;
        let planned = &plan.head().tenant;
        if planned.is_same_as(&now) {
            Ok(())
        } else {
            Err(EngineError::OtherTenant { planned: planned.to_string(), now: now.to_string() })
        }
    }

    /// The clients of the plan that no longer count as offboarded, or are protected by now. For an undo it
    /// does not matter whether a client came back.
    pub(super) async fn returned_clients(
        &self,
        approved: &ApprovedPlan,
        criteria: &Criteria,
    ) -> Result<BTreeSet<ClientId>, EngineError> {
        if approved.plan().head().kind == Kind::Undo {
            return Ok(BTreeSet::new());
        }
        let mut clients: BTreeSet<ClientId> = approved.items().map(|item| item.client_id.clone()).collect();
        let ids: Vec<ClientId> = clients.iter().cloned().collect();
        let now = self.psa.clients(ClientScope::Ids(&ids), criteria).await?;
        let today = self.now().day();
        for client in now.listing.rows() {
            let protected = self.profile.protection.of_client(client).is_some();
            if !protected && criteria.judge(client, today).is_some() {
                clients.remove(&client.id);
            }
        }
        Ok(clients)
    }

    /// What became of items that were sent in an earlier life of the run, found out by reading alone.
    pub(super) async fn settle_by_reading(&self, kind: Kind, sent: Vec<Todo>) -> Vec<Event> {
        let lost = || SetAnswer::Lost { message: "the run was interrupted".to_owned() };
        let mut events = Vec::new();
        for chunk in sent.chunks(self.psa.capabilities().read_page.max(1)) {
            let batch: Vec<Answered> = chunk
                .iter()
                .map(|(item, attempt)| Answered { item: Arc::clone(item), attempt: *attempt, answer: lost() })
                .collect();
            let rows = self.read_back(&batch).await;
            events.extend(judge_batch(kind, batch, &rows, false).settled);
        }
        events
    }

    /// Reads these items and holds each against its plan. One read for all of them. What was sent before is read even
    /// if nothing more may be sent for it: it may have taken effect.
    pub(super) async fn guard(
        &self,
        kind: Kind,
        items: &[Todo],
        returned: &BTreeSet<ClientId>,
    ) -> Result<Vec<Guarded>, PsaError> {
        let ids: Vec<ConfigId> = items
            .iter()
            .filter(|(item, attempts)| *attempts > 0 || !returned.contains(&item.client_id))
            .map(|(item, _)| item.config_id.clone())
            .collect();
        let rows = if ids.is_empty() { BTreeMap::new() } else { self.psa.read(&ids).await? };
        Ok(items
            .iter()
            .map(|(item, attempts)| {
                let returned = returned
                    .contains(&item.client_id)
                    .then(|| "its client no longer counts as offboarded".to_owned());
                if *attempts == 0
                    && let Some(what) = returned
                {
                    return stop(item, Outcome::ChangedSinceReview { what }, None);
                }
                match rows.get(&item.config_id) {
                    Some(Some(row)) => {
                        let protected = || {
                            let rule = self.profile.protection.of_configuration(row)?;
                            (kind == Kind::Deactivate).then(|| format!("it is protected by now: {rule}"))
                        };
                        inspect(kind, item, *attempts, row, returned.or_else(protected))
                    }
                    Some(None) => {
                        let what = "it is gone from the PSA".to_owned();
                        stop(item, Outcome::ChangedSinceReview { what }, None)
                    }
                    None => {
                        let message = "the PSA left it out when it was asked for".to_owned();
                        Guarded::Stop(unread(item, *attempts, &PsaError::Unreadable { message }))
                    }
                }
            })
            .collect())
    }
}

/// Holds one row, as just read, against the plan. `kept` says why nothing may be sent for it any more, if so.
fn inspect(
    kind: Kind,
    item: &Arc<PlanItem>,
    attempts: u32,
    row: &Configuration,
    kept: Option<String>,
) -> Guarded {
    let state = Some(row.state.clone());
    let is_met = item.wanted.is_met_by(&row.state);
    if is_met && attempts > 0 {
        // It was sent before, and only now it shows: that was us.
        return stop(item, done(kind, true), state);
    }
    if let Some(what) = kept {
        return stop(item, Outcome::ChangedSinceReview { what }, state);
    }
    if is_met {
        return stop(item, already(kind), state);
    }
    match item.drift(row) {
        Some(what) => stop(item, Outcome::ChangedSinceReview { what }, state),
        None => Guarded::Pass(Arc::clone(item)),
    }
}

/// It is as wanted, and not by this run.
fn already(kind: Kind) -> Outcome {
    let reason = match kind {
        Kind::Deactivate => SkipReason::AlreadyInactive,
        Kind::Undo => SkipReason::AlreadyRestored,
    };
    Outcome::Skipped { reason }
}

fn stop(item: &PlanItem, outcome: Outcome, state: Option<State>) -> Guarded {
    Guarded::Stop(Event::settled(item.config_id.clone(), outcome, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::samples;

    fn told(attempts: u32, row: &Configuration) -> Option<Outcome> {
        told_of(attempts, row, None)
    }

    fn told_of(attempts: u32, row: &Configuration, kept: Option<&str>) -> Option<Outcome> {
        let plan = samples::plan(2);
        let item = Arc::new(plan.item(&row.id).unwrap().clone());
        match inspect(Kind::Deactivate, &item, attempts, row, kept.map(str::to_owned)) {
            Guarded::Pass(_) => None,
            Guarded::Stop(Event::Settled { outcome, .. }) => Some(outcome),
            Guarded::Stop(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_shows_only_after_it_was_sent_was_us() {
        let untouched = samples::configuration(1, 2);
        assert_eq!(told(0, &untouched), None);
        assert_eq!(told(1, &untouched), None);
        let mut retired = untouched;
        retired.state.active = false;
        retired.state.status.as_mut().unwrap().id = "7".into();
        assert_eq!(told(0, &retired), Some(Outcome::Skipped { reason: SkipReason::AlreadyInactive }));
        assert_eq!(told(1, &retired), Some(Outcome::Deactivated { verified: true }));
        let mut moved = retired;
        moved.state.active = true;
        assert!(matches!(told(1, &moved), Some(Outcome::ChangedSinceReview { .. })));
    }
    #[test]
    fn what_may_not_be_sent_any_more_is_still_ours_if_it_took_effect() {
        let untouched = samples::configuration(1, 2);
        let mut retired = untouched.clone();
        retired.state.active = false;
        retired.state.status.as_mut().unwrap().id = "7".into();
        let kept = Some("its client no longer counts as offboarded");
        assert_eq!(told_of(1, &retired, kept), Some(Outcome::Deactivated { verified: true }));
        for (attempts, row) in [(0, &untouched), (1, &untouched), (2, &untouched), (0, &retired)] {
            let told = told_of(attempts, row, kept);
            assert!(matches!(told, Some(Outcome::ChangedSinceReview { .. })), "{attempts}: {told:?}");
        }
    }
}
