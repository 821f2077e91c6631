//! Lists with numbers: clients, the configurations of one, what is ticked; and one of them in full.

use super::{
    super::{
        effect::Effect,
        filter::{self, Known, Query},
        model::data::LinksState,
    },
    command::Pick,
    handles::{Handles, Kind},
    output::Line,
    reading,
    session::Session,
    words,
};
use crate::domain::{ClientId, ConfigId, text::count};

/// `list`: the rows of the open client, or the clients.
pub fn list(session: &mut Session) -> Vec<Effect> {
    if session.open.is_none() {
        clients(session);
        return Vec::new();
    }
    rows_when_read(session)
}

/// `clients`: the list that `open` takes its numbers from.
pub fn clients(session: &mut Session) {
    if let Some(why) = reading::hindrance(session) {
        session.say(&why);
        return;
    }
    session.open = None;
    let mut matcher = filter::matcher();
    let data = &session.data;
    let query = &session.client_filter;
    let mut shown: Vec<usize> =
        (0..data.clients.len()).filter(|at| query.fits_client(&data.clients[*at], &mut matcher)).collect();
    shown.sort_by(|a, b| {
        let (a, b) = (&data.clients[*a], &data.clients[*b]);
        a.sort_name.cmp(&b.sort_name).then_with(|| a.id().cmp(b.id()))
    });
    let nouns = &session.setting.nouns;
    let all = count(data.clients.len(), nouns.client, nouns.clients);
    let mut lines = vec![Line::new(if data.clients.is_empty() {
        format!("No {} counts as offboarded. Looked for: {}.", nouns.client, session.setting.criteria)
    } else if query.is_empty() {
        format!("{all} to review. open 1 opens the first.")
    } else {
        format!("{} of {all} fit the filter {}. filter alone lists all.", shown.len(), query.text())
    })];
    lines.extend(shown.iter().enumerate().map(|(n, at)| {
        Line::numbered(Kind::Clients, n + 1, &words::client(&data.clients[*at], &session.setting))
    }));
    session.clients = Handles::of(shown.iter().map(|at| data.clients[*at].id().clone()).collect());
    session.print(lines);
}

pub fn open(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    if let Some(why) = reading::hindrance(session) {
        session.say(&why);
        return Vec::new();
    }
    let id: ClientId = match session.clients.one(pick) {
        Ok(id) => id,
        Err(why) => {
            session.say(&why);
            return Vec::new();
        }
    };
    if session.data.client(&id).is_none() {
        session.say(&format!("#{id} is not in the list any more: clients prints it as it is now."));
        return Vec::new();
    }
    session.open = Some(id);
    rows_when_read(session)
}

/// Lists the rows of the open client; if its links are not known yet, as soon as they are.
fn rows_when_read(session: &mut Session) -> Vec<Effect> {
    let Some(id) = session.open.clone() else { return Vec::new() };
    let Some(at) = session.data.client(&id) else { return Vec::new() };
    // What failed before gets another try.
    if matches!(session.data.clients[at].links, LinksState::Failed(_)) {
        session.data.clients[at].links = LinksState::NotRead;
    }
    if session.data.clients[at].links == LinksState::Read {
        rows(session);
        return Vec::new();
    }
    let title = session.data.clients[at].title();
    session.say(&format!("{title}: reading what is still linked."));
    session.links.list = Some(id.clone());
    reading::want(session, [id])
}

/// The rows of a client that fit the filter, in natural order.
pub fn rows_that_fit(session: &Session, client: usize) -> Vec<u32> {
    let mut matcher = filter::matcher();
    let data = &session.data;
    let mut shown: Vec<u32> = data.clients[client]
        .rows
        .iter()
        .copied()
        .filter(|at| session.row_filter.fits(data.entry(*at).candidate(data.links_of(*at)), &mut matcher))
        .collect();
    shown.sort_by_cached_key(|at| (data.entry(*at).sort_name(), data.entry(*at).id().clone()));
    shown
}

/// The rows of the open client, with what there is to know of it first.
pub fn rows(session: &mut Session) {
    let Some(client) = session.open.as_ref().and_then(|id| session.data.client(id)) else { return };
    let shown = rows_that_fit(session, client);
    let data = &session.data;
    let entry = &data.clients[client];
    let mut lines = vec![Line::new(words::client(entry, &session.setting))];
    lines.extend(words::signs(entry).into_iter().map(Line::new));
    if !session.row_filter.is_empty() {
        lines.push(Line::new(format!(
            "{} of {} fit the filter {}. filter alone lists all.",
            shown.len(),
            entry.rows.len(),
            session.row_filter.text()
        )));
    }
    let ids = numbered(session, &shown, &mut lines);
    session.rows = Handles::of(ids);
    session.picks_items = false;
    session.print(lines);
}

fn numbered(session: &Session, shown: &[u32], lines: &mut Vec<Line>) -> Vec<ConfigId> {
    let data = &session.data;
    for (n, at) in shown.iter().enumerate() {
        let entry = data.entry(*at);
        let reading = &data.clients[entry.client].links;
        let text = words::row(entry, data.links_of(*at), reading, session.ticks.contains(entry.id()));
        lines.push(Line::numbered(Kind::Rows, n + 1, &text));
    }
    shown.iter().map(|at| data.entry(*at).id().clone()).collect()
}

/// `ticked`: what is ticked, of all clients, whatever the filters say.
pub fn ticked(session: &mut Session) {
    if let Some(why) = reading::hindrance(session) {
        session.say(&why);
        return;
    }
    let data = &session.data;
    let mut shown: Vec<u32> = session.ticks.iter().filter_map(|id| data.row(id)).collect();
    shown.sort_by_cached_key(|at| {
        let entry = data.entry(*at);
        (data.clients[entry.client].sort_name.clone(), entry.sort_name(), entry.id().clone())
    });
    if shown.is_empty() {
        session.say("Nothing is ticked.");
        return;
    }
    let nouns = &session.setting.nouns;
    let mut lines =
        vec![Line::new(format!("{} ticked.", count(shown.len(), nouns.configuration, nouns.configurations)))];
    let mut numbered_lines = Vec::new();
    let ids = numbered(session, &shown, &mut numbered_lines);
    let mut before = None;
    for (line, at) in numbered_lines.into_iter().zip(&shown) {
        let client = data.entry(*at).client;
        if before.replace(client) != Some(client) {
            lines.push(Line::new(format!("Of {}:", data.clients[client].title())));
        }
        lines.push(line);
    }
    session.rows = Handles::of(ids);
    session.picks_items = false;
    session.print(lines);
}

/// `filter WORDS`: the rows of the open client, or the clients.
pub fn filter(session: &mut Session, text: &str) -> Vec<Effect> {
    let query = if session.open.is_some() {
        Query::of_rows(text, Known { labels: &session.data.labels, now: session.now })
    } else {
        Query::of_clients(text)
    };
    if let Some(complaint) = query.complaint.clone() {
        session.say(&format!("{complaint}."));
        return Vec::new();
    }
    if session.open.is_some() {
        session.row_filter = query;
    } else {
        session.client_filter = query;
    }
    list(session)
}

pub fn show(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    let id = match session.rows.one(pick) {
        Ok(id) => id,
        Err(why) => {
            session.say(&why);
            return Vec::new();
        }
    };
    let Some(at) = session.data.row(&id) else {
        session.say(&format!("#{id} is not in the list any more: list prints it as it is now."));
        return Vec::new();
    };
    let client = session.data.entry(at).client;
    if session.data.clients[client].links == LinksState::NotRead {
        session.say("Reading what is still linked.");
        session.links.show = Some(id);
        let client = session.data.clients[client].id().clone();
        return reading::want(session, [client]);
    }
    tell(session, &id);
    Vec::new()
}

/// Everything that is known of one.
pub fn tell(session: &mut Session, id: &ConfigId) {
    let Some(at) = session.data.row(id) else { return };
    let data = &session.data;
    let entry = data.entry(at);
    let lines = words::about(
        entry,
        data.links_of(at),
        &data.clients[entry.client],
        session.ticks.contains(id),
        &session.setting,
    );
    session.print(lines.into_iter().map(Line::new).collect());
}
