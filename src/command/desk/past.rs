//! Earlier runs for the screen: the list, and second looks.

use std::collections::{BTreeMap, BTreeSet};

use super::{RealDesk, broken, trouble};
use crate::{
    domain::{ConfigId, Phase, RunId, Tenant, Timestamp},
    engine::expire_overdue,
    store::{Deactivated, Held, RunSummary},
    tui::desk::{PastRun, Recheck, Trouble},
};

/// As many as anybody scrolls through.
const LATEST: u32 = 200;

/// What the store knows of the time after the runs, by run.
struct Since {
    /// Runs that a living process is at work on.
    at_work: BTreeMap<RunId, Held>,
    /// What they set inactive and nobody restored since.
    standing: BTreeMap<RunId, Vec<Deactivated>>,
    /// What is active in the list that was read last, and when that was.
    active: BTreeSet<ConfigId>,
    as_of: Option<Timestamp>,
}

impl Since {
    /// Whether it was seen active after it was set inactive: a list that was read before tells nothing of that.
    fn is_active_again(&self, change: &Deactivated) -> bool {
        self.as_of.is_some_and(|as_of| change.at < as_of) && self.active.contains(&change.config_id)
    }
}

impl RealDesk {
    pub(super) async fn past_runs(&self) -> Result<Vec<PastRun>, Trouble> {
        let store = &self.engine().store;
        expire_overdue(store.as_ref(), self.engine().now()).await.map_err(broken)?;
        let runs = store.runs(LATEST).await.map_err(broken)?;
        let since = self.since(&runs).await?;
        Ok(runs.into_iter().map(|run| self.past_run(run, &since)).collect())
    }

    async fn since(&self, runs: &[RunSummary]) -> Result<Since, Trouble> {
        let store = &self.engine().store;
        let held = store.leases().await.map_err(broken)?;
        let alive = held.into_iter().filter(|held| !held.ended);
        let mut tenants: Vec<&Tenant> = Vec::new();
        for tenant in runs.iter().filter_map(|run| run.header.tenant.as_ref()) {
            if !tenants.iter().any(|known| known.is_same_as(tenant)) {
                tenants.push(tenant);
            }
        }
        let mut standing: BTreeMap<RunId, Vec<Deactivated>> = BTreeMap::new();
        for tenant in tenants {
            for change in store.deactivated(tenant).await.map_err(broken)? {
                standing.entry(change.run.clone()).or_default().push(change);
            }
        }
        let loaded = self.state.loaded.lock().await.clone();
        let active = loaded
            .iter()
            .flat_map(|discovery| discovery.listing.rows())
            .filter(|row| row.state.active)
            .map(|row| row.id.clone())
            .collect();
        let at_work = alive.map(|held| (held.run.clone(), held)).collect();
        Ok(Since { at_work, standing, active, as_of: loaded.map(|discovery| discovery.as_of) })
    }

    fn past_run(&self, run: RunSummary, since: &Since) -> PastRun {
        let id = run.header.run.clone();
        let goes_on =
            matches!(run.phase, Phase::Approved | Phase::Applying | Phase::Paused | Phase::Verifying);
        let holder = since.at_work.get(&id).filter(|_| goes_on);
        // Whose process died in the middle left no word of it.
        let phase = if goes_on && holder.is_none() { Phase::Interrupted } else { run.phase };
        let standing = since.standing.get(&id).map_or(&[][..], Vec::as_slice);
        let again = standing.iter().filter(|change| since.is_active_again(change)).count();
        PastRun {
            phase,
            started_at: run.header.started_at,
            items: run.items,
            clients: run.clients,
            changed: run.changed(),
            skipped: run.skipped(),
            errors: run.errors(),
            unknown: run.outcomes.get("unknown").copied().unwrap_or(0),
            restorable: standing.len() as u64,
            active_again: again as u64,
            at_work: holder.map(|held| format!("{}, since {} UTC", held.by, held.since.minutes())),
            elsewhere: Some(run.header.profile).filter(|profile| *profile != self.engine().profile.name),
            kind: run.header.kind,
            origin: run.header.origin,
            parent: run.header.parent,
            requested_by: run.header.requested_by.unwrap_or(run.header.operator),
            reason: run.header.reason,
            dry_run: run.header.dry_run,
            run: id,
        }
    }

    pub(super) async fn look_again(&self, run: &RunId) -> Result<Recheck, Trouble> {
        let stored = self.stored(run).await?;
        let looked = self.engine().look_again(stored).await.map_err(|error| trouble(&error))?;
        Ok(Recheck { run: looked.run, as_of: self.engine().now(), found: looked.found })
    }
}
