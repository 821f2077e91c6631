//! Deactivating 2,000 configurations at 50 ms simulated latency, journal and verification included, as a
//! ratio to the ideal: N × latency / calls in flight. Measures; asserts nothing.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a benchmark measures and prints")]

#[path = "../tests/support/bench_world.rs"]
mod bench_world;

use std::time::Duration;

use mothball::{
    domain::selection::Scope,
    engine::{Ask, Engine, Pick, Request, Who},
    simulator::{Layout, Options},
};

const ITEMS: usize = 2_000;
const LATENCY: Duration = Duration::from_millis(50);

/// Calls in flight, and the share of the ideal that is wanted; the last figure of each vendor is its own limit or this
/// program's default.
const CASES: &[(&str, &[(u32, f64)])] = &[
    ("connectwise", &[(3, 0.90), (10, 0.90), (32, 0.85)]),
    ("autotask", &[(2, 0.90), (3, 0.90)]),
    ("halopsa", &[(4, 0.85)]),
];

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    println!("deactivating {ITEMS} configurations at {} ms latency", LATENCY.as_millis());
    let titles = ["psa", "in flight", "ideal s", "took s", "ratio", "target"];
    println!(
        "{:>12}  {:>9}  {:>9}  {:>9}  {:>6}  {:>6}",
        titles[0], titles[1], titles[2], titles[3], titles[4], titles[5]
    );
    for (psa, cases) in CASES {
        for (in_flight, target) in *cases {
            let (took, batch) = runtime.block_on(deactivate(psa, *in_flight));
            let writes = ITEMS.div_ceil(batch) as f64;
            let ideal = writes * LATENCY.as_secs_f64() / f64::from(*in_flight);
            println!(
                "{psa:>12}  {in_flight:>9}  {ideal:>9.2}  {took:>9.2}  {:>6.3}  {target:>6.2}",
                ideal / took
            );
        }
    }
}

/// Seconds that it took, and how many changes go into one write.
async fn deactivate(psa: &str, in_flight: u32) -> (f64, usize) {
    let layout = Layout::Uniform { offboarded: 4, each: ITEMS / 4 };
    let options = Options { psa: psa.to_owned(), layout, latency: LATENCY, ..Options::default() };
    let bench = bench_world::BenchWorld::new(options, in_flight).await;
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let discovery = bench.engine.discover(&request, None).await.expect("it can be listed");
    let survey = bench.engine.survey(&discovery, &Pick::Scope(Scope::default()), true);
    let who = Who { operator: "bench".to_owned(), attended: true, ..Who::default() };
    let draft = bench.engine.draft(&discovery, survey, &who);
    let clock = tokio::time::Instant::now();
    let finished = start(&bench.engine, draft).await;
    let took = clock.elapsed().as_secs_f64();
    assert!(finished.state.is_success(), "the run went wrong: {:?}", finished.state.totals);
    (took, bench.engine.psa.capabilities().batch)
}

async fn start(engine: &Engine, draft: mothball::engine::Draft) -> mothball::engine::Finished {
    engine.start(draft).await.expect("the run starts").wait().await
}
