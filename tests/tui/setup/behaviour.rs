//! What the keys do, page by page.

use mothball::{
    domain::criteria::Matching,
    tui::{
        keymap::Keymap,
        options::StopSignal,
        setup::{
            Leave,
            choices::{Choices, Line},
            desk::{At, SecretWay, Verdict},
            form::{Keeping, Row},
            model::{Button, Effect, Message, Page},
        },
    },
};

use super::{Driver, census, check, passed, preview, refusal, refused_sign_in, saved, start};

fn tests(driver: &Driver) -> Vec<bool> {
    driver
        .asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Test { again, .. } => Some(*again),
            _ => None,
        })
        .collect()
}

fn saves(driver: &Driver) -> usize {
    driver.asked.iter().filter(|effect| matches!(effect, Effect::Save { .. })).count()
}

#[test]
fn the_first_page_leads_to_the_setup_to_a_demo_of_each_psa_or_out() {
    for (keys, wanted) in [
        ("down enter", Leave::Demo { psa: "connectwise" }),
        ("down down enter", Leave::Demo { psa: "autotask" }),
        ("down down down enter", Leave::Demo { psa: "halopsa" }),
        ("end enter", Leave::Quit { written: false }),
        ("q", Leave::Quit { written: false }),
        ("esc", Leave::Quit { written: false }),
        ("ctrl-c", Leave::Stopped(StopSignal::Interrupt)),
    ] {
        let mut driver = Driver::new(start(true), 80, 24);
        driver.keys(keys);
        assert_eq!(driver.left(), Some(&wanted), "{keys}");
    }
    let mut driver = Driver::new(start(true), 80, 24);
    driver.keys("enter");
    assert!(matches!(driver.model.page, Page::Vendor { .. }) && driver.left().is_none());
    driver.keys("esc");
    assert!(matches!(driver.model.page, Page::Welcome { .. }));
}

#[test]
fn what_is_missing_is_asked_for_in_its_row_before_anything_is_sent() {
    for psa in ["connectwise", "autotask", "halopsa"] {
        let vendor = super::vendors().into_iter().find(|vendor| vendor.key == psa).unwrap();
        for (at, field) in vendor.fields.iter().enumerate().filter(|(_, field)| field.required) {
            let mut driver = Driver::filled(psa, 80, 24);
            let row = if field.secret { Row::Secret(at) } else { Row::Text(at) };
            driver.focus(row);
            driver.keys("end ctrl-u");
            driver.focus(Row::Go);
            driver.keys("enter");
            assert_eq!(driver.field(), field.key);
            assert!(driver.text().contains("This is needed"), "{}", driver.text());
            assert!(tests(&driver).is_empty(), "{psa} {}", field.key);
            driver.paste("something");
            assert!(!driver.text().contains("This is needed"), "what was said goes once it is answered");
        }
        let mut driver = Driver::filled(psa, 80, 24);
        driver.keys("enter");
        assert_eq!(tests(&driver), [false], "{psa}: all is there");
    }
}

#[test]
fn a_field_that_may_be_left_out_is_left_out() {
    let mut driver = Driver::filled("halopsa", 80, 24);
    driver.focus(Row::Text(1));
    assert_eq!(driver.field(), "tenant");
    driver.keys("ctrl-u");
    driver.focus(Row::Go);
    driver.keys("enter");
    let Some(Effect::Test { draft, .. }) = driver.asked.last() else { panic!("nothing was asked") };
    assert!(!draft.values.contains_key("tenant") && draft.values.contains_key("client_id"));
    assert!(
        matches!(draft.secrets["client_secret"], SecretWay::File(_)),
        "a file unless it is said otherwise"
    );
}

#[test]
fn every_way_to_keep_a_secret_has_its_own_text_and_trying_one_loses_nothing() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    let keeping =
        driver.model.form.as_ref().unwrap().rows().into_iter().find(|row| matches!(row, Row::Keeping(_)));
    let (keeping, Row::Keeping(at)) = (keeping.unwrap(), keeping.unwrap()) else { panic!() };
    let way = |driver: &mut Driver| {
        driver.focus(Row::Go);
        driver.keys("enter");
        let Some(Effect::Test { draft, .. }) = driver.asked.last().cloned() else {
            panic!("nothing was asked")
        };
        driver.keys("esc");
        driver.focus(keeping);
        draft.secrets["private_key"].clone()
    };
    assert!(matches!(way(&mut driver), SecretWay::File(_)));
    driver.keys("right");
    assert!(matches!(way(&mut driver), SecretWay::Keyring(_)));
    driver.keys("right");
    driver.focus(Row::Secret(at));
    driver.write("pass show cw");
    assert!(matches!(way(&mut driver), SecretWay::Command(line) if line == "pass show cw"));
    driver.keys("right");
    assert!(matches!(way(&mut driver), SecretWay::Env(name) if name == "CW_PRIVATE_KEY"));
    driver.keys("right");
    assert!(matches!(way(&mut driver), SecretWay::File(_)), "and round again, with what was typed");
}

#[test]
fn a_build_without_a_keyring_does_not_offer_one() {
    let mut start = start(false);
    start.keyring = false;
    let mut driver = Driver::new(start, 80, 24);
    driver.keys("enter");
    driver.focus(Row::Keeping(3));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(driver.model.form.as_ref().unwrap().secrets[&3].keeping);
        driver.keys("space");
    }
    assert_eq!(seen, [Keeping::File, Keeping::Command, Keeping::Env, Keeping::File]);
}

#[test]
fn a_failed_test_leads_back_to_the_field_that_is_wrong_with_what_to_do() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    driver.keys("enter");
    driver.send(|generation| Message::Tested(generation, Ok(refused_sign_in(false))));
    let text = driver.text();
    assert!(text.contains("FAILED: sign-in") && text.contains("System > Members"), "{text}");
    assert_eq!(driver.model.buttons(), [Button::Correct, Button::TestAgain], "no way on");
    driver.keys("enter");
    assert_eq!(driver.field(), "private_key");
    assert!(driver.text().contains("Check public_key"), "{}", driver.text());

    for (at, field) in [
        (At::Profile, "profile"),
        (At::Key("base_url"), "base_url"),
        (At::Key("private_key"), "private_key"),
        (At::Key("no_such_field"), "go"),
    ] {
        let mut driver = Driver::filled("connectwise", 80, 24);
        driver.keys("enter");
        driver.send(|generation| {
            Message::Tested(generation, Err(refusal(Some(at), "It cannot be like this.")))
        });
        assert!(driver.text().contains("It cannot be like this."), "{}", driver.text());
        driver.keys("enter");
        assert_eq!(driver.field(), field);
        if at != At::Key("no_such_field") {
            assert!(driver.text().contains("Do something about it."), "{}", driver.text());
        }
    }
}

#[test]
fn a_refused_sign_in_is_sent_again_only_when_a_person_says_so() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    driver.keys("enter");
    driver.send(|generation| Message::Tested(generation, Ok(refused_sign_in(false))));
    driver.keys("tab enter");
    driver.send(|generation| Message::Tested(generation, Ok(refused_sign_in(true))));
    assert_eq!(tests(&driver), [false, false], "testing again does not force it");
    assert_eq!(driver.model.buttons(), [Button::Correct, Button::TestAgain, Button::SignInAgain]);
    driver.keys("tab tab enter");
    assert_eq!(tests(&driver), [false, false, true]);
}

#[test]
fn extras_that_are_missing_do_not_stop_it() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    driver.keys("enter");
    let mut tested = passed();
    tested.checks.push(check("rights: read agreements", Verdict::Warned, "refused"));
    tested.checks.push(check("rights: edit configurations", Verdict::Unknown, "cannot be told"));
    driver.send(|generation| Message::Tested(generation, Ok(tested)));
    let text = driver.text();
    assert!(text.contains("the main job can be done") && text.contains("warning: rights"), "{text}");
    driver.keys("enter");
    assert!(matches!(driver.asked.last(), Some(Effect::Census { .. })));
}

#[test]
fn an_answer_to_an_earlier_question_is_dropped() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    driver.keys("enter");
    let old = driver.model.generation;
    driver.keys("esc");
    assert!(matches!(driver.asked.last(), Some(Effect::Drop)), "it is not waited for any more");
    driver.focus(Row::Go);
    driver.keys("enter");
    driver.send(|_| Message::Tested(old, Ok(passed())));
    assert_eq!(driver.model.buttons(), [Button::Back], "it is still being asked");
    driver.send(|generation| Message::Tested(generation, Ok(passed())));
    assert_eq!(driver.model.buttons(), [Button::GoOn, Button::Back]);
}

#[test]
fn clients_that_cannot_be_read_are_said_and_can_be_tried_again() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    driver.keys("enter");
    driver.send(|generation| Message::Tested(generation, Ok(passed())));
    driver.keys("enter");
    driver.send(|generation| Message::Counted(generation, Err(refusal(None, "The list is not complete."))));
    assert!(driver.text().contains("The list is not complete."), "{}", driver.text());
    driver.keys("tab enter");
    assert_eq!(tests(&driver), [false, false]);
}

fn count_of(choices: &Choices, line: &Line) -> usize {
    match line {
        Line::Inactive => choices.inactive.1,
        Line::Status(at) => choices.statuses[*at].count,
        Line::Tag(at) => choices.tags[*at].count,
        Line::ContractEnded => choices.contract.unwrap().1,
        _ => 0,
    }
}

#[test]
fn each_criterion_shows_how_many_clients_it_matches_and_the_msps_own_is_none_of_them() {
    let choices = Choices::new(census());
    let named = |named: &[mothball::tui::setup::choices::Named]| -> Vec<(String, usize)> {
        named.iter().map(|named| (named.name.clone(), named.count)).collect()
    };
    let of = |name: &str, count| (name.to_owned(), count);
    assert_eq!(
        named(&choices.statuses),
        [of("Active", 2), of("Former Client", 2), of("Inactive", 1), of("Prospect", 0)],
        "names that differ in case are one, and those that nobody has are there"
    );
    assert_eq!(named(&choices.tags), [of("Offboarded", 2), of("Vendor", 0)]);
    assert_eq!((choices.inactive.1, choices.contract), (3, Some((false, 2))));
    assert_eq!(choices.clients(), 5);
    assert_eq!(choices.own().count(), 1);
}

#[test]
fn what_is_ticked_comes_to_what_the_engine_would_find() {
    let mut choices = Choices::new(census());
    let lines: Vec<Line> = choices.lines().into_iter().filter(Line::is_criterion).collect();
    for line in &lines {
        choices.tick_only([line]);
        assert_eq!(choices.matched, count_of(&choices, line), "{line:?} alone");
        assert_eq!(choices.ticked(), 1);
    }
    choices.tick_only([&Line::Inactive, &Line::Tag(0)]);
    assert_eq!(choices.matched, 4);
    choices.set_matching(Matching::All);
    assert_eq!((choices.matched, choices.examples.clone()), (1, vec!["Birch & Sons".to_owned()]));
    choices.tick_only([&Line::ContractEnded]);
    for (days, count) in [(0, 3), (7, 2), (60, 1), (365, 0)] {
        choices.set_days(days);
        assert_eq!(choices.matched, count, "{days} days");
    }
    choices.tick_only([]);
    assert_eq!(choices.matched, 0, "without a criterion nobody counts");
}

#[test]
fn without_a_criterion_there_is_no_way_on() {
    let mut driver = Driver::choosing(80, 24);
    driver.keys("end enter");
    assert!(matches!(driver.model.page, Page::Criteria));
    assert!(driver.text().contains("Tick at least one criterion"), "{}", driver.text());
    driver.keys("home space");
    assert!(driver.text().contains("3 of 5 companies count as offboarded"), "{}", driver.text());
    driver.keys("end enter");
    assert!(matches!(driver.asked.last(), Some(Effect::Preview { choice, .. }) if choice.criteria.inactive));
}

#[test]
fn days_matching_and_the_status_to_set_are_turned_with_left_and_right() {
    let mut driver = Driver::choosing(80, 40);
    driver.keys("home space");
    let lines = driver.model.choices.as_ref().unwrap().lines();
    let to = |driver: &mut Driver, wanted: &Line| {
        driver.model.choices.as_mut().unwrap().cursor = lines.iter().position(|line| line == wanted).unwrap();
    };
    to(&mut driver, &Line::ContractEnded);
    driver.keys("space right right left");
    to(&mut driver, &Line::Matching);
    driver.keys("right");
    to(&mut driver, &Line::StatusToSet);
    driver.keys("right right");
    let choice = driver.model.choices.as_ref().unwrap().choice();
    assert_eq!(choice.criteria.contract_ended_days, Some(60));
    assert_eq!(choice.criteria.matching, Matching::All);
    assert_eq!(choice.status.as_deref(), Some("Retired"));
    driver.keys("right");
    assert_eq!(driver.model.choices.as_ref().unwrap().choice().status, None, "and back to none");
}

#[test]
fn going_back_for_a_correction_keeps_what_was_ticked() {
    let mut driver = Driver::choosing(80, 24);
    driver.keys("home space down down space esc");
    assert!(matches!(driver.model.page, Page::Form));
    driver.focus(Row::Go);
    driver.keys("enter");
    driver.send(|generation| Message::Tested(generation, Ok(passed())));
    driver.keys("enter");
    driver.send(|generation| Message::Counted(generation, Ok(census())));
    let criteria = driver.model.choices.as_ref().unwrap().criteria();
    assert!(criteria.inactive && criteria.statuses == ["Former Client"]);
    assert_eq!(driver.model.choices.as_ref().unwrap().matched, 3);
}

#[test]
fn it_is_written_once_and_then_review_opens() {
    let mut driver = Driver::looking(80, 24);
    assert!(driver.text().contains("This is written to"), "{}", driver.text());
    driver.keys("enter");
    assert_eq!(saves(&driver), 1);
    driver.keys("enter esc tab enter ctrl-c ctrl-c");
    assert_eq!((saves(&driver), driver.left()), (1, None), "it is waited for");
    driver.send(|_| Message::Saved(Ok(saved())));
    assert!(driver.text().contains("Written:"), "{}", driver.text());
    driver.keys("enter");
    assert_eq!(driver.left(), Some(&Leave::Review { profile: "main".to_owned() }));
}

#[test]
fn after_it_was_written_leaving_is_a_success() {
    for keys in ["tab enter", "q", "esc", "ctrl-c"] {
        let mut driver = Driver::looking(80, 24);
        driver.keys("enter");
        driver.send(|_| Message::Saved(Ok(saved())));
        driver.keys(keys);
        assert_eq!(driver.left(), Some(&Leave::Quit { written: true }), "{keys}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_said_and_nothing_typed_is_lost() {
    let mut driver = Driver::looking(80, 24);
    driver.keys("enter");
    driver.send(|_| Message::Saved(Err(refusal(None, "The disk is full."))));
    assert!(driver.text().contains("The disk is full."), "{}", driver.text());
    driver.keys("enter");
    assert!(matches!(driver.model.page, Page::Criteria));
    driver.keys("end enter");
    driver.send(|generation| Message::Previewed(generation, Err(refusal(Some(At::Profile), "It is taken."))));
    driver.keys("enter");
    assert_eq!(driver.field(), "profile");
    assert!(driver.text().contains("It is taken."), "{}", driver.text());
}

#[test]
fn an_existing_file_shows_only_what_is_added() {
    let mut driver = Driver::choosing(80, 24);
    driver.keys("space end enter");
    let mut preview = preview();
    let before = "# mine\n[profiles.old]\n".to_owned();
    preview.text = format!("default_profile = \"old\"\n{before}\n[profiles.main]\n");
    preview.before = Some(before);
    driver.send(|generation| Message::Previewed(generation, Ok(preview)));
    let text = driver.text();
    assert!(text.contains("This is added to") && text.contains("2 lines of yours, unchanged"), "{text}");
    assert!(
        text.contains("[profiles.main]") && text.contains("default_profile") && !text.contains("# mine"),
        "{text}"
    );
}

#[test]
fn leaving_with_something_typed_takes_a_second_ctrl_c() {
    let mut driver = Driver::form("autotask", 80, 24);
    driver.keys("ctrl-c");
    assert!(driver.left().is_some(), "nothing was typed");
    let mut driver = Driver::filled("autotask", 80, 24);
    driver.keys("ctrl-c");
    assert!(driver.left().is_none() && driver.text().contains("Nothing has been saved"));
    driver.keys("up ctrl-c");
    assert!(driver.left().is_none(), "another key was between");
    driver.keys("ctrl-c");
    assert_eq!(driver.left(), Some(&Leave::Stopped(StopSignal::Interrupt)));
}

#[test]
fn keys_bound_otherwise_work_as_the_last_line_says_and_the_old_ones_do_nothing() {
    let bindings = [
        ("accept", "f2"),
        ("dismiss", "ctrl-g"),
        ("back", "b"),
        ("next-button", "ctrl-n"),
        ("prev-button", "ctrl-p"),
        ("setup-tick", "x"),
        ("setup-right", "+"),
        ("setup-left", "-"),
        ("setup-next", "n"),
        ("down", "f3"),
        ("up", "f4"),
        ("quit", "Q"),
        ("interrupt", "ctrl-q"),
    ];
    let bindings = bindings.map(|(action, key)| (action, vec![key.to_owned()]));
    let keymap = Keymap::with(&bindings).unwrap();
    let mut driver = Driver::new(start(true), 80, 24);
    driver.model.keymap = keymap;
    let last = |driver: &Driver| driver.text().lines().last().unwrap().trim().to_owned();

    assert_eq!(last(&driver), "f2 choose  f4 f3 move  Q quit");
    driver.keys("enter q esc");
    assert!(matches!(driver.model.page, Page::Welcome { .. }) && driver.left().is_none());
    driver.keys("f2");
    assert_eq!(last(&driver), "f2 choose  f4 f3 move  b back  ctrl-q leave");
    driver.keys("f3 f2");
    assert_eq!(driver.model.form.as_ref().unwrap().vendor.key, "autotask");

    assert_eq!(last(&driver), "ctrl-n next  ctrl-p previous  ctrl-g back  ctrl-q leave");
    let here = driver.row();
    driver.keys("ctrl-n");
    assert_ne!(driver.row(), here);
    driver.keys("ctrl-p tab down enter esc");
    assert_eq!(driver.row(), here);
    // Letters that mean something on the other pages are letters here.
    driver.focus(Row::Profile);
    driver.keys("ctrl-u").write("bxQn-9");
    assert_eq!(driver.model.form.as_ref().unwrap().profile.value(), "bxQn-9");
    driver.focus(Row::Go);
    assert!(driver.text().contains("Pressing f2 asks"), "{}", driver.text());

    let mut keyed = Driver::choosing(80, 24);
    keyed.model.keymap = driver.model.keymap.clone();
    assert_eq!(last(&keyed), "x tick  minus + change  b back  ctrl-q leave");
    keyed.keys("end f2");
    assert!(keyed.text().contains("Tick at least one criterion with x:"), "{}", keyed.text());
    keyed.keys("home x end f2");
    keyed.send(|generation| Message::Previewed(generation, Ok(preview())));
    assert_eq!(last(&keyed), "f2 press  n other button  f4 f3 scroll  b back  ctrl-q leave");
    keyed.keys("Q");
    assert!(keyed.left().is_none() && keyed.text().contains("Q once more leaves"), "{}", keyed.text());
    keyed.keys("Q");
    assert_eq!(keyed.left(), Some(&Leave::Quit { written: false }));
}

#[test]
fn choosing_the_same_psa_again_keeps_what_was_typed_and_another_one_begins_anew() {
    let mut driver = Driver::filled("connectwise", 80, 24);
    driver.keys("esc enter");
    assert!(driver.model.form.as_ref().unwrap().is_touched());
    driver.keys("esc down enter");
    assert_eq!(driver.model.form.as_ref().unwrap().vendor.key, "autotask");
    assert!(!driver.model.form.as_ref().unwrap().is_touched());
}
