//! The palette: a line to type in, and the actions that fit it, with their keys.

use ratatui::layout::{Position, Rect};

use super::{
    super::{
        action::Danger,
        cells, layout,
        model::{Model, overlay::PaletteBox},
        theme::Meaning,
        update::palette::{Found, found},
    },
    canvas::{Canvas, Piece},
};

const WIDEST: u16 = 90;
const HIGHEST: u16 = 22;

fn area(model: &Model) -> Rect {
    let body = layout::frame(model.size.0, model.size.1).body;
    let (width, height) = (body.width.min(WIDEST), body.height.min(HIGHEST));
    Rect::new(body.x + (body.width - width) / 2, body.y, width, height)
}

fn list(model: &Model) -> Rect {
    let inside = layout::inside(area(model));
    Rect::new(inside.x, inside.y + 1, inside.width, inside.height.saturating_sub(1))
}

/// The first line in sight.
fn offset(palette: &PaletteBox, height: usize) -> usize {
    (palette.cursor + 1).saturating_sub(height.max(1))
}

/// Which line of the list lies there.
pub fn line_at(model: &Model, palette: &PaletteBox, at: Position) -> Option<usize> {
    let list = list(model);
    let line = offset(palette, usize::from(list.height)) + usize::from(at.y.saturating_sub(list.y));
    (list.contains(at) && line < found(model, palette.input.value()).len()).then_some(line)
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, palette: &PaletteBox) {
    let inside = canvas.window(area(model), &format!("What can be done in {} now", model.place.title()));
    let label = "Do: ";
    let used = cells::width(label) as u16;
    canvas.text_raw(inside.x + 1, inside.y, used, label, Meaning::Title);
    let x = inside.x + 1 + used;
    canvas.field(x, inside.y, inside.right().saturating_sub(x + 1), &palette.input, true);
    let list = list(model);
    let all = found(model, palette.input.value());
    if all.is_empty() {
        canvas.text(list.x + 1, list.y, list.width, "No action is called that.", Meaning::Muted);
    }
    let offset = offset(palette, usize::from(list.height));
    for (row, (line, one)) in all.iter().enumerate().skip(offset).take(usize::from(list.height)).enumerate() {
        let area = Rect::new(list.x, list.y + row as u16, list.width, 1);
        entry(model, canvas, area, one, line == palette.cursor);
    }
    canvas.scrollbar(list, list.bottom(), all.len(), offset);
}

fn entry(model: &Model, canvas: &mut Canvas<'_>, area: Rect, one: &Found, here: bool) {
    let spec = one.action.spec();
    let writes = spec.danger == Danger::Writes;
    let (tail, meaning) = match &one.obstacle {
        Some(why) => (why.clone(), Meaning::Muted),
        None if writes => (format!("writes {}", model.keymap.hint(one.action)), Meaning::Warn),
        None => (model.keymap.hint(one.action), Meaning::KeyHint),
    };
    let tail = cells::fit(&tail, usize::from(area.width) / 2, canvas.more());
    let wide = cells::width(&tail) as u16;
    let text = if one.obstacle.is_some() { Meaning::Muted } else { Meaning::Text };
    if here {
        let cursor = canvas.look.symbols.cursor;
        canvas.text(area.x, area.y, 1, cursor, Meaning::Title);
    }
    let room = area.width.saturating_sub(wide + 4);
    let title = cells::fit(spec.title, usize::from(room), canvas.more());
    let pieces: Vec<Piece> = title
        .chars()
        .enumerate()
        .map(|(at, c)| canvas.piece(c, if one.marks.contains(&(at as u32)) { Meaning::Match } else { text }))
        .collect();
    canvas.pieces(area.x + 2, area.y, room, &pieces);
    canvas.text(area.right().saturating_sub(wide + 1), area.y, wide, &tail, meaning);
    if here {
        canvas.tint(area, Meaning::Cursor);
    }
}
