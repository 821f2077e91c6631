//! Every page at every size, as text; and what must hold in every theme.

use mothball::tui::{
    model::Look,
    setup::{
        form::{Keeping, Row},
        model::Message,
    },
    theme::Theme,
};
use ratatui::style::{Color, Modifier};

use super::{Driver, refused_sign_in, saved, start};

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (60, 20), (40, 10)];

fn snapshot(name: &str, make: impl Fn(u16, u16) -> Driver) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), make(width, height).text());
    }
}

fn failed(width: u16, height: u16) -> Driver {
    let mut driver = Driver::filled("connectwise", width, height);
    driver.keys("enter");
    driver.send(|generation| Message::Tested(generation, Ok(refused_sign_in(true))));
    driver
}

fn done(width: u16, height: u16) -> Driver {
    let mut driver = Driver::looking(width, height);
    driver.keys("enter");
    driver.send(|_| Message::Saved(Ok(saved())));
    driver
}

fn corrected(width: u16, height: u16) -> Driver {
    let mut driver = failed(width, height);
    driver.keys("enter");
    driver
}

fn chosen(width: u16, height: u16) -> Driver {
    let mut driver = Driver::choosing(width, height);
    driver.keys("space down down space");
    driver
}

#[test]
fn the_first_page() {
    snapshot("welcome", |width, height| Driver::new(start(true), width, height));
}

#[test]
fn the_form() {
    snapshot("form", |width, height| {
        let mut driver = Driver::filled("connectwise", width, height);
        driver.focus(Row::Secret(3));
        driver
    });
    snapshot("form_keeping", |width, height| {
        let mut driver = Driver::filled("autotask", width, height);
        let form = driver.model.form.as_mut().unwrap();
        form.secrets.get_mut(&1).unwrap().keeping = Keeping::Env;
        driver.focus(Row::Keeping(2));
        driver
    });
}

#[test]
fn the_test() {
    snapshot("testing", |width, height| {
        let mut driver = Driver::filled("halopsa", width, height);
        driver.keys("enter");
        driver
    });
    snapshot("test_failed", failed);
    snapshot("corrected", corrected);
}

#[test]
fn the_criteria() {
    snapshot("criteria", chosen);
}

#[test]
fn the_file_and_the_end() {
    snapshot("file", Driver::looking);
    snapshot("done", done);
}

type Make = fn(u16, u16) -> Driver;

const PAGES: [(&str, Make); 6] = [
    ("welcome", |width, height| Driver::new(start(true), width, height)),
    ("form", |width, height| Driver::filled("connectwise", width, height)),
    ("test", failed),
    ("criteria", chosen),
    ("file", Driver::looking),
    ("done", done),
];

#[test]
fn mono_has_no_colour_and_the_chosen_thing_is_visible_all_the_same() {
    for (name, make) in PAGES {
        let mut driver = make(80, 24);
        driver.model.look = Look::new(Theme::Mono, false);
        let picture = driver.picture();
        let coloured = picture
            .cells
            .content()
            .iter()
            .any(|cell| ![Color::Reset].contains(&cell.fg) || ![Color::Reset].contains(&cell.bg));
        assert!(!coloured, "{name}");
        // Below the first line, which is reversed in any case.
        let body = &picture.cells.content()[80..];
        assert!(body.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)), "{name}");
    }
}

#[test]
fn ascii_is_ascii() {
    for (name, make) in PAGES {
        let mut driver = make(80, 24);
        driver.model.look = Look::new(Theme::Dark, true);
        let text = driver.text();
        assert!(text.is_ascii(), "{name}: {text}");
    }
}

#[test]
fn no_size_is_too_small_to_be_drawn() {
    for (_, make) in PAGES {
        for (width, height) in [(0, 0), (1, 1), (39, 10), (40, 9), (40, 10), (41, 11), (300, 100)] {
            let driver = make(width, height);
            assert_eq!(driver.picture().cells.area().width, width);
        }
    }
}
