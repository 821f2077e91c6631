//! What a newcomer reads: help, manual pages and completions of every command. All tests walk the tree of commands, so
//! a new one is covered by being there.

use std::{collections::BTreeMap, process::Command};

use clap::CommandFactory;
use mothball::command::args::Cli;

/// Every command by its words, the program's own first.
fn commands() -> Vec<(String, clap::Command)> {
    fn walk(command: &clap::Command, path: &str, all: &mut Vec<(String, clap::Command)>) {
        all.push((path.to_owned(), command.clone()));
        for below in command.get_subcommands() {
            walk(below, &format!("{path} {}", below.get_name()), all);
        }
    }
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut all = Vec::new();
    walk(&program, "mothball", &mut all);
    assert!(all.len() > 15);
    all
}

fn help(command: &clap::Command) -> String {
    command.clone().term_width(80).render_long_help().to_string()
}

fn mothball(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mothball")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_help_text_reads_like_this() {
    let texts: Vec<String> =
        commands().iter().map(|(path, command)| format!("$ {path} --help\n{}", help(command))).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn no_command_and_no_option_is_without_a_description() {
    for (path, command) in commands() {
        assert!(command.get_about().is_some(), "{path} does not say what it does");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{path}: {} is not described", argument.get_id());
        }
        let leaf = command.get_subcommands().next().is_none();
        let below = command.get_after_long_help().or(command.get_after_help());
        assert!(!leaf || below.is_some(), "{path} shows no example");
    }
}

#[test]
fn help_fits_a_terminal_of_80_columns() {
    for (path, command) in commands() {
        for line in help(&command).lines() {
            // What is printed below the options is written for 100.
            assert!(line.chars().count() <= 104, "{path}: {line}");
        }
    }
}

#[test]
fn examples_are_understood_by_the_program() {
    let mut tried = 0;
    for (path, command) in commands() {
        let Some(below) = command.get_after_long_help().or(command.get_after_help()) else { continue };
        for line in below.to_string().lines().filter(|line| line.starts_with("  mothball")) {
            // Up to a pipe, a redirection, or the words that explain it.
            let example = line.trim().split(['|', '>']).next().unwrap().split("   ").next().unwrap();
            let words = shell_words(example);
            if let Err(error) = Cli::command().try_get_matches_from(&words) {
                panic!("{path}: {example}\n{error}");
            }
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// Words of a shell's line, with double quotes.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_command_has_its_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    mothball(&["man", "--dir", &folder.path().display().to_string()]);
    let mut pages = BTreeMap::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        pages.insert(name, std::fs::read_to_string(path).unwrap());
    }
    let wanted: Vec<String> =
        commands().iter().map(|(path, _)| format!("{}.1", path.replace(' ', "-"))).collect();
    for name in &wanted {
        assert!(pages.contains_key(name), "{name} is missing");
    }
    assert_eq!(pages.len(), wanted.len());
    assert_eq!(mothball(&["man"]), pages["mothball.1"]);
    assert_eq!(mothball(&["man", "runs", "undo"]), pages["mothball-runs-undo.1"]);
    let joined: Vec<String> = pages.iter().map(|(name, page)| format!("=== {name}\n{page}")).collect();
    let version = env!("CARGO_PKG_VERSION");
    insta::assert_snapshot!(joined.join("\n").replace(version, "<version>"));
}

#[test]
fn a_manual_page_that_is_not_there_is_told_with_what_was_meant() {
    let output = Command::new(env!("CARGO_BIN_EXE_mothball")).args(["man", "runs", "udno"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no command runs udno") && said.contains("Did you mean undo?"), "{said}");
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = mothball(&["completions", shell]);
        for (path, _) in commands() {
            let last = path.rsplit(' ').next().unwrap();
            assert!(script.contains(last), "{shell} does not complete {path}");
        }
    }
    insta::assert_snapshot!("completions_fish", mothball(&["completions", "fish"]));
    insta::assert_snapshot!("completions_zsh", mothball(&["completions", "zsh"]));
}
