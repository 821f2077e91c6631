//! Parses arguments and hands over to a command; nothing else.

use std::process::ExitCode;

use clap::Parser;
use mothball::{command, system::process::exit_status};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = command::args::Cli::parse();
    exit_status(command::execute(cli).await.number())
}
