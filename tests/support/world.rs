//! A simulated PSA, the real adapter, the real store and the engine, joined as the program joins them;
//! and the one check that every test of theirs ends with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mothball::{
    domain::{
        ClientId, ConfigId, Criteria, RunId, criteria::CustomField, document::Report, protect::Protection,
        safeguards::Safeguards, selection::Scope,
    },
    engine::{Ask, Control, Draft, Engine, Finished, Pick, Profile, Request, RunHandle, Who},
    psa::{
        Psa,
        registry::{self, Connection, FieldKind},
    },
    report,
    simulator::{Options, Simulator, Write},
    store::{Store, sqlite::SqliteStore},
    system::Clock,
};
use tempfile::TempDir;

use super::{postgres::Database, vendor};

pub struct World {
    pub simulator: Simulator,
    pub engine: Engine,
    pub folder: TempDir,
    checked: bool,
}

/// The simulator's offboarded clients by every criterion.
pub fn all_criteria() -> Criteria {
    Criteria {
        inactive: true,
        statuses: vec!["Former Client".to_owned()],
        tags: vec!["Offboarded".to_owned()],
        custom_field: Some(CustomField { name: "Offboarded".to_owned(), value: "Yes".to_owned() }),
        contract_ended_days: Some(30),
        ..Criteria::default()
    }
}

/// Where a test's store is.
pub enum Place {
    Folder,
    Team(Database),
}

impl World {
    pub async fn new(options: Options) -> Self {
        Self::at(&Place::Folder, options).await
    }

    pub async fn at(place: &Place, options: Options) -> Self {
        let simulator = Simulator::start(super::canary::planted(vendor::without_windows(options)))
            .await
            .expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let store: Arc<dyn Store> = match place {
            Place::Folder => Arc::new(SqliteStore::open(folder.path()).await.expect("the store opens")),
            Place::Team(database) => Arc::new(database.open().await),
        };
        let engine = engine(&simulator, store);
        Self { simulator, engine, folder, checked: false }
    }

    pub async fn draft(&self, ask: Ask, scope: Scope, who: Who) -> Draft {
        draft(&self.engine, ask, scope, who).await
    }

    pub async fn start(&self, draft: Draft) -> RunHandle {
        self.engine.start(draft).await.expect("the run starts")
    }

    /// Draft and run, start to end.
    pub async fn run(&self, ask: Ask, who: Who) -> Finished {
        let draft = self.draft(ask, Scope::default(), who).await;
        self.start(draft).await.wait().await
    }

    pub fn report(&self, finished: &Finished) -> Report {
        report_of(&self.engine, finished)
    }

    /// The shared check: what was written was approved, one-field writes stayed one-field writes, every
    /// write stands in the journal as an intent, and nothing was sent that a good client would not send.
    pub async fn check(mut self) {
        self.checked = true;
        check_writes(&self.simulator, self.engine.store.as_ref()).await;
        super::canary::assert_clean(self.folder.path(), &self.simulator);
    }
}

/// What a run on everything found for `ask` would be.
pub async fn draft(engine: &Engine, ask: Ask, scope: Scope, who: Who) -> Draft {
    let request = Request { ask, statuses: Vec::new() };
    let discovery = engine.discover(&request, None).await.expect("the PSA can be read");
    let mut survey = engine.survey(&discovery, &Pick::Scope(scope), false);
    if who.links {
        let reading = engine.read_links(&survey).await;
        Engine::attach_links(&mut survey, &reading.links, &reading.signs_of_life);
    }
    engine.draft(&discovery, survey, &who)
}

/// The report of a run that has ended: it keeps its schema and its arithmetic.
pub fn report_of(engine: &Engine, finished: &Finished) -> Report {
    let report = report::build(&report::Source {
        header: &finished.header,
        survey: &finished.survey,
        plan: finished.plan.as_ref(),
        state: &finished.state,
        journal_head: finished.journal_head.as_deref(),
        now: engine.now(),
    });
    assert!(report.statistics().close());
    super::schema::assert_valid(&serde_json::to_value(&report).expect("a report is JSON"));
    report
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(
            !(!self.checked && !std::thread::panicking()),
            "a test that uses the simulator must end with World::check"
        );
    }
}

pub async fn check_writes(simulator: &Simulator, store: &dyn Store) {
    check_writes_where(simulator, store, |_| true).await;
}

/// The same for the writes that this store is to know of, where each life had one of its own.
pub async fn check_writes_where(simulator: &Simulator, store: &dyn Store, concerns: impl Fn(&Write) -> bool) {
    let mut approved = BTreeSet::new();
    // The runs that put down an intent for an item.
    let mut intended: BTreeMap<ConfigId, BTreeSet<RunId>> = BTreeMap::new();
    for summary in store.runs(10_000).await.expect("runs can be listed") {
        let run = store.run(&summary.header.run).await.expect("a run can be read").expect("it is there");
        for stamped in &run.events {
            match &stamped.event {
                mothball::domain::Event::Approved { approval } => {
                    approved.extend(approval.items.iter().cloned());
                }
                mothball::domain::Event::Intended { config_id, .. } => {
                    intended.entry(config_id.clone()).or_default().insert(summary.header.run.clone());
                }
                _ => {}
            }
        }
    }
    let changed = vendor::facts(simulator.psa()).changed;
    super::notes::check(simulator, store).await;
    // Webhooks are set up by a person's command, and by no run.
    let webhook = |write: &Write| write.record.contains("Webhook");
    let ours = |write: &Write| concerns(write) && !super::notes::is_note(write) && !webhook(write);
    for write in simulator.writes().into_iter().filter(ours) {
        assert!(write.record.starts_with("configuration/"), "wrote to {}", write.record);
        let id = ConfigId::from(write.id.as_str());
        assert!(approved.contains(&id), "{id} was written without approval: {:?}", write.changes);
        assert!(intended.contains_key(&id), "{id} was written without a journaled intent");
        for change in &write.changes {
            assert!(changed.contains(&change.field.as_str()), "{id}: field {} was changed", change.field);
        }
    }
    let all: Vec<_> = simulator.all_writes().into_iter().filter(&concerns).collect();
    let mut by_item: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for write in all.iter().filter(|write| !super::notes::is_note(write)) {
        by_item.entry(&write.id).or_default().push(write.by_others);
    }
    for (id, runs) in &intended {
        let of_item = by_item.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let ours = of_item.iter().filter(|by_others| !**by_others).count();
        // What somebody else switched back meanwhile may rightly be set once more.
        let disturbed = of_item.contains(&true);
        assert!(disturbed || ours <= runs.len(), "{id} was changed {ours} times by {} runs", runs.len());
    }
    let notes = simulator.notes();
    assert!(notes.is_empty(), "the simulator noted: {notes:#?}");
}

fn engine(simulator: &Simulator, store: Arc<dyn Store>) -> Engine {
    let room = vendor::room(simulator.psa());
    let psa = (room.open)(connection(simulator, room, Clock::system())).expect("the adapter opens");
    engine_on(psa, store, simulator.psa())
}

/// The engine on this adapter and this store, with the criteria and the status that the simulator's data is made for.
pub fn engine_on(adapter: Arc<dyn Psa>, store: Arc<dyn Store>, psa: &str) -> Engine {
    let profile = Profile {
        name: "test".to_owned(),
        psa: psa.to_owned(),
        criteria: all_criteria(),
        protection: Protection::default(),
        status: vendor::facts(psa).status.map(str::to_owned),
        safeguards: Safeguards::default(),
        verify_again_after_hours: 24,
        notes: mothball::domain::note::NotePolicy::default(),
        unenforced: Vec::new(),
    };
    Engine { psa: adapter, store, clock: Clock::system(), profile }
}

pub fn connection(simulator: &Simulator, room: &registry::Room, clock: Clock) -> Connection {
    let mut given = simulator.credentials();
    given.insert("base_url".to_owned(), simulator.base_url());
    let mut connection = Connection {
        profile: "test".to_owned(),
        values: std::collections::BTreeMap::new(),
        secrets: std::collections::BTreeMap::new(),
        ca_file: None,
        pace: registry::Pace { requests: 1_000_000, ..room.pace.default },
        batch: None,
        notes: mothball::domain::note::NoteOn::None,
        clock,
        patience: Some(std::time::Duration::from_secs(5)),
        transport: None,
        memory: None,
        seats: None,
    };
    for field in room.fields {
        let Some(value) = given.remove(field.key) else { continue };
        if field.kind == FieldKind::Secret {
            connection.secrets.insert(field.key.to_owned(), value.into());
        } else {
            connection.values.insert(field.key.to_owned(), value);
        }
    }
    connection
}

pub fn who() -> Who {
    Who {
        operator: "jane@msp.example".to_owned(),
        reason: Some("left".to_owned()),
        attended: true,
        links: false,
        ..Who::default()
    }
}

pub fn client(id: &str) -> Ask {
    Ask::Named { ids: vec![ClientId::from(id)], names: Vec::new() }
}

/// Waits until `seen` says yes of the run's state, and tells the run `wish`.
pub async fn control_when(
    handle: &RunHandle,
    wish: Control,
    seen: impl Fn(&mothball::domain::RunState) -> bool,
) {
    let mut feed = handle.feed.clone();
    while !feed.with(&seen) {
        if !feed.changed().await {
            return;
        }
    }
    handle.control(wish);
}
