//! Which clients and rows are listed, in which order; the cursor stays on what it was on.

use std::{cmp::Ordering, sync::Arc};

use super::{
    super::{
        effect::Effect,
        filter,
        layout::Pane,
        model::{
            Model,
            review::{Column, Filter, Review},
        },
        natural,
        scroll::Scroll,
    },
    links,
};
use crate::domain::ConfigId;

/// Up to so many rows are filtered at once, between two keys; more are filtered aside.
const AT_ONCE: usize = 10_000;

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

/// Looks again which rows are shown; their order stays.
pub fn reshow_rows(model: &mut Model) -> Vec<Effect> {
    refilter(model, false, None)
}

/// The same order the other way round.
pub fn turn_order(model: &mut Model) -> Vec<Effect> {
    model.review.sort.reverse = !model.review.sort.reverse;
    model.review.order.reverse();
    refilter(model, false, None)
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
pub fn refilter(model: &mut Model, narrows: bool, keep: Option<ConfigId>) -> Vec<Effect> {
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
