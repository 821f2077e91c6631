//! The engine on a simulated PSA and a real store, as fast as the PSA lets it.

use std::{collections::BTreeMap, sync::Arc};

use mothball::{
    domain::{Criteria, protect::Protection, safeguards::Safeguards},
    engine::{Engine, Profile},
    psa::registry::{self, Connection, FieldKind, Pace},
    simulator::{Options, Simulator},
    store::sqlite::SqliteStore,
    system::Clock,
};

pub struct BenchWorld {
    pub engine: Engine,
    #[allow(dead_code, reason = "the listing looks at it; both keep it alive")]
    pub simulator: Simulator,
    _folder: tempfile::TempDir,
}

impl BenchWorld {
    pub async fn new(options: Options, in_flight: u32) -> Self {
        let simulator = Simulator::start(options).await.expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(SqliteStore::open(folder.path()).await.expect("the store opens"));
        let room = registry::room(simulator.psa()).expect("there is an adapter");
        let mut values = simulator.credentials();
        values.insert("base_url".to_owned(), simulator.base_url());
        let secret =
            |key: &str| room.fields.iter().any(|field| field.key == key && field.kind == FieldKind::Secret);
        let (secrets, values): (BTreeMap<_, _>, BTreeMap<_, _>) =
            values.into_iter().partition(|(key, _)| secret(key));
        let clock = Clock::system();
        let connection = Connection {
            profile: "bench".to_owned(),
            values,
            secrets: secrets.into_iter().map(|(key, value)| (key, value.into())).collect(),
            ca_file: None,
            pace: Pace { in_flight, requests: 1_000_000, window_seconds: 60 },
            batch: None,
            notes: mothball::domain::note::NoteOn::None,
            clock: clock.clone(),
            patience: None,
            transport: None,
            memory: None,
            seats: None,
        };
        let profile = Profile {
            name: "bench".to_owned(),
            psa: room.key.to_owned(),
            criteria: Criteria {
                inactive: true,
                statuses: vec!["Former Client".to_owned()],
                ..Criteria::default()
            },
            protection: Protection::default(),
            status: None,
            safeguards: Safeguards::default(),
            verify_again_after_hours: 24,
            notes: mothball::domain::note::NotePolicy::default(),
            unenforced: Vec::new(),
        };
        let psa = (room.open)(connection).expect("the adapter opens");
        let engine = Engine { psa, store, clock, profile };
        Self { engine, simulator, _folder: folder }
    }
}
