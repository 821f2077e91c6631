//! The box of the typed confirmation.

use super::{
    super::{
        super::{
            cells,
            desk::{Confirm, PlanView},
            layout,
            model::{
                Model,
                overlay::{Act, ConfirmBox, ConfirmFocus, Deed},
            },
            theme::Meaning,
        },
        canvas::Canvas,
    },
    draw_buttons,
};
use crate::domain::text::count;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, confirm: &ConfirmBox) {
    let Some(view) = model.plan.as_ref().and_then(|plan| plan.view()) else { return };
    let deed = &confirm.deed;
    let width = 72.min(model.size.0.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    let fits = confirm.wanted.accepts(confirm.input.value());
    // What must be typed, the field, the note and the buttons are in sight whatever the height.
    let mut wanted = cells::wrap(&wanted(model, &confirm.wanted), room);
    let fits_above = usize::from(model.size.1.saturating_sub(7)).max(1);
    wanted.truncate(fits_above);
    let left = fits_above - wanted.len();
    let mut asked = cells::wrap(&question(model, view, deed), room);
    if asked.len() > left {
        asked = cells::wrap(&question_in_short(view, deed), room);
        asked.truncate(left);
    }
    let asked = asked.into_iter().map(|line| (line, Meaning::Title));
    let lines: Vec<(String, Meaning)> =
        asked.chain(wanted.into_iter().map(|line| (line, Meaning::Text))).collect();
    let (text, meaning) = match (&confirm.note, confirm.focus) {
        (Some(note), _) => (note.clone(), Meaning::Warn),
        (None, ConfirmFocus::Go) => {
            (model.keymap.spell("Press <accept> once more to do it."), Meaning::Danger)
        }
        (None, ConfirmFocus::Text) if fits => {
            (model.keymap.spell("Right: press <accept> twice to do it."), Meaning::Good)
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
    let verb = match deed.act {
        Act::Approve(_) => "Approve",
        Act::Start if view.is_undo() => "Restore",
        Act::Start => "Deactivate",
    };
    let go = format!("{verb} {}", deed.items.len());
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

/// What would be done, to how much of whose, and where.
fn question(model: &Model, view: &PlanView, deed: &Deed) -> String {
    let nouns = &model.setting.nouns;
    let clients: Vec<_> = view.clients_of(&deed.items).into_iter().collect();
    let n = deed.items.len();
    // One client is called by its name, so that the wrong one is noticed here at the latest.
    let whose = match clients[..] {
        [id] if !view.client_name(id).is_empty() => view.client_name(id).to_owned(),
        _ => count(clients.len(), nouns.client, nouns.clients),
    };
    let what = format!("{} of {whose}", count(n, nouns.configuration, nouns.configurations));
    let place = format!("{} ({})", view.plan.head().tenant.name, nouns.product);
    match &deed.act {
        Act::Approve(_) => {
            let all = view.plan.items().len();
            let part = if n == all { String::new() } else { format!(" ({n} of the {all} that wait)") };
            let deed = if view.is_undo() {
                format!("restoring {what}{part}")
            } else {
                format!("setting {what}{part} inactive")
            };
            format!("Approve {deed} in {place}, as {} asked?", view.requested_by)
        }
        Act::Start if view.is_undo() => format!("Restore {what} in {place} to what they were?"),
        Act::Start => format!("Set {what} inactive in {place}?"),
    }
}

fn question_in_short(view: &PlanView, deed: &Deed) -> String {
    let (n, tenant) = (deed.items.len(), &view.plan.head().tenant.name);
    match (&deed.act, view.is_undo()) {
        (Act::Approve(_), true) => format!("Approve restoring {n} in {tenant}?"),
        (Act::Approve(_), false) => format!("Approve {n} in {tenant}?"),
        (Act::Start, true) => format!("Restore {n} in {tenant}?"),
        (Act::Start, false) => format!("Set {n} inactive in {tenant}?"),
    }
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
