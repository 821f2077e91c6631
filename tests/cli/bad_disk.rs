//! The real binary on a disk of which the n-th operation fails, for every n: once, or from there on for good.
//! `MOTHBALL_DISK=all` takes every n on every PSA; without it most of them are left out.

use std::{collections::BTreeSet, path::Path, process::Command};

use mothball::{
    domain::{Event, Plan, RunState},
    simulator::{Layout, Options, Write},
    store::{SqliteStore, Store},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    bad_disk::{self, Fault, Operation, Remains, What},
    canary,
    program::{Ended, Program},
    world,
};

const ITEMS: usize = 20;

/// A PSA with many clients of the same size, and a data directory with a store in it that nothing has happened in yet.
pub(super) struct Bench {
    pub program: Program,
    untouched: TempDir,
    clients: Vec<String>,
}

/// What came of one life.
pub(super) struct Life {
    pub ended: Ended,
    pub client: String,
    pub data: TempDir,
    log: Vec<Operation>,
    /// What a power cut at its end would have left of the store at worst.
    remains: Remains,
}

impl Bench {
    pub async fn new(psa: &str, lives: usize) -> Self {
        let layout = Layout::Uniform { offboarded: lives, each: ITEMS };
        let options = Options { psa: psa.to_owned(), layout, ..Options::default() };
        let program = Program::new(options).await;
        let companies = program.simulator.truth().companies.into_values();
        let clients = companies.filter(|one| one.offboarded.any() && !one.own).map(|one| one.id).collect();
        let untouched = tempfile::tempdir().unwrap();
        SqliteStore::open(untouched.path()).await.unwrap().close().await;
        Self { program, untouched, clients }
    }

    async fn life(&mut self, fault: Fault) -> Life {
        self.life_in(fault, |command, _| command).await
    }

    /// The same within something that limits the disk: what starts the program, given the folder of the store that
    /// nothing has happened in yet.
    pub async fn life_in(&mut self, fault: Fault, within: impl Fn(Command, &Path) -> Command) -> Life {
        let client = self.clients.pop().expect("there are clients enough");
        let data = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.untouched.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), data.path().join(entry.file_name())).unwrap();
        }
        let mut remains = Remains::of(data.path());
        let log = tempfile::NamedTempFile::new().unwrap();
        let arguments = ["run", "--client-id", &client, "--no-links"];
        let mut command = self.program.command_in(data.path(), &arguments);
        let library = bad_disk::library().expect("it was built before");
        bad_disk::put_under(&mut command, library, data.path(), log.path(), fault);
        let ended = self.program.end(within(command, self.untouched.path())).await;
        let log = bad_disk::read_log(log.path());
        for operation in &log {
            remains.happens(operation);
        }
        Life { ended, client, data, log, remains }
    }
}

fn thorough() -> bool {
    mothball::system::environment::variable("MOTHBALL_DISK").as_deref() == Some("all")
}

/// The faults to try, given what a life does to a disk that works: each n once and for good; or, for a quick look, what
/// matters most, the syncs, and few of the rest.
fn faults(log: &[Operation]) -> Vec<Fault> {
    // No two lives are alike: a few more than this one had.
    let numbers = 1..=log.len() as u64 + 4;
    let both = |at| [false, true].map(|lasting| Fault { at, lasting });
    if thorough() {
        return numbers.flat_map(both).collect();
    }
    let syncs = numbers.clone().zip(log).filter(|(_, one)| one.what == What::Sync).map(|(at, _)| at);
    let syncs = syncs.take(20).map(|at| Fault { at, lasting: at % 2 == 0 });
    syncs.chain(numbers.step_by(53).flat_map(both)).collect()
}

/// The runs in a store, each as its journal tells it, and the ids of items for which an intent stands in it.
pub async fn told(folder: &Path) -> (Vec<RunState>, BTreeSet<String>) {
    let store = SqliteStore::open(folder).await.unwrap();
    assert_eq!(store.verify_all().await.unwrap(), []);
    let (mut states, mut intended) = (Vec::new(), BTreeSet::new());
    for summary in store.runs(1_000).await.unwrap() {
        let stored = store.run(&summary.header.run).await.unwrap().unwrap();
        for stamped in &stored.events {
            if let Event::Intended { config_id, .. } = &stamped.event {
                intended.insert(config_id.to_string());
            }
        }
        let Some((bytes, digest)) = &stored.plan else { continue };
        states.push(RunState::replay(&Plan::reopen(bytes, digest).unwrap(), &stored.events));
    }
    store.close().await;
    (states, intended)
}

impl Bench {
    fn written(&self, client: &str) -> Vec<Write> {
        self.program.simulator.writes().into_iter().filter(|write| write.client == client).collect()
    }

    /// Whatever failed: nothing was sent whose intent was not safe, and the program says what to do.
    pub async fn check(&self, life: &Life, name: &str) {
        let written = self.written(&life.client);
        let cut = tempfile::tempdir().unwrap();
        bad_disk::lay_out(&life.remains.at_worst(), cut.path());
        let (_, intended) = told(cut.path()).await;
        for write in &written {
            assert!(
                intended.contains(&write.id),
                "{name}: {} was written before its intent was safe",
                write.id
            );
        }
        for (at, operation) in life.log.iter().enumerate() {
            let again = |later: &&Operation| later.what == What::Sync && later.path == operation.path;
            // A folder is synced each time that something new is in it, which is another thing each time.
            if operation.what == What::Sync && !operation.done && operation.path != life.data.path() {
                let later = life.log[at + 1..].iter().find(again);
                assert!(
                    later.is_none(),
                    "{name}: a failed sync of {} was tried again",
                    operation.path.display()
                );
            }
        }
        let Ended { code, stdout, stderr } = &life.ended;
        if *code != 0 {
            assert!([2, 6].contains(code), "{name}: ended with {code}: {stderr}");
            let ways_out = ["runs resume", "--data-dir", "runs export"];
            assert!(
                ways_out.iter().any(|words| stderr.contains(words)),
                "{name}: no way out is told: {stderr}"
            );
        }
        if stdout.is_empty() {
            assert_ne!(*code, 0, "{name}: no report");
        } else {
            let report = life.ended.report();
            let no_copy = stderr.contains("no copy of the report could be kept");
            assert_eq!(
                report["success"],
                Value::Bool(*code == 0 || no_copy && *code == 2),
                "{name}: {stderr}"
            );
            assert!(report["success"] == false || written.len() == ITEMS, "{name}: a success that is none");
        }
        assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    }

    /// With a disk that works again every item comes to one outcome, and none is changed twice.
    pub async fn resume(&self, life: &Life, name: &str) {
        let resumed =
            self.program.end(self.program.command_in(life.data.path(), &["runs", "resume", "--all"])).await;
        assert_eq!(resumed.code, 0, "{name}: {}", resumed.stderr);
        let left = super::active(&self.program, &life.client).len();
        assert!(left == 0 || left == ITEMS, "{name}: {left} were left");
        assert_eq!(self.written(&life.client).len(), ITEMS - left, "{name}: one effective change each");
        let (states, _) = told(life.data.path()).await;
        for state in states.iter().filter(|state| state.approval.is_some()) {
            assert!(state.items.values().all(|item| item.settled().is_some()), "{name}: {state:?}");
        }
        let store = SqliteStore::open(life.data.path()).await.unwrap();
        let ours = |write: &Write| write.client == life.client;
        world::check_writes_where(&self.program.simulator, &store, ours).await;
        canary::assert_clean(life.data.path(), &self.program.simulator);
    }
}

async fn the_nth_operation_of_the_disk_fails(psa: &'static str) {
    let Some(_) = bad_disk::library() else { return };
    let mut bench = Bench::new(psa, if thorough() { 1_500 } else { 60 }).await;
    let whole = bench.life(Fault::default()).await;
    assert_eq!(whole.ended.code, 0, "{}", whole.ended.stderr);
    bench.check(&whole, "nothing fails").await;
    let (mut lives, mut failed) = (0, 0);
    for Fault { at, lasting } in faults(&whole.log) {
        let name = format!("{psa}, operation {at} fails{}", if lasting { " and all after it" } else { "" });
        let life = bench.life(Fault { at, lasting }).await;
        bench.check(&life, &name).await;
        bench.resume(&life, &name).await;
        lives += 1;
        failed += u32::from(life.ended.code != 0);
    }
    crate::support::say(&format!(
        "{psa}: {lives} lives on a disk that fails ({failed} of them ended early), each resumed on a good one"
    ));
    assert!(failed > lives / 4, "the faults were met");
    bench.program.checked_by_life();
}

crate::support::vendor::on_every_psa!(the_nth_operation_of_the_disk_fails,);
