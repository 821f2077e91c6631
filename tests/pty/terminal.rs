//! The terminal is given back, whatever happens, and any size is borne.

use rustix::process::Signal;

use crate::support::screen::Screen;

fn demo(folder: &tempfile::TempDir, environment: &[(&str, &str)], columns: u16, rows: u16) -> Screen {
    let data = folder.path().display().to_string();
    let screen = Screen::open(&["--data-dir", &data, "demo"], environment, columns, rows);
    if columns >= 60 {
        screen.wait_for("complete");
    }
    screen
}

#[test]
fn signals_end_it_in_good_order() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let folder = tempfile::tempdir().unwrap();
        let mut screen = demo(&folder, &[], 100, 30);
        assert!(screen.is_alternate());
        screen.signal(signal);
        assert_eq!(screen.ended(), code, "{signal:?}");
        assert!(!screen.is_alternate(), "{signal:?}: the alternate screen is left");
        assert!(!screen.is_cursor_hidden(), "{signal:?}: the cursor is back");
    }
}

#[test]
fn a_tiny_terminal_says_what_it_needs_and_can_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(&folder, &[], 10, 3);
    screen.wait_until("something", |text| !text.trim().is_empty());
    screen.send("q");
    assert_eq!(screen.ended(), 0);
}

#[test]
fn it_survives_being_resized_to_nothing_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(&folder, &[], 120, 40);
    for (columns, rows) in [(80, 24), (1, 1), (200, 50), (60, 20), (40, 10), (120, 40)] {
        screen.resize(columns, rows);
        std::thread::sleep(std::time::Duration::from_millis(80));
    }
    screen.send("?");
    screen.wait_for("tick");
    screen.send("\u{1b}");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
}

#[test]
fn no_color_means_no_colour() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(&folder, &[("NO_COLOR", "1")], 120, 40);
    screen.send("\t");
    screen.wait_for("Detail");
    let text = String::from_utf8_lossy(&screen.bytes()).into_owned();
    for part in text.split("\u{1b}[").skip(1) {
        let Some(end) = part.find(|c: char| c.is_ascii_alphabetic()) else { continue };
        if part[end..].starts_with('m') {
            for code in part[..end].split(';') {
                let number: u16 = code.parse().unwrap_or(0);
                let coloured = matches!(number, 30..=38 | 40..=48 | 90..=97 | 100..=107);
                assert!(!coloured, "a colour was sent: {}", &part[..=end]);
            }
        }
    }
    assert!(text.contains("\u{1b}[7m"), "the cursor row is reversed");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
}

#[test]
fn suspended_it_gives_the_terminal_back_and_takes_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(&folder, &[], 100, 30);
    screen.send("\u{1a}");
    screen.wait_until("the normal screen", |_| !screen.is_alternate());
    screen.signal(Signal::CONT);
    screen.wait_until("the alternate screen", |_| screen.is_alternate());
    screen.wait_for("complete");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
}
