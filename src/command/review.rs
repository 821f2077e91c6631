//! `mothball review`: the screen on the real PSA.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{
    args::{Global, Screen},
    context::{self, Context},
    desk::RealDesk,
    look,
    print::{self, Failure},
    setup,
    views::Views,
};
use crate::{
    domain::ExitCode,
    settings::{self, Settings, SettingsError},
    system::{
        clipboard, environment, process,
        signals::{Stop, Stops},
    },
    tui::{
        self, LastRun, Leave, StopSignal, TuiError,
        desk::{Mode, Preselect, Setting},
    },
};

pub async fn review(global: &Global, screen: &Screen) -> Result<ExitCode, Failure> {
    if is_first_start(global) {
        return setup::first_start(global, screen).await;
    }
    let settings = context::load_settings(global)?;
    let mut global = global.clone();
    if global.profile.is_none() && settings.default_profile.is_none() && settings.profiles.len() > 1 {
        // Nothing says which one: the one that was looked at last, if it is still there.
        let last = Views::in_folder(&context::data_dir(&global)?).last_profile();
        global.profile = last.filter(|name| settings.profiles.contains_key(name));
    }
    let global = &global;
    let context = Context::with_settings(settings, global, true).await?;
    let mode = if context.settings.safeguards.dry_run { Mode::DryRun } else { Mode::Live };
    show(context, mode, global, screen).await
}

/// Puts the screen up and waits until it is left.
pub async fn show(
    context: Context,
    mode: Mode,
    global: &Global,
    screen: &Screen,
) -> Result<ExitCode, Failure> {
    if !screen.plain && !print::stdout_is_terminal() {
        let advice = "Use --plain for lines, or `mothball run` where nobody is there.";
        return Err(Failure::usage("the screen needs a terminal", advice));
    }
    let (options, listening) = options(Some(&context.settings), global, screen)?;
    let setting = setting(&context, mode);
    let desk = Arc::new(RealDesk::new(context, setting));
    let left = if screen.plain {
        let options = tui::plain::Options {
            attended: print::stdin_is_terminal(),
            input: Box::new(std::io::stdin()),
            print: Box::new(print::line),
            stop: options.stop,
        };
        tui::plain::run(desk, options).await
    } else {
        // Boxed: its state would make every caller's as large.
        Box::pin(tui::run(desk, options)).await
    };
    listening.abort();
    let left = left.map_err(|error| {
        let code = if matches!(error, TuiError::Panicked) { ExitCode::Panic } else { ExitCode::Usage };
        Failure { code, message: error.to_string(), advice: String::new() }
    })?;
    if let Some(run) = &left.closing().last_run {
        farewell(run);
    }
    Ok(exit_code(&left))
}

/// There is no settings file where one is looked for, and a person is here who can be asked.
fn is_first_start(global: &Global) -> bool {
    let missing = matches!(Settings::load(global.config.as_deref()), Err(SettingsError::NotFound { .. }));
    missing && print::stdin_is_terminal() && print::stdout_is_terminal()
}

/// How the screen shall be, and what listens for the signals that end it.
pub fn options(
    settings: Option<&Settings>,
    global: &Global,
    screen: &Screen,
) -> Result<(tui::Options, JoinHandle<()>), Failure> {
    let home = look::at_home(settings, global, screen)?;
    let (stop, stopped) = tokio::sync::watch::channel(None);
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let listening = tokio::spawn(async move {
        loop {
            let wish = stops.next().await;
            stop.send_replace(Some(signal(wish)));
        }
    });
    let options = tui::Options {
        look: home.look,
        on_light: home.on_light,
        keymap: home.keymap,
        mouse: home.mouse,
        hyperlinks: environment::hyperlinks(),
        clipboard: clipboard::program()
            .map(|program| tui::options::Clipboard { name: program.name, take: program.take }),
        alert: home.alert,
        suspend: process::suspend,
        stop: stopped,
    };
    Ok((options, listening))
}

/// The last lines, once the screen is gone.
fn farewell(run: &LastRun) {
    print::tell(&format!("run {}: {}", run.run, run.phase.words()));
    match &run.report {
        Some(Ok(path)) => print::tell(&format!("report: {}", path.display())),
        Some(Err(error)) => print::tell(&format!(
            "the report could not be saved: {error}\n  mothball runs export {} writes it",
            run.run
        )),
        None => {}
    }
    if let Some(resume) = &run.resume {
        print::tell(&format!("resume it with: {resume}"));
    }
}

fn exit_code(left: &Leave) -> ExitCode {
    match left {
        Leave::Stopped(StopSignal::Hangup, _) => ExitCode::Hangup,
        Leave::Stopped(StopSignal::Interrupt, _) => ExitCode::Interrupted,
        Leave::Stopped(StopSignal::Terminate, _) => ExitCode::Terminated,
        Leave::Quit(closing) => match &closing.last_run {
            Some(run) if run.ended && !run.success => ExitCode::Incomplete,
            _ => ExitCode::Success,
        },
    }
}

fn signal(stop: Stop) -> StopSignal {
    match stop {
        Stop::Hangup => StopSignal::Hangup,
        Stop::Interrupt => StopSignal::Interrupt,
        Stop::Terminate => StopSignal::Terminate,
    }
}

fn setting(context: &Context, mode: Mode) -> Setting {
    let profile = &context.engine.profile;
    Setting {
        mode,
        profile: profile.name.clone(),
        nouns: context.engine.psa.nouns(),
        operator: context.operator.clone(),
        max_changes: profile.safeguards.max_changes,
        require_ticket: profile.safeguards.require_ticket,
        require_reason: profile.safeguards.require_reason,
        criteria: profile.criteria.to_string(),
        preselect: preselect(context.settings.review.preselect),
        view: context.views().view_of(&profile.name),
        lock_covers: context.engine.store.covers(),
        report_folder: context.report_folder(),
        warnings: context.settings.warnings.clone(),
    }
}

fn preselect(wish: settings::Preselect) -> Preselect {
    match wish {
        settings::Preselect::None => Preselect::None,
        settings::Preselect::Unlinked => Preselect::Unlinked,
        settings::Preselect::All => Preselect::All,
    }
}
