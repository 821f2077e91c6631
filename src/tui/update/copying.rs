//! Copying: the id, the row, the table or the record's address, and which way it went.

use super::{
    super::{
        action::Action,
        columns::Column,
        effect::Effect,
        layout::Pane,
        model::{
            Model,
            overlay::{CopyWhat, Overlay},
        },
        theme::Meaning,
    },
    overlay::step,
};
use crate::{
    domain::text::{count, one_line},
    report::csv,
};

/// What terminals take through OSC 52, which is written in groups of four characters for three.
const MOST: usize = 74_000 / 4 * 3;

/// No cell of a table is longer.
const CELL: usize = 500;

/// `y` in Review: asks what.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    let rows = review.focus != Pane::Clients && review.cursor_row().is_some();
    let url = if rows {
        review.cursor_entry().is_some_and(|entry| entry.row.configuration.record_url.is_some())
    } else {
        review.cursor_client().is_some_and(|client| client.offboarded.client.record_url.is_some())
    };
    if review.cursor_client().is_none() {
        model.say(Meaning::Info, "There is nothing to copy yet.");
        return Vec::new();
    }
    let mut offers = vec![CopyWhat::Row, CopyWhat::Id, CopyWhat::Table];
    if url {
        offers.push(CopyWhat::Link);
    }
    model.overlay = Some(Overlay::Copy { offers, choice: CopyWhat::default() });
    Vec::new()
}

pub fn press(
    model: &mut Model,
    offers: Vec<CopyWhat>,
    choice: CopyWhat,
    action: Option<Action>,
) -> Vec<Effect> {
    let what = match action {
        Some(Action::Dismiss) => return Vec::new(),
        Some(Action::Accept) => choice,
        Some(Action::CopyRow) => CopyWhat::Row,
        Some(Action::CopyId) => CopyWhat::Id,
        Some(Action::CopyTable) => CopyWhat::Table,
        Some(Action::CopyLink) if offers.contains(&CopyWhat::Link) => CopyWhat::Link,
        _ => {
            let choice = step(&offers, choice, action);
            model.overlay = Some(Overlay::Copy { offers, choice });
            return Vec::new();
        }
    };
    let (name, text) = if model.review.focus == Pane::Clients || model.review.cursor_row().is_none() {
        of_clients(model, what)
    } else {
        of_rows(model, what)
    };
    copy(model, &name, text)
}

/// Copies a text, and says which way.
pub fn copy(model: &mut Model, what: &str, text: String) -> Vec<Effect> {
    let way = match model.clipboard {
        Some(program) => format!("with {program}"),
        None if text.len() > MOST => {
            model.say(
                Meaning::Warn,
                format!(
                    "{what} is too long for a terminal to copy ({} characters): filter it first.",
                    text.len()
                ),
            );
            return Vec::new();
        }
        None => "through the terminal (OSC 52), if it allows that".to_owned(),
    };
    model.say(Meaning::Info, format!("Copied {what} {way}."));
    vec![Effect::Copy(text)]
}

/// The desktop's program did not take it: the terminal is asked, now and from now on.
pub fn otherwise(model: &mut Model, why: &str, text: String) -> Vec<Effect> {
    let program = model.clipboard.take().unwrap_or("the program");
    let effects = copy(model, "it", text);
    if let Some(note) = &mut model.note {
        note.meaning = Meaning::Warn;
        note.text = format!("{program} did not take it ({why}). {}", note.text);
    }
    effects
}

fn of_rows(model: &Model, what: CopyWhat) -> (String, String) {
    let review = &model.review;
    let Some(at) = review.cursor_row() else { return (String::new(), String::new()) };
    let entry = review.data.entry(at);
    let row = &entry.row.configuration;
    match what {
        CopyWhat::Id => (format!("the id {}", row.id), one_line(row.id.as_str(), CELL)),
        CopyWhat::Link => ("the link".to_owned(), link(row.url().as_deref())),
        CopyWhat::Row => ("the row".to_owned(), line(&cells(model, &table_columns(model), at))),
        CopyWhat::Table => {
            let columns = table_columns(model);
            let mut table = line(&titles(model, &columns));
            for at in &review.shown {
                table.push('\n');
                table.push_str(&line(&cells(model, &columns, *at)));
            }
            (format!("the table ({})", count(review.shown.len(), "row", "rows")), table)
        }
    }
}

/// Id and name, then the columns in the order in which they are shown.
fn table_columns(model: &Model) -> Vec<Column> {
    let listed = model.review.columns.listed(&model.review.data.labels, model.table_room());
    let others = listed.into_iter().map(|(column, _)| column).filter(|column| *column != Column::Id);
    [Column::Id, Column::Name].into_iter().chain(others).collect()
}

fn titles(model: &Model, columns: &[Column]) -> Vec<String> {
    let mut titles: Vec<String> = columns.iter().map(|column| column.title().to_owned()).collect();
    titles.extend([
        super::super::model::capital(model.setting.nouns.client),
        "Ticked".to_owned(),
        "Link".to_owned(),
    ]);
    titles
}

fn cells(model: &Model, columns: &[Column], at: u32) -> Vec<String> {
    let review = &model.review;
    let entry = review.data.entry(at);
    let links = review.data.links_of(at);
    let mut cells: Vec<String> =
        columns.iter().map(|column| column.text(entry, links).into_owned()).collect();
    cells.extend([
        review.data.clients[entry.client].title(),
        if review.is_ticked(at) { "yes" } else { "no" }.to_owned(),
        entry.row.configuration.url().unwrap_or_default(),
    ]);
    cells
}

fn of_clients(model: &Model, what: CopyWhat) -> (String, String) {
    let review = &model.review;
    let Some(client) = review.cursor_client() else { return (String::new(), String::new()) };
    let fields = |client: &super::super::model::data::ClientEntry| {
        vec![
            client.id().to_string(),
            client.title(),
            client.rows.len().to_string(),
            client.ticked.to_string(),
            client.offboarded.because(),
            client.offboarded.client.record_url.clone().unwrap_or_default(),
        ]
    };
    match what {
        CopyWhat::Id => (format!("the id {}", client.id()), one_line(client.id().as_str(), CELL)),
        CopyWhat::Link => ("the link".to_owned(), link(client.offboarded.client.record_url.as_deref())),
        CopyWhat::Row => ("the row".to_owned(), line(&fields(client))),
        CopyWhat::Table => {
            let rows = model.rows_title();
            let heading =
                ["Id", "Name", &rows, "Ticked", "Counts as offboarded", "Link"].map(ToOwned::to_owned);
            let mut table = line(&heading);
            for at in &review.shown_clients {
                table.push('\n');
                table.push_str(&line(&fields(&review.data.clients[*at])));
            }
            (format!("the table ({})", count(review.shown_clients.len(), "row", "rows")), table)
        }
    }
}

fn link(url: Option<&str>) -> String {
    one_line(url.unwrap_or(""), 2000)
}

/// Cells of one row with tabs between them, none of which a spreadsheet takes for a formula.
pub fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let safe: Vec<String> = cells.iter().map(|cell| csv::tamed(&one_line(cell.as_ref(), CELL))).collect();
    safe.join("\t")
}
