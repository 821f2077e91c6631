//! How a run ends, and whether its ticket is told. Pure, so that every case can be put in a table.

use super::{Control, EngineError};
use crate::domain::{Code, RunState, event::End, run::ItemState};

/// How the run ends, given what stopped it, if anything did.
pub(super) fn how_it_ends(met: Option<&EngineError>, control: Control, state: &RunState) -> End {
    let nothing_sent = state.items.values().all(|item| matches!(item, ItemState::Queued));
    let open = state.open_items().next().is_some();
    match (met, control) {
        // What is open can only be settled by resuming, whatever stands in the way of more.
        (Some(_), _) | (None, Control::Cancel | Control::Stop) if open => End::Interrupted,
        (
            Some(
                EngineError::OtherTenant { .. }
                | EngineError::Refused(_)
                | EngineError::NotApproved(_)
                | EngineError::Altered(_)
                | EngineError::Locked { .. },
            ),
            _,
        ) => End::Refused,
        (Some(EngineError::Psa(error)), _) if nothing_sent && error.code() != Code::PSAConnectionError => {
            End::Refused
        }
        (Some(_), _) | (None, Control::Interrupt | Control::Abort) => End::Interrupted,
        (None, Control::Cancel | Control::Stop) => End::Cancelled,
        (None, Control::Go | Control::Pause) => End::Finished,
    }
}

/// Whether the run's ticket is to be told: once the run is over for good. An interrupted one tells when it was
/// resumed, and what was never begun leaves nothing to tell.
pub(super) fn owes_a_note(end: End, met: Option<&EngineError>, sent_anything: bool) -> bool {
    match (end, met) {
        (End::Finished, _) => true,
        (End::Cancelled, _) | (End::Refused, Some(EngineError::NotApproved(_))) => sent_anything,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Event, Stamped, Timestamp, approval::NotApproved, plan::samples},
        psa::PsaError,
    };

    fn expired() -> EngineError {
        NotApproved::Expired(Timestamp::from_seconds(1_790_000_000)).into()
    }

    fn away() -> EngineError {
        PsaError::Unreachable { message: "away".into(), gave_up: true }.into()
    }

    fn refused() -> EngineError {
        PsaError::SignIn { message: "wrong key".into() }.into()
    }

    /// A run of two items, the first of which came so far.
    fn state(first: &str) -> RunState {
        let plan = samples::plan(2);
        let id = plan.items()[0].config_id.clone();
        let mut state = RunState::of(&plan);
        let intended = Event::Intended { config_id: id.clone(), attempt: 1 };
        let events = match first {
            "queued" => vec![],
            "open" => vec![intended],
            "settled" => {
                let outcome = crate::domain::Outcome::Deactivated { verified: true };
                vec![intended, Event::settled(id, outcome, None)]
            }
            other => panic!("{other}"),
        };
        for event in events {
            state.apply(&Stamped { at: Timestamp::from_seconds(1_790_000_000), event });
        }
        state
    }

    #[test]
    fn each_way_to_end() {
        let (go, cancel, stop) = (Control::Go, Control::Cancel, Control::Stop);
        for (met, control, first, expected) in [
            (None, go, "settled", End::Finished),
            (None, Control::Pause, "settled", End::Finished),
            (None, cancel, "settled", End::Cancelled),
            (None, stop, "queued", End::Cancelled),
            // What is open can only be settled by resuming.
            (None, cancel, "open", End::Interrupted),
            (None, stop, "open", End::Interrupted),
            (Some(expired()), go, "open", End::Interrupted),
            (None, Control::Interrupt, "settled", End::Interrupted),
            (None, Control::Abort, "queued", End::Interrupted),
            (Some(expired()), go, "settled", End::Refused),
            (Some(EngineError::Refused("no".into())), go, "settled", End::Refused),
            (Some(EngineError::Locked { held: Vec::new() }), go, "queued", End::Refused),
            // Refused before anything happened; later, somebody may mend it and resume.
            (Some(refused()), go, "queued", End::Refused),
            (Some(refused()), go, "settled", End::Interrupted),
            (Some(away()), go, "queued", End::Interrupted),
            (Some(away()), cancel, "settled", End::Interrupted),
        ] {
            let end = how_it_ends(met.as_ref(), control, &state(first));
            assert_eq!(end, expected, "{met:?} {control:?} {first}");
        }
    }

    #[test]
    fn the_ticket_is_told_once_the_run_is_over_for_good() {
        for (end, met, sent, expected) in [
            (End::Finished, None, false, true),
            (End::Cancelled, None, true, true),
            (End::Cancelled, None, false, false),
            (End::Refused, Some(expired()), true, true),
            (End::Refused, Some(expired()), false, false),
            (End::Refused, Some(refused()), true, false),
            (End::Interrupted, None, true, false),
        ] {
            assert_eq!(owes_a_note(end, met.as_ref(), sent), expected, "{end:?} {met:?} {sent}");
        }
    }
}
