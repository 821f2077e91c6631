//! The review in lines, with the real binary: in a terminal from the first list to the saved report, and from a
//! pipe as far as a pipe may go.

use std::process::{Command, Output, Stdio};

use mothball::simulator::{Layout, Options};
use rustix::process::Signal;

use crate::support::{program::Program, screen::Screen};

const WIDE: u16 = 250;
const HIGH: u16 = 200;

fn open(program: &Program) -> Screen {
    let config = program.settings_path().display().to_string();
    let data = program.data_dir().display().to_string();
    let secrets = program.secret_environment();
    let environment: Vec<_> = secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
    Screen::open(&["--config", &config, "--data-dir", &data, "--plain"], &environment, WIDE, HIGH)
}

fn type_line(screen: &mut Screen, line: &str, wanted: &str) -> String {
    screen.send(&format!("{line}\n"));
    screen.wait_for(wanted)
}

/// Answers a question as a person does: after reading it.
fn answer(screen: &mut Screen, line: &str, wanted: &str) -> String {
    std::thread::sleep(std::time::Duration::from_millis(700));
    type_line(screen, line, wanted)
}

/// What must be typed to confirm for one client.
fn asked_for(text: &str) -> String {
    let asked = text.rsplit("id or name, ").next().and_then(|rest| rest.split(" or ").next());
    asked.expect("it says what to type").to_owned()
}

fn has_no_escapes(screen: &Screen) {
    let bytes = screen.bytes();
    assert!(!bytes.contains(&0x1b), "{}", String::from_utf8_lossy(&bytes));
}

async fn lines_lead_from_the_list_to_the_saved_report(psa: &'static str) {
    let layout = Layout::Uniform { offboarded: 2, each: 5 };
    let program = Program::new(Options { psa: psa.to_owned(), layout, ..Options::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("report.json");
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for("open 1 opens the first");
        type_line(&mut screen, "open 1", "5. ");
        type_line(&mut screen, "tick 1 3-4", "of 1 ");
        type_line(&mut screen, "plan", "confirm asks for a typed confirmation");
        let text = type_line(&mut screen, "confirm", "To confirm, type");
        let id = asked_for(&text);
        answer(&mut screen, &id, "deactivated, every change read back");
        screen.wait_for("Saved as");
        screen.wait_for("Read again");
        type_line(&mut screen, &format!("save {}", saved.display()), "report.json");
        type_line(&mut screen, "history", "3 of 3 set inactive");
        screen.send("quit\n");
        assert_eq!(screen.ended(), 0);
        has_no_escapes(&screen);
        let forms = crate::support::canary::forms(&program.simulator);
        crate::support::canary::assert_none(&screen.bytes(), &forms, "the terminal");
    });
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(saved).unwrap()).unwrap();
    assert_eq!(report["statistics"]["configs_deactivated"], 3);
    assert_eq!(program.written().len(), 3);
    program.check().await;
}

crate::support::vendor::on_every_psa!(lines_lead_from_the_list_to_the_saved_report);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_confirms_nothing() {
    let program =
        Program::new(Options { layout: Layout::Uniform { offboarded: 1, each: 3 }, ..Options::default() })
            .await;
    tokio::task::block_in_place(|| {
        let mut screen = open(&program);
        screen.wait_for("open 1 opens the first");
        type_line(&mut screen, "open 1", "3. ");
        type_line(&mut screen, "tick all", "ticked now");
        let text = type_line(&mut screen, "plan", "confirm asks for a typed confirmation");
        let id = text.rsplit("(id ").next().and_then(|rest| rest.split(')').next()).unwrap().to_owned();
        type_line(&mut screen, &format!("confirm\n{id}\n{id}"), "so it is no answer");
        assert!(!screen.text().contains("Starting"));
        answer(&mut screen, "", "nothing was done");
        screen.send("\u{4}");
        assert_eq!(screen.ended(), 0, "the end of input leaves");
    });
    assert!(program.written().is_empty());
    program.check().await;
}

#[test]
fn signals_end_it_in_good_order() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let mut screen = Screen::open(&["--data-dir", &data, "demo", "--plain"], &[], WIDE, HIGH);
        screen.wait_for("DEMO: a simulated ConnectWise PSA; nothing real is touched.");
        screen.wait_for("open 1 opens the first");
        screen.signal(signal);
        assert_eq!(screen.ended(), code, "{signal:?}");
        has_no_escapes(&screen);
    }
}

/// The demo, with these lines through a pipe.
fn piped(lines: &str) -> Output {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mothball"))
        .args(["demo", "--plain", "--clients", "8", "--configurations", "60", "--data-dir"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_pipe_looks_and_does_dry_runs_and_each_line_waits_for_the_one_before() {
    let output = piped("open 1\ntick all\ndry-run on\nplan\nconfirm\nhistory\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in [
        "would be set inactive, but nothing is written",
        "Dry run finished",
        "Saved as",
        "1 run, the latest first",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_pipe_cannot_confirm() {
    let output = piped("open 1\ntick all\nplan\nconfirm\n1\n");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("wants a person's confirmation") && said.contains("mothball run"), "{said}");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("Starting"));
}
