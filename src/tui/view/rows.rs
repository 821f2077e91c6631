//! The configurations of the client under the cursor, as a table of which only the window is built.

use std::borrow::Cow;

use nucleo_matcher::Matcher;
use ratatui::layout::Rect;

use super::{
    super::{
        cells,
        columns::{Column, Slot, Table},
        filter,
        layout::{self, LEAD, Pane, Room},
        model::{
            Model,
            data::{Entry, LinksState},
            review::Show,
            run::Stage,
        },
        theme::Meaning,
    },
    canvas::Canvas,
    review::{Spot, empty, first_that_fits, lead, name},
};
use crate::domain::{
    Lifecycle, Links,
    links::{LinkAnswer, LinkKind},
};

/// The columns of a list and where they stand, counted from its left edge.
fn table(model: &Model, list: Rect) -> Table {
    let mut table = model.review.table(list.width.saturating_sub(LEAD));
    for slot in &mut table.slots {
        slot.x += list.x + LEAD;
    }
    table
}

/// The column whose header is at `x` of a list.
pub fn column_at(model: &Model, list: Rect, x: u16) -> Option<Column> {
    let slots = table(model, list).slots;
    slots.into_iter().find(|slot| (slot.x..=slot.x + slot.width).contains(&x)).map(|slot| slot.column)
}

/// The counts come first; the noun is the first to go where there is little room.
fn rows_title(model: &Model, area: Rect) -> String {
    let counts = row_counts(model);
    let title = format!("{} {counts}", model.rows_title());
    match model.review.cursor_client() {
        Some(client) if Room::of(model.size.0, model.size.1) == Room::One => {
            let room = usize::from(area.width).saturating_sub(cells::width(&counts) + 9);
            let name = client.apart().map_or_else(String::new, |id| id + " ") + &client.title();
            let name = cells::fit(&name, room, model.look.symbols.more);
            first_that_fits(&[&format!("{name} {} {counts}", model.look.symbols.dot), &counts], area)
        }
        _ => first_that_fits(&[&title, &counts], area),
    }
}

fn row_counts(model: &Model) -> String {
    let review = &model.review;
    let (shown, all) = (review.shown.len(), review.order.len());
    let mut parts = vec![format!("{shown}/{all}")];
    if review.filtering {
        parts.push("filtering".to_owned());
    }
    if review.ordering {
        parts.push("sorting".to_owned());
    }
    match (review.ticks.len(), review.hidden_ticks) {
        (0, _) => {}
        (ticked, 0) => parts.push(format!("{ticked} ticked")),
        (ticked, hidden) => parts.push(format!("{ticked} ticked ({hidden} hidden by the filter)")),
    }
    if review.show != Show::All {
        parts.push(review.show.words().to_owned());
    }
    if !review.row_filter.query.is_empty() && review.typing != Some(Pane::Rows) {
        parts.push(format!("filter: {}", review.row_filter.query.text()));
    }
    parts.join(&format!(" {} ", model.look.symbols.dot))
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let review = &model.review;
    let focused = review.focus == Pane::Rows;
    let inside = canvas.frame(area, &rows_title(model, area), focused);
    let list = layout::table(area);
    let table = table(model, list);
    header(model, canvas, area, inside.y, &table);
    if review.shown.is_empty() {
        let (text, meaning) = no_rows(model);
        empty(canvas, list, &text, meaning);
        return;
    }
    let mut matcher = filter::matcher();
    let range = review.range();
    for (row, line) in review.rows.window(review.shown.len(), usize::from(list.height)).enumerate() {
        let y = list.y + row as u16;
        let at = review.shown[line];
        let here = line == review.rows.cursor;
        draw_row(model, canvas, &table.slots, (list.x, y), at, here, &mut matcher);
        let bar = Rect::new(list.x, y, list.width, 1);
        // The cursor is always within the range; drawn alike it would be lost in it.
        if !here && range.as_ref().is_some_and(|range| range.contains(&line)) {
            canvas.text(list.x, y, 1, model.look.symbols.bullet, Meaning::Title);
            canvas.tint(bar, Meaning::Range);
        }
        if here {
            canvas.tint(bar, if focused { Meaning::Cursor } else { Meaning::CursorElsewhere });
        }
    }
    canvas.scrollbar(list, list.bottom(), review.shown.len(), review.rows.offset);
}

/// The titles, the sorted one with its sign; and signs at the edges where there are more columns.
fn header(model: &Model, canvas: &mut Canvas<'_>, area: Rect, y: u16, table: &Table) {
    let sort = &model.review.sort;
    let symbols = model.look.symbols;
    for slot in &table.slots {
        let sorted = slot.column == sort.column;
        let mut text = slot.column.title().to_owned();
        if sorted {
            let sign = if sort.reverse { symbols.down } else { symbols.up };
            // The sign is what must not be cut off.
            let room = usize::from(slot.width).saturating_sub(cells::width(sign) + 1);
            text = format!("{} {sign}", cells::fit(&text, room, symbols.more));
        }
        let meaning = if sorted { Meaning::Title } else { Meaning::Muted };
        canvas.text(slot.x, y, slot.width, &text, meaning);
    }
    if table.left > 0 {
        canvas.text(area.x, y, 1, symbols.left, Meaning::Info);
    }
    if table.right > 0 {
        canvas.text(area.right().saturating_sub(1), y, 1, symbols.right, Meaning::Info);
    }
}

fn draw_row(
    model: &Model,
    canvas: &mut Canvas<'_>,
    slots: &[Slot],
    (x, y): (u16, u16),
    at: u32,
    here: bool,
    matcher: &mut Matcher,
) {
    let review = &model.review;
    let entry = review.data.entry(at);
    let locked = entry.row.kept_because();
    let symbols = model.look.symbols;
    let (mark, meaning) = match (&locked, review.is_ticked(at)) {
        (Some(_), _) => (symbols.locked, Meaning::Locked),
        (None, true) => (symbols.ticked, Meaning::Ticked),
        (None, false) => (symbols.unticked, Meaning::Text),
    };
    lead(canvas, x, y, here, mark, meaning);
    let plain = if locked.is_some() { Meaning::Locked } else { Meaning::Text };
    for slot in slots {
        let (text, meaning) = match slot.column {
            Column::Status => status(entry, slot.width, plain),
            Column::Links => linked(model, entry, at, slot, slots),
            _ => (slot.column.text(entry, review.data.links_of(at)), plain),
        };
        name(
            canvas,
            Spot { x: slot.x, y, width: slot.width },
            &text,
            &review.row_filter.query,
            &slot.column.field(),
            matcher,
            meaning,
        );
    }
}

fn status(entry: &Entry, width: u16, plain: Meaning) -> (Cow<'_, str>, Meaning) {
    let row = &entry.row.configuration;
    match row.lifecycle() {
        Lifecycle::Inactive => ("inactive".into(), plain),
        Lifecycle::Active => (row.state.status_name().unwrap_or("active").into(), plain),
        other => {
            let words = other.words();
            let fits = cells::width(words) <= usize::from(width);
            let meaning = if plain == Meaning::Locked { plain } else { Meaning::Warn };
            (if fits { words } else { "mixed" }.into(), meaning)
        }
    }
}

/// What still hangs on a row; or what matters more: a run that is at work on it, or why it cannot be ticked.
fn linked<'a>(
    model: &Model,
    entry: &'a Entry,
    at: u32,
    slot: &Slot,
    slots: &[Slot],
) -> (Cow<'a, str>, Meaning) {
    let symbols = model.look.symbols;
    if let Some((stage, waiting)) = in_the_run(model, entry) {
        let (sign, meaning) = super::run::sign(stage, symbols);
        let held = if waiting { "paused run" } else { "in the run" };
        let full = format!("{sign} {held}: {}", stage.words());
        let fits = cells::width(&full) <= usize::from(slot.width);
        return (if fits { full } else { format!("{sign} {}", stage.words()) }.into(), meaning);
    }
    if let Some(why) = entry.row.kept_because() {
        return (why, Meaning::Locked);
    }
    let state = &model.review.data.clients[entry.client].links;
    let (text, meaning) = links_text(model.review.data.links_of(at), state, slot.width);
    let (text, meaning) = match &entry.row.again {
        Some(_) => (format!("{} active again, {text}", symbols.warning), Meaning::Warn),
        None => (text, meaning),
    };
    // A mixed state must show even where there is no column for it.
    let has_status = slots.iter().any(|slot| slot.column == Column::Status);
    if entry.row.configuration.lifecycle().is_mixed() && !has_status {
        return (format!("mixed, {text}").into(), Meaning::Warn);
    }
    (text.into(), meaning)
}

/// Where a row stands in the run that goes on.
fn in_the_run(model: &Model, entry: &Entry) -> Option<(Stage, bool)> {
    let run = model.run.as_ref().filter(|run| run.is_active())?;
    let item = run.state.item(entry.id())?;
    Some((Stage::of(Some(item), false), run.is_paused()))
}

/// The links in the words there is room for. Not read, unknown and none are three different things.
pub fn links_text(links: &Links, state: &LinksState, width: u16) -> (String, Meaning) {
    let unread = LinkKind::ALL.iter().all(|kind| *links.get(*kind) == LinkAnswer::NotRead);
    if unread {
        return match state {
            LinksState::Reading => ("reading".to_owned(), Meaning::Muted),
            LinksState::Failed(_) | LinksState::Read => ("unknown".to_owned(), Meaning::Warn),
            LinksState::NotRead => ("not read".to_owned(), Meaning::Muted),
        };
    }
    let text = links.summary();
    let meaning = if links.are_none() { Meaning::Good } else { Meaning::Warn };
    if cells::width(&text) <= usize::from(width) {
        return (text, meaning);
    }
    // Too long for here: how much of which kind, in few letters.
    let parts: Vec<String> = LinkKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let letter = match kind {
                LinkKind::Billing => "bill",
                LinkKind::Tickets => "tkt",
                LinkKind::Children => "child",
                LinkKind::Rmm => "RMM",
            };
            match links.get(kind) {
                LinkAnswer::None => None,
                LinkAnswer::Linked { items } => Some(format!("{letter} {}", items.len())),
                LinkAnswer::Unknown { .. } | LinkAnswer::NotRead => Some(format!("{letter} ?")),
            }
        })
        .collect();
    (parts.join(", "), meaning)
}

fn no_rows(model: &Model) -> (String, Meaning) {
    let review = &model.review;
    let rows = model.setting.nouns.configurations;
    if review.filtering {
        return ("Filtering".to_owned(), Meaning::Muted);
    }
    if review.client.is_none() {
        return (String::new(), Meaning::Muted);
    }
    if !review.order.is_empty() {
        let text = if review.show == Show::All {
            model.keymap.spell("None fits the filter. Press <back> to clear it.")
        } else {
            let ways = model.keymap.spell("Press <cycle-show> for the next view, <back> for all.");
            format!("Showing {}, and here is none. {ways}", review.show.words())
        };
        return (text, Meaning::Muted);
    }
    if review.is_complete() {
        (format!("No active {rows}: nothing to retire here."), Meaning::Muted)
    } else {
        ("Reading".to_owned(), Meaning::Muted)
    }
}
