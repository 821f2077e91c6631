//! Links in the terminal: only to harmless addresses, over the right cells, and never one too many.

use std::sync::Arc;

use mothball::tui::{
    layout::Pane,
    runtime::hyperlinks,
    view::{Picture, canvas::Hyperlink},
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    layout::Rect,
};

use super::world::{Screen, World, lines};

/// The detail of the first row, whose record has an address.
fn detail() -> Screen {
    let mut screen = Screen::small(130, 40);
    screen.keys("tab");
    screen
}

fn written(before: Option<&Picture>, now: &Picture) -> String {
    let mut bytes = Vec::new();
    hyperlinks::write(&mut CrosstermBackend::new(&mut bytes), before, now).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The addresses that were opened, in order; each must be closed before the next.
fn opened(bytes: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    let mut open = false;
    for part in bytes.split("\x1b]8;").skip(1) {
        let (sequence, _) = part.split_once("\x1b\\").expect("every sequence ends");
        let (_, address) = sequence.split_once(';').unwrap();
        assert_ne!(open, !address.is_empty(), "opened twice or closed twice: {bytes:?}");
        open = !address.is_empty();
        if open {
            addresses.push(address.to_owned());
        }
    }
    assert!(!open, "a link was left open");
    addresses
}

#[test]
fn the_record_of_a_row_is_a_link_and_a_box_over_it_takes_it_away() {
    let mut screen = detail();
    let picture = screen.picture();
    let whole = "https://psa.example/configuration/105";
    assert_eq!(opened(&written(None, &picture)), [whole, whole], "each line of it leads to all of it");
    screen.keys("?");
    assert!(screen.picture().links.is_empty(), "nothing leads anywhere from below the help");
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let mut screen = detail();
    let before = screen.picture();
    assert_eq!(written(Some(&before), &before), "");
    screen.keys("j");
    let other_row = screen.picture();
    let bytes = written(Some(&before), &other_row);
    assert_eq!(opened(&bytes)[0], "https://psa.example/configuration/104", "{bytes:?}");
    assert!(!bytes.contains("/105"), "{bytes:?}");
    // Back in the list of clients there is another one, and the old cells lose theirs.
    screen.model.review.focus = Pane::Clients;
    let client = screen.picture();
    assert_eq!(opened(&written(Some(&other_row), &client)), ["https://psa.example/company/7"]);
    screen.model.review.data.clients[0].offboarded.client.record_url = None;
    let none = screen.picture();
    let bytes = written(Some(&client), &none);
    assert!(opened(&bytes).is_empty());
    assert!(!bytes.is_empty(), "cells that led somewhere are written without it");
}

#[test]
fn painting_and_links_leave_the_picture_as_it_is() {
    let mut world = World::small();
    world.rows[0].configuration.record_url =
        Some(format!("https://psa.example/{}", "long/".repeat(40)).into());
    let mut screen = Screen::new(world, 130, 40);
    let cells = |n| std::num::NonZero::new(n).unwrap();
    let mut terminal = vt100::Parser::new(cells(40), cells(130), 0);
    let mut before: Option<Picture> = None;
    for key in ["tab", "j", "j", "j", "j", "j", "g", "k", "tab", "esc"] {
        screen.keys(key);
        let now = screen.picture();
        let mut bytes = Vec::new();
        let mut backend = CrosstermBackend::new(&mut bytes);
        let blank = ratatui::buffer::Buffer::empty(*now.cells.area());
        let old = before.as_ref().map_or(&blank, |before| &before.cells);
        let changes = old.diff(&now.cells);
        backend.draw(changes.into_iter()).unwrap();
        hyperlinks::write(&mut backend, before.as_ref(), &now).unwrap();
        terminal.process(&bytes);
        let seen: Vec<String> =
            terminal.screen().rows(0, 130).map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(seen, lines(&now), "{key}");
        before = Some(now);
    }
}

#[test]
fn no_other_address_gets_out() {
    for url in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://psa.example/\u{1b}]8;;https://evil.example\u{1b}\\x",
        "https://psa.example/a b",
        "https://psä.example/",
        "",
    ] {
        let mut world = World::small();
        for row in &mut world.rows {
            row.configuration.record_url = Some(url.into());
        }
        let mut screen = Screen::new(world, 130, 40);
        screen.keys("tab");
        let mut picture = screen.picture();
        assert!(picture.links.is_empty(), "{url:?}");
        // Not even if something asked for it.
        picture.links.push(Hyperlink { area: Rect::new(0, 0, 3, 1), url: Arc::from(url) });
        assert_eq!(written(None, &picture), "", "{url:?}");
    }
}
