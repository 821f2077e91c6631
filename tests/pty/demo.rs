//! The main job as in the README: two clients, ticks by hand, a typed confirmation, a report on the disk that
//! holds exactly what was ticked.

use std::collections::BTreeSet;

use mothball::simulator::{Layout, Options};
use serde_json::Value;

use super::steps::{confirm, tick_two};
use crate::support::{program::Program, schema, screen::Screen};

/// The report that lies in a folder of reports.
fn report_in(folder: &std::path::Path) -> Value {
    let reports = folder.join("reports");
    let path = std::fs::read_dir(&reports)
        .unwrap_or_else(|error| panic!("{}: {error}", reports.display()))
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "json"))
        .expect("a report was saved");
    assert_eq!(mothball::system::files::mode(&path).unwrap(), 0o600);
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    schema::assert_valid(&report);
    crate::support::program::assert_closes(&report);
    report
}

fn done(report: &Value) -> BTreeSet<String> {
    let clients = report["clients"].as_array().cloned().unwrap_or_else(|| vec![report.clone()]);
    clients
        .iter()
        .flat_map(|client| client["configs"].as_array().unwrap().clone())
        .filter(|config| config["outcome"] == "deactivated")
        .map(|config| config["config_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Ticks two of the first client and one of the second, and opens the plan.
fn tick_three(screen: &mut Screen) {
    tick_two(screen);
    screen.send("h");
    screen.send("j");
    screen.send("\t");
    screen.send(" ");
    screen.wait_for("3 ticked");
    screen.send("\r");
    screen.wait_for("3 configurations of 2 companies");
}

#[tokio::test(flavor = "multi_thread")]
async fn ticked_configurations_and_no_others_are_deactivated() {
    let program =
        Program::new(Options { layout: Layout::Uniform { offboarded: 2, each: 6 }, ..Options::default() })
            .await;
    let config = program.settings_path().display().to_string();
    let data = program.data_dir().display().to_string();
    let secrets = program.secret_environment();
    let forms = crate::support::canary::forms(&program.simulator);
    let bytes = tokio::task::spawn_blocking(move || {
        let mut screen = Screen::open(
            &["--config", &config, "--data-dir", &data],
            &secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect::<Vec<_>>(),
            140,
            40,
        );
        screen.wait_for("LIVE main · ConnectWise PSA");
        tick_three(&mut screen);
        confirm(&mut screen, "3");
        screen.wait_for("3 configurations deactivated, every change read back");
        screen.send("q");
        assert_eq!(screen.ended(), 0);
        assert!(!screen.is_alternate() && !screen.is_cursor_hidden(), "the terminal is restored");
        screen.bytes()
    })
    .await
    .unwrap();
    crate::support::canary::assert_none(&bytes, &forms, "the terminal");
    let report = report_in(&program.data_dir());
    assert_eq!(done(&report), program.written());
    assert_eq!(program.written().len(), 3);
    program.check().await;
}

#[test]
fn the_demo_needs_nothing_and_leaves_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let mut screen = Screen::open(&["--data-dir", &data, "demo"], &[], 120, 40);
    screen.wait_for("DEMO");
    screen.wait_for(", complete, read");
    // The first row that can be ticked, of two clients.
    screen.send("\t");
    screen.send(" ");
    screen.wait_for("1 ticked");
    screen.send("\r");
    let plan = screen.wait_for("1 configuration of 1 company");
    let id = plan
        .split("(id ")
        .nth(1)
        .and_then(|rest| rest.split(')').next())
        .expect("the client's id is shown")
        .to_owned();
    confirm(&mut screen, &id);
    screen.wait_for("1 configuration deactivated, every change read back");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
    let report = report_in(&folder.path().join("demo"));
    assert_eq!(done(&report).len(), 1);
    assert_eq!(report["success"], true);
}

#[test]
fn a_paste_or_a_hasty_enter_confirms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let mut screen = Screen::open(&["--data-dir", &data, "demo"], &[], 120, 40);
    screen.wait_for(", complete, read");
    screen.send("\t");
    screen.send(" ");
    screen.send("\r");
    let plan = screen.wait_for("1 configuration of 1 company");
    let id = plan.split("(id ").nth(1).and_then(|rest| rest.split(')').next()).unwrap().to_owned();
    screen.send("x");
    screen.wait_for("To confirm");
    screen.send("\r");
    screen.wait_until("the box is closed", |text| !text.contains("To confirm"));
    screen.send("x");
    screen.wait_for("To confirm");
    screen.send(&format!("\u{1b}[200~{id}\u{1b}[201~"));
    screen.send("\t");
    screen.send("\r");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!screen.text().contains("Report of run"));
    assert!(!folder.path().join("demo/reports").exists(), "nothing ran");
}
