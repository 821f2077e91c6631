//! Each fault alone, and all of them mixed: the arithmetic closes, nothing unapproved is written, nothing
//! hangs, and what stayed unknown is named.

use std::time::Duration;

use mothball::{
    domain::{Outcome, Phase, selection::Scope},
    engine::Finished,
    simulator::{
        Options,
        faults::{Kind, Plan, Rule, Scope as FaultScope},
    },
};

use super::{offboarded, one_client};
use crate::support::{
    vendor::facts,
    world::{World, client, who},
};

/// Longer than any run with faults should take; only there so that a hang fails instead of blocking.
const WATCHDOG: Duration = Duration::from_mins(2);

async fn run_with(kind_of_run: &str, options: Options, plan: Plan) -> Option<(World, Finished)> {
    let world = World::new(options).await;
    let id = offboarded(&world.simulator)[0].clone();
    let draft = world.draft(client(&id), Scope::default(), who()).await;
    world.simulator.set_faults(plan);
    let run = async { world.start(draft).await.wait().await };
    let finished =
        tokio::time::timeout(WATCHDOG, run).await.unwrap_or_else(|_| panic!("{kind_of_run}: the run hangs"));
    world.simulator.set_faults(Plan::none());
    Some((world, finished))
}

/// What must hold after every run, whatever went wrong.
async fn check(name: &str, world: World, finished: Finished) {
    let report = world.report(&finished);
    let truth = world.simulator.truth().configurations;
    for item in finished.plan.as_ref().unwrap().items() {
        let really = &truth[item.config_id.as_str()];
        let Some(settled) = finished.state.outcome(&item.config_id) else {
            assert_ne!(
                finished.state.phase,
                Phase::Finished,
                "{name}: an item of a finished run has no outcome"
            );
            continue;
        };
        match &settled.outcome {
            Outcome::Deactivated { .. } => {
                assert_eq!(
                    really.active,
                    Some(false),
                    "{name}: {} is told to be deactivated",
                    item.config_id
                );
            }
            Outcome::Skipped { .. } | Outcome::Failed { .. } => {
                let told = settled.state.as_ref().is_none_or(|state| Some(state.active) == really.active);
                assert!(told, "{name}: {} is {:?}, told {settled:?}", item.config_id, really.active);
            }
            Outcome::Unknown { message } => assert!(!message.is_empty()),
            Outcome::ChangedSinceReview { .. } | Outcome::Restored { .. } => {}
        }
    }
    assert!(report.statistics().close(), "{name}");
    // A fault may make a good client look odd to the simulator's notes only if it sent something odd.
    world.check().await;
}

fn rule(kind: Kind, rate: f64) -> Rule {
    let rule = Rule::at_rate(kind, rate);
    match kind {
        Kind::Slow | Kind::Jitter => rule.lasting(Duration::from_millis(50)),
        Kind::Drip => rule.lasting(Duration::from_millis(1)),
        // The other end breaks off before our own time limit does; the limit itself is tested in `http`.
        Kind::Hang | Kind::HangAfterWrite => rule.lasting(Duration::from_millis(300)),
        _ => rule,
    }
}

async fn each_fault_alone_on_one_write_in_five(psa: &'static str) {
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.scope() != FaultScope::Lists) {
        let huge = matches!(kind, Kind::GzipBomb | Kind::HugeBody);
        let plan = Plan::of(vec![rule(kind, 0.2).times(if huge { 1 } else { 6 })]);
        let (world, finished) = run_with(kind.name(), one_client(psa, 20), plan).await.unwrap();
        check(kind.name(), world, finished).await;
    }
}

async fn list_faults_while_items_are_read(psa: &'static str) {
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.scope() == FaultScope::Lists) {
        let plan = Plan::of(vec![rule(kind, 1.0).times(3)]);
        let (world, finished) = run_with(kind.name(), one_client(psa, 20), plan).await.unwrap();
        check(kind.name(), world, finished).await;
    }
}

async fn mixed_faults_at_one_request_in_ten(psa: &'static str) {
    let kinds = [
        Kind::Refused,
        Kind::ResetBeforeWrite,
        Kind::ResetAfterWrite,
        Kind::Truncated,
        Kind::Throttled,
        Kind::Html503,
        Kind::Html500,
        Kind::ErrorAfterCommit,
        Kind::FalseOk,
        Kind::LostWrite,
        Kind::Forbidden,
        Kind::Invalid,
        Kind::Html200,
        Kind::InvalidJson,
        Kind::Slow,
    ];
    for seed in 1..=6 {
        let rules = kinds.iter().map(|kind| {
            let rule = rule(*kind, 0.1 / kinds.len() as f64);
            if *kind == Kind::Throttled { rule.lasting(Duration::from_secs(1)).times(2) } else { rule }
        });
        let options = Options { seed, ..one_client(psa, 120) };
        let name = format!("mixed, seed {seed}");
        let (world, finished) = run_with(&name, options, Plan::of(rules.collect())).await.unwrap();
        check(&name, world, finished).await;
    }
}

async fn a_write_whose_answer_was_lost_is_read_before_it_is_sent_again(psa: &'static str) {
    let plan = Plan::of(vec![Rule::always(Kind::ResetAfterWrite)]);
    let (world, finished) = run_with("reset after write", one_client(psa, 20), plan).await.unwrap();
    for item in finished.plan.as_ref().unwrap().items() {
        let outcome = &finished.state.outcome(&item.config_id).unwrap().outcome;
        assert_eq!(*outcome, Outcome::Deactivated { verified: true });
    }
    let facts = facts(psa);
    let sent: u64 = world
        .simulator
        .counts()
        .iter()
        .filter(|(route, _)| route.starts_with(facts.write))
        .map(|(_, count)| *count)
        .sum();
    assert_eq!(sent, 20u64.div_ceil(facts.batch as u64), "what had an effect is not sent again");
    check("reset after write", world, finished).await;
}

async fn a_refused_sign_in_in_mid_run_stops_everything_and_is_not_repeated(psa: &'static str) {
    let plan = Plan::of(vec![Rule::always(Kind::Unauthorized)]);
    let (world, finished) = run_with("401", one_client(psa, 40), plan).await.unwrap();
    assert_ne!(finished.state.phase, Phase::Finished);
    assert_eq!(mothball::report::verdict(&finished.survey, &finished.state).number(), 4);
    let refused = world.simulator.requests().iter().filter(|request| request.status == 401).count();
    assert!(refused <= 10, "{refused} requests were sent with credentials that were refused");
    check("401", world, finished).await;
}

crate::support::vendor::on_every_psa!(
    each_fault_alone_on_one_write_in_five,
    list_faults_while_items_are_read,
    mixed_faults_at_one_request_in_ten,
    a_write_whose_answer_was_lost_is_read_before_it_is_sent_again,
    a_refused_sign_in_in_mid_run_stops_everything_and_is_not_repeated,
);
