//! The pictures in the README: the real program in a pseudo-terminal, its screen written as SVG.
//!
//! ```sh
//! MOTHBALL_PICTURES=1 cargo test --test suite pictures::
//! ```
//!
//! takes them anew into `assets/screenshots/`. What differs from run to run (ids, digests, times, ports) is
//! replaced by the same text each time, so that a picture changes only when the screen does.

mod grid;
mod scenes;
mod svg;

use std::path::PathBuf;

use grid::Grid;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/screenshots")
}

#[test]
fn the_pictures_are_taken_when_that_is_asked_for() {
    if mothball::system::environment::variable("MOTHBALL_PICTURES").is_none() {
        return;
    }
    std::fs::create_dir_all(folder()).unwrap();
    for (theme, place, grid) in scenes::all() {
        let path = folder().join(format!("{place}-{theme}.svg"));
        std::fs::write(&path, svg::write(&grid, theme == "light", place)).unwrap();
    }
}

#[test]
fn every_place_has_its_picture_in_both_themes_and_in_the_readme() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for (place, words) in scenes::PLACES {
        for theme in scenes::THEMES {
            let path = folder().join(format!("{place}-{theme}.svg"));
            let picture =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>\n"), "{place}-{theme}");
            assert!(svg::text_of(&picture).contains(words), "{place}-{theme} does not show \"{words}\"");
            assert!(!picture.contains('\u{1b}'), "{place}-{theme}");
        }
        assert!(
            readme.contains(&format!("assets/screenshots/{place}-dark.svg")),
            "{place} is not in the README"
        );
    }
}

#[test]
fn the_same_screen_makes_the_same_picture_with_every_cell_in_its_place() {
    let mut parser = vt100::Parser::new(3.try_into().unwrap(), 24.try_into().unwrap(), 0);
    parser.process(
        "\u{1b}[1;38;5;12mSRV\u{1b}[0m <日本> & \u{1b}[7mon\u{1b}[0m\r\n│ 20261126T021314-ab12cd34"
            .as_bytes(),
    );
    let written = || svg::write(&Grid::of(parser.screen()), false, "sample");
    assert_eq!(written(), written());
    insta::assert_snapshot!(written());
}

#[test]
fn what_differs_from_run_to_run_is_replaced_in_place() {
    for (before, after) in [
        ("Run 20261126T202217-3t9my7vj, plan", "Run 20261126T021500-k3w8p1xz, plan"),
        ("cut off: 20261126T2022", "cut off: 20261126T0215"),
        ("valid until 2026-11-27 20:22 UTC", "valid until 2026-11-26 02:15 UTC"),
        ("(127.0.0.1:38749/fabrikam)", "(127.0.0.1:41414/fabrikam)"),
        (
            "Digest fb0a761368bafc185e91f6fa17418b27ea1be73905d3d58e6fa5128a39b9e94c",
            "Digest 3b7f09d2a4c65e183b7f09d2a4c65e183b7f09d2a4c65e183b7f09d2a4c65e18",
        ),
        ("read 17 s ago", "read 10 s ago"),
        ("12.4/s, about 8 s left", "10.0/s, about 1 s left"),
        ("last agreement ended 2019-02-03, 287 days ago", "last agreement ended 2019-02-03, 287 days ago"),
        ("\u{2819} planning", "\u{280b} planning"),
    ] {
        assert_eq!(grid::steady(before), after);
        assert_eq!(before.chars().count(), after.chars().count(), "the cells stay where they are");
    }
    assert_eq!(grid::nobody("by root, in /root/x, rooted", "root"), "by jane, in /jane/x, rooted");
}
