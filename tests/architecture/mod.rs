//! Who may use whom, read from the syntax tree: not only `use` lines, every path in the code.

mod paths;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use paths::{Used, used_in};

/// What each module may use. A module that is not here fails the test; so does one here that is gone.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("system", &[]),
    ("report", &["domain", "system"]),
    ("telemetry", &["domain", "system"]),
    ("http", &["domain", "system"]),
    ("psa", &["domain", "system", "http"]),
    ("settings", &["domain", "system", "psa::registry"]),
    ("store", &["domain", "system"]),
    ("engine", &["domain", "system", "psa::port", "psa::error", "psa::Psa", "psa::PsaError", "store"]),
    ("tui", &["domain", "report"]),
    (
        "service",
        &[
            "domain",
            "report",
            "system",
            "http",
            "engine",
            "store",
            "psa::port",
            "psa::error",
            "psa::Psa",
            "psa::PsaError",
            "psa::webhook",
        ],
    ),
    ("simulator", &["system"]),
    (
        "command",
        &[
            "domain",
            "system",
            "report",
            "telemetry",
            "http",
            "psa",
            "settings",
            "store",
            "engine",
            "tui",
            "service",
            "simulator",
        ],
    ),
];

/// The rooms of the vendors: what lies in one is used by the registry alone.
const ROOMS: &[&str] = &["connectwise"];

fn violations(module: &str, file: &str, source: &str) -> Vec<String> {
    let table: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let Some(allowed) = table.get(module) else {
        return vec![format!("{file}: module `{module}` is not in the table of the architecture test")];
    };
    let modules: BTreeSet<&str> = table.keys().copied().collect();
    let mut found = Vec::new();
    for Used { path, line } in used_in(source, file, &modules) {
        let first = path.split("::").next().unwrap_or_default();
        let is_allowed = first == module
            || allowed.iter().any(|entry| path == *entry || path.starts_with(&format!("{entry}::")));
        if !is_allowed {
            found.push(format!("{file}:{line}: `{module}` may not use `{path}`"));
        }
        for room in ROOMS {
            let within = file.contains(&format!("psa/{room}")) || file.ends_with("psa/registry.rs");
            if path.starts_with(&format!("psa::{room}")) && !within {
                found.push(format!("{file}:{line}: the room `psa::{room}` is opened by the registry alone"));
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The module a file belongs to: the first folder below `src`, or the file's own name.
fn module_of(path: &Path, root: &Path) -> String {
    let inner = path.strip_prefix(root).expect("the file lies in src");
    let first = inner.components().next().expect("a file has a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn every_module_uses_only_what_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in sources(&root) {
        let module = module_of(&path, &root);
        if module == "main" || module == "lib" {
            continue;
        }
        seen.insert(module.clone());
        let source = fs::read_to_string(&path).expect("a source file can be read");
        let name = path.strip_prefix(&root).expect("in src").display().to_string();
        found.extend(violations(&module, &name, &source));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let table: BTreeSet<String> = MAY_USE.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(seen, table, "the table and the folders of src name the same modules");
}

#[test]
fn planted_violations_are_found() {
    for (module, source, culprit) in [
        ("domain", "use crate::system::Clock;", "system::Clock"),
        ("domain", "fn f() { let _ = crate::http::send(); }", "http::send"),
        ("domain", "use crate::{ids::X, store::{Store, memory}};", "store::Store"),
        ("store", "type T = Vec<crate::engine::Draft>;", "engine::Draft"),
        ("tui", "impl crate::psa::Psa for X {}", "psa::Psa"),
        ("tui", "fn f(x: &dyn mothball::engine::Y) {}", "engine::Y"),
        ("settings", "use crate::psa::port::Psa;", "psa::port::Psa"),
        ("engine", "use crate::psa::connectwise::ROOM;", "psa::connectwise::ROOM"),
        ("engine", "use super::super::command::run;", "command::run"),
        ("simulator", "macro_rules! m { () => { crate::domain::X } }", "domain::X"),
        ("report", "fn f() { println!(\"{}\", crate::tui::run()); }", "tui::run"),
        ("http", "#[derive(Foo)] struct S { x: crate::store::Store }", "store::Store"),
    ] {
        let found = violations(module, &format!("{module}/planted.rs"), source);
        assert!(found.iter().any(|line| line.contains(culprit)), "{module}: {source}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    for (module, source) in [
        ("domain", "use super::ids::ClientId; use crate::domain::Plan; use std::store::X;"),
        ("settings", "use crate::psa::registry::Room;"),
        ("engine", "use crate::{psa::{Psa, PsaError, port::Check}, store::Store};"),
        ("psa", "use crate::http::Http;"),
        ("store", "let engine = 1; mod inner { use super::super::X; }"),
    ] {
        let found = violations(module, &format!("{module}/planted.rs"), source);
        assert!(found.is_empty(), "{module}: {source}: {found:?}");
    }
}

#[test]
fn a_new_module_must_be_entered_in_the_table() {
    assert_eq!(violations("novelty", "novelty/mod.rs", "").len(), 1);
}
