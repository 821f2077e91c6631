//! Watching a run: clients side by side, causes, the time that is left, the log, and Review meanwhile.

use mothball::{
    domain::{
        Code, ConfigId, Event, Outcome,
        event::{Answer, Notice},
    },
    tui::{
        desk::{LogLevel, LogLine, Pace, RunNews},
        message::Message,
        model::{Place, overlay::Overlay, run::RunShow},
    },
};

use super::world::{Screen, World, now};

fn running(width: u16, height: u16) -> Screen {
    let mut screen = Screen::small(width, height);
    screen.tick(&[101, 102, 103, 104, 201, 202]);
    screen.keys("enter");
    screen.confirm();
    assert_eq!(screen.model.place, Place::Run);
    screen
}

fn failed(id: i64, code: Code, message: &str) -> Event {
    Event::settled(ConfigId::from(id), Outcome::Failed { code, message: message.into() }, None)
}

fn intended(id: i64) -> Event {
    Event::Intended { config_id: ConfigId::from(id), attempt: 1 }
}

fn done(id: i64) -> Event {
    Event::settled(ConfigId::from(id), Outcome::Deactivated { verified: true }, None)
}

#[test]
fn each_client_is_shown_with_its_own_counts() {
    let mut screen = running(120, 30);
    screen.send(screen.events(vec![
        intended(101),
        intended(201),
        done(101),
        intended(102),
        failed(102, Code::PermissionDenied, "no"),
    ]));
    assert!(
        screen.text().contains("2 companies · at work on Birch & Sons 日本支店 (id 12) 0/2"),
        "{}",
        screen.text()
    );
    screen.keys("f");
    let text = screen.text();
    let line = |name: &str| {
        text.lines().find(|line| line.contains(name) && line.contains(" of ")).unwrap().to_owned()
    };
    assert!(line("Acme Dental (id 7)").contains("2 of 4, 1 with a problem"), "{text}");
    assert!(line("Birch & Sons").contains("0 of 2, 1 at work"), "{text}");
    screen.send(screen.events(vec![done(201), intended(202), done(202)]));
    assert!(screen.text().contains("2 of 2, done"), "{}", screen.text());
    assert!(screen.text().contains("2 companies · 1 waiting · 1 done"), "{}", screen.text());
}

#[test]
fn counts_of_clients_are_right_after_news_were_missed() {
    let mut screen = running(120, 30);
    let events = vec![
        intended(101),
        done(101),
        intended(103),
        intended(201),
        done(201),
        failed(202, Code::NotVerified, "x"),
    ];
    screen.send(screen.events(events));
    let told = screen.model.run.as_ref().unwrap().clients.list().to_vec();
    let causes: Vec<_> = screen.model.run.as_ref().unwrap().causes.list().cloned().collect();
    let run = screen.model.run.as_ref().unwrap();
    let (serial, state) = (run.serial, run.state.clone());
    screen.send(Message::Run(serial, RunNews::State(Box::new(state))));
    let run = screen.model.run.as_ref().unwrap();
    assert_eq!(run.clients.list(), told);
    assert_eq!(run.causes.list().cloned().collect::<Vec<_>>(), causes);
    assert_eq!(run.clients.standing(), (1, 0, 1));
}

#[test]
fn what_failed_for_one_reason_is_one_cause_with_what_to_do() {
    let mut screen = running(120, 36);
    screen.send(screen.events(vec![
        failed(
            101,
            Code::ConfigUpdateFailed,
            "The PSA said no (400) to configuration 101: \"Warranty\" is required",
        ),
        failed(
            102,
            Code::ConfigUpdateFailed,
            "The PSA said no (400) to configuration 102: \"Warranty\" is required",
        ),
        failed(103, Code::PermissionDenied, "You do not have security permission to perform this action."),
        Event::settled(ConfigId::from(201), Outcome::Unknown { message: "the answer was lost".into() }, None),
        Event::settled(ConfigId::from(202), Outcome::ChangedSinceReview { what: "its name".into() }, None),
    ]));
    screen.keys("f f");
    let text = screen.text();
    assert!(text.contains("What went wrong: 5 configurations, 4 causes"), "{text}");
    assert!(
        text.contains("2 failed: The PSA said no (400) to configuration 101: \"Warranty\" is required"),
        "{text}"
    );
    assert!(text.contains("Mend in the PSA what its words name"), "{text}");
    assert!(text.contains("the right to edit configurations (`mothball doctor` names the screen)"), "{text}");
    assert!(text.contains("resume it from History"), "{text}");
    assert!(text.contains("1 changed since review: its name"), "{text}");
    let at = |needle: &str| text.find(needle).unwrap();
    assert!(
        at("1 unknown: ") < at("2 failed: ") && at("1 failed: ") < at("1 changed since"),
        "the worst first: {text}"
    );
    // A later reading settles what was unknown, and its cause goes.
    screen.send(screen.events(vec![done(201)]));
    assert!(!screen.text().contains("1 unknown"), "{}", screen.text());
    assert_eq!(screen.model.run.as_ref().unwrap().causes.len(), 4);
    screen.keys("f");
    assert_eq!(screen.model.run.as_ref().unwrap().show, RunShow::Items);
}

#[test]
fn one_client_alone_is_not_listed_by_itself() {
    let mut screen = Screen::small(100, 30);
    screen.tick(&[101, 102]);
    screen.keys("enter");
    screen.confirm();
    assert!(screen.text().contains("Acme Dental (id 7)"), "{}", screen.text());
    screen.keys("f");
    assert_eq!(screen.model.run.as_ref().unwrap().show, RunShow::Problems);
}

#[test]
fn the_time_that_is_left_knows_the_psas_window_and_its_waits() {
    let mut world = World::large(1, 1000);
    world.past.clear();
    let mut screen = Screen::new(world, 120, 30);
    screen.keys("tab a enter");
    if let Some(plan) = &mut screen.model.plan
        && let mothball::tui::model::plan::PlanState::Ready(view) = &mut plan.state
    {
        view.estimate.pace = Pace { requests: 240, window_seconds: 300, in_flight: 4, batch: 1 };
    }
    screen.confirm();
    let first: Vec<Event> = (1000..1100).flat_map(|id| [intended(id), done(id)]).collect();
    screen.send(screen.events(first));
    // A hundred in a second: by that alone the rest would take nine.
    screen.model.now = now().plus_seconds(2);
    let run = screen.model.run.as_ref().unwrap();
    let left = run.seconds_left(screen.model.now).unwrap();
    assert!((900.0..1300.0).contains(&left), "922 requests are three windows after this one: {left}");
    assert!(screen.text().contains("No more than 240 requests in 5 min"), "{}", screen.text());
    let serial = run.serial;
    let notice = Notice::Waiting { seconds: 120.0, why: "429 from the PSA".into() };
    screen.send(Message::Run(serial, RunNews::Notice(notice)));
    let waiting = screen.model.run.as_ref().unwrap().seconds_left(screen.model.now).unwrap();
    assert!((waiting - left - 120.0).abs() < 1.0, "{waiting}");
}

#[test]
fn nothing_is_foretold_once_everything_was_sent() {
    let mut screen = running(120, 30);
    let answered =
        |id: i64| Event::Answered { config_id: ConfigId::from(id), attempt: 1, answer: Answer::Accepted };
    let all = [101, 102, 103, 104, 201, 202];
    screen.send(screen.events(all.iter().flat_map(|id| [intended(*id), answered(*id)]).collect()));
    screen.send(screen.events(all.iter().map(|id| done(*id)).chain([Event::Verifying]).collect()));
    let text = screen.text();
    assert!(text.contains(" 99 % 6 of 6") && !text.contains(" left"), "{text}");
    assert!(text.contains("Reading back what was changed"), "{text}");
}

#[test]
fn review_says_that_a_run_goes_on_and_marks_what_is_in_it() {
    for (width, height) in [(120, 30), (80, 24), (60, 20)] {
        let mut screen = running(width, height);
        screen.send(screen.events(vec![
            intended(101),
            done(101),
            intended(102),
            failed(103, Code::PermissionDenied, "no"),
        ]));
        screen.keys("1 tab");
        let text = screen.text();
        assert!(text.contains("A run goes on: 2 of 6 done, 1 with a problem. 3 shows it."), "{text}");
        let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
        assert!(line("SRV-DC1").contains("✓"), "{text}");
        assert!(line("SRV-DC2").contains("running"), "{text}");
        assert!(line("FW-10").contains("✗") && line("FW-10").contains("failed"), "{text}");
        assert!(line("FW-2").contains("queued"), "{text}");
        if width == 120 {
            assert!(line("PC-RECEPTION").contains("none"), "what is not in the run is as before: {text}");
        }
        screen.send(screen.events(vec![Event::Paused { why: "by you".into() }]));
        assert!(screen.text().contains("A run is PAUSED"), "{}", screen.text());
    }
}

#[test]
fn the_log_can_be_narrowed_to_a_level() {
    let mut screen = Screen::small(100, 30);
    screen.keys("L");
    let line = |level, text: &str| LogLine { at: now(), level, text: text.into() };
    let lines = vec![
        line(LogLevel::Debug, "GET /company/companies"),
        line(LogLevel::Info, "18 companies"),
        line(LogLevel::Warn, "429, waiting"),
        line(LogLevel::Error, "no answer"),
    ];
    let shown = |screen: &Screen| {
        ["GET", "18 companies", "429", "no answer"].map(|text| screen.text().contains(text))
    };
    screen.send(Message::Log(lines.clone()));
    assert_eq!(shown(&screen), [true; 4]);
    for expected in
        [[false, true, true, true], [false, false, true, true], [false, false, false, true], [true; 4]]
    {
        screen.keys("f");
        assert_eq!(shown(&screen), expected, "{}", screen.text());
    }
    screen.keys("f f f");
    screen.send(Message::Log(lines[..3].to_vec()));
    assert!(screen.text().contains("Nothing of that level: f shows other levels"), "{}", screen.text());
    assert!(matches!(screen.model.overlay, Some(Overlay::Log(_))));
}
