//! What can be decided about runs that wait, were interrupted or have ended.

use std::collections::BTreeSet;

use mothball::{
    domain::{
        ConfigId, Outcome, Phase,
        document::{FollowUp, FollowUpKind},
        event::End,
    },
    tui::{
        desk::{Confirm, PastRun, Trouble, UndoDraft},
        effect::Effect,
        message::{Message, Mouse, MouseKind},
        model::{Place, overlay::Overlay},
    },
};

use super::world::{Screen, World, eventful_past, interrupted, past, waiting};

const PARKED: &str = "20261124T010000-aaaaaaaa";

/// At History, with one run of each kind; the cursor is on the one that waits.
fn eventful(world: World) -> Screen {
    let mut screen = Screen::new(World { past: eventful_past(), ..world }, 100, 30);
    screen.keys("esc 5");
    assert_eq!(screen.model.place, Place::History);
    screen
}

fn ids(ids: &[i64]) -> BTreeSet<ConfigId> {
    ids.iter().map(|id| ConfigId::from(*id)).collect()
}

/// What was approved, by what each approval asked for.
pub fn approved(screen: &Screen) -> Vec<BTreeSet<ConfigId>> {
    let items = |effect: &Effect| match effect {
        Effect::Approve { items, .. } => Some(items.clone()),
        _ => None,
    };
    screen.asked.iter().filter_map(items).collect()
}

fn undos(screen: &Screen) -> Vec<UndoDraft> {
    let draft = |effect: &Effect| match effect {
        Effect::PlanUndo { draft, .. } => Some(draft.clone()),
        _ => None,
    };
    screen.asked.iter().filter_map(draft).collect()
}

fn asked_for(screen: &Screen, wanted: impl Fn(&Effect) -> bool) -> usize {
    screen.asked.iter().filter(|effect| wanted(effect)).count()
}

// Approving

#[test]
fn nothing_of_a_parked_run_is_ticked_until_somebody_ticks_it() {
    let mut screen = eventful(World::small());
    screen.keys("enter");
    assert_eq!(screen.model.place, Place::Plan);
    assert!(screen.text().contains("0 of 4 ticked"), "{}", screen.text());
    screen.keys("x");
    assert!(
        screen.model.overlay.is_none() && screen.note().contains("Nothing is ticked"),
        "{}",
        screen.note()
    );
}

#[test]
fn a_part_is_approved_item_by_item() {
    let mut screen = eventful(World::small());
    screen.keys("enter space j space");
    assert!(screen.text().contains("2 of 4 ticked"), "{}", screen.text());
    screen.confirm();
    // The firewall comes first on the page, then the second server after the one that was passed over.
    assert_eq!(approved(&screen), [ids(&[102, 103])]);
    assert_eq!(screen.model.place, Place::Run);
    let run = screen.model.run.as_ref().unwrap();
    assert_eq!(run.state.totals.skipped, 2, "what was not approved is left alone");
    screen.keys("2");
    screen.keys("x");
    assert_eq!(screen.model.place, Place::Run, "it runs already");
}

#[test]
fn all_of_it_is_approved_from_history() {
    let mut screen = eventful(World::small());
    screen.keys("a");
    assert!(screen.text().contains("4 of 4 ticked"), "{}", screen.text());
    screen.confirm();
    assert_eq!(approved(&screen), [ids(&[101, 102, 103, 201])]);
}

#[test]
fn the_number_to_type_is_that_of_the_ticked_items() {
    let mut screen = eventful(World::small());
    screen.keys("enter a x");
    assert_eq!(screen.asked_to_type(), "4");
    screen.keys("esc a space x");
    let Some(Overlay::Confirm(confirm)) = &screen.model.overlay else { panic!("{}", screen.text()) };
    let client = Confirm::Client { id: 7.into(), name: "Acme Dental".into() };
    assert_eq!(confirm.wanted, client, "one client is called by its name");
}

#[test]
fn over_the_limit_an_approval_wants_the_profile_too_but_an_undo_does_not() {
    let mut world = World::small();
    world.setting.max_changes = 2;
    let mut screen = eventful(world);
    screen.keys("a x");
    assert_eq!(screen.asked_to_type(), "4 main");
    screen.keys("esc 5 j j j u x");
    assert_eq!(screen.asked_to_type(), "3");
}

#[test]
fn neither_enter_nor_a_paste_approves() {
    let mut screen = eventful(World::small());
    screen.keys("a x enter x tab enter");
    screen.send(Message::Paste("4".into()));
    screen.keys("enter tab enter");
    assert!(approved(&screen).is_empty());
}

#[test]
fn the_same_person_is_refused_in_words() {
    let refused = vec!["four eyes: somebody else than jane must approve".into()];
    let mut screen = eventful(World { refused, ..World::small() });
    screen.keys("a x");
    assert!(screen.model.overlay.is_none());
    assert!(screen.note().contains("You cannot approve this: four eyes"), "{}", screen.note());
}

#[test]
fn a_key_never_ticks_what_is_not_in_sight() {
    let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, 60, 12);
    screen.keys("esc 5 enter space");
    assert!(screen.text().contains("0 of 4 ticked"), "{}", screen.text());
    assert!(screen.note().contains("in sight"), "{}", screen.note());
    // Line by line to the first item: no line of the page is jumped over.
    for _ in 0..60 {
        if screen.text().contains("[ ]") {
            break;
        }
        let before = screen.model.plan.as_ref().unwrap().scroll.offset;
        screen.keys("j");
        assert_eq!(screen.model.plan.as_ref().unwrap().scroll.offset, before + 1);
    }
    screen.keys("space");
    assert!(screen.text().contains("1 of 4 ticked"), "{}", screen.text());
}

#[test]
fn every_item_can_be_reached_down_and_up_at_every_size() {
    for (width, height) in [(40, 10), (60, 20), (80, 24), (120, 40)] {
        let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, width, height);
        screen.keys("esc 5 enter");
        let plan = screen.model.plan.as_ref().unwrap();
        let order: Vec<usize> = (0..plan.page.lines.len()).filter_map(|line| plan.item_on(line)).collect();
        assert_eq!(order.len(), 4);
        let mut seen = Vec::new();
        for key in ["j"; 100].iter().chain(&["k"; 100]) {
            let plan = screen.model.plan.as_ref().unwrap();
            if seen.last() != Some(&plan.cursor) {
                seen.push(plan.cursor);
            }
            screen.keys(key);
        }
        let back = order.iter().rev().skip(1);
        assert!(seen.iter().eq(order.iter().chain(back)), "{width}x{height}: {seen:?}");
        assert_eq!(screen.model.plan.as_ref().unwrap().scroll.offset, 0, "the first line can be read again");
    }
}

#[test]
fn a_click_on_a_box_ticks_it() {
    let mut screen = Screen::new(World { past: eventful_past(), ..World::small() }, 120, 40);
    screen.keys("esc 5 enter");
    let text = screen.text();
    let row = text.lines().position(|line| line.contains("[ ] SRV-DC2")).unwrap() as u16;
    let press = |column| Message::Mouse(Mouse { kind: MouseKind::Press, column, row });
    screen.send(press(30));
    assert!(screen.text().contains("0 of 4 ticked"), "beside the box only the cursor moves");
    screen.send(press(3));
    assert!(screen.text().contains("[x] SRV-DC2"), "{}", screen.text());
}

#[test]
fn an_approval_that_is_refused_can_be_given_again() {
    let mut screen = eventful(World::small());
    screen.keys("a");
    screen.by_hand = true;
    screen.confirm();
    let serial = screen.model.run.as_ref().unwrap().serial;
    let trouble = Trouble { message: "Another run holds the lock.".into(), advice: "Wait for it.".into() };
    screen.send(Message::Started(serial, Err(trouble)));
    assert!(screen.text().contains("holds the lock"), "{}", screen.text());
    screen.by_hand = false;
    screen.keys("esc 2");
    screen.confirm();
    assert_eq!(approved(&screen).len(), 2);
}

#[test]
fn an_expired_plan_is_not_approved() {
    let mut screen = eventful(World::small());
    screen.keys("a");
    screen.model.now = screen.model.now.plus_seconds(90_000);
    screen.keys("x");
    assert!(screen.model.overlay.is_none() && screen.note().contains("expired"), "{}", screen.note());
}

// What else is written

#[test]
fn the_plan_tells_of_notes_before_anything_starts() {
    let told = "An internal note with the summary goes to ticket 4711 at the end.";
    let mut screen = Screen::new(World { notes: Some(told.to_owned()), ..World::small() }, 100, 30);
    screen.tick(&[101]);
    screen.keys("enter");
    assert!(screen.text().contains(told), "{}", screen.text());
    assert_eq!(screen.started(), 0);
}

// Parking and rejecting

#[test]
fn the_act_key_parks_where_the_settings_want_approval() {
    let needs_approval = Some("safeguards.require_approval is set".to_owned());
    let mut screen = Screen::new(World { needs_approval, ..World::small() }, 100, 30);
    screen.tick(&[101, 102]);
    screen.keys("enter x");
    assert_eq!(
        (screen.started(), asked_for(&screen, |effect| matches!(effect, Effect::Park { .. }))),
        (0, 1)
    );
    assert_eq!(screen.model.place, Place::History);
    assert!(screen.note().contains("nothing was written"), "{}", screen.note());
    let under_cursor = screen.model.history.under_cursor().unwrap();
    assert_eq!((under_cursor.phase, under_cursor.items), (Phase::AwaitingApproval, 2));
    screen.keys("2 x");
    assert_eq!(asked_for(&screen, |effect| matches!(effect, Effect::Park { .. })), 1, "once is enough");
}

#[test]
fn a_plan_can_be_parked_by_choice_but_no_dry_run() {
    let mut screen = Screen::small(100, 30);
    screen.tick(&[101]);
    screen.keys("enter d p");
    assert!(screen.note().contains("dry run"), "{}", screen.note());
    screen.keys("d p");
    assert_eq!(
        (screen.started(), asked_for(&screen, |effect| matches!(effect, Effect::Park { .. }))),
        (0, 1)
    );
}

#[test]
fn rejecting_asks_once_and_waiting_is_the_default() {
    let mut screen = eventful(World::small());
    let rejected = |screen: &Screen| asked_for(screen, |effect| matches!(effect, Effect::Reject { .. }));
    screen.keys("n enter");
    assert_eq!(rejected(&screen), 0);
    screen.keys("n tab enter");
    assert_eq!(rejected(&screen), 1);
    assert!(screen.text().contains("rejected"), "{}", screen.text());
    screen.keys("g n");
    assert!(screen.note().contains("does not wait"), "{}", screen.note());
}

#[test]
fn a_plan_that_waits_can_be_rejected_where_it_is_read() {
    let mut screen = eventful(World::small());
    screen.keys("enter n tab enter");
    assert_eq!(screen.model.place, Place::History);
    screen.keys("2 a x");
    assert!(screen.note().contains("rejected"), "{}", screen.note());
    assert!(screen.model.overlay.is_none());
}

#[test]
fn what_was_asked_for_keeps_its_terms() {
    let mut screen = eventful(World::small());
    screen.keys("enter e");
    assert!(screen.note().contains("as it is"), "{}", screen.note());
    assert!(
        screen.text().contains("T-4711") && screen.text().contains("joe@msp.example"),
        "{}",
        screen.text()
    );
    screen.keys("d t");
    assert!(!screen.model.is_typing());
}

// Resuming

#[test]
fn interrupted_runs_are_offered_at_the_start_and_never_resumed_by_themselves() {
    let mut screen = Screen::new(World { past: vec![interrupted()], ..World::small() }, 100, 30);
    let resumed = |screen: &Screen| asked_for(screen, |effect| matches!(effect, Effect::Resume { .. }));
    assert!(matches!(&screen.model.overlay, Some(Overlay::Resume(open)) if open.choice == 0));
    screen.keys("enter");
    assert_eq!(resumed(&screen), 0, "later is the default");
    assert!(screen.note().contains("Nothing was started"), "{}", screen.note());
    screen.keys("5 R esc 5");
    assert!(screen.model.overlay.is_none(), "it is offered once");
    screen.keys("r tab enter");
    assert_eq!(resumed(&screen), 1);
    assert_eq!(screen.model.place, Place::Run);
    screen.settle(0..4);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Report);
}

#[test]
fn nobody_who_is_busy_is_disturbed_by_the_offer() {
    let mut screen = Screen::empty(World { past: vec![interrupted()], ..World::small() }, 100, 30);
    screen.by_hand = true;
    let effects = mothball::tui::update::start(&mut screen.model);
    assert_eq!(effects.len(), 2);
    for news in screen.world.load() {
        screen.send(Message::Load(1, news));
    }
    screen.keys("/");
    screen.send(Message::History(Ok(vec![interrupted()])));
    assert!(screen.model.overlay.is_none());
    assert!(screen.note().contains("was interrupted"), "{}", screen.note());
}

#[test]
fn dry_runs_and_runs_of_others_are_not_offered() {
    let mut dry = interrupted();
    dry.dry_run = true;
    let mut busy = interrupted();
    busy.at_work = Some("jane, process 12 on desk-7".into());
    let mut other = interrupted();
    other.elsewhere = Some("branch".into());
    let mut screen = Screen::new(World { past: vec![dry, busy, other], ..World::small() }, 100, 30);
    assert!(screen.model.overlay.is_none());
    for (keys, words) in [("5 r", "dry run"), ("j r", "is going on (jane"), ("j r", "--profile branch")] {
        screen.keys(keys);
        assert!(screen.note().contains(words), "{keys}: {}", screen.note());
        assert!(screen.model.overlay.is_none());
    }
}

#[test]
fn a_run_that_cannot_be_opened_says_why() {
    let mut screen = eventful(World::small());
    screen.by_hand = true;
    screen.keys("j r tab enter");
    let generation = screen.model.history.reopening.unwrap();
    let trouble = Trouble { message: "The plan was altered.".into(), advice: "Do not trust it.".into() };
    screen.send(Message::Reopened(generation, Err(trouble)));
    assert!(screen.text().contains("The plan was altered."), "{}", screen.text());
    assert!(screen.model.run.is_none());
}

// Undoing

#[test]
fn an_undo_shows_from_which_state_to_which_and_asks_for_a_typed_confirmation() {
    let mut screen = eventful(World::small());
    screen.keys("j j j u");
    let text = screen.text();
    assert!(text.contains("inactive, Decommissioned → active, Active"), "{text}");
    assert!(text.contains("In repair"), "what others changed is named\n{text}");
    assert_eq!(screen.started(), 0);
    screen.confirm();
    assert_eq!(screen.started(), 1);
    screen.settle(0..3);
    screen.end(End::Finished);
    let report = screen.model.report.as_ref().unwrap().report().unwrap().clone();
    assert_eq!(report.statistics().configs_restored, Some(3));
    let restored = Outcome::Restored { verified: true };
    assert!(screen.text().contains("3 configurations restored") && screen.text().contains(&restored.words()));
}

#[test]
fn what_is_unticked_is_planned_out_before_it_can_be_confirmed() {
    let mut screen = eventful(World::small());
    screen.keys("j j j u j space x");
    assert!(screen.model.overlay.is_none(), "first the plan is made anew, and read");
    assert_eq!(undos(&screen).last().unwrap().only, Some(ids(&[101, 201])));
    assert!(screen.text().contains("2 of 2 ticked"), "{}", screen.text());
    screen.confirm();
    let Some(Effect::Start { digest, .. }) =
        screen.asked.iter().rfind(|effect| matches!(effect, Effect::Start { .. }))
    else {
        panic!("not started")
    };
    let plan = &screen.model.run.as_ref().unwrap().view.plan;
    assert_eq!((plan.digest(), plan.items().len()), (digest.clone(), 2));
}

#[test]
fn an_undo_has_a_reason_of_its_own() {
    let mut screen = eventful(World::small());
    screen.keys("j j j u e").write("Came back").keys("enter");
    assert_eq!(undos(&screen).last().unwrap().reason.as_deref(), Some("Came back"));
    assert!(screen.text().contains("Came back"), "{}", screen.text());
}

#[test]
fn an_undo_is_parked_where_the_settings_want_approval() {
    let needs_approval = Some("safeguards.require_approval is set".to_owned());
    let mut screen = eventful(World { needs_approval, ..World::small() });
    screen.keys("j j j u x");
    assert_eq!(
        (screen.started(), asked_for(&screen, |effect| matches!(effect, Effect::Park { .. }))),
        (0, 1)
    );
}

#[test]
fn the_report_leads_to_its_own_undo() {
    let mut screen = Screen::small(100, 30);
    screen.tick(&[101]);
    screen.keys("enter");
    screen.confirm();
    screen.settle(0..1);
    let run = screen.model.run.as_ref().unwrap().run.clone();
    let ended = PastRun { changed: 1, items: 1, restorable: 1, ..past(run.as_str(), 0, Phase::Finished) };
    screen.world.past.insert(0, ended);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Report);
    screen.keys("u");
    assert_eq!(undos(&screen).last().unwrap().run, run);
}

// Looking again

#[test]
fn looking_again_tells_what_is_active_again_and_writes_nothing() {
    let found = vec![FollowUp {
        kind: FollowUpKind::StillActive,
        config_id: Some(101.into()),
        client_id: 7.into(),
        text: "SRV-DC1 is active again".into(),
        record_url: None,
    }];
    let mut screen = eventful(World { found, ..World::small() });
    screen.keys("j j j c");
    assert!(screen.text().contains("SRV-DC1 is active again"), "{}", screen.text());
    screen.keys("q");
    assert!(screen.model.overlay.is_none() && screen.left.is_none(), "q closes what is read");
    assert_eq!(screen.started(), 0);
}

#[test]
fn actions_are_only_there_where_they_can_do_something() {
    let mut screen = eventful(World::small());
    let expected = [
        ("enter open  a approve…  n reject", "waits for approval"),
        ("enter open  r resume…  u undo…  c look again", "was interrupted"),
        ("enter open  E export  w why  R reload", "an undo"),
        ("enter open  u undo…  c look again", "finished"),
        ("enter open  E export  w why  R reload", "a dry run"),
        ("enter open  E export  w why  R reload", "of another profile"),
        ("enter open  E export  w why  R reload", "rejected"),
    ];
    for (hints, what) in expected {
        let text = screen.text();
        assert!(text.lines().last().unwrap().starts_with(hints), "{what}\n{text}");
        screen.keys("j");
    }
    screen.keys("u a n r c");
    assert!(screen.model.overlay.is_none() && screen.model.place == Place::History);
}

#[test]
fn history_keeps_its_cursor_on_the_run_when_it_is_read_again() {
    let mut screen = eventful(World::small());
    screen.keys("j j");
    let before = screen.model.history.under_cursor().unwrap().run.clone();
    let newer = waiting(&"20261124T015900-zzzzzzzz".into(), 2, "joe@msp.example");
    screen.world.past.insert(0, newer);
    screen.keys("R");
    assert_eq!(screen.model.history.under_cursor().unwrap().run, before);
    assert_ne!(before.as_str(), PARKED);
}
