//! Links and signs of life are those that are stored; what cannot be read is unknown.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use mothball::{
    domain::{Client, Configuration, Criteria, SignOfLife, links::LinkAnswer},
    http::{HeaderMap, Transport, TransportError, WireReply, WireRequest},
    psa::{
        Psa,
        port::{ClientScope, LinkReading},
        registry::Connection,
    },
    simulator::Options,
};

use super::{start, start_with};
use crate::{
    psa::{all_criteria, both_kinds, check, connection, open, open_as},
    support::quick::InProcess,
};

fn ids(answer: &LinkAnswer) -> BTreeSet<&str> {
    assert!(!answer.is_unknown(), "{answer:?}");
    answer.items().iter().map(|link| link.id.as_str()).collect()
}

async fn all(psa: &dyn Psa, criteria: &Criteria) -> (Vec<Client>, Vec<Configuration>) {
    let clients = psa.clients(ClientScope::All, criteria).await.unwrap().listing.into_rows();
    let ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
    (clients, psa.configurations(&ids, None).await.unwrap().into_rows())
}

#[tokio::test]
async fn links_are_those_that_are_stored() {
    for switches in both_kinds() {
        let simulator =
            start(Options { clients: 60, configurations: 1000, switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let (clients, rows) = all(&*psa, &all_criteria()).await;
        let reading = psa.links(&clients, &rows).await;
        let truth = simulator.truth();
        assert_eq!(reading.links.len(), rows.len());
        let mut kinds = [0; 4];
        for row in &rows {
            let stored = &truth.configurations[row.id.as_str()];
            let links = &reading.links[&row.id];
            let agreements: BTreeSet<&str> = stored.agreements.keys().map(String::as_str).collect();
            assert!(ids(&links.billing).is_superset(&agreements), "{}: {:?}", row.id, links.billing);
            let tickets: BTreeSet<&str> = stored.open_tickets.iter().map(String::as_str).collect();
            assert_eq!(ids(&links.tickets), tickets, "{}", row.id);
            let children: BTreeSet<&str> = stored.active_children.iter().map(String::as_str).collect();
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
        }
        check(&simulator);
    }
}

fn all_unknown(reading: &LinkReading, answer: fn(&mothball::domain::Links) -> &LinkAnswer) -> bool {
    reading
        .links
        .values()
        .all(|links| matches!(answer(links), LinkAnswer::Unknown { .. } | LinkAnswer::Linked { .. }))
        && reading.links.values().any(|links| answer(links).is_unknown())
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_never_none() {
    for how in ["forbidden", "unauthorized", "empty_list"] {
        let lacks = r#"agent_lacks=["read:contracts","read:tickets"]"#;
        let simulator = start_with(&[&format!("missing_right={how}"), lacks]).await;
        let psa = open(&simulator);
        let (clients, rows) = all(&*psa, &Criteria::default()).await;
        let reading = psa.links(&clients, &rows).await;
        assert!(all_unknown(&reading, |links| &links.billing), "{how}");
        assert!(all_unknown(&reading, |links| &links.tickets), "{how}");
        assert!(reading.links.values().all(|links| !links.children.is_unknown()), "{how}");
        for client in &clients {
            let unknown = |sign: &&SignOfLife| matches!(sign, SignOfLife::Unknown { .. });
            assert_eq!(reading.signs_of_life[&client.id].iter().filter(unknown).count(), 2, "{how}");
        }
        check(&simulator);
    }
}

#[tokio::test]
async fn contracts_whose_records_are_closed_to_us_leave_billing_unknown() {
    let simulator = start_with(&["contract_detail_readable=false"]).await;
    let psa = open(&simulator);
    let (clients, rows) = all(&*psa, &Criteria::default()).await;
    let reading = psa.links(&clients, &rows).await;
    let truth = simulator.truth();
    for row in &rows {
        let attached = !truth.configurations[row.id.as_str()].agreements.is_empty();
        let billing = &reading.links[&row.id].billing;
        assert!(!attached || *billing != LinkAnswer::None, "{}: none, though it is attached", row.id);
    }
    check(&simulator);
}

/// A tenant in which no invoice recurs.
struct NothingRecurs(InProcess);

#[async_trait]
impl Transport for NothingRecurs {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        if request.url.path().ends_with("/RecurringInvoice") {
            let body = br#"{"record_count":0,"invoices":[]}"#.to_vec();
            return Ok(WireReply { status: 200, headers: HeaderMap::new(), body });
        }
        self.0.send(request).await
    }
}

#[tokio::test]
async fn that_no_invoice_recurs_is_believed_where_other_invoices_show_the_right_to_see_them() {
    for (lacks, believed) in [("[]", true), (r#"["read:invoices"]"#, false)] {
        let mut options = Options { clients: 30, ..Options::default() };
        options.switches = super::switches(&[&format!("agent_lacks={lacks}"), "missing_right=empty_list"]);
        let simulator = start(options).await;
        let transport = NothingRecurs(InProcess(simulator.router()));
        let connection = Connection { transport: Some(Arc::new(transport)), ..connection(&simulator) };
        let psa = open_as("halopsa", connection);
        let (clients, rows) = all(&*psa, &all_criteria()).await;
        let reading = psa.links(&clients, &rows).await;
        let unknown = reading.links.values().filter(|links| links.billing.is_unknown()).count();
        assert_eq!(unknown == 0, believed, "{unknown} of {}", rows.len());
        check(&simulator);
    }
}
