//! One file per subcommand. This is the composition root: parts are built and joined here, and only
//! here is anything printed.

pub mod args;
mod audit;
mod completions;
mod conduct;
mod context;
mod deliver;
mod demo;
mod desk;
mod doctor;
mod fold;
mod hold;
mod look;
pub mod print;
mod progress;
mod review;
mod run;
mod runs;
mod schedules;
mod seats;
mod serve;
mod setup;
mod simulate;
mod simulate_help;
mod store;
mod stores;
mod tokens;
mod views;
mod webhooks;

use args::{Cli, Command, Global, Screen};

use crate::{
    domain::ExitCode,
    system::{Clock, signals},
    telemetry::{self, Telemetry, Verbosity},
};

/// Does what the command line says.
pub async fn execute(cli: Cli) -> ExitCode {
    let Cli { global, plain, command } = cli;
    if let Err(error) = signals::survive_file_limit() {
        tracing::debug!(%error, "a limit of the size of files would end the program");
    }
    let command = match command {
        None => Command::Review(Screen { plain, ..Screen::default() }),
        Some(command) if !plain => command,
        Some(command) => match with_plain(command) {
            Ok(command) => command,
            Err(failure) => return failure.told(),
        },
    };
    let done = match &command {
        Command::Completions { shell } => Ok(completions::completions(*shell)),
        Command::Man { command, dir } => completions::man(command, dir.as_deref()),
        Command::Simulate(args) => simulate::simulate(args).await,
        Command::Review(screen) => match log(&global) {
            Ok(_log) => review::review(&global, screen).await,
            Err(failure) => Err(failure),
        },
        Command::Demo(demo) => match log(&global) {
            Ok(_log) => demo::demo(&global, demo).await,
            Err(failure) => Err(failure),
        },
        Command::Setup(args) => match log(&global) {
            Ok(_log) => setup::setup(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Run(args) => match log(&global) {
            Ok(_log) => run::run(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Runs(args) => match log(&global) {
            Ok(_log) => runs::runs(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Audit(args) => match log(&global) {
            Ok(_log) => audit::audit(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Store(args) => match log(&global) {
            Ok(_log) => store::store(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Hold(args) => match log(&global) {
            Ok(_log) => hold::hold(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Unhold { ids } => match log(&global) {
            Ok(_log) => hold::unhold(&global, ids).await,
            Err(failure) => Err(failure),
        },
        Command::Holds { json } => match log(&global) {
            Ok(_log) => hold::holds(&global, *json).await,
            Err(failure) => Err(failure),
        },
        Command::Schedules(args) => match log(&global) {
            Ok(_log) => schedules::schedules(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Webhooks(args) => match log(&global) {
            Ok(_log) => webhooks::webhooks(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Serve(args) => match log_as(&global, true) {
            Ok(_log) => serve::serve(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Tokens(args) => match log(&global) {
            Ok(_log) => tokens::tokens(&global, args).await,
            Err(failure) => Err(failure),
        },
        Command::Doctor(args) => match log(&global) {
            Ok(_log) => doctor::doctor(&global, args).await,
            Err(failure) => Err(failure),
        },
    };
    done.unwrap_or_else(print::Failure::told)
}

/// `mothball --plain demo` means the same as `mothball demo --plain`.
fn with_plain(command: Command) -> Result<Command, print::Failure> {
    match command {
        Command::Review(screen) => Ok(Command::Review(Screen { plain: true, ..screen })),
        Command::Demo(demo) => {
            let screen = Screen { plain: true, ..demo.screen };
            Ok(Command::Demo(args::Demo { screen, ..demo }))
        }
        Command::Setup(setup) => {
            let screen = Screen { plain: true, ..setup.screen };
            Ok(Command::Setup(args::Setup { screen }))
        }
        _ => Err(print::Failure::usage(
            "--plain is for the review, the demo and the setup",
            "Leave it away: this command prints plain lines.",
        )),
    }
}

/// Starts the log.
fn log(global: &Global) -> Result<Telemetry, print::Failure> {
    log_as(global, false)
}

/// Starts the log: `structured` for a server, whose log programs read; what matters in it is on standard error, too.
fn log_as(global: &Global, structured: bool) -> Result<Telemetry, print::Failure> {
    let folder = context::data_dir(global)?;
    let options = telemetry::Options {
        folder: Some(folder.clone()),
        verbosity: Verbosity::of(global.verbose, global.quiet.into()),
        clock: Clock::system(),
        echo: structured.then(|| -> telemetry::Echo { std::sync::Arc::new(|line| print::tell(&line.text)) }),
        structured,
    };
    let telemetry = Telemetry::start(options).map_err(|error| {
        let message = format!("nothing can be written in {}: {error}", folder.display());
        print::Failure::usage(message, "Name another folder with --data-dir, or make this one writable.")
    })?;
    telemetry.watch_panics(print::tell);
    Ok(telemetry)
}
