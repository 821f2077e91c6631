//! The report as a document: the field names of the contract, published as `assets/report.schema.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ClientId, ConfigId, Links, Phase, Problem, RunId, SignOfLife, SkipReason, Statistics, Tenant, Timestamp,
    links::LinkKind, note::NoteWord,
};

/// The version of the report's form.
pub const SCHEMA_VERSION: &str = "1.0";

/// What a run leaves behind: one document for one client, a joint one for several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Report {
    Joint(Box<JointReport>),
    Client(Box<ClientReport>),
}

impl Report {
    pub fn success(&self) -> bool {
        match self {
            Self::Joint(report) => report.success,
            Self::Client(report) => report.success,
        }
    }

    pub fn statistics(&self) -> Statistics {
        match self {
            Self::Joint(report) => report.statistics,
            Self::Client(report) => report.statistics,
        }
    }

    pub fn run(&self) -> &RunFacts {
        match self {
            Self::Joint(report) => &report.run,
            Self::Client(report) => &report.run,
        }
    }

    /// The documents of the single clients.
    pub fn clients(&self) -> &[ClientReport] {
        match self {
            Self::Joint(report) => &report.clients,
            Self::Client(report) => std::slice::from_ref(report),
        }
    }
}

/// The document of one client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClientReport {
    /// Nothing failed, changed since review or stayed unknown, and every change was read back.
    pub success: bool,
    /// Null if the client that was asked for could not be found.
    pub client_id: Option<ClientId>,
    pub client_name: Option<String>,
    pub timestamp: Timestamp,
    pub statistics: Statistics,
    pub configs: Vec<ConfigReport>,
    pub warnings: Vec<String>,
    pub errors: Vec<Problem>,
    #[serde(flatten)]
    pub run: RunFacts,
    /// Why the client counts as offboarded.
    pub offboarded_because: Vec<String>,
    /// What speaks against it.
    pub signs_of_life: Vec<SignOfLife>,
    pub coverage: Coverage,
    /// What is left for a person to do.
    pub follow_up: Vec<FollowUp>,
    /// Notes in the PSA: those on the client's configurations; where one client was asked for, the one on the ticket, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NoteReport>,
}

/// The document of a run over several clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JointReport {
    #[serde(flatten)]
    pub run: RunFacts,
    pub success: bool,
    pub timestamp: Timestamp,
    /// The sum over the clients.
    pub statistics: Statistics,
    pub clients: Vec<ClientReport>,
    pub coverage: Coverage,
    pub warnings: Vec<String>,
    /// Errors of the run as a whole; those of a client are in its document.
    pub errors: Vec<Problem>,
    /// The note on the run's ticket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NoteReport>,
}

/// One note in the PSA, wanted or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteReport {
    /// `ticket` or `configuration`.
    pub on: String,
    /// The ticket as it was named, or the configuration's id.
    pub id: String,
    pub state: NoteWord,
    /// The note's own number, where the PSA told it.
    pub note_id: Option<String>,
    /// Why it was not written, or why nobody knows.
    pub text: Option<String>,
}

/// What is the same for every client of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunFacts {
    pub schema_version: String,
    pub run_id: RunId,
    /// The run that this one undoes or retries.
    pub parent_run_id: Option<RunId>,
    pub state: Phase,
    pub profile: String,
    pub psa: String,
    /// Null if the PSA could not be asked who it is.
    pub tenant: Option<Tenant>,
    pub operator: String,
    pub requested_by: Option<String>,
    pub ticket: Option<String>,
    pub approved_by: Option<String>,
    pub approval_digest: Option<String>,
    pub plan_digest: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    /// The last record of the run's journal: its hash chain ends here.
    pub journal_head: Option<String>,
}

/// One configuration that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigReport {
    pub config_id: ConfigId,
    pub config_name: String,
    /// `active` or `inactive`, as last read from the PSA.
    pub status: String,
    pub previous_status: String,
    pub config_type: String,
    pub site: Option<String>,
    /// `deactivated`, `restored`, `skipped`, `planned`, `changed_since_review`, `failed` or `unknown`.
    pub outcome: String,
    pub skip_reason: Option<SkipReason>,
    /// The outcome in words, with what was behind it.
    pub outcome_text: String,
    /// Whether the change was read back.
    pub verified: bool,
    pub psa_status: Option<String>,
    pub previous_psa_status: Option<String>,
    pub links: Links,
    pub record_url: Option<String>,
}

/// What was looked at, as of when; complete as far as this API account may see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    pub as_of: Option<Timestamp>,
    pub complete: bool,
    /// Clients of the tenant that were judged.
    pub clients_scanned: u64,
    /// Those of them that count as offboarded.
    pub clients_offboarded: u64,
    /// Those that this run is about.
    pub clients_in_run: u64,
    /// Offboarded clients that `--limit-clients` left for another run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients_left_out: Vec<ClientName>,
    /// Configurations read, by what they are (`active`, `inactive`, `retired by status`, …).
    pub configurations_read: BTreeMap<String, u64>,
    /// What could not be looked at, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientName {
    pub client_id: ClientId,
    pub client_name: String,
}

/// One thing that is left for a person to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUp {
    pub kind: FollowUpKind,
    /// Null if it concerns the client as a whole.
    pub config_id: Option<ConfigId>,
    pub client_id: ClientId,
    pub text: String,
    pub record_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpKind {
    /// An agreement that still runs for a client that left.
    Agreement,
    /// A configuration that is still billed.
    Billing,
    Ticket,
    Child,
    Rmm,
    /// What could not be read, and so may or may not be linked.
    Unknown,
    /// A configuration that stayed active, and why.
    StillActive,
    /// A second look found it switched back: it was set inactive and is active again.
    ActiveAgain,
    /// The same for what an undo had restored.
    InactiveAgain,
    /// A new active configuration that is the same device as one that was set inactive.
    SameDevice,
}

impl FollowUpKind {
    /// All kinds, the most urgent first.
    pub const BY_URGENCY: [Self; 10] = [
        Self::ActiveAgain,
        Self::InactiveAgain,
        Self::SameDevice,
        Self::Agreement,
        Self::Billing,
        Self::Ticket,
        Self::Child,
        Self::Rmm,
        Self::Unknown,
        Self::StillActive,
    ];

    /// What there is to do about it, above the list of what it concerns.
    pub fn to_do(self) -> &'static str {
        match self {
            Self::ActiveAgain => "Active again, find out who or what switched it back",
            Self::InactiveAgain => "Inactive again, find out who or what switched it back",
            Self::SameDevice => "New records of the same devices, decide about them",
            Self::Agreement => "End these agreements",
            Self::Billing => "Still billed, take them off",
            Self::Ticket => "Open tickets, close or move them",
            Self::Child => "Active children, decide about them",
            Self::Rmm => "Still in the RMM, remove the agents and stop the sync",
            Self::Unknown => "Could not be read, look for yourself",
            Self::StillActive => "Still active",
        }
    }
}

impl From<LinkKind> for FollowUpKind {
    fn from(kind: LinkKind) -> Self {
        match kind {
            LinkKind::Billing => Self::Billing,
            LinkKind::Tickets => Self::Ticket,
            LinkKind::Children => Self::Child,
            LinkKind::Rmm => Self::Rmm,
        }
    }
}
