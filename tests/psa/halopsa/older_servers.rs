//! Servers that do not know the newer filters. The vendor ignores unknown parameters without a word, so such a server
//! answers with rows that nobody asked for: each is found out, and read in another way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use mothball::{
    domain::{ClientId, ConfigId, Configuration, State, Text, Timestamp, links::LinkKind},
    http::{Transport, TransportError, WireReply, WireRequest},
    psa::{Psa, port::ClientScope},
    simulator::{Options, Simulator},
    system::Clock,
};
use tokio_util::sync::CancellationToken;

use super::{asked, start};
use crate::{
    psa::{all_criteria, changes, check, connection, offboarded, open, open_as},
    support::quick::InProcess,
};

/// A server that does not know these parameters of these resources.
struct Older {
    simulator: InProcess,
    unknown: &'static [(&'static str, &'static str)],
}

#[async_trait]
impl Transport for Older {
    async fn send(&self, mut request: WireRequest) -> Result<WireReply, TransportError> {
        let path = request.url.path().to_owned();
        let known: Vec<(String, String)> = request
            .url
            .query_pairs()
            .filter(|(name, _)| {
                !self.unknown.iter().any(|(of, unknown)| path.ends_with(of) && name == unknown)
            })
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if request.url.query().is_some() {
            request.url.query_pairs_mut().clear().extend_pairs(known);
        }
        self.simulator.send(request).await
    }
}

fn older(simulator: &Simulator, unknown: &'static [(&'static str, &'static str)]) -> Arc<dyn Psa> {
    let transport = Older { simulator: InProcess(simulator.router()), unknown };
    let mut connection = connection(simulator);
    connection.transport = Some(Arc::new(transport));
    open_as("halopsa", connection)
}

fn ids(rows: &[Configuration]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

/// What a change is decided by. A single record says more than a row of a list: when it was changed last.
fn told(
    read: BTreeMap<ConfigId, Option<Configuration>>,
) -> BTreeMap<ConfigId, Option<(ClientId, Vec<Text>, State)>> {
    let told = |row: Configuration| (row.client.clone(), row.names.clone(), row.state.clone());
    read.into_iter().map(|(id, row)| (id, row.map(told))).collect()
}

#[tokio::test]
async fn assets_of_several_clients_are_all_there_and_nobody_elses_are() {
    let simulator = start(Options { clients: 30, configurations: 1200, ..Options::default() }).await;
    let truth = simulator.truth();
    let some: Vec<&String> = truth.companies.keys().take(12).collect();
    let expected: BTreeSet<&str> = truth
        .configurations
        .values()
        .filter(|row| !row.hidden && some.contains(&&row.company))
        .map(|row| row.id.as_str())
        .collect();
    assert!(expected.len() > 100);
    let clients: Vec<ClientId> = some.iter().map(|id| ClientId::from(id.as_str())).collect();
    let psa = older(&simulator, &[("/Asset", "client_ids")]);
    let listing = psa.configurations(&clients, None).await.unwrap();
    assert_eq!(ids(listing.rows()), expected);
    // Once known it is not tried again: the whole list is five pages, shorter than twelve questions.
    simulator.forget_requests();
    let listing = psa.configurations(&clients, None).await.unwrap();
    assert_eq!(ids(listing.rows()), expected);
    assert!(asked(&simulator, "/Asset") <= 8, "{:?}", simulator.counts());
    // Two are asked for one by one.
    simulator.forget_requests();
    psa.configurations(&clients[..2], None).await.unwrap();
    let queries: Vec<String> = simulator.requests().into_iter().map(|request| request.query).collect();
    assert!(queries.iter().any(|query| query.contains(&format!("client_id={}", clients[0]))), "{queries:?}");
    check(&simulator);
}

#[tokio::test]
async fn assets_asked_for_by_id_come_as_they_are_and_one_that_is_gone_is_told_as_gone() {
    let simulator = start(Options { clients: 30, configurations: 1200, ..Options::default() }).await;
    let all: Vec<String> = simulator.truth().configurations.keys().cloned().collect();
    for count in [5, 150] {
        let some: Vec<ConfigId> = all.iter().take(count).map(|id| ConfigId::from(id.as_str())).collect();
        let gone = &some[count / 2];
        simulator.edit(|edits| edits.remove(gone.as_str()));
        let expected = told(open(&simulator).read(&some).await.unwrap());
        assert_eq!(expected[gone], None);
        simulator.forget_requests();
        let psa = older(&simulator, &[("/Asset", "assets")]);
        assert_eq!(told(psa.read(&some).await.unwrap()), expected);
        // Few one by one; of many the whole list is shorter, and the one that it lacks is looked for again.
        assert!(asked(&simulator, "/Asset") <= 16, "{:?}", simulator.counts());
        assert_eq!(told(psa.read(&some).await.unwrap()), expected, "once it is known");
    }
    check(&simulator);
}

#[tokio::test]
async fn changes_are_proven_without_a_filter_by_id() {
    let simulator = start(Options { clients: 30, configurations: 900, ..Options::default() }).await;
    let psa = older(&simulator, &[("/Asset", "assets"), ("/Asset", "client_ids")]);
    let listing = offboarded(&psa).await;
    let wanted = psa.wanted(None).await.unwrap();
    let active = |row: &Configuration| row.state.active.then(|| wanted.clone());
    let changes: Vec<_> = changes(&psa, &listing, active).await.into_iter().take(30).collect();
    psa.set(&changes, &CancellationToken::new()).await;
    let touched: Vec<ConfigId> = changes.iter().map(|change| change.config_id().clone()).collect();
    let read = psa.read(&touched).await.unwrap();
    assert!(touched.iter().all(|id| read[id].as_ref().is_some_and(|row| !row.state.active)));
    assert_eq!(simulator.writes().len(), 30);
    check(&simulator);
}

#[tokio::test]
async fn links_are_the_same_with_and_without_the_newer_filters() {
    let simulator = start(Options { clients: 60, configurations: 1500, ..Options::default() }).await;
    let newer = open(&simulator);
    let criteria = all_criteria();
    let today = Timestamp::new(Clock::system().now()).day();
    let clients = newer.clients(ClientScope::Candidates, &criteria).await.unwrap().listing;
    let left: Vec<_> =
        clients.rows().iter().filter(|client| criteria.judge(client, today).is_some()).cloned().collect();
    let listing = offboarded(&newer).await;
    let expected = newer.links(&left, listing.rows()).await;
    let linked =
        |kind: LinkKind| expected.links.values().filter(|links| !links.get(kind).items().is_empty()).count();
    for kind in [LinkKind::Billing, LinkKind::Tickets, LinkKind::Children] {
        assert!(linked(kind) > 0, "{kind:?}");
    }
    let psa = older(
        &simulator,
        &[("/Asset", "client_ids"), ("/Tickets", "client_ids"), ("/RecurringInvoice", "client_ids")],
    );
    assert_eq!(ids(offboarded(&psa).await.rows()), ids(listing.rows()));
    for _ in 0..2 {
        let told = psa.links(&left, listing.rows()).await;
        for (id, links) in &expected.links {
            assert_eq!(told.links[id], *links, "{id}");
        }
        assert_eq!(told.signs_of_life, expected.signs_of_life);
    }
    check(&simulator);
}
