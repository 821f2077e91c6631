//! Hostile strings in every place of the screen, as cells and as the bytes that a terminal gets.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use mothball::{
    domain::{
        ClientId, Phase, Reason, RunId, SignOfLife,
        document::{FollowUp, FollowUpKind},
        event::{End, Notice},
        links::{Link, LinkAnswer, Links},
    },
    tui::{
        cells,
        desk::{Hold, LogLevel, LogLine, RunNews, SaveError, Trouble},
        message::Message,
        model::Place,
        runtime::{
            hyperlinks,
            terminal::{Display, OnBackend},
        },
        view::Picture,
    },
};
use ratatui::{backend::CrosstermBackend, buffer::Buffer, layout::Rect, style::Style};

use super::world::{Screen, World, client, no_links, now, past, row};
use crate::support::{
    hostile::{Hostile, assert_harmless, assert_our_sequences, wanted},
    say,
};

const WIDTH: u16 = 160;
const HEIGHT: u16 = 60;

/// What a terminal gets, from one picture to the next, links and all.
#[derive(Default)]
struct Wire {
    before: Option<Picture>,
    frames: usize,
    links: usize,
}

impl Wire {
    fn show(&mut self, picture: Picture) {
        check_cells(&picture.cells);
        let mut bytes = Vec::new();
        let before = self.before.as_ref().filter(|before| before.cells.area() == picture.cells.area());
        let mut painting = Painting::default();
        OnBackend(CrosstermBackend::new(painting.clone())).show(before, &picture).unwrap();
        bytes.append(&mut painting.taken());
        let mut backend = CrosstermBackend::new(&mut bytes);
        hyperlinks::write(&mut backend, before, &picture).unwrap();
        assert_our_sequences(&bytes);
        self.links += picture.links.len();
        self.before = Some(picture);
        self.frames += 1;
    }

    fn screen(&mut self, screen: &Screen) {
        let picture = screen.picture();
        check_border(&picture.cells, &screen.text());
        self.show(picture);
    }
}

/// A terminal's end of the line, which the display keeps on its own thread.
#[derive(Clone, Default)]
struct Painting(Arc<Mutex<Vec<u8>>>);

impl Painting {
    fn taken(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Write for Painting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// No cell holds anything hostile, and what takes more cells than one takes exactly those.
fn check_cells(cells: &Buffer) {
    let area = *cells.area();
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let symbol = cells[(x, y)].symbol();
            assert_harmless(symbol, &[]);
            x += (cells::width(symbol).max(1)) as u16;
        }
        assert_eq!(x, area.width, "a line is wider than the screen: {y}");
    }
}

/// The right border of the body stands in one column: no name has pushed it.
fn check_border(cells: &Buffer, text: &str) {
    let area = *cells.area();
    for y in 3..area.height - 3 {
        let symbol = cells[(area.width - 1, y)].symbol();
        assert!("│┐┘╮╯┤".contains(symbol), "line {y} ends with {symbol:?}\n{text}");
    }
}

fn link(hostile: &mut Hostile) -> LinkAnswer {
    LinkAnswer::of(vec![Link {
        id: "1".into(),
        name: hostile.next(),
        detail: Some(hostile.next()),
        record_url: Some(hostile.next()),
    }])
}

/// A tenant in which every text is hostile.
fn world(hostile: &mut Hostile, clients: i64, each: i64) -> World {
    let mut world = World { past: Vec::new(), ..World::small() };
    world.clients.clear();
    world.rows.clear();
    world.links.clear();
    world.signs.clear();
    for id in 1..=clients {
        let reason = Reason::Status { name: hostile.next() };
        world.clients.push(client(id, &hostile.next(), reason));
        let signs = vec![
            SignOfLife::ActiveChild { name: hostile.next() },
            SignOfLife::RunningAgreement {
                name: hostile.next(),
                detail: Some(hostile.next()),
                record_url: None,
            },
        ];
        world.signs.insert(ClientId::from(id), signs);
        for at in 0..each {
            let mut row = row(id * 1000 + at, id, &hostile.next(), &hostile.next());
            let configuration = &mut row.configuration;
            configuration.site = Some(hostile.next().into());
            configuration.serial = Some(hostile.next().into());
            configuration.record_url = Some(match at % 2 {
                0 => hostile.next().into(),
                _ => format!("https://psa.example/{at}?{}", hostile.next()).into(),
            });
            configuration.details = [(hostile.next().into(), hostile.next().into())].into_iter().collect();
            if let Some(status) = &mut configuration.state.status {
                status.name = hostile.next().into();
            }
            match at % 5 {
                3 => row.locked = Some(hostile.next().into()),
                4 => {
                    let hold = Hold { reason: hostile.next(), by: hostile.next(), until: None };
                    row.hold = Some(hold.into());
                }
                _ => {}
            }
            let links = Links { billing: link(hostile), rmm: link(hostile), ..no_links() };
            world.links.insert(row.configuration.id.clone(), links);
            world.rows.push(row);
        }
    }
    world.failing = [1001, 2001].map(Into::into).into();
    world.stored = [1000, 1001, 1002, 2000].map(Into::into).into();
    world.refused = Vec::new();
    world.needs_approval = None;
    world.notes = Some(hostile.next());
    for at in 0..30 {
        let mut one = past(&format!("20261123T{at:06}-bbbbbbbb"), at, Phase::Finished);
        one.requested_by = hostile.next();
        one.reason = Some(hostile.next());
        one.at_work = (at % 7 == 6).then(|| hostile.next());
        one.elsewhere = (at % 7 == 5).then(|| hostile.next());
        one.restorable = 2;
        world.past.push(one);
    }
    world.setting.warnings = vec![hostile.next()];
    world.setting.operator = hostile.next();
    world.found = (0..20)
        .map(|_| FollowUp {
            kind: FollowUpKind::ActiveAgain,
            config_id: None,
            client_id: 1.into(),
            text: hostile.next(),
            record_url: Some("https://psa.example/configuration/1".into()),
        })
        .collect();
    world
}

/// From place to place, as a person would go.
fn tour(hostile: &mut Hostile, wire: &mut Wire) {
    let mut screen = Screen::new(world(hostile, 12, 6), WIDTH, HEIGHT);
    wire.screen(&screen);
    screen.keys("tab");
    wire.screen(&screen);
    screen.keys("G tab");
    wire.screen(&screen);
    screen.keys("esc /");
    screen.send(Message::Paste(hostile.next()));
    wire.screen(&screen);
    screen.keys("esc esc 5");
    wire.screen(&screen);
    screen.keys("j j c");
    wire.screen(&screen);
    screen.keys("esc");
    let lines = (0..60).map(|_| hostile.next()).collect();
    screen.send(Message::Story(RunId::from("20261123T000001-bbbbbbbb"), Ok(lines)));
    wire.screen(&screen);
    screen.keys("esc L");
    let lines = (0..60).map(|_| LogLine { at: now(), level: LogLevel::Warn, text: hostile.next() }).collect();
    screen.send(Message::Log(lines));
    wire.screen(&screen);
    screen.keys("esc");
    run(hostile, wire, &mut screen);
}

fn run(hostile: &mut Hostile, wire: &mut Wire, screen: &mut Screen) {
    screen.keys("1");
    screen.tick(&[1000, 1001, 1002, 2000, 2001, 3000]);
    screen.keys("enter");
    wire.screen(screen);
    screen.keys("pgdn");
    wire.screen(screen);
    screen.keys("x");
    wire.screen(screen);
    screen.keys("esc");
    screen.confirm();
    screen.settle(0..4);
    let serial = screen.model.run.as_ref().unwrap().serial;
    let notice = Notice::Waiting { seconds: 1.0, why: hostile.next() };
    screen.send(Message::Run(serial, RunNews::Notice(notice)));
    wire.screen(screen);
    screen.settle(4..6);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Report);
    wire.screen(screen);
    for _ in 0..3 {
        screen.keys("pgdn");
        wire.screen(screen);
    }
    screen.by_hand = true;
    screen.keys("E");
    wire.screen(screen);
    screen.keys("enter");
    let trouble = Trouble { message: hostile.next(), advice: hostile.next() };
    screen.send(Message::Saved(Err(SaveError::Failed(trouble))));
    wire.screen(screen);
    screen.send(Message::Saved(Err(SaveError::Exists(hostile.next().into()))));
    wire.screen(screen);
}

/// The places are slow to reach: each tour draws what fits, and they are made until enough was drawn.
#[test]
fn no_place_lets_foreign_text_out() {
    let wanted = wanted(100_000);
    let mut hostile = Hostile::new(4);
    let mut wire = Wire::default();
    while hostile.made < wanted {
        tour(&mut hostile, &mut wire);
    }
    say(&format!(
        "{} hostile strings behind the screen, {} pictures of its places",
        hostile.made, wire.frames
    ));
}

/// Every place draws by these strokes; here many strings are packed into a picture, and all of it is sent.
#[test]
fn no_stroke_lets_foreign_text_out() {
    let wanted = wanted(1_000_000);
    let mut hostile = Hostile::new(5);
    let mut wire = Wire::default();
    let area = Rect::new(0, 0, 200, 100);
    while hostile.made < wanted {
        let mut buffer = Buffer::empty(area);
        for y in 0..area.height {
            let mut x = 0;
            while x < area.width {
                let room = [4, 9, 18, 30][hostile.below(4)].min(usize::from(area.width - x));
                let text = hostile.next();
                let shown = match hostile.below(3) {
                    0 => cells::fit(&text, room, "…"),
                    1 => cells::wrap(&text, room.max(2)).swap_remove(0),
                    _ => cells::pad(&text, room, ".."),
                };
                assert!(cells::width(&shown) <= room.max(2), "{shown:?} is wider than {room}");
                buffer.set_stringn(x, y, &shown, room, Style::new());
                x += room as u16;
            }
        }
        wire.show(Picture { cells: buffer, cursor: None, links: Vec::new(), strokes: 0 });
    }
    say(&format!("{} hostile strings cut, padded and wrapped into {} pictures", hostile.made, wire.frames));
}
