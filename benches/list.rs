//! Listing 500 offboarded companies with 50 configurations each: requests and seconds.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a benchmark measures and prints")]

#[path = "../tests/support/bench_world.rs"]
mod bench_world;

use std::time::Duration;

use mothball::{
    engine::{Ask, Request},
    psa::registry::{ROOMS, Room},
    simulator::{Layout, Options},
};

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    println!("listing 500 companies with 50 configurations each");
    println!("{:>12}  {:>10}  {:>9}  {:>9}", "psa", "latency ms", "requests", "took s");
    for room in ROOMS {
        for latency in [0, 50] {
            let (requests, took) = runtime.block_on(list(room, Duration::from_millis(latency)));
            println!("{:>12}  {latency:>10}  {requests:>9}  {took:>9.2}", room.key);
        }
    }
}

async fn list(room: &Room, latency: Duration) -> (u64, f64) {
    let layout = Layout::Uniform { offboarded: 500, each: 50 };
    let options = Options { psa: room.key.to_owned(), layout, latency, ..Options::default() };
    let bench = bench_world::BenchWorld::new(options, room.pace.default.in_flight).await;
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let clock = tokio::time::Instant::now();
    let discovery = bench.engine.discover(&request, None).await.expect("it can be listed");
    let took = clock.elapsed().as_secs_f64();
    assert_eq!(discovery.listing.rows().len(), 25_000);
    (bench.simulator.count(), took)
}
