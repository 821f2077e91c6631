//! Notes in the PSA, by the real binary.

use std::{process::Stdio, time::Duration};

use mothball::simulator::{Layout, Options};
use serde_json::{Value, json};

use crate::support::{
    notes::{assert_noted_before, memos},
    program::Program,
    vendor::{facts, room},
};

const ITEMS: usize = 6;

/// One offboarded client of so many configurations, with a ticket of its own.
async fn program(psa: &str, latency_ms: u64) -> (Program, String, String) {
    let layout = Layout::Uniform { offboarded: 1, each: ITEMS };
    let latency = Duration::from_millis(latency_ms);
    let program = Program::new(Options { psa: psa.to_owned(), layout, latency, ..Options::default() }).await;
    let companies = program.simulator.truth().companies.into_values();
    let client = companies.filter(|one| one.offboarded.any() && !one.own).map(|one| one.id).next().unwrap();
    let ticket = program.simulator.edit(|edits| edits.add_ticket(&client, false));
    (program, client, ticket)
}

/// The usual settings, with notes.
fn want(program: &Program, note: &str) {
    // The table stands there already where the vendor has statuses.
    let there = facts(program.simulator.psa()).status.is_some();
    let table = if there { "" } else { "[profiles.main.deactivate]\n" };
    program.write_settings(&format!("{table}note = \"{note}\"\n"));
}

fn states(report: &Value) -> Vec<&str> {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().map(|note| note["state"].as_str().unwrap()).collect()
}

async fn the_ticket_of_a_run_and_of_its_undo_gets_one_note_each(psa: &'static str) {
    let (program, client, ticket) = program(psa, 0).await;
    want(&program, "ticket");
    let run = ["run", "--client-id", &client, "--ticket", &ticket, "--reason", "left <b>in May</b>"];

    let dry = program.run(&[&run[..], &["--dry-run"]].concat()).await;
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert_eq!(states(&dry.report()), ["planned"]);
    assert!(program.simulator.writes().is_empty());

    let ended = program.run(&run).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(states(&report), ["written"], "{report}");
    let notes = memos(&program.simulator);
    assert_eq!((notes.len(), &notes[0].record, notes[0].on_ticket), (1, &ticket, true));
    assert_eq!(json!(notes[0].run()), report["run_id"]);
    for words in ["jane@msp.example", "left", &format!("{ITEMS}")] {
        assert!(notes[0].text.contains(words), "{}", notes[0].text);
    }
    assert_eq!(program.written().len(), ITEMS);

    let undo = program.run(&["runs", "undo", report["run_id"].as_str().unwrap()]).await;
    assert_eq!(undo.code, 0, "{}", undo.stderr);
    assert_eq!(states(&undo.report()), ["written"], "the ticket of the run, where none is named");
    let notes = memos(&program.simulator);
    assert_eq!((notes.len(), json!(notes[1].run())), (2, undo.report()["run_id"].clone()));
    program.check().await;
}

async fn without_a_ticket_that_is_there_the_run_goes_on_with_a_warning(psa: &'static str) {
    let (program, client, _) = program(psa, 0).await;
    want(&program, "ticket");
    let ended = program.run(&["run", "--client-id", &client, "--ticket", "99999999"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert!(report["warnings"].to_string().contains("99999999"), "{report}");
    assert!(memos(&program.simulator).is_empty());
    assert_eq!(program.written().len(), ITEMS);
    program.check().await;
}

async fn each_configuration_gets_its_note_or_the_settings_are_refused(psa: &'static str) {
    let (program, client, _) = program(psa, 0).await;
    want(&program, "configuration");
    let ended = program.run(&["run", "--client-id", &client, "--reason", "left"]).await;
    if room(psa).no_configuration_notes.is_some() {
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("deactivate.note") && ended.stderr.contains("ticket"),
            "{}",
            ended.stderr
        );
        assert!(program.simulator.writes().is_empty());
    } else {
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert_eq!(states(&ended.report()), ["written"; ITEMS]);
        assert_noted_before(&program.simulator);
        assert_eq!((memos(&program.simulator).len(), program.written().len()), (ITEMS, ITEMS));
    }
    program.check().await;
}

crate::support::vendor::on_every_psa!(
    the_ticket_of_a_run_and_of_its_undo_gets_one_note_each,
    without_a_ticket_that_is_there_the_run_goes_on_with_a_warning,
    each_configuration_gets_its_note_or_the_settings_are_refused,
);

/// Killed at ever later moments of its life and resumed, every run has told its ticket once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_and_resumed_it_notes_once() {
    for after_ms in [150, 300, 450, 600] {
        let (program, client, ticket) = program("connectwise", 30).await;
        want(&program, "ticket");
        let mut command =
            program.command(&["run", "--client-id", &client, "--ticket", &ticket, "--no-links"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let resumed = program.run(&["runs", "resume", "--all"]).await;
        assert_eq!(resumed.code, 0, "after {after_ms} ms: {}", resumed.stderr);
        let (notes, written) = (memos(&program.simulator).len(), program.written().len());
        assert_eq!(notes, usize::from(written > 0), "after {after_ms} ms, with {written} written");
        program.check().await;
    }
}
