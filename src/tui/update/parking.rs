//! Plans that wait for a person: parked here, or rejected.

use super::{
    super::{
        action::Action,
        desk::{Parked, Trouble},
        effect::Effect,
        model::{
            Model, Place,
            overlay::{Overlay, RejectChoice},
            plan::{PlanPage, Purpose},
        },
        theme::Meaning,
    },
    history,
    overlay::step,
    plan::{ask_for_terms, hindrance},
};
use crate::domain::RunId;

/// Stores the plan that is shown as a run that waits for approval.
pub fn park(model: &mut Model) -> Vec<Effect> {
    // Before anything else: without it, this very thing would be what is refused.
    if ask_for_terms(model) {
        return Vec::new();
    }
    if let Some((meaning, why)) = hindrance(model) {
        model.say(meaning, why);
        return Vec::new();
    }
    let Some(plan) = &mut model.plan else { return Vec::new() };
    let Some(view) = plan.view() else { return Vec::new() };
    let whole = plan.chosen_count() == view.plan.items().len();
    let text = match &plan.purpose {
        Purpose::Parked(_) => "It waits for approval already.",
        _ if view.dry_run => {
            "A dry run writes nothing: there is nothing to approve. Turn it off with <dry-run>."
        }
        _ if !whole => "Not all of it is ticked: <start> plans what is ticked alone; park that.",
        _ => {
            let digest = view.digest.clone();
            plan.spent = Some("This plan is being parked.");
            model.say(Meaning::Info, "Parking: nothing is written.");
            return vec![Effect::Park { digest }];
        }
    };
    model.tell(Meaning::Info, text);
    Vec::new()
}

pub fn parked(model: &mut Model, result: Result<Parked, Trouble>) -> Vec<Effect> {
    match result {
        Ok(Parked { run, until }) => {
            if let Some(plan) = &mut model.plan {
                plan.spent = Some("This plan is parked: it waits in History (<go-history>).");
            }
            model.history.seek = Some(run);
            model.place = Place::History;
            model.say(
                Meaning::Good,
                format!("Parked, nothing was written: it waits for approval until {}.", until.minutes()),
            );
            history::begin(model)
        }
        Err(trouble) => {
            if let Some(plan) = &mut model.plan {
                plan.spent = None;
            }
            model.overlay = Some(Overlay::Trouble { title: "The plan was not parked".to_owned(), trouble });
            Vec::new()
        }
    }
}

/// Whether the plan that is shown could wait for somebody's approval.
pub fn may_park(model: &Model) -> bool {
    model.plan.as_ref().is_some_and(|plan| {
        plan.spent.is_none()
            && !matches!(plan.purpose, Purpose::Parked(_))
            // Where it must be approved, the act key parks.
            && plan.view().is_some_and(|view| !view.dry_run && view.needs_approval.is_none())
    })
}

/// The parked run whose plan is shown, while it still waits.
pub fn parked_plan(model: &Model) -> Option<RunId> {
    match model.plan.as_ref().map(|plan| (&plan.purpose, plan.spent)) {
        Some((Purpose::Parked(run), None)) => Some(run.clone()),
        _ => None,
    }
}

/// `n` on the Plan of a run that waits.
pub fn ask_reject_of_plan(model: &mut Model) -> Vec<Effect> {
    let Some(run) = parked_plan(model) else {
        model.say(
            Meaning::Info,
            "Only a plan that waits for approval can be rejected; this one just need not start.",
        );
        return Vec::new();
    };
    ask_reject(model, run)
}

/// Asks once.
pub fn ask_reject(model: &mut Model, run: RunId) -> Vec<Effect> {
    model.overlay = Some(Overlay::Reject { run, choice: RejectChoice::default() });
    Vec::new()
}

pub fn reject_press(
    model: &mut Model,
    run: RunId,
    choice: RejectChoice,
    action: Option<Action>,
) -> Vec<Effect> {
    match (action, choice) {
        (Some(Action::Accept), RejectChoice::Reject) => vec![Effect::Reject { run }],
        (Some(Action::Accept | Action::Dismiss), _) => Vec::new(),
        _ => {
            let choice = step(&[RejectChoice::LetItWait, RejectChoice::Reject], choice, action);
            model.overlay = Some(Overlay::Reject { run, choice });
            Vec::new()
        }
    }
}

pub fn rejected(model: &mut Model, run: &RunId, result: Result<(), Trouble>) -> Vec<Effect> {
    match result {
        Ok(()) => {
            let shown = |plan: &&mut PlanPage| plan.purpose == Purpose::Parked(run.clone());
            if let Some(plan) = model.plan.as_mut().filter(shown) {
                plan.spent = Some("This plan was rejected.");
                if model.place == Place::Plan {
                    model.place = Place::History;
                }
            }
            model.say(
                Meaning::Good,
                format!("Run {run} is rejected: nothing of it was written, nothing will be."),
            );
        }
        Err(trouble) => {
            model.overlay = Some(Overlay::Trouble { title: "The run was not rejected".to_owned(), trouble });
        }
    }
    history::begin(model)
}
