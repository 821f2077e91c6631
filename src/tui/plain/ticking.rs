//! Ticking and holding. Each number is turned into an id first; everything after that is about ids.

use super::{
    super::{
        desk::{Hold, HoldRequest, Trouble},
        effect::Effect,
        model::data::{LinksState, Unlinked},
        ticks::Step,
    },
    command::{Pick, Which},
    listing, planning, reading,
    session::Session,
};
use crate::domain::{ClientId, ConfigId, Timestamp, text::count};

/// One change of the ticks, as one step that can be undone; links of newly ticked clients are read.
pub fn change(session: &mut Session, on: Vec<ConfigId>, off: Vec<ConfigId>) -> Vec<Effect> {
    let step = session.ticks.change(on, off);
    follow(session, &step)
}

fn follow(session: &mut Session, step: &Step) -> Vec<Effect> {
    let data = &mut session.data;
    for (ids, ticked) in [(&step.on, true), (&step.off, false)] {
        for id in ids {
            let Some(at) = data.row(id) else { continue };
            let client = data.entry(at).client;
            let client = &mut data.clients[client];
            client.ticked = if ticked { client.ticked + 1 } else { client.ticked.saturating_sub(1) };
        }
    }
    let clients = session.clients_of(&step.on);
    reading::want(session, clients)
}

pub fn tick(session: &mut Session, which: &Which) -> Vec<Effect> {
    if session.picks_items {
        planning::pick(session, which, true);
        return Vec::new();
    }
    if let Some(why) = reading::hindrance(session) {
        session.say(&why);
        return Vec::new();
    }
    match which {
        Which::These(picks) => tick_these(session, picks),
        Which::All => tick_all(session),
        Which::Unlinked => ask_unlinked(session),
    }
}

/// By hand, one by one: also those in a mixed state, since they were chosen.
fn tick_these(session: &mut Session, picks: &[Pick]) -> Vec<Effect> {
    let ids = match session.rows.many(picks) {
        Ok(ids) => ids,
        Err(why) => {
            // All or none: half of what was typed would be hard to notice.
            session.say(&format!("{why} Nothing was ticked."));
            return Vec::new();
        }
    };
    let mut on = Vec::new();
    for id in ids {
        let Some(at) = session.data.row(&id) else {
            session.say(&format!("#{id} is not in the list any more; it is not ticked."));
            continue;
        };
        let entry = session.data.entry(at).clone();
        let title = entry.row.configuration.title();
        if let Some(why) = entry.row.kept_because() {
            session.say(&format!("{title} cannot be ticked: {why}."));
        } else if session.ticks.contains(&id) {
            session.say(&format!("{title} is ticked already."));
        } else {
            let lifecycle = entry.row.configuration.lifecycle();
            let mixed = if lifecycle.is_mixed() {
                format!(" It is in a mixed state ({}).", lifecycle.words())
            } else {
                String::new()
            };
            session.say(&format!("Ticked {title} (id {id}).{mixed}"));
            on.push(id);
        }
    }
    let effects = change(session, on, Vec::new());
    sum(session);
    effects
}

/// Everything of the open client that fits the filter and may be ticked in bulk.
fn tick_all(session: &mut Session) -> Vec<Effect> {
    let Some(client) = open_client(session) else { return Vec::new() };
    let (mut on, mut kept, mut mixed) = (Vec::new(), 0, 0);
    for at in listing::rows_that_fit(session, client) {
        let entry = session.data.entry(at);
        if session.ticks.contains(entry.id()) {
        } else if entry.may_tick_in_bulk() {
            on.push(entry.id().clone());
        } else if entry.may_tick() {
            mixed += 1;
        } else {
            kept += 1;
        }
    }
    let mut said = vec![format!("Ticked {} of {}.", on.len(), session.data.clients[client].title())];
    if kept > 0 {
        said.push(format!("{kept} cannot be ticked; list says why."));
    }
    if mixed > 0 {
        said.push(format!("{mixed} in a mixed state: tick those by their numbers."));
    }
    let effects = change(session, on, Vec::new());
    session.say(&said.join(" "));
    sum(session);
    effects
}

fn open_client(session: &mut Session) -> Option<usize> {
    let client = session.open.as_ref().and_then(|id| session.data.client(id));
    if client.is_none() {
        session.say("Open a client first: open 1.");
    }
    client
}

/// `tick unlinked`: links that are not known are read first.
fn ask_unlinked(session: &mut Session) -> Vec<Effect> {
    let Some(client) = open_client(session) else { return Vec::new() };
    let client = &mut session.data.clients[client];
    let id = client.id().clone();
    if matches!(client.links, LinksState::Failed(_)) {
        client.links = LinksState::NotRead;
    }
    let read = client.links == LinksState::Read;
    session.links.tick_unlinked.insert(id.clone());
    if read {
        return tick_unlinked(session, &[id]);
    }
    session.say("Reading the links first.");
    reading::want(session, [id])
}

/// Ticks what hangs on nothing, for the clients of which that was wanted. Unknown is not none.
pub fn tick_unlinked(session: &mut Session, clients: &[ClientId]) -> Vec<Effect> {
    let asked: Vec<&ClientId> = clients.iter().filter(|id| session.links.tick_unlinked.remove(*id)).collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let mut found = Unlinked::default();
    for id in asked {
        session.data.find_unlinked(id, &session.ticks, &mut found);
    }
    let told = format!("{}.", found.told());
    let effects = change(session, found.ids, Vec::new());
    session.say(&told);
    sum(session);
    effects
}

pub fn untick(session: &mut Session, which: &Which) -> Vec<Effect> {
    if session.picks_items {
        planning::pick(session, which, false);
        return Vec::new();
    }
    let off = match which {
        Which::These(picks) => match session.rows.many(picks) {
            Ok(ids) => ids,
            Err(why) => {
                session.say(&format!("{why} Nothing was unticked."));
                return Vec::new();
            }
        },
        _ => session.ticks.iter().cloned().collect(),
    };
    let step = session.ticks.change(Vec::new(), off);
    let text = match &step.off[..] {
        [] => "None of them was ticked.".to_owned(),
        [one] => format!("Unticked {}.", session.title(one)),
        many => format!("Unticked {}.", many.len()),
    };
    session.say(&text);
    let effects = follow(session, &step);
    sum(session);
    effects
}

/// `undo` and `redo`.
pub fn back(session: &mut Session, redo: bool) -> Vec<Effect> {
    let step = if redo { session.ticks.redo() } else { session.ticks.undo() };
    let Some(step) = step else {
        session.say(if redo {
            "There is nothing to redo."
        } else {
            "There is no ticking to undo. To undo a run, type history and undo with its number."
        });
        return Vec::new();
    };
    session.say(&format!(
        "{}: {} ticked, {} unticked.",
        if redo { "Redone" } else { "Undone" },
        step.on.len(),
        step.off.len()
    ));
    let effects = follow(session, &step);
    sum(session);
    effects
}

/// How much is ticked now.
fn sum(session: &mut Session) {
    let n = session.ticks.len();
    let clients = session.data.clients.iter().filter(|client| client.ticked > 0).count();
    let nouns = &session.setting.nouns;
    let text = match n {
        0 => "Nothing is ticked now.".to_owned(),
        _ => format!(
            "{} of {} ticked now. plan shows what would happen.",
            count(n, nouns.configuration, nouns.configurations),
            count(clients, nouns.client, nouns.clients)
        ),
    };
    session.say(&text);
}

pub fn hold(session: &mut Session, pick: &Pick, reason: String, until: Option<&str>) -> Vec<Effect> {
    let Some(config_id) = known_row(session, pick) else { return Vec::new() };
    let until = match until.map(|day| (day, Timestamp::after_day(day))) {
        None => None,
        Some((day, None)) => {
            session.say(&format!("{day} is no day: write it as 2027-01-31. Nothing is held."));
            return Vec::new();
        }
        Some((_, Some(end))) if end <= session.now => {
            session.say("That day is over already. Nothing is held.");
            return Vec::new();
        }
        Some((_, end)) => end,
    };
    session.asking.other += 1;
    vec![Effect::Hold(HoldRequest { config_id, reason, until })]
}

pub fn release(session: &mut Session, pick: &Pick) -> Vec<Effect> {
    let Some(config_id) = known_row(session, pick) else { return Vec::new() };
    let held = session.data.row(&config_id).is_some_and(|at| session.data.entry(at).row.hold.is_some());
    if !held {
        session.say(&format!("{} is not held.", session.title(&config_id)));
        return Vec::new();
    }
    session.asking.other += 1;
    vec![Effect::Release { config_id }]
}

fn known_row(session: &mut Session, pick: &Pick) -> Option<ConfigId> {
    match session.rows.one(pick) {
        Ok(id) if session.data.row(&id).is_some() => Some(id),
        Ok(id) => {
            session.say(&format!("#{id} is not in the list any more: list prints it as it is now."));
            None
        }
        Err(why) => {
            session.say(&why);
            None
        }
    }
}

/// The answer: what is held is not ticked any more.
pub fn held(session: &mut Session, id: &ConfigId, result: Result<Option<Hold>, Trouble>) -> Vec<Effect> {
    session.asking.other = session.asking.other.saturating_sub(1);
    let hold = match result {
        Ok(hold) => hold,
        Err(trouble) => {
            session.trouble("The hold was not changed", &trouble);
            return Vec::new();
        }
    };
    let title = session.title(id);
    let mut unticked = "";
    session.reading.set_hold(id, hold.as_ref());
    if let Some(at) = session.data.row(id) {
        session.data.set_hold(at, hold.clone());
        let client = session.data.entry(at).client;
        if hold.is_some() && session.ticks.retain(|ticked| ticked != id) > 0 {
            session.data.clients[client].ticked = session.data.clients[client].ticked.saturating_sub(1);
            unticked = " It is no longer ticked.";
        }
    }
    session.say(&match &hold {
        Some(hold) => format!("{title} is {hold}.{unticked}"),
        None => format!("{title} is no longer held."),
    });
    Vec::new()
}
