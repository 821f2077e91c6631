//! Every place at every size, as text; and as styles, once per theme.

use std::fmt::Write;

use mothball::{
    domain::{
        Timestamp,
        document::{FollowUp, FollowUpKind},
        event::{End, Event, Notice},
    },
    tui::{
        desk::{Again, Hold, LoadNews, Mode, PastRun, RunNews, Trouble},
        layout::Pane,
        message::Message,
        model::Look,
        theme::Theme,
    },
};
use ratatui::style::{Color, Modifier};

use super::world::{Screen, World, eventful_past, interrupted, lines, now};

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (60, 20), (40, 10)];

fn snapshot(name: &str, make: impl Fn(u16, u16) -> Screen) {
    for (width, height) in SIZES {
        let screen = make(width, height);
        let text = lines(&screen.picture()).join("\n");
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text);
    }
}

fn planned(width: u16, height: u16) -> Screen {
    let mut screen = Screen::small(width, height);
    screen.tick(&[101, 102, 103, 201]);
    screen.keys("enter");
    screen
}

fn running(width: u16, height: u16) -> Screen {
    let mut world = World::small();
    world.failing.insert(102.into());
    let mut screen = Screen::new(world, width, height);
    screen.tick(&[101, 102, 103, 201]);
    screen.keys("enter");
    screen.confirm();
    screen.settle(0..2);
    let event = Event::Intended { config_id: 103.into(), attempt: 1 };
    screen.send(screen.events(vec![event]));
    screen.model.now = super::world::now().plus_seconds(5);
    screen
}

#[test]
fn review_before_anything_is_there() {
    snapshot("review_empty", |width, height| {
        let mut screen = Screen::empty(World::small(), width, height);
        screen.by_hand = true;
        mothball::tui::update::start(&mut screen.model);
        screen
    });
}

#[test]
fn review_clients() {
    snapshot("review_clients", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.tick(&[101, 201]);
        screen
    });
}

#[test]
fn review_rows() {
    snapshot("review_rows", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab space j space j j");
        screen
    });
}

#[test]
fn review_detail() {
    snapshot("review_detail", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab G tab");
        screen
    });
}

#[test]
fn review_filtering() {
    snapshot("review_filter", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab space /").write("srv type:server");
        screen
    });
}

#[test]
fn review_that_failed() {
    snapshot("review_failed", |width, height| {
        let mut screen = Screen::empty(World::small(), width, height);
        screen.by_hand = true;
        mothball::tui::update::start(&mut screen.model);
        let trouble = Trouble {
            message: "The PSA refused the sign-in.".into(),
            advice: "Check the credentials with `mothball doctor`.".into(),
        };
        screen.send(Message::LoadEnded(1, Err(trouble)));
        screen
    });
}

#[test]
fn plan() {
    snapshot("plan", planned);
}

#[test]
fn plan_confirm() {
    snapshot("plan_confirm", |width, height| {
        let mut screen = planned(width, height);
        screen.keys("x").write("4");
        screen
    });
}

#[test]
fn run() {
    snapshot("run", running);
}

#[test]
fn run_that_waits() {
    snapshot("run_waiting", |width, height| {
        let mut screen = running(width, height);
        let serial = screen.model.run.as_ref().unwrap().serial;
        let notice = Notice::Waiting { seconds: 12.0, why: "429, too many requests".into() };
        screen.send(Message::Run(serial, RunNews::Notice(notice)));
        screen
    });
}

#[test]
fn report() {
    snapshot("report", |width, height| {
        let mut screen = running(width, height);
        screen.settle(2..4);
        screen.end(End::Finished);
        screen
    });
}

#[test]
fn history() {
    snapshot("history", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("5");
        screen
    });
}

fn eventful(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, width, height);
    screen.keys("esc 5");
    screen
}

#[test]
fn history_with_runs_that_wait_were_interrupted_and_came_back() {
    snapshot("history_eventful", eventful);
}

#[test]
fn history_tells_more_about_the_run_under_the_cursor() {
    snapshot("history_active_again", |width, height| {
        let mut screen = eventful(width, height);
        screen.keys("j j j");
        screen
    });
}

#[test]
fn interrupted_runs_are_offered() {
    snapshot("resume_offer", |width, height| {
        let past = vec![interrupted()];
        Screen::new(World { past, ..World::small() }, width, height)
    });
}

#[test]
fn several_interrupted_runs_are_offered() {
    snapshot("resume_offer_several", |width, height| {
        let ids = ["20261123T231500-dddddddd", "20261122T080000-iiiiiiii", "20261121T080000-jjjjjjjj"];
        let past = ids.map(|id| PastRun { run: id.into(), ..interrupted() }).to_vec();
        let mut screen = Screen::new(World { past, ..World::small() }, width, height);
        screen.keys("tab tab");
        screen
    });
}

#[test]
fn plan_that_waits() {
    snapshot("plan_parked", |width, height| {
        let mut screen = eventful(width, height);
        screen.keys("enter space space");
        screen
    });
}

#[test]
fn plan_that_waits_confirm() {
    snapshot("plan_parked_confirm", |width, height| {
        let mut screen = eventful(width, height);
        screen.keys("a x");
        screen
    });
}

#[test]
fn plan_that_this_person_may_not_approve() {
    snapshot("plan_four_eyes", |width, height| {
        let refused =
            vec!["four eyes: another person than jane@msp.example, who asked for it, must approve".into()];
        let mut screen =
            Screen::new(World { past: eventful_past(), refused, ..World::small() }, width, height);
        screen.keys("esc 5 a x");
        screen
    });
}

#[test]
fn plan_that_needs_approval() {
    snapshot("plan_needs_approval", |width, height| {
        let needs_approval = Some("safeguards.require_approval is set".to_owned());
        let mut screen = Screen::new(World { needs_approval, ..World::small() }, width, height);
        screen.tick(&[101, 102]);
        screen.keys("enter");
        screen
    });
}

#[test]
fn plan_of_an_undo() {
    snapshot("plan_undo", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("5 u");
        screen
    });
}

#[test]
fn report_of_an_undo() {
    snapshot("report_undo", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("5 u");
        screen.confirm();
        screen.settle(0..3);
        screen.end(End::Finished);
        screen
    });
}

#[test]
fn looked_again() {
    snapshot("recheck", |width, height| {
        let found = vec![FollowUp {
            kind: FollowUpKind::StillActive,
            config_id: Some(101.into()),
            client_id: 7.into(),
            text: "SRV-DC1 is active again after run 20261123T090000-bbbbbbbb: its RMM link is datto-55; stop that sync".into(),
            record_url: Some("https://psa.example/configuration/101".into()),
        }];
        let mut screen = Screen::new(World { found, ..World::small() }, width, height);
        screen.keys("5 c");
        screen
    });
}

#[test]
fn hold() {
    snapshot("hold", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab j H").write("Sold to Birch").keys("enter").write("2027-01-31");
        screen
    });
}

#[test]
fn review_with_a_hold_and_one_that_is_active_again() {
    snapshot("review_held", |width, height| {
        let mut world = World::small();
        let hold = Hold {
            reason: "Sold to Birch".into(),
            by: "jane@msp.example".into(),
            until: Timestamp::after_day("2027-01-31"),
        };
        let again = Again { run: "20261120T090000-eeeeeeee".into(), at: now().plus_seconds(-300_000) };
        world.rows[0].again = Some(again.into());
        world.rows[0].configuration.rmm = Some("datto-55".into());
        world.rows[2].hold = Some(hold.into());
        let mut screen = Screen::new(world, width, height);
        screen.keys("tab G k");
        screen
    });
}

#[test]
fn help() {
    snapshot("help", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("?");
        screen
    });
}

#[test]
fn hidden_ticks() {
    snapshot("hidden_ticks", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.tick(&[101, 103]);
        screen.keys("tab /").write("fw").keys("enter enter");
        screen
    });
}

#[test]
fn ascii() {
    let mut screen = Screen::small(80, 24);
    screen.model.look = Look::new(Theme::Mono, true);
    screen.keys("tab space").model.setting.mode = Mode::Demo;
    insta::assert_snapshot!(screen.text());
}

#[test]
fn reading_page_by_page() {
    let mut screen = Screen::empty(World::small(), 80, 24);
    screen.by_hand = true;
    mothball::tui::update::start(&mut screen.model);
    let world = screen.world.clone();
    screen.send(Message::Load(1, LoadNews::Clients(world.clients.clone())));
    screen.send(Message::Load(1, LoadNews::Rows(world.rows[..3].to_vec())));
    screen.model.review.focus = Pane::Rows;
    insta::assert_snapshot!(screen.text());
}

/// Runs of cells with the same style: `y x..x fg bg modifiers`.
fn styled(screen: &Screen) -> String {
    let picture = screen.picture();
    let area = *picture.cells.area();
    let mut out = String::new();
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let style = |x| {
                let cell = &picture.cells[(x, y)];
                (cell.fg, cell.bg, cell.modifier)
            };
            let (fg, bg, modifier) = style(x);
            let from = x;
            while x < area.width && style(x) == (fg, bg, modifier) {
                x += 1;
            }
            if (fg, bg, modifier) != (Color::Reset, Color::Reset, Modifier::empty()) {
                writeln!(out, "{y} {from}..{x} {fg} {bg} {modifier:?}").unwrap();
            }
        }
    }
    out
}

#[test]
fn styles() {
    for theme in Theme::ALL {
        let mut screen = Screen::small(120, 40);
        screen.model.look = Look::new(theme, false);
        screen.keys("tab space j v j");
        insta::assert_snapshot!(format!("styles_{}", theme.name()), styled(&screen));
    }
}

#[test]
fn review_range() {
    let mut screen = Screen::small(80, 24);
    screen.keys("tab j v j j");
    insta::assert_snapshot!(screen.text());
}

#[test]
fn review_with_columns_moved_and_sorted() {
    snapshot("review_columns", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab > > > > ] ~");
        screen
    });
}

#[test]
fn choosing_columns() {
    snapshot("columns", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab C j j + + J space");
        screen
    });
}

#[test]
fn copying() {
    snapshot("copy", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("tab y right");
        screen
    });
}

#[test]
fn review_while_a_run_goes_on() {
    snapshot("review_during_run", |width, height| {
        let mut screen = running(width, height);
        screen.keys("1 tab");
        screen
    });
}

#[test]
fn run_by_client_and_by_cause() {
    snapshot("run_clients", |width, height| {
        let mut screen = running(width, height);
        screen.keys("f");
        screen
    });
    snapshot("run_problems", |width, height| {
        let mut screen = running(width, height);
        screen.keys("f f");
        screen
    });
}

#[test]
fn log() {
    snapshot("log", |width, height| {
        let mut screen = Screen::small(width, height);
        screen.keys("L f");
        screen
    });
}
