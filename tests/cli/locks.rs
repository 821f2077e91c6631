//! One writer per client: the second is told who holds it.

use mothball::{
    domain::{RunId, Tenant, Timestamp},
    simulator::Options,
    store::{Claim, Holder, Store, sqlite::SqliteStore},
    system::process::Identity,
};

use crate::support::program::Program;

async fn a_client_that_another_run_holds_is_left_alone(psa: &'static str) {
    let program =
        Program::new(Options { psa: psa.to_owned(), clients: 60, configurations: 900, ..Options::default() })
            .await;
    let dry = program.run(&["run", "--all", "--dry-run"]).await.report();
    let tenant: Tenant = serde_json::from_value(dry["tenant"].clone()).unwrap();
    let with_changes: Vec<String> = dry["clients"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|client| {
            client["configs"].as_array().unwrap().iter().any(|one| one["skip_reason"] == "dry_run")
        })
        .map(|client| client["client_id"].as_str().unwrap().to_owned())
        .collect();
    let (first, second) = (with_changes[0].as_str(), with_changes[1].as_str());
    let store = SqliteStore::open(&program.data_dir()).await.unwrap();
    let holder = Holder { process: Identity::own(), operator: "john".into() };
    let run = RunId::from("another-run");
    let now = Timestamp::from_seconds(1_790_000_000);
    let acquired = store.acquire(&tenant, &[first.into()], Claim::All, &run, &holder, now).await.unwrap();
    assert!(acquired.held.is_empty());

    let ended = program.run(&["run", "--client-id", first]).await;
    assert_eq!(ended.code, 7, "{}", ended.stderr);
    let report = ended.report();
    assert_eq!(report["errors"][0]["code"], "RunLocked");
    assert!(ended.stderr.contains("another-run") && ended.stderr.contains("john"), "{}", ended.stderr);
    assert!(program.written().is_empty());

    let ended = program.run(&["run", "--client-id", first, "--client-id", second]).await;
    assert_eq!(ended.code, 7, "the worst of theirs: {}", ended.stderr);
    assert!(!program.simulator.writes().is_empty(), "the other client is done all the same");
    assert!(program.simulator.writes().iter().all(|write| write.client == second));

    // A parked run takes no lock, and waits on when another run is at work on its client.
    let parked = program.run(&["run", "--client-id", first, "--require-approval"]).await;
    assert_eq!(parked.code, 3, "{}", parked.stderr);
    let parked = parked.report()["run_id"].as_str().unwrap().to_owned();
    let ended = program.run(&["runs", "approve", &parked]).await;
    assert_eq!(ended.code, 7, "{}", ended.stderr);
    assert!(ended.stderr.contains("another-run") && ended.stderr.contains("john"), "{}", ended.stderr);

    // Of all clients only the held one is left out.
    let ended = program.run(&["run", "--all", "--attended", "--max-changes", "5000"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = ended.report();
    let held =
        report["clients"].as_array().unwrap().iter().find(|client| client["client_id"] == first).unwrap();
    assert!(
        held["warnings"].as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains("RunLocked"))
    );
    let written: std::collections::BTreeSet<String> =
        program.simulator.writes().into_iter().map(|write| write.client).collect();
    assert!(written.len() > 2 && !written.contains(first), "{written:?}");

    // What a run of a process that has ended left behind is taken over.
    store.release(&run).await.unwrap();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let gone = Holder { process: Identity { pid: child.id(), ..Identity::own() }, operator: "gone".into() };
    store.acquire(&tenant, &[first.into()], Claim::All, &run, &gone, now).await.unwrap();
    let ended = program.run(&["runs", "approve", &parked]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let doctor = program.run(&["doctor"]).await.stdout;
    let covers = doctor.lines().find(|line| line.starts_with("locks")).unwrap();
    assert!(covers.contains(&program.data_dir().display().to_string()), "{covers}");
    program.check().await;
}

crate::support::vendor::on_every_psa!(a_client_that_another_run_holds_is_left_alone,);
