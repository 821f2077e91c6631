//! A run that another process is at work on, on the screen: seen in History, watched, asked to end, and left alone.

use std::time::Duration;

use mothball::simulator::Options;
use serde_json::Value;

use super::steps::{active, client, leave, one_client, open};
use crate::support::{program::Program, screen::Screen};

/// Enough to be at work on for a while, one after the other.
const ITEMS: usize = 100;

async fn slow() -> Program {
    let program =
        one_client(ITEMS, Options { latency: Duration::from_millis(150), ..Options::default() }).await;
    program.write_settings("[profiles.main.pace]\nin_flight = 1\n");
    program
}

/// The other process, and a screen that watches what it does.
fn watched(program: &Program) -> (std::process::Child, Screen) {
    let screen = open(program);
    screen.wait_for(", complete, read");
    let id = client(program);
    let report = program.folder.path().join("report.json").display().to_string();
    let arguments = ["--quiet", "run", "--client-id", &id, "--progress", "never", "--output", &report];
    let other = program.command(&arguments).spawn().unwrap();
    screen.wait_until("the first write", |_| !program.written().is_empty());
    let mut screen = screen;
    screen.send("5");
    screen.wait_for("watches it");
    screen.send("\r");
    screen.wait_for("another process");
    screen.wait_for("at work: jane@msp.example");
    (other, screen)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_followed_live_and_cancelled_from_the_screen() {
    let program = slow().await;
    tokio::task::block_in_place(|| {
        let (mut other, mut screen) = watched(&program);
        screen.send("c");
        screen.wait_for("Asked to cancel");
        let code = other.wait().unwrap().code();
        assert_eq!(code, Some(1), "not everything was done");
        screen.wait_for("Left for you to do");
        leave(screen, &program);
    });
    assert!(active(&program) > 0, "the rest was left alone");
    let text = std::fs::read_to_string(program.folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["state"], "cancelled");
    assert!(
        report["warnings"].to_string().contains("cancelled by jane@msp.example"),
        "{}",
        report["warnings"]
    );
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_did_after_the_list_was_read_is_not_taken_for_active_again() {
    let program = one_client(2, Options::default()).await;
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for(", complete, read");
        let id = client(&program);
        let output = program.command(&["run", "--client-id", &id, "--progress", "never"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        screen.send("5");
        screen.wait_for("2 of 2 set inactive");
        assert!(!screen.text().contains("active again"), "{}", screen.text());
        leave(screen, &program);
    });
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_screen_leaves_it_alone() {
    let program = slow().await;
    tokio::task::block_in_place(|| {
        let (mut other, screen) = watched(&program);
        leave(screen, &program);
        assert!(active(&program) > 0, "it was left in the middle");
        assert_eq!(other.wait().unwrap().code(), Some(0));
    });
    assert_eq!(active(&program), 0, "the other process did all of it");
    program.check().await;
}
