//! What the screen promises whatever happens to its terminal, with the real binary on a simulated PSA.

use std::time::Duration;

use mothball::simulator::Options;
use rustix::process::Signal;

use super::steps::{active, client, confirm, enter_rows, leave, one_client, open, tick_two};
use crate::support::program::Program;

const ALL: usize = 60;

/// A run of all that takes a few seconds.
async fn slow() -> Program {
    one_client(ALL, Options { latency: Duration::from_millis(150), ..Options::default() }).await
}

/// Everything ticked, planned and confirmed.
fn start_all(program: &Program) -> crate::support::screen::Screen {
    let mut screen = open(program);
    enter_rows(&mut screen);
    screen.send("a");
    screen.wait_for("60 ticked");
    screen.send("\r");
    screen.wait_for("60 configurations of 1 company");
    confirm(&mut screen, &client(program));
    screen
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_that_the_filter_hides_are_asked_about_before_anything_is_planned() {
    let program = one_client(6, Options::default()).await;
    let mut screen = open(&program);
    tick_two(&mut screen);
    screen.send("/");
    screen.type_each("no-such-name");
    screen.send("\r");
    screen.wait_for("2 hidden by the filter");
    screen.send("\r");
    let asked = screen.wait_for("Show them");
    assert!(asked.contains("Untick them") && asked.contains("Include them"), "{asked}");
    // Showing them is what enter does: the filter goes, and still nothing is planned.
    screen.send("\r");
    screen.wait_until("both are in sight", |text| text.contains("2 ticked") && !text.contains("hidden by"));
    assert_eq!(active(&program), 6);
    leave(screen, &program);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_while_its_terminal_is_resized_to_nothing_and_back() {
    let program = slow().await;
    let screen = start_all(&program);
    for (columns, rows) in [(80, 24), (1, 1), (40, 10), (200, 50), (60, 20), (10, 3), (140, 40)] {
        screen.resize(columns, rows);
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    screen.wait_for("60 configurations deactivated, every change read back");
    assert_eq!(active(&program), 0);
    leave(screen, &program);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_while_its_terminal_takes_no_output() {
    let program = slow().await;
    let screen = start_all(&program);
    screen.wait_for("Run");
    screen.stop_reading(true);
    // Nobody reads what the program draws until every change was made.
    for _ in 0..3_000 {
        if active(&program) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(active(&program), 0);
    screen.stop_reading(false);
    screen.wait_for("60 configurations deactivated, every change read back");
    leave(screen, &program);
    program.check().await;
}

/// A hangup or a signal in mid-run: what was sent is settled, the report is saved, the run can be resumed.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_in_the_middle_of_a_run_keeps_its_report_and_lets_it_be_resumed() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let program = slow().await;
        let mut screen = start_all(&program);
        screen.wait_until("some are done", |_| active(&program) < ALL);
        screen.signal(signal);
        assert_eq!(screen.ended(), code);
        assert!(!screen.is_alternate() && !screen.is_cursor_hidden(), "the terminal is restored");
        let saved = std::fs::read_dir(program.data_dir().join("reports")).unwrap().count();
        assert_eq!(saved, 1, "the report is there");
        let done = ALL - active(&program);
        assert!(done > 0 && done < ALL, "{done}");
        let resumed = program.run(&["runs", "resume", "--all"]).await;
        assert_eq!((resumed.code, active(&program)), (0, 0));
        program.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_put_to_sleep_comes_back_with_the_run_going_on() {
    let program = slow().await;
    let mut screen = start_all(&program);
    screen.wait_until("some are done", |_| active(&program) < ALL);
    screen.send("\u{1a}");
    // Without a shell above it nothing stops here; a stopped one is woken.
    screen.signal(Signal::CONT);
    let entered = || String::from_utf8_lossy(&screen.bytes()).matches("\u{1b}[?1049h").count();
    screen.wait_until("the screen was given back and taken again", |_| entered() == 2);
    screen.wait_for("60 configurations deactivated, every change read back");
    leave(screen, &program);
    program.check().await;
}
