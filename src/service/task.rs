//! What a job is to do, and how the inputs of a caller become an order: they narrow what the settings allow, and never
//! widen it. Webhooks and schedules put down the same tasks.

use serde::{Deserialize, Serialize};

use super::{
    inputs::{ApproveInputs, RunInputs, UndoInputs},
    webhooks::Look,
};
use crate::{
    domain::{
        Origin, RunId,
        consent::Person,
        schedule::{Clients, Inputs},
        selection::Scope,
    },
    engine::{Ask, Order, Undo, UndoOf, UndoOrder, Who},
};

/// A task as it stands in the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// A new run.
    Run(RunInputs),
    /// A new run as a schedule of the settings wants it.
    Scheduled { inputs: Inputs },
    /// A new run that undoes this one.
    Undo { of: RunId, inputs: UndoInputs },
    /// A run that waits is approved by this person, all of it or a part.
    Approve { by: String, part: ApproveInputs },
    /// A run that was interrupted goes on.
    Resume,
    /// A PSA told of a change: a look first, and a run only if there is something to do.
    Look { at: Look },
}

impl Task {
    /// Whether this job is about a run. A look may come to one, which then stands in the list of runs; a notice never does.
    pub fn is_of_a_run(task: &serde_json::Value) -> bool {
        serde_json::from_value(task.clone()).is_ok_and(|task| !matches!(task, Self::Look { .. }))
    }

    /// As it stands in the queue.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("a task has nothing in it that JSON cannot hold")
    }
}

/// What was really said: blanks are nothing.
fn said(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The person that a token or a trigger stands for: its name alone, since the server's own user says nothing about
/// who calls.
pub fn person(name: &str) -> Person {
    Person { operator: name.to_owned(), user: name.to_owned() }
}

/// In whose name a run goes on that was set going by this.
pub fn operator(origin: &Origin) -> String {
    match origin {
        Origin::Api { token } => token.clone(),
        Origin::Schedule { name } => format!("schedule {name}"),
        Origin::Webhook { .. } => "webhook".to_owned(),
        Origin::Person => "mothball serve".to_owned(),
    }
}

fn who(origin: &Origin, run: &RunId) -> Who {
    let name = operator(origin);
    Who {
        operator: name.clone(),
        user: name,
        origin: origin.clone(),
        run: Some(run.clone()),
        attended: false,
        links: true,
        ..Who::default()
    }
}

impl RunInputs {
    /// The order that these inputs come to.
    pub fn order(&self, origin: &Origin, run: &RunId) -> Order {
        let ask = if self.all {
            Ask::All
        } else {
            Ask::Named {
                ids: said(self.client_id.as_ref()).map(Into::into).into_iter().collect(),
                names: self.client_name.iter().cloned().collect(),
            }
        };
        let who = Who {
            requested_by: said(self.requested_by.as_ref()),
            ticket: said(self.ticket.as_ref()),
            reason: said(self.reason.as_ref()),
            dry_run: self.dry_run,
            single: !self.all,
            ..who(origin, run)
        };
        Order {
            ask,
            statuses: self.offboarded_statuses.clone(),
            scope: Scope { include_archived: self.include_archived, ..Scope::default() },
            require_approval: self.require_approval,
            limit_clients: None,
            max_changes: None,
            who,
        }
    }
}

/// The order that a schedule's inputs come to. They stand in the settings, so nothing forbids what they ask for.
pub fn scheduled(inputs: &Inputs, origin: &Origin, run: &RunId) -> Order {
    let (ask, single) = match &inputs.clients {
        Clients::All => (Ask::All, false),
        Clients::Named { ids, names } => {
            (Ask::Named { ids: ids.clone(), names: names.clone() }, ids.len().max(names.len()) == 1)
        }
    };
    let who = Who {
        requested_by: inputs.requested_by.clone(),
        ticket: inputs.ticket.clone(),
        reason: inputs.reason.clone(),
        dry_run: inputs.dry_run,
        single,
        ..who(origin, run)
    };
    let scope = Scope {
        types: inputs.types.clone(),
        sites: inputs.sites.clone(),
        include_archived: inputs.include_archived,
        ..Scope::default()
    };
    Order {
        ask,
        statuses: inputs.statuses.clone(),
        scope,
        require_approval: inputs.require_approval,
        limit_clients: inputs.limit_clients,
        max_changes: None,
        who,
    }
}

impl UndoInputs {
    pub fn order(&self, of: &RunId, origin: &Origin, run: &RunId) -> UndoOrder {
        let who = Who {
            requested_by: said(self.requested_by.as_ref()),
            ticket: said(self.ticket.as_ref()),
            reason: said(self.reason.as_ref()),
            dry_run: self.dry_run,
            parent: Some(of.clone()),
            ..who(origin, run)
        };
        let undo = Undo { of: UndoOf::Run(of.clone()), only: self.only.clone() };
        UndoOrder { undo, require_approval: self.require_approval, who }
    }
}
