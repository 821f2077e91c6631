//! `mothball runs resume`: a run that was interrupted goes on.

use std::sync::Arc;

use super::super::{
    args::{Global, Output},
    conduct::{conclude, see_through},
    context::Context,
    deliver::is_folder,
    print::Failure,
    progress::Style,
};
use crate::{
    domain::{ExitCode, Phase},
    engine::EngineError,
    store::{Store, StoredRun},
    system::signals::Stops,
};

/// Goes on with an interrupted run, on the profile that it was started with unless another is named.
pub async fn resume(global: &Global, run: StoredRun, output: &Output) -> Result<ExitCode, Failure> {
    let mut stops = listen()?;
    one(global, run, output, &mut stops).await?.map_err(Failure::from)
}

/// Goes on with every run that was interrupted. One that a living process is at work on needs no help.
pub async fn resume_all(
    global: &Global,
    store: Arc<dyn Store>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let mut runs = Vec::new();
    let mut code = ExitCode::Success;
    for (id, phase) in store.unsettled(None).await? {
        let run = match store.run(&id).await {
            Ok(Some(run)) => run,
            Ok(None) => continue,
            // What is damaged is not gone on with; the others are.
            Err(error) => {
                code = code.worst(Failure::from(error).told());
                continue;
            }
        };
        let wanted = global.profile.as_ref().is_none_or(|profile| *profile == run.header.profile);
        // One that was stopped before anything was planned has nothing to go on with.
        if wanted && run.plan.is_some() && (phase.may_go_on() || phase == Phase::Finished) {
            runs.push(run);
        }
    }
    drop(store);
    let style = Style::chosen(output.progress, global.quiet);
    if runs.is_empty() {
        style.tell("nothing", "nothing to resume");
        return Ok(code);
    }
    if runs.len() > 1 && !output.output.as_deref().is_some_and(is_folder) {
        let ids: Vec<&str> = runs.iter().map(|run| run.header.run.as_str()).collect();
        return Err(Failure::usage(
            format!("{} runs can be resumed, each with a report of its own: {}", runs.len(), ids.join(", ")),
            "Name a directory with --output DIR/, or resume one of them.",
        ));
    }
    let mut stops = listen()?;
    for run in runs {
        let id = run.header.run.clone();
        match one(global, run, output, &mut stops).await? {
            Ok(ended) => code = code.worst(ended),
            Err(EngineError::Locked { held }) => {
                let by = held.first().map(ToString::to_string).unwrap_or_default();
                style.tell("skipped", &format!("run {id} is left to those who are at work on it: {by}"));
            }
            Err(error) => code = code.worst(Failure::from(error).told()),
        }
        // Whoever asked the program to end did not mean this run alone.
        if code.number() > ExitCode::Panic.number() {
            break;
        }
    }
    Ok(code)
}

fn listen() -> Result<Stops, Failure> {
    Stops::listen().map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))
}

async fn one(
    global: &Global,
    run: StoredRun,
    output: &Output,
    stops: &mut Stops,
) -> Result<Result<ExitCode, EngineError>, Failure> {
    let profile = global.profile.clone().or_else(|| Some(run.header.profile.clone()));
    let context = Context::open(&Global { profile, ..global.clone() }, false).await?;
    let style = Style::chosen(output.progress, global.quiet);
    let handle = match context.engine.resume(run).await {
        Ok(handle) => handle,
        Err(error) => return Ok(Err(error)),
    };
    let (finished, stopped) = see_through(&context.engine, style, handle, stops).await;
    conclude(&context, output, style, &finished, stopped).await.map(Ok)
}
