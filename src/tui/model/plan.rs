//! The state of the Plan: what it is for, and what of it is ticked.

mod linked;
mod page;

use std::collections::{BTreeSet, HashMap};

use tui_input::Input;

pub use self::page::{client_title, extent};
use super::super::{
    desk::{Draft, PlanView, Setting, Trouble},
    prose::{Line, Prose},
    scroll::Scroll,
    symbols::Symbols,
    ticks::Mark,
};
use crate::domain::{ConfigId, RunId, survey::Found};

/// An entry of the page that is drawn only when it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanEntry {
    /// An item of the plan.
    Item(usize),
    /// A configuration that is left out: client and place in the survey.
    Left(usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Reason,
    Ticket,
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To deactivate what is ticked in Review.
    Ticked,
    /// To try again what failed in that run.
    Retry(RunId),
    /// It waits for approval as that run.
    Parked(RunId),
    /// To restore what that run changed; only these, if some were picked.
    Undo { run: RunId, only: Option<BTreeSet<ConfigId>> },
}

impl Purpose {
    /// Whether its items are ticked here, on its own page.
    pub fn is_picked_here(&self) -> bool {
        matches!(self, Self::Parked(_) | Self::Undo { .. })
    }

    /// Whether reason, ticket and dry run are still to be chosen.
    pub fn has_open_terms(&self) -> bool {
        matches!(self, Self::Ticked | Self::Undo { .. })
    }
}

#[derive(Debug)]
pub enum PlanState {
    Planning,
    Ready(Box<PlanView>),
    Failed(Trouble),
}

#[derive(Debug)]
pub struct PlanPage {
    pub generation: u64,
    pub state: PlanState,
    pub draft: Draft,
    /// Of what was ticked when it was asked for.
    pub ticked: Mark,
    pub purpose: Purpose,
    /// What is ticked on this page, where that is done here.
    pub picked: BTreeSet<ConfigId>,
    /// Tick everything as soon as it is known.
    pub pick_all: bool,
    /// The item that the cursor is on, by its place in the plan.
    pub cursor: usize,
    /// It was parked, rejected or started: there is nothing more to do with it.
    pub spent: Option<&'static str>,
    pub reason: Input,
    pub ticket: Input,
    pub typing: Option<Field>,
    /// Its terms changed, and it could not be planned again at once.
    pub stale: bool,
    pub page: Prose<PlanEntry>,
    /// The width that the page was written for, until something of it changes.
    written: Option<usize>,
    /// Where each item stands on the page.
    lines: HashMap<usize, usize>,
    pub scroll: Scroll,
    /// Where a configuration stands in the survey.
    pub found: HashMap<ConfigId, (usize, usize)>,
}

impl PlanPage {
    pub fn new(generation: u64, draft: Draft, purpose: Purpose) -> Self {
        Self {
            generation,
            state: PlanState::Planning,
            reason: Input::new(draft.reason.clone().unwrap_or_default()),
            ticket: Input::new(draft.ticket.clone().unwrap_or_default()),
            ticked: Mark::of(&draft.ticked),
            draft,
            // A run that waits is approved by hand; an undo restores all of it unless told otherwise.
            pick_all: matches!(purpose, Purpose::Undo { .. }),
            purpose,
            picked: BTreeSet::new(),
            cursor: 0,
            spent: None,
            typing: None,
            stale: false,
            page: Prose::new(80),
            written: None,
            lines: HashMap::new(),
            scroll: Scroll::default(),
            found: HashMap::new(),
        }
    }

    /// Whether this is the plan of that run.
    pub fn is_of(&self, run: &RunId) -> bool {
        self.view().is_some_and(|view| view.plan.head().run == *run)
    }

    pub fn view(&self) -> Option<&PlanView> {
        match &self.state {
            PlanState::Ready(view) => Some(view),
            _ => None,
        }
    }

    pub fn take(&mut self, view: Box<PlanView>) {
        self.found = view
            .survey
            .clients
            .iter()
            .enumerate()
            .flat_map(|(c, client)| {
                client
                    .found
                    .iter()
                    .enumerate()
                    .map(move |(f, found)| (found.configuration.id.clone(), (c, f)))
            })
            .collect();
        if self.purpose.is_picked_here() {
            if self.pick_all {
                self.picked = all_items(&view);
            }
            // A plan that was kept brings its own terms.
            self.reason = Input::new(view.reason.clone().unwrap_or_default());
            self.ticket = Input::new(view.ticket.clone().unwrap_or_default());
        }
        self.state = PlanState::Ready(view);
        self.written = None;
    }

    /// What the act key would act on: what is ticked here, or all of it where nothing is ticked here.
    pub fn chosen(&self) -> BTreeSet<ConfigId> {
        match self.view() {
            Some(view) if !self.purpose.is_picked_here() => all_items(view),
            Some(_) => self.picked.clone(),
            None => BTreeSet::new(),
        }
    }

    /// How much that is, without taking a copy of it.
    pub fn chosen_count(&self) -> usize {
        match self.view() {
            Some(view) if !self.purpose.is_picked_here() => view.plan.items().len(),
            Some(_) => self.picked.len(),
            None => 0,
        }
    }

    /// The line of the page that an item stands on.
    pub fn line_of(&self, item: usize) -> Option<usize> {
        self.lines.get(&item).copied()
    }

    /// The item on a line of the page.
    pub fn item_on(&self, line: usize) -> Option<usize> {
        match self.page.lines.get(line) {
            Some(Line::Entry(PlanEntry::Item(at))) => Some(*at),
            _ => None,
        }
    }

    pub fn found(&self, id: &ConfigId) -> Option<&Found> {
        let (client, at) = self.found.get(id)?;
        self.view()?.survey.clients.get(*client)?.found.get(*at)
    }

    /// Writes the page for this width, unless it stands there already.
    pub fn write(&mut self, width: usize, setting: &Setting, symbols: &Symbols) {
        let PlanState::Ready(view) = &self.state else { return };
        if self.written == Some(width) {
            return;
        }
        self.page = page::write(view, &self.purpose, &self.found, width, setting, symbols);
        let items = self.page.lines.iter().enumerate().filter_map(|(line, entry)| match entry {
            Line::Entry(PlanEntry::Item(item)) => Some((*item, line)),
            _ => None,
        });
        self.lines = items.collect();
        if self.written.is_none() {
            // The cursor begins with the first item on the page, whatever its place in the plan.
            self.cursor = self.lines.iter().min_by_key(|(_, line)| **line).map_or(0, |(item, _)| *item);
        }
        self.written = Some(width);
    }
}

fn all_items(view: &PlanView) -> BTreeSet<ConfigId> {
    view.plan.items().iter().map(|item| item.config_id.clone()).collect()
}
