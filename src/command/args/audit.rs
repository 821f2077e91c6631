//! The arguments of `mothball audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check that no record of any run was edited, removed, inserted or cut off
    Verify(Verify),
    /// Write what was done to every configuration, for the people who ask: one line each
    Export(Export),
    /// Remove runs that are older than store.retention_days; tells what would go, and goes on only with --yes
    Prune(Prune),
}

#[derive(Debug, Clone, Args)]
#[command(after_help = examples::AUDIT_VERIFY)]
pub struct Verify {
    /// Only what concerns these runs
    #[arg(value_name = "RUN_ID")]
    pub runs: Vec<String>,
    /// A report, or a directory that is searched for reports (repeatable)
    #[arg(long = "report", value_name = "FILE|DIR")]
    pub reports: Vec<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = examples::AUDIT_EXPORT)]
pub struct Export {
    /// Since a day (2026-01-31), a moment (2026-01-31T12:00:00Z), or so long ago (30d, 12h, 3 months)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Until the end of a day, until a moment, or until so long ago
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Only this tenant, by its id or name
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Only this client (repeatable)
    #[arg(long, value_name = "ID")]
    pub client_id: Vec<String>,
    /// JSON, one object a line, or CSV
    #[arg(long, value_enum, value_name = "FORM", default_value = "jsonl")]
    pub format: Form,
    /// File for the lines [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Jsonl,
    Csv,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = examples::AUDIT_PRUNE)]
pub struct Prune {
    /// Remove them
    #[arg(long)]
    pub yes: bool,
    /// Where what is removed is written first [default: pruned/ in the data directory]
    #[arg(long, value_name = "FILE")]
    pub archive: Option<PathBuf>,
}
