//! `runs approve` and `runs reject` of the real binary: what is told, what is reported, how it ends.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{active, offboarded};
use crate::support::program::{Ended, Program};

async fn program() -> Program {
    Program::new(Options { clients: 60, configurations: 900, ..Options::default() }).await
}

/// Parks a run for this client, and tells its id.
async fn parked(program: &Program, client: &str) -> (String, Ended) {
    let ended = program.run(&["run", "--client-id", client, "--require-approval"]).await;
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    (ended.report()["run_id"].as_str().unwrap().to_owned(), ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_run_is_told_and_approved_with_the_report_of_a_run() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    let (run, ended) = parked(&program, &client).await;
    let report = ended.report();
    let digest = report["plan_digest"].as_str().unwrap();
    assert!(ended.stderr.contains(&run) && ended.stderr.contains(digest), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("mothball runs approve {run}")), "{}", ended.stderr);
    assert!(program.written().is_empty());
    // Whoever is asked sees every item of the plan.
    let shown = program.run(&["runs", "show", &run]).await.stdout;
    for id in active(&program, &client) {
        let line = shown.lines().find(|line| line.trim_start().starts_with(&format!("{id}  "))).unwrap();
        assert!(line.contains("→ inactive (Retired)") && line.contains(&client), "{line}");
    }

    let output = program.folder.path().join("approved.json");
    let arguments = ["runs", "approve", &run, "--progress", "json", "--output", output.to_str().unwrap()];
    let ended = program.run(&arguments).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.is_empty());
    let last: Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["state"], "finished");
    let report: Value = serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap();
    crate::support::schema::assert_valid(&report);
    assert_eq!(report["run_id"], json!(run), "it is the same run");
    assert_eq!(report["success"], true);
    assert_eq!(report["client_id"], json!(client), "one client asked for: its document");
    assert!(report["approved_by"].as_str().unwrap().starts_with("jane@msp.example"), "{report}");
    assert_eq!(report["approval_digest"].as_str().unwrap().len(), 64);
    assert_eq!(report["statistics"]["configs_deactivated"], program.written().len());

    assert_eq!(program.run(&["runs", "approve", &run]).await.code, 6, "it is decided");
    assert_eq!(program.run(&["runs", "reject", &run]).await.code, 6);
    assert_eq!(program.run(&["runs", "approve", "no-such-run"]).await.code, 2);
    assert_eq!(program.run(&["runs", "reject", "no-such-run"]).await.code, 2);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_approved_item_by_item() {
    let program = program().await;
    let clients = offboarded(&program);
    let (first, second) = (clients[0].id.as_str(), clients[1].id.as_str());
    let (run, _) = parked(&program, first).await;
    let items = active(&program, first);
    let only = items[..2].join(",");
    for (flag, list) in [("--only", "99999999"), ("--except", "99999999"), ("--except", &items.join(","))] {
        let ended = program.run(&["runs", "approve", &run, flag, list]).await;
        assert_eq!(ended.code, 2, "{}", ended.stderr);
    }
    let both = program.run(&["runs", "approve", &run, "--only", &only, "--except", &items[2]]).await;
    assert_eq!(both.code, 2, "{}", both.stderr);
    assert!(program.written().is_empty(), "it still waits");

    let ended = program.run(&["runs", "approve", &run, "--only", &only]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(program.written(), items[..2].iter().cloned().collect());
    let report = ended.report();
    for config in report["configs"].as_array().unwrap() {
        let id = config["config_id"].as_str().unwrap().to_owned();
        if items[2..].contains(&id) {
            assert_eq!(config["skip_reason"], "not_selected", "{config}");
        }
    }

    let (run, _) = parked(&program, second).await;
    let left_out = active(&program, second)[0].clone();
    let ended = program.run(&["runs", "approve", &run, "--except", &left_out]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!program.written().contains(&left_out));
    assert_eq!(active(&program, second), [left_out]);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_and_superseded_runs_are_listed_as_such_and_their_reports_say_why() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    let (old, _) = parked(&program, &client).await;
    let (newer, ended) = parked(&program, &client).await;
    assert!(ended.stderr.contains(&old), "it says what it took the place of: {}", ended.stderr);
    let ended = program.run(&["runs", "approve", &old]).await;
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!((&report["state"], &report["success"]), (&json!("expired"), &json!(false)));
    assert!(report["errors"][0]["message"].as_str().unwrap().contains(&newer), "{report}");

    let ended = program.run(&["runs", "reject", &newer]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.is_empty());
    let exported = program.run(&["runs", "export", &newer]).await.report();
    assert_eq!(exported["state"], "rejected");
    assert_eq!(exported["errors"][0]["code"], "SafeguardRefused");
    let listed: Value = serde_json::from_str(&program.run(&["runs", "list", "--json"]).await.stdout).unwrap();
    assert_eq!((&listed[0]["phase"], &listed[1]["phase"]), (&json!("rejected"), &json!("expired")));
    let shown = program.run(&["runs", "show", &old]).await.stdout;
    assert!(shown.contains(&format!("superseded by run {newer}")), "{shown}");
    assert!(program.written().is_empty());
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_park_and_refuse_whoever_asked() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    program.write_settings("[safeguards]\nfour_eyes = true\n");
    let ended = program.run(&["run", "--client-id", &client]).await;
    assert_eq!(ended.code, 3, "nobody approves their own run by starting it: {}", ended.stderr);
    let run = ended.report()["run_id"].as_str().unwrap().to_owned();
    // Another operator's name does not make another person of the same user of the system.
    let mut command = program.command(&["runs", "approve", &run]);
    command.env("MOTHBALL_OPERATOR", "joe@msp.example");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let ended = program.ended(&output);
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("four_eyes") && ended.stderr.contains("server's tokens"),
        "{}",
        ended.stderr
    );
    assert!(program.written().is_empty());
    // Rejecting one's own is fine.
    assert_eq!(program.run(&["runs", "reject", &run]).await.code, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_wins_over_approval_and_the_setting_forbids_to_approve() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    let ended = program.run(&["run", "--client-id", &client, "--require-approval", "--dry-run"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = ended.report()["run_id"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&["runs", "approve", &run]).await.code, 6, "a dry run waits for nobody");
    let (run, _) = parked(&program, &client).await;
    program.write_settings("[safeguards]\ndry_run = true\n");
    assert_eq!(program.run(&["runs", "approve", &run]).await.code, 6);
    assert!(program.written().is_empty());
    program.write_settings("");
    assert_eq!(program.run(&["runs", "approve", &run]).await.code, 0, "it still waited");
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_limit_a_run_parks_where_the_settings_say_so_and_approval_lifts_it() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    let count = active(&program, &client).len();
    let limit = |n: usize| format!("[safeguards]\nmax_changes = {n}\non_limit = \"park\"\n");
    program.write_settings(&limit(count - 1));
    let ended = program.run(&["run", "--client-id", &client]).await;
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("{count} changes are more than")), "{}", ended.stderr);
    let report = ended.report();
    let warnings = report["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|text| text.as_str().unwrap().contains("--max-changes")), "{warnings:?}");
    let run = report["run_id"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&["runs", "approve", &run]).await.code, 0);
    assert_eq!(program.written().len(), count);
    // At the limit nothing is in the way.
    let other = offboarded(&program)[1].id.clone();
    program.write_settings(&limit(active(&program, &other).len()));
    assert_eq!(program.run(&["run", "--client-id", &other]).await.code, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_altered_on_the_disk_is_refused() {
    let program = program().await;
    let client = offboarded(&program)[0].id.clone();
    let (run, _) = parked(&program, &client).await;
    let file = program.data_dir().join("mothball.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let altered =
        sqlx::query("UPDATE documents SET plan = replace(plan, '\"active\":false', '\"active\":true ')")
            .execute(&pool)
            .await
            .unwrap();
    assert_eq!(altered.rows_affected(), 1);
    pool.close().await;
    let ended = program.run(&["runs", "approve", &run]).await;
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    assert!(program.written().is_empty());
    std::fs::remove_dir_all(program.data_dir()).unwrap();
    program.check().await;
}
