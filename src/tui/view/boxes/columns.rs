//! The box in which columns are chosen; the table behind it shows them at once.

use ratatui::layout::Rect;

use super::super::{
    super::{
        columns::Column,
        layout::{self, LEAD},
        model::{Model, overlay::ColumnsBox},
        theme::Meaning,
    },
    canvas::Canvas,
    review::lead,
};

const WIDTH: u16 = 34;

fn area(model: &Model, lines: usize) -> Rect {
    let body = layout::frame(model.size.0, model.size.1).body;
    let wide = WIDTH.min(body.width);
    let high = (lines as u16 + 2).min(body.height);
    // On the left, so that the table stays in sight.
    Rect::new(body.x, body.y, wide, high)
}

/// Columns in sight.
pub fn height(model: &Model) -> usize {
    let lines = 1 + Column::offered(&model.review.data.labels).len();
    usize::from(layout::inside(area(model, lines)).height).max(1)
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, open: &ColumnsBox) {
    let symbols = model.look.symbols;
    let shown = open.lines.iter().filter(|line| line.shown).count();
    let title = format!("Columns {shown}/{}", open.lines.len());
    let inside = canvas.window(area(model, open.lines.len()), &title);
    for (row, at) in open.scroll.window(open.lines.len(), usize::from(inside.height)).enumerate() {
        let line = &open.lines[at];
        let y = inside.y + row as u16;
        let here = at == open.scroll.cursor;
        let (mark, meaning) = match (line.column == Column::Name, line.shown) {
            (true, _) => (symbols.locked, Meaning::Locked),
            (false, true) => (symbols.ticked, Meaning::Ticked),
            (false, false) => (symbols.unticked, Meaning::Text),
        };
        lead(canvas, inside.x, y, here, mark, meaning);
        let width = line.width.map_or_else(|| "auto".to_owned(), |width| format!("{width} wide"));
        let room = inside.width.saturating_sub(LEAD + 9);
        let meaning = if line.shown { Meaning::Text } else { Meaning::Muted };
        canvas.text(inside.x + LEAD, y, room, line.column.title(), meaning);
        if line.shown {
            canvas.text(inside.x + LEAD + room + 1, y, 8, &width, Meaning::Muted);
        }
        if here {
            canvas.tint(Rect::new(inside.x, y, inside.width, 1), Meaning::Cursor);
        }
    }
    canvas.scrollbar(inside, inside.bottom(), open.lines.len(), open.scroll.offset);
}
