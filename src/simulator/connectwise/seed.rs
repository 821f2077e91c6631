//! The data of a tenant, from a seed: the same seed, day and sizes give the same data.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    records::{Configuration, Question},
    setup,
    state::{Named, Row, State, object},
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
pub(super) fn generate(
    options: &Options,
    switches: Switches,
    base: &str,
    login: &str,
    now: Timestamp,
) -> State {
    // The start of the day: data that speaks of days stays the same all day.
    let today = now.to_zoned_datetime(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp());
    let mut seeder = Seeder {
        state: State::empty(switches, base, login),
        rng: StdRng::seed_from_u64(options.seed),
        people: People::new(),
        now: today,
        next: BTreeMap::new(),
        options,
    };
    setup::tables(&mut seeder.state, today);
    seeder.own_companies();
    match options.layout {
        Layout::Realistic => seeder.realistic(),
        Layout::Uniform { offboarded, each } => seeder.uniform(offboarded, each),
    }
    seeder.state
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

    fn company(&mut self, name: &str, identifier: &str, status: i64, types: &[i64]) -> i64 {
        let id = self.id("company", 250);
        let place = self.people.place(&mut self.rng);
        let entered = self.rng.random_range(200..3000);
        let updated = self.rng.random_range(1..200);
        let (entered, updated) = (self.ago(entered), self.ago(updated));
        let reference = |rows: &BTreeMap<i64, Row>, id: i64, kind: &str, href: String| {
            let name = rows.get(&id).and_then(|row| row.get("name")).cloned().unwrap_or_default();
            json!({ "id": id, "name": name, "_info": { kind: href } })
        };
        let state = &self.state;
        let status_href = state.href(&format!("/company/companies/statuses/{status}"));
        let shown_types: Vec<Value> = types
            .iter()
            .map(|id| {
                let href = state.href(&format!("/company/companies/types/{id}"));
                reference(&state.company_types, *id, "type_href", href)
            })
            .collect();
        let row = object(json!({
            "id": id,
            "identifier": identifier,
            "name": name,
            "status": reference(&state.company_statuses, status, "status_href", status_href),
            "addressLine1": format!("{} Main Street", 100 + id % 900),
            "city": place.city,
            "state": place.state,
            "zip": place.zip,
            "country": { "id": 1, "name": "United States", "_info": { "country_href": state.href("/company/countries/1") } },
            "phoneNumber": format!("555{:07}", id * 7919 % 10_000_000),
            "territory": { "id": 2, "name": "Main", "_info": { "location_href": state.href("/system/locations/2") } },
            "dateAcquired": entered,
            "leadFlag": false,
            "unsubscribeFlag": false,
            "deletedFlag": false,
            "isVendorFlag": false,
            "types": shown_types,
            "customFields": [
                state.custom_field(16, &Value::Null, "company_detail"),
                state.custom_field(17, &json!("Silver"), "company_detail"),
            ],
            "_info": { "lastUpdated": updated, "updatedBy": "zAdmin", "dateEntered": entered, "enteredBy": "jdoe" },
        }));
        self.state.companies.insert(id, row);
        for kind in types {
            self.associate(id, *kind);
        }
        id
    }

    fn associate(&mut self, company: i64, kind: i64) {
        let id = self.id("association", 900);
        let name =
            self.state.company_types.get(&kind).and_then(|row| row.get("name")).cloned().unwrap_or_default();
        let mut row =
            object(json!({ "id": id, "type": { "id": kind, "name": name, "_info": {} }, "_info": {} }));
        row.insert("company".to_owned(), self.state.reference("company", company));
        self.state.associations.insert(id, row);
    }

    fn set(&mut self, company: i64, member: &str, value: Value) {
        if let Some(row) = self.state.companies.get_mut(&company) {
            row.insert(member.to_owned(), value);
        }
    }

    fn own_companies(&mut self) {
        let login = self.state.login.clone();
        let own = self.company("Fabrikam Managed IT", &login, 1, &[1]);
        self.state.roles.insert(own, "own");
        let catchall = self.company("Catchall (for Lost Tickets)", "Catchall", 1, &[2]);
        self.state.roles.insert(catchall, "catchall");
        for company in [own, catchall] {
            let site = self.site(company, "Main");
            if matches!(self.options.layout, Layout::Realistic) {
                for number in 0..3 {
                    self.configuration(company, Some(site), number, 1, "FAB");
                }
            }
        }
    }

    fn site(&mut self, company: i64, name: &str) -> i64 {
        let id = self.id("site", 1001);
        self.state.sites.insert(id, Named { name: name.to_owned(), company });
        id
    }

    /// Exactly so many offboarded companies with so many active configurations, and four active ones with three.
    fn uniform(&mut self, offboarded: usize, each: usize) {
        for number in 0..offboarded + 4 {
            let gone = number < offboarded;
            let name = self.people.company(number);
            let prefix = prefix_of(&name, number);
            let company = self.company(&name, &prefix, if gone { 5 } else { 1 }, &[2]);
            self.state.roles.insert(company, if gone { "status_inactive" } else { "active" });
            let site = self.site(company, "Main");
            for index in 0..if gone { each } else { 3 } {
                self.configuration(company, Some(site), index, 0, &prefix);
            }
        }
    }

    fn realistic(&mut self) {
        let clients = cast::clients(&self.people, self.options.clients);
        let mut companies: Vec<(i64, String, &'static str)> = Vec::new();
        for cast::Client { name, prefix, role } in clients {
            let company = self.client(role, &name, &prefix, &companies);
            companies.push((company, name, role));
        }
        self.configurations_of(&companies);
        self.links_of(&companies);
        self.deleted_companies();
    }

    /// One company in its role.
    fn client(
        &mut self,
        role: &'static str,
        name: &str,
        prefix: &str,
        before: &[(i64, String, &str)],
    ) -> i64 {
        let status = match role {
            "status_inactive" | "status_inactive_odd" => 5,
            "former_client" | "former_client_odd" | "several" => 8,
            "lookalike_credit_hold" => 9,
            "legal_hold" => 18,
            _ => 1,
        };
        let types: &[i64] = match role {
            "tag_offboarded" | "several" => &[2, 13],
            "lookalike_type_removed" => &[21],
            _ => &[2],
        };
        let company = self.company(name, prefix, status, types);
        self.state.roles.insert(company, role);
        let active: Vec<i64> =
            before.iter().filter(|(_, _, role)| *role == "active").map(|(id, ..)| *id).collect();
        let patron = active.last().copied();
        match role {
            "custom_field" | "several" => {
                let fields = json!([
                    self.state.custom_field(16, &json!("Yes"), "company_detail"),
                    self.state.custom_field(17, &json!("Bronze"), "company_detail"),
                ]);
                self.set(company, "customFields", fields);
            }
            "lookalike_type_removed" => {
                let fields = json!([
                    self.state.custom_field(16, &json!("No"), "company_detail"),
                    self.state.custom_field(17, &json!("Gold"), "company_detail"),
                ]);
                self.set(company, "customFields", fields);
            }
            _ => {}
        }
        match role {
            "contract_ended" => {
                let days = self.rng.random_range(45..400);
                self.agreement(company, "Managed Services", Some(days), false);
                self.agreement(company, "Backup as a Service", Some(days + 200), true);
            }
            "lookalike_recent_end" => {
                self.agreement(company, "Managed Services", Some(5), false);
            }
            "lookalike_parent_agreement" | "lookalike_bill_to" => {
                self.agreement(company, "Managed Services", Some(90), false);
                if let Some(patron) = patron {
                    let reference = self.state.reference("company", patron);
                    let member = if role == "lookalike_bill_to" { "billToCompany" } else { "parentCompany" };
                    self.set(company, member, reference);
                }
            }
            "status_inactive" | "former_client" | "several" => {
                let days = self.rng.random_range(20..300);
                let cancelled = one_in(&mut self.rng, 2);
                self.agreement(company, "Managed Services", Some(days), cancelled);
                // Forgotten when the client left: still running, still billed.
                if role == "status_inactive" || one_in(&mut self.rng, 2) {
                    self.agreement(company, "Domain & SSL renewals", None, false);
                }
            }
            "status_inactive_odd"
            | "former_client_odd"
            | "tag_offboarded"
            | "custom_field"
            | "legal_hold" => {
                let days = self.rng.random_range(1..500);
                self.agreement(company, "Block of Hours", Some(days), true);
            }
            _ => {
                self.agreement(company, "Managed Services", None, false);
                if one_in(&mut self.rng, 3) {
                    self.agreement(company, "Backup as a Service", None, false);
                }
            }
        }
        // An offboarded company with a child that is still a client.
        if role == "parent_with_child"
            && let Some((parent, ..)) = before.iter().rev().find(|(_, _, role)| *role == "former_client")
        {
            let reference = self.state.reference("company", *parent);
            self.set(company, "parentCompany", reference);
        }
        company
    }

    /// Shares the configurations out; one offboarded company gets none, another only retired ones.
    fn configurations_of(&mut self, companies: &[(i64, String, &'static str)]) {
        if companies.is_empty() {
            return;
        }
        let roles: Vec<&str> = companies.iter().map(|(_, _, role)| *role).collect();
        let wanted = self.options.configurations.saturating_sub(self.state.configurations.len());
        let shares = cast::shares(&mut self.rng, &roles, wanted);
        for (at, ((company, name, _), share)) in companies.iter().zip(shares).enumerate() {
            let prefix = prefix_of(name, at);
            let mut sites = vec![self.site(*company, "Main")];
            for _ in 0..self.rng.random_range(0..3) {
                let place = self.people.place(&mut self.rng);
                sites.push(self.site(*company, &format!("{} Office", place.city)));
            }
            let contact = self.id("contact", 2000);
            let (first, last) = self.people.person(&mut self.rng);
            let contact_name = format!("{first} {last}");
            self.state.contacts.insert(contact, Named { name: contact_name, company: *company });
            for index in 0..share.count {
                let site = sites[self.rng.random_range(0..sites.len())];
                let site = (!one_in(&mut self.rng, 12)).then_some(site);
                let mood = if share.retired { 2 } else { 1 };
                let id = self.configuration(*company, site, index, mood, &prefix);
                if let Some(made) = self.state.configurations.get_mut(&id)
                    && made.type_id == setup::WORKSTATION
                {
                    made.contact_id = Some(contact);
                }
            }
        }
    }

    /// One configuration. `mood` 0: plain and active; 1: of every kind; 2: retired.
    fn configuration(
        &mut self,
        company: i64,
        site: Option<i64>,
        index: usize,
        mood: u8,
        prefix: &str,
    ) -> i64 {
        let id = self.id("configuration", 1000);
        let (type_id, word) =
            setup::KINDS[if index == 0 { 0 } else { self.rng.random_range(0..setup::KINDS.len()) }];
        let (active, status) = match (mood, self.rng.random_range(0..100)) {
            (0, _) | (1, 0..78) => (true, setup::ACTIVE),
            (1, 78..82) => (true, setup::RETIRED),
            (1, 82..85) => (false, setup::ACTIVE),
            (1, 85..88) => (true, setup::IN_STOCK),
            (_, 0..90) => (false, setup::INACTIVE),
            _ => (false, setup::DECOMMISSIONED),
        };
        let odd = mood == 1 && index > 0;
        let name = cast::machine_name(&mut self.rng, odd, prefix, word, index);
        let linked = mood == 1 && active && one_in(&mut self.rng, 4);
        let parent = (mood == 1 && index > 3 && one_in(&mut self.rng, 10))
            .then(|| self.state.by_company.get(&company).and_then(|ids| ids.first()).copied())
            .flatten();
        let days = self.rng.random_range(30..2000);
        let entered = self.ago(days);
        let since = self.rng.random_range(1..days);
        let updated = self.ago(since) + SignedDuration::from_secs(id % 86_400);
        let questions = if mood == 0 { Vec::new() } else { self.answers(type_id, id) };
        let disposal = if one_in(&mut self.rng, 20) { Value::Null } else { json!("Standard") };
        let custom = vec![(30, disposal), (31, json!(one_in(&mut self.rng, 2))), (32, Value::Null)];
        self.state.insert(Configuration {
            id,
            name,
            type_id,
            status_id: Some(status),
            company_id: company,
            site_id: site,
            contact_id: None,
            active: Some(active),
            bill: mood == 1 && one_in(&mut self.rng, 3),
            parent,
            device: if linked { format!("{prefix}{id}") } else { String::new() },
            serial: format!("SN{:08X}", (id as u64).wrapping_mul(2_654_435_761) & 0xffff_ffff),
            tag: format!("A{id:06}"),
            management_link: linked.then(|| format!("https://rmm.fabrikam.example/automate/computer/{id}")),
            questions,
            custom,
            installed: entered,
            entered,
            entered_by: "zAdmin",
            updated,
            updated_by: if linked { "Automate" } else { "zAdmin" },
            extra: Row::new(),
        });
        id
    }

    fn answers(&mut self, type_id: i64, configuration: i64) -> Vec<Question> {
        let asked: Vec<(i64, Value)> = self
            .state
            .questions
            .values()
            .filter(|row| row.get("parentId").and_then(Value::as_i64) == Some(type_id))
            .map(|row| {
                let answer = match row.get("fieldType").and_then(Value::as_str) {
                    Some("IPAddress") => json!(format!("192.168.1.{}", configuration % 250 + 2)),
                    Some("Checkbox") => json!(true),
                    Some("Number") => json!(16),
                    _ => json!("Standard build"),
                };
                (row.get("id").and_then(Value::as_i64).unwrap_or(0), answer)
            })
            .collect();
        asked
            .into_iter()
            .map(|(question_id, answer)| Question {
                answer_id: configuration * 10 + question_id % 10,
                question_id,
                answer: if one_in(&mut self.rng, 15) { Value::Null } else { answer },
            })
            .collect()
    }

    /// Soft-deleted companies: in plain lists, but gone. One of them with configurations that are still active.
    fn deleted_companies(&mut self) {
        for (number, name) in ["Bygone Bicycles", "Vanished Video"].into_iter().enumerate() {
            let prefix = prefix_of(name, number);
            let company = self.company(name, &prefix, 5, &[2]);
            self.state.roles.insert(company, "deleted");
            let day = self.ago(100);
            self.set(company, "deletedFlag", json!(true));
            self.set(company, "dateDeleted", json!(day));
            self.set(company, "deletedBy", json!("zAdmin"));
            self.site(company, "Main");
        }
    }
}
