//! Who counts as offboarded, against the simulator's truth; look-alikes and the MSP's own company stay out.

use std::collections::BTreeSet;

use mothball::{
    domain::{Code, Criteria, criteria::CustomField, selection::Scope},
    engine::{Ask, Request},
    simulator::{CompanyTruth, Options, Switches},
};

use crate::support::world::{World, all_criteria, who};

fn realistic(psa: &str, switches: Switches, seed: u64) -> Options {
    Options { psa: psa.to_owned(), clients: 80, configurations: 400, seed, switches, ..Options::default() }
}

async fn matches(world: &mut World, criteria: Criteria) -> BTreeSet<String> {
    world.engine.profile.criteria = criteria;
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let discovery = world.engine.discover(&request, None).await.expect("the PSA can be read");
    discovery.clients.iter().map(|offboarded| offboarded.client.id.to_string()).collect()
}

fn truth(world: &World, counts: impl Fn(&CompanyTruth) -> bool) -> BTreeSet<String> {
    world
        .simulator
        .truth()
        .companies
        .into_values()
        .filter(|company| !company.deleted && !company.own && counts(company))
        .map(|company| company.id)
        .collect()
}

async fn every_criterion(psa: &str, switches: Switches, seed: u64) {
    let mut world = World::new(realistic(psa, switches, seed)).await;
    let none = Criteria::default;
    let found = matches(&mut world, Criteria { inactive: true, ..none() }).await;
    assert_eq!(found, truth(&world, |company| company.offboarded.inactive), "inactive");
    let statuses = vec!["former client".to_owned()];
    let found = matches(&mut world, Criteria { statuses, ..none() }).await;
    assert_eq!(found, truth(&world, |company| company.offboarded.status), "statuses");
    let found = matches(&mut world, Criteria { tags: vec!["Offboarded".to_owned()], ..none() }).await;
    assert_eq!(found, truth(&world, |company| company.offboarded.tag), "tags");
    let field = CustomField { name: "Offboarded".to_owned(), value: "yes".to_owned() };
    let found = matches(&mut world, Criteria { custom_field: Some(field), ..none() }).await;
    assert_eq!(found, truth(&world, |company| company.offboarded.custom_field), "custom field");
    let found = matches(&mut world, Criteria { contract_ended_days: Some(30), ..none() }).await;
    assert_eq!(found, truth(&world, |company| company.offboarded.contract_ended), "contracts");
    let found = matches(&mut world, all_criteria()).await;
    assert_eq!(found, truth(&world, |company| company.offboarded.any()), "any");
    world.check().await;
}

async fn every_criterion_finds_exactly_its_clients(psa: &'static str) {
    for seed in 1..=3 {
        every_criterion(psa, Switches::default(), seed).await;
    }
}

async fn every_criterion_finds_them_under_the_contrary_switches_too(psa: &'static str) {
    every_criterion(psa, Switches::contrary(), 1).await;
}

async fn a_name_that_the_tenant_does_not_have_is_told_with_candidates(psa: &'static str) {
    let mut world = World::new(realistic(psa, Switches::default(), 1)).await;
    for criteria in [
        Criteria { statuses: vec!["Fromer Client".to_owned()], ..Criteria::default() },
        Criteria { tags: vec!["Ofboarded".to_owned()], ..Criteria::default() },
    ] {
        world.engine.profile.criteria = criteria;
        let request = Request { ask: Ask::All, statuses: Vec::new() };
        let error = world.engine.discover(&request, None).await.expect_err("it is unknown");
        assert_eq!(error.exit_code().number(), 2, "{error}");
        let text = error.to_string();
        assert!(text.contains("Former Client") || text.contains("Offboarded"), "{text}");
    }
    world.check().await;
}

async fn an_ambiguous_name_names_both_and_changes_nothing(psa: &'static str) {
    let world = World::new(realistic(psa, Switches::default(), 1)).await;
    let companies = world.simulator.truth().companies;
    let twin = companies
        .values()
        .filter(|company| !company.deleted)
        .find(|company| {
            companies.values().filter(|other| !other.deleted && other.name == company.name).count() > 1
        })
        .expect("the simulator has two companies of one name")
        .clone();
    let ask = Ask::Named { ids: Vec::new(), names: vec![twin.name.to_uppercase()] };
    let draft = world.draft(ask, Scope::default(), who()).await;
    let problems: Vec<_> = draft.survey.clients.iter().flat_map(|client| &client.problems).collect();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, Code::AmbiguousClient);
    assert!(problems[0].message.contains(&twin.id), "{}", problems[0].message);
    assert!(draft.plan.is_none());
    world.check().await;
}

async fn a_client_that_has_not_left_is_refused(psa: &'static str) {
    let world = World::new(realistic(psa, Switches::default(), 1)).await;
    let companies = world.simulator.truth().companies;
    for role in ["active", "lookalike_name", "lookalike_parent_agreement", "lookalike_credit_hold"] {
        let company = companies
            .values()
            .find(|company| company.role == role && !company.offboarded.any())
            .unwrap_or_else(|| panic!("the simulator has a {role}"));
        let ask = Ask::Named { ids: vec![company.id.as_str().into()], names: Vec::new() };
        let draft = world.draft(ask, Scope::default(), who()).await;
        assert_eq!(draft.survey.clients[0].problems[0].code, Code::ClientNotOffboarded, "{role}");
        assert!(draft.plan.is_none());
    }
    for company in companies.values().filter(|company| company.own) {
        let ask = Ask::Named { ids: vec![company.id.as_str().into()], names: Vec::new() };
        let draft = world.draft(ask, Scope::default(), who()).await;
        assert!(draft.plan.is_none(), "the MSP's own company is protected");
    }
    world.check().await;
}

crate::support::vendor::on_every_psa!(
    every_criterion_finds_exactly_its_clients,
    every_criterion_finds_them_under_the_contrary_switches_too,
    a_name_that_the_tenant_does_not_have_is_told_with_candidates,
    an_ambiguous_name_names_both_and_changes_nothing,
    a_client_that_has_not_left_is_refused,
);
