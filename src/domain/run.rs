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

    /// Whether nothing came of `attempts` tries that were all read back as unchanged: the last answer is that of the
    /// last of them, or the one after it was never sent.
    pub fn came_to_nothing(&self, attempts: u32) -> bool {
        attempts > 0
            && match self {
                Self::Answered { attempt, answer } => *attempt == attempts || *answer == Answer::NotSent,
                _ => false,
            }
    }

    /// Whether anything was sent for it, whatever came of that.
    fn was_sent(&self) -> bool {
        match self {
            Self::Queued | Self::Answered { answer: Answer::NotSent, .. } => false,
            Self::Sending { .. } | Self::Answered { .. } => true,
            Self::Settled(settled) => matches!(
                settled.outcome,
                Outcome::Deactivated { .. }
                    | Outcome::Restored { .. }
                    | Outcome::Failed { .. }
                    | Outcome::Unknown { .. }
            ),
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

    /// Whether anything was sent for any item, whatever came of it.
    pub fn sent_anything(&self) -> bool {
        self.items.values().any(ItemState::was_sent)
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
mod tests;
