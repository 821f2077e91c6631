//! Every place and every box, for rules that hold wherever one is.

use mothball::{
    domain::{
        document::{FollowUp, FollowUpKind},
        event::{End, Event, Notice},
    },
    tui::{
        desk::{RunNews, Trouble},
        message::Message,
        update,
    },
};

use super::{Screen, World, eventful_past};

pub const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (60, 20), (40, 10)];

/// One stop: how to get there, and whether a cursor row, or a chosen button, is in sight there.
pub struct Stop {
    pub name: &'static str,
    pub has_cursor: bool,
    pub reach: fn(World, u16, u16) -> Screen,
}

const fn stop(name: &'static str, has_cursor: bool, reach: fn(World, u16, u16) -> Screen) -> Stop {
    Stop { name, has_cursor, reach }
}

pub const STOPS: [Stop; 28] = [
    stop("reading", false, |world, width, height| {
        let mut screen = Screen::empty(world, width, height);
        screen.by_hand = true;
        update::start(&mut screen.model);
        screen
    }),
    stop("reading failed", false, |world, width, height| {
        let mut screen = Screen::empty(world, width, height);
        screen.by_hand = true;
        update::start(&mut screen.model);
        screen.send(Message::LoadEnded(1, Err(trouble())));
        screen
    }),
    stop("clients", true, |world, width, height| {
        let mut screen = Screen::new(world, width, height);
        screen.tick(&[101, 201]);
        screen
    }),
    stop("rows", true, |world, width, height| keys(world, width, height, "tab space j space j j")),
    stop("a range", true, |world, width, height| keys(world, width, height, "tab j v j j")),
    stop("a filter", true, |world, width, height| {
        let mut screen = keys(world, width, height, "tab space /");
        screen.write("srv type:server");
        screen
    }),
    stop("detail", false, |world, width, height| keys(world, width, height, "tab G tab")),
    stop("plan", false, planned),
    stop("confirmation", true, |world, width, height| {
        let mut screen = planned(world, width, height);
        screen.keys("x");
        screen
    }),
    stop("run", false, running),
    stop("looking through a run", true, |world, width, height| {
        let mut screen = running(world, width, height);
        screen.keys("k");
        screen
    }),
    stop("run that waits", false, |world, width, height| {
        let mut screen = running(world, width, height);
        let serial = screen.model.run.as_ref().unwrap().serial;
        let notice = Notice::Waiting { seconds: 12.0, why: "429, too many requests".into() };
        screen.send(Message::Run(serial, RunNews::Notice(notice)));
        screen
    }),
    stop("leaving a run", true, |world, width, height| {
        let mut screen = running(world, width, height);
        screen.keys("q");
        screen
    }),
    stop("report", false, reported),
    stop("saving", false, |world, width, height| {
        let mut screen = reported(world, width, height);
        screen.keys("s");
        screen
    }),
    stop("history", true, |world, width, height| keys(eventful(world), width, height, "esc 5 j")),
    stop("an interrupted run", true, |world, width, height| Screen::new(eventful(world), width, height)),
    stop("a plan that waits", true, |world, width, height| {
        let mut screen = keys(eventful(world), width, height, "esc 5 enter");
        down_to_an_item(&mut screen);
        screen.keys("space");
        screen
    }),
    stop("rejecting", true, |world, width, height| keys(eventful(world), width, height, "esc 5 n")),
    stop("undoing", true, |world, width, height| {
        let mut screen = keys(world, width, height, "5 u");
        down_to_an_item(&mut screen);
        screen
    }),
    stop("looked again", false, |mut world, width, height| {
        world.found = vec![FollowUp {
            kind: FollowUpKind::StillActive,
            config_id: Some(101.into()),
            client_id: 7.into(),
            text: "SRV-DC1 is active again: its RMM link is datto-55; stop that sync".into(),
            record_url: None,
        }];
        keys(world, width, height, "5 c")
    }),
    stop("hold", false, |world, width, height| keys(world, width, height, "tab j H")),
    stop("hidden ticks", true, |world, width, height| {
        let mut screen = Screen::new(world, width, height);
        screen.tick(&[101, 103]);
        screen.keys("tab /").write("fw").keys("enter enter");
        screen
    }),
    stop("columns", true, |world, width, height| keys(world, width, height, "tab C")),
    stop("copying", true, |world, width, height| keys(world, width, height, "tab y")),
    stop("help", false, |world, width, height| keys(world, width, height, "?")),
    stop("log", false, |world, width, height| keys(world, width, height, "L")),
    stop("palette", true, |world, width, height| {
        let mut screen = keys(world, width, height, "tab space :");
        screen.write("run");
        screen
    }),
];

fn keys(world: World, width: u16, height: u16, names: &str) -> Screen {
    let mut screen = Screen::new(world, width, height);
    screen.keys(names);
    screen
}

/// A small window shows what a plan is before it shows items.
fn down_to_an_item(screen: &mut Screen) {
    let cursor = screen.model.look.symbols.cursor;
    for _ in 0..40 {
        if screen.text().contains(cursor) {
            return;
        }
        screen.keys("j");
    }
    panic!("no item comes into sight\n{}", screen.text());
}

fn eventful(world: World) -> World {
    World { past: eventful_past(), ..world }
}

fn trouble() -> Trouble {
    Trouble {
        message: "The PSA refused the sign-in.".into(),
        advice: "Check the credentials with `mothball doctor`.".into(),
    }
}

fn planned(world: World, width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(world, width, height);
    screen.tick(&[101, 102, 103, 201]);
    screen.keys("enter");
    screen
}

fn running(mut world: World, width: u16, height: u16) -> Screen {
    world.failing.insert(102.into());
    let mut screen = planned(world, width, height);
    screen.confirm();
    screen.settle(0..2);
    let event = Event::Intended { config_id: 103.into(), attempt: 1 };
    screen.send(screen.events(vec![event]));
    screen
}

fn reported(world: World, width: u16, height: u16) -> Screen {
    let mut screen = running(world, width, height);
    screen.settle(2..4);
    screen.end(End::Finished);
    screen
}
