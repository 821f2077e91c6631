//! Review: clients on the left, the configurations of the one under the cursor on the right.

use ratatui::layout::Rect;

use super::{
    super::{
        cells,
        filter::{self, Field},
        layout::{LEAD, Pane},
        model::{Model, data::ClientEntry, review::Load},
        theme::Meaning,
    },
    canvas::Canvas,
    detail, rows,
};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>) {
    let panes = model.panes();
    if let Some(area) = panes.clients {
        draw_clients(model, canvas, area);
    }
    if let Some(area) = panes.rows {
        rows::draw(model, canvas, area);
    }
    if let Some(area) = panes.detail {
        detail::draw(model, canvas, area);
    }
}

/// Whether a click there is on the box of a row.
pub fn is_box(list: Rect, x: u16) -> bool {
    (list.x..list.x + LEAD).contains(&x)
}

fn draw_clients(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let review = &model.review;
    let focused = review.focus == Pane::Clients;
    let (shown, all) = (review.shown_clients.len(), review.data.clients.len());
    let counts = if shown == all { all.to_string() } else { format!("{shown}/{all}") };
    let title = format!("{} {counts}", model.clients_title());
    let ticked = match review.ticked_clients() {
        0 => title.clone(),
        n => format!("{title} {} {n} ticked", model.look.symbols.dot),
    };
    let inside = canvas.frame(area, &first_that_fits(&[&ticked, &title], area), focused);
    if shown == 0 {
        let (text, meaning) = no_clients(model);
        empty(canvas, inside, &text, meaning);
        return;
    }
    let symbols = model.look.symbols;
    let mut matcher = filter::matcher();
    for (row, line) in review.clients.window(shown, usize::from(inside.height)).enumerate() {
        let client = &review.data.clients[review.shown_clients[line]];
        let y = inside.y + row as u16;
        let here = line == review.clients.cursor;
        let (mark, meaning) = match (client.ticked, client.tickable) {
            (0, 0) if client.rows.is_empty() => ("   ", Meaning::Text),
            (0, 0) => (symbols.locked, Meaning::Locked),
            (0, _) => (symbols.unticked, Meaning::Text),
            (n, all) if n >= all => (symbols.ticked, Meaning::Ticked),
            _ => (symbols.partly, Meaning::Ticked),
        };
        lead(canvas, inside.x, y, here, mark, meaning);
        let total = client.rows.len();
        let mut tail =
            if client.ticked > 0 { format!("{}/{total}", client.ticked) } else { total.to_string() };
        let warns = !client.signs_of_life.is_empty() || client.again > 0 || client.gone.is_some();
        if warns {
            tail = format!("{} {tail}", symbols.warning);
        }
        if in_the_run(model, client) {
            tail = format!("{} {tail}", symbols.running);
        }
        if let Some(id) = client.apart() {
            let with = format!("{id} {tail}");
            // Of the name, too, something must be left.
            if cells::width(&with) + usize::from(LEAD) + 6 <= usize::from(inside.width) {
                tail = with;
            }
        }
        let wide = cells::width(&tail) as u16;
        let room = inside.width.saturating_sub(LEAD + wide + 1);
        name(
            canvas,
            Spot { x: inside.x + LEAD, y, width: room },
            &client.title(),
            &review.client_filter.query,
            &Field::Name,
            &mut matcher,
            Meaning::Text,
        );
        let meaning = if warns { Meaning::Warn } else { Meaning::Muted };
        canvas.text(inside.right().saturating_sub(wide), y, wide, &tail, meaning);
        if here {
            let meaning = if focused { Meaning::Cursor } else { Meaning::CursorElsewhere };
            canvas.tint(Rect::new(inside.x, y, inside.width, 1), meaning);
        }
    }
    canvas.scrollbar(inside, inside.bottom(), shown, review.clients.offset);
}

fn no_clients(model: &Model) -> (String, Meaning) {
    let review = &model.review;
    let clients = model.setting.nouns.clients;
    match &review.load {
        Load::Failed(trouble) => (
            format!(
                "The list could not be read. {} {} Press {} to try again.",
                trouble.message,
                trouble.advice,
                model.keymap.way(super::super::action::Action::Reload)
            ),
            Meaning::Bad,
        ),
        _ if !review.data.clients.is_empty() => {
            (model.keymap.spell("No name fits the filter. Press <back> to clear it."), Meaning::Muted)
        }
        Load::Complete => {
            (format!("No offboarded {clients} found. Looked for: {}.", model.setting.criteria), Meaning::Text)
        }
        _ => (format!("Reading offboarded {clients}{}", model.look.symbols.more), Meaning::Muted),
    }
}

pub(super) fn first_that_fits(titles: &[&str], area: Rect) -> String {
    let room = usize::from(area.width.saturating_sub(6));
    let fitting = titles.iter().find(|title| cells::width(title) <= room);
    fitting.or(titles.last()).map_or_else(String::new, |title| (*title).to_owned())
}

pub(super) fn lead(canvas: &mut Canvas<'_>, x: u16, y: u16, here: bool, mark: &str, meaning: Meaning) {
    if here {
        let cursor = canvas.look.symbols.cursor;
        canvas.text(x, y, 1, cursor, Meaning::Title);
    }
    canvas.text_raw(x + 1, y, 3, mark, meaning);
}

/// Where a text of one line stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub x: u16,
    pub y: u16,
    pub width: u16,
}

/// A text with what the filter matched in it.
pub(super) fn name(
    canvas: &mut Canvas<'_>,
    spot: Spot,
    text: &str,
    query: &filter::Query,
    field: &Field,
    matcher: &mut nucleo_matcher::Matcher,
    meaning: Meaning,
) {
    let Spot { x, y, width } = spot;
    if query.is_empty() {
        canvas.text(x, y, width, text, meaning);
        return;
    }
    let shown = cells::fit(text, usize::from(width), canvas.more());
    let marks = query.marks(field, &shown, matcher);
    canvas.marked(x, y, width, &shown, &marks, meaning);
}

/// Whether a run that goes on is about this client.
fn in_the_run(model: &Model, client: &ClientEntry) -> bool {
    model.run.as_ref().is_some_and(|run| run.is_active() && run.is_about(client.id()))
}

pub(super) fn empty(canvas: &mut Canvas<'_>, area: Rect, text: &str, meaning: Meaning) {
    let room = usize::from(area.width.saturating_sub(2)).max(1);
    for (row, line) in cells::wrap(text, room).iter().take(usize::from(area.height)).enumerate() {
        canvas.text(area.x + 1, area.y + row as u16, area.width.saturating_sub(2), line, meaning);
    }
}
