//! The arguments of `mothball serve` and `mothball tokens`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::examples;

/// What is not said here the settings say, under `[serve]`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Where to listen [default: serve.listen of the settings, else 127.0.0.1:7878]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// A name that the server is called by, besides its address (repeatable) [default: serve.hosts]
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// The certificate for TLS, with its chain, in PEM form [default: serve.tls_certificate]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of the certificate, in PEM form [default: serve.tls_key]
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// A proxy stands before it, does TLS, and tells in X-Forwarded-For who calls
    #[arg(long)]
    pub behind_proxy: bool,
    /// Runs that go on at the same time [default: serve.workers, else 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub workers: Option<u32>,
    /// Print the OpenAPI document of the API, and end
    #[arg(long)]
    pub print_openapi: bool,
}

#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// Make a token; it is shown once, on standard output, and kept as a hash only
    #[command(after_help = examples::TOKENS_MAKE)]
    Make(MakeToken),
    /// List the tokens, with what they allow and when they were last used
    #[command(after_help = examples::TOKENS_LIST)]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a token worthless, from now on
    #[command(after_help = examples::TOKENS_REVOKE)]
    Revoke {
        /// Its id; `mothball tokens list` lists them
        id: String,
    },
}

#[derive(Debug, Clone, Args)]
#[command(after_help = examples::TOKENS_MAKE)]
pub struct MakeToken {
    /// Whose it is; the name stands in the journal, and `four_eyes` goes by it
    pub name: String,
    /// What it allows (repeatable; none includes another)
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
    pub scopes: Vec<TokenScope>,
    /// The last day on which it works, as 2026-12-31 [default: no end]
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum TokenScope {
    /// Look at runs and reports
    Read,
    /// Start, resume, undo and cancel runs
    Trigger,
    /// Approve and reject runs
    Approve,
}
