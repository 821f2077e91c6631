//! Autotask PSA, REST API 1.0, as its public sources describe it.
//!
//! `entities` says what there is and what fields it has, `state` holds the `records`, `seed`, `seed_links` and `setup`
//! make them, `edits` lets tests change them; `admission` says who is let in, `routes` has the addresses, `query` and `filter` answer queries,
//! `information` the metadata, `writes` and `values` writes; `errors` has the vendor's error bodies, `limits` its two
//! limits; `callouts` are the webhooks, signed with `sha1`; `switches` are the facts that nobody outside can be sure
//! of; `truth` tells checkers what is really stored.

mod admission;
mod callouts;
mod edits;
mod entities;
mod errors;
mod filter;
mod information;
mod limits;
mod query;
mod records;
mod routes;
mod seed;
mod seed_links;
mod setup;
mod sha1;
mod state;
mod switches;
mod truth;
mod values;
mod writes;

use std::{any::Any, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::{Value, json};

pub use records::Record;
pub use state::State;
pub use switches::{CalloutFields, Dates, ReadOnly, SignatureOver, Switches, ThreadLimit, UnauthorizedBody};

use super::{
    Edits, Options, Switches as AllSwitches, Truth, Write,
    deliver::Delivery,
    exchange::{Answer, Call, Reply, Request, Sighting},
    faults::{self, Rule},
    vendor::{Arrival, Vendor},
};
use limits::Limits;
use query::Lister;
use routes::{Address, Endpoint};
use values::Mode;

/// The word in the settings file.
pub(crate) const PSA: &str = "autotask";
/// The settings that the generated data was made for. Items have no status, so there is none to set.
const SAMPLE_CRITERIA: &str = r#"[profiles.demo.offboarded]
inactive = true
statuses = ["Former Client"]
tags = ["Offboarded"]
custom_field = { name = "Offboarded", value = "Yes" }
contract_ended_days = 30
"#;

/// One simulated tenant.
#[derive(Debug)]
pub(crate) struct Autotask {
    state: State,
    credentials: BTreeMap<String, String>,
    options: Options,
    base: String,
    limits: Limits,
    /// Calls to the API so far, for the move in mid-run.
    served: u64,
    /// How often the zone was asked.
    zone_asked: u64,
    /// Refused secrets in a row.
    refused: u32,
}

impl Autotask {
    pub fn new(options: &Options, base: &str) -> Self {
        let own = [
            ("user_name", "api@fabrikam.example"),
            ("secret", "n$7T~4k*Q#b2@Zx9"),
            ("integration_code", "QMOTHBALL4FABRIKAM2SIMULATED"),
        ];
        let mut credentials: BTreeMap<String, String> =
            own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        credentials.extend(options.credentials.clone().unwrap_or_default());
        let switches = options.switches.autotask.clone();
        let state = seed::generate(options, switches, base, options.clock.now());
        Self {
            state,
            credentials,
            options: options.clone(),
            base: base.to_owned(),
            limits: Limits::default(),
            served: 0,
            zone_asked: 0,
            refused: 0,
        }
    }

    fn handle(&mut self, call: Call<'_>, notes: &mut Vec<String>) -> Result<Reply, Reply> {
        let request = call.request;
        let address = Address::of(&request.path);
        let method = request.method.as_str();
        match address.endpoint {
            Endpoint::ZoneInformation if method == "GET" => return self.zone_information(request, notes),
            Endpoint::VersionInformation if method == "GET" => return Ok(information::version_information()),
            _ => {}
        }
        self.served += 1;
        self.admit(request, &address.zone, notes)?;
        if request.path.len() + request.query.len() >= query::LONGEST_ADDRESS {
            notes.push(format!("{method} {}: an address of more than 2,048 letters", address.pattern()));
            return Err(errors::long_address());
        }
        remark_parameters(&address, request, notes);
        self.permitted(&address, request, notes)?;
        let Some(allowed) = allowed(address.endpoint) else {
            notes.push(format!("no such endpoint: {method} {}", request.path));
            return Err(errors::no_route(&format!("{}{}", self.base, request.path)));
        };
        if !allowed.contains(&method) {
            notes.push(format!("{} knows no {method}", address.pattern()));
            return Err(errors::method(method).with("Allow", allowed.join(", ")));
        }
        let media = request.media();
        if !request.body.is_empty() && !["application/json", "text/json", FORM].contains(&media.as_str()) {
            return Err(errors::media_type(&media));
        }
        match method {
            "PATCH" | "PUT" | "DELETE" => self.write(call, address.endpoint, notes),
            "POST" if matches!(address.endpoint, Endpoint::Collection(_) | Endpoint::Children(..)) => {
                self.write(call, address.endpoint, notes)
            }
            _ => self.read(call, address.endpoint, notes),
        }
    }

    fn read(&mut self, call: Call<'_>, endpoint: Endpoint, notes: &mut Vec<String>) -> Result<Reply, Reply> {
        let zone = self.address_of(self.zone(), call.request);
        let state = &self.state;
        let Some(entity) = endpoint.entity() else {
            return Ok(match endpoint {
                Endpoint::Version => information::version(),
                _ => self.threshold(call.request.now),
            });
        };
        let mut lister =
            Lister { state, entity, request: call.request, zone: &zone, faults: call.faults, notes };
        let reply = match endpoint {
            Endpoint::Query(_) => lister.first()?,
            Endpoint::Page(..) => lister.follow()?,
            Endpoint::Count(_) => return lister.count(),
            Endpoint::One(_, id) => return Ok(lister.one(id)),
            Endpoint::Children(kin, parent) => return Ok(lister.children(kin, parent)),
            Endpoint::Child(kin, parent, id) => return Ok(lister.child(kin, parent, id)),
            Endpoint::Information(_) => return Ok(information::entity(state, entity)),
            Endpoint::Fields(_) | Endpoint::ChildFields(_) => return Ok(information::fields(state, entity)),
            Endpoint::UserDefinedFields(_) => return Ok(information::user_defined_fields(state, entity)),
            _ => return Err(errors::method(call.request.method.as_str())),
        };
        let adds = call.faults.iter().any(|rule| rule.kind == faults::Kind::RowsAdded);
        if adds && let Some(company) = query::first_company(&reply, &self.state) {
            self.state.as_others(call.request.now, |state| state.add_configuration(company));
        }
        Ok(reply)
    }

    fn threshold(&mut self, now: Timestamp) -> Reply {
        let used = self.limits.used(now, &self.state.switches);
        Reply::json(
            200,
            json!({
                "externalRequestThreshold": self.state.switches.pool,
                "requestThresholdTimeframe": 60,
                "currentTimeframeRequestCount": used,
            }),
        )
    }

    fn write(&mut self, call: Call<'_>, endpoint: Endpoint, notes: &mut Vec<String>) -> Result<Reply, Reply> {
        let mode = if call.request.method == "PUT" { Mode::Put } else { Mode::Patch };
        let state = &mut self.state;
        match (endpoint, call.request.method.as_str()) {
            (Endpoint::Collection(entity), "POST") => state.create(call, entity, None, notes),
            (Endpoint::Collection(entity), _) => state.update(call, entity, mode, None, notes),
            (Endpoint::One(entity, id), _) => state.delete(call, entity, id, None),
            (Endpoint::Children(kin, parent), method) => {
                state.parent_exists(kin, parent)?;
                let within = Some((kin, parent));
                if method == "POST" {
                    state.create(call, writes::of(kin), within, notes)
                } else {
                    state.update(call, writes::of(kin), mode, within, notes)
                }
            }
            (Endpoint::Child(kin, parent, id), _) => {
                state.delete(call, writes::of(kin), id, Some((kin, parent)))
            }
            (_, method) => Err(errors::method(method)),
        }
    }
}

/// What can be done at an address; `None` if there is none.
fn allowed(endpoint: Endpoint) -> Option<Vec<&'static str>> {
    let writes = |create: bool, update: bool, before: &[&'static str]| {
        let mut methods = before.to_vec();
        methods.extend(create.then_some("POST"));
        methods.extend(update.then_some(["PATCH", "PUT"]).into_iter().flatten());
        methods
    };
    Some(match endpoint {
        Endpoint::Unknown => return None,
        Endpoint::Query(_) | Endpoint::Page(..) | Endpoint::Count(_) => vec!["GET", "POST"],
        Endpoint::Collection(entity) => writes(entity.create, entity.update, &[]),
        Endpoint::One(entity, _) if entity.delete => vec!["GET", "DELETE"],
        Endpoint::Children(kin, _) => writes(true, kin.update, &["GET"]),
        Endpoint::Child(kin, ..) if kin.delete => vec!["GET", "DELETE"],
        _ => vec!["GET"],
    })
}

/// A form is read, too, but the vendor finds nothing in it.
const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters that the vendor passes over.
fn remark_parameters(address: &Address, request: &Request, notes: &mut Vec<String>) {
    let known: &[&str] = match address.endpoint {
        Endpoint::Query(_) | Endpoint::Count(_) => &["search"],
        Endpoint::Page(..) => &["search", "paging"],
        _ => &[],
    };
    for (name, _) in url::form_urlencoded::parse(request.query.as_bytes()) {
        if !known.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            notes.push(format!("{}: no parameter is called \"{name}\"", address.pattern()));
        }
    }
}

/// The object endpoint of a route with place holders.
fn object_of(route: &str) -> Option<&'static str> {
    let pattern = route.split_once(' ').map_or(route, |(_, pattern)| pattern);
    let path = pattern.replace("{parentId}", "0").replace("{id}", "0");
    Address::of(&format!("/atservicesrest/v1.0{path}")).object()
}

impl Vendor for Autotask {
    fn psa(&self) -> &'static str {
        PSA
    }

    fn credentials(&self) -> BTreeMap<String, String> {
        self.credentials.clone()
    }

    fn sample_criteria(&self) -> &'static str {
        SAMPLE_CRITERIA
    }

    fn sight(&self, request: &Request) -> Sighting {
        let address = Address::of(&request.path);
        let method = request.method.as_str();
        let reads = matches!(address.endpoint, Endpoint::Query(_) | Endpoint::Page(..) | Endpoint::Count(_));
        let write = !matches!(method, "GET" | "HEAD" | "OPTIONS") && !reads;
        // The id of a record that is written stands in the body.
        let in_body = || {
            let body: Value = serde_json::from_slice(&request.body).ok()?;
            filter::id_in(&body)
        };
        let item = match address.endpoint {
            Endpoint::One(entity, id) => Some((entity.path, id)),
            Endpoint::Children(kin, id) | Endpoint::Child(kin, id, _) => Some((kin.parent, id)),
            Endpoint::Collection(entity) if write => in_body().map(|id| (entity.path, id)),
            _ => None,
        };
        let kind = |path: &'static str| if path == "ConfigurationItems" { "config" } else { path };
        Sighting {
            route: format!("{method} {}", address.pattern()),
            item: item.map(|(path, id)| (kind(path), id.to_string())),
            write,
            list: matches!(address.endpoint, Endpoint::Query(_) | Endpoint::Page(..)),
            count: matches!(address.endpoint, Endpoint::Count(_)),
            authorised: self.authorised(request),
            also: Vec::new(),
        }
    }

    fn object(&self, sighting: &Sighting) -> Option<&'static str> {
        object_of(&sighting.route).filter(|_| sighting.authorised)
    }

    fn arrive(&mut self, request: &Request, sighting: &Sighting) -> Arrival {
        let Some(object) = self.object(sighting) else {
            return Arrival::default();
        };
        let switches = &self.state.switches;
        let Some(delay) = self.limits.count(request.now, switches) else {
            return Arrival { refused: Some(errors::pool(switches.pool_status)), ..Arrival::default() };
        };
        if self.limits.enter(object, request.now) {
            Arrival { refused: None, delay }
        } else {
            Arrival { refused: Some(errors::threads(switches.thread_limit)), ..Arrival::default() }
        }
    }

    fn leave(&mut self, sighting: &Sighting, now: Timestamp) {
        if let Some(object) = self.object(sighting) {
            self.limits.leave(object, now, &self.state.switches);
        }
    }

    fn fault(&self, rule: &Rule, _: &Sighting, request: &Request) -> Option<Reply> {
        use faults::Kind;
        let seconds = rule.parameter().time().as_secs();
        let reply = match rule.kind {
            Kind::Throttled => errors::throttled().with("Retry-After", seconds.to_string()),
            Kind::ThrottledDate => {
                let until = request.now + rule.parameter().time();
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&until);
                errors::throttled().with("Retry-After", date.unwrap_or_default())
            }
            Kind::ThrottledBare => errors::throttled(),
            Kind::ThrottledAbsurd => errors::throttled().with("Retry-After", "31536000"),
            Kind::ThrottledNegative => errors::throttled().with("Retry-After", "-5"),
            Kind::ThreadLimit => errors::threads(ThreadLimit::Code500),
            Kind::Error500 => errors::server("An error occurred while processing your request."),
            Kind::Unauthorized => errors::unauthorized(self.state.switches.unauthorized_body),
            Kind::Forbidden => errors::permission("update"),
            Kind::Invalid => errors::errors(
                500,
                &[
                    "Disposal Method is a required field.".to_owned(),
                    "Value does not exist for the required field productID".to_owned(),
                ],
            ),
            Kind::NotFound => errors::no_match(),
            Kind::Conflict => errors::server("The record is locked by another process. Please try again."),
            _ => return None,
        };
        Some(errors::worded(reply, self.state.switches.error_objects))
    }

    fn answer(&mut self, call: Call<'_>) -> Answer {
        let mut notes = Vec::new();
        let reply = match self.handle(call, &mut notes) {
            Ok(reply) | Err(reply) => reply,
        };
        Answer { reply: errors::worded(reply, self.state.switches.error_objects), notes }
    }

    fn writes(&self) -> &[Write] {
        self.state.writes()
    }

    fn truth(&self, now: Timestamp) -> Truth {
        self.state.truth(now)
    }

    fn reset(&mut self, now: Timestamp) {
        let switches = self.state.switches.clone();
        self.state = seed::generate(&self.options, switches, &self.base, now);
        self.limits.forget();
        (self.served, self.zone_asked, self.refused) = (0, 0, 0);
    }

    fn tell_switches(&self, all: &mut AllSwitches) {
        all.autotask = self.state.switches.clone();
    }

    fn take_switches(&mut self, all: &AllSwitches) {
        self.state.switches = all.autotask.clone();
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
