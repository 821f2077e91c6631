//! What is still linked to what a plan deactivates, in words, with what this PSA does about it and what it leaves to a
//! person.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::PlanEntry;
use crate::domain::{
    ConfigId, Links,
    links::{Link, LinkKind},
    text::count,
};
use crate::tui::{
    desk::{PlanView, Setting},
    prose::Prose,
    symbols::Symbols,
    theme::Meaning,
};

/// Things of one kind that are named one by one; the others are counted.
const NAMED: usize = 6;

/// A thing that is linked, by its name and its amounts or dates, with how many of the planned hang on it.
type Things<'a> = BTreeMap<(&'a str, Option<&'a str>), usize>;

pub(super) fn write(
    view: &PlanView,
    found: &HashMap<ConfigId, (usize, usize)>,
    setting: &Setting,
    symbols: &Symbols,
    page: &mut Prose<PlanEntry>,
) {
    let planned: BTreeSet<&str> = view.plan.items().iter().map(|item| item.config_id.as_str()).collect();
    let mut kinds: BTreeMap<LinkKind, (usize, Things<'_>)> = BTreeMap::new();
    let (mut unknown, mut unread) = (0, 0);
    for item in view.plan.items() {
        let Some((client, at)) = found.get(&item.config_id) else { continue };
        let links = &view.survey.clients[*client].found[*at].links;
        for kind in LinkKind::ALL {
            let things: Vec<&Link> = remaining(links, kind, &planned).collect();
            if things.is_empty() {
                continue;
            }
            let (n, all) = kinds.entry(kind).or_default();
            *n += 1;
            for link in things {
                // What an RMM tells beside its name is each device's own.
                let detail = link.detail.as_deref().filter(|_| kind != LinkKind::Rmm);
                *all.entry((link.name.as_str(), detail)).or_default() += 1;
            }
        }
        if links.are_all_unknown() && links.summary() == "not read" {
            unread += 1;
        } else if links.have_unknown() {
            unknown += 1;
        }
    }
    for (kind, (n, things)) in kinds {
        page.item(0, symbols.warning, Meaning::Warn, &sentence(kind, n, &things, setting));
        page.say(2, Meaning::Text, setting.nouns.consequences.of(kind));
    }
    for (n, text) in [
        (unknown, "could not be read: look in the PSA what still hangs on them."),
        (unread, "were not read: what still hangs on them is not known."),
    ] {
        if n > 0 {
            let what = count(n, setting.nouns.configuration, setting.nouns.configurations);
            page.item(0, symbols.warning, Meaning::Warn, &format!("The links of {what} {text}"));
        }
    }
}

/// What of a kind is still linked afterwards: a child that is deactivated as well is not left behind.
fn remaining<'a>(
    links: &'a Links,
    kind: LinkKind,
    planned: &'a BTreeSet<&str>,
) -> impl Iterator<Item = &'a Link> {
    let all = links.get(kind).items().iter();
    all.filter(move |link| kind != LinkKind::Children || !planned.contains(link.id.as_str()))
}

/// `Still billed on agreement "Managed Server" (120.00 a month), 3 of them; on "Gold", 1 of them.`
fn sentence(kind: LinkKind, n: usize, things: &Things<'_>, setting: &Setting) -> String {
    let agreement = setting.nouns.agreement.to_lowercase();
    let mut sorted: Vec<_> = things.iter().collect();
    sorted.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let more = sorted.len().saturating_sub(NAMED);
    let named: Vec<String> = sorted
        .iter()
        .take(NAMED)
        .map(|((name, detail), n)| {
            let detail = detail.map_or(String::new(), |detail| format!(" ({detail})"));
            match kind {
                // Some vendors say themselves what it is: a subscription, a recurring invoice.
                LinkKind::Billing if name.starts_with(char::is_lowercase) => {
                    format!("\"{name}\"{detail}, {n} of them")
                }
                LinkKind::Billing => format!("{agreement} \"{name}\"{detail}, {n} of them"),
                LinkKind::Rmm => format!("{name} {n}"),
                LinkKind::Tickets | LinkKind::Children => format!("\"{name}\"{detail}"),
            }
        })
        .collect();
    let join = if kind == LinkKind::Billing { "; on " } else { ", " };
    let named = named.join(join);
    let more = if more > 0 { format!("{join}{more} more") } else { String::new() };
    match kind {
        LinkKind::Billing => format!("Still billed: {n}, on {named}{more}."),
        LinkKind::Tickets => format!("With open tickets: {n}, {named}{more}."),
        LinkKind::Children => format!("With active children that are not in this plan: {n}, {named}{more}."),
        LinkKind::Rmm => format!("Still in the RMM: {n} ({named}{more})."),
    }
}
