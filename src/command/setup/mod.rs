//! `mothball setup`, and what `mothball` shows where there are no settings yet.
//!
//! `desk` is what the screen may ask for, `profile` turns what was typed into a profile, `keep` stores secrets and the
//! file, `plain` asks the same line by line.

mod desk;
mod keep;
mod plain;
mod profile;
mod words;

use std::sync::Arc;

use clap::Parser;

use super::{
    args::{self, Cli, Command, Global, Screen},
    demo::demo,
    look,
    print::{self, Failure},
    review,
};
use crate::{
    domain::ExitCode,
    settings::Settings,
    tui::{
        StopSignal, TuiError,
        setup::{self, Leave},
    },
};
use desk::RealSetupDesk;

pub async fn setup(global: &Global, args: &args::Setup) -> Result<ExitCode, Failure> {
    if !print::stdin_is_terminal() || !print::stdout_is_terminal() {
        return Err(Failure::usage(
            "setup asks questions, so it needs a terminal",
            "Without one, copy config.example.toml to the settings file's place and fill it in; `mothball doctor` tests it.",
        ));
    }
    let desk = RealSetupDesk::open(global, false).await?;
    if args.screen.plain {
        return plain::ask(&desk).await;
    }
    show(desk, global, &args.screen).await
}

/// There are no settings, and a person is here: the demo, the setup, or nothing.
pub async fn first_start(global: &Global, screen: &Screen) -> Result<ExitCode, Failure> {
    let desk = RealSetupDesk::open(global, true).await?;
    if screen.plain {
        return plain::ask(&desk).await;
    }
    show(desk, global, screen).await
}

async fn show(desk: RealSetupDesk, global: &Global, screen: &Screen) -> Result<ExitCode, Failure> {
    // A file that is wrong is what the setup is for: it looks as it does without one.
    let settings = Settings::load(global.config.as_deref()).ok();
    let settings = settings.filter(|settings| look::keymap(settings).is_ok());
    let (options, listening) = review::options(settings.as_ref(), global, screen)?;
    let left = Box::pin(setup::run(Arc::new(desk), options)).await;
    listening.abort();
    let left = left.map_err(|error| {
        let code = if matches!(error, TuiError::Panicked) { ExitCode::Panic } else { ExitCode::Usage };
        Failure { code, message: error.to_string(), advice: String::new() }
    })?;
    match left {
        Leave::Quit { written } => {
            if !written {
                print::tell(
                    "nothing was saved; `mothball setup` begins again, `mothball demo` needs no settings",
                );
            }
            Ok(ExitCode::Success)
        }
        Leave::Demo { psa } => demo(global, &the_demo(psa, screen)?).await,
        Leave::Review { profile } => {
            let global = Global { profile: Some(profile), ..global.clone() };
            Box::pin(review::review(&global, screen)).await
        }
        Leave::Stopped(StopSignal::Hangup) => Ok(ExitCode::Hangup),
        Leave::Stopped(StopSignal::Interrupt) => Ok(ExitCode::Interrupted),
        Leave::Stopped(StopSignal::Terminate) => Ok(ExitCode::Terminated),
    }
}

/// The demo as the command line would give it.
fn the_demo(psa: &str, screen: &Screen) -> Result<args::Demo, Failure> {
    let cli = Cli::try_parse_from(["mothball", "demo", "--psa", psa])
        .map_err(|error| Failure::usage(error.to_string(), ""))?;
    match cli.command {
        Some(Command::Demo(demo)) => Ok(args::Demo { screen: screen.clone(), ..demo }),
        _ => Err(Failure::usage("the demo cannot be started from here", "Run `mothball demo`.")),
    }
}
