//! From place to place, and out.

use std::time::Duration;

use super::{
    super::{
        desk::Control,
        effect::Effect,
        layout::Pane,
        message::Message,
        model::{
            Model, Place,
            overlay::{Overlay, QuitChoice},
            review::Show,
            sieve::Which,
        },
        options::{Leave, StopSignal},
        theme::Meaning,
    },
    history, listing, run, viewing,
};

/// How long leaving waits for a cancelled run to end. What was sent has its own time limit, well below.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn go(model: &mut Model, place: Place) -> Vec<Effect> {
    let missing = match place {
        Place::Plan if model.plan.is_none() => {
            Some("There is no plan yet: tick something in Review and press <open-plan>.")
        }
        Place::Run if model.run.is_none() => Some("Nothing runs yet: a run starts from the Plan."),
        Place::Report if model.report.is_none() => {
            Some("There is no report yet: it opens when a run ends, or from History.")
        }
        _ => None,
    };
    if let Some(text) = missing {
        model.tell(Meaning::Info, text);
        return Vec::new();
    }
    model.place = place;
    model.refit();
    if place == Place::History { history::begin(model) } else { Vec::new() }
}

/// Undoes the innermost thing first: range, filter, detail; then leaves the place.
pub fn back(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Review {
        if model.place == Place::Report
            && let Some(report) = &mut model.report
            && report.is_narrowed()
        {
            report.filter.reset();
            report.which = Which::All;
            model.refit();
            return Vec::new();
        }
        model.place = Place::Review;
        model.refit();
        return Vec::new();
    }
    if model.review.range.take().is_some() {
        return Vec::new();
    }
    if model.review.focus == Pane::Detail {
        model.review.focus = Pane::Rows;
        return Vec::new();
    }
    if model.review.is_filtered() {
        model.review.show = Show::All;
        let mut effects = listing::clear_filters(model);
        effects.extend(viewing::remember(model));
        return effects;
    }
    if model.review.focus == Pane::Rows {
        model.review.focus = Pane::Clients;
    }
    Vec::new()
}

pub fn quit(model: &mut Model) -> Vec<Effect> {
    if model.runs() {
        model.overlay = Some(Overlay::Quit { choice: QuitChoice::default() });
        return Vec::new();
    }
    vec![Effect::Leave(Leave::Quit(model.closing()))]
}

/// Ctrl-C: cancels a run; pressed again it stops hard and leaves; once more and nothing is waited for.
pub fn interrupt(model: &mut Model) -> Vec<Effect> {
    if !model.runs() {
        if model.interrupted || model.leaving.is_some() {
            return leave_now(model);
        }
        model.interrupted = true;
        model.tell(Meaning::Warn, "Press <interrupt> once more to leave.");
        return Vec::new();
    }
    if model.leaving.is_some() {
        return leave_now(model);
    }
    let again = model.run.as_ref().is_some_and(|run| run.cancels > 0);
    let mut effects = run::cancel(model);
    if again {
        model.leaving = Some(None);
        model.tell(Meaning::Warn, "Leaving as soon as what was sent is settled; <interrupt> leaves at once.");
        effects.push(Effect::After { wait: PATIENCE, message: Box::new(Message::LeaveNow) });
    }
    effects
}

/// A signal: a run is interrupted, so that it can be resumed, and waited for as long as that may take.
pub fn stop(model: &mut Model, signal: StopSignal) -> Vec<Effect> {
    if model.leaving.is_some() || !model.runs() {
        model.leaving = Some(Some(signal));
        return leave_now(model);
    }
    model.leaving = Some(Some(signal));
    model.overlay = None;
    model.place = Place::Run;
    let mut effects = match &model.run {
        Some(run) if run.cancels == 0 => run::cancel(model),
        Some(run) => vec![Effect::Control { run: run.run.clone(), control: Control::Stop }],
        None => Vec::new(),
    };
    effects.push(Effect::After { wait: PATIENCE, message: Box::new(Message::LeaveNow) });
    effects
}

pub fn leave_now(model: &mut Model) -> Vec<Effect> {
    let closing = model.closing();
    vec![Effect::Leave(match model.leaving.flatten() {
        Some(signal) => Leave::Stopped(signal, closing),
        None => Leave::Quit(closing),
    })]
}

/// Cancels the run and leaves when it has ended.
pub fn cancel_and_leave(model: &mut Model) -> Vec<Effect> {
    if !model.runs() {
        return leave_now(model);
    }
    model.leaving = Some(None);
    model.place = Place::Run;
    let mut effects =
        if model.run.as_ref().is_some_and(|run| run.cancels == 0) { run::cancel(model) } else { Vec::new() };
    model.say(Meaning::Warn, "Cancelling; the program leaves when what was sent is settled.");
    effects.push(Effect::After { wait: PATIENCE, message: Box::new(Message::LeaveNow) });
    effects
}
