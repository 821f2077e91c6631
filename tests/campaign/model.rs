//! A small model of the PSA that is fed with the history of a case: each request that may have changed a record leaves
//! a set of states in which the record may be, each answer narrows it. What an answer shows must be possible, and so
//! must what the report claims in the end.

use std::collections::{BTreeMap, BTreeSet};

use mothball::{
    http::Sent,
    simulator::{Write, faults::Kind},
};
use serde_json::{Map, Value};

use super::{
    rows::{self, Marks},
    wire::{Answer, Exchange, History, Moment},
};

type Set = BTreeSet<Marks>;

/// One record.
#[derive(Debug, Clone, Default)]
struct Record {
    /// What it may be if none of the writes under way arrives.
    settled: Set,
    /// What writes that are under way ask for, by the number of their request.
    under_way: BTreeMap<usize, Marks>,
    /// What it may have been, by the moment from which on it was so.
    past: Vec<(usize, Set)>,
    gone: bool,
    /// The last moment at which somebody else changed it, or a write may have.
    touched: usize,
    /// The same of others alone.
    disturbed: usize,
    /// The last moment at which an answer showed it.
    seen: Option<(usize, Marks)>,
}

impl Record {
    fn possible(&self) -> Set {
        let mut possible = self.settled.clone();
        for asked in self.under_way.values() {
            possible.extend(outcomes(&self.settled, asked));
        }
        possible
    }

    /// Everything that it may have been since a moment.
    fn since(&self, moment: usize) -> Set {
        let before = self.past.iter().rev().find(|(from, _)| *from <= moment);
        let after = self.past.iter().filter(|(from, _)| *from > moment);
        before.into_iter().chain(after).flat_map(|(_, set)| set.iter().cloned()).collect()
    }
}

/// What a write makes of these states. A vendor may take the mark and leave the status as it was.
fn outcomes(before: &Set, asked: &Marks) -> Set {
    let mark = Marks { active: asked.active, status: None };
    before.iter().flat_map(|state| [state.with(asked), state.with(&mark)]).collect()
}

/// All the records that there were at the beginning.
#[derive(Debug)]
pub struct Model {
    psa: &'static str,
    records: BTreeMap<String, Record>,
}

impl Model {
    /// Replays a history. The log is the simulator's: only what others changed is taken from it.
    pub fn replay(
        psa: &'static str,
        before: impl Iterator<Item = (String, Option<bool>)>,
        history: &History,
        log: &[Write],
    ) -> Result<Self, String> {
        let records = before
            .map(|(id, active)| {
                let settled = Set::from([Marks { active, status: None }]);
                (id, Record { past: vec![(0, settled.clone())], settled, ..Record::default() })
            })
            .collect();
        let mut model = Self { psa, records };
        let mut sent_at: BTreeMap<usize, usize> = BTreeMap::new();
        let mut logged = 0;
        for (now, (moment, by_then)) in history.moments.iter().enumerate() {
            for write in log.iter().take(*by_then).skip(logged).filter(|write| write.by_others) {
                model.others(now, write);
            }
            logged = *by_then;
            match moment {
                Moment::Sent(number) => {
                    sent_at.insert(*number, now);
                    model.leaves(now, *number, &history.exchanges[*number]);
                }
                Moment::Answered(number) => {
                    let exchange = &history.exchanges[*number];
                    model.answered(now, *number, exchange);
                    model.shows(now, sent_at[number], *number, exchange)?;
                }
                Moment::Edited | Moment::Begun => {}
            }
        }
        Ok(model)
    }

    fn change(&mut self, now: usize, id: &str, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.get_mut(id) {
            change(record);
            record.touched = now;
            let possible = record.possible();
            record.past.push((now, possible));
        }
    }

    fn others(&mut self, now: usize, write: &Write) {
        let after: Map<String, Value> =
            write.changes.iter().map(|change| (change.field.clone(), change.after.clone())).collect();
        let gone =
            ["activeFlag", "isActive", "inactive"].iter().any(|name| after.get(*name) == Some(&Value::Null));
        let told = rows::marks(self.psa, &Value::Object(after));
        self.change(now, &write.id, |record| {
            record.gone |= gone;
            record.disturbed = now;
            record.settled = record.possible().iter().map(|state| state.with(&told)).collect();
        });
    }

    fn leaves(&mut self, now: usize, number: usize, exchange: &Exchange) {
        for (id, asked) in rows::write(self.psa, exchange) {
            self.change(now, &id, |record| drop(record.under_way.insert(number, asked)));
        }
    }

    fn answered(&mut self, now: usize, number: usize, exchange: &Exchange) {
        let writes = rows::write(self.psa, exchange);
        let alone = writes.len() == 1;
        for (id, asked) in writes {
            let had_effect = effect(exchange, alone);
            self.change(now, &id, |record| {
                record.under_way.remove(&number);
                let done = outcomes(&record.settled, &asked);
                match had_effect {
                    Some(true) => record.settled = done,
                    Some(false) => {}
                    None => record.settled.extend(done),
                }
            });
        }
    }

    /// What an answer shows is possible. Where nothing else was under way it is the state from now on.
    fn shows(&mut self, now: usize, sent: usize, number: usize, exchange: &Exchange) -> Result<(), String> {
        // The kinds whose answers show what is not so, or, in a batch, not so any more.
        if exchange.met.iter().any(|kind| matches!(kind, Kind::LostWrite | Kind::OtherRecord)) {
            return Ok(());
        }
        for (id, marks) in rows::shown(self.psa, exchange) {
            let Some(record) = self.records.get_mut(&id) else { continue };
            let possible = record.since(sent);
            let told = format!("{} {} (request {number})", exchange.method, exchange.path);
            if record.gone && record.touched < sent {
                return Err(format!("{told} shows {id}, which is gone"));
            }
            if !possible.iter().any(|state| state.fits(&marks)) {
                return Err(format!("{told} shows {id} as {marks:?}, possible are {possible:?}"));
            }
            // A write's own answer is newer than the write.
            let own = rows::write(self.psa, exchange).iter().any(|(written, _)| *written == id);
            let undisturbed = if own { record.disturbed < sent } else { record.touched < sent };
            if record.under_way.is_empty() && undisturbed {
                record.settled = record
                    .settled
                    .iter()
                    .filter(|state| state.fits(&marks))
                    .map(|state| state.with(&marks))
                    .collect();
                let settled = record.settled.clone();
                record.past.push((now, settled));
                if marks.active.is_some() {
                    record.seen = Some((now, marks));
                }
            }
        }
        Ok(())
    }

    pub fn end(&self, id: &str) -> End {
        let Some(record) = self.records.get(id) else { return End::default() };
        let looked = record.seen.as_ref().is_some_and(|(seen, _)| *seen >= record.touched);
        End { possible: record.possible(), gone: record.gone, looked }
    }
}

/// Where the history leaves a record.
#[derive(Debug, Default)]
pub struct End {
    pub possible: Set,
    pub gone: bool,
    /// An answer showed it after the last thing that may have changed it.
    pub looked: bool,
}

impl End {
    pub fn may_be(&self, active: bool) -> bool {
        self.gone || self.possible.iter().any(|state| state.active.is_none_or(|is| is == active))
    }

    pub fn is_surely(&self, active: bool) -> bool {
        !self.possible.is_empty() && self.possible.iter().all(|state| state.active == Some(active))
    }
}

/// Whether a write was carried out: surely, surely not, or nobody can tell. `alone`: it was about one record.
fn effect(exchange: &Exchange, alone: bool) -> Option<bool> {
    match exchange.answer.as_ref()? {
        Answer::Failed { sent: Sent::Never, .. } | Answer::Reply { status: 401 | 429, .. } => Some(false),
        // Its answer is a lie, known from the log of faults.
        Answer::Reply { .. } if exchange.met.contains(&Kind::LostWrite) => Some(false),
        // Of a batch a part may have been done.
        Answer::Reply { status: 400..=499, .. } if alone => Some(false),
        Answer::Reply { .. } | Answer::Failed { .. } | Answer::Abandoned => None,
    }
}
