//! The plan: asked for, read, changed in its terms. `acting` acts on it.

use std::collections::BTreeSet;

use super::{
    super::{
        desk::{Draft, Mode, PlanView, Trouble},
        effect::Effect,
        filter,
        model::plan::{PlanEntry, PlanPage, PlanState, Purpose},
    },
    command::Which,
    handles::{Handles, Kind},
    listing,
    output::{Line, lines_of},
    reading, running,
    session::{Question, Session},
    ticking,
    words::{self, IN_WORDS},
};
use crate::domain::{ConfigId, RunId, text::count};

pub fn is_planning(plan: &PlanPage) -> bool {
    matches!(plan.state, PlanState::Planning)
}

/// `plan`: of what is ticked, whatever the filters say; what they hide is asked about first.
pub fn plan(session: &mut Session) -> Vec<Effect> {
    if let Some(why) = reading::hindrance(session) {
        session.say(&format!("{why} A plan needs all of it."));
        return Vec::new();
    }
    if session.ticks.is_empty() {
        session.say("Nothing is ticked. Open a client, then tick 1 4 7-9, or tick unlinked.");
        return Vec::new();
    }
    if runs_already(session) {
        return Vec::new();
    }
    let hidden = hidden(session);
    if !hidden.is_empty() {
        session.ask(Question::Hidden(hidden));
        return Vec::new();
    }
    begin(session)
}

pub(super) fn runs_already(session: &mut Session) -> bool {
    let runs = session.runs();
    if runs {
        session.say("A run is going on, one at a time: progress tells how far it is. Your ticks stay.");
    }
    runs
}

/// Ticked rows that the filters hide.
fn hidden(session: &Session) -> Vec<ConfigId> {
    if session.row_filter.is_empty() && session.client_filter.is_empty() {
        return Vec::new();
    }
    let mut matcher = filter::matcher();
    let data = &session.data;
    let hides = |id: &&ConfigId| {
        data.row(id).is_none_or(|at| {
            let entry = data.entry(at);
            !session.client_filter.fits_client(&data.clients[entry.client], &mut matcher)
                || !session.row_filter.fits(entry.candidate(data.links_of(at)), &mut matcher)
        })
    };
    session.ticks.iter().filter(hides).cloned().collect()
}

/// The answer about hidden ticks. Anything unclear only shows them.
pub fn about_hidden(session: &mut Session, ids: Vec<ConfigId>, answer: &str) -> Vec<Effect> {
    match answer.to_lowercase().as_str() {
        "untick" => {
            let n = ids.len();
            let effects = ticking::change(session, Vec::new(), ids);
            let what = count(n, "hidden configuration", "hidden configurations");
            session.say(&format!("Unticked {what}. Type plan again."));
            effects
        }
        "include" => begin(session),
        "" | "show" => {
            listing::ticked(session);
            session.say("These are ticked. filter alone shows all rows again; then type plan.");
            Vec::new()
        }
        _ => {
            session.say("That is none of show, untick and include, so nothing is planned. plan asks again.");
            Vec::new()
        }
    }
}

fn begin(session: &mut Session) -> Vec<Effect> {
    let draft = Draft { ticked: session.ticks.iter().cloned().collect(), ..session.terms.clone() };
    ask(session, draft, Purpose::Ticked)
}

/// `retry`: what failed in the run that was reported last.
pub fn retry(session: &mut Session) -> Vec<Effect> {
    if runs_already(session) {
        return Vec::new();
    }
    let failed =
        session.report.as_ref().filter(|page| running::has_failed(page)).map(|page| page.run.clone());
    let Some(run) = failed else {
        session.say("Nothing failed in the last report: there is nothing to try again.");
        return Vec::new();
    };
    let draft = session.terms.clone();
    ask(session, draft, Purpose::Retry(run))
}

/// A plan that restores what a run changed. Its reason is not the reason of what it undoes.
pub fn undo(session: &mut Session, run: RunId) -> Vec<Effect> {
    let draft = Draft { dry_run: session.setting.mode == Mode::DryRun, ..Draft::default() };
    ask(session, draft, Purpose::Undo { run, only: None })
}

pub fn parked_run(session: &mut Session, run: RunId) -> Vec<Effect> {
    let effects = ask(session, Draft::default(), Purpose::Parked(run));
    if let Some(plan) = &mut session.plan {
        plan.pick_all = true;
    }
    effects
}

pub(super) fn ask(session: &mut Session, draft: Draft, purpose: Purpose) -> Vec<Effect> {
    let generation = session.next_serial();
    let effect = Effect::plan_for(&purpose, generation, &draft);
    session.say("Planning: everything in it is read again. Nothing is written.");
    session.plan = Some(PlanPage::new(generation, draft, purpose));
    session.picks_items = false;
    vec![effect]
}

pub fn planned(
    session: &mut Session,
    generation: u64,
    result: Result<Box<PlanView>, Trouble>,
) -> Vec<Effect> {
    let Some(plan) = session.plan.as_mut().filter(|plan| plan.generation == generation) else {
        return Vec::new();
    };
    match result {
        Ok(view) => {
            plan.draft.dry_run = view.dry_run;
            plan.take(view);
            show(session);
        }
        Err(trouble) => {
            plan.state = PlanState::Failed(trouble.clone());
            session.trouble("There is no plan", &trouble);
        }
    }
    Vec::new()
}

/// The whole plan in sentences, the page that the screen shows.
fn show(session: &mut Session) {
    let Some(plan) = &mut session.plan else { return };
    plan.write(Session::WIDTH, &session.setting, &IN_WORDS);
    let Some(view) = plan.view() else { return };
    let picks = plan.purpose.is_picked_here();
    let mut numbered = Vec::new();
    let mut lines = lines_of(&plan.page, |entry| match entry {
        PlanEntry::Item(at) => {
            let item = &view.plan.items()[*at];
            let links = plan.found(&item.config_id).map(|found| &found.links).filter(|_| !view.is_undo());
            let text = words::item(item, links);
            if !picks {
                return Line::new(format!("    - {text}"));
            }
            numbered.push(item.config_id.clone());
            let ticked = if plan.picked.contains(&item.config_id) { "ticked" } else { "not ticked" };
            Line::numbered(Kind::Items, numbered.len(), &format!("{ticked}: {text}"))
        }
        PlanEntry::Left(client, at) => {
            let found = view.survey.clients.get(*client).and_then(|client| client.found.get(*at));
            Line::new(found.map_or_else(String::new, |found| {
                let row = &found.configuration;
                let why = found.why.as_deref().map_or_else(String::new, |why| format!(": {why}"));
                format!("    - {}, {}{why}", row.title(), row.config_type)
            }))
        }
    });
    for (label, value) in [("Reason", &view.reason), ("Ticket", &view.ticket)] {
        lines.push(Line::new(format!("{label}: {}", value.as_deref().unwrap_or("none"))));
    }
    lines.push(Line::new(next_step(plan, view)));
    session.items = Handles::of(numbered);
    session.picks_items = picks;
    session.print(lines);
}

/// What can be done with the plan.
fn next_step(plan: &PlanPage, view: &PlanView) -> &'static str {
    match &plan.purpose {
        _ if !view.refused.is_empty() || view.plan.items().is_empty() => {
            "Nothing can be done with this plan as it is."
        }
        Purpose::Parked(_) => {
            "untick 2 leaves one out; confirm approves what is ticked and starts it; reject with the run's number in history ends it."
        }
        Purpose::Undo { .. } => "untick 2 leaves one as it is now; confirm restores what is ticked.",
        _ if view.dry_run => "confirm makes the report of this dry run. Nothing is written.",
        _ if view.needs_approval.is_some() => {
            "park lets it wait for approval. Nothing is written before that."
        }
        _ => {
            "Nothing is written yet: confirm asks for a typed confirmation, park lets it wait for approval, dry-run on only reports."
        }
    }
}

/// `tick` and `untick` while a plan is open of which a part can be chosen.
pub fn pick(session: &mut Session, which: &Which, on: bool) {
    let ids = match which {
        Which::These(picks) => session.items.many(picks),
        Which::All => Ok(session.plan.as_ref().and_then(PlanPage::view).map_or_else(Vec::new, |view| {
            view.plan.items().iter().map(|item| item.config_id.clone()).collect()
        })),
        Which::Unlinked => Err("Here tick takes numbers of the plan, or all.".to_owned()),
    };
    let ids = match ids {
        Ok(ids) => ids,
        Err(why) => {
            session.say(&format!("{why} Nothing was changed."));
            return;
        }
    };
    let Some(plan) = session.plan.as_mut().filter(|plan| plan.spent.is_none()) else {
        session.say("This plan is done with: list prints the configurations again.");
        return;
    };
    let Some(view) = plan.view() else { return };
    let known: BTreeSet<ConfigId> = view.plan.items().iter().map(|item| item.config_id.clone()).collect();
    for id in ids.iter().filter(|id| known.contains(*id)) {
        if on {
            plan.picked.insert(id.clone());
        } else {
            plan.picked.remove(id);
        }
    }
    let text = format!("{} of the {} in this plan are ticked.", plan.picked.len(), known.len());
    session.say(&text);
}

/// `reason` and `ticket` are part of what is approved, so the plan is made anew.
pub fn reason(session: &mut Session, text: String) -> Vec<Effect> {
    let value = (!text.is_empty()).then_some(text);
    set_terms(session, "The reason", value.as_deref(), |draft| draft.reason.clone_from(&value))
}

pub fn ticket(session: &mut Session, text: String) -> Vec<Effect> {
    let value = (!text.is_empty()).then_some(text);
    set_terms(session, "The ticket", value.as_deref(), |draft| draft.ticket.clone_from(&value))
}

pub fn dry_run(session: &mut Session, on: bool) -> Vec<Effect> {
    if session.setting.mode == Mode::DryRun {
        session.say("The settings forbid every write (safeguards.dry_run): it stays a dry run.");
        return Vec::new();
    }
    let words = if on { "on: nothing will be written" } else { "off" };
    set_terms(session, "Dry run", Some(words), |draft| draft.dry_run = on)
}

fn set_terms(
    session: &mut Session,
    what: &str,
    value: Option<&str>,
    change: impl Fn(&mut Draft),
) -> Vec<Effect> {
    if runs_already(session) {
        return Vec::new();
    }
    let open = session.plan.as_ref().filter(|plan| plan.spent.is_none()).map(|plan| plan.purpose.clone());
    match open {
        Some(Purpose::Retry(_)) => {
            session.say("A retry keeps the terms of the run it retries.");
            return Vec::new();
        }
        Some(Purpose::Parked(_)) => {
            session.say("This plan was asked for as it is: approve it, a part of it, or reject it.");
            return Vec::new();
        }
        _ => {}
    }
    session.say(&match value {
        Some(value) => format!("{what} is {value}."),
        None => format!("{what} is taken away."),
    });
    match open {
        Some(Purpose::Undo { run, .. }) => {
            let mut draft = session.plan.as_ref().map(|plan| plan.draft.clone()).unwrap_or_default();
            change(&mut draft);
            ask(session, draft, Purpose::Undo { run, only: None })
        }
        Some(_) => {
            change(&mut session.terms);
            let same = session.plan.as_ref().filter(|plan| !is_outdated(session, plan));
            match same.map(|plan| plan.draft.ticked.clone()) {
                // What was hidden was asked about already, and everything is printed again.
                Some(ticked) => ask(session, Draft { ticked, ..session.terms.clone() }, Purpose::Ticked),
                None => plan(session),
            }
        }
        None => {
            change(&mut session.terms);
            Vec::new()
        }
    }
}

/// Whether other configurations are ticked now than the plan was made of.
pub(super) fn is_outdated(session: &Session, plan: &PlanPage) -> bool {
    let ticks = &session.ticks;
    plan.purpose == Purpose::Ticked
        && (plan.draft.ticked.len() != ticks.len() || ticks.iter().any(|id| !plan.draft.ticked.contains(id)))
}
