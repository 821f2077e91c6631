//! What the papers say is what the program does.

mod deployment;

use mothball::{
    psa::registry::ROOMS,
    tui::{action::Action, keymap::Keymap},
};
use proc_macro2::{TokenStream, TokenTree};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_has_the_keys_of_the_action_table() {
    let table = Keymap::default().markdown();
    assert!(README.contains(table.trim()), "the README's key table should be:\n{table}");
}

/// Every text in quotes in a file, those in macros included; comments are none.
fn texts(stream: TokenStream, found: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Group(group) if !group.stream().to_string().starts_with("doc =") => {
                texts(group.stream(), found);
            }
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            _ => {}
        }
    }
}

#[test]
fn sentences_that_tell_of_a_key_name_actions_that_there_are() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui")];
    let mut named = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut found = Vec::new();
            texts(std::fs::read_to_string(&path).unwrap().parse().unwrap(), &mut found);
            for text in found.iter().filter(|text| text.starts_with('"')) {
                // A key that is written out stays what it is when it is bound otherwise.
                for key in ["Esc", "Enter", "Space", "PgUp", "PgDn"] {
                    let mut words = text.split(|c: char| !c.is_alphanumeric());
                    assert!(words.all(|word| word != key), "{}: {text}", path.display());
                }
                for part in text.split('<').skip(1) {
                    let Some((id, _)) = part.split_once('>') else { continue };
                    if id.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !id.is_empty() {
                        assert!(Action::named(id).is_some(), "{}: <{id}> in {text}", path.display());
                        named += 1;
                    }
                }
            }
        }
    }
    assert!(named > 20, "{named}");
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
