//! `mothball review`: the screen on the real PSA.

use std::sync::Arc;

use super::{
    args::{Global, Screen, When},
    context::Context,
    desk::RealDesk,
    print::{self, Failure},
};
use crate::{
    domain::ExitCode,
    system::{environment, process, signals::{Stop, Stops}},
    tui::{
        self,
        desk::{Mode, Setting},
    },
};

pub async fn review(global: &Global, screen: &Screen) -> Result<ExitCode, Failure> {
    let context = Context::open(global, true).await?;
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
    if !print::stdout_is_terminal() {
        return Err(Failure::usage(
            "the screen needs a terminal",
            "Use `mothball run` where there is none.",
        ));
    }
    let setting = setting(&context, mode);
    let desk = Arc::new(RealDesk::new(context, setting));
    let (stop, stopped) = tokio::sync::watch::channel(None);
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let listening = tokio::spawn(async move {
        loop {
            let wish = stops.next().await;
            stop.send_replace(Some(wish.words().to_owned()));
            if STOPPED.set(wish).is_err() {
                tracing::info!("asked to stop again");
            }
        }
    });
    let options = tui::Options {
        no_color: global.color == When::Never || (global.color == When::Auto && environment::no_color()),
        theme: screen.theme.clone(),
        ascii: screen.ascii,
        mouse: !screen.no_mouse,
        suspend: process::suspend,
        stop: stopped,
    };
    let left = tui::run(desk, options).await;
    listening.abort();
    let left = left.map_err(|error| Failure::usage(error.to_string(), "Try another terminal, or `mothball run`."))?;
    for line in left.lines {
        print::out(&format!("{}\n", crate::domain::text::visible(&line)));
    }
    Ok(match STOPPED.get() {
        None => ExitCode::Success,
        Some(Stop::Hangup) => ExitCode::Hangup,
        Some(Stop::Interrupt) => ExitCode::Interrupted,
        Some(Stop::Terminate) => ExitCode::Terminated,
    })
}

/// The first signal that ended the screen.
static STOPPED: std::sync::OnceLock<Stop> = std::sync::OnceLock::new();

fn setting(context: &Context, mode: Mode) -> Setting {
    let profile = &context.engine.profile;
    Setting {
        mode,
        profile: profile.name.clone(),
        nouns: context.engine.psa.nouns(),
        operator: context.operator.clone(),
        max_changes: profile.safeguards.max_changes,
        require_ticket: profile.safeguards.require_ticket,
        criteria: profile.criteria.to_string(),
        preselect: context.settings.review.preselect,
        report_folder: context.report_folder(),
        warnings: context.settings.warnings.clone(),
    }
}
