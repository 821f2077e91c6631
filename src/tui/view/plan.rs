//! The Plan: the page, and below it reason and ticket.

use ratatui::layout::Rect;

use super::{
    super::{
        action::Action,
        cells, layout,
        model::{
            Model,
            data::LinksState,
            plan::{Field, PlanEntry, PlanPage, PlanState},
        },
        theme::Meaning,
    },
    canvas::Canvas,
    rows::links_text,
};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(plan) = &model.plan else { return };
    let title = match &plan.state {
        PlanState::Planning => "Plan".to_owned(),
        PlanState::Failed(_) => "No plan".to_owned(),
        PlanState::Ready(_) if model.plan_is_outdated() => {
            let replan = model.keymap.hint(Action::Replan);
            format!(
                "Plan {} out of date: the ticks have changed, {replan} plans again",
                model.look.symbols.dot
            )
        }
        PlanState::Ready(view) if view.dry_run => {
            format!("Plan {} dry run: nothing will be written", model.look.symbols.dot)
        }
        PlanState::Ready(_) => {
            format!("Plan {} nothing is written before you confirm", model.look.symbols.dot)
        }
    };
    let inside = canvas.frame(area, &title, true);
    let foot = layout::PLAN_FOOT as u16;
    let page = Rect { height: inside.height.saturating_sub(foot), ..inside };
    match &plan.state {
        PlanState::Planning => {
            let frames = model.look.symbols.spinner;
            let text = format!(
                "{} Reading again what is ticked, and its links{}",
                frames[model.ticks % frames.len()],
                canvas.more()
            );
            canvas.text(page.x + 1, page.y, page.width.saturating_sub(2), &text, Meaning::Info);
        }
        PlanState::Failed(trouble) => {
            let mut y = page.y;
            for (text, meaning) in [
                (&trouble.message, Meaning::Bad),
                (&trouble.advice, Meaning::Text),
                (&"Press R to plan again, esc for Review.".to_owned(), Meaning::Muted),
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
                    draw_entry(plan, canvas, line, entry);
                },
            );
        }
    }
    terms(model, plan, canvas, Rect::new(inside.x, page.bottom(), inside.width, foot.min(inside.height)));
}

fn draw_entry(plan: &PlanPage, canvas: &mut Canvas<'_>, line: Rect, entry: PlanEntry) {
    let Some(view) = plan.view() else { return };
    let arrow = canvas.look.symbols.arrow;
    let (title, config_type, last, meaning) = match entry {
        PlanEntry::Item(at) => {
            let item = &view.plan.items()[at];
            let before = item.before.status_name().unwrap_or("active");
            let after = item.wanted.status.as_ref().map_or("inactive", |status| status.name.as_str());
            let state = format!("{before} {arrow} {after}");
            let (links, meaning) = plan.found(&item.config_id).map_or_else(
                || ("not read".to_owned(), Meaning::Muted),
                |found| links_text(&found.links, &LinksState::NotRead, 30),
            );
            let links =
                if meaning == Meaning::Good { "no links".to_owned() } else { format!("links: {links}") };
            // What it becomes is the same for all; where there is room it stands at each, too.
            let last = if line.width >= 110 { format!("{links}, {state}") } else { links };
            (item.title(), item.config_type.clone(), last, meaning)
        }
        PlanEntry::Left(client, at) => {
            let Some(found) = view.survey.clients.get(client).and_then(|client| client.found.get(at)) else {
                return;
            };
            let why = found.why.clone().unwrap_or_default();
            (found.configuration.title(), found.configuration.config_type.clone(), why, Meaning::Muted)
        }
    };
    let name = (line.width / 3).clamp(12, 40);
    let kind = if line.width >= 70 { 18 } else { 0 };
    let mut x = line.x + 4;
    canvas.text(x, line.y, name, &title, Meaning::Text);
    x += name + 1;
    if kind > 0 {
        canvas.text(x, line.y, kind, &config_type, Meaning::Muted);
        x += kind + 1;
    }
    canvas.text(x, line.y, line.right().saturating_sub(x), &last, meaning);
}

fn terms(model: &Model, plan: &PlanPage, canvas: &mut Canvas<'_>, area: Rect) {
    let wants_ticket = model.setting.require_ticket && plan.draft.ticket.is_none();
    let fields = [
        (Field::Reason, "Reason", &plan.reason, model.keymap.hint(Action::EditReason), false),
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
            let (text, meaning) = if missing {
                (format!("required by the settings: press {key}"), Meaning::Warn)
            } else {
                (format!("none (press {key} to write one)"), Meaning::Muted)
            };
            canvas.text(x, y, width, &text, meaning);
        }
    }
}
