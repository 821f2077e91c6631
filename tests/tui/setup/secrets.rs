//! A secret that is typed in stands nowhere but in the effects that test and keep it, and even they do not show it.

use mothball::tui::{
    model::Look,
    setup::{
        form::Row,
        model::{Message, Page},
    },
    theme::Theme,
};

use super::{CANARY, Driver, census, passed, preview, refused_sign_in, saved};

/// Everything that a careless line could print.
fn everything(driver: &Driver) -> String {
    format!("{:?} {:?} {} {:?}", driver.model, driver.asked, driver.text(), driver.picture())
}

fn assert_clean(driver: &Driver) {
    let all = everything(driver);
    for form in [CANARY, &CANARY[..6], &CANARY[8..], "cAnArY"] {
        assert!(!all.contains(form), "\"{form}\" stands on the page {}", driver.text());
    }
}

#[test]
fn no_page_at_any_size_shows_it() {
    for psa in ["connectwise", "autotask", "halopsa"] {
        for (width, height) in [(120, 40), (80, 24), (60, 20), (40, 10), (30, 5), (1, 1)] {
            let mut driver = Driver::filled(psa, width, height);
            for row in driver.model.form.as_ref().unwrap().rows() {
                driver.focus(row);
                assert_clean(&driver);
            }
            driver.focus(Row::Go);
            driver.keys("enter");
            assert_clean(&driver);
            driver.send(|generation| Message::Tested(generation, Ok(refused_sign_in(true))));
            assert_clean(&driver);
            driver.keys("tab enter");
            driver.send(|generation| Message::Tested(generation, Ok(passed())));
            driver.keys("enter");
            driver.send(|generation| Message::Counted(generation, Ok(census())));
            assert_clean(&driver);
            driver.keys("space end enter");
            driver.send(|generation| Message::Previewed(generation, Ok(preview())));
            assert_clean(&driver);
            driver.keys("enter");
            driver.send(|_| Message::Saved(Ok(saved())));
            assert!(matches!(driver.model.page, Page::Done { .. }));
            assert_clean(&driver);
        }
    }
}

#[test]
fn the_mask_is_as_wide_for_one_letter_as_for_a_long_secret() {
    for ascii in [false, true] {
        let masked = |secret: &str| {
            let mut driver = Driver::form("connectwise", 80, 24);
            driver.model.look = Look::new(Theme::Dark, ascii);
            driver.focus(Row::Secret(3));
            driver.paste(secret);
            driver.picture()
        };
        assert_eq!(masked("x"), masked(&"y".repeat(500)), "cells and cursor are the same");
        assert_ne!(masked("x"), masked(""), "but that something is there shows");
    }
}

#[test]
fn a_secret_that_is_pasted_into_the_wrong_row_is_a_visible_mistake_not_a_hidden_one() {
    let mut driver = Driver::form("connectwise", 80, 24);
    driver.focus(Row::Text(1));
    driver.paste(CANARY);
    assert!(driver.text().contains(CANARY), "what is no secret is shown as it is typed");
    driver.keys("ctrl-u");
    assert!(!driver.text().contains(CANARY), "and is gone when it is taken away");
}
