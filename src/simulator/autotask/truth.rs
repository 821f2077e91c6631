//! What is really stored, for checkers.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{records::Record, setup, state::State, values};
use crate::simulator::{CompanyTruth, ConfigurationTruth, OffboardedBy, Truth};

/// Whether the day of this field is over. A field without a value is never over.
fn is_past(row: &Record, field: &str, now: Timestamp) -> bool {
    row.date(field).is_some_and(|end| end + SignedDuration::from_hours(24) <= now)
}

fn is_begun(row: &Record, field: &str, now: Timestamp) -> bool {
    row.date(field).is_none_or(|start| start <= now)
}

fn is_open(ticket: &Record) -> bool {
    ticket.number("status") != Some(setup::COMPLETE)
}

/// Whether a contract runs on this day: active, begun, and not ended.
fn runs(contract: &Record, now: Timestamp) -> bool {
    contract.number("status") == Some(1)
        && is_begun(contract, "startDate", now)
        && !is_past(contract, "endDate", now)
}

impl State {
    pub(crate) fn truth(&self, now: Timestamp) -> Truth {
        let mut bills = self.billed_otherwise(now);
        let mut tickets: HashMap<i64, Vec<String>> = HashMap::new();
        let open: BTreeMap<i64, &Record> = self
            .table("Tickets")
            .iter()
            .filter(|(_, ticket)| is_open(ticket))
            .map(|(id, row)| (*id, row))
            .collect();
        for (id, ticket) in &open {
            if let Some(item) = ticket.number("configurationItemID") {
                tickets.entry(item).or_default().push(id.to_string());
            }
        }
        for additional in self.table("TicketAdditionalConfigurationItems").values() {
            let ticket = additional.number("ticketID").filter(|id| open.contains_key(id));
            if let (Some(ticket), Some(item)) = (ticket, additional.number("configurationItemID")) {
                let theirs = tickets.entry(item).or_default();
                if !theirs.contains(&ticket.to_string()) {
                    theirs.push(ticket.to_string());
                }
            }
        }
        let mut children: HashMap<i64, Vec<String>> = HashMap::new();
        for row in self.table("ConfigurationItems").values().filter(|row| row.flag("isActive")) {
            if let Some(parent) = row.number("parentConfigurationItemID") {
                children.entry(parent).or_default().push(row.id.to_string());
            }
        }
        let hidden = self.switches.empty_entities.iter().any(|path| path == "ConfigurationItems");
        let configurations = self.table("ConfigurationItems").values().map(|row| {
            let mut agreements = bills.remove(&row.id).unwrap_or_default();
            agreements.extend(self.contracts_on(row, now));
            let mut open_tickets = tickets.remove(&row.id).unwrap_or_default();
            open_tickets.sort();
            let active = row.flag("isActive");
            let truth = ConfigurationTruth {
                id: row.id.to_string(),
                name: row.text("referenceTitle").to_owned(),
                company: row.number("companyID").map(|id| id.to_string()).unwrap_or_default(),
                type_name: self.kind_of(row),
                site: row
                    .number("companyLocationID")
                    .and_then(|id| self.record("CompanyLocations", id))
                    .map(|location| location.text("name").to_owned()),
                active: Some(active),
                status: None,
                // There is only the one mark.
                closed: !active,
                agreements,
                open_tickets,
                active_children: children.remove(&row.id).unwrap_or_default(),
                rmm: ["rmmDeviceUID", "dattoSerialNumber"]
                    .into_iter()
                    .map(|field| row.text(field).to_owned())
                    .chain(row.number("rmmDeviceID").map(|id| id.to_string()))
                    .find(|id| !id.is_empty()),
                blocked: values::blocked(self, row),
                hidden,
            };
            (truth.id.clone(), truth)
        });
        let configurations = configurations.collect();
        let companies =
            self.table("Companies").values().map(|row| (row.id.to_string(), self.company_truth(row, now)));
        Truth { configurations, companies: companies.collect() }
    }

    /// What an item is: by its category, or else by its type.
    fn kind_of(&self, item: &Record) -> String {
        let named = |field: &str, path: &str| {
            item.number(field).and_then(|id| self.record(path, id)).map(|row| row.text("name").to_owned())
        };
        named("configurationItemCategoryID", "ConfigurationItemCategories")
            .or_else(|| named("configurationItemType", "ConfigurationItemTypes"))
            .unwrap_or_default()
    }

    /// Running contracts that an item stands in, by itself or by one of their services: id and name.
    fn contracts_on(&self, item: &Record, now: Timestamp) -> BTreeMap<String, String> {
        let through = |field: &str, path: &str| {
            item.number(field).and_then(|id| self.record(path, id)).and_then(|row| row.number("contractID"))
        };
        [
            item.number("contractID"),
            through("contractServiceID", "ContractServices"),
            through("contractServiceBundleID", "ContractServiceBundles"),
        ]
        .into_iter()
        .flatten()
        .filter_map(|id| self.record("Contracts", id))
        .filter(|contract| runs(contract, now))
        .map(|contract| (contract.id.to_string(), contract.text("contractName").to_owned()))
        .collect()
    }

    /// Billing products that have not expired (`product/ID`) and active subscriptions (`subscription/ID`), by item.
    fn billed_otherwise(&self, now: Timestamp) -> HashMap<i64, BTreeMap<String, String>> {
        let mut bills: HashMap<i64, BTreeMap<String, String>> = HashMap::new();
        let stands =
            |row: &&Record| is_begun(row, "effectiveDate", now) && !is_past(row, "expirationDate", now);
        for row in self.table("ConfigurationItemBillingProductAssociations").values().filter(stands) {
            let product = row.number("billingProductID").and_then(|id| self.record("Products", id));
            let name = product.map(|product| product.text("name").to_owned()).unwrap_or_default();
            if let Some(item) = row.number("configurationItemID") {
                bills.entry(item).or_default().insert(format!("product/{}", row.id), name);
            }
        }
        let subscriptions = self.table("Subscriptions").values().filter(stands);
        for row in subscriptions.filter(|row| row.number("status") == Some(1)) {
            if let Some(item) = row.number("configurationItemID") {
                let name = row.text("subscriptionName").to_owned();
                bills.entry(item).or_default().insert(format!("subscription/{}", row.id), name);
            }
        }
        bills
    }

    fn company_truth(&self, row: &Record, now: Timestamp) -> CompanyTruth {
        let id = row.id;
        let status = self.label("Companies", "companyType", row.number("companyType")).unwrap_or_default();
        let named = |field: &str, path: &str| {
            row.number(field).and_then(|id| self.record(path, id)).map(|row| row.text("name").to_owned())
        };
        let types: Vec<String> =
            [named("classification", "ClassificationIcons"), named("companyCategoryID", "CompanyCategories")]
                .into_iter()
                .flatten()
                .collect();
        let of = |company: i64| {
            self.table("Contracts")
                .values()
                .filter(move |contract| contract.number("companyID") == Some(company))
        };
        // The contracts of the company, of its parent, and of whoever pays for its own.
        let mut family: Vec<i64> = [Some(id), row.number("parentCompanyID")].into_iter().flatten().collect();
        family.extend(of(id).filter_map(|contract| contract.number("billToCompanyID")));
        let theirs: Vec<&Record> = family.iter().flat_map(|company| of(*company)).collect();
        let running = theirs.iter().any(|contract| runs(contract, now));
        let last = theirs.iter().filter_map(|contract| contract.date("endDate")).max();
        let long_ago = last.is_some_and(|last| last <= now - SignedDuration::from_hours(24 * 30));
        CompanyTruth {
            id: id.to_string(),
            identifier: row.text("companyNumber").to_owned(),
            name: row.text("companyName").to_owned(),
            deleted: false,
            own: id == 0,
            parent: row.number("parentCompanyID").map(|id| id.to_string()),
            offboarded: OffboardedBy {
                inactive: !row.flag("isActive"),
                status: status == "Former Client",
                tag: types.iter().any(|name| name == "Offboarded"),
                custom_field: row.udf(setup::OFFBOARDED_FIELD) == Some("Yes"),
                contract_ended: !theirs.is_empty() && !running && long_ago,
            },
            status: status.to_owned(),
            types,
            role: self.roles.get(&id).copied().unwrap_or_default().to_owned(),
            running_agreements: of(id)
                .filter(|contract| runs(contract, now))
                .map(|contract| contract.id.to_string())
                .collect(),
            open_tickets: self
                .table("Tickets")
                .values()
                .filter(|ticket| ticket.number("companyID") == Some(id) && is_open(ticket))
                .map(|ticket| ticket.id.to_string())
                .collect(),
            active_child_companies: self
                .table("Companies")
                .values()
                .filter(|child| child.number("parentCompanyID") == Some(id) && child.flag("isActive"))
                .map(|child| child.id.to_string())
                .collect(),
        }
    }
}
