//! Themes, signs, keys and calls with the real binary: what flags, settings, environment and the terminal say.

use std::path::Path;

use mothball::simulator::{Layout, Options};
use vt100::Color;

use crate::support::{program::Program, screen::Screen};

const QUERY: &str = "\u{1b}]11;?\u{1b}\\";

/// The demo, with its settings' place in this folder.
fn demo(folder: &Path, more: &[&str], environment: &[(&str, &str)]) -> Screen {
    let config = folder.join("config.toml").display().to_string();
    let data = folder.join("data").display().to_string();
    let mut arguments =
        vec!["demo", "--clients", "12", "--configurations", "40", "--config", &config, "--data-dir", &data];
    arguments.extend(more);
    Screen::open(&arguments, environment, 100, 30)
}

fn asked(screen: &Screen) -> bool {
    String::from_utf8_lossy(&screen.bytes()).contains(QUERY)
}

fn has(screen: &Screen, color: Color) -> bool {
    screen.any_cell(|cell| cell.fgcolor() == color || cell.bgcolor() == color)
}

fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{what}");
}

fn quit(mut screen: Screen) {
    screen.send("q");
    assert_eq!(screen.ended(), 0);
}

/// Accents of the themes: cyan on dark, blue on light.
const DARK: Color = Color::Idx(6);
const LIGHT: Color = Color::Idx(4);

#[test]
fn the_theme_follows_the_terminals_answer_and_the_answer_is_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(folder.path(), &[], &[("COLORFGBG", "")]);
    screen.wait_for(", complete, read");
    screen.send("\t");
    until("the terminal is asked", || asked(&screen));
    assert!(has(&screen, DARK) && !has(&screen, LIGHT));
    screen.send("\u{1b}]11;rgb:fafa/afaf/fafa\u{1b}\\");
    until("the light theme", || has(&screen, LIGHT) && !has(&screen, DARK));
    let text = screen.text();
    assert!(!text.contains("ticked"), "an answer ticks nothing:\n{text}");
    screen.send("a");
    screen.wait_for("ticked");
    quit(screen);
}

#[test]
fn who_knows_the_background_does_not_ask() {
    let folder = tempfile::tempdir().unwrap();
    for (more, environment, wanted) in [
        (&[] as &[&str], ("COLORFGBG", "0;15"), LIGHT),
        (&[], ("COLORFGBG", "15;default;0"), DARK),
        (&["--theme", "light"], ("COLORFGBG", ""), LIGHT),
    ] {
        let screen = demo(folder.path(), more, &[environment]);
        screen.wait_for(", complete, read");
        assert!(has(&screen, wanted) && !asked(&screen), "{more:?} {environment:?}");
        quit(screen);
    }
}

#[test]
fn no_color_stands_above_every_theme() {
    let folder = tempfile::tempdir().unwrap();
    for more in [&[] as &[&str], &["--theme", "light"], &["--color", "auto"]] {
        let mut screen = demo(folder.path(), more, &[("NO_COLOR", "1"), ("COLORFGBG", "")]);
        screen.wait_for(", complete, read");
        screen.send("\t");
        until("the cursor row", || screen.any_cell(|cell| cell.inverse() && cell.contents() == " "));
        let coloured =
            screen.any_cell(|cell| cell.fgcolor() != Color::Default || cell.bgcolor() != Color::Default);
        assert!(!coloured && !asked(&screen), "{more:?}");
        quit(screen);
    }
    let screen = demo(folder.path(), &["--color", "always"], &[("NO_COLOR", "1")]);
    screen.wait_for(", complete, read");
    assert!(has(&screen, DARK), "who asks for colour on the command line gets it");
    quit(screen);
}

#[test]
fn a_theme_of_ones_own_is_found_by_name_and_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let themes = folder.path().join("themes");
    std::fs::create_dir(&themes).unwrap();
    let nord = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/themes/nord.toml");
    std::fs::copy(&nord, themes.join("mine.toml")).unwrap();
    let path = nord.display().to_string();
    for name in ["mine", &path] {
        let screen = demo(folder.path(), &["--theme", name], &[("COLORTERM", "truecolor")]);
        screen.wait_for(", complete, read");
        assert!(has(&screen, Color::Rgb(0x2e, 0x34, 0x40)), "{name}");
        quit(screen);
    }
    let screen = demo(folder.path(), &["--theme", "mine"], &[]);
    screen.wait_for(", complete, read");
    assert!(!screen.any_cell(|cell| matches!(cell.bgcolor(), Color::Rgb(..))), "256 colours and no more");
    quit(screen);
}

#[test]
fn what_cannot_be_drawn_is_said_before_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let themes = folder.path().join("themes");
    std::fs::create_dir(&themes).unwrap();
    std::fs::write(themes.join("blind.toml"), "[styles]\ncursor = { fg = \"white\" }\n").unwrap();
    std::fs::write(themes.join("typo.toml"), "[colors]\nacent = \"red\"\n").unwrap();
    for (more, environment, words) in [
        (
            &["--theme", "drak"] as &[&str],
            ("X", ""),
            &["no theme \"drak\"", "\"dark\"", "blind, typo", "NAME.toml"] as &[&str],
        ),
        (
            &["--theme", "blind"],
            ("X", ""),
            &["blind.toml:2:1: styles.cursor", "every other row", "--theme dark"],
        ),
        (&["--theme", "typo"], ("X", ""), &["typo.toml:2:1: colors.acent", "\"accent\""]),
        (&["--theme", "./nowhere.toml"], ("X", ""), &["nowhere.toml cannot be read"]),
        (&[], ("TERM", "dumb"), &["TERM=dumb", "mothball run"]),
    ] {
        let mut screen = demo(folder.path(), more, &[environment]);
        assert_eq!(screen.ended(), 2, "{more:?}\n{}", screen.text());
        let said = screen.text().replace('\n', "");
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(!String::from_utf8_lossy(&screen.bytes()).contains("\u{1b}[?1049h"), "{more:?}");
    }
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let folder = tempfile::tempdir().unwrap();
    for (locale, ascii) in [("de_DE.ISO-8859-1", true), ("C", true), ("de_DE.UTF-8", false), ("", false)] {
        let screen = demo(folder.path(), &[], &[("LC_ALL", locale), ("LC_CTYPE", ""), ("LANG", "")]);
        let text = screen.wait_for(", complete, read");
        assert_eq!(text.contains("+-"), ascii, "{locale}\n{text}");
        assert_eq!(text.contains('│'), !ascii, "{locale}\n{text}");
        quit(screen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_bind_keys_choose_the_theme_and_call_at_the_end() {
    let layout = Layout::Uniform { offboarded: 1, each: 3 };
    let program = Program::new(Options { layout, ..Options::default() }).await;
    program.write_settings(
        "[ui]\ntheme = \"high-contrast\"\nmouse = false\nbell = \"notify\"\n\n[keys]\nstart = \"X\"\nquit = [\"ctrl-q\"]\ntick = [\"f2\", \"space\"]\n",
    );
    let truth = program.simulator.truth();
    let client = truth.companies.values().find(|one| one.offboarded.any() && !one.own).unwrap().id.clone();
    let config = program.settings_path().display().to_string();
    let data = program.data_dir().display().to_string();
    let secrets = program.secret_environment();
    let environment: Vec<_> = secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
    tokio::task::block_in_place(|| {
        let mut screen = Screen::open(&["--config", &config, "--data-dir", &data], &environment, 140, 40);
        screen.wait_for(", complete, read");
        assert!(has(&screen, Color::Idx(51)) && !asked(&screen), "high contrast");
        assert!(
            !String::from_utf8_lossy(&screen.bytes()).contains("\u{1b}[?1000h"),
            "the mouse is left alone"
        );
        screen.send("\t");
        screen.wait_for("Detail");
        // F2, as xterm sends it.
        screen.send("\u{1b}OQ");
        screen.wait_for("1 ticked");
        // From here by the palette.
        screen.send(":");
        screen.wait_for("What can be done in Review now");
        screen.type_each("open-plan");
        screen.send("\r");
        screen.wait_for("1 configuration of 1 company");
        screen.send("x");
        screen.send("X");
        screen.wait_for("To confirm");
        screen.type_each(&client);
        screen.send("\t");
        screen.send("\r");
        screen.wait_for("every change read back");
        until("a notice", || {
            String::from_utf8_lossy(&screen.bytes())
                .contains("\u{1b}]9;mothball: The run is finished\u{1b}\\")
        });
        screen.send("\u{11}");
        assert_eq!(screen.ended(), 0);
    });
    assert_eq!(program.written().len(), 1);
    program.check().await;
}
