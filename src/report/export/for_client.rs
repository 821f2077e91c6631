//! The page that a client reads. It knows nothing but the [`ClientView`].

use super::{
    client_view::{ClientView, Standing, What},
    page::{Block, Cell, Mark, Page, Section, Table},
};
use crate::domain::text::count;

const COLUMNS: &[&str] = &["Name", "Type", "Site", "What was done", "Now"];

pub fn page(view: &ClientView) -> Page {
    let name = view.client_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let of = name.map(|name| format!(" of {name}")).unwrap_or_default();
    let title = format!("{}: equipment and services{of}", headline(view));
    let mark = if view.standing == Standing::Done { Mark::Good } else { Mark::Attention };
    let meaning = if view.restores {
        "Active again means that it is in use in our records, as it was before."
    } else {
        "Retired means that it is no longer in use in our records. Nothing was done to the equipment itself."
    };
    Page {
        title,
        lead: (mark, format!("{} {}", view.standing.words(), sum(view))),
        facts: vec![
            ("As of", format!("{} UTC", view.timestamp.minutes())),
            ("Reference", view.reference.to_string()),
        ],
        sections: vec![Section::new("What was done", vec![Block::Text(meaning.to_owned()), table(view)])],
    }
}

/// No more than what is true at this point.
fn headline(view: &ClientView) -> &'static str {
    match (view.standing, view.restores) {
        (Standing::Trial | Standing::NotBegun, false) => "To be retired",
        (Standing::Trial | Standing::NotBegun, true) => "To be active again",
        (Standing::NothingDone, _) => "Not changed",
        (_, false) => "Retired",
        (_, true) => "Active again",
    }
}

/// `5 items: 3 retired, 1 left as it is, 1 not completed.`
fn sum(view: &ClientView) -> String {
    let totals = &view.totals;
    let parts: Vec<String> = [
        (totals.retired, "retired"),
        (totals.restored, "active again"),
        (totals.planned, "planned"),
        (totals.left_as_they_are, "left as they are"),
        (totals.not_completed, "not completed"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    let items = count(totals.items as usize, "item", "items");
    if parts.is_empty() { format!("{items}.") } else { format!("{items}: {}.", parts.join(", ")) }
}

fn table(view: &ClientView) -> Block {
    if view.items.is_empty() {
        return Block::Text("There was nothing in our records.".to_owned());
    }
    let rows = view
        .items
        .iter()
        .map(|item| {
            let mark = match item.what {
                What::Retired | What::RetiredBefore | What::Restored | What::RestoredBefore => Mark::Good,
                What::Planned | What::LeftAsItIs => Mark::Plain,
                What::NotCompleted => Mark::Attention,
            };
            vec![
                Cell::from(item.name.as_str()),
                Cell::from(item.kind.as_str()),
                Cell::from(item.site.as_deref().unwrap_or_default()),
                Cell::marked(item.what.words(), mark),
                Cell::from(if item.active { "active" } else { "not in use" }),
            ]
        })
        .collect();
    Block::Table(Table { caption: "Equipment and services".to_owned(), columns: COLUMNS, rows })
}
