//! What was set inactive can be set back, exactly, and only that.

use std::collections::{BTreeMap, BTreeSet};

use mothball::{
    domain::{
        ConfigId, ExitCode, Outcome, Phase, SkipReason, document::Report, event::End, plan::Kind,
        selection::Scope,
    },
    engine::{Ask, Engine, EngineError, Finished, Undo, UndoOf, Who},
    report,
    simulator::{ConfigurationTruth, Edits, Options, Simulator, Switches},
};
use serde_json::Value;

use super::{offboarded, one_client};
use crate::support::{
    quick::Quick,
    vendor::{contrary_but_writable, facts, on_every_psa},
    world::{client, draft, report_of, who},
};

on_every_psa!(
    every_field_is_as_before_on_a_third_of_the_tenants,
    every_field_is_as_before_on_another_third,
    every_field_is_as_before_on_the_last_third,
    what_others_changed_since_is_left_alone_and_named,
    a_change_between_plan_and_write_is_refused_too,
    a_part_now_and_the_rest_later_and_then_nothing_is_left,
    all_that_was_ever_deactivated_for_a_client,
    a_dry_run_shows_the_way_back_and_does_not_go_it,
    a_plan_of_another_tenant_is_not_undone_here,
);

fn of(finished: &Finished) -> Undo {
    Undo { of: UndoOf::Run(finished.header.run.clone()), only: BTreeSet::new() }
}

async fn deactivate(quick: &Quick, ask: Ask) -> Finished {
    let draft = draft(&quick.engine, ask, Scope::default(), who()).await;
    quick.engine.start(draft).await.expect("the run starts").wait().await
}

/// Plans the way back and goes it; one without anything to restore is concluded.
async fn undo(engine: &Engine, undo: &Undo) -> Finished {
    let draft = engine.draft_undo(undo, &who()).await.expect("it can be planned");
    if draft.plan.is_none() {
        return engine.conclude(draft, End::Finished, Vec::new()).await.expect("it can be stored");
    }
    engine.start(draft).await.expect("the undo starts").wait().await
}

/// The members of records that differ from what they were at the start, by record; who changed them does not matter.
fn net_changes(simulator: &Simulator) -> BTreeMap<String, BTreeMap<String, (Value, Value)>> {
    let mut net: BTreeMap<String, BTreeMap<String, (Value, Value)>> = BTreeMap::new();
    for write in simulator.all_writes() {
        for change in write.changes {
            let fields = net.entry(write.record.clone()).or_default();
            let first = fields.get(&change.field).map_or(change.before, |(first, _)| first.clone());
            fields.insert(change.field, (first, change.after));
        }
    }
    for fields in net.values_mut() {
        fields.retain(|_, (first, last)| first != last);
    }
    net.retain(|_, fields| !fields.is_empty());
    net
}

/// Another client, of those that were left alone.
fn elsewhere(simulator: &Simulator, client: &str) -> String {
    let companies = simulator.truth().companies.into_values();
    companies.filter(|one| !one.own && !one.deleted).find(|one| one.id != client).unwrap().id
}

/// The status that the items of a run had before it, by name.
fn before_of(done: &Finished) -> Option<String> {
    done.plan.as_ref().unwrap().items()[0].before.status_name().map(str::to_owned)
}

/// Changes a record so that it is neither as it was nor as a run left it.
fn disturb(edits: &mut dyn Edits, id: &ConfigId, elsewhere: &str) {
    if !edits.set_status(id.as_str(), "In Stock") {
        edits.move_to(id.as_str(), elsewhere);
    }
}

/// Restores a record by hand.
fn put_back(edits: &mut dyn Edits, id: &ConfigId, status: Option<&str>) {
    edits.set_active(id.as_str(), true);
    if let Some(status) = status {
        assert!(edits.set_status(id.as_str(), status));
    }
}

/// What went wrong, for messages.
fn failures(finished: &Finished) -> Vec<String> {
    let outcomes = finished.state.items.values().filter_map(|item| item.settled());
    outcomes
        .map(|settled| &settled.outcome)
        .filter(|outcome| !outcome.is_verified())
        .map(Outcome::words)
        .collect()
}

fn verdict(finished: &Finished) -> ExitCode {
    report::verdict(&finished.survey, &finished.state)
}

fn outcomes(report: &Report) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for config in report.clients().iter().flat_map(|client| &client.configs) {
        *counts.entry(config.outcome.clone()).or_default() += 1;
    }
    counts
}

/// Deactivates everything of a generated tenant, then undoes it; every field of every record is as before, apart from
/// the vendor's own time stamps (which the simulator's log leaves out).
async fn there_and_back(psa: &str, seed: u64) {
    // Where one mark moves the other, a mixed state cannot be written; there are none in such a tenant.
    let contrary = seed.is_multiple_of(3);
    let switches = if contrary { contrary_but_writable(psa) } else { Switches::default() };
    let options = Options {
        psa: psa.to_owned(),
        seed,
        clients: 10,
        configurations: 70,
        switches,
        ..Options::default()
    };
    let quick = Quick::new(options).await;
    let before = quick.simulator.truth();
    let draft =
        draft(&quick.engine, Ask::All, Scope { include_mixed: !contrary, ..Scope::default() }, who()).await;
    if draft.plan.is_none() {
        return quick.check().await;
    }
    let done = quick.engine.start(draft).await.unwrap().wait().await;
    let deactivated = done.state.totals.done;
    assert!(deactivated > 0, "seed {seed}: {:?}", done.state.totals);
    assert!(!net_changes(&quick.simulator).is_empty());
    // Every second time the clients are customers again by then.
    if seed.is_multiple_of(2) {
        let clients = done.plan.as_ref().unwrap().clients();
        let edited = quick.simulator.all_writes().len();
        quick.simulator.edit(|edits| clients.iter().for_each(|client| edits.bring_back(client.as_str())));
        assert!(quick.simulator.all_writes().len() > edited);
    }
    let back = undo(&quick.engine, &of(&done)).await;
    assert!(back.state.is_success(), "seed {seed}: {:?}", failures(&back));
    assert_eq!(back.state.totals.done, deactivated, "seed {seed}");
    let report = report_of(&quick.engine, &back);
    assert!(report.success(), "seed {seed}");
    let statistics = report.statistics();
    assert_eq!((statistics.configs_restored, statistics.configs_deactivated), (Some(deactivated), 0));
    let mut net = net_changes(&quick.simulator);
    net.retain(|record, _| record.starts_with("configuration/"));
    // No PSA lets us take a status away: where there was none before, the run says so.
    let mut kept: BTreeSet<String> = BTreeSet::new();
    for (record, changes) in &mut net {
        let before = changes.len();
        changes.retain(|field, (was, _)| !(field.starts_with("status") && was.is_null()));
        if changes.len() < before {
            kept.insert(record.trim_start_matches("configuration/").to_owned());
        }
    }
    net.retain(|_, changes| !changes.is_empty());
    let warnings = report.clients().iter().flat_map(|client| client.warnings.clone()).collect::<Vec<_>>();
    let told = warnings.iter().any(|text| text.contains("status"));
    assert!(kept.is_empty() || told, "seed {seed}: what stays is told: {warnings:?}");
    assert_eq!(net, BTreeMap::new(), "seed {seed}: every field is as before");
    let after = quick.simulator.truth();
    for (id, was) in before.configurations {
        // What is billed is another record's matter; a client that came back has its agreements again.
        let mut is =
            ConfigurationTruth { agreements: was.agreements.clone(), ..after.configurations[&id].clone() };
        if kept.contains(&id) {
            is.status.clone_from(&was.status);
        }
        assert_eq!(is, was, "seed {seed}");
    }
    quick.check().await;
}

/// As many tenants as `MOTHBALL_TENANTS` says, else 300: in three parts, so that they run side by side.
fn tenants(part: u64) -> impl Iterator<Item = u64> {
    let all = mothball::system::environment::variable("MOTHBALL_TENANTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(300_u64);
    (1..=all).filter(move |seed| seed % 3 == part)
}

async fn every_field_is_as_before_on_a_third_of_the_tenants(psa: &'static str) {
    for seed in tenants(0) {
        there_and_back(psa, seed).await;
    }
}

async fn every_field_is_as_before_on_another_third(psa: &'static str) {
    for seed in tenants(1) {
        there_and_back(psa, seed).await;
    }
}

async fn every_field_is_as_before_on_the_last_third(psa: &'static str) {
    for seed in tenants(2) {
        there_and_back(psa, seed).await;
    }
}

async fn what_others_changed_since_is_left_alone_and_named(psa: &'static str) {
    let quick = Quick::new(one_client(psa, 10)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let done = deactivate(&quick, client(&id)).await;
    let items: Vec<ConfigId> =
        done.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.clone()).collect();
    let elsewhere = elsewhere(&quick.simulator, &id);
    let before = before_of(&done);
    quick.simulator.edit(|edits| {
        if facts(psa).status.is_some() {
            // One side alone is neither what it was nor what the run made of it.
            edits.set_active(items[0].as_str(), true);
        } else {
            edits.move_to(items[0].as_str(), &elsewhere);
        }
        disturb(edits, &items[1], &elsewhere);
        edits.move_to(items[2].as_str(), &elsewhere);
        edits.remove(items[3].as_str());
        // A new name is no reason to leave it: the state is still as we left it.
        edits.rename(items[4].as_str(), "renamed meanwhile");
        // Somebody restored this one by hand.
        put_back(edits, &items[5], before.as_deref());
    });
    let back = undo(&quick.engine, &of(&done)).await;
    assert_eq!(back.state.phase, Phase::Finished);
    assert_eq!(verdict(&back), ExitCode::Incomplete);
    let report = report_of(&quick.engine, &back);
    assert!(!report.success());
    let expected: BTreeMap<String, u64> = [("changed_since_review", 4), ("skipped", 1), ("restored", 5)]
        .map(|(word, n)| (word.to_owned(), n))
        .into();
    assert_eq!(outcomes(&report), expected);
    let written: BTreeSet<String> =
        quick.simulator.writes().into_iter().skip(items.len()).map(|write| write.id).collect();
    let restored: BTreeSet<String> =
        [4, 6, 7, 8, 9].into_iter().map(|at: usize| items[at].to_string()).collect();
    assert_eq!(written, restored);
    let Report::Client(report) = report else { panic!("one client, one document") };
    for changed in &items[..4] {
        assert!(report.warnings.iter().any(|text| text.contains(changed.as_str())), "{changed} is named");
    }
    let by_hand = report.configs.iter().find(|one| one.config_id == items[5]).unwrap();
    assert_eq!(by_hand.skip_reason, Some(SkipReason::AlreadyRestored));
    quick.check().await;
}

async fn a_change_between_plan_and_write_is_refused_too(psa: &'static str) {
    let quick = Quick::new(one_client(psa, 6)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let done = deactivate(&quick, client(&id)).await;
    let draft = quick.engine.draft_undo(&of(&done), &who()).await.unwrap();
    let items: Vec<ConfigId> =
        draft.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.clone()).collect();
    let (before, elsewhere) = (before_of(&done), elsewhere(&quick.simulator, &id));
    quick.simulator.edit(|edits| {
        disturb(edits, &items[0], &elsewhere);
        put_back(edits, &items[1], before.as_deref());
    });
    let back = quick.engine.start(draft).await.unwrap().wait().await;
    let outcome = |at: usize| &back.state.outcome(&items[at]).unwrap().outcome;
    assert!(matches!(outcome(0), Outcome::ChangedSinceReview { .. }), "{:?}", outcome(0));
    assert_eq!(*outcome(1), Outcome::Skipped { reason: SkipReason::AlreadyRestored });
    assert!((2..6).all(|at| *outcome(at) == Outcome::Restored { verified: true }));
    report_of(&quick.engine, &back);
    quick.check().await;
}

#[tokio::test]
async fn an_old_status_that_is_gone_is_told_and_the_rest_restored() {
    let quick = Quick::new(one_client("connectwise", 5)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let done = deactivate(&quick, client(&id)).await;
    quick.simulator.edit_state(|state: &mut mothball::simulator::connectwise::State| {
        assert!(state.replace_configuration_status("Active", "In Stock"));
    });
    let back = undo(&quick.engine, &of(&done)).await;
    assert!(back.state.is_success(), "{:?} {:?}", back.state.totals, back.state.problems);
    assert_eq!(back.state.totals.done, 5);
    let Report::Client(report) = report_of(&quick.engine, &back) else { panic!("one document") };
    for item in back.plan.as_ref().unwrap().items() {
        let told = report.warnings.iter().any(|text| {
            text.contains(item.config_id.as_str()) && text.contains("\"Active\" is not there any more")
        });
        assert!(told, "{:?}", report.warnings);
        let really = &quick.simulator.truth().configurations[item.config_id.as_str()];
        assert_eq!((really.active, really.status.as_deref()), (Some(true), Some("Retired")));
    }
    quick.check().await;
}

async fn a_part_now_and_the_rest_later_and_then_nothing_is_left(psa: &'static str) {
    let quick = Quick::new(one_client(psa, 8)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let done = deactivate(&quick, client(&id)).await;
    let items: Vec<ConfigId> =
        done.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.clone()).collect();
    let part = Undo { only: items[..3].iter().cloned().collect(), ..of(&done) };
    let first = undo(&quick.engine, &part).await;
    assert_eq!(first.state.totals.done, 3);
    assert!(report_of(&quick.engine, &first).success());
    let second = undo(&quick.engine, &of(&done)).await;
    assert_eq!(second.state.totals.done, 5, "what was restored before is not touched again");
    let third = undo(&quick.engine, &of(&done)).await;
    assert!(third.plan.is_none());
    assert_eq!(verdict(&third), ExitCode::Success);
    let report = report_of(&quick.engine, &third);
    assert!(report.success());
    assert!(report.clients()[0].warnings.iter().any(|text| text.contains("nothing left to restore")));
    let written = quick.simulator.writes().len();
    assert_eq!(written, 16);
    // An undo is not undone, an unknown run is nobody's, and only what the run changed can be chosen.
    let refused = quick.engine.draft_undo(&of(&second), &who()).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused(why) if why.contains("is an undo itself")), "{refused}");
    let stray = Undo { only: [ConfigId::from("999999")].into(), ..of(&done) };
    assert!(matches!(quick.engine.draft_undo(&stray, &who()).await, Err(EngineError::Usage(_))));
    let nobody = Undo { of: UndoOf::Run("no-such-run".into()), only: BTreeSet::new() };
    assert!(matches!(quick.engine.draft_undo(&nobody, &who()).await, Err(EngineError::Usage(_))));
    quick.check().await;
}

async fn all_that_was_ever_deactivated_for_a_client(psa: &'static str) {
    let quick = Quick::new(one_client(psa, 9)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let rows: Vec<String> = quick
        .simulator
        .truth()
        .configurations
        .into_values()
        .filter(|one| one.company == id)
        .map(|one| one.id)
        .collect();
    for part in rows.chunks(3) {
        let scope =
            Scope { ids: part.iter().map(|id| ConfigId::from(id.as_str())).collect(), ..Scope::default() };
        let draft = draft(&quick.engine, client(&id), scope, who()).await;
        assert_eq!(quick.engine.start(draft).await.unwrap().wait().await.state.totals.done, 3);
    }
    let wish = Undo { of: UndoOf::Client(id.as_str().into()), only: BTreeSet::new() };
    let back = undo(&quick.engine, &wish).await;
    assert!(back.state.is_success());
    assert_eq!((back.state.totals.done, back.header.kind, back.header.single), (9, Kind::Undo, true));
    assert_eq!(net_changes(&quick.simulator), BTreeMap::new());
    let again = undo(&quick.engine, &wish).await;
    assert!(again.plan.is_none());
    assert_eq!(verdict(&again), ExitCode::Success);
    let nobody = Undo { of: UndoOf::Client("99999999".into()), only: BTreeSet::new() };
    let none = undo(&quick.engine, &nobody).await;
    assert_eq!(verdict(&none), ExitCode::Client, "a client that neither the PSA nor a run knows");
    quick.check().await;
}

async fn a_dry_run_shows_the_way_back_and_does_not_go_it(psa: &'static str) {
    let mut quick = Quick::new(one_client(psa, 4)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let done = deactivate(&quick, client(&id)).await;
    let first = done.plan.as_ref().unwrap().items()[0].config_id.clone();
    let elsewhere = elsewhere(&quick.simulator, &id);
    quick.simulator.edit(|edits| disturb(edits, &first, &elsewhere));
    let written = quick.simulator.writes().len();
    for by_settings in [false, true] {
        quick.engine.profile.safeguards.dry_run = by_settings;
        let asked = Who { dry_run: !by_settings, ..who() };
        let draft = quick.engine.draft_undo(&of(&done), &asked).await.unwrap();
        assert!(draft.header.dry_run);
        let dry = quick.engine.conclude(draft, End::Finished, Vec::new()).await.unwrap();
        let report = report_of(&quick.engine, &dry);
        assert!(report.success(), "it could look at everything");
        assert_eq!(verdict(&dry), ExitCode::Success);
        let configs = &report.clients()[0].configs;
        assert!(configs.iter().all(|one| one.skip_reason == Some(SkipReason::DryRun)));
        assert!(report.clients()[0].warnings.iter().any(|text| text.contains("would be left as it is")));
    }
    assert_eq!(quick.simulator.writes().len(), written);
    quick.check().await;
}

async fn a_plan_of_another_tenant_is_not_undone_here(psa: &'static str) {
    let mut quick = Quick::new(one_client(psa, 2)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let done = deactivate(&quick, client(&id)).await;
    let other = Quick::new(one_client(psa, 2)).await;
    let own = std::mem::replace(&mut quick.engine.psa, other.engine.psa.clone());
    let refused = quick.engine.draft_undo(&of(&done), &who()).await.unwrap_err();
    assert!(matches!(refused, EngineError::OtherTenant { .. }), "{refused}");
    assert!(other.simulator.writes().is_empty());
    quick.engine.psa = own;
    other.check().await;
    quick.check().await;
}
