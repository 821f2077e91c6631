//! `update` takes the model from one message to the next and says what is to be done outside. It is
//! pure: no clock, no files, no waiting.

mod confirm;
pub mod copying;
mod following;
mod going;
mod history;
mod holding;
mod links;
mod listing;
mod loading;
mod mouse;
mod overlay;
pub mod palette;
mod parking;
mod picking;
mod plan;
mod report;
mod rereading;
mod resuming;
mod review;
mod run;
mod saving;
mod ticking;
mod viewing;
mod why_not;

use super::{
    action::{Action, Scope},
    effect::Effect,
    key::Key,
    layout::Pane,
    message::{Background, Message},
    model::{
        Model, Place,
        overlay::{CopyWhat, Overlay},
    },
    scroll::Go,
};

pub use self::viewing::restore;

/// The first thing that happens.
pub fn start(model: &mut Model) -> Vec<Effect> {
    let mut effects = loading::begin(model);
    // What was interrupted is offered at once.
    effects.extend(history::begin(model));
    effects
}

/// Fields as they are copied: one line, tabs between them, foreign text made harmless for whatever it is pasted into.
pub fn copied(fields: &[&str]) -> String {
    copying::line(fields)
}

pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => press(model, key),
        Message::Paste(text) => paste(model, &text),
        Message::Mouse(event) => mouse::take(model, event),
        Message::Resize(width, height) => {
            model.size = (width, height);
            model.refit();
            Vec::new()
        }
        Message::Tick => {
            model.ticks = model.ticks.wrapping_add(1);
            match &model.overlay {
                Some(Overlay::Log(_)) => vec![Effect::Log],
                _ => Vec::new(),
            }
        }
        Message::Load(generation, news) => loading::news(model, generation, news),
        Message::LoadEnded(generation, result) => loading::ended(model, generation, result),
        Message::LinksDue(visit) => links::due(model, visit),
        Message::LinksRead(clients, result) => links::read(model, &clients, result),
        Message::Filtered(generation, hits) => listing::filtered(model, generation, hits),
        Message::Ordered(generation, order) => listing::ordered(model, generation, order),
        Message::CountedHidden(generation, hidden) => listing::counted_hidden(model, generation, hidden),
        Message::ClientLoaded(generation, client, result) => {
            rereading::loaded(model, generation, &client, result)
        }
        Message::CopiedOtherwise(why, text) => copying::otherwise(model, &why, text),
        Message::Planned(generation, result) => plan::planned(model, generation, result),
        Message::Parked(result) => parking::parked(model, result),
        Message::Rejected(run, result) => parking::rejected(model, &run, result),
        Message::Reopened(generation, result) => resuming::reopened(model, generation, result),
        Message::Started(serial, result) => run::started(model, serial, result),
        Message::Run(serial, news) => run::news(model, serial, news),
        Message::RunNewsEnded(serial) => run::news_ended(model, serial),
        Message::Controlled(control, result) => run::controlled(model, control, result),
        Message::Saved(result) => saving::saved(model, result),
        Message::Completed(typed, completion) => saving::completed(model, &typed, completion),
        Message::Story(run, result) => history::told(model, run, result),
        Message::History(result) => history::read(model, result),
        Message::Report(run, result) => history::opened(model, &run, result),
        Message::Rechecked(run, result) => history::rechecked(model, &run, result),
        Message::Held(id, result) => holding::held(model, &id, result),
        Message::Log(lines) => overlay::log(model, lines),
        Message::Background(background) => {
            if let (Background::Light, Some(light)) = (background, model.on_light.take()) {
                model.look.styles = light;
            }
            Vec::new()
        }
        Message::Stop(signal) => going::stop(model, signal),
        Message::LeaveNow => going::leave_now(model),
        Message::CouldNotSuspend(why) => {
            model.say(super::theme::Meaning::Warn, format!("The program cannot be put to sleep here: {why}"));
            Vec::new()
        }
    }
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    let scopes = model.scopes();
    let action = model.keymap.action(scopes, key);
    if action != Some(Action::Interrupt) {
        model.interrupted = false;
    }
    match action {
        Some(Action::Interrupt) => return going::interrupt(model),
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        _ => {}
    }
    if scopes.contains(&Scope::Typing) || model.overlay.is_some() {
        return if model.overlay.is_some() {
            overlay::press(model, key, action)
        } else {
            match model.place {
                Place::Review => review::type_key(model, key, action),
                Place::Plan => plan::type_key(model, key, action),
                Place::Report => report::type_key(model, key, action),
                Place::Run | Place::History => Vec::new(),
            }
        };
    }
    let Some(action) = action else {
        return Vec::new();
    };
    model.note = None;
    act(model, action)
}

/// Carries out an action of the place or of everywhere.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Help => overlay::open_help(model),
        Action::Palette => palette::open(model),
        Action::Log => overlay::open_log(model),
        Action::Quit => going::quit(model),
        Action::GoReview => going::go(model, Place::Review),
        Action::GoPlan => going::go(model, Place::Plan),
        Action::GoRun => going::go(model, Place::Run),
        Action::GoReport => going::go(model, Place::Report),
        Action::GoHistory => going::go(model, Place::History),
        Action::Back => going::back(model),
        _ => match (direction(action), model.place) {
            (Some(go), Place::Review) => review::travel(model, go),
            (Some(go), Place::Plan) => plan::travel(model, go),
            (Some(go), Place::Run) => run::travel(model, go),
            (Some(go), Place::Report) => report::travel(model, go),
            (Some(go), Place::History) => history::travel(model, go),
            (None, Place::Review) => review::act(model, action),
            (None, Place::Plan) => plan::act(model, action),
            (None, Place::Run) => run::act(model, action),
            (None, Place::Report) => report::act(model, action),
            (None, Place::History) => history::act(model, action),
        },
    }
}

/// What a moving key means for a list.
fn direction(action: Action) -> Option<Go> {
    Some(match action {
        Action::Up => Go::By(-1),
        Action::Down => Go::By(1),
        Action::PageUp => Go::Page(-1),
        Action::PageDown => Go::Page(1),
        Action::Top => Go::Top,
        Action::Bottom => Go::Bottom,
        _ => return None,
    })
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.overlay.is_some() {
        return overlay::paste(model, text);
    }
    match model.place {
        Place::Review => review::paste(model, text),
        Place::Plan => plan::paste(model, text),
        Place::Report => report::paste(model, text),
        Place::Run | Place::History => Vec::new(),
    }
}

/// Whether an action can do something here and now: for hints and help.
pub fn is_available(model: &Model, action: Action) -> bool {
    match action {
        Action::GoPlan => model.plan.is_some(),
        Action::GoRun => model.run.is_some(),
        Action::GoReport => model.report.is_some(),
        Action::Pause | Action::Cancel => model.watches(),
        Action::Retry => match model.place {
            Place::Run => run::may_retry(model),
            _ => report::may_retry(model),
        },
        Action::OpenReport => model.report.is_some() && !model.watches(),
        Action::Start | Action::Replan => model.plan.is_some() && !model.runs(),
        Action::DryRun | Action::EditReason | Action::EditTicket => {
            !model.runs() && model.plan.as_ref().is_some_and(|plan| plan.purpose.has_open_terms())
        }
        Action::Park => !model.runs() && parking::may_park(model),
        Action::Reject if model.place == Place::Plan => parking::parked_plan(model).is_some(),
        Action::Reject | Action::Approve | Action::ResumeRun | Action::UndoRun | Action::Recheck => {
            history::may(model, action)
        }
        Action::Hold => model.review.focus != Pane::Clients && model.review.cursor_row().is_some(),
        Action::Search => matches!(model.overlay, Some(Overlay::Help { .. })),
        Action::Pick | Action::PickAll => {
            model.plan.as_ref().is_some_and(|plan| plan.purpose.is_picked_here() && plan.spent.is_none())
        }
        Action::Save | Action::CopyMarkdown => {
            model.report.as_ref().is_some_and(|report| report.report().is_some())
        }
        Action::Export | Action::Story => match model.place {
            Place::History => model.history.under_cursor().is_some(),
            _ => model.report.as_ref().is_some_and(|report| report.report().is_some()),
        },
        Action::OpenPlan => !model.review.ticks.is_empty(),
        Action::Tick
        | Action::TickAll
        | Action::TickUnlinked
        | Action::Range
        | Action::RangeUp
        | Action::RangeDown
        | Action::Invert
        | Action::CycleShow
        | Action::SortNext
        | Action::SortPrev
        | Action::SortReverse
        | Action::Columns
        | Action::ColumnsLeft
        | Action::ColumnsRight => !model.review.data.rows.is_empty(),
        Action::ReloadClient => {
            model.review.is_complete() && !model.review.is_reading() && model.review.cursor_client().is_some()
        }
        Action::CopyLink => {
            matches!(&model.overlay, Some(Overlay::Copy { offers, .. }) if offers.contains(&CopyWhat::Link))
        }
        Action::LogLevel => matches!(model.overlay, Some(Overlay::Log(_))),
        Action::Filter if model.place == Place::Review => !model.review.data.clients.is_empty(),
        Action::Undo | Action::Redo => model.review.ticks.has_history(),
        Action::Reload if model.place == Place::Review => !model.review.is_reading(),
        _ => true,
    }
}
