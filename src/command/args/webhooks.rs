//! `mothball webhooks`: what the PSA tells, and to whom.

use clap::{Args, Subcommand};

use super::examples;

#[derive(Debug, Subcommand)]
pub enum Webhooks {
    /// Set webhooks up at the PSA, as far as its API allows, or say how it is done by hand
    #[command(after_help = examples::WEBHOOKS_REGISTER)]
    Register(Register),
    /// List the webhooks that the PSA has; those of this profile are marked
    #[command(after_help = examples::WEBHOOKS_LIST)]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take away the webhooks that this program made for this profile
    #[command(after_help = examples::WEBHOOKS_REMOVE)]
    Remove {
        /// Only those that go to this address
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Say what would be removed, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Register {
    /// Where the PSA reaches `mothball serve` from outside, such as https://hooks.msp.example
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Only print how it is done by hand, in the PSA's own screens
    #[arg(long)]
    pub steps: bool,
    /// Say what would be made, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}
