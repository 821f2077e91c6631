//! The clients of a run, each with counts of its own: several are worked on at once, and each is shown as it stands.

use std::collections::HashMap;

use super::super::{
    super::{desk::PlanView, natural},
    plan::client_title,
};
use crate::domain::{ClientId, Outcome, run::ItemState};

/// One client of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientProgress {
    pub title: String,
    pub items: u64,
    /// Sent and not settled.
    pub at_work: u64,
    pub settled: u64,
    /// Those of the settled that went wrong.
    pub problems: u64,
}

impl ClientProgress {
    pub fn is_done(&self) -> bool {
        self.settled == self.items
    }

    pub fn is_waiting(&self) -> bool {
        self.settled + self.at_work == 0
    }
}

/// Where an item stands, as far as its client's counts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Waiting,
    AtWork,
    Settled { problem: bool },
}

impl Standing {
    pub fn of(item: &ItemState) -> Self {
        match item {
            ItemState::Sending { .. } => Self::AtWork,
            ItemState::Answered { .. } if item.is_open() => Self::AtWork,
            // One that was not sent after all waits again.
            ItemState::Queued | ItemState::Answered { .. } => Self::Waiting,
            ItemState::Settled(settled) => Self::Settled {
                problem: settled.outcome.is_error()
                    || matches!(settled.outcome, Outcome::ChangedSinceReview { .. }),
            },
        }
    }
}

#[derive(Debug, Default)]
pub struct Clients {
    /// In the order of their names.
    list: Vec<ClientProgress>,
    places: HashMap<ClientId, usize>,
    /// For each item of the plan its client's place.
    of_item: Vec<usize>,
    /// Clients with something at work.
    busy: usize,
    done: usize,
}

impl Clients {
    pub fn of(view: &PlanView) -> Self {
        let titles: HashMap<&ClientId, String> = view
            .survey
            .clients
            .iter()
            .filter_map(|client| Some((client.id.as_ref()?, client_title(client))))
            .collect();
        let title = |id: &ClientId| titles.get(id).cloned().unwrap_or_else(|| format!("#{id}"));
        let mut named: Vec<(String, String, ClientId)> =
            view.plan.clients().into_iter().map(|id| (natural::key(&title(&id)), title(&id), id)).collect();
        named.sort();
        let places: HashMap<ClientId, usize> =
            named.iter().enumerate().map(|(at, (_, _, id))| (id.clone(), at)).collect();
        let mut list: Vec<ClientProgress> = named
            .into_iter()
            .map(|(_, title, _)| ClientProgress { title, items: 0, at_work: 0, settled: 0, problems: 0 })
            .collect();
        let mut of_item = Vec::with_capacity(view.plan.items().len());
        for item in view.plan.items() {
            let at = places.get(&item.client_id).copied().unwrap_or(0);
            list[at].items += 1;
            of_item.push(at);
        }
        Self { list, places, of_item, busy: 0, done: 0 }
    }

    pub fn list(&self) -> &[ClientProgress] {
        &self.list
    }

    pub fn contains(&self, client: &ClientId) -> bool {
        self.places.contains_key(client)
    }

    /// The client of an item of the plan.
    pub fn of_item(&self, item: usize) -> Option<&ClientProgress> {
        self.of_item.get(item).and_then(|at| self.list.get(*at))
    }

    /// How many are being worked on, wait for their turn, and are done.
    pub fn standing(&self) -> (usize, usize, usize) {
        (self.busy, self.list.len() - self.busy - self.done, self.done)
    }

    /// Those with something at work, as many as `most`.
    pub fn at_work(&self, most: usize) -> impl Iterator<Item = &ClientProgress> {
        self.list.iter().filter(|client| client.at_work > 0).take(most)
    }

    pub(super) fn reset(&mut self) {
        for client in &mut self.list {
            (client.at_work, client.settled, client.problems) = (0, 0, 0);
        }
        (self.busy, self.done) = (0, 0);
    }

    pub(super) fn moved(&mut self, item: usize, from: Standing, to: Standing) {
        let Some(client) = self.of_item.get(item).and_then(|at| self.list.get_mut(*at)) else { return };
        let (was_busy, was_done) = (client.at_work > 0, client.is_done());
        match from {
            Standing::Waiting => {}
            Standing::AtWork => client.at_work -= 1,
            Standing::Settled { problem } => {
                client.settled -= 1;
                client.problems -= u64::from(problem);
            }
        }
        match to {
            Standing::Waiting => {}
            Standing::AtWork => client.at_work += 1,
            Standing::Settled { problem } => {
                client.settled += 1;
                client.problems += u64::from(problem);
            }
        }
        let (is_busy, is_done) = (client.at_work > 0, client.is_done());
        self.busy = self.busy + usize::from(is_busy) - usize::from(was_busy);
        self.done = self.done + usize::from(is_done) - usize::from(was_done);
    }
}
