//! Two who resume the same run at the same moment: one of them holds it.

use std::{collections::BTreeSet, sync::Arc};

use mothball::{
    domain::{
        Approval, Event, Phase, Plan, RunId, Stamped,
        event::{Answer, End},
        selection::Scope,
    },
    engine::{Engine, EngineError, RunHandle},
    simulator::{Layout, Options},
    store::{Claim, Holder, NewRun, Store},
    system::process::Identity,
};

use super::offboarded;
use crate::support::{
    quick::{Quick, adapter},
    world::{client, draft, who},
};

const RACES: usize = 1_000;

/// Stores a run that was interrupted with its first item sent and the others untouched.
async fn interrupted(quick: &Quick, client_id: &str) -> (RunId, Plan) {
    let draft = draft(&quick.engine, client(client_id), Scope::default(), who()).await;
    let plan = draft.plan.unwrap();
    let run = draft.header.run.clone();
    let new = NewRun {
        header: draft.header,
        survey: draft.survey,
        plan: Some((plan.canonical_bytes(), plan.digest())),
    };
    quick.store.create_run(&new).await.unwrap();
    let at = quick.engine.now();
    let first = plan.items()[0].config_id.clone();
    let events = [
        Event::Planned { digest: plan.digest() },
        Event::Approved { approval: Approval::of_all(&plan, "jane", at) },
        Event::Applying,
        Event::Intended { config_id: first.clone(), attempt: 1 },
        Event::Answered { config_id: first, attempt: 1, answer: Answer::Lost { message: "broken".into() } },
        Event::Ended { how: End::Interrupted },
    ];
    quick.store.append(&run, &events.map(|event| Stamped { at, event })).await.unwrap();
    (run, plan)
}

async fn resume(engine: &Engine, run: &RunId) -> Result<RunHandle, EngineError> {
    let stored = engine.store.run(run).await?.unwrap();
    engine.resume(stored).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_resume_one_run_exactly_one_holds_it() {
    let layout = Layout::Uniform { offboarded: 20, each: 2 };
    let quick = Quick::new(Options { layout, ..Options::default() }).await;
    let clients = offboarded(&quick.simulator);
    let store: Arc<dyn Store> = Arc::clone(&quick.store) as Arc<dyn Store>;
    let other = quick.another(store, adapter(&quick.simulator));
    let mut held = 0;
    for race in 0..RACES {
        let (run, plan) = interrupted(&quick, &clients[race % clients.len()]).await;
        let (a, b) = tokio::join!(
            {
                let (engine, run) = (quick.engine.clone(), run.clone());
                tokio::spawn(async move { resume(&engine, &run).await })
            },
            {
                let (engine, run) = (other.clone(), run.clone());
                tokio::spawn(async move { resume(&engine, &run).await })
            },
        );
        let mut holders = 0;
        for outcome in [a.unwrap(), b.unwrap()] {
            match outcome {
                Ok(handle) => {
                    holders += 1;
                    let finished = handle.wait().await;
                    assert_eq!(finished.state.phase, Phase::Finished, "race {race}");
                    assert!(finished.state.is_success(), "race {race}: {:?}", finished.state.problems);
                }
                // The other one has it, or had it and was done before this one had looked.
                Err(EngineError::Locked { .. } | EngineError::Refused(_)) => held += 1,
                Err(error) => panic!("race {race}: {error}"),
            }
        }
        assert_eq!(holders, 1, "race {race}");
        let resumed = quick.store.run(&run).await.unwrap().unwrap().events;
        let resumed = resumed.iter().filter(|stamped| stamped.event == Event::Resumed).count();
        assert_eq!(resumed, 1, "race {race}: one life went on");
        // As it was, for the next race.
        quick.simulator.edit(|edits| {
            for item in plan.items() {
                edits.set_active(item.config_id.as_str(), true);
                if let Some(status) = item.before.status_name() {
                    edits.set_status(item.config_id.as_str(), status);
                }
            }
        });
    }
    assert_eq!(held, RACES);
    quick.check().await;
}

#[tokio::test]
async fn a_living_process_keeps_what_it_holds_and_a_dead_one_does_not() {
    let quick = Quick::new(super::one_client("connectwise", 4)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let (run, plan) = interrupted(&quick, &id).await;
    let clients: Vec<_> = plan.clients().into_iter().collect();
    let now = quick.engine.now();
    let own = Identity::own();
    // Process 1 is always there.
    let living = Holder { process: Identity { pid: 1, ..own.clone() }, operator: "john".into() };
    let tenant = &plan.head().tenant;
    let taken = quick.store.acquire(tenant, &clients, Claim::All, &run, &living, now).await.unwrap();
    assert!(taken.held.is_empty());
    let refused = resume(&quick.engine, &run).await.err().expect("a living process works on it");
    assert!(matches!(&refused, EngineError::Locked { .. }), "{refused}");
    assert!(refused.to_string().contains("john"), "{refused}");
    assert!(quick.simulator.writes().is_empty());

    quick.store.release(&run).await.unwrap();
    let dead =
        Holder { process: Identity { boot: "an earlier boot".into(), ..own }, operator: "john".into() };
    quick.store.acquire(tenant, &clients, Claim::All, &run, &dead, now).await.unwrap();
    let finished = resume(&quick.engine, &run).await.expect("a dead process holds nothing").wait().await;
    assert!(finished.state.is_success());
    let ids: BTreeSet<String> = quick.simulator.writes().into_iter().map(|write| write.id).collect();
    assert_eq!(ids.len(), 4);
    quick.check().await;
}
