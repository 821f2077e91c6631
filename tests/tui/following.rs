//! Runs that another process is at work on: told apart in History, watched, asked to pause and to end, and left alone when
//! the screen is left.

use mothball::{
    domain::{Origin, Phase, RunId, event::End},
    tui::{
        desk::{Control, PastRun, Trouble},
        effect::Effect,
        message::Message,
        model::{Place, overlay::Overlay},
        options::{Leave, StopSignal},
    },
};

use super::world::{Screen, World, at_work, past, past_runs, waiting};

const SERVERS: &str = "20261124T013000-ssssssss";

/// At History; the cursor is on the run that a server is at work on.
fn history(width: u16, height: u16) -> Screen {
    let mut world = World::small();
    world.past = past_runs();
    world.past.insert(0, at_work(&RunId::from(SERVERS)));
    let mut screen = Screen::new(world, width, height);
    screen.keys("5");
    assert_eq!(screen.model.place, Place::History);
    screen
}

fn watching() -> Screen {
    let mut screen = history(100, 30);
    screen.keys("enter");
    assert_eq!(screen.model.place, Place::Run, "{}", screen.text());
    screen
}

fn controls(screen: &Screen) -> Vec<Control> {
    let control = |effect: &Effect| match effect {
        Effect::Control { control, .. } => Some(*control),
        _ => None,
    };
    screen.asked.iter().filter_map(control).collect()
}

#[test]
fn history_tells_what_set_a_run_going_and_that_it_can_be_watched() {
    let screen = history(120, 30);
    let text = screen.text();
    assert!(text.contains("schedule nightly"), "{text}");
    assert!(text.contains("watches it (mothball, process 812 on srv1"), "{text}");
    assert!(text.contains("Started by the schedule nightly"), "{text}");
    insta::assert_snapshot!("history_of_a_server", text);
}

#[test]
fn what_set_a_run_going_is_told_once_and_in_words_that_mean_something() {
    let by = |origin: Origin, requested_by: &str| PastRun {
        origin,
        requested_by: requested_by.to_owned(),
        ..past("20261124T013000-ssssssss", 60, Phase::Finished)
    };
    let api = || Origin::Api { token: "ticket-system".to_owned() };
    let runs = [
        (by(Origin::Person, "jane@msp.example"), "jane@msp.example", "By jane@msp.example"),
        (
            by(Origin::Schedule { name: "nightly".to_owned() }, "schedule nightly"),
            "schedule nightly",
            "Started by the schedule nightly",
        ),
        (
            by(Origin::Webhook { event: "46dd8471e595ea36".to_owned() }, "webhook"),
            "webhook",
            "Started by a webhook (event 46dd8471e595ea36)",
        ),
        (
            by(api(), "ticket-system"),
            "API ticket-system",
            "Started over the API with the token ticket-system",
        ),
        (
            by(api(), "Ann"),
            "API ticket-system",
            "Started over the API with the token ticket-system, asked for by Ann",
        ),
    ];
    for (run, column, sentence) in &runs {
        assert_eq!((run.asked_for_by().as_str(), run.told_who().as_str()), (*column, *sentence));
    }
    let world = World { past: runs.map(|(run, ..)| run).into(), ..World::small() };
    let mut screen = Screen::new(world, 80, 24);
    screen.keys("5 end");
    insta::assert_snapshot!("history_of_every_origin", screen.text());
}

#[test]
fn it_is_watched_on_the_page_of_a_run_with_a_sign_that_another_process_does_it() {
    let mut screen = watching();
    assert!(matches!(screen.asked.last(), Some(Effect::Follow { run, .. }) if run.as_str() == SERVERS));
    screen.settle(0..2);
    let text = screen.text();
    assert!(text.contains("another process") && text.contains("at work: mothball, process 812"), "{text}");
    assert!(text.contains("50 %"), "{text}");
    insta::assert_snapshot!("run_of_another_process", text);
    screen.keys("1");
    assert!(screen.text().contains("Another process's run goes on: 2 of 4 done"), "{}", screen.text());
    screen.keys("5 enter");
    assert_eq!(screen.model.place, Place::Run, "it is watched already");
    assert_eq!(screen.asked.iter().filter(|effect| matches!(effect, Effect::Follow { .. })).count(), 1);
}

#[test]
fn its_end_opens_the_report_that_the_other_process_saved() {
    let mut screen = watching();
    screen.settle(0..4);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Report, "{}", screen.text());
    assert!(!screen.text().contains("could not be saved"), "{}", screen.text());
    screen.keys("q");
    let Some(Leave::Quit(closing)) = &screen.left else { panic!("{:?}", screen.left) };
    assert!(closing.last_run.is_none(), "it says nothing about how this session went: {closing:?}");
}

#[test]
fn it_is_asked_to_pause_to_go_on_and_to_end() {
    let mut screen = watching();
    screen.keys("p");
    assert!(screen.note().contains("Asked to pause"), "{}", screen.note());
    screen.keys("c");
    assert!(screen.note().contains("Asked to cancel"), "{}", screen.note());
    assert!(screen.text().contains("Asked to cancel"), "{}", screen.text());
    screen.keys("c");
    assert_eq!(controls(&screen), [Control::Pause, Control::Cancel, Control::Stop]);
    let trouble = Trouble { message: "nobody is at work on it".into(), advice: "See History.".into() };
    screen.send(Message::Controlled(Control::Cancel, Err(trouble)));
    assert!(matches!(screen.model.overlay, Some(Overlay::Trouble { .. })), "{}", screen.text());
}

#[test]
fn leaving_leaves_it_alone() {
    let mut screen = watching();
    screen.keys("q");
    assert!(matches!(screen.left, Some(Leave::Quit(_))), "nothing to ask about: {}", screen.text());
    for way in [Message::Stop(StopSignal::Terminate), Message::Stop(StopSignal::Hangup)] {
        let mut screen = watching();
        screen.send(way);
        assert!(matches!(screen.left, Some(Leave::Stopped(..))));
        assert!(controls(&screen).is_empty(), "{:?}", screen.asked);
    }
    let mut screen = watching();
    screen.keys("ctrl-c ctrl-c");
    assert!(screen.left.is_some() && controls(&screen).is_empty());
}

#[test]
fn a_run_of_ones_own_may_begin_meanwhile_and_takes_the_page() {
    let mut screen = watching();
    screen.keys("1");
    screen.tick(&[101]);
    screen.keys("enter");
    assert_eq!(screen.model.place, Place::Plan, "{}", screen.text());
    screen.confirm();
    assert_eq!(screen.started(), 1);
    assert!(screen.model.runs() && screen.model.run.as_ref().unwrap().run.as_str() != SERVERS);
    // While that goes on, the other one is not watched.
    screen.keys("5 enter");
    assert_ne!(screen.model.place, Place::Run);
}

#[test]
fn what_cannot_be_done_about_it_is_told_with_what_can() {
    let mut screen = history(100, 30);
    for keys in ["r", "u", "a", "n"] {
        screen.keys(keys);
        assert!(screen.note().contains("open it to watch, pause or cancel it"), "{keys}: {}", screen.note());
    }
    assert!(controls(&screen).is_empty());
}

#[test]
fn news_that_break_off_name_who_was_at_work_and_the_way_to_go_on() {
    let mut screen = watching();
    let serial = screen.model.run.as_ref().unwrap().serial;
    screen.send(Message::RunNewsEnded(serial));
    let Some(Overlay::Trouble { trouble, .. }) = &screen.model.overlay else { panic!("{}", screen.text()) };
    assert!(trouble.message.contains("process 812 on srv1"), "{}", trouble.message);
    assert!(trouble.advice.contains("resume it from History"), "{}", trouble.advice);
}

#[test]
fn one_that_cannot_be_opened_says_why() {
    let mut screen = history(100, 30);
    screen.by_hand = true;
    screen.keys("enter");
    let Some(Effect::Reopen { generation, .. }) = screen.asked.last().cloned() else {
        panic!("{:?}", screen.asked)
    };
    let trouble =
        Trouble { message: "the plan was altered".into(), advice: "Look with audit verify.".into() };
    screen.send(Message::Reopened(generation, Err(trouble)));
    assert!(screen.text().contains("The run cannot be watched"), "{}", screen.text());
}

#[test]
fn runs_that_wait_are_told_when_the_screen_opens() {
    let mut world = World::small();
    world.past =
        vec![waiting(&RunId::from("20261124T010000-aaaaaaaa"), 4, "mothball"), past("x", 5, Phase::Finished)];
    let screen = Screen::new(world, 100, 30);
    assert!(screen.note().contains("1 run waits for approval: press 5"), "{}", screen.note());
}
