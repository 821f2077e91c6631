//! The adapters against the simulator: what they read is what is stored, what they write is what was approved, and
//! every request is one that the vendor's file allows.

mod autotask;
mod connectwise;
mod gone;
mod halopsa;
mod notes;
mod stingy;
mod webhooks;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mothball::{
    domain::{
        Approval, ApprovedPlan, Change, ClientId, ConfigId, Configuration, Criteria, Listing, Plan, RunId,
        Timestamp, Wanted,
        criteria::CustomField,
        plan::{Head, Kind},
    },
    psa::{
        Psa,
        port::{ClientScope, SetAnswer},
        registry::{self, Connection, FieldKind, Pace},
    },
    simulator::{Options, Simulator, Switches},
    system::Clock,
};
use tokio_util::sync::CancellationToken;

use crate::support::openapi;

/// The simulator's offboarded clients by every criterion.
fn all_criteria() -> Criteria {
    Criteria {
        inactive: true,
        statuses: vec!["former client".to_owned()],
        tags: vec!["Offboarded".to_owned()],
        custom_field: Some(CustomField { name: "Offboarded".to_owned(), value: "Yes".to_owned() }),
        contract_ended_days: Some(30),
        ..Criteria::default()
    }
}

/// The likeliest PSA, and the one that is otherwise in everything.
fn both_kinds() -> [Switches; 2] {
    [Switches::default(), Switches::contrary()]
}

async fn start(options: Options) -> Simulator {
    Simulator::start(options).await.expect("the simulator starts")
}

fn connection(simulator: &Simulator) -> Connection {
    let room = registry::room(simulator.psa()).expect("there is an adapter");
    let mut given = simulator.credentials();
    given.insert("base_url".to_owned(), simulator.base_url());
    let mut connection = Connection {
        profile: "test".to_owned(),
        values: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ca_file: None,
        pace: Pace { requests: 1_000_000, ..room.pace.default },
        batch: None,
        notes: mothball::domain::note::NoteOn::None,
        clock: Clock::system(),
        patience: Some(Duration::from_secs(5)),
        transport: None,
        memory: None,
        seats: None,
    };
    for field in room.fields {
        let Some(value) = given.remove(field.key) else {
            assert!(!field.required, "the simulator tells no {}", field.key);
            continue;
        };
        if field.kind == FieldKind::Secret {
            connection.secrets.insert(field.key.to_owned(), value.into());
        } else {
            connection.values.insert(field.key.to_owned(), value);
        }
    }
    connection
}

fn open_with(connection: Connection) -> Arc<dyn Psa> {
    open_as("connectwise", connection)
}

fn open_as(psa: &str, connection: Connection) -> Arc<dyn Psa> {
    let room = registry::room(psa).expect("there is an adapter");
    (room.open)(connection).expect("the adapter opens")
}

fn open(simulator: &Simulator) -> Arc<dyn Psa> {
    open_as(simulator.psa(), connection(simulator))
}

/// The configurations of the clients that count as offboarded.
async fn offboarded(psa: &Arc<dyn Psa>) -> Listing<Configuration> {
    let criteria = all_criteria();
    let clients = psa.clients(ClientScope::Candidates, &criteria).await.expect("companies can be read");
    let today = Timestamp::new(Clock::system().now()).day();
    let ids: Vec<ClientId> = clients
        .listing
        .rows()
        .iter()
        .filter(|client| criteria.judge(client, today).is_some())
        .map(|client| client.id.clone())
        .collect();
    psa.configurations(&ids, None).await.expect("configurations can be read")
}

/// Approved changes of these records of a listing.
async fn changes(
    psa: &Arc<dyn Psa>,
    listing: &Listing<Configuration>,
    wanted: impl Fn(&Configuration) -> Option<Wanted>,
) -> Vec<Change> {
    let now = Timestamp::new(Clock::system().now());
    let head = Head {
        run: RunId::from("test"),
        kind: Kind::Undo,
        parent: None,
        tenant: psa.tenant().await.expect("the tenant can be read"),
        made_at: now,
        expires_at: now.plus_seconds(3600),
    };
    let plan = Plan::to_restore(head, listing, wanted);
    let approval = Approval::of_all(&plan, "jane", now);
    let approved = ApprovedPlan::new(plan, approval, now).expect("it is approved");
    let ids: Vec<ConfigId> = approved.items().map(|item| item.config_id.clone()).collect();
    ids.iter().map(|id| approved.change(id).expect("it is in the plan")).collect()
}

async fn set_one(psa: &Arc<dyn Psa>, change: &Change) -> SetAnswer {
    let mut answers = psa.set(std::slice::from_ref(change), &CancellationToken::new()).await;
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// What every test of an adapter ends with: each request was allowed by the vendor's file, none was one that a
/// good client would not send, and no secret stood where it does not belong.
fn check(simulator: &Simulator) {
    let room = registry::room(simulator.psa()).expect("there is an adapter");
    let secrets: Vec<String> = simulator
        .credentials()
        .into_iter()
        .filter(|(key, _)| {
            room.fields.iter().any(|field| field.key == key && field.kind == FieldKind::Secret)
        })
        .map(|(_, secret)| secret)
        .collect();
    for seen in simulator.requests() {
        openapi::judge(simulator.psa())
            .check_request(&seen.method, &seen.path, &seen.query, &seen.body)
            .unwrap_or_else(|why| panic!("request {}: {why}\n{}?{}", seen.index, seen.path, seen.query));
        let told = format!("{} {} {}", seen.path, seen.query, seen.body);
        // A token is asked for with the secret in a form; nothing else carries one but the headers.
        let token = seen.path.ends_with("/token");
        assert!(token || secrets.iter().all(|secret| !told.contains(secret.as_str())), "{told}");
        let discovery = ["/login/companyinfo/", "/zoneinformation", "/authinfo"];
        let path = seen.path.to_lowercase();
        if discovery.iter().any(|discovery| path.contains(discovery)) {
            assert!(!seen.with_credentials, "discovery carried credentials");
        }
    }
    let notes = simulator.notes();
    assert!(notes.is_empty(), "the simulator noted: {notes:#?}");
    assert!(simulator.elsewhere().is_empty(), "the other host was called");
}
