//! Bad input: a clear message, the right exit code, nothing lost.

use mothball::simulator::Options;

use crate::support::{
    program::{Program, variable},
    vendor,
};

async fn program(psa: &str) -> Program {
    Program::new(Options { psa: psa.to_owned(), clients: 20, configurations: 100, ..Options::default() })
        .await
}

fn first_offboarded(program: &Program) -> String {
    let truth = program.simulator.truth();
    truth
        .companies
        .values()
        .find(|one| {
            one.offboarded.any()
                && !one.own
                && !one.deleted
                && truth.configurations.values().any(|config| config.company == one.id && config.is_active())
        })
        .unwrap()
        .id
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kinds_of_broken_settings() {
    let program = program("connectwise").await;
    let good = std::fs::read_to_string(program.settings_path()).unwrap();
    for (from, to, words) in [
        ("company_id", "compny_id", vec!["compny_id", "company_id"]),
        ("psa = \"connectwise\"", "psa = \"conectwise\"", vec!["conectwise", "connectwise"]),
        ("inactive = true", "inactive = \"yes\"", vec!["inactive"]),
        ("inactive = true", "inactive = true\nfoo = 1", vec!["foo"]),
        ("[profiles.main.offboarded]", "[profiles.main.offborded]", vec!["offborded", "offboarded"]),
        ("public_key = ", "# public_key = ", vec!["public_key"]),
        ("http://127.0.0.1", "http://psa.example", vec!["https"]),
        ("default_profile = \"main\"", "default_profile = \"mian\"", vec!["mian", "main"]),
        ("MOTHBALL_TEST_PRIVATE_KEY", "MOTHBALL_NOT_SET", vec!["MOTHBALL_NOT_SET", "private_key"]),
        ("[profiles.main]", "[profiles.main", vec!["config.toml:4:"]),
        ("contract_ended_days = 30", "contract_ended_days = -3", vec!["contract_ended_days"]),
        ("status = \"Retired\"", "status = \"Retird\"", vec!["Retird", "Retired"]),
        (
            "statuses = [\"Former Client\"]",
            "statuses = [\"Fromer Client\"]",
            vec!["Fromer Client", "Former Client"],
        ),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(program.settings_path(), good.replacen(from, to, 1)).unwrap();
        let ended = program.run(&["run", "--all", "--dry-run"]).await;
        assert_eq!(ended.code, 2, "{to}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{to}: {word} is not told: {}", ended.stderr);
        }
        assert!(ended.stdout.is_empty());
    }
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_settings_at_all() {
    let program = program("connectwise").await;
    std::fs::remove_file(program.settings_path()).unwrap();
    let ended = program.run(&["run", "--all"]).await;
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("config.toml") && ended.stderr.contains("mothball demo"),
        "{}",
        ended.stderr
    );
    program.check().await;
}

async fn wrong_keys_are_told_as_such_and_tried_once(psa: &'static str) {
    let program = program(psa).await;
    let client = first_offboarded(&program);
    let mut command = program.command(&["run", "--client-id", &client]);
    command.env(variable(vendor::secret_keys(psa)[0]), "not-the-right-key");
    let output = tokio::process::Command::from(command).output().await.unwrap();
    let ended = program.ended(&output);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["errors"][0]["code"], "AuthenticationFailed");
    assert_eq!(report["client_id"], serde_json::json!(client));
    let tried = program.simulator.requests().iter().filter(|request| request.status == 401).count();
    assert_eq!(tried, 1, "a refused sign-in is not tried again by itself");
    program.check().await;
}

async fn nobody_listens(psa: &'static str) {
    let program = program(psa).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let good = std::fs::read_to_string(program.settings_path()).unwrap();
    let wrong = good.replace(&program.simulator.base_url(), &format!("http://127.0.0.1:{free}"));
    std::fs::write(program.settings_path(), wrong).unwrap();
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, 4, "{} {}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("cannot be reached"), "{}", ended.stdout);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_cannot_be_written() {
    let program = program("connectwise").await;
    std::fs::write(program.data_dir(), "a file where a folder should be").unwrap();
    let ended = program.run(&["run", "--all", "--dry-run"]).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("--data-dir"), "{}", ended.stderr);
    std::fs::remove_file(program.data_dir()).unwrap();
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_path_that_cannot_be_written_loses_nothing() {
    let program = program("connectwise").await;
    let client = first_offboarded(&program);
    let ended = program
        .run(&["run", "--client-id", &client, "--dry-run", "--output", "/proc/no/such/report.json"])
        .await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let kept =
        ended.stderr.lines().find_map(|line| line.split("kept at ").nth(1)).expect("the kept path is told");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(kept.trim()).unwrap()).unwrap();
    crate::support::schema::assert_valid(&report);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_needs_a_terminal() {
    let program = program("connectwise").await;
    let ended = program.run(&["review"]).await;
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("mothball run"), "{}", ended.stderr);
    program.check().await;
}

async fn doctor_says_that_the_main_job_can_be_done(psa: &'static str) {
    let program = program(psa).await;
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("The main job can be done"), "{}", ended.stdout);
    assert!(program.simulator.writes().is_empty());
    program.check().await;
}

crate::support::vendor::on_every_psa!(
    wrong_keys_are_told_as_such_and_tried_once,
    nobody_listens,
    doctor_says_that_the_main_job_can_be_done,
);
