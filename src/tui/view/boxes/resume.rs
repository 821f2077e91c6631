//! The box that offers interrupted runs.

use super::{
    super::{
        super::{
            desk::PastRun,
            model::{Model, overlay::ResumeBox},
            theme::Meaning,
        },
        canvas::Canvas,
    },
    ask,
};
use crate::domain::text::count;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, open: &ResumeBox) {
    let far = |past: &PastRun| {
        format!(
            "{} UTC, {} of {} done",
            past.started_at.minutes(),
            past.changed + past.skipped + past.errors,
            past.items
        )
    };
    let one = open.runs.first().filter(|_| open.runs.len() == 1 && open.more == 0);
    let mut text = match one {
        Some(past) => format!("{}, asked for by {}. ", far(past), past.requested_by),
        None => String::new(),
    };
    if open.more > 0 {
        text.push_str(&count(open.more, "more is", "more are"));
        text.push_str(&model.keymap.spell(" in History (<go-history>). "));
    }
    text.push_str("What was sent is read first, then the rest of what was approved goes on.");
    let labels: Vec<String> = open
        .runs
        .iter()
        .map(|past| if one.is_some() { "Resume it".to_owned() } else { format!("Resume {}", far(past)) })
        .collect();
    let mut buttons = vec![("Later", open.choice == 0)];
    buttons.extend(labels.iter().enumerate().map(|(at, label)| (label.as_str(), open.choice == at + 1)));
    let title = if one.is_some() { "A run was interrupted" } else { "Runs were interrupted" };
    ask(model, canvas, title, &[(&text, Meaning::Text)], &buttons);
}
