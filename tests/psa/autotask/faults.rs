//! Reading while things go wrong: a listing is complete or it is none.

use std::{collections::BTreeSet, time::Duration};

use mothball::{
    domain::{ClientId, ConfigId, event::Notice},
    psa::PsaError,
    simulator::{
        Options, Simulator, Switches,
        faults::{Kind, Plan, Rule, Scope},
    },
};

use super::start;
use crate::psa::{check, connection, open, open_as};

fn everybody(simulator: &Simulator) -> Vec<ClientId> {
    simulator.truth().companies.keys().map(|id| ClientId::from(id.as_str())).collect()
}

fn visible(simulator: &Simulator) -> BTreeSet<String> {
    simulator.truth().configurations.into_values().filter(|row| !row.hidden).map(|row| row.id).collect()
}

#[tokio::test]
async fn every_kind_of_fault_leaves_the_listing_complete_or_none() {
    let (of_pages, others): (Vec<Kind>, Vec<Kind>) = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| {
            kind.scope() != Scope::Writes && !matches!(kind, Kind::Hang | Kind::Unauthorized | Kind::Empty401)
        })
        .partition(|kind| kind.scope() == Scope::Lists);
    // A listing is a count, one page or two, and a count.
    tokio::join!(list_with(300, others, &[0, 1, 2]), list_with(1200, of_pages, &[1, 2]));
}

/// Lists so many configurations while one request, the n-th, goes wrong in each of these ways.
async fn list_with(configurations: usize, kinds: Vec<Kind>, requests: &[u64]) {
    let simulator = start(Options { clients: 20, configurations, ..Options::default() }).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    let clients = everybody(&simulator);
    for (kind, &index) in kinds.into_iter().flat_map(|kind| requests.iter().map(move |index| (kind, index))) {
        let rule = Rule::on_request(kind, index).times(1).lasting(Duration::from_millis(5));
        simulator.set_faults(Plan::of(vec![rule]));
        match psa.configurations(&clients, None).await {
            Ok(listing) => {
                let ids: BTreeSet<String> =
                    listing.rows().iter().map(|row| row.id.as_str().to_owned()).collect();
                assert_eq!(ids, visible(&simulator), "{kind} at {index}");
            }
            Err(error) => {
                let allowed = matches!(
                    &error,
                    PsaError::Incomplete(_) | PsaError::Settings { .. } | PsaError::Unreachable { .. }
                );
                assert!(allowed, "{kind} at {index}: {error:?}");
            }
        }
        assert!(simulator.elsewhere().is_empty(), "{kind} at {index} led to another host");
    }
}

#[tokio::test]
async fn mixed_faults_at_ten_percent_lose_no_row() {
    for switches in [Switches::default(), Switches::contrary()] {
        let simulator =
            start(Options { clients: 60, configurations: 3000, switches, ..Options::default() }).await;
        let plan: Plan =
            "reset=0.02,truncated=0.02,500=0.02,503=0.02,429=0.01:50ms,html_200=0.01".parse().unwrap();
        simulator.set_faults(plan);
        let psa = open(&simulator);
        let mut told = psa.notices();
        let clients = everybody(&simulator);
        for _ in 0..4 {
            let listing = psa.configurations(&clients, None).await.unwrap();
            assert_eq!(listing.rows().len(), visible(&simulator).len());
        }
        assert!(told.try_recv().is_ok(), "a retry is visible");
        check(&simulator);
    }
}

#[tokio::test]
async fn a_record_that_breaks_its_batch_is_found_and_left_out() {
    for switches in [Switches::default(), Switches::contrary()] {
        let simulator =
            start(Options { clients: 30, configurations: 900, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let ids: Vec<String> = visible(&simulator).into_iter().collect();
        let bad = ConfigId::from(ids[77].as_str());
        simulator.set_faults(Plan::of(vec![Rule::on_configuration(Kind::PoisonRow, bad.as_str())]));
        assert!(psa.configurations(&everybody(&simulator), None).await.is_err());
        let some: Vec<ConfigId> = ids.iter().take(200).map(|id| ConfigId::from(id.as_str())).collect();
        let read = psa.read(&some).await.unwrap();
        assert!(!read.contains_key(&bad));
        assert_eq!(read.len(), 199);
        check(&simulator);
    }
}

#[tokio::test]
async fn a_psa_that_goes_away_stops_everything_after_the_patience_is_over() {
    let simulator = start(Options::default()).await;
    let mut impatient = connection(&simulator);
    impatient.patience = Some(std::time::Duration::from_millis(1500));
    let psa = open_as("autotask", impatient);
    psa.tenant().await.unwrap();
    let clients = everybody(&simulator);
    simulator.set_faults(Plan::of(vec![Rule::always(Kind::Html503)]));
    let mut told = psa.notices();
    let calls = (0..12).map(|_| psa.configurations(&clients, None));
    let results = futures_util::future::join_all(calls).await;
    assert!(results.iter().any(|result| matches!(result, Err(PsaError::Unreachable { gave_up: true, .. }))));
    assert!(results.iter().all(Result::is_err));
    let mut stalled = false;
    while let Ok(notice) = told.try_recv() {
        stalled |= matches!(notice, Notice::Stalled { .. });
    }
    assert!(stalled);
    check(&simulator);
}

#[tokio::test]
async fn another_host_is_never_called() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    simulator.set_faults(Plan::of(vec![Rule::always(Kind::Redirect302)]));
    match psa.configurations(&everybody(&simulator), None).await {
        Err(PsaError::Settings { message }) => {
            assert!(message.contains("127.0.0.1") && message.contains("localhost"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    assert!(simulator.elsewhere().is_empty());
}
