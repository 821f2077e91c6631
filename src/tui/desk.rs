//! What the screen may ask for. `command/review.rs` answers with the real thing, tests with a script.

use std::{collections::BTreeSet, path::PathBuf};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::domain::{
    Client, ClientId, ConfigId, Configuration, Links, Phase, Plan, RunId, RunState, SignOfLife, Stamped,
    Tenant, Timestamp,
    client::Offboarded,
    document::{Coverage, Report},
    event::Notice,
    survey::Survey,
    tenant::Nouns,
};

/// Everything that lies behind the screen. Calls run in tasks of their own and never block a frame.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// What is known before anything was loaded.
    fn setting(&self) -> Setting;

    /// The time, for ages and rates.
    fn now(&self) -> Timestamp;

    /// Reads offboarded clients and their configurations; what arrives is told to `news`.
    async fn load(&self, news: mpsc::Sender<LoadNews>) -> Result<(), Trouble>;

    /// Reads what still hangs on the configurations of these clients, and their signs of life.
    async fn read_links(&self, clients: Vec<ClientId>) -> Result<Vec<LinksRead>, Trouble>;

    /// The exact plan for a selection: re-read, judged, with digest. Nothing is written.
    async fn plan(&self, draft: Draft) -> Result<PlanView, Trouble>;

    /// Approves this plan in the operator's name and starts it. News come until the run has ended.
    async fn start(&self, digest: String, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble>;

    async fn control(&self, run: RunId, control: Control) -> Result<(), Trouble>;

    /// A new plan for what failed, with the run as its parent.
    async fn plan_retry(&self, run: RunId) -> Result<PlanView, Trouble>;

    /// Saves the report of a run that has ended. An existing file is kept unless `overwrite`.
    async fn save_report(&self, run: RunId, path: PathBuf, overwrite: bool) -> Result<PathBuf, SaveError>;

    /// Earlier runs, the latest first.
    async fn history(&self) -> Result<Vec<PastRun>, Trouble>;

    /// The report of an earlier run.
    async fn report(&self, run: RunId) -> Result<Report, Trouble>;

    /// The last lines of the log, oldest first.
    fn log(&self) -> Vec<LogLine>;
}

/// Which PSA, which profile, and what binds this session.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub mode: Mode,
    pub profile: String,
    pub nouns: Nouns,
    pub operator: String,
    /// More changes than this want a confirmation that names the profile too.
    pub max_changes: u64,
    pub require_ticket: bool,
    /// The criteria in one phrase, for an empty list.
    pub criteria: String,
    pub preselect: Preselect,
    /// Where `s` saves unless told otherwise.
    pub report_folder: PathBuf,
    /// Warnings about the settings, such as a secret in plain text.
    pub warnings: Vec<String>,
}

/// What the banner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Demo,
    /// The settings forbid every write.
    DryRun,
    Live,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preselect {
    #[default]
    None,
    Unlinked,
    All,
}

/// What arrives while loading.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadNews {
    Tenant(Tenant),
    Clients(Vec<Offboarded>),
    /// Rows of one page; they may be shown, and cannot be planned before the listing is complete.
    Rows(Vec<Row>),
    /// Everything is here and proven complete.
    Complete {
        as_of: Timestamp,
        coverage: Coverage,
    },
    Notice(Notice),
}

/// One configuration, and why it cannot be ticked, if it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub configuration: Configuration,
    pub locked: Option<String>,
}

/// The links of one client's configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinksRead {
    pub client: ClientId,
    pub links: Vec<(ConfigId, Links)>,
    pub signs_of_life: Vec<SignOfLife>,
}

/// What the technician wants planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub ticked: BTreeSet<ConfigId>,
    pub reason: Option<String>,
    pub ticket: Option<String>,
    /// Plan and report, but write nothing.
    pub dry_run: bool,
}

/// What the Plan shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanView {
    pub plan: Plan,
    pub digest: String,
    /// Clients with reasons and signs of life, and every configuration with what is left out and why.
    pub survey: Survey,
    pub dry_run: bool,
    pub estimate: Estimate,
    pub warnings: Vec<String>,
    /// Why it may not start at all.
    pub refused: Vec<String>,
    /// What must be typed to start it.
    pub confirm: Confirm,
}

impl PlanView {
    /// The client of an item, as surveyed.
    pub fn client(&self, id: &ClientId) -> Option<&Client> {
        self.survey
            .clients
            .iter()
            .filter_map(|client| client.offboarded.as_ref())
            .map(|offboarded| &offboarded.client)
            .find(|client| client.id == *id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub requests: u64,
    pub seconds: f64,
    /// What it takes of the requests that the PSA's users have together, where the PSA tells.
    pub pool: Option<Pool>,
}

/// Shares of the requests that everything which calls a PSA has together in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pool {
    /// What this work takes.
    pub takes: f64,
    /// What is used already, by whomever.
    pub used: f64,
    pub window_seconds: u32,
}

/// What must be typed before anything is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// The client's id or its name.
    Client { id: ClientId, name: String },
    /// The number of configurations.
    Count(u64),
    /// The number, a blank, and the profile's name.
    CountAndProfile { count: u64, profile: String },
}

impl Confirm {
    pub fn accepts(&self, typed: &str) -> bool {
        let typed = typed.trim();
        match self {
            Self::Client { id, name } => {
                typed == id.as_str()
                    || (!name.trim().is_empty() && crate::domain::text::same_name(typed, name))
            }
            Self::Count(count) => typed == count.to_string(),
            Self::CountAndProfile { count, profile } => typed == format!("{count} {profile}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    Pause,
    Resume,
    /// Takes nothing new, lets what is in flight end.
    Cancel,
    /// Starts nothing more and settles what was sent.
    Stop,
}

/// What arrives while a run goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum RunNews {
    Events(Vec<Stamped>),
    /// The whole state, after this listener lagged.
    State(Box<RunState>),
    Notice(Notice),
    Ended(Box<Ending>),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub report: Report,
    /// Where the report lies; the error if it could not be saved.
    pub saved: Result<PathBuf, String>,
    /// The command that resumes an interrupted run.
    pub resume: Option<String>,
}

/// One line of History.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    pub run: RunId,
    pub started_at: Timestamp,
    pub phase: Phase,
    pub summary: String,
    pub dry_run: bool,
}

/// One line of the log view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: String,
    pub text: String,
}

/// Something a person must read, with what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub message: String,
    pub advice: String,
}

/// Why a report was not saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveError {
    Exists(PathBuf),
    Failed(Trouble),
}
