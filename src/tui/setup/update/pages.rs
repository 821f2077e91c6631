//! What the keys do on each page.

use super::{
    super::{
        super::{
            action::{Action, Layer},
            key::{Code, Key},
            line_input,
            scroll::{Go, Scroll},
        },
        Leave,
        choices::{Choices, Line},
        form::{Form, Row},
        model::{Button, Effect, FilePage, Page, Setup, TestPage},
        view,
    },
    leave, next_question, quit,
};

pub fn press(model: &mut Setup, key: Key, action: Option<Action>) -> Vec<Effect> {
    if matches!(model.page, Page::Form) {
        return form(model, key, action);
    }
    let Some(action) = action else { return Vec::new() };
    match &model.page {
        Page::Welcome { .. } => welcome(model, action),
        Page::Vendor { .. } => vendor(model, action),
        Page::Criteria => criteria(model, action),
        Page::Test(_) | Page::File(_) | Page::Done { .. } => text_page(model, action),
        Page::Form => Vec::new(),
    }
}

/// Up and down in a short list.
fn walk(cursor: &mut usize, len: usize, action: Action) -> bool {
    match action {
        Action::Up => *cursor = cursor.saturating_sub(1),
        Action::Down => *cursor = (*cursor + 1).min(len.saturating_sub(1)),
        Action::SetupPrev => *cursor = (*cursor + len - 1) % len,
        Action::SetupNext => *cursor = (*cursor + 1) % len,
        Action::Top => *cursor = 0,
        Action::Bottom => *cursor = len.saturating_sub(1),
        _ => return false,
    }
    true
}

fn welcome(model: &mut Setup, action: Action) -> Vec<Effect> {
    let len = model.offers();
    let vendors = model.start.vendors.len();
    let Page::Welcome { cursor } = &mut model.page else { return Vec::new() };
    if walk(cursor, len, action) {
        return Vec::new();
    }
    match action {
        Action::Accept | Action::SetupTick => match *cursor {
            0 => {
                model.page = Page::Vendor { cursor: 0 };
                Vec::new()
            }
            at if at <= vendors => {
                vec![Effect::Leave(Leave::Demo { psa: model.start.vendors[at - 1].key })]
            }
            _ => quit(model),
        },
        Action::Back => quit(model),
        _ => Vec::new(),
    }
}

fn vendor(model: &mut Setup, action: Action) -> Vec<Effect> {
    let len = model.start.vendors.len();
    let Page::Vendor { cursor } = &mut model.page else { return Vec::new() };
    if walk(cursor, len, action) {
        return Vec::new();
    }
    let cursor = *cursor;
    match action {
        Action::Accept | Action::SetupTick => {
            let vendor = &model.start.vendors[cursor];
            // Whoever comes back to the same PSA finds what was typed.
            if model.form.as_ref().is_none_or(|form| form.vendor.key != vendor.key) {
                model.form = Some(Form::new(vendor.clone(), &model.start));
                model.choices = None;
                model.tested = None;
            }
            model.page = Page::Form;
            Vec::new()
        }
        Action::Back if !model.start.first => leave(model, false),
        Action::Back => {
            model.page = Page::Welcome { cursor: 0 };
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// What edits the row that has the focus comes first: letters, and the arrows to the sides.
fn form(model: &mut Setup, key: Key, action: Option<Action>) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let row = form.row();
    if let Row::Keeping(at) = row {
        match key.code {
            Code::Left => form.cycle(at, -1),
            Code::Right | Code::Char(' ') => form.cycle(at, 1),
            _ => walk_form(model, action),
        }
        return Vec::new();
    }
    if row == Row::Go && (action == Some(Action::Accept) || key.typed() == Some(' ')) {
        return test(model, false);
    }
    if line_input::is_horizontal(key) || action.is_none() {
        if form.press(key) {
            form.fault = None;
        } else if !key.edits() {
            let action = model.keymap.action(Layer::Setup.scopes(), key);
            walk_form(model, action.filter(|action| matches!(action, Action::PageUp | Action::PageDown)));
        }
        return Vec::new();
    }
    walk_form(model, action);
    Vec::new()
}

/// From row to row, and back to the page before.
fn walk_form(model: &mut Setup, action: Option<Action>) {
    let Some(form) = &mut model.form else { return };
    match action {
        Some(Action::Dismiss) => {
            let vendors = &model.start.vendors;
            let cursor = vendors.iter().position(|vendor| vendor.key == form.vendor.key).unwrap_or(0);
            model.page = Page::Vendor { cursor };
        }
        Some(Action::PrevButton) => form.step(-1),
        Some(Action::NextButton | Action::Accept) => form.step(1),
        Some(Action::PageUp) => form.focus = 0,
        Some(Action::PageDown) => form.focus_on(Row::Go),
        _ => {}
    }
}

/// Asks the PSA about what was typed.
pub fn test(model: &mut Setup, again: bool) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    match form.draft() {
        Ok(draft) => {
            form.fault = None;
            model.page = Page::Test(TestPage {
                draft: draft.clone(),
                answer: None,
                counting: false,
                chosen: 0,
                scroll: Scroll::default(),
            });
            vec![Effect::Test { generation: next_question(model), draft, again }]
        }
        Err((row, what)) => {
            form.focus_on(row);
            form.fault = Some((row, what));
            Vec::new()
        }
    }
}

fn criteria(model: &mut Setup, action: Action) -> Vec<Effect> {
    let Some(choices) = &mut model.choices else { return Vec::new() };
    let len = choices.lines().len();
    if walk(&mut choices.cursor, len, action) {
        return Vec::new();
    }
    let page = view::page_height(model.size);
    match (action, choices.line()) {
        (Action::Back, _) => model.page = Page::Form,
        (Action::PageUp, _) => choices.cursor = choices.cursor.saturating_sub(page),
        (Action::PageDown, _) => choices.cursor = (choices.cursor + page).min(len - 1),
        (Action::Accept | Action::SetupTick, Line::Go) => return preview(model),
        (Action::Accept | Action::SetupTick, _) => choices.toggle(1),
        (Action::SetupLeft, _) => choices.turn(-1),
        (Action::SetupRight, _) => choices.turn(1),
        _ => {}
    }
    Vec::new()
}

/// Has the file made that the choices come to.
fn preview(model: &mut Setup) -> Vec<Effect> {
    let (Some(choices), Some(draft)) = (&model.choices, model.tested.clone()) else { return Vec::new() };
    if choices.criteria().is_empty() {
        model.note = Some(model.keymap.spell(
            "Tick at least one criterion with <setup-tick>: without one nothing counts as offboarded.",
        ));
        return Vec::new();
    }
    let choice = choices.choice();
    model.page = Page::File(FilePage {
        draft: draft.clone(),
        choice: choice.clone(),
        answer: None,
        saving: false,
        chosen: 0,
        scroll: Scroll::default(),
    });
    vec![Effect::Preview { generation: next_question(model), draft, choice }]
}

/// A page of text with buttons under it.
fn text_page(model: &mut Setup, action: Action) -> Vec<Effect> {
    let buttons = model.buttons();
    let (lines, height) = view::text_extent(model);
    let (chosen, scroll) = match &mut model.page {
        Page::Test(page) => (&mut page.chosen, &mut page.scroll),
        Page::File(page) => (&mut page.chosen, &mut page.scroll),
        Page::Done { chosen, scroll, .. } => (chosen, scroll),
        _ => return Vec::new(),
    };
    let last = buttons.len().saturating_sub(1);
    *chosen = (*chosen).min(last);
    match action {
        Action::Up => scroll.turn(Go::By(-1), lines, height),
        Action::Down => scroll.turn(Go::By(1), lines, height),
        Action::PageUp => scroll.turn(Go::Page(-1), lines, height),
        Action::PageDown => scroll.turn(Go::Page(1), lines, height),
        Action::Top => scroll.turn(Go::Top, lines, height),
        Action::Bottom => scroll.turn(Go::Bottom, lines, height),
        Action::SetupLeft => *chosen = chosen.saturating_sub(1),
        Action::SetupRight => *chosen = (*chosen + 1).min(last),
        Action::SetupPrev => *chosen = (*chosen + last) % (last + 1),
        Action::SetupNext => *chosen = (*chosen + 1) % (last + 1),
        Action::Accept => {
            let pressed = buttons.get(*chosen).copied();
            return pressed.map(|button| push(model, button)).unwrap_or_default();
        }
        Action::Back => return back(model),
        _ => {}
    }
    Vec::new()
}

fn push(model: &mut Setup, button: Button) -> Vec<Effect> {
    match button {
        Button::GoOn => go_on(model),
        Button::Correct | Button::Back => back(model),
        Button::TestAgain => test(model, false),
        Button::SignInAgain => test(model, true),
        Button::Write => write(model),
        Button::Review => match &model.tested {
            Some(draft) => vec![Effect::Leave(Leave::Review { profile: draft.profile.clone() })],
            None => quit(model),
        },
        Button::Leave => quit(model),
    }
}

/// What was tested works: on to the criteria, which need all clients.
fn go_on(model: &mut Setup) -> Vec<Effect> {
    let Page::Test(page) = &mut model.page else { return Vec::new() };
    page.counting = true;
    page.chosen = 0;
    let draft = page.draft.clone();
    vec![Effect::Census { generation: next_question(model), draft }]
}

fn write(model: &mut Setup) -> Vec<Effect> {
    let Page::File(page) = &mut model.page else { return Vec::new() };
    let Some(Ok(preview)) = &page.answer else { return Vec::new() };
    page.saving = true;
    vec![Effect::Save { draft: page.draft.clone(), choice: page.choice.clone(), preview: preview.clone() }]
}

/// To the page before; from a failed test to the field that is wrong.
fn back(model: &mut Setup) -> Vec<Effect> {
    match &model.page {
        Page::Test(page) => {
            let wrong = match &page.answer {
                Some(Ok(tested)) => tested
                    .checks
                    .iter()
                    .find(|check| check.verdict == super::super::desk::Verdict::Failed)
                    .and_then(|check| {
                        Some((check.at?, check.advice.clone().unwrap_or_else(|| check.text.clone())))
                    }),
                Some(Err(refusal)) => refusal
                    .at
                    .map(|at| (at, format!("{} {}", refusal.trouble.message, refusal.trouble.advice))),
                None => None,
            };
            to_form(model, wrong);
            // An answer that is still on its way is not wanted any more.
            next_question(model);
            vec![Effect::Drop]
        }
        Page::File(page) if page.saving => Vec::new(),
        Page::File(page) => {
            let refused = match &page.answer {
                Some(Err(refusal)) => refusal
                    .at
                    .map(|at| (at, format!("{} {}", refusal.trouble.message, refusal.trouble.advice))),
                _ => None,
            };
            match refused {
                Some(wrong) => to_form(model, Some(wrong)),
                None => model.page = Page::Criteria,
            }
            next_question(model);
            vec![Effect::Drop]
        }
        Page::Done { .. } => quit(model),
        _ => Vec::new(),
    }
}

fn to_form(model: &mut Setup, wrong: Option<(super::super::desk::At, String)>) {
    model.page = Page::Form;
    if let (Some(form), Some((at, what))) = (&mut model.form, wrong) {
        let row = form.row_at(at);
        form.focus_on(row);
        form.fault = Some((row, what));
    }
}

/// Clients were counted: the choices are made anew, with what was chosen before.
pub fn choose(model: &mut Setup, choices: Choices) {
    model.choices = Some(match &model.choices {
        Some(before) => choices.remembering(before),
        None => choices,
    });
    model.page = Page::Criteria;
}
