//! The world stops at every point between two steps of a run: before and after each record of the journal, each lock,
//! each call to the PSA. From the store alone the run is then resumed, or another run begins, and nothing is lost.
//!
//! "Stopped" is as good as killed: the calls that are under way never return, and every task of the run is dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use mothball::{
    domain::{
        Change, Client, ClientId, ConfigId, Configuration, Criteria, Listing, Outcome, Phase, Plan, RunId,
        RunState, StatusRef, Tenant, Wanted,
        event::Notice,
        note::{Note, Place},
        selection::Scope,
        tenant::Nouns,
    },
    engine::{Engine, EngineError, Finished, Undo, UndoOf, Who},
    psa::{
        Psa,
        port::{
            Capabilities, Check, ClientScope, Clients, LinkReading, News, NoteReply, Result as PsaResult,
            SetAnswer, Ticket,
        },
        registry::ROOMS,
    },
    simulator::{Layout, Options},
    store::{Holder, Result as StoreResult, Store},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Notify, broadcast},
};
use tokio_util::sync::CancellationToken;

use super::offboarded;

mod notes;

use crate::support::{
    guarded_store::{Doorkeeper, GuardedStore, Kind},
    quick::{Quick, adapter_noting},
    vendor::facts,
    world::{client, draft, who},
};

const ITEMS: usize = 20;

/// Counts the steps of a life, and stops the world at one of them.
#[derive(Default)]
struct Brake {
    stop_at: u64,
    steps: AtomicU64,
    stopped: AtomicBool,
    bell: Notify,
}

impl Brake {
    fn at(stop_at: u64) -> Arc<Self> {
        Arc::new(Self { stop_at, ..Self::default() })
    }

    async fn step(&self) {
        if self.steps.fetch_add(1, Ordering::SeqCst) >= self.stop_at {
            self.stopped.store(true, Ordering::SeqCst);
            self.bell.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// The step before, the call, and the step after it.
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        self.step().await;
        let answer = call.await;
        self.step().await;
        answer
    }
}

/// What a life asked of the PSA, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Read(BTreeSet<ConfigId>),
    Set(ConfigId),
}

struct StoppingPsa {
    inner: Arc<dyn Psa>,
    brake: Arc<Brake>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[async_trait]
impl Psa for StoppingPsa {
    fn nouns(&self) -> Nouns {
        self.inner.nouns()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices()
    }

    async fn tenant(&self) -> PsaResult<Tenant> {
        self.brake.around(self.inner.tenant()).await
    }

    async fn refresh(&self) {
        self.inner.refresh().await;
    }

    async fn wanted(&self, status: Option<&str>) -> PsaResult<Wanted> {
        self.inner.wanted(status).await
    }

    async fn has_status(&self, status: &StatusRef) -> PsaResult<bool> {
        self.inner.has_status(status).await
    }

    async fn clients(&self, scope: ClientScope<'_>, criteria: &Criteria) -> PsaResult<Clients> {
        self.brake.around(self.inner.clients(scope, criteria)).await
    }

    async fn configurations(
        &self,
        clients: &[ClientId],
        news: Option<&News>,
    ) -> PsaResult<Listing<Configuration>> {
        self.inner.configurations(clients, news).await
    }

    async fn active_configurations(&self) -> PsaResult<u64> {
        self.inner.active_configurations().await
    }

    async fn links(&self, clients: &[Client], configurations: &[Configuration]) -> LinkReading {
        self.brake.around(self.inner.links(clients, configurations)).await
    }

    async fn read(&self, ids: &[ConfigId]) -> PsaResult<BTreeMap<ConfigId, Option<Configuration>>> {
        let rows = self.brake.around(self.inner.read(ids)).await;
        self.asked.lock().unwrap().push(Asked::Read(ids.iter().cloned().collect()));
        rows
    }

    async fn set(&self, changes: &[Change], hold: &CancellationToken) -> Vec<SetAnswer> {
        self.brake.step().await;
        let asked = changes.iter().map(|change| Asked::Set(change.config_id().clone()));
        self.asked.lock().unwrap().extend(asked);
        let answers = self.inner.set(changes, hold).await;
        self.brake.step().await;
        answers
    }

    async fn ticket(&self, named: &str) -> PsaResult<Option<Ticket>> {
        self.brake.around(self.inner.ticket(named)).await
    }

    async fn note(&self, note: &Note, hold: &CancellationToken) -> NoteReply {
        self.brake.around(self.inner.note(note, hold)).await
    }

    async fn has_note(&self, place: &Place, mark: &str) -> PsaResult<bool> {
        self.brake.around(self.inner.has_note(place, mark)).await
    }

    async fn check(&self) -> Vec<Check> {
        self.inner.check().await
    }
}

/// The store as one process sees it, which will be dead by the time the next one looks.
struct Mortal {
    brake: Arc<Brake>,
    /// Another one in each life, so that the lives before it are known to have ended.
    boot: String,
}

impl Doorkeeper for Mortal {
    async fn change<T: Send>(
        &self,
        kind: Kind,
        change: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        match kind {
            Kind::Run => self.brake.around(change).await,
            Kind::Other => change.await,
        }
    }

    fn holder(&self, holder: &Holder) -> Holder {
        let mut holder = holder.clone();
        holder.process.boot.clone_from(&self.boot);
        holder
    }
}

/// What a life of the program sets out to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Job {
    Deactivate,
    Resume(RunId),
    Undo(RunId),
}

/// A simulated PSA with one client to retire, and the lives that worked on it.
struct Story {
    /// What the simulator runs on; the lives have runtimes of their own.
    outer: Runtime,
    quick: Quick,
    client: String,
    who: Who,
    asked: Arc<Mutex<Vec<Asked>>>,
    lives: AtomicU64,
}

impl Story {
    fn new(psa: &str) -> Self {
        let outer = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let layout = Layout::Uniform { offboarded: 1, each: ITEMS };
        let options = Options { psa: psa.to_owned(), layout, ..Options::default() };
        let quick = outer.block_on(Quick::new(options));
        let client = offboarded(&quick.simulator)[0].clone();
        Self { outer, quick, client, who: who(), asked: Arc::default(), lives: AtomicU64::new(0) }
    }

    /// One life, until its job is done or the world stops. Tells the steps it took, and how it ended.
    fn live(&self, job: &Job, stop_at: u64) -> (u64, Option<Result<Finished, EngineError>>) {
        let life = Builder::new_current_thread().enable_all().build().unwrap();
        let brake = Brake::at(stop_at);
        let psa = StoppingPsa {
            inner: adapter_noting(&self.quick.simulator, self.quick.engine.profile.notes.on),
            brake: Arc::clone(&brake),
            asked: Arc::clone(&self.asked),
        };
        let boot = format!("boot {}", self.lives.fetch_add(1, Ordering::SeqCst));
        let door = Mortal { brake: Arc::clone(&brake), boot };
        let store = GuardedStore { inner: Arc::clone(&self.quick.store) as Arc<dyn Store>, door };
        let engine = self.quick.another(Arc::new(store), Arc::new(psa));
        let ended = life.block_on(async {
            tokio::select! {
                biased;
                () = brake.bell.notified() => None,
                ended = self.work(&engine, job) => Some(ended),
            }
        });
        // Every task of this life is dropped where it stands.
        drop(life);
        let steps = brake.steps.load(Ordering::SeqCst);
        (steps, if brake.stopped.load(Ordering::SeqCst) { None } else { ended })
    }

    async fn work(&self, engine: &Engine, job: &Job) -> Result<Finished, EngineError> {
        let handle = match job {
            Job::Deactivate => {
                let draft = draft(engine, client(&self.client), Scope::default(), self.who.clone()).await;
                engine.start(draft).await?
            }
            Job::Resume(run) => engine.resume(engine.store.run(run).await?.unwrap()).await?,
            Job::Undo(run) => {
                let undo = Undo { of: UndoOf::Run(run.clone()), only: BTreeSet::new() };
                engine.start(engine.draft_undo(&undo, &self.who).await?).await?
            }
        };
        Ok(handle.wait().await)
    }

    /// A life in which nothing stops.
    fn live_well(&self, job: &Job) -> Result<Finished, EngineError> {
        self.live(job, u64::MAX).1.expect("nothing stops it")
    }

    /// The run stored last, and where its journal leads.
    fn last_run(&self) -> Option<(RunId, RunState)> {
        let runs = self.outer.block_on(self.quick.store.runs(1)).unwrap();
        runs.first().map(|summary| (summary.header.run.clone(), self.state(&summary.header.run)))
    }

    fn state(&self, run: &RunId) -> RunState {
        let stored = self.outer.block_on(self.quick.store.run(run)).unwrap().unwrap();
        let (bytes, digest) = stored.plan.unwrap();
        RunState::replay(&Plan::reopen(&bytes, &digest).unwrap(), &stored.events)
    }

    /// After a stop: what the store knows is resumed, and ends with every item as it should be, sent once.
    fn resume_and_check(&self, point: &str, wanted: &Outcome) {
        let Some((run, stopped)) = self.last_run() else { return };
        let journaled = stopped.approval.is_some();
        match self.live_well(&Job::Resume(run.clone())) {
            Ok(finished) => assert_eq!(finished.state.phase, Phase::Finished, "{point}"),
            Err(EngineError::Refused(why)) => {
                assert!(stopped.phase == Phase::Finished || !journaled, "{point}: {why}");
            }
            Err(error) => panic!("{point}: {error}"),
        }
        if journaled {
            let state = self.state(&run);
            for (id, item) in &state.items {
                let settled = item.settled().unwrap_or_else(|| panic!("{point}: {id} has no outcome"));
                assert_eq!(settled.outcome, *wanted, "{point}: {id}");
            }
            assert_eq!(state.phase, Phase::Finished, "{point}");
            // Resuming once more changes nothing.
            let written = self.quick.simulator.writes().len();
            assert!(
                matches!(self.live_well(&Job::Resume(run.clone())), Err(EngineError::Refused(_))),
                "{point}"
            );
            assert_eq!((self.state(&run), self.quick.simulator.writes().len()), (state, written), "{point}");
        }
    }

    /// No item was sent again without having been read in between.
    fn check_reads(&self, point: &str) {
        let mut unread = BTreeSet::new();
        for asked in self.asked.lock().unwrap().iter() {
            match asked {
                Asked::Read(ids) => unread.retain(|id| !ids.contains(id)),
                Asked::Set(id) => {
                    assert!(unread.insert(id.clone()), "{point}: {id} was sent again without reading");
                }
            }
        }
    }

    fn still_active(&self) -> usize {
        let truth = self.quick.simulator.truth();
        truth.configurations.values().filter(|one| one.company == self.client && one.is_active()).count()
    }

    fn end(self, point: &str) {
        self.check_reads(point);
        let flaws = self.outer.block_on(self.quick.store.verify_all()).unwrap();
        assert_eq!(flaws, [], "{point}");
        let Self { outer, quick, .. } = self;
        outer.block_on(quick.check());
    }
}

const DEACTIVATED: Outcome = Outcome::Deactivated { verified: true };
const RESTORED: Outcome = Outcome::Restored { verified: true };

/// How many steps a whole life takes.
fn steps(psa: &str, job: impl Fn(&Story) -> Job) -> u64 {
    let story = Story::new(psa);
    let (steps, ended) = story.live(&job(&story), u64::MAX);
    assert!(ended.unwrap().unwrap().state.is_success());
    story.end("a whole life");
    steps
}

fn psas() -> impl Iterator<Item = &'static str> {
    ROOMS.into_iter().map(|room| room.key)
}

#[test]
fn a_run_that_stops_anywhere_is_resumed_to_its_end() {
    for psa in psas() {
        let all = steps(psa, |_| Job::Deactivate);
        let writes = ITEMS.div_ceil(facts(psa).batch) as u64;
        assert!(all >= 2 * writes + 8, "{psa}: {all} steps");
        for at in 0..all {
            let point = format!("{psa}: stopped at step {at} of {all}");
            let story = Story::new(psa);
            let (_, ended) = story.live(&Job::Deactivate, at);
            assert!(ended.is_none(), "{point}");
            story.resume_and_check(&point, &DEACTIVATED);
            let approved = story.last_run().is_some_and(|(_, state)| state.approval.is_some());
            assert_eq!(story.still_active(), if approved { 0 } else { ITEMS }, "{point}");
            story.end(&point);
        }
    }
}

#[test]
fn a_resume_that_stops_anywhere_is_resumed_to_its_end() {
    for psa in psas() {
        let all = steps(psa, |_| Job::Deactivate);
        for first in [all / 3, all / 2, 2 * all / 3] {
            let mut at = 0;
            loop {
                let point = format!("{psa}: stopped at step {first}, and at step {at} of the resume");
                let story = Story::new(psa);
                assert!(story.live(&Job::Deactivate, first).1.is_none());
                let (run, _) = story.last_run().unwrap();
                let (_, ended) = story.live(&Job::Resume(run), at);
                let stopped = ended.is_none();
                story.resume_and_check(&point, &DEACTIVATED);
                assert_eq!(story.still_active(), 0, "{point}");
                story.end(&point);
                if !stopped {
                    break;
                }
                // Every second point of the first, every sixth of the others.
                at += if first == all / 2 { 2 } else { 6 };
            }
        }
    }
}

#[test]
fn a_new_run_instead_of_a_resume_settles_first_what_the_old_one_left_open() {
    for psa in psas() {
        let all = steps(psa, |_| Job::Deactivate);
        for at in (0..all).step_by(3) {
            let point = format!("{psa}: stopped at step {at} of {all}");
            let story = Story::new(psa);
            assert!(story.live(&Job::Deactivate, at).1.is_none(), "{point}");
            let Some((old, before)) = story.last_run() else {
                story.end(&point);
                continue;
            };
            if story.still_active() > 0 {
                let finished = story.live_well(&Job::Deactivate).unwrap();
                assert!(finished.state.is_success(), "{point}: {:?}", finished.state.problems);
                let after = story.state(&old);
                assert_eq!(after.open_items().next(), None, "{point}: settled by reading");
                let were_open = before.open_items().count();
                let settled = after.items.values().filter(|item| item.settled().is_some()).count();
                let had = before.items.values().filter(|item| item.settled().is_some()).count();
                assert_eq!(settled, had + were_open, "{point}: nothing else of the old run was touched");
            }
            assert_eq!(story.still_active(), 0, "{point}");
            story.end(&point);
        }
    }
}

#[test]
fn an_undo_that_stops_anywhere_is_resumed_to_its_end() {
    for psa in psas() {
        let done = |story: &Story| {
            let finished = story.live_well(&Job::Deactivate).unwrap();
            Job::Undo(finished.header.run)
        };
        let all = steps(psa, done);
        for at in (0..all).step_by(3) {
            let point = format!("{psa}: an undo stopped at step {at} of {all}");
            let story = Story::new(psa);
            let undo = done(&story);
            let before = story.last_run().unwrap().0;
            assert!(story.live(&undo, at).1.is_none(), "{point}");
            let (last, state) = story.last_run().unwrap();
            let approved = last != before && state.approval.is_some();
            if last != before {
                story.resume_and_check(&point, &RESTORED);
            }
            assert_eq!(story.still_active(), if approved { ITEMS } else { 0 }, "{point}");
            story.end(&point);
        }
    }
}

#[test]
fn an_undo_of_what_nobody_knows_the_fate_of_reads_first() {
    for psa in psas() {
        let all = steps(psa, |_| Job::Deactivate);
        for at in (all / 4..all).step_by(5) {
            let point = format!("{psa}: stopped at step {at} of {all}, then undone");
            let story = Story::new(psa);
            assert!(story.live(&Job::Deactivate, at).1.is_none(), "{point}");
            let (run, _) = story.last_run().unwrap();
            match story.live_well(&Job::Undo(run.clone())) {
                Ok(finished) => {
                    assert!(finished.state.is_success(), "{point}: {:?}", finished.state.problems);
                }
                // Nothing had been sent yet, or all that was open had no effect.
                Err(EngineError::Refused(why)) => assert!(why.contains("nothing"), "{point}: {why}"),
                Err(error) => panic!("{point}: {error}"),
            }
            assert_eq!(story.still_active(), ITEMS, "{point}: everything is as it was");
            story.end(&point);
        }
    }
}
