//! `mothball webhooks` of the real binary: sets webhooks up at the PSA, shows and takes away its own.

use mothball::simulator::Options;
use serde_json::Value;

use crate::support::{program::Program, webhooks::SECRET};

/// The settings that let webhooks in, with the secret in a file that only its owner may read.
fn webhook_table(program: &Program) -> String {
    use std::os::unix::fs::PermissionsExt;
    let file = program.folder.path().join("webhook.secret");
    std::fs::write(&file, SECRET).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (user, key) = match program.simulator.psa() {
        "halopsa" => ("user_name = \"mothball\"\n", "password"),
        _ => ("", "secret"),
    };
    format!("[profiles.main.webhook]\n{user}{key} = {{ file = \"webhook.secret\" }}\n")
}

const REGISTER: [&str; 4] = ["webhooks", "register", "--url", "https://hooks.msp.example"];

async fn they_are_set_up_shown_and_taken_away(psa: &'static str) {
    let program = Program::new(Options { psa: psa.to_owned(), clients: 10, ..Options::default() }).await;
    let ended = program.run(&REGISTER).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("[profiles.main.webhook]"), "it shows what to add: {}", ended.stderr);

    program.write_settings(&webhook_table(&program));
    let dry = [&REGISTER[..], &["--dry-run"]].concat();
    let ended = program.run(&dry).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let steps = program.run(&[&REGISTER[..], &["--steps"]].concat()).await;
    assert_eq!(steps.code, 0, "{}", steps.stderr);
    assert!(
        steps.stdout.lines().count() >= 3 && steps.stdout.contains("/v1/webhooks/main"),
        "{}",
        steps.stdout
    );
    let list = async || -> Vec<Value> {
        let ended = program.run(&["webhooks", "list", "--json"]).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    assert!(list().await.is_empty(), "neither a dry run nor the steps make one");

    for _ in 0..2 {
        let ended = program.run(&REGISTER).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(SECRET));
    }
    let made = list().await;
    assert_eq!(made.len(), if psa == "halopsa" { 1 } else { 2 }, "{made:#?}");
    assert!(made.iter().all(|hook| hook["ours"] == true && hook["active"] == true), "{made:#?}");
    let shown = program.run(&["webhooks", "list"]).await;
    assert!(shown.stdout.starts_with("ours "), "{}", shown.stdout);

    for wrong in ["http://hooks.msp.example", "hooks", "https://a:b@hooks.msp.example"] {
        let ended = program.run(&["webhooks", "register", "--url", wrong]).await;
        assert_eq!(ended.code, 2, "{wrong}: {}", ended.stderr);
    }
    let elsewhere = program.run(&["webhooks", "remove", "--url", "https://elsewhere.example"]).await;
    assert_eq!((elsewhere.code, list().await.len()), (0, made.len()), "{}", elsewhere.stderr);
    assert_eq!(program.run(&["webhooks", "remove", "--dry-run"]).await.code, 0);
    assert_eq!(list().await.len(), made.len());
    let ended = program.run(&["webhooks", "remove"]).await;
    assert_eq!((ended.code, list().await.len()), (0, 0), "{}", ended.stderr);
    for entry in std::fs::read_dir(program.data_dir()).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        let told = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!told, "the secret stands in {}", entry.path().display());
    }
    // Webhooks are all that was written, where the simulator counts them as records.
    let others =
        program.simulator.writes().into_iter().filter(|write| !write.record.contains("Webhook")).count();
    assert_eq!(others, 0);
    program.checked_by_life();
}

async fn settings_that_allow_no_write_allow_none_here(psa: &'static str) {
    let program = Program::new(Options { psa: psa.to_owned(), clients: 10, ..Options::default() }).await;
    program.write_settings(&format!("{}[safeguards]\ndry_run = true\n", webhook_table(&program)));
    let ended = program.run(&REGISTER).await;
    assert!(ended.code == 0 && ended.stderr.contains("dry run"), "{}", ended.stderr);
    let ended = program.run(&["webhooks", "list", "--json"]).await;
    assert_eq!(ended.stdout.trim(), "[]");
    program.check().await;
}

crate::support::vendor::on_every_psa!(
    they_are_set_up_shown_and_taken_away,
    settings_that_allow_no_write_allow_none_here,
);
