//! Reading back, in batches by id, while the writes go on.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Engine,
    settle::{Judgement, ReadBack, judge},
};
use crate::{
    domain::{ConfigId, Configuration, Event, PlanItem, plan::Kind},
    psa::port::SetAnswer,
};

/// An item that something came back for.
pub(super) struct Answered {
    pub item: Arc<PlanItem>,
    pub attempt: u32,
    pub answer: SetAnswer,
}

/// What a batch came to.
#[derive(Default)]
pub(super) struct Verified {
    pub settled: Vec<Event>,
    /// Unchanged: may be sent once more.
    pub again: Vec<(Arc<PlanItem>, u32)>,
}

/// What was read, by id; `None` for what is gone.
pub(super) type Rows = BTreeMap<ConfigId, Option<Configuration>>;

impl Engine {
    /// Reads these items; the whole batch or nothing.
    pub(super) async fn read_back(&self, batch: &[Answered]) -> Result<Rows, String> {
        let ids: Vec<ConfigId> = batch.iter().map(|entry| entry.item.config_id.clone()).collect();
        self.psa.read(&ids).await.map_err(|error| error.to_string())
    }
}

/// Judges a batch by what was read.
pub(super) fn judge_batch(
    kind: Kind,
    batch: Vec<Answered>,
    rows: &Result<Rows, String>,
    may_repeat: bool,
) -> Verified {
    let mut verified = Verified::default();
    for Answered { item, attempt, answer } in batch {
        let read = reading(rows, &item.config_id);
        match judge(kind, &item, &answer, attempt, &read, may_repeat) {
            Judgement::Again => verified.again.push((item, attempt)),
            Judgement::Settle(outcome, state) => {
                verified.settled.push(Event::settled(item.config_id.clone(), outcome, state));
            }
        }
    }
    verified
}

fn reading(rows: &Result<Rows, String>, id: &ConfigId) -> ReadBack {
    match rows {
        Err(why) => ReadBack::Unreadable(why.clone()),
        Ok(rows) => match rows.get(id) {
            Some(Some(row)) => ReadBack::Row(Box::new(row.clone())),
            Some(None) => ReadBack::Gone,
            None => ReadBack::Unreadable("the PSA left it out".to_owned()),
        },
    }
}
