//! What another process asks of a run that goes on: it comes through the store, and is in the record with a name.

use std::{sync::Arc, time::Duration};

use mothball::{
    domain::{Event, Phase, RunId, selection::Scope},
    simulator::Options,
    store::{Request, SqliteStore, Store, StoredRun, Wish},
};

use super::{offboarded, one_client};
use crate::support::world::{World, client, who};

const ALL: usize = 60;

/// Asks as another process would: over a handle of its own.
async fn ask(other: &dyn Store, run: &RunId, wish: Wish, world: &World) {
    let request = Request { wish, by: "joe@msp.example".to_owned(), at: world.engine.now() };
    other.put_request(run, &request).await.unwrap();
}

/// Waits until the record tells of it.
async fn recorded(other: &dyn Store, run: &RunId, wanted: impl Fn(&Event) -> bool) -> StoredRun {
    for _ in 0..1_000 {
        let stored = other.run(run).await.unwrap().unwrap();
        if stored.events.iter().any(|stamped| wanted(&stamped.event)) {
            return stored;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never happened: {:?}", other.run(run).await.unwrap().unwrap().events.last());
}

async fn slow_world() -> (World, Arc<dyn Store>, RunId, mothball::engine::RunHandle) {
    let latency = Duration::from_millis(80);
    let world = World::new(Options { latency, ..one_client("connectwise", ALL) }).await;
    let id = offboarded(&world.simulator)[0].clone();
    let other: Arc<dyn Store> = Arc::new(SqliteStore::open(world.folder.path()).await.unwrap());
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    let run = handle.run.clone();
    (world, other, run, handle)
}

#[tokio::test]
async fn a_run_pauses_goes_on_and_ends_when_another_process_asks_for_it() {
    let (world, other, run, handle) = slow_world().await;
    ask(other.as_ref(), &run, Wish::Pause, &world).await;
    recorded(
        other.as_ref(),
        &run,
        |event| matches!(event, Event::Paused { why } if why == "by joe@msp.example"),
    )
    .await;
    ask(other.as_ref(), &run, Wish::Resume, &world).await;
    recorded(other.as_ref(), &run, |event| matches!(event, Event::Resumed)).await;
    ask(other.as_ref(), &run, Wish::Cancel, &world).await;
    let finished = handle.wait().await;
    assert_eq!(finished.state.phase, Phase::Cancelled);
    assert!(finished.state.totals.done < ALL as u64, "it ended before all was done");
    let told = &finished.state.warnings;
    assert!(
        told.iter().any(|text| text.starts_with("cancelled by joe@msp.example, asked for at ")),
        "{told:?}"
    );
    let kept = recorded(other.as_ref(), &run, |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(Some(kept.head), finished.journal_head, "nothing was written down behind the run's back");
    assert!(other.take_requests(&run).await.unwrap().is_empty(), "each was taken, once");
    other.close().await;
    world.check().await;
}

#[tokio::test]
async fn a_run_that_is_stopped_hard_from_outside_starts_nothing_more() {
    let (world, other, run, handle) = slow_world().await;
    recorded(other.as_ref(), &run, |event| matches!(event, Event::Intended { .. })).await;
    ask(other.as_ref(), &run, Wish::Stop, &world).await;
    let finished = handle.wait().await;
    assert_eq!(finished.state.phase, Phase::Cancelled);
    let told = &finished.state.warnings;
    assert!(told.iter().any(|text| text.starts_with("stopped by joe@msp.example")), "{told:?}");
    assert!(finished.state.follow_up.is_empty(), "nothing more was asked: {:?}", finished.state.follow_up);
    other.close().await;
    world.check().await;
}

#[tokio::test]
async fn what_is_asked_of_one_run_leaves_another_alone() {
    let (world, other, run, handle) = slow_world().await;
    ask(other.as_ref(), &RunId::from("20261124T000000-elsewhere"), Wish::Stop, &world).await;
    let finished = handle.wait().await;
    assert_eq!((finished.state.phase, finished.header.run), (Phase::Finished, run));
    assert!(finished.state.is_success(), "{:?}", finished.state.totals);
    other.close().await;
    world.check().await;
}
