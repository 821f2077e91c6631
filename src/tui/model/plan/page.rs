//! The Plan as a page: what would happen, most important first.

use std::collections::{BTreeMap, HashMap};

use super::{PlanEntry, Purpose, linked};
use crate::domain::{ClientId, ConfigId, Label, SkipReason, survey::SurveyedClient, text::count};
use crate::tui::{
    cells,
    desk::{PlanView, Pool, Setting},
    natural,
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
        linked::write(view, found, setting, symbols, &mut page);
    }
    for problem in &view.survey.problems {
        page.item(0, symbols.failed, Meaning::Bad, &problem.message);
    }

    let mut by_client: BTreeMap<&ClientId, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        by_client.entry(&item.client_id).or_default().push(at);
    }
    let clients = in_order_of_names(view);
    at_a_glance(view, &clients, &by_client, setting, symbols, &mut page);
    for (c, client) in clients {
        let own = client.id.as_ref().and_then(|id| by_client.remove(id)).unwrap_or_default();
        if own.is_empty() && client.problems.is_empty() && client.warnings.is_empty() && !view.is_undo() {
            continue;
        }
        if own.is_empty()
            && client.found.is_empty()
            && client.problems.is_empty()
            && client.warnings.is_empty()
        {
            continue;
        }
        page.heading(&client_title(client));
        about_client(view, client, setting, symbols, &mut page);
        list(view, &own, &mut page);
        left_out(view, c, client, &mut page);
    }
    // Nothing of a plan is hidden, whatever else is known.
    for (id, own) in by_client {
        page.heading(&format!("#{id}"));
        list(view, &own, &mut page);
    }
    left_out_in_all(view, &mut page);

    page.heading("The record");
    let who = format!("Asked for by {} on {} UTC", view.requested_by, view.plan.head().made_at.minutes());
    page.say(2, Meaning::Text, &who);
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

/// The clients with their places in the survey.
fn in_order_of_names(view: &PlanView) -> Vec<(usize, &SurveyedClient)> {
    let mut clients: Vec<(usize, &SurveyedClient)> = view.survey.clients.iter().enumerate().collect();
    clients.sort_by_cached_key(|(_, client)| {
        (natural::key(client.name.as_deref().unwrap_or("")), client.id.clone())
    });
    clients
}

/// One line for each client, where there are several.
fn at_a_glance(
    view: &PlanView,
    clients: &[(usize, &SurveyedClient)],
    by_client: &BTreeMap<&ClientId, Vec<usize>>,
    setting: &Setting,
    symbols: &Symbols,
    page: &mut Prose<PlanEntry>,
) {
    if by_client.len() < 2 {
        return;
    }
    page.heading(&format!("{} at a glance", super::super::capital(setting.nouns.clients)));
    let verb = if view.is_undo() { "to restore" } else { "to deactivate" };
    for (_, client) in clients {
        let Some(own) = client.id.as_ref().and_then(|id| by_client.get(id)) else { continue };
        let linked =
            client.found.iter().filter(|found| found.skip.is_none() && found.links.linked().next().is_some());
        let left = client.found.iter().filter(|found| found.skip.is_some());
        let facts = [
            (linked.count(), "still linked"),
            (left.count(), "left as they are"),
            (
                client.signs_of_life.len(),
                if client.signs_of_life.len() == 1 { "sign of life" } else { "signs of life" },
            ),
        ];
        let facts: Vec<String> =
            facts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!(", {n} {word}")).collect();
        let warns = !client.signs_of_life.is_empty() && !view.is_undo();
        let (sign, meaning) =
            if warns { (symbols.warning, Meaning::Warn) } else { (symbols.bullet, Meaning::Text) };
        page.item(
            2,
            sign,
            meaning,
            &format!("{}: {} {verb}{}", client_title(client), own.len(), facts.concat()),
        );
    }
}

fn about_client(
    view: &PlanView,
    client: &SurveyedClient,
    setting: &Setting,
    symbols: &Symbols,
    page: &mut Prose<PlanEntry>,
) {
    let agreement = setting.nouns.agreement;
    if let Some(offboarded) = &client.offboarded {
        page.say(2, Meaning::Text, &format!("Counts as offboarded: {}", offboarded.because_told(agreement)));
    }
    // An undo asks nobody to be gone.
    if client.signs_of_life.is_empty() && !view.is_undo() {
        page.say(2, Meaning::Muted, "Signs of life: none found");
    }
    for sign in &client.signs_of_life {
        page.item(2, symbols.warning, Meaning::Warn, &format!("Sign of life: {}", sign.told(agreement)));
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
    let mut own = own.to_vec();
    own.sort_by_cached_key(|at| {
        let item = &view.plan.items()[*at];
        (natural::key(&item.config_type), natural::key(&item.title()), item.config_id.clone())
    });
    for at in own {
        page.entry(PlanEntry::Item(at));
    }
}

fn wanted_statuses(view: &PlanView) -> Vec<Label> {
    let mut names: Vec<Label> = Vec::new();
    for item in view.plan.items() {
        if let Some(status) = &item.wanted.status
            && !names.contains(&status.name)
        {
            names.push(status.name.clone());
        }
    }
    names
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

/// What of this client stays as it is, by reason. What nobody ticked is only counted.
fn left_out(view: &PlanView, c: usize, client: &SurveyedClient, page: &mut Prose<PlanEntry>) {
    let mut reasons: BTreeMap<SkipReason, Vec<(usize, usize)>> = BTreeMap::new();
    for (f, found) in client.found.iter().enumerate() {
        if let Some(reason) = found.skip {
            reasons.entry(reason).or_default().push((c, f));
        }
    }
    for (reason, places) in reasons {
        if view.is_undo() && reason == SkipReason::ChangedSinceReview {
            changed_since(view, &places, page);
            continue;
        }
        page.say(
            2,
            Meaning::Muted,
            &format!("{}, left as they are: {}", super::super::capital(reason.words()), places.len()),
        );
        if reason != SkipReason::NotSelected && reason != SkipReason::AlreadyInactive {
            for (client, at) in places {
                page.entry(PlanEntry::Left(client, at));
            }
        }
    }
}

fn left_out_in_all(view: &PlanView, page: &mut Prose<PlanEntry>) {
    let mut reasons: BTreeMap<SkipReason, usize> = BTreeMap::new();
    for reason in view.survey.found().filter_map(|found| found.skip) {
        *reasons.entry(reason).or_default() += 1;
    }
    if reasons.is_empty() || view.survey.clients.len() < 2 {
        return;
    }
    let parts: Vec<String> = reasons.iter().map(|(reason, n)| format!("{n} {}", reason.words())).collect();
    page.heading("Left as they are, in all");
    page.say(2, Meaning::Text, &parts.join(", "));
}
