//! Reading one client again: it takes the place of what is known of it; everything else stays.

use super::{
    super::{
        desk::{ClientRead, Trouble},
        effect::Effect,
        model::{Model, overlay::Overlay},
        theme::Meaning,
    },
    links, listing, loading,
};
use crate::domain::{ClientId, text::count};

/// `r`: the client under the cursor.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    if model.review.is_reading() {
        model.say(Meaning::Info, "Reading all of it already.");
        return Vec::new();
    }
    if !model.review.is_complete() {
        model.tell(Meaning::Info, "The list is not complete: <reload> reads all of it again.");
        return Vec::new();
    }
    if model.review.reading_client.is_some() {
        model.say(Meaning::Info, "Reading one already: one moment.");
        return Vec::new();
    }
    let Some(client) = model.review.cursor_client() else { return Vec::new() };
    let (id, title) = (client.id().clone(), client.title());
    let generation = model.next_serial();
    model.review.client_generation = generation;
    model.review.reading_client = Some(id.clone());
    model.say(Meaning::Info, format!("Reading {title} again."));
    vec![Effect::LoadClient { generation, client: id }]
}

pub fn loaded(
    model: &mut Model,
    generation: u64,
    id: &ClientId,
    result: Result<Box<ClientRead>, Trouble>,
) -> Vec<Effect> {
    let review = &mut model.review;
    // All of it was read again meanwhile, or is being read.
    if generation != review.client_generation || review.reading_client.as_ref() != Some(id) {
        return Vec::new();
    }
    review.reading_client = None;
    let Some(at) = review.data.client(id) else { return Vec::new() };
    let title = review.data.clients[at].title();
    let read = match result {
        Ok(read) => *read,
        Err(trouble) => {
            model.overlay = Some(Overlay::Trouble {
                title: format!("{title} could not be read again; what is shown is older"),
                trouble,
            });
            return Vec::new();
        }
    };
    let row = review.cursor_entry().map(|entry| entry.id().clone());
    let found = read.rows.len();
    review.data.replace_client(at, read.rows, read.as_of);
    let client = &mut review.data.clients[at];
    client.gone = match read.offboarded {
        Some(offboarded) => {
            client.offboarded = offboarded;
            None
        }
        None => Some(read.why.unwrap_or_else(|| "does not count as offboarded any more".to_owned())),
    };
    let gone = client.gone.clone();
    let data = &review.data;
    let unticked = review.ticks.retain(|id| data.may_tick(id));
    let ticked =
        data.clients[at].rows.iter().filter(|row| review.ticks.contains(data.entry(**row).id())).count();
    review.data.clients[at].ticked = ticked;
    review.links.wanted.remove(id);
    let mut effects = listing::rebuild(model, row.as_ref());
    effects.extend(links::want(model, [id.clone()]));
    if let Some(why) = gone {
        model.say(Meaning::Warn, format!("{title}: {why}. Nothing of it can be ticked."));
    } else {
        let rows = model.setting.nouns;
        let what = count(found, rows.configuration, rows.configurations);
        model.say(Meaning::Good, format!("Read {title} again: {what}."));
    }
    loading::say_gone(model, unticked);
    effects
}
