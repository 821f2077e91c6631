//! Looking again at what a run changed, once an RMM or a workflow rule has had its time to switch it back. Nothing is
//! sent to be changed; what is found goes into the journal of the run that made the change.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, EngineError, apply::Run};
use crate::{
    domain::{
        ClientId, ConfigId, Event, Listing, Outcome, Plan, RunId, RunState, Stamped, Tenant,
        document::FollowUp, event::End, links::LinkKind, plan::Kind, second_look::SecondLook, survey::Found,
    },
    store::StoredRun,
};

/// What a second look at one run found.
#[derive(Debug, Clone)]
pub struct LookedAgain {
    pub run: RunId,
    /// How many items were looked at.
    pub items: usize,
    /// What did not stay as the run left it.
    pub found: Vec<FollowUp>,
}

/// Which items of a run are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those that the run itself put down for it.
    Due,
    /// Everything that it changed.
    All,
}

impl Engine {
    /// Takes every second look of this tenant that is due, and records each in the run that it belongs to. One that
    /// does not succeed stays due.
    pub async fn look_again_where_due(&self) -> Result<Vec<LookedAgain>, EngineError> {
        let tenant = self.psa.tenant().await?;
        let mut looked = Vec::new();
        for run in self.store.due_looks(&tenant, self.now()).await? {
            let Some(stored) = self.store.run(&run).await? else { continue };
            match self.look(&tenant, stored, Which::Due).await {
                Ok(one) => looked.push(one),
                Err(error @ EngineError::Store(_)) => return Err(error),
                Err(error) => tracing::warn!(%run, %error, "the second look is tried again later"),
            }
        }
        Ok(looked)
    }

    /// Looks again at everything that this run changed, whenever somebody asks.
    pub async fn look_again(&self, stored: StoredRun) -> Result<LookedAgain, EngineError> {
        let tenant = self.psa.tenant().await?;
        self.look(&tenant, stored, Which::All).await
    }

    async fn look(
        &self,
        tenant: &Tenant,
        stored: StoredRun,
        which: Which,
    ) -> Result<LookedAgain, EngineError> {
        self.must_be_whole(&stored).await?;
        let StoredRun { header, survey, plan, events, .. } = stored;
        let run = header.run;
        let (bytes, digest) =
            plan.ok_or_else(|| EngineError::Refused(format!("run {run} changed nothing")))?;
        let plan = Plan::reopen(&bytes, &digest).map_err(EngineError::Altered)?;
        if !plan.head().tenant.is_same_as(tenant) {
            let (planned, now) = (plan.head().tenant.to_string(), tenant.to_string());
            return Err(EngineError::OtherTenant { planned, now });
        }
        let state = RunState::replay(&plan, &events);
        let items = self.still_standing(tenant, &run, &plan, &state, which).await?;
        let clients: BTreeSet<ClientId> =
            items.iter().filter_map(|id| plan.item(id)).map(|item| item.client_id.clone()).collect();
        let clients: Vec<ClientId> = clients.into_iter().collect();
        let beside = match clients.as_slice() {
            [] => Listing::nothing(),
            _ => self.psa.configurations(&clients, None).await?,
        };
        let mut now: BTreeMap<ConfigId, _> = beside
            .rows()
            .iter()
            .filter(|row| items.contains(&row.id))
            .map(|row| (row.id.clone(), Some(row.clone())))
            .collect();
        let elsewhere: Vec<ConfigId> = items.iter().filter(|id| !now.contains_key(*id)).cloned().collect();
        for chunk in elsewhere.chunks(self.psa.capabilities().read_page.max(1)) {
            now.extend(self.psa.read(chunk).await?);
        }
        let known = survey.found().map(|found| found.configuration.id.clone()).collect();
        let look = SecondLook {
            run: &run,
            plan: &plan,
            items: &items,
            known: &known,
            now: &now,
            beside: beside.rows(),
        };
        let found = look.findings();
        let event = Event::LookedAgain { follow_up: found.clone() };
        self.store.append(&run, &[Stamped { at: self.now(), event }]).await?;
        Ok(LookedAgain { run, items: items.len(), found })
    }

    /// The items of the run that no later run has put back or changed again.
    async fn still_standing(
        &self,
        tenant: &Tenant,
        run: &RunId,
        plan: &Plan,
        state: &RunState,
        which: Which,
    ) -> Result<BTreeSet<ConfigId>, EngineError> {
        let due = state.look_due.as_ref().map(|(_, items)| items);
        let standing: BTreeMap<ConfigId, RunId> = self
            .store
            .deactivated(tenant)
            .await?
            .into_iter()
            .map(|change| (change.config_id, change.run))
            .collect();
        let is_ours = |id: &ConfigId| match (plan.head().kind, state.outcome(id).map(|done| &done.outcome)) {
            (Kind::Deactivate, Some(Outcome::Deactivated { .. })) => standing.get(id) == Some(run),
            (Kind::Undo, Some(Outcome::Restored { .. })) => !standing.contains_key(id),
            _ => false,
        };
        Ok(plan
            .items()
            .iter()
            .map(|item| &item.config_id)
            .filter(|id| is_ours(id))
            .filter(|id| which == Which::All || due.is_some_and(|due| due.contains(*id)))
            .cloned()
            .collect())
    }
}

impl Run {
    /// Puts the items with an RMM link down for a second look.
    pub(super) fn look_again_later(&self, end: End) -> Vec<Event> {
        let hours = self.engine.profile.verify_again_after_hours;
        if hours == 0 || self.header.kind != Kind::Deactivate || end == End::Refused {
            return Vec::new();
        }
        let items: BTreeSet<ConfigId> = self.journal.with(|state| {
            let deactivated = |id: &ConfigId| {
                let outcome = state.outcome(id).map(|settled| &settled.outcome);
                matches!(outcome, Some(Outcome::Deactivated { .. }))
            };
            let linked = |found: &&Found| {
                let after = state.links_after.get(&found.configuration.id).unwrap_or(&found.links);
                found.configuration.rmm.is_some() || !after.get(LinkKind::Rmm).items().is_empty()
            };
            let found = self.survey.found().filter(linked).map(|found| &found.configuration.id);
            found.filter(|id| deactivated(id)).cloned().collect()
        });
        if items.is_empty() {
            return Vec::new();
        }
        let due = self.engine.now().plus_seconds(i64::from(hours) * 3600);
        vec![Event::LookDue { due, items }]
    }
}
