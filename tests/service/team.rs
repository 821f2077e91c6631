//! A team's servers: two processes and a screen on one database.

use std::{collections::BTreeMap, time::Duration};

use mothball::{
    domain::{self, Outcome, RunId, RunState},
    simulator::{Layout, Options, faults::Plan},
    store::Stage,
};
use serde_json::json;

use super::served::{Served, new_token};
use crate::{
    engine::offboarded,
    support::{notes::is_note, postgres, program::Program, screen::Screen, vendor},
};

const ITEMS: usize = 16;

/// Until it is told otherwise the PSA takes its time over each write, so that a run is in the middle for long.
const SLOWLY: &str = "slow=1:3000ms@writes";

/// Calls that may be under way at the same time: at Autotask about one object, elsewhere in all.
const AT_ONCE: usize = 2;

/// A team's settings: few calls at once, few changes in one call, and as many calls in a window as the PSA lets through.
async fn of_a_team(psa: &str, database: postgres::Database) -> Program {
    let options = Options {
        psa: psa.to_owned(),
        layout: Layout::Uniform { offboarded: 2, each: ITEMS },
        latency: Duration::from_millis(20),
        faults: SLOWLY.parse().unwrap(),
        ..Options::default()
    };
    let program = Program::of_a_team(options, database).await;
    let room = vendor::room(psa);
    program.write_settings(&format!(
        "[profiles.main.pace]\nin_flight = {AT_ONCE}\nrequests = {}",
        room.pace.most.requests
    ));
    if room.batch.is_some() {
        let settings = std::fs::read_to_string(program.settings_path()).unwrap();
        let settings = settings.replacen("[profiles.main]\n", "[profiles.main]\nbatch = 1\n", 1);
        std::fs::write(program.settings_path(), settings).unwrap();
    }
    program
}

fn open_screen(program: &Program) -> Screen {
    let config = program.settings_path().display().to_string();
    let data = program.folder.path().join("screen").display().to_string();
    let secrets = program.secret_environment();
    let environment: Vec<_> = secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
    Screen::open(&["--config", &config, "--data-dir", &data], &environment, 140, 40)
}

/// Opens this run in History, where it is followed.
fn watch(screen: &mut Screen, run: &str) {
    screen.send("R");
    let text = screen.wait_until("both runs", |text| text.matches("API ci").count() >= 2);
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("applying")).collect();
    let below = rows.iter().position(|row| row.contains(run)).unwrap_or_else(|| panic!("{text}"));
    for _ in 0..below {
        screen.send("j");
    }
    screen.send("\r");
    screen.wait_for("another process");
}

/// So many changes of this client's configurations went out.
fn written(program: &Program, client: &str) -> usize {
    let writes = program.simulator.writes().into_iter();
    writes.filter(|write| write.client == client && !is_note(write)).count()
}

/// Which process has which run in hand.
async fn in_hand(program: &Program) -> BTreeMap<u32, RunId> {
    let store = program.store().await;
    let jobs = store.jobs().await.unwrap().into_iter();
    let held = jobs.filter_map(|job| match job.stage {
        Stage::Held { by, .. } => Some((by.process.pid, job.new.run)),
        _ => None,
    });
    let held = held.collect();
    store.close().await;
    held
}

/// Each configuration of each run has one outcome, and was changed once.
async fn assert_each_once(program: &Program, runs: &[&String]) {
    let store = program.store().await;
    for run in runs {
        let stored = store.run(&RunId::from(run.as_str())).await.unwrap().unwrap();
        let (bytes, digest) = stored.plan.as_ref().unwrap();
        let state = RunState::replay(&domain::Plan::reopen(bytes, digest).unwrap(), &stored.events);
        assert_eq!(state.items.len(), ITEMS);
        for (id, item) in &state.items {
            let outcome = item.settled().map(|settled| settled.outcome.clone());
            assert!(matches!(outcome, Some(Outcome::Deactivated { verified: true })), "{id}: {outcome:?}");
        }
    }
    assert_eq!(store.verify_all().await.unwrap(), []);
    assert_eq!(store.leases().await.unwrap(), []);
    assert_eq!(store.jobs().await.unwrap(), []);
    store.close().await;
    let mut changes: BTreeMap<String, usize> = BTreeMap::new();
    for write in program.simulator.writes().into_iter().filter(|write| !is_note(write)) {
        *changes.entry(write.id).or_default() += 1;
    }
    assert_eq!(changes.len(), ITEMS * runs.len());
    assert!(changes.values().all(|times| *times == 1), "{changes:?}");
}

/// At no moment were more calls under way, whoever made them.
fn assert_within_limits(program: &Program) {
    let mut most = program.simulator.most_at_once();
    let in_all = most.remove("").unwrap();
    if most.is_empty() {
        most.insert("", in_all);
    }
    assert!(most.values().all(|most| *most <= AT_ONCE), "{most:?}");
    assert!(most.values().any(|most| *most == AT_ONCE), "the limit was never reached: {most:?}");
    let turned_away = program.simulator.requests().into_iter().filter(|seen| seen.status == 429).count();
    assert_eq!(turned_away, 0);
}

/// Two servers do a run each; one of them is killed in the middle of its own, and the other one finishes that, too. A
/// screen beside them shows both.
async fn what_a_killed_server_began_another_one_finishes(psa: &'static str) {
    let Some(database) = postgres::database().await else { return };
    let program = of_a_team(psa, database).await;
    let token = new_token(&program).await;
    let folder = program.folder.path();
    let one_at_a_time = ["--workers", "1"];
    let first = Served::start_in(&folder.join("first"), &program, &token, &one_at_a_time).await;
    let second = Served::start_in(&folder.join("second"), &program, &token, &one_at_a_time).await;
    let mut screen = tokio::task::block_in_place(|| {
        let mut screen = open_screen(&program);
        screen.wait_for(", complete, read");
        screen.send("5");
        screen.wait_for("No run yet");
        screen
    });
    let mut asked = BTreeMap::new();
    for client in offboarded(&program.simulator) {
        let run = first.post("/v1/runs", &client, &json!({ "client_id": client })).await;
        asked.insert(run["run_id"].as_str().unwrap().to_owned(), client);
    }
    // Both are at it.
    while asked.values().any(|client| written(&program, client) == 0) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let held = in_hand(&program).await;
    assert_eq!(held.len(), 2, "each server has one: {held:?}");
    let cut_off = held[&first.process()].to_string();
    tokio::task::block_in_place(|| watch(&mut screen, &cut_off));
    first.kill().await;
    assert!(written(&program, &asked[&cut_off]) < ITEMS, "it was in the middle");
    program.simulator.set_faults(Plan::none());
    for (run, client) in &asked {
        let over = second.once_over(run).await;
        assert_eq!((over["run_id"].as_str(), over["state"].as_str()), (Some(run.as_str()), Some("finished")));
        assert_eq!(over["counts"]["changed"], ITEMS, "{over}");
        // What was asked of the one is known to the other.
        let again = second.post("/v1/runs", client, &json!({ "client_id": client })).await;
        assert_eq!(again["run_id"], *run);
    }
    tokio::task::block_in_place(|| {
        // It was followed from one process to the other.
        screen.wait_for("Left for you to do");
        screen.send("5");
        let text = screen.wait_until("both runs, finished", |text| {
            asked.keys().all(|run| {
                let row = text.lines().find(|line| line.contains(run.as_str()));
                row.is_some_and(|row| row.contains("finished") && row.contains("API ci"))
            })
        });
        assert!(!text.contains("active again"), "the list it has is older than the runs: {text}");
        screen.send("q");
        assert_eq!(screen.ended(), 0);
    });
    let (code, said) = second.terminate().await;
    assert_eq!(code, 0, "{said}");
    assert_each_once(&program, &asked.keys().collect::<Vec<_>>()).await;
    assert_within_limits(&program);
    program.check().await;
}

vendor::on_every_psa!(what_a_killed_server_began_another_one_finishes);
