//! Review: moving, filtering, sorting, panes.

use std::{cmp::Ordering, sync::Arc};

use super::{
    super::{
        action::Action,
        effect::Effect,
        filter::{self, Query},
        key::Key,
        layout::Pane,
        line_input,
        model::{
            Model,
            review::{Column, Filter, Review},
        },
        natural,
        scroll::{Go, Scroll},
        theme::Meaning,
    },
    links, loading, ticking,
};
use crate::domain::ConfigId;

/// Up to so many rows are filtered at once, between two keys; more are filtered aside.
const AT_ONCE: usize = 10_000;

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
                model.say(Meaning::Info, "Range: move to its other end, then space ticks it; esc leaves it.");
            }
            Vec::new()
        }
        Action::RangeUp => extend(model, -1),
        Action::RangeDown => extend(model, 1),
        Action::CycleShow => {
            model.review.show = model.review.show.next();
            model.say(Meaning::Info, format!("Showing {}", model.review.show.words()));
            relist_rows(model)
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
        Action::SortNext => sort_by(model, 1),
        Action::SortPrev => sort_by(model, Column::ALL.len() - 1),
        Action::SortReverse => {
            model.review.sort.reverse = !model.review.sort.reverse;
            relist_rows(model)
        }
        Action::Reload => {
            if model.review.is_reading() {
                model.say(Meaning::Info, "Reading already.");
                return Vec::new();
            }
            loading::begin(model)
        }
        Action::Copy => copy(model),
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
            if model.review.clients.cursor == before { Vec::new() } else { enter_client(model) }
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

fn sort_by(model: &mut Model, by: usize) -> Vec<Effect> {
    let now = Column::ALL.iter().position(|column| *column == model.review.sort.column).unwrap_or(0);
    model.review.sort.column = Column::ALL[(now + by) % Column::ALL.len()];
    relist_rows(model)
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    let text = match (review.focus, review.cursor_entry(), review.cursor_client()) {
        (Pane::Rows | Pane::Detail, Some(entry), _) => {
            let row = &entry.row.configuration;
            line(&[row.id.as_str(), &row.title(), row.record_url.as_deref().unwrap_or("")])
        }
        (_, _, Some(client)) => {
            let url = client.offboarded.client.record_url.as_deref().unwrap_or("");
            line(&[client.id().as_str(), &client.title(), url])
        }
        _ => return Vec::new(),
    };
    model.say(Meaning::Info, "Copied through the terminal (OSC 52), if it allows that.");
    vec![Effect::Copy(text)]
}

/// Fields of one record on one line, as a spreadsheet takes them.
pub fn line(fields: &[&str]) -> String {
    let safe: Vec<String> = fields
        .iter()
        .filter(|field| !field.is_empty())
        .map(|field| crate::domain::text::one_line(field, 500))
        .collect();
    safe.join("\t")
}

/// A key while a filter is typed.
pub fn type_key(model: &mut Model, key: Key, action: Option<Action>) -> Vec<Effect> {
    match action {
        Some(Action::Accept) => {
            model.review.typing = None;
            Vec::new()
        }
        Some(Action::Dismiss) => {
            let pane = model.review.typing.take();
            set_filter(model, pane.unwrap_or_default(), "")
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
    let filter = filter_of(&mut model.review, pane);
    let query = Arc::new(Query::parse(filter.input.value()));
    let narrows = query.narrows(&filter.query);
    model.note =
        query.complaint.clone().map(|text| super::super::model::Note { meaning: Meaning::Warn, text });
    filter.query = query;
    if pane == Pane::Clients { relist_clients(model) } else { refilter(model, narrows, None) }
}

/// All rows again; what `show` says stays.
pub fn clear_filters(model: &mut Model) -> Vec<Effect> {
    model.review.client_filter = Filter::default();
    model.review.row_filter = Filter::default();
    let mut effects = relist_clients(model);
    effects.extend(relist_rows(model));
    effects
}

/// Filters and sorts the clients; the cursor stays on its client if that is still there.
pub fn relist_clients(model: &mut Model) -> Vec<Effect> {
    let before = model.review.client;
    list_clients(&mut model.review);
    let height = model.list_height(Pane::Clients);
    model.review.clients.settle(model.review.shown_clients.len(), height);
    let now = model.review.shown_clients.get(model.review.clients.cursor).copied();
    if now != before || now.is_none() {
        return enter_client(model);
    }
    model.review.hidden_ticks = model.review.hidden().len();
    Vec::new()
}

fn list_clients(review: &mut Review) {
    let mut matcher = filter::matcher();
    let data = &review.data;
    let query = &review.client_filter.query;
    let mut shown: Vec<usize> =
        (0..data.clients.len()).filter(|at| query.fits_text(&data.clients[*at].hay, &mut matcher)).collect();
    shown.sort_by(|a, b| {
        let (a, b) = (&data.clients[*a], &data.clients[*b]);
        a.sort_name.cmp(&b.sort_name).then_with(|| a.id().cmp(b.id()))
    });
    // Until somebody moves, the cursor stays at the top while clients arrive.
    if review.clients.cursor > 0
        && let Some(place) = review.client.and_then(|client| shown.iter().position(|at| *at == client))
    {
        review.clients.cursor = place;
    }
    review.shown_clients = shown;
}

/// The cursor came to another client: its rows are listed, its links read once the cursor rests.
pub fn enter_client(model: &mut Model) -> Vec<Effect> {
    let review = &mut model.review;
    review.client = review.shown_clients.get(review.clients.cursor).copied();
    review.rows = Scroll::default();
    review.range = None;
    review.detail = 0;
    let mut effects = relist_rows(model);
    effects.extend(links::visit(model));
    effects
}

/// Sorts and filters the rows of the client under the cursor again.
pub fn relist_rows(model: &mut Model) -> Vec<Effect> {
    let keep = model.review.cursor_entry().map(|entry| entry.id().clone());
    order(&mut model.review);
    refilter(model, false, keep)
}

/// Everything that is derived from the data, all at once.
pub fn rebuild(review: &mut Review, row: Option<&ConfigId>) {
    if review.client.is_some() && review.clients.cursor == 0 {
        // The cursor follows its client wherever that is listed now.
        review.clients.cursor = 1;
    }
    list_clients(review);
    review.client = review.shown_clients.get(review.clients.cursor).copied().or(review.client);
    order(review);
    let mut matcher = filter::matcher();
    review.shown = review.order.iter().copied().filter(|at| review.is_visible(*at, &mut matcher)).collect();
    review.filtering = false;
    review.filter_generation += 1;
    if let Some(at) = row.and_then(|id| review.data.row(id)) {
        review.rows.cursor = review.shown.iter().position(|row| *row == at).unwrap_or(review.rows.cursor);
    }
    review.hidden_ticks = review.hidden().len();
}

fn order(review: &mut Review) {
    review.range = None;
    let Some(client) = review.client else {
        review.order.clear();
        return;
    };
    let data = &review.data;
    let mut order = data.clients[client].rows.clone();
    let by_name = |a: &u32, b: &u32| -> Ordering {
        let (a, b) = (data.entry(*a), data.entry(*b));
        a.sort_name.cmp(&b.sort_name).then_with(|| a.id().cmp(b.id()))
    };
    order.sort_by(by_name);
    let text = |at: &u32| {
        let row = &data.entry(*at).row.configuration;
        match review.sort.column {
            Column::Name => String::new(),
            Column::Type => natural::key(&row.config_type),
            Column::Site => natural::key(row.site.as_deref().unwrap_or("")),
            Column::Status => natural::key(row.state.status_name().unwrap_or("")),
            Column::Links => {
                let links = data.links_of(*at);
                let n: usize = crate::domain::links::LinkKind::ALL
                    .iter()
                    .map(|kind| links.get(*kind).items().len())
                    .sum();
                // Most links first: those want attention.
                format!("{:08}", 99_999_999usize.saturating_sub(n))
            }
        }
    };
    if review.sort.column != Column::Name {
        order.sort_by_cached_key(text);
    }
    if review.sort.reverse {
        order.reverse();
    }
    review.order = order;
}

/// Finds the rows that fit. `narrows`: only rows that fitted before can still fit.
fn refilter(model: &mut Model, narrows: bool, keep: Option<ConfigId>) -> Vec<Effect> {
    let keep = keep.or_else(|| model.review.cursor_entry().map(|entry| entry.id().clone()));
    let review = &mut model.review;
    review.filter_generation += 1;
    review.range = None;
    let query = Arc::clone(&review.row_filter.query);
    let from = if narrows && !review.filtering { &review.shown } else { &review.order };
    let candidates: Vec<u32> = from.iter().copied().filter(|at| review.passes_show(*at)).collect();
    let mut effects = Vec::new();
    if query.is_empty() {
        review.shown = candidates;
        review.filtering = false;
    } else if candidates.len() <= AT_ONCE || query.asks_for_links() {
        let mut matcher = filter::matcher();
        review.shown = candidates
            .into_iter()
            .filter(|at| query.fits(&review.data.entry(*at).hay, review.data.links_of(*at), &mut matcher))
            .collect();
        review.filtering = false;
    } else {
        review.filtering = true;
        let candidates = candidates.into_iter().map(|at| (at, Arc::clone(review.data.entry(at)))).collect();
        effects.push(Effect::Filter { generation: review.filter_generation, query, candidates });
    }
    settle(model, keep.as_ref());
    effects
}

/// The answer of a filter that ran aside; old ones are dropped.
pub fn filtered(model: &mut Model, generation: u64, hits: Vec<u32>) -> Vec<Effect> {
    if generation == model.review.filter_generation && model.review.filtering {
        let keep = model.review.cursor_entry().map(|entry| entry.id().clone());
        model.review.shown = hits;
        model.review.filtering = false;
        settle(model, keep.as_ref());
    }
    Vec::new()
}

/// The cursor stays on its row if that is still shown, else near where it was.
fn settle(model: &mut Model, keep: Option<&ConfigId>) {
    let height = model.list_height(Pane::Rows);
    let review = &mut model.review;
    if review.rows.cursor > 0
        && let Some(at) = keep.and_then(|id| review.data.row(id))
        && let Some(place) = review.shown.iter().position(|row| *row == at)
    {
        review.rows.cursor = place;
    }
    review.rows.settle(review.shown.len(), height);
    review.hidden_ticks = if review.filtering { review.hidden_ticks } else { review.hidden().len() };
}
