//! The real binary on a team's database: lives that end anywhere are finished anywhere else, and a database that goes
//! away takes nothing with it.

use std::{path::PathBuf, process::Stdio, time::Duration};

use mothball::{
    domain::{Outcome, Plan, RunId, RunState},
    simulator::{Layout, Options},
    store::postgres::PostgresStore,
};

use crate::support::{
    postgres,
    program::{Ended, Program},
};

const ITEMS: usize = 24;

/// For so long the database is away.
const AWAY: Duration = Duration::from_secs(20);

fn options(psa: &str, clients: usize) -> Options {
    Options {
        psa: psa.to_owned(),
        layout: Layout::Uniform { offboarded: clients, each: ITEMS },
        latency: Duration::from_millis(25),
        ..Options::default()
    }
}

fn clients(program: &Program) -> Vec<String> {
    let companies = program.simulator.truth().companies.into_values();
    companies.filter(|one| one.offboarded.any() && !one.own).map(|one| one.id).collect()
}

/// Another computer of the team, as far as files go.
fn elsewhere(program: &Program, name: &str) -> PathBuf {
    program.folder.path().join(name)
}

/// Starts a run for this client and returns once it has written so much.
async fn begin(program: &Program, client: &str, writes: usize) -> tokio::process::Child {
    let command = program.command(&["run", "--client-id", client, "--no-links"]);
    let mut command = tokio::process::Command::from(command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    while program.written().len() < writes {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    child
}

async fn end(program: &Program, child: tokio::process::Child) -> Ended {
    let waiting = child.wait_with_output();
    let output = tokio::time::timeout(Duration::from_mins(3), waiting).await.expect("it ends").unwrap();
    program.ended(&output)
}

/// Stops the process as Ctrl-Z does, at the worst moment: the database waits for it in the middle of a transaction.
async fn freeze_in_a_transaction(child: &tokio::process::Child, database: &postgres::Database) {
    let pid = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())).unwrap();
    let mut watching = database.raw().await;
    loop {
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        // What it had asked for is answered by then.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let waited_for: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE application_name = $1 AND state = 'idle in transaction'",
        )
        .bind(format!("mothball {}", pid.as_raw_nonzero()))
        .fetch_one(&mut watching)
        .await
        .unwrap();
        if waited_for > 0 {
            return;
        }
        rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Each item of each run that was approved has one outcome, which is known; each was changed once.
async fn assert_settled(program: &Program, changed: usize) {
    let store = program.store().await;
    for summary in store.runs(1_000).await.unwrap() {
        let stored = store.run(&summary.header.run).await.unwrap().unwrap();
        let Some((bytes, digest)) = &stored.plan else { continue };
        let state = RunState::replay(&Plan::reopen(bytes, digest).unwrap(), &stored.events);
        for (id, item) in state.items.iter().filter(|_| state.approval.is_some()) {
            let outcome = item.settled().map(|settled| settled.outcome.clone());
            assert!(matches!(outcome, Some(Outcome::Deactivated { verified: true })), "{id}: {outcome:?}");
        }
    }
    assert_eq!(store.verify_all().await.unwrap(), []);
    assert_eq!(store.leases().await.unwrap(), []);
    store.close().await;
    let writes =
        program.simulator.writes().into_iter().filter(|write| !crate::support::notes::is_note(write));
    assert_eq!((program.written().len(), writes.count()), (changed, changed), "one effective change each");
}

async fn run_id(program: &Program) -> String {
    let listed = program.run(&["runs", "list", "--json"]).await;
    let list: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    list[0]["run"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_finished_by_another_computer() {
    for psa in mothball::simulator::psas() {
        let Some(database) = postgres::database().await else { return };
        let program = Program::of_a_team(options(psa, 1), database).await;
        let client = clients(&program).remove(0);
        let mut child = begin(&program, &client, ITEMS / 3).await;
        child.kill().await.unwrap();
        let id = run_id(&program).await;
        let there = elsewhere(&program, "there");
        let resumed = program.end(program.command_in(&there, &["runs", "resume", &id])).await;
        assert_eq!(resumed.code, 0, "{psa}: {}", resumed.stderr);
        assert_eq!(resumed.report()["run_id"].as_str(), Some(id.as_str()));
        assert_settled(&program, ITEMS).await;
        let doctor = program.end(program.command_in(&there, &["doctor"])).await;
        let covers = doctor.stdout.lines().find(|line| line.starts_with("locks")).unwrap();
        assert!(covers.contains("everybody who uses postgres://team@127.0.0.1"), "{covers}");
        let verified = program.end(program.command_in(&there, &["audit", "verify"])).await;
        assert_eq!(verified.code, 0, "{}", verified.stdout);
        program.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_resume_at_once_one_is_locked_out() {
    let Some(database) = postgres::database().await else { return };
    let program = Program::of_a_team(options("connectwise", 1), database).await;
    // One after the other, so that it is stopped in the middle.
    program.write_settings("[profiles.main.pace]\nin_flight = 2");
    let client = clients(&program).remove(0);
    let mut child = begin(&program, &client, 3).await;
    freeze_in_a_transaction(&child, program.team.as_ref().unwrap()).await;
    let id = run_id(&program).await;
    // While it lives nobody else gets it, however long it sleeps.
    let early = program.end(program.command_in(&elsewhere(&program, "a"), &["runs", "resume", &id])).await;
    assert_eq!(early.code, 7, "{}", early.stderr);
    child.kill().await.unwrap();
    let resume = async |name: &str| {
        program.end(program.command_in(&elsewhere(&program, name), &["runs", "resume", &id])).await
    };
    let (a, b) = tokio::join!(resume("a"), resume("b"));
    let mut codes = [a.code, b.code];
    codes.sort_unstable();
    // The one that came second finds it held, or done already.
    assert!(codes == [0, 7] || codes == [0, 6], "{codes:?}: {} {}", a.stderr, b.stderr);
    assert_settled(&program, ITEMS).await;
    program.check().await;
}

/// Stopped in good order and started again, and cut off as by a power cut: [`AWAY`] each.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_outlives_a_database_that_is_away_for_a_while() {
    let Some(server) = postgres::server().await else { return };
    // Slow enough to be in the middle for a while.
    let slowly = Options { faults: "slow=1:300ms@writes".parse().unwrap(), ..options("connectwise", 2) };
    let program = Program::of_a_team(slowly, server.database().await).await;
    program.write_settings("[profiles.main.pace]\nin_flight = 2");
    for (n, client) in clients(&program).into_iter().enumerate() {
        let child = begin(&program, &client, n * ITEMS + ITEMS / 3).await;
        if n == 0 {
            server.stop();
        } else {
            server.crash();
        }
        // What was journaled before may still go out; what was not cannot.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let gone_out = program.written();
        tokio::time::sleep(AWAY.saturating_sub(Duration::from_secs(2))).await;
        assert_eq!(program.written(), gone_out, "nothing is sent while nothing can be journaled");
        assert!(gone_out.len() < (n + 1) * ITEMS, "it was in the middle");
        server.start_again().await;
        let ended = end(&program, child).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert_eq!(ended.report()["success"], true);
        assert_settled(&program, (n + 1) * ITEMS).await;
    }
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_command_says_so_and_touches_nothing() {
    let Some(server) = postgres::server().await else { return };
    let program = Program::of_a_team(options("halopsa", 1), server.database().await).await;
    let client = clients(&program).remove(0);
    server.stop();
    for arguments in
        [&["run", "--client-id", &client][..], &["runs", "list"], &["doctor"], &["audit", "verify"]]
    {
        let ended = program.run(arguments).await;
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("postgres://team@127.0.0.1"), "{}", ended.stderr);
        assert!(ended.stderr.contains("Check that PostgreSQL runs"), "{}", ended.stderr);
    }
    assert_eq!(program.simulator.count(), 0, "the PSA was not even asked");
    server.start_again().await;
    assert_eq!(program.run(&["run", "--client-id", &client, "--no-links"]).await.code, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_parks_another_approves_undoes_and_exports() {
    let Some(database) = postgres::database().await else { return };
    let program = Program::of_a_team(options("autotask", 1), database).await;
    let client = clients(&program).remove(0);
    let parked = program.run(&["run", "--client-id", &client, "--require-approval", "--no-links"]).await;
    assert_eq!(parked.code, 3, "{}", parked.stderr);
    let id = parked.report()["run_id"].as_str().unwrap().to_owned();
    let there = elsewhere(&program, "there");
    let at = async |arguments: &[&str]| program.end(program.command_in(&there, arguments)).await;
    assert_eq!(at(&["runs", "approve", &id]).await.code, 0);
    let shown = at(&["runs", "show", &id]).await;
    assert!(shown.stdout.contains(&id), "{}", shown.stdout);
    assert_eq!(at(&["runs", "undo", &id]).await.code, 0);
    let exported = program.run(&["audit", "export"]).await;
    assert_eq!((exported.code, exported.stdout.lines().count() > ITEMS), (0, true));
    let store = program.store().await;
    assert!(store.run(&RunId::from(id.as_str())).await.unwrap().unwrap().report.is_some());
    store.close().await;
    program.check().await;
}

/// Autotask lets three calls at a time be made about one thing, and turns the fourth away.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_together_keep_to_the_limits_of_one_psa() {
    let Some(database) = postgres::database().await else { return };
    let program = Program::of_a_team(options("autotask", 2), database).await;
    let ids = clients(&program);
    let run = async |id: &str, data_dir: &str| {
        let command =
            program.command_in(&elsewhere(&program, data_dir), &["run", "--client-id", id, "--no-links"]);
        program.end(command).await
    };
    let (a, b) = tokio::join!(run(&ids[0], "a"), run(&ids[1], "b"));
    assert_eq!((a.code, b.code), (0, 0), "{} {}", a.stderr, b.stderr);
    let turned_away = program.simulator.requests().into_iter().filter(|seen| seen.status == 429).count();
    assert_eq!(turned_away, 0);
    assert_settled(&program, 2 * ITEMS).await;
    program.check().await;
}

/// The library and the binary agree on what an empty database is.
#[tokio::test]
async fn an_empty_database_gets_its_tables_once() {
    let Some(database) = postgres::database().await else { return };
    let opened = futures_util::future::join_all(
        (0..6).map(|_| async { PostgresStore::open(&database.address()).await }),
    );
    assert!(opened.await.iter().all(Result::is_ok));
}
