//! The arguments of `mothball schedules`.

use clap::{Args, Subcommand};

use super::examples;

#[derive(Debug, Subcommand)]
pub enum Schedules {
    /// List the schedules of the settings, with their next times and the last run of each
    #[command(after_help = examples::SCHEDULES_LIST)]
    List(List),
}

#[derive(Debug, Clone, Args)]
pub struct List {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// How many of the next times
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub times: u16,
}
