//! `schedules list` of the real binary.

use std::sync::Arc;

use mothball::{
    domain::{RunId, Timestamp},
    simulator::Options,
    store::{Schedules as _, Store as _, sqlite::SqliteStore},
};
use serde_json::Value;

use crate::support::program::Program;

const TWO: &str = r#"
[[schedules]]
name = "nightly"
cron = "30 2 * * *"
time_zone = "Asia/Kathmandu"
all = true

[[schedules]]
name = "one"
cron = "0 9 1 1 *"
time_zone = "UTC"
client_ids = ["4711"]
client_names = ["Acme Ltd"]
dry_run = true
missed = "run_once"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_next_times_and_the_last_run_of_each_are_listed() {
    let program = Program::new(Options { clients: 5, configurations: 20, ..Options::default() }).await;
    let ended = program.run(&["schedules", "list"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""));
    assert!(ended.stderr.contains("[[schedules]]"), "{}", ended.stderr);

    program.write_settings(TWO);
    let dry = program.run(&["run", "--all", "--dry-run"]).await;
    let run = RunId::from(dry.report()["run_id"].as_str().unwrap());
    let store = Arc::new(SqliteStore::open(&program.data_dir()).await.unwrap());
    let marked = Timestamp::parse("2026-11-26T20:45:00Z").unwrap();
    store.mark_schedule("nightly", marked, Some(&run)).await.unwrap();
    store.close().await;

    let ended = program.run(&["schedules", "list"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines[0], "nightly  30 2 * * *  Asia/Kathmandu  (profile main, every offboarded client)");
    assert_eq!(lines[1].matches(" 02:30 +05:45").count(), 3, "{}", lines[1]);
    assert!(
        lines[2].starts_with(&format!("  last  {run}  20")) && lines[2].ends_with("  finished"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "one  0 9 1 1 *  UTC  (profile main, 2 clients by name, dry run)");
    assert!(lines[4].contains("-01-01 09:00 +00:00, "), "{}", lines[4]);
    assert_eq!(lines[5], "  last  never");

    let ended = program.run(&["schedules", "list", "--json", "--times", "2"]).await;
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&list[0]["name"], &list[0]["clients"], &list[0]["missed"]),
        (&"nightly".into(), &"all".into(), &"skip".into())
    );
    assert_eq!(list[0]["next"].as_array().unwrap().len(), 2);
    assert!(list[0]["next"][0].as_str().unwrap().ends_with("T20:45:00Z"), "{list}");
    assert_eq!(list[0]["looked_after_until"], "2026-11-26T20:45:00Z");
    assert_eq!(
        (&list[0]["last"]["run"], &list[0]["last"]["state"]),
        (&run.as_str().into(), &"finished".into())
    );
    assert_eq!(list[1]["clients"]["ids"][0], "4711");
    assert_eq!(list[1]["missed"], "run_once");
    assert!(list[1]["last"].is_null());
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_schedule_is_told_with_its_place_before_anything_is_begun() {
    let program = Program::new(Options { clients: 5, configurations: 20, ..Options::default() }).await;
    program.write_settings(&TWO.replace("30 2 * * *", "30 26 * * *").replace("\"UTC\"", "\"Europe/Berln\""));
    for arguments in [vec!["schedules", "list"], vec!["run", "--all"]] {
        let ended = program.run(&arguments).await;
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("schedules.cron: \"26\" is no hour"), "{}", ended.stderr);
        assert!(ended.stderr.contains("did you mean \"Europe/Berlin\"?"), "{}", ended.stderr);
    }
    program.check().await;
}
