//! The report of a stored run.

use thiserror::Error;

use crate::{
    domain::{Plan, RunState, Timestamp, document::Report, plan::PlanAltered},
    report,
    store::StoredRun,
};

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    #[error(transparent)]
    Altered(#[from] PlanAltered),
}

/// Where a run stands, as its journal tells it.
pub fn state_of(run: &StoredRun) -> RunState {
    let plan = run.plan.as_ref().and_then(|(bytes, digest)| Plan::reopen(bytes, digest).ok());
    // One whose plan was altered is still in some phase; it is refused by whoever is to do something about it.
    let mut state = plan.as_ref().map(RunState::of).unwrap_or_default();
    run.events.iter().for_each(|event| state.apply(event));
    state
}

/// The report as it was kept, or as the journal tells it.
pub fn report_of(run: &StoredRun, now: Timestamp) -> Result<Report, ReportError> {
    // What was added to the journal since (items settled by a later run, a second look) belongs in the report.
    if let Some(kept) = &run.report
        && let Ok(report) = serde_json::from_value::<Report>(kept.clone())
        && report.run().journal_head.as_ref() == Some(&run.head)
    {
        return Ok(report);
    }
    let plan = run.plan.as_ref().map(|(bytes, digest)| Plan::reopen(bytes, digest)).transpose()?;
    let mut state = plan.as_ref().map(RunState::of).unwrap_or_default();
    run.events.iter().for_each(|event| state.apply(event));
    Ok(report::build(&report::Source {
        header: &run.header,
        survey: &run.survey,
        plan: plan.as_ref(),
        state: &state,
        journal_head: Some(&run.head),
        now: state.last_event.unwrap_or(now),
    }))
}
