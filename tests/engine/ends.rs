//! What a run still does, and no longer does, around its end and between two looks.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mothball::{
    domain::{ConfigId, Event, Outcome, Phase, SkipReason, protect::Protection, selection::Scope},
    engine::{Control, EngineError, Undo, UndoOf, Who},
    simulator::{
        Options,
        faults::{Kind, Plan, Rule, Target},
    },
    store::{MemoryStore, NewRun, Store, StoredRun},
    system::Clock,
};

use super::{offboarded, one_client, outcome};
use crate::support::{
    quick::Quick,
    world::{World, client, control_when, draft, who},
};

const ALL: usize = 60;

async fn slow_world() -> (World, String) {
    let latency = Duration::from_millis(20);
    let world = World::new(Options { latency, ..one_client("connectwise", ALL) }).await;
    let id = offboarded(&world.simulator)[0].clone();
    (world, id)
}

#[tokio::test]
async fn what_was_interrupted_stays_to_be_done_and_a_cancelled_rest_is_told_as_left() {
    for (wish, phase) in [(Control::Interrupt, Phase::Interrupted), (Control::Cancel, Phase::Cancelled)] {
        let (world, id) = slow_world().await;
        let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
        control_when(&handle, wish, |state| state.totals.past_sending() >= 5).await;
        let finished = handle.wait().await;
        assert_eq!(finished.state.phase, phase);
        let untold = finished.state.items.values().filter(|item| item.settled().is_none()).count();
        assert_eq!(untold > 0, wish == Control::Interrupt, "{untold}");
        assert!(!finished.state.follow_up.is_empty(), "what stayed active is told");
        if wish == Control::Interrupt {
            let run = finished.header.run.clone();
            let stored = world.engine.store.run(&run).await.unwrap().unwrap();
            let resumed = world.engine.resume(stored).await.unwrap().wait().await;
            assert!(resumed.state.is_success());
            assert_eq!(resumed.state.totals.done, ALL as u64);
        }
        world.check().await;
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_hard_or_by_trouble_asks_nothing_more() {
    let (world, id) = slow_world().await;
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Stop, |state| state.totals.past_sending() >= 5).await;
    let finished = handle.wait().await;
    assert_eq!(finished.state.phase, Phase::Cancelled);
    assert!(finished.state.follow_up.is_empty(), "{:?}", finished.state.follow_up);
    world.check().await;

    let (world, id) = slow_world().await;
    let planned = world.draft(client(&id), Scope::default(), who()).await;
    world.simulator.set_faults(Plan::of(vec![Rule::on_write(Kind::Empty401, 5)]));
    let finished = world.start(planned).await.wait().await;
    assert_eq!(finished.state.phase, Phase::Interrupted);
    assert!(finished.state.follow_up.is_empty(), "{:?}", finished.state.follow_up);
    world.check().await;
}

/// All are told yes and none is changed; they are sent once more, and the run is cancelled in the middle of that.
#[tokio::test]
async fn what_was_sent_in_vain_when_the_run_is_cancelled_is_told_as_failed_not_as_open() {
    let (world, id) = slow_world().await;
    let planned = world.draft(client(&id), Scope::default(), who()).await;
    world.simulator.set_faults(Plan::of(vec![Rule::always(Kind::LostWrite)]));
    let handle = world.start(planned).await;
    let sent_again = |state: &mothball::domain::RunState| {
        state
            .items
            .values()
            .any(|item| matches!(item, mothball::domain::run::ItemState::Sending { attempt: 2 }))
    };
    control_when(&handle, Control::Cancel, sent_again).await;
    let finished = handle.wait().await;
    world.simulator.set_faults(Plan::none());
    assert_eq!(finished.state.phase, Phase::Cancelled, "{:?}", finished.state.totals);
    let mut in_vain = 0;
    for id in finished.state.items.keys() {
        let Outcome::Failed { message, .. } = outcome(&finished, id) else {
            panic!("{id}: {:?}", outcome(&finished, id))
        };
        in_vain += usize::from(message.starts_with("sent 1 times without effect"));
    }
    assert!(in_vain > 0, "the cancel came in the middle");
    world.check().await;
}

/// Whoever interrupts is not told that something is still open which was sent, read back, and found as it was.
#[tokio::test]
async fn what_was_sent_in_vain_when_the_run_is_interrupted_is_told_as_failed() {
    let (world, id) = slow_world().await;
    let planned = world.draft(client(&id), Scope::default(), who()).await;
    world.simulator.set_faults(Plan::of(vec![Rule::always(Kind::LostWrite)]));
    let handle = world.start(planned).await;
    control_when(&handle, Control::Interrupt, |state| state.totals.past_sending() >= 1).await;
    let finished = handle.wait().await;
    world.simulator.set_faults(Plan::none());
    assert_eq!(finished.state.phase, Phase::Interrupted, "{:?}", finished.state.totals);
    let answered = finished.state.items.values().filter(|item| item.settled().is_some()).count();
    assert!(answered > 0, "{:?}", finished.state.totals);
    assert_eq!(finished.state.totals.failed, answered as u64, "{:?}", finished.state.totals);
    world.check().await;
}

/// Reading a page of items takes longer than what was read of the clients is good for: those are read again before the
/// next page, and no item is done twice.
#[tokio::test(start_paused = true)]
async fn what_grew_stale_between_two_pages_is_read_again() {
    let options = one_client("connectwise", 230);
    let quick = Quick::in_virtual_time(options).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let slow = Rule::always(Kind::Slow).lasting(Duration::from_secs(61)).times(1).on_route("configurations");
    quick.simulator.set_faults(Plan::of(vec![slow]));
    let finished = quick.engine.start(planned).await.unwrap().wait().await;
    assert!(finished.state.is_success(), "{:?} {:?}", finished.state.totals, finished.state.problems);
    assert_eq!(finished.state.totals.done, 230);
    assert_eq!(quick.simulator.writes().len(), 230, "each once");
    quick.check().await;
}

/// The PSA asks for more time than what was read of the items is good for: those that wait are read again, and sent then.
#[tokio::test(start_paused = true)]
async fn what_waited_too_long_for_its_turn_is_read_again_before_it_is_sent() {
    let quick = Quick::in_virtual_time(one_client("connectwise", 40)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let wait = Rule { target: Target::Writes, ..Rule::always(Kind::Throttled) };
    quick.simulator.set_faults(Plan::of(vec![wait.lasting(Duration::from_secs(100)).times(2)]));
    let finished = quick.engine.start(planned).await.unwrap().wait().await;
    assert!(finished.state.is_success(), "{:?} {:?}", finished.state.totals, finished.state.problems);
    assert_eq!((finished.state.totals.done, quick.simulator.writes().len()), (40, 40));
    quick.check().await;
}

#[tokio::test]
async fn a_rule_that_came_after_the_plan_keeps_an_item_and_hinders_no_undo() {
    let mut quick = Quick::new(one_client("connectwise", 6)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let items: Vec<ConfigId> =
        planned.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.clone()).collect();
    let name = planned.plan.as_ref().unwrap().items()[0].name.to_string();
    let free = std::mem::replace(
        &mut quick.engine.profile.protection,
        Protection { names: vec![name], ..Protection::default() },
    );
    let finished = quick.engine.start(planned).await.unwrap().wait().await;
    assert!(
        matches!(outcome(&finished, &items[0]), Outcome::ChangedSinceReview { what } if what.contains("protected"))
    );
    assert_eq!(finished.state.totals.done, 5);
    // What was set inactive before the rule came may be set back.
    quick.engine.profile.protection = Protection { types: vec!["*".into()], ..free };
    let wish = Undo { of: UndoOf::Run(finished.header.run.clone()), only: BTreeSet::new() };
    let way_back = quick.engine.draft_undo(&wish, &Who { attended: true, ..who() }).await.unwrap();
    let restored = quick.engine.start(way_back).await.unwrap().wait().await;
    assert_eq!(restored.state.totals.done, 5, "{:?}", restored.state.problems);
    quick.check().await;
}

#[tokio::test]
async fn a_setting_that_forbids_writes_forbids_to_resume() {
    let (mut world, id) = slow_world().await;
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Interrupt, |state| state.totals.past_sending() >= 5).await;
    let run = handle.wait().await.header.run;
    let written = world.simulator.writes().len();
    let stored = || async { world.engine.store.run(&run).await.unwrap().unwrap() };
    let first = stored().await;
    let mut strict = world.engine.clone();
    strict.profile.safeguards.dry_run = true;
    assert!(matches!(strict.resume(first).await, Err(EngineError::Refused(why)) if why.contains("dry_run")));
    let second = stored().await;
    strict.profile.safeguards.dry_run = false;
    strict.profile.unenforced = vec!["something".to_owned()];
    assert!(matches!(strict.resume(second).await, Err(EngineError::Refused(why)) if why == "something"));
    assert_eq!(world.simulator.writes().len(), written);
    world.engine.profile.unenforced.clear();
    world.check().await;
}

#[tokio::test]
async fn a_pause_and_its_end_stand_in_the_journal() {
    let (world, id) = slow_world().await;
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Pause, |state| state.totals.past_sending() >= 5).await;
    control_when(&handle, Control::Go, |state| state.phase == Phase::Paused).await;
    let finished = handle.wait().await;
    assert!(finished.state.is_success());
    let stored = world.engine.store.run(&finished.header.run).await.unwrap().unwrap();
    let told: Vec<&Event> = stored.events.iter().map(|stamped| &stamped.event).collect();
    let paused = told.iter().position(|event| matches!(event, Event::Paused { .. })).expect("it was paused");
    assert!(told[paused..].iter().any(|event| matches!(event, Event::Resumed)), "and went on");
    world.check().await;
}

/// A day later the plan is void: what was sent is read, what was not is told as never begun, and nothing is sent.
#[tokio::test]
async fn what_an_expired_plan_never_sent_is_told_as_not_started() {
    let (world, id) = slow_world().await;
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Interrupt, |state| state.totals.past_sending() >= 5).await;
    let run = handle.wait().await.header.run;
    let written = world.simulator.writes().len();
    let mut later = world.engine.clone();
    let hours = later.profile.safeguards.plan_expires_hours;
    later.clock = Clock::telling(move || {
        Clock::system().now() + jiff::SignedDuration::from_hours(i64::from(hours) + 1)
    });
    let stored = later.store.run(&run).await.unwrap().unwrap();
    let finished = later.resume(stored).await.unwrap().wait().await;
    assert_eq!(finished.state.phase, Phase::Refused);
    assert_eq!(world.simulator.writes().len(), written, "nothing is sent");
    let skipped = |outcome: &Outcome| matches!(outcome, Outcome::Skipped { reason: SkipReason::NotStarted });
    let left = finished.state.items.keys().filter(|id| skipped(outcome(&finished, id))).count();
    assert_eq!((left, finished.state.totals.failed), (ALL - written, 0));
    world.check().await;
}

/// The journal as a process left it that was killed after the first answer: resumed a day later, what was sent is read.
#[tokio::test]
async fn what_was_sent_before_the_plan_expired_is_settled_by_reading() {
    let quick = Quick::new(one_client("connectwise", 90)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let whole = quick.engine.start(planned).await.unwrap().wait().await;
    let StoredRun { header, survey, plan, events, .. } =
        quick.engine.store.run(&whole.header.run).await.unwrap().unwrap();
    let cut = events.iter().position(|one| matches!(one.event, Event::Answered { .. })).unwrap();
    let sent = events[..=cut].iter().filter(|one| matches!(one.event, Event::Intended { .. })).count();
    assert!((1..90).contains(&sent), "{sent}");
    let store = Arc::new(MemoryStore::new());
    let run = header.run.clone();
    store.create_run(&NewRun { header, survey, plan }).await.unwrap();
    store.append(&run, &events[..=cut]).await.unwrap();

    let mut later = quick.another(store.clone(), Arc::clone(&quick.engine.psa));
    later.clock = Clock::telling(|| Clock::system().now() + jiff::SignedDuration::from_hours(25));
    let resumed = later.resume(store.run(&run).await.unwrap().unwrap()).await.unwrap().wait().await;
    assert_eq!(resumed.state.phase, Phase::Refused);
    assert_eq!(resumed.state.totals.done, sent as u64, "{:?}", resumed.state.problems);
    assert_eq!(quick.simulator.writes().len(), 90, "nothing is sent again");
    quick.check().await;
}

/// The first page of items cannot be read before they are sent.
#[tokio::test]
async fn a_page_that_cannot_be_read_fails_by_itself_and_a_refused_sign_in_stops_the_run() {
    for kind in [Kind::Redirect301, Kind::Unauthorized] {
        let quick = Quick::new(one_client("connectwise", 130)).await;
        let id = offboarded(&quick.simulator)[0].clone();
        let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
        quick.simulator.set_faults(Plan::of(vec![Rule::always(kind).times(1).on_route("configurations")]));
        let finished = quick.engine.start(planned).await.unwrap().wait().await;
        let failed = finished
            .state
            .items
            .values()
            .filter_map(|item| item.settled())
            .filter(|item| matches!(&item.outcome, Outcome::Failed { message, .. } if message.contains("could not be read")))
            .count();
        if kind == Kind::Redirect301 {
            assert_eq!(finished.state.phase, Phase::Finished);
            assert_eq!((failed, finished.state.totals.done), (100, 30), "{:?}", finished.state.problems);
        } else {
            assert_eq!(finished.state.phase, Phase::Refused);
            assert_eq!((failed, finished.state.totals.done), (0, 0), "{:?}", finished.state.problems);
        }
        quick.check().await;
    }
}

/// Ten are on their way when the plan expires, ten more have their intent journaled and wait for their turn.
#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_when_the_plan_expires_is_not_sent() {
    let mut quick = Quick::in_virtual_time(one_client("connectwise", 40)).await;
    quick.engine.profile.safeguards.plan_expires_hours = 1;
    let id = offboarded(&quick.simulator)[0].clone();
    let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let expires = planned.plan.as_ref().unwrap().head().expires_at;
    let left = expires.seconds_since(quick.engine.now());
    tokio::time::sleep(Duration::from_secs_f64(left - 30.0)).await;
    let slow = Rule { target: Target::Writes, ..Rule::always(Kind::Slow) }.lasting(Duration::from_secs(50));
    quick.simulator.set_faults(Plan::of(vec![slow]));
    let finished = quick.engine.start(planned).await.unwrap().wait().await;
    assert_eq!(quick.simulator.writes().len(), 10, "{:?}", finished.state.totals);
    assert_eq!(finished.state.totals.done, 10, "{:?}", finished.state.problems);
    quick.check().await;
}

/// The run says that it only reads back once the last answer is there, and says it once; with nothing to read back, not at all.
#[tokio::test]
async fn verifying_begins_after_the_last_answer() {
    for refused in [false, true] {
        let quick = Quick::new(one_client("connectwise", 30)).await;
        let id = offboarded(&quick.simulator)[0].clone();
        let planned = draft(&quick.engine, client(&id), Scope::default(), who()).await;
        if refused {
            quick.simulator.set_faults(Plan::of(vec![Rule::always(Kind::Forbidden)]));
        }
        let finished = quick.engine.start(planned).await.unwrap().wait().await;
        assert_eq!(finished.state.totals.done, if refused { 0 } else { 30 }, "{:?}", finished.state.problems);
        let events = quick.engine.store.run(&finished.header.run).await.unwrap().unwrap().events;
        let places = |what: fn(&Event) -> bool| -> Vec<usize> {
            events.iter().enumerate().filter(|(_, one)| what(&one.event)).map(|(place, _)| place).collect()
        };
        let answers = places(|event| matches!(event, Event::Answered { .. }));
        let verifying = places(|event| matches!(event, Event::Verifying));
        assert_eq!(answers.len(), 30);
        assert_eq!(verifying.len(), usize::from(!refused));
        assert!(verifying.iter().all(|place| Some(place) > answers.last()), "{verifying:?} {answers:?}");
        quick.check().await;
    }
}
