//! The command line, as the contract words it.

use std::path::PathBuf;

mod audit;
mod examples;
mod export_run;
mod schedules;
mod serve;
mod store;
mod webhooks;

pub use audit::{Audit, Export, Form, Prune, Verify};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
pub use export_run::ExportRun;
pub use schedules::{List, Schedules};
pub use serve::{MakeToken, Serve, TokenScope, Tokens};
pub use store::{Copy, Store};
pub use webhooks::{Register, Webhooks};

/// Retire the PSA configurations of offboarded clients: reviewed one by one, applied safely, proven
/// afterwards.
#[derive(Debug, Parser)]
#[command(name = "mothball", version, max_term_width = 100, subcommand_required = false, after_help = examples::PROGRAM)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// The same as `review --plain`
    #[arg(long)]
    pub plain: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Where the options stand in a help text that every command has.
const EVERYWHERE: &str = "Options of every command";

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Settings file [default: the platform's configuration directory, mothball/config.toml]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", env = "MOTHBALL_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Where the store and the log file lie [default: the platform's data directory]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", env = "MOTHBALL_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// Profile to use [default: default_profile of the settings file]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    pub profile: Option<String>,
    /// Log more; twice and three times even more
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = ArgAction::Count)]
    pub verbose: u8,
    /// Log and print less
    #[arg(short, long, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Review configurations on the screen, tick what may go, apply it (this is the default)
    #[command(after_help = examples::REVIEW)]
    Review(Screen),
    /// The screen on a simulated PSA; needs no settings, touches nothing real
    #[command(after_help = examples::DEMO)]
    Demo(Demo),
    /// Ask for a PSA and its credentials, test them, and write the settings file
    #[command(after_help = examples::SETUP)]
    Setup(Setup),
    /// Deactivate without a screen, for scripts and schedules; never asks
    #[command(after_help = examples::RUN)]
    Run(Box<Run>),
    /// Keep configurations from being deactivated, whoever asks, until a day or until `unhold`
    #[command(after_help = examples::HOLD)]
    Hold(Hold),
    /// Take holds away
    #[command(after_help = examples::UNHOLD)]
    Unhold {
        /// Ids of configurations
        #[arg(required = true, value_name = "ID", value_delimiter = ',')]
        ids: Vec<String>,
    },
    /// List the holds in force, with who put them and why
    #[command(after_help = examples::HOLDS)]
    Holds {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at earlier runs; approve, reject, resume, undo or export them
    #[command(subcommand)]
    Runs(Runs),
    /// Check the record of all runs, hand it out, remove what is old
    #[command(subcommand)]
    Audit(Audit),
    /// Look at the runs that `mothball serve` begins by itself
    #[command(subcommand)]
    Schedules(Schedules),
    /// Have the PSA tell of changes: set its webhooks up, list them, take them away
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Make the tables of a team's database, or move what is kept from one store to another
    #[command(subcommand)]
    Store(Store),
    /// Run unattended: an HTTP API, and whatever else sets runs going without a person
    #[command(after_help = examples::SERVE)]
    Serve(Serve),
    /// Make, list and revoke the tokens of those who may call `mothball serve`
    #[command(subcommand)]
    Tokens(Tokens),
    /// Serve a simulated PSA on this computer
    #[command(after_long_help = super::simulate_help::text())]
    Simulate(Simulate),
    /// Check address, sign-in and rights; changes nothing
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Print shell completions
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell that they are for
        shell: Shell,
    },
    /// Print a manual page, or write those of all commands into a folder
    #[command(after_help = examples::MAN)]
    Man {
        /// The command, such as `runs undo` [default: the page of the program]
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
        /// Write the pages of the program and of all its commands here
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Default, Args)]
pub struct Screen {
    /// In plain lines: no boxes, no colour, nothing drawn over (for screen readers)
    #[arg(long)]
    pub plain: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
    /// auto, dark, light, high-contrast, mono, or one of your own by name or file [default: ui.theme of the
    /// settings, else auto; mono with NO_COLOR]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only [default: ui.ascii of the settings, else by the locale]
    #[arg(long)]
    pub ascii: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Setup {
    #[command(flatten)]
    pub screen: Screen,
}

#[derive(Debug, Clone, Args)]
pub struct Demo {
    #[command(flatten)]
    pub screen: Screen,
    #[command(flatten)]
    pub world: World,
}

#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Try a sign-in that was refused moments ago once more, now
    #[arg(long)]
    pub sign_in_again: bool,
}

/// What a simulated PSA is made of.
#[derive(Debug, Clone, Args)]
pub struct World {
    /// Which PSA to simulate
    #[arg(long, value_name = "PSA", default_value = "connectwise")]
    pub psa: String,
    /// The same seed makes the same data
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Clients to make
    #[arg(long, value_name = "C", default_value_t = 40)]
    pub clients: usize,
    /// Configurations to make, in all
    #[arg(long, value_name = "M", default_value_t = 600)]
    pub configurations: usize,
    /// Milliseconds before each answer
    #[arg(long, value_name = "L", default_value_t = 0)]
    pub latency_ms: u64,
    /// Faults, such as `429=0.1,reset_after_write=0.05,403@config:55`
    #[arg(long, value_name = "LIST", default_value = "")]
    pub faults: String,
    /// A behaviour that is not known for certain, such as `forward_only=false` (repeatable)
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    pub switches: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Simulate {
    #[command(flatten)]
    pub world: World,
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
}

#[derive(Debug, Clone, Args)]
pub struct Run {
    /// A client by its id (repeatable)
    #[arg(long, value_name = "ID")]
    pub client_id: Vec<String>,
    /// A client by its exact name, apart from case and outer space (repeatable)
    #[arg(long, value_name = "NAME")]
    pub client_name: Vec<String>,
    /// Every client that counts as offboarded
    #[arg(long, conflicts_with_all = ["client_id", "client_name"])]
    pub all: bool,
    /// Statuses that count as offboarded, instead of the profile's (repeatable)
    #[arg(long, value_name = "S")]
    pub offboarded_status: Vec<String>,
    /// Look and report, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Park the run until a person approves it
    #[arg(long)]
    pub require_approval: bool,
    /// List and count configurations that are inactive already
    #[arg(long)]
    pub include_archived: bool,
    /// Take configurations whose active mark and status disagree
    #[arg(long)]
    pub include_mixed: bool,
    /// Do not read what is still linked; it is reported as unknown
    #[arg(long)]
    pub no_links: bool,
    /// A person watches this run
    #[arg(long, conflicts_with = "unattended")]
    pub attended: bool,
    /// Nobody watches this run
    #[arg(long)]
    pub unattended: bool,
    /// Why, for the journal and the report
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The ticket this belongs to
    #[arg(long, value_name = "ID")]
    pub ticket: Option<String>,
    /// On whose behalf
    #[arg(long, value_name = "WHO")]
    pub requested_by: Option<String>,
    /// Only configurations of this type; * stands for any text (repeatable)
    #[arg(long = "type", value_name = "T")]
    pub types: Vec<String>,
    /// Only configurations of this site; * stands for any text (repeatable)
    #[arg(long = "site", value_name = "S")]
    pub sites: Vec<String>,
    /// Only this configuration (repeatable)
    #[arg(long = "config-id", value_name = "ID")]
    pub config_ids: Vec<String>,
    /// The first N clients, by id, that have something to change
    #[arg(long, value_name = "N")]
    pub limit_clients: Option<std::num::NonZeroUsize>,
    /// Allow this many changes, instead of the settings' limit
    #[arg(long, value_name = "N")]
    pub max_changes: Option<u64>,
    #[command(flatten)]
    pub output: Output,
}

/// Where the report goes, and how progress is told.
#[derive(Debug, Clone, Args)]
pub struct Output {
    /// Report file, or a directory for one document per client and the joint one [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,
    /// Progress on standard error: a bar on a terminal, JSON lines, or nothing
    #[arg(long, value_enum, value_name = "HOW", default_value = "auto")]
    pub progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    Auto,
    Never,
    Json,
}

#[derive(Debug, Clone, Args)]
pub struct Hold {
    /// Ids of configurations, as the PSA numbers them
    #[arg(required = true, value_name = "ID", value_delimiter = ',')]
    pub ids: Vec<String>,
    /// The last day of the hold in UTC, such as 2026-12-31 [default: until it is taken away]
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Why it must stay; reports quote it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Which items of a plan are approved.
#[derive(Debug, Clone, Args)]
pub struct Approve {
    /// The run that waits
    pub id: String,
    /// Only these configurations of the plan; the others are skipped as not selected
    #[arg(long, value_name = "ID", value_delimiter = ',', conflicts_with = "except")]
    pub only: Vec<String>,
    /// All of the plan but these configurations
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub except: Vec<String>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// List earlier runs, the latest first
    #[command(after_help = examples::RUNS_LIST)]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Tell what happened in one run
    #[command(after_help = examples::RUNS_SHOW)]
    Show {
        /// The run; `mothball runs list` lists them
        id: String,
        /// Read what it changed once more from the PSA, and tell what did not stay so
        #[arg(long)]
        recheck: bool,
    },
    /// Go on with an interrupted run: what was sent is read first, nothing is sent twice
    #[command(after_help = examples::RUNS_RESUME)]
    Resume(Resume),
    /// Set back to what it was what a run set inactive; others' later changes are left alone and named
    Undo(Undo),
    /// Approve a run that waits for it, all of it or a part, and apply what was approved
    #[command(after_help = examples::RUNS_APPROVE)]
    Approve(Approve),
    /// End a run that waits for approval; nothing is changed
    #[command(after_help = examples::RUNS_REJECT)]
    Reject {
        /// The run that waits; `mothball runs list` lists them
        id: String,
    },
    /// Write the report of one run as JSON, CSV, Markdown or HTML, for the house or for the client
    #[command(after_help = examples::RUNS_EXPORT)]
    Export(ExportRun),
}

#[derive(Debug, Clone, Args)]
pub struct Resume {
    /// The run; `mothball runs list` lists them
    #[arg(required_unless_present = "all")]
    pub id: Option<String>,
    /// Every run that was interrupted, one after the other; nothing to resume is a success
    #[arg(long, conflicts_with = "id")]
    pub all: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = examples::RUNS_UNDO)]
pub struct Undo {
    /// The run to undo; `mothball runs list` lists them
    #[arg(required_unless_present = "client_id")]
    pub id: Option<String>,
    /// Everything that any run set inactive for this client and nothing restored since
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    pub client_id: Option<String>,
    /// Only these configurations, by id (separated by commas, or repeated)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Look and report, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Park the undo until a person approves it
    #[arg(long)]
    pub require_approval: bool,
    /// Why, for the journal and the report
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The ticket this belongs to [default: that of the run]
    #[arg(long, value_name = "ID")]
    pub ticket: Option<String>,
    /// On whose behalf
    #[arg(long, value_name = "WHO")]
    pub requested_by: Option<String>,
    #[command(flatten)]
    pub output: Output,
}
