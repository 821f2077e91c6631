//! What is decided on the screen about runs that were parked, killed or finished, with the real binary.

use std::collections::BTreeSet;

use mothball::simulator::{Layout, Options};
use rustix::process::Signal;
use serde_json::Value;

use super::steps::{active, client, confirm, leave, open, plan_two};
use crate::support::program::Program;

const ITEMS: usize = 6;

async fn one_client() -> Program {
    super::steps::one_client(ITEMS, Options::default()).await
}

async fn export(program: &Program, run: &str) -> Value {
    program.run(&["runs", "export", run]).await.report()
}

/// The latest run, as `runs list` tells it.
async fn latest(program: &Program) -> Value {
    let listed = program.run(&["runs", "list", "--json"]).await;
    let runs: Value = serde_json::from_str(&listed.stdout).unwrap();
    runs[0].clone()
}

fn outcomes(report: &Value, outcome: &str) -> BTreeSet<String> {
    let configs = report["configs"].as_array().cloned().or_else(|| {
        let clients = report["clients"].as_array()?;
        Some(clients.iter().flat_map(|client| client["configs"].as_array().unwrap().clone()).collect())
    });
    configs
        .unwrap()
        .iter()
        .filter(|config| config["outcome"] == outcome)
        .map(|config| config["config_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_parked_and_a_part_of_it_approved_in_history() {
    let program = one_client().await;
    program.write_settings("[safeguards]\nrequire_approval = true\n");
    let id = client(&program);
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        plan_two(&mut screen);
        screen.wait_for("Needs approval");
        screen.send("x");
        screen.wait_for("nothing was written: it waits for approval");
        screen.wait_for("awaiting approval");
        assert!(program.written().is_empty());
        screen.send("\r");
        screen.wait_for("0 of 2 ticked");
        screen.send(" ");
        screen.wait_for("1 of 2 ticked");
        confirm(&mut screen, &id);
        screen.wait_for("1 configuration deactivated, every change read back");
        leave(screen, &program);
    });
    let run = latest(&program).await;
    let report = export(&program, run["run"].as_str().unwrap()).await;
    assert_eq!(outcomes(&report, "deactivated"), program.written());
    assert_eq!(program.written().len(), 1, "the part that was ticked, and no more");
    assert!(report["approval_digest"].is_string() && report["approved_by"].is_string(), "{report}");
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_run_is_rejected_in_history() {
    let program = one_client().await;
    let id = client(&program);
    assert_eq!(program.run(&["run", "--client-id", &id, "--require-approval"]).await.code, 3);
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for("1 run waits for approval");
        screen.send("5");
        screen.wait_for("awaiting approval");
        screen.send("n");
        screen.wait_for("Reject this run?");
        screen.send("\t");
        screen.send("\r");
        screen.wait_for("rejected");
        leave(screen, &program);
    });
    assert_eq!(latest(&program).await["phase"], "rejected");
    assert!(program.written().is_empty());
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_cannot_approve_where_four_eyes_are_wanted() {
    let program = one_client().await;
    program.write_settings("[safeguards]\nfour_eyes = true\n");
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        plan_two(&mut screen);
        screen.send("x");
        screen.wait_for("nothing was written: it waits for approval");
        screen.send("a");
        screen.wait_for("You cannot approve this");
        screen.send("x");
        screen.send("\r");
        assert!(!screen.text().contains("To confirm"), "{}", screen.text());
        leave(screen, &program);
    });
    assert!(program.written().is_empty());
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_offered_at_the_next_start_and_resumed() {
    let layout = Layout::Uniform { offboarded: 1, each: ITEMS };
    let latency = std::time::Duration::from_millis(60);
    let program = Program::new(Options { layout, latency, ..Options::default() }).await;
    program.write_settings("[profiles.main.pace]\nin_flight = 1\n");
    let id = client(&program);
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for(", complete, read");
        screen.send("\t");
        screen.wait_for("Detail");
        screen.send("a");
        screen.wait_for("6 ticked");
        screen.send("\r");
        screen.wait_for("6 configurations of 1 company");
        confirm(&mut screen, &id);
        screen.wait_until("the first write", |_| !program.written().is_empty());
        screen.signal(Signal::KILL);
        screen.ended();
    });
    let left = active(&program);
    assert!(left > 0, "it was killed in the middle");
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for("A run was interrupted");
        screen.send("\r");
        screen.wait_for("Nothing was started");
        assert_eq!(active(&program), left, "later means later");
        screen.send("5");
        screen.wait_for("1 interrupted");
        screen.send("r");
        screen.wait_for("A run was interrupted");
        screen.send("\t");
        screen.send("\r");
        screen.wait_for("6 configurations deactivated, every change read back");
        leave(screen, &program);
    });
    assert_eq!(active(&program), 0);
    assert_eq!(program.simulator.writes().len(), ITEMS, "one effective change each");
    assert_eq!(latest(&program).await["phase"], "finished");
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_undone_from_history_in_part() {
    let program = one_client().await;
    let id = client(&program);
    assert_eq!(program.run(&["run", "--client-id", &id]).await.code, 0);
    assert_eq!(active(&program), 0);
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_until("the list", |text| text.contains(", complete, read"));
        screen.send("5");
        screen.wait_for("6 of 6 set inactive");
        screen.send("u");
        screen.wait_for("6 of 6 ticked");
        screen.send(" ");
        screen.wait_for("5 of 6 ticked");
        screen.send("x");
        // Planned anew with what is ticked alone, before it can be confirmed.
        screen.wait_for("5 of 5 ticked");
        assert_eq!(active(&program), 0);
        confirm(&mut screen, &id);
        screen.wait_for("5 configurations restored, every change read back");
        leave(screen, &program);
    });
    assert_eq!(active(&program), ITEMS - 1);
    let run = latest(&program).await;
    let report = export(&program, run["run"].as_str().unwrap()).await;
    assert_eq!(outcomes(&report, "restored").len(), ITEMS - 1);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_on_the_screen_is_left_alone_by_every_run() {
    let program = one_client().await;
    let id = client(&program);
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for(", complete, read");
        screen.send("\t");
        screen.wait_for("Detail");
        screen.send("H");
        screen.wait_for("while it is held");
        screen.type_each("Sold to Birch");
        screen.send("\r");
        screen.send("\r");
        screen.wait_for("Sold to Birch");
        screen.wait_for("held by jane");
        screen.send("a");
        screen.wait_for("5 ticked");
        leave(screen, &program);
    });
    let report = program.run(&["run", "--client-id", &id]).await.report();
    let held: Vec<&Value> =
        report["configs"].as_array().unwrap().iter().filter(|one| one["skip_reason"] == "held").collect();
    assert_eq!((held.len(), active(&program)), (1, 1));
    let held = held[0]["config_id"].as_str().unwrap().to_owned();
    assert!(!program.written().contains(&held));
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_is_marked_and_found_by_looking_again() {
    let program = one_client().await;
    let id = client(&program);
    let report = program.run(&["run", "--client-id", &id]).await.report();
    let back = report["configs"][0]["config_id"].as_str().unwrap().to_owned();
    program.simulator.edit(|psa| psa.set_active(&back, true));
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for(", complete, read");
        screen.wait_for("1 active again");
        screen.send("5");
        screen.wait_for("1 active again; 6 of 6 set inactive");
        screen.send("c");
        screen.wait_for("1 thing is not as this run left it");
        screen.send("q");
        screen.wait_for("6 of 6 set inactive");
        leave(screen, &program);
    });
    program.check().await;
}
