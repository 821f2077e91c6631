//! The run in lines: one for each item while there are few, else one now and then; problems at once. Then its
//! report.

use std::path::PathBuf;

use super::{
    super::{
        desk::{Control, Ending, PlanView, RunNews, SaveError, SaveRequest, Saved, Trouble},
        effect::Effect,
        model::{
            report::{ReportPage, ReportState},
            run::{RunPage, broke_off},
            sieve::is_problem,
        },
    },
    output::{Line, duration, lines_of},
    past, reading,
    session::{ForWhat, Question, Session},
    words::{self, IN_WORDS},
};
use crate::{
    domain::{Event, Outcome, Phase, PlanItem, RunId, Timestamp, event::Notice, text::count},
    report::export::{Audience, Form, Wish},
};

/// Up to so many items are told one by one.
const ONE_BY_ONE: usize = 40;

/// Seconds between two lines about a run that goes on.
const EVERY: f64 = 10.0;

/// What was told of the run so far.
#[derive(Debug, Default)]
pub struct Told {
    at: Option<Timestamp>,
    done: u64,
    phase: Phase,
    notice: Option<Notice>,
}

/// Turns to the run that is about to begin or to go on.
pub fn watch(session: &mut Session, serial: u64, view: PlanView) {
    let nouns = &session.setting.nouns;
    let what = count(view.plan.items().len(), nouns.configuration, nouns.configurations);
    let text = if view.dry_run {
        format!("Dry run of {what}.")
    } else {
        format!("Starting: {what}. pause, cancel and progress work while it runs.")
    };
    session.told = Told { at: Some(session.now), ..Told::default() };
    session.run = Some(RunPage::new(serial, Box::new(view)));
    session.say(&text);
}

/// Turns to a run that another process is at work on.
pub fn watch_other(session: &mut Session, serial: u64, view: PlanView, who: String) {
    session.say(&format!("Watching run {}, at work: {who}.", view.plan.head().run));
    session.say("pause and cancel ask it to; quit leaves it alone, and it goes on.");
    session.told = Told { at: Some(session.now), ..Told::default() };
    session.run = Some(RunPage { other: Some(who), ..RunPage::new(serial, Box::new(view)) });
}

pub fn started(session: &mut Session, serial: u64, result: Result<RunId, Trouble>) -> Vec<Effect> {
    let signalled = session.is_signalled();
    let Some(run) = session.run.as_mut().filter(|run| run.serial == serial) else { return Vec::new() };
    match result {
        Ok(id) => {
            run.run = id;
            run.started = true;
            if run.news_ended {
                return news_ended(session, serial);
            }
            // Cancelled before it was known to run.
            if run.cancels > 0 && run.is_active() {
                let control = if signalled { Control::Interrupt } else { Control::Cancel };
                return vec![Effect::Control { run: run.run.clone(), control }];
            }
            Vec::new()
        }
        Err(trouble) => {
            run.trouble = Some(trouble.clone());
            let what = if run.is_ours() { "The run did not start" } else { "The run cannot be watched" };
            session.trouble(what, &trouble);
            after_end(session)
        }
    }
}

pub fn news(session: &mut Session, serial: u64, news: RunNews) -> Vec<Effect> {
    let Some(run) = session.run.as_mut().filter(|run| run.serial == serial) else { return Vec::new() };
    let mut lines = Vec::new();
    match news {
        RunNews::Events(events) => {
            run.started = true;
            for event in &events {
                run.take(event);
                lines.extend(settled(run, &event.event));
            }
        }
        RunNews::State(state) => run.replace(*state),
        RunNews::Notice(Notice::Flowing) => session.told.notice = None,
        RunNews::Notice(notice) => {
            if session.told.notice.as_ref() != Some(&notice) {
                lines.push(format!("The PSA: {notice}."));
            }
            session.told.notice = Some(notice);
        }
        RunNews::Ended(ending) => return ended(session, ending),
    }
    let phase = run.state.phase;
    if phase != std::mem::replace(&mut session.told.phase, phase) {
        lines.extend(match phase {
            Phase::Paused => Some("Paused. resume goes on.".to_owned()),
            Phase::Verifying => Some("Every change is read back.".to_owned()),
            _ => None,
        });
    }
    for line in lines {
        session.say(&line);
    }
    Vec::new()
}

/// The line of an item that has come to its end: always of a problem, else while there are few.
fn settled(run: &RunPage, event: &Event) -> Option<String> {
    let Event::Settled { config_id, outcome, .. } = event else { return None };
    let all = run.view.plan.items().len();
    let problem = outcome.is_error() || matches!(outcome, Outcome::ChangedSinceReview { .. });
    if all > ONE_BY_ONE && !problem {
        return None;
    }
    let title = run.view.plan.item(config_id).map_or_else(|| format!("#{config_id}"), PlanItem::title);
    Some(format!("{} of {all}: {title}: {}.", run.state.totals.settled(), outcome.words()))
}

/// How far it has come, now and then, if it has come any further.
pub fn beat(session: &mut Session) {
    let Some(run) = session.run.as_ref().filter(|run| run.is_active()) else { return };
    let done = run.state.totals.settled();
    let rested = session.told.at.is_none_or(|at| session.now.seconds_since(at) >= EVERY);
    if rested && done != session.told.done {
        progress(session);
    }
}

/// `progress`.
pub fn progress(session: &mut Session) {
    let Some(run) = session.run.as_ref().filter(|run| run.is_active()) else {
        session.say("No run is going on. report prints the last report, history lists earlier runs.");
        return;
    };
    let progress = run.state.progress(session.now);
    let totals = &run.state.totals;
    let mut parts = vec![format!("{} of {} done", progress.done, progress.total)];
    for (n, word) in
        [(totals.failed, "failed"), (totals.unknown, "unknown"), (totals.changed, "changed since review")]
    {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    if let Some(left) = progress.seconds_left {
        parts.push(format!("about {} left", duration(left)));
    }
    let text = format!("Run {}: {}.", run.state.phase.words(), parts.join(", "));
    session.told.at = Some(session.now);
    session.told.done = run.state.totals.settled();
    session.say(&text);
}

/// `pause` and `resume`.
pub fn pause(session: &mut Session, wanted: bool) -> Vec<Effect> {
    let Some(run) = session.run.as_ref().filter(|run| run.is_active() && run.started) else {
        session.say(if wanted {
            "No run is going on."
        } else {
            "No run is going on here. To go on with an interrupted one, type history and resume with its number."
        });
        return Vec::new();
    };
    let (run_id, run_is_ours) = (run.run.clone(), run.is_ours());
    let text = match (run.cancels > 0, run.is_paused(), wanted) {
        (true, ..) => "It is being cancelled already.",
        (_, true, true) => "It is paused already: resume goes on.",
        (_, false, false) => "It is not paused.",
        (_, false, true) => {
            session.say(asked(run_is_ours, "Pausing: what was sent is still waited for."));
            return vec![Effect::Control { run: run_id, control: Control::Pause }];
        }
        (_, true, false) => {
            session.say(asked(run_is_ours, "Going on."));
            return vec![Effect::Control { run: run_id, control: Control::Resume }];
        }
    };
    session.say(text);
    Vec::new()
}

/// What is said when something was asked of the run: another process does it in a moment.
fn asked(ours: bool, text: &'static str) -> &'static str {
    if ours { text } else { "Asked for: whoever is at work on it does so in a moment." }
}

/// Once: takes nothing new. Twice: stops hard. What was sent is settled in any case.
pub fn cancel(session: &mut Session) -> Vec<Effect> {
    let signalled = session.is_signalled();
    let Some(run) = session.run.as_mut().filter(|run| run.is_active()) else {
        session.say("No run is going on.");
        return Vec::new();
    };
    run.cancels = run.cancels.saturating_add(1);
    let (control, text) = match run.cancels {
        1 if signalled => (
            Control::Interrupt,
            "Nothing new is started, what was sent is waited for. The run can be resumed.",
        ),
        1 => (
            Control::Cancel,
            "Cancelling: nothing new is started, what was sent is waited for. Once more stops hard.",
        ),
        2 => (Control::Stop, "Stopping hard: nothing more is sent; what was sent is settled by reading."),
        _ => return Vec::new(),
    };
    let effect = Effect::Control { run: run.run.clone(), control };
    // Before the start was answered there is nothing to control; `started` makes up for it.
    let (known, ours) = (run.started, run.is_ours());
    session.say(asked(ours, text));
    if known { vec![effect] } else { Vec::new() }
}

pub fn controlled(session: &mut Session, control: Control, result: Result<(), Trouble>) -> Vec<Effect> {
    if let Err(trouble) = result
        && session.runs()
    {
        let what = match control {
            Control::Pause => "The run could not be paused",
            Control::Resume => "The run could not go on",
            Control::Cancel | Control::Interrupt | Control::Stop => "The run could not be cancelled",
        };
        session.trouble(what, &trouble);
    }
    Vec::new()
}

pub fn news_ended(session: &mut Session, serial: u64) -> Vec<Effect> {
    let Some(run) = session.run.as_mut().filter(|run| run.serial == serial && run.is_active()) else {
        return Vec::new();
    };
    if !run.started {
        // It may not have started at all: that answer says so.
        run.news_ended = true;
        return Vec::new();
    }
    let trouble = broke_off(run);
    run.trouble = Some(trouble.clone());
    session.trouble("The run can no longer be watched", &trouble);
    after_end(session)
}

fn ended(session: &mut Session, ending: Box<Ending>) -> Vec<Effect> {
    let Some(run) = &mut session.run else { return Vec::new() };
    let report = Box::new(ending.report.clone());
    let mut page = ReportPage::new(report.run().run_id.clone(), ReportState::Ready(report));
    page.saved.clone_from(&ending.saved);
    page.resume.clone_from(&ending.resume);
    let wrote = !ending.report.run().dry_run;
    run.ending = Some(ending);
    session.report = Some(page);
    session.question = None;
    show(session);
    let mut effects = after_end(session);
    if effects.is_empty() {
        effects = past::ask(session, ForWhat::Refreshing);
        if wrote {
            // What was listed is from before the run.
            effects.extend(reading::begin(session));
        }
    }
    effects
}

/// Leaves, if only the end of the run was waited for.
fn after_end(session: &mut Session) -> Vec<Effect> {
    if session.is_leaving() { session.leave_now() } else { Vec::new() }
}

/// `report`.
pub fn report(session: &mut Session) {
    if session.report.as_ref().and_then(ReportPage::report).is_none() {
        session.say("There is no report yet: it is printed when a run ends; history lists earlier runs.");
        return;
    }
    show(session);
}

/// The report in sentences, the page that the screen shows: first what is left for a person.
pub fn show(session: &mut Session) {
    let Some(page) = &mut session.report else { return };
    // Where it lies is said in words of our own, below.
    let (saved, resume) = (page.saved.take(), page.resume.take());
    page.write(Session::WIDTH, &session.setting, &IN_WORDS);
    let mut lines = vec![Line::new(format!("Report of run {}.", page.run))];
    lines.extend(lines_of(&page.page, |entry| {
        let text = page.config(*entry).map_or_else(String::new, words::outcome);
        Line::new(format!("    - {text}"))
    }));
    match &saved {
        Some(Ok(path)) => lines.push(Line::new(format!("Saved as {}", path.display()))),
        Some(Err(why)) => lines.push(Line::new(format!(
            "Problem: the report could not be saved: {why}. save and a path saves it elsewhere."
        ))),
        None => {}
    }
    if let Some(resume) = &resume {
        lines.push(Line::new(format!("To resume it, run: {resume}")));
    }
    if has_failed(page) {
        lines.push(Line::new("retry plans what failed once more."));
    }
    (page.saved, page.resume) = (saved, resume);
    session.print(lines);
}

/// Whether something in it can be tried once more.
pub fn has_failed(page: &ReportPage) -> bool {
    page.report().is_some_and(|report| {
        let mut configs = report.clients().iter().flat_map(|client| &client.configs);
        !report.run().dry_run && configs.any(is_problem)
    })
}

/// `save PATH`, in the form that its ending says.
pub fn save(session: &mut Session, path: &str, for_client: bool) -> Vec<Effect> {
    let shown = session.report.as_ref().filter(|page| page.report().is_some());
    let Some(run) = shown.map(|page| page.run.clone()) else {
        session.say("There is no report to save yet.");
        return Vec::new();
    };
    let path = PathBuf::from(path);
    let wish = Wish {
        form: Form::of_file(&path).unwrap_or_default(),
        audience: if for_client { Audience::Client } else { Audience::Internal },
        client: None,
    };
    saving(session, SaveRequest { run, wish, path, overwrite: false })
}

pub fn overwrite(session: &mut Session, request: SaveRequest) -> Vec<Effect> {
    saving(session, SaveRequest { overwrite: true, ..request })
}

fn saving(session: &mut Session, request: SaveRequest) -> Vec<Effect> {
    session.asking.saving = Some(request.clone());
    vec![Effect::Save(request)]
}

pub fn saved(session: &mut Session, result: Result<Saved, SaveError>) -> Vec<Effect> {
    let Some(request) = session.asking.saving.take() else { return Vec::new() };
    match result {
        Ok(Saved { path, files: 1 }) => session.say(&format!("Saved as {}", path.display())),
        Ok(Saved { path, files }) => session.say(&format!("Saved {files} files in {}", path.display())),
        Err(SaveError::Exists(path)) => session.ask(Question::Overwrite(SaveRequest { path, ..request })),
        Err(SaveError::Failed(trouble)) => session.trouble("The report was not saved", &trouble),
    }
    Vec::new()
}
