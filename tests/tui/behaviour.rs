//! What keys do, from the technician's side.

use std::path::PathBuf;

use mothball::{
    domain::{
        ClientId, ConfigId, Event, Links, Phase,
        event::{End, Notice},
    },
    tui::{
        desk::{Control, LinksRead, LoadNews, Mode, Preselect, RunNews, SaveError, Saved, Trouble},
        effect::Effect,
        layout::Pane,
        message::{Message, Mouse, MouseKind},
        model::{Place, data::LinksState, overlay::Overlay},
        options::{Leave, StopSignal},
        update,
    },
};

use super::world::{Screen, World, now};

fn planned(ids: &[i64]) -> Screen {
    let mut screen = Screen::small(100, 30);
    screen.tick(ids);
    screen.keys("enter");
    assert_eq!(screen.model.place, Place::Plan);
    screen
}

fn running(ids: &[i64]) -> Screen {
    let mut screen = planned(ids);
    screen.confirm();
    assert_eq!(screen.model.place, Place::Run);
    screen
}

fn controls(screen: &Screen) -> Vec<Control> {
    let control = |effect: &Effect| match effect {
        Effect::Control { control, .. } => Some(*control),
        _ => None,
    };
    screen.asked.iter().filter_map(control).collect()
}

// Ticking

#[test]
fn nothing_is_ticked_at_the_start_and_enter_never_takes_the_row_under_the_cursor() {
    let mut screen = Screen::small(100, 30);
    assert!(screen.ticked().is_empty());
    screen.keys("tab enter");
    assert!(screen.drafts().is_empty());
    assert!(screen.note().contains("Nothing is ticked"), "{}", screen.note());
}

#[test]
fn space_ticks_and_moves_on_and_locked_rows_say_why() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab space");
    assert!(screen.ticked().is_empty());
    assert!(screen.note().contains("Protected"), "{}", screen.note());
    screen.keys("j space space");
    assert_eq!(screen.ticked(), ["103", "104"]);
    screen.keys("k space");
    assert_eq!(screen.ticked(), ["104"]);
}

#[test]
fn natural_order_puts_fw_2_before_fw_10() {
    let screen = Screen::small(100, 30);
    let text = screen.text();
    assert!(text.find("FW-2 ").unwrap() < text.find("FW-10").unwrap(), "{text}");
}

#[test]
fn all_takes_visible_tickable_rows_never_mixed_ones() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab a");
    assert_eq!(screen.ticked(), ["101", "102", "103", "104"], "neither the locked 105 nor the mixed 106");
    assert!(screen.note().contains("mixed"), "{}", screen.note());
    screen.keys("a");
    assert!(screen.ticked().is_empty());
    screen.keys("/").write("fw").keys("enter a");
    assert_eq!(screen.ticked(), ["103", "104"]);
    screen.keys("i");
    assert!(screen.ticked().is_empty());
}

#[test]
fn a_mixed_row_can_be_ticked_by_itself_only() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab /").write("reception").keys("enter space");
    assert_eq!(screen.ticked(), ["106"]);
    assert!(screen.note().contains("Mixed"), "{}", screen.note());
}

#[test]
fn the_clients_box_has_three_states_and_acts_on_all_its_rows() {
    let mut screen = Screen::small(100, 30);
    screen.keys("space");
    assert_eq!(screen.ticked(), ["101", "102", "103", "104"]);
    assert!(screen.text().contains("[-] Acme"), "{}", screen.text());
    screen.keys("space");
    assert_eq!(screen.ticked().len(), 6, "the next client's rows as well");
    assert!(screen.text().contains("[x] Birch"), "{}", screen.text());
    screen.keys("g space");
    assert_eq!(screen.ticked(), ["201", "202"]);
}

#[test]
fn ranges_tick_and_undo_walks_back() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab j v j j j space");
    assert_eq!(screen.ticked(), ["101", "103", "104"]);
    screen.keys("g j shift-down shift-down space");
    assert_eq!(screen.ticked(), ["101"], "all of the range were ticked, so they are unticked");
    screen.keys("u");
    assert_eq!(screen.ticked(), ["101", "103", "104"]);
    screen.keys("u");
    assert!(screen.ticked().is_empty());
    screen.keys("ctrl-r ctrl-r");
    assert_eq!(screen.ticked(), ["101"]);
}

#[test]
fn unlinked_reads_links_first_and_leaves_unknown_alone() {
    let mut screen = Screen::empty(World::small(), 100, 30);
    screen.by_hand = true;
    let effects = update::start(&mut screen.model);
    assert!(matches!(effects[..], [Effect::Load { .. }, Effect::History]));
    for news in screen.world.load() {
        screen.send(Message::Load(1, news));
    }
    screen.asked.clear();
    screen.model.review.links.reading = false;
    screen.model.review.links.wanted.clear();
    let at = screen.model.review.client.unwrap();
    screen.model.review.data.clients[at].links = LinksState::NotRead;
    screen.keys("U");
    assert!(screen.ticked().is_empty(), "nothing before the links are known");
    let asked = screen.asked.iter().find_map(|effect| match effect {
        Effect::ReadLinks { clients } => Some(clients.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(vec![ClientId::from(7)]));
    let read = screen.world.read_links(&[ClientId::from(7)]);
    screen.send(Message::LinksRead(vec![ClientId::from(7)], Ok(read)));
    assert_eq!(screen.ticked(), ["102", "104"], "101 is linked, 103 unknown, 105 locked, 106 mixed");
    assert!(screen.note().contains("could not be read"), "{}", screen.note());
}

#[test]
fn links_that_fail_are_unknown_never_none() {
    let mut screen = Screen::empty(World::small(), 100, 30);
    screen.by_hand = true;
    update::start(&mut screen.model);
    for news in screen.world.load() {
        screen.send(Message::Load(1, news));
    }
    let trouble = Trouble { message: "Timed out.".into(), advice: "Try again.".into() };
    screen.send(Message::LinksRead(vec![ClientId::from(7)], Err(trouble)));
    screen.keys("tab");
    assert!(screen.text().contains("unknown"), "{}", screen.text());
    screen.keys("U");
    let rows = screen.model.review.data.rows.len();
    let answer = LinksRead {
        client: ClientId::from(7),
        links: vec![(ConfigId::from(102), Links::unknown("no"))],
        signs_of_life: Vec::new(),
    };
    screen.send(Message::LinksRead(vec![ClientId::from(7)], Ok(vec![answer])));
    assert!(screen.ticked().is_empty(), "{rows} rows, and none known to be without links");
}

#[test]
fn the_settings_may_preselect_once() {
    let mut world = World::small();
    world.setting.preselect = Preselect::All;
    let mut screen = Screen::new(world.clone(), 100, 30);
    assert_eq!(screen.ticked().len(), 7);
    screen.keys("u R");
    assert!(screen.ticked().is_empty(), "a reload does not tick again");
    world.setting.preselect = Preselect::Unlinked;
    let screen = Screen::new(world, 100, 30);
    assert_eq!(screen.ticked(), ["102", "104", "201", "202", "301"]);
}

// Reading

#[test]
fn a_selection_survives_filter_sort_and_reload() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab j space space / x enter > ~ R");
    assert_eq!(screen.ticked(), ["103", "104"]);
    screen.world.rows.retain(|row| row.configuration.id != ConfigId::from(103));
    screen.keys("esc R");
    assert_eq!(screen.ticked(), ["104"]);
    assert!(screen.note().contains("no longer there"), "{}", screen.note());
}

#[test]
fn old_data_stay_usable_while_reading_again() {
    let mut screen = Screen::small(100, 30);
    screen.by_hand = true;
    screen.keys("R");
    let generation = screen.model.review.generation;
    screen.send(Message::Load(generation, LoadNews::Clients(Vec::new())));
    assert!(screen.text().contains("Acme Dental"));
    assert!(screen.text().contains("reading again"), "{}", screen.text());
    let trouble = Trouble { message: "No route.".into(), advice: "Check the network.".into() };
    screen.send(Message::LoadEnded(generation, Err(trouble)));
    assert!(screen.text().contains("No route."));
    screen.keys("esc");
    assert!(screen.text().contains("Acme Dental"));
}

#[test]
fn ticks_outlive_a_reading_that_broke_off() {
    let mut screen = Screen::empty(World::small(), 100, 30);
    screen.by_hand = true;
    update::start(&mut screen.model);
    for news in screen.world.load().into_iter().take(3) {
        screen.send(Message::Load(1, news));
    }
    screen.keys("tab j space space");
    let trouble = Trouble { message: "No route.".into(), advice: "Check the network.".into() };
    screen.send(Message::LoadEnded(1, Err(trouble)));
    screen.keys("enter");
    assert!(screen.note().contains("not complete"), "{}", screen.note());
    screen.world.rows.retain(|row| row.configuration.id != ConfigId::from(103));
    screen.by_hand = false;
    screen.keys("R");
    assert_eq!(screen.ticked(), ["104"]);
    let ticked: usize = screen.model.review.data.clients.iter().map(|client| client.ticked).sum();
    assert_eq!(ticked, 1);
}

#[test]
fn news_of_an_earlier_reading_are_dropped() {
    let mut screen = Screen::small(100, 30);
    screen.send(Message::Load(0, LoadNews::Notice(Notice::Waiting { seconds: 9.0, why: "429".into() })));
    assert!(!screen.text().contains("429"));
}

#[test]
fn nothing_can_be_planned_on_an_incomplete_list() {
    let mut screen = Screen::empty(World::small(), 100, 30);
    screen.by_hand = true;
    update::start(&mut screen.model);
    for news in screen.world.load().into_iter().take(3) {
        screen.send(Message::Load(1, news));
    }
    screen.keys("tab j space enter");
    assert_eq!(screen.ticked(), ["104"], "what is there can be used");
    assert!(screen.drafts().is_empty());
    assert!(screen.note().contains("still being read"), "{}", screen.note());
}

#[test]
fn links_are_read_for_the_client_the_cursor_rests_on() {
    let mut screen = Screen::small(100, 30);
    let read = |screen: &Screen| {
        screen.asked.iter().filter(|effect| matches!(effect, Effect::ReadLinks { .. })).count()
    };
    assert_eq!(read(&screen), 1);
    screen.by_hand = true;
    screen.keys("j j j");
    assert_eq!(read(&screen), 1, "not while the cursor moves");
    let visit = screen.model.review.links.visit;
    screen.send(Message::LinksDue(visit - 1));
    assert_eq!(read(&screen), 1, "an old visit does not count");
    screen.send(Message::LinksDue(visit));
    assert_eq!(read(&screen), 2);
}

#[test]
fn many_rows_are_filtered_aside_and_old_answers_dropped() {
    let mut screen = Screen::new(World::large(1, 20_000), 100, 30);
    screen.by_hand = true;
    screen.asked.clear();
    screen.keys("tab /").write("9");
    let generations: Vec<u64> = screen
        .asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Filter { generation, candidates, .. } => {
                assert_eq!(candidates.len(), 20_000);
                Some(*generation)
            }
            _ => None,
        })
        .collect();
    screen.send(Message::Filtered(generations[0] - 1, vec![1]));
    assert_eq!(screen.model.review.shown.len(), 20_000);
    screen.send(Message::Filtered(generations[0], vec![9, 19]));
    assert_eq!(screen.model.review.shown, [9, 19]);
    screen.write("9");
    assert_eq!(screen.model.review.shown.len(), 0, "narrowing looks at what is left, at once");
}

#[test]
fn views_cycle() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab j space f");
    assert_eq!(screen.model.review.shown.len(), 1);
    screen.keys("f");
    assert_eq!(screen.model.review.shown.len(), 5);
    screen.keys("f");
    assert_eq!(screen.model.review.shown.len(), 1, "still linked");
    screen.keys("f");
    assert_eq!(screen.model.review.shown.len(), 6);
}

#[test]
fn the_mouse_chooses_ticks_sorts_and_scrolls() {
    let mut screen = Screen::small(100, 30);
    let panes = screen.model.panes();
    let rows = panes.rows.unwrap();
    let press = |column, row| Message::Mouse(Mouse { kind: MouseKind::Press, column, row });
    screen.send(press(rows.x + 8, rows.y + 3));
    assert_eq!((screen.model.review.focus, screen.model.review.rows.cursor), (Pane::Rows, 1));
    assert!(screen.ticked().is_empty());
    screen.send(press(rows.x + 2, rows.y + 4));
    assert_eq!(screen.ticked(), ["103"]);
    screen.send(press(rows.x + 8, rows.y + 1));
    assert!(screen.model.review.sort.reverse);
    screen.send(press(panes.clients.unwrap().x + 8, 3));
    assert_eq!(screen.model.review.cursor_client().unwrap().id(), &ClientId::from(12));
    screen.send(Message::Mouse(Mouse { kind: MouseKind::WheelDown, column: 5, row: 5 }));
    screen.send(press(40, 0));
}

// Hidden ticks

#[test]
fn hidden_ticks_are_never_acted_on_silently() {
    let hidden = || {
        let mut screen = Screen::small(100, 30);
        screen.tick(&[101, 103, 201]);
        screen.keys("tab /").write("fw").keys("enter enter");
        assert!(matches!(&screen.model.overlay, Some(Overlay::Hidden { ids, .. }) if ids.len() == 2));
        assert!(screen.drafts().is_empty());
        screen
    };
    let mut show = hidden();
    show.keys("enter");
    assert!(show.drafts().is_empty(), "the default shows them");
    assert!(show.text().contains("SRV-DC1"), "{}", show.text());
    show.keys("enter");
    assert_eq!(show.drafts()[0].ticked.len(), 3, "seen, then planned");

    let mut untick = hidden();
    untick.keys("tab enter");
    assert_eq!(untick.drafts()[0].ticked.len(), 1);

    let mut include = hidden();
    include.keys("tab tab enter");
    assert_eq!(include.drafts()[0].ticked.len(), 3);

    let mut leave = hidden();
    leave.keys("esc");
    assert!(leave.drafts().is_empty());
    assert_eq!(leave.ticked().len(), 3);
}

// Plan and confirmation

#[test]
fn enter_opens_the_plan_and_writes_nothing() {
    let screen = planned(&[101, 201]);
    assert_eq!(screen.started(), 0);
    let text = screen.text();
    for words in [
        "2 configurations of 2 companies will be set inactive",
        "Still billed: 1, on agreement \"Gold Support\" (1 × 120.00 a month), 1 of them.",
        "Units stay billed until you change them.",
        "Still in the RMM: 1 (Datto RMM 1).",
        "Acme Dental (id 7)",
        "Counts as offboarded: status \"Former Client\"",
        "Sign of life: agreement \"Gold Support\" is running",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn a_plan_of_other_ticks_is_out_of_date() {
    let mut screen = planned(&[101, 102]);
    screen.keys("1").untick(&[102]);
    screen.keys("2 x");
    assert!(screen.model.overlay.is_none(), "what is no longer ticked cannot be confirmed");
    assert!(screen.text().contains("out of date"), "{}", screen.text());
    assert!(screen.note().contains("press R"), "{}", screen.note());
    // Whatever plans again, plans what is ticked now.
    screen.keys("d");
    let ticked: Vec<String> =
        screen.drafts().last().unwrap().ticked.iter().map(ToString::to_string).collect();
    assert_eq!(ticked, ["101"]);
    assert!(screen.drafts().last().unwrap().dry_run);
    assert!(!screen.text().contains("out of date"), "{}", screen.text());
    // With nothing ticked there is nothing to plan, and the old page cannot start.
    screen.keys("1").untick(&[101]);
    let drafts = screen.drafts().len();
    screen.keys("2 R");
    assert_eq!(screen.drafts().len(), drafts);
    screen.keys("x");
    assert_eq!(screen.started(), 0);
}

#[test]
fn enter_and_paste_cannot_confirm() {
    let mut screen = planned(&[101]);
    screen.keys("x enter");
    assert!(screen.model.overlay.is_none(), "the focus is on Cancel");
    screen.keys("x");
    for _ in 0..20 {
        screen.keys("tab enter");
        if screen.model.overlay.is_none() {
            screen.keys("x");
        }
    }
    screen.send(Message::Paste("7\n".into()));
    screen.send(Message::Paste("Acme Dental".into()));
    assert!(screen.text().contains("type it"), "{}", screen.text());
    screen.keys("enter tab enter enter");
    assert_eq!(screen.started(), 0);
}

#[test]
fn a_paste_that_comes_as_keys_stops_at_the_button() {
    let mut screen = planned(&[101]);
    screen.keys("x").write("Acme Dental").keys("enter");
    assert_eq!(screen.started(), 0);
    assert!(screen.text().contains("enter once more"), "{}", screen.text());
    screen.keys("enter");
    assert_eq!(screen.started(), 1);
}

#[test]
fn the_wrong_text_gets_nowhere() {
    let mut screen = planned(&[101]);
    screen.keys("x").write("Acme Dentist").keys("enter enter tab enter");
    assert_eq!(screen.started(), 0);
    screen.keys("esc x").write("7").keys("enter").write("7").keys("enter tab tab enter");
    assert_eq!(screen.started(), 0, "77 is not 7");
}

#[test]
fn what_is_shown_is_what_starts() {
    let mut screen = planned(&[101, 102]);
    let digest = screen.model.plan.as_ref().unwrap().view().unwrap().digest.clone();
    screen.confirm();
    let started = screen.asked.iter().find_map(|effect| match effect {
        Effect::Start { digest, .. } => Some(digest.clone()),
        _ => None,
    });
    assert_eq!(started, Some(digest));
}

#[test]
fn over_the_limit_the_profile_must_be_typed_too() {
    let mut world = World::small();
    world.setting.max_changes = 1;
    let mut screen = Screen::new(world, 100, 30);
    screen.tick(&[101, 201]);
    screen.keys("enter x").write("2").keys("enter enter");
    assert_eq!(screen.started(), 0);
    screen.write(" main").keys("enter enter");
    assert_eq!(screen.started(), 1);
}

#[test]
fn a_refused_or_expired_or_empty_plan_does_not_start() {
    let mut world = World::small();
    world.refused = vec!["the listing is not complete".into()];
    let mut screen = Screen::new(world, 100, 30);
    screen.tick(&[101]);
    screen.keys("enter x");
    assert!(screen.model.overlay.is_none());
    assert!(screen.note().contains("not complete"));

    let mut screen = planned(&[101]);
    screen.model.now = now().plus_seconds(90_000);
    screen.keys("x");
    assert!(screen.note().contains("expired"), "{}", screen.note());
}

#[test]
fn the_ticket_that_settings_require_is_asked_for() {
    let mut world = World::small();
    world.setting.require_ticket = true;
    let mut screen = Screen::new(world, 100, 30);
    screen.tick(&[101]);
    screen.keys("enter x");
    assert!(screen.model.overlay.is_none());
    assert!(screen.note().contains("ticket"));
    // The field is open already.
    screen.write("T-17").keys("enter");
    assert_eq!(screen.drafts().last().unwrap().ticket.as_deref(), Some("T-17"));
    screen.keys("x");
    assert!(matches!(screen.model.overlay, Some(Overlay::Confirm(_))));
}

#[test]
fn reason_and_dry_run_plan_again_and_are_kept() {
    let mut screen = planned(&[101]);
    screen.keys("e").write("left in May").keys("enter d");
    let draft = screen.drafts().pop().unwrap();
    assert_eq!((draft.reason.as_deref(), draft.dry_run), (Some("left in May"), true));
    assert!(screen.text().contains("dry run"), "{}", screen.text());
    screen.keys("x");
    assert_eq!(screen.started(), 1, "a dry run writes nothing and needs no typing");
}

#[test]
fn settings_that_forbid_writes_cannot_be_talked_round() {
    let mut world = World::small();
    world.setting.mode = Mode::DryRun;
    let mut screen = Screen::new(world, 100, 30);
    assert!(screen.text().starts_with(" DRY RUN"), "{}", screen.text());
    screen.tick(&[101]);
    screen.keys("enter d");
    assert!(screen.drafts().iter().all(|draft| draft.dry_run));
    assert!(screen.note().contains("forbid"));
}

// Run

#[test]
fn a_run_is_watched_paused_and_cancelled() {
    let mut screen = running(&[101, 102, 103]);
    screen.keys("p");
    assert_eq!(controls(&screen), [Control::Pause]);
    screen.send(screen.events(vec![Event::Paused { why: "by jane".into() }]));
    assert!(screen.text().contains("PAUSED"), "{}", screen.text());
    screen.keys("p");
    screen.send(screen.events(vec![Event::Resumed]));
    screen.keys("c c c");
    assert_eq!(controls(&screen), [Control::Pause, Control::Resume, Control::Cancel, Control::Stop]);
}

#[test]
fn never_a_hundred_percent_while_something_runs() {
    let mut screen = running(&[101, 102, 103]);
    screen.settle(0..3);
    let text = screen.text();
    assert!(text.contains("99 %") && !text.contains("100 %"), "{text}");
}

#[test]
fn the_report_opens_by_itself_but_tears_nobody_away() {
    let mut screen = running(&[101, 102]);
    screen.settle(0..2);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Report);
    assert!(screen.text().contains("Left for you to do: 2"), "{}", screen.text());
    assert!(screen.text().contains("/data/mothball/reports/"), "{}", screen.text());

    let mut screen = running(&[101, 102]);
    screen.keys("1");
    assert!(screen.text().contains("run 0 %"), "{}", screen.text());
    screen.settle(0..2);
    screen.end(End::Finished);
    assert_eq!(screen.model.place, Place::Review);
    assert!(screen.note().contains("press 4"), "{}", screen.note());
    screen.keys("4");
    assert_eq!(screen.model.place, Place::Report);
}

#[test]
fn the_report_is_written_anew_only_when_something_of_it_changed() {
    let mut screen = running(&[101, 102]);
    screen.settle(0..2);
    screen.end(End::Finished);
    // Where its lines lie in memory tells whether they are still the same.
    let lines = |screen: &Screen| screen.model.report.as_ref().unwrap().page.lines.as_ptr();
    let first = lines(&screen);
    screen.send(Message::Tick);
    screen.keys("j k 1 4");
    let (width, height) = screen.model.size;
    screen.send(Message::Resize(width, height - 1));
    assert_eq!(lines(&screen), first);

    screen.send(Message::Resize(60, height));
    assert!(screen.text().contains("Every configuration and its outcome"), "{}", screen.text());
    // The old lines were still there when these were made.
    assert_ne!(lines(&screen), first);
    screen.keys("/").write("dc2");
    assert!(screen.text().contains("(1 of 6 shown)"), "{}", screen.text());
    screen.keys("esc f");
    assert!(screen.text().contains("(0 of 6 shown)"), "all went well\n{}", screen.text());
}

#[test]
fn what_a_run_deactivated_is_no_longer_ticked_and_nobody_is_warned_of_that() {
    let mut screen = running(&[101, 102, 103]);
    screen.settle(0..2);
    screen.world.rows.retain(|row| !["101", "102"].contains(&row.configuration.id.as_str()));
    screen.end(End::Cancelled);
    assert_eq!(screen.ticked(), ["103"], "what was not reached stays ticked");
    assert_eq!(screen.model.review.data.clients.iter().map(|client| client.ticked).sum::<usize>(), 1);
    assert!(!screen.note().contains("unticked"), "{}", screen.note());
    screen.keys("1 u");
    assert_eq!(screen.ticked(), Vec::<String>::new(), "and undo brings none of them back");
}

#[test]
fn one_run_at_a_time() {
    let mut screen = running(&[101]);
    screen.keys("1 enter");
    assert_eq!(screen.drafts().len(), 1);
    assert!(screen.text().contains("One run at a time"), "{}", screen.text());
}

#[test]
fn what_failed_can_be_tried_again_after_the_end() {
    let mut world = World::small();
    world.failing.insert(ConfigId::from(102));
    let mut screen = Screen::new(world, 100, 30);
    screen.tick(&[101, 102]);
    screen.keys("enter");
    screen.confirm();
    screen.settle(0..2);
    screen.keys("r");
    assert!(!screen.asked.iter().any(|effect| matches!(effect, Effect::PlanRetry { .. })));
    screen.end(End::Finished);
    assert!(screen.text().contains("1 failed"), "{}", screen.text());
    screen.keys("r");
    assert!(screen.asked.iter().any(|effect| matches!(effect, Effect::PlanRetry { .. })));
}

#[test]
fn a_start_that_is_refused_says_so() {
    let mut screen = planned(&[101]);
    screen.by_hand = true;
    screen.confirm();
    let serial = screen.model.run.as_ref().unwrap().serial;
    screen.send(Message::RunNewsEnded(serial));
    assert!(screen.model.overlay.is_none(), "the answer to the start tells more");
    let trouble = Trouble { message: "Another run holds the lock.".into(), advice: "Wait for it.".into() };
    screen.send(Message::Started(serial, Err(trouble)));
    assert!(screen.text().contains("holds the lock"), "{}", screen.text());
    assert!(!screen.model.runs());
}

#[test]
fn news_that_break_off_are_not_taken_for_an_end() {
    let mut screen = running(&[101]);
    let serial = screen.model.run.as_ref().unwrap().serial;
    screen.send(Message::RunNewsEnded(serial));
    assert!(screen.text().contains("mothball runs show"), "{}", screen.text());
}

#[test]
fn a_lagging_listener_reads_the_state_again() {
    let mut screen = running(&[101, 102]);
    let mut state = screen.model.run.as_ref().unwrap().state.clone();
    for id in [101, 102] {
        for event in screen.world.story(&ConfigId::from(id), false, false) {
            state.apply(&super::world::stamped(2, event));
        }
    }
    let serial = screen.model.run.as_ref().unwrap().serial;
    screen.send(Message::Run(serial, RunNews::State(Box::new(state))));
    assert!(screen.text().contains("2 of 2"), "{}", screen.text());
}

#[test]
fn what_came_back_after_earlier_runs_is_told_when_it_was_looked_for() {
    let mut screen = Screen::small(100, 30);
    let generation = screen.model.review.generation;
    let found = vec!["SRV-DC1 is active again".to_owned(), "FW-2 is active again".to_owned()];
    screen.send(Message::Load(generation, LoadNews::CameBack(found)));
    assert!(screen.note().contains("SRV-DC1 is active again (and 1 more)"), "{}", screen.note());
}

// Leaving

#[test]
fn quit_asks_only_while_something_runs() {
    let mut idle = Screen::small(100, 30);
    idle.keys("q");
    assert!(matches!(&idle.left, Some(Leave::Quit(closing)) if closing.last_run.is_none()));

    let mut busy = running(&[101]);
    busy.keys("q");
    assert!(busy.left.is_none());
    assert!(busy.text().contains("A run is going on"), "{}", busy.text());
    busy.keys("enter");
    assert!(busy.left.is_none() && controls(&busy).is_empty(), "staying is the default");
    busy.keys("q tab enter");
    assert_eq!(controls(&busy), [Control::Cancel]);
    busy.end(End::Cancelled);
    let Some(Leave::Quit(closing)) = &busy.left else { panic!("not left") };
    let last = closing.last_run.as_ref().unwrap();
    assert_eq!((last.phase, last.ended, last.success), (Phase::Cancelled, true, false));
    assert!(last.report.as_ref().unwrap().is_ok());
}

#[test]
fn ctrl_c_cancels_a_run_and_twice_leaves() {
    let mut idle = Screen::small(100, 30);
    idle.keys("ctrl-c j ctrl-c");
    assert!(idle.left.is_none(), "another key in between forgets it");
    idle.keys("ctrl-c");
    assert!(idle.left.is_some());

    let mut busy = running(&[101]);
    busy.keys("ctrl-c");
    assert_eq!(controls(&busy), [Control::Cancel]);
    busy.keys("ctrl-c");
    assert_eq!(controls(&busy), [Control::Cancel, Control::Stop]);
    assert!(busy.left.is_none(), "what was sent is settled first");
    busy.end(End::Cancelled);
    assert!(busy.left.is_some());

    let mut stuck = running(&[101]);
    stuck.keys("ctrl-c ctrl-c ctrl-c");
    assert!(matches!(&stuck.left, Some(Leave::Quit(closing)) if !closing.last_run.as_ref().unwrap().ended));
}

#[test]
fn a_signal_cancels_waits_and_leaves() {
    let mut idle = Screen::small(100, 30);
    idle.send(Message::Stop(StopSignal::Terminate));
    assert!(matches!(idle.left, Some(Leave::Stopped(StopSignal::Terminate, _))));

    let mut busy = running(&[101]);
    busy.send(Message::Stop(StopSignal::Hangup));
    assert_eq!(controls(&busy), [Control::Interrupt], "so that it can be resumed");
    assert!(busy.left.is_none());
    busy.end(End::Interrupted);
    assert!(matches!(busy.left, Some(Leave::Stopped(StopSignal::Hangup, _))));

    let mut stuck = running(&[101]);
    stuck.send(Message::Stop(StopSignal::Terminate));
    stuck.send(Message::LeaveNow);
    assert!(matches!(stuck.left, Some(Leave::Stopped(StopSignal::Terminate, _))));
}

// Report and History

#[test]
fn the_report_is_saved_to_a_path_and_overwrites_only_when_told() {
    let mut screen = running(&[101]);
    screen.settle(0..1);
    screen.end(End::Finished);
    screen.by_hand = true;
    screen.keys("s");
    assert!(screen.text().contains("/reports/mothball-20261124T020000-abcdefgh.json"), "{}", screen.text());
    screen.write(".bak").keys("enter");
    let saves = |screen: &Screen| -> Vec<(PathBuf, bool)> {
        let save = |effect: &Effect| match effect {
            Effect::Save(request) => Some((request.path.clone(), request.overwrite)),
            _ => None,
        };
        screen.asked.iter().filter_map(save).collect()
    };
    let path = PathBuf::from("/reports/mothball-20261124T020000-abcdefgh.json.bak");
    assert_eq!(saves(&screen), [(path.clone(), false)]);
    screen.send(Message::Saved(Err(SaveError::Exists(path.clone()))));
    screen.keys("enter");
    assert_eq!(saves(&screen).len(), 1, "keeping it is the default");
    screen.keys("enter");
    screen.send(Message::Saved(Err(SaveError::Exists(path.clone()))));
    screen.keys("tab enter");
    assert_eq!(saves(&screen).last(), Some(&(path.clone(), true)));
    screen.send(Message::Saved(Ok(Saved { path, files: 1 })));
    assert!(screen.model.overlay.is_none() && screen.note().starts_with("Saved as"));
}

#[test]
fn the_report_can_be_filtered() {
    let mut screen = running(&[101, 102]);
    screen.settle(0..2);
    screen.end(End::Finished);
    screen.keys("/").write("reception").keys("enter");
    assert!(screen.text().contains("1 of 6 shown"), "{}", screen.text());
    assert!(screen.text().contains("Not all items are shown: esc shows all."), "{}", screen.text());
    screen.keys("esc f");
    assert!(screen.text().contains("None of them fits"), "{}", screen.text());
}

#[test]
fn history_opens_reports() {
    let mut screen = Screen::small(100, 30);
    screen.keys("5 j enter");
    assert!(
        matches!(screen.asked.last(), Some(Effect::Report { run }) if run.as_str().ends_with("cccccccc"))
    );
    let run = screen.model.report.as_ref().unwrap().run.clone();
    let trouble =
        Trouble { message: "This report was removed.".into(), advice: "Look at another one.".into() };
    screen.send(Message::Report(run, Err(trouble)));
    assert!(screen.text().contains("Look at another one."), "{}", screen.text());
}

#[test]
fn help_shows_only_what_works_here_and_can_be_searched() {
    let mut screen = Screen::small(100, 40);
    screen.keys("?");
    assert!(!screen.text().contains("Pause the run"));
    screen.keys("/").write("invert");
    let text = screen.text();
    assert!(text.contains("Invert the ticks") && !text.contains("Reverse the sort"), "{text}");
    screen.keys("esc esc");
    assert!(screen.model.overlay.is_none());
}

#[test]
fn the_detail_names_what_is_linked_and_why_the_client_counts() {
    let mut screen = Screen::small(200, 50);
    screen.keys("tab G k");
    let text = screen.text();
    for words in [
        "Gold Support (1 × 120.00 a month)",
        "status \"Former Client\"",
        "3 open tickets",
        "configuration/101",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn the_proven_rows_take_the_place_of_those_told_before() {
    let mut screen = Screen::small(120, 30);
    screen.tick(&[101]);
    let mut proven = World::small().rows;
    proven.retain(|row| row.configuration.id.as_str() != "102");
    proven[0].configuration.config_type = "Told late".into();
    let generation = screen.model.review.generation;
    screen.send(Message::Load(generation, LoadNews::Proven(proven)));
    assert!(screen.text().contains("SRV-DC2"), "nothing changes before the reading is complete");
    let (as_of, coverage) = screen.model.review.data.complete.clone().unwrap();
    screen.send(Message::Load(generation, LoadNews::Complete { as_of, coverage }));
    let text = screen.text();
    assert!(text.contains("Told late") && !text.contains("SRV-DC2"), "{text}");
    assert_eq!(screen.ticked(), ["101"]);
}
