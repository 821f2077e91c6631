//! Why an action can do nothing here and now, in words: for whoever finds it in the palette.

use super::{
    super::{
        action::{Action, Scope},
        layout::Pane,
        model::{Model, Place},
    },
    history,
};

/// `None` where no better reason is known than that it does not work now.
pub fn why_not(model: &Model, action: Action) -> Option<String> {
    let spec = action.spec();
    let here = model.place_scopes();
    if !spec.scopes.iter().any(|scope| here.contains(scope)) {
        let places: Vec<&str> =
            spec.scopes.iter().copied().filter(|scope| is_place(*scope)).map(Scope::words).collect();
        return Some(format!("works in {}", places.join(", ")));
    }
    let nothing_there = match action {
        Action::GoPlan => Some("there is no plan yet"),
        Action::GoRun => Some("nothing has run yet"),
        Action::GoReport | Action::Save => Some("there is no report yet"),
        Action::OpenPlan => Some("nothing is ticked"),
        Action::Undo | Action::Redo => Some("nothing was ticked yet"),
        Action::Pause | Action::Cancel => Some("no run goes on"),
        Action::Retry => Some("nothing failed"),
        Action::Reload => Some("it is being read already"),
        Action::Pick | Action::PickAll => Some("this plan is ticked in Review"),
        _ => None,
    };
    if let Some(why) = nothing_there {
        return Some(why.to_owned());
    }
    match action {
        Action::OpenReport
        | Action::Start
        | Action::Replan
        | Action::Park
        | Action::DryRun
        | Action::EditReason
        | Action::EditTicket
            if model.runs() || (action == Action::OpenReport && model.watches()) =>
        {
            Some("a run goes on".to_owned())
        }
        Action::DryRun | Action::EditReason | Action::EditTicket | Action::Park => {
            Some("this plan keeps the terms that it was asked for with".to_owned())
        }
        Action::Approve | Action::Reject | Action::ResumeRun | Action::UndoRun | Action::Recheck
            if model.place != Place::Plan =>
        {
            history::why_not(model, action)
        }
        Action::Reject => Some("this plan does not wait for approval".to_owned()),
        Action::Hold if model.review.focus == Pane::Clients => Some("go to a configuration first".to_owned()),
        _ if here.contains(&Scope::Review) => Some("there is nothing to do it with yet".to_owned()),
        _ => None,
    }
}

fn is_place(scope: Scope) -> bool {
    !matches!(scope, Scope::Anywhere | Scope::Moving)
}
