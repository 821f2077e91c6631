//! The configurations of the client under the cursor, as a table of which only the window is built.

use nucleo_matcher::Matcher;
use ratatui::layout::Rect;

use super::{
    super::{
        cells, filter,
        layout::{self, Pane, Room},
        model::{
            Model,
            data::LinksState,
            review::{Column, Show},
        },
        theme::Meaning,
    },
    canvas::Canvas,
    review::{LEAD, empty, first_that_fits, lead, name},
};
use crate::domain::{
    Lifecycle, Links,
    links::{LinkAnswer, LinkKind},
};

/// A column with its place, from the width alone.
#[derive(Clone, Copy)]
struct Slot {
    column: Column,
    x: u16,
    width: u16,
}

fn slots(inside: Rect) -> Vec<Slot> {
    let room = inside.width.saturating_sub(LEAD);
    // Each with the share it gets of what the name leaves.
    let wanted: &[(Column, u16)] = match room {
        0..34 => &[(Column::Links, 12)],
        34..50 => &[(Column::Type, 11), (Column::Links, 16)],
        50..70 => &[(Column::Type, 12), (Column::Status, 9), (Column::Links, 16)],
        70..100 => &[(Column::Type, 16), (Column::Site, 12), (Column::Status, 12), (Column::Links, 18)],
        _ => &[(Column::Type, 20), (Column::Site, 18), (Column::Status, 16), (Column::Links, 28)],
    };
    let taken: u16 = wanted.iter().map(|(_, width)| width + 1).sum();
    let mut slots =
        vec![Slot { column: Column::Name, x: inside.x + LEAD, width: room.saturating_sub(taken) }];
    let mut x = inside.x + LEAD + room.saturating_sub(taken) + 1;
    for (column, width) in wanted {
        slots.push(Slot { column: *column, x, width: *width });
        x += width + 1;
    }
    slots
}

/// The column whose header is at `x` of a list.
pub fn column_at(list: Rect, x: u16) -> Option<Column> {
    slots(list).into_iter().find(|slot| (slot.x..=slot.x + slot.width).contains(&x)).map(|slot| slot.column)
}

/// The counts come first; the noun is the first to go where there is little room.
fn rows_title(model: &Model, area: Rect) -> String {
    let counts = row_counts(model);
    let title = format!("{} {counts}", model.rows_title());
    match model.review.cursor_client() {
        Some(client) if Room::of(model.size.0, model.size.1) == Room::One => {
            let room = usize::from(area.width).saturating_sub(cells::width(&counts) + 9);
            let name = cells::fit(&client.title(), room, model.look.symbols.more);
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
    let slots = slots(list);
    for slot in &slots {
        let sorted = slot.column == review.sort.column;
        let sign = match (sorted, review.sort.reverse) {
            (false, _) => "",
            (true, false) => model.look.symbols.up,
            (true, true) => model.look.symbols.down,
        };
        let mut text = slot.column.title().to_owned();
        if sorted {
            text = format!("{text} {sign}");
        }
        canvas.text(
            slot.x,
            inside.y,
            slot.width,
            &text,
            if sorted { Meaning::Title } else { Meaning::Muted },
        );
    }
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
        draw_row(model, canvas, &slots, (list.x, y), at, here, &mut matcher);
        let bar = Rect::new(list.x, y, list.width, 1);
        if range.as_ref().is_some_and(|range| range.contains(&line)) {
            if !here {
                canvas.text(list.x, y, 1, model.look.symbols.bullet, Meaning::Title);
            }
            canvas.tint(bar, Meaning::Range);
        }
        if here {
            canvas.tint(bar, if focused { Meaning::Cursor } else { Meaning::CursorElsewhere });
        }
    }
    canvas.scrollbar(list, list.bottom(), review.shown.len(), review.rows.offset);
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
    let row = &entry.row.configuration;
    let locked = entry.row.kept_because();
    let locked = locked.as_deref();
    let symbols = model.look.symbols;
    let (mark, meaning) = match (locked, review.is_ticked(at)) {
        (Some(_), _) => (symbols.locked, Meaning::Locked),
        (None, true) => (symbols.ticked, Meaning::Ticked),
        (None, false) => (symbols.unticked, Meaning::Text),
    };
    lead(canvas, x, y, here, mark, meaning);
    let plain = if locked.is_some() { Meaning::Locked } else { Meaning::Text };
    for slot in slots {
        match slot.column {
            Column::Name => {
                name(canvas, slot.x, y, slot.width, &row.title(), &review.row_filter.query, matcher, plain);
            }
            Column::Type => name(
                canvas,
                slot.x,
                y,
                slot.width,
                &row.config_type,
                &review.row_filter.query,
                matcher,
                plain,
            ),
            Column::Site => {
                canvas.text(slot.x, y, slot.width, row.site.as_deref().unwrap_or(""), plain);
            }
            Column::Status => {
                let (text, meaning) = match row.lifecycle() {
                    Lifecycle::Inactive => ("inactive", plain),
                    Lifecycle::Active => (row.state.status_name().unwrap_or("active"), plain),
                    other => {
                        let words = other.words();
                        let fits = cells::width(words) <= usize::from(slot.width);
                        (
                            if fits { words } else { "mixed" },
                            if locked.is_some() { plain } else { Meaning::Warn },
                        )
                    }
                };
                canvas.text(slot.x, y, slot.width, text, meaning);
            }
            Column::Links => {
                let (text, meaning) = if let Some(why) = locked {
                    (why.to_owned(), Meaning::Locked)
                } else {
                    let state = &review.data.clients[entry.client].links;
                    let (text, meaning) = links_text(review.data.links_of(at), state, slot.width);
                    let (text, meaning) = match &entry.row.again {
                        Some(_) => (format!("{} active again, {text}", symbols.warning), Meaning::Warn),
                        None => (text, meaning),
                    };
                    // A mixed state must show even where there is no column for it.
                    match (row.lifecycle().is_mixed(), slots.iter().any(|slot| slot.column == Column::Status))
                    {
                        (true, false) => (format!("mixed, {text}"), Meaning::Warn),
                        _ => (text, meaning),
                    }
                };
                canvas.text(slot.x, y, slot.width, &text, meaning);
            }
        }
    }
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
            "None fits the filter. Press esc to clear it.".to_owned()
        } else {
            format!(
                "Showing {}, and here is none. Press f for the next view, esc for all.",
                review.show.words()
            )
        };
        return (text, Meaning::Muted);
    }
    if review.is_complete() {
        (format!("No active {rows}: nothing to retire here."), Meaning::Muted)
    } else {
        ("Reading".to_owned(), Meaning::Muted)
    }
}
