//! The Plan: asked for, read, changed in its terms, started.

use std::collections::BTreeSet;

use tui_input::Input;

use super::{
    super::{
        action::Action,
        desk::{Draft, PlanView, Trouble},
        effect::Effect,
        key::Key,
        layout, line_input,
        model::{
            Model, Place,
            overlay::{Act, Deed},
            plan::{Field, PlanPage, PlanState, Purpose},
            run::RunPage,
        },
        scroll::Go,
        theme::Meaning,
    },
    confirm, going, parking, picking, ticking,
};
use crate::domain::{ConfigId, RunId};

/// Asks for a plan of what is ticked; reason, ticket and dry run are kept from the plan before.
pub fn begin(model: &mut Model, ticked: BTreeSet<ConfigId>) -> Vec<Effect> {
    let mut draft = model.plan.as_ref().map(|plan| plan.draft.clone()).unwrap_or_default();
    draft.ticked = ticked;
    draft.dry_run |= model.is_dry();
    ask(model, draft, Purpose::Ticked)
}

/// Asks for a plan of what failed in a run.
pub fn begin_retry(model: &mut Model, run: RunId) -> Vec<Effect> {
    let draft = model.plan.as_ref().map(|plan| plan.draft.clone()).unwrap_or_default();
    ask(model, draft, Purpose::Retry(run))
}

/// Asks for a plan that restores what a run changed. Its reason is not the reason of what it undoes.
pub fn begin_undo(model: &mut Model, run: RunId) -> Vec<Effect> {
    let draft = Draft { dry_run: model.is_dry(), ..Draft::default() };
    ask(model, draft, Purpose::Undo { run, only: None })
}

/// Opens the plan of a run that waits for approval.
pub fn open_parked(model: &mut Model, run: RunId, pick_all: bool) -> Vec<Effect> {
    let effects = ask(model, Draft::default(), Purpose::Parked(run));
    if let Some(plan) = &mut model.plan {
        plan.pick_all = pick_all;
    }
    effects
}

pub(super) fn ask(model: &mut Model, draft: Draft, purpose: Purpose) -> Vec<Effect> {
    let generation = model.next_serial();
    let effect = Effect::plan_for(&purpose, generation, &draft);
    model.plan = Some(PlanPage::new(generation, draft, purpose));
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
        Action::Reject => parking::ask_reject_of_plan(model),
        Action::Pick => picking::tick(model),
        Action::PickAll => picking::tick_all(model),
        _ if model.runs() => {
            model.tell(Meaning::Info, "A run is going on: press <go-run> to watch it.");
            Vec::new()
        }
        Action::DryRun => dry_run(model),
        Action::EditReason => edit(model, Field::Reason),
        Action::EditTicket => edit(model, Field::Ticket),
        Action::Park => parking::park(model),
        Action::Replan => again(model),
        _ => Vec::new(),
    }
}

/// Why the terms of this plan cannot be changed any more.
fn fixed_terms(purpose: &Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Retry(_) => Some("A retry keeps the terms of the run it retries."),
        Purpose::Parked(_) => {
            Some("This plan was asked for as it is: approve it, a part of it, or reject it.")
        }
        Purpose::Ticked | Purpose::Undo { .. } => None,
    }
}

fn dry_run(model: &mut Model) -> Vec<Effect> {
    if model.is_dry() {
        model.say(Meaning::Info, "The settings forbid every write (safeguards.dry_run): it stays a dry run.");
        return Vec::new();
    }
    let Some(plan) = &mut model.plan else { return Vec::new() };
    if let Some(why) = fixed_terms(&plan.purpose) {
        model.say(Meaning::Info, why);
        return Vec::new();
    }
    plan.draft.dry_run = !plan.draft.dry_run;
    again(model)
}

fn edit(model: &mut Model, field: Field) -> Vec<Effect> {
    let Some(plan) = &mut model.plan else { return Vec::new() };
    if let Some(why) = fixed_terms(&plan.purpose) {
        model.say(Meaning::Info, why);
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
    let draft = plan.draft.clone();
    let purpose = match &plan.purpose {
        // What was unticked comes back: all of it is planned again.
        Purpose::Undo { run, .. } => Purpose::Undo { run: run.clone(), only: None },
        other => other.clone(),
    };
    ask(model, draft, purpose)
}

/// An undo of what is ticked alone: what starts is exactly what is shown.
fn narrow(model: &mut Model) -> Vec<Effect> {
    let Some(plan) = &model.plan else { return Vec::new() };
    let Purpose::Undo { run, .. } = &plan.purpose else { return Vec::new() };
    let purpose = Purpose::Undo { run: run.clone(), only: Some(plan.picked.clone()) };
    let draft = plan.draft.clone();
    model.say(Meaning::Info, "Planning again with only what is ticked: look, then press the same key again.");
    ask(model, draft, purpose)
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
            *input = Input::new(kept.clone().unwrap_or_default());
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
        if plan.purpose.is_picked_here() && plan.view().is_some() {
            picking::travel(plan, go, height);
            return Vec::new();
        }
        plan.scroll.turn(go, plan.page.lines.len(), height);
    }
    Vec::new()
}

/// The act key: parks what needs approval; asks for a confirmation of what writes; does a dry run at once.
fn start(model: &mut Model) -> Vec<Effect> {
    if model.runs() {
        return going::go(model, Place::Run);
    }
    // Before anything else: without it, this very thing would be what is refused.
    if ask_for_terms(model) {
        return Vec::new();
    }
    if let Some((meaning, why)) = hindrance(model) {
        model.say(meaning, why);
        return Vec::new();
    }
    let Some(plan) = &model.plan else { return Vec::new() };
    let Some(view) = plan.view() else { return Vec::new() };
    let items = plan.chosen();
    let everything = items.len() == view.plan.items().len();
    let act = match &plan.purpose {
        Purpose::Parked(run) => Act::Approve(run.clone()),
        Purpose::Undo { .. } if !everything => return narrow(model),
        _ if view.needs_approval.is_some() && !view.dry_run => return parking::park(model),
        _ => Act::Start,
    };
    let writes = act != Act::Start || !view.dry_run;
    let deed = Deed { act, items, digest: view.digest.clone() };
    if writes { confirm::open(model, deed) } else { run(model, &deed) }
}

/// Why the plan that is shown cannot be acted on, in words.
pub(super) fn hindrance(model: &Model) -> Option<(Meaning, String)> {
    let plan = model.plan.as_ref()?;
    let told = |meaning, sentence: &'static str| Some((meaning, model.keymap.spell(sentence)));
    let view = match &plan.state {
        PlanState::Planning => return told(Meaning::Info, "Still planning: one moment."),
        PlanState::Failed(_) => {
            return told(Meaning::Warn, "There is no plan to start: press <replan> to plan again.");
        }
        PlanState::Ready(view) => view,
    };
    if let Some(why) = plan.spent {
        return told(Meaning::Info, why);
    }
    if model.plan_is_outdated() {
        return told(
            Meaning::Warn,
            "The ticks have changed since this plan was made: press <replan> to plan what is ticked now.",
        );
    }
    if let Some(why) = view.refused.first() {
        let verdict = if matches!(plan.purpose, Purpose::Parked(_)) {
            "You cannot approve this"
        } else {
            "This plan cannot start"
        };
        return Some((Meaning::Bad, format!("{verdict}: {why}")));
    }
    if view.plan.items().is_empty() {
        return told(Meaning::Warn, "There is nothing to change in this plan.");
    }
    if plan.chosen_count() == 0 {
        return told(Meaning::Warn, "Nothing is ticked: <pick> ticks one, <pick-all> ticks all of it.");
    }
    if view.plan.is_expired(model.now) {
        let parked = matches!(plan.purpose, Purpose::Parked(_));
        return told(
            Meaning::Warn,
            if parked {
                "This plan has expired: tick it anew in Review to plan it again."
            } else {
                "This plan has expired: press <replan> to plan again."
            },
        );
    }
    None
}

/// What the settings want to be written down before this plan starts, and is not yet.
fn missing_terms(model: &Model) -> Option<(Field, &'static str)> {
    let plan = model.plan.as_ref().filter(|plan| plan.purpose.has_open_terms() && plan.spent.is_none())?;
    let view = plan.view().filter(|view| !view.dry_run)?;
    if model.setting.require_reason && view.reason.is_none() {
        return Some((
            Field::Reason,
            "The settings want a reason (safeguards.require_reason): write it, then <accept>.",
        ));
    }
    if model.setting.require_ticket && view.ticket.is_none() {
        return Some((
            Field::Ticket,
            "The settings want a ticket (safeguards.require_ticket): write its number, then <accept>.",
        ));
    }
    None
}

/// Asks for what the settings want written down; says whether anything was missing.
pub(super) fn ask_for_terms(model: &mut Model) -> bool {
    let Some((field, text)) = missing_terms(model) else { return false };
    if let Some(plan) = &mut model.plan {
        plan.typing = Some(field);
    }
    model.tell(Meaning::Warn, text);
    true
}

/// Starts or approves exactly what was confirmed of the plan that is shown.
pub fn run(model: &mut Model, deed: &Deed) -> Vec<Effect> {
    let shown = model.plan.as_ref().and_then(PlanPage::view);
    let Some(view) = shown.filter(|view| view.digest == deed.digest).cloned() else {
        return Vec::new();
    };
    let serial = model.next_serial();
    let digest = deed.digest.clone();
    let effect = match &deed.act {
        Act::Start => Effect::Start { serial, digest },
        Act::Approve(run) => Effect::Approve { serial, run: run.clone(), digest, items: deed.items.clone() },
    };
    watch(model, serial, view);
    vec![effect]
}

/// Turns to the Run that is about to begin or to go on.
pub(super) fn watch(model: &mut Model, serial: u64, view: PlanView) {
    model.run = Some(RunPage::new(serial, Box::new(view)));
    model.place = Place::Run;
    model.overlay = None;
    model.note = None;
    model.refit();
}
