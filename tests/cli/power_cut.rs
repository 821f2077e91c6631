//! A power cut at any moment of a run: what was synced is on the disk, and of the rest whatever the disk had got round to.
//! From that the store opens whole, misses no intent of anything that was sent, and the run goes on.
//! `MOTHBALL_POWER_CUTS=10000` makes so many cuts by chance on each PSA.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use mothball::{
    domain::Event,
    simulator::{Layout, Options, Truth, Write},
    store::{SqliteStore, Store},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::bad_disk::told;
use crate::support::{
    bad_disk::{self, Fault, Operation, Remains, What},
    program::Program,
    quick::adapter,
    world,
};

const ITEMS: usize = 50;
/// So many cuts are followed by a run that goes on.
const RESUMES: u64 = 12;

fn cuts() -> u64 {
    let wanted = mothball::system::environment::variable("MOTHBALL_POWER_CUTS");
    wanted.and_then(|text| text.parse().ok()).unwrap_or(120)
}

/// A run that was watched by the disk, and what the PSA took from it.
struct Recorded {
    program: Program,
    before: Truth,
    folder: PathBuf,
    log: Vec<Operation>,
    writes: Vec<Write>,
}

impl Recorded {
    async fn new(psa: &str) -> Option<Self> {
        let library = bad_disk::library()?;
        let layout = Layout::Uniform { offboarded: 1, each: ITEMS };
        let latency = std::time::Duration::from_millis(3);
        let program =
            Program::new(Options { psa: psa.to_owned(), layout, latency, ..Options::default() }).await;
        let before = program.simulator.truth();
        let client = before.companies.values().find(|one| one.offboarded.any() && !one.own).unwrap();
        let log = tempfile::NamedTempFile::new().unwrap();
        let folder = program.data_dir();
        let mut command = program.command(&["run", "--client-id", &client.id, "--no-links"]);
        bad_disk::put_under(&mut command, library, &folder, log.path(), Fault::default());
        let ended = program.end(command).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let writes = program.simulator.writes();
        assert_eq!(writes.len(), ITEMS);
        Some(Self { before, folder, log: bad_disk::read_log(log.path()), writes, program })
    }

    /// The files just before the operation of this number returned.
    fn cut_before(&self, operation: usize) -> Remains {
        let mut remains = Remains::none(&self.folder);
        for one in &self.log[..operation] {
            remains.happens(one);
        }
        remains
    }

    /// Whether the PSA had taken this write when the operation of this number returned.
    fn was_taken(&self, write: &Write, operation: usize) -> bool {
        self.log.get(operation).is_none_or(|cut| write.at.as_millisecond() < cut.at)
    }

    /// The store in what is left: whole, and with the intent of everything that the PSA had taken.
    async fn check(&self, files: &bad_disk::Files, operation: usize, name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        bad_disk::lay_out(files, folder.path());
        let (_, intended) = told(folder.path()).await;
        for write in self.writes.iter().filter(|write| self.was_taken(write, operation)) {
            assert!(
                intended.contains(&write.id),
                "{name}: {} was sent, and no intent is left of it",
                write.id
            );
        }
        folder
    }

    /// The PSA as it was when the power went, and the run that goes on from there.
    async fn go_on(&self, folder: &std::path::Path, operation: usize, name: &str) {
        self.program.simulator.edit(|edits| {
            for write in &self.writes {
                let was = &self.before.configurations[&write.id];
                if self.was_taken(write, operation) {
                    continue;
                }
                edits.set_active(&write.id, true);
                if let Some(status) = &was.status {
                    edits.set_status(&write.id, status);
                }
            }
        });
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder).await.unwrap());
        let psa = self.program.simulator.psa();
        let engine = world::engine_on(adapter(&self.program.simulator), Arc::clone(&store), psa);
        let mut outcomes = 0;
        for (run, _) in store.unsettled(None).await.unwrap() {
            let stored = store.run(&run).await.unwrap().unwrap();
            if !stored.events.iter().any(|event| matches!(event.event, Event::Approved { .. })) {
                continue;
            }
            let finished = engine.resume(stored).await.unwrap().wait().await;
            world::report_of(&engine, &finished);
            outcomes += finished.state.items.values().filter(|item| item.settled().is_some()).count();
            assert_eq!(outcomes, ITEMS, "{name}: {:?}", finished.state.problems);
        }
        assert_eq!(store.verify_all().await.unwrap(), []);
        let truth = self.program.simulator.truth();
        let active = self.writes.iter().filter(|write| truth.configurations[&write.id].is_active()).count();
        let done_before = outcomes == 0 && active == 0;
        assert!(
            active == 0 && outcomes == ITEMS || active == ITEMS && outcomes == 0 || done_before,
            "{name}: {active}"
        );
        // For the next one all is as after the first run.
        self.program
            .simulator
            .edit(|edits| self.writes.iter().for_each(|one| edits.set_active(&one.id, false)));
        store.close().await;
    }
}

async fn after_a_power_cut_nothing_acknowledged_is_missing(psa: &'static str) {
    let Some(recorded) = Recorded::new(psa).await else { return };
    let syncs: Vec<usize> =
        (0..recorded.log.len()).filter(|at| recorded.log[*at].what == What::Sync).collect();
    // Just before and just after each sync, with nothing of what was not synced, and with all of it.
    let mut ends = 0;
    for at in syncs.iter().flat_map(|sync| [*sync, sync + 1]).collect::<BTreeSet<_>>() {
        let remains = recorded.cut_before(at);
        let name = format!("{psa}, cut at operation {at}");
        recorded.check(&remains.at_worst(), at, &name).await;
        recorded.check(&remains.at_best(), at, &name).await;
        ends += 2;
    }
    let mut resumed = 0;
    for seed in 1..=cuts() {
        let mut dice = StdRng::seed_from_u64(seed);
        let at = dice.random_range(0..=recorded.log.len());
        let remains = recorded.cut_before(at);
        let name = format!("{psa}, seed {seed}, cut at operation {at}, {} not synced", remains.pending());
        let folder = recorded.check(&remains.by_chance(&mut dice), at, &name).await;
        if seed % (cuts() / RESUMES).max(1) == 0 {
            recorded.go_on(folder.path(), at, &name).await;
            resumed += 1;
        }
    }
    crate::support::say(&format!(
        "{psa}: {} operations of the disk, {ends} cuts at the {} syncs and {} by chance, {resumed} of them resumed",
        recorded.log.len(),
        syncs.len(),
        cuts()
    ));
    // The name of the journal was made durable before anything was sent.
    let first = recorded.writes.iter().map(|write| write.at.as_millisecond()).min().unwrap();
    let opened = recorded.log.iter().position(|one| one.path.ends_with("mothball.db-wal")).unwrap();
    let named = |one: &Operation| {
        one.what == What::Sync && one.done && one.path == recorded.folder && one.at <= first
    };
    assert!(recorded.log[opened..].iter().any(named), "the folder was not synced before the first change");
    recorded.program.check().await;
}

crate::support::vendor::on_every_psa!(after_a_power_cut_nothing_acknowledged_is_missing,);
