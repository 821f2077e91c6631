//! Watching a run that another process is at work on: the same page, fed from the store.

use super::{
    super::{
        desk::{PlanView, Trouble},
        effect::Effect,
        model::{Model, overlay::Overlay},
        theme::Meaning,
    },
    plan,
};

/// Asks for the plan of the run under the cursor of History.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(past) = model.history.under_cursor() else { return Vec::new() };
    let Some(who) = past.at_work.clone() else { return Vec::new() };
    let run = past.run.clone();
    let generation = model.next_serial();
    model.history.following = Some((generation, who));
    model.say(Meaning::Info, format!("Opening run {run}."));
    vec![Effect::Reopen { generation, run }]
}

/// The plan is here: the run is watched from now on. Gives the answer back if it is to another question.
pub fn reopened(
    model: &mut Model,
    generation: u64,
    result: Result<Box<PlanView>, Trouble>,
) -> Result<Vec<Effect>, Result<Box<PlanView>, Trouble>> {
    let Some((_, who)) = model.history.following.take_if(|(asked, _)| *asked == generation) else {
        return Err(result);
    };
    match result {
        Ok(_) if model.runs() => {
            model.say(
                Meaning::Warn,
                "A run was started here meanwhile: watch the other one when it has ended.",
            );
            Ok(Vec::new())
        }
        Ok(view) => {
            let serial = model.next_serial();
            let run = view.plan.head().run.clone();
            plan::watch(model, serial, *view);
            if let Some(page) = &mut model.run {
                page.other = Some(who);
            }
            model.tell(
                Meaning::Info,
                "Another process does this: <pause> asks it to pause, <cancel> to cancel. Leaving is harmless.",
            );
            Ok(vec![Effect::Follow { serial, run }])
        }
        Err(trouble) => {
            model.overlay = Some(Overlay::Trouble { title: "The run cannot be watched".to_owned(), trouble });
            Ok(Vec::new())
        }
    }
}
