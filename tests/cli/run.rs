//! `mothball run` in every form that the contract names.

use mothball::simulator::{ConfigurationTruth, Options};
use serde_json::{Value, json};

use super::{active, offboarded};
use crate::support::{program::Program, vendor::facts};

async fn program(psa: &str) -> Program {
    Program::new(Options { psa: psa.to_owned(), clients: 60, configurations: 900, ..Options::default() })
        .await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn one_client_by_id(psa: &'static str) {
    let program = program(psa).await;
    let client = offboarded(&program)[0].clone();
    let expected = active(&program, &client.id);
    let ended = program
        .run(&[
            "run",
            "--client-id",
            &client.id,
            "--reason",
            "left in May",
            "--ticket",
            "4711",
            "--requested-by",
            "boss",
        ])
        .await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["success"], true);
    assert_eq!(report["client_id"], json!(client.id));
    assert_eq!(report["client_name"], json!(client.name));
    assert_eq!(report["state"], "finished");
    assert_eq!(report["reason"], "left in May");
    assert_eq!(report["ticket"], "4711");
    assert_eq!(report["requested_by"], "boss");
    assert_eq!(report["operator"], "jane@msp.example");
    assert_eq!(report["dry_run"], false);
    assert_eq!(report["statistics"]["configs_deactivated"], expected.len());
    assert_eq!(program.written(), expected.iter().cloned().collect());
    for config in report["configs"].as_array().unwrap() {
        let done = config["outcome"] == "deactivated";
        assert_eq!(done, expected.contains(&text(&config["config_id"]).to_owned()));
        assert_eq!(config["verified"], done);
    }
    // A second run finds nothing left to do: a success with a warning.
    let again = program.run(&["run", "--client-id", &client.id, "--type", "*"]).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(again.report()["statistics"]["configs_deactivated"], 0);
    program.check().await;
}

async fn a_dry_run_writes_nothing_and_is_a_success(psa: &'static str) {
    let program = program(psa).await;
    let client = offboarded(&program)[0].clone();
    let expected = active(&program, &client.id).len();
    let ended = program.run(&["run", "--client-id", &client.id, "--dry-run", "--require-approval"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["success"], true);
    assert_eq!(report["dry_run"], true);
    let dry =
        report["configs"].as_array().unwrap().iter().filter(|one| one["skip_reason"] == "dry_run").count();
    assert_eq!(dry, expected);
    assert!(program.written().is_empty());
    // The settings' dry run cannot be turned off by leaving the flag out.
    program.write_settings("[safeguards]\ndry_run = true\n");
    let ended = program.run(&["run", "--client-id", &client.id]).await;
    assert_eq!(ended.code, 0);
    assert_eq!(ended.report()["dry_run"], true);
    assert!(program.written().is_empty());
    program.check().await;
}

async fn one_client_by_name_apart_from_case_and_outer_space(psa: &'static str) {
    let program = program(psa).await;
    let client = offboarded(&program).into_iter().find(|one| one.name.is_ascii()).unwrap();
    let name = format!("  {} ", client.name.to_uppercase());
    let ended = program.run(&["run", "--client-name", &name, "--no-links"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["client_id"], json!(client.id));
    for config in report["configs"].as_array().unwrap() {
        if config["outcome"] == "deactivated" {
            assert_eq!(config["links"]["billing"]["answer"], "unknown", "never read is never none");
        }
    }
    program.check().await;
}

async fn two_clients_at_once_and_a_folder_of_reports(psa: &'static str) {
    let program = program(psa).await;
    let clients = offboarded(&program);
    let (a, b) = (clients[0].clone(), clients[1].clone());
    let folder = program.folder.path().join("reports/");
    let output = folder.display().to_string() + "/";
    // Id and name both given must mean the same client; a name that nobody has is no way around that.
    for name in [b.name.as_str(), "Nobody Ever Heard Of"] {
        let ended = program.run(&["run", "--client-id", &a.id, "--client-name", name]).await;
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert_eq!(ended.report()["success"], false);
        assert!(program.written().is_empty());
    }

    let ended = program.run(&["run", "--client-id", &a.id, "--client-id", &b.id, "--output", &output]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "the report went to the folder");
    let files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files.len(), 3, "{files:?}");
    let joint = files.iter().find(|name| !name.contains("client")).unwrap();
    let report: Value = serde_json::from_slice(&std::fs::read(folder.join(joint)).unwrap()).unwrap();
    crate::support::schema::assert_valid(&report);
    crate::support::program::assert_closes(&report);
    assert_eq!(report["clients"].as_array().unwrap().len(), 2);
    let expected = report["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["statistics"]["configs_deactivated"].as_u64().unwrap());
    assert_eq!(report["statistics"]["configs_deactivated"].as_u64().unwrap(), expected.sum::<u64>());
    program.check().await;
}

async fn all_with_a_limit_of_clients_names_the_rest(psa: &'static str) {
    let program = program(psa).await;
    let ended = program.run(&["run", "--all", "--limit-clients", "3"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["clients"].as_array().unwrap().len(), 3);
    assert!(!report["coverage"]["clients_left_out"].as_array().unwrap().is_empty());
    let clients: std::collections::BTreeSet<String> =
        program.simulator.writes().into_iter().map(|write| write.client).collect();
    assert_eq!(clients.len(), 3);
    program.check().await;
}

async fn all_without_anybody_watching_is_held_to_its_limits(psa: &'static str) {
    let program = program(psa).await;
    let ended = program.run(&["run", "--all"]).await;
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["success"], false);
    assert_eq!(report["errors"][0]["code"], "SafeguardRefused");
    assert!(program.written().is_empty());
    // A dry run is never refused: it warns what would be.
    let ended = program.run(&["run", "--all", "--dry-run"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    assert!(
        report["warnings"].as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains("refused"))
    );
    program.check().await;
}

async fn archived_mixed_type_site_and_single_configurations(psa: &'static str) {
    let program = program(psa).await;
    let truth = program.simulator.truth();
    // Not every vendor has two sides that can disagree.
    let has_mixed = truth.configurations.values().any(ConfigurationTruth::is_mixed);
    let client = offboarded(&program)
        .into_iter()
        .find(|company| {
            let company = company.id.clone();
            let own = || truth.configurations.values().filter(|one| one.company == company);
            (!has_mixed || own().any(ConfigurationTruth::is_mixed))
                && own().any(|one| !one.is_active() && !one.is_mixed())
        })
        .expect("an offboarded client with mixed and inactive configurations");
    let own = || truth.configurations.values().filter(|one| one.company == client.id);
    let all = own().count();
    let mixed: Vec<String> = own().filter(|one| one.is_mixed()).map(|one| one.id.clone()).collect();

    let ended = program.run(&["run", "--client-id", &client.id, "--dry-run", "--include-archived"]).await;
    let report = ended.report();
    assert_eq!(report["statistics"]["configs_found"], all, "every configuration is listed");
    for config in report["configs"].as_array().unwrap() {
        let is_mixed = mixed.contains(&text(&config["config_id"]).to_owned());
        assert_eq!(config["skip_reason"] == "mixed", is_mixed);
    }

    let one = active(&program, &client.id)[0].clone();
    let kind = truth.configurations[&one].type_name.clone();
    let ended = program.run(&["run", "--client-id", &client.id, "--dry-run", "--type", &kind]).await;
    for config in ended.report()["configs"].as_array().unwrap() {
        if config["skip_reason"] == "dry_run" {
            assert_eq!(config["config_type"], json!(kind));
        }
    }
    if let Some(site) = &truth.configurations[&one].site {
        let ended = program.run(&["run", "--client-id", &client.id, "--dry-run", "--site", site]).await;
        for config in ended.report()["configs"].as_array().unwrap() {
            if config["skip_reason"] == "dry_run" {
                assert_eq!(config["site"], json!(site));
            }
        }
    }

    let ended = program.run(&["run", "--client-id", &client.id, "--config-id", &one]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(program.written(), [one].into());

    let ended = program.run(&["run", "--client-id", &client.id, "--include-mixed"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for id in &mixed {
        assert!(program.written().contains(id), "mixed {id} was asked for");
    }
    program.check().await;
}

async fn clients_that_cannot_be_meant(psa: &'static str) {
    let program = program(psa).await;
    let truth = program.simulator.truth();
    let twin = truth
        .companies
        .values()
        .filter(|one| !one.deleted)
        .find(|one| {
            truth.companies.values().filter(|other| !other.deleted && other.name == one.name).count() > 1
        })
        .unwrap();
    let active = truth.companies.values().find(|one| one.role == "active").unwrap();
    for (arguments, code) in [
        (vec!["--client-name", twin.name.as_str()], "AmbiguousClient"),
        (vec!["--client-id", active.id.as_str()], "ClientNotOffboarded"),
        (vec!["--client-id", "99999999"], "ClientNotFound"),
        (vec!["--client-name", "Nobody Ever Heard Of"], "ClientNotFound"),
    ] {
        let ended = program.run(&[vec!["run"], arguments.clone()].concat()).await;
        assert_eq!(ended.code, 5, "{arguments:?}: {}", ended.stderr);
        let report = ended.report();
        assert_eq!(report["success"], false);
        assert_eq!(report["errors"][0]["code"], code);
        assert!(ended.stderr.contains(code), "it is also told: {}", ended.stderr);
    }
    // Of two with the same name the id tells which is meant, as the advice says.
    let ended =
        program.run(&["run", "--client-id", &twin.id, "--client-name", &twin.name, "--dry-run"]).await;
    assert_eq!(ended.report()["client_id"], json!(twin.id), "{}", ended.stderr);
    assert_ne!(ended.code, 2, "{}", ended.stderr);
    // The settings are good, so there is a report.
    let ended = program.run(&["run", "--all", "--dry-run", "--offboarded-status", "Nobody's"]).await;
    assert_eq!((ended.code, ended.report()["success"].as_bool()), (2, Some(false)), "{}", ended.stderr);
    let good = offboarded(&program)[0].clone();
    // Of several clients the good ones are done all the same, and the worst decides the exit code.
    let ended = program.run(&["run", "--client-id", &good.id, "--client-id", &active.id]).await;
    assert_eq!(ended.code, 5);
    assert!(!program.written().is_empty());
    program.check().await;
}

async fn safeguards_refuse_or_park(psa: &'static str) {
    let program = program(psa).await;
    let client = offboarded(&program)[0].clone();
    let id = client.id.as_str();
    program.write_settings("[safeguards]\nmax_changes = 2\n");
    assert_eq!(program.run(&["run", "--client-id", id]).await.code, 6);
    program.write_settings("[safeguards]\nrequire_ticket = true\n");
    assert_eq!(program.run(&["run", "--client-id", id]).await.code, 6);
    program.write_settings("");
    let ended = program.run(&["run", "--client-id", id, "--require-approval"]).await;
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["state"], "awaiting_approval");
    assert_eq!(report["success"], false);
    assert!(report["configs"].as_array().unwrap().iter().any(|one| one["outcome"] == "planned"));
    assert!(program.written().is_empty());
    program.write_settings("[safeguards]\nmax_changes = 2\n");
    let count = active(&program, id).len().to_string();
    let ended = program.run(&["run", "--client-id", id, "--max-changes", &count]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    program.check().await;
}

async fn progress_is_json_lines_on_standard_error_when_asked_for(psa: &'static str) {
    let program = program(psa).await;
    let client = offboarded(&program)[0].clone();
    let ended = program.run(&["run", "--client-id", &client.id, "--progress", "json"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines: Vec<Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let last = lines.iter().rev().find(|line| line["type"] == "progress").unwrap();
    assert_eq!(last["done"], last["total"]);
    assert_eq!(last["state"], "finished");
    program.check().await;
}

async fn runs_are_listed_shown_and_exported(psa: &'static str) {
    let program = program(psa).await;
    let client = offboarded(&program)[0].clone();
    let report = program.run(&["run", "--client-id", &client.id]).await.report();
    let run = text(&report["run_id"]).to_owned();
    let listed = program.run(&["runs", "list", "--json"]).await;
    assert!(listed.stdout.contains(&run), "{listed:?}");
    let shown = program.run(&["runs", "show", &run]).await;
    assert!(shown.stdout.contains("approved by") && shown.stdout.contains("deactivated"), "{shown:?}");
    assert_eq!(program.run(&["runs", "export", &run]).await.report(), report);
    assert_eq!(program.run(&["runs", "export", "no-such-run"]).await.code, 2);
    program.check().await;
}

/// The program at work on one client with so many configurations, once some of them are written.
async fn at_work(psa: &str, configurations: usize) -> (Program, std::process::Child) {
    let options = Options {
        psa: psa.to_owned(),
        layout: mothball::simulator::Layout::Uniform { offboarded: 1, each: configurations },
        latency: std::time::Duration::from_millis(30),
        ..Options::default()
    };
    let program = Program::new(options).await;
    let companies = program.simulator.truth().companies;
    let client = &companies.values().find(|one| one.offboarded.any() && !one.own).unwrap().id;
    let most = configurations.to_string();
    let mut command = program.command(&["run", "--client-id", client, "--no-links", "--max-changes", &most]);
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while program.simulator.writes().len() < 20 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it wrote");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    (program, child)
}

/// Resumed the run finishes, and nothing is sent twice.
async fn resume(program: &Program, run: &str, configurations: usize) {
    let resumed = program.run(&["runs", "resume", run]).await;
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let report = resumed.report();
    assert_eq!(report["state"], "finished");
    assert_eq!(report["success"], true);
    assert_eq!(report["statistics"]["configs_deactivated"], configurations);
    assert_eq!(program.simulator.writes().len(), configurations, "one effective change each");
}

async fn an_interrupt_ends_in_good_order_with_a_report(psa: &'static str) {
    let all = facts(psa).many(300);
    let (program, child) = at_work(psa, all).await;
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    let ended = program.ended(&output);
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["state"], "interrupted");
    assert_eq!(report["success"], false);
    let written = program.written().len();
    assert!(written < all);
    assert_eq!(report["statistics"]["configs_deactivated"], written);
    assert!(ended.stderr.contains("mothball runs resume"), "{}", ended.stderr);
    let run = text(&report["run_id"]).to_owned();
    resume(&program, &run, all).await;
    // Resumed again there is nothing to do.
    assert_eq!(program.run(&["runs", "resume", &run]).await.code, 6);
    program.check().await;
}

async fn a_killed_run_is_resumed_without_sending_anything_unread(psa: &'static str) {
    let all = facts(psa).many(150);
    let (program, mut child) = at_work(psa, all).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let listed = program.run(&["runs", "list", "--json"]).await;
    let runs: Value = serde_json::from_str(&listed.stdout).unwrap();
    resume(&program, text(&runs[0]["run"]), all).await;
    program.check().await;
}

crate::support::vendor::on_every_psa!(
    one_client_by_id,
    a_dry_run_writes_nothing_and_is_a_success,
    one_client_by_name_apart_from_case_and_outer_space,
    two_clients_at_once_and_a_folder_of_reports,
    all_with_a_limit_of_clients_names_the_rest,
    all_without_anybody_watching_is_held_to_its_limits,
    archived_mixed_type_site_and_single_configurations,
    clients_that_cannot_be_meant,
    safeguards_refuse_or_park,
    progress_is_json_lines_on_standard_error_when_asked_for,
    runs_are_listed_shown_and_exported,
    an_interrupt_ends_in_good_order_with_a_report,
    a_killed_run_is_resumed_without_sending_anything_unread,
);
