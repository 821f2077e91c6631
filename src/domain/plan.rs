//! The exact list of changes of a run, and the digest that approvals are bound to.
//!
//! A plan is made from a [`Listing`] (which carries its proof of completeness) or read back from its
//! canonical bytes; there is no third way:
//!
//! ```compile_fail
//! use mothball::domain::{Plan, plan::Head};
//! fn forge(head: Head) -> Plan {
//!     Plan { head, items: Vec::new() } // the fields are private
//! }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    ClientId, ConfigId, Configuration, Label, Listing, RunId, State, Tenant, Text, Timestamp, Wanted,
    client::Offboarded, configuration::title,
};

/// The first line of the canonical bytes. A plan of another version is not understood, and not run.
const VERSION: &str = "mothball-plan/1";

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Deactivate,
    /// Restores what an earlier run changed.
    Undo,
}

/// What a plan says besides its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub run: RunId,
    pub kind: Kind,
    /// The run that this one undoes or retries.
    pub parent: Option<RunId>,
    pub tenant: Tenant,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

/// One change: which record, as it was seen, and what it shall become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanItem {
    pub config_id: ConfigId,
    pub client_id: ClientId,
    pub name: Text,
    pub names: Vec<Text>,
    pub config_type: Label,
    pub before: State,
    pub wanted: Wanted,
}

impl PlanItem {
    pub fn title(&self) -> String {
        title(&self.name, &self.config_id)
    }

    /// What is no longer as it was at review; `None` if nothing that matters changed.
    pub fn drift(&self, now: &Configuration) -> Option<String> {
        let mut changed = Vec::new();
        if self.before.active != now.state.active {
            changed.push(format!("active {} → {}", self.before.active, now.state.active));
        }
        if !self.before.is_same_as(&State { active: self.before.active, ..now.state.clone() }) {
            let name = |state: &State| state.status_name().unwrap_or("none").to_owned();
            changed.push(format!("status \"{}\" → \"{}\"", name(&self.before), name(&now.state)));
        }
        if self.client_id != now.client {
            changed.push(format!("client {} → {}", self.client_id, now.client));
        }
        if self.config_type != now.config_type {
            changed.push(format!("type \"{}\" → \"{}\"", self.config_type, now.config_type));
        }
        if self.name != now.name || self.names != now.names {
            changed.push(format!("name \"{}\" → \"{}\"", self.name, now.name));
        }
        (!changed.is_empty()).then(|| changed.join(", "))
    }
}

/// The exact list of changes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    head: Head,
    /// In the order of their ids, none twice.
    items: Vec<PlanItem>,
}

/// Stored bytes that are not the plan that was approved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanAltered {
    #[error("the plan's bytes have digest {found}, but {expected} was written down")]
    Digest { found: String, expected: String },
    #[error("the plan cannot be read: {0}")]
    Unreadable(String),
    #[error("the record of this run was altered: {0}")]
    Record(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Canonical {
    head: Head,
    items: Vec<PlanItem>,
}

impl Plan {
    /// A plan for those of a complete listing that `choose` gives a wanted state. Only clients that
    /// count as offboarded may have items.
    pub fn from_listing(
        head: Head,
        listing: &Listing<Configuration>,
        clients: &[Offboarded],
        mut choose: impl FnMut(&Configuration) -> Option<Wanted>,
    ) -> Self {
        let offboarded: BTreeSet<&ClientId> = clients.iter().map(|entry| &entry.client.id).collect();
        let items = listing
            .rows()
            .iter()
            .filter(|row| offboarded.contains(&row.client))
            .filter_map(|row| choose(row).map(|wanted| (row.id.clone(), item(row, wanted))))
            .collect::<BTreeMap<_, _>>()
            .into_values()
            .collect();
        Self { head, items }
    }

    /// A plan that restores what the journal recorded, for those of its items that `choose` gives the
    /// state to go back to. `listing` is the state now, as read for this plan.
    pub fn to_restore(
        head: Head,
        listing: &Listing<Configuration>,
        mut choose: impl FnMut(&Configuration) -> Option<Wanted>,
    ) -> Self {
        let items = listing
            .rows()
            .iter()
            .filter_map(|row| choose(row).map(|wanted| (row.id.clone(), item(row, wanted))))
            .collect::<BTreeMap<_, _>>()
            .into_values()
            .collect();
        Self { head: Head { kind: Kind::Undo, ..head }, items }
    }

    /// Reads a stored plan back.
    ///
    /// # Errors
    /// [`PlanAltered`] if the bytes are not exactly those with this digest.
    pub fn reopen(bytes: &[u8], digest: &str) -> Result<Self, PlanAltered> {
        let found = sha256(bytes);
        if found != digest {
            return Err(PlanAltered::Digest { found, expected: digest.to_owned() });
        }
        let body = bytes
            .strip_prefix(VERSION.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"\n"))
            .ok_or_else(|| PlanAltered::Unreadable(format!("it is not of version {VERSION}")))?;
        let plan: Canonical =
            serde_json::from_slice(body).map_err(|error| PlanAltered::Unreadable(error.to_string()))?;
        let plan = Self { head: plan.head, items: plan.items };
        let in_order = plan.items.windows(2).all(|pair| pair[0].config_id < pair[1].config_id);
        if in_order && plan.canonical_bytes() == bytes {
            Ok(plan)
        } else {
            Err(PlanAltered::Unreadable("it is not in canonical form".to_owned()))
        }
    }

    /// The bytes that the digest covers: a version line, then compact JSON with a fixed order of fields.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let canonical = Canonical { head: self.head.clone(), items: self.items.clone() };
        let json = serde_json::to_string(&canonical).unwrap_or_default();
        format!("{VERSION}\n{json}").into_bytes()
    }

    /// SHA-256 over the canonical bytes, in hexadecimal.
    pub fn digest(&self) -> String {
        sha256(&self.canonical_bytes())
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    pub fn items(&self) -> &[PlanItem] {
        &self.items
    }

    pub fn item(&self, id: &ConfigId) -> Option<&PlanItem> {
        self.items.binary_search_by(|item| item.config_id.cmp(id)).ok().map(|at| &self.items[at])
    }

    /// The clients that have items, in the order of their ids.
    pub fn clients(&self) -> BTreeSet<ClientId> {
        self.items.iter().map(|item| item.client_id.clone()).collect()
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.head.expires_at
    }
}

fn item(row: &Configuration, wanted: Wanted) -> PlanItem {
    PlanItem {
        config_id: row.id.clone(),
        client_id: row.client.clone(),
        name: row.name.clone(),
        names: row.names.clone(),
        config_type: row.config_type.clone(),
        before: row.state.clone(),
        wanted,
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::domain::{
        Details, StatusRef,
        client::{Client, Signals},
        configuration::Record,
        listing::Claim,
    };

    pub fn configuration(id: u32, client: u32) -> Configuration {
        Record {
            id: ConfigId::new(id.to_string()),
            client: ClientId::new(client.to_string()),
            name: format!("SRV-{id}").into(),
            names: vec![format!("SRV-{id}").into(), format!("tag-{id}").into()],
            config_type: "Server".into(),
            site: Some("HQ".into()),
            serial: None,
            state: State {
                active: true,
                status: Some(StatusRef { id: "2".into(), name: "Active".into() }),
                closed: Some(false),
            },
            parent: None,
            rmm: None,
            last_updated: None,
            record_url: None,
            details: Details::default(),
        }
        .into()
    }

    pub fn listing(rows: Vec<Configuration>) -> Listing<Configuration> {
        let n = rows.len() as u64;
        let claim = Claim {
            what: "configuration",
            before: n,
            after: n,
            id: &|row: &Configuration| row.id.to_string(),
            belongs: &|_| true,
        };
        Listing::prove(rows, &claim).unwrap()
    }

    pub fn offboarded(client: u32) -> Offboarded {
        Offboarded {
            client: Client {
                id: ClientId::new(client.to_string()),
                name: format!("Client {client}"),
                identifier: None,
                parent: None,
                signals: Signals::default(),
                own: None,
                record_url: None,
            },
            reasons: vec![crate::domain::Reason::Inactive { status: None }],
        }
    }

    pub fn head() -> Head {
        let made_at = Timestamp::from_seconds(1_790_000_000);
        Head {
            run: RunId::from("20261124T014719-abcdefgh"),
            kind: Kind::Deactivate,
            parent: None,
            tenant: Tenant {
                psa: "connectwise".into(),
                id: "api-na.myconnectwise.net/acmemsp".into(),
                name: "Acme MSP".into(),
            },
            made_at,
            expires_at: made_at.plus_seconds(86_400),
        }
    }

    /// A plan over `n` configurations of clients 1 and 2.
    pub fn plan(n: u32) -> Plan {
        let rows = (1..=n).map(|id| configuration(id, 1 + id % 2)).collect();
        let retired = StatusRef { id: "7".into(), name: "Retired".into() };
        Plan::from_listing(head(), &listing(rows), &[offboarded(1), offboarded(2)], |_| {
            Some(Wanted::inactive(Some(retired.clone())))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{samples::*, *};

    #[test]
    fn a_plan_names_the_clients_of_its_items_once() {
        let clients = plan(3).clients();
        assert_eq!(clients, plan(3).items().iter().map(|item| item.client_id.clone()).collect());
        assert!(!clients.is_empty() && clients.len() < 3);
    }

    #[test]
    fn canonical_bytes_are_those_of_the_golden_file() {
        let golden = include_str!("../../tests/data/plan.v1.golden");
        assert_eq!(String::from_utf8(plan(2).canonical_bytes()).unwrap(), golden.trim_end());
        assert_eq!(
            plan(2).digest(),
            sha256(golden.trim_end().as_bytes()),
            "the digest is the golden file's SHA-256"
        );
    }

    #[test]
    fn a_stored_plan_reads_back_as_itself() {
        let plan = plan(5);
        assert_eq!(Plan::reopen(&plan.canonical_bytes(), &plan.digest()).unwrap(), plan);
    }

    /// An item that stands twice would be counted twice and sent twice.
    #[test]
    fn a_stored_plan_has_each_item_once_and_in_order() {
        let plan = plan(3);
        for items in [vec![0, 1, 1], vec![1, 0, 2]] {
            let items = items.into_iter().map(|at: usize| plan.items[at].clone()).collect();
            let other = Plan { head: plan.head.clone(), items };
            let refused = Plan::reopen(&other.canonical_bytes(), &other.digest());
            assert!(matches!(refused, Err(PlanAltered::Unreadable(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_plan_to_restore_is_one_of_an_undo() {
        let rows = listing(vec![configuration(1, 1), configuration(2, 9)]);
        let back = |row: &Configuration| (row.id.as_str() == "2").then(|| Wanted::inactive(None));
        let plan = Plan::to_restore(Head { kind: Kind::Deactivate, ..head() }, &rows, back);
        assert_eq!((plan.head().kind, plan.items().len()), (Kind::Undo, 1));
        assert!(plan.item(&ConfigId::from("2")).is_some(), "its client does not matter");
    }

    #[test]
    fn a_plan_holds_only_offboarded_clients() {
        let rows = vec![configuration(1, 1), configuration(2, 9)];
        let plan =
            Plan::from_listing(head(), &listing(rows), &[offboarded(1)], |_| Some(Wanted::inactive(None)));
        assert_eq!(plan.items().len(), 1);
    }

    #[test]
    fn drift_names_what_changed_and_ignores_what_does_not_matter() {
        let row = configuration(1, 1);
        let item = item(&row, Wanted::inactive(None));
        assert_eq!(item.drift(&row), None);
        let renamed_status = {
            let mut row = row.clone();
            row.state.status.as_mut().unwrap().name = "In use".into();
            row
        };
        assert_eq!(item.drift(&renamed_status), None);
        // What changed is named, and nothing else.
        let switched = row.with_state(&State { active: false, ..row.state.clone() });
        assert_eq!(item.drift(&switched).as_deref(), Some("active true → false"));
        type Edit = fn(&mut Configuration);
        let edits: [(Edit, &str); 6] = [
            (|row| row.state.active = false, "active"),
            (|row| row.state.status.as_mut().unwrap().id = "9".into(), "status"),
            (|row| row.client = ClientId::from("3"), "client"),
            (|row| row.config_type = "Switch".into(), "type"),
            (|row| row.name = "SRV-X".into(), "name"),
            (|row| row.names[1] = "tag-x".into(), "name"),
        ];
        for (edit, word) in edits {
            let mut changed = row.clone();
            edit(&mut changed);
            assert!(item.drift(&changed).unwrap().starts_with(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_flipped_bit_changes_the_digest(n in 1u32..12, at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let plan = plan(n);
            let mut bytes = plan.canonical_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_ne!(sha256(&bytes), plan.digest());
            prop_assert!(Plan::reopen(&bytes, &plan.digest()).is_err());
        }

        #[test]
        fn any_other_meaning_is_another_digest(n in 1u32..12, which in any::<prop::sample::Index>(), edit in 0usize..11) {
            let plan = plan(n);
            let mut other = plan.clone();
            let item = &mut other.items[which.index(n as usize)];
            match edit {
                0 => item.config_id = ConfigId::from("999"),
                1 => item.client_id = ClientId::from("999"),
                2 => item.before.active ^= true,
                3 => item.before.status = None,
                4 => item.before.closed = None,
                5 => item.wanted.active ^= true,
                6 => item.wanted.status = None,
                7 => item.names.push(Text::default()),
                8 => item.config_type = format!("{}x", item.config_type).into(),
                9 => other.head.tenant.id.push('x'),
                _ => other.head.expires_at = other.head.expires_at.plus_seconds(1),
            }
            prop_assert_ne!(other.digest(), plan.digest());
        }
    }
}
