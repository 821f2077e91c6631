//! `mothball audit` from outside, and what the other commands make of a record that was altered.

use std::{fs, path::PathBuf};

use mothball::{
    domain::RunId,
    report::audit::AuditLine,
    simulator::{Layout, Options},
    store::{SqliteStore, Store},
    system::files::mode,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sqlx::ConnectOptions;

use super::{active, offboarded};
use crate::{
    store::samples,
    support::program::{Ended, Program},
};

async fn uniform(offboarded: usize, each: usize, latency_ms: u64) -> Program {
    let layout = Layout::Uniform { offboarded, each };
    let latency = std::time::Duration::from_millis(latency_ms);
    Program::new(Options { layout, latency, ..Options::default() }).await
}

fn file(program: &Program) -> PathBuf {
    program.data_dir().join("mothball.db")
}

/// Changes the file past the program; gives back what it was.
async fn meddle(program: &Program, statements: &[&'static str]) -> Vec<u8> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file(program)).foreign_keys(false);
    let mut past = options.connect().await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut past).await.unwrap();
    let before = fs::read(file(program)).unwrap();
    for statement in statements {
        let done = sqlx::query(*statement).execute(&mut past).await.unwrap();
        assert!(done.rows_affected() > 0, "{statement} changed nothing");
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut past).await.unwrap();
    sqlx::Connection::close(past).await.unwrap();
    before
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn rows(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_as_it_was_written_is_whole_and_every_report_agrees() {
    let program = uniform(2, 3, 0).await;
    let clients = offboarded(&program);
    let empty = program.run(&["audit", "verify"]).await;
    assert_eq!((empty.code, empty.stderr.as_str()), (0, ""));
    let folder = program.folder.path().join("reports/").display().to_string() + "/";
    let ended = program.run(&["run", "--all", "--attended", "--output", &folder]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let undo = program.run(&["runs", "undo", "--client-id", &clients[0].id]).await;
    assert_eq!(undo.code, 0, "{}", undo.stderr);
    let run = text(&undo.report()["run_id"]);

    let verified = program.run(&["audit", "verify", "--report", &folder]).await;
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    // Two kept beside the store; one per client and the joint one in the folder.
    assert!(verified.stdout.contains("2 runs with"), "{}", verified.stdout);
    assert!(verified.stdout.contains("5 reports looked at: all as it was written"), "{}", verified.stdout);
    let json = program.run(&["audit", "verify", &run, "--json"]).await;
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&found["whole"], &found["flaws"]), (&true.into(), &serde_json::json!([])));

    let settings = program.settings_path().display().to_string();
    for (arguments, words) in [
        (vec!["audit", "verify", "no-such-run"], "there is no run no-such-run"),
        (vec!["audit", "verify", "--report", "/no/such/report.json"], "/no/such/report.json"),
        (vec!["audit", "verify", "--report", &settings], "there is no report of mothball"),
        (vec!["audit", "export", "--since", "yesterday"], "yesterday"),
        (vec!["audit", "export", "--format", "xml"], "jsonl"),
        (vec!["audit"], "Usage"),
    ] {
        let ended = program.run(&arguments).await;
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_altered_is_named_and_neither_undone_nor_resumed_nor_approved() {
    let program = uniform(3, 40, 25).await;
    let clients = offboarded(&program);
    let done = text(&program.run(&["run", "--client-id", &clients[0].id]).await.report()["run_id"]);
    let parked = program.run(&["run", "--client-id", &clients[1].id, "--require-approval"]).await;
    let parked = text(&parked.report()["run_id"]);
    let before = program.simulator.writes().len();
    let mut command = program.command(&["run", "--client-id", &clients[2].id, "--no-links"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    while program.simulator.writes().len() < before + 5 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    let stopped = text(&program.ended(&output).report()["run_id"]);
    assert_eq!(program.run(&["audit", "verify"]).await.code, 0);
    let written = program.simulator.writes().len();

    for (statement, words) in [
        (
            "UPDATE records SET body = replace(body, '\"at\"', '\"aT\"') WHERE seq = 1",
            "record 1: it was edited",
        ),
        ("UPDATE records SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE seq = 1", "record 1"),
        ("DELETE FROM records WHERE seq = 1", "record 1 is missing before it"),
        ("UPDATE documents SET survey = replace(survey, '\"configuration\"', '\"Configuration\"')", "survey"),
        ("UPDATE items SET client_id = '1'", "is listed as"),
    ] {
        let intact = meddle(&program, &[statement]).await;
        let verified = program.run(&["audit", "verify"]).await;
        assert_eq!(verified.code, 6, "{statement}: {}", verified.stdout);
        for run in [&done, &parked, &stopped] {
            let line = verified.stdout.lines().find(|line| line.contains(run) && line.contains(words));
            assert!(line.is_some(), "{statement}: {run}, {words}: {}", verified.stdout);
        }
        assert!(verified.stdout.contains("What to do"), "{}", verified.stdout);
        assert!(verified.stdout.contains("a backup of mothball.db made after"), "{}", verified.stdout);
        let one = program.run(&["audit", "verify", &done, "--json"]).await;
        let found: Value = serde_json::from_str(&one.stdout).unwrap();
        assert_eq!((one.code, &found["whole"]), (6, &false.into()));
        assert!(
            found["flaws"].as_array().unwrap().iter().all(|flaw| flaw["run_id"] == done.as_str()),
            "{found}"
        );

        for arguments in [["runs", "undo", &done], ["runs", "approve", &parked], ["runs", "resume", &stopped]]
        {
            let ended = program.run(&arguments).await;
            assert_eq!(ended.code, 6, "{statement}, {arguments:?}: {}", ended.stderr);
            assert!(ended.stderr.contains("audit verify"), "{arguments:?}: {}", ended.stderr);
        }
        let client = program.run(&["runs", "undo", "--client-id", &clients[0].id]).await;
        assert_eq!(client.code, 6, "{statement}: {}", client.stderr);
        fs::write(file(&program), intact).unwrap();
    }
    assert_eq!(program.simulator.writes().len(), written, "nothing was sent");
    // As it was before, all of it goes on.
    assert_eq!(program.run(&["audit", "verify"]).await.code, 0);
    assert_eq!(program.run(&["runs", "resume", &stopped]).await.code, 0);
    assert_eq!(program.run(&["runs", "undo", &done]).await.code, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_was_cut_off_and_a_run_that_was_taken_away_are_told_by_reports() {
    let program = uniform(1, 3, 0).await;
    let client = offboarded(&program)[0].id.clone();
    let elsewhere = program.folder.path().join("sent.json");
    let arguments = ["run", "--client-id", &client, "--output", &elsewhere.display().to_string()];
    assert_eq!(program.run(&arguments).await.code, 0);
    let report: Value = serde_json::from_slice(&fs::read(&elsewhere).unwrap()).unwrap();
    let run = text(&report["run_id"]);
    assert_eq!(report["journal_head"].as_str().unwrap().len(), 64);

    // Whoever cuts the end off and writes everything that follows from it anew leaves no trace in the file.
    let cut_off = [
        "DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)",
        "UPDATE runs SET records = records - 1,
           head = (SELECT hash FROM records ORDER BY seq DESC LIMIT 1),
           last_event = (SELECT unixepoch(json_extract(body, '$.at'), 'subsec') * 1000 FROM records ORDER BY seq DESC LIMIT 1),
           phase = 'verifying'",
        "UPDATE documents SET report = NULL, report_digest = NULL",
    ];
    let intact = meddle(&program, &cut_off).await;
    let kept = program.data_dir().join("reports");
    let aside = program.folder.path().join("aside");
    fs::rename(&kept, &aside).unwrap();
    let alone = program.run(&["audit", "verify"]).await;
    assert_eq!(alone.code, 0, "the file alone cannot tell: {}", alone.stdout);
    let sent = program.run(&["audit", "verify", "--report", &elsewhere.display().to_string()]).await;
    assert_eq!(sent.code, 6);
    assert!(
        sent.stdout.contains("cut off or rewritten") && sent.stdout.contains("sent.json"),
        "{}",
        sent.stdout
    );
    fs::rename(&aside, &kept).unwrap();
    let beside = program.run(&["audit", "verify", &run]).await;
    assert_eq!(beside.code, 6, "the copy in the data directory tells: {}", beside.stdout);

    for rest in ["mothball.db", "mothball.db-wal", "mothball.db-shm"] {
        let _ = fs::remove_file(program.data_dir().join(rest));
    }
    let gone = program.run(&["audit", "verify", &run]).await;
    assert_eq!(gone.code, 6, "{}", gone.stdout);
    assert!(gone.stdout.contains(&run) && gone.stdout.contains("not in the store"), "{}", gone.stdout);
    for rest in ["mothball.db-wal", "mothball.db-shm"] {
        let _ = fs::remove_file(program.data_dir().join(rest));
    }
    fs::write(file(&program), &intact[..1000]).unwrap();
    let damaged = program.run(&["audit", "verify"]).await;
    assert_eq!(damaged.code, 6, "{}", damaged.stderr);
    assert!(damaged.stderr.contains("damaged") && damaged.stderr.contains("backup"), "{}", damaged.stderr);
    fs::write(file(&program), intact).unwrap();
    assert_eq!(program.run(&["audit", "verify"]).await.code, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_has_a_line_for_every_configuration_of_every_run() {
    let program = uniform(2, 3, 0).await;
    let clients = offboarded(&program);
    let (first, second) = (clients[0].id.clone(), clients[1].id.clone());
    let mut arguments =
        vec!["run", "--client-id", &first, "--reason", "=left, in \"May\"", "--ticket", "4711"];
    arguments.extend(["--requested-by", "joe"]);
    let report = program.run(&arguments).await.report();
    let dry = program.run(&["run", "--client-id", &second, "--dry-run"]).await.report();
    let undo = program.run(&["runs", "undo", &text(&report["run_id"])]).await.report();

    let exported = program.run(&["audit", "export"]).await;
    assert_eq!((exported.code, exported.stderr.as_str()), (0, ""));
    let lines = rows(&exported);
    assert_eq!(lines.len(), 9);
    let of = |run: &Value| lines.iter().filter(|line| line["run_id"] == *run).collect::<Vec<_>>();
    for (line, config) in of(&report["run_id"]).into_iter().zip(report["configs"].as_array().unwrap()) {
        for key in [
            "config_id",
            "config_name",
            "config_type",
            "site",
            "outcome",
            "skip_reason",
            "verified",
            "outcome_text",
        ] {
            assert_eq!(line[key], config[key], "{key}");
        }
        for key in ["psa", "profile", "operator", "requested_by", "reason", "ticket", "dry_run", "client_id"]
        {
            assert_eq!(line[key], report[key], "{key}");
        }
        for key in ["approved_by", "approval_digest", "plan_digest", "journal_head", "client_name"] {
            assert_eq!(line[key], report[key], "{key}");
        }
        let before_after = (&line["before_active"], &line["after_active"], &line["kind"], &line["attempts"]);
        assert_eq!(before_after, (&true.into(), &false.into(), &"deactivate".into(), &1.into()));
        assert_eq!(line["answer"], "accepted");
        let moments: Vec<String> = ["started_at", "approved_at", "intended_at", "answered_at", "settled_at"]
            .map(|key| text(&line[key]))
            .into();
        assert!(
            moments.is_sorted_by_key(|at| mothball::domain::Timestamp::parse(at).unwrap()),
            "{moments:?}"
        );
        assert_eq!((&line["source"], &line["journal_whole"]), (&"attended".into(), &true.into()));
        assert_eq!(line["journal_hash"].as_str().unwrap().len(), 64);
    }
    assert!(of(&dry["run_id"]).iter().all(|line| line["skip_reason"] == "dry_run" && line["attempts"] == 0));
    let back = of(&undo["run_id"]);
    assert!(back.iter().all(|line| line["kind"] == "undo" && line["parent_run_id"] == report["run_id"]));
    assert!(back.iter().all(|line| line["outcome"] == "restored" && line["after_active"] == true));

    for (arguments, count) in [
        (vec!["--client-id", second.as_str()], 3),
        (vec!["--since", "1h"], 9),
        (vec!["--since", "2020-01-01", "--until", "2020-12-31"], 0),
        (vec!["--until", "1h"], 0),
        (vec!["--tenant", lines[0]["tenant_id"].as_str().unwrap()], 9),
        (vec!["--tenant", "somebody else"], 0),
        (vec!["--profile", "main"], 9),
        (vec!["--profile", "other"], 0),
    ] {
        let arguments = [vec!["audit", "export"], arguments].concat();
        assert_eq!(rows(&program.run(&arguments).await).len(), count, "{arguments:?}");
    }

    let path = program.folder.path().join("audit.csv");
    let place = path.display().to_string();
    let ended = program.run(&["audit", "export", "--format", "csv", "--output", &place]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    assert_eq!(mode(&path).unwrap(), 0o600);
    let csv = fs::read_to_string(&path).unwrap();
    let head: Vec<String> = AuditLine::COLUMNS.iter().map(|name| format!("\"{name}\"")).collect();
    assert_eq!(csv.lines().next().unwrap(), head.join(","));
    assert_eq!(csv.lines().count(), 10);
    assert!(csv.contains("\"'=left, in \"\"May\"\"\""), "{csv}");
    assert_eq!(lines[0].as_object().unwrap().len(), AuditLine::COLUMNS.len());
    let unwritable = program.run(&["audit", "export", "--output", "/no/such/folder/x"]).await;
    assert_eq!(unwritable.code, 2, "{}", unwritable.stderr);

    let intact = meddle(
        &program,
        &["UPDATE records SET hash = 'x' WHERE seq = 2 AND run = (SELECT id FROM runs WHERE number = 1)"],
    )
    .await;
    let altered = program.run(&["audit", "export"]).await;
    assert_eq!(altered.code, 6, "{}", altered.stderr);
    assert!(altered.stderr.contains(&text(&report["run_id"])), "{}", altered.stderr);
    assert_eq!(rows(&altered).iter().filter(|line| line["journal_whole"] == false).count(), 3);
    fs::write(file(&program), intact).unwrap();
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_are_told_and_removed_only_when_somebody_says_so() {
    let program = uniform(1, 3, 0).await;
    let client = offboarded(&program)[0].id.clone();
    {
        // Runs of some years ago: as old as the samples are moved back.
        let store = SqliteStore::open(&program.data_dir()).await.unwrap();
        let years = -5 * 365 * 86_400;
        for (id, start) in [("r1", years), ("r2", years + 100), ("r3", years + 200)] {
            let run = samples::run(id, 2, start);
            store.create_run(&run).await.unwrap();
            store.append(&run.header.run, &samples::opening(&run, start)).await.unwrap();
            if id != "r3" {
                store
                    .append(&run.header.run, &samples::item(1, start + 1, samples::DEACTIVATED))
                    .await
                    .unwrap();
                store.append(&run.header.run, &[samples::finished(start + 2)]).await.unwrap();
            }
        }
        store.close().await;
    }
    program.write_settings("[store]\nretention_days = 30\n");
    let ended = program.run(&["run", "--client-id", &client]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let doctor = program.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("store    4 runs"), "{}", doctor.stdout);
    assert!(doctor.stdout.contains("2 runs are older than 30 days"), "{}", doctor.stdout);
    let listed = program.run(&["runs", "list"]).await;
    assert!(listed.stderr.contains("mothball audit prune"), "{}", listed.stderr);
    assert_eq!(listed.stdout.lines().count(), 4);

    let shown = program.run(&["audit", "prune"]).await;
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let fates: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(fates.len(), 3, "{}", shown.stdout);
    assert!(fates[0].starts_with("r1") && fates[0].ends_with("  goes"), "{fates:?}");
    assert!(fates[1].contains("the way to set 1 configuration back"), "{fates:?}");
    assert!(fates[2].contains("stays: it is applying"), "{fates:?}");
    assert!(shown.stderr.contains("nothing was removed"), "{}", shown.stderr);
    assert_eq!(program.run(&["runs", "list"]).await.stdout.lines().count(), 4);

    let intact = meddle(&program, &["UPDATE runs SET head = 'x' WHERE id = 'r1'"]).await;
    let refused = program.run(&["audit", "prune", "--yes"]).await;
    assert_eq!(refused.code, 6, "{}", refused.stderr);
    assert_eq!(program.run(&["runs", "list"]).await.stdout.lines().count(), 4);
    fs::write(file(&program), intact).unwrap();
    let archive = program.folder.path().join("old.jsonl");
    let place = archive.display().to_string();
    fs::write(&archive, "mine").unwrap();
    assert_eq!(program.run(&["audit", "prune", "--yes", "--archive", &place]).await.code, 2, "it is there");
    fs::remove_file(&archive).unwrap();

    let pruned = program.run(&["audit", "prune", "--yes", "--archive", &place]).await;
    assert_eq!(pruned.code, 0, "{}", pruned.stderr);
    assert!(
        pruned.stderr.contains("2 runs were removed") && pruned.stderr.contains(&place),
        "{}",
        pruned.stderr
    );
    assert_eq!(mode(&archive).unwrap(), 0o600);
    let lines: Vec<Value> = fs::read_to_string(&archive)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.iter().filter(|line| line["line"] == "run").count(), 2);
    assert_the_archive_proves_itself(&lines);

    let verified = program.run(&["audit", "verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert!(
        verified.stdout.contains("2 runs with") && verified.stdout.contains("2 pruned"),
        "{}",
        verified.stdout
    );
    let gone = program.run(&["runs", "show", "r1"]).await;
    assert_eq!(gone.code, 2);
    assert!(
        gone.stderr.contains("was pruned at") && gone.stderr.contains("jane@msp.example"),
        "{}",
        gone.stderr
    );
    let exported = program.run(&["audit", "export"]).await;
    assert!(exported.stderr.contains(&place), "{}", exported.stderr);
    assert!(
        !program.run(&["runs", "list"]).await.stderr.contains("audit prune"),
        "nothing is left to remove"
    );
    assert_eq!(program.run(&["runs", "list"]).await.stdout.lines().count(), 2);
    // The run that can still be resumed keeps its place.
    let store = SqliteStore::open(&program.data_dir()).await.unwrap();
    assert!(store.run(&RunId::from("r3")).await.unwrap().is_some());
    store.close().await;
    assert!(active(&program, &client).is_empty());
    program.check().await;
}

/// The hashes of the archived records can be checked without the store.
fn assert_the_archive_proves_itself(lines: &[Value]) {
    use mothball::store::journal::hash;
    for run in ["r1", "r2"] {
        let records: Vec<&Value> =
            lines.iter().filter(|line| line["line"] == "record" && line["run_id"] == run).collect();
        assert_eq!(records.len(), 8);
        for (seq, record) in (0..).zip(&records) {
            let (previous, body) = (text(&record["previous"]), text(&record["body"]));
            assert_eq!(hash(&previous, seq, &body), text(&record["hash"]));
            if seq > 0 {
                assert_eq!(previous, text(&records[seq as usize - 1]["hash"]));
            }
        }
        let genesis: Value = serde_json::from_str(records[0]["body"].as_str().unwrap()).unwrap();
        let line = lines.iter().find(|line| line["line"] == "run" && line["run_id"] == run).unwrap();
        for part in ["header", "survey", "plan"] {
            let digest = mothball::domain::plan::sha256(line[part].as_str().unwrap().as_bytes());
            assert_eq!(genesis[part], digest, "{part}");
        }
    }
}
