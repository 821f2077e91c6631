//! Clients, assets, reading by id: what comes is what is stored, in few requests.

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
    simulator::{CompanyTruth, Layout, Options, Switches},
    system::Clock,
};

use super::{start, start_with};
use crate::psa::{all_criteria, both_kinds, check, open};

type Truth = fn(&CompanyTruth) -> bool;

#[tokio::test]
async fn each_criterion_finds_exactly_the_clients_that_meet_it() {
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
        }
        check(&simulator);
    }
}

#[tokio::test]
async fn a_client_asked_for_by_id_has_the_same_signals() {
    for switches in both_kinds() {
        let simulator = start(Options { clients: 60, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let criteria = all_criteria();
        let everybody = psa.clients(ClientScope::All, &criteria).await.unwrap().listing;
        let all: Vec<ClientId> = everybody.rows().iter().map(|client| client.id.clone()).collect();
        for few in [3, all.len()] {
            let mut ids = all[..few].to_vec();
            ids.push(ClientId::from("999999"));
            ids.push(ClientId::from("no number"));
            let asked = psa.clients(ClientScope::Ids(&ids), &criteria).await.unwrap().listing;
            assert_eq!(asked.rows().len(), few);
            for client in asked.rows() {
                assert_eq!(everybody.rows().iter().find(|other| other.id == client.id), Some(client));
            }
        }
        for company in simulator.truth().companies.values() {
            let client = everybody.rows().iter().find(|client| client.id.as_str() == company.id);
            assert_eq!(client.is_some(), !company.deleted, "{}", company.name);
            // A prospect is kept apart from customers, too.
            let own = client.and_then(|client| client.own.as_deref()).filter(|own| !own.contains("prospect"));
            assert_eq!(own.is_some(), company.own && !company.deleted, "{}", company.name);
        }
        check(&simulator);
    }
}

#[tokio::test]
async fn names_that_the_tenant_does_not_have_are_answered_with_candidates() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
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
                // Where no lookup holds the name, it is not known which lookup holds the types.
                Err(PsaError::Settings { message }) => {
                    assert!(message.contains("customer types"), "{message}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(psa.wanted(Some("Retierd")).await, Err(PsaError::UnknownName { .. })));
        assert!(psa.wanted(Some(" retired ")).await.unwrap().status.is_some());
        check(&simulator);
    }
}

#[tokio::test]
async fn assets_are_all_there_and_as_they_are_stored() {
    let bare = super::switches(&["inactive_in_lists=false"]);
    for switches in both_kinds().into_iter().chain([bare]) {
        let simulator =
            start(Options { clients: 60, configurations: 1500, switches, ..Options::default() }).await;
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
        assert!(counting.await.unwrap() >= listing.rows().len());
        let visible = truth.configurations.values().filter(|row| !row.hidden);
        assert_eq!(listing.rows().len(), visible.clone().count());
        let by_id = listing.by_key(|row| row.id.as_str().to_owned());
        for row in visible {
            let seen = by_id[&row.id];
            assert_eq!(
                seen.title(),
                if row.name.is_empty() { format!("#{}", row.id) } else { row.name.clone() }
            );
            assert_eq!(seen.client.as_str(), row.company);
            assert_eq!(seen.config_type, row.type_name);
            assert_eq!(seen.site.as_deref(), row.site.as_deref());
            assert_eq!(seen.state.active, row.active == Some(true));
            assert_eq!(seen.state.closed, None);
            assert_eq!(seen.state.status_name(), row.status.as_deref());
            assert_eq!(seen.rmm.is_some(), row.rmm.is_some());
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
async fn an_asset_that_is_gone_is_told_as_gone() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let ids: Vec<ConfigId> = simulator.edit(|records| {
        let ids = records.configuration_ids();
        records.remove(&ids[3]);
        ids[..10].iter().map(|id| ConfigId::from(id.as_str())).collect()
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
async fn listing_500_clients_with_50_assets_each_takes_few_requests() {
    let layout = Layout::Uniform { offboarded: 500, each: 50 };
    let simulator = start(Options { layout, ..Options::default() }).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    let criteria = Criteria { statuses: vec!["Former Client".into()], inactive: true, ..Criteria::default() };
    let clients = psa.clients(ClientScope::Candidates, &criteria).await.unwrap();
    let today = Timestamp::new(Clock::system().now()).day();
    let gone = clients.listing.rows().iter().filter(|client| criteria.judge(client, today).is_some());
    let ids: Vec<ClientId> = gone.map(|client| client.id.clone()).collect();
    assert_eq!(ids.len(), 500);
    let listing = psa.configurations(&ids, None).await.unwrap();
    psa.wanted(Some("Retired")).await.unwrap();
    psa.active_configurations().await.unwrap();
    assert_eq!(listing.rows().len(), 25_000);
    let took = simulator.count();
    assert!(took <= 130, "{took} requests: {:#?}", simulator.counts());
    check(&simulator);
}

#[tokio::test]
async fn reading_by_id_takes_few_requests() {
    let simulator = start(Options { clients: 40, configurations: 2000, ..Options::default() }).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    let ids: Vec<ConfigId> =
        simulator.truth().configurations.keys().take(200).map(|id| ConfigId::from(id.as_str())).collect();
    simulator.forget_requests();
    assert_eq!(psa.read(&ids).await.unwrap().len(), 200);
    assert_eq!(simulator.count(), 1);
    check(&simulator);
}

#[tokio::test]
async fn the_active_ones_are_counted() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let truth = simulator.truth();
        let active = truth.configurations.values().filter(|row| !row.hidden && row.active == Some(true));
        assert_eq!(open(&simulator).active_configurations().await.unwrap(), active.count() as u64);
        check(&simulator);
    }
}

#[tokio::test]
async fn an_agent_that_sees_no_client_is_told_what_to_look_at() {
    let simulator =
        start_with(&["missing_right=empty_list", r#"agent_lacks=["read:customers","read:assets"]"#]).await;
    let psa = open(&simulator);
    match psa.clients(ClientScope::Candidates, &all_criteria()).await {
        Err(PsaError::Permission { message }) => assert!(message.contains("Allow use of all"), "{message}"),
        other => panic!("{other:?}"),
    }
    match psa.configurations(&[ClientId::from(2)], None).await {
        Err(PsaError::Permission { message }) => assert!(message.contains("read:assets"), "{message}"),
        other => panic!("{other:?}"),
    }
    check(&simulator);
}

#[tokio::test]
async fn an_agent_that_sees_one_client_lists_that_one_only() {
    let switches = Switches::default();
    let simulator = start(Options { switches, ..Options::default() }).await;
    let one = simulator.truth().companies.values().find(|row| !row.own).unwrap().id.clone();
    let mut switches = simulator.switches();
    switches.halopsa.agent_sees_only = vec![one.parse().unwrap()];
    simulator.set_switches(&switches);
    let psa = open(&simulator);
    let clients = psa.clients(ClientScope::All, &Criteria::default()).await.unwrap();
    let seen: Vec<&str> = clients.listing.rows().iter().map(|client| client.id.as_str()).collect();
    assert_eq!(seen, [one]);
    check(&simulator);
}
