//! `mothball runs show`: what happened in one run, line by line.

use super::super::print;
use crate::{
    domain::{Event, Stamped, text::visible},
    store::StoredRun,
};

pub fn show(run: &StoredRun) {
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
    lines.extend(run.events.iter().map(line));
    for text in lines {
        print::out(&format!("{}\n", visible(&text)));
    }
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
