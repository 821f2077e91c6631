//! Reading clients and configurations: rows are shown as they come.

use super::{
    super::{
        desk::{LoadNews, Preselect, Trouble},
        effect::Effect,
        model::{
            Model, Place,
            data::Data,
            review::{Load, Show},
        },
        theme::Meaning,
        ticks::Ticks,
    },
    links, listing, ticking, viewing,
};
use crate::domain::{ClientId, ConfigId, event::Notice, text::count};

pub fn begin(model: &mut Model) -> Vec<Effect> {
    let generation = model.next_serial();
    let review = &mut model.review;
    review.generation = generation;
    review.load = Load::Reading;
    review.notice = None;
    review.proven = None;
    // All of it is newer than one client alone would be.
    review.reading_client = None;
    // What is complete stays usable until the new reading is complete as well.
    if review.data.complete.is_some() {
        review.staging = Some(Data::default());
    } else {
        review.data = Data::default();
        review.client = None;
        // Places in the old data mean nothing in the new, nor do answers about them.
        review.shown_clients.clear();
        review.order.clear();
        review.shown.clear();
        review.filter_generation += 1;
        review.filtering = false;
        review.order_generation += 1;
        review.ordering = false;
        listing::relist_clients(model);
    }
    vec![Effect::Load { generation }]
}

pub fn news(model: &mut Model, generation: u64, news: LoadNews) -> Vec<Effect> {
    if generation != model.review.generation {
        return Vec::new();
    }
    let staged = model.review.staging.is_some();
    let review = &mut model.review;
    let data = review.staging.as_mut().unwrap_or(&mut review.data);
    match news {
        LoadNews::Tenant(tenant) => data.tenant = Some(tenant),
        LoadNews::Clients(clients) => {
            data.add_clients(clients);
            if !staged {
                return listing::relist_clients(model);
            }
        }
        LoadNews::Rows(rows) => {
            let from = data.rows.len();
            let known = data.labels.len();
            let touched = data.add_rows(rows);
            let more_fields = data.labels.len() > known;
            if !staged && more_fields {
                viewing::understand_again(model);
            }
            let review = &mut model.review;
            if !staged {
                // Ticks outlive a reading that broke off.
                count_ticks(&mut review.data, &review.ticks, from);
            }
            if !staged && review.client.is_some_and(|client| touched.contains(&client)) {
                return listing::relist_rows(model);
            }
        }
        LoadNews::Proven(rows) => {
            let mut proven = data.clients_only();
            proven.add_rows(rows);
            review.proven = Some(proven);
        }
        LoadNews::Complete { as_of, coverage } => {
            if let Some(proven) = review.proven.take() {
                review.staging = Some(proven);
            }
            let data = review.staging.as_mut().unwrap_or(&mut review.data);
            data.complete = Some((as_of, coverage));
            review.load = Load::Complete;
            review.notice = None;
            return completed(model, staged);
        }
        LoadNews::CameBack(found) => came_back(model, &found),
        LoadNews::Notice(Notice::Flowing) => review.notice = None,
        LoadNews::Notice(notice) => review.notice = Some(notice),
    }
    Vec::new()
}

/// One line is all there is room for; History has the rest.
fn came_back(model: &mut Model, found: &[String]) {
    if let Some(first) = found.first() {
        let more = if found.len() > 1 { format!(" (and {} more)", found.len() - 1) } else { String::new() };
        model.say(Meaning::Warn, format!("Looked again at earlier runs: {first}{more}"));
    }
}

/// `again`: what is complete now takes the place of what was complete before.
fn completed(model: &mut Model, again: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(data) = model.review.staging.take() {
        effects.extend(take_over(model, data, again));
    } else {
        let review = &mut model.review;
        let gone = review.ticks.retain(|id| review.data.may_tick(id));
        say_gone(model, gone);
    }
    effects.extend(preselect(model));
    effects.extend(listing::relist_clients(model));
    // Links are read for the client under the cursor and for ticked ones.
    let mut wanted: Vec<ClientId> = model
        .review
        .data
        .clients
        .iter()
        .filter(|client| client.ticked > 0)
        .map(|client| client.id().clone())
        .collect();
    wanted.extend(model.review.cursor_client().map(|client| client.id().clone()));
    effects.extend(links::want(model, wanted));
    effects
}

/// Puts a later reading in the place of what is shown; cursor and ticks stay with their ids.
fn take_over(model: &mut Model, data: Data, again: bool) -> Vec<Effect> {
    let review = &mut model.review;
    let client = review.cursor_client().map(|client| client.id().clone());
    let row: Option<ConfigId> = review.cursor_entry().map(|entry| entry.id().clone());
    review.data = data;
    review.links.wanted.clear();
    review.range = None;
    let gone = review.ticks.retain(|id| review.data.may_tick(id));
    count_ticks(&mut review.data, &review.ticks, 0);
    review.client = client.and_then(|id| review.data.client(&id));
    viewing::understand_again(model);
    let effects = listing::rebuild(model, row.as_ref());
    if again && model.place == Place::Review && model.note.is_none() {
        model.say(Meaning::Good, "Read again: this is how it stands now.");
    }
    say_gone(model, gone);
    effects
}

/// Adds the ticked ones of the rows from this place on to their clients' counts.
fn count_ticks(data: &mut Data, ticks: &Ticks, from: usize) {
    for entry in &data.rows[from..] {
        if ticks.contains(entry.id()) {
            data.clients[entry.client].ticked += 1;
        }
    }
}

pub(super) fn say_gone(model: &mut Model, gone: usize) {
    if gone > 0 {
        let what = count(gone, "ticked configuration is", "ticked configurations are");
        model.say(Meaning::Warn, format!("{what} no longer there, or locked now: unticked."));
    }
}

/// What the settings want ticked at the start; once, and never over what the technician did.
fn preselect(model: &mut Model) -> Vec<Effect> {
    let review = &mut model.review;
    if review.preselected || !review.ticks.is_empty() {
        return Vec::new();
    }
    review.preselected = true;
    match model.setting.preselect {
        Preselect::None => Vec::new(),
        Preselect::All => {
            let all = review.data.rows.iter().filter(|entry| entry.may_tick_in_bulk());
            let on = all.map(|entry| entry.id().clone()).collect();
            ticking::change(model, on, Vec::new())
        }
        Preselect::Unlinked => {
            let all: Vec<ClientId> = review.data.clients.iter().map(|client| client.id().clone()).collect();
            review.links.tick_unlinked.extend(all.iter().cloned());
            links::want(model, all)
        }
    }
}

pub fn ended(model: &mut Model, generation: u64, result: Result<(), Trouble>) -> Vec<Effect> {
    if generation != model.review.generation {
        return Vec::new();
    }
    let trouble = match result {
        Ok(()) if model.review.load == Load::Complete => return Vec::new(),
        Ok(()) => Trouble {
            message: "The list ended before it was complete.".to_owned(),
            advice: model
                .keymap
                .spell("Read it again with <reload>; nothing can be planned on an incomplete list."),
        },
        Err(trouble) => trouble,
    };
    let review = &mut model.review;
    review.notice = None;
    if review.staging.take().is_some() {
        // What was complete before is still shown, with its age.
        review.load = Load::Complete;
        model.overlay = Some(super::super::model::overlay::Overlay::Trouble {
            title: "Could not read again; the older list is still shown".to_owned(),
            trouble,
        });
    } else {
        review.load = Load::Failed(trouble);
        review.show = Show::All;
    }
    Vec::new()
}
