//! The mouse: the wheel scrolls what is under it, a click chooses a row, a click on a box ticks it.

use ratatui::layout::{Position, Rect};

use super::{
    super::{
        effect::Effect,
        key::{Code, Key},
        layout::{self, Pane},
        message::{Mouse, MouseKind},
        model::{Model, Place, overlay::Overlay},
        scroll::Go,
        view,
    },
    act, history, listing, overlay, palette, picking, plan, report, review, run, ticking, viewing,
};
use crate::tui::action::Action;

const WHEEL: isize = 3;

pub fn take(model: &mut Model, mouse: Mouse) -> Vec<Effect> {
    if model.overlay.is_some() {
        return over(model, mouse);
    }
    let sideways = match mouse.kind {
        MouseKind::WheelLeft => Some(-1),
        MouseKind::WheelRight => Some(1),
        _ => None,
    };
    if let Some(by) = sideways {
        let in_table = model.place == Place::Review;
        return if in_table { viewing::move_columns(model, by) } else { Vec::new() };
    }
    let wheel = match mouse.kind {
        MouseKind::WheelUp => Some(-WHEEL),
        MouseKind::WheelDown => Some(WHEEL),
        _ => None,
    };
    let at = Position::new(mouse.column, mouse.row);
    if wheel.is_none() && mouse.row == 0 {
        return match view::banner::place_at(model, mouse.column) {
            Some(Place::Review) => act(model, Action::GoReview),
            Some(Place::Plan) => act(model, Action::GoPlan),
            Some(Place::Run) => act(model, Action::GoRun),
            Some(Place::Report) => act(model, Action::GoReport),
            Some(Place::History) => act(model, Action::GoHistory),
            None => Vec::new(),
        };
    }
    match (model.place, wheel) {
        (Place::Review, wheel) => in_review(model, at, wheel),
        (Place::Plan, Some(by)) => plan::travel(model, Go::By(by)),
        (Place::Report, Some(by)) => report::travel(model, Go::By(by)),
        (Place::Run, Some(by)) => {
            let height = run::list_height(model);
            if let Some(run) = &mut model.run {
                run.follow = false;
                let len = run.len();
                run.scroll.wheel(by, len, height);
            }
            Vec::new()
        }
        (Place::History, Some(by)) => history::travel(model, Go::By(by)),
        (Place::History, None) => {
            let body = layout::table(layout::frame(model.size.0, model.size.1).body);
            let line = usize::from(at.y.saturating_sub(body.y));
            if body.contains(at) && line < history::list_height(model) {
                model.history.scroll.cursor = model.history.scroll.offset + line;
                return history::travel(model, Go::By(0));
            }
            Vec::new()
        }
        (Place::Plan, None) => {
            let page = layout::inside(layout::frame(model.size.0, model.size.1).body);
            let line = usize::from(at.y.saturating_sub(page.y));
            if page.contains(at) && line < plan::page_height(model) {
                return picking::click(model, line, view::plan::is_box(page, at.x));
            }
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// On what covers the screen: the wheel scrolls it, a click in the palette chooses. Questions are for keys.
fn over(model: &mut Model, mouse: Mouse) -> Vec<Effect> {
    let forward = match mouse.kind {
        MouseKind::WheelDown => true,
        MouseKind::WheelUp => false,
        MouseKind::WheelLeft | MouseKind::WheelRight => return Vec::new(),
        MouseKind::Press => {
            let at = Position::new(mouse.column, mouse.row);
            if let Some(Overlay::Palette(mut open)) =
                model.overlay.take_if(|over| matches!(over, Overlay::Palette(_)))
            {
                let line = view::palette::line_at(model, &open, at);
                if let Some(line) = line {
                    open.cursor = line;
                    return palette::choose(model, open);
                }
                model.overlay = Some(Overlay::Palette(open));
            }
            return Vec::new();
        }
    };
    let action = match &model.overlay {
        Some(Overlay::Help { .. } | Overlay::Log(_) | Overlay::Recheck { .. } | Overlay::Story { .. }) => {
            if forward {
                Action::Down
            } else {
                Action::Up
            }
        }
        Some(Overlay::Palette(_)) => {
            if forward {
                Action::NextButton
            } else {
                Action::PrevButton
            }
        }
        _ => return Vec::new(),
    };
    let key = Key::plain(if forward { Code::Down } else { Code::Up });
    (0..WHEEL).flat_map(|_| overlay::press(model, key, Some(action))).collect()
}

fn in_review(model: &mut Model, at: Position, wheel: Option<isize>) -> Vec<Effect> {
    let panes = model.panes();
    let hit = |area: Option<Rect>| area.filter(|area| area.contains(at));
    if let Some(area) = hit(panes.clients) {
        let list = layout::inside(area);
        let height = usize::from(list.height).max(1);
        let before = model.review.clients.cursor;
        let len = model.review.shown_clients.len();
        if let Some(by) = wheel {
            model.review.clients.wheel(by, len, height);
        } else {
            model.review.focus = Pane::Clients;
            model.refit();
            let line = model.review.clients.offset + usize::from(at.y.saturating_sub(list.y));
            if !list.contains(at) || line >= len {
                return Vec::new();
            }
            model.review.clients.cursor = line;
        }
        let mut effects =
            if model.review.clients.cursor == before { Vec::new() } else { listing::enter_client(model) };
        if wheel.is_none() && view::review::is_box(list, at.x) {
            effects.extend(ticking::tick(model));
        }
        return effects;
    }
    if let Some(area) = hit(panes.rows) {
        let list = layout::table(area);
        let height = usize::from(list.height).max(1);
        let len = model.review.shown.len();
        if let Some(by) = wheel {
            model.review.rows.wheel(by, len, height);
            return Vec::new();
        }
        model.review.focus = Pane::Rows;
        if at.y + 1 == list.y {
            return sort_by_click(model, list, at.x);
        }
        let line = model.review.rows.offset + usize::from(at.y.saturating_sub(list.y));
        if !list.contains(at) || line >= len {
            return Vec::new();
        }
        model.review.rows.cursor = line;
        return if view::review::is_box(list, at.x) { ticking::tick(model) } else { Vec::new() };
    }
    if hit(panes.detail).is_some() {
        model.review.focus = Pane::Detail;
        if let Some(by) = wheel {
            return review::travel(model, Go::By(by));
        }
    }
    Vec::new()
}

/// A click on a header sorts by it; again turns the order round.
fn sort_by_click(model: &mut Model, list: Rect, x: u16) -> Vec<Effect> {
    match view::rows::column_at(model, list, x) {
        Some(column) => viewing::sort_by(model, column),
        None => Vec::new(),
    }
}
