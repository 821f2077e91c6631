//! How Review is looked at: sorting, columns, and keeping all that for the next time.

use std::sync::Arc;

use tui_input::Input;

use super::{
    super::{
        action::Action,
        columns::{Chosen, Column, Columns},
        desk::{KeptColumn, View},
        effect::Effect,
        filter::Query,
        model::{
            Model,
            overlay::{ColumnLine, ColumnsBox, Overlay},
            review::Sort,
        },
        scroll::Scroll,
        theme::Meaning,
    },
    direction, listing,
};

/// Cells by which a key makes a column wider or narrower.
const STEP: u16 = 2;

const NARROWEST: u16 = 4;
const WIDEST: u16 = 80;

/// Sorts by the next column (`by` 1) or the one before it; one that is out of sight is moved into it.
pub fn sort_on(model: &mut Model, by: isize) -> Vec<Effect> {
    let mut all = vec![Column::Name];
    all.extend(listed(model).into_iter().map(|(column, _)| column));
    let len = all.len() as isize;
    let now = all.iter().position(|column| *column == model.review.sort.column).map_or(0, |at| at as isize);
    let next = (now + by).rem_euclid(len) as usize;
    sort_by(model, all.swap_remove(next))
}

/// Sorts by this column; if that is so already, turns the order round.
pub fn sort_by(model: &mut Model, column: Column) -> Vec<Effect> {
    let mut effects = if model.review.sort.column == column {
        listing::turn_order(model)
    } else {
        model.review.sort.column = column;
        bring_into_sight(model);
        listing::relist_rows(model)
    };
    effects.extend(remember(model));
    effects
}

pub fn turn_order(model: &mut Model) -> Vec<Effect> {
    let mut effects = listing::turn_order(model);
    effects.extend(remember(model));
    effects
}

fn listed(model: &Model) -> Vec<(Column, u16)> {
    model.review.columns.listed(&model.review.data.labels, model.table_room())
}

fn bring_into_sight(model: &mut Model) {
    let wanted = model.review.sort.column.clone();
    let Some(at) = listed(model).iter().position(|(column, _)| *column == wanted) else { return };
    model.review.columns.first = model.review.columns.first.min(at);
    let room = model.table_room();
    while model.review.columns.first < at
        && !model.review.table(room).slots.iter().any(|slot| slot.column == wanted)
    {
        model.review.columns.first += 1;
    }
}

/// Moves through the columns; the name stays where it is.
pub fn move_columns(model: &mut Model, by: isize) -> Vec<Effect> {
    let table = model.review.table(model.table_room());
    let columns = &mut model.review.columns;
    if by < 0 {
        columns.first = table.left.saturating_sub(1);
    } else if table.right > 0 {
        columns.first = table.left + 1;
    } else {
        model.say(Meaning::Info, "There are no more columns on the right: C chooses which are shown.");
    }
    Vec::new()
}

/// `C`: the columns of the table, those that are shown first.
pub fn open_columns(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    let room = model.table_room();
    let mut lines = vec![ColumnLine { column: Column::Name, shown: true, width: review.columns.name }];
    if let Some(chosen) = &review.columns.chosen {
        let shown = chosen.iter();
        lines.extend(shown.map(|one| ColumnLine {
            column: one.column.clone(),
            shown: true,
            width: one.width,
        }));
    } else {
        // What the width has put there.
        let table = Columns::default().lay_out(&review.data.labels, room);
        let shown = table.slots.into_iter().skip(1);
        lines.extend(shown.map(|slot| ColumnLine { column: slot.column, shown: true, width: None }));
    }
    for column in Column::offered(&review.data.labels) {
        if !lines.iter().any(|line| line.column == column) {
            lines.push(ColumnLine { column, shown: false, width: None });
        }
    }
    let before = review.columns.clone();
    model.overlay = Some(Overlay::Columns(ColumnsBox { lines, scroll: Scroll::default(), before }));
    Vec::new()
}

pub fn columns_press(model: &mut Model, mut open: ColumnsBox, action: Option<Action>) -> Vec<Effect> {
    let at = open.scroll.cursor;
    let (len, height) = (open.lines.len(), super::super::view::columns_height(model));
    match action {
        Some(Action::Dismiss) => {
            model.review.columns = open.before;
            return Vec::new();
        }
        Some(Action::Accept) => return remember(model),
        Some(Action::ColumnsReset) => {
            model.review.columns = Columns::default();
            model.say(Meaning::Info, "The width of the window chooses the columns again.");
            return remember(model);
        }
        Some(Action::ToggleColumn) if at == 0 => {
            model.say(Meaning::Info, "The name is always shown: everything else belongs to it.");
        }
        Some(Action::ToggleColumn) => {
            open.lines[at].shown = !open.lines[at].shown;
            open.scroll.go(super::super::scroll::Go::By(1), len, height);
        }
        // The name stays in front.
        Some(Action::ColumnUp) if at > 1 => {
            open.lines.swap(at, at - 1);
            open.scroll.go(super::super::scroll::Go::By(-1), len, height);
        }
        Some(Action::ColumnDown) if at > 0 && at + 1 < len => {
            open.lines.swap(at, at + 1);
            open.scroll.go(super::super::scroll::Go::By(1), len, height);
        }
        Some(action @ (Action::ColumnWider | Action::ColumnNarrower)) => {
            let wide = drawn_width(model, &open.lines[at]);
            let wide = if action == Action::ColumnWider { wide + STEP } else { wide.saturating_sub(STEP) };
            open.lines[at].width = Some(wide.clamp(NARROWEST, WIDEST));
        }
        Some(action) => {
            if let Some(go) = direction(action) {
                open.scroll.go(go, len, height);
            }
        }
        None => {}
    }
    let changed = !matches!(action, Some(action) if direction(action).is_some()) && action.is_some();
    if changed {
        let shown = open.lines.iter().skip(1).filter(|line| line.shown);
        let chosen = shown.map(|line| Chosen { column: line.column.clone(), width: line.width }).collect();
        model.review.columns = Columns { chosen: Some(chosen), name: open.lines[0].width, first: 0 };
    }
    model.overlay = Some(Overlay::Columns(open));
    Vec::new()
}

/// How wide a column is now: what was chosen, or what it has in the table.
fn drawn_width(model: &Model, line: &ColumnLine) -> u16 {
    let listed = listed(model);
    let in_table = || {
        if line.column == Column::Name {
            return model.review.table(model.table_room()).slots.first().map(|slot| slot.width);
        }
        listed.iter().find(|(column, _)| *column == line.column).map(|(_, width)| *width)
    };
    line.width.or_else(in_table).unwrap_or(12)
}

/// Keeps how Review is looked at, if that has changed. What is ticked is never kept.
pub fn remember(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    let chosen = review.columns.chosen.as_ref();
    let view = View {
        client_filter: review.client_filter.query.text().to_owned(),
        filter: review.row_filter.query.text().to_owned(),
        sort: review.sort.column.key().into_owned(),
        reverse: review.sort.reverse,
        columns: chosen.map(|chosen| {
            chosen
                .iter()
                .map(|one| KeptColumn { key: one.column.key().into_owned(), width: one.width })
                .collect()
        }),
        name_width: review.columns.name,
    };
    if model.setting.view.as_ref() == Some(&view) {
        return Vec::new();
    }
    model.setting.view = Some(view.clone());
    let serial = model.next_serial();
    vec![Effect::Remember { serial, view }]
}

/// Looks at Review as it was looked at the last time. What is not known any more is left out.
pub fn restore(model: &mut Model) {
    let Some(view) = model.setting.view.clone() else { return };
    let review = &mut model.review;
    let width = |width: Option<u16>| width.map(|width| width.clamp(NARROWEST, WIDEST));
    review.sort = Sort { column: Column::of_key(&view.sort).unwrap_or_default(), reverse: view.reverse };
    review.columns = Columns {
        chosen: view.columns.map(|columns| {
            let known = columns.iter().filter_map(|one| {
                let column = Column::of_key(&one.key).filter(|column| *column != Column::Name)?;
                Some(Chosen { column, width: width(one.width) })
            });
            let mut chosen: Vec<Chosen> = Vec::new();
            for one in known {
                if !chosen.iter().any(|there| there.column == one.column) {
                    chosen.push(one);
                }
            }
            chosen
        }),
        name: width(view.name_width),
        first: 0,
    };
    review.client_filter.input = Input::new(view.client_filter.clone());
    review.client_filter.query = Arc::new(Query::of_clients(&view.client_filter));
    review.row_filter.input = Input::new(view.filter.clone());
    review.row_filter.query = Arc::new(review.row_query(&view.filter, model.now));
    let filters: Vec<&str> = [view.client_filter.as_str(), view.filter.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    if !filters.is_empty() && model.note.is_none() {
        let back = model.keymap.way(Action::Back);
        model.say(
            Meaning::Info,
            format!("Filtered as the last time: {}. {back} shows all.", filters.join(", ")),
        );
    }
}

/// Understands the filter anew, now that more of the vendor's fields are known.
pub fn understand_again(model: &mut Model) {
    let now = model.now;
    let review = &mut model.review;
    if review.row_filter.query.complaint.is_some() {
        review.row_filter.query = Arc::new(review.row_query(review.row_filter.input.value(), now));
    }
}
