//! Boxes that ask or tell something.

mod columns;
mod confirm;
mod copy;
mod hold;
mod log;
mod resume;
mod save;

use ratatui::layout::Rect;

pub use self::columns::height as columns_height;
use super::{
    super::{
        cells, layout,
        model::{
            Model,
            overlay::{HiddenChoice, Overlay, QuitChoice, RejectChoice, ReleaseChoice},
        },
        theme::Meaning,
    },
    canvas::Canvas,
    recheck, story,
};
use crate::domain::text::count;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, body: Rect) {
    match &model.overlay {
        Some(Overlay::Confirm(confirm)) => confirm::draw(model, canvas, confirm),
        Some(Overlay::Resume(open)) => resume::draw(model, canvas, open),
        Some(Overlay::Reject { run, choice }) => {
            let text = format!("Run {run} would end here, for good: nothing of it is written, now or later.");
            ask(
                model,
                canvas,
                "Reject this run?",
                &[(&text, Meaning::Text)],
                &[
                    ("Let it wait", *choice == RejectChoice::LetItWait),
                    ("Reject it", *choice == RejectChoice::Reject),
                ],
            );
        }
        Some(Overlay::Columns(open)) => columns::draw(model, canvas, open),
        Some(Overlay::Copy { offers, choice }) => copy::draw(model, canvas, offers, *choice),
        Some(Overlay::Log(log)) => log::draw(canvas, body, log),
        Some(Overlay::Hold(open)) => hold::draw(model, canvas, open),
        Some(Overlay::Release { title, hold, choice, .. }) => {
            let text = format!("{title} is {hold}.");
            ask(
                model,
                canvas,
                "Take the hold away?",
                &[(&text, Meaning::Text), ("Without it, it can be ticked and deactivated.", Meaning::Muted)],
                &[
                    ("Keep it held", *choice == ReleaseChoice::KeepHeld),
                    ("Take it away", *choice == ReleaseChoice::Release),
                ],
            );
        }
        Some(Overlay::Recheck { result, scroll }) => recheck::draw(model, canvas, body, result, *scroll),
        Some(Overlay::Story { run, lines, scroll }) => {
            story::draw(model, canvas, body, (run, lines), *scroll);
        }
        Some(Overlay::Hidden { ids, choice }) => {
            let n = count(ids.len(), "ticked row is", "ticked rows are");
            let text = format!(
                "{n} hidden by the filter. What about {}?",
                if ids.len() == 1 { "it" } else { "them" }
            );
            let buttons: Vec<(&str, bool)> = HiddenChoice::ALL
                .into_iter()
                .map(|which| {
                    let label = match which {
                        HiddenChoice::Show => "Show them",
                        HiddenChoice::Untick => "Untick them",
                        HiddenChoice::Include => "Include them",
                    };
                    (label, which == *choice)
                })
                .collect();
            ask(model, canvas, "Hidden but ticked", &[(&text, Meaning::Text)], &buttons);
        }
        Some(Overlay::Quit { choice }) => ask(
            model,
            canvas,
            "A run is going on",
            &[(
                "Quitting cancels it: nothing new is started, what was sent is waited for, the report is saved.",
                Meaning::Text,
            )],
            &[
                ("Stay", *choice == QuitChoice::Stay),
                ("Cancel the run and quit", *choice == QuitChoice::CancelAndLeave),
            ],
        ),
        Some(Overlay::Save(save)) => save::draw(model, canvas, save),
        Some(Overlay::Trouble { title, trouble }) => ask(
            model,
            canvas,
            title,
            &[(&trouble.message, Meaning::Bad), (&trouble.advice, Meaning::Text)],
            &[("Close", true)],
        ),
        Some(Overlay::Help { .. } | Overlay::Palette(_)) | None => {}
    }
}

/// A question, or something to be read, with buttons below.
fn ask(
    model: &Model,
    canvas: &mut Canvas<'_>,
    title: &str,
    texts: &[(&str, Meaning)],
    buttons: &[(&str, bool)],
) {
    let width = 70.min(model.size.0.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    let mut lines: Vec<(String, Meaning)> = Vec::new();
    for (text, meaning) in texts {
        lines.extend(cells::wrap(text, room).into_iter().map(|line| (line, *meaning)));
    }
    let beside: usize = buttons.iter().map(|(label, _)| cells::width(label) + 7).sum();
    let rows = if beside > room + 1 { buttons.len() as u16 } else { 1 };
    let fits = usize::from(model.size.1.saturating_sub(3 + rows)).max(1);
    lines.truncate(fits);
    let area = layout::middle(model.size.0, model.size.1, width, lines.len() as u16 + 3 + rows);
    let inside = canvas.window(area, title);
    for (row, (line, meaning)) in lines.iter().enumerate() {
        canvas.text(inside.x + 1, inside.y + row as u16, inside.width.saturating_sub(2), line, *meaning);
    }
    let y = inside.bottom().saturating_sub(rows);
    if rows == 1 {
        draw_buttons(canvas, inside.x + 1, y, inside.width.saturating_sub(2), buttons, Meaning::Cursor);
        return;
    }
    for (row, button) in buttons.iter().enumerate() {
        let button = std::slice::from_ref(button);
        draw_buttons(
            canvas,
            inside.x + 1,
            y + row as u16,
            inside.width.saturating_sub(2),
            button,
            Meaning::Cursor,
        );
    }
}

/// Buttons with the chosen one marked in two ways.
fn draw_buttons(
    canvas: &mut Canvas<'_>,
    x: u16,
    y: u16,
    width: u16,
    buttons: &[(&str, bool)],
    chosen: Meaning,
) {
    let mut at = x;
    for (label, here) in buttons {
        let text = if *here { format!("[> {label} <]") } else { format!("[  {label}  ]") };
        let meaning = if *here { chosen } else { Meaning::Text };
        let room = (x + width).saturating_sub(at);
        let shown = cells::cut(&text, usize::from(room), canvas.more()).into_owned();
        canvas.text_raw(at, y, room, &shown, meaning);
        at += cells::width(&text) as u16 + 1;
    }
}
