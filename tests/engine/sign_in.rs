//! A refused sign-in rests for five minutes, in every process that works on the same data directory.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use mothball::{
    domain::{Code, Outcome, selection::Scope},
    engine::StoredSignIn,
    psa::{Psa, PsaError, port::SignInMemory, registry::Connection},
    simulator::{
        Simulator,
        faults::{Kind, Plan, Rule},
    },
    store::{Store, sqlite::SqliteStore},
    system::Clock,
};
use tempfile::TempDir;

use super::{offboarded, one_client};
use crate::support::{
    vendor::{refused_sign_ins, room, secret_keys},
    world,
};

/// A data directory, a PSA, and a clock that is set by hand.
struct Place {
    simulator: Simulator,
    folder: TempDir,
    seconds: Arc<AtomicI64>,
}

impl Place {
    async fn new(psa: &str) -> Self {
        let simulator = Simulator::start(one_client(psa, 3)).await.unwrap();
        Self { simulator, folder: tempfile::tempdir().unwrap(), seconds: Arc::default() }
    }

    fn clock(&self) -> Clock {
        let start: jiff::Timestamp = "2026-11-24T14:03:00Z".parse().unwrap();
        let seconds = Arc::clone(&self.seconds);
        Clock::telling(move || start + jiff::SignedDuration::from_secs(seconds.load(Ordering::SeqCst)))
    }

    fn wait(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A process of its own: its own connections, its own handle of the store.
    async fn process(&self, settings: impl Fn(&mut Connection)) -> (Arc<dyn Psa>, Arc<StoredSignIn>) {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(self.folder.path()).await.unwrap());
        let room = room(self.simulator.psa());
        let mut connection = world::connection(&self.simulator, room, Clock::system());
        settings(&mut connection);
        let memory = Arc::new(StoredSignIn::new(store, &connection.sign_in(), self.clock()));
        connection.memory = Some(Arc::clone(&memory) as Arc<dyn SignInMemory>);
        ((room.open)(connection).unwrap(), memory)
    }
}

/// The secret that the vendor holds against the account: not the one that only names the integration.
fn secret_key(psa: &str) -> &'static str {
    secret_keys(psa).into_iter().find(|key| *key != "integration_code").unwrap()
}

fn with_secret(psa: &str, secret: &'static str) -> impl Fn(&mut Connection) {
    let key = secret_key(psa);
    move |connection| drop(connection.secrets.insert(key.to_owned(), secret.to_owned().into()))
}

/// What every command begins with, up to the first answer that only somebody who is signed in gets.
async fn sign_in(psa: &Arc<dyn Psa>) -> Result<u64, PsaError> {
    psa.tenant().await?;
    psa.active_configurations().await
}

fn message(error: PsaError) -> String {
    match error {
        PsaError::SignIn { message } => message,
        other => panic!("no refused sign-in: {other:?}"),
    }
}

async fn a_refused_sign_in_rests_for_five_minutes_in_every_process(psa: &'static str) {
    let place = Place::new(psa).await;
    let (first, _) = place.process(with_secret(psa, "not-the-secret")).await;
    message(sign_in(&first).await.unwrap_err());
    assert_eq!(refused_sign_ins(&place.simulator), 1);
    let sent = place.simulator.count();

    place.wait(5 * 60 - 1);
    let (second, _) = place.process(with_secret(psa, "not-the-secret")).await;
    let told = message(sign_in(&second).await.unwrap_err());
    assert!(told.contains("14:03:00") && told.contains("14:08:00"), "{told}");
    assert!(message(second.active_configurations().await.unwrap_err()).contains("14:08:00"));
    assert_eq!(place.simulator.count(), sent, "nothing at all is sent meanwhile");

    // Another wrong one is another sign-in, and rests by itself.
    let (third, _) = place.process(with_secret(psa, "another-wrong-one")).await;
    assert!(!message(sign_in(&third).await.unwrap_err()).contains("14:03:00"));
    assert_eq!(refused_sign_ins(&place.simulator), 2);

    let (right, _) = place.process(|_| {}).await;
    sign_in(&right).await.unwrap();

    // The process that waited long enough need not be started again.
    place.wait(1);
    assert!(!message(sign_in(&second).await.unwrap_err()).contains("14:08:00"));
    assert_eq!(refused_sign_ins(&place.simulator), 3, "tried again once the five minutes are over");
    let (fourth, _) = place.process(with_secret(psa, "not-the-secret")).await;
    assert!(message(sign_in(&fourth).await.unwrap_err()).contains("14:13:00"));
    assert_eq!(refused_sign_ins(&place.simulator), 3);
    assert!(place.simulator.writes().is_empty());
}

async fn a_process_at_work_stops_when_another_one_is_refused(psa: &'static str) {
    let place = Place::new(psa).await;
    let (at_work, memory) = place.process(|_| {}).await;
    sign_in(&at_work).await.unwrap();
    memory.refused().await;
    // It looks once a second at most.
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    let sent = place.simulator.count();
    let answered = at_work.active_configurations().await;
    if psa == "halopsa" {
        // It has a token still, and needs the secret for the next one only.
        answered.unwrap();
    } else {
        message(answered.unwrap_err());
        assert_eq!(place.simulator.count(), sent);
    }
}

async fn a_good_sign_in_forgets_the_refusal(psa: &'static str) {
    let place = Place::new(psa).await;
    let (refused, memory) = place.process(|_| {}).await;
    sign_in(&refused).await.unwrap();
    place.simulator.set_faults(Plan::of(vec![Rule::always(Kind::Unauthorized)]));
    message(refused.active_configurations().await.unwrap_err());
    place.simulator.set_faults(Plan::none());
    assert!(memory.resting().await.is_some());

    // Somebody mended it in the PSA, and says so.
    memory.forget().await.unwrap();
    memory.refused().await;
    place.wait(5 * 60);
    let (again, _) = place.process(|_| {}).await;
    sign_in(&again).await.unwrap();
    place.wait(-60);
    assert_eq!(memory.resting().await, None, "forgotten, not only over");
}

async fn a_right_that_is_missing_is_no_refused_sign_in(psa: &'static str) {
    let place = Place::new(psa).await;
    let (adapter, memory) = place.process(|_| {}).await;
    let store = Arc::new(SqliteStore::open(place.folder.path()).await.unwrap());
    let engine = world::engine_on(adapter, store, psa);
    let client = &offboarded(&place.simulator)[0];
    let draft = world::draft(&engine, world::client(client), Scope::default(), world::who()).await;
    if psa == "halopsa" {
        // Here a missing right can look like a token that has run out.
        let mut switches = place.simulator.switches();
        switches.set(psa, "missing_right=unauthorized").unwrap();
        switches.set(psa, r#"agent_lacks=["edit:assets"]"#).unwrap();
        place.simulator.set_switches(&switches);
    } else {
        place.simulator.set_faults(Plan::of(vec![Rule::always(Kind::Forbidden)]));
    }
    let finished = engine.start(draft).await.unwrap().wait().await;
    for item in finished.plan.as_ref().unwrap().items() {
        let outcome = super::outcome(&finished, &item.config_id);
        assert!(matches!(outcome, Outcome::Failed { code: Code::PermissionDenied, .. }), "{outcome:?}");
    }
    assert_eq!(memory.resting().await, None);
    let (another, _) = place.process(|_| {}).await;
    sign_in(&another).await.unwrap();
    world::check_writes(&place.simulator, engine.store.as_ref()).await;
}

crate::support::vendor::on_every_psa!(
    a_refused_sign_in_rests_for_five_minutes_in_every_process,
    a_process_at_work_stops_when_another_one_is_refused,
    a_good_sign_in_forgets_the_refusal,
    a_right_that_is_missing_is_no_refused_sign_in,
);
