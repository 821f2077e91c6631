//! Holds on configurations, and what came back.

use mothball::{
    domain::Timestamp,
    tui::{
        desk::{Again, Hold, HoldRequest, Trouble},
        effect::Effect,
        message::Message,
        model::overlay::Overlay,
    },
};

use super::world::{Screen, World, now};

fn wishes(screen: &Screen) -> Vec<HoldRequest> {
    let wish = |effect: &Effect| match effect {
        Effect::Hold(wish) => Some(wish.clone()),
        _ => None,
    };
    screen.asked.iter().filter_map(wish).collect()
}

fn held() -> Hold {
    Hold { reason: "Sold to Birch".into(), by: "joe".into(), until: Timestamp::after_day("2027-01-31") }
}

/// The cursor is on FW-2, id 104.
fn at_a_row() -> Screen {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab j");
    screen
}

#[test]
fn a_hold_wants_a_reason_and_may_have_a_last_day() {
    let mut screen = at_a_row();
    screen.keys("H enter enter");
    assert!(wishes(&screen).is_empty() && screen.text().contains("Write why"), "{}", screen.text());
    screen.write("Sold").keys("enter").write("31.1.27").keys("enter");
    assert!(wishes(&screen).is_empty() && screen.text().contains("Write a day"), "{}", screen.text());
    screen.keys("ctrl-u").write("2020-01-01").keys("enter");
    assert!(wishes(&screen).is_empty() && screen.text().contains("is over already"), "{}", screen.text());
    screen.keys("ctrl-u").write("2027-01-31").keys("enter");
    let wish = HoldRequest {
        config_id: 104.into(),
        reason: "Sold".into(),
        until: Timestamp::after_day("2027-01-31"),
    };
    assert_eq!(wishes(&screen), [wish]);
    assert!(screen.note().contains("held until 2027-01-31 by jane@msp.example: Sold"), "{}", screen.note());
}

#[test]
fn what_is_held_is_unticked_and_cannot_be_ticked() {
    let mut screen = at_a_row();
    screen.keys("space k");
    assert_eq!(screen.ticked(), ["104"]);
    screen.keys("H").write("Sold").keys("enter enter");
    assert!(screen.ticked().is_empty(), "{}", screen.text());
    assert!(screen.text().contains("held by jane"), "the row says so\n{}", screen.text());
    screen.keys("space");
    assert!(screen.ticked().is_empty() && screen.note().contains("held by jane"), "{}", screen.note());
    screen.keys("a u u u");
    assert!(!screen.ticked().contains(&"104".to_owned()), "neither all nor undo ticks it");
    let client = &screen.model.review.data.clients[screen.model.review.client.unwrap()];
    assert_eq!((client.tickable, client.bulk), (4, 3));
}

#[test]
fn a_plan_made_before_the_hold_is_out_of_date() {
    let mut screen = at_a_row();
    screen.keys("space space enter 1 k");
    screen.keys("H").write("Sold").keys("enter enter");
    let before = screen.started();
    screen.keys("2 x");
    assert!(screen.note().contains("press R"), "{}", screen.note());
    assert_eq!(screen.started(), before);
}

#[test]
fn a_hold_is_taken_away_when_asked_and_keeping_is_the_default() {
    let mut world = World::small();
    world.rows[3].hold = Some(held().into());
    let mut screen = Screen::new(world, 100, 30);
    screen.keys("tab j");
    let releases = |screen: &Screen| {
        screen.asked.iter().filter(|effect| matches!(effect, Effect::Release { .. })).count()
    };
    screen.keys("H");
    assert!(screen.text().contains("held until 2027-01-31 by joe: Sold to Birch"), "{}", screen.text());
    screen.keys("enter");
    assert_eq!(releases(&screen), 0);
    screen.keys("H tab enter");
    assert_eq!(releases(&screen), 1);
    screen.keys("space");
    assert_eq!(screen.ticked(), ["104"]);
}

#[test]
fn a_rule_keeps_what_a_released_hold_kept_too() {
    let mut world = World::small();
    world.rows[4].hold = Some(held().into());
    let mut screen = Screen::new(world, 100, 30);
    screen.keys("tab H tab enter space");
    assert!(screen.ticked().is_empty() && screen.note().contains("Protected"), "{}", screen.note());
}

#[test]
fn a_hold_that_was_not_kept_is_not_shown() {
    let mut screen = at_a_row();
    screen.by_hand = true;
    screen.keys("H").write("Sold").keys("enter enter");
    let trouble = Trouble { message: "The disk is full.".into(), advice: "Make room.".into() };
    screen.send(Message::Held(104.into(), Err(trouble)));
    assert!(screen.text().contains("The disk is full."), "{}", screen.text());
    screen.keys("esc");
    assert!(!screen.text().contains("held by"), "{}", screen.text());
}

#[test]
fn a_hold_is_for_one_configuration_not_for_a_client() {
    let mut screen = Screen::small(100, 30);
    screen.keys("H");
    assert!(screen.model.overlay.is_none() && screen.note().contains("move to it"), "{}", screen.note());
}

#[test]
fn a_reason_may_be_pasted() {
    let mut screen = at_a_row();
    screen.keys("H");
    screen.send(Message::Paste("Sold to Birch\nsecond line".into()));
    let Some(Overlay::Hold(open)) = &screen.model.overlay else { panic!("{}", screen.text()) };
    assert_eq!(open.reason.value(), "Sold to Birch");
}

#[test]
fn what_came_back_warns_on_the_client_and_on_the_row() {
    let mut world = World::small();
    let again = Again { run: "20261120T090000-eeeeeeee".into(), at: now().plus_seconds(-300_000) };
    world.rows[6].again = Some(again.into());
    world.rows[6].configuration.rmm = Some("datto-55".into());
    let mut screen = Screen::new(world, 160, 40);
    screen.keys("j");
    let text = screen.text();
    assert!(text.contains("! 2"), "the client is marked\n{text}");
    assert!(text.contains("1 active again: an earlier run"), "{text}");
    screen.keys("tab G");
    let text = screen.text();
    assert!(text.contains("! active again,"), "{text}");
    assert!(text.contains("Its RMM link is datto-55"), "{text}");
}
