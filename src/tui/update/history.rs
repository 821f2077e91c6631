//! History: earlier runs, and what can still be done about each.

use super::{
    super::{
        action::Action,
        desk::{PastRun, Recheck, Trouble},
        effect::Effect,
        layout,
        model::{
            Model, Place,
            overlay::Overlay,
            report::{ReportPage, ReportState},
        },
        scroll::{Go, Scroll},
        theme::Meaning,
    },
    copying, following, parking, plan, resuming, saving,
};
use crate::domain::{RunId, document::Report};

/// The list is read every time it is opened: it is short, and somebody else may have run something.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    if model.history.reading {
        return Vec::new();
    }
    model.history.reading = true;
    vec![Effect::History]
}

pub fn read(model: &mut Model, result: Result<Vec<PastRun>, Trouble>) -> Vec<Effect> {
    let before = model.history.under_cursor().map(|past| past.run.clone());
    model.history.reading = false;
    let failed = result.is_err();
    model.history.runs = Some(result);
    // The cursor stays with its run, or goes to the one that it was sent to.
    let wanted = model.history.seek.take().or(before);
    if let Some(at) = wanted.and_then(|id| model.history.list().iter().position(|past| past.run == id)) {
        model.history.scroll.cursor = at;
    }
    if !failed {
        resuming::offer(model);
    }
    travel(model, Go::By(0))
}

pub fn list_height(model: &Model) -> usize {
    layout::history_list(model.body_height())
}

pub fn travel(model: &mut Model, go: Go) -> Vec<Effect> {
    let (len, height) = (model.history.list().len(), list_height(model));
    model.history.scroll.go(go, len, height);
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Reload => begin(model),
        Action::OpenEntry => open(model),
        Action::Export => saving::export_past(model),
        Action::Story => story(model),
        Action::Approve | Action::Reject | Action::ResumeRun | Action::UndoRun | Action::Recheck => {
            about(model, action)
        }
        Action::Copy => {
            let Some(past) = model.history.under_cursor() else { return Vec::new() };
            let text = past.run.to_string();
            copying::copy(model, "the run's id", text)
        }
        _ => Vec::new(),
    }
}

/// The run that an action is about: under the cursor, or the one whose report is read.
fn subject(model: &Model) -> Option<&PastRun> {
    if model.place == Place::Report {
        let run = &model.report.as_ref()?.run;
        return model.history.run(run);
    }
    model.history.under_cursor()
}

/// Whether the action can do something for the run that it would be about.
pub fn may(model: &Model, action: Action) -> bool {
    subject(model).is_some_and(|past| refusal(model, past, action).is_none())
}

/// Why the action can do nothing for the run that it would be about, in words.
pub fn why_not(model: &Model, action: Action) -> Option<String> {
    let Some(past) = subject(model) else {
        let read = model.place == Place::Report && model.report.is_some();
        return Some(if read { "this run is not in History yet" } else { "no run is chosen" }.to_owned());
    };
    refusal(model, past, action)
}

/// Why an action can do nothing for this run, in words.
fn refusal(model: &Model, past: &PastRun, action: Action) -> Option<String> {
    if let Some(profile) = &past.elsewhere {
        return Some(format!("This run is of profile {profile}: open the screen with --profile {profile}."));
    }
    if let Some(who) = &past.at_work {
        return Some(format!("This run is going on ({who}): open it to watch, pause or cancel it."));
    }
    if model.runs() && action != Action::Recheck {
        return Some("A run is going on here: one at a time.".to_owned());
    }
    let phase = past.phase.words();
    let (possible, why) = match action {
        Action::Approve | Action::Reject => {
            (past.waits_for_approval(), format!("This run is {phase}: it does not wait for approval."))
        }
        Action::ResumeRun if past.dry_run => {
            (false, "A dry run writes nothing: there is nothing to resume.".to_owned())
        }
        Action::ResumeRun => (past.may_resume(), format!("This run is {phase}: there is nothing to resume.")),
        Action::UndoRun => {
            (past.may_undo(), "This run set nothing inactive that could be undone.".to_owned())
        }
        _ => (past.may_recheck(), "This run set nothing inactive that could have come back.".to_owned()),
    };
    (!possible).then_some(why)
}

/// Approve, reject, resume, undo or look again, for the run that it is about.
pub fn about(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(past) = subject(model).cloned() else {
        if model.place == Place::Report {
            model.tell(Meaning::Info, "This run is not in History yet: press <go-history>, then try again.");
        }
        return Vec::new();
    };
    if let Some(why) = refusal(model, &past, action) {
        model.say(Meaning::Info, why);
        return Vec::new();
    }
    match action {
        Action::Approve => plan::open_parked(model, past.run, true),
        Action::Reject => parking::ask_reject(model, past.run),
        Action::ResumeRun => {
            resuming::ask(model, vec![past]);
            Vec::new()
        }
        Action::UndoRun => plan::begin_undo(model, past.run),
        _ => recheck(model, past.run),
    }
}

fn recheck(model: &mut Model, run: RunId) -> Vec<Effect> {
    if model.history.rechecking.is_some() {
        model.say(Meaning::Info, "Looking already: one moment.");
        return Vec::new();
    }
    model.history.rechecking = Some(run.clone());
    model.say(Meaning::Info, "Looking again at what this run changed. Nothing is written.");
    vec![Effect::Recheck { run }]
}

pub fn rechecked(model: &mut Model, run: &RunId, result: Result<Recheck, Trouble>) -> Vec<Effect> {
    model.history.rechecking = None;
    let busy = model.overlay.is_some() || model.is_typing();
    match result {
        Ok(result) if busy => {
            let n = result.found.len();
            let key = model.keymap.way(Action::Recheck);
            model.say(
                Meaning::Info,
                format!("Looked again at run {run}: {n} findings. {key} in History shows them."),
            );
            Vec::new()
        }
        Ok(result) => {
            model.note = None;
            model.overlay = Some(Overlay::Recheck { result, scroll: Scroll::default() });
            begin(model)
        }
        Err(trouble) => {
            model.say(Meaning::Bad, format!("Could not look again: {} {}", trouble.message, trouble.advice));
            Vec::new()
        }
    }
}

/// What happened in the run that it is about, and why it stands where it stands.
pub fn story(model: &mut Model) -> Vec<Effect> {
    let run = match (model.place, &model.report) {
        (Place::Report, Some(page)) => page.run.clone(),
        (Place::Report, None) => return Vec::new(),
        _ => match model.history.under_cursor() {
            Some(past) => past.run.clone(),
            None => return Vec::new(),
        },
    };
    vec![Effect::Story { run }]
}

pub fn told(model: &mut Model, run: RunId, result: Result<Vec<String>, Trouble>) -> Vec<Effect> {
    match result {
        _ if model.overlay.is_some() || model.is_typing() => {}
        Ok(lines) => model.overlay = Some(Overlay::Story { run, lines, scroll: Scroll::default() }),
        Err(trouble) => {
            let title = "What happened in this run cannot be shown".to_owned();
            model.overlay = Some(Overlay::Trouble { title, trouble });
        }
    }
    Vec::new()
}

fn open(model: &mut Model) -> Vec<Effect> {
    let Some(past) = model.history.under_cursor() else { return Vec::new() };
    let run = past.run.clone();
    if past.waits_for_approval() && !model.runs() {
        return plan::open_parked(model, run, false);
    }
    if model.run.as_ref().is_some_and(|now| now.run == run && now.is_active()) {
        model.place = Place::Run;
        return Vec::new();
    }
    if past.may_follow() && !model.runs() {
        return following::begin(model);
    }
    if model.report.as_ref().is_some_and(|page| page.run == run && page.report().is_some()) {
        model.place = Place::Report;
        model.refit();
        return Vec::new();
    }
    model.report = Some(ReportPage::new(run.clone(), ReportState::Reading));
    model.place = Place::Report;
    vec![Effect::Report { run }]
}

pub fn opened(model: &mut Model, run: &RunId, result: Result<Box<Report>, Trouble>) -> Vec<Effect> {
    let Some(page) = model.report.as_mut().filter(|page| page.run == *run) else { return Vec::new() };
    match result {
        Ok(report) => {
            page.answer(ReportState::Ready(report));
            if std::mem::take(&mut page.then_export) && model.overlay.is_none() {
                saving::open_export(model);
            }
        }
        Err(trouble) => {
            page.answer(ReportState::Failed(trouble.clone()));
            model.overlay =
                Some(Overlay::Trouble { title: "This report cannot be shown".to_owned(), trouble });
        }
    }
    model.refit();
    Vec::new()
}
