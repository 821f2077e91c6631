//! The Plan as a page: what would happen, most important first.

use std::collections::{BTreeMap, HashMap};

use super::{PlanEntry, Purpose};
use crate::domain::{ClientId, ConfigId, SkipReason, links::LinkKind, survey::SurveyedClient, text::count};
use crate::tui::{
    cells,
    desk::{PlanView, Pool, Setting},
    prose::Prose,
    symbols::Symbols,
    theme::Meaning,
};

/// `Acme (id 7)`.
pub fn client_title(client: &SurveyedClient) -> String {
    match (&client.id, client.name.as_deref().map(str::trim).filter(|name| !name.is_empty())) {
        (Some(id), Some(name)) => format!("{name} (id {id})"),
        (Some(id), None) => format!("#{id}"),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "a client that is not known".to_owned(),
    }
}

/// `12 configurations of 2 companies`.
pub fn extent(view: &PlanView, setting: &Setting) -> String {
    let nouns = &setting.nouns;
    format!(
        "{} of {}",
        count(view.plan.items().len(), nouns.configuration, nouns.configurations),
        count(view.plan.clients().len(), nouns.client, nouns.clients),
    )
}

/// Who asked for a plan that waits, and in which words.
fn asked_for(view: &PlanView) -> String {
    let told = |label: &str, text: &Option<String>| text.as_ref().map(|text| format!("{label} {text}"));
    [
        Some(format!("Asked for by {} on {} UTC", view.requested_by, view.plan.head().made_at.minutes())),
        told("ticket", &view.ticket),
        told("reason:", &view.reason),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

/// The first sentences: what this is, and how much of it.
fn opening(view: &PlanView, purpose: &Purpose, setting: &Setting, page: &mut Prose<PlanEntry>) {
    let what = extent(view, setting);
    let done = if view.is_undo() { "restored" } else { "set inactive" };
    let text = if view.plan.items().is_empty() {
        if view.is_undo() {
            "Nothing would be restored: what this run changed was changed again since, or is back already."
                .to_owned()
        } else {
            "Nothing would be changed: everything that was ticked is left out.".to_owned()
        }
    } else if view.dry_run {
        format!("Dry run: {what} would be {done}, but nothing is written.")
    } else if matches!(purpose, Purpose::Parked(_)) {
        format!("Waits for approval: {what} would be {done}.")
    } else if view.needs_approval.is_some() {
        format!("{what} would be {done} once somebody approves.")
    } else {
        format!("{what} will be {done}.")
    };
    page.say(0, Meaning::Title, &text);
    match (purpose, &view.plan.head().parent) {
        (Purpose::Parked(_), _) => {
            page.say(0, Meaning::Text, &format!("{}.", asked_for(view)));
            page.say(0, Meaning::Text, "Tick what you approve; what is not ticked stays as it is.");
        }
        (Purpose::Undo { .. }, Some(parent)) => page.say(
            0,
            Meaning::Text,
            &format!(
                "Each goes back to what it was before run {parent}. Untick what shall stay as it is now."
            ),
        ),
        (_, Some(parent)) => {
            page.say(0, Meaning::Muted, &format!("This tries again what failed in run {parent}."));
        }
        (_, None) => {}
    }
}

pub(super) fn write(
    view: &PlanView,
    purpose: &Purpose,
    found: &HashMap<ConfigId, (usize, usize)>,
    width: usize,
    setting: &Setting,
    symbols: &Symbols,
) -> Prose<PlanEntry> {
    let mut page = Prose::new(width);
    let items = view.plan.items();
    let verdict = match purpose {
        Purpose::Parked(_) => "You cannot approve this",
        _ => "This plan cannot start",
    };
    for why in &view.refused {
        page.item(0, symbols.failed, Meaning::Bad, &format!("{verdict}: {why}"));
    }
    opening(view, purpose, setting, &mut page);
    if let Some(why) = &view.needs_approval {
        let text = format!(
            "Needs approval: {why}. It is parked instead of started; nothing is written before that."
        );
        page.item(0, symbols.waiting, Meaning::Warn, &text);
    }
    // What an undo restores differs from item to item, and stands there.
    if !view.is_undo() {
        for status in wanted_statuses(view) {
            page.say(0, Meaning::Muted, &format!("Their status becomes \"{status}\"."));
        }
    }
    if let Some(text) = &view.notes {
        page.say(0, Meaning::Muted, text);
    }
    for text in view.warnings.iter().chain(&view.survey.warnings) {
        page.item(0, symbols.warning, Meaning::Warn, text);
    }
    if !view.is_undo() {
        for text in linked(view, found, setting) {
            page.item(0, symbols.warning, Meaning::Warn, &text);
        }
    }
    for problem in &view.survey.problems {
        page.item(0, symbols.failed, Meaning::Bad, &problem.message);
    }

    let mut by_client: BTreeMap<&ClientId, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        by_client.entry(&item.client_id).or_default().push(at);
    }
    for client in &view.survey.clients {
        let own = client.id.as_ref().and_then(|id| by_client.remove(id)).unwrap_or_default();
        if own.is_empty() && client.problems.is_empty() && client.warnings.is_empty() {
            continue;
        }
        page.heading(&client_title(client));
        about_client(view, client, symbols, &mut page);
        list(view, &own, &mut page);
    }
    // Nothing of a plan is hidden, whatever else is known.
    for (id, own) in by_client {
        page.heading(&format!("#{id}"));
        list(view, &own, &mut page);
    }
    left_out(view, &mut page);

    page.heading("The record");
    let pool = view.estimate.pool.map_or(String::new(), pool_words);
    page.say(
        2,
        Meaning::Text,
        &format!(
            "Takes about {} and {}{pool}.",
            cells::duration(view.estimate.seconds),
            count(view.estimate.requests as usize, "request", "requests")
        ),
    );
    if !view.dry_run {
        let text = format!(
            "While it runs, no other run may change {}: locks cover {}.",
            if view.plan.clients().len() == 1 {
                format!("this {}", setting.nouns.client)
            } else {
                format!("these {}", setting.nouns.clients)
            },
            setting.lock_covers,
        );
        page.say(2, Meaning::Muted, &text);
    }
    page.say(2, Meaning::Muted, &format!("Digest {}", view.digest));
    page.say(
        2,
        Meaning::Muted,
        &format!(
            "Run {}, plan valid until {} UTC",
            view.plan.head().run,
            view.plan.head().expires_at.minutes()
        ),
    );
    page.say(2, Meaning::Muted, &format!("Tenant {}", view.plan.head().tenant));
    page
}

fn about_client(view: &PlanView, client: &SurveyedClient, symbols: &Symbols, page: &mut Prose<PlanEntry>) {
    if let Some(offboarded) = &client.offboarded {
        page.say(2, Meaning::Text, &format!("Counts as offboarded: {}", offboarded.because()));
    }
    // An undo asks nobody to be gone.
    if client.signs_of_life.is_empty() && !view.is_undo() {
        page.say(2, Meaning::Muted, "Signs of life: none found");
    }
    for sign in &client.signs_of_life {
        page.item(2, symbols.warning, Meaning::Warn, &format!("Sign of life: {sign}"));
    }
    for text in &client.warnings {
        page.item(2, symbols.warning, Meaning::Warn, text);
    }
    for problem in &client.problems {
        page.item(2, symbols.failed, Meaning::Bad, &problem.message);
    }
}

/// The items of one client, with their types counted.
fn list(view: &PlanView, own: &[usize], page: &mut Prose<PlanEntry>) {
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    for at in own {
        *types.entry(view.plan.items()[*at].config_type.as_str()).or_default() += 1;
    }
    let types: Vec<String> = types.iter().map(|(name, n)| format!("{n} {name}")).collect();
    if !types.is_empty() {
        let verb = if view.is_undo() { "restore" } else { "deactivate" };
        page.say(2, Meaning::Text, &format!("{} to {verb}: {}", own.len(), types.join(", ")));
    }
    for at in own {
        page.entry(PlanEntry::Item(*at));
    }
}

fn wanted_statuses(view: &PlanView) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in view.plan.items() {
        if let Some(status) = &item.wanted.status
            && !names.contains(&status.name)
        {
            names.push(status.name.clone());
        }
    }
    names
}

/// One sentence for each kind of link that planned configurations still have.
fn linked(view: &PlanView, found: &HashMap<ConfigId, (usize, usize)>, setting: &Setting) -> Vec<String> {
    let mut counts: BTreeMap<LinkKind, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    let (mut unknown, mut unread) = (0, 0);
    for item in view.plan.items() {
        let Some((client, at)) = found.get(&item.config_id) else { continue };
        let links = &view.survey.clients[*client].found[*at].links;
        for kind in links.linked() {
            let (n, names) = counts.entry(kind).or_default();
            *n += 1;
            for link in links.get(kind).items() {
                *names.entry(link.name.as_str()).or_default() += 1;
            }
        }
        if links.summary() == "not read" {
            unread += 1;
        } else if links.have_unknown() {
            unknown += 1;
        }
    }
    let mut sentences = Vec::new();
    for (kind, (n, names)) in counts {
        let mut named: Vec<(&str, usize)> = names.into_iter().collect();
        named.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let more = if named.len() > 4 { format!(", {} more", named.len() - 4) } else { String::new() };
        let named: Vec<String> = named.iter().take(4).map(|(name, n)| format!("{name} {n}")).collect();
        let named = format!("{}{more}", named.join(", "));
        let them = if n == 1 { "it" } else { "them" };
        sentences.push(match kind {
            LinkKind::Billing => format!(
                "Still billed: {n} ({named}). Deactivating does not end the billing: change the {} yourself.",
                setting.nouns.agreement.to_lowercase()
            ),
            LinkKind::Tickets => {
                format!("Open tickets: {n} ({named}). They stay open: close them or move them yourself.")
            }
            LinkKind::Children => {
                format!("With active children: {n} ({named}). The children stay active unless they are ticked too.")
            }
            LinkKind::Rmm => {
                format!("RMM still linked: {n} ({named}). Stop the sync first, or it will bring {them} back.")
            }
        });
    }
    if unknown > 0 {
        sentences.push(format!(
            "Links unknown: {}. Nobody could read what still hangs on them.",
            count(unknown, setting.nouns.configuration, setting.nouns.configurations)
        ));
    }
    if unread > 0 {
        sentences.push(format!(
            "Links not read: {}. What still hangs on them is not known.",
            count(unread, setting.nouns.configuration, setting.nouns.configurations)
        ));
    }
    sentences
}

/// `, 49 % of this hour's pool (31 % is used already)`
fn pool_words(pool: Pool) -> String {
    let window = match pool.window_seconds {
        3600 => "this hour's pool".to_owned(),
        seconds => format!("the pool of {}", cells::duration(f64::from(seconds))),
    };
    format!(", {:.0} % of {window} ({:.0} % is used already)", pool.takes * 100.0, pool.used * 100.0)
}

/// What somebody changed after the run is not undone, and each change is told in full.
fn changed_since(view: &PlanView, places: &[(usize, usize)], page: &mut Prose<PlanEntry>) {
    page.say(
        2,
        Meaning::Warn,
        &format!("changed by somebody since the run, so left alone: {}", places.len()),
    );
    for (client, at) in places {
        let found = &view.survey.clients[*client].found[*at];
        let why = found.why.as_deref().unwrap_or("it is not as the run left it");
        page.item(4, "-", Meaning::Text, &format!("{}: {why}", found.configuration.title()));
    }
}

/// What stays as it is, by reason. What nobody ticked is only counted.
fn left_out(view: &PlanView, page: &mut Prose<PlanEntry>) {
    let mut reasons: BTreeMap<SkipReason, Vec<(usize, usize)>> = BTreeMap::new();
    for (c, client) in view.survey.clients.iter().enumerate() {
        for (f, found) in client.found.iter().enumerate() {
            if let Some(reason) = found.skip {
                reasons.entry(reason).or_default().push((c, f));
            }
        }
    }
    if reasons.is_empty() {
        return;
    }
    page.heading("Left as they are");
    for (reason, places) in reasons {
        if view.is_undo() && reason == SkipReason::ChangedSinceReview {
            changed_since(view, &places, page);
            continue;
        }
        page.say(2, Meaning::Text, &format!("{}: {}", reason.words(), places.len()));
        if reason != SkipReason::NotSelected && reason != SkipReason::AlreadyInactive {
            for (client, at) in places {
                page.entry(PlanEntry::Left(client, at));
            }
        }
    }
}
