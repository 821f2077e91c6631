//! `mothball runs approve` and `runs reject`: what somebody parked is decided about.

use super::super::{
    args::{Approve, Global},
    conduct::{conclude, see_through},
    context::Context,
    deliver::keep,
    print::{self, Failure},
    progress::Style,
};
use crate::{
    domain::{Code, ConfigId, ExitCode, consent::Part},
    report,
    store::StoredRun,
    system::signals::Stops,
};

/// Approves a run and applies what was approved, on the profile that it was planned with unless another is named.
pub async fn approve(global: &Global, run: StoredRun, args: &Approve) -> Result<ExitCode, Failure> {
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let context = open(global, &run).await?;
    let style = Style::chosen(args.output.progress, global.quiet);
    let id = run.header.run.clone();
    match context.engine.approve(run, &part(args), &context.person()).await {
        Ok(handle) => {
            let (finished, stopped) = see_through(&context.engine, style, handle, &mut stops).await;
            conclude(&context, &args.output, style, &finished, stopped).await
        }
        // Its end stands in the journal, and so there is a report of it.
        Err(error) if error.code() == Code::PlanExpired => match context.engine.as_it_ended(&id).await? {
            Some(finished) => conclude(&context, &args.output, style, &finished, None).await,
            None => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Ends a run that waits. Nothing is written to the PSA, and it is not asked anything.
pub async fn reject(global: &Global, run: StoredRun) -> Result<ExitCode, Failure> {
    let context = open(global, &run).await?;
    let finished = context.engine.reject(run, &context.person()).await?;
    let report = report::build(&report::Source {
        header: &finished.header,
        survey: &finished.survey,
        plan: finished.plan.as_ref(),
        state: &finished.state,
        journal_head: finished.journal_head.as_deref(),
        now: context.engine.now(),
    });
    keep(&context, &report).await?;
    print::tell(&format!("run {} is rejected; nothing was changed", finished.header.run));
    Ok(ExitCode::Success)
}

async fn open(global: &Global, run: &StoredRun) -> Result<Context, Failure> {
    let profile = global.profile.clone().or_else(|| Some(run.header.profile.clone()));
    Context::open(&Global { profile, ..global.clone() }, false).await
}

fn part(args: &Approve) -> Part {
    let ids = |list: &[String]| list.iter().map(|id| ConfigId::from(id.trim())).collect();
    match (args.only.is_empty(), args.except.is_empty()) {
        (false, _) => Part::Only(ids(&args.only)),
        (true, false) => Part::Except(ids(&args.except)),
        (true, true) => Part::All,
    }
}
