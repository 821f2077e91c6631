//! The data of a tenant, from a seed: the same seed, day and sizes give the same data.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{records::Record, setup, state::State, switches::Switches};
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

/// How a generated item is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Active, and nothing special about it.
    Plain,
    /// Of every kind.
    Mixed,
    Retired,
}

/// Makes the tenant.
pub(super) fn generate(options: &Options, switches: Switches, base: &str, now: Timestamp) -> State {
    // The start of the day: data that speaks of days stays the same all day.
    let today = now.to_zoned_datetime(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp());
    let mut seeder = Seeder {
        state: State::empty(switches, base),
        rng: StdRng::seed_from_u64(options.seed),
        people: People::new(),
        now: today,
        next: BTreeMap::new(),
        options,
    };
    setup::tables(&mut seeder.state);
    seeder.own_company();
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

    /// A day, as date fields hold it.
    pub(super) fn day(&self, days_ago: i64) -> String {
        self.ago(days_ago).to_string()
    }

    /// An odd moment of that day, to the millisecond.
    fn moment(&mut self, days_ago: i64) -> String {
        let within = SignedDuration::from_millis(self.rng.random_range(1..86_400_000));
        (self.ago(days_ago) + within).to_string()
    }

    pub(super) fn set(&mut self, company: i64, field: &'static str, value: impl Into<serde_json::Value>) {
        if let Some(row) = self.state.stored_mut("Companies", company) {
            row.set(field, value);
        }
    }

    fn set_udf(&mut self, company: i64, udf: i64, value: &str) {
        if let Some(row) = self.state.stored_mut("Companies", company) {
            row.set_udf(udf, Some(value.to_owned()));
        }
    }

    fn company(&mut self, id: i64, name: &str, number: &str, role: &'static str) {
        let place = self.people.place(&mut self.rng);
        let created = self.rng.random_range(200..3000);
        let modified = self.rng.random_range(1..200);
        let (created, modified) = (self.moment(created), self.moment(modified));
        let row = Record::new(id)
            .with("companyName", name)
            .with("companyNumber", number)
            .with("companyType", setup::CUSTOMER)
            .with("isActive", true)
            .with("companyCategoryID", setup::STANDARD)
            .with("ownerResourceID", setup::COLLEAGUE)
            .with("phone", format!("555{:07}", (id + 1) * 7919 % 10_000_000))
            .with("address1", format!("{} Main Street", 100 + id % 900))
            .with("city", place.city)
            .with("state", place.state)
            .with("postalCode", place.zip)
            .with("countryID", 237)
            .with("currencyID", 1)
            .with("isTaxExempt", false)
            .with("isClientPortalActive", false)
            .with("isTaskFireActive", false)
            .with("isEnabledForComanaged", false)
            .with("isSample", false)
            .with("createDate", created)
            .with("lastActivityDate", modified.clone())
            .with("lastTrackedModifiedDateTime", modified);
        self.state.put("Companies", row);
        self.state.roles.insert(id, role);
    }

    /// The MSP itself has the id 0.
    fn own_company(&mut self) {
        self.company(0, "Fabrikam Managed IT", "FABRIKAM", "own");
        let location = self.location(0, "Main");
        if matches!(self.options.layout, Layout::Realistic) {
            for number in 0..3 {
                self.item(0, Some(location), number, Mood::Mixed, "FAB");
            }
        }
    }

    pub(super) fn location(&mut self, company: i64, name: &str) -> i64 {
        let id = self.id("location", 40);
        let place = self.people.place(&mut self.rng);
        let row = Record::new(id)
            .with("companyID", company)
            .with("name", name)
            .with("city", place.city)
            .with("state", place.state)
            .with("postalCode", place.zip)
            .with("isActive", true)
            .with("isPrimary", name == "Main");
        self.state.put("CompanyLocations", row);
        id
    }

    /// Exactly so many offboarded companies with so many active items, and four active ones with three.
    fn uniform(&mut self, offboarded: usize, each: usize) {
        for number in 0..offboarded + 4 {
            let gone = number < offboarded;
            let name = self.people.company(number);
            let prefix = prefix_of(&name, number);
            let company = self.id("company", 29_683_500);
            self.company(company, &name, &prefix, if gone { "status_inactive" } else { "active" });
            if gone {
                self.set(company, "isActive", false);
            }
            let location = self.location(company, "Main");
            for index in 0..if gone { each } else { 3 } {
                self.item(company, Some(location), index, Mood::Plain, &prefix);
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
        self.items_of(&companies);
        self.links_of(&companies);
    }

    /// One company in its role.
    fn client(
        &mut self,
        role: &'static str,
        name: &str,
        prefix: &str,
        before: &[(i64, String, &str)],
    ) -> i64 {
        let company = self.id("company", 29_683_500);
        self.company(company, name, prefix, role);
        let patron = before.iter().rfind(|(_, _, role)| *role == "active").map(|(id, ..)| *id);
        let tags = before.iter().filter(|(_, _, role)| *role == "tag_offboarded").count();
        match role {
            // The vendor's own wizard for leaving clients sets both marks.
            "status_inactive" => {
                self.set(company, "isActive", false);
                self.set(company, "companyType", setup::CANCELATION);
            }
            "status_inactive_odd" | "legal_hold" => self.set(company, "isActive", false),
            "former_client" | "former_client_odd" => self.set(company, "companyType", setup::FORMER_CLIENT),
            "several" => {
                self.set(company, "companyType", setup::FORMER_CLIENT);
                self.set(company, "classification", setup::OFFBOARDED);
                self.set_udf(company, setup::OFFBOARDED_FIELD, "Yes");
                let day = self.day(90);
                self.set_udf(company, setup::OFFBOARD_DATE, &day);
            }
            "tag_offboarded" if tags % 2 == 1 => {
                self.set(company, "companyCategoryID", setup::OFFBOARDED_CATEGORY);
            }
            "tag_offboarded" => self.set(company, "classification", setup::OFFBOARDED),
            "custom_field" => self.set_udf(company, setup::OFFBOARDED_FIELD, "Yes"),
            "lookalike_credit_hold" => self.set(company, "classification", setup::CREDIT_HOLD),
            "lookalike_type_removed" => {
                self.set(company, "classification", setup::OFFBOARDING);
                self.set_udf(company, setup::OFFBOARDED_FIELD, "No");
            }
            "lookalike_parent_agreement" => {
                if let Some(patron) = patron {
                    self.set(company, "parentCompanyID", patron);
                }
            }
            // An offboarded company with a child that is still a client.
            "parent_with_child" => {
                if let Some((parent, ..)) = before.iter().rfind(|(_, _, role)| *role == "former_client") {
                    self.set(company, "parentCompanyID", *parent);
                }
            }
            "active_odd" => self.set(company, "companyType", setup::FORMER_PARTNER),
            _ => {}
        }
        if one_in(&mut self.rng, 2) {
            let tier = self.rng.random_range(1..=3).to_string();
            self.set_udf(company, setup::SERVICE_TIER, &tier);
        }
        if one_in(&mut self.rng, 4) {
            self.set_udf(company, setup::PORTAL_PASSWORD, "correct horse battery staple");
        }
        self.contracts_of(company, role, patron);
        company
    }

    /// Shares the items out; one offboarded company gets none, another only retired ones.
    fn items_of(&mut self, companies: &[(i64, String, &'static str)]) {
        if companies.is_empty() {
            return;
        }
        let roles: Vec<&str> = companies.iter().map(|(_, _, role)| *role).collect();
        let made = self.state.table("ConfigurationItems").len();
        let shares = cast::shares(&mut self.rng, &roles, self.options.configurations.saturating_sub(made));
        for (at, ((company, name, _), share)) in companies.iter().zip(shares).enumerate() {
            let prefix = prefix_of(name, at);
            let mut locations = vec![self.location(*company, "Main")];
            for _ in 0..self.rng.random_range(0..3) {
                let place = self.people.place(&mut self.rng);
                locations.push(self.location(*company, &format!("{} Office", place.city)));
            }
            let contact = self.id("contact", 29_684_500);
            let stays = !one_in(&mut self.rng, 3);
            self.state.contacts.insert(contact, stays);
            for index in 0..share.count {
                let location = locations[self.rng.random_range(0..locations.len())];
                let location = (!one_in(&mut self.rng, 12)).then_some(location);
                let mood = if share.retired { Mood::Retired } else { Mood::Mixed };
                let id = self.item(*company, location, index, mood, &prefix);
                if let Some(row) = self.state.stored_mut("ConfigurationItems", id)
                    && row.number("productID") == Some(setup::product_of(setup::WORKSTATION))
                {
                    row.set("contactID", contact);
                }
            }
        }
    }

    /// One configuration item.
    fn item(&mut self, company: i64, location: Option<i64>, index: usize, mood: Mood, prefix: &str) -> i64 {
        let id = self.id("item", 1000);
        let (kind, word) =
            setup::KINDS[if index == 0 { 0 } else { self.rng.random_range(0..setup::KINDS.len()) }];
        let mixed = mood == Mood::Mixed;
        let active = mood == Mood::Plain || mixed && self.rng.random_range(0..100) < 85;
        let name = cast::machine_name(&mut self.rng, mixed && index > 0, prefix, word, index);
        let days = self.rng.random_range(30..2000);
        let since = self.rng.random_range(1..days);
        let (created, modified) = (self.moment(days), self.moment(since));
        let mut row = Record::new(id)
            .with("companyID", company)
            .with("configurationItemCategoryID", setup::category_of(kind))
            .with("productID", setup::product_of(kind))
            .with("isActive", active)
            .with("referenceTitle", name.clone())
            .with("referenceNumber", format!("A{id:06}"))
            .with("serialNumber", format!("SN{:08X}", (id as u64).wrapping_mul(2_654_435_761) as u32))
            .with("createDate", created.clone())
            .with("installDate", self.day(days))
            .with("lastModifiedTime", modified);
        row.set("companyLocationID", location);
        if name.is_empty() {
            row.set("referenceTitle", serde_json::Value::Null);
        }
        // The type is the older of the two words for what an item is; newer items have only a category.
        if !one_in(&mut self.rng, 3) {
            row.set("configurationItemType", kind);
        }
        if mood != Mood::Plain {
            self.details(&mut row, company, index, active && mixed);
        }
        row.set_udf(
            setup::DISPOSAL_METHOD,
            (mood == Mood::Plain || !one_in(&mut self.rng, 20)).then(|| "Standard".to_owned()),
        );
        self.state.put("ConfigurationItems", row);
        id
    }

    /// What only some items have: a parent, a remote management, notes, a product that is no longer sold.
    fn details(&mut self, row: &mut Record, company: i64, index: usize, managed: bool) {
        let id = row.id();
        row.set("createdByPersonID", setup::COLLEAGUE);
        row.set("lastActivityPersonID", setup::COLLEAGUE);
        row.set("lastActivityPersonType", 1);
        let host = row.text("referenceTitle").to_owned();
        match self.rng.random_range(0..16) {
            0..4 if managed => {
                row.set("rmmDeviceID", 900_000 + id);
                row.set("rmmDeviceUID", setup::guid(id));
                row.set("rmmDeviceUrl", format!("https://rmm.example.com/device/{}", 900_000 + id));
                row.set("rmmDeviceAuditHostname", host);
                row.set("rmmDeviceAuditOperatingSystem", "Windows 11 Pro");
                row.set("rmmDeviceAuditDeviceTypeID", 2);
                row.set("rmmOpenAlertCount", 0);
            }
            4 if managed => {
                row.set("dattoSerialNumber", format!("DATTO{id:07}"));
                row.set("dattoHostname", host);
            }
            _ => {}
        }
        if index > 3 && one_in(&mut self.rng, 10) {
            let first = self.state.by_company.get(&company).and_then(|ids| ids.first()).copied();
            row.set("parentConfigurationItemID", first);
        }
        if one_in(&mut self.rng, 25) {
            row.set("productID", setup::GONE_PRODUCT);
        }
        if one_in(&mut self.rng, 6) {
            row.set("notes", "<p><b>Rack 2</b>, second shelf</p>");
        }
        if one_in(&mut self.rng, 5) {
            let (first, last) = self.people.person(&mut self.rng);
            row.set_udf(setup::ASSET_OWNER, Some(format!("{first} {last}")));
        }
        if one_in(&mut self.rng, 8) {
            row.set_udf(setup::BITLOCKER_KEY, Some(setup::guid(id * 7)));
        }
    }
}
