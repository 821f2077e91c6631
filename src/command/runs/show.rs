//! `mothball runs show`: what happened in one run, line by line.

use super::super::print;
use crate::{
    domain::{Event, Phase, Plan, PlanItem, RunState, Stamped, text::visible},
    store::StoredRun,
};

pub fn show(run: &StoredRun) {
    for text in lines(run) {
        print::out(&format!("{}\n", visible(&text)));
    }
}

/// What is known of a run, in the order in which it happened.
pub fn lines(run: &StoredRun) -> Vec<String> {
    let header = &run.header;
    let tenant = header.tenant.as_ref().map_or_else(|| "never reached".to_owned(), ToString::to_string);
    let mut lines = vec![
        format!("run      {}", header.run),
        format!("profile  {} ({}), tenant {tenant}", header.profile, header.psa),
        format!(
            "operator {}{}",
            header.operator,
            header.reason.as_ref().map(|why| format!(", reason: {why}")).unwrap_or_default()
        ),
        format!(
            "clients  {}",
            run.survey.clients.iter().filter_map(|client| client.name.clone()).collect::<Vec<_>>().join(", ")
        ),
    ];
    if !header.origin.is_person() {
        lines.insert(2, format!("origin   {}", header.origin));
    }
    lines.extend(run.events.iter().map(line));
    lines.extend(waiting(run));
    lines
}

/// What somebody who is asked to approve the run has to know: every item, and until when.
fn waiting(run: &StoredRun) -> Vec<String> {
    let Some((bytes, digest)) = &run.plan else { return Vec::new() };
    let plan = match Plan::reopen(bytes, digest) {
        Ok(plan) => plan,
        Err(altered) => return vec![format!("the plan cannot be approved: {altered}")],
    };
    if RunState::replay(&plan, &run.events).phase != Phase::AwaitingApproval {
        return Vec::new();
    }
    let status = |status: Option<&str>| status.map(|name| format!(" ({name})")).unwrap_or_default();
    let item = |item: &PlanItem| {
        format!(
            "  {}  {}  {}, client {}: {}{} → {}{}",
            item.config_id,
            item.title(),
            item.config_type,
            item.client_id,
            item.before.lifecycle().words(),
            status(item.before.status_name()),
            if item.wanted.active { "active" } else { "inactive" },
            status(item.wanted.status.as_ref().map(|status| status.name.as_str())),
        )
    };
    let head = format!("waits until {} for approval of:", plan.head().expires_at.minutes());
    std::iter::once(head).chain(plan.items().iter().map(item)).collect()
}

fn line(stamped: &Stamped) -> String {
    let what = match &stamped.event {
        Event::Planned { digest } => format!("planned, digest {digest}"),
        Event::Parked => "waits for approval".to_owned(),
        Event::Approved { approval } => {
            format!("approved by {}: {} items", approval.approver, approval.items.len())
        }
        Event::Rejected { by } => format!("rejected by {by}"),
        Event::Expired => "expired".to_owned(),
        Event::Superseded { by } => format!("superseded by run {by}"),
        Event::Applying => "applying".to_owned(),
        Event::Paused { why } => format!("paused {why}"),
        Event::Resumed => "resumed".to_owned(),
        Event::Intended { config_id, attempt } => format!("{config_id}: try {attempt} is sent"),
        Event::Answered { config_id, attempt, answer } => {
            format!("{config_id}: answer to try {attempt}: {answer:?}")
        }
        Event::Settled { config_id, outcome, .. } => format!("{config_id}: {}", outcome.words()),
        Event::NoteIntended { place } => format!("a note is sent to {place}"),
        Event::NoteAnswered { place, answer } => format!("the note on {place}: {answer:?}"),
        Event::Verifying => "reading back".to_owned(),
        Event::Troubled { problem } => format!("{}: {}", problem.code, problem.message),
        Event::Warned { text } => format!("warning: {text}"),
        Event::FollowedUp { follow_up, .. } => format!("{} things left for a person", follow_up.len()),
        Event::LookDue { due, items } => format!("{} items are looked at again after {due}", items.len()),
        Event::LookedAgain { follow_up } if follow_up.is_empty() => {
            "looked again: all stayed as it was left".to_owned()
        }
        Event::LookedAgain { follow_up } => {
            let texts: Vec<&str> = follow_up.iter().map(|one| one.text.as_str()).collect();
            format!("looked again: {}", texts.join("; "))
        }
        Event::Ended { how } => format!("ended: {how:?}"),
    };
    format!("{}  {what}", stamped.at)
}
