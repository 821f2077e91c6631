//! What is left for a person: what still hangs on what was retired, and what stayed active.

use std::collections::BTreeMap;

use super::{
    ClientId, ConfigId, Lifecycle, Links, Outcome, RunState, SignOfLife, SkipReason,
    document::{FollowUp, FollowUpKind},
    links::{LinkAnswer, LinkKind},
    survey::Survey,
    tenant::Nouns,
};

/// The list, from links and signs of life as they were read after the change.
pub fn follow_up(
    survey: &Survey,
    state: &RunState,
    links: &BTreeMap<ConfigId, Links>,
    signs: &BTreeMap<ClientId, Vec<SignOfLife>>,
    nouns: Nouns,
) -> Vec<FollowUp> {
    let mut list = Vec::new();
    for client in &survey.clients {
        let Some(offboarded) = &client.offboarded else { continue };
        let client_id = &offboarded.client.id;
        for sign in signs.get(client_id).into_iter().flatten() {
            list.push(from_sign(sign, client_id, &offboarded.client.name, nouns));
        }
        for found in &client.found {
            let id = &found.configuration.id;
            let title = found.configuration.title();
            let entry = |kind, text, url: Option<String>| FollowUp {
                kind,
                config_id: Some(id.clone()),
                client_id: client_id.clone(),
                text,
                record_url: url.or_else(|| found.configuration.url()),
            };
            let seen = state.state_of(id).unwrap_or(&found.configuration.state);
            let outcome = found.outcome(state, false);
            let planned_only =
                matches!(outcome, Outcome::Skipped { reason: SkipReason::DryRun | SkipReason::Planned });
            if seen.lifecycle() == Lifecycle::Active && !planned_only {
                let why = found.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                let text = format!("{title} is still active: {}{why}", outcome.words());
                list.push(entry(FollowUpKind::StillActive, text, None));
            }
            if found.skip.is_some() && !matches!(found.skip, Some(SkipReason::AlreadyInactive)) {
                continue;
            }
            // What was not read again is as unknown as it was before.
            let links = links.get(id).unwrap_or(&found.links);
            if let (true, LinkAnswer::Unknown { why }) = (links.are_all_unknown(), &links.billing) {
                let text = format!("{title}: what still hangs on it is not known: {why}");
                list.push(entry(FollowUpKind::Unknown, text, None));
                continue;
            }
            for kind in LinkKind::ALL {
                match links.get(kind) {
                    LinkAnswer::None | LinkAnswer::NotRead => {}
                    LinkAnswer::Linked { items } => {
                        for link in items {
                            let text = sentence(kind, &title, &link.name, link.detail.as_deref(), nouns);
                            list.push(entry(kind.into(), text, link.record_url.clone()));
                        }
                    }
                    LinkAnswer::Unknown { why } => {
                        let text =
                            format!("{title}: whether {} is left could not be read: {why}", kind.words());
                        list.push(entry(FollowUpKind::Unknown, text, None));
                    }
                }
            }
        }
    }
    list.sort_by(|a, b| (a.kind, &a.client_id, &a.config_id).cmp(&(b.kind, &b.client_id, &b.config_id)));
    list
}

fn from_sign(sign: &SignOfLife, client_id: &ClientId, client: &str, nouns: Nouns) -> FollowUp {
    let entry = |kind, text, url: &Option<String>| FollowUp {
        kind,
        config_id: None,
        client_id: client_id.clone(),
        text,
        record_url: url.clone(),
    };
    match sign {
        SignOfLife::RunningAgreement { name, detail, record_url } => {
            let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            let text = format!(
                "End {} \"{name}\" of {client}{detail}: it is still running",
                nouns.agreement.to_lowercase()
            );
            entry(FollowUpKind::Agreement, text, record_url)
        }
        SignOfLife::Unknown { why } => {
            let text = format!("{client}: signs of life could not be read: {why}");
            entry(FollowUpKind::Unknown, text, &None)
        }
        SignOfLife::OpenTickets { count } => {
            let tickets = if *count == 1 { "ticket" } else { "tickets" };
            let text = format!("Close or move {count} open {tickets} of {client}");
            entry(FollowUpKind::Ticket, text, &None)
        }
        SignOfLife::ActiveChild { name } => {
            let text = format!("{client} still has the active child \"{name}\"");
            entry(FollowUpKind::Child, text, &None)
        }
    }
}

fn sentence(kind: LinkKind, title: &str, name: &str, detail: Option<&str>, nouns: Nouns) -> String {
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    match kind {
        LinkKind::Billing => format!(
            "{title} is still on {} \"{name}\"{detail}: units stay billed until you change them",
            nouns.agreement.to_lowercase()
        ),
        LinkKind::Tickets => format!("{title} has open ticket \"{name}\"{detail}"),
        LinkKind::Children => format!("{title} is the parent of \"{name}\"{detail}, which is still active"),
        LinkKind::Rmm => {
            format!("{title} is still linked to {name}{detail}: remove the agent, or the sync brings it back")
        }
    }
}
