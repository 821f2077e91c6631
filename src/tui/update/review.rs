//! Review: moving, filtering, sorting, panes.

use std::sync::Arc;

use super::{
    super::{
        action::Action,
        effect::Effect,
        filter::Query,
        key::Key,
        layout::Pane,
        line_input,
        model::{
            Model,
            review::{Filter, Review},
        },
        scroll::Go,
        theme::Meaning,
    },
    copying, holding, listing, loading, rereading, ticking, viewing,
};

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Tick => ticking::tick(model),
        Action::TickAll => ticking::tick_all(model),
        Action::TickUnlinked => ticking::tick_unlinked(model),
        Action::Invert => ticking::invert(model),
        Action::Undo => ticking::undo(model, false),
        Action::Redo => ticking::undo(model, true),
        Action::OpenPlan => ticking::open_plan(model),
        Action::Range => {
            model.review.focus = Pane::Rows;
            let cursor = model.review.rows.cursor;
            model.review.range = match model.review.range {
                Some(_) => None,
                None if model.review.shown.is_empty() => None,
                None => Some(cursor),
            };
            if model.review.range.is_some() {
                model.tell(
                    Meaning::Info,
                    "Range: move to its other end, then <tick> ticks it; <back> leaves it.",
                );
            }
            Vec::new()
        }
        Action::RangeUp => extend(model, -1),
        Action::RangeDown => extend(model, 1),
        Action::CycleShow => {
            model.review.show = model.review.show.next();
            model.say(Meaning::Info, format!("Showing {}", model.review.show.words()));
            listing::reshow_rows(model)
        }
        Action::Filter => {
            let pane = if model.review.focus == Pane::Clients { Pane::Clients } else { Pane::Rows };
            model.review.typing = Some(pane);
            Vec::new()
        }
        Action::NextPane => turn_pane(model, 1),
        Action::PrevPane => turn_pane(model, 2),
        Action::Left => {
            model.review.focus = match model.review.focus {
                Pane::Clients | Pane::Rows => Pane::Clients,
                Pane::Detail => Pane::Rows,
            };
            model.review.range = None;
            model.refit();
            Vec::new()
        }
        Action::Right => {
            model.review.focus = match model.review.focus {
                Pane::Clients => Pane::Rows,
                Pane::Rows | Pane::Detail => Pane::Detail,
            };
            model.refit();
            Vec::new()
        }
        Action::SortNext => viewing::sort_on(model, 1),
        Action::SortPrev => viewing::sort_on(model, -1),
        Action::SortReverse => viewing::turn_order(model),
        Action::Columns => viewing::open_columns(model),
        Action::ColumnsLeft => viewing::move_columns(model, -1),
        Action::ColumnsRight => viewing::move_columns(model, 1),
        Action::ReloadClient => rereading::begin(model),
        Action::Reload => {
            if model.review.is_reading() {
                model.say(Meaning::Info, "Reading already.");
                return Vec::new();
            }
            loading::begin(model)
        }
        Action::Hold => holding::open(model),
        Action::Copy => copying::open(model),
        _ => Vec::new(),
    }
}

fn turn_pane(model: &mut Model, by: usize) -> Vec<Effect> {
    const ORDER: [Pane; 3] = [Pane::Clients, Pane::Rows, Pane::Detail];
    let now = ORDER.iter().position(|pane| *pane == model.review.focus).unwrap_or(0);
    model.review.focus = ORDER[(now + by) % ORDER.len()];
    model.review.detail = 0;
    model.refit();
    Vec::new()
}

pub fn travel(model: &mut Model, go: Go) -> Vec<Effect> {
    match model.review.focus {
        Pane::Clients => {
            let before = model.review.clients.cursor;
            let height = model.list_height(Pane::Clients);
            model.review.clients.go(go, model.review.shown_clients.len(), height);
            if model.review.clients.cursor == before { Vec::new() } else { listing::enter_client(model) }
        }
        Pane::Rows => {
            let height = model.list_height(Pane::Rows);
            model.review.rows.go(go, model.review.shown.len(), height);
            model.review.detail = 0;
            Vec::new()
        }
        Pane::Detail => {
            let page = model.list_height(Pane::Detail).saturating_sub(1).max(1) as u16;
            let last = super::super::view::detail::last_line(model);
            let detail = &mut model.review.detail;
            *detail = match go {
                Go::By(by) => detail.saturating_add_signed(by as i16),
                Go::Page(pages) if pages < 0 => detail.saturating_sub(page),
                Go::Page(_) => detail.saturating_add(page),
                Go::Top => 0,
                Go::Bottom => u16::MAX,
            }
            .min(last);
            Vec::new()
        }
    }
}

fn extend(model: &mut Model, by: isize) -> Vec<Effect> {
    model.review.focus = Pane::Rows;
    if model.review.shown.is_empty() {
        return Vec::new();
    }
    let cursor = model.review.rows.cursor;
    model.review.range.get_or_insert(cursor);
    travel(model, Go::By(by))
}

/// A key while a filter is typed.
pub fn type_key(model: &mut Model, key: Key, action: Option<Action>) -> Vec<Effect> {
    match action {
        Some(Action::Accept) => {
            model.review.typing = None;
            viewing::remember(model)
        }
        Some(Action::Dismiss) => {
            let pane = model.review.typing.take();
            let mut effects = set_filter(model, pane.unwrap_or_default(), "");
            effects.extend(viewing::remember(model));
            effects
        }
        _ => {
            let Some(pane) = model.review.typing else { return Vec::new() };
            if let Some(go) = arrow(key) {
                // The list can be moved in while the filter is typed.
                return if pane == model.review.focus { travel(model, go) } else { Vec::new() };
            }
            if line_input::edit(&mut filter_of(&mut model.review, pane).input, key) {
                return typed(model, pane);
            }
            Vec::new()
        }
    }
}

fn arrow(key: Key) -> Option<Go> {
    use super::super::key::Code;
    match key.code {
        Code::Up => Some(Go::By(-1)),
        Code::Down => Some(Go::By(1)),
        Code::PageUp => Some(Go::Page(-1)),
        Code::PageDown => Some(Go::Page(1)),
        _ => None,
    }
}

pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(pane) = model.review.typing else { return Vec::new() };
    if line_input::paste(&mut filter_of(&mut model.review, pane).input, text) {
        return typed(model, pane);
    }
    Vec::new()
}

fn filter_of(review: &mut Review, pane: Pane) -> &mut Filter {
    if pane == Pane::Clients { &mut review.client_filter } else { &mut review.row_filter }
}

fn set_filter(model: &mut Model, pane: Pane, text: &str) -> Vec<Effect> {
    filter_of(&mut model.review, pane).input = tui_input::Input::new(text.to_owned());
    typed(model, pane)
}

/// The text of a filter changed.
fn typed(model: &mut Model, pane: Pane) -> Vec<Effect> {
    let text = filter_of(&mut model.review, pane).input.value().to_owned();
    let query = Arc::new(match pane {
        Pane::Clients => Query::of_clients(&text),
        Pane::Rows | Pane::Detail => model.review.row_query(&text, model.now),
    });
    let filter = filter_of(&mut model.review, pane);
    let narrows = query.narrows(&filter.query);
    model.note =
        query.complaint.clone().map(|text| super::super::model::Note { meaning: Meaning::Warn, text });
    filter.query = query;
    if pane == Pane::Clients {
        listing::relist_clients(model)
    } else {
        listing::refilter(model, narrows, None)
    }
}
