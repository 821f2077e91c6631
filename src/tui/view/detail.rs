//! The detail: everything that is known of the client or configuration under the cursor.

use std::sync::Arc;

use nucleo_matcher::Matcher;
use ratatui::layout::Rect;

use super::{
    super::{
        action::Action,
        cells,
        filter::{self, Field, Query},
        layout::{self, Pane},
        model::{
            Model, capital,
            data::{ClientEntry, LinksState},
        },
        prose::{Line, Prose},
        theme::Meaning,
    },
    canvas::Canvas,
};
use crate::domain::{
    ConfigId, Text,
    links::{LinkAnswer, LinkKind},
};

/// What of a text the filter of its pane found.
struct Finder<'a> {
    query: &'a Query,
    /// None is made where there is nothing to find.
    matcher: Option<Matcher>,
}

impl<'a> Finder<'a> {
    fn new(query: &'a Query) -> Self {
        Self { query, matcher: (!query.is_empty()).then(filter::matcher) }
    }

    /// Says `label: value` with what was found in the value.
    fn say(&mut self, page: &mut Prose<()>, (label, value): (&str, &str), field: &Field) {
        if value.trim().is_empty() {
            return;
        }
        let found = self.found(field, value, cells::graphemes(label) + 2);
        page.say_marked(2, Meaning::Text, &format!("{label}: {value}"), &found);
    }

    /// The graphemes of the value that were found, counted from `begin`.
    fn found(&mut self, field: &Field, value: &str, begin: usize) -> Vec<u32> {
        let Some(matcher) = &mut self.matcher else { return Vec::new() };
        let mut found = self.query.marks(field, &cells::line(value), matcher);
        for at in &mut found {
            *at += begin as u32;
        }
        found
    }
}

fn title(model: &Model) -> String {
    if of_client(model) { "Why this client".to_owned() } else { "Detail".to_owned() }
}

/// The clients' pane asks about the client, the others about the configuration.
fn of_client(model: &Model) -> bool {
    model.review.focus == Pane::Clients || model.review.cursor_row().is_none()
}

fn area(model: &Model) -> Option<Rect> {
    model.panes().detail.map(layout::inside)
}

/// The furthest that the detail can be scrolled.
pub fn last_line(model: &Model) -> u16 {
    let Some(area) = area(model) else { return 0 };
    let lines = page(model, usize::from(area.width)).lines.len();
    lines.saturating_sub(usize::from(area.height)).min(usize::from(u16::MAX)) as u16
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let focused = model.review.focus == Pane::Detail;
    let inside = canvas.frame(area, &title(model), focused);
    let page = page(model, usize::from(inside.width));
    let last = page.lines.len().saturating_sub(usize::from(inside.height));
    let offset = usize::from(model.review.detail).min(last);
    canvas.page(inside, &page.lines, offset, inside.bottom(), |_, _, ()| {});
}

fn page(model: &Model, width: usize) -> Prose<()> {
    let mut page = Prose::new(width);
    let Some(client) = model.review.cursor_client() else { return page };
    if of_client(model) {
        about_client(model, client, &mut page);
    } else {
        about_row(model, client, &mut page);
    }
    debug_assert!(page.lines.iter().all(|line| matches!(line, Line::Text { .. })));
    page
}

fn about_client(model: &Model, client: &ClientEntry, page: &mut Prose<()>) {
    let mut finder = Finder::new(&model.review.client_filter.query);
    let title = client.title();
    page.say_marked(0, Meaning::Title, &title, &finder.found(&Field::Name, &title, 0));
    let facts = &client.offboarded.client;
    let found = finder.found(&Field::Id, facts.id.as_str(), 3);
    page.say_marked(0, Meaning::Muted, &format!("id {}", facts.id), &found);
    if let Some(identifier) = &facts.identifier {
        page.say(0, Meaning::Muted, &format!("short name {identifier}"));
    }
    ages(model, client, page);
    if let Some(why) = &client.gone {
        page.item(
            0,
            model.look.symbols.warning,
            Meaning::Warn,
            &format!("{}: {} reads all of it again", capital(why), model.keymap.way(Action::Reload)),
        );
    }
    offboarded(model, client, page);
    signs(model, client, page);
    page.heading(&model.rows_title());
    let locked = client.rows.len() - client.tickable;
    page.say(
        2,
        Meaning::Text,
        &format!("{} listed, {} may be ticked, {} ticked", client.rows.len(), client.tickable, client.ticked),
    );
    if locked > 0 {
        page.say(2, Meaning::Muted, &format!("{locked} locked: each row says why"));
    }
    if client.again > 0 {
        let text = format!("{} active again: an earlier run set that inactive", client.again);
        page.item(2, model.look.symbols.warning, Meaning::Warn, &text);
    }
    let mixed = client.tickable - client.bulk;
    if mixed > 0 {
        page.say(2, Meaning::Warn, &format!("{mixed} in a mixed state: ticked one by one only"));
    }
    url(facts.record_url.as_deref(), page);
}

fn offboarded(model: &Model, client: &ClientEntry, page: &mut Prose<()>) {
    page.heading("Counts as offboarded because");
    for reason in &client.offboarded.reasons {
        page.item(2, "-", Meaning::Text, &reason.told(model.setting.nouns.agreement));
    }
}

fn signs(model: &Model, client: &ClientEntry, page: &mut Prose<()>) {
    page.heading("Signs of life");
    match &client.links {
        LinksState::NotRead if model.review.is_complete() => page.say(2, Meaning::Muted, "not read yet"),
        LinksState::NotRead => page.say(2, Meaning::Muted, "read when the list is complete"),
        LinksState::Reading => page.say(2, Meaning::Muted, "being read"),
        LinksState::Failed(why) => page.say(2, Meaning::Warn, &format!("unknown: {why}")),
        LinksState::Read if client.signs_of_life.is_empty() => {
            page.say(2, Meaning::Good, "none found");
        }
        LinksState::Read => {
            for sign in &client.signs_of_life {
                page.item(
                    2,
                    model.look.symbols.warning,
                    Meaning::Warn,
                    &sign.told(model.setting.nouns.agreement),
                );
            }
        }
    }
}

/// When this client was read, where that is not when all of it was.
fn ages(model: &Model, client: &ClientEntry, page: &mut Prose<()>) {
    let all = model.review.data.complete.as_ref().map(|(as_of, _)| *as_of);
    if let Some(at) = client.read_at.or(all) {
        page.say(
            0,
            Meaning::Muted,
            &format!("Read {}{}", cells::age(model.now, at), links_age_words(model, client)),
        );
    }
}

fn links_age_words(model: &Model, client: &ClientEntry) -> String {
    client.links_at.map_or_else(String::new, |at| format!("; its links {}", cells::age(model.now, at)))
}

fn about_row(model: &Model, client: &ClientEntry, page: &mut Prose<()>) {
    let Some(at) = model.review.cursor_row() else { return };
    let entry = model.review.data.entry(at);
    let row = &entry.row.configuration;
    let mut finder = Finder::new(&model.review.row_filter.query);
    let title = row.title();
    page.say_marked(0, Meaning::Title, &title, &finder.found(&Field::Name, &title, 0));
    if let Some(again) = &entry.row.again {
        page.item(0, model.look.symbols.warning, Meaning::Warn, &capital(&again.to_string()));
        if let Some(rmm) = &row.rmm {
            page.say(
                2,
                Meaning::Warn,
                &format!("Its RMM link is {rmm}: stop that sync, or it comes back every time"),
            );
        }
    }
    if let Some(why) = entry.row.kept_because() {
        page.item(0, model.look.symbols.warning, Meaning::Warn, &format!("Cannot be ticked: {why}"));
    }
    if row.lifecycle().is_mixed() {
        page.item(
            0,
            model.look.symbols.warning,
            Meaning::Warn,
            &format!("Mixed state: {}", row.lifecycle().words()),
        );
    }
    ages(model, client, page);
    page.heading("Still linked");
    links(model, at, client, page);
    page.heading("Record");
    let parent = row.parent.as_ref().map_or("", ConfigId::as_str);
    let status = row.state.status_name().unwrap_or("");
    let updated = row.last_updated.map_or_else(String::new, |at| format!("{} UTC", at.minutes()));
    let facts = [
        (("Id", row.id.as_str()), Field::Id),
        (("Type", &row.config_type), Field::Type),
        (("Site", row.site.as_deref().unwrap_or("")), Field::Site),
        (("Serial", row.serial.as_deref().unwrap_or("")), Field::Serial),
        (("Active mark", if row.state.active { "active" } else { "inactive" }), Field::Status),
        (("Status", status), Field::Status),
        (("Part of", parent), Field::Parent),
        (("RMM", row.rmm.as_deref().unwrap_or("")), Field::Rmm),
        (("Updated", &updated), Field::Updated),
    ];
    for (fact, field) in facts {
        finder.say(page, fact, &field);
    }
    for (label, value) in row.details.iter() {
        finder.say(page, (label, value), &Field::Detail(Arc::from(&**label)));
    }
    let others: Vec<&str> = row
        .names
        .iter()
        .map(Text::as_str)
        .filter(|name| row.name != *name && !name.trim().is_empty())
        .collect();
    if !others.is_empty() {
        page.say(2, Meaning::Text, &format!("Also named: {}", others.join(", ")));
    }
    page.heading(&format!("{}: {}", capital(model.setting.nouns.client), client.title()));
    for reason in &client.offboarded.reasons {
        page.item(
            2,
            "-",
            Meaning::Text,
            &format!("offboarded: {}", reason.told(model.setting.nouns.agreement)),
        );
    }
    signs(model, client, page);
    url(row.url().as_deref(), page);
}

fn links(model: &Model, at: u32, client: &ClientEntry, page: &mut Prose<()>) {
    let links = model.review.data.links_of(at);
    for kind in LinkKind::ALL {
        let word = capital(kind.words());
        match (links.get(kind), &client.links) {
            (LinkAnswer::None, _) => page.say(2, Meaning::Good, &format!("{word}: none")),
            (LinkAnswer::Linked { items }, _) => {
                page.say(2, Meaning::Warn, &format!("{word}: {}", items.len()));
                for link in items.iter().take(50) {
                    let detail = link.detail.as_ref().map_or(String::new(), |detail| format!(" ({detail})"));
                    page.item(4, "-", Meaning::Text, &format!("{}{detail}", link.name));
                    if let Some(url) = &link.record_url {
                        page.url(6, Meaning::Muted, url);
                    }
                }
                page.say(4, Meaning::Muted, model.setting.nouns.consequences.of(kind));
            }
            (LinkAnswer::Unknown { why }, _) | (LinkAnswer::NotRead, LinksState::Failed(why)) => {
                page.say(2, Meaning::Warn, &format!("{word}: unknown, {why}"));
            }
            (LinkAnswer::NotRead, LinksState::Reading) => {
                page.say(2, Meaning::Muted, &format!("{word}: being read"));
            }
            (LinkAnswer::NotRead, _) => page.say(2, Meaning::Muted, &format!("{word}: not read yet")),
        }
    }
}

fn url(url: Option<&str>, page: &mut Prose<()>) {
    if let Some(url) = url {
        page.heading("Record in the PSA");
        page.url(2, Meaning::Info, url);
    }
}
