//! The tenant's own words: statuses of configurations and of companies, company types. Read once.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ConnectWise,
    paging::List,
    wire::{self, kept},
};
use crate::{
    domain::{Label, State, StatusRef, configuration, text::same_name},
    psa::{
        PsaError,
        names::{ids_of, quoted},
        port::Result,
    },
};

/// The statuses of configurations.
pub struct Statuses {
    by_id: BTreeMap<i64, Status>,
}

pub struct Status {
    pub name: Label,
    pub closed: bool,
}

impl Statuses {
    fn of(rows: Vec<wire::ConfigurationStatus>) -> Self {
        let by_id = rows
            .into_iter()
            .filter_map(|row| {
                let status = Status {
                    name: row.description.unwrap_or_default().into(),
                    closed: row.closed_flag.unwrap_or(false),
                };
                Some((row.id?, status))
            })
            .collect();
        Self { by_id }
    }

    pub fn closed_names(&self) -> Vec<String> {
        self.by_id.values().filter(|status| status.closed).map(|status| status.name.to_string()).collect()
    }

    pub fn open_ids(&self) -> Vec<i64> {
        self.by_id.iter().filter(|(_, status)| !status.closed).map(|(id, _)| *id).collect()
    }

    pub fn has(&self, id: i64) -> bool {
        self.by_id.contains_key(&id)
    }

    /// A status by its name. Only one that means closed will do for retired records.
    pub fn by_name(&self, name: &str) -> Result<StatusRef> {
        let mut hits = self.by_id.iter().filter(|(_, status)| same_name(&status.name, name));
        match (hits.next(), hits.next()) {
            (Some((id, status)), None) if status.closed => {
                Ok(StatusRef { id: id.to_string().into(), name: status.name.clone() })
            }
            (Some((_, status)), None) => Err(PsaError::Settings {
                message: format!(
                    "the status \"{}\" is an open one; deactivate.status must be one that is marked as closed ({})",
                    status.name,
                    quoted(&self.closed_names())
                ),
            }),
            (Some(_), Some(_)) => Err(PsaError::Settings {
                message: format!(
                    "this PSA has more than one configuration status \"{name}\"; rename one in Setup Tables > Configuration Status"
                ),
            }),
            (None, _) => Err(PsaError::UnknownName {
                what: "configuration status".to_owned(),
                name: name.to_owned(),
                candidates: self.closed_names(),
            }),
        }
    }

    /// Both sides of a record's state.
    pub fn state(&self, row: &wire::Configuration) -> State {
        let known = row.status.as_ref().and_then(|status| self.by_id.get(&status.id?));
        let status = row.status.as_ref().and_then(|status| {
            let name = kept(status.name.as_ref()).or(known.map(|known| known.name.clone()));
            Some(StatusRef { id: status.id?.to_string().into(), name: name.unwrap_or_default() })
        });
        // A mark that is not there does not say "active".
        State { active: row.active_flag == Some(true), status, closed: known.map(|known| known.closed) }
    }

    /// Whether the status of this row is among them.
    pub fn know(&self, row: &wire::Configuration) -> bool {
        let status = row.status.as_ref().and_then(|status| status.id);
        status.is_none_or(|id| self.by_id.contains_key(&id))
    }
}

/// The statuses of companies: the inactive mark stands on the status, not on the company.
pub struct CompanyStatuses {
    by_id: BTreeMap<i64, (String, bool)>,
}

impl CompanyStatuses {
    pub fn is_inactive(&self, id: i64) -> Option<bool> {
        self.by_id.get(&id).map(|(_, inactive)| *inactive)
    }

    pub fn inactive_ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.by_id.iter().filter(|(_, (_, inactive))| *inactive).map(|(id, _)| *id)
    }

    /// The ids of these names.
    pub fn named(&self, names: &[String]) -> Result<Vec<i64>> {
        ids_of("company status", names, self.by_id.iter().map(|(id, (name, _))| (*id, name.as_str())))
    }
}

impl ConnectWise {
    pub(super) async fn statuses(&self) -> Result<Arc<Statuses>> {
        if let Some(known) = &*self.statuses.read().await {
            return Ok(Arc::clone(known));
        }
        let mut statuses = self.statuses.write().await;
        if let Some(known) = &*statuses {
            return Ok(Arc::clone(known));
        }
        let fresh = Arc::new(self.read_statuses().await?);
        *statuses = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The statuses, read anew if one of these rows has one that was added since.
    pub(super) async fn statuses_for(
        &self,
        rows: impl IntoIterator<Item = &wire::Configuration> + Clone,
    ) -> Result<Arc<Statuses>> {
        let all_in = |statuses: &Statuses| rows.clone().into_iter().all(|row| statuses.know(row));
        let known = self.statuses().await?;
        if all_in(&known) {
            return Ok(known);
        }
        let mut statuses = self.statuses.write().await;
        if let Some(newer) = statuses.as_ref().filter(|newer| all_in(newer)) {
            return Ok(Arc::clone(newer));
        }
        let fresh = Arc::new(self.read_statuses().await?);
        *statuses = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    async fn read_statuses(&self) -> Result<Statuses> {
        let list = List::new(
            "configuration status",
            "/company/configurations/statuses",
            "id,description,closedFlag,defaultFlag",
        );
        Ok(Statuses::of(self.api.setup_list(&list).await?))
    }

    pub(super) async fn company_statuses(&self) -> Result<Arc<CompanyStatuses>> {
        let mut known = self.company_statuses.lock().await;
        if let Some(known) = &*known {
            return Ok(Arc::clone(known));
        }
        let list = List::new("company status", "/company/companies/statuses", "id,name,inactiveFlag");
        let rows: Vec<wire::CompanyStatus> = self.api.setup_list(&list).await?;
        let by_id = rows
            .into_iter()
            .filter_map(|row| {
                Some((row.id?, (row.name.unwrap_or_default(), row.inactive_flag.unwrap_or(false))))
            })
            .collect();
        let read = Arc::new(CompanyStatuses { by_id });
        *known = Some(Arc::clone(&read));
        Ok(read)
    }

    /// Forgets what was read of the setup tables; somebody may have changed them.
    pub(super) async fn forget_setup(&self) {
        *self.company_statuses.lock().await = None;
        *self.statuses.write().await = None;
    }

    /// A title for messages about a record.
    pub(super) fn title(name: Option<&str>, id: i64) -> String {
        configuration::title(name.unwrap_or_default(), &id.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses() -> Statuses {
        Statuses::of(
            serde_json::from_str(
                r#"[{"id":2,"description":"Active","closedFlag":false},{"id":7,"description":"Retired","closedFlag":true},
                {"id":8,"description":"Gone","closedFlag":"true"}]"#,
            )
            .unwrap(),
        )
    }

    #[test]
    fn only_a_closed_status_can_be_wanted() {
        assert_eq!(statuses().by_name(" retired").unwrap().id, "7");
        assert!(
            matches!(statuses().by_name("Active"), Err(PsaError::Settings { message }) if message.contains("\"Gone\""))
        );
        assert!(matches!(
            statuses().by_name("Scrapped"),
            Err(PsaError::UnknownName { candidates, .. }) if candidates == ["Retired", "Gone"]
        ));
    }

    #[test]
    fn both_sides_of_the_state_are_kept() {
        let row = |text: &str| serde_json::from_str::<wire::Configuration>(text).unwrap();
        let state = statuses().state(&row(r#"{"id":1,"activeFlag":true,"status":{"id":7}}"#));
        assert_eq!((state.active, state.closed, state.status_name()), (true, Some(true), Some("Retired")));
        let state = statuses().state(&row(r#"{"id":1,"status":{"id":99,"name":"New"}}"#));
        assert_eq!((state.active, state.closed, state.status_name()), (false, None, Some("New")));
        assert_eq!(statuses().state(&row(r#"{"id":1,"activeFlag":true,"status":null}"#)).status, None);
    }
}
