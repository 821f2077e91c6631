//! Sentences: what stands in columns and colours on the screen is said in words here.

use super::super::{
    cells,
    desk::{Confirm, Mode, PastRun, PlanView, Setting},
    model::{
        data::{ClientEntry, Entry, LinksState},
        overlay::{Act, Deed},
        report,
    },
    symbols::Symbols,
};
use crate::domain::{
    Links, PlanItem,
    document::ConfigReport,
    links::{LinkAnswer, LinkKind},
    text::count,
};

/// Words in the place of signs: pages that are shared with the screen put them before their sentences.
pub const IN_WORDS: Symbols = Symbols {
    ticked: "ticked:",
    unticked: "not ticked:",
    partly: "partly ticked:",
    locked: "cannot be ticked:",
    cursor: "",
    more: "...",
    queued: "queued:",
    running: "running:",
    waiting: "waiting:",
    done: "done:",
    already: "already inactive:",
    skipped: "skipped:",
    changed: "changed since review:",
    failed: "problem:",
    unknown: "unknown:",
    warning: "warning:",
    bullet: "-",
    up: "",
    down: "",
    arrow: "becomes",
    dot: "-",
    bar_full: "",
    bar_empty: "",
    spinner: &[""],
    ..super::super::symbols::ASCII
};

/// One line in which nothing can drive a terminal: the function through which the screen passes foreign text.
pub fn safe(text: &str) -> String {
    cells::wrap(text, usize::MAX).into_iter().next().unwrap_or_default()
}

pub fn banner(setting: &Setting) -> String {
    let where_to = format!("profile {}, {}", setting.profile, setting.nouns.product);
    match setting.mode {
        Mode::Demo => format!("DEMO: a simulated {}; nothing real is touched.", setting.nouns.product),
        Mode::DryRun => {
            format!("DRY RUN: {where_to}. The settings forbid every write (safeguards.dry_run).")
        }
        Mode::Live => format!("LIVE: {where_to}. What you confirm is changed for real."),
    }
}

/// `Acme (id 7): offboarded because …; 6 configurations, 4 may be ticked, none ticked`
pub fn client(client: &ClientEntry, setting: &Setting) -> String {
    let nouns = &setting.nouns;
    let ticked = match client.ticked {
        0 => "none ticked".to_owned(),
        n if n == client.tickable => format!("all {n} ticked"),
        n => format!("{n} ticked"),
    };
    let again = match client.again {
        0 => String::new(),
        n => format!("; {n} active again that an earlier run set inactive"),
    };
    format!(
        "{} (id {}): offboarded because {}; {}, {} may be ticked, {ticked}{again}.",
        client.title(),
        client.id(),
        client.offboarded.because(),
        count(client.rows.len(), nouns.configuration, nouns.configurations),
        client.tickable,
    )
}

/// `SRV-1, Managed Server, site HQ, status Active: not ticked; still linked: billing 1.`
pub fn row(entry: &Entry, links: &Links, reading: &LinksState, ticked: bool) -> String {
    let configuration = &entry.row.configuration;
    let mut parts = vec![configuration.title()];
    let mut add = |label: &str, text: &str| {
        if !text.trim().is_empty() {
            parts.push(format!("{label}{text}"));
        }
    };
    add("", &configuration.config_type);
    add("site ", configuration.site.as_deref().unwrap_or(""));
    add("status ", configuration.state.status_name().unwrap_or(""));
    let mut states = vec![state(entry, ticked)];
    if let Some(again) = &entry.row.again {
        states.push(again.to_string());
    }
    states.push(linked(links, reading));
    format!("{}: {}.", parts.join(", "), states.join("; "))
}

/// Whether it is ticked, or why it cannot be.
pub fn state(entry: &Entry, ticked: bool) -> String {
    let lifecycle = entry.row.configuration.lifecycle();
    match entry.row.kept_because() {
        Some(why) => format!("cannot be ticked: {why}"),
        None if ticked => "ticked".to_owned(),
        None if lifecycle.is_mixed() => {
            format!("not ticked, mixed state ({}), ticked by its number only", lifecycle.words())
        }
        None => "not ticked".to_owned(),
    }
}

pub fn linked(links: &Links, reading: &LinksState) -> String {
    match reading {
        LinksState::NotRead => "links not read yet".to_owned(),
        LinksState::Reading => "links are being read".to_owned(),
        LinksState::Failed(why) => format!("links unknown, {why}"),
        LinksState::Read if links.are_none() => "no links".to_owned(),
        LinksState::Read => format!("still linked: {}", links.summary()),
    }
}

/// Everything that is known of one configuration.
pub fn about(
    entry: &Entry,
    links: &Links,
    client: &ClientEntry,
    ticked: bool,
    setting: &Setting,
) -> Vec<String> {
    let row = &entry.row.configuration;
    let mut told = vec![format!("{}: {}.", row.title(), state(entry, ticked))];
    if let Some(again) = &entry.row.again {
        told.push(format!("Warning: {again}."));
    }
    for kind in LinkKind::ALL {
        let word = kind.words();
        match (links.get(kind), &client.links) {
            (LinkAnswer::None, _) => told.push(format!("Still linked, {word}: none.")),
            (LinkAnswer::Linked { items }, _) => {
                for link in items {
                    let detail = link.detail.as_ref().map_or(String::new(), |detail| format!(" ({detail})"));
                    let url = link.record_url.as_ref().map_or(String::new(), |url| format!(" {url}"));
                    told.push(format!("Still linked, {word}: {}{detail}.{url}", link.name));
                }
            }
            (LinkAnswer::Unknown { why }, _) | (LinkAnswer::NotRead, LinksState::Failed(why)) => {
                told.push(format!("Still linked, {word}: unknown, {why}."));
            }
            (LinkAnswer::NotRead, _) => told.push(format!("Still linked, {word}: not read yet.")),
        }
    }
    let mut field = |label: &str, value: &str| {
        if !value.trim().is_empty() {
            told.push(format!("{label}: {value}"));
        }
    };
    field("Id", row.id.as_str());
    field("Type", &row.config_type);
    field("Site", row.site.as_deref().unwrap_or(""));
    field("Serial", row.serial.as_deref().unwrap_or(""));
    field("Active mark", if row.state.active { "active" } else { "inactive" });
    field("Status", row.state.status_name().unwrap_or(""));
    field("Part of", row.parent.as_ref().map_or("", |parent| parent.as_str()));
    field("RMM", row.rmm.as_deref().unwrap_or(""));
    if let Some(at) = row.last_updated {
        field("Updated", &format!("{} UTC", at.minutes()));
    }
    for (label, value) in row.details.iter() {
        field(label, value);
    }
    field("Record", &row.url().unwrap_or_default());
    told.push(format!(
        "Its {} {} counts as offboarded: {}.",
        setting.nouns.client,
        client.title(),
        client.offboarded.because()
    ));
    told.extend(signs(client));
    told
}

/// What speaks against "offboarded".
pub fn signs(client: &ClientEntry) -> Vec<String> {
    match &client.links {
        LinksState::NotRead => vec!["Signs of life: not read yet.".to_owned()],
        LinksState::Reading => vec!["Signs of life: being read.".to_owned()],
        LinksState::Failed(why) => vec![format!("Signs of life: unknown, {why}.")],
        LinksState::Read if client.signs_of_life.is_empty() => vec!["Signs of life: none found.".to_owned()],
        LinksState::Read => {
            client.signs_of_life.iter().map(|sign| format!("Warning, sign of life: {sign}.")).collect()
        }
    }
}

/// An item of a plan: what it becomes, and what still hangs on it.
pub fn item(item: &PlanItem, links: Option<&Links>) -> String {
    let words = |active: bool, status: Option<&str>| {
        let mark = if active { "active" } else { "inactive" };
        status.map_or_else(|| mark.to_owned(), |status| format!("{mark}, {status}"))
    };
    let before = words(item.before.active, item.before.status_name());
    let after = words(item.wanted.active, item.wanted.status.as_ref().map(|status| status.name.as_str()));
    let links = links.map_or_else(String::new, |links| {
        if links.are_none() { "; no links".to_owned() } else { format!("; links: {}", links.summary()) }
    });
    format!("{}, {}: {before} becomes {after}{links}.", item.title(), item.config_type)
}

/// What would be done, to how much of whose, and where.
pub fn deed(view: &PlanView, deed: &Deed, setting: &Setting) -> String {
    let nouns = &setting.nouns;
    let clients: Vec<_> = view.clients_of(&deed.items).into_iter().collect();
    let whose = match clients[..] {
        [id] if !view.client_name(id).is_empty() => view.client_name(id).to_owned(),
        _ => count(clients.len(), nouns.client, nouns.clients),
    };
    let what = format!("{} of {whose}", count(deed.items.len(), nouns.configuration, nouns.configurations));
    let place = format!("{} ({})", view.plan.head().tenant.name, nouns.product);
    let done = if view.is_undo() { "restored to what they were" } else { "set inactive" };
    match &deed.act {
        Act::Approve(_) => {
            let all = view.plan.items().len();
            format!(
                "{what} ({} of the {all} that wait) will be {done} in {place}, as {} asked.",
                deed.items.len(),
                view.requested_by
            )
        }
        Act::Start => format!("{what} will be {done} in {place}."),
    }
}

/// What must be typed.
pub fn wanted(confirm: &Confirm, setting: &Setting) -> String {
    let nouns = &setting.nouns;
    let what = match confirm {
        Confirm::Client { id, name } if name.trim().is_empty() => format!("the {}'s id, {id}", nouns.client),
        Confirm::Client { id, name } => format!("the {}'s id or name, {id} or {name}", nouns.client),
        Confirm::Count(count) => format!("the number of {}, {count}", nouns.configurations),
        Confirm::CountAndProfile { count, profile } => format!(
            "the number and the profile, {count} {profile} (this is more than the limit of {} changes)",
            setting.max_changes
        ),
    };
    format!("To confirm, type {what}. Anything else, or an empty line, does nothing.")
}

/// A configuration of a report and what became of it.
pub fn outcome(config: &ConfigReport) -> String {
    let stage = report::stage(config).words();
    let id = &config.config_id;
    if config.outcome_text.starts_with(stage) || stage == "done" {
        return format!("{} (id {id}), {}: {}", config.config_name, config.config_type, config.outcome_text);
    }
    format!("{} (id {id}), {}: {stage}, {}", config.config_name, config.config_type, config.outcome_text)
}

/// An earlier run.
pub fn past(past: &PastRun) -> String {
    let mut parts = vec![format!(
        "Run {} of {} UTC by {}: {}; {}",
        past.run,
        past.started_at.minutes(),
        past.asked_for_by(),
        past.phase.words(),
        past.figures()
    )];
    if past.active_again > 0 {
        parts.push(format!("{} active again", past.active_again));
    }
    if let Some(reason) = &past.reason {
        parts.push(format!("reason: {reason}"));
    }
    if let Some(profile) = &past.elsewhere {
        parts.push(format!("of profile {profile}, only listed here"));
    }
    if let Some(who) = &past.at_work {
        parts.push(format!("going on: {who}"));
    }
    format!("{}.", parts.join("; "))
}
