//! A whole run on a simulated PSA whose answers are bent as a script says: nothing panics, nothing hangs, nothing is
//! written that was not approved and journaled, and the report closes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use mothball::{
    domain::{
        ClientId, Criteria, Event,
        criteria::CustomField,
        note::{NoteOn, NotePolicy},
        protect::Protection,
        safeguards::Safeguards,
        selection::Scope,
    },
    engine::{Ask, Engine, Pick, Profile, Request, Who},
    psa::{
        Psa,
        registry::{self, Connection, FieldKind},
    },
    report,
    simulator::{Layout, Options, Simulator},
    store::{MemoryStore, Store},
    system::Clock,
};

use super::bend::{Bent, Script};

/// Longer than any run can take: patience is five minutes, and each request has a limit.
const WATCHDOG: Duration = Duration::from_hours(48);

pub fn try_it(psa: &str, script: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(WATCHDOG, run(psa, script)).await.expect("the run hangs");
    });
}

async fn run(psa: &str, script: &[u8]) {
    let clock = Clock::following_tokio("2026-11-24T09:00:00Z".parse().expect("a moment"));
    // The first byte chooses the tenant, the second what is asked; the rest bends answers.
    let [tenant, asked, script @ ..] = script else { return };
    let layout = if tenant % 4 == 0 { Layout::Realistic } else { Layout::Uniform { offboarded: 2, each: 4 } };
    let mut options = Options {
        psa: psa.to_owned(),
        seed: u64::from(*tenant),
        clients: 6,
        configurations: 18,
        layout,
        clock: clock.clone(),
        ..Options::default()
    };
    if tenant & 64 != 0 {
        options.switches = mothball::simulator::Switches::contrary();
    }
    let simulator = Simulator::start(options).await.expect("the simulator starts");
    let adapter = adapter(&simulator, psa, script, clock.clone());
    let store = Arc::new(MemoryStore::new());
    let engine =
        Engine { psa: adapter, store: store.clone() as Arc<dyn Store>, clock, profile: profile(psa) };

    if asked % 16 == 1 {
        for check in engine.psa.check().await {
            assert!(!check.text.trim().is_empty(), "a check without words: {}", check.name);
        }
    }
    go(&engine, *asked, &simulator).await;
    check(&simulator, store.as_ref()).await;
}

/// What `run` does, from looking to the report.
async fn go(engine: &Engine, asked: u8, simulator: &Simulator) {
    let ask = if asked & 32 == 0 {
        Ask::All
    } else {
        let ids =
            simulator.truth().companies.into_keys().take(3).map(|id| ClientId::from(id.as_str())).collect();
        Ask::Named { ids, names: Vec::new() }
    };
    let request = Request { ask, statuses: Vec::new() };
    let Ok(discovery) = engine.discover(&request, None).await else { return };
    let mut survey = engine.survey(&discovery, &Pick::Scope(Scope::default()), false);
    let links = asked & 64 == 0;
    if links {
        let reading = engine.read_links(&survey).await;
        Engine::attach_links(&mut survey, &reading.links, &reading.signs_of_life);
    }
    let who = Who { operator: "jane@msp.example".to_owned(), attended: true, links, ..Who::default() };
    let draft = engine.draft(&discovery, survey, &who);
    let Ok(handle) = engine.start(draft).await else { return };
    let finished = handle.wait().await;
    let document = report::build(&report::Source {
        header: &finished.header,
        survey: &finished.survey,
        plan: finished.plan.as_ref(),
        state: &finished.state,
        journal_head: finished.journal_head.as_deref(),
        now: engine.now(),
    });
    assert!(document.statistics().close());
    serde_json::to_string(&document).expect("a report is JSON");
}

/// Whatever the PSA answered: only what was approved was written, after its intent.
async fn check(simulator: &Simulator, store: &dyn Store) {
    let mut approved = BTreeSet::new();
    let mut intended = BTreeSet::new();
    for summary in store.runs(100).await.expect("runs can be listed") {
        let run = store.run(&summary.header.run).await.expect("a run can be read").expect("it is there");
        for stamped in run.events {
            match stamped.event {
                Event::Approved { approval } => approved.extend(approval.items),
                Event::Intended { config_id, .. } => drop(intended.insert(config_id)),
                _ => {}
            }
        }
    }
    assert!(store.verify_all().await.expect("it can be checked").is_empty());
    for write in simulator.writes() {
        let id = write.id.as_str().into();
        assert!(approved.contains(&id), "{} was written without approval", write.id);
        assert!(intended.contains(&id), "{} was written without a journaled intent", write.id);
    }
}

fn adapter(simulator: &Simulator, psa: &str, script: &[u8], clock: Clock) -> Arc<dyn Psa> {
    let room = registry::room(psa).expect("there is a room for it");
    let mut given = simulator.credentials();
    given.insert("base_url".to_owned(), simulator.base_url());
    let of_kind =
        |secret: bool| room.fields.iter().filter(move |field| (field.kind == FieldKind::Secret) == secret);
    let take = |secret: bool| -> BTreeMap<String, String> {
        of_kind(secret)
            .filter_map(|field| Some((field.key.to_owned(), given.get(field.key)?.clone())))
            .collect()
    };
    let bent = Bent { router: simulator.router(), script: Mutex::new(Script::new(script)) };
    (room.open)(Connection {
        profile: "fuzz".to_owned(),
        values: take(false),
        secrets: take(true).into_iter().map(|(key, secret)| (key, secret.into())).collect(),
        ca_file: None,
        pace: room.pace.default,
        batch: None,
        notes: NoteOn::None,
        clock,
        patience: Some(Duration::from_mins(5)),
        transport: Some(Arc::new(bent)),
        memory: None,
        seats: None,
    })
    .expect("the adapter opens")
}

fn profile(psa: &str) -> Profile {
    Profile {
        name: "fuzz".to_owned(),
        psa: psa.to_owned(),
        criteria: Criteria {
            inactive: true,
            statuses: vec!["Former Client".to_owned()],
            tags: vec!["Offboarded".to_owned()],
            custom_field: Some(CustomField { name: "Offboarded".to_owned(), value: "Yes".to_owned() }),
            contract_ended_days: Some(30),
            ..Criteria::default()
        },
        protection: Protection::default(),
        status: None,
        notes: NotePolicy::default(),
        safeguards: Safeguards::default(),
        verify_again_after_hours: 24,
        unenforced: Vec::new(),
    }
}
