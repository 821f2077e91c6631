//! Interrupted runs: offered, and gone on with. Nothing of this happens by itself.

use super::{
    super::{
        action::Action,
        desk::{PastRun, PlanView, Trouble},
        effect::Effect,
        model::{
            Model, Place,
            overlay::{Overlay, ResumeBox},
        },
        theme::Meaning,
    },
    following, plan,
};
use crate::domain::text::count;

/// Once, when History was first read: what was interrupted is offered, and what waits for approval is told. Nobody who is
/// busy is disturbed.
pub fn offer(model: &mut Model) {
    if std::mem::replace(&mut model.history.offered, true) {
        return;
    }
    let runs: Vec<PastRun> =
        model.history.list().iter().filter(|run| run.was_interrupted()).cloned().collect();
    let waiting = model.history.list().iter().filter(|run| run.waits_for_approval()).count();
    if waiting > 0 && model.place != Place::History {
        let what = count(waiting, "run waits for approval", "runs wait for approval");
        let key = model.keymap.way(Action::GoHistory);
        model.say(Meaning::Warn, format!("{what}: press {key} to look at what, and approve or reject."));
    }
    if runs.is_empty() {
        return;
    }
    let idle = model.place == Place::Review && model.overlay.is_none() && !model.is_typing() && !model.runs();
    if idle {
        ask(model, runs);
    } else {
        let what = count(runs.len(), "run was interrupted", "runs were interrupted");
        let key = model.keymap.way(Action::GoHistory);
        model.say(Meaning::Warn, format!("{what}: press {key} to resume from History."));
    }
}

/// Asks whether, and which of the latest. The focus is on later.
pub fn ask(model: &mut Model, mut runs: Vec<PastRun>) {
    let fits = usize::from(model.size.1).saturating_sub(8).clamp(1, 5);
    let more = runs.len().saturating_sub(fits);
    runs.truncate(fits);
    model.overlay = Some(Overlay::Resume(ResumeBox { runs, more, choice: 0 }));
}

pub fn press(model: &mut Model, mut open: ResumeBox, action: Option<Action>) -> Vec<Effect> {
    let choices = open.runs.len() + 1;
    match action {
        Some(Action::NextButton) => open.choice = (open.choice + 1) % choices,
        Some(Action::PrevButton) => open.choice = (open.choice + choices - 1) % choices,
        Some(Action::Accept) if open.choice > 0 => {
            let Some(run) = open.runs.get(open.choice - 1).map(|past| past.run.clone()) else {
                return Vec::new();
            };
            let generation = model.next_serial();
            model.history.reopening = Some(generation);
            model.say(Meaning::Info, format!("Opening the journal of run {run}."));
            return vec![Effect::Reopen { generation, run }];
        }
        Some(Action::Accept | Action::Dismiss) => {
            model.tell(
                Meaning::Info,
                "Nothing was started. It stays in History (<go-history>): <resume-run> resumes it there.",
            );
            return Vec::new();
        }
        _ => {}
    }
    model.overlay = Some(Overlay::Resume(open));
    Vec::new()
}

/// The plan is here: the run goes on, and is watched.
pub fn reopened(model: &mut Model, generation: u64, result: Result<Box<PlanView>, Trouble>) -> Vec<Effect> {
    let result = match following::reopened(model, generation, result) {
        Ok(effects) => return effects,
        Err(result) => result,
    };
    if model.history.reopening != Some(generation) {
        return Vec::new();
    }
    model.history.reopening = None;
    match result {
        Ok(_) if model.runs() => {
            model.say(
                Meaning::Warn,
                "Another run is going on: resume this one from History when it has ended.",
            );
            Vec::new()
        }
        Ok(view) => {
            let serial = model.next_serial();
            let run = view.plan.head().run.clone();
            plan::watch(model, serial, *view);
            vec![Effect::Resume { serial, run }]
        }
        Err(trouble) => {
            model.overlay = Some(Overlay::Trouble { title: "The run cannot be resumed".to_owned(), trouble });
            Vec::new()
        }
    }
}
