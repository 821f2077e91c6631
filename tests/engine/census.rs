//! What `setup` shows to choose the criteria by is what a run with them would find.

use std::collections::BTreeSet;

use mothball::{
    domain::{Criteria, text::same_name},
    engine::{Ask, Request, census},
    simulator::Options,
};

use crate::support::world::World;

fn realistic(psa: &str) -> Options {
    Options { psa: psa.to_owned(), clients: 80, configurations: 200, seed: 4, ..Options::default() }
}

/// The clients that these criteria match, as a run finds them.
async fn found(world: &mut World, criteria: &Criteria) -> BTreeSet<String> {
    world.engine.profile.criteria = criteria.clone();
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let discovery = world.engine.discover(&request, None).await.expect("the PSA can be read");
    discovery.clients.iter().map(|offboarded| offboarded.client.id.to_string()).collect()
}

async fn every_choice_counts_what_a_run_would_find(psa: &'static str) {
    let mut world = World::new(realistic(psa)).await;
    let taken = census::take(world.engine.psa.as_ref()).await.expect("the PSA can be read");
    assert_eq!(taken.no_contracts, None);
    let has = |names: &[String], name: &str| names.iter().any(|other| same_name(other, name));
    assert!(has(&taken.statuses, "Former Client"), "{:?}", taken.statuses);
    assert!(has(&taken.tags, "Offboarded"), "{:?}", taken.tags);
    assert_eq!(taken.statuses_to_set.is_empty(), !world.engine.psa.capabilities().sets_status);

    let none = Criteria::default;
    let all = [
        Criteria { inactive: true, ..none() },
        Criteria { statuses: vec!["Former Client".to_owned()], ..none() },
        Criteria { tags: vec!["Offboarded".to_owned()], ..none() },
        Criteria { contract_ended_days: Some(30), ..none() },
        Criteria { contract_ended_days: Some(0), inactive: true, ..none() },
    ];
    let today = world.engine.now().day();
    for criteria in all {
        let counted: BTreeSet<String> = taken
            .clients
            .iter()
            .filter(|client| criteria.judge(client, today).is_some())
            .map(|client| client.id.to_string())
            .collect();
        assert!(!counted.is_empty(), "{criteria}: the world has some of each kind");
        assert_eq!(counted, found(&mut world, &criteria).await, "{criteria}");
    }
    for status in &taken.statuses_to_set {
        assert!(world.engine.psa.wanted(Some(status)).await.is_ok(), "{status} can be set");
    }
    world.check().await;
}

crate::support::vendor::on_every_psa!(every_choice_counts_what_a_run_would_find);
