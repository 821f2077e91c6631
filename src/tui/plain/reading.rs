//! Reading clients, configurations and links. Nothing is listed before the listing is complete: what
//! arrives until then is only counted.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::{
        desk::{Hold, LinksRead, LoadNews, Preselect, Trouble},
        effect::Effect,
        model::{
            data::{Data, LinksState},
            review::Load,
        },
    },
    listing,
    session::Session,
    ticking,
};
use crate::domain::{ClientId, ConfigId, Timestamp, event::Notice, text::count};

/// Seconds between two lines about a reading that goes on.
const EVERY: f64 = 5.0;

/// Clients per call for links.
const AT_ONCE: usize = 10;

/// The reading that is under way, or the last one.
#[derive(Debug, Default)]
pub struct Reading {
    pub load: Load,
    generation: u64,
    /// What has arrived of it.
    arriving: Data,
    told_at: Option<Timestamp>,
    notice: Option<Notice>,
    preselected: bool,
}

impl Reading {
    pub fn is_reading(&self) -> bool {
        self.load == Load::Reading
    }

    /// A hold that changed while this was being read.
    pub fn set_hold(&mut self, id: &ConfigId, hold: Option<&Hold>) {
        if let Some(at) = self.arriving.row(id) {
            self.arriving.set_hold(at, hold.cloned());
        }
    }
}

/// Links to be read, one call at a time, and what is done once they are here.
#[derive(Debug, Default)]
pub struct Links {
    wanted: BTreeSet<ClientId>,
    under_way: bool,
    /// Clients whose rows without links are then ticked.
    pub tick_unlinked: BTreeSet<ClientId>,
    /// The client whose rows are then listed.
    pub list: Option<ClientId>,
    /// The row of which everything is then told.
    pub show: Option<ConfigId>,
}

impl Links {
    pub fn are_awaited(&self) -> bool {
        self.under_way
    }
}

pub fn begin(session: &mut Session) -> Vec<Effect> {
    let generation = session.next_serial();
    let nouns = &session.setting.nouns;
    let text = format!("Reading offboarded {} and their {}.", nouns.clients, nouns.configurations);
    session.reading = Reading {
        load: Load::Reading,
        generation,
        told_at: Some(session.now),
        preselected: session.reading.preselected,
        ..Reading::default()
    };
    session.say(&text);
    vec![Effect::Load { generation }]
}

/// `read`.
pub fn again(session: &mut Session) -> Vec<Effect> {
    if session.reading.is_reading() {
        session.say("It is being read already.");
        return Vec::new();
    }
    begin(session)
}

pub fn news(session: &mut Session, generation: u64, news: LoadNews) -> Vec<Effect> {
    if generation != session.reading.generation {
        return Vec::new();
    }
    let arriving = &mut session.reading.arriving;
    match news {
        LoadNews::Tenant(tenant) => {
            let text = format!("Connected to {tenant}.");
            let known = session.data.tenant.as_ref() == Some(&tenant);
            arriving.tenant = Some(tenant);
            if !known {
                session.say(&text);
            }
        }
        LoadNews::Clients(clients) => arriving.add_clients(clients),
        LoadNews::Rows(rows) => {
            arriving.add_rows(rows);
        }
        LoadNews::Proven(rows) => {
            let mut proven = arriving.clients_only();
            proven.add_rows(rows);
            *arriving = proven;
        }
        LoadNews::Complete { as_of, coverage } => {
            arriving.complete = Some((as_of, coverage));
            return completed(session);
        }
        LoadNews::CameBack(found) => {
            for text in found {
                session.say(&format!("Warning, looked again at earlier runs: {text}"));
            }
        }
        LoadNews::Notice(Notice::Flowing) => session.reading.notice = None,
        LoadNews::Notice(notice) => {
            if session.reading.notice.as_ref() != Some(&notice) {
                session.say(&format!("The PSA: {notice}."));
            }
            session.reading.notice = Some(notice);
        }
    }
    Vec::new()
}

fn completed(session: &mut Session) -> Vec<Effect> {
    let first = session.data.complete.is_none();
    session.data = std::mem::take(&mut session.reading.arriving);
    session.reading.load = Load::Complete;
    session.links.wanted.clear();
    let data = &mut session.data;
    let gone = session.ticks.retain(|id| data.may_tick(id));
    for at in 0..data.rows.len() {
        let entry = &data.rows[at];
        if session.ticks.contains(entry.id()) {
            let client = entry.client;
            data.clients[client].ticked += 1;
        }
    }
    let nouns = &session.setting.nouns;
    let text = format!(
        "{}: {} with {}, complete.",
        if first { "Read" } else { "Read again" },
        count(data.clients.len(), nouns.client, nouns.clients),
        count(data.rows.len(), nouns.configuration, nouns.configurations)
    );
    session.say(&text);
    if gone > 0 {
        let what = count(gone, "ticked configuration is", "ticked configurations are");
        session.say(&format!("{what} no longer there, or may not be ticked now: unticked."));
    }
    if session.open.as_ref().is_some_and(|id| session.data.client(id).is_none()) {
        session.open = None;
        session.say("The open client is not among them any more.");
    }
    let mut effects = preselect(session);
    if first {
        listing::clients(session);
    }
    let mut wanted: Vec<ClientId> = session
        .data
        .clients
        .iter()
        .filter(|client| client.ticked > 0)
        .map(|client| client.id().clone())
        .collect();
    wanted.extend(session.open.clone());
    effects.extend(want(session, wanted));
    effects
}

/// What the settings want ticked at the start; once, and never over what the technician did.
fn preselect(session: &mut Session) -> Vec<Effect> {
    if std::mem::replace(&mut session.reading.preselected, true) || !session.ticks.is_empty() {
        return Vec::new();
    }
    match session.setting.preselect {
        Preselect::None => Vec::new(),
        Preselect::All => {
            let all = session.data.rows.iter().filter(|entry| entry.may_tick_in_bulk());
            let on: Vec<ConfigId> = all.map(|entry| entry.id().clone()).collect();
            session.say(&format!("The settings tick all of them (review.preselect): {} ticked.", on.len()));
            ticking::change(session, on, Vec::new())
        }
        Preselect::Unlinked => {
            let all: Vec<ClientId> = session.data.clients.iter().map(|client| client.id().clone()).collect();
            session.say("The settings tick what nothing hangs on (review.preselect): reading the links.");
            session.links.tick_unlinked.extend(all.iter().cloned());
            want(session, all)
        }
    }
}

pub fn ended(session: &mut Session, generation: u64, result: Result<(), Trouble>) -> Vec<Effect> {
    if generation != session.reading.generation || session.reading.load == Load::Complete {
        return Vec::new();
    }
    let trouble = result.err().unwrap_or_else(|| Trouble {
        message: "the list ended before it was complete.".to_owned(),
        advice: "Nothing can be planned on an incomplete list.".to_owned(),
    });
    session.reading.arriving = Data::default();
    if session.data.complete.is_some() {
        session.reading.load = Load::Complete;
        session.trouble("Could not read again, the older list stays", &trouble);
    } else {
        session.reading.load = Load::Failed(trouble.clone());
        session.trouble("Could not be read", &trouble);
        session.say("Type read to try again, or quit to leave.");
    }
    Vec::new()
}

/// How far it has come, now and then.
pub fn beat(session: &mut Session) {
    let reading = &mut session.reading;
    if !reading.is_reading() || reading.told_at.is_some_and(|at| session.now.seconds_since(at) < EVERY) {
        return;
    }
    reading.told_at = Some(session.now);
    let nouns = &session.setting.nouns;
    let text = format!(
        "Still reading: {} and {} so far.",
        count(reading.arriving.clients.len(), nouns.client, nouns.clients),
        count(reading.arriving.rows.len(), nouns.configuration, nouns.configurations)
    );
    session.say(&text);
}

/// Why nothing can be listed or ticked yet, if that is so.
pub fn hindrance(session: &Session) -> Option<String> {
    if session.data.complete.is_some() {
        return None;
    }
    Some(match &session.reading.load {
        Load::Failed(_) => "There is no complete list: type read to try again.".to_owned(),
        _ => "Still reading: the list is printed when it is complete.".to_owned(),
    })
}

/// Queues links that are not read yet; one call is under way at a time.
pub fn want(session: &mut Session, clients: impl IntoIterator<Item = ClientId>) -> Vec<Effect> {
    if session.data.complete.is_none() {
        return Vec::new();
    }
    for id in clients {
        let state = session.data.client(&id).map(|at| &session.data.clients[at].links);
        if state == Some(&LinksState::NotRead) {
            session.links.wanted.insert(id);
        }
    }
    next(session)
}

fn next(session: &mut Session) -> Vec<Effect> {
    if session.links.under_way || session.links.wanted.is_empty() {
        return Vec::new();
    }
    let mut clients = Vec::new();
    // What somebody waits for goes first.
    if let Some(id) = session.open.clone()
        && session.links.wanted.remove(&id)
    {
        clients.push(id);
    }
    while clients.len() < AT_ONCE
        && let Some(id) = session.links.wanted.pop_first()
    {
        clients.push(id);
    }
    for id in &clients {
        if let Some(at) = session.data.client(id) {
            session.data.clients[at].links = LinksState::Reading;
        }
    }
    session.links.under_way = true;
    vec![Effect::ReadLinks { clients }]
}

pub fn links_read(
    session: &mut Session,
    asked: &[ClientId],
    result: Result<Vec<LinksRead>, Trouble>,
) -> Vec<Effect> {
    session.links.under_way = false;
    let (answers, why) = match result {
        Ok(answers) => (answers, "the PSA did not tell".to_owned()),
        Err(trouble) => {
            session.trouble("Links could not be read", &trouble);
            (Vec::new(), trouble.message)
        }
    };
    let data = &mut session.data;
    for answer in answers {
        let Some(at) = data.client(&answer.client) else { continue };
        data.clients[at].links = LinksState::Read;
        data.clients[at].signs_of_life = answer.signs_of_life;
        for (id, links) in answer.links {
            if let Some(row) = data.row(&id) {
                data.links[row as usize] = Arc::new(links);
            }
        }
    }
    for id in asked {
        if let Some(at) = data.client(id)
            && data.clients[at].links == LinksState::Reading
        {
            data.clients[at].links = LinksState::Failed(why.clone());
        }
    }
    let mut effects = ticking::tick_unlinked(session, asked);
    if let Some(id) = session.links.list.take_if(|id| asked.contains(id))
        && session.open.as_ref() == Some(&id)
    {
        listing::rows(session);
    }
    if let Some(id) = session.links.show.clone() {
        let client = session.clients_of(std::slice::from_ref(&id));
        if client.iter().any(|client| asked.contains(client)) {
            session.links.show = None;
            listing::tell(session, &id);
        }
    }
    effects.extend(next(session));
    effects
}
