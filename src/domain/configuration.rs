//! Configurations: what there is to retire, and in which state it is.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ClientId, ConfigId, Details, Label, RecordUrl, Text, Timestamp};

/// One configuration, configuration item or asset. A clone shares the record; whoever changes one has it alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Configuration(Arc<Record>);

/// What a PSA says of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: ConfigId,
    pub client: ClientId,
    /// The vendor's display name; [`Configuration::title`] copes with an empty one.
    pub name: Text,
    /// Every field of the vendor that names the record; any of them changing counts as a change.
    pub names: Vec<Text>,
    pub config_type: Label,
    pub site: Option<Label>,
    pub serial: Option<Text>,
    pub state: State,
    pub parent: Option<ConfigId>,
    /// The RMM or management system that feeds this record, if the record says so.
    pub rmm: Option<Text>,
    pub last_updated: Option<Timestamp>,
    pub record_url: Option<RecordUrl>,
    /// Everything else worth showing, as label and text.
    pub details: Details,
}

impl Record {
    /// Where it is shown in the PSA.
    pub fn url(&self) -> Option<String> {
        self.record_url.as_ref().map(ToString::to_string)
    }
}

impl Configuration {
    /// The name, or `#<id>` if the PSA has none.
    pub fn title(&self) -> String {
        title(&self.name, &self.id)
    }

    pub fn lifecycle(&self) -> Lifecycle {
        self.state.lifecycle()
    }

    /// Whether both are the same record in memory, so that keeping both takes no more room than keeping one.
    pub fn is_one_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The same in another state.
    #[must_use]
    pub fn with_state(&self, state: &State) -> Self {
        Record { state: state.clone(), ..(*self.0).clone() }.into()
    }
}

impl From<Record> for Configuration {
    fn from(mut record: Record) -> Self {
        // Lists grow in leaps; what they have too much would be kept a hundred thousand times.
        record.names.shrink_to_fit();
        Self(Arc::new(record))
    }
}

impl Deref for Configuration {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.0
    }
}

impl DerefMut for Configuration {
    fn deref_mut(&mut self) -> &mut Record {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Configuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Record::deserialize(deserializer).map(Self::from)
    }
}

/// A name, or `#<id>` where the PSA has none.
pub fn title(name: &str, id: &ConfigId) -> String {
    if name.trim().is_empty() { format!("#{id}") } else { name.to_owned() }
}

/// The two sides of "active" as the PSA stores them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The vendor's active mark.
    pub active: bool,
    /// The status beside it, where the vendor has one.
    pub status: Option<StatusRef>,
    /// Whether that status means closed; `None` where statuses carry no such meaning.
    pub closed: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRef {
    pub id: Label,
    pub name: Label,
}

/// What the two sides come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    Active,
    Inactive,
    /// Mixed: the status is closed, the active mark is still set.
    RetiredByStatus,
    /// Mixed: the active mark is off, the status is still open.
    RetiredByFlag,
}

impl Lifecycle {
    pub fn is_mixed(self) -> bool {
        matches!(self, Self::RetiredByStatus | Self::RetiredByFlag)
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::RetiredByStatus => "retired by status",
            Self::RetiredByFlag => "retired by flag",
        }
    }

    /// `active` or `inactive`, as the report says it: active only when both sides say so.
    pub fn report_word(self) -> &'static str {
        if self == Self::Active { "active" } else { "inactive" }
    }
}

impl State {
    pub fn lifecycle(&self) -> Lifecycle {
        match (self.active, self.closed) {
            (true, Some(true)) => Lifecycle::RetiredByStatus,
            (true, _) => Lifecycle::Active,
            (false, Some(false)) => Lifecycle::RetiredByFlag,
            (false, _) => Lifecycle::Inactive,
        }
    }

    /// The same active mark and the same status; what the status is called does not matter.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.active == other.active && status_id(self.status.as_ref()) == status_id(other.status.as_ref())
    }

    pub fn status_name(&self) -> Option<&str> {
        self.status.as_ref().map(|status| status.name.as_str())
    }
}

fn status_id(status: Option<&StatusRef>) -> Option<&str> {
    status.map(|status| status.id.as_str())
}

/// What a change shall bring about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub active: bool,
    /// The status set together with the mark; `None` leaves it alone.
    pub status: Option<StatusRef>,
}

impl Wanted {
    /// Inactive, with the status that the profile wants, if any.
    pub fn inactive(status: Option<StatusRef>) -> Self {
        Self { active: false, status }
    }

    pub fn is_met_by(&self, state: &State) -> bool {
        self.active == state.active
            && self
                .status
                .as_ref()
                .is_none_or(|wanted| status_id(state.status.as_ref()) == Some(wanted.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(active: bool, closed: Option<bool>) -> State {
        State { active, status: Some(StatusRef { id: "2".into(), name: "Active".into() }), closed }
    }

    #[test]
    fn active_only_when_both_sides_say_so() {
        assert_eq!(state(true, Some(false)).lifecycle(), Lifecycle::Active);
        assert_eq!(state(true, None).lifecycle(), Lifecycle::Active);
        assert_eq!(state(true, Some(true)).lifecycle(), Lifecycle::RetiredByStatus);
        assert_eq!(state(false, Some(false)).lifecycle(), Lifecycle::RetiredByFlag);
        assert_eq!(state(false, Some(true)).lifecycle(), Lifecycle::Inactive);
        assert_eq!(state(false, None).lifecycle(), Lifecycle::Inactive);
    }

    #[test]
    fn wanted_looks_at_the_status_only_where_it_names_one() {
        let closed = StatusRef { id: "7".into(), name: "Retired".into() };
        assert!(Wanted::inactive(None).is_met_by(&state(false, Some(false))));
        assert!(!Wanted::inactive(Some(closed.clone())).is_met_by(&state(false, Some(false))));
        let there = State { active: false, status: Some(closed.clone()), closed: Some(true) };
        assert!(Wanted::inactive(Some(closed)).is_met_by(&there));
    }
}
