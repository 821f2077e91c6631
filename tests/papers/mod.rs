//! What the papers say is what the program does.

use mothball::{psa::registry::ROOMS, tui::keymap::Keymap};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_has_the_keys_of_the_action_table() {
    let table = Keymap::default().markdown();
    assert!(README.contains(table.trim()), "the README's key table should be:\n{table}");
}

#[test]
fn the_readme_lists_the_rights_that_each_room_declares() {
    for room in ROOMS {
        for right in room.rights {
            let line = format!("| {} | {} | {} |", right.place, right.level, right.needed_for);
            assert!(README.contains(&line), "the README's table of rights lacks: {line}");
        }
    }
}

#[test]
fn nothing_turns_the_checking_of_certificates_off() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for word in ["danger_accept", ".dangerous()", "tls_danger", "danger_"] {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
}
