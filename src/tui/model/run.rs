//! The state of a run on screen: the plan, the fold, and what the list shows of it.

use std::collections::HashSet;

use super::super::{
    desk::{Ending, PlanView, Trouble},
    scroll::Scroll,
};
use crate::domain::{
    ConfigId, Outcome, Phase, RunId, RunState, SkipReason, Timestamp,
    event::{Answer, Event, Notice},
    run::ItemState,
};

#[derive(Debug)]
pub struct RunPage {
    /// Tells the news of this run from those of an earlier one.
    pub serial: u64,
    pub run: RunId,
    pub view: Box<PlanView>,
    pub state: RunState,
    pub started: bool,
    /// Its news ended before the start was answered.
    pub news_ended: bool,
    /// The last that the sending layer said, and when.
    pub notice: Option<(Timestamp, Notice)>,
    /// How often cancelling was asked for.
    pub cancels: u8,
    pub ending: Option<Box<Ending>>,
    /// It never started, or its news broke off.
    pub trouble: Option<Trouble>,
    pub scroll: Scroll,
    /// The list keeps up with the work until somebody moves in it.
    pub follow: bool,
    pub only_problems: bool,
    /// Places in the plan of items with a problem, in the order in which they came up.
    pub problems: Vec<usize>,
    /// The same, to know quickly whether one is among them.
    problem_set: HashSet<usize>,
    /// Every item before this one is settled.
    pub first_open: usize,
}

impl RunPage {
    pub fn new(serial: u64, view: Box<PlanView>) -> Self {
        Self {
            serial,
            run: view.plan.head().run.clone(),
            state: RunState::of(&view.plan),
            view,
            started: false,
            news_ended: false,
            notice: None,
            cancels: 0,
            ending: None,
            trouble: None,
            scroll: Scroll::default(),
            follow: true,
            only_problems: false,
            problems: Vec::new(),
            problem_set: HashSet::new(),
            first_open: 0,
        }
    }

    /// Whether something may still happen.
    pub fn is_active(&self) -> bool {
        self.ending.is_none() && self.trouble.is_none()
    }

    pub fn is_paused(&self) -> bool {
        self.state.phase == Phase::Paused
    }

    pub fn has_failed_items(&self) -> bool {
        let totals = &self.state.totals;
        totals.failed + totals.unknown + totals.changed > 0
    }

    /// Calls are held back right now.
    pub fn waits(&self, now: Timestamp) -> Option<(&Notice, f64)> {
        match &self.notice {
            Some((at, notice @ Notice::Waiting { seconds, .. })) => {
                let left = seconds - now.seconds_since(*at);
                (left > 0.0).then_some((notice, left))
            }
            Some((_, notice @ (Notice::Stalled { .. } | Notice::Retrying { .. }))) => Some((notice, 0.0)),
            _ => None,
        }
    }

    pub fn len(&self) -> usize {
        if self.only_problems { self.problems.len() } else { self.view.plan.items().len() }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place in the plan of a line of the list.
    pub fn place(&self, line: usize) -> usize {
        if self.only_problems { self.problems[line] } else { line }
    }

    pub fn take(&mut self, event: &crate::domain::Stamped) {
        self.state.apply(event);
        if let Event::Settled { config_id, outcome, .. } = &event.event {
            self.note_problem(config_id, outcome);
        }
        self.advance();
    }

    /// The whole state, after news were missed.
    pub fn replace(&mut self, state: RunState) {
        self.state = state;
        self.problems.clear();
        self.problem_set.clear();
        self.first_open = 0;
        for (at, item) in self.view.plan.items().iter().enumerate() {
            if self.state.outcome(&item.config_id).is_some_and(|settled| is_problem(&settled.outcome)) {
                self.problems.push(at);
                self.problem_set.insert(at);
            }
        }
        self.advance();
    }

    fn note_problem(&mut self, id: &ConfigId, outcome: &Outcome) {
        let Ok(at) = self.view.plan.items().binary_search_by(|item| item.config_id.cmp(id)) else { return };
        if is_problem(outcome) {
            if self.problem_set.insert(at) {
                self.problems.push(at);
            }
        } else if self.problem_set.remove(&at) {
            self.problems.retain(|place| *place != at);
        }
    }

    fn advance(&mut self) {
        let items = self.view.plan.items();
        while self.first_open < items.len() && self.state.outcome(&items[self.first_open].config_id).is_some()
        {
            self.first_open += 1;
        }
    }
}

fn is_problem(outcome: &Outcome) -> bool {
    outcome.is_error() || matches!(outcome, Outcome::ChangedSinceReview { .. })
}

/// Where an item stands, for sign and word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Queued,
    Running,
    Waiting,
    /// Answered, being read back.
    Checking,
    Done,
    Already,
    Skipped,
    Changed,
    Failed,
    Unknown,
}

impl Stage {
    pub fn of(item: Option<&ItemState>, waiting: bool) -> Self {
        match item {
            None | Some(ItemState::Queued | ItemState::Answered { answer: Answer::NotSent, .. }) => {
                Self::Queued
            }
            Some(ItemState::Sending { .. }) if waiting => Self::Waiting,
            Some(ItemState::Sending { .. }) => Self::Running,
            Some(ItemState::Answered { .. }) => Self::Checking,
            Some(ItemState::Settled(settled)) => match &settled.outcome {
                Outcome::Deactivated { .. } | Outcome::Restored { .. } => Self::Done,
                Outcome::Skipped { reason: SkipReason::AlreadyInactive } => Self::Already,
                Outcome::Skipped { .. } => Self::Skipped,
                Outcome::ChangedSinceReview { .. } => Self::Changed,
                Outcome::Failed { .. } => Self::Failed,
                Outcome::Unknown { .. } => Self::Unknown,
            },
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Checking => "reading back",
            Self::Done => "done",
            Self::Already => "already inactive",
            Self::Skipped => "skipped",
            Self::Changed => "changed since review",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}
