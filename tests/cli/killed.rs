//! The real binary, killed at random moments of its life, and resumed. `MOTHBALL_KILLS=1000` makes it a thousand.

use std::{process::Stdio, time::Duration};

use mothball::{
    domain::{Outcome, Plan, RunState},
    simulator::{Layout, Options},
    store::{Store, sqlite::SqliteStore},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::support::program::Program;

const ITEMS: usize = 12;

/// How many lives are ended.
fn kills() -> u64 {
    mothball::system::environment::variable("MOTHBALL_KILLS").and_then(|text| text.parse().ok()).unwrap_or(50)
}

fn active(program: &Program, client: &str) -> usize {
    let truth = program.simulator.truth();
    truth.configurations.values().filter(|one| one.company == client && one.is_active()).count()
}

/// Every approved run in the store has one outcome for each of its items, and none is unknown.
async fn assert_settled(program: &Program, seed: u64) {
    let store = SqliteStore::open(&program.data_dir()).await.unwrap();
    for summary in store.runs(10_000).await.unwrap() {
        let stored = store.run(&summary.header.run).await.unwrap().unwrap();
        let Some((bytes, digest)) = &stored.plan else { continue };
        let state = RunState::replay(&Plan::reopen(bytes, digest).unwrap(), &stored.events);
        if state.approval.is_none() {
            continue;
        }
        for (id, item) in &state.items {
            let settled = item.settled().unwrap_or_else(|| panic!("seed {seed}: {id} has no outcome"));
            assert!(
                !matches!(settled.outcome, Outcome::Unknown { .. } | Outcome::Failed { .. }),
                "seed {seed}: {id}: {:?}",
                settled.outcome
            );
        }
    }
    assert_eq!(store.verify_all().await.unwrap(), [], "seed {seed}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_a_random_moment_it_resumes_with_nothing_lost_and_nothing_sent_twice() {
    let layout = Layout::Uniform { offboarded: 51, each: ITEMS };
    let latency = Duration::from_millis(10);
    let mut cut_short = 0;
    for round in 0..kills().div_ceil(50) {
        let seed = 1 + round;
        let mut dice = StdRng::seed_from_u64(seed);
        let program = Program::new(Options { layout, latency, seed, ..Options::default() }).await;
        // Two at a time, so that there are moments between changes.
        program.write_settings("[profiles.main.pace]\nin_flight = 2");
        let companies = program.simulator.truth().companies.into_values();
        let clients: Vec<String> =
            companies.filter(|one| one.offboarded.any() && !one.own).map(|one| one.id).collect();
        let (first, others) = clients.split_first().unwrap();
        // One whole life tells how many requests one makes. The kills are spread over them, not over its time: how
        // long a life takes changes with what else the machine does.
        assert_eq!(program.run(&["run", "--client-id", first, "--no-links"]).await.code, 0);
        let requests = program.simulator.count();
        for client in others.iter().take((kills() - round * 50).min(50) as usize) {
            let before = program.simulator.count();
            let last = dice.random_range(0..=requests);
            let mut command = program.command(&["run", "--client-id", client, "--no-links"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while program.simulator.count() < before + last && child.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // Before its answer, at it, or while the answer is being written down.
            tokio::time::sleep(latency.mul_f64(dice.random_range(0.0..2.0))).await;
            child.kill().unwrap();
            child.wait().unwrap();
            let left = active(&program, client);
            cut_short += u64::from(left > 0 && left < ITEMS);
            let resumed = program.run(&["runs", "resume", "--all"]).await;
            assert_eq!(resumed.code, 0, "seed {seed}, client {client}: {}", resumed.stderr);
            let left = active(&program, client);
            assert!(left == 0 || left == ITEMS, "seed {seed}, client {client}: {left} left");
            let writes =
                program.simulator.writes().into_iter().filter(|write| write.client == *client).count();
            assert_eq!(writes, ITEMS - left, "seed {seed}, client {client}: one effective change each");
        }
        assert_settled(&program, seed).await;
        program.check().await;
    }
    crate::support::say(&format!(
        "{} lives ended by SIGKILL, {cut_short} of them between two changes",
        kills()
    ));
    assert!(kills() < 50 || cut_short > 0, "some were killed in the middle");
}
