//! The fold: from what happened to where a run stands. The screen, the progress line, the journal's
//! replay and the report all use this one, so they cannot disagree.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Approval, ConfigId, Event, Links, Outcome, Plan, Problem, RunId, Stamped, State, Timestamp,
    document::FollowUp,
    event::{Answer, End},
    note::{NoteAnswer, NoteState, Place},
    outcome::Settled,
};

/// A run's state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Planned,
    AwaitingApproval,
    Approved,
    Applying,
    Paused,
    Verifying,
    Finished,
    Rejected,
    Expired,
    Cancelled,
    Interrupted,
    Refused,
}

impl Phase {
    pub fn words(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AwaitingApproval => "awaiting approval",
            Self::Approved => "approved",
            Self::Applying => "applying",
            Self::Paused => "paused",
            Self::Verifying => "verifying",
            Self::Finished => "finished",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
        }
    }

    /// Whether the run was approved and has not come to its end: it is going on, or can be resumed.
    pub fn may_go_on(self) -> bool {
        matches!(self, Self::Approved | Self::Applying | Self::Paused | Self::Verifying | Self::Interrupted)
    }

    /// Whether the run has ended, for good or until it is resumed.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Finished
                | Self::Rejected
                | Self::Expired
                | Self::Cancelled
                | Self::Interrupted
                | Self::Refused
        )
    }
}

/// Where one item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemState {
    Queued,
    /// Journaled and on its way.
    Sending {
        attempt: u32,
    },
    /// Something came back; it has not been read back yet.
    Answered {
        attempt: u32,
        answer: Answer,
    },
    Settled(Settled),
}

impl ItemState {
    pub fn settled(&self) -> Option<&Settled> {
        match self {
            Self::Settled(settled) => Some(settled),
            _ => None,
        }
    }

    /// Whether a write may have reached the PSA and nobody has read what came of it.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Sending { .. } => true,
            Self::Answered { answer, .. } => *answer != Answer::NotSent,
            Self::Settled(settled) => matches!(settled.outcome, Outcome::Unknown { .. }),
            Self::Queued => false,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Queued | Self::Answered { answer: Answer::NotSent, .. } => Kind::Queued,
            Self::Sending { .. } => Kind::Sending,
            Self::Answered { .. } => Kind::Verifying,
            Self::Settled(settled) => match &settled.outcome {
                Outcome::Deactivated { .. } | Outcome::Restored { .. } => Kind::Done,
                Outcome::Skipped { .. } => Kind::Skipped,
                Outcome::ChangedSinceReview { .. } => Kind::Changed,
                Outcome::Failed { .. } => Kind::Failed,
                Outcome::Unknown { .. } => Kind::Unknown,
            },
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Queued,
    Sending,
    Verifying,
    Done,
    Skipped,
    Changed,
    Failed,
    Unknown,
}

/// How many items are where. They always add up to the number of items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub queued: u64,
    pub sending: u64,
    /// Answered, not read back yet.
    pub verifying: u64,
    pub done: u64,
    pub skipped: u64,
    pub changed: u64,
    pub failed: u64,
    pub unknown: u64,
}

impl Totals {
    pub fn all(&self) -> u64 {
        self.queued + self.sending + self.verifying + self.settled()
    }

    pub fn settled(&self) -> u64 {
        self.done + self.skipped + self.changed + self.failed + self.unknown
    }

    /// Items that no write will be sent for any more.
    pub fn past_sending(&self) -> u64 {
        self.verifying + self.settled()
    }

    fn slot(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Queued => &mut self.queued,
            Kind::Sending => &mut self.sending,
            Kind::Verifying => &mut self.verifying,
            Kind::Done => &mut self.done,
            Kind::Skipped => &mut self.skipped,
            Kind::Changed => &mut self.changed,
            Kind::Failed => &mut self.failed,
            Kind::Unknown => &mut self.unknown,
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunState {
    pub phase: Phase,
    pub digest: Option<String>,
    pub approval: Option<Approval>,
    /// The newer run that took its place while it waited.
    pub superseded_by: Option<RunId>,
    pub items: BTreeMap<ConfigId, ItemState>,
    pub totals: Totals,
    /// When the first item was taken, and the last event came.
    pub applying_since: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub paused_because: Option<String>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<String>,
    /// Notes in the PSA, by where they are.
    pub notes: BTreeMap<Place, NoteState>,
    pub links_after: BTreeMap<ConfigId, Links>,
    pub follow_up: Vec<FollowUp>,
    /// What is to be looked at again, and when; `None` once that was done.
    pub look_due: Option<(Timestamp, BTreeSet<ConfigId>)>,
    /// What the last second look found.
    pub second_look: Vec<FollowUp>,
}

/// How far a run has come, for bars and lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
    /// Items a second since the first was taken.
    pub rate: f64,
    pub seconds_left: Option<f64>,
}

impl Progress {
    /// In hundredths; never 100 before everything is settled.
    pub fn percent(&self) -> u64 {
        (self.done * 100).checked_div(self.total).unwrap_or(100)
    }
}

impl RunState {
    /// The state before anything happened.
    pub fn of(plan: &Plan) -> Self {
        Self::with_items(plan.items().iter().map(|item| item.config_id.clone()))
    }

    pub fn with_items(ids: impl IntoIterator<Item = ConfigId>) -> Self {
        let items: BTreeMap<_, _> = ids.into_iter().map(|id| (id, ItemState::Queued)).collect();
        let totals = Totals { queued: items.len() as u64, ..Totals::default() };
        Self { items, totals, ..Self::default() }
    }

    /// Where `events` lead.
    pub fn replay<'a>(plan: &Plan, events: impl IntoIterator<Item = &'a Stamped>) -> Self {
        let mut state = Self::of(plan);
        for event in events {
            state.apply(event);
        }
        state
    }

    pub fn apply(&mut self, stamped: &Stamped) {
        let at = stamped.at;
        self.last_event = self.last_event.max(Some(at));
        match &stamped.event {
            Event::Planned { digest } => {
                self.digest = Some(digest.clone());
                self.phase = Phase::Planned;
            }
            Event::Parked => self.phase = Phase::AwaitingApproval,
            Event::Approved { approval } => {
                self.approval = Some(approval.clone());
                self.phase = Phase::Approved;
            }
            Event::Rejected { .. } => self.phase = Phase::Rejected,
            Event::Expired => self.phase = Phase::Expired,
            Event::Superseded { by } => {
                self.superseded_by = Some(by.clone());
                self.phase = Phase::Expired;
            }
            Event::Applying => {
                self.applying_since.get_or_insert(at);
                self.phase = Phase::Applying;
            }
            Event::Paused { why } => {
                self.paused_because = Some(why.clone());
                self.phase = Phase::Paused;
            }
            Event::Resumed => {
                if self.phase.is_over() {
                    // What stopped the run before is no longer in its way; what is will be told anew.
                    self.problems.clear();
                }
                self.paused_because = None;
                self.phase = Phase::Applying;
            }
            Event::Intended { config_id, attempt } => {
                self.put(config_id, ItemState::Sending { attempt: *attempt });
            }
            // An answer that came after its item was settled by reading tells nothing that the reading did not.
            Event::Answered { config_id, .. } if self.outcome(config_id).is_some() => {}
            Event::Answered { config_id, attempt, answer } => {
                self.put(config_id, ItemState::Answered { attempt: *attempt, answer: answer.clone() });
            }
            Event::Settled { config_id, outcome, state } => {
                let settled = Settled { outcome: outcome.clone(), state: state.clone() };
                self.put(config_id, ItemState::Settled(settled));
            }
            Event::NoteIntended { place } => {
                self.notes.insert(place.clone(), NoteState::Sending);
            }
            Event::NoteAnswered { place, answer: NoteAnswer::NotSent } => {
                self.notes.remove(place);
            }
            Event::NoteAnswered { place, answer } => {
                self.notes.insert(place.clone(), NoteState::Answered(answer.clone()));
            }
            Event::Verifying => self.phase = Phase::Verifying,
            Event::Troubled { problem } => self.problems.push(problem.clone()),
            Event::Warned { text } => self.warnings.push(text.clone()),
            Event::FollowedUp { links, follow_up } => {
                self.links_after.clone_from(links);
                self.follow_up.clone_from(follow_up);
            }
            Event::LookDue { due, items } => self.look_due = Some((*due, items.clone())),
            Event::LookedAgain { follow_up } => {
                self.look_due = None;
                self.second_look.clone_from(follow_up);
            }
            Event::Ended { how } => {
                self.paused_because = None;
                self.phase = match how {
                    End::Finished => Phase::Finished,
                    End::Cancelled => Phase::Cancelled,
                    End::Interrupted => Phase::Interrupted,
                    End::Refused => Phase::Refused,
                };
            }
        }
    }

    /// An item that is not in the plan has no place here; the journal's check names it.
    fn put(&mut self, id: &ConfigId, next: ItemState) {
        if let Some(item) = self.items.get_mut(id) {
            *self.totals.slot(item.kind()) -= 1;
            *self.totals.slot(next.kind()) += 1;
            *item = next;
        }
    }

    pub fn item(&self, id: &ConfigId) -> Option<&ItemState> {
        self.items.get(id)
    }

    pub fn outcome(&self, id: &ConfigId) -> Option<&Settled> {
        self.items.get(id).and_then(ItemState::settled)
    }

    /// The state in which the PSA was last seen to have the item.
    pub fn state_of(&self, id: &ConfigId) -> Option<&State> {
        self.outcome(id).and_then(|settled| settled.state.as_ref())
    }

    /// Items whose write may have happened without anybody having read what came of it.
    pub fn open_items(&self) -> impl Iterator<Item = &ConfigId> {
        self.items.iter().filter(|(_, item)| item.is_open()).map(|(id, _)| id)
    }

    /// Whether every item is settled, read back where it was changed, and none went wrong.
    pub fn is_success(&self) -> bool {
        self.phase == Phase::Finished
            && self.problems.is_empty()
            && self.items.values().all(|item| {
                item.settled().is_some_and(|settled| match &settled.outcome {
                    Outcome::Deactivated { verified } | Outcome::Restored { verified } => *verified,
                    Outcome::Skipped { .. } => true,
                    _ => false,
                })
            })
    }

    /// How far the run has come at `now`.
    pub fn progress(&self, now: Timestamp) -> Progress {
        let total = self.totals.all();
        let done = self.totals.settled();
        let past = self.totals.past_sending();
        let seconds = self.applying_since.map_or(0.0, |since| now.seconds_since(since).max(0.0));
        let rate = if seconds > 0.0 { past as f64 / seconds } else { 0.0 };
        let left = total - past;
        let seconds_left = (rate > 0.0 && !self.phase.is_over()).then(|| left as f64 / rate);
        Progress { done, total, rate, seconds_left }
    }
}

#[cfg(test)]
mod tests {
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
        let plan = samples::plan(4);
        let mut state = RunState::of(&plan);
        state.apply(&stamped(0, Event::Applying));
        for item in &plan.items()[..2] {
            let outcome = Outcome::Deactivated { verified: true };
            state.apply(&stamped(4, Event::settled(item.config_id.clone(), outcome, None)));
        }
        let progress = state.progress(Timestamp::from_seconds(1_790_000_004));
        assert_eq!((progress.done, progress.total, progress.percent()), (2, 4, 50));
        assert!((progress.rate - 0.5).abs() < 1e-9);
        assert!((progress.seconds_left.unwrap() - 4.0).abs() < 1e-9);
        // At once, nothing can be foretold; nor for a run that is over.
        let at_once = state.progress(Timestamp::from_seconds(1_790_000_000));
        assert_eq!((at_once.rate, at_once.seconds_left), (0.0, None));
        state.apply(&stamped(5, Event::Ended { how: End::Interrupted }));
        assert_eq!(state.progress(Timestamp::from_seconds(1_790_000_008)).seconds_left, None);
    }
}
