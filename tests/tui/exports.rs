//! Reports leave the screen: exported, completed paths, copied as Markdown; runs tell what happened.

use std::path::PathBuf;

use mothball::{
    domain::{ClientId, event::End},
    report::export::{Audience, Form, Wish},
    tui::{
        desk::{Completion, SaveError, SaveRequest, Saved, Trouble},
        effect::Effect,
        message::Message,
        model::{Place, overlay::Overlay},
    },
};

use super::world::{Screen, World, eventful_past};

/// A report about two clients, one item failed.
fn reported(width: u16, height: u16) -> Screen {
    let mut world = World::small();
    world.failing.insert(102.into());
    world.past = eventful_past();
    let mut screen = Screen::new(world, width, height);
    screen.keys("esc");
    screen.tick(&[101, 102, 103, 201]);
    screen.keys("enter");
    screen.confirm();
    screen.settle(0..4);
    screen.end(End::Finished);
    screen
}

fn saves(screen: &Screen) -> Vec<SaveRequest> {
    let save = |effect: &Effect| match effect {
        Effect::Save(request) => Some(request.clone()),
        _ => None,
    };
    screen.asked.iter().filter_map(save).collect()
}

fn export(form: Form, audience: Audience, client: Option<i64>) -> Wish {
    Wish { form, audience, client: client.map(ClientId::from) }
}

#[test]
fn an_export_asks_how_for_whom_and_where() {
    let mut screen = reported(100, 30);
    screen.by_hand = true;
    screen.keys("E");
    let text = screen.text();
    assert!(text.contains("HTML") && text.contains("internal") && text.contains("all 2 in one"), "{text}");
    assert!(text.contains("/reports/mothball-20261124T020000-abcdefgh.html"), "{text}");
    screen.keys("enter");
    let request = saves(&screen).pop().unwrap();
    assert_eq!(request.wish, export(Form::Html, Audience::Internal, None));
    assert_eq!(
        (request.path, request.overwrite),
        ("/reports/mothball-20261124T020000-abcdefgh.html".into(), false)
    );

    screen.send(Message::Saved(Ok(Saved { path: "/reports/x.html".into(), files: 1 })));
    assert!(
        screen.model.overlay.is_none() && screen.note() == "Saved as /reports/x.html",
        "{}",
        screen.note()
    );
    screen.keys("E left down right");
    let text = screen.text();
    assert!(text.contains("Markdown") && text.contains("each of 2"), "{text}");
    assert!(text.contains("mothball-20261124T020000-abcdefgh-for-clients/"), "{text}");
    screen.keys("down right");
    assert!(screen.text().contains("-for-client-7.md"), "the path follows\n{}", screen.text());
    screen.keys("down").write("x");
    screen.keys("up up up left");
    assert!(screen.text().contains("-for-client-7.mdx"), "until another is typed\n{}", screen.text());
    screen.keys("enter");
    let request = saves(&screen).pop().unwrap();
    assert_eq!(request.wish, export(Form::Csv, Audience::Client, Some(7)));
    let trouble = Trouble { message: "no room".into(), advice: "Name another place.".into() };
    screen.send(Message::Saved(Err(SaveError::Failed(trouble))));
    assert!(screen.text().contains("no room"), "{}", screen.text());
    screen.keys("enter");
    screen.send(Message::Saved(Err(SaveError::Exists("/there".into()))));
    screen.keys("right enter");
    let request = saves(&screen).pop().unwrap();
    assert!(request.overwrite && request.wish == export(Form::Csv, Audience::Client, Some(7)));
    screen.send(Message::Saved(Ok(Saved { path: "/reports/all".into(), files: 3 })));
    assert_eq!(screen.note(), "3 documents saved in /reports/all");
}

#[test]
fn a_path_is_completed_and_a_late_answer_is_dropped() {
    let mut screen = reported(100, 30);
    screen.keys("s");
    screen.completion =
        Completion { text: "/reports/a".into(), names: vec!["april/".into(), "august/".into()] };
    screen.keys("tab");
    let text = screen.text();
    assert!(text.contains("/reports/a ") && text.contains("april/, august/"), "{text}");
    screen.write("p");
    assert!(!screen.text().contains("august/"), "what was offered is gone once more is typed");
    screen.completion = Completion::default();
    screen.keys("tab");
    assert_eq!(screen.note(), "Nothing there begins like this.");
    assert!(screen.text().contains("/reports/ap"), "and what was typed stays");
    screen.by_hand = true;
    screen.keys("tab").write("x");
    let late = Completion { text: "/reports/april/".into(), names: Vec::new() };
    screen.send(Message::Completed("/reports/ap".into(), late));
    assert!(screen.text().contains("/reports/apx"), "{}", screen.text());
    screen.keys("enter");
    let request = saves(&screen).pop().unwrap();
    assert_eq!((request.path, request.wish), (PathBuf::from("/reports/apx"), Wish::default()));
}

#[test]
fn history_exports_and_tells_what_happened() {
    let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, 100, 30);
    screen.keys("esc");
    let report = {
        let done = reported(100, 30);
        done.model.report.as_ref().unwrap().report().unwrap().clone()
    };
    screen.keys("5");
    assert!(
        screen.text().contains("Waits for a person: enter opens it, a approves, n rejects"),
        "{}",
        screen.text()
    );
    screen.keys("j");
    assert!(
        screen.text().contains("Stopped with 3 of 4 open: r resumes it, w tells why"),
        "{}",
        screen.text()
    );
    screen.keys("w");
    let text = screen.text();
    assert!(
        text.contains("What happened in run 20261123T231500-dddddddd") && text.contains("applying"),
        "{text}"
    );
    screen.keys("esc E");
    let Some(Effect::Report { run }) = screen.asked.last().cloned() else {
        panic!("{:?}", screen.asked.last())
    };
    assert_eq!(run.as_str(), "20261123T231500-dddddddd");
    screen.send(Message::Report(run.clone(), Ok(Box::new(report))));
    assert_eq!(screen.model.place, Place::Report);
    assert!(matches!(screen.model.overlay, Some(Overlay::Save(_))), "{}", screen.text());
    let failed = Trouble { message: "gone".into(), advice: "Look elsewhere.".into() };
    screen.keys("esc w");
    screen.by_hand = true;
    screen.keys("esc");
    screen.send(Message::Story(run, Err(failed)));
    assert!(screen.text().contains("Look elsewhere."), "{}", screen.text());
}

#[test]
fn a_report_is_copied_as_markdown_unless_it_is_too_long() {
    let mut screen = reported(100, 30);
    screen.keys("Y");
    let Some(Effect::Copy(text)) = screen.asked.last() else { panic!("nothing was copied") };
    assert!(text.starts_with("# Retired configurations of 2 clients") && text.contains("| Name |"), "{text}");
    assert!(screen.note().starts_with("Copied Markdown, not for the client, "), "{}", screen.note());

    let mut long = Screen::new(World::large(1, 2_100), 100, 30);
    let all: Vec<i64> = (1000..3100).collect();
    long.tick(&all);
    long.keys("enter");
    long.confirm();
    long.settle(0..2_100);
    long.end(End::Finished);
    let before = long.asked.len();
    long.keys("Y");
    assert!(
        long.note().starts_with("Too long for the clipboard") && long.asked.len() == before,
        "{}",
        long.note()
    );
}

#[test]
fn a_report_opens_on_what_is_left_and_shows_items_by_outcome() {
    let mut screen = reported(120, 60);
    let text = screen.text();
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}\n{text}"));
    assert!(
        place("Left for you to do") < place("Totals") && place("Totals") < place("and its outcome"),
        "{text}"
    );
    assert!(text.contains("8 found = 3 deactivated + 4 skipped + 1 with errors"), "{text}");
    for (keys, shown) in
        [("f", "1 of 8 shown"), ("f", "3 of 8 shown"), ("f", "4 of 8 shown"), ("f", "outcome")]
    {
        screen.keys(keys);
        assert!(screen.text().contains(shown), "{shown}\n{}", screen.text());
    }
    for (typed, shown) in [
        ("outcome:failed", "1 of 8 shown"),
        ("!outcome:deactivated", "5 of 8 shown"),
        ("outcome:protected", "1 of 8 shown"),
        ("outcome:not-selected fw", "1 of 8 shown"),
        ("outcome:", "outcome"),
    ] {
        screen.keys("/").write(typed).keys("enter");
        assert!(screen.text().contains(shown), "{typed}: {shown}\n{}", screen.text());
        screen.keys("esc");
    }
}

#[test]
fn export_at_every_size() {
    for (width, height) in [(120, 40), (80, 24), (60, 20), (40, 10)] {
        let mut screen = reported(width, height);
        screen.keys("E down right");
        let text = super::world::lines(&screen.picture()).join("\n");
        insta::assert_snapshot!(format!("export_{width}x{height}"), text);
        screen.keys("esc w");
        let text = super::world::lines(&screen.picture()).join("\n");
        insta::assert_snapshot!(format!("story_{width}x{height}"), text);
    }
}
