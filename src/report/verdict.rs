//! How a run ends for the shell.

use crate::domain::{Code, ExitCode, Outcome, Phase, RunState, SkipReason, survey::Survey};

/// The contract's exit code for a run that was not stopped by a signal.
pub fn verdict(survey: &Survey, state: &RunState) -> ExitCode {
    if state.phase == Phase::AwaitingApproval {
        return ExitCode::AwaitsApproval;
    }
    let of_clients = survey.clients.iter().flat_map(|client| &client.problems);
    let mut code = survey
        .problems
        .iter()
        .chain(&state.problems)
        .chain(of_clients)
        .map(|problem| ExitCode::of(problem.code))
        .fold(ExitCode::Success, ExitCode::worst);
    if !survey.coverage.complete && code == ExitCode::Success {
        code = ExitCode::Safeguard;
    }
    // Another process may have ended it: what it left is not done.
    let cut_short = state.phase == Phase::Cancelled;
    let drifted = survey.found().any(|found| found.skip == Some(SkipReason::ChangedSinceReview));
    code.worst(if drifted || cut_short { ExitCode::Incomplete } else { ExitCode::Success })
        .worst(of_items(state))
}

fn of_items(state: &RunState) -> ExitCode {
    let outcomes = || state.items.values().filter_map(|item| item.settled()).map(|settled| &settled.outcome);
    let changed = outcomes().any(|outcome| {
        matches!(outcome, Outcome::Deactivated { .. } | Outcome::Restored { .. } | Outcome::Unknown { .. })
    });
    let denied = |outcome: &Outcome| matches!(outcome, Outcome::Failed { code: Code::PermissionDenied, .. });
    let mut failures = outcomes().filter(|outcome| outcome.is_error()).peekable();
    if failures.peek().is_some() && failures.all(denied) && !changed {
        return ExitCode::Psa;
    }
    let clean = outcomes().all(|outcome| match outcome {
        Outcome::Deactivated { verified } | Outcome::Restored { verified } => *verified,
        Outcome::Skipped { .. } => true,
        _ => false,
    });
    let open = state.open_items().next().is_some();
    let left = state.phase == Phase::Finished && state.items.values().any(|item| item.settled().is_none());
    if clean && !open && !left { ExitCode::Success } else { ExitCode::Incomplete }
}
