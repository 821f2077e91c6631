//! `mothball serve`, the real binary with its store on disk, called over loopback: webhooks acknowledged at 50 and at
//! 1,000 a second; runs asked for; what comparing a token tells a stranger with a clock; and what a server takes while
//! nothing happens. Measures; asserts nothing of how long anything takes.
//!
//! The simulated PSA, whoever calls and the server share the machine.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a benchmark measures and prints")]

#[path = "support/effort.rs"]
mod effort;
#[path = "server/guess.rs"]
mod guess;
#[path = "server/served.rs"]
mod served;

use std::time::Duration;

use served::Served;
use tokio::time::Instant;

/// Callers at once; the server has 64 places.
const CALLERS: usize = 32;
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| asked.is_empty() || asked.iter().any(|word| name.contains(word.as_str()));
    if is_wanted("idle") {
        runtime.block_on(idle());
    }
    if is_wanted("webhooks") {
        println!("\n{:<44}{:>10}{:>10}{:>10}{:>10}", "ms", "p50", "p99", "at most", "wanted p99");
        runtime.block_on(webhooks(50, 20));
        runtime.block_on(webhooks(1_000, 10));
    }
    if is_wanted("triggers") {
        runtime.block_on(triggers());
    }
    if is_wanted("tokens") {
        runtime.block_on(guess::measure());
    }
}

/// What it takes while nobody calls.
async fn idle() {
    let served = Served::start().await;
    served.get("/v1/runs").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let process = served.process();
    let ((rest, peak), before) = (effort::memory(&process.to_string()), effort::effort(process));
    tokio::time::sleep(IDLE).await;
    let after = effort::effort(process);
    println!("idle: {rest:.1} MiB, {peak:.1} MiB at its peak (wanted: 30)");
    println!(
        "idle for {} s: {:.0} wake-ups, {:.0} ms of processor",
        IDLE.as_secs(),
        after.0 - before.0,
        after.1 - before.1
    );
}

/// So many webhooks a second for so long, each about another client, at moments that do not wait for answers to those before.
async fn webhooks(rate: usize, seconds: usize) {
    let served = Served::start().await;
    let begin = Instant::now() + Duration::from_millis(200);
    let calls: Vec<_> = (0..rate * seconds)
        .map(|n| {
            let webhook = served.webhook(n);
            let due = begin + Duration::from_secs_f64(n as f64 / rate as f64);
            tokio::spawn(async move {
                tokio::time::sleep_until(due).await;
                let answer = webhook.send().await.expect("an answer");
                assert_eq!(answer.status(), 204);
                // From when it was due: what waits for its turn to be sent waits, too.
                due.elapsed()
            })
        })
        .collect();
    let mut took = Vec::with_capacity(calls.len());
    for call in calls {
        took.push(call.await.expect("no panic"));
    }
    let all = begin.elapsed().as_secs_f64();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let name = format!("webhooks at {rate}/s for {seconds} s ({:.0}/s done)", took.len() as f64 / all);
    println!("{name:<44}{:>10.1}{:>10.1}{:>10.1}{:>10}", at(0.5), at(0.99), at(1.0), "100");
}

/// Dry runs asked for as fast as they are answered: each is durable by then. How fast they are done is a matter of the
/// PSA's pace.
async fn triggers() {
    const RUNS: usize = 1_000;
    let served = Served::start().await;
    let clients = served.offboarded();
    let begin = Instant::now();
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let asked: Vec<_> =
            (caller..RUNS).step_by(CALLERS).map(|n| served.ask(&clients[n % clients.len()])).collect();
        callers.push(tokio::spawn(async move {
            for request in asked {
                assert_eq!(request.send().await.expect("an answer").status(), 202);
            }
        }));
    }
    for caller in callers {
        caller.await.expect("no panic");
    }
    println!(
        "\n{RUNS} dry runs, {CALLERS} callers: {:.0} asked for per second",
        RUNS as f64 / begin.elapsed().as_secs_f64()
    );
}
