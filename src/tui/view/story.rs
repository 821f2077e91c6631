//! What happened in a run, line by line.

use ratatui::layout::Rect;

use super::{
    super::{layout, model::Model, prose::Prose, scroll::Scroll, theme::Meaning},
    canvas::Canvas,
};
use crate::domain::RunId;

pub fn page(model: &Model, run: &RunId, lines: &[String]) -> Prose<()> {
    let body = layout::frame(model.size.0, model.size.1).body;
    let mut page = Prose::new(usize::from(layout::inside(body).width));
    if lines.is_empty() {
        page.say(0, Meaning::Muted, &format!("Nothing is known of run {run}."));
    }
    for line in lines {
        page.item(0, model.look.symbols.bullet, Meaning::Text, line);
    }
    page
}

pub fn draw(
    model: &Model,
    canvas: &mut Canvas<'_>,
    body: Rect,
    (run, lines): (&RunId, &[String]),
    scroll: Scroll,
) {
    let inside = canvas.window(body, &format!("What happened in run {run}"));
    let page = page(model, run, lines);
    canvas.page(inside, &page.lines, scroll.offset, inside.bottom(), |_, _, ()| {});
}
