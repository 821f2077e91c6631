//! How many requests it takes: counted by the simulator, never timed.

use mothball::{
    domain::selection::Scope,
    engine::{Ask, Request, Who, links},
    simulator::Options,
};

use super::{offboarded, one_client, uniform};
use crate::support::{
    vendor::facts,
    world::{World, client, who},
};

async fn listing_500_companies_with_50_configurations_each(psa: &'static str) {
    let world = World::new(uniform(psa, 500, 50)).await;
    let request = Request { ask: Ask::All, statuses: Vec::new() };
    let discovery = world.engine.discover(&request, None).await.expect("it can be listed");
    assert_eq!(discovery.listing.rows().len(), 25_000);
    assert_eq!(discovery.clients.len(), 500);
    let rows = 25_000.0;
    let allowed = 1.1 * rows / facts(psa).page + 20.0;
    let took = world.simulator.count();
    assert!(
        (took as f64) < allowed,
        "{took} requests, {allowed} are allowed: {:#?}",
        world.simulator.counts()
    );
    world.check().await;
}

async fn deactivating_many_keeps_its_budget(psa: &'static str) {
    let facts = facts(psa);
    let changes = if facts.batch > 1 { 500 } else { 200 };
    let world = World::new(one_client(psa, changes as usize)).await;
    let id = offboarded(&world.simulator)[0].clone();
    let finished = world.run(client(&id), who()).await;
    assert!(finished.state.is_success());
    let took = world.simulator.count();
    let allowed = (facts.budget)(changes);
    assert!(took <= allowed, "{took} requests for {changes} changes: {:#?}", world.simulator.counts());
    world.check().await;
}

async fn no_links_reads_none(psa: &'static str) {
    let world = World::new(one_client(psa, 20)).await;
    let id = offboarded(&world.simulator)[0].clone();
    let finished = world.run(client(&id), who()).await;
    assert!(finished.state.is_success());
    for (route, count) in world.simulator.counts() {
        let of_links = route.contains("/service/tickets") || route.contains("/additions");
        assert!(!of_links || count == 0, "{route} was asked {count} times");
    }
    world.check().await;
}

async fn links_keep_their_budget(psa: &'static str) {
    let world =
        World::new(Options { psa: psa.to_owned(), clients: 60, configurations: 1500, ..Options::default() })
            .await;
    let draft = world.draft(Ask::All, Scope::default(), Who { links: false, ..who() }).await;
    let before = world.simulator.count();
    world.engine.read_links(&draft.survey).await;
    let took = world.simulator.count() - before;
    let truth = world.simulator.truth();
    let clients = draft.plan.as_ref().unwrap().clients();
    let companies = clients.iter().map(|id| &truth.companies[id.as_str()]);
    let (agreements, tickets) = companies.fold((0, 0), |(agreements, tickets), company| {
        (agreements + company.running_agreements.len(), tickets + company.open_tickets.len())
    });
    let configurations = draft.plan.as_ref().unwrap().items().len();
    let groups = clients.len().div_ceil(links::CLIENTS_AT_ONCE);
    // Two requests for each running agreement, one for each open ticket, a few for each group of clients and
    // for each hundred configurations: never one for each configuration.
    let budget = 2 * agreements + tickets + 12 * groups + configurations.div_ceil(50);
    assert!(
        took as usize <= budget,
        "{took} requests, the budget is {budget}: {:#?}",
        world.simulator.counts()
    );
    world.check().await;
}

crate::support::vendor::on_every_psa!(
    listing_500_companies_with_50_configurations_each,
    deactivating_many_keeps_its_budget,
    no_links_reads_none,
    links_keep_their_budget,
);
