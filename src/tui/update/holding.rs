//! Holds: put on the configuration under the cursor, and taken away again.

use tui_input::Input;

use super::{
    super::{
        action::Action,
        desk::{Hold, HoldRequest, Trouble},
        effect::Effect,
        key::Key,
        layout::Pane,
        line_input,
        model::{
            Model,
            overlay::{HoldBox, HoldField, Overlay, ReleaseChoice},
        },
        theme::Meaning,
    },
    listing,
};
use crate::domain::{ConfigId, Timestamp};

/// `H`: asks for a reason; or, where there is a hold, whether it shall go.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let of_row = model.review.focus != Pane::Clients;
    let Some(entry) = model.review.cursor_entry().filter(|_| of_row) else {
        let text = format!("A hold is put on one {}: move to it first.", model.setting.nouns.configuration);
        model.say(Meaning::Info, text);
        return Vec::new();
    };
    let (config_id, title) = (entry.id().clone(), entry.row.configuration.title());
    model.overlay = Some(match entry.row.hold.as_deref().cloned() {
        Some(hold) => Overlay::Release { config_id, title, hold, choice: ReleaseChoice::default() },
        None => Overlay::Hold(HoldBox {
            config_id,
            title,
            reason: Input::default(),
            until: Input::default(),
            field: HoldField::default(),
            note: None,
        }),
    });
    Vec::new()
}

pub fn press(model: &mut Model, mut open: HoldBox, key: Key, action: Option<Action>) -> Vec<Effect> {
    open.note = None;
    match (action, open.field) {
        (Some(Action::Dismiss), _) => return Vec::new(),
        (Some(Action::Accept), HoldField::Reason) => open.field = HoldField::Until,
        (Some(Action::Accept), HoldField::Until) => match wish(model, &open) {
            Ok(wish) => return vec![Effect::Hold(wish)],
            Err((field, why)) => {
                open.field = field;
                open.note = Some(why);
            }
        },
        (Some(Action::NextButton | Action::PrevButton), field) if !line_input::is_horizontal(key) => {
            open.field = match field {
                HoldField::Reason => HoldField::Until,
                HoldField::Until => HoldField::Reason,
            };
        }
        _ => {
            line_input::edit(open.input(), key);
        }
    }
    model.overlay = Some(Overlay::Hold(open));
    Vec::new()
}

/// What was written, if it makes sense; else what does not.
fn wish(model: &Model, open: &HoldBox) -> Result<HoldRequest, (HoldField, String)> {
    let reason = open.reason.value().trim();
    if reason.is_empty() {
        return Err((HoldField::Reason, "Write why: whoever finds it held will want to know.".to_owned()));
    }
    let until = match open.until.value().trim() {
        "" => None,
        day => {
            let end = Timestamp::after_day(day)
                .ok_or_else(|| (HoldField::Until, "Write a day as 2027-01-31, or nothing.".to_owned()))?;
            if end <= model.now {
                return Err((HoldField::Until, "That day is over already.".to_owned()));
            }
            Some(end)
        }
    };
    Ok(HoldRequest { config_id: open.config_id.clone(), reason: reason.to_owned(), until })
}

/// The answer: the row shows it at once, and what is held is not ticked any more.
pub fn held(model: &mut Model, id: &ConfigId, result: Result<Option<Hold>, Trouble>) -> Vec<Effect> {
    let hold = match result {
        Ok(hold) => hold,
        Err(trouble) => {
            let title = "The hold was not changed".to_owned();
            model.overlay = Some(Overlay::Trouble { title, trouble });
            return Vec::new();
        }
    };
    let review = &mut model.review;
    for data in [Some(&mut review.data), review.staging.as_mut()].into_iter().flatten() {
        if let Some(at) = data.row(id) {
            data.set_hold(at, hold.clone());
        }
    }
    let mut title = format!("#{id}");
    let mut unticked = "";
    if let Some(at) = review.data.row(id) {
        title = review.data.entry(at).row.configuration.title();
        let client = review.data.entry(at).client;
        if hold.is_some() && review.ticks.retain(|ticked| ticked != id) > 0 {
            review.data.clients[client].ticked -= 1;
            unticked = " It is no longer ticked.";
        }
    }
    let text = match &hold {
        Some(hold) => format!("{title} is {hold}.{unticked}"),
        None => format!("{title} is no longer held."),
    };
    model.say(Meaning::Good, text);
    listing::relist_rows(model)
}
