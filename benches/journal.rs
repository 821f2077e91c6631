//! The journal: how long one of 100,000 items takes to open and fold, and to check, and what writing it costs a run with ten calls in
//! flight. Measures; asserts nothing.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a benchmark measures and prints")]

#[path = "../tests/support/bench_world.rs"]
mod bench_world;

use std::{sync::Arc, time::Duration};

use mothball::{
    domain::{
        Approval, ConfigId, Configuration, Event, Outcome, Plan, RunId, RunState, Stamped,
        event::{Answer, End},
        selection::Scope,
    },
    engine::{Ask, Draft, Engine, Pick, Request, Who},
    simulator::{Layout, Options},
    store::{Audit, MemoryStore, NewRun, Store, sqlite::SqliteStore},
};

const ITEMS: usize = 100_000;
const CHANGES: usize = 2_000;
const LATENCY: Duration = Duration::from_millis(50);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(open_and_fold());
    runtime.block_on(overhead());
}

/// A whole run of so many items: three records each.
async fn open_and_fold() {
    let layout = Layout::Uniform { offboarded: 1, each: 1 };
    let bench = bench_world::BenchWorld::new(Options { layout, ..Options::default() }, 10).await;
    let draft = draft(&bench.engine).await;
    let found = draft.survey.found().next().expect("there is one configuration").configuration.clone();
    let numbered = |id: usize| {
        let mut row = found.clone();
        row.id = ConfigId::from(id.to_string());
        row
    };
    let rows: Vec<Configuration> = (1..=ITEMS).map(numbered).collect();
    let plan = plan_of(&draft, rows);
    let folder = tempfile::tempdir().expect("a folder");
    let run = RunId::from("bench");
    {
        let store = SqliteStore::open(folder.path()).await.expect("the store opens");
        write(&store, &run, &draft, &plan).await;
        store.close().await;
    }
    let clock = tokio::time::Instant::now();
    let store = SqliteStore::open(folder.path()).await.expect("the store opens");
    let stored = store.run(&run).await.expect("it can be read").expect("it is there");
    let read = clock.elapsed();
    let state = RunState::replay(&plan, &stored.events);
    let fold_took = clock.elapsed();
    println!(
        "a journal of {ITEMS} items ({} events): opened and read in {:.2} s, fold_took after {:.2} s",
        stored.events.len(),
        read.as_secs_f64(),
        fold_took.as_secs_f64()
    );
    println!("  settled: {}", state.totals.settled());
    let clock = tokio::time::Instant::now();
    let flaws = store.verify(&run, Some(&stored.head)).await.expect("it can be checked");
    println!("  its chain checked in {:.2} s: {} flaws", clock.elapsed().as_secs_f64(), flaws.len());
    let clock = tokio::time::Instant::now();
    let findings = store.audit(&[]).await.expect("it can be checked");
    println!(
        "  all of the store checked in {:.2} s: {} records",
        clock.elapsed().as_secs_f64(),
        findings.records
    );
}

fn plan_of(draft: &Draft, rows: Vec<Configuration>) -> Plan {
    use mothball::domain::{Listing, Wanted, listing::Claim};
    let count = rows.len() as u64;
    let claim = Claim {
        what: "configuration",
        before: count,
        after: count,
        id: &|row: &Configuration| row.id.to_string(),
        belongs: &|_| true,
    };
    let listing = Listing::prove(rows, &claim).expect("each row is there once");
    let head = draft.plan.as_ref().expect("there is something to change").head().clone();
    let clients: Vec<_> =
        draft.survey.clients.iter().filter_map(|client| client.offboarded.clone()).collect();
    Plan::from_listing(head, &listing, &clients, |_| Some(Wanted::inactive(None)))
}

async fn write(store: &SqliteStore, run: &RunId, draft: &Draft, plan: &Plan) {
    let mut header = draft.header.clone();
    header.run = run.clone();
    let new =
        NewRun { header, survey: draft.survey.clone(), plan: Some((plan.canonical_bytes(), plan.digest())) };
    store.create_run(&new).await.expect("it can be stored");
    let at = draft.header.started_at;
    let stamp = |event| Stamped { at, event };
    let approval = Approval::of_all(plan, "bench", at);
    let first = [Event::Planned { digest: plan.digest() }, Event::Approved { approval }, Event::Applying];
    store.append(run, &first.map(stamp)).await.expect("it can be written");
    for chunk in plan.items().chunks(5_000) {
        let events: Vec<Stamped> = chunk
            .iter()
            .flat_map(|item| {
                let config_id = item.config_id.clone();
                let done = Outcome::Deactivated { verified: true };
                [
                    Event::Intended { config_id: config_id.clone(), attempt: 1 },
                    Event::Answered { config_id: config_id.clone(), attempt: 1, answer: Answer::Accepted },
                    Event::settled(config_id, done, Some(item.before.clone())),
                ]
            })
            .map(stamp)
            .collect();
        store.append(run, &events).await.expect("it can be written");
    }
    let end = Event::Ended { how: End::Finished };
    store.append(run, &[stamp(end)]).await.expect("it can be written");
}

/// The same run with a journal on disk and with one in memory.
async fn overhead() {
    println!("deactivating {CHANGES} configurations at {} ms latency, 10 in flight", LATENCY.as_millis());
    let on_disk = deactivate(false).await;
    let in_memory = deactivate(true).await;
    println!(
        "  journal on disk {on_disk:.2} s, in memory {in_memory:.2} s: it costs {:.1} %",
        (on_disk / in_memory - 1.0) * 100.0
    );
}

async fn deactivate(in_memory: bool) -> f64 {
    let layout = Layout::Uniform { offboarded: 4, each: CHANGES / 4 };
    let options = Options { layout, latency: LATENCY, ..Options::default() };
    let mut bench = bench_world::BenchWorld::new(options, 10).await;
    if in_memory {
        bench.engine.store = Arc::new(MemoryStore::new());
    }
    let draft = draft(&bench.engine).await;
    let clock = tokio::time::Instant::now();
    let finished = bench.engine.start(draft).await.expect("the run starts").wait().await;
    assert!(finished.state.is_success(), "the run went wrong: {:?}", finished.state.totals);
    clock.elapsed().as_secs_f64()
}

async fn draft(engine: &Engine) -> Draft {
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let discovery = engine.discover(&request, None).await.expect("it can be listed");
    let survey = engine.survey(&discovery, &Pick::Scope(Scope::default()), true);
    let who = Who { operator: "bench".to_owned(), attended: true, ..Who::default() };
    engine.draft(&discovery, survey, &who)
}
