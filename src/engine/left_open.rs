//! What earlier runs left open. Before a run touches a client, items of other runs whose fate nobody read are read and
//! settled in those runs' own journals. Nothing is sent for them.

use std::{collections::BTreeSet, sync::Arc};

use super::{Engine, EngineError, items::Todo};
use crate::{
    domain::{
        ClientId, Event, Outcome, Phase, Plan, RunId, RunState, Stamped, event::Answer, run::ItemState,
    },
    store::StoredRun,
};

impl Engine {
    /// Settles what other runs left open for the clients of this plan. The plan's clients must be locked: then no
    /// living process works on them, and what is open was left by one that has ended.
    pub(super) async fn settle_left_open(&self, plan: &Plan) -> Result<(), EngineError> {
        let (own, clients) = (&plan.head().run, plan.clients());
        for (run, _) in self.store.unsettled(Some(&plan.head().tenant)).await? {
            if run != *own
                && let Some(stored) = self.store.run(&run).await?
            {
                self.settle_one(own, &clients, stored).await?;
            }
        }
        Ok(())
    }

    async fn settle_one(
        &self,
        by: &RunId,
        clients: &BTreeSet<ClientId>,
        stored: StoredRun,
    ) -> Result<(), EngineError> {
        let run = stored.header.run.clone();
        let Some(Ok(plan)) = stored.plan.as_ref().map(|(bytes, digest)| Plan::reopen(bytes, digest)) else {
            tracing::warn!(%run, "its stored plan was altered; what it left open is left as it is");
            return Ok(());
        };
        let state = RunState::replay(&plan, &stored.events);
        let open: Vec<Todo> = plan
            .items()
            .iter()
            .filter(|item| clients.contains(&item.client_id))
            .filter(|item| state.item(&item.config_id).is_some_and(ItemState::is_open))
            .map(|item| (Arc::new(item.clone()), sent(state.item(&item.config_id)).unwrap_or(1)))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        match self.must_be_whole(&stored).await {
            Err(error @ EngineError::Altered(_)) => {
                tracing::warn!(%run, %error, "what it left open is left as it is");
                return Ok(());
            }
            whole => whole?,
        }
        let mut settled = self.settle_by_reading(plan.head().kind, open).await;
        // What is still unknown was known to be so.
        settled.retain(|event| !matches!(event, Event::Settled { outcome: Outcome::Unknown { .. }, .. }));
        if settled.is_empty() {
            return Ok(());
        }
        let told = format!("run {by} read what this run had left open before it touched the same clients");
        tracing::info!(%run, %by, items = settled.len(), "what an earlier run left open was settled by reading");
        settled.insert(0, Event::Warned { text: told });
        let at = self.now();
        let stamped: Vec<Stamped> = settled.into_iter().map(|event| Stamped { at, event }).collect();
        self.store.append(&run, &stamped).await?;
        Ok(())
    }
}

/// Whether a run can go on from here. One that finished may, if somebody still has to find out what became of an item.
pub(super) fn may_resume(phase: Phase, has_unknown: bool) -> bool {
    phase.may_go_on() || (phase == Phase::Finished && has_unknown)
}

/// How often an item may have been sent; `None` once it is settled.
pub(super) fn sent(item: Option<&ItemState>) -> Option<u32> {
    match item {
        None | Some(ItemState::Queued) => Some(0),
        // The intent of a try that was held back stands in the journal; the tries before it may have been sent.
        Some(ItemState::Answered { attempt, answer: Answer::NotSent }) => Some(attempt.saturating_sub(1)),
        Some(ItemState::Sending { attempt } | ItemState::Answered { attempt, .. }) => Some(*attempt),
        Some(ItemState::Settled(settled)) => matches!(settled.outcome, Outcome::Unknown { .. }).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SkipReason, outcome::Settled};

    #[test]
    fn a_finished_run_can_be_resumed_only_for_what_nobody_knows() {
        assert!(may_resume(Phase::Interrupted, false));
        assert!(may_resume(Phase::Applying, false));
        assert!(may_resume(Phase::Finished, true));
        assert!(!may_resume(Phase::Finished, false));
        for phase in
            [Phase::Cancelled, Phase::Rejected, Phase::Expired, Phase::Refused, Phase::AwaitingApproval]
        {
            assert!(!may_resume(phase, true), "{phase:?}");
        }
    }

    #[test]
    fn how_often_an_item_may_have_been_sent() {
        let settled = |outcome| ItemState::Settled(Settled { outcome, state: None });
        for (item, expected) in [
            (None, Some(0)),
            (Some(ItemState::Queued), Some(0)),
            (Some(ItemState::Sending { attempt: 2 }), Some(2)),
            (Some(ItemState::Answered { attempt: 3, answer: Answer::Accepted }), Some(3)),
            (Some(ItemState::Answered { attempt: 3, answer: Answer::NotSent }), Some(2)),
            (Some(settled(Outcome::Unknown { message: "lost".into() })), Some(1)),
            (Some(settled(Outcome::Skipped { reason: SkipReason::Held })), None),
        ] {
            assert_eq!(sent(item.as_ref()), expected, "{item:?}");
        }
    }
}
