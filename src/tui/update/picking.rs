//! Ticking on the page of a plan: what of a parked run is approved, what of a run is undone.
//!
//! The page is read like a text, and its items are ticked like a list: the cursor goes from item to item, and where
//! no item is in sight the text scrolls. A key never ticks what is not in sight.

use super::{
    super::{
        effect::Effect,
        model::{Model, plan::PlanPage},
        scroll::Go,
        theme::Meaning,
    },
    plan::page_height,
};
use crate::domain::{ConfigId, text::count};

fn is_in_sight(plan: &PlanPage, line: usize, height: usize) -> bool {
    (plan.scroll.offset..plan.scroll.offset + height).contains(&line)
}

/// The item under the cursor, if it can be seen.
pub fn under_cursor(plan: &PlanPage, height: usize) -> Option<usize> {
    let line = plan.line_of(plan.cursor)?;
    is_in_sight(plan, line, height).then_some(plan.cursor)
}

pub fn travel(plan: &mut PlanPage, go: Go, height: usize) {
    if let Go::By(by) = go {
        for _ in 0..by.unsigned_abs() {
            step(plan, by.signum(), height);
        }
        return;
    }
    let before = plan.scroll.offset;
    plan.scroll.turn(go, plan.page.lines.len(), height);
    let stuck = plan.scroll.offset == before;
    let to_the_last = go == Go::Bottom || (stuck && matches!(go, Go::Page(pages) if pages > 0));
    let window = plan.scroll.offset..plan.scroll.offset + height;
    let mut seen = window.filter_map(|line| plan.item_on(line));
    let item = if to_the_last { seen.next_back() } else { seen.next() };
    plan.cursor = item.unwrap_or(plan.cursor);
}

/// To the next item this way, if it can be seen; else the page moves by a line.
fn step(plan: &mut PlanPage, way: isize, height: usize) {
    let window = plan.scroll.offset..plan.scroll.offset + height;
    if let Some(here) = plan.line_of(plan.cursor).filter(|here| window.contains(here)) {
        let next = if way > 0 {
            (here + 1..window.end).find_map(|line| plan.item_on(line))
        } else {
            (window.start..here).rev().find_map(|line| plan.item_on(line))
        };
        if let Some(next) = next {
            plan.cursor = next;
            return;
        }
    }
    plan.scroll.turn(Go::By(way), plan.page.lines.len(), height);
    let shown = if way > 0 { plan.scroll.offset + height - 1 } else { plan.scroll.offset };
    if let Some(item) = plan.item_on(shown) {
        plan.cursor = item;
    }
}

/// Space: this item, and on to the next one.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    let height = page_height(model);
    let Some(plan) = open_for_ticks(model) else { return Vec::new() };
    let Some(item) = under_cursor(plan, height) else {
        model
            .tell(Meaning::Info, "No item is in sight: move down to one, or tick all of it with <pick-all>.");
        return Vec::new();
    };
    let Some(id) = plan.view().map(|view| view.plan.items()[item].config_id.clone()) else {
        return Vec::new();
    };
    if !plan.picked.remove(&id) {
        plan.picked.insert(id);
    }
    travel(plan, Go::By(1), height);
    Vec::new()
}

/// `a`: everything in the plan; again nothing.
pub fn tick_all(model: &mut Model) -> Vec<Effect> {
    let Some(plan) = open_for_ticks(model) else { return Vec::new() };
    let Some(view) = plan.view() else { return Vec::new() };
    let all: Vec<ConfigId> = view.plan.items().iter().map(|item| item.config_id.clone()).collect();
    let n = all.len();
    let text = if plan.picked.len() == n {
        plan.picked.clear();
        "Nothing is ticked now.".to_owned()
    } else {
        plan.picked.extend(all);
        let rows = &model.setting.nouns;
        format!("Ticked all of it: {}.", count(n, rows.configuration, rows.configurations))
    };
    model.say(Meaning::Info, text);
    Vec::new()
}

/// A click on an item, or on its box.
pub fn click(model: &mut Model, line: usize, on_box: bool) -> Vec<Effect> {
    let Some(plan) = model.plan.as_mut().filter(|plan| plan.purpose.is_picked_here()) else {
        return Vec::new();
    };
    let Some(item) = plan.item_on(plan.scroll.offset + line) else { return Vec::new() };
    plan.cursor = item;
    if on_box { tick(model) } else { Vec::new() }
}

/// The plan, if something may be ticked in it; else it is said why not.
fn open_for_ticks(model: &mut Model) -> Option<&mut PlanPage> {
    let plan = model.plan.as_ref()?;
    let why = if plan.purpose.is_picked_here() {
        plan.spent
    } else {
        Some("What is planned here was ticked in Review: change it there.")
    };
    if let Some(why) = why {
        model.say(Meaning::Info, why);
        return None;
    }
    model.plan.as_mut().filter(|plan| plan.view().is_some())
}
