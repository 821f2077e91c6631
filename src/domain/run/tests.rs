use proptest::prelude::*;

use super::{
    super::{SkipReason, outcome::strategies::outcome, plan::samples},
    *,
};

fn stamped(seconds: i64, event: Event) -> Stamped {
    Stamped { at: Timestamp::from_seconds(1_790_000_000 + seconds), event }
}

/// The story of one item, in its own order.
fn story(id: &ConfigId, outcome: Outcome) -> Vec<Event> {
    vec![
        Event::Intended { config_id: id.clone(), attempt: 1 },
        Event::Answered { config_id: id.clone(), attempt: 1, answer: Answer::Accepted },
        Event::Settled { config_id: id.clone(), outcome, state: None },
    ]
}

proptest! {
    #[test]
    fn the_order_in_which_items_finish_does_not_matter(
        outcomes in proptest::collection::vec(outcome(), 1..20),
        seed in proptest::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let plan = samples::plan(outcomes.len() as u32);
        let stories: Vec<Vec<Event>> = plan.items().iter().zip(outcomes)
            .map(|(item, outcome)| story(&item.config_id, outcome)).collect();

        let mut straight = RunState::of(&plan);
        stories.iter().flatten().for_each(|event| straight.apply(&stamped(0, event.clone())));

        let mut mixed = RunState::of(&plan);
        let mut left = stories;
        let mut pick = seed.iter().cycle();
        while left.iter().any(|story| !story.is_empty()) {
            let alive: Vec<usize> = (0..left.len()).filter(|at| !left[*at].is_empty()).collect();
            let which = alive[pick.next().unwrap().index(alive.len())];
            let event = left[which].remove(0);
            mixed.apply(&stamped(0, event));
        }
        prop_assert_eq!(&straight, &mixed);
        prop_assert_eq!(mixed.totals.all(), plan.items().len() as u64);
        prop_assert_eq!(mixed.totals.settled(), plan.items().len() as u64);
    }
}

#[test]
fn an_item_outside_the_plan_changes_nothing() {
    let plan = samples::plan(2);
    let mut state = RunState::of(&plan);
    state.apply(&stamped(0, Event::Intended { config_id: ConfigId::from("99"), attempt: 1 }));
    assert_eq!(state.totals.all(), 2);
    assert_eq!(state.totals.queued, 2);
}

#[test]
fn an_answer_that_comes_after_the_item_was_settled_changes_nothing() {
    let plan = samples::plan(1);
    let id = plan.items()[0].config_id.clone();
    let mut state = RunState::of(&plan);
    for event in story(&id, Outcome::Deactivated { verified: true }) {
        state.apply(&stamped(0, event));
    }
    let settled = state.clone();
    let late = Answer::Lost { message: "broken".into() };
    state.apply(&stamped(0, Event::Answered { config_id: id, attempt: 1, answer: late }));
    assert_eq!(state, settled);
}

#[test]
fn each_phase_has_its_word_and_its_way_on() {
    use Phase::{
        Applying, Approved, AwaitingApproval, Cancelled, Expired, Finished, Interrupted, Paused, Planned,
        Refused, Rejected, Verifying,
    };
    let may = [Approved, Applying, Paused, Verifying, Interrupted];
    let over = [Finished, Rejected, Expired, Cancelled, Interrupted, Refused];
    let all = may.into_iter().chain(over).chain([Planned, AwaitingApproval]);
    for phase in all.clone() {
        assert_eq!(phase.may_go_on(), may.contains(&phase), "{phase:?}");
        assert_eq!(phase.is_over(), over.contains(&phase), "{phase:?}");
    }
    let words: std::collections::BTreeSet<_> = all.map(Phase::words).collect();
    assert_eq!(words.len(), 12, "no two phases read alike");
    assert!(words.contains("awaiting approval"));
}

/// Whatever may have been written and was not read is open, and every item is in exactly one total.
#[test]
fn what_may_have_been_written_is_open_until_it_was_read() {
    let plan = samples::plan(6);
    let ids: Vec<ConfigId> = plan.items().iter().map(|item| item.config_id.clone()).collect();
    let mut state = RunState::of(&plan);
    let sent = |id: &ConfigId| Event::Intended { config_id: id.clone(), attempt: 1 };
    let answered = |id: &ConfigId, answer| Event::Answered { config_id: id.clone(), attempt: 1, answer };
    for event in [
        sent(&ids[1]),
        sent(&ids[2]),
        answered(&ids[2], Answer::Accepted),
        sent(&ids[3]),
        answered(&ids[3], Answer::NotSent),
        sent(&ids[4]),
        Event::settled(ids[4].clone(), Outcome::Unknown { message: "lost".into() }, None),
        Event::skipped(ids[5].clone(), SkipReason::Held, None),
    ] {
        state.apply(&stamped(1, event));
    }
    let open: Vec<_> = state.open_items().cloned().collect();
    assert_eq!(open, [ids[1].clone(), ids[2].clone(), ids[4].clone()]);
    let Totals { queued, sending, verifying, unknown, skipped, .. } = state.totals;
    assert_eq!((queued, sending, verifying, unknown, skipped), (2, 1, 1, 1, 1));
    assert_eq!((state.totals.all(), state.totals.settled(), state.totals.past_sending()), (6, 2, 3));
}

#[test]
fn success_needs_every_item_settled_well_and_no_problem() {
    let plan = samples::plan(1);
    let id = plan.items()[0].config_id.clone();
    let end = |outcome: Option<Outcome>, how| {
        let mut state = RunState::of(&plan);
        if let Some(outcome) = outcome {
            state.apply(&stamped(1, Event::settled(id.clone(), outcome, None)));
        }
        state.apply(&stamped(2, Event::Ended { how }));
        state.is_success()
    };
    let skipped = Some(Outcome::Skipped { reason: SkipReason::AlreadyInactive });
    assert!(end(skipped.clone(), End::Finished));
    assert!(!end(skipped, End::Interrupted));
    assert!(!end(None, End::Finished));
    assert!(!end(Some(Outcome::ChangedSinceReview { what: "name".into() }), End::Finished));
}

#[test]
fn success_needs_every_change_read_back() {
    let plan = samples::plan(2);
    let end = |verified| {
        let mut state = RunState::of(&plan);
        for item in plan.items() {
            let outcome = Outcome::Deactivated { verified };
            state.apply(&stamped(1, Event::settled(item.config_id.clone(), outcome, None)));
        }
        state.apply(&stamped(2, Event::Ended { how: End::Finished }));
        state.is_success()
    };
    assert!(end(true));
    assert!(!end(false));
}

#[test]
fn progress_counts_and_foretells() {
    let plan = samples::plan(5);
    let mut state = RunState::of(&plan);
    state.apply(&stamped(0, Event::Applying));
    for item in &plan.items()[..2] {
        let outcome = Outcome::Deactivated { verified: true };
        state.apply(&stamped(4, Event::settled(item.config_id.clone(), outcome, None)));
    }
    let progress = state.progress(Timestamp::from_seconds(1_790_000_004));
    assert_eq!((progress.done, progress.total, progress.percent()), (2, 5, 40));
    assert!((progress.rate - 0.5).abs() < 1e-9);
    assert!((progress.seconds_left.unwrap() - 6.0).abs() < 1e-9);
    // At once, nothing can be foretold; nor for a run that is over.
    let at_once = state.progress(Timestamp::from_seconds(1_790_000_000));
    assert_eq!((at_once.rate, at_once.seconds_left), (0.0, None));
    state.apply(&stamped(5, Event::Ended { how: End::Interrupted }));
    assert_eq!(state.progress(Timestamp::from_seconds(1_790_000_008)).seconds_left, None);
}

#[test]
fn nothing_came_of_tries_that_were_read_back_unchanged_to_the_last() {
    let answered = |attempt, answer| ItemState::Answered { attempt, answer };
    let (yes, held) = (Answer::Accepted, Answer::NotSent);
    for (item, attempts, expected) in [
        (answered(1, yes.clone()), 1, true),
        (answered(2, held.clone()), 1, true),
        // The answer to a later try may still take effect.
        (answered(2, yes.clone()), 1, false),
        (answered(1, held), 0, false),
        (answered(1, yes), 0, false),
        (ItemState::Sending { attempt: 1 }, 1, false),
        (ItemState::Queued, 1, false),
    ] {
        assert_eq!(item.came_to_nothing(attempts), expected, "{item:?} {attempts}");
    }
}

#[test]
fn what_was_sent_counts_whatever_came_of_it() {
    let settled = |outcome| ItemState::Settled(Settled { outcome, state: None });
    let failed = Outcome::Failed { code: super::super::Code::NotVerified, message: String::new() };
    for (item, expected) in [
        (ItemState::Queued, false),
        (ItemState::Answered { attempt: 1, answer: Answer::NotSent }, false),
        (settled(Outcome::Skipped { reason: SkipReason::Held }), false),
        (settled(Outcome::ChangedSinceReview { what: "name".into() }), false),
        (ItemState::Sending { attempt: 1 }, true),
        (ItemState::Answered { attempt: 1, answer: Answer::Accepted }, true),
        (settled(Outcome::Deactivated { verified: false }), true),
        (settled(Outcome::Restored { verified: true }), true),
        (settled(failed), true),
        (settled(Outcome::Unknown { message: "lost".into() }), true),
    ] {
        let mut state = RunState::of(&samples::plan(2));
        assert!(!state.sent_anything());
        *state.items.values_mut().last().unwrap() = item.clone();
        assert_eq!(state.sent_anything(), expected, "{item:?}");
    }
}

#[test]
fn the_state_last_seen_is_kept_with_the_outcome() {
    let plan = samples::plan(1);
    let (id, seen) = (plan.items()[0].config_id.clone(), plan.items()[0].before.clone());
    let mut state = RunState::of(&plan);
    assert_eq!(state.state_of(&id), None);
    state.apply(&stamped(0, Event::skipped(id.clone(), SkipReason::Held, Some(seen.clone()))));
    assert_eq!(state.state_of(&id), Some(&seen));
}
