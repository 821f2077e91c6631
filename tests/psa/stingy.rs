//! Servers that give less than they could: pages shorter than asked for, records that do not say what else they know.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use mothball::{
    domain::{ConfigId, Links, links::LinkAnswer},
    http::{Transport, TransportError, WireReply, WireRequest},
    psa::{Psa, port::ClientScope},
    simulator::{Options, Simulator},
};
use serde_json::Value;

use super::{all_criteria, check, connection, offboarded, open, open_as, start};
use crate::support::quick::InProcess;

/// The simulator behind something that changes what is asked and what is answered.
struct Between {
    inner: InProcess,
    asked: fn(&mut WireRequest),
    answered: fn(&str, &mut Value),
}

#[async_trait]
impl Transport for Between {
    async fn send(&self, mut request: WireRequest) -> Result<WireReply, TransportError> {
        let path = request.url.path().to_owned();
        (self.asked)(&mut request);
        let mut reply = self.inner.send(request).await?;
        if let Ok(mut body) = serde_json::from_slice(&reply.body) {
            (self.answered)(&path, &mut body);
            reply.body = body.to_string().into_bytes();
        }
        Ok(reply)
    }
}

fn between(
    simulator: &Simulator,
    asked: fn(&mut WireRequest),
    answered: fn(&str, &mut Value),
) -> Arc<dyn Psa> {
    let mut connection = connection(simulator);
    connection.transport = Some(Arc::new(Between { inner: InProcess(simulator.router()), asked, answered }));
    open_as(simulator.psa(), connection)
}

/// No page has more than three rows, whatever was asked for.
fn short_pages(request: &mut WireRequest) {
    const LENGTH: u64 = 3;
    let pairs: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    if !pairs.is_empty() {
        let shorter = pairs.into_iter().map(|(name, value)| {
            let size = ["pagesize", "page_size"].contains(&name.to_lowercase().as_str());
            let value = if size && value.parse::<u64>().is_ok_and(|size| size > LENGTH) {
                "3".to_owned()
            } else {
                value
            };
            (name, value)
        });
        let shorter: Vec<_> = shorter.collect();
        request.url.query_pairs_mut().clear().extend_pairs(shorter);
    }
    let body = request.body.as_deref().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    if let Some(Value::Object(mut body)) = body
        && body.get("maxRecords").and_then(Value::as_u64).is_some_and(|size| size > LENGTH)
    {
        body.insert("maxRecords".to_owned(), LENGTH.into());
        request.body = Some(Value::Object(body).to_string().into_bytes());
    }
}

fn no_next_page(_: &str, answer: &mut Value) {
    if let Some(next) = answer.pointer_mut("/pageDetails/nextPageUrl") {
        *next = Value::Null;
    }
}

async fn of(psa: &str) -> Simulator {
    let mut options = Options { psa: psa.to_owned(), clients: 20, configurations: 120, ..Options::default() };
    options.switches.halopsa.requests_per_window = 1_000_000;
    start(options).await
}

#[tokio::test]
async fn pages_that_are_shorter_than_asked_for_are_read_to_the_last_row() {
    for (psa, answered) in [
        ("connectwise", (|_, _| {}) as fn(&str, &mut Value)),
        ("autotask", |_, _| {}),
        ("autotask", no_next_page),
        ("halopsa", |_, _| {}),
    ] {
        let simulator = of(psa).await;
        let generous = open(&simulator);
        let expected = offboarded(&generous).await;
        assert!(expected.rows().len() > 6, "there are several pages");
        let stingy = between(&simulator, short_pages, answered);
        let listing = offboarded(&stingy).await;
        let ids = |rows: &[mothball::domain::Configuration]| -> BTreeSet<ConfigId> {
            rows.iter().map(|row| row.id.clone()).collect()
        };
        assert_eq!(ids(listing.rows()), ids(expected.rows()), "{psa}");
        let mut asked: Vec<ConfigId> = ids(expected.rows()).into_iter().collect();
        asked.push(ConfigId::from(9_999_999_i64));
        let read = stingy.read(&asked).await.expect("they can be read");
        let there: BTreeMap<&ConfigId, bool> = read.iter().map(|(id, row)| (id, row.is_some())).collect();
        for id in &asked {
            assert_eq!(there.get(id), Some(&(id.as_str() != "9999999")), "{psa}: {id}");
        }
        check(&simulator);
    }
}

/// Tickets and contracts of HaloPSA do not say which assets stand in them.
fn without_assets(path: &str, answer: &mut Value) {
    if let ["", "api", "Tickets" | "ClientContract", _] = path.split('/').collect::<Vec<_>>()[..]
        && let Some(record) = answer.as_object_mut()
    {
        record.remove("assets");
    }
}

/// Filters by asset and by contract are not looked at.
fn unfiltered(request: &mut WireRequest) {
    let pairs: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(name, _)| ["asset_id", "contract_id"].contains(&name.as_str())) {
        let others =
            pairs.into_iter().filter(|(name, _)| !["asset_id", "contract_id"].contains(&name.as_str()));
        let others: Vec<_> = others.collect();
        request.url.query_pairs_mut().clear().extend_pairs(others);
    }
}

/// All configurations with what is linked to them.
async fn linked(psa: Arc<dyn Psa>) -> BTreeMap<ConfigId, Links> {
    let clients = psa.clients(ClientScope::All, &all_criteria()).await.unwrap().listing.into_rows();
    let ids: Vec<_> = clients.iter().map(|client| client.id.clone()).collect();
    let rows = psa.configurations(&ids, None).await.unwrap().into_rows();
    psa.links(&clients, &rows).await.links
}

#[tokio::test]
async fn a_record_that_does_not_tell_its_assets_is_not_taken_for_one_without() {
    let simulator = of("halopsa").await;
    let truth = linked(open(&simulator)).await;
    let some =
        |answer: fn(&Links) -> &LinkAnswer| truth.values().any(|links| !answer(links).items().is_empty());
    assert!(some(|links| &links.tickets) && some(|links| &links.billing), "there is something to find");

    let asked = linked(between(&simulator, |_| {}, without_assets)).await;
    assert_eq!(asked, truth);

    let untold = linked(between(&simulator, unfiltered, without_assets)).await;
    let none = |answer: &LinkAnswer| *answer == LinkAnswer::None;
    for (id, links) in &untold {
        assert!(!none(&links.tickets) || none(&truth[id].tickets), "{id}: {:?}", links.tickets);
        assert!(!none(&links.billing) || none(&truth[id].billing), "{id}: {:?}", links.billing);
    }
    assert!(untold.values().any(|links| links.tickets.is_unknown()));
    check(&simulator);
}
