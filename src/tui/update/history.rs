//! History: earlier runs, opened as reports.

use super::super::{
    action::Action,
    desk::{PastRun, Trouble},
    effect::Effect,
    model::{
        Model, Place,
        overlay::Overlay,
        report::{ReportPage, ReportState},
    },
    scroll::Go,
    theme::Meaning,
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
    model.history.reading = false;
    model.history.runs = Some(result);
    travel(model, Go::By(0))
}

fn runs(model: &Model) -> &[PastRun] {
    match &model.history.runs {
        Some(Ok(runs)) => runs,
        _ => &[],
    }
}

/// Below the header line of the list.
pub fn list_height(model: &Model) -> usize {
    model.body_height().saturating_sub(1).max(1)
}

pub fn travel(model: &mut Model, go: Go) -> Vec<Effect> {
    let (len, height) = (runs(model).len(), list_height(model));
    model.history.scroll.go(go, len, height);
    Vec::new()
}

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Reload => begin(model),
        Action::OpenEntry => open(model),
        Action::Copy => {
            let Some(run) = runs(model).get(model.history.scroll.cursor) else { return Vec::new() };
            let text = run.run.to_string();
            model.say(Meaning::Info, "Copied the run's id through the terminal (OSC 52), if it allows that.");
            vec![Effect::Copy(text)]
        }
        _ => Vec::new(),
    }
}

fn open(model: &mut Model) -> Vec<Effect> {
    let Some(past) = runs(model).get(model.history.scroll.cursor) else { return Vec::new() };
    let run = past.run.clone();
    if model.run.as_ref().is_some_and(|now| now.run == run && now.is_active()) {
        model.place = Place::Run;
        return Vec::new();
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
        Ok(report) => page.state = ReportState::Ready(report),
        Err(trouble) => {
            page.state = ReportState::Failed(trouble.clone());
            model.overlay =
                Some(Overlay::Trouble { title: "This report cannot be shown".to_owned(), trouble });
        }
    }
    model.refit();
    Vec::new()
}
