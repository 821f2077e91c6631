//! What a job is to do, and how the inputs of a caller become an order: they narrow what the settings allow, and never
//! widen it. Webhooks and schedules put down the same tasks.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Rules, webhooks::Look};
use crate::{
    domain::{
        ConfigId, Origin, RunId,
        consent::{Part, Person},
        criteria::Matching,
        schedule::{Clients, Inputs},
        selection::Scope,
        text::same_name,
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

/// The inputs of a run. They narrow what the settings of the profile allow, and never widen it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunInputs {
    /// One client, by the id that the PSA gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), regex(pattern = r"\S"))]
    pub client_id: Option<String>,
    /// One client, by its exact name (apart from case). With `client_id` as well, both must be the same client.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400), regex(pattern = r"\S"))]
    pub client_name: Option<String>,
    /// Every client that counts as offboarded. Needed where no client is named, so that nobody asks for it by mistake.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Fewer of the profile's statuses than it has itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), inner(length(min = 1, max = 200)))]
    pub offboarded_statuses: Vec<String>,
    /// Write nothing. `false` does not turn off what the settings say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Wait for a person. `false` does not turn off what the settings say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_approval: bool,
    /// List and count what is inactive already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_archived: bool,
    /// Why, for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub reason: Option<String>,
    /// The profile of the settings [default: the one that the settings name].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub profile: Option<String>,
    /// The number of the ticket in the PSA, for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub ticket: Option<String>,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 400))]
    pub requested_by: Option<String>,
}

/// What of a run is undone, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UndoInputs {
    /// Only these configurations [default: all that the run set inactive].
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 10_000))]
    pub only: BTreeSet<ConfigId>,
    /// Write nothing. `false` does not turn off what the settings say.
    pub dry_run: bool,
    /// Wait for a person. `false` does not turn off what the settings say.
    pub require_approval: bool,
    #[schemars(length(max = 2000))]
    pub reason: Option<String>,
    #[schemars(length(max = 200))]
    pub ticket: Option<String>,
    #[schemars(length(max = 400))]
    pub requested_by: Option<String>,
}

/// Which part of a plan is approved: all of it, or one of these two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApproveInputs {
    /// Only these configurations.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 10_000))]
    pub only: BTreeSet<ConfigId>,
    /// All but these configurations.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 10_000))]
    pub except: BTreeSet<ConfigId>,
}

/// What was really said: blanks are nothing.
fn said(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl ApproveInputs {
    pub fn part(&self) -> Result<Part, String> {
        match (self.only.is_empty(), self.except.is_empty()) {
            (true, true) => Ok(Part::All),
            (false, true) => Ok(Part::Only(self.only.clone())),
            (true, false) => Ok(Part::Except(self.except.clone())),
            (false, false) => Err("only and except cannot both be given".to_owned()),
        }
    }
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
    /// Whether these inputs are ones that the settings allow to ask for; else why not.
    pub fn check(&self, rules: &Rules) -> Result<(), String> {
        let named = self.client_id.is_some() || self.client_name.is_some();
        let blank = |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
        if blank(&self.client_id) || blank(&self.client_name) {
            return Err("an empty client id or name means nobody; leave it out, or name a client".to_owned());
        }
        if named == self.all {
            let both =
                "client_id or client_name names one client, all means every offboarded one; give one of them";
            return Err(both.to_owned());
        }
        if self.offboarded_statuses.is_empty() {
            return Ok(());
        }
        let own = &rules.criteria.statuses;
        let is_own = |name: &String| own.iter().any(|own| same_name(own, name));
        // With `all` one criterion more can only leave clients out; with `any` it would add some.
        let adds_one = own.is_empty() && rules.criteria.matching == Matching::Any;
        match self.offboarded_statuses.iter().find(|name| !is_own(name)) {
            Some(name) if adds_one || !own.is_empty() => Err(format!(
                "offboarded_statuses: \"{name}\" is none of the profile's own statuses, and inputs may only narrow them"
            )),
            _ => Ok(()),
        }
    }

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
