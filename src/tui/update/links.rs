//! Reading links: for the client under the cursor once the cursor rests, and for ticked clients.

use std::{sync::Arc, time::Duration};

use super::{
    super::{
        columns::Column,
        desk::{LinksRead, Trouble},
        effect::Effect,
        message::Message,
        model::{
            Model,
            data::{LinksState, Unlinked},
            review::Show,
        },
        theme::Meaning,
    },
    listing, ticking,
};
use crate::domain::ClientId;

/// How long the cursor rests on a client before its links are read.
const REST: Duration = Duration::from_millis(250);

/// Clients per call.
const AT_ONCE: usize = 10;

/// The cursor came to a client.
pub fn visit(model: &mut Model) -> Vec<Effect> {
    let review = &mut model.review;
    review.links.visit += 1;
    let unread = review.cursor_client().is_some_and(|client| client.links == LinksState::NotRead);
    if !unread || !review.is_complete() {
        return Vec::new();
    }
    vec![Effect::After { wait: REST, message: Box::new(Message::LinksDue(review.links.visit)) }]
}

/// The cursor rested.
pub fn due(model: &mut Model, visit: u64) -> Vec<Effect> {
    if visit != model.review.links.visit {
        return Vec::new();
    }
    let wanted = model.review.cursor_client().map(|client| client.id().clone());
    want(model, wanted)
}

/// Queues what is not read yet; one call is under way at a time.
pub fn want(model: &mut Model, clients: impl IntoIterator<Item = ClientId>) -> Vec<Effect> {
    let review = &mut model.review;
    if !review.is_complete() {
        return Vec::new();
    }
    for id in clients {
        let unread =
            review.data.client(&id).is_some_and(|at| review.data.clients[at].links == LinksState::NotRead);
        if unread {
            review.links.wanted.insert(id);
        }
    }
    next(model)
}

fn next(model: &mut Model) -> Vec<Effect> {
    let review = &mut model.review;
    if review.links.reading || review.links.wanted.is_empty() {
        return Vec::new();
    }
    // The client under the cursor goes first: somebody is looking at it.
    let mut clients = Vec::new();
    if let Some(id) = review.cursor_client().map(|client| client.id().clone())
        && review.links.wanted.remove(&id)
    {
        clients.push(id);
    }
    while clients.len() < AT_ONCE
        && let Some(id) = review.links.wanted.pop_first()
    {
        clients.push(id);
    }
    for id in &clients {
        if let Some(at) = review.data.client(id) {
            review.data.clients[at].links = LinksState::Reading;
        }
    }
    review.links.reading = true;
    vec![Effect::ReadLinks { clients }]
}

pub fn read(model: &mut Model, asked: &[ClientId], result: Result<Vec<LinksRead>, Trouble>) -> Vec<Effect> {
    let now = model.now;
    let review = &mut model.review;
    review.links.reading = false;
    let (answers, why) = match result {
        Ok(answers) => (answers, "the PSA did not tell".to_owned()),
        Err(trouble) => {
            model.note = Some(super::super::model::Note {
                meaning: Meaning::Warn,
                text: format!("Links could not be read: {} {}", trouble.message, trouble.advice),
            });
            (Vec::new(), trouble.message)
        }
    };
    for answer in answers {
        let Some(at) = review.data.client(&answer.client) else { continue };
        review.data.clients[at].links = LinksState::Read;
        review.data.clients[at].links_at = Some(now);
        review.data.clients[at].signs_of_life = answer.signs_of_life;
        for (id, links) in answer.links {
            if let Some(row) = review.data.row(&id) {
                review.data.links[row as usize] = Arc::new(links);
            }
        }
    }
    for id in asked {
        if let Some(at) = review.data.client(id)
            && review.data.clients[at].links == LinksState::Reading
        {
            review.data.clients[at].links = LinksState::Failed(why.clone());
        }
    }
    let mut effects = tick_unlinked(model, asked);
    let review = &model.review;
    if review.sort.column == Column::Links {
        effects.extend(listing::relist_rows(model));
    } else if review.row_filter.query.asks_for_links() || review.show == Show::Linked {
        effects.extend(listing::reshow_rows(model));
    }
    effects.extend(next(model));
    effects
}

/// Ticks the rows without links of those clients for which that was wanted. Unknown is not none.
pub fn tick_unlinked(model: &mut Model, clients: &[ClientId]) -> Vec<Effect> {
    let review = &mut model.review;
    let asked: Vec<&ClientId> = clients.iter().filter(|id| review.links.tick_unlinked.remove(*id)).collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let mut found = Unlinked::default();
    for id in asked {
        review.data.find_unlinked(id, &review.ticks, &mut found);
    }
    let (told, unknown) = (found.told(), found.unknown);
    let effects = ticking::change(model, found.ids, Vec::new());
    model.say(if unknown > 0 { Meaning::Warn } else { Meaning::Info }, told);
    effects
}
