//! The data of a tenant, from a seed: the same seed, day and sizes give the same data.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    records::Asset,
    setup,
    state::{State, number, object},
    switches::Switches,
};
use crate::simulator::{
    Layout, Options,
    cast::{self, prefix_of},
    people::{People, one_in},
};

pub(super) struct Seeder<'a> {
    pub state: State,
    pub(super) rng: StdRng,
    pub(super) people: People,
    now: Timestamp,
    next: BTreeMap<&'static str, i64>,
    options: &'a Options,
}

/// Makes the tenant.
pub(super) fn generate(options: &Options, switches: Switches, now: Timestamp) -> State {
    // The start of the day: data that speaks of days stays the same all day.
    let today = now.to_zoned_datetime(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp());
    let mut seeder = Seeder {
        state: State::empty(switches),
        rng: StdRng::seed_from_u64(options.seed),
        people: People::new(),
        now: today,
        next: BTreeMap::new(),
        options,
    };
    setup::tables(&mut seeder.state);
    seeder.own_client();
    match options.layout {
        Layout::Realistic => seeder.realistic(),
        Layout::Uniform { offboarded, each } => seeder.uniform(offboarded, each),
    }
    seeder.state
}

/// A client that was made, and who it plays.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub id: i64,
    pub name: String,
    pub role: &'static str,
}

impl Seeder<'_> {
    pub(super) fn id(&mut self, kind: &'static str, first: i64) -> i64 {
        let step = self.rng.random_range(1..=3);
        let next = self.next.entry(kind).or_insert(first);
        *next += step;
        *next
    }

    pub(super) fn ago(&self, days: i64) -> Timestamp {
        self.now - SignedDuration::from_hours(24 * days)
    }

    /// An ordinary customer, with its main site.
    fn client(&mut self, id: i64, name: &str, role: &'static str) -> i64 {
        let days = self.rng.random_range(200..3000);
        let made = self.ago(days);
        let site = self.id("site", 1001);
        let row = json!({
            "id": id,
            "name": name,
            "inactive": false,
            "stopped": 0,
            "customertype": setup::MANAGED,
            "customer_relationship": [],
            "customer_relationship_list": "",
            "toplevel_id": setup::CLIENTS,
            "toplevel_name": "Clients",
            "main_site_id": site,
            "main_site_name": "Main",
            "is_account": false,
            "is_vip": one_in(&mut self.rng, 15),
            "colour": "#2bd3c6",
            "key": id,
            "excludefrominvoicesync": false,
            "datecreated": made,
            "ref": format!("ACC{id:05}"),
            "customfields": self.client_fields(None),
        });
        self.state.clients.insert(id, object(row));
        self.state.roles.insert(id, role);
        self.site_as(site, id, "Main");
        id
    }

    /// The custom fields of a client: whether it is offboarded, where that was filled in, and its plan.
    fn client_fields(&mut self, offboarded: Option<&str>) -> Value {
        let plan = ["Bronze", "Silver", "Gold"][self.rng.random_range(0..3)];
        let offboarded = offboarded.map_or(Value::Null, |value| json!(value));
        json!([
            self.state.custom_field(setup::CF_OFFBOARDED, &offboarded),
            self.state.custom_field(setup::CF_PLAN, &json!(plan)),
        ])
    }

    fn set(&mut self, client: i64, members: Value) {
        if let (Some(row), Value::Object(members)) = (self.state.clients.get_mut(&client), members) {
            row.extend(members);
        }
    }

    fn own_client(&mut self) {
        let own = self.client(super::INTERNAL, "Fabrikam Managed IT", "own");
        let site = self.main_site(own);
        if matches!(self.options.layout, Layout::Realistic) {
            for index in 0..6 {
                self.asset(own, site, index, Mood::Any, "FAB");
            }
        }
    }

    fn main_site(&self, client: i64) -> Option<i64> {
        self.state.clients.get(&client).and_then(|row| number(row, "main_site_id"))
    }

    fn site_as(&mut self, id: i64, client: i64, name: &str) {
        let client_name = self.state.clients.get(&client).and_then(|row| row.get("name")).cloned();
        let row = json!({
            "id": id, "name": name, "client_id": client, "client_name": client_name, "inactive": false,
            "phonenumber": format!("555{:07}", id * 7919 % 10_000_000), "isstocklocation": false,
        });
        self.state.sites.insert(id, object(row));
    }

    /// Exactly so many offboarded clients with so many active assets, and four active ones with three.
    fn uniform(&mut self, offboarded: usize, each: usize) {
        for number in 0..offboarded + 4 {
            let gone = number < offboarded;
            let name = self.people.company(number);
            let prefix = prefix_of(&name, number);
            let id = self.id("client", 30);
            self.client(id, &name, if gone { "status_inactive" } else { "active" });
            if gone {
                self.set(id, json!({ "inactive": true }));
            }
            let site = self.main_site(id);
            for index in 0..if gone { each } else { 3 } {
                self.asset(id, site, index, Mood::Plain, &prefix);
            }
        }
    }

    fn realistic(&mut self) {
        let cast = cast::clients(&self.people, self.options.clients);
        let mut made: Vec<Made> = Vec::new();
        for cast::Client { name, role, .. } in cast {
            let id = self.id("client", 30);
            self.client(id, &name, role);
            self.play(id, role, &made);
            made.push(Made { id, name, role });
        }
        self.assets_of(&made);
        self.links_of(&made);
        self.prospects();
    }

    /// A client in its role.
    fn play(&mut self, client: i64, role: &'static str, before: &[Made]) {
        let relationship = json!({
            "customer_relationship": [{ "id": "4", "name": "Offboarded" }], "customer_relationship_list": "Offboarded",
        });
        let top_level = json!({ "toplevel_id": setup::OFFBOARDED, "toplevel_name": "Offboarded" });
        match role {
            "status_inactive" | "status_inactive_odd" => self.set(client, json!({ "inactive": true })),
            // Inactive, and on stop as well until the lawyers are done.
            "legal_hold" => self.set(client, json!({ "inactive": true, "stopped": 1 })),
            "former_client" | "former_client_odd" => {
                self.set(client, json!({ "customertype": setup::FORMER }));
            }
            "lookalike_credit_hold" => {
                let held =
                    json!({ "stopped": 1, "toplevel_id": setup::SUSPENDED, "toplevel_name": "Suspended" });
                self.set(client, held);
            }
            "tag_offboarded" => {
                let odd = before.iter().filter(|other| other.role == role).count() % 2 == 1;
                self.set(client, if odd { relationship.clone() } else { top_level });
            }
            "custom_field" => {
                let fields = self.client_fields(Some("Yes"));
                self.set(client, json!({ "customfields": fields }));
            }
            "several" => {
                let fields = self.client_fields(Some("Yes"));
                self.set(client, json!({ "customertype": setup::FORMER, "customfields": fields }));
                self.set(client, relationship.clone());
            }
            "lookalike_type_removed" => {
                let fields = self.client_fields(Some("No"));
                let planned = json!({
                    "customfields": fields, "toplevel_id": 14, "toplevel_name": "Offboarding planned",
                    "customer_relationship": [{ "id": "6", "name": "Partner" }], "customer_relationship_list": "Partner",
                });
                self.set(client, planned);
            }
            _ => {}
        }
        self.bill(client, role, before);
    }

    /// The contracts of a client in its role, and who pays for it.
    fn bill(&mut self, client: i64, role: &'static str, before: &[Made]) {
        match role {
            "contract_ended" => {
                let days = self.rng.random_range(45..400);
                self.contract(client, "Managed Services", Some(days));
                self.contract(client, "Backup as a Service", Some(days + 200));
            }
            "lookalike_recent_end" => self.contract(client, "Managed Services", Some(5)),
            "lookalike_parent_agreement" | "lookalike_bill_to" => {
                self.contract(client, "Managed Services", Some(90));
                let patron = before.iter().rev().find(|other| other.role == "active").map(|other| other.id);
                let member = if role == "lookalike_bill_to" {
                    "client_to_invoice"
                } else {
                    "client_to_invoice_recurring"
                };
                self.pays(client, member, patron);
            }
            "status_inactive" | "former_client" | "several" => {
                let days = self.rng.random_range(20..300);
                self.contract(client, "Managed Services", Some(days));
                // Forgotten when the client left: still running, still billed.
                if role == "status_inactive" || one_in(&mut self.rng, 2) {
                    self.contract(client, "Domain & SSL renewals", None);
                }
            }
            "status_inactive_odd"
            | "former_client_odd"
            | "tag_offboarded"
            | "custom_field"
            | "legal_hold" => {
                let days = self.rng.random_range(1..500);
                self.contract(client, "Block of Hours", Some(days));
            }
            _ => {
                self.contract(client, "Managed Services", None);
                if one_in(&mut self.rng, 3) {
                    self.contract(client, "Backup as a Service", None);
                }
            }
        }
        // An offboarded client that still pays for another, which is none.
        if role == "parent_with_child" {
            let payer = before.iter().rev().find(|other| other.role == "former_client").map(|other| other.id);
            self.pays(client, "client_to_invoice", payer);
        }
    }

    fn pays(&mut self, client: i64, member: &str, payer: Option<i64>) {
        let Some(payer) = payer else { return };
        let name = self.state.clients.get(&payer).and_then(|row| row.get("name")).cloned();
        self.set(client, json!({ member: payer, format!("{member}_name"): name }));
    }

    /// Accounts that never became customers: no assets, no contracts.
    fn prospects(&mut self) {
        for name in ["Bygone Bicycles", "Vanished Video"] {
            let id = self.id("client", 30);
            self.client(id, name, "prospect");
            self.set(id, json!({ "is_account": true, "customertype": 6 }));
        }
    }

    /// Shares the assets out; one offboarded client gets none, another only retired ones.
    fn assets_of(&mut self, clients: &[Made]) {
        if clients.is_empty() {
            return;
        }
        let roles: Vec<&str> = clients.iter().map(|client| client.role).collect();
        let wanted = self.options.configurations.saturating_sub(self.state.assets.len());
        let shares = cast::shares(&mut self.rng, &roles, wanted);
        for (at, (client, share)) in clients.iter().zip(shares).enumerate() {
            let prefix = prefix_of(&client.name, at);
            for number in 0..self.rng.random_range(0..3) {
                let site = self.id("site", 1001);
                let place = self.people.place(&mut self.rng);
                self.site_as(site, client.id, &format!("{} Office", place.city));
                // A closed office keeps its machines.
                if number == 1
                    && let Some(row) = self.state.sites.get_mut(&site)
                {
                    row.insert("inactive".to_owned(), json!(true));
                }
            }
            let sites: Vec<i64> = self
                .state
                .sites
                .iter()
                .filter(|(_, row)| row.get("client_id") == Some(&json!(client.id)))
                .map(|(id, _)| *id)
                .collect();
            let (first, last) = self.people.person(&mut self.rng);
            for index in 0..share.count {
                let site = sites[self.rng.random_range(0..sites.len())];
                let site = (!one_in(&mut self.rng, 12)).then_some(site);
                let mood = if share.retired { Mood::Retired } else { Mood::Any };
                let id = self.asset(client.id, site, index, mood, &prefix);
                if let Some(made) = self.state.assets.get_mut(&id)
                    && made.type_id == setup::WORKSTATION
                {
                    made.username = format!("{first} {last}");
                }
            }
        }
    }

    /// One asset.
    fn asset(&mut self, client: i64, site: Option<i64>, index: usize, mood: Mood, prefix: &str) -> i64 {
        let id = self.id("asset", 60);
        let (type_id, word) =
            setup::KINDS[if index == 0 { 0 } else { self.rng.random_range(0..setup::KINDS.len()) }];
        let (inactive, status) = match (mood, self.rng.random_range(0..100)) {
            (Mood::Plain, _) | (Mood::Any, 0..74) => (false, Some(setup::ACTIVE)),
            (Mood::Any, 74..78) => (false, None),
            (Mood::Any, 78..82) => (false, Some(setup::RETIRED)),
            (Mood::Any, 82..85) => (true, Some(setup::ACTIVE)),
            (Mood::Any, 85..88) if type_id < 150 => (false, Some(setup::IN_STOCK)),
            (_, 0..90) => (true, Some(setup::INACTIVE)),
            _ => (true, Some(setup::DECOMMISSIONED)),
        };
        let full = mood == Mood::Any;
        let odd = full && index > 0;
        let name = cast::machine_name(&mut self.rng, odd, prefix, word, index);
        let linked = full && !inactive && one_in(&mut self.rng, 4);
        let parent = (full && index > 3 && one_in(&mut self.rng, 10))
            .then(|| self.state.by_client.get(&client).and_then(|ids| ids.first()).copied())
            .flatten();
        let days = self.rng.random_range(1..2000);
        let mut asset = Asset::new(id, client, type_id);
        asset.site_id = site;
        asset.inventory_number =
            if full && one_in(&mut self.rng, 12) { String::new() } else { format!("A{id:06}") };
        asset.status_id = status;
        asset.inactive = inactive;
        asset.parent = parent;
        asset.ninja = (linked && id % 2 == 0).then_some(40_000 + id);
        asset.datto = (linked && id % 2 == 1).then(|| super::state::guid(id));
        asset.modified = self.ago(days);
        asset.warranty_end = one_in(&mut self.rng, 3).then(|| self.ago(days - 900));
        asset.custom = BTreeMap::from([(
            setup::CF_DISPOSAL,
            if one_in(&mut self.rng, 20) { Value::Null } else { json!("Standard") },
        )]);
        let gaps = full && one_in(&mut self.rng, 8);
        let serial = format!("SN{:08X}", (id as u64).wrapping_mul(2_654_435_761) & 0xffff_ffff);
        for (at, (field, what, mandatory)) in self.state.fields_of(type_id).into_iter().enumerate() {
            let value = match (at, what.as_str()) {
                (0, _) => name.clone(),
                (1, "Serial number") => serial.clone(),
                (_, "Registrar") => "Fabrikam Domains".to_owned(),
                (_, "Expiry") => "2027-06-30".to_owned(),
                (_, "Model") => format!("SN: {serial}"),
                (_, "IP address") => format!("192.168.1.{}", id % 250 + 2),
                _ => "Standard".to_owned(),
            };
            let empty = at > 0 && (gaps || mandatory && full && one_in(&mut self.rng, 6));
            asset.fields.insert(field, if empty { String::new() } else { value });
        }
        self.state.insert(asset);
        id
    }
}

/// What assets a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Plain and active.
    Plain,
    /// Of every kind, in every state.
    Any,
    Retired,
}
