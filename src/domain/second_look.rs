//! A second look at what a run changed: did it stay so, and did the same device come back under another record?

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ConfigId, Configuration, Lifecycle, Plan, PlanItem, RunId,
    document::{FollowUp, FollowUpKind},
    plan::Kind,
};

/// What a second look compares.
pub struct SecondLook<'a> {
    pub run: &'a RunId,
    pub plan: &'a Plan,
    /// The items looked at: what the run changed and nothing has put back since.
    pub items: &'a BTreeSet<ConfigId>,
    /// Records that the run had seen; an active one that is not among them is new, or active again.
    pub known: &'a BTreeSet<ConfigId>,
    /// The items as they are now; `None` for one that is gone.
    pub now: &'a BTreeMap<ConfigId, Option<Configuration>>,
    /// Every configuration of their clients as it is now.
    pub beside: &'a [Configuration],
}

impl SecondLook<'_> {
    /// What did not stay as it was left. What is gone, or belongs to another client by now, is not ours to watch.
    pub fn findings(&self) -> Vec<FollowUp> {
        let mut found = Vec::new();
        for id in self.items {
            let (Some(item), Some(Some(row))) = (self.plan.item(id), self.now.get(id)) else { continue };
            if row.client != item.client_id {
                continue;
            }
            found.extend(self.switched_back(item, row));
            if self.plan.head().kind == Kind::Deactivate {
                found.extend(self.same_device(item, row));
            }
        }
        found.sort_by(|a, b| (a.kind, &a.client_id, &a.config_id).cmp(&(b.kind, &b.client_id, &b.config_id)));
        found
    }

    fn switched_back(&self, item: &PlanItem, row: &Configuration) -> Option<FollowUp> {
        if row.state.active == item.wanted.active {
            return None;
        }
        let title = row.title();
        let what = if row.state.active { "active" } else { "inactive" };
        let text = match &row.rmm {
            Some(rmm) => format!(
                "{title} is {what} again after run {}: its RMM link is {rmm}; stop that sync, or it comes back every time",
                self.run
            ),
            None => format!(
                "{title} is {what} again after run {}: somebody or a workflow rule switched it back",
                self.run
            ),
        };
        let kind = if row.state.active { FollowUpKind::ActiveAgain } else { FollowUpKind::InactiveAgain };
        Some(entry(kind, row, text))
    }

    /// Other records of the client that are the same device by serial number or RMM link.
    fn same_device<'a>(
        &'a self,
        item: &'a PlanItem,
        row: &'a Configuration,
    ) -> impl Iterator<Item = FollowUp> + 'a {
        self.beside
            .iter()
            .filter(|other| other.client == item.client_id && !self.known.contains(&other.id))
            .filter(|other| other.lifecycle() == Lifecycle::Active)
            .filter_map(|other| {
                let by = if is_same(row.serial.as_deref(), other.serial.as_deref()) {
                    format!("serial number {}", row.serial.as_deref().unwrap_or_default())
                } else if is_same(row.rmm.as_deref(), other.rmm.as_deref()) {
                    format!("RMM link {}", row.rmm.as_deref().unwrap_or_default())
                } else {
                    return None;
                };
                let text = format!(
                    "{} ({}) is new and active, and has the same {by} as {}, which run {} set inactive",
                    other.title(),
                    other.id,
                    row.title(),
                    self.run
                );
                Some(entry(FollowUpKind::SameDevice, other, text))
            })
    }
}

fn entry(kind: FollowUpKind, row: &Configuration, text: String) -> FollowUp {
    FollowUp {
        kind,
        config_id: Some(row.id.clone()),
        client_id: row.client.clone(),
        text,
        record_url: row.url(),
    }
}

/// Both there, and the same apart from case and outer space.
fn is_same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a.map(str::trim), b.map(str::trim)) {
        (Some(a), Some(b)) => !a.is_empty() && a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plan::samples, *};

    fn told(rows: &[Configuration]) -> Vec<(FollowUpKind, String)> {
        let plan = samples::plan(2);
        let items: BTreeSet<ConfigId> = plan.items().iter().map(|item| item.config_id.clone()).collect();
        let now =
            items.iter().map(|id| (id.clone(), rows.iter().find(|row| row.id == *id).cloned())).collect();
        let look = SecondLook {
            run: &RunId::from("r"),
            plan: &plan,
            known: &items,
            items: &items,
            now: &now,
            beside: rows,
        };
        look.findings()
            .into_iter()
            .map(|one| (one.kind, one.config_id.map(|id| id.to_string()).unwrap_or_default()))
            .collect()
    }

    fn inactive(id: u32, client: u32) -> Configuration {
        let mut row = samples::configuration(id, client);
        row.state.active = false;
        row.serial = Some("SN 1".into());
        row
    }

    #[test]
    fn what_stayed_is_not_told() {
        assert_eq!(told(&[inactive(1, 2), inactive(2, 1)]), []);
        assert_eq!(told(&[]), [], "what is gone needs no watching");
    }

    #[test]
    fn what_came_back_is_told_and_so_is_its_twin() {
        let mut twin = samples::configuration(9, 2);
        twin.serial = Some(" sn 1".into());
        let mut stranger = twin.clone();
        stranger.id = "10".into();
        stranger.client = "77".into();
        let rows = [inactive(1, 2), samples::configuration(2, 1), twin.clone(), stranger];
        assert_eq!(
            told(&rows),
            [(FollowUpKind::ActiveAgain, "2".to_owned()), (FollowUpKind::SameDevice, "9".to_owned())]
        );
        twin.state.active = false;
        assert_eq!(told(&[inactive(1, 2), inactive(2, 1), twin]), []);
    }

    #[test]
    fn a_record_without_a_serial_number_is_nobodys_twin() {
        let mut first = inactive(1, 2);
        first.serial = Some("  ".into());
        let mut other = samples::configuration(9, 2);
        other.serial = Some("".into());
        assert_eq!(told(&[first, other]), []);
    }
}
