//! Listing 500 offboarded companies with 50 configurations each: requests and seconds.

#[path = "../tests/support/bench_world.rs"]
mod bench_world;

use std::time::Duration;

use mothball::{
    engine::{Ask, Request},
    simulator::{Layout, Options},
};

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    println!("listing 500 companies with 50 configurations each");
    println!("{:>10}  {:>9}  {:>9}", "latency ms", "requests", "took s");
    for latency in [0, 50] {
        let (requests, took) = runtime.block_on(list(Duration::from_millis(latency)));
        println!("{latency:>10}  {requests:>9}  {took:>9.2}");
    }
}

async fn list(latency: Duration) -> (u64, f64) {
    let layout = Layout::Uniform { offboarded: 500, each: 50 };
    let bench = bench_world::BenchWorld::new(Options { layout, latency, ..Options::default() }, 10).await;
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let clock = tokio::time::Instant::now();
    let discovery = bench.engine.discover(&request, None).await.expect("it can be listed");
    let took = clock.elapsed().as_secs_f64();
    assert_eq!(discovery.listing.rows().len(), 25_000);
    (bench.simulator.count(), took)
}
