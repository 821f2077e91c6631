//! The box that asks what to copy.

use super::{
    super::{
        super::{
            action::Action,
            layout::Pane,
            model::{Model, overlay::CopyWhat},
            theme::Meaning,
        },
        canvas::Canvas,
    },
    ask,
};
use crate::domain::text::count;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, offers: &[CopyWhat], choice: CopyWhat) {
    let review = &model.review;
    let rows = if review.focus == Pane::Clients || review.cursor_row().is_none() {
        review.shown_clients.len()
    } else {
        review.shown.len()
    };
    let labels: Vec<(String, bool)> = offers
        .iter()
        .map(|what| {
            let (word, action) = match what {
                CopyWhat::Row => ("Row".to_owned(), Action::CopyRow),
                CopyWhat::Id => ("Id".to_owned(), Action::CopyId),
                CopyWhat::Table => (format!("Table, {}", count(rows, "row", "rows")), Action::CopyTable),
                CopyWhat::Link => ("Link".to_owned(), Action::CopyLink),
            };
            (format!("{word} ({})", model.keymap.hint(action)), *what == choice)
        })
        .collect();
    let buttons: Vec<(&str, bool)> = labels.iter().map(|(label, here)| (label.as_str(), *here)).collect();
    let way = match model.clipboard {
        Some(program) => format!("It goes to {program}."),
        None => "It goes through the terminal (OSC 52), if that allows it.".to_owned(),
    };
    ask(model, canvas, "Copy", &[(&way, Meaning::Muted)], &buttons);
}
