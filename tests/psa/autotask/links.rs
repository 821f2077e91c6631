//! Links and signs of life are those that are stored; what cannot be read is unknown; the budget is kept.

use std::collections::BTreeSet;

use mothball::{
    domain::{Client, Criteria, SignOfLife, links::LinkAnswer},
    psa::port::ClientScope,
    simulator::Options,
};

use super::{start, start_with};
use crate::psa::{all_criteria, both_kinds, check, open};

fn ids(answer: &LinkAnswer) -> BTreeSet<&str> {
    assert!(!answer.is_unknown(), "{answer:?}");
    answer.items().iter().map(|link| link.id.as_str()).collect()
}

#[tokio::test]
async fn links_are_those_that_are_stored() {
    for switches in both_kinds() {
        let simulator =
            start(Options { clients: 60, configurations: 1500, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let clients: Vec<Client> =
            psa.clients(ClientScope::All, &all_criteria()).await.unwrap().listing.into_rows();
        let clients_ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
        let rows = psa.configurations(&clients_ids, None).await.unwrap().into_rows();
        simulator.forget_requests();
        let reading = psa.links(&clients, &rows).await;
        let took = simulator.count() as usize;
        let truth = simulator.truth();
        assert_eq!(reading.links.len(), rows.len());
        let mut kinds = [0; 4];
        for row in &rows {
            let stored = &truth.configurations[row.id.as_str()];
            let links = &reading.links[&row.id];
            let agreements: BTreeSet<&str> = stored.agreements.keys().map(String::as_str).collect();
            assert!(
                ids(&links.billing).is_superset(&agreements),
                "{}: {:?} {:?}",
                row.id,
                links.billing,
                stored
            );
            let tickets: BTreeSet<&str> = stored.open_tickets.iter().map(String::as_str).collect();
            assert_eq!(ids(&links.tickets), tickets, "{}", row.id);
            let hidden = |id: &&str| truth.configurations[*id].hidden;
            let children: BTreeSet<&str> =
                stored.active_children.iter().map(String::as_str).filter(|id| !hidden(id)).collect();
            assert_eq!(ids(&links.children), children, "{}", row.id);
            assert_eq!(links.rmm.items().is_empty(), stored.rmm.is_none());
            for (kind, there) in
                [agreements.len(), tickets.len(), children.len(), usize::from(stored.rmm.is_some())]
                    .into_iter()
                    .enumerate()
            {
                kinds[kind] += there;
            }
        }
        assert!(kinds.iter().all(|kind| *kind > 0), "a kind of link is not there at all: {kinds:?}");
        let (mut agreements, mut tickets) = (0, 0);
        for client in &clients {
            let stored = &truth.companies[client.id.as_str()];
            let signs = &reading.signs_of_life[&client.id];
            let running =
                signs.iter().filter(|sign| matches!(sign, SignOfLife::RunningAgreement { .. })).count();
            assert_eq!(running, stored.running_agreements.len(), "{}", client.name);
            let open: u64 = signs
                .iter()
                .map(|sign| if let SignOfLife::OpenTickets { count } = sign { *count } else { 0 })
                .sum();
            assert_eq!(open, stored.open_tickets.len() as u64, "{}", client.name);
            let children = signs.iter().filter(|sign| matches!(sign, SignOfLife::ActiveChild { .. })).count();
            assert_eq!(children, stored.active_child_companies.len(), "{}", client.name);
            agreements += running;
            tickets += open as usize;
        }
        // The budget as `links` states it: never one request for each configuration item, ticket or contract.
        let chunks = rows.len().div_ceil(200) + 1;
        let budget = 1 + 13 * chunks + tickets.div_ceil(200) * 3 + agreements.div_ceil(200) * 2 + 12;
        assert!(took <= budget, "{took} requests, the budget is {budget}: {:#?}", simulator.counts());
        check(&simulator);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_never_none() {
    let simulator = start_with(&[r#"refused_entities=["Contracts","Tickets"]"#]).await;
    let psa = open(&simulator);
    let clients = psa.clients(ClientScope::All, &Criteria::default()).await.unwrap().listing.into_rows();
    let clients_ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
    let rows = psa.configurations(&clients_ids, None).await.unwrap().into_rows();
    let reading = psa.links(&clients, &rows).await;
    for row in &rows {
        let links = &reading.links[&row.id];
        assert_ne!(links.billing, LinkAnswer::None, "{}", row.id);
        assert!(matches!(&links.tickets, LinkAnswer::Unknown { why } if why.contains("permission")));
        assert!(!links.children.is_unknown());
    }
    assert!(rows.iter().any(|row| reading.links[&row.id].billing.is_unknown()));
    for client in &clients {
        let unknown = |sign: &&SignOfLife| matches!(sign, SignOfLife::Unknown { .. });
        assert_eq!(reading.signs_of_life[&client.id].iter().filter(unknown).count(), 2);
    }
    check(&simulator);
}

#[tokio::test]
async fn one_closed_endpoint_leaves_its_kind_unknown_and_the_rest_known() {
    for (entity, of_tickets) in [
        ("Subscriptions", false),
        ("ConfigurationItemBillingProductAssociations", false),
        ("TicketAdditionalConfigurationItems", true),
    ] {
        let simulator = start_with(&[&format!("refused_entities=[\"{entity}\"]")]).await;
        let psa = open(&simulator);
        let clients = psa.clients(ClientScope::All, &Criteria::default()).await.unwrap().listing.into_rows();
        let clients_ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
        let rows = psa.configurations(&clients_ids, None).await.unwrap().into_rows();
        let reading = psa.links(&clients, &rows).await;
        let truth = simulator.truth();
        for row in &rows {
            let links = &reading.links[&row.id];
            let (closed, open) =
                if of_tickets { (&links.tickets, &links.billing) } else { (&links.billing, &links.tickets) };
            assert_ne!(*closed, LinkAnswer::None, "{entity}, {}", row.id);
            assert!(!open.is_unknown(), "{entity}, {}", row.id);
            let known = &truth.configurations[row.id.as_str()].agreements;
            let all = ids_or_none(&links.billing);
            let contracts = known.keys().filter(|id| id.parse::<u64>().is_ok());
            assert!(contracts.into_iter().all(|id| all.contains(id.as_str())), "{entity}, {}", row.id);
        }
        check(&simulator);
    }
}

fn ids_or_none(answer: &LinkAnswer) -> BTreeSet<&str> {
    answer.items().iter().map(|link| link.id.as_str()).collect()
}
