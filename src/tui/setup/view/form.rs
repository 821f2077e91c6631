//! The form: labels at the left, what was typed at the right, and below what the focused row is about.

use ratatui::layout::{Position, Rect};

use super::{
    super::{
        super::{action::Action, cells, theme::Meaning, view::canvas::Canvas},
        form::{Form, Keeping, Row},
        model::Setup,
    },
    mark,
};

/// Stands where something must still be typed.
const NEEDED: &str = "(needed)";

pub fn draw(model: &Setup, canvas: &mut Canvas<'_>, body: Rect, form: &Form) {
    let rows = form.rows();
    let help = help(model, form);
    let (text, meaning) = match &form.fault {
        Some((row, what)) if *row == form.row() => {
            (format!("{} {what}", model.look.symbols.failed), Meaning::Bad)
        }
        _ => (help, Meaning::Text),
    };
    // In a low window the rows come first: of the help as much as is left.
    let most = body.height.saturating_sub(4).clamp(2, 6);
    let mut lines = cells::wrap(&text, usize::from(body.width));
    lines.truncate(usize::from(most));
    let below = lines.len() as u16 + 1;
    let list = Rect { height: body.height.saturating_sub(below), ..body };
    let height = usize::from(list.height).max(1);
    let offset = form.focus.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for (y, (at, row)) in rows.iter().enumerate().skip(offset).take(height).enumerate() {
        let area = Rect::new(list.x, list.y + y as u16, list.width, 1);
        draw_row(model, canvas, area, form, *row, at == form.focus);
    }
    if offset + height < rows.len() {
        let more = format!("{} more below", model.look.symbols.down);
        canvas.text(body.right().saturating_sub(14), list.bottom(), 14, &more, Meaning::Muted);
    }
    for (y, line) in lines.iter().enumerate() {
        canvas.text(body.x, list.bottom() + 1 + y as u16, body.width, line, meaning);
    }
}

fn draw_row(model: &Setup, canvas: &mut Canvas<'_>, area: Rect, form: &Form, row: Row, here: bool) {
    let sign = if here { model.look.symbols.cursor } else { " " };
    if row == Row::Go {
        canvas.text_raw(area.x, area.y, 2, sign, Meaning::Title);
        mark(canvas, area.x + 2, area.y, area.width.saturating_sub(2), "Test it", here);
        return;
    }
    let faulty = form.fault.as_ref().is_some_and(|(other, _)| *other == row);
    let sign = if faulty { model.look.symbols.failed } else { sign };
    canvas.text_raw(area.x, area.y, 2, sign, if faulty { Meaning::Bad } else { Meaning::Title });
    let wide = (area.width / 3).clamp(13, 22);
    let heading = if here { Meaning::Title } else { Meaning::Text };
    canvas.text(area.x + 2, area.y, wide - 3, &label(form, row), heading);
    let x = area.x + wide;
    let room = area.right().saturating_sub(x);
    match row {
        Row::Profile => canvas.field(x, area.y, room, &form.profile, here),
        Row::Text(at) => match form.texts.get(&at) {
            Some(input) if input.value().is_empty() && !here => {
                let word = if form.field(at).required { NEEDED } else { "(may be left empty)" };
                canvas.text(x, area.y, room, word, Meaning::Muted);
            }
            Some(input) => canvas.field(x, area.y, room, input, here),
            None => {}
        },
        Row::Secret(at) => {
            let Some(secret) = form.secrets.get(&at) else { return };
            match secret.keeping {
                Keeping::Command => canvas.field(x, area.y, room, &secret.command, here),
                Keeping::Env => canvas.field(x, area.y, room, &secret.variable, here),
                Keeping::File | Keeping::Keyring => {
                    let mask = secret.secret.mask(model.look.symbols.bullet);
                    let used = cells::width(&mask) as u16;
                    canvas.text_raw(x, area.y, room, &mask, Meaning::Text);
                    if mask.is_empty() && !here {
                        canvas.text(x, area.y, room, NEEDED, Meaning::Muted);
                    }
                    if here {
                        canvas.cursor = Some(Position::new((x + used).min(area.right() - 1), area.y));
                        canvas.tint(Rect::new(x, area.y, room, 1), Meaning::Field);
                    }
                }
            }
        }
        Row::Keeping(at) => {
            let Some(secret) = form.secrets.get(&at) else { return };
            let words = secret.keeping.words();
            let text = if here { format!("< {words} >") } else { words.to_owned() };
            canvas.text(x, area.y, room, &text, if here { Meaning::Cursor } else { Meaning::Text });
        }
        Row::Go => {}
    }
}

fn label(form: &Form, row: Row) -> String {
    match row {
        Row::Profile => "Profile".to_owned(),
        Row::Text(at) => spoken(form.field(at).key),
        Row::Secret(at) => match form.secrets.get(&at).map(|secret| secret.keeping) {
            Some(Keeping::Command) => format!("{}: command", spoken(form.field(at).key)),
            Some(Keeping::Env) => format!("{}: variable", spoken(form.field(at).key)),
            _ => spoken(form.field(at).key),
        },
        Row::Keeping(_) => "  kept in".to_owned(),
        Row::Go => String::new(),
    }
}

/// A key of the settings file as a person says it.
fn spoken(key: &str) -> String {
    match key {
        "base_url" => "Address".to_owned(),
        key => {
            let words = key.replace('_', " ");
            let mut rest = words.chars();
            rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
        }
    }
}

fn help(model: &Setup, form: &Form) -> String {
    let product = form.vendor.nouns.product;
    match form.row() {
        Row::Profile => {
            "A short name for this PSA in the settings file, for --profile: letters, digits, - and _."
                .to_owned()
        }
        Row::Text(at) => {
            let field = form.field(at);
            let optional = if field.required { "" } else { " May be left empty." };
            format!("{}: {}.{optional} Looks like {}", field.key, field.help, field.example)
        }
        Row::Secret(at) => {
            let field = form.field(at);
            let keeping = form.secrets.get(&at).map(|secret| secret.keeping).unwrap_or_default();
            match keeping {
                Keeping::File | Keeping::Keyring => {
                    format!(
                        "{}: {}. Type or paste it: it is not shown. Ctrl-U empties.",
                        field.key, field.help
                    )
                }
                Keeping::Command => format!("{}: {}. {}", field.key, field.help, Keeping::Command.help()),
                Keeping::Env => format!("{}: {}. {}", field.key, field.help, Keeping::Env.help()),
            }
        }
        Row::Keeping(at) => {
            let keeping = form.secrets.get(&at).map(|secret| secret.keeping).unwrap_or_default();
            format!("Left and right change where it is kept. {}", keeping.help())
        }
        Row::Go => format!(
            "Pressing {} asks {product}: does it answer, does it accept the sign-in, are the rights there? Nothing is changed and nothing is saved yet.",
            model.keymap.hint(Action::Accept)
        ),
    }
}
