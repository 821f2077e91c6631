//! A run without a screen, from its start to its report: shared by `run`, `runs approve` and
//! `runs resume`.

use super::{
    args::Output,
    context::Context,
    deliver::deliver,
    print::Failure,
    progress::{Style, follow},
};
use crate::{
    domain::{ExitCode, Phase, text::count},
    engine::{Control, Controller, Engine, Finished, RunHandle},
    report,
    system::signals::{Stop, Stops},
};

/// Follows a run to its end. Signals end it in good order.
pub async fn see_through(
    engine: &Engine,
    style: Style,
    handle: RunHandle,
    stops: &mut Stops,
) -> (Finished, Option<Stop>) {
    let notices = engine.psa.notices();
    let shown = follow(style, handle.run.clone(), handle.feed.clone(), notices, engine.clock.clone());
    let controller = handle.controller();
    let run = handle.run.clone();
    let ended = handle.wait();
    tokio::pin!(ended);
    let mut stopped = None;
    let finished = loop {
        tokio::select! {
            finished = &mut ended => break finished,
            stop = stops.next() => obey(stop, &mut stopped, &controller),
        }
    };
    // The teller ends by itself once the run has; a panic in it changes nothing about the run.
    shown.await.ok();
    if finished.state.phase == Phase::Interrupted {
        style.tell("interrupted", &format!("interrupted; resume with: mothball runs resume {run}"));
    }
    (finished, stopped)
}

/// Says which run waits, and what to do about it.
pub fn tell_parked(style: Style, parked: &Finished) {
    let run = &parked.header.run;
    let Some(plan) = &parked.plan else { return };
    for why in &parked.state.warnings {
        style.tell("warning", why);
    }
    style.tell(
        "parked",
        &format!(
            "run {run} waits for approval of {} until {}; plan digest {}\n  approve it with: mothball runs approve {run} [--only ID,… | --except ID,…]\n  or end it with:  mothball runs reject {run}",
            count(plan.items().len(), "change", "changes"),
            plan.head().expires_at.minutes(),
            plan.digest(),
        ),
    );
}

/// The first signal lets what is in flight end; the second starts nothing more at all.
fn obey(stop: Stop, stopped: &mut Option<Stop>, controller: &Controller) {
    controller.send(if stopped.is_some() { Control::Abort } else { Control::Interrupt });
    stopped.get_or_insert(stop);
}

/// Tells what went wrong, hands the report over, and says how to end.
pub async fn conclude(
    context: &Context,
    output: &Output,
    style: Style,
    finished: &Finished,
    stopped: Option<Stop>,
) -> Result<ExitCode, Failure> {
    let report = report::build(&report::Source {
        header: &finished.header,
        survey: &finished.survey,
        plan: finished.plan.as_ref(),
        state: &finished.state,
        journal_head: finished.journal_head.as_deref(),
        now: context.engine.now(),
    });
    let of_clients = finished.survey.clients.iter().flat_map(|client| &client.problems);
    for problem in finished.survey.problems.iter().chain(&finished.state.problems).chain(of_clients) {
        style.tell("problem", &format!("{}: {}", problem.code, problem.message));
    }
    let mut code = report::verdict(&finished.survey, &finished.state);
    // A signal that came after the end changes nothing about it.
    if let Some(stop) = stopped.filter(|_| finished.state.phase == Phase::Interrupted) {
        code = match stop {
            Stop::Hangup => ExitCode::Hangup,
            Stop::Interrupt => ExitCode::Interrupted,
            Stop::Terminate => ExitCode::Terminated,
        };
    }
    let delivered = deliver(context, &report, output.output.as_deref()).await;
    Ok(delivered.err().map_or(code, |failure| code.worst(failure.told())))
}
