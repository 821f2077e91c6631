//! HaloPSA, REST API v2, as its public sources describe it.
//!
//! `state` holds the `records`, `seed`, `seed_links` and `setup` make them, `edits` lets tests change them, `names` and
//! `parameters` say what the vendor's file knows; `access` is the way in, `routes` the addresses; `lists` and `filters`
//! answer reads, `writes` and `merge` take POSTs, `actions` those on tickets; `errors` has the vendor's error bodies, `hooks` are the webhooks;
//! `switches` are the facts that nobody outside can be sure of; `truth` tells checkers what is really stored.

mod access;
mod actions;
mod edits;
mod errors;
mod filters;
mod hooks;
mod lists;
mod merge;
mod names;
mod parameters;
mod records;
mod routes;
mod seed;
mod seed_links;
mod setup;
mod state;
mod switches;
mod truth;
mod writes;

use std::{any::Any, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::{Value, json};

pub use records::Asset;
pub use state::{Row, State};
pub use switches::{
    BadItem, CustomFields, ForeignStatus, ManyAnswer, MissingRight, Nulls, OpenEnd, Retiring, Shape,
    Switches, WrongTenant,
};

use super::{
    Edits, Options, Switches as AllSwitches, Truth, Write,
    deliver::Delivery,
    exchange::{Answer, Call, Reply, Request, Sighting},
    faults::{self, Rule},
    query::Query,
    vendor::{Arrival, Vendor},
    watch::Watched,
};
use access::Access;
use lists::Lister;
use routes::{Address, Endpoint, Resource};

/// The word in the settings file.
pub(crate) const PSA: &str = "halopsa";
/// The agent that the API application signs in as.
const AGENT: &str = "Mothball API";
/// The client that is the MSP itself.
const INTERNAL: i64 = 1;

/// The settings that the generated data was made for.
const SAMPLE_CRITERIA: &str = r#"[profiles.demo.offboarded]
inactive = true
statuses = ["Former Client"]
tags = ["Offboarded"]
custom_field = { name = "Offboarded", value = "Yes" }
contract_ended_days = 30

[profiles.demo.deactivate]
status = "Decommissioned"
"#;

/// One simulated tenant.
#[derive(Debug)]
pub(crate) struct HaloPsa {
    state: State,
    access: Access,
    credentials: BTreeMap<String, String>,
    options: Options,
    base: String,
}

impl HaloPsa {
    pub fn new(options: &Options, base: &str) -> Self {
        let own = [
            ("tenant", "fabrikam"),
            ("client_id", "3f0a5d1c-7b1e-4c55-9d0e-2a6b8f4e9c71"),
            ("client_secret", "8c1f6b0e-53c9-4b4f-a2d7-90e6f1c3b8a5-7e2d94c0-1b6a-4f3e-8d57-c4a9e0f2b613"),
        ];
        let mut credentials: BTreeMap<String, String> =
            own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        credentials.extend(options.credentials.clone().unwrap_or_default());
        let state = seed::generate(options, options.switches.halopsa.clone(), options.clock.now());
        Self {
            state,
            access: Access::default(),
            credentials,
            options: options.clone(),
            base: base.to_owned(),
        }
    }

    fn handle(&mut self, call: Call<'_>, notes: &mut Vec<String>) -> Result<Reply, Reply> {
        let request = call.request;
        let address = Address::of(&request.path);
        let method = request.method.as_str();
        match &address.endpoint {
            Endpoint::AuthInfo | Endpoint::InstanceInfo => {
                if request.header("authorization").is_some() {
                    notes.push(format!("credentials sent to {}, which needs none", address.pattern()));
                }
                if method != "GET" {
                    return Err(Reply::empty(405));
                }
                return Ok(if address.endpoint == Endpoint::AuthInfo {
                    self.auth_info(request)
                } else {
                    instance_info()
                });
            }
            Endpoint::Token => {
                return self.access.token(&self.state.switches, &self.credentials, request, notes);
            }
            _ => {}
        }
        let scopes = self.access.enter(&self.state.switches, request)?;
        let resource = match &address.endpoint {
            Endpoint::All(resource) | Endpoint::One(resource, _) => resource,
            Endpoint::InvoiceLines(_) => routes::named("RecurringInvoice").ok_or_else(errors::not_found)?,
            _ => {
                notes.push(format!("no such endpoint: {method} {}", request.path));
                return Err(errors::not_found());
            }
        };
        let query = Query::parse(&request.query);
        remark(&address, resource, method, &query, notes);
        if let Some(reply) = self.without_right(&scopes, resource, &address, method, notes) {
            return Err(reply);
        }
        if method == "GET" {
            self.read(call, &address.endpoint, &query)
        } else {
            self.write(call, &address.endpoint, notes)
        }
    }

    /// The answer to a request that the token or the agent has no right to, if so.
    fn without_right(
        &self,
        scopes: &[String],
        resource: &Resource,
        address: &Address,
        method: &str,
        notes: &mut Vec<String>,
    ) -> Option<Reply> {
        let switches = &self.state.switches;
        let verb = if method == "GET" { "read" } else { "edit" };
        if resource.area.is_empty() {
            return None;
        }
        let needed =
            if resource.area == "admin" { "admin".to_owned() } else { format!("{verb}:{}", resource.area) };
        let lacks = switches.agent_lacks.contains(&needed);
        if access::allows(scopes, verb, resource.area) && !lacks {
            return None;
        }
        if !lacks {
            notes.push(format!("{method} {} with a token that lacks {needed}", address.pattern()));
        }
        let list = matches!(address.endpoint, Endpoint::All(_)) && method == "GET";
        Some(match switches.missing_right {
            MissingRight::Unauthorized => errors::unauthorized(),
            MissingRight::EmptyList if list => match resource.envelope {
                Some(envelope) => Reply::json(200, json!({ "record_count": 0, envelope: [] })),
                None => Reply::json(200, json!([])),
            },
            MissingRight::Forbidden | MissingRight::EmptyList => errors::forbidden(),
        })
    }

    fn read(&mut self, call: Call<'_>, endpoint: &Endpoint, query: &Query) -> Result<Reply, Reply> {
        let lister = Lister { state: &self.state, query, faults: call.faults };
        let reply = match endpoint {
            Endpoint::All(resource) => lister.list(resource)?,
            Endpoint::One(resource, id) => self.one(resource, id)?,
            _ => return Err(Reply::empty(405)),
        };
        let adds = call.faults.iter().any(|rule| rule.kind == faults::Kind::RowsAdded);
        let first = reply_client(&reply);
        if adds && let Some(client) = first.filter(|client| self.state.clients.contains_key(client)) {
            self.state.as_others(call.request.now, |state| state.add_asset(client));
        }
        Ok(reply)
    }

    fn one(&self, resource: &Resource, id: &str) -> Result<Reply, Reply> {
        let state = &self.state;
        if resource.kind == "webhook" {
            let row = state.webhooks.get(id).map(hooks::without_password);
            return row.map(|row| Reply::json(200, Value::Object(row))).ok_or_else(errors::not_found);
        }
        let id: i64 = id.parse::<i32>().map_err(|_| errors::not_valid("id", id))?.into();
        let mut row = match resource.kind {
            "config" => {
                let asset = state.assets.get(&id).filter(|asset| state.sees(asset.client_id));
                state.with_nulls(state.asset_whole(asset.ok_or_else(errors::not_found)?))
            }
            kind => {
                state.table(kind).and_then(|rows| rows.get(&id)).cloned().ok_or_else(errors::not_found)?
            }
        };
        let owner = if resource.kind == "client" { Some(id) } else { state::number(&row, "client_id") };
        if owner.is_some_and(|client| !state.sees(client)) {
            return Err(errors::not_found());
        }
        match resource.kind {
            "config" if state.switches.numbers_as_strings => lists::numbers_as_strings(&mut row),
            "client" => row = state.client_row(row),
            "contract" if !state.switches.contract_detail_readable => return Err(errors::unauthorized()),
            "contract" => {
                row = state.contract_row(&row);
                row.insert("assets".to_owned(), state.rows_of(state.contract_assets.get(&id)));
            }
            "ticket" => {
                row.insert("assets".to_owned(), state.rows_of(state.ticket_assets.get(&id)));
            }
            _ => {}
        }
        Ok(Reply::json(200, Value::Object(row)))
    }

    fn auth_info(&self, request: &Request) -> Reply {
        Reply::json(
            200,
            json!({ "auth_url": format!("{}/auth", request.site(&self.base)), "tenant_id": self.credentials["tenant"] }),
        )
    }
}

fn instance_info() -> Reply {
    Reply::json(200, json!({ "appname": "Halo PSA", "version": "2.236.1", "products": ["HaloPSA"] }))
}

/// The client of the first row of a list.
fn reply_client(reply: &Reply) -> Option<i64> {
    let super::exchange::Content::Json(Value::Object(body)) = &reply.content else { return None };
    let rows = body.values().find_map(Value::as_array)?;
    let row = rows.first()?;
    let whole = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    row.get("client_id").and_then(whole).or_else(|| row.get("id").and_then(whole))
}

/// Notes what the vendor passes over without a word.
fn remark(address: &Address, resource: &Resource, method: &str, query: &Query, notes: &mut Vec<String>) {
    if method != "GET" {
        return;
    }
    let list = matches!(address.endpoint, Endpoint::All(_));
    let known = if list { resource.parameters } else { parameters::ONE };
    for (name, value) in query.pairs() {
        if !known.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name)) {
            notes.push(format!(
                "{}: no parameter \"{name}\"; it is ignored without a word",
                address.pattern()
            ));
        }
        let flag = name.starts_with("include") && name != "include_custom_fields"
            || name.starts_with("orderdesc")
            || matches!(name, "pageinate" | "idonly" | "open_only" | "closed_only" | "exclude_internal");
        if flag && lists::understood(value).is_none() {
            notes.push(format!("{}: {name}={value}; only true and false are understood", address.pattern()));
        }
    }
    let pages = query.get("page_no").is_some() || query.get("page_size").is_some();
    if list && pages && query.get("pageinate").and_then(lists::understood) != Some(true) {
        notes.push(format!("{}: page_no and page_size count only with pageinate=true", address.pattern()));
    }
}

impl Vendor for HaloPsa {
    fn psa(&self) -> &'static str {
        PSA
    }

    fn credentials(&self) -> BTreeMap<String, String> {
        self.credentials.clone()
    }

    fn issued(&self) -> Vec<String> {
        self.access.issued()
    }

    fn sample_criteria(&self) -> &'static str {
        SAMPLE_CRITERIA
    }

    fn sight(&self, request: &Request) -> Sighting {
        let address = Address::of(&request.path);
        let method = request.method.as_str();
        let write = !matches!(method, "GET" | "HEAD" | "OPTIONS") && address.endpoint != Endpoint::Token;
        let mut items = match &address.endpoint {
            Endpoint::One(resource, id) => vec![(resource.kind, id.clone())],
            Endpoint::All(resource) if write => named(request).map(|id| (resource.kind, id)).collect(),
            _ => Vec::new(),
        };
        let first = (!items.is_empty()).then(|| items.remove(0));
        let list = matches!(address.endpoint, Endpoint::All(_)) && !write;
        Sighting {
            route: format!("{method} {}", address.pattern()),
            item: first,
            also: items,
            write,
            list,
            // Halo has no counts of its own: every page says how long the list is.
            count: list,
            authorised: self.access.authorised(
                &self.state.switches,
                &self.credentials,
                request,
                address.endpoint == Endpoint::Token,
            ),
        }
    }

    fn arrive(&mut self, request: &Request, _sighting: &Sighting) -> Arrival {
        let refused = self.access.admit(&self.state.switches, request.now).err();
        Arrival { refused, ..Arrival::default() }
    }

    fn fault(&self, rule: &Rule, _sighting: &Sighting, request: &Request) -> Option<Reply> {
        use faults::Kind;
        let switches = &self.state.switches;
        let seconds = rule.parameter().time().as_secs();
        let reply = match rule.kind {
            Kind::Throttled => errors::too_many(switches).with("Retry-After", seconds.to_string()),
            Kind::ThrottledDate => {
                let until = request.now + rule.parameter().time();
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&until);
                errors::too_many(switches).with("Retry-After", date.unwrap_or_default())
            }
            Kind::ThrottledBare => errors::too_many(switches),
            Kind::ThrottledAbsurd => errors::too_many(switches).with("Retry-After", "31536000"),
            Kind::ThrottledNegative => errors::too_many(switches).with("Retry-After", "-5"),
            Kind::Error500 => Reply::empty(500),
            Kind::Unauthorized => errors::unauthorized(),
            Kind::Forbidden => errors::forbidden(),
            Kind::Invalid => errors::message(switches, "Warranty reference must be entered"),
            Kind::NotFound => errors::not_found(),
            Kind::Conflict => Reply::empty(409),
            _ => return None,
        };
        Some(reply)
    }

    fn answer(&mut self, call: Call<'_>) -> Answer {
        let mut notes = std::mem::take(&mut self.access.notes);
        let reply = match self.handle(call, &mut notes) {
            Ok(reply) | Err(reply) => reply,
        };
        Answer { reply, notes }
    }

    fn writes(&self) -> &[Write] {
        self.state.writes()
    }

    fn truth(&self, now: Timestamp) -> Truth {
        self.state.truth(now)
    }

    fn reset(&mut self, now: Timestamp) {
        self.state = seed::generate(&self.options, self.state.switches.clone(), now);
        self.access = Access::default();
    }

    fn tell_switches(&self, all: &mut AllSwitches) {
        all.halopsa = self.state.switches.clone();
    }

    fn take_switches(&mut self, all: &AllSwitches) {
        self.state.switches = all.halopsa.clone();
    }

    fn take_deliveries(&mut self) -> Vec<Delivery> {
        self.state.take_deliveries()
    }

    fn edit(&mut self, now: Timestamp, change: &mut dyn FnMut(&mut dyn Edits)) {
        self.state.as_others(now, |state| change(state));
    }

    fn edit_state(&mut self, now: Timestamp, change: &mut dyn FnMut(&mut dyn Any)) {
        self.state.as_others(now, |state| change(state));
    }
}

/// The ids that a POST names.
fn named(request: &Request) -> impl Iterator<Item = String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let items = if let Value::Array(items) = body { items } else { Vec::new() };
    items.into_iter().filter_map(|item| match item.get("id") {
        Some(Value::Number(id)) => Some(id.to_string()),
        Some(Value::String(id)) => Some(id.clone()),
        _ => None,
    })
}
