//! The screen with 100,000 configurations of 2,000 clients, and with 10,000 of 200 beside it: what a frame, a key, a
//! filter, a sort cost; and the memory that the rows take. Measures; asserts nothing. Drawing must not grow with the rows.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a benchmark measures and prints")]
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "the made-up PSA of the screen's tests serves more than is measured"
)]

#[path = "screen/process.rs"]
mod process;
#[path = "../tests/tui/world/mod.rs"]
mod world;

use std::time::{Duration, Instant};

use mothball::{
    domain::event::End,
    tui::{
        effect::Effect,
        filter,
        key::Key,
        message::Message,
        model::{Look, Model, Place},
        theme::Theme,
        update,
        view::view,
    },
};
use world::{Screen, World, now};

const SIZE: (u16, u16) = (200, 50);
const OFTEN: usize = 300;

/// How much is listed, over how many clients.
const SIZES: [(i64, i64); 2] = [(200, 10_000), (2_000, 100_000)];

type Case = (&'static str, &'static str, fn(i64, i64) -> Vec<Duration>);

/// What is measured, and how long it may take at most.
const CASES: &[Case] = &[
    ("first frame, before any data", "50 ms", |_, _| first_frame()),
    ("frame: Review", "8 ms", |clients, rows| frames(&loaded(clients, rows))),
    ("frame: Plan of everything", "8 ms", |clients, rows| frames(&planned(clients, rows))),
    ("frame: Run", "8 ms", |clients, rows| frames(&running(clients, rows))),
    ("frame: Report", "8 ms", |clients, rows| frames(&reported(clients, rows))),
    ("frame: History", "8 ms", |clients, rows| frames(&history(clients, rows))),
    ("key to frame, Review", "8 ms", |clients, rows| keys(&mut loaded(clients, rows), false)),
    ("key to frame, Review, run goes on", "8 ms", |clients, rows| {
        let mut screen = running(clients, rows);
        screen.keys("1");
        keys(&mut screen, true)
    }),
    ("key to frame, Run", "8 ms", |clients, rows| keys(&mut running(clients, rows), true)),
    ("filter, first key, one client has all", "50 ms", |_, rows| filter_keys(rows, true)),
    ("filter, narrowing, one client has all", "16 ms", |_, rows| filter_keys(rows, false)),
    ("sort, one client has all", "-", |_, rows| sorts(rows)),
    ("tick all, one client has all", "-", |_, rows| tick_all(rows)),
    ("tick all of a client, from client to client", "8 ms", tick_clients),
    ("tick one, with everything ticked and filtered", "8 ms", tick_while_filtered),
];

fn main() {
    // A child of this benchmark: see `process`.
    if process::is_child() {
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    println!("median and 95th of 100 in ms, {}x{} cells", SIZE.0, SIZE.1);
    println!("{:<48} {:>8}  {:>9} {:>9}  {:>9} {:>9}", "", "at most", "10,000", "p95", "100,000", "p95");
    for (name, most, case) in CASES.iter().filter(|(name, ..)| is_wanted(name)) {
        let figures = SIZES.map(|(clients, rows)| {
            let took = case(clients, rows);
            format!("  {:>9.3} {:>9.3}", percentile(&took, 50), percentile(&took, 95))
        });
        println!("{name:<48} {most:>8}{}", figures.concat());
    }
    process::measure(is_wanted);
}

fn percentile(took: &[Duration], percent: usize) -> f64 {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * percent / 100].as_secs_f64() * 1000.0
}

fn timed(often: usize, mut work: impl FnMut()) -> Vec<Duration> {
    (0..often)
        .map(|_| {
            let clock = Instant::now();
            work();
            clock.elapsed()
        })
        .collect()
}

fn draw(screen: &Screen) {
    std::hint::black_box(view(&screen.model));
}

fn first_frame() -> Vec<Duration> {
    let setting = World::small().setting;
    timed(OFTEN, || {
        let mut model = Model::new(setting.clone(), now(), SIZE, Look::new(Theme::Dark, false));
        std::hint::black_box(update::start(&mut model));
        std::hint::black_box(view(&model));
    })
}

fn loaded(clients: i64, rows: i64) -> Screen {
    Screen::new(World::large(clients, rows), SIZE.0, SIZE.1)
}

/// Everything is ticked and planned.
fn planned(clients: i64, rows: i64) -> Screen {
    let mut screen = loaded(clients, rows);
    screen.tick(&(1000..1000 + rows).collect::<Vec<_>>());
    screen.keys("enter");
    assert_eq!(screen.model.place, Place::Plan);
    screen
}

fn running(clients: i64, rows: i64) -> Screen {
    let mut screen = planned(clients, rows);
    screen.confirm();
    assert_eq!(screen.model.place, Place::Run);
    screen.settle(0..rows as usize / 3);
    screen
}

fn reported(clients: i64, rows: i64) -> Screen {
    let mut screen = running(clients, rows);
    screen.settle(rows as usize / 3..rows as usize);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Report);
    screen
}

fn history(clients: i64, rows: i64) -> Screen {
    let mut screen = loaded(clients, rows);
    screen.keys("5");
    assert_eq!(screen.model.place, Place::History);
    screen
}

fn frames(screen: &Screen) -> Vec<Duration> {
    timed(OFTEN, || draw(screen))
}

/// Moving about, each key with its frame; while a run goes on, with news of five items before each key.
fn keys(screen: &mut Screen, run_goes_on: bool) -> Vec<Duration> {
    let names = ["j", "j", "pgdn", "tab", "j", "pgdn", "k", "shift-tab", "G", "g"];
    let mut took = Vec::with_capacity(OFTEN);
    let mut news = if run_goes_on { run_news(screen) } else { Vec::new() };
    for turn in 0..OFTEN {
        let key: Key = names[turn % names.len()].parse().expect("a key");
        let told = news.pop();
        let clock = Instant::now();
        if let Some(told) = told {
            screen.send(told);
        }
        screen.send(Message::Key(key));
        draw(screen);
        took.push(clock.elapsed());
    }
    took
}

/// What is told of items that are still to be done, five at a time.
fn run_news(screen: &Screen) -> Vec<Message> {
    let view = &screen.model.run.as_ref().expect("a run").view;
    let items = view.plan.items();
    let stories = items[items.len() / 3..].chunks(5).take(OFTEN);
    stories
        .map(|items| {
            let told = items.iter().flat_map(|item| screen.world.story(&item.config_id, false, false));
            screen.events(told.collect())
        })
        .collect()
}

/// All rows belong to one client.
fn one_client(rows: i64) -> Screen {
    let mut screen = loaded(1, rows);
    screen.keys("tab");
    screen
}

/// What is typed, with the frame that shows the answer; the work that goes aside is done and counted here.
fn filter_keys(rows: i64, first: bool) -> Vec<Duration> {
    let mut screen = one_client(rows);
    let mut took = Vec::new();
    for _ in 0..20 {
        screen.keys("/");
        for (at, c) in "host7".chars().enumerate() {
            screen.by_hand = true;
            let clock = Instant::now();
            screen.send(Message::Key(Key::char(c)));
            finish_filter(&mut screen);
            draw(&screen);
            if (at == 0) == first {
                took.push(clock.elapsed());
            }
            screen.by_hand = false;
        }
        screen.keys("esc esc");
    }
    took
}

/// Answers a filter as the runtime does.
fn finish_filter(screen: &mut Screen) {
    while let Some(effect) = screen.asked.pop() {
        if let Effect::Filter { generation, query, candidates } = effect {
            let mut matcher = filter::matcher();
            let fits =
                candidates.iter().filter(|row| query.fits(row.entry.candidate(&row.links), &mut matcher));
            let hits = fits.map(|row| row.at).collect();
            screen.send(Message::Filtered(generation, hits));
        }
    }
}

fn sorts(rows: i64) -> Vec<Duration> {
    let mut screen = one_client(rows);
    timed(20, || {
        screen.keys(">");
        draw(&screen);
    })
}

fn tick_all(rows: i64) -> Vec<Duration> {
    let mut screen = one_client(rows);
    timed(20, || {
        screen.keys("a");
        draw(&screen);
    })
}

fn tick_clients(clients: i64, rows: i64) -> Vec<Duration> {
    let mut screen = loaded(clients, rows);
    timed(clients as usize / 2, || {
        screen.keys("space");
        draw(&screen);
    })
}

fn tick_while_filtered(clients: i64, rows: i64) -> Vec<Duration> {
    let mut screen = loaded(clients, rows);
    screen.tick(&(1000..1000 + rows).collect::<Vec<_>>());
    screen.keys("tab /").write("host").keys("enter");
    timed(40, || {
        screen.keys("space");
        draw(&screen);
    })
}
