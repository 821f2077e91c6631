//! `mothball simulate` as another program would use it.

use std::io::{BufRead, BufReader};

use serde_json::Value;

#[test]
fn it_prints_one_line_of_json_and_serves_until_interrupted() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"))
        .args(["simulate", "--psa", "connectwise", "--port", "0", "--seed", "7", "--clients", "10"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["psa"], "connectwise");
    assert!(ready["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    for key in ["company_id", "public_key", "private_key", "client_id"] {
        assert!(ready["credentials"][key].is_string(), "{key}");
    }
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn its_help_names_every_fault_and_switch_and_the_control_routes() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"))
        .args(["simulate", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    // Lines are wrapped to the terminal.
    let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for kind in mothball::simulator::faults::Kind::ALL {
        assert!(help.contains(&format!("{kind}, ")) || help.contains(&format!("{kind}. ")), "{kind}");
    }
    let switches = serde_json::to_value(mothball::simulator::Switches::default()).unwrap();
    for name in switches.as_object().unwrap().values().flat_map(|own| own.as_object().unwrap().keys()) {
        assert!(help.contains(&format!("{name}=")), "{name}");
    }
    for route in ["state", "writes", "notes", "requests", "faults", "switches", "reset"] {
        assert!(help.contains(&format!("/_sim/{route}")), "{route}");
    }
}

#[test]
fn an_unknown_psa_is_told_which_there_are() {
    let told = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"))
        .args(["simulate", "--psa", "kaseya"])
        .output()
        .unwrap();
    let said = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(2));
    assert!(said.contains("no simulator for \"kaseya\""), "{said}");
    assert!(mothball::simulator::psas().iter().all(|psa| said.contains(psa)), "{said}");
}
