//! Which clients count as offboarded since when. Unattended runs let a new one rest, and stop when suddenly far
//! too many are new: that is how a rule that became too wide shows.

use std::collections::BTreeMap;

use super::{Discovery, Engine, EngineError, limits::Refusal};
use crate::{
    domain::{ClientId, Code, SkipReason, Tenant, Timestamp, client::Offboarded, survey::Survey},
    store::{Sighting, Sweep},
};

/// What this look at clients adds to what was known of them.
#[derive(Debug, Clone)]
pub struct Looked {
    tenant: Tenant,
    /// Whether every client was looked at,
    everything: bool,
    /// and that by the profile's own criteria: others say nothing about who counts by those.
    all: bool,
    at: Timestamp,
    sweep: Sweep,
    /// Clients that did not count at the last look at all; `None` if there was no such look.
    new: Option<Vec<ClientId>>,
    /// Clients that do not count, and those that did not until now.
    active: u64,
}

impl Engine {
    /// Holds what was discovered against the last look. Nothing is kept yet.
    pub async fn sweep(&self, discovery: &Discovery, everything: bool) -> Result<Looked, EngineError> {
        let tenant = discovery.tenant.clone();
        let before = self.store.last_offboarded(&tenant, &self.profile.name).await?.unwrap_or_default();
        let at = self.now();
        let known = |id: &ClientId| before.clients.get(id);
        let new: Vec<ClientId> = discovery
            .clients
            .iter()
            .map(|offboarded| &offboarded.client.id)
            .filter(|id| !known(id).is_some_and(|sighting| sighting.accepted))
            .cloned()
            .collect();
        let counted = discovery.coverage.clients_offboarded;
        let active = discovery.coverage.clients_scanned.saturating_sub(counted) + new.len() as u64;
        let sightings = discovery.clients.iter().map(|Offboarded { client, .. }| {
            let fresh = Sighting { since: at, accepted: false };
            (client.id.clone(), known(&client.id).copied().unwrap_or(fresh))
        });
        let all = everything && discovery.criteria == self.profile.criteria;
        let mut clients = if all { BTreeMap::new() } else { before.clients.clone() };
        for missing in &discovery.missing {
            let stays = missing.problems.iter().any(|problem| problem.code == Code::ClientNotOffboarded);
            if let Some(id) = missing.id.as_ref().filter(|_| stays) {
                clients.remove(id);
            }
        }
        clients.extend(sightings);
        Ok(Looked {
            tenant,
            everything,
            all,
            at,
            new: before.all_at.map(|_| new),
            active,
            sweep: Sweep { all_at: before.all_at, clients },
        })
    }

    /// What forbids an unattended run of every client to write.
    pub fn too_many_new(&self, looked: &Looked) -> Option<Refusal> {
        let new = looked.new.as_ref().filter(|_| looked.everything)?.len() as u64;
        let text = self.profile.safeguards.too_many_new(new, looked.active)?;
        Some(Refusal { text, parkable: true })
    }

    /// Keeps the look for the next one. What was not `accepted` stays new: a run that was stopped because
    /// there was too much of it does not make the next one pass.
    pub async fn keep_sweep(&self, looked: &Looked, accepted: bool) -> Result<(), EngineError> {
        let mut sweep = looked.sweep.clone();
        if looked.all && accepted {
            sweep.all_at = Some(looked.at);
            sweep.clients.values_mut().for_each(|sighting| sighting.accepted = true);
        }
        Ok(self.store.record_offboarded(&looked.tenant, &self.profile.name, &sweep).await?)
    }

    /// Clients whose changes a person has approved are new no longer.
    pub(super) async fn accept_clients(
        &self,
        tenant: &Tenant,
        clients: impl IntoIterator<Item = ClientId>,
    ) -> Result<(), EngineError> {
        let Some(mut sweep) = self.store.last_offboarded(tenant, &self.profile.name).await? else {
            return Ok(());
        };
        for id in clients {
            let since = self.now();
            sweep.clients.entry(id).or_insert(Sighting { since, accepted: true }).accepted = true;
        }
        Ok(self.store.record_offboarded(tenant, &self.profile.name, &sweep).await?)
    }

    /// Leaves out clients that have not rested long enough yet since they were first seen to have left.
    pub fn let_rest(&self, survey: &mut Survey, looked: &Looked) {
        let safeguards = &self.profile.safeguards;
        for client in &mut survey.clients {
            let Some(sighting) = client.id.as_ref().and_then(|id| looked.sweep.clients.get(id)) else {
                continue;
            };
            let until = safeguards.rests_until(sighting.since);
            if looked.at >= until {
                continue;
            }
            let why = format!(
                "first seen as offboarded at {}; without a person watching it rests until {} (settle_hours)",
                sighting.since.minutes(),
                until.minutes()
            );
            let mut left = false;
            for found in client.found.iter_mut().filter(|found| found.skip.is_none()) {
                found.skip = Some(SkipReason::NotStarted);
                found.why = Some(why.clone());
                left = true;
            }
            if left {
                client.warnings.push(format!("nothing of it was touched: {why}"));
            }
        }
    }

    /// What a look without an earlier one to compare with has to say.
    pub fn first_look_warning(&self, looked: &Looked) -> Option<String> {
        (looked.everything && looked.new.is_none()).then(|| {
            format!(
                "safeguards.max_new_offboarded had nothing to compare with: profile \"{}\" has not looked at every client before; the next run will",
                self.profile.name
            )
        })
    }
}
