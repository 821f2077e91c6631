//! ConnectWise PSA (Manage), REST API 3.0, as its public sources describe it.
//!
//! `state` holds the `records`, `seed`, `seed_links` and `setup` make them, `edits` lets tests change them, `names` says what
//! members they have; `query`, `conditions` and `evaluate`, `lists` and `show` answer reads, `writes` and `patch`
//! writes, `notes` those on tickets; `errors` has the vendor's error bodies, `routes` the addresses;
//! `callbacks` are the webhooks, `throttle` is the limit; `switches` are the facts that nobody outside can be sure of; `truth` tells checkers what is really stored.

mod ask;
mod bulk;
mod callbacks;
mod conditions;
mod edits;
mod errors;
mod evaluate;
mod lists;
mod names;
mod notes;
mod patch;
mod query;
mod records;
mod routes;
mod seed;
mod seed_links;
mod setup;
mod show;
mod state;
mod switches;
mod throttle;
mod truth;
mod whole;
mod writes;

use std::{any::Any, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use records::{Configuration, Question};
pub use state::{Named, Row, State};
pub use switches::{
    Closing, Dates, IsCloud, LastLink, NestedPatch, Nulls, QuoteEscape, Switches, UnknownFields,
};

use super::{
    Edits, Options, Switches as AllSwitches, Truth, Write,
    deliver::Delivery,
    exchange::{Answer, Call, Content, Reply, Request, Sighting},
    faults::{self, Rule},
    query::Query,
    vendor::{Arrival, Vendor},
    watch::Watched,
};
use lists::{Lister, Source};
use routes::{Address, Endpoint};
use throttle::Throttle;

/// The word in the settings file.
pub(crate) const PSA: &str = "connectwise";
/// The API member's identifier, as `updatedBy` and the audit trail show it.
const API_MEMBER: &str = "MothballApi";
/// The release at the start, and the one after an upgrade.
const RELEASES: [&str; 2] = ["v2026_1", "v2026_2"];
/// Works whatever the release.
const ALIAS: &str = "v4_6_release";

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
pub(crate) struct ConnectWise {
    state: State,
    credentials: BTreeMap<String, String>,
    options: Options,
    base: String,
    /// Requests to the API so far, for the upgrade in mid-run.
    served: u64,
    throttle: Throttle,
}

impl ConnectWise {
    pub fn new(options: &Options, base: &str) -> Self {
        let own = [
            ("company_id", "fabrikam"),
            ("public_key", "AbCdEfGhIjKlMnOp"),
            ("private_key", "QrStUvWxYz012345"),
            ("client_id", "6b1f1d6e-4e0e-4a5c-9a53-5f0c1d2e3f40"),
        ];
        let mut credentials: BTreeMap<String, String> =
            own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        credentials.extend(options.credentials.clone().unwrap_or_default());
        let login = credentials["company_id"].clone();
        let switches = options.switches.connectwise.clone();
        let state = seed::generate(options, switches, base, &login, options.clock.now());
        Self {
            state,
            credentials,
            options: options.clone(),
            base: base.to_owned(),
            served: 0,
            throttle: Throttle::default(),
        }
    }

    fn release(&self) -> &'static str {
        let upgraded = self.state.switches.codebase_change_after.is_some_and(|after| self.served > after);
        RELEASES[usize::from(upgraded)]
    }

    fn authorised(&self, request: &Request) -> bool {
        let Some(encoded) = request.header("authorization").and_then(|header| {
            let (scheme, rest) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("basic").then(|| rest.trim())
        }) else {
            return false;
        };
        let Some(pair) = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return false;
        };
        let member = |name: &str| self.credentials.get(name).map_or("", String::as_str);
        let Some((user, password)) = pair.split_once(':') else { return false };
        let Some((company, key)) = user.split_once('+') else { return false };
        company.eq_ignore_ascii_case(member("company_id"))
            && key == member("public_key")
            && password == member("private_key")
    }

    fn handle(&mut self, call: Call<'_>, notes: &mut Vec<String>) -> Result<Reply, Reply> {
        let request = call.request;
        let address = Address::of(&request.path);
        let method = request.method.as_str().to_owned();
        let offered = routes::methods(&address.endpoint);
        let offered = || {
            if offered.contains(&method.as_str()) { Ok(()) } else { Err(errors::method(&method, offered)) }
        };
        match &address.endpoint {
            Endpoint::CompanyInfo(login) => {
                offered()?;
                if request.header("authorization").is_some() {
                    notes.push("credentials sent to the company info, which needs none".to_owned());
                }
                return Ok(self.company_info(login));
            }
            Endpoint::CallbackKey => {
                offered()?;
                return self.state.callback_key(&Query::parse(&request.query));
            }
            _ => {}
        }
        self.served += 1;
        if ![ALIAS, self.release()].iter().any(|known| known.eq_ignore_ascii_case(&address.codebase)) {
            return Err(errors::no_release());
        }
        if address.endpoint == Endpoint::Info && method == "GET" {
            return Ok(self.info());
        }
        if !self.authorised(request) {
            return Err(errors::unauthorized());
        }
        if request.header("clientid").is_none_or(|id| id.trim().is_empty()) {
            notes.push("a request without clientId".to_owned());
            return Err(errors::no_client_id(self.state.switches.missing_client_id));
        }
        let query = Query::parse(&request.query);
        routes::remark(&address, request, &query, notes);
        self.remark_fields(&address, &query, notes);
        if address.endpoint == Endpoint::Unknown {
            notes.push(format!("no such endpoint: {method} {}", address.path));
            return Err(errors::no_endpoint());
        }
        offered()?;
        if matches!(method.as_str(), "POST" | "PUT" | "PATCH") && !is_json(request) {
            return Err(errors::media_type());
        }
        self.permitted(&address)?;
        if method == "GET" {
            return self.read(call, &address, &query);
        }
        self.write(call, &address, &method, notes)
    }

    /// Notes names in `fields` that the object does not have: the vendor may leave them out without a word.
    fn remark_fields(&self, address: &Address, query: &Query, notes: &mut Vec<String>) {
        let (Endpoint::List(source) | Endpoint::One(source, _)) = &address.endpoint else { return };
        let names = source.names(&self.state);
        for name in query.get("fields").unwrap_or_default().split(',').map(str::trim) {
            let head = name.split('/').next().unwrap_or_default();
            if !matches!(head, "" | "*") && !names.iter().any(|(known, _)| known.eq_ignore_ascii_case(head)) {
                notes.push(format!(
                    "{}: fields names \"{name}\", which the object does not have",
                    address.pattern()
                ));
            }
        }
    }

    fn permitted(&self, address: &Address) -> Result<(), Reply> {
        let switches = &self.state.switches;
        let (Endpoint::List(source) | Endpoint::Count(source) | Endpoint::One(source, _)) = &address.endpoint
        else {
            return Ok(());
        };
        match source.kind {
            "association" if !switches.type_associations && source.parent.is_none() => {
                Err(errors::no_endpoint())
            }
            "security" if !switches.my_security => Err(errors::forbidden()),
            "agreement_configuration" if !switches.agreement_configurations => Err(errors::forbidden()),
            "agreement" | "addition" | "agreement_configuration" if !switches.agreements_readable => {
                Err(errors::forbidden())
            }
            "ticket" | "ticket_configuration" | "note" if !switches.tickets_readable => {
                Err(errors::forbidden())
            }
            _ => Ok(()),
        }
    }

    fn read(&mut self, call: Call<'_>, address: &Address, query: &Query) -> Result<Reply, Reply> {
        let path = address.path.clone();
        let reply = {
            let lister = Lister {
                state: &self.state,
                request: call.request,
                query,
                path: &path,
                codebase: &address.codebase,
                faults: call.faults,
            };
            match &address.endpoint {
                Endpoint::List(source) => {
                    self.parent_exists(*source)?;
                    lister.list(*source)?
                }
                Endpoint::Count(source) => {
                    self.parent_exists(*source)?;
                    lister.count(*source)?
                }
                Endpoint::One(source, id) => {
                    self.parent_exists(*source)?;
                    lister.one(*source, *id, routes::title(source.kind))?
                }
                Endpoint::AuditTrail { count } => {
                    let id = query.get("id").and_then(|id| id.parse().ok());
                    if query.get("type").is_none_or(|kind| !kind.eq_ignore_ascii_case("Configuration")) {
                        return Ok(Reply::json(200, if *count { json!({ "count": 0 }) } else { json!([]) }));
                    }
                    let source = Source { kind: "audit", parent: id };
                    if *count { lister.count(source)? } else { lister.list(source)? }
                }
                _ => return Err(errors::no_endpoint()),
            }
        };
        let adds = call.faults.iter().any(|rule| rule.kind == faults::Kind::RowsAdded);
        if adds && let Some(company) = lists::first_company(&reply, &self.state) {
            self.state.as_others(call.request.now, |state| state.add_configuration(company));
        }
        Ok(reply)
    }

    fn parent_exists(&self, source: Source) -> Result<(), Reply> {
        let Some(parent) = source.parent else { return Ok(()) };
        let (kind, exists) = match source.kind {
            "association" => ("company", self.state.companies.contains_key(&parent)),
            "question" => ("type", self.state.types.contains_key(&parent)),
            "addition" | "agreement_configuration" => {
                ("agreement", self.state.agreements.contains_key(&parent))
            }
            "ticket_configuration" | "note" => ("ticket", self.state.tickets.contains_key(&parent)),
            _ => return Ok(()),
        };
        if exists { Ok(()) } else { Err(errors::not_found(routes::title(kind), parent)) }
    }

    /// `POST /service/tickets/search`: a list whose conditions come in the body.
    fn search_tickets(&self, call: Call<'_>, address: &Address) -> Result<Reply, Reply> {
        let body = errors::parsed(&call.request.body)?;
        let body =
            body.as_object().ok_or_else(|| errors::cast(&body, "ConnectWise.Apis.v3_0.FilterValues"))?;
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        for name in ["conditions", "childConditions", "customFieldConditions", "orderBy"] {
            match body.get(name) {
                None | Some(Value::Null) => {}
                Some(Value::String(value)) => drop(text.append_pair(name, value)),
                Some(other) => return Err(errors::cast(other, "System.String")),
            }
        }
        let query = Query::parse(&[text.finish(), call.request.query.clone()].join("&"));
        let lister = Lister {
            state: &self.state,
            request: call.request,
            query: &query,
            path: &address.path,
            codebase: &address.codebase,
            faults: call.faults,
        };
        lister.list(Source { kind: "ticket", parent: None })
    }

    fn company_info(&self, login: &str) -> Reply {
        let own = self.credentials["company_id"].as_str();
        if !login.eq_ignore_ascii_case(own) {
            return Reply::json(200, Value::Null);
        }
        let cloud = match self.state.switches.is_cloud {
            IsCloud::String => json!("True"),
            IsCloud::Boolean => json!(true),
        };
        let release = self.release();
        Reply {
            status: 200,
            headers: Vec::new(),
            content: Content::Json(json!({
                "CompanyName": "Fabrikam Managed IT",
                "Codebase": format!("{release}/"),
                "VersionCode": release.replace('_', "."),
                "VersionNumber": "v4.6.95512",
                "CompanyID": own,
                "IsCloud": cloud,
            })),
        }
    }

    fn info(&self) -> Reply {
        Reply::json(
            200,
            json!({
                "version": format!("{}.105333", self.release().replace('_', ".")),
                "isCloud": true,
                "serverTimeZone": "Eastern Standard Time",
                "cloudRegion": "NA",
                "licenseBits": [{ "name": "Manage", "activeFlag": true }],
                "maxWorkFlowRecordsAllowed": 500,
            }),
        )
    }
}

/// Other media types are refused, those of RFC 6902 among them.
fn is_json(request: &Request) -> bool {
    matches!(request.media().as_str(), "application/json" | "application/vnd.connectwise.com+json")
}

impl Vendor for ConnectWise {
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
        let write =
            !matches!(method, "GET" | "HEAD" | "OPTIONS") && address.endpoint != Endpoint::TicketSearch;
        let item = match address.endpoint {
            Endpoint::One(Source { kind: "configuration", .. }, id) | Endpoint::ChangeType(id) => {
                Some(("config", id.to_string()))
            }
            Endpoint::One(source, id) => Some((source.kind, id.to_string())),
            _ => None,
        };
        Sighting {
            route: format!("{method} {}", address.pattern()),
            item,
            also: Vec::new(),
            write,
            list: matches!(address.endpoint, Endpoint::List(_) | Endpoint::TicketSearch) && !write,
            count: matches!(address.endpoint, Endpoint::Count(_)),
            authorised: self.authorised(request),
        }
    }

    fn arrive(&mut self, request: &Request, _sighting: &Sighting) -> Arrival {
        let refused = self.throttle.admit(self.state.switches.requests_per_minute, request.now).err();
        Arrival { refused, ..Arrival::default() }
    }

    fn fault(&self, rule: &Rule, sighting: &Sighting, request: &Request) -> Option<Reply> {
        use faults::Kind;
        let seconds = rule.parameter().time().as_secs();
        let id = sighting.item.as_ref().and_then(|(_, id)| id.parse().ok()).unwrap_or(0);
        let reply = match rule.kind {
            Kind::Throttled => errors::too_many(seconds).with("Retry-After", seconds.to_string()),
            Kind::ThrottledDate => {
                let until = request.now + rule.parameter().time();
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&until);
                errors::too_many(seconds).with("Retry-After", date.unwrap_or_default())
            }
            Kind::ThrottledBare => errors::too_many(seconds),
            Kind::ThrottledAbsurd => errors::too_many(31_536_000).with("Retry-After", "31536000"),
            Kind::ThrottledNegative => errors::too_many(0).with("Retry-After", "-5"),
            Kind::Error500 => errors::poison(),
            Kind::Unauthorized => errors::unauthorized(),
            Kind::Forbidden => errors::forbidden(),
            Kind::Invalid => errors::invalid(
                "configuration",
                "MissingRequiredField",
                "Disposal class is required.",
                "customFields",
            ),
            Kind::NotFound => errors::not_found("Configuration", id),
            Kind::Conflict => errors::conflict(),
            _ => return None,
        };
        Some(reply)
    }

    fn answer(&mut self, call: Call<'_>) -> Answer {
        let mut notes = Vec::new();
        let reply = match self.handle(call, &mut notes) {
            Ok(reply) | Err(reply) => reply,
        };
        Answer { reply: reply.with("api-current-version", "2026.1"), notes }
    }

    fn writes(&self) -> &[Write] {
        self.state.writes()
    }

    fn truth(&self, now: Timestamp) -> Truth {
        self.state.truth(now)
    }

    fn reset(&mut self, now: Timestamp) {
        let switches = self.state.switches.clone();
        self.state =
            seed::generate(&self.options, switches, &self.base, &self.credentials["company_id"], now);
        self.served = 0;
        self.throttle = Throttle::default();
    }

    fn tell_switches(&self, all: &mut AllSwitches) {
        all.connectwise = self.state.switches.clone();
    }

    fn take_switches(&mut self, all: &AllSwitches) {
        self.state.switches = all.connectwise.clone();
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
