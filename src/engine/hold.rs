//! Holds: what persons want kept, whoever asks and however.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, EngineError, items::Todo};
use crate::domain::{
    ConfigId, Configuration, Event, Hold, PlanItem, SkipReason, Tenant, Timestamp,
    consent::Person,
    plan::{Head, Kind},
};

impl Engine {
    /// The holds of this tenant that are in force now.
    pub async fn holds(&self, tenant: &Tenant) -> Result<BTreeMap<ConfigId, Hold>, EngineError> {
        let holds = self.store.holds(tenant, self.now()).await?;
        Ok(holds.into_iter().map(|hold| (hold.config_id.clone(), hold)).collect())
    }

    /// The holds that keep items of such a plan back. An undo sets back to active, which is what a hold is for.
    pub(super) async fn holds_against(&self, head: &Head) -> Result<BTreeMap<ConfigId, Hold>, EngineError> {
        if head.kind == Kind::Undo {
            return Ok(BTreeMap::new());
        }
        self.holds(&head.tenant).await
    }

    /// Puts a hold on configurations of the tenant, in place of one that they may have: on all of them or, if
    /// the PSA does not know one, on none. Returns them as they are now.
    pub async fn hold(
        &self,
        ids: &BTreeSet<ConfigId>,
        until: Option<Timestamp>,
        reason: &str,
        by: &Person,
    ) -> Result<Vec<Configuration>, EngineError> {
        let tenant = self.psa.tenant().await?;
        let list: Vec<ConfigId> = ids.iter().cloned().collect();
        let mut rows = self.psa.read(&list).await?;
        let found: Vec<Configuration> = list.iter().filter_map(|id| rows.remove(id).flatten()).collect();
        let strays: Vec<&str> =
            list.iter().filter(|id| !found.iter().any(|row| row.id == **id)).map(ConfigId::as_str).collect();
        if !strays.is_empty() {
            return Err(EngineError::Usage(format!(
                "{} has no {} {}, or this API account may not see it; nothing was held",
                tenant,
                self.psa.nouns().configuration,
                strays.join(", ")
            )));
        }
        for id in list {
            let hold =
                Hold { config_id: id, reason: reason.to_owned(), by: by.to_string(), at: self.now(), until };
            self.store.put_hold(&tenant, &hold).await?;
        }
        Ok(found)
    }

    /// Takes holds away. Returns those ids that there was none on.
    pub async fn unhold(&self, ids: &BTreeSet<ConfigId>) -> Result<Vec<ConfigId>, EngineError> {
        let tenant = self.psa.tenant().await?;
        let mut strays = Vec::new();
        for id in ids {
            if !self.store.remove_hold(&tenant, id).await? {
                strays.push(id.clone());
            }
        }
        Ok(strays)
    }
}

/// Before the items are read: what was sent already is not set aside, for it must be read to be settled.
pub(super) fn set_aside_unsent(items: &[Todo], holds: &BTreeMap<ConfigId, Hold>) -> (Vec<Event>, Vec<Todo>) {
    part(items, |item, attempts| holds.get(&item.config_id).filter(|_| attempts == 0))
}

/// After they were read and found as they were: nothing more is sent for any that is held.
pub(super) fn set_aside(items: &[Todo], holds: &BTreeMap<ConfigId, Hold>) -> (Vec<Event>, Vec<Todo>) {
    part(items, |item, _| holds.get(&item.config_id))
}

fn part<'h>(items: &[Todo], hold: impl Fn(&PlanItem, u32) -> Option<&'h Hold>) -> (Vec<Event>, Vec<Todo>) {
    let mut kept = Vec::new();
    let mut free = Vec::with_capacity(items.len());
    for (item, attempts) in items {
        match hold(item, *attempts) {
            None => free.push((item.clone(), *attempts)),
            Some(hold) => {
                let text = format!("{} ({}) is held: {}", item.title(), item.config_id, hold.why());
                kept.push(Event::Warned { text });
                let state = Some(item.before.clone());
                kept.push(Event::skipped(item.config_id.clone(), SkipReason::Held, state));
            }
        }
    }
    (kept, free)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::plan::samples;

    /// A write that had no effect is not sent once more for an item that somebody holds by now.
    #[test]
    fn what_was_sent_is_read_first_and_then_kept() {
        let plan = samples::plan(3);
        let items: Vec<Todo> =
            plan.items().iter().zip([0, 1, 1]).map(|(item, sent)| (Arc::new(item.clone()), sent)).collect();
        let hold = |id: &str| Hold {
            config_id: id.into(),
            reason: "rented out".to_owned(),
            by: "jane".to_owned(),
            at: plan.head().made_at,
            until: None,
        };
        let holds = ["1", "2"].map(|id| (ConfigId::from(id), hold(id))).into();
        let ids = |todo: &[Todo]| todo.iter().map(|(item, _)| item.config_id.to_string()).collect::<Vec<_>>();
        let (kept, unread) = set_aside_unsent(&items, &holds);
        assert_eq!((kept.len(), ids(&unread)), (2, vec!["2".to_owned(), "3".to_owned()]));
        let (kept, free) = set_aside(&unread, &holds);
        assert!(
            matches!(&kept[1], Event::Settled { config_id, .. } if config_id.as_str() == "2"),
            "{kept:?}"
        );
        assert_eq!(ids(&free), ["3"]);
    }
}
