//! Who allowed which items of which plan. Without one there is no [`Change`], and without a change
//! no write:
//!
//! ```compile_fail
//! use mothball::domain::{Change, ConfigId, ClientId, State, Wanted};
//! fn forge(config_id: ConfigId, client_id: ClientId, before: State, wanted: Wanted) -> Change {
//!     Change { config_id, client_id, before, wanted } // the fields are private
//! }
//! ```

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ClientId, ConfigId, Plan, PlanItem, State, Timestamp, Wanted, plan::sha256};

/// A record of its own: these items of this plan, allowed by this person at this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub plan_digest: String,
    /// In order, none twice.
    pub items: BTreeSet<ConfigId>,
    pub approver: String,
    pub at: Timestamp,
    /// SHA-256 over all of the above.
    pub digest: String,
}

/// Why an approval does not let a plan run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotApproved {
    #[error("the approval is for plan {approved}, not for this one ({plan})")]
    OtherPlan { approved: String, plan: String },
    #[error("the approval's own digest does not fit: it was altered after it was given")]
    Altered,
    #[error("configuration {0} was approved but is not in the plan")]
    NotInPlan(ConfigId),
    #[error("the plan expired at {0}; review again to make a new one")]
    Expired(Timestamp),
}

impl Approval {
    /// Allows `items` of `plan`.
    pub fn given(plan: &Plan, items: BTreeSet<ConfigId>, approver: &str, at: Timestamp) -> Self {
        let mut approval = Self {
            plan_digest: plan.digest(),
            items,
            approver: approver.to_owned(),
            at,
            digest: String::new(),
        };
        approval.digest = approval.own_digest();
        approval
    }

    /// Allows all of `plan`.
    pub fn of_all(plan: &Plan, approver: &str, at: Timestamp) -> Self {
        let items = plan.items().iter().map(|item| item.config_id.clone()).collect();
        Self::given(plan, items, approver, at)
    }

    fn own_digest(&self) -> String {
        let parts = (&self.plan_digest, &self.items, &self.approver, self.at);
        sha256(serde_json::to_string(&parts).unwrap_or_default().as_bytes())
    }
}

/// A plan with an approval that fits it. Only this can make a [`Change`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedPlan {
    plan: Plan,
    approval: Approval,
}

impl ApprovedPlan {
    /// Joins the two, if they belong together and the plan has not expired at `now`.
    pub fn new(plan: Plan, approval: Approval, now: Timestamp) -> Result<Self, NotApproved> {
        let digest = plan.digest();
        if approval.plan_digest != digest {
            return Err(NotApproved::OtherPlan { approved: approval.plan_digest, plan: digest });
        }
        if approval.digest != approval.own_digest() {
            return Err(NotApproved::Altered);
        }
        if let Some(stray) = approval.items.iter().find(|id| plan.item(id).is_none()) {
            return Err(NotApproved::NotInPlan(stray.clone()));
        }
        if plan.is_expired(now) {
            return Err(NotApproved::Expired(plan.head().expires_at));
        }
        Ok(Self { plan, approval })
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn approval(&self) -> &Approval {
        &self.approval
    }

    /// The items that may be changed.
    pub fn items(&self) -> impl Iterator<Item = &PlanItem> {
        self.plan.items().iter().filter(|item| self.approval.items.contains(&item.config_id))
    }

    /// The change of one item, if it was approved.
    pub fn change(&self, id: &ConfigId) -> Option<Change> {
        let item = self.plan.item(id).filter(|_| self.approval.items.contains(id))?;
        Some(Change {
            config_id: item.config_id.clone(),
            client_id: item.client_id.clone(),
            before: item.before.clone(),
            wanted: item.wanted.clone(),
        })
    }
}

/// One approved change: the only thing that a PSA adapter takes as leave to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    config_id: ConfigId,
    client_id: ClientId,
    before: State,
    wanted: Wanted,
}

impl Change {
    pub fn config_id(&self) -> &ConfigId {
        &self.config_id
    }

    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    pub fn before(&self) -> &State {
        &self.before
    }

    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plan::samples, *};

    fn now() -> Timestamp {
        samples::head().made_at
    }

    #[test]
    fn an_approval_fits_its_own_plan_only() {
        let plan = samples::plan(4);
        let approval = Approval::of_all(&plan, "jane", now());
        assert!(ApprovedPlan::new(plan, approval.clone(), now()).is_ok());
        let other = samples::plan(5);
        assert!(matches!(ApprovedPlan::new(other, approval, now()), Err(NotApproved::OtherPlan { .. })));
    }

    #[test]
    fn an_altered_approval_is_refused() {
        let plan = samples::plan(4);
        let part = Approval::given(&plan, [ConfigId::from("1")].into(), "jane", now());
        let mut wider = part.clone();
        wider.items.insert(ConfigId::from("2"));
        assert_eq!(ApprovedPlan::new(plan.clone(), wider, now()), Err(NotApproved::Altered));
        let mut other_person = part;
        other_person.approver = "john".into();
        assert_eq!(ApprovedPlan::new(plan, other_person, now()), Err(NotApproved::Altered));
    }

    #[test]
    fn only_approved_items_become_changes() {
        let plan = samples::plan(4);
        let part = Approval::given(&plan, [ConfigId::from("1")].into(), "jane", now());
        let approved = ApprovedPlan::new(plan, part, now()).unwrap();
        assert!(approved.change(&ConfigId::from("1")).is_some());
        assert!(approved.change(&ConfigId::from("2")).is_none());
        assert!(approved.change(&ConfigId::from("99")).is_none());
        assert_eq!(approved.items().count(), 1);
    }

    #[test]
    fn a_plan_expires_to_the_second() {
        let plan = samples::plan(1);
        let approval = Approval::of_all(&plan, "jane", now());
        let at = |seconds| ApprovedPlan::new(plan.clone(), approval.clone(), now().plus_seconds(seconds));
        assert!(at(86_399).is_ok());
        assert!(matches!(at(86_400), Err(NotApproved::Expired(_))));
    }
}
