//! Control routes, for scripts and people. They need no credentials, serve loopback only, are not counted among the
//! requests, and no fault meets them.
//!
//! | route | answer |
//! |---|---|
//! | `GET /_sim/state` | what is stored, in the terms of [`super::Truth`], the switches and the faults in force |
//! | `GET /_sim/writes` | the changes that clients made, from what is stored; `?all=1` also those by others |
//! | `GET /_sim/notes` | what a good client would not have sent |
//! | `GET /_sim/requests` | `{"total", "by_route"}`; `?last=N` adds the last N one by one |
//! | `POST /_sim/faults` | body: a plan as text, as on the command line; empty ends all faults |
//! | `POST /_sim/switches` | body: `{"name": value, …}`; answers with all of them |
//! | `POST /_sim/reset` | the data as at the start, faults off, log and counters empty |

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{
    faults::Plan,
    log::Journal,
    server::{Shared, lock},
    switches::Switches,
    vendor::Vendor,
};

type Refused = (StatusCode, Json<Value>);

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_sim/state", get(state))
        .route("/_sim/writes", get(writes))
        .route("/_sim/notes", get(notes))
        .route("/_sim/requests", get(requests))
        .route("/_sim/faults", post(faults))
        .route("/_sim/switches", post(switches))
        .route("/_sim/reset", post(reset))
        .with_state(shared)
}

fn refuse(why: impl std::error::Error) -> Refused {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why.to_string() })))
}

async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let now = shared.clock.now();
    let vendor = lock(&shared.vendor);
    let (truth, switches) = (vendor.truth(now), switches_of(&**vendor));
    drop(vendor);
    Json(json!({ "state": truth, "switches": switches, "faults": lock(&shared.dice).plan() }))
}

async fn writes(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let all = query.contains_key("all");
    let vendor = lock(&shared.vendor);
    Json(json!(vendor.writes().iter().filter(|write| all || !write.by_others).collect::<Vec<_>>()))
}

async fn notes(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(lock(&shared.journal).notes()))
}

async fn requests(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let journal = lock(&shared.journal);
    let mut answer = json!({ "total": journal.total, "by_route": journal.by_route });
    if let Some(last) = query.get("last").and_then(|last| last.parse::<usize>().ok()) {
        let skipped = journal.requests.len().saturating_sub(last);
        answer["last"] = json!(journal.requests.iter().skip(skipped).collect::<Vec<_>>());
    }
    Json(answer)
}

async fn faults(State(shared): State<Arc<Shared>>, body: String) -> Result<Json<Value>, Refused> {
    let plan: Plan = body.trim().trim_matches('"').parse().map_err(refuse)?;
    shared.set_faults(plan.clone());
    Ok(Json(json!({ "faults": plan })))
}

async fn switches(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Map<String, Value>>,
) -> Result<Json<Value>, Refused> {
    let mut vendor = lock(&shared.vendor);
    let mut all = Switches::default();
    vendor.tell_switches(&mut all);
    for (name, value) in body {
        all.set_json(vendor.psa(), &name, value).map_err(refuse)?;
    }
    vendor.take_switches(&all);
    Ok(Json(switches_of(&**vendor)))
}

/// The switches of this vendor alone.
fn switches_of(vendor: &dyn Vendor) -> Value {
    let mut all = Switches::default();
    vendor.tell_switches(&mut all);
    json!(all)[vendor.psa()].take()
}

async fn reset(State(shared): State<Arc<Shared>>) -> Json<Value> {
    lock(&shared.vendor).reset(shared.clock.now());
    shared.set_faults(Plan::none());
    *lock(&shared.journal) = Journal::default();
    Json(json!({ "reset": true }))
}
