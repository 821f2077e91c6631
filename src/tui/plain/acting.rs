//! Acting on the plan that was printed: confirmed, started, approved, or parked.

use super::{
    super::{
        desk::{Confirm, Parked, Trouble},
        effect::Effect,
        model::{
            overlay::{Act, Deed},
            plan::{PlanPage, PlanState, Purpose},
        },
    },
    past,
    planning::{ask, is_outdated, runs_already},
    running,
    session::{ForWhat, Question, Session},
    words,
};

/// Why the plan that was printed cannot be acted on, in words.
fn hindrance(session: &Session) -> Option<String> {
    let told = |text: &str| Some(text.to_owned());
    let Some(plan) = &session.plan else {
        return told("There is no plan yet: tick something, then type plan.");
    };
    let view = match &plan.state {
        PlanState::Planning => return told("Still planning: one moment."),
        PlanState::Failed(_) => return told("There is no plan to act on: type plan to try again."),
        PlanState::Ready(view) => view,
    };
    let parked = matches!(plan.purpose, Purpose::Parked(_));
    if let Some(why) = plan.spent {
        return told(why);
    }
    if is_outdated(session, plan) {
        return told("The ticks have changed since this plan was made: type plan again.");
    }
    if let Some(why) = view.refused.first() {
        let verdict = if parked { "You cannot approve this" } else { "This plan cannot start" };
        return Some(format!("{verdict}: {why}"));
    }
    if view.plan.items().is_empty() {
        return told("There is nothing to change in this plan.");
    }
    if plan.chosen().is_empty() {
        return told("Nothing of this plan is ticked: tick 1, or tick all.");
    }
    if view.plan.is_expired(session.now) {
        return told(if parked {
            "This plan has expired: tick it anew and plan again."
        } else {
            "This plan has expired: type plan again."
        });
    }
    if plan.purpose.has_open_terms() && !view.dry_run {
        if session.setting.require_reason && view.reason.is_none() {
            return told("The settings want a reason (safeguards.require_reason): type reason and why.");
        }
        if session.setting.require_ticket && view.ticket.is_none() {
            return told(
                "The settings want a ticket (safeguards.require_ticket): type ticket and its number.",
            );
        }
    }
    None
}

/// `confirm`: parks what needs approval, does a dry run at once, asks a person before anything is written.
pub fn confirm(session: &mut Session) -> Vec<Effect> {
    if runs_already(session) {
        return Vec::new();
    }
    if let Some(why) = hindrance(session) {
        session.say(&why);
        return Vec::new();
    }
    let Some(plan) = &session.plan else { return Vec::new() };
    let Some(view) = plan.view() else { return Vec::new() };
    let items = plan.chosen();
    let everything = items.len() == view.plan.items().len();
    let act = match &plan.purpose {
        Purpose::Parked(run) => Act::Approve(run.clone()),
        Purpose::Undo { .. } if !everything => return narrow(session),
        _ if view.needs_approval.is_some() && !view.dry_run => return park(session),
        _ => Act::Start,
    };
    let writes = act != Act::Start || !view.dry_run;
    let deed = Deed { act, items, digest: view.digest.clone() };
    if !writes {
        return run(session, &deed);
    }
    let wanted = view.confirm(&deed.items, &session.setting);
    let text = words::deed(view, &deed, &session.setting);
    session.say(&text);
    session.ask_person(Question::Confirm { deed, wanted });
    Vec::new()
}

/// An undo of what is ticked alone: what starts is exactly what was printed.
fn narrow(session: &mut Session) -> Vec<Effect> {
    let Some(plan) = &session.plan else { return Vec::new() };
    let Purpose::Undo { run, .. } = &plan.purpose else { return Vec::new() };
    let purpose = Purpose::Undo { run: run.clone(), only: Some(plan.picked.clone()) };
    let draft = plan.draft.clone();
    session.say("Only a part is ticked, so that part is planned by itself: look, then confirm again.");
    ask(session, draft, purpose)
}

/// The typed confirmation was answered. What was asked about is looked at once more: time has passed.
pub fn confirmed(session: &mut Session, deed: &Deed, wanted: &Confirm, typed: &str) -> Vec<Effect> {
    if !wanted.accepts(typed) {
        session.say("That is not what was asked for: nothing was done. confirm asks again.");
        return Vec::new();
    }
    if let Some(why) = hindrance(session) {
        session.say(&why);
        return Vec::new();
    }
    run(session, deed)
}

/// Starts or approves exactly what was confirmed of the plan that was printed.
fn run(session: &mut Session, deed: &Deed) -> Vec<Effect> {
    let shown = session.plan.as_ref().and_then(PlanPage::view);
    let Some(view) = shown.filter(|view| view.digest == deed.digest).cloned() else {
        session.say("The plan was replaced meanwhile: nothing was done. Type plan again.");
        return Vec::new();
    };
    let serial = session.next_serial();
    let digest = deed.digest.clone();
    let effect = match &deed.act {
        Act::Start => Effect::Start { serial, digest },
        Act::Approve(run) => Effect::Approve { serial, run: run.clone(), digest, items: deed.items.clone() },
    };
    if let Some(plan) = &mut session.plan {
        plan.spent = Some("This plan has been started already: type plan to plan again.");
    }
    running::watch(session, serial, view);
    vec![effect]
}

/// `park`: stores the plan as a run that waits for approval.
pub fn park(session: &mut Session) -> Vec<Effect> {
    if runs_already(session) {
        return Vec::new();
    }
    if let Some(why) = hindrance(session) {
        session.say(&why);
        return Vec::new();
    }
    let Some(plan) = &mut session.plan else { return Vec::new() };
    let Some(view) = plan.view() else { return Vec::new() };
    let whole = plan.chosen().len() == view.plan.items().len();
    let text = match &plan.purpose {
        Purpose::Parked(_) => "It waits for approval already.",
        _ if view.dry_run => {
            "A dry run writes nothing, so there is nothing to approve: type dry-run off first."
        }
        _ if !whole => "Not all of it is ticked: confirm plans what is ticked alone; park that.",
        _ => {
            let digest = view.digest.clone();
            plan.spent = Some("This plan is being parked.");
            session.asking.other += 1;
            return vec![Effect::Park { digest }];
        }
    };
    session.say(text);
    Vec::new()
}

pub fn parked(session: &mut Session, result: Result<Parked, Trouble>) -> Vec<Effect> {
    session.asking.other = session.asking.other.saturating_sub(1);
    match result {
        Ok(Parked { run, until }) => {
            if let Some(plan) = &mut session.plan {
                plan.spent = Some("This plan is parked: it waits in history.");
            }
            session.say(&format!(
                "Parked as run {run}, nothing was written: it waits for approval until {} UTC. history lists it.",
                until.minutes()
            ));
            past::ask(session, ForWhat::Refreshing)
        }
        Err(trouble) => {
            if let Some(plan) = &mut session.plan {
                plan.spent = None;
            }
            session.trouble("The plan was not parked", &trouble);
            Vec::new()
        }
    }
}
