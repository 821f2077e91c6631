//! A world for one case: a simulator without a socket, a store in memory, and lives of the program that work on them,
//! each in a runtime of its own with a clock of its own that nobody waits for. A life that ends, or dies, takes every
//! task of its along.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use mothball::{
    domain::{Plan, RunId, selection::Scope},
    engine::{Ask, Engine, EngineError, Finished, Pick, Request, Who},
    http::Transport,
    psa::registry::Connection,
    report,
    simulator::{Options, Simulator, Truth, faults},
    store::{MemoryStore, Store},
    system::{Clock, random},
};
use tokio::{runtime::Builder, time::Instant};

use super::wire::{Script, Tap};
use crate::support::{schema, vendor, world};

/// How long an unattended run waits for a PSA that stays away: the program's own figure.
const PATIENCE: Duration = Duration::from_mins(10);

/// The time of a world, through all lives. Between them it stands still.
pub struct WorldClock {
    running: Mutex<(Timestamp, Option<Instant>)>,
    /// How far the computer's clock is off, in seconds.
    off: AtomicI64,
}

impl WorldClock {
    fn new() -> Arc<Self> {
        let start = "2026-11-24T09:00:00Z".parse().expect("a moment");
        Arc::new(Self { running: Mutex::new((start, None)), off: AtomicI64::new(0) })
    }

    pub fn now(&self) -> Timestamp {
        let (base, origin) = *self.running.lock().unwrap_or_else(PoisonError::into_inner);
        base + origin.map_or(Duration::ZERO, |origin| origin.elapsed())
    }

    fn start(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(Instant::now());
    }

    fn stop(&self) {
        let now = self.now();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = (now, None);
    }

    pub fn jump(&self, seconds: i64) {
        self.off.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The vendor's clock, which nobody sets.
    fn of_the_psa(self: &Arc<Self>) -> Clock {
        let own = Arc::clone(self);
        Clock::telling(move || own.now())
    }

    /// The computer's clock.
    fn of_the_program(self: &Arc<Self>) -> Clock {
        let own = Arc::clone(self);
        Clock::telling(move || own.now() + SignedDuration::from_secs(own.off.load(Ordering::SeqCst)))
    }
}

/// What a life sets out to do.
#[derive(Debug, Clone)]
pub enum Job {
    /// A run on the first offboarded client. The faults and the script are in force from when its plan stands, or
    /// from the beginning.
    Deactivate {
        faults: faults::Plan,
        script: Script,
        from_the_beginning: bool,
    },
    Resume {
        run: RunId,
        faults: faults::Plan,
        script: Script,
    },
    /// A later run on the same client, which settles first what earlier ones left open.
    Again,
}

/// How a life ended.
#[derive(Debug)]
pub enum Ended {
    Finished(Box<Finished>),
    /// It did not come to a run, or not to its end.
    Refused(EngineError),
    Crashed,
    /// It went on for longer than anything may take.
    Hung,
}

pub struct World {
    pub simulator: Arc<Simulator>,
    pub store: Arc<MemoryStore>,
    pub tap: Arc<Tap>,
    pub psa: &'static str,
    pub client: String,
    pub before: Truth,
    clock: Arc<WorldClock>,
    batch: Option<u32>,
    patience: Option<Duration>,
}

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct Making {
    pub options: Options,
    /// Items of one write, where the vendor has such.
    pub batch: Option<u32>,
    pub seed: u64,
    pub patience: Option<Duration>,
}

impl Making {
    pub fn new(options: Options) -> Self {
        Self { options, batch: Some(5), seed: 1, patience: Some(PATIENCE) }
    }
}

impl World {
    pub fn new(making: Making) -> Self {
        let Making { options, batch, seed, patience } = making;
        random::seed(Some(seed));
        let clock = WorldClock::new();
        let options = Options { clock: clock.of_the_psa(), ..options };
        let simulator = Arc::new(Simulator::in_process(options).expect("the simulator starts"));
        let store = Arc::new(MemoryStore::new());
        let tap = Tap::new(Arc::clone(&simulator), Arc::clone(&store), Arc::clone(&clock));
        let before = simulator.truth();
        let client = offboarded(&before).expect("a client that left");
        let psa = simulator.psa();
        let batch = batch.filter(|_| vendor::facts(psa).batch > 1);
        Self { simulator, store, tap, psa, client, before, clock, batch, patience }
    }

    fn engine(&self) -> Engine {
        let room = vendor::room(self.psa);
        let clock = self.clock.of_the_program();
        let connection = Connection {
            pace: room.pace.default,
            patience: self.patience,
            batch: self.batch,
            transport: Some(Arc::clone(&self.tap) as Arc<dyn Transport>),
            ..world::connection(&self.simulator, room, clock.clone())
        };
        let psa = (room.open)(connection).expect("the adapter opens");
        let mut engine = world::engine_on(psa, Arc::clone(&self.store) as Arc<dyn Store>, self.psa);
        engine.clock = clock;
        engine
    }

    /// One life of the program, for `longest` at most. Tells how long it worked on its run.
    pub fn live(&self, job: &Job, longest: Duration) -> (Ended, Duration) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        self.tap.begin();
        let lived = runtime.block_on(async {
            self.clock.start();
            let lived = tokio::select! {
                biased;
                () = self.tap.bell.notified() => (Ended::Crashed, Duration::ZERO),
                lived = tokio::time::timeout(longest, self.work(job)) => {
                    lived.unwrap_or((Ended::Hung, longest))
                }
            };
            self.clock.stop();
            lived
        });
        // Every task of this life is dropped where it stands.
        drop(runtime);
        lived
    }

    async fn work(&self, job: &Job) -> (Ended, Duration) {
        let began = Instant::now();
        match self.run(job).await {
            Ok((finished, from)) => (Ended::Finished(Box::new(finished)), from.elapsed()),
            Err(error) => (Ended::Refused(error), began.elapsed()),
        }
    }

    async fn run(&self, job: &Job) -> Result<(Finished, Instant), EngineError> {
        let engine = self.engine();
        let handle = match job {
            Job::Deactivate { faults, script, from_the_beginning } => {
                if *from_the_beginning {
                    self.arm(faults, script, &self.actives());
                }
                let draft = self.draft(&engine).await?;
                let items = draft.plan.iter().flat_map(Plan::items).map(|item| item.config_id.to_string());
                let items: Vec<String> = items.collect();
                if !from_the_beginning {
                    self.arm(faults, script, &items);
                }
                engine.start(draft).await?
            }
            Job::Again => engine.start(self.draft(&engine).await?).await?,
            Job::Resume { run, faults, script } => {
                self.arm(faults, script, &self.actives());
                let stored = engine.store.run(run).await?.expect("it was stored");
                engine.resume(stored).await?
            }
        };
        self.tap.steer(handle.controller());
        let from = Instant::now();
        Ok((handle.wait().await, from))
    }

    async fn draft(&self, engine: &Engine) -> Result<mothball::engine::Draft, EngineError> {
        let ask = Ask::Named { ids: vec![self.client.as_str().into()], names: Vec::new() };
        let request = Request { ask, statuses: Vec::new() };
        let discovery = engine.discover(&request, None).await?;
        let survey = engine.survey(&discovery, &Pick::Scope(Scope::default()), false);
        Ok(engine.draft(&discovery, survey, &Who { single: true, links: false, ..world::who() }))
    }

    fn arm(&self, faults: &faults::Plan, script: &Script, items: &[String]) {
        self.simulator.set_faults(faults.clone());
        self.tap.plan(script.clone(), items.to_vec(), self.client.clone());
    }

    fn actives(&self) -> Vec<String> {
        let rows = self.before.configurations.values();
        rows.filter(|row| row.company == self.client && row.is_active()).map(|row| row.id.clone()).collect()
    }

    /// The process that worked on this run is dead, and the operating system says so: its locks are free.
    pub fn bury(&self, run: &RunId) {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(self.store.release(run)).expect("a store in memory");
    }

    /// From now on nothing goes wrong any more, and the clock is right.
    pub fn heal(&self) {
        self.simulator.set_faults(faults::Plan::none());
        self.tap.plan(Script::default(), Vec::new(), self.client.clone());
        self.clock.off.store(0, Ordering::SeqCst);
    }

    /// The report of a run that has ended, as it is handed out.
    pub fn report(&self, finished: &Finished) -> serde_json::Value {
        let report = report::build(&report::Source {
            header: &finished.header,
            survey: &finished.survey,
            plan: finished.plan.as_ref(),
            state: &finished.state,
            journal_head: finished.journal_head.as_deref(),
            now: mothball::domain::Timestamp::new(self.clock.now()),
        });
        serde_json::to_value(&report).expect("a report is JSON")
    }

    /// The runs that are stored, the earliest first.
    pub fn runs(&self) -> Vec<RunId> {
        self.store.lengths().into_iter().map(|(run, _)| run).collect()
    }
}

/// The client that the runs are about: of those that left the one with the most active configurations.
fn offboarded(truth: &Truth) -> Option<String> {
    let mut active: BTreeMap<&str, usize> = BTreeMap::new();
    for row in truth.configurations.values().filter(|row| row.is_active()) {
        *active.entry(row.company.as_str()).or_default() += 1;
    }
    let gone: BTreeSet<&str> = truth
        .companies
        .values()
        .filter(|company| company.offboarded.any() && !company.deleted && !company.own)
        .map(|company| company.id.as_str())
        .collect();
    let counted = gone.into_iter().map(|id| (active.get(id).copied().unwrap_or(0), id));
    counted.max().map(|(_, id)| id.to_owned())
}

/// Whether a report keeps the published schema. Slow, so not asked of every run.
pub fn keeps_its_schema(report: &serde_json::Value) {
    schema::assert_valid(report);
}
