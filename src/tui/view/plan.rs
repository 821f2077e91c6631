//! The Plan: the page, and below it reason and ticket.

use ratatui::layout::Rect;

use super::{
    super::{
        action::Action,
        cells,
        layout::{self, LEAD},
        model::{
            Model,
            data::LinksState,
            plan::{Field, PlanEntry, PlanPage, PlanState, Purpose},
        },
        theme::Meaning,
    },
    canvas::Canvas,
    review::{is_box as is_box_of_row, lead},
    rows::links_text,
};
use crate::domain::PlanItem;

/// Whether a click there is on the box of an item.
pub fn is_box(page: Rect, x: u16) -> bool {
    is_box_of_row(page, x)
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(plan) = &model.plan else { return };
    let title = title(model, plan);
    let inside = canvas.frame(area, &title, true);
    let foot = layout::PLAN_FOOT as u16;
    let page = Rect { height: inside.height.saturating_sub(foot), ..inside };
    match &plan.state {
        PlanState::Planning => {
            let frames = model.look.symbols.spinner;
            let what = match plan.purpose {
                Purpose::Parked(_) => "Reading the plan that waits",
                Purpose::Undo { .. } => "Reading what the run changed, as it is now",
                Purpose::Ticked | Purpose::Retry(_) => "Reading again what is ticked, and its links",
            };
            let text = format!("{} {what}{}", frames[model.ticks % frames.len()], canvas.more());
            canvas.text(page.x + 1, page.y, page.width.saturating_sub(2), &text, Meaning::Info);
        }
        PlanState::Failed(trouble) => {
            let mut y = page.y;
            for (text, meaning) in [
                (&trouble.message, Meaning::Bad),
                (&trouble.advice, Meaning::Text),
                (&model.keymap.spell("Press <replan> to plan again, <back> for Review."), Meaning::Muted),
            ] {
                for line in cells::wrap(text, usize::from(page.width.saturating_sub(2))) {
                    if y < page.bottom() {
                        canvas.text(page.x + 1, y, page.width.saturating_sub(2), &line, meaning);
                    }
                    y += 1;
                }
            }
        }
        PlanState::Ready(_) => {
            canvas.page(
                page,
                &plan.page.lines,
                plan.scroll.offset,
                inside.bottom(),
                |canvas, line, entry| {
                    draw_entry(model, plan, canvas, line, entry);
                },
            );
        }
    }
    terms(model, plan, canvas, Rect::new(inside.x, page.bottom(), inside.width, foot.min(inside.height)));
}

fn title(model: &Model, plan: &PlanPage) -> String {
    let dot = model.look.symbols.dot;
    let view = match &plan.state {
        PlanState::Planning => return "Plan".to_owned(),
        PlanState::Failed(_) => return "No plan".to_owned(),
        PlanState::Ready(view) => view,
    };
    let ticked = format!("{} of {} ticked", plan.chosen_count(), view.plan.items().len());
    match &plan.purpose {
        _ if model.plan_is_outdated() => {
            let replan = model.keymap.hint(Action::Replan);
            format!("Plan {dot} out of date: the ticks have changed, {replan} plans again")
        }
        Purpose::Parked(_) => format!("Plan that waits for approval {dot} {ticked}"),
        Purpose::Undo { .. } if view.dry_run => format!("Undo {dot} {ticked} {dot} dry run"),
        Purpose::Undo { .. } => format!("Undo {dot} {ticked} {dot} nothing is written yet"),
        _ if view.dry_run => format!("Plan {dot} dry run: nothing will be written"),
        _ if view.needs_approval.is_some() => format!("Plan {dot} needs approval: nothing is written"),
        _ => format!("Plan {dot} nothing is written before you confirm"),
    }
}

fn draw_entry(model: &Model, plan: &PlanPage, canvas: &mut Canvas<'_>, line: Rect, entry: PlanEntry) {
    let Some(view) = plan.view() else { return };
    match entry {
        PlanEntry::Item(at) => {
            let item = &view.plan.items()[at];
            let (last, meaning) = if view.is_undo() {
                (way_back(item, line.width, canvas.look.symbols.arrow), Meaning::Text)
            } else {
                going(plan, item, line.width, canvas.look.symbols.arrow)
            };
            let picks = plan.purpose.is_picked_here();
            let here = picks && at == plan.cursor && model.overlay.is_none();
            if picks {
                let symbols = canvas.look.symbols;
                let (mark, meaning) = if plan.picked.contains(&item.config_id) {
                    (symbols.ticked, Meaning::Ticked)
                } else {
                    (symbols.unticked, Meaning::Text)
                };
                lead(canvas, line.x, line.y, here, mark, meaning);
            }
            // From which state to which is more than its type, where there is no room for both.
            let kind = Some(item.config_type.as_str()).filter(|_| !view.is_undo() || line.width >= 110);
            columns(canvas, line, &item.title(), kind, &last, meaning);
            if here {
                canvas.tint(line, Meaning::Cursor);
            }
        }
        PlanEntry::Left(client, at) => {
            let Some(found) = view.survey.clients.get(client).and_then(|client| client.found.get(at)) else {
                return;
            };
            let why = found.why.clone().unwrap_or_default();
            let row = &found.configuration;
            columns(canvas, line, &row.title(), Some(&row.config_type), &why, Meaning::Muted);
        }
    }
}

fn columns(
    canvas: &mut Canvas<'_>,
    line: Rect,
    title: &str,
    kind: Option<&str>,
    last: &str,
    meaning: Meaning,
) {
    let name = (line.width / 3).clamp(12, 40);
    let mut x = line.x + LEAD;
    canvas.text(x, line.y, name, title, Meaning::Text);
    x += name + 1;
    if let Some(kind) = kind.filter(|_| line.width >= 70) {
        canvas.text(x, line.y, 18, kind, Meaning::Muted);
        x += 19;
    }
    canvas.text(x, line.y, line.right().saturating_sub(x), last, meaning);
}

/// What still hangs on it; and what it becomes, where there is room.
fn going(plan: &PlanPage, item: &PlanItem, width: u16, arrow: &str) -> (String, Meaning) {
    let (links, meaning) = plan.found(&item.config_id).map_or_else(
        || ("not read".to_owned(), Meaning::Muted),
        |found| links_text(&found.links, &LinksState::NotRead, 30),
    );
    let links = if meaning == Meaning::Good { "no links".to_owned() } else { format!("links: {links}") };
    // What it becomes is the same for all; where there is room it stands at each, too.
    if width < 110 {
        return (links, meaning);
    }
    let before = item.before.status_name().unwrap_or("active");
    let after = item.wanted.status.as_ref().map_or("inactive", |status| status.name.as_str());
    (format!("{links}, {before} {arrow} {after}"), meaning)
}

/// From which state to which an undo takes it.
fn way_back(item: &PlanItem, width: u16, arrow: &str) -> String {
    let words = |active: bool, status: Option<&str>| {
        let mark = if active { "active" } else { "inactive" };
        status.map_or_else(|| mark.to_owned(), |status| format!("{mark}, {status}"))
    };
    let now = words(item.before.active, item.before.status_name());
    let then = words(item.wanted.active, item.wanted.status.as_ref().map(|status| status.name.as_str()));
    if width < 70 { format!("{arrow} {then}") } else { format!("{now} {arrow} {then}") }
}

fn terms(model: &Model, plan: &PlanPage, canvas: &mut Canvas<'_>, area: Rect) {
    let open = plan.purpose.has_open_terms();
    let has_ticket = plan.view().is_some_and(|view| view.ticket.is_some());
    let has_reason = plan.view().is_some_and(|view| view.reason.is_some());
    let wants_ticket = open && model.setting.require_ticket && !has_ticket;
    let wants_reason = open && model.setting.require_reason && !has_reason;
    let fields = [
        (Field::Reason, "Reason", &plan.reason, model.keymap.hint(Action::EditReason), wants_reason),
        (Field::Ticket, "Ticket", &plan.ticket, model.keymap.hint(Action::EditTicket), wants_ticket),
    ];
    for (row, (field, label, input, key, missing)) in fields.into_iter().enumerate() {
        let y = area.y + row as u16;
        if y >= area.bottom() {
            return;
        }
        let label = format!("{label}: ");
        let used = canvas.text(area.x + 1, y, area.width, label.trim_end(), Meaning::Title) + 2;
        let x = area.x + used;
        let width = area.right().saturating_sub(x + 1);
        let active = plan.typing == Some(field) && model.overlay.is_none();
        if active || !input.value().is_empty() {
            canvas.field(x, y, width, input, active);
        } else {
            let (text, meaning) = if !open {
                ("none".to_owned(), Meaning::Muted)
            } else if missing {
                (format!("required by the settings: press {key}"), Meaning::Warn)
            } else {
                (format!("none (press {key} to write one)"), Meaning::Muted)
            };
            canvas.text(x, y, width, &text, meaning);
        }
    }
}
