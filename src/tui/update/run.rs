//! The Run: what happens is folded; pause, cancel and retry.

use std::collections::BTreeSet;

use super::{
    super::{
        action::Action,
        desk::{Control, Ending, RunNews, Trouble},
        effect::Effect,
        layout,
        model::{
            Model, Place,
            overlay::Overlay,
            report::{ReportPage, ReportState},
            run::{RunPage, RunShow, broke_off},
        },
        scroll::{Go, Scroll},
        theme::Meaning,
    },
    going, history, loading, plan, ticking,
};
use crate::domain::{ConfigId, Outcome, RunId, event::Notice};

pub fn started(model: &mut Model, serial: u64, result: Result<RunId, Trouble>) -> Vec<Effect> {
    let signalled = model.is_signalled();
    let Some(run) = model.run.as_mut().filter(|run| run.serial == serial) else { return Vec::new() };
    match result {
        Ok(id) => {
            run.run = id;
            run.started = true;
            if let Some(plan) = model.plan.as_mut().filter(|plan| plan.is_of(&run.run)) {
                plan.spent = Some(
                    "This plan has run already: press <replan> to plan again, <go-report> for its report.",
                );
            }
            if run.news_ended {
                return news_ended(model, serial);
            }
            // Cancelled before it was known to run.
            if run.cancels > 0 && run.is_active() {
                let (control, _) = first_cancel(signalled);
                return vec![Effect::Control { run: run.run.clone(), control }];
            }
            Vec::new()
        }
        Err(trouble) => {
            run.trouble = Some(trouble.clone());
            let title = if run.is_ours() { "The run did not start" } else { "The run cannot be watched" };
            let text = format!("{title}: {}", trouble.message);
            model.overlay = Some(Overlay::Trouble { title: title.to_owned(), trouble });
            alerted(after_end(model), text)
        }
    }
}

pub fn news(model: &mut Model, serial: u64, news: RunNews) -> Vec<Effect> {
    let now = model.now;
    let (height, width) = (list_height(model), model.body_width());
    let Some(run) = model.run.as_mut().filter(|run| run.serial == serial) else { return Vec::new() };
    let mut effects = Vec::new();
    match news {
        RunNews::Events(events) => {
            run.started = true;
            for event in &events {
                run.take(event);
            }
            if !events.is_empty() && matches!(run.notice, Some((_, Notice::Retrying { .. }))) {
                run.notice = None;
            }
        }
        RunNews::State(state) => run.replace(*state),
        RunNews::Notice(Notice::Flowing) => run.notice = None,
        RunNews::Notice(notice) => {
            let away = matches!(notice, Notice::Stalled { .. });
            let known = matches!(run.notice, Some((_, Notice::Stalled { .. })));
            if away && !known {
                effects.push(Effect::Alert(format!("The run waits: {notice}")));
            }
            run.notice = Some((now, notice));
        }
        RunNews::Ended(ending) => return ended(model, ending),
    }
    run.write(width, &model.setting, model.look.symbols);
    if run.follow && run.show == RunShow::Items {
        // A few settled items stay in sight above what is being worked on.
        run.scroll.cursor = run.first_open;
        run.scroll.offset = run.first_open.saturating_sub(height / 3);
    }
    let len = run.len();
    run.scroll.settle(len, height);
    effects
}

/// Calls whoever looks elsewhere, unless the screen is being left: then the shell's prompt tells.
fn alerted(mut effects: Vec<Effect>, text: String) -> Vec<Effect> {
    if !effects.iter().any(|effect| matches!(effect, Effect::Leave(_))) {
        effects.push(Effect::Alert(text));
    }
    effects
}

fn ended(model: &mut Model, ending: Box<Ending>) -> Vec<Effect> {
    let Some(run) = &mut model.run else { return Vec::new() };
    let mut page = ReportPage::new(
        ending.report.run().run_id.clone(),
        ReportState::Ready(Box::new(ending.report.clone())),
    );
    page.saved.clone_from(&ending.saved);
    page.resume.clone_from(&ending.resume);
    run.notice = None;
    let success = ending.report.success();
    let wrote = !ending.report.run().dry_run;
    let phase = ending.report.run().state;
    run.ending = Some(ending);
    let is_done = |id: &ConfigId| {
        run.state.outcome(id).is_some_and(|settled| matches!(settled.outcome, Outcome::Deactivated { .. }))
    };
    let done: BTreeSet<ConfigId> = model.review.ticks.iter().filter(|id| is_done(id)).cloned().collect();
    ticking::forget(model, &done);
    model.report = Some(page);
    if model.place == Place::Run {
        model.place = Place::Report;
    } else {
        // Nobody is torn away from what they are doing.
        let (meaning, how) = if success {
            (Meaning::Good, "without a fault")
        } else {
            (Meaning::Warn, "not everything went well")
        };
        let key = model.keymap.way(Action::GoReport);
        model.say(meaning, format!("The run is {} ({how}): press {key} for its report.", phase.words()));
    }
    if matches!(model.overlay, Some(Overlay::Quit { .. })) {
        model.overlay = None;
    }
    model.refit();
    let mut effects = after_end(model);
    if effects.is_empty() {
        effects = history::begin(model);
        if wrote {
            // What Review shows is from before the run.
            effects.extend(loading::begin(model));
        }
    }
    let how = if success { "" } else { ", but not everything went well" };
    alerted(effects, format!("The run is {}{how}", phase.words()))
}

/// Leaves, if only the end of the run was waited for.
fn after_end(model: &mut Model) -> Vec<Effect> {
    if model.leaving.is_some() { going::leave_now(model) } else { Vec::new() }
}

pub fn news_ended(model: &mut Model, serial: u64) -> Vec<Effect> {
    let Some(run) = model.run.as_mut().filter(|run| run.serial == serial && run.is_active()) else {
        return Vec::new();
    };
    if !run.started {
        // It may not have started at all: that answer says so.
        run.news_ended = true;
        return Vec::new();
    }
    let trouble = broke_off(run);
    run.trouble = Some(trouble.clone());
    let text = trouble.message.clone();
    model.overlay = Some(Overlay::Trouble { title: "The run can no longer be watched".to_owned(), trouble });
    alerted(after_end(model), text)
}

pub fn controlled(model: &mut Model, control: Control, result: Result<(), Trouble>) -> Vec<Effect> {
    if let Err(trouble) = result
        && model.watches()
    {
        let what = match control {
            Control::Pause => "The run could not be paused",
            Control::Resume => "The run could not go on",
            Control::Cancel | Control::Interrupt | Control::Stop => "The run could not be cancelled",
        };
        model.overlay = Some(Overlay::Trouble { title: what.to_owned(), trouble });
    }
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Pause => pause(model),
        Action::Cancel => cancel(model),
        Action::Retry => retry(model),
        Action::OpenReport => {
            if model.watches() {
                model.say(Meaning::Info, "The report opens by itself when the run ends.");
                return Vec::new();
            }
            going::go(model, Place::Report)
        }
        Action::Problems => {
            if let Some(run) = &mut model.run {
                run.show = run.show.next(run.clients.list().len());
                run.scroll = Scroll::default();
                run.follow = run.show == RunShow::Items;
                let text = match run.show {
                    RunShow::Items => "Showing all items".to_owned(),
                    RunShow::Clients => {
                        format!("Showing each {} with its own counts", model.setting.nouns.client)
                    }
                    RunShow::Problems => "Showing what went wrong, by cause".to_owned(),
                };
                model.say(Meaning::Info, text);
            }
            model.refit();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn pause(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.run.as_ref().filter(|run| run.is_active() && run.started) else {
        return Vec::new();
    };
    if run.cancels > 0 {
        model.say(Meaning::Info, "It is being cancelled already.");
        return Vec::new();
    }
    let control = if run.is_paused() { Control::Resume } else { Control::Pause };
    let effect = Effect::Control { run: run.run.clone(), control };
    let text = match (control, run.is_ours()) {
        (Control::Pause, true) => "Pausing: what was sent is still waited for.",
        (Control::Pause, false) => "Asked to pause: whoever is at work on it does so in a moment.",
        (_, true) => "Going on.",
        (_, false) => "Asked to go on: whoever is at work on it does so in a moment.",
    };
    model.say(Meaning::Info, text);
    vec![effect]
}

/// Once: takes nothing new. Twice: stops hard. What was sent is settled in any case.
pub fn cancel(model: &mut Model) -> Vec<Effect> {
    let signalled = model.is_signalled();
    let Some(run) = model.run.as_mut().filter(|run| run.is_active()) else { return Vec::new() };
    run.cancels = run.cancels.saturating_add(1);
    let (control, text) = match run.cancels {
        1 => first_cancel(signalled),
        2 => (Control::Stop, "Stopping hard: nothing more is sent; what was sent is settled by reading."),
        _ => return Vec::new(),
    };
    let effect = Effect::Control { run: run.run.clone(), control };
    let known = run.started;
    let text = if run.is_ours() {
        text
    } else {
        "Asked to cancel: whoever is at work on it waits for what was sent and ends it. Again asks to stop hard."
    };
    model.say(Meaning::Warn, text);
    // Before the start was answered there is nothing to control; `started` makes up for it.
    if known { vec![effect] } else { Vec::new() }
}

/// A person who cancels means it; whoever ends the program leaves a run that can be resumed.
fn first_cancel(signalled: bool) -> (Control, &'static str) {
    if signalled {
        let text =
            "Asked to end: nothing new is started, what was sent is waited for. The run can be resumed.";
        (Control::Interrupt, text)
    } else {
        (
            Control::Cancel,
            "Cancelling: nothing new is started, what was sent is waited for. Again stops hard.",
        )
    }
}

pub fn may_retry(model: &Model) -> bool {
    model.run.as_ref().is_some_and(|run| run.is_ours() && run.ending.is_some() && run.has_failed_items())
}

fn retry(model: &mut Model) -> Vec<Effect> {
    if model.runs() {
        model.say(Meaning::Info, "What failed can be tried again when the run has ended.");
        return Vec::new();
    }
    if !may_retry(model) {
        model.say(Meaning::Info, "Nothing failed: there is nothing to try again.");
        return Vec::new();
    }
    let Some(run) = &model.run else { return Vec::new() };
    plan::begin_retry(model, run.run.clone())
}

pub fn list_height(model: &Model) -> usize {
    let height = model.body_height();
    height.saturating_sub(layout::run_head(height)).max(1)
}

pub fn travel(model: &mut Model, go: Go) -> Vec<Effect> {
    let height = list_height(model);
    if let Some(run) = &mut model.run {
        let len = run.len();
        run.scroll.go(go, len, height);
        run.follow = go == Go::Bottom
            && run.show == RunShow::Items
            && RunPage::is_active(run)
            && run.first_open + 1 >= len;
    }
    Vec::new()
}
