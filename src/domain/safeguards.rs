//! The limits that a run is held to.

use serde::{Deserialize, Serialize};

use super::{Timestamp, selection::WhenLinked};

/// The `[safeguards]` of the settings file, with the contract's defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Safeguards {
    /// True: nothing is ever written, whatever a flag says.
    pub dry_run: bool,
    pub require_approval: bool,
    pub require_ticket: bool,
    pub require_reason: bool,
    pub max_changes: u64,
    /// Unattended: clients with at least one change.
    pub max_clients_unattended: u64,
    /// Unattended: share of the tenant's active configurations.
    pub max_share: f64,
    /// Unattended: share of the active clients that newly match.
    pub max_new_offboarded: f64,
    pub on_limit: OnLimit,
    pub when_linked: WhenLinked,
    pub plan_expires_hours: u32,
    pub four_eyes: bool,
    /// Unattended: hours that a newly offboarded client rests first.
    pub settle_hours: u32,
}

impl Default for Safeguards {
    fn default() -> Self {
        Self {
            dry_run: false,
            require_approval: false,
            require_ticket: false,
            require_reason: false,
            max_changes: 500,
            max_clients_unattended: 3,
            max_share: 0.2,
            max_new_offboarded: 0.05,
            on_limit: OnLimit::Stop,
            when_linked: WhenLinked::default(),
            plan_expires_hours: 24,
            four_eyes: false,
            settle_hours: 0,
        }
    }
}

/// What a run over a limit does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLimit {
    #[default]
    Stop,
    Park,
}

/// Fewer newly matching clients than this are never too many.
pub const NEW_FREE: u64 = 5;

/// Plans smaller than this are not held to [`Safeguards::max_share`].
pub const SHARE_FREE: u64 = 50;

/// What a run is about to do, in the figures that the limits speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub changes: u64,
    /// Clients with at least one change.
    pub clients: u64,
    /// Active configurations of the whole tenant; `None` if they were not counted.
    pub tenant_active: Option<u64>,
}

impl Safeguards {
    /// Every limit that the run is over, in words that say what to do. `allowed` is `--max-changes`.
    pub fn exceeded(&self, extent: Extent, allowed: Option<u64>, attended: bool) -> Vec<String> {
        let mut over = Vec::new();
        let limit = allowed.unwrap_or(self.max_changes);
        if extent.changes > limit {
            over.push(format!(
                "{} changes are more than the limit of {limit}; narrow the run, or allow them with --max-changes {}",
                extent.changes, extent.changes,
            ));
        }
        if !attended {
            if extent.clients > self.max_clients_unattended {
                over.push(format!(
                    "{} clients are more than the {} that an unattended run may change; use --limit-clients {}, or run it --attended",
                    extent.clients, self.max_clients_unattended, self.max_clients_unattended,
                ));
            }
            if let Some(active) = extent.tenant_active
                && extent.changes >= SHARE_FREE
                && extent.changes as f64 > self.max_share * active as f64
            {
                over.push(format!(
                    "{} changes are more than {:.0} % of the {active} active configurations of this PSA; narrow the run, or run it --attended",
                    extent.changes,
                    self.max_share * 100.0,
                ));
            }
        }
        over
    }

    /// Whether suddenly far more clients count as offboarded, out of `active` that did not before: then a rule
    /// has more likely become too wide than so many have left.
    pub fn too_many_new(&self, new: u64, active: u64) -> Option<String> {
        (new >= NEW_FREE && new as f64 > self.max_new_offboarded * active as f64).then(|| {
            format!(
                "{new} of {active} active clients newly count as offboarded since the last look at all, more than {:.1} %; look at the criteria and at the list, then run it --attended",
                self.max_new_offboarded * 100.0,
            )
        })
    }

    /// Whether a run waits until somebody has approved its plan.
    pub fn wants_approval(&self) -> bool {
        self.require_approval || self.four_eyes
    }

    /// When a client that has counted as offboarded since then may be touched unattended.
    pub fn rests_until(&self, since: Timestamp) -> Timestamp {
        since.plus_seconds(i64::from(self.settle_hours) * 3600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(changes: u64, clients: u64) -> Extent {
        Extent { changes, clients, tenant_active: Some(1000) }
    }

    #[test]
    fn limits_bite_at_one_more() {
        let limits = Safeguards::default();
        assert!(limits.exceeded(extent(500, 1), None, true).is_empty());
        assert_eq!(limits.exceeded(extent(501, 1), None, true).len(), 1);
        assert!(limits.exceeded(extent(501, 1), Some(501), true).is_empty());
        assert_eq!(limits.exceeded(extent(501, 1), Some(500), true).len(), 1);
    }

    #[test]
    fn unattended_knows_clients_and_share() {
        let limits = Safeguards::default();
        assert!(limits.exceeded(extent(200, 3), None, false).is_empty());
        assert_eq!(limits.exceeded(extent(201, 3), None, false).len(), 1);
        assert_eq!(limits.exceeded(extent(10, 4), None, false).len(), 1);
        assert!(limits.exceeded(extent(10, 4), None, true).is_empty());
        let small = Extent { changes: 49, clients: 1, tenant_active: Some(50) };
        assert!(limits.exceeded(small, None, false).is_empty());
        assert_eq!(limits.exceeded(extent(501, 1), None, false).len(), 2);
    }

    #[test]
    fn newly_matching_clients_are_too_many_above_their_share_and_never_under_five() {
        let limits = Safeguards::default();
        for (new, active, stops) in [
            (4, 4, false),
            (5, 99, true),
            (5, 100, false),
            (6, 100, true),
            (50, 1000, false),
            (51, 1000, true),
            (0, 0, false),
        ] {
            assert_eq!(limits.too_many_new(new, active).is_some(), stops, "{new} of {active}");
        }
    }
}
