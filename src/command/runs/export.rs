//! The report of an earlier run.

use super::super::print::Failure;
use crate::{
    domain::{ExitCode, Plan, RunState, Timestamp, document::Report},
    report,
    store::StoredRun,
    system::Clock,
};

/// The report as it was kept, or as the journal tells it.
pub fn report_of(run: &StoredRun) -> Result<Report, Failure> {
    // What was added to the journal since (items settled by a later run, a second look) belongs in the report.
    if let Some(kept) = &run.report
        && let Ok(report) = serde_json::from_value::<Report>(kept.clone())
        && report.run().journal_head.as_ref() == Some(&run.head)
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
