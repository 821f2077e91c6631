//! Reading while things go wrong: a listing is complete or it is none.

use std::{collections::BTreeSet, time::Duration};

use mothball::{
    domain::{ClientId, ConfigId, Incomplete},
    psa::PsaError,
    simulator::{
        Options, Simulator, Switches,
        faults::{Kind, Plan, Rule, Scope},
    },
};

use super::start;
use crate::psa::{check, open};

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
                // What is added after the last page was read is not part of the listing.
                assert!(ids == before || ids == visible(&simulator), "{kind} at {index}");
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

#[tokio::test]
async fn the_asset_that_breaks_its_page_is_named_or_read_by_itself() {
    let simulator = start(Options { clients: 30, configurations: 900, ..Options::default() }).await;
    let psa = open(&simulator);
    let ids: Vec<String> = visible(&simulator).into_iter().collect();
    let bad = &ids[ids.len() / 3];
    simulator.set_faults(Plan::of(vec![Rule::on_configuration(Kind::PoisonRow, bad)]));
    match psa.configurations(&everybody(&simulator), None).await {
        Err(PsaError::Incomplete(Incomplete::Unreadable { id, .. })) => {
            assert!(id == *bad || id.starts_with("after "), "{id} instead of {bad}");
        }
        // By itself it can be read: then it must be there.
        Ok(listing) => {
            assert_eq!(listing.rows().len(), ids.len());
            assert!(listing.rows().iter().any(|row| row.id.as_str() == bad));
        }
        Err(error) => panic!("{error:?}"),
    }
    let some: Vec<ConfigId> =
        ids.iter().take(100).chain([bad]).map(|id| ConfigId::from(id.as_str())).collect();
    let read = psa.read(&some).await.unwrap();
    assert!(some.iter().filter(|id| id.as_str() != bad).all(|id| read[id].is_some()));
    assert!(read.get(&ConfigId::from(bad.as_str())).is_none_or(Option::is_some), "it is not gone");
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
