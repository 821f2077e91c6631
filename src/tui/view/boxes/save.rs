//! The box that asks where a report shall go, and in which form.

use super::{
    super::{
        super::{
            cells,
            keymap::Keymap,
            layout,
            model::{
                Model,
                saving::{Choices, SaveBox, SaveField, SaveState},
            },
            theme::Meaning,
        },
        canvas::Canvas,
    },
    ask,
};
use crate::report::export::{Audience, Form};

/// Room for the names of the fields.
const LABEL: u16 = 10;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, save: &SaveBox) {
    if let SaveState::Exists { path, overwrite } = &save.state {
        let text = format!("There is a file already: {}", path.display());
        let buttons = [("Keep it", !overwrite), ("Overwrite", *overwrite)];
        ask(model, canvas, "Overwrite it?", &[(&text, Meaning::Warn)], &buttons);
        return;
    }
    let width = 76.min(model.size.0.saturating_sub(2));
    let room = usize::from(width.saturating_sub(4));
    let mut lines = said(&model.keymap, save, room);
    let fields = save.fields();
    let fits = usize::from(model.size.1.saturating_sub(2 + fields.len() as u16)).max(1);
    lines.truncate(fits);
    let area =
        layout::middle(model.size.0, model.size.1, width, lines.len() as u16 + fields.len() as u16 + 2);
    let title = if save.choices.is_some() { "Export the report" } else { "Save the report as JSON" };
    let inside = canvas.window(area, title);
    let mut y = inside.y;
    for field in fields {
        draw_field(canvas, save, *field, (inside.x + 1, y, inside.width.saturating_sub(2)));
        y += 1;
    }
    for (line, meaning) in &lines {
        canvas.text(inside.x + 1, y, inside.width.saturating_sub(2), line, *meaning);
        y += 1;
    }
}

fn draw_field(canvas: &mut Canvas<'_>, save: &SaveBox, field: SaveField, (x, y, width): (u16, u16, u16)) {
    let here = save.field == field && save.state != SaveState::Saving;
    let Some(choices) = &save.choices else {
        canvas.field(x, y, width, &save.input, here);
        return;
    };
    let label = match field {
        SaveField::Form => "Form",
        SaveField::Audience => "For",
        SaveField::Client => "Client",
        SaveField::Path => "Path",
    };
    canvas.text(x, y, LABEL, label, if here { Meaning::Title } else { Meaning::Muted });
    let (x, width) = (x + LABEL.min(width), width.saturating_sub(LABEL));
    if field == SaveField::Path {
        canvas.field(x, y, width, &save.input, here);
        return;
    }
    let meaning = if here { Meaning::Cursor } else { Meaning::Text };
    let text = format!("< {} >", chosen(choices, field));
    canvas.text(x, y, width, &text, meaning);
}

fn chosen(choices: &Choices, field: SaveField) -> String {
    match field {
        SaveField::Form => match choices.form {
            Form::Json => "JSON, for programs".to_owned(),
            Form::Csv => "CSV, for spreadsheets".to_owned(),
            Form::Markdown => "Markdown, for tickets".to_owned(),
            Form::Html => "HTML, to read, print".to_owned(),
        },
        SaveField::Audience => match choices.audience {
            Audience::Internal => "internal: everything".to_owned(),
            Audience::Client => "the client: its own part".to_owned(),
        },
        SaveField::Client => choices.client_words(),
        SaveField::Path => String::new(),
    }
}

/// What is below the fields.
fn said(keymap: &Keymap, save: &SaveBox, room: usize) -> Vec<(String, Meaning)> {
    let wrapped = |text: &str, meaning| cells::wrap(text, room).into_iter().map(move |line| (line, meaning));
    match &save.state {
        SaveState::Saving => vec![("Saving".to_owned(), Meaning::Info)],
        SaveState::Failed(trouble) => {
            wrapped(&trouble.message, Meaning::Bad).chain(wrapped(&trouble.advice, Meaning::Text)).collect()
        }
        _ if !save.names.is_empty() => {
            const SHOWN: usize = 30;
            let more = if save.names.len() > SHOWN {
                format!(" and {} more", save.names.len() - SHOWN)
            } else {
                String::new()
            };
            let names = save.names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
            wrapped(&format!("{names}{more}"), Meaning::Muted).take(5).collect()
        }
        _ if save.field == SaveField::Path => {
            let text = keymap.spell("<accept> saves, <next-button> completes, <dismiss> leaves it.");
            vec![(text, Meaning::Muted)]
        }
        _ => {
            let text =
                keymap.spell("left and right choose, up and down move, <accept> saves, <dismiss> leaves it.");
            wrapped(&text, Meaning::Muted).collect()
        }
    }
}
