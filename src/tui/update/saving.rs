//! Reports leave the screen: saved, exported, copied.

use std::path::PathBuf;

use super::{
    super::{
        action::Action,
        desk::{Completion, SaveError, Saved},
        effect::Effect,
        key::{Code, Key},
        line_input,
        model::{
            Model, Place,
            overlay::Overlay,
            report::{ReportPage, ReportState},
            saving::{SaveBox, SaveField, SaveState},
        },
        theme::Meaning,
    },
    copying,
    overlay::step,
};
use crate::report::export::{Audience, Form, Wish, export};

/// Terminals drop what is longer (xterm takes 100 kB of base64).
const LONGEST_COPY: usize = 70_000;
/// More rows than this are not even written out to see how long they are.
const MOST_ROWS: usize = 2_000;

/// `s`: JSON, asked for the path alone.
pub fn open_save(model: &mut Model) {
    open(model, SaveBox::plain);
}

/// `E`: asks for form, audience and client, too.
pub fn open_export(model: &mut Model) {
    open(model, SaveBox::export);
}

fn open(
    model: &mut Model,
    asking: impl FnOnce(&crate::domain::document::Report, &std::path::Path) -> SaveBox,
) {
    let Some(report) = model.report.as_ref().and_then(ReportPage::report) else {
        model.say(Meaning::Info, "There is no report to save yet.");
        return;
    };
    model.overlay = Some(Overlay::Save(asking(report, &model.setting.report_folder)));
}

/// `E` in History: the report is read first.
pub fn export_past(model: &mut Model) -> Vec<Effect> {
    let Some(past) = model.history.under_cursor() else { return Vec::new() };
    let run = past.run.clone();
    model.place = Place::Report;
    if model.report.as_ref().is_some_and(|page| page.run == run && page.report().is_some()) {
        model.refit();
        open_export(model);
        return Vec::new();
    }
    let mut page = ReportPage::new(run.clone(), ReportState::Reading);
    page.then_export = true;
    model.report = Some(page);
    vec![Effect::Report { run }]
}

pub fn press(model: &mut Model, mut save: SaveBox, key: Key, action: Option<Action>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let state = std::mem::replace(&mut save.state, SaveState::Typing);
    save.state = match (state, action) {
        (SaveState::Exists { .. }, Some(Action::Dismiss)) => SaveState::Typing,
        (_, Some(Action::Dismiss)) => return effects,
        (SaveState::Exists { path, overwrite: true }, Some(Action::Accept)) => {
            // The path as it was typed: in a directory it is more than the one file that was found.
            let typed = PathBuf::from(save.input.value().trim());
            let path = if typed.as_os_str().is_empty() { path } else { typed };
            effects.push(Effect::Save(save.request(path, true)));
            SaveState::Saving
        }
        (SaveState::Exists { .. }, Some(Action::Accept)) => SaveState::Typing,
        (SaveState::Exists { path, overwrite }, action) => {
            let overwrite = step(&[false, true], overwrite, action);
            SaveState::Exists { path, overwrite }
        }
        (SaveState::Typing | SaveState::Failed(_), Some(Action::Accept)) => {
            let path = save.input.value().trim();
            if path.is_empty() {
                save.field = SaveField::Path;
                SaveState::Typing
            } else {
                effects.push(Effect::Save(save.request(PathBuf::from(path), false)));
                SaveState::Saving
            }
        }
        (SaveState::Typing | SaveState::Failed(_), _) => {
            effects.extend(edit(model, &mut save, key));
            SaveState::Typing
        }
        (SaveState::Saving, _) => SaveState::Saving,
    };
    model.overlay = Some(Overlay::Save(save));
    effects
}

/// Up and down go from field to field, left and right choose, Tab completes the path.
fn edit(model: &Model, save: &mut SaveBox, key: Key) -> Option<Effect> {
    let on_path = save.field == SaveField::Path;
    let by = match key.code {
        Code::Left => -1,
        _ => 1,
    };
    match key.code {
        Code::Up => save.go(-1),
        Code::Down => save.go(1),
        Code::Tab if on_path && !key.shift => {
            return Some(Effect::Complete { typed: save.input.value().to_owned() });
        }
        Code::Tab => save.go(if key.shift { -1 } else { 1 }),
        Code::Left | Code::Right | Code::Char(' ') if !on_path => {
            if let Some(report) = model.report.as_ref().and_then(ReportPage::report) {
                save.turn(by, report);
            }
        }
        _ if on_path && line_input::edit(&mut save.input, key) => save.names.clear(),
        _ => {}
    }
    None
}

/// What the typed path could become. An answer to what is no longer typed is dropped.
pub fn completed(model: &mut Model, typed: &str, completion: Completion) -> Vec<Effect> {
    if let Some(Overlay::Save(open)) = &mut model.overlay
        && open.input.value() == typed
    {
        if completion.text.is_empty() {
            model.say(Meaning::Info, "Nothing there begins like this.");
            return Vec::new();
        }
        open.input = tui_input::Input::new(completion.text);
        open.names = completion.names;
    }
    Vec::new()
}

pub fn saved(model: &mut Model, result: Result<Saved, SaveError>) -> Vec<Effect> {
    match result {
        Ok(saved) => {
            if matches!(model.overlay, Some(Overlay::Save(_))) {
                model.overlay = None;
            }
            let path = saved.path.display();
            let text = match saved.files {
                1 => format!("Saved as {path}"),
                n => format!("{n} documents saved in {path}"),
            };
            model.say(Meaning::Good, text);
        }
        Err(error) => {
            let state = match error {
                SaveError::Exists(path) => SaveState::Exists { path, overwrite: false },
                SaveError::Failed(trouble) => SaveState::Failed(trouble),
            };
            match &mut model.overlay {
                Some(Overlay::Save(open)) => open.state = state,
                _ => model.tell(Meaning::Bad, "The report was not saved: press <save> to try again."),
            }
        }
    }
    Vec::new()
}

/// `Y`: the report as Markdown, for a ticket.
pub fn copy_markdown(model: &mut Model) -> Vec<Effect> {
    let Some(report) = model.report.as_ref().and_then(ReportPage::report) else {
        model.say(Meaning::Info, "There is no report to copy yet.");
        return Vec::new();
    };
    let rows: usize = report.clients().iter().map(|client| client.configs.len()).sum();
    let wish = Wish { form: Form::Markdown, audience: Audience::Internal, client: None };
    let text = if rows > MOST_ROWS { None } else { export(report, &wish).ok() };
    let fits = |text: &String| model.clipboard.is_some() || text.len() <= LONGEST_COPY;
    let Some(text) = text.filter(fits) else {
        model.say(Meaning::Warn, "Too long for the clipboard of a terminal: E exports it to a file.");
        return Vec::new();
    };
    copying::copy(model, "Markdown, not for the client,", text)
}
