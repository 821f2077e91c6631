//! What `update` wants done outside: plain data, carried out by the runtime.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    desk::{Control, Draft, HoldRequest, SaveRequest, UndoDraft, View},
    filter::Query,
    message::Message,
    model::{data::Entry, plan::Purpose, review::Sort},
    options::Leave,
    order::Place,
};
use crate::domain::{ClientId, ConfigId, Links, RunId};

/// A row that is looked at away from the keys, as it was when that began.
#[derive(Debug, Clone)]
pub struct Aside {
    pub at: u32,
    pub entry: Arc<Entry>,
    pub links: Arc<Links>,
}

#[derive(Debug, Clone)]
pub enum Effect {
    /// Read everything; the answer carries the generation.
    Load {
        generation: u64,
    },
    ReadLinks {
        clients: Vec<ClientId>,
    },
    /// Find the rows that fit, away from the keys.
    Filter {
        generation: u64,
        query: Arc<Query>,
        candidates: Vec<Aside>,
    },
    /// Put the rows of a client in order, away from the keys.
    Order {
        generation: u64,
        sort: Sort,
        places: Vec<Place>,
    },
    /// Count the ticked rows that a filter hides, besides those that are hidden anyway.
    CountHidden {
        generation: u64,
        query: Arc<Query>,
        ticked: Vec<Aside>,
        hidden: usize,
    },
    /// Read one client again.
    LoadClient {
        generation: u64,
        client: ClientId,
    },
    Plan {
        generation: u64,
        draft: Draft,
    },
    PlanRetry {
        generation: u64,
        run: RunId,
    },
    PlanUndo {
        generation: u64,
        draft: UndoDraft,
    },
    /// The plan of a stored run, to be read and approved.
    StoredPlan {
        generation: u64,
        run: RunId,
    },
    Start {
        serial: u64,
        digest: String,
    },
    Park {
        digest: String,
    },
    /// Approve these items of a parked plan and start it.
    Approve {
        serial: u64,
        run: RunId,
        digest: String,
        items: BTreeSet<ConfigId>,
    },
    Reject {
        run: RunId,
    },
    /// The plan of an interrupted run, to go on with it.
    Reopen {
        generation: u64,
        run: RunId,
    },
    Resume {
        serial: u64,
        run: RunId,
    },
    /// Watch a run that another process is at work on.
    Follow {
        serial: u64,
        run: RunId,
    },
    Recheck {
        run: RunId,
    },
    Hold(HoldRequest),
    Release {
        config_id: ConfigId,
    },
    Control {
        run: RunId,
        control: Control,
    },
    Save(SaveRequest),
    /// What this path could become.
    Complete {
        typed: String,
    },
    /// What happened in a run.
    Story {
        run: RunId,
    },
    History,
    Report {
        run: RunId,
    },
    Log,
    /// Give this message back after a while.
    After {
        wait: Duration,
        message: Box<Message>,
    },
    Copy(String),
    /// Keep how Review is looked at.
    Remember {
        serial: u64,
        view: View,
    },
    /// Call whoever started the run and looks elsewhere.
    Alert(String),
    Suspend,
    /// Forget what is on the terminal and draw all of it.
    Redraw,
    Leave(Leave),
}

impl Effect {
    /// Asks for the plan that serves this purpose.
    pub fn plan_for(purpose: &Purpose, generation: u64, draft: &Draft) -> Self {
        match purpose {
            Purpose::Ticked => Self::Plan { generation, draft: draft.clone() },
            Purpose::Retry(run) => Self::PlanRetry { generation, run: run.clone() },
            Purpose::Parked(run) => Self::StoredPlan { generation, run: run.clone() },
            Purpose::Undo { run, only } => Self::PlanUndo {
                generation,
                draft: UndoDraft {
                    run: run.clone(),
                    only: only.clone(),
                    reason: draft.reason.clone(),
                    ticket: draft.ticket.clone(),
                    dry_run: draft.dry_run,
                },
            },
        }
    }
}
