//! What the real binary owes where nobody watches: new clients rest, too many new ones stop it.

use mothball::simulator::Options;
use serde_json::Value;

use super::{active, offboarded};
use crate::support::program::Program;

async fn program() -> Program {
    Program::new(Options { clients: 60, configurations: 900, ..Options::default() }).await
}

fn warned(report: &Value, words: &str) -> bool {
    report["warnings"].as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_rests_and_then_goes() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    program.write_settings("[safeguards]\nsettle_hours = 24\n");
    let ended = program.run(&["run", "--client-id", &client, "--unattended"]).await;
    assert_eq!(ended.code, 0, "there is nothing to do yet, and that is no failure: {}", ended.stderr);
    let report = ended.report();
    assert!(warned(&report, "settle_hours"), "{report}");
    assert!(report["configs"].as_array().unwrap().iter().any(|one| one["skip_reason"] == "not_started"));
    assert!(program.written().is_empty());
    // A person who watches need not wait.
    assert_eq!(program.run(&["run", "--client-id", &client]).await.code, 0);
    assert!(active(&program, &client).is_empty());
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_became_too_wide_stops_until_somebody_looked() {
    let program = program().await;
    let narrow = ["run", "--all", "--unattended", "--dry-run"];
    // The usual settings count by every criterion; these count by one.
    let wide = std::fs::read_to_string(program.settings_path()).unwrap();
    let few = wide
        .lines()
        .filter(|line| {
            !["statuses", "tags", "custom_field", "contract"].iter().any(|key| line.starts_with(key))
        })
        .collect::<Vec<_>>()
        .join("\n");
    std::fs::write(program.settings_path(), few).unwrap();
    let report = program.run(&narrow).await.report();
    assert!(warned(&report, "nothing to compare with"), "{:?}", report["warnings"]);
    std::fs::write(program.settings_path(), wide).unwrap();

    let ended = program.run(&narrow).await;
    assert_eq!(ended.code, 0, "a dry run is never refused: {}", ended.stderr);
    assert!(warned(&ended.report(), "newly count as offboarded"));
    let real = ["run", "--all", "--unattended", "--limit-clients", "1"];
    let ended = program.run(&real).await;
    assert_eq!(ended.code, 6, "the dry run that nobody watched allowed nothing: {}", ended.stderr);
    assert!(ended.stderr.contains("newly count as offboarded"), "{}", ended.stderr);
    assert!(program.written().is_empty());
    assert_eq!(program.run(&["run", "--all", "--attended", "--dry-run"]).await.code, 0);
    assert_eq!(program.run(&real).await.code, 0, "somebody has looked");
    assert!(!program.written().is_empty());
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_all_flags_writes_nothing_unapproved() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    // A fixed stride through all combinations of seven switches.
    for bits in (0..128u32).step_by(5) {
        let on = |at: u32| bits >> at & 1 == 1;
        let mut settings = String::from("[safeguards]\n");
        for (at, line) in
            ["dry_run = true", "require_approval = true", "four_eyes = true", "on_limit = \"park\""]
                .into_iter()
                .enumerate()
        {
            if on(at as u32) {
                settings += line;
                settings += "\n";
            }
        }
        settings += "max_changes = 1\n";
        program.write_settings(&settings);
        let mut arguments = vec!["run", "--client-id", &client];
        for (at, flag) in [(4, "--dry-run"), (5, "--require-approval"), (6, "--unattended")] {
            if on(at) {
                arguments.push(flag);
            }
        }
        let ended = program.run(&arguments).await;
        let expected = match (on(0) || on(4), on(3)) {
            (true, _) => 0,
            (false, true) => 3,
            (false, false) => 6,
        };
        assert_eq!(ended.code, expected, "{settings} {arguments:?}: {}", ended.stderr);
        ended.report();
        assert!(program.written().is_empty(), "{settings} {arguments:?}");
    }
    program.check().await;
}
