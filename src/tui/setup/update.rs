//! From one message to the next. Pure: no clock, no files, no waiting.

mod answers;
mod pages;

use super::{
    super::{action::Action, key::Key, options::StopSignal},
    Leave,
    model::{Effect, Message, Page, Setup},
};

pub fn update(model: &mut Setup, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => press(model, key),
        Message::Paste(text) => {
            if let (Page::Form, Some(form)) = (&model.page, &mut model.form) {
                form.fault = None;
                form.paste(&text);
            }
            Vec::new()
        }
        Message::Resize(width, height) => {
            model.size = (width, height);
            Vec::new()
        }
        Message::Tick => {
            model.ticks = model.ticks.wrapping_add(1);
            Vec::new()
        }
        Message::Tested(generation, answer) => answers::tested(model, generation, answer),
        Message::Counted(generation, answer) => answers::counted(model, generation, answer),
        Message::Previewed(generation, answer) => answers::previewed(model, generation, answer),
        Message::Saved(answer) => answers::saved(model, answer),
        Message::Stop(signal) => vec![Effect::Leave(Leave::Stopped(signal))],
        Message::CouldNotSuspend(why) => {
            model.note = Some(format!("The program cannot be put to sleep here: {why}"));
            Vec::new()
        }
    }
}

fn press(model: &mut Setup, key: Key) -> Vec<Effect> {
    let action = model.keymap.action(model.scopes(), key);
    match action {
        Some(Action::Interrupt | Action::Quit) => return leave(model, action == Some(Action::Interrupt)),
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        _ => {}
    }
    model.leaving = false;
    model.note = None;
    pages::press(model, key, action)
}

/// Where something typed would be lost, leaving takes two keys.
fn leave(model: &mut Setup, interrupted: bool) -> Vec<Effect> {
    if matches!(&model.page, Page::File(page) if page.saving) {
        model.note = Some("The file is being written; wait a moment.".to_owned());
        return Vec::new();
    }
    let loses = !model.written && model.form.as_ref().is_some_and(super::form::Form::is_touched);
    if loses && !model.leaving {
        model.leaving = true;
        let way = if interrupted { Action::Interrupt } else { Action::Quit };
        let key = model.keymap.hint(way);
        model.note = Some(format!("Nothing has been saved. {key} once more leaves; any other key stays."));
        return Vec::new();
    }
    if interrupted && !model.written {
        return vec![Effect::Leave(Leave::Stopped(StopSignal::Interrupt))];
    }
    quit(model)
}

fn quit(model: &Setup) -> Vec<Effect> {
    vec![Effect::Leave(Leave::Quit { written: model.written })]
}

/// The number of a new question; answers to earlier ones do not count any more.
fn next_question(model: &mut Setup) -> u64 {
    model.generation += 1;
    model.generation
}
