//! The arguments of `mothball runs export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::export::{Audience, Form};

#[derive(Debug, Clone, Args)]
pub struct ExportRun {
    /// The run; `mothball runs list` lists them
    pub id: String,
    /// File, or a directory for one document per client and (internal) the joint one [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,
    /// How it is written [default: as the file's ending says, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<Format>,
    /// Who is to read it
    #[arg(long, value_enum, value_name = "WHO", default_value = "internal")]
    pub audience: Eyes,
    /// Of a run over several clients, only this one's part
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Json,
    Csv,
    Markdown,
    Html,
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Markdown => Self::Markdown,
            Format::Html => Self::Html,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Eyes {
    Internal,
    Client,
}

impl From<Eyes> for Audience {
    fn from(eyes: Eyes) -> Self {
        match eyes {
            Eyes::Internal => Self::Internal,
            Eyes::Client => Self::Client,
        }
    }
}
