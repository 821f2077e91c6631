//! The same with notes: each stands there once, whenever the world stopped.

use mothball::domain::note::{NoteOn, NotePolicy};

use super::*;
use crate::support::notes::{assert_noted_before, memos};

/// A story whose runs leave notes; on a ticket of its client where that is asked for.
fn noting(psa: &str, on: NoteOn) -> Story {
    let mut story = Story::new(psa);
    story.quick.engine.profile.notes = NotePolicy { on, ..NotePolicy::default() };
    if on == NoteOn::Ticket {
        story.who.ticket = Some(story.quick.simulator.edit(|edits| edits.add_ticket(&story.client, false)));
    }
    story
}

/// Stops at every `step`-th point, and at each of the last ones, where the ticket is told; resumes, and looks at the
/// notes.
fn stops_anywhere(psa: &str, on: NoteOn, step: usize, notes: usize) {
    let whole = noting(psa, on);
    let (all, ended) = whole.live(&Job::Deactivate, u64::MAX);
    assert!(ended.unwrap().unwrap().state.is_success());
    assert_eq!(memos(&whole.quick.simulator).len(), notes);
    whole.end("a whole life");
    let last = all.saturating_sub(12);
    for at in (0..last).step_by(step).chain(last..all) {
        let point = format!("{psa}: stopped at step {at} of {all}");
        let story = noting(psa, on);
        assert!(story.live(&Job::Deactivate, at).1.is_none(), "{point}");
        story.resume_and_check(&point, &DEACTIVATED);
        let approved = story.last_run().is_some_and(|(_, state)| state.approval.is_some());
        // None twice: the shared check looks at that, too.
        assert_eq!(memos(&story.quick.simulator).len(), if approved { notes } else { 0 }, "{point}");
        if on == NoteOn::Configuration {
            assert_noted_before(&story.quick.simulator);
        }
        story.end(&point);
    }
}

#[test]
fn a_ticket_has_one_note_wherever_the_run_stopped() {
    for psa in psas() {
        stops_anywhere(psa, NoteOn::Ticket, 3, 1);
    }
}

#[test]
fn each_configuration_has_one_note_wherever_the_run_stopped() {
    for psa in ROOMS.into_iter().filter(|room| room.no_configuration_notes.is_none()).map(|room| room.key) {
        stops_anywhere(psa, NoteOn::Configuration, 3, ITEMS);
    }
}
