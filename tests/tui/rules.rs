//! What must hold on every screen, whatever happened before.

use mothball::{
    domain::{ConfigId, event::End},
    tui::{
        action::{Action, Scope, TABLE},
        desk::{Hold, Trouble},
        effect::Effect,
        key::Key,
        layout::Pane,
        message::{Message, Mouse, MouseKind},
        model::{
            Look, Place,
            overlay::{Act, Overlay},
        },
        theme::Theme,
        update::{self, palette::found},
        view::{Picture, view},
    },
};
use proptest::prelude::*;
use ratatui::style::{Color, Modifier};

use super::{
    decisions::approved,
    world::{Screen, World, client, eventful_past, lines, row},
};

/// Names as an attacker, or a careless import, would write them.
const HOSTILE: [&str; 7] = [
    "\u{1b}[2J\u{1b}]52;c;cm0gLXJm\u{7}",
    "safe\u{202e}exe.fdp",
    "a\0b\u{9b}31m\r\nlog line",
    "👨‍👩‍👧‍👦 e\u{301}\u{301}\u{301} \u{200b}\u{feff}",
    "ＷＩＤＥ日本語テスト",
    "",
    "\u{e0041}\u{2028}tag",
];

fn hostile() -> World {
    let mut world = World::small();
    for (at, name) in HOSTILE.iter().enumerate() {
        let id = 900 + at as i64;
        let reason = mothball::domain::Reason::Status { name: (*name).into() };
        world.clients.push(client(id, name, reason));
        let mut row = row(9000 + id, id, name, name);
        row.configuration.site = Some((*name).into());
        row.configuration.serial = Some((*name).into());
        let known = row.configuration.details.iter().map(|(label, text)| (label.clone(), text.clone()));
        row.configuration.details = known.chain([((*name).into(), (*name).repeat(50).into())]).collect();
        if at % 2 == 0 {
            row.locked = Some((*name).into());
        }
        world.rows.push(row);
    }
    world.past = eventful_past();
    for (at, past) in world.past.iter_mut().enumerate() {
        past.requested_by = HOSTILE[at % HOSTILE.len()].into();
        past.reason = Some(HOSTILE[(at + 1) % HOSTILE.len()].repeat(20));
        past.at_work = (at == 6).then(|| HOSTILE[0].into());
        past.elsewhere = (at == 5).then(|| HOSTILE[1].into());
    }
    world.needs_approval = Some(HOSTILE[2].into());
    world.notes = Some(HOSTILE[0].into());
    let hold = Hold { reason: HOSTILE[0].into(), by: HOSTILE[1].into(), until: None };
    world.rows[1].hold = Some(hold.into());
    let huge = "x\u{1b}日".repeat(100_000);
    world.rows.push(row(9999, 7, &huge, &huge));
    world
}

fn check(picture: &Picture) {
    for cell in picture.cells.content() {
        assert!(!cell.symbol().chars().any(is_unsafe), "{:?}", cell.symbol());
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// In mono no cell has a colour, and the cursor can be seen.
fn check_mono(screen: &Screen) {
    let picture = screen.picture();
    for cell in picture.cells.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    let (width, height) = screen.model.size;
    let review = &screen.model.review;
    if screen.model.place != Place::Review || screen.model.overlay.is_some() || width < 40 || height < 10 {
        return;
    }
    let (pane, len) = match review.focus {
        Pane::Clients => (screen.model.panes().clients, review.shown_clients.len()),
        Pane::Rows => (screen.model.panes().rows, review.shown.len()),
        Pane::Detail => return,
    };
    let pane = pane.unwrap();
    if len > 0 {
        let reversed = (pane.y..pane.bottom())
            .filter(|y| picture.cells[(pane.x + 2, *y)].modifier.contains(Modifier::REVERSED))
            .count();
        assert!(reversed >= 1, "the cursor row cannot be seen\n{}", lines(&picture).join("\n"));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(Key),
    Text(char),
    Paste(String),
    Mouse(Mouse),
    Resize(u16, u16),
    Tick,
    Settle,
    End,
    Later(i64),
    /// The reading breaks off; the next one may work.
    BreakOff,
    /// From now on effects are (not) answered.
    Silent(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys: Vec<Key> =
        TABLE.iter().flat_map(|spec| spec.keys).map(|name| name.parse::<Key>().unwrap()).collect();
    let kind = prop_oneof![Just(MouseKind::Press), Just(MouseKind::WheelUp), Just(MouseKind::WheelDown)];
    let step = prop_oneof![
        12 => proptest::sample::select(keys).prop_map(Step::Key),
        3 => prop_oneof![Just('7'), Just('a'), Just('é'), Just('日'), Just(':'), Just('!')].prop_map(Step::Text),
        1 => "\\PC{0,8}".prop_map(Step::Paste),
        3 => (kind, 0u16..210, 0u16..70).prop_map(|(kind, column, row)| Step::Mouse(Mouse { kind, column, row })),
        2 => (1u16..=200, 1u16..=60).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => Just(Step::Tick),
        1 => Just(Step::Settle),
        1 => Just(Step::End),
        1 => (0i64..100_000).prop_map(Step::Later),
        1 => Just(Step::BreakOff),
        1 => any::<bool>().prop_map(Step::Silent),
    ];
    proptest::collection::vec(step, 1..60)
}

/// Whether the step would move the focus of the question about an interrupted run away from later.
fn takes_another_button(screen: &Screen, step: &Step) -> bool {
    let moves = |key: &Key| {
        let action = screen.model.keymap.action(&[Scope::Dialog], *key);
        matches!(action, Some(Action::NextButton | Action::PrevButton))
    };
    matches!(&screen.model.overlay, Some(Overlay::Resume(_))) && matches!(step, Step::Key(key) if moves(key))
}

/// Whether the step would turn to a dry run, which needs no confirmation: by its key, or found in the palette.
fn turns_to_dry_run(screen: &Screen, step: &Step) -> bool {
    match &screen.model.overlay {
        Some(Overlay::Palette(open)) => {
            let all = found(&screen.model, open.input.value());
            let chosen = all.get(open.cursor).is_some_and(|one| one.action == Action::DryRun);
            let clicked = matches!(step, Step::Mouse(mouse) if mouse.kind == MouseKind::Press);
            clicked || (chosen && matches!(step, Step::Key(_)))
        }
        _ => matches!(step, Step::Key(key) if key.typed() == Some('d')),
    }
}

fn take(screen: &mut Screen, step: Step) {
    match step {
        Step::Key(key) => screen.send(Message::Key(key)),
        Step::Text(c) => screen.send(Message::Key(Key::char(c))),
        Step::Paste(text) => screen.send(Message::Paste(text)),
        Step::Mouse(mouse) => screen.send(Message::Mouse(mouse)),
        Step::Resize(width, height) => screen.send(Message::Resize(width, height)),
        Step::Tick => screen.send(Message::Tick),
        Step::Settle if screen.model.runs() => {
            let n = screen.model.run.as_ref().unwrap().view.plan.items().len();
            screen.settle(0..n.min(2));
        }
        Step::End if screen.model.runs() => screen.end(End::Finished),
        Step::Later(seconds) => screen.model.now = screen.model.now.plus_seconds(seconds),
        Step::BreakOff => {
            let trouble = Trouble { message: "No route.".into(), advice: "Check the network.".into() };
            let generation = screen.model.review.generation;
            screen.send(Message::LoadEnded(generation, Err(trouble)));
        }
        Step::Silent(silent) => screen.by_hand = silent,
        Step::Settle | Step::End => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_and_no_size_break_it(width in 1u16..=200, height in 1u16..=60, steps in steps()) {
        let mut screen = Screen::new(hostile(), width, height);
        screen.model.look = Look::new(Theme::Mono, false);
        for step in steps {
            take(&mut screen, step);
            check(&screen.picture());
            check_mono(&screen);
        }
    }

    #[test]
    fn a_run_only_ever_starts_from_a_typed_confirmation(steps in steps()) {
        let mut screen = Screen::small(100, 30);
        screen.keys("tab j space space enter x");
        for step in steps {
            // Everything but typing the client's id or name.
            if matches!(step, Step::Text('7')) || turns_to_dry_run(&screen, &step) {
                continue;
            }
            take(&mut screen, step);
            prop_assert_eq!(screen.started(), 0);
        }
    }

    #[test]
    fn nothing_is_approved_undone_or_resumed_without_its_confirmation(begin in 0..3usize, steps in steps()) {
        let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, 100, 30);
        // One item of a parked run ticked; the plan of an undo; the question about an interrupted run.
        screen.keys(["esc 5 enter space x", "esc 5 j j j u space space x", "esc 5 j r"][begin]);
        for step in steps {
            // Everything but typing a number, an id or a name; but turning to a dry run, or to the second button.
            let typed = match &step {
                Step::Text(c) => Some(*c),
                Step::Key(key) => key.typed(),
                _ => None,
            };
            if typed.is_some_and(|c| c.is_ascii_digit())
                || turns_to_dry_run(&screen, &step)
                || takes_another_button(&screen, &step)
            {
                continue;
            }
            take(&mut screen, step);
            prop_assert_eq!(screen.started(), 0);
            let resumed = screen.asked.iter().any(|effect| matches!(effect, Effect::Resume { .. }));
            prop_assert!(!resumed);
        }
    }

    #[test]
    fn only_ticked_items_of_a_parked_plan_are_approved(steps in steps()) {
        let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, 100, 30);
        screen.keys("esc 5 enter");
        for step in steps {
            let picked = screen.model.plan.as_ref().map(|plan| plan.picked.clone());
            take(&mut screen, step);
            // Whoever gets this far confirms what is ticked now.
            if matches!(&screen.model.overlay, Some(Overlay::Confirm(open)) if open.deed.act != Act::Start) {
                let typed = screen.asked_to_type();
                let before = approved(&screen).len();
                screen.send(Message::Key("ctrl-u".parse().unwrap()));
                screen.write(&typed).keys("enter enter");
                for items in &approved(&screen)[before..] {
                    prop_assert_eq!(Some(items), picked.as_ref());
                    prop_assert!(!items.is_empty());
                }
            }
        }
    }

    #[test]
    fn only_what_is_ticked_is_ever_planned(steps in steps()) {
        let mut screen = Screen::small(100, 30);
        for step in steps {
            let before = screen.ticked();
            let plans = screen.drafts().len();
            take(&mut screen, step);
            let drafts = screen.drafts();
            for draft in &drafts[plans..] {
                let mut planned: Vec<ConfigId> = draft.ticked.iter().cloned().collect();
                planned.sort();
                let planned: Vec<String> = planned.iter().map(ToString::to_string).collect();
                prop_assert!(!planned.is_empty());
                prop_assert!(planned.iter().all(|id| before.contains(id)));
                prop_assert!(!planned.contains(&"105".to_owned()), "locked rows are never planned");
            }
            let ticked: usize = screen.model.review.data.clients.iter().map(|client| client.ticked).sum();
            prop_assert_eq!(ticked, screen.model.review.ticks.len());
        }
    }
}

#[test]
fn every_place_at_every_size() {
    for theme in Theme::ALL {
        let mut screen = Screen::new(hostile(), 80, 24);
        screen.model.look = Look::new(theme, theme == Theme::Mono);
        let in_review = ["", "esc", "tab", "tab", "?", "esc", "L", "esc", "g a", "tab tab a", "H", "esc"];
        let further =
            ["enter", "x", "5", "?", "esc", "enter", "a", "x", "esc", "n", "esc", "5 j r", "esc", "j j u"];
        for keys in in_review.into_iter().chain(further) {
            screen.keys(keys);
            for (width, height) in
                [(1, 1), (10, 3), (39, 10), (40, 9), (40, 10), (59, 12), (80, 24), (121, 30), (200, 60)]
            {
                screen.send(Message::Resize(width, height));
                check(&screen.picture());
                if theme == Theme::Mono {
                    check_mono(&screen);
                }
            }
        }
    }
}

#[test]
fn a_tiny_terminal_says_what_it_needs_and_still_quits() {
    let mut screen = Screen::small(10, 3);
    assert!(screen.text().starts_with("Need\n40x10"), "{}", screen.text());
    let screen_text = {
        screen.send(Message::Resize(39, 10));
        screen.text()
    };
    assert!(screen_text.contains("40x10"), "{screen_text}");
    screen.keys("q");
    assert!(screen.left.is_some());
}

#[test]
fn ascii_draws_nothing_else_of_its_own() {
    let mut screen = Screen::new(World::large(3, 30), 100, 30);
    screen.model.look = Look::new(Theme::Mono, true);
    for keys in ["tab space space", "?", "esc", "enter", "x", "esc", "d", "x", "5"] {
        screen.keys(keys);
        let text = screen.text();
        assert!(text.is_ascii(), "{keys}\n{text}");
    }
}

#[test]
fn only_what_is_in_sight_is_built() {
    let strokes = |rows: i64| {
        let mut screen = Screen::new(World::large(4, rows), 120, 40);
        screen.keys("tab");
        for _ in 0..3 {
            update::update(&mut screen.model, Message::Key(Key::char('j')));
            check(&view(&screen.model));
        }
        view(&screen.model).strokes
    };
    assert_eq!(strokes(400), strokes(100_000));
}

#[test]
fn a_confirmation_says_what_to_type_at_every_size() {
    for (width, height) in [(40, 10), (60, 12), (80, 24), (200, 60)] {
        let mut screen = Screen::small(width, height);
        screen.tick(&[101, 201]);
        screen.keys("enter x");
        let text = screen.text().replace(['\n', '│'], " ");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("type the number of configurations: 2"), "{}", screen.text());
        assert!(words.contains("[> Cancel <]"), "the focus is on Cancel\n{}", screen.text());
    }
}
