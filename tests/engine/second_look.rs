//! What was set inactive is looked at again, once an RMM has had its time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use mothball::{
    domain::{
        Plan, RunState,
        document::{FollowUp, FollowUpKind, Report},
        selection::Scope,
    },
    engine::{Ask, Engine, Finished, LookedAgain, Undo, UndoOf},
    simulator::Options,
    store::Store,
    system::Clock,
};

use super::offboarded;
use crate::support::{
    quick::Quick,
    vendor::on_every_psa,
    world::{client, draft, report_of, who},
};

on_every_psa!(
    what_an_rmm_switched_back_is_found_once_its_time_has_come,
    nothing_is_due_without_an_rmm_link_or_with_the_setting_at_zero,
    anybody_may_look_again_at_any_time,
    the_next_run_names_what_is_active_again,
);

/// A clock that a test moves.
fn clock(hours: &Arc<AtomicI64>) -> Clock {
    let hours = Arc::clone(hours);
    let start = Clock::system().now();
    Clock::telling(move || start + jiff::SignedDuration::from_hours(hours.load(Ordering::SeqCst)))
}

async fn tenant(psa: &str) -> (Quick, Arc<AtomicI64>) {
    let options = Options { psa: psa.to_owned(), clients: 30, configurations: 400, ..Options::default() };
    let mut quick = Quick::new(options).await;
    let hours = Arc::new(AtomicI64::new(0));
    quick.engine.clock = clock(&hours);
    (quick, hours)
}

async fn run_all(engine: &Engine) -> Finished {
    let draft = draft(engine, Ask::All, Scope::default(), who()).await;
    engine.start(draft).await.expect("the run starts").wait().await
}

/// The items of a run whose records carry an RMM link.
fn linked(quick: &Quick, done: &Finished) -> Vec<String> {
    let truth = quick.simulator.truth().configurations;
    let items = done.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.to_string());
    items.filter(|id| truth[id].rmm.is_some()).collect()
}

fn told(found: &[FollowUp], kind: FollowUpKind) -> BTreeSet<String> {
    found
        .iter()
        .filter(|one| one.kind == kind)
        .filter_map(|one| one.config_id.as_ref().map(ToString::to_string))
        .collect()
}

async fn state(quick: &Quick, done: &Finished) -> RunState {
    let stored = quick.store.run(&done.header.run).await.unwrap().unwrap();
    let (bytes, digest) = stored.plan.unwrap();
    RunState::replay(&Plan::reopen(&bytes, &digest).unwrap(), &stored.events)
}

async fn what_an_rmm_switched_back_is_found_once_its_time_has_come(psa: &'static str) {
    let (quick, hours) = tenant(psa).await;
    let done = run_all(&quick.engine).await;
    assert!(done.state.is_success(), "{:?}", done.state.totals);
    let linked = linked(&quick, &done);
    assert!(linked.len() >= 3, "{} items with an RMM link", linked.len());
    let due = state(&quick, &done).await.look_due.expect("a second look is put down").1;
    assert_eq!(
        due.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
        linked.iter().cloned().collect()
    );
    quick.simulator.edit(|edits| edits.set_active(&linked[1], true));

    hours.store(23, Ordering::SeqCst);
    assert!(quick.engine.look_again_where_due().await.unwrap().is_empty(), "not yet");
    hours.store(25, Ordering::SeqCst);
    let looked = quick.engine.look_again_where_due().await.unwrap();
    let [LookedAgain { run, items, found }] = looked.as_slice() else { panic!("{looked:?}") };
    assert_eq!((run, *items), (&done.header.run, linked.len()));
    assert_eq!(told(found, FollowUpKind::ActiveAgain), [linked[1].clone()].into());
    let rmm = quick.simulator.truth().configurations[&linked[1]].rmm.clone().unwrap();
    assert!(!rmm.is_empty() && found.iter().any(|one| one.text.contains("its RMM link")), "{found:?}");

    // Once is enough, and it is kept with the run.
    assert!(quick.engine.look_again_where_due().await.unwrap().is_empty());
    let state = state(&quick, &done).await;
    assert_eq!((state.look_due.is_none(), &state.second_look), (true, found));
    let report = report_of(&quick.engine, &Finished { state, ..done });
    let follow_up: Vec<FollowUp> =
        report.clients().iter().flat_map(|client| client.follow_up.clone()).collect();
    assert_eq!(told(&follow_up, FollowUpKind::ActiveAgain), [linked[1].clone()].into());
    quick.check().await;
}

async fn nothing_is_due_without_an_rmm_link_or_with_the_setting_at_zero(psa: &'static str) {
    let (mut quick, hours) = tenant(psa).await;
    quick.engine.profile.verify_again_after_hours = 0;
    let done = run_all(&quick.engine).await;
    assert!(!linked(&quick, &done).is_empty());
    hours.store(1_000, Ordering::SeqCst);
    assert!(quick.engine.look_again_where_due().await.unwrap().is_empty());
    quick.check().await;

    let mut quick = Quick::new(super::one_client(psa, 3)).await;
    quick.engine.clock = clock(&hours);
    let id = offboarded(&quick.simulator)[0].clone();
    let draft = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let done = quick.engine.start(draft).await.unwrap().wait().await;
    assert!(linked(&quick, &done).is_empty() && done.state.is_success());
    hours.store(2_000, Ordering::SeqCst);
    assert!(quick.engine.look_again_where_due().await.unwrap().is_empty());
    quick.check().await;
}

async fn anybody_may_look_again_at_any_time(psa: &'static str) {
    let quick = Quick::new(super::one_client(psa, 5)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let draft = draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let done = quick.engine.start(draft).await.unwrap().wait().await;
    let items: Vec<String> =
        done.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.to_string()).collect();
    let look = async || {
        let stored = quick.store.run(&done.header.run).await.unwrap().unwrap();
        quick.engine.look_again(stored).await.unwrap()
    };
    assert!(look().await.found.is_empty());
    // The agent comes back under a record of its own.
    let known = |id: &str| {
        let found = done.survey.found().find(|found| found.configuration.id.as_str() == id).unwrap();
        found.configuration.serial.is_some() || found.configuration.rmm.is_some()
    };
    let again = [0, 1, 3].into_iter().find(|at| known(&items[*at])).expect("one device can be told");
    let new = quick.simulator.edit(|edits| {
        edits.set_active(&items[2], true);
        edits.remove(&items[4]);
        edits.add_again(&items[again])
    });
    let looked = look().await;
    assert_eq!(looked.items, 5);
    assert_eq!(told(&looked.found, FollowUpKind::ActiveAgain), [items[2].clone()].into());
    assert_eq!(told(&looked.found, FollowUpKind::SameDevice), [new].into());

    // What was restored on purpose is no longer watched.
    let undo = Undo { of: UndoOf::Run(done.header.run.clone()), only: BTreeSet::new() };
    let back = quick.engine.draft_undo(&undo, &who()).await.unwrap();
    let back = quick.engine.start(back).await.unwrap().wait().await;
    assert_eq!(back.state.totals.done, 3);
    assert_eq!(look().await.items, 2);
    let stored = quick.store.run(&back.header.run).await.unwrap().unwrap();
    assert!(quick.engine.look_again(stored).await.unwrap().found.is_empty());
    quick.simulator.edit(|edits| edits.set_active(&items[0], false));
    let stored = quick.store.run(&back.header.run).await.unwrap().unwrap();
    let found = quick.engine.look_again(stored).await.unwrap().found;
    assert_eq!(told(&found, FollowUpKind::InactiveAgain), [items[0].clone()].into());
    quick.check().await;
}

async fn the_next_run_names_what_is_active_again(psa: &'static str) {
    let (quick, _) = tenant(psa).await;
    let done = run_all(&quick.engine).await;
    let linked = linked(&quick, &done);
    let truth = quick.simulator.truth().configurations;
    quick.simulator.edit(|edits| {
        edits.set_active(&linked[0], true);
        if let Some(status) = &truth[&linked[1]].status {
            // The status of the other one, before it was retired, does not matter here.
            edits.set_status(&linked[0], status);
        }
    });
    let again = draft(&quick.engine, client(&truth[&linked[0]].company), Scope::default(), who()).await;
    let warnings = &again.survey.clients[0].warnings;
    let rmm = truth[&linked[0]].rmm.clone().unwrap();
    let told = warnings.iter().any(|text| {
        text.contains(&linked[0]) && text.contains(done.header.run.as_str()) && text.contains(&rmm)
    });
    assert!(told, "{warnings:?}");
    let Report::Joint(report) = report_of(&quick.engine, &done) else { panic!("several clients") };
    let before = report.clients.iter().flat_map(|client| &client.warnings);
    assert_eq!(before.filter(|text| text.contains("is active again")).count(), 0);
    quick.check().await;
}
