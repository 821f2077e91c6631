//! The Report: read, filtered, saved elsewhere, retried.

use super::{
    super::{
        action::Action,
        effect::Effect,
        key::Key,
        line_input,
        model::{
            Model,
            report::{self, ReportEntry},
            sieve::is_problem,
        },
        prose::Line,
        scroll::Go,
        theme::Meaning,
    },
    copying, history, plan, saving,
};

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Save => {
            saving::open_save(model);
            Vec::new()
        }
        Action::Export => {
            saving::open_export(model);
            Vec::new()
        }
        Action::CopyMarkdown => saving::copy_markdown(model),
        Action::Filter => {
            if let Some(page) = &mut model.report {
                page.typing = true;
            }
            Vec::new()
        }
        Action::Problems => {
            if let Some(page) = &mut model.report {
                page.which = page.which.next();
                let text = format!("Showing {}", page.which.words());
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
        Action::Story => history::story(model),
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
                && report.clients().iter().flat_map(|client| &client.configs).any(is_problem)
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
