//! `runs undo`, `runs resume` and `runs show --recheck` from outside.

use mothball::simulator::{Layout, Options};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::program::Program;

async fn uniform(offboarded: usize, each: usize, latency_ms: u64) -> Program {
    let layout = Layout::Uniform { offboarded, each };
    let latency = std::time::Duration::from_millis(latency_ms);
    Program::new(Options { layout, latency, ..Options::default() }).await
}

fn clients(program: &Program) -> Vec<String> {
    let companies = program.simulator.truth().companies.into_values();
    let mut ids: Vec<String> =
        companies.filter(|one| one.offboarded.any() && !one.own).map(|one| one.id).collect();
    ids.sort_by_key(|id| id.parse::<u64>().unwrap());
    ids
}

fn active(program: &Program, client: &str) -> usize {
    let truth = program.simulator.truth();
    truth.configurations.values().filter(|one| one.company == client && one.is_active()).count()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_undone_in_part_and_then_whole() {
    let program = uniform(1, 6, 0).await;
    let client = clients(&program)[0].clone();
    let report = program.run(&["run", "--client-id", &client, "--ticket", "4711"]).await.report();
    let run = text(&report["run_id"]);
    let ids: Vec<String> =
        report["configs"].as_array().unwrap().iter().map(|one| text(&one["config_id"])).collect();

    let dry = program.run(&["runs", "undo", &run, "--dry-run"]).await;
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    let report = dry.report();
    assert_eq!((&report["dry_run"], &report["statistics"]["configs_restored"]), (&true.into(), &0.into()));
    assert_eq!(active(&program, &client), 0);

    let part = program.run(&["runs", "undo", &run, "--only", &format!("{},{}", ids[0], ids[1])]).await;
    assert_eq!(part.code, 0, "{}", part.stderr);
    let report = part.report();
    assert_eq!(report["parent_run_id"], run.as_str());
    assert_eq!(report["ticket"], "4711", "the ticket of the run, where none is named");
    let statistics = &report["statistics"];
    let count = |key: &str| statistics[key].as_u64().unwrap();
    assert_eq!(
        (
            count("configs_found"),
            count("configs_restored"),
            count("configs_deactivated"),
            count("configs_skipped")
        ),
        (6, 2, 0, 4)
    );
    for config in report["configs"].as_array().unwrap() {
        let chosen = ids[..2].contains(&text(&config["config_id"]));
        assert_eq!(config["outcome"], if chosen { "restored" } else { "skipped" });
        assert_eq!(config["status"], if chosen { "active" } else { "inactive" });
        assert_eq!(config["previous_status"], "inactive");
    }
    assert_eq!(active(&program, &client), 2);

    let output = program.folder.path().join("undo.json");
    let whole = program
        .run(&["runs", "undo", &run, "--output", &output.display().to_string(), "--progress", "json"])
        .await;
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert!(whole.stdout.is_empty());
    let report: Value = serde_json::from_slice(&std::fs::read(&output).unwrap()).unwrap();
    crate::support::schema::assert_valid(&report);
    assert_eq!(report["statistics"]["configs_restored"], 4);
    assert_eq!(active(&program, &client), 6);

    let again = program.run(&["runs", "undo", &run]).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(again.report()["success"], true);
    let undo = text(&report["run_id"]);
    for (arguments, code, words) in [
        (vec!["runs", "undo", undo.as_str()], 6, "is an undo itself"),
        (vec!["runs", "undo", "no-such-run"], 2, "there is no run"),
        (vec!["runs", "undo", run.as_str(), "--only", "999999"], 2, "999999"),
        (vec!["runs", "undo"], 2, "required"),
        (vec!["runs", "undo", "--client-id", "99999999"], 5, "ClientNotFound"),
    ] {
        let ended = program.run(&arguments).await;
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(program.simulator.writes().len(), 12);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_client_is_undone_and_safeguards_apply() {
    let program = uniform(2, 4, 0).await;
    let ids = clients(&program);
    let truth = program.simulator.truth();
    let rows: Vec<String> =
        truth.configurations.values().filter(|one| one.company == ids[0]).map(|one| one.id.clone()).collect();
    for row in &rows {
        assert_eq!(program.run(&["run", "--client-id", &ids[0], "--config-id", row]).await.code, 0);
    }
    // No limit on how much may be restored, but what parks a run parks an undo.
    program.write_settings("[safeguards]\nmax_changes = 1\n");
    let parked = program.run(&["runs", "undo", "--client-id", &ids[0], "--require-approval"]).await;
    assert_eq!(parked.code, 3, "{}", parked.stderr);
    assert_eq!(parked.report()["state"], "awaiting_approval");
    program.write_settings("[safeguards]\ndry_run = true\n");
    let dry = program.run(&["runs", "undo", "--client-id", &ids[0]]).await;
    assert_eq!((dry.code, dry.report()["dry_run"].clone()), (0, true.into()));
    assert_eq!(active(&program, &ids[0]), 0);
    program.write_settings("[safeguards]\nmax_changes = 1\n");
    let undone = program.run(&["runs", "undo", "--client-id", &ids[0], "--reason", "they came back"]).await;
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    let report = undone.report();
    assert_eq!(
        (&report["client_id"], &report["reason"]),
        (&ids[0].as_str().into(), &"they came back".into())
    );
    assert_eq!(report["statistics"]["configs_restored"], 4);
    assert_eq!(active(&program, &ids[0]), 4);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recheck_tells_what_did_not_stay() {
    let program = uniform(1, 3, 0).await;
    let client = clients(&program)[0].clone();
    let report = program.run(&["run", "--client-id", &client]).await.report();
    let run = text(&report["run_id"]);
    let first = text(&report["configs"][0]["config_id"]);
    let stayed = program.run(&["runs", "show", &run, "--recheck"]).await;
    assert_eq!(stayed.code, 0, "{}", stayed.stderr);
    assert!(stayed.stdout.contains("all as the run left them"), "{}", stayed.stdout);
    program.simulator.edit(|edits| edits.set_active(&first, true));
    let found = program.run(&["runs", "show", &run, "--recheck"]).await;
    assert!(found.stdout.contains("active again"), "{}", found.stdout);
    let shown = program.run(&["runs", "show", &run]).await;
    assert!(
        shown.stdout.contains("looked again") && shown.stdout.contains("active again"),
        "{}",
        shown.stdout
    );
    let exported = program.run(&["runs", "export", &run]).await.report();
    assert!(exported["follow_up"].as_array().unwrap().iter().any(|one| one["kind"] == "active_again"));
    program.check().await;
}

/// Starts a run, and ends it with this signal once a few changes were made.
async fn ended_by(program: &Program, client: &str, signal: Signal) -> crate::support::program::Ended {
    let before = program.simulator.writes().len();
    let mut command = program.command(&["run", "--client-id", client, "--no-links"]);
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while program.simulator.writes().len() < before + 10 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    program.ended(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_signal_ends_in_good_order_and_all_are_resumed_at_once() {
    let program = uniform(3, 120, 25).await;
    let ids = clients(&program);
    let nothing = program.run(&["runs", "resume", "--all"]).await;
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, ""), "{}", nothing.stderr);
    for (client, (signal, code)) in
        ids.iter().zip([(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)])
    {
        let ended = ended_by(&program, client, signal).await;
        assert_eq!(ended.code, code, "{}", ended.stderr);
        let report = ended.report();
        assert_eq!(report["state"], "interrupted");
        assert!(report["errors"].as_array().unwrap().iter().any(|one| one["code"] == "Interrupted"));
        let resume = format!("mothball runs resume {}", text(&report["run_id"]));
        assert!(ended.stderr.contains(&resume), "{}", ended.stderr);
        let deactivated = report["statistics"]["configs_deactivated"].as_u64().unwrap() as usize;
        assert_eq!(deactivated, 120 - active(&program, client), "everything that was sent was read back");
        assert!(deactivated < 120, "code {code}: it stopped in time");
    }
    // The settings' dry run keeps a resume from writing, too.
    program.write_settings("[safeguards]\ndry_run = true\n");
    let folder = program.folder.path().join("reports/").display().to_string() + "/";
    let written = program.simulator.writes().len();
    let refused = program.run(&["runs", "resume", "--all", "--output", &folder]).await;
    assert_eq!(refused.code, 6, "{}", refused.stderr);
    assert_eq!(program.simulator.writes().len(), written);
    program.write_settings("");
    let unnamed = program.run(&["runs", "resume", "--all"]).await;
    assert_eq!(unnamed.code, 2, "several reports want a directory: {}", unnamed.stderr);
    let resumed = program.run(&["runs", "resume", "--all", "--output", &folder]).await;
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(ids.iter().all(|client| active(&program, client) == 0));
    assert_eq!(program.simulator.writes().len(), 360, "one effective change each");
    assert_eq!(program.run(&["runs", "resume", "--all"]).await.code, 0);
    assert_eq!(program.simulator.writes().len(), 360, "resuming twice changes nothing");
    program.check().await;
}
