//! The arguments of `mothball store`.

use clap::{Args, Subcommand};

use super::examples;

#[derive(Debug, Subcommand)]
pub enum Store {
    /// Make the tables of the database that store.url names, or bring them into the form of this version
    #[command(after_help = examples::STORE_MIGRATE)]
    Migrate,
    /// Copy all runs and all else that is kept into a store that is empty
    Copy(Copy),
}

#[derive(Debug, Clone, Args)]
#[command(after_help = examples::STORE_COPY)]
pub struct Copy {
    /// What is copied: a data directory, or the address of a database [default: --data-dir]
    #[arg(long, value_name = "DIR|URL")]
    pub from: Option<String>,
    /// Where to [default: store.url of the settings]
    #[arg(long, value_name = "DIR|URL")]
    pub to: Option<String>,
}
