//! The box that asks why and how long a configuration shall be kept.

use super::super::{
    super::{
        cells, layout,
        model::{
            Model,
            overlay::{HoldBox, HoldField},
        },
        theme::Meaning,
    },
    canvas::Canvas,
};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, open: &HoldBox) {
    let width = 72.min(model.size.0.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    let about = format!("No run will deactivate {} while it is held.", open.title);
    let mut lines = cells::wrap(&about, room);
    lines.truncate(2);
    let (note, meaning) = match &open.note {
        Some(note) => (note.clone(), Meaning::Warn),
        None if open.field == HoldField::Reason => {
            (model.keymap.spell("<accept> goes on to the last day"), Meaning::Muted)
        }
        None => (model.keymap.spell("2027-01-31 or nothing; <accept> holds"), Meaning::Muted),
    };
    let area = layout::middle(model.size.0, model.size.1, width, lines.len() as u16 + 5);
    let inside = canvas.window(area, "Hold");
    let mut y = inside.y;
    for line in &lines {
        canvas.text(inside.x + 1, y, inside.width.saturating_sub(2), line, Meaning::Title);
        y += 1;
    }
    let fields =
        [(HoldField::Reason, "Reason: ", &open.reason), (HoldField::Until, "Last day: ", &open.until)];
    for (field, label, input) in fields {
        canvas.text_raw(inside.x + 1, y, 12, label, Meaning::Title);
        let x = inside.x + 1 + 10;
        canvas.field(x, y, inside.right().saturating_sub(x + 1), input, field == open.field);
        y += 1;
    }
    canvas.text(inside.x + 1, y, inside.width.saturating_sub(2), &note, meaning);
}
