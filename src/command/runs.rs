//! `mothball runs`: what earlier runs did.

use super::{
    args::{Global, Output, Runs},
    conduct::{conclude, see_through},
    context::{Context, data_dir, open_store},
    deliver::hand_over,
    print::{self, Failure},
    progress::Style,
};
use crate::{
    domain::{
        Event, ExitCode, Plan, RunId, RunState, Stamped, Timestamp,
        document::Report,
        text::{harmless_json, visible},
    },
    report,
    store::{RunSummary, StoredRun},
    system::{Clock, signals::Stops},
};

pub async fn runs(global: &Global, args: &Runs) -> Result<ExitCode, Failure> {
    let store = open_store(&data_dir(global)?).await?;
    let broken = |error: crate::store::StoreError| Failure::usage(error.to_string(), error.advice());
    match args {
        Runs::List { json, limit } => {
            let runs = store.runs(*limit).await.map_err(broken)?;
            if *json {
                let list: Vec<_> = runs.iter().map(summary).collect();
                let json = serde_json::to_string_pretty(&list).unwrap_or_default();
                print::out(&format!("{}\n", harmless_json(&json)));
            } else if runs.is_empty() {
                print::tell("no runs yet");
            } else {
                for run in runs {
                    print::out(&format!(
                        "{}  {}  {:18} {:>5} changed {:>5} skipped {:>5} errors  {}{}\n",
                        run.header.run,
                        run.header.started_at.minutes(),
                        run.phase.words(),
                        run.changed(),
                        run.skipped(),
                        run.errors(),
                        visible(&run.header.profile),
                        if run.header.dry_run { "  (dry run)" } else { "" },
                    ));
                }
            }
        }
        Runs::Show { id } => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            show(&run);
        }
        Runs::Resume { id, output } => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            drop(store);
            return resume(global, run, output).await;
        }
        Runs::Export { id, output } => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            let report = report_of(&run)?;
            match output {
                None => print::out(&report::to_json(&report)),
                Some(path) => hand_over(&report, path)
                    .map_err(|error| Failure::usage(error, "Name another place with --output."))?,
            }
        }
    }
    Ok(ExitCode::Success)
}

/// Goes on with an interrupted run, on the profile that it was started with unless another is named.
async fn resume(global: &Global, run: StoredRun, output: &Output) -> Result<ExitCode, Failure> {
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let profile = global.profile.clone().or_else(|| Some(run.header.profile.clone()));
    let context = Context::open(&Global { profile, ..global.clone() }, false).await?;
    let style = Style::chosen(output.progress, global.quiet);
    let handle = context.engine.resume(run).await?;
    let (finished, stopped) = see_through(&context.engine, style, handle, &mut stops).await;
    conclude(&context, output, style, &finished, stopped).await
}

/// One run of the list, as JSON.
fn summary(run: &RunSummary) -> serde_json::Value {
    serde_json::json!({
        "run": run.header.run,
        "started_at": run.header.started_at,
        "profile": run.header.profile,
        "tenant": run.header.tenant.as_ref().map(ToString::to_string),
        "phase": run.phase,
        "dry_run": run.header.dry_run,
        "changed": run.changed(),
        "skipped": run.skipped(),
        "errors": run.errors(),
    })
}

fn find(run: Option<StoredRun>, id: &str) -> Result<StoredRun, Failure> {
    run.ok_or_else(|| Failure::usage(format!("there is no run {id}"), "`mothball runs list` lists them."))
}

fn show(run: &StoredRun) {
    let header = &run.header;
    let tenant = header.tenant.as_ref().map_or_else(|| "never reached".to_owned(), ToString::to_string);
    let mut lines = vec![
        format!("run      {}", header.run),
        format!("profile  {} ({}), tenant {tenant}", header.profile, header.psa),
        format!(
            "operator {}{}",
            header.operator,
            header.reason.as_ref().map(|why| format!(", reason: {why}")).unwrap_or_default()
        ),
        format!(
            "clients  {}",
            run.survey.clients.iter().filter_map(|client| client.name.clone()).collect::<Vec<_>>().join(", ")
        ),
    ];
    lines.extend(run.events.iter().map(line));
    for text in lines {
        print::out(&format!("{}\n", visible(&text)));
    }
}

fn line(stamped: &Stamped) -> String {
    let what = match &stamped.event {
        Event::Planned { digest } => format!("planned, digest {digest}"),
        Event::Parked => "waits for approval".to_owned(),
        Event::Approved { approval } => {
            format!("approved by {}: {} items", approval.approver, approval.items.len())
        }
        Event::Rejected { by } => format!("rejected by {by}"),
        Event::Expired => "expired".to_owned(),
        Event::Applying => "applying".to_owned(),
        Event::Paused { why } => format!("paused {why}"),
        Event::Resumed => "resumed".to_owned(),
        Event::Intended { config_id, attempt } => format!("{config_id}: try {attempt} is sent"),
        Event::Answered { config_id, attempt, answer } => {
            format!("{config_id}: answer to try {attempt}: {answer:?}")
        }
        Event::Settled { config_id, outcome, .. } => format!("{config_id}: {}", outcome.words()),
        Event::Verifying => "reading back".to_owned(),
        Event::Troubled { problem } => format!("{}: {}", problem.code, problem.message),
        Event::Warned { text } => format!("warning: {text}"),
        Event::FollowedUp { follow_up, .. } => format!("{} things left for a person", follow_up.len()),
        Event::Ended { how } => format!("ended: {how:?}"),
    };
    format!("{}  {what}", stamped.at)
}

/// The report as it was kept, or as the journal tells it.
pub fn report_of(run: &StoredRun) -> Result<Report, Failure> {
    if let Some(kept) = &run.report
        && let Ok(report) = serde_json::from_value(kept.clone())
    {
        return Ok(report);
    }
    let plan = run.plan.as_ref().map(|(bytes, digest)| Plan::reopen(bytes, digest)).transpose().map_err(
        |error| Failure {
            code: ExitCode::Safeguard,
            message: error.to_string(),
            advice: "The stored plan was altered; do not trust this run's record.".to_owned(),
        },
    )?;
    let mut state = plan.as_ref().map(RunState::of).unwrap_or_default();
    run.events.iter().for_each(|event| state.apply(event));
    Ok(report::build(&report::Source {
        header: &run.header,
        survey: &run.survey,
        plan: plan.as_ref(),
        state: &state,
        journal_head: Some(&run.head),
        now: state.last_event.unwrap_or_else(|| Timestamp::new(Clock::system().now())),
    }))
}
