//! Reading while things go wrong: a listing is complete or it is none.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use mothball::{
    domain::{ClientId, ConfigId, Incomplete},
    http::{Transport, TransportError, WireReply, WireRequest},
    psa::{Psa, PsaError, registry::Connection},
    simulator::{
        Options, Simulator, Switches,
        faults::{Kind, Plan, Rule, Scope},
    },
};

use super::start;
use crate::{
    psa::{check, connection, open, open_as},
    support::quick::InProcess,
};

fn everybody(simulator: &Simulator) -> Vec<ClientId> {
    simulator.truth().companies.keys().map(|id| ClientId::from(id.as_str())).collect()
}

fn visible(simulator: &Simulator) -> BTreeSet<String> {
    simulator.truth().configurations.into_values().filter(|row| !row.hidden).map(|row| row.id).collect()
}

#[tokio::test]
async fn every_kind_of_fault_leaves_the_listing_complete_or_none() {
    let simulator = start(Options { clients: 20, configurations: 600, ..Options::default() }).await;
    let clients = everybody(&simulator);
    let kinds = Kind::ALL.iter().filter(|kind| {
        kind.scope() != Scope::Writes && !matches!(kind, Kind::Hang | Kind::Unauthorized | Kind::Empty401)
    });
    for (kind, index) in kinds.flat_map(|kind| [0, 1, 2].map(|index| (*kind, index))) {
        let psa = open(&simulator);
        psa.tenant().await.unwrap();
        let rule = Rule::on_request(kind, index).times(1).lasting(Duration::from_millis(5));
        simulator.set_faults(Plan::of(vec![rule]));
        let before = visible(&simulator);
        match psa.configurations(&clients, None).await {
            Ok(listing) => {
                let ids: BTreeSet<String> =
                    listing.rows().iter().map(|row| row.id.as_str().to_owned()).collect();
                // What is added after the last page was read is not part of the listing: that page told the count.
                let whole = if kind == Kind::RowsAdded {
                    ids == before || ids == visible(&simulator)
                } else {
                    ids == before
                };
                assert!(whole, "{kind} at {index}");
            }
            Err(error) => {
                let allowed = matches!(
                    &error,
                    PsaError::Incomplete(_)
                        | PsaError::Settings { .. }
                        | PsaError::Unreachable { .. }
                        | PsaError::Unreadable { .. }
                );
                assert!(allowed, "{kind} at {index}: {error:?}");
            }
        }
        simulator.set_faults(Plan::none());
        assert!(simulator.elsewhere().is_empty(), "{kind} at {index} led to another host");
    }
}

#[tokio::test]
async fn mixed_faults_at_ten_percent_lose_no_row() {
    for switches in [Switches::default(), Switches::contrary()] {
        let simulator =
            start(Options { clients: 60, configurations: 2000, switches, ..Options::default() }).await;
        let plan: Plan =
            "reset=0.02,truncated=0.02,500=0.02,503=0.02,429=0.01:50ms,html_200=0.01".parse().unwrap();
        simulator.set_faults(plan);
        let psa = open(&simulator);
        let clients = everybody(&simulator);
        for _ in 0..3 {
            let listing = psa.configurations(&clients, None).await.unwrap();
            assert_eq!(listing.rows().len(), visible(&simulator).len());
        }
        check(&simulator);
    }
}

/// A server that fails over every page of assets that holds this one.
struct Poisoned {
    simulator: InProcess,
    asset: i64,
    /// It can still tell the asset's id, where nothing else is asked for.
    tells_ids: bool,
    /// It can still show the asset on a page of its own.
    alone: bool,
}

#[async_trait]
impl Transport for Poisoned {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        let list = request.url.path().ends_with("/Asset") && request.method == "GET";
        let bare = request.url.query().is_some_and(|query| query.contains("idonly=true"));
        let mut reply = self.simulator.send(request).await?;
        if list && !(bare && self.tells_ids) {
            let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            let rows = body["assets"].as_array().cloned().unwrap_or_default();
            let too_much = rows.len() > 1 || !self.alone;
            if too_much && rows.iter().any(|row| row["id"] == self.asset) {
                (reply.status, reply.body) = (500, Vec::new());
            }
        }
        Ok(reply)
    }
}

fn open_on(simulator: &Simulator, transport: Poisoned) -> Arc<dyn Psa> {
    open_as("halopsa", Connection { transport: Some(Arc::new(transport)), ..connection(simulator) })
}

#[tokio::test]
async fn the_asset_that_breaks_every_page_is_named_or_told_by_its_place() {
    let simulator = start(Options { clients: 30, configurations: 900, ..Options::default() }).await;
    let mut ids: Vec<i64> = visible(&simulator).iter().map(|id| id.parse().unwrap()).collect();
    ids.sort_unstable();
    let place = ids.len() / 3;
    let asset = ids[place];
    for (tells_ids, told) in [(true, asset.to_string()), (false, format!("after {place} others"))] {
        let transport = Poisoned { simulator: InProcess(simulator.router()), asset, tells_ids, alone: false };
        let psa = open_on(&simulator, transport);
        match psa.configurations(&everybody(&simulator), None).await {
            Err(PsaError::Incomplete(Incomplete::Unreadable { id, .. })) => assert_eq!(id, told),
            other => panic!("{other:?}"),
        }
        let some: Vec<ConfigId> =
            ids.iter().take(100).chain([&asset]).map(|id| ConfigId::from(*id)).collect();
        let read = psa.read(&some).await.unwrap();
        let bad = ConfigId::from(asset);
        assert!(!read.contains_key(&bad), "neither there nor gone");
        assert!(some.iter().filter(|id| **id != bad).all(|id| read[id].is_some()));
    }
    check(&simulator);
}

#[tokio::test]
async fn the_asset_that_breaks_larger_pages_only_is_read_by_itself() {
    let simulator = start(Options { clients: 30, configurations: 900, ..Options::default() }).await;
    let ids = visible(&simulator);
    let asset = ids.iter().nth(ids.len() / 3).unwrap().parse().unwrap();
    let psa = open_on(
        &simulator,
        Poisoned { simulator: InProcess(simulator.router()), asset, tells_ids: false, alone: true },
    );
    let listing = psa.configurations(&everybody(&simulator), None).await.unwrap();
    let listed: BTreeSet<String> = listing.rows().iter().map(|row| row.id.to_string()).collect();
    assert_eq!(listed, ids);
    check(&simulator);
}

#[tokio::test]
async fn another_host_is_never_called() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    simulator.set_faults(Plan::of(vec![Rule::always(Kind::Redirect302)]));
    assert!(matches!(psa.configurations(&everybody(&simulator), None).await, Err(PsaError::Settings { .. })));
    assert!(simulator.elsewhere().is_empty());
}
