//! What the screen may ask for. `command/review.rs` answers with the real thing, tests with a script.

mod files;
mod hold;
mod news;
mod past;
mod plan;
mod view;

use std::{collections::BTreeSet, path::PathBuf};

use async_trait::async_trait;
use tokio::sync::mpsc;

pub use self::{
    files::{Completion, SaveError, SaveRequest, Saved},
    hold::{Hold, HoldRequest},
    news::{Again, ClientRead, Control, Ending, LinksRead, LoadNews, Row, RunNews},
    past::{PastRun, Recheck},
    plan::{Confirm, Draft, Estimate, Pace, Parked, PlanView, Pool, UndoDraft},
    view::{KeptColumn, View},
};
use crate::domain::{ClientId, ConfigId, RunId, Timestamp, document::Report, tenant::Nouns};

/// Everything that lies behind the screen. Calls run in tasks of their own and never block a frame.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// What is known before anything was loaded.
    fn setting(&self) -> Setting;

    /// The time, for ages and rates.
    fn now(&self) -> Timestamp;

    /// Reads offboarded clients and their configurations; what arrives is told to `news`.
    async fn load(&self, news: mpsc::Sender<LoadNews>) -> Result<(), Trouble>;

    /// Reads one client of that list again: whether it still counts as offboarded, and its configurations.
    async fn load_client(&self, client: ClientId) -> Result<ClientRead, Trouble>;

    /// Reads what still hangs on the configurations of these clients, and their signs of life.
    async fn read_links(&self, clients: Vec<ClientId>) -> Result<Vec<LinksRead>, Trouble>;

    /// The exact plan for a selection: re-read, judged, with digest. Nothing is written.
    async fn plan(&self, draft: Draft) -> Result<PlanView, Trouble>;

    /// Approves this plan in the operator's name and starts it. News come until the run has ended.
    async fn start(&self, digest: String, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble>;

    /// Tells a run; one that another process is at work on is told through the store.
    async fn control(&self, run: RunId, control: Control) -> Result<(), Trouble>;

    /// A new plan for what failed, with the run as its parent.
    async fn plan_retry(&self, run: RunId) -> Result<PlanView, Trouble>;

    /// Stores this plan as a run that waits for approval. Nothing is written to the PSA.
    async fn park(&self, digest: String) -> Result<Parked, Trouble>;

    /// The plan of a stored run, as it was kept: of one that waits for approval or was interrupted.
    async fn stored_plan(&self, run: RunId) -> Result<PlanView, Trouble>;

    /// Approves exactly these items of the parked plan with this digest, in the operator's name, and starts it.
    async fn approve(
        &self,
        run: RunId,
        digest: String,
        items: BTreeSet<ConfigId>,
        news: mpsc::Sender<RunNews>,
    ) -> Result<RunId, Trouble>;

    /// Ends a run that waits for approval, for good.
    async fn reject(&self, run: RunId) -> Result<(), Trouble>;

    /// Watches a run that another process is at work on. Nothing is begun by it; news come until that run has ended.
    async fn follow(&self, run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble>;

    /// Goes on with an interrupted run: what was sent is read first.
    async fn resume(&self, run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble>;

    /// A plan that restores what a run changed. It is started like any other, by its digest.
    async fn plan_undo(&self, draft: UndoDraft) -> Result<PlanView, Trouble>;

    /// Looks again at what a run set inactive.
    async fn recheck(&self, run: RunId) -> Result<Recheck, Trouble>;

    /// Keeps a configuration from every run, until it is released or the hold ends.
    async fn hold(&self, wish: HoldRequest) -> Result<Hold, Trouble>;

    async fn release(&self, config_id: ConfigId) -> Result<(), Trouble>;

    /// Saves the report of a run in the form that is wanted. An existing file is kept unless it says otherwise.
    async fn save_report(&self, request: SaveRequest) -> Result<Saved, SaveError>;

    /// What a path that is being typed could become.
    async fn complete_path(&self, typed: String) -> Completion;

    /// Earlier runs, the latest first.
    async fn history(&self) -> Result<Vec<PastRun>, Trouble>;

    /// What happened in a run, line by line, and why it is where it is.
    async fn story(&self, run: RunId) -> Result<Vec<String>, Trouble>;

    /// The report of an earlier run.
    async fn report(&self, run: RunId) -> Result<Report, Trouble>;

    /// Keeps how Review is looked at for the next time. What a later call gave is never replaced by an earlier one.
    async fn remember(&self, serial: u64, view: View);

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
    pub require_reason: bool,
    /// The criteria in one phrase, for an empty list.
    pub criteria: String,
    pub preselect: Preselect,
    /// Who is kept apart by the locks of a run, such as `the data directory … on this computer`.
    pub lock_covers: String,
    /// How Review was looked at the last time.
    pub view: Option<View>,
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

/// One line of the log view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: LogLevel,
    pub text: String,
}

/// How much a line of the log matters, the least first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    #[default]
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    pub fn words(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Something a person must read, with what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub message: String,
    pub advice: String,
}
