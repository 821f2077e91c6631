//! Which clients and rows are listed, in which order; the cursor stays on what it was on.
//!
//! What takes long, because a client has very many rows, is done aside; an answer that comes after its question has
//! changed is dropped by its generation.

use std::sync::Arc;

use super::{
    super::{
        columns,
        effect::{Aside, Effect},
        filter,
        layout::Pane,
        model::{
            Model,
            review::{Filter, Review},
        },
        order::{self, Place},
        scroll::Scroll,
        ticks::Step,
    },
    links,
};
use crate::domain::ConfigId;

/// Up to so many rows are filtered and put in order at once, between two keys; more are done aside.
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
    count_hidden(&mut model.review)
}

fn list_clients(review: &mut Review) {
    let mut matcher = filter::matcher();
    let data = &review.data;
    let query = &review.client_filter.query;
    let mut shown: Vec<usize> =
        (0..data.clients.len()).filter(|at| query.fits_client(&data.clients[*at], &mut matcher)).collect();
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
    let mut effects = put_in_order(&mut model.review);
    effects.extend(refilter(model, false, keep));
    effects
}

/// Looks again which rows are shown; their order stays.
pub fn reshow_rows(model: &mut Model) -> Vec<Effect> {
    refilter(model, false, None)
}

/// The same order the other way round.
pub fn turn_order(model: &mut Model) -> Vec<Effect> {
    model.review.sort.reverse = !model.review.sort.reverse;
    if model.review.ordering {
        return relist_rows(model);
    }
    model.review.order.reverse();
    refilter(model, false, None)
}

/// Everything that is derived from the data, once other data took its place. Places in the old data mean nothing now.
pub fn rebuild(model: &mut Model, row: Option<&ConfigId>) -> Vec<Effect> {
    let review = &mut model.review;
    if review.client.is_some() && review.clients.cursor == 0 {
        // The cursor follows its client wherever that is listed now.
        review.clients.cursor = 1;
    }
    list_clients(review);
    review.client = review.shown_clients.get(review.clients.cursor).copied().or(review.client);
    review.shown.clear();
    let mut effects = put_in_order(review);
    // The row is looked for wherever the cursor was.
    review.rows.cursor = review.rows.cursor.max(usize::from(row.is_some()));
    effects.extend(refilter(model, false, row.cloned()));
    effects
}

/// The rows of the client under the cursor in their order; as they are, until that is found out aside.
fn put_in_order(review: &mut Review) -> Vec<Effect> {
    review.range = None;
    review.order_generation += 1;
    review.ordering = false;
    let Some(client) = review.client else {
        review.order.clear();
        return Vec::new();
    };
    let data = &review.data;
    let rows = &data.clients[client].rows;
    let place = |at: &u32| Place {
        at: *at,
        entry: Arc::clone(data.entry(*at)),
        linked: columns::linked(data.links_of(*at)),
    };
    let places: Vec<Place> = rows.iter().map(place).collect();
    if places.len() <= AT_ONCE {
        review.order = order::ordered(places, &review.sort);
        return Vec::new();
    }
    review.order.clone_from(rows);
    review.ordering = true;
    vec![Effect::Order { generation: review.order_generation, sort: review.sort.clone(), places }]
}

/// The order that was found aside.
pub fn ordered(model: &mut Model, generation: u64, order: Vec<u32>) -> Vec<Effect> {
    if generation != model.review.order_generation || !model.review.ordering {
        return Vec::new();
    }
    model.review.order = order;
    model.review.ordering = false;
    refilter(model, false, None)
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
    } else if candidates.len() <= AT_ONCE {
        let mut matcher = filter::matcher();
        let fits = |at: &u32| {
            let entry = review.data.entry(*at);
            query.fits(entry.candidate(review.data.links_of(*at)), &mut matcher)
        };
        review.shown = candidates.into_iter().filter(fits).collect();
        review.filtering = false;
    } else {
        review.filtering = true;
        let candidates = candidates.into_iter().map(|at| aside(review, at)).collect();
        effects.push(Effect::Filter { generation: review.filter_generation, query, candidates });
    }
    settle(model, keep.as_ref());
    effects.extend(count_hidden(&mut model.review));
    effects
}

fn aside(review: &Review, at: u32) -> Aside {
    let data = &review.data;
    Aside { at, entry: Arc::clone(data.entry(at)), links: Arc::clone(&data.links[at as usize]) }
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
}

/// How many ticked rows the filters hide; of very many that is found out aside.
pub fn count_hidden(review: &mut Review) -> Vec<Effect> {
    review.hidden_generation += 1;
    review.counting = false;
    if !review.is_filtered() || review.ticks.len() <= AT_ONCE {
        review.hidden_ticks = review.hidden().len();
        return Vec::new();
    }
    // Which clients and which view let them through is quick to say; texts are held against the filter aside.
    let mut matcher = filter::matcher();
    let data = &review.data;
    let fits: Vec<bool> = data
        .clients
        .iter()
        .map(|client| review.client_filter.query.fits_client(client, &mut matcher))
        .collect();
    let mut hidden = 0;
    let mut ticked = Vec::new();
    for id in review.ticks.iter() {
        match data.row(id) {
            Some(at) if fits[data.entry(at).client] && review.passes_show(at) => {
                ticked.push(aside(review, at));
            }
            _ => hidden += 1,
        }
    }
    review.counting = true;
    let generation = review.hidden_generation;
    vec![Effect::CountHidden { generation, query: Arc::clone(&review.row_filter.query), ticked, hidden }]
}

/// The count that was found aside.
pub fn counted_hidden(model: &mut Model, generation: u64, hidden: usize) -> Vec<Effect> {
    if generation == model.review.hidden_generation {
        model.review.hidden_ticks = hidden;
        model.review.counting = false;
    }
    Vec::new()
}

/// The count after a step of ticking: only what it ticked and unticked is looked at, unless that is very much.
pub fn count_hidden_after(review: &mut Review, step: &Step) -> Vec<Effect> {
    if review.counting || step.on.len() + step.off.len() > AT_ONCE {
        return count_hidden(review);
    }
    if !review.is_filtered() {
        review.hidden_ticks = 0;
        return Vec::new();
    }
    let mut matcher = filter::matcher();
    let mut hidden = |ids: &[ConfigId]| ids.iter().filter(|id| review.hides(id, &mut matcher)).count();
    let (more, fewer) = (hidden(&step.on), hidden(&step.off));
    review.hidden_ticks = (review.hidden_ticks + more).saturating_sub(fewer);
    Vec::new()
}
