//! Clients, configurations, reading by id: what comes is what is stored, in few requests.

use std::collections::BTreeSet;

use mothball::{
    domain::{
        ClientId, ConfigId, Criteria, Timestamp,
        criteria::{CustomField, Matching},
    },
    psa::{
        PsaError,
        port::{ClientScope, News},
    },
    simulator::{CompanyTruth, Layout, Options},
    system::Clock,
};

use super::start;
use crate::psa::{all_criteria, both_kinds, check, open};

type Truth = fn(&CompanyTruth) -> bool;

#[tokio::test]
async fn each_criterion_finds_exactly_the_companies_that_meet_it() {
    let nothing = Criteria::default;
    let all = all_criteria();
    let cases: [(&str, Criteria, Truth); 7] = [
        ("inactive", Criteria { inactive: true, ..nothing() }, |c| c.offboarded.inactive),
        ("status", Criteria { statuses: all.statuses.clone(), ..nothing() }, |c| c.offboarded.status),
        ("tag", Criteria { tags: all.tags.clone(), ..nothing() }, |c| c.offboarded.tag),
        ("field", Criteria { custom_field: all.custom_field.clone(), ..nothing() }, |c| {
            c.offboarded.custom_field
        }),
        ("contract", Criteria { contract_ended_days: Some(30), ..nothing() }, |c| {
            c.offboarded.contract_ended
        }),
        ("any", all.clone(), |c| c.offboarded.any()),
        (
            "all of two",
            Criteria { inactive: true, tags: all.tags.clone(), matching: Matching::All, ..nothing() },
            |c| c.offboarded.inactive && c.offboarded.tag,
        ),
    ];
    for switches in both_kinds() {
        let simulator = start(Options { clients: 120, switches, ..Options::default() }).await;
        let truth = simulator.truth();
        let today = Timestamp::new(Clock::system().now()).day();
        for (name, criteria, meets) in &cases {
            let psa = open(&simulator);
            let clients = psa.clients(ClientScope::Candidates, criteria).await.unwrap();
            let found: BTreeSet<&str> = clients
                .listing
                .rows()
                .iter()
                .filter(|client| criteria.judge(client, today).is_some())
                .map(|client| client.id.as_str())
                .collect();
            let expected: BTreeSet<&str> = truth
                .companies
                .values()
                .filter(|company| !company.deleted && !company.own && meets(company))
                .map(|company| company.id.as_str())
                .collect();
            assert_eq!(found, expected, "{name}");
            assert!(name.contains("all") || !expected.is_empty(), "{name} finds nobody");
            let there = truth.companies.values().filter(|company| !company.deleted).count();
            assert_eq!(clients.scanned, there as u64, "{name}");
        }
        check(&simulator);
    }
}

#[tokio::test]
async fn a_company_asked_for_by_id_has_the_same_signals() {
    for switches in both_kinds() {
        let simulator = start(Options { clients: 80, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let criteria = all_criteria();
        let everybody = psa.clients(ClientScope::All, &criteria).await.unwrap().listing;
        let mut ids: Vec<ClientId> = everybody.rows().iter().map(|client| client.id.clone()).collect();
        ids.push(ClientId::from("999999"));
        ids.push(ClientId::from("no number"));
        let asked = psa.clients(ClientScope::Ids(&ids), &criteria).await.unwrap().listing;
        let sorted = |rows: &[mothball::domain::Client]| {
            let mut rows = rows.to_vec();
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            rows
        };
        assert_eq!(sorted(asked.rows()), sorted(everybody.rows()));
        for company in simulator.truth().companies.values() {
            let client = everybody.rows().iter().find(|client| client.id.as_str() == company.id);
            assert_eq!(client.is_some(), !company.deleted, "{}", company.name);
            assert_eq!(client.is_some_and(|client| client.own.is_some()), company.own && !company.deleted);
        }
        check(&simulator);
    }
}

#[tokio::test]
async fn names_that_the_tenant_does_not_have_are_answered_with_candidates() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let nothing = Criteria::default;
    for (criteria, candidate) in [
        (Criteria { statuses: vec!["Former Cleint".into()], ..nothing() }, "Former Client"),
        (Criteria { tags: vec!["Ofboarded".into()], ..nothing() }, "Offboarded"),
        (
            Criteria {
                custom_field: Some(CustomField { name: "Offborded".into(), value: "Yes".into() }),
                ..nothing()
            },
            "Offboarded",
        ),
    ] {
        match psa.clients(ClientScope::Candidates, &criteria).await {
            Err(PsaError::UnknownName { candidates, .. }) => assert_eq!(candidates[0], candidate),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(psa.wanted(Some("Retired")).await, Err(PsaError::Settings { .. })));
    assert!(psa.wanted(None).await.unwrap().status.is_none());
    check(&simulator);
}

#[tokio::test]
async fn configurations_are_all_there_and_as_they_are_stored() {
    for switches in both_kinds() {
        let simulator =
            start(Options { clients: 60, configurations: 2500, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let truth = simulator.truth();
        let ids: Vec<ClientId> = truth.companies.keys().map(|id| ClientId::from(id.as_str())).collect();
        let (news, mut told) = tokio::sync::mpsc::channel::<Vec<mothball::domain::Configuration>>(100);
        let counting = tokio::spawn(async move {
            let mut rows = 0;
            while let Some(page) = told.recv().await {
                rows += page.len();
            }
            rows
        });
        let listing = psa.configurations(&ids, Some(&News::new(news))).await.unwrap();
        assert_eq!(counting.await.unwrap(), listing.rows().len());
        let visible = truth.configurations.values().filter(|row| !row.hidden);
        assert_eq!(listing.rows().len(), visible.clone().count());
        let by_id = listing.by_key(|row| row.id.as_str().to_owned());
        for row in visible {
            let seen = by_id[&row.id];
            assert_eq!(seen.name, row.name);
            assert_eq!(seen.client.as_str(), row.company);
            assert_eq!(seen.config_type, row.type_name);
            assert_eq!(seen.site.as_deref(), row.site.as_deref());
            assert_eq!(seen.state.active, row.active == Some(true));
            assert_eq!((seen.state.closed, seen.state.status_name()), (None, None), "there are no statuses");
            assert_eq!(seen.rmm.is_some(), row.rmm.is_some(), "{row:?} {seen:?}");
            assert!(seen.last_updated.is_some());
            assert_eq!(seen.record_url, None);
        }
        let wanted: Vec<ConfigId> = listing.rows().iter().map(|row| row.id.clone()).collect();
        let read = psa.read(&wanted).await.unwrap();
        for row in listing.rows() {
            assert_eq!(read[&row.id].as_ref(), Some(row));
        }
        check(&simulator);
    }
}

#[tokio::test]
async fn a_record_that_is_gone_is_told_as_gone() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let ids: Vec<ConfigId> = simulator.edit_state(|state: &mut mothball::simulator::autotask::State| {
        let ids = state.configuration_ids();
        state.remove_configuration(ids[3]);
        ids[..10].iter().map(|id| ConfigId::from(*id)).collect()
    });
    let mut asked = ids.clone();
    asked.push(ConfigId::from("x"));
    let read = psa.read(&asked).await.unwrap();
    assert_eq!(read.len(), 11);
    for id in &asked {
        assert_eq!(read[id].is_none(), *id == ids[3] || id.as_str() == "x", "{id}");
    }
    check(&simulator);
}

#[tokio::test]
async fn listing_500_companies_with_50_configurations_each_takes_few_requests() {
    for switches in both_kinds() {
        let layout = Layout::Uniform { offboarded: 500, each: 50 };
        let simulator = start(Options { layout, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        psa.tenant().await.unwrap();
        let criteria =
            Criteria { statuses: vec!["Former Client".into()], inactive: true, ..Criteria::default() };
        let clients = psa.clients(ClientScope::Candidates, &criteria).await.unwrap();
        let ids: Vec<ClientId> = clients.listing.rows().iter().map(|client| client.id.clone()).collect();
        assert_eq!(ids.len(), 500);
        let listing = psa.configurations(&ids, None).await.unwrap();
        assert_eq!(listing.rows().len(), 25_000);
        let took = simulator.count();
        assert!(took < 55 + 20, "{took} requests: {:#?}", simulator.counts());
        check(&simulator);
    }
}

#[tokio::test]
async fn reading_by_id_takes_few_requests() {
    let simulator = start(Options { clients: 40, configurations: 2000, ..Options::default() }).await;
    let psa = open(&simulator);
    let ids: Vec<ConfigId> =
        simulator.truth().configurations.keys().take(200).map(|id| ConfigId::from(id.as_str())).collect();
    // The names of types, sites and products are asked for once.
    psa.read(&ids).await.unwrap();
    simulator.forget_requests();
    assert_eq!(psa.read(&ids).await.unwrap().len(), 200);
    assert_eq!(simulator.count(), 1);
    check(&simulator);
}

#[tokio::test]
async fn the_active_ones_are_counted() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let truth = simulator.truth();
        let active = truth.configurations.values().filter(|row| !row.hidden && row.is_active()).count();
        assert_eq!(psa.active_configurations().await.unwrap(), active as u64);
        check(&simulator);
    }
}

#[tokio::test]
async fn the_tenant_is_its_database_and_named_as_its_own_company() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let tenant = psa.tenant().await.unwrap();
        assert_eq!(tenant.psa, "autotask");
        let host = simulator.base_url().replace("http://", "");
        let database = tenant.id.strip_prefix(&format!("{host}/")).expect("the host stands in front");
        assert!(database.parse::<u64>().is_ok(), "{}", tenant.id);
        assert_eq!(tenant.name, simulator.truth().companies["0"].name);
        assert!(simulator.requests().iter().any(|seen| seen.authorised));
        check(&simulator);
    }
}
