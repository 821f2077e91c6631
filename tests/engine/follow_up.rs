//! What is left for a person, compared with the simulator's truth.

use std::collections::BTreeSet;

use mothball::{
    domain::{
        document::{FollowUpKind, Report},
        selection::Scope,
    },
    engine::{Ask, Who},
    simulator::{Options, Switches},
};

use crate::support::{
    vendor::contrary_but_writable,
    world::{World, who},
};

async fn follow_up_names_everything(psa: &str, switches: Switches) {
    let world = World::new(Options {
        psa: psa.to_owned(),
        clients: 60,
        configurations: 900,
        switches,
        ..Options::default()
    })
    .await;
    let finished = world.run(Ask::All, Who { links: true, ..who() }).await;
    let truth = world.simulator.truth();
    let told = |kind: FollowUpKind| -> BTreeSet<String> {
        finished
            .state
            .follow_up
            .iter()
            .filter(|entry| entry.kind == kind)
            .filter_map(|entry| entry.config_id.as_ref().map(ToString::to_string))
            .collect()
    };
    let planned: BTreeSet<&str> =
        finished.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.as_str()).collect();
    let expect = |linked: &dyn Fn(&mothball::simulator::ConfigurationTruth) -> bool| -> BTreeSet<String> {
        truth
            .configurations
            .values()
            .filter(|configuration| planned.contains(configuration.id.as_str()) && linked(configuration))
            .map(|configuration| configuration.id.clone())
            .collect()
    };
    assert_eq!(told(FollowUpKind::Unknown), BTreeSet::new(), "everything could be read");
    assert_eq!(told(FollowUpKind::Billing), expect(&|one| !one.agreements.is_empty()));
    assert_eq!(told(FollowUpKind::Ticket), expect(&|one| !one.open_tickets.is_empty()));
    assert_eq!(told(FollowUpKind::Rmm), expect(&|one| one.rmm.is_some()));
    assert_eq!(told(FollowUpKind::Child), expect(&|one| !one.active_children.is_empty()));
    let agreements: BTreeSet<String> = finished
        .state
        .follow_up
        .iter()
        .filter(|entry| entry.kind == FollowUpKind::Agreement)
        .map(|entry| entry.client_id.to_string())
        .collect();
    let clients = finished.plan.as_ref().unwrap().clients();
    let running: BTreeSet<String> = truth
        .companies
        .values()
        .filter(|company| {
            clients.contains(&company.id.as_str().into()) && !company.running_agreements.is_empty()
        })
        .map(|company| company.id.clone())
        .collect();
    assert_eq!(agreements, running);
    world.report(&finished);
    world.check().await;
}

async fn follow_up_names_each_configuration_that_is_still_linked(psa: &'static str) {
    follow_up_names_everything(psa, Switches::default()).await;
}

async fn follow_up_names_them_under_the_contrary_switches_too(psa: &'static str) {
    follow_up_names_everything(psa, contrary_but_writable(psa)).await;
}

crate::support::vendor::on_every_psa!(
    follow_up_names_each_configuration_that_is_still_linked,
    follow_up_names_them_under_the_contrary_switches_too,
);

/// Only HaloPSA answers a change with warnings.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_psa_remarks_on_a_change_stands_in_the_report() {
    let mut switches = Switches::default();
    switches.halopsa.warns = true;
    let options = Options { psa: "halopsa".to_owned(), switches, ..Options::default() };
    let world = World::new(options).await;
    let draft = world.draft(Ask::All, Scope::default(), who()).await;
    let truth = world.simulator.truth();
    let mut expected: Vec<String> = draft
        .plan
        .as_ref()
        .unwrap()
        .items()
        .iter()
        .filter(|item| !truth.configurations[item.config_id.as_str()].open_tickets.is_empty())
        .map(|item| {
            format!(
                "{} ({}): the PSA took the change and warns: This Asset has ",
                item.title(),
                item.config_id
            )
        })
        .collect();
    assert!(expected.len() > 1, "some assets have open tickets");
    let finished = world.start(draft).await.wait().await;
    let Report::Joint(report) = world.report(&finished) else { panic!("a run over several clients") };
    let mut told: Vec<&String> =
        report.warnings.iter().filter(|text| text.contains("the PSA took")).collect();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(&expected) {
        assert!(told.starts_with(expected.as_str()), "{told}");
    }
    world.check().await;
}
