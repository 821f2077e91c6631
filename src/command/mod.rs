//! One file per subcommand. This is the composition root: parts are built and joined here, and only
//! here is anything printed.

pub mod args;
mod completions;
mod context;
mod deliver;
mod demo;
mod desk;
mod doctor;
mod print;
mod progress;
mod review;
mod run;
mod runs;
mod simulate;

use args::{Cli, Command, Global, Screen};

use crate::{
    domain::ExitCode,
    telemetry::{self, Verbosity},
};

/// Does what the command line says.
pub async fn execute(cli: Cli) -> ExitCode {
    let Cli { global, command } = cli;
    let command = command.unwrap_or_else(|| Command::Review(Screen::default()));
    let done = match &command {
        Command::Completions { shell } => Ok(completions::completions(*shell)),
        Command::Man => completions::man(),
        Command::Simulate(args) => simulate::simulate(args).await,
        Command::Review(screen) => match log(&global, true) {
            Ok(_log) => review::review(&global, screen).await,
            Err(failure) => Err(failure),
        },
        Command::Demo(demo) => match log(&global, true) {
            Ok(_log) => demo::demo(&global, demo).await,
            Err(failure) => Err(failure),
        },
        Command::Run(args) => match log(&global, false) {
            Ok(_log) => run::run(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Runs(args) => match log(&global, false) {
            Ok(_log) => runs::runs(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Doctor => match log(&global, false) {
            Ok(_log) => doctor::doctor(&global).await,
            Err(failure) => Err(failure),
        },
    };
    done.unwrap_or_else(print::Failure::told)
}

/// Starts the log. What it returns must live as long as the command.
fn log(global: &Global, screen: bool) -> Result<telemetry::Running, print::Failure> {
    let folder = context::data_dir(global)?;
    let verbosity = Verbosity { verbose: global.verbose, quiet: global.quiet };
    telemetry::start(&folder, verbosity, screen).map_err(|error| {
        print::Failure::usage(
            format!("the log file cannot be written: {error}"),
            "Name another folder with --data-dir, or make this one writable.",
        )
    })
}
