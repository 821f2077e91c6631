//! Boxes that ask or tell something.

use ratatui::layout::Rect;

use super::{
    super::{
        cells,
        desk::{Confirm, PlanView},
        layout,
        model::{
            Model,
            overlay::{ConfirmBox, ConfirmFocus, HiddenChoice, Overlay, QuitChoice, SaveBox, SaveState},
            plan::extent,
        },
        theme::Meaning,
    },
    canvas::Canvas,
};
use crate::domain::text::count;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, body: Rect) {
    match &model.overlay {
        Some(Overlay::Confirm(confirm)) => draw_confirm(model, canvas, confirm),
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
        Some(Overlay::Save(save)) => draw_save(model, canvas, save),
        Some(Overlay::Trouble { title, trouble }) => ask(
            model,
            canvas,
            title,
            &[(&trouble.message, Meaning::Bad), (&trouble.advice, Meaning::Text)],
            &[("Close", true)],
        ),
        Some(Overlay::Log { lines, scroll, .. }) => {
            let inside = canvas.window(body, "Log");
            if lines.is_empty() {
                canvas.text(inside.x + 1, inside.y, inside.width, "Nothing was logged yet.", Meaning::Muted);
            }
            for (row, line) in lines.iter().skip(scroll.offset).take(usize::from(inside.height)).enumerate() {
                let y = inside.y + row as u16;
                let meaning = match line.level.to_lowercase().as_str() {
                    "error" => Meaning::Bad,
                    "warn" => Meaning::Warn,
                    _ => Meaning::Text,
                };
                canvas.text(inside.x + 1, y, 8, &line.at.clock_time(), Meaning::Muted);
                canvas.text(inside.x + 10, y, 5, &line.level, meaning);
                canvas.text(inside.x + 16, y, inside.width.saturating_sub(17), &line.text, meaning);
            }
            canvas.scrollbar(inside, inside.bottom(), lines.len(), scroll.offset);
        }
        Some(Overlay::Help { .. }) | None => {}
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

fn draw_confirm(model: &Model, canvas: &mut Canvas<'_>, confirm: &ConfirmBox) {
    let Some(view) = model.plan.as_ref().and_then(|plan| plan.view()) else { return };
    let width = 72.min(model.size.0.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    let fits = view.confirm.accepts(confirm.input.value());
    // What must be typed, the field, the note and the buttons are in sight whatever the height.
    let mut wanted = cells::wrap(&wanted(model, &view.confirm), room);
    let fits_above = usize::from(model.size.1.saturating_sub(7)).max(1);
    wanted.truncate(fits_above);
    let left = fits_above - wanted.len();
    let mut asked = cells::wrap(&question(model, view), room);
    if asked.len() > left {
        let n = view.plan.items().len();
        asked = cells::wrap(&format!("Set {n} inactive in {}?", view.plan.head().tenant.name), room);
        asked.truncate(left);
    }
    let asked = asked.into_iter().map(|line| (line, Meaning::Title));
    let lines: Vec<(String, Meaning)> =
        asked.chain(wanted.into_iter().map(|line| (line, Meaning::Text))).collect();
    let (text, meaning) = match (&confirm.note, confirm.focus) {
        (Some(note), _) => (note.clone(), Meaning::Warn),
        (None, ConfirmFocus::Go) => ("Press enter once more to start.".to_owned(), Meaning::Danger),
        (None, ConfirmFocus::Text) if fits => {
            ("Right: press enter twice to start.".to_owned(), Meaning::Good)
        }
        _ => (String::new(), Meaning::Text),
    };
    let high = lines.len() as u16 + 5;
    let area = layout::middle(model.size.0, model.size.1, width, high);
    let inside = canvas.window(area, "Confirm");
    for (row, (line, meaning)) in lines.iter().enumerate() {
        canvas.text(inside.x + 1, inside.y + row as u16, inside.width.saturating_sub(2), line, *meaning);
    }
    let y = inside.y + lines.len() as u16;
    let label = "Type here: ";
    canvas.text_raw(inside.x + 1, y, 20, label, Meaning::Title);
    let x = inside.x + 1 + cells::width(label) as u16;
    let active = confirm.focus != ConfirmFocus::Go;
    canvas.field(x, y, inside.right().saturating_sub(x + 1), &confirm.input, active);
    canvas.text(inside.x + 1, y + 1, inside.width.saturating_sub(2), &text, meaning);
    let go = format!("Deactivate {}", view.plan.items().len());
    let y = y + 2;
    draw_buttons(
        canvas,
        inside.x + 1,
        y,
        inside.width.saturating_sub(2),
        &[("Cancel", confirm.focus == ConfirmFocus::Cancel)],
        Meaning::Cursor,
    );
    let x = inside.x + 1 + 13;
    let here = confirm.focus == ConfirmFocus::Go;
    if fits || here {
        draw_buttons(canvas, x, y, inside.right().saturating_sub(x), &[(&go, here)], Meaning::Danger);
    } else {
        canvas.text(x, y, inside.right().saturating_sub(x), &format!(" {go} (type first)"), Meaning::Muted);
    }
}

fn question(model: &Model, view: &PlanView) -> String {
    let nouns = &model.setting.nouns;
    let clients = view.plan.clients();
    // One client is called by its name, so that the wrong one is noticed here at the latest.
    let named = clients.first().filter(|_| clients.len() == 1).and_then(|id| view.client(id));
    let what = match named {
        Some(client) if !client.name.trim().is_empty() => {
            let n = count(view.plan.items().len(), nouns.configuration, nouns.configurations);
            format!("{n} of {}", client.name)
        }
        _ => extent(view, &model.setting),
    };
    format!("Set {what} inactive in {} ({})?", view.plan.head().tenant.name, nouns.product)
}

fn wanted(model: &Model, confirm: &Confirm) -> String {
    match confirm {
        Confirm::Client { id, name } if name.trim().is_empty() => format!("To confirm, type the id: {id}"),
        Confirm::Client { id, name } => {
            format!("To confirm, type the {}'s id or name: {id} or {name}", model.setting.nouns.client)
        }
        Confirm::Count(count) => {
            format!("To confirm, type the number of {}: {count}", model.setting.nouns.configurations)
        }
        Confirm::CountAndProfile { count, profile } => format!(
            "This is more than the limit of {} changes. To confirm, type the number and the profile: {count} {profile}",
            model.setting.max_changes
        ),
    }
}

fn draw_save(model: &Model, canvas: &mut Canvas<'_>, save: &SaveBox) {
    if let SaveState::Exists { path, overwrite } = &save.state {
        let text = format!("There is a file already: {}", path.display());
        ask(
            model,
            canvas,
            "Overwrite it?",
            &[(&text, Meaning::Warn)],
            &[("Keep it", !overwrite), ("Overwrite", *overwrite)],
        );
        return;
    }
    let width = 76.min(model.size.0.saturating_sub(2));
    let mut lines: Vec<(String, Meaning)> = Vec::new();
    let room = usize::from(width.saturating_sub(4));
    match &save.state {
        SaveState::Saving => lines.push(("Saving".to_owned(), Meaning::Info)),
        SaveState::Failed(trouble) => {
            lines.extend(cells::wrap(&trouble.message, room).into_iter().map(|line| (line, Meaning::Bad)));
            lines.extend(cells::wrap(&trouble.advice, room).into_iter().map(|line| (line, Meaning::Text)));
        }
        _ => lines.push(("Where to? enter saves, esc leaves it.".to_owned(), Meaning::Muted)),
    }
    lines.truncate(usize::from(model.size.1.saturating_sub(4)).max(1));
    let area = layout::middle(model.size.0, model.size.1, width, lines.len() as u16 + 3);
    let inside = canvas.window(area, "Save the report as JSON");
    canvas.field(
        inside.x + 1,
        inside.y,
        inside.width.saturating_sub(2),
        &save.input,
        save.state != SaveState::Saving,
    );
    for (row, (line, meaning)) in lines.iter().enumerate() {
        canvas.text(inside.x + 1, inside.y + 1 + row as u16, inside.width.saturating_sub(2), line, *meaning);
    }
}
