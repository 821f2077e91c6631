//! The state of a run on screen: the plan, the fold, and what the list shows of it.

mod causes;
mod clients;

pub use self::{
    causes::{Cause, Causes},
    clients::{ClientProgress, Clients},
};
use super::super::{
    desk::{Ending, PlanView, Setting, Trouble},
    options::LastRun,
    prose::Prose,
    scroll::Scroll,
    symbols::Symbols,
};
use crate::domain::{
    ClientId, ConfigId, Outcome, Phase, RunId, RunState, SkipReason, Timestamp,
    event::{Answer, Event, Notice},
    run::ItemState,
};

/// What the list of a run shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunShow {
    #[default]
    Items,
    /// Each client with its own counts.
    Clients,
    /// What went wrong, by cause.
    Problems,
}

impl RunShow {
    #[must_use]
    pub fn next(self, clients: usize) -> Self {
        match self {
            Self::Items if clients > 1 => Self::Clients,
            Self::Items | Self::Clients => Self::Problems,
            Self::Problems => Self::Items,
        }
    }
}

#[derive(Debug)]
pub struct RunPage {
    /// Tells the news of this run from those of an earlier one.
    pub serial: u64,
    pub run: RunId,
    /// Who is at work on it, if that is another process: it is watched here, and goes on when the screen is left.
    pub other: Option<String>,
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
    pub show: RunShow,
    pub clients: Clients,
    pub causes: Causes,
    /// The causes as a page, for the width that it was written for; the places of their items among it.
    pub page: Prose<usize>,
    /// Every item before this one is settled.
    pub first_open: usize,
}

impl RunPage {
    pub fn new(serial: u64, view: Box<PlanView>) -> Self {
        Self {
            serial,
            run: view.plan.head().run.clone(),
            other: None,
            state: RunState::of(&view.plan),
            clients: Clients::of(&view),
            view,
            started: false,
            news_ended: false,
            notice: None,
            cancels: 0,
            ending: None,
            trouble: None,
            scroll: Scroll::default(),
            follow: true,
            show: RunShow::default(),
            causes: Causes::default(),
            page: Prose::new(80),
            first_open: 0,
        }
    }

    /// Whether something of this client is in the run.
    pub fn is_about(&self, client: &ClientId) -> bool {
        self.clients.contains(client)
    }

    /// Whether something may still happen.
    pub fn is_active(&self) -> bool {
        self.ending.is_none() && self.trouble.is_none()
    }

    /// Whether this program has to do with how it goes on.
    pub fn is_ours(&self) -> bool {
        self.other.is_none()
    }

    /// How it stands, for whoever leaves; nothing if it was never known to start, or is not ours.
    pub fn last_run(&self) -> Option<LastRun> {
        let ending = self.ending.as_ref();
        (self.is_ours() && (self.started || ending.is_some())).then(|| LastRun {
            run: self.run.clone(),
            phase: ending.map_or(self.state.phase, |ending| ending.report.run().state),
            success: ending.is_some_and(|ending| ending.report.success()),
            ended: ending.is_some(),
            report: ending.and_then(|ending| ending.saved.clone()),
            resume: ending.and_then(|ending| ending.resume.clone()),
        })
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

    /// How long the rest takes: as it went so far, but no faster than the PSA lets us, and not before it lets us again.
    pub fn seconds_left(&self, now: Timestamp) -> Option<f64> {
        let by_rate = self.state.progress(now).seconds_left?;
        let left = self.state.totals.queued + self.state.totals.sending;
        if left == 0 {
            return None;
        }
        let pace = &self.view.estimate.pace;
        let waiting = self.waits(now).map_or(0.0, |(_, seconds)| seconds);
        Some(by_rate.max(pace.seconds_for(pace.requests_for(left)) + waiting))
    }

    pub fn len(&self) -> usize {
        match self.show {
            RunShow::Items => self.view.plan.items().len(),
            RunShow::Clients => self.clients.list().len(),
            RunShow::Problems => self.page.lines.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn take(&mut self, event: &crate::domain::Stamped) {
        let place = match &event.event {
            Event::Intended { config_id, .. }
            | Event::Answered { config_id, .. }
            | Event::Settled { config_id, .. } => self.place_of(config_id),
            _ => None,
        };
        let id = place.map(|at| self.view.plan.items()[at].config_id.clone());
        let before = id.as_ref().and_then(|id| self.state.item(id)).map(clients::Standing::of);
        self.state.apply(event);
        if let (Some(at), Some(id), Some(before)) = (place, id, before)
            && let Some(item) = self.state.item(&id)
        {
            self.clients.moved(at, before, clients::Standing::of(item));
            let outcome = item.settled().map(|settled| settled.outcome.clone());
            self.causes.note(at, outcome.as_ref().filter(|outcome| is_problem(outcome)));
        }
        self.advance();
    }

    /// The whole state, after news were missed.
    pub fn replace(&mut self, state: RunState) {
        self.state = state;
        self.causes = Causes::default();
        self.clients.reset();
        self.first_open = 0;
        for (at, item) in self.view.plan.items().iter().enumerate() {
            let Some(item) = self.state.item(&item.config_id) else { continue };
            self.clients.moved(at, clients::Standing::Waiting, clients::Standing::of(item));
            if let Some(settled) = item.settled().filter(|settled| is_problem(&settled.outcome)) {
                self.causes.note(at, Some(&settled.outcome));
            }
        }
        self.advance();
    }

    fn place_of(&self, id: &ConfigId) -> Option<usize> {
        self.view.plan.items().binary_search_by(|item| item.config_id.cmp(id)).ok()
    }

    /// Writes what went wrong for this width, if that is what the list shows.
    pub fn write(&mut self, width: usize, setting: &Setting, symbols: &Symbols) {
        if self.show == RunShow::Problems {
            self.page = self.causes.page(width, setting, symbols);
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

/// What to say when no more news come of a run that has not ended.
pub fn broke_off(run: &RunPage) -> Trouble {
    let look = format!("look with `mothball runs show {}`.", run.run);
    match &run.other {
        None => Trouble {
            message: "The news of this run broke off before its end was told.".to_owned(),
            advice: format!("What was sent is in the journal: {look}"),
        },
        Some(who) => Trouble {
            message: format!("Nothing was heard of whoever was at work on this run ({who})."),
            advice: format!(
                "If nobody goes on with it, resume it from History; what was sent is in the journal: {look}"
            ),
        },
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
