//! The Plan: asked for, read, changed in its terms, started.

use std::collections::BTreeSet;

use super::{
    super::{
        action::Action,
        desk::{Draft, PlanView, Trouble},
        effect::Effect,
        key::Key,
        layout, line_input,
        model::{
            Model, Place,
            overlay::{ConfirmBox, Overlay},
            plan::{Field, PlanPage, PlanState},
            run::RunPage,
        },
        scroll::Go,
        theme::Meaning,
    },
    going, ticking,
};
use crate::domain::{ConfigId, RunId};

/// Asks for a plan of what is ticked; reason, ticket and dry run are kept from the plan before.
pub fn begin(model: &mut Model, ticked: BTreeSet<ConfigId>) -> Vec<Effect> {
    let mut draft = model.plan.as_ref().map(|plan| plan.draft.clone()).unwrap_or_default();
    draft.ticked = ticked;
    draft.dry_run |= model.is_dry();
    ask(model, draft, None)
}

/// Asks for a plan of what failed in a run.
pub fn begin_retry(model: &mut Model, run: RunId) -> Vec<Effect> {
    let draft = model.plan.as_ref().map(|plan| plan.draft.clone()).unwrap_or_default();
    ask(model, draft, Some(run))
}

fn ask(model: &mut Model, draft: Draft, retry_of: Option<RunId>) -> Vec<Effect> {
    let generation = model.next_serial();
    let effect = match &retry_of {
        Some(run) => Effect::PlanRetry { generation, run: run.clone() },
        None => Effect::Plan { generation, draft: draft.clone() },
    };
    model.plan = Some(PlanPage::new(generation, draft, retry_of));
    model.place = Place::Plan;
    vec![effect]
}

pub fn planned(model: &mut Model, generation: u64, result: Result<Box<PlanView>, Trouble>) -> Vec<Effect> {
    let Some(plan) = model.plan.as_mut().filter(|plan| plan.generation == generation) else {
        return Vec::new();
    };
    match result {
        Ok(view) => {
            plan.draft.dry_run = view.dry_run;
            plan.take(view);
        }
        Err(trouble) => plan.state = PlanState::Failed(trouble),
    }
    model.refit();
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Start => start(model),
        _ if model.runs() => {
            model.say(Meaning::Info, "This plan is running: press 3 to watch it.");
            Vec::new()
        }
        Action::DryRun => dry_run(model),
        Action::EditReason => edit(model, Field::Reason),
        Action::EditTicket => edit(model, Field::Ticket),
        Action::Replan => again(model),
        _ => Vec::new(),
    }
}

fn dry_run(model: &mut Model) -> Vec<Effect> {
    if model.is_dry() {
        model.say(Meaning::Info, "The settings forbid every write (safeguards.dry_run): it stays a dry run.");
        return Vec::new();
    }
    let Some(plan) = &mut model.plan else { return Vec::new() };
    if plan.retry_of.is_some() {
        model.say(Meaning::Info, "A retry keeps the terms of the run it retries.");
        return Vec::new();
    }
    plan.draft.dry_run = !plan.draft.dry_run;
    again(model)
}

fn edit(model: &mut Model, field: Field) -> Vec<Effect> {
    let Some(plan) = &mut model.plan else { return Vec::new() };
    if plan.retry_of.is_some() {
        model.say(Meaning::Info, "A retry keeps the reason and the ticket of the run it retries.");
        return Vec::new();
    }
    plan.typing = Some(field);
    Vec::new()
}

/// The same once more, read anew; where the ticks changed since, what is ticked now.
fn again(model: &mut Model) -> Vec<Effect> {
    if model.plan_is_outdated() {
        if let Some(plan) = &mut model.plan {
            plan.stale = true;
        }
        // The same questions as from Review: nothing ticked, hidden ticks, a list that is not complete.
        return ticking::open_plan(model);
    }
    let Some(plan) = &model.plan else { return Vec::new() };
    let (draft, retry_of) = (plan.draft.clone(), plan.retry_of.clone());
    ask(model, draft, retry_of)
}

pub fn type_key(model: &mut Model, key: Key, action: Option<Action>) -> Vec<Effect> {
    let Some(plan) = &mut model.plan else { return Vec::new() };
    let Some(field) = plan.typing else { return Vec::new() };
    let (input, kept) = match field {
        Field::Reason => (&mut plan.reason, &mut plan.draft.reason),
        Field::Ticket => (&mut plan.ticket, &mut plan.draft.ticket),
    };
    match action {
        Some(Action::Accept) => {
            plan.typing = None;
            let text = input.value().trim();
            let value = (!text.is_empty()).then(|| text.to_owned());
            if *kept == value {
                return Vec::new();
            }
            *kept = value;
            // Reason and ticket are part of what is approved, so the plan is made anew.
            again(model)
        }
        Some(Action::Dismiss) => {
            *input = tui_input::Input::new(kept.clone().unwrap_or_default());
            plan.typing = None;
            Vec::new()
        }
        _ => {
            line_input::edit(input, key);
            Vec::new()
        }
    }
}

pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(plan) = &mut model.plan {
        match plan.typing {
            Some(Field::Reason) => line_input::paste(&mut plan.reason, text),
            Some(Field::Ticket) => line_input::paste(&mut plan.ticket, text),
            None => false,
        };
    }
    Vec::new()
}

pub fn page_height(model: &Model) -> usize {
    model.body_height().saturating_sub(layout::PLAN_FOOT).max(1)
}

pub fn travel(model: &mut Model, go: Go) -> Vec<Effect> {
    let height = page_height(model);
    if let Some(plan) = &mut model.plan {
        plan.scroll.turn(go, plan.page.lines.len(), height);
    }
    Vec::new()
}

/// Opens the confirmation; a dry run needs none, because it writes nothing.
fn start(model: &mut Model) -> Vec<Effect> {
    if model.runs() {
        return going::go(model, Place::Run);
    }
    let Some(plan) = &model.plan else { return Vec::new() };
    let view = match &plan.state {
        PlanState::Planning => {
            model.say(Meaning::Info, "Still planning: one moment.");
            return Vec::new();
        }
        PlanState::Failed(_) => {
            model.say(Meaning::Warn, "There is no plan to start: press R to plan again.");
            return Vec::new();
        }
        PlanState::Ready(view) => view,
    };
    if model.run.as_ref().is_some_and(|run| run.run == view.plan.head().run) {
        model.say(Meaning::Info, "This plan has run already: press R to plan again, 4 for its report.");
        return Vec::new();
    }
    if model.plan_is_outdated() {
        model.say(
            Meaning::Warn,
            "The ticks have changed since this plan was made: press R to plan what is ticked now.",
        );
        return Vec::new();
    }
    if let Some(why) = view.refused.first() {
        model.say(Meaning::Bad, format!("This plan cannot start: {why}"));
        return Vec::new();
    }
    if view.plan.items().is_empty() {
        model.say(Meaning::Warn, "There is nothing to change in this plan.");
        return Vec::new();
    }
    if view.plan.is_expired(model.now) {
        model.say(Meaning::Warn, "This plan has expired: press R to plan again.");
        return Vec::new();
    }
    if model.setting.require_ticket && plan.draft.ticket.is_none() && !view.dry_run && plan.retry_of.is_none()
    {
        model.say(
            Meaning::Warn,
            "The settings want a ticket (safeguards.require_ticket): press t and write its number.",
        );
        return Vec::new();
    }
    if view.dry_run {
        return run(model);
    }
    model.overlay = Some(Overlay::Confirm(ConfirmBox::default()));
    Vec::new()
}

/// Approves and starts exactly the plan that is shown.
pub fn run(model: &mut Model) -> Vec<Effect> {
    let Some(view) = model.plan.as_ref().and_then(PlanPage::view).cloned() else { return Vec::new() };
    let serial = model.next_serial();
    let digest = view.digest.clone();
    model.run = Some(RunPage::new(serial, Box::new(view)));
    model.place = Place::Run;
    model.overlay = None;
    model.note = None;
    model.refit();
    vec![Effect::Start { serial, digest }]
}
