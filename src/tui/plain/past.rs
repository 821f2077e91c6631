//! Earlier runs: listed, and what can still be done about each.

use super::{
    super::{
        desk::{PastRun, PlanView, Recheck, Trouble},
        effect::Effect,
        model::report::{ReportPage, ReportState},
    },
    command::Pick,
    handles::{Handles, Kind},
    output::Line,
    planning, running,
    session::{ForWhat, Question, Session},
    words,
};
use crate::domain::{RunId, document::Report, text::count};

/// `history`. It is read every time: somebody else may have run something.
pub fn ask(session: &mut Session, what: ForWhat) -> Vec<Effect> {
    let busy = session.asking.history.is_some();
    if session.asking.history != Some(ForWhat::Printing) {
        session.asking.history = Some(what);
    }
    if busy { Vec::new() } else { vec![Effect::History] }
}

pub fn read(session: &mut Session, result: Result<Vec<PastRun>, Trouble>) -> Vec<Effect> {
    let Some(what) = session.asking.history.take() else { return Vec::new() };
    match result {
        Ok(runs) => session.history = runs,
        Err(trouble) => {
            if what != ForWhat::Refreshing {
                session.trouble("Earlier runs could not be read", &trouble);
            }
            return Vec::new();
        }
    }
    match what {
        ForWhat::Printing => print(session),
        ForWhat::Start => waiting(session),
        ForWhat::Refreshing => {}
    }
    Vec::new()
}

/// What wants somebody is told at the start.
fn waiting(session: &mut Session) {
    let interrupted = session.history.iter().filter(|run| run.was_interrupted()).count();
    let waiting = session.history.iter().filter(|run| run.waits_for_approval()).count();
    if interrupted > 0 {
        let what = count(interrupted, "run was interrupted", "runs were interrupted");
        session.say(&format!("{what}: history lists them, resume with a number goes on with one."));
    }
    if waiting > 0 {
        let what = count(waiting, "run waits for approval", "runs wait for approval");
        session.say(&format!("{what}: history lists them."));
    }
}

fn print(session: &mut Session) {
    if session.history.is_empty() {
        session.say("No run yet: the first one starts from a plan.");
        return;
    }
    let mut lines =
        vec![Line::new(format!("{}, the latest first.", count(session.history.len(), "run", "runs")))];
    for (n, run) in session.history.iter().enumerate() {
        let can = can(run);
        let hint = if can.is_empty() { String::new() } else { format!(" Can be: {}.", can.join(", ")) };
        lines.push(Line::numbered(Kind::Runs, n + 1, &format!("{}{hint}", words::past(run))));
    }
    session.runs = Handles::of(session.history.iter().map(|run| run.run.clone()).collect());
    session.print(lines);
}

/// The commands that would do something about it.
fn can(run: &PastRun) -> Vec<&'static str> {
    let mut can = Vec::new();
    if run.may_follow() {
        can.push("follow");
    }
    if run.waits_for_approval() {
        can.extend(["approve", "reject"]);
    }
    if run.may_resume() {
        can.push("resume");
    }
    if run.may_undo() {
        can.push("undo");
    }
    if run.may_recheck() {
        can.push("recheck");
    }
    can
}

/// The run that is meant, if this can be done about it; else says why not.
fn subject(session: &mut Session, pick: &Pick, may: impl Fn(&PastRun) -> bool, deed: &str) -> Option<RunId> {
    let id = match session.runs.one(pick) {
        Ok(id) => id,
        Err(_) if session.history.is_empty() => {
            session.say("Type history first: it lists the runs and their numbers.");
            return None;
        }
        Err(why) => {
            session.say(&why);
            return None;
        }
    };
    if session.runs() && deed != "reported" && deed != "looked at again" {
        session.say("A run is going on here: one at a time.");
        return None;
    }
    let why = match session.history.iter().find(|run| run.run == id) {
        Some(run) if may(run) => return Some(id),
        Some(run) => match (&run.elsewhere, &run.at_work) {
            (Some(profile), _) => {
                format!("Run {id} is of profile {profile}: start the program with --profile {profile}.")
            }
            (_, Some(who)) => format!("Run {id} is going on: {who}. follow and its number watches it."),
            _ => format!("Run {id} is {}: it cannot be {deed}.", run.phase.words()),
        },
        None => format!("Run {id} is not in the history any more: type history."),
    };
    session.say(&why);
    None
}

pub fn approve(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    match subject(session, pick, PastRun::waits_for_approval, "approved") {
        Some(run) => planning::parked_run(session, run),
        None => Vec::new(),
    }
}

pub fn reject(session: &mut Session, pick: &Pick) {
    if let Some(run) = subject(session, pick, PastRun::waits_for_approval, "rejected") {
        session.ask_person(Question::Reject(run));
    }
}

pub fn rejecting(session: &mut Session, run: RunId) -> Vec<Effect> {
    session.asking.other += 1;
    vec![Effect::Reject { run }]
}

pub fn rejected(session: &mut Session, run: &RunId, result: Result<(), Trouble>) -> Vec<Effect> {
    session.asking.other = session.asking.other.saturating_sub(1);
    match result {
        Ok(()) => {
            if let Some(plan) = session.plan.as_mut().filter(|plan| plan.is_of(run)) {
                plan.spent = Some("This plan was rejected.");
            }
            session.say(&format!("Run {run} is rejected: nothing of it was written, nothing will be."));
        }
        Err(trouble) => session.trouble("The run was not rejected", &trouble),
    }
    ask(session, ForWhat::Refreshing)
}

pub fn resume(session: &mut Session, pick: &Pick) {
    if let Some(run) = subject(session, pick, PastRun::may_resume, "resumed") {
        session.ask_person(Question::Resume(run));
    }
}

pub fn resuming(session: &mut Session, run: RunId) -> Vec<Effect> {
    let generation = session.next_serial();
    session.asking.reopening = Some(generation);
    session.say(&format!("Opening the journal of run {run}."));
    vec![Effect::Reopen { generation, run }]
}

pub fn follow(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    let Some(run) = subject(session, pick, PastRun::may_follow, "watched: nobody is at work on it") else {
        return Vec::new();
    };
    let who = session.history.iter().find(|past| past.run == run).and_then(|past| past.at_work.clone());
    let generation = session.next_serial();
    session.asking.following = Some((generation, who.unwrap_or_default()));
    vec![Effect::Reopen { generation, run }]
}

/// The plan of the run that is to be watched is here. Gives the answer back if it is to another question.
fn followed(
    session: &mut Session,
    generation: u64,
    result: Result<Box<PlanView>, Trouble>,
) -> Result<Vec<Effect>, Result<Box<PlanView>, Trouble>> {
    let Some((_, who)) = session.asking.following.take_if(|(asked, _)| *asked == generation) else {
        return Err(result);
    };
    match result {
        Ok(view) => {
            let serial = session.next_serial();
            let run = view.plan.head().run.clone();
            running::watch_other(session, serial, *view, who);
            Ok(vec![Effect::Follow { serial, run }])
        }
        Err(trouble) => {
            session.trouble("The run cannot be watched", &trouble);
            Ok(Vec::new())
        }
    }
}

/// The plan is here: the run goes on, and is watched.
pub fn reopened(
    session: &mut Session,
    generation: u64,
    result: Result<Box<PlanView>, Trouble>,
) -> Vec<Effect> {
    let result = match followed(session, generation, result) {
        Ok(effects) => return effects,
        Err(result) => result,
    };
    if session.asking.reopening != Some(generation) {
        return Vec::new();
    }
    session.asking.reopening = None;
    match result {
        Ok(_) if session.runs() => {
            session.say("Another run is going on: resume this one when it has ended.");
            Vec::new()
        }
        Ok(view) => {
            let serial = session.next_serial();
            let run = view.plan.head().run.clone();
            running::watch(session, serial, *view);
            vec![Effect::Resume { serial, run }]
        }
        Err(trouble) => {
            session.trouble("The run cannot be resumed", &trouble);
            Vec::new()
        }
    }
}

pub fn undo(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    match subject(session, pick, PastRun::may_undo, "undone: it set nothing inactive that still is so") {
        Some(run) => planning::undo(session, run),
        None => Vec::new(),
    }
}

pub fn recheck(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    let Some(run) = subject(session, pick, PastRun::may_recheck, "looked at again") else {
        return Vec::new();
    };
    session.asking.other += 1;
    session.say("Looking again at what this run changed. Nothing is written.");
    vec![Effect::Recheck { run }]
}

pub fn rechecked(session: &mut Session, result: Result<Recheck, Trouble>) -> Vec<Effect> {
    session.asking.other = session.asking.other.saturating_sub(1);
    match result {
        Ok(result) => {
            let mut lines = vec![Line::new(match result.found.len() {
                0 => format!("Everything is still as run {} left it.", result.run),
                n => format!("{} not as run {} left it:", count(n, "thing is", "things are"), result.run),
            })];
            lines.extend(result.found.iter().map(|found| Line::new(format!("- {}", found.text))));
            session.print(lines);
        }
        Err(trouble) => session.trouble("Could not look again", &trouble),
    }
    Vec::new()
}

/// `report 2`.
pub fn report(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    let Some(run) = subject(session, pick, |_| true, "reported") else { return Vec::new() };
    session.asking.other += 1;
    vec![Effect::Report { run }]
}

pub fn opened(session: &mut Session, run: &RunId, result: Result<Box<Report>, Trouble>) -> Vec<Effect> {
    session.asking.other = session.asking.other.saturating_sub(1);
    match result {
        Ok(report) => {
            session.report = Some(ReportPage::new(run.clone(), ReportState::Ready(report)));
            running::show(session);
        }
        Err(trouble) => session.trouble("The report cannot be shown", &trouble),
    }
    Vec::new()
}
