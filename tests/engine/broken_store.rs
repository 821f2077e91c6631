//! The store fails at its n-th change, for every n of a 20-item run: nothing is sent after an intent that could not be put
//! down, and with a store that works again the run goes on to one outcome for each item.

use std::{collections::BTreeSet, sync::Arc};

use mothball::{
    domain::{Phase, selection::Scope},
    engine::Engine,
    psa::Psa,
    store::{MemoryStore, SqliteStore, Store},
};

use super::{offboarded, one_client};
use crate::support::{
    failing_store::{FailingStore, Fate},
    quick::Quick,
    world::{check_writes, client, draft, report_of, who},
};

const ITEMS: usize = 20;

/// One run with a store that fails at its `at`-th change. Whether it got as far as that.
async fn life(psa: &str, healthy: Arc<dyn Store>, at: u64, fate: Fate) -> bool {
    let name = format!("{psa}, change {at} is {fate:?}");
    let world = Quick::new(one_client(psa, ITEMS)).await;
    let id = offboarded(&world.simulator)[0].clone();
    let failing = FailingStore::new(Arc::clone(&healthy), at, fate);
    let adapter: Arc<dyn Psa> = Arc::clone(&world.engine.psa);
    let engine = world.another(Arc::clone(&failing) as Arc<dyn Store>, Arc::clone(&adapter));
    let plan = draft(&engine, client(&id), Scope::default(), who()).await;
    if let Ok(handle) = engine.start(plan).await {
        let finished = handle.wait().await;
        let report = report_of(&engine, &finished);
        let broke = failing.has_failed() && finished.state.phase != Phase::Finished;
        assert!(broke || finished.state.phase == Phase::Finished, "{name}: {:?}", finished.state.phase);
        if broke {
            let told = finished.state.problems.iter().any(|one| one.message.contains("runs resume"));
            assert!(told && !report.success(), "{name}: {:?}", finished.state.problems);
        }
    }
    let intended: BTreeSet<String> = failing.intended().iter().map(ToString::to_string).collect();
    for write in world.simulator.writes() {
        assert!(intended.contains(&write.id), "{name}: {} was sent without an intent", write.id);
    }

    let engine: Engine = world.another(Arc::clone(&healthy), adapter);
    for (run, _) in healthy.unsettled(None).await.unwrap() {
        let stored = healthy.run(&run).await.unwrap().unwrap();
        let finished =
            engine.resume(stored).await.unwrap_or_else(|error| panic!("{name}: {error}")).wait().await;
        let settled = finished.state.items.values().filter(|item| item.settled().is_some()).count();
        assert_eq!((finished.state.phase, settled), (Phase::Finished, ITEMS), "{name}");
    }
    let written = world.simulator.writes().len();
    assert!(written == 0 || written == ITEMS, "{name}: {written}");
    assert_eq!(healthy.verify_all().await.unwrap(), []);
    check_writes(&world.simulator, healthy.as_ref()).await;
    world.checked_elsewhere();
    failing.has_failed()
}

async fn nothing_is_sent_after_the_nth_change_failed(psa: &'static str) {
    let mut lives = 0;
    for fate in [Fate::Lost, Fate::Kept] {
        let mut at = 1;
        while life(psa, Arc::new(MemoryStore::new()), at, fate).await {
            at += 1;
            lives += 1;
        }
    }
    crate::support::say(&format!("{psa}: {lives} lives with a store in memory that fails"));
    // A run has that many changes at least, however they are grouped.
    assert!(lives > 12, "{lives}");
}

async fn nothing_is_sent_after_the_nth_change_on_disk_failed(psa: &'static str) {
    let mut lives = 0;
    let mut at = 1;
    loop {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path()).await.unwrap());
        let failed = life(psa, Arc::clone(&store) as Arc<dyn Store>, at, Fate::Kept).await;
        store.close().await;
        if !failed {
            break;
        }
        at += 1;
        lives += 1;
    }
    crate::support::say(&format!("{psa}: {lives} lives with a store on disk that fails"));
    assert!(lives > 6, "{lives}");
}

crate::support::vendor::on_every_psa!(
    nothing_is_sent_after_the_nth_change_failed,
    nothing_is_sent_after_the_nth_change_on_disk_failed,
);
