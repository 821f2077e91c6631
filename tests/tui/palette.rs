//! The palette finds what can be done, and does it as the key would.

use mothball::tui::{
    action::{Action, Scope, TABLE},
    effect::Effect,
    keymap::Keymap,
    message::{Message, Mouse, MouseKind},
    model::{Place, overlay::Overlay},
    update::palette::found,
};

use super::world::{Screen, World, eventful_past, lines, tour::SIZES};

fn line(screen: &Screen, words: &str) -> String {
    let all = lines(&screen.picture());
    all.iter()
        .find(|line| line.contains(words))
        .unwrap_or_else(|| panic!("{words}\n{}", all.join("\n")))
        .clone()
}

#[test]
fn a_word_of_the_title_or_the_id_finds_an_action_and_enter_does_it() {
    for (typed, done) in [("invert", "2 ticked"), ("tick-all", "ticked"), ("every visible row", "ticked")] {
        let mut screen = Screen::small(100, 30);
        screen.keys("tab :").write(typed).keys("enter");
        assert!(screen.model.overlay.is_none(), "{}", screen.text());
        assert!(!screen.ticked().is_empty(), "{typed}: {done}\n{}", screen.text());
    }
    let mut screen = Screen::small(100, 30);
    screen.keys(":").write("history earlier").keys("enter");
    assert_eq!(screen.model.place, Place::History);
    screen.keys(":").write("quit").keys("enter");
    assert!(screen.left.is_some());
}

#[test]
fn everything_of_the_table_that_is_no_answer_to_a_question_is_in_it() {
    let screen = Screen::small(100, 30);
    let all = found(&screen.model, "");
    let inner = [Scope::Typing, Scope::Dialog, Scope::Reading, Scope::Choosing, Scope::Copying, Scope::Setup];
    let wanted =
        TABLE.iter().filter(|spec| !spec.scopes.iter().all(|scope| inner.contains(scope))).count() - 1;
    assert_eq!(all.len(), wanted);
    let first_that_cannot = all.iter().position(|one| one.obstacle.is_some()).unwrap();
    assert!(all[first_that_cannot..].iter().all(|one| one.obstacle.is_some()), "what works comes first");
}

#[test]
fn what_does_not_work_now_says_why_and_does_nothing() {
    for (keys, typed, why) in [
        ("", "open-plan", "nothing is ticked"),
        ("", "start", "works in Plan"),
        ("", "approve", "works in History"),
        ("", "go-report", "there is no report yet"),
        ("", "hold", "go to a configuration first"),
        ("5 j", "reject", "it does not wait for approval"),
    ] {
        let mut screen = Screen::small(120, 30);
        screen.keys(keys).keys(":").write(typed);
        let asked = screen.asked.len();
        screen.keys("enter");
        assert!(matches!(screen.model.overlay, Some(Overlay::Palette(_))), "{typed}\n{}", screen.text());
        assert_eq!(screen.asked.len(), asked);
        assert!(screen.text().contains(why), "{typed}: {why}\n{}", screen.text());
    }
}

#[test]
fn every_reason_is_in_words() {
    let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, 120, 40);
    screen.keys("esc");
    let mut seen = Vec::new();
    for keys in ["", "tab j", "space enter", "5 enter", "5 j j"] {
        screen.keys(keys);
        seen.push(screen.model.place);
        for one in found(&screen.model, "") {
            if let Some(why) = one.obstacle {
                assert!(!why.is_empty() && why != "not now", "{:?} in {:?}", one.action, screen.model.place);
            }
        }
    }
    assert_eq!(seen, [Place::Review, Place::Review, Place::Plan, Place::Plan, Place::History]);
}

#[test]
fn writes_still_go_through_their_confirmation() {
    let mut screen = Screen::small(100, 30);
    screen.tick(&[101, 201]);
    screen.keys("enter :").write("start");
    assert!(line(&screen, "Do what the plan says").contains("writes x"), "{}", screen.text());
    screen.keys("enter");
    assert!(matches!(screen.model.overlay, Some(Overlay::Confirm(_))), "{}", screen.text());
    screen.keys("enter enter");
    assert_eq!(screen.started(), 0, "focus is on Cancel");
}

#[test]
fn arrows_choose_and_wrap_letters_type_and_escape_leaves() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab :");
    let cursor = |screen: &Screen| match &screen.model.overlay {
        Some(Overlay::Palette(open)) => open.cursor,
        _ => panic!("{}", screen.text()),
    };
    let len = found(&screen.model, "").len();
    screen.keys("down down up");
    assert_eq!(cursor(&screen), 1);
    screen.keys("up up");
    assert_eq!(cursor(&screen), len - 1);
    screen.keys("down");
    assert_eq!(cursor(&screen), 0);
    screen.keys("down j q : /");
    assert_eq!(cursor(&screen), 0, "a new text begins at its best");
    assert!(screen.text().contains("No action is called that."), "{}", screen.text());
    screen.keys("enter left backspace esc");
    assert!(screen.model.overlay.is_none());
    assert!(screen.ticked().is_empty() && screen.left.is_none());
}

#[test]
fn the_mouse_scrolls_and_chooses() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab :").write("page up");
    let send = |screen: &mut Screen, kind, row| screen.send(Message::Mouse(Mouse { kind, column: 20, row }));
    send(&mut screen, MouseKind::Press, 0);
    send(&mut screen, MouseKind::Press, 29);
    assert!(matches!(screen.model.overlay, Some(Overlay::Palette(_))), "beside the list nothing happens");
    screen.keys("ctrl-u").write("tick every visible");
    let at = lines(&screen.picture()).iter().position(|line| line.contains("Tick every visible")).unwrap();
    send(&mut screen, MouseKind::Press, at as u16);
    assert!(screen.model.overlay.is_none() && !screen.ticked().is_empty(), "{}", screen.text());
    screen.keys("?");
    let before = screen.text();
    send(&mut screen, MouseKind::WheelDown, 10);
    assert_ne!(screen.text(), before, "help scrolls");
    send(&mut screen, MouseKind::WheelUp, 10);
    assert_eq!(screen.text(), before);
}

#[test]
fn a_paste_is_typed_and_never_runs() {
    let mut screen = Screen::small(100, 30);
    screen.keys(":");
    screen.send(Message::Paste("quit\r\n".into()));
    assert!(screen.text().contains("Do: quit") && screen.left.is_none(), "{}", screen.text());
}

#[test]
fn what_lies_under_everything_can_be_done_from_it() {
    for (typed, wanted) in [("suspend", "Suspend"), ("redraw", "Redraw")] {
        let mut screen = Screen::small(100, 30);
        screen.keys(":").write(typed).keys("enter");
        let last = screen.asked.last().unwrap();
        assert!(format!("{last:?}").starts_with(wanted), "{last:?}");
    }
    let mut screen = Screen::small(100, 30);
    screen.keys(":").write("interrupt").keys("enter");
    assert!(screen.note().contains("once more"), "{}", screen.note());
    assert!(!screen.asked.iter().any(|effect| matches!(effect, Effect::Leave(_))));
}

#[test]
fn rebound_keys_are_shown_everywhere() {
    let keymap = Keymap::with(&[
        ("tick", vec!["f2".into()]),
        ("quit", vec![]),
        ("reload", vec!["f5".into()]),
        ("help", vec!["f1".into()]),
    ])
    .unwrap();
    let mut screen = Screen::small(120, 40);
    screen.model.keymap = keymap;
    let foot = lines(&screen.picture()).pop().unwrap();
    assert!(foot.contains("f2 tick") && foot.contains("f1 help") && !foot.contains("quit"), "{foot}");
    screen.keys("f1");
    assert!(line(&screen, "Tick or untick").contains("f2"), "{}", screen.text());
    screen.keys("esc :").write("read again");
    assert!(line(&screen, "Read again from").contains("f5"), "{}", screen.text());
    screen.keys("esc tab j space");
    assert!(screen.ticked().is_empty(), "its old key means nothing any more");
    screen.keys("f2");
    assert_eq!(screen.ticked().len(), 1);
    screen.keys(":").write("quit").keys("enter");
    assert!(screen.left.is_some(), "what has no key can still be found");
}

#[test]
fn it_fits_every_size() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(World::small(), width, height);
        screen.keys("tab :").write("tick");
        insta::assert_snapshot!(format!("palette_{width}x{height}"), screen.text());
    }
    assert_eq!(Action::named("palette"), Some(Action::Palette));
}
