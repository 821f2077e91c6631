//! The Report: read, filtered, saved elsewhere, retried.

use std::path::PathBuf;

use super::{
    super::{
        action::Action,
        desk::SaveError,
        effect::Effect,
        key::Key,
        line_input,
        model::{
            Model,
            overlay::{Overlay, SaveBox, SaveState},
            report::{self, ReportEntry},
        },
        prose::Line,
        scroll::Go,
        theme::Meaning,
    },
    copying, history, plan,
};

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Save => {
            open_save(model);
            Vec::new()
        }
        Action::Filter => {
            if let Some(page) = &mut model.report {
                page.typing = true;
            }
            Vec::new()
        }
        Action::Problems => {
            if let Some(page) = &mut model.report {
                page.only_problems = !page.only_problems;
                let text = if page.only_problems {
                    "Showing only items with a problem"
                } else {
                    "Showing all items"
                };
                model.say(Meaning::Info, text);
            }
            model.refit();
            to_items(model);
            Vec::new()
        }
        Action::Retry => {
            if !may_retry(model) {
                model.say(Meaning::Info, "Nothing failed: there is nothing to try again.");
                return Vec::new();
            }
            let Some(page) = &model.report else { return Vec::new() };
            plan::begin_retry(model, page.run.clone())
        }
        Action::UndoRun | Action::Recheck => history::about(model, action),
        Action::Copy => {
            let Some(page) = &model.report else { return Vec::new() };
            let text = match &page.saved {
                Some(Ok(path)) => path.display().to_string(),
                _ => page.run.to_string(),
            };
            copying::copy(model, "where the report lies", copying::line(&[text]))
        }
        _ => Vec::new(),
    }
}

pub fn may_retry(model: &Model) -> bool {
    let failed = |page: &report::ReportPage| {
        page.report().is_some_and(|report| {
            !report.run().dry_run
                && report.clients().iter().flat_map(|client| &client.configs).any(report::is_problem)
        })
    };
    !model.runs() && model.report.as_ref().is_some_and(failed)
}

/// Scrolls to where the items begin.
fn to_items(model: &mut Model) {
    let height = model.body_height();
    if let Some(page) = &mut model.report {
        let first = page.page.lines.iter().position(|line| matches!(line, Line::Entry(ReportEntry(..))));
        if let Some(first) = first {
            page.scroll.offset = first.saturating_sub(2);
            page.scroll.turn(Go::By(0), page.page.lines.len(), height);
        }
    }
}

fn open_save(model: &mut Model) {
    let Some(page) = model.report.as_ref().filter(|page| page.report().is_some()) else {
        model.say(Meaning::Info, "There is no report to save yet.");
        return;
    };
    let path = model.setting.report_folder.join(format!("mothball-{}.json", page.run));
    model.overlay = Some(Overlay::Save(SaveBox {
        run: page.run.clone(),
        input: tui_input::Input::new(path.display().to_string()),
        state: SaveState::Typing,
    }));
}

pub fn saved(model: &mut Model, result: Result<PathBuf, SaveError>) -> Vec<Effect> {
    match result {
        Ok(path) => {
            if matches!(model.overlay, Some(Overlay::Save(_))) {
                model.overlay = None;
            }
            model.say(Meaning::Good, format!("Saved as {}", path.display()));
        }
        Err(error) => {
            let state = match error {
                SaveError::Exists(path) => SaveState::Exists { path, overwrite: false },
                SaveError::Failed(trouble) => SaveState::Failed(trouble),
            };
            match &mut model.overlay {
                Some(Overlay::Save(open)) => open.state = state,
                _ => model.say(Meaning::Bad, "The report was not saved: press s to try again."),
            }
        }
    }
    Vec::new()
}

pub fn travel(model: &mut Model, go: Go) -> Vec<Effect> {
    let height = model.body_height();
    if let Some(page) = &mut model.report {
        page.scroll.turn(go, page.page.lines.len(), height);
    }
    Vec::new()
}

pub fn type_key(model: &mut Model, key: Key, action: Option<Action>) -> Vec<Effect> {
    let Some(page) = &mut model.report else { return Vec::new() };
    match action {
        Some(Action::Accept) => page.typing = false,
        Some(Action::Dismiss) => {
            page.typing = false;
            page.filter.reset();
            model.refit();
        }
        _ => {
            if line_input::edit(&mut page.filter, key) {
                model.refit();
                to_items(model);
            }
        }
    }
    Vec::new()
}

pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(page) = model.report.as_mut().filter(|page| page.typing)
        && line_input::paste(&mut page.filter, text)
    {
        model.refit();
        to_items(model);
    }
    Vec::new()
}
