//! What a second look at a run found.

use ratatui::layout::Rect;

use super::{
    super::{desk::Recheck, layout, model::Model, prose::Prose, scroll::Scroll, theme::Meaning},
    canvas::Canvas,
};
use crate::domain::text::count;

pub fn page(model: &Model, result: &Recheck) -> Prose<()> {
    let body = layout::frame(model.size.0, model.size.1).body;
    let mut page = Prose::new(usize::from(layout::inside(body).width));
    let symbols = model.look.symbols;
    page.say(
        0,
        Meaning::Muted,
        &format!("Run {}, as it stands on {} UTC", result.run, result.as_of.minutes()),
    );
    if result.found.is_empty() {
        page.item(0, symbols.done, Meaning::Good, "Everything is still as this run left it.");
        return page;
    }
    let text = format!("{} not as this run left it:", count(result.found.len(), "thing is", "things are"));
    page.say(0, Meaning::Title, &text);
    for one in &result.found {
        page.item(2, symbols.warning, Meaning::Warn, &one.text);
        if let Some(url) = &one.record_url {
            page.say(4, Meaning::Muted, url);
        }
    }
    page
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, body: Rect, result: &Recheck, scroll: Scroll) {
    let inside = canvas.window(body, "Looked again");
    let page = page(model, result);
    canvas.page(inside, &page.lines, scroll.offset, inside.bottom(), |_, _, ()| {});
}
