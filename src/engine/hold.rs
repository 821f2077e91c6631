//! Holds: what persons want kept, whoever asks and however.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, EngineError, pipeline::Todo};
use crate::domain::{
    ConfigId, Configuration, Event, Hold, SkipReason, Tenant, Timestamp,
    consent::Person,
    plan::{Head, Kind},
};

impl Engine {
    /// The holds of this tenant that are in force now.
    pub async fn holds(&self, tenant: &Tenant) -> Result<BTreeMap<ConfigId, Hold>, EngineError> {
        let holds = self.store.holds(tenant, self.now()).await?;
        Ok(holds.into_iter().map(|hold| (hold.config_id.clone(), hold)).collect())
    }

    /// What nobody has put a hold on since it was planned, and what becomes of the rest. An undo sets back to
    /// active, which is what a hold is for.
    pub(super) async fn not_held(
        &self,
        head: &Head,
        items: &[Todo],
    ) -> Result<(Vec<Event>, Vec<Todo>), EngineError> {
        if head.kind == Kind::Undo {
            return Ok((Vec::new(), items.to_vec()));
        }
        Ok(set_aside(items, &self.holds(&head.tenant).await?))
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

/// What was sent already is never set aside: it must be settled.
fn set_aside(items: &[Todo], holds: &BTreeMap<ConfigId, Hold>) -> (Vec<Event>, Vec<Todo>) {
    let mut kept = Vec::new();
    let mut free = Vec::with_capacity(items.len());
    for (item, attempts) in items {
        match holds.get(&item.config_id).filter(|_| *attempts == 0) {
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
