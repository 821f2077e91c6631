//! Parses arguments and hands over to a command; nothing else.

use std::process::ExitCode;

use clap::Parser;
use mothball::{command, system::process::exit_status};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = command::args::Cli::parse();
    // All that any command keeps across its waits, on the heap instead of the stack.
    exit_status(Box::pin(command::execute(cli)).await.number())
}
