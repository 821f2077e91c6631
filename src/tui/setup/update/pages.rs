//! What the keys do on each page.

use super::{
    super::{
        super::{
            key::{Code, Key},
            scroll::{Go, Scroll},
        },
        Leave,
        choices::{Choices, Line},
        form::{Form, Row},
        model::{Button, Effect, FilePage, Page, Setup, TestPage},
        view,
    },
    next_question, quit,
};

pub fn press(model: &mut Setup, key: Key) -> Vec<Effect> {
    match &mut model.page {
        Page::Welcome { .. } => welcome(model, key),
        Page::Vendor { .. } => vendor(model, key),
        Page::Form => form(model, key),
        Page::Criteria => criteria(model, key),
        Page::Test(_) | Page::File(_) | Page::Done { .. } => text_page(model, key),
    }
}

/// Up and down in a short list.
fn walk(cursor: &mut usize, len: usize, key: Key) -> bool {
    match key.code {
        Code::Up | Code::Char('k') => *cursor = cursor.saturating_sub(1),
        Code::Down | Code::Char('j') => *cursor = (*cursor + 1).min(len.saturating_sub(1)),
        Code::Tab if key.shift => *cursor = (*cursor + len - 1) % len,
        Code::Tab => *cursor = (*cursor + 1) % len,
        Code::Home => *cursor = 0,
        Code::End => *cursor = len.saturating_sub(1),
        _ => return false,
    }
    true
}

fn welcome(model: &mut Setup, key: Key) -> Vec<Effect> {
    let len = model.offers();
    let vendors = model.start.vendors.len();
    let Page::Welcome { cursor } = &mut model.page else { return Vec::new() };
    if walk(cursor, len, key) {
        return Vec::new();
    }
    match key.code {
        Code::Enter | Code::Char(' ') => match *cursor {
            0 => {
                model.page = Page::Vendor { cursor: 0 };
                Vec::new()
            }
            at if at <= vendors => {
                vec![Effect::Leave(Leave::Demo { psa: model.start.vendors[at - 1].key })]
            }
            _ => quit(model),
        },
        Code::Esc | Code::Char('q') => quit(model),
        _ => Vec::new(),
    }
}

fn vendor(model: &mut Setup, key: Key) -> Vec<Effect> {
    let len = model.start.vendors.len();
    let Page::Vendor { cursor } = &mut model.page else { return Vec::new() };
    if walk(cursor, len, key) {
        return Vec::new();
    }
    let cursor = *cursor;
    match key.code {
        Code::Enter | Code::Char(' ') => {
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
        Code::Esc | Code::Char('q') if !model.start.first => quit(model),
        Code::Char('q') => quit(model),
        Code::Esc => {
            model.page = Page::Welcome { cursor: 0 };
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn form(model: &mut Setup, key: Key) -> Vec<Effect> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let row = form.row();
    match key.code {
        Code::Esc => {
            let vendors = &model.start.vendors;
            let cursor = vendors.iter().position(|vendor| vendor.key == form.vendor.key).unwrap_or(0);
            model.page = Page::Vendor { cursor };
            return Vec::new();
        }
        Code::Up => form.step(-1),
        Code::Tab if key.shift => form.step(-1),
        Code::PageUp => form.focus = 0,
        Code::PageDown => form.focus_on(Row::Go),
        Code::Enter if row == Row::Go => return test(model, false),
        Code::Down | Code::Tab | Code::Enter => form.step(1),
        _ => match row {
            Row::Keeping(at) => match key.code {
                Code::Left => form.cycle(at, -1),
                Code::Right | Code::Char(' ') => form.cycle(at, 1),
                _ => {}
            },
            Row::Go if key.code == Code::Char(' ') => return test(model, false),
            _ => {
                if form.press(key) {
                    form.fault = None;
                }
            }
        },
    }
    Vec::new()
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

fn criteria(model: &mut Setup, key: Key) -> Vec<Effect> {
    let Some(choices) = &mut model.choices else { return Vec::new() };
    let len = choices.lines().len();
    if walk(&mut choices.cursor, len, key) {
        return Vec::new();
    }
    let page = view::page_height(model.size);
    match (key.code, choices.line()) {
        (Code::Esc, _) => model.page = Page::Form,
        (Code::PageUp, _) => choices.cursor = choices.cursor.saturating_sub(page),
        (Code::PageDown, _) => choices.cursor = (choices.cursor + page).min(len - 1),
        (Code::Enter | Code::Char(' '), Line::Go) => return preview(model),
        (Code::Enter | Code::Char(' '), _) => choices.toggle(1),
        (Code::Left, _) => choices.turn(-1),
        (Code::Right, _) => choices.turn(1),
        _ => {}
    }
    Vec::new()
}

/// Has the file made that the choices come to.
fn preview(model: &mut Setup) -> Vec<Effect> {
    let (Some(choices), Some(draft)) = (&model.choices, model.tested.clone()) else { return Vec::new() };
    if choices.criteria().is_empty() {
        model.note = Some(
            "Tick at least one criterion with Space: without one nothing counts as offboarded.".to_owned(),
        );
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
fn text_page(model: &mut Setup, key: Key) -> Vec<Effect> {
    let buttons = model.buttons();
    let done = matches!(model.page, Page::Done { .. });
    let (lines, height) = view::text_extent(model);
    let (chosen, scroll) = match &mut model.page {
        Page::Test(page) => (&mut page.chosen, &mut page.scroll),
        Page::File(page) => (&mut page.chosen, &mut page.scroll),
        Page::Done { chosen, scroll, .. } => (chosen, scroll),
        _ => return Vec::new(),
    };
    let last = buttons.len().saturating_sub(1);
    *chosen = (*chosen).min(last);
    let go = match key.code {
        Code::Up | Code::Char('k') => Some(Go::By(-1)),
        Code::Down | Code::Char('j') => Some(Go::By(1)),
        Code::PageUp => Some(Go::Page(-1)),
        Code::PageDown => Some(Go::Page(1)),
        Code::Home | Code::Char('g') => Some(Go::Top),
        Code::End | Code::Char('G') => Some(Go::Bottom),
        _ => None,
    };
    if let Some(go) = go {
        scroll.turn(go, lines, height);
        return Vec::new();
    }
    match key.code {
        Code::Left => *chosen = chosen.saturating_sub(1),
        Code::Right => *chosen = (*chosen + 1).min(last),
        Code::Tab if key.shift => *chosen = (*chosen + last) % (last + 1),
        Code::Tab => *chosen = (*chosen + 1) % (last + 1),
        Code::Enter => {
            let pressed = buttons.get(*chosen).copied();
            return pressed.map(|button| push(model, button)).unwrap_or_default();
        }
        Code::Esc => return back(model),
        Code::Char('q') if done => return quit(model),
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
