//! Pages of lines to choose from.

use ratatui::layout::Rect;

use super::{
    super::{
        super::{cells, theme::Meaning, view::canvas::Canvas},
        choices::{Choices, Line, Named},
        desk::Vendor,
        model::Setup,
    },
    mark,
};
use crate::domain::{criteria::Matching, text::one_line};

/// Paragraphs from the top; returns what is left below.
fn paragraphs(canvas: &mut Canvas<'_>, body: Rect, texts: &[(&str, Meaning)], keep: u16) -> Rect {
    let mut y = body.y;
    let last = body.bottom().saturating_sub(keep);
    for (text, meaning) in texts {
        for line in cells::wrap(text, usize::from(body.width)) {
            if y < last {
                canvas.text(body.x, y, body.width, &line, *meaning);
                y += 1;
            }
        }
    }
    // A gap where there is room for one.
    let gap = u16::from(y < last);
    Rect::new(body.x, y + gap, body.width, body.bottom().saturating_sub(y + gap))
}

fn entries(model: &Setup, canvas: &mut Canvas<'_>, area: Rect, entries: &[String], cursor: usize) {
    let height = usize::from(area.height).max(1);
    let offset = cursor.saturating_sub(height / 2).min(entries.len().saturating_sub(height));
    for (y, (at, text)) in entries.iter().enumerate().skip(offset).take(height).enumerate() {
        let (sign, meaning) =
            if at == cursor { (model.look.symbols.cursor, Meaning::Cursor) } else { (" ", Meaning::Text) };
        canvas.text_raw(area.x, area.y + y as u16, 2, sign, Meaning::Title);
        canvas.text(area.x + 2, area.y + y as u16, area.width.saturating_sub(2), text, meaning);
    }
}

pub fn welcome(model: &Setup, canvas: &mut Canvas<'_>, body: Rect, cursor: usize) {
    let path = model.start.path.display().to_string();
    let none = format!("There are no settings yet ({}).", one_line(&path, 300));
    let offers = model.offers() as u16;
    let list = paragraphs(
        canvas,
        body,
        &[
            (
                "mothball retires what offboarded clients left in your PSA. Nothing is changed before you have ticked it and confirmed.",
                Meaning::Text,
            ),
            (&none, Meaning::Muted),
        ],
        offers.min(body.height),
    );
    let mut texts = vec!["Set up my PSA (a few minutes; nothing is changed in it)".to_owned()];
    texts.extend(
        model
            .start
            .vendors
            .iter()
            .map(|vendor| format!("Try the demo: a simulated {}", vendor.nouns.product)),
    );
    texts.push("Quit".to_owned());
    entries(model, canvas, list, &texts, cursor);
}

pub fn vendors(model: &Setup, canvas: &mut Canvas<'_>, body: Rect, cursor: usize) {
    let path = one_line(&model.start.path.display().to_string(), 300);
    let what = if model.start.exists {
        format!("A profile is added to {path}; what stands there already stays as it is.")
    } else {
        format!("At the end {path} is written. Until then nothing is saved.")
    };
    let list = paragraphs(
        canvas,
        body,
        &[("Which PSA do you work with?", Meaning::Title), (&what, Meaning::Muted)],
        (model.start.vendors.len() as u16).min(body.height),
    );
    let texts: Vec<String> =
        model.start.vendors.iter().map(|vendor| vendor.nouns.product.to_owned()).collect();
    entries(model, canvas, list, &texts, cursor);
}

/// What is drawn for a line of the criteria, and how high it is.
enum Drawn {
    Heading(String),
    Line(Line),
}

pub fn criteria(model: &Setup, canvas: &mut Canvas<'_>, body: Rect, choices: &Choices, vendor: &Vendor) {
    let nouns = vendor.nouns;
    let mut drawn = Vec::new();
    for line in choices.lines() {
        match line {
            Line::Status(0) => drawn.push(Drawn::Heading(capital(vendor.statuses))),
            Line::Tag(0) => drawn.push(Drawn::Heading(capital(vendor.tags))),
            Line::Inactive => drawn.push(Drawn::Heading("Marks of the PSA".to_owned())),
            Line::ContractEnded => drawn.push(Drawn::Heading(format!("{}s", nouns.agreement))),
            Line::Matching => drawn.push(Drawn::Heading("Together".to_owned())),
            _ => {}
        }
        drawn.push(Drawn::Line(line));
    }
    let total = choices.clients();
    let (sum, meaning) = if choices.criteria().is_empty() {
        let text = format!(
            "Tick what makes a {} count as offboarded: {total} {} were read.",
            nouns.client, nouns.clients
        );
        (text, Meaning::Title)
    } else if choices.matched * 2 > total {
        // Most likely a status of those who are still there was ticked.
        let sign = model.look.symbols.warning;
        let text = format!(
            "{sign} {} of {total} {} count as offboarded: more than half.",
            choices.matched, nouns.clients
        );
        (text, Meaning::Warn)
    } else {
        (format!("{} of {total} {} count as offboarded.", choices.matched, nouns.clients), Meaning::Title)
    };
    canvas.text(body.x, body.y, body.width, &sum, meaning);
    let below = foot(choices, vendor, body);
    let list = Rect::new(body.x, body.y + 1, body.width, body.height.saturating_sub(1 + below.len() as u16));
    let here = choices.line();
    let at = drawn.iter().position(|drawn| matches!(drawn, Drawn::Line(line) if *line == here)).unwrap_or(0);
    let height = usize::from(list.height).max(1);
    let offset = at.saturating_sub(height / 2).min(drawn.len().saturating_sub(height));
    for (y, entry) in drawn.iter().skip(offset).take(height).enumerate() {
        let area = Rect::new(list.x, list.y + y as u16, list.width, 1);
        match entry {
            Drawn::Heading(text) => {
                canvas.text(area.x, area.y, area.width, text, Meaning::Muted);
            }
            Drawn::Line(line) => draw_line(model, canvas, area, choices, line, *line == here, vendor),
        }
    }
    for (y, (text, meaning)) in below.iter().enumerate() {
        canvas.text(body.x, list.bottom() + y as u16, body.width, text, *meaning);
    }
}

/// Examples of what is matched, and what never is.
fn foot(choices: &Choices, vendor: &Vendor, body: Rect) -> Vec<(String, Meaning)> {
    let most = match body.height {
        0..8 => 0,
        8..14 => 2,
        _ => 4,
    };
    let mut lines = Vec::new();
    if !choices.examples.is_empty() {
        let more = if choices.matched > choices.examples.len() { ", and others" } else { "" };
        let names: Vec<String> = choices.examples.iter().map(|name| one_line(name, 30)).collect();
        let text = format!("Among them: {}{more}", names.join(", "));
        lines.extend(cells::wrap(&text, usize::from(body.width)).into_iter().take(2));
    }
    for (name, why) in choices.own().take(2) {
        lines.push(format!("Never offered: {}, {why}", one_line(name, 30)));
    }
    if let Some(why) = choices.no_contracts() {
        lines.push(format!(
            "Not to choose from: the end of the last {}: {why}",
            vendor.nouns.agreement.to_lowercase()
        ));
    }
    lines.truncate(most);
    lines.into_iter().map(|text| (text, Meaning::Muted)).collect()
}

fn draw_line(
    model: &Setup,
    canvas: &mut Canvas<'_>,
    area: Rect,
    choices: &Choices,
    line: &Line,
    here: bool,
    vendor: &Vendor,
) {
    let symbols = model.look.symbols;
    let sign = if here { symbols.cursor } else { " " };
    canvas.text_raw(area.x, area.y, 2, sign, Meaning::Title);
    let turn = |text: &str| if here { format!("< {text} >") } else { text.to_owned() };
    let agreement = vendor.nouns.agreement.to_lowercase();
    let (ticked, text, count) = match line {
        Line::Go => {
            mark(canvas, area.x + 2, area.y, area.width.saturating_sub(2), "Show the file", here);
            return;
        }
        Line::Inactive => (
            Some(choices.inactive.0),
            format!("{} marked inactive", vendor.nouns.client),
            Some(choices.inactive.1),
        ),
        Line::Status(at) => of(&choices.statuses[*at]),
        Line::Tag(at) => of(&choices.tags[*at]),
        Line::ContractEnded => {
            let (chosen, count) = choices.contract.unwrap_or_default();
            let days = turn(&choices.days.to_string());
            (Some(chosen), format!("last {agreement} ended {days} days ago or more, none runs"), Some(count))
        }
        Line::Matching => {
            let words = match choices.matching {
                Matching::Any => "one of the ticked is enough",
                Matching::All => "all of the ticked must match",
            };
            (None, turn(words), None)
        }
        Line::StatusToSet => {
            let word = choices.status_word().map_or_else(|| "none".to_owned(), |name| one_line(name, 40));
            (None, format!("status set with the inactive mark: {}", turn(&word)), None)
        }
    };
    let x = area.x + 2;
    let box_wide = if let Some(ticked) = ticked {
        let sign = if ticked { symbols.ticked } else { symbols.unticked };
        canvas.text_raw(x, area.y, 4, sign, if ticked { Meaning::Ticked } else { Meaning::Text });
        4
    } else {
        0
    };
    let shown = count.map(|count| format!("{count:>6}")).unwrap_or_default();
    let wide = shown.len() as u16;
    let room = area.width.saturating_sub(2 + box_wide + wide + 1);
    let meaning = if here {
        Meaning::Cursor
    } else if count == Some(0) && ticked != Some(true) {
        Meaning::Muted
    } else {
        Meaning::Text
    };
    // The number stands near the name, also in a wide window.
    let column = room.min(60);
    canvas.text(x + box_wide, area.y, column, &text, meaning);
    canvas.text_raw(x + box_wide + column, area.y, wide, &shown, Meaning::Text);
}

fn of(named: &Named) -> (Option<bool>, String, Option<usize>) {
    (Some(named.chosen), format!("\"{}\"", one_line(&named.name, 80)), Some(named.count))
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
