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
