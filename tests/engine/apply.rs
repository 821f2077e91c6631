//! What is approved happens, and only that.

use mothball::{
    domain::{ConfigId, ExitCode, Outcome, Phase, SkipReason, selection::Scope},
    engine::Control,
    report,
    simulator::Options,
};
use serde_json::json;

use super::{offboarded, one_client, outcome, uniform};
use crate::support::{
    vendor::facts,
    world::{World, client, control_when, who},
};

async fn one_client_is_retired_read_back_and_reported(psa: &'static str) {
    let world = World::new(one_client(psa, 25)).await;
    let id = offboarded(&world.simulator)[0].clone();
    let finished = world.run(client(&id), mothball::engine::Who { single: true, ..who() }).await;
    assert_eq!(finished.state.phase, Phase::Finished);
    assert!(finished.state.is_success());
    let report = world.report(&finished);
    assert!(report.success());
    assert_eq!(report.statistics().configs_deactivated, 25);
    assert_eq!(report::verdict(&finished.survey, &finished.state), ExitCode::Success);
    for configuration in world.simulator.truth().configurations.values() {
        assert_eq!(configuration.company == id, !configuration.is_active(), "{}", configuration.id);
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["configs"][0]["previous_status"], "active");
    assert_eq!(json["configs"][0]["status"], "inactive");
    assert_eq!(json["client_id"], json!(id));
    world.check().await;
}

async fn what_changed_since_review_is_refused_on_its_own(psa: &'static str) {
    let world = World::new(one_client(psa, 10)).await;
    let id = offboarded(&world.simulator)[0].clone();
    let draft = world.draft(client(&id), Scope::default(), who()).await;
    let items: Vec<ConfigId> =
        draft.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.clone()).collect();
    let truth = world.simulator.truth();
    let other = truth.companies.values().find(|one| one.id != id && !one.own).unwrap().id.clone();
    world.simulator.edit(|edits| {
        edits.rename(items[0].as_str(), "renamed");
        edits.remove(items[1].as_str());
        edits.set_active(items[2].as_str(), false);
        edits.set_status(items[2].as_str(), "Retired");
        edits.move_to(items[3].as_str(), &other);
    });
    let finished = world.start(draft).await.wait().await;
    for at in [0, 1, 3] {
        assert!(
            matches!(outcome(&finished, &items[at]), Outcome::ChangedSinceReview { .. }),
            "{at}: {:?}",
            outcome(&finished, &items[at])
        );
    }
    assert_eq!(*outcome(&finished, &items[2]), Outcome::Skipped { reason: SkipReason::AlreadyInactive });
    for item in &items[4..] {
        assert_eq!(*outcome(&finished, item), Outcome::Deactivated { verified: true });
    }
    assert_eq!(report::verdict(&finished.survey, &finished.state), ExitCode::Incomplete);
    assert!(!world.report(&finished).success());
    assert_eq!(world.simulator.writes().len(), 6);
    world.check().await;
}

async fn a_client_that_came_back_is_left_alone(psa: &'static str) {
    let world = World::new(uniform(psa, 2, 5)).await;
    let ids = offboarded(&world.simulator);
    let ask = mothball::engine::Ask::Named {
        ids: ids.iter().map(|id| id.as_str().into()).collect(),
        names: Vec::new(),
    };
    let draft = world.draft(ask, Scope::default(), who()).await;
    world.simulator.edit(|edits| edits.bring_back(&ids[0]));
    let finished = world.start(draft).await.wait().await;
    let changed: Vec<&ConfigId> = finished
        .state
        .items
        .iter()
        .filter(|(_, item)| matches!(item.settled().unwrap().outcome, Outcome::ChangedSinceReview { .. }))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(changed.len(), 5);
    assert!(world.simulator.writes().iter().all(|write| write.client == ids[1]));
    assert_eq!(world.simulator.writes().len(), 5);
    world.check().await;
}

async fn a_plan_of_another_tenant_is_refused(psa: &'static str) {
    let mut world = World::new(one_client(psa, 3)).await;
    let id = offboarded(&world.simulator)[0].clone();
    let draft = world.draft(client(&id), Scope::default(), who()).await;
    let other = World::new(one_client(psa, 3)).await;
    world.engine.psa = other.engine.psa.clone();
    let finished = world.start(draft).await.wait().await;
    assert_eq!(finished.state.phase, Phase::Refused);
    assert_eq!(report::verdict(&finished.survey, &finished.state), ExitCode::Safeguard);
    assert!(other.simulator.writes().is_empty());
    world.report(&finished);
    other.check().await;
    world.check().await;
}

async fn cancel_lets_what_is_in_flight_end_and_starts_nothing_more(psa: &'static str) {
    let all = facts(psa).many(200);
    let latency = std::time::Duration::from_millis(20);
    let world = World::new(Options { latency, ..one_client(psa, all) }).await;
    let id = offboarded(&world.simulator)[0].clone();
    let draft = world.draft(client(&id), Scope::default(), who()).await;
    let handle = world.start(draft).await;
    control_when(&handle, Control::Cancel, |state| state.totals.past_sending() >= 20).await;
    let finished = handle.wait().await;
    assert_eq!(finished.state.phase, Phase::Cancelled);
    let written = world.simulator.writes().len();
    assert!(written < all, "cancelled in time");
    let statistics = world.report(&finished).statistics();
    assert_eq!(statistics.configs_deactivated, written as u64, "everything that was sent was read back");
    assert_eq!(statistics.configs_skipped, (all - written) as u64);
    assert!(finished.state.open_items().next().is_none());
    world.check().await;
}

async fn an_interrupted_run_says_so_and_leaves_nothing_open(psa: &'static str) {
    let all = facts(psa).many(200);
    let latency = std::time::Duration::from_millis(20);
    let world = World::new(Options { latency, ..one_client(psa, all) }).await;
    let id = offboarded(&world.simulator)[0].clone();
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Interrupt, |state| state.totals.past_sending() >= 20).await;
    let finished = handle.wait().await;
    assert_eq!(finished.state.phase, Phase::Interrupted);
    let report = world.report(&finished);
    assert!(!report.success());
    assert_eq!(report.statistics().configs_deactivated, world.simulator.writes().len() as u64);
    assert!(finished.state.open_items().next().is_none());
    world.check().await;
}

async fn a_paused_run_sends_nothing_until_it_goes_on(psa: &'static str) {
    let all = facts(psa).many(60);
    let latency = std::time::Duration::from_millis(5);
    let world = World::new(Options { latency, ..one_client(psa, all) }).await;
    let id = offboarded(&world.simulator)[0].clone();
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Pause, |state| state.totals.past_sending() >= 5).await;
    let mut feed = handle.feed.clone();
    while feed.with(|state| state.phase != Phase::Paused) {
        assert!(feed.changed().await);
    }
    // What was in flight ends; then the PSA hears nothing more of this run.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let written = world.simulator.writes().len();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(world.simulator.writes().len(), written);
    assert!(written < all);
    handle.control(Control::Go);
    let finished = handle.wait().await;
    assert!(finished.state.is_success());
    assert_eq!(world.simulator.writes().len(), all);
    world.check().await;
}

async fn protected_and_mixed_and_inactive_are_never_in_a_plan(psa: &'static str) {
    let mut world =
        World::new(Options { psa: psa.to_owned(), clients: 60, configurations: 900, ..Options::default() })
            .await;
    world.engine.profile.protection.types = vec!["Server".to_owned(), "SSL*".to_owned()];
    let draft = world.draft(mothball::engine::Ask::All, Scope::default(), who()).await;
    let truth = world.simulator.truth();
    for item in draft.plan.as_ref().unwrap().items() {
        let configuration = &truth.configurations[item.config_id.as_str()];
        let company = &truth.companies[&configuration.company];
        assert!(configuration.is_active() && !configuration.is_mixed(), "{configuration:?}");
        assert!(company.offboarded.any() && !company.own && !company.deleted, "{company:?}");
        assert!(configuration.type_name != "Server" && !configuration.type_name.starts_with("SSL"));
    }
    world.check().await;
}

async fn a_client_that_comes_back_during_a_pause_is_left_alone_after_it(psa: &'static str) {
    let all = facts(psa).many(200);
    let latency = std::time::Duration::from_millis(10);
    let world = World::new(Options { latency, ..one_client(psa, all) }).await;
    let id = offboarded(&world.simulator)[0].clone();
    let handle = world.start(world.draft(client(&id), Scope::default(), who()).await).await;
    control_when(&handle, Control::Pause, |state| state.totals.past_sending() >= 10).await;
    let mut feed = handle.feed.clone();
    while feed.with(|state| state.phase != Phase::Paused) {
        assert!(feed.changed().await);
    }
    // What was in flight ends before the client comes back.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let written = world.simulator.writes().len();
    assert!(written < all);
    world.simulator.edit(|edits| edits.bring_back(&id));
    handle.control(Control::Go);
    let finished = handle.wait().await;
    assert_eq!(world.simulator.writes().len(), written, "nothing was written after the client came back");
    let changed = finished.state.totals.changed as usize;
    assert_eq!(changed, all - written);
    assert!(!world.report(&finished).success());
    world.check().await;
}

crate::support::vendor::on_every_psa!(
    one_client_is_retired_read_back_and_reported,
    what_changed_since_review_is_refused_on_its_own,
    a_client_that_came_back_is_left_alone,
    a_plan_of_another_tenant_is_refused,
    cancel_lets_what_is_in_flight_end_and_starts_nothing_more,
    an_interrupted_run_says_so_and_leaves_nothing_open,
    a_paused_run_sends_nothing_until_it_goes_on,
    protected_and_mixed_and_inactive_are_never_in_a_plan,
    a_client_that_comes_back_during_a_pause_is_left_alone_after_it,
);
