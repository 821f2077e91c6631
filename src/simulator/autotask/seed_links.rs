//! What hangs on items in a generated tenant: contracts with their services, billing products, subscriptions, tickets.

use rand::Rng;

use super::{records::Record, seed::Seeder, setup};
use crate::simulator::people::one_in;

impl Seeder<'_> {
    /// The contracts of a company in its role.
    pub(super) fn contracts_of(&mut self, company: i64, role: &'static str, patron: Option<i64>) {
        match role {
            "contract_ended" => {
                let days = self.rng.random_range(45..400);
                self.contract(company, "Managed Services", Some(days), false);
                self.contract(company, "Backup as a Service", Some(days + 200), true);
            }
            "lookalike_recent_end" => {
                self.contract(company, "Managed Services", Some(5), false);
            }
            "lookalike_parent_agreement" => {
                self.contract(company, "Managed Services", Some(90), false);
            }
            // Somebody else pays, and their contract runs.
            "lookalike_bill_to" => {
                let contract = self.contract(company, "Managed Services", Some(90), false);
                if let Some(row) = self.state.stored_mut("Contracts", contract) {
                    row.set("billToCompanyID", patron);
                }
            }
            "status_inactive" | "former_client" | "several" => {
                let days = self.rng.random_range(20..300);
                let cancelled = one_in(&mut self.rng, 2);
                self.contract(company, "Managed Services", Some(days), cancelled);
                // Forgotten when the client left: still running, still billed.
                if role == "status_inactive" || one_in(&mut self.rng, 2) {
                    self.contract(company, "Domain & SSL renewals", None, false);
                }
            }
            "status_inactive_odd"
            | "former_client_odd"
            | "tag_offboarded"
            | "custom_field"
            | "legal_hold" => {
                let days = self.rng.random_range(1..500);
                self.contract(company, "Block of Hours", Some(days), true);
            }
            _ => {
                self.contract(company, "Managed Services", None, false);
                if one_in(&mut self.rng, 3) {
                    self.contract(company, "Backup as a Service", None, false);
                }
            }
        }
    }

    /// A contract that runs on, or ended or was made inactive so many days ago.
    fn contract(&mut self, company: i64, name: &str, ended: Option<i64>, cancelled: bool) -> i64 {
        // None ended about a month ago: which side of thirty days it is on hangs on how days are counted.
        let ended = ended.map(|days| if (27..=33).contains(&days) { days + 14 } else { days });
        let id = self.id("contract", 29_685_000);
        let length = self.rng.random_range(365..1200);
        let start = ended.unwrap_or(0) + length;
        let end = ended.unwrap_or_else(|| -self.rng.random_range(100..900));
        let (start, end) = (self.day(start), self.day(end));
        let row = Record::new(id)
            .with("companyID", company)
            .with("contractName", name)
            .with("contractNumber", format!("C-{}", id % 100_000))
            .with("contractType", if name == "Block of Hours" { 4 } else { 7 })
            .with("contractCategory", 12)
            .with("contractPeriodType", 2)
            .with("status", i64::from(!cancelled))
            .with("startDate", start.clone())
            .with("endDate", end.clone())
            .with("isDefaultContract", false)
            .with("isCompliant", true)
            .with("timeReportingRequiresStartAndStopTimes", 0)
            .with("lastModifiedDateTime", start.clone());
        self.state.put("Contracts", row);
        for (service, _) in setup::SERVICES.into_iter().take(2) {
            let units = self.rng.random_range(1..20);
            let contract_service = self.id("contract service", 5000);
            let row = Record::new(contract_service)
                .with("contractID", id)
                .with("serviceID", service)
                .with("unitPrice", 45.0)
                .with("unitCost", 20.0);
            self.state.put("ContractServices", row);
            let unit = self.id("contract service unit", 8000);
            let row = Record::new(unit)
                .with("contractID", id)
                .with("contractServiceID", contract_service)
                .with("serviceID", service)
                .with("units", units)
                .with("startDate", start.clone())
                .with("endDate", end.clone())
                .with("price", f64::from(units) * 45.0);
            self.state.put("ContractServiceUnits", row);
        }
        if one_in(&mut self.rng, 3) {
            let bundle = self.id("bundle", 6000);
            let row = Record::new(bundle)
                .with("contractID", id)
                .with("serviceBundleID", 801)
                .with("unitPrice", 80.0);
            self.state.put("ContractServiceBundles", row);
            let unit = self.id("bundle unit", 9000);
            let row = Record::new(unit)
                .with("contractID", id)
                .with("contractServiceBundleID", bundle)
                .with("serviceBundleID", 801)
                .with("units", 3)
                .with("startDate", start.clone())
                .with("endDate", end.clone())
                .with("price", 240.0);
            self.state.put("ContractServiceBundleUnits", row);
        }
        if one_in(&mut self.rng, 3) {
            let rule = self.id("rule", 300);
            let row = Record::new(rule)
                .with("contractID", id)
                .with("productID", setup::product_of(setup::WORKSTATION))
                .with("determineUnits", 2)
                .with("executionMethod", 1)
                .with("isActive", true)
                .with("startDate", start)
                .with("endDate", end)
                .with("createChargesAsBillable", true);
            self.state.put("ContractBillingRules", row);
        }
        id
    }

    /// Items stand in contracts and are billed in other ways; tickets name them.
    pub(super) fn links_of(&mut self, companies: &[(i64, String, &'static str)]) {
        for (company, _, role) in companies {
            let items: Vec<i64> = self.state.by_company.get(company).into_iter().flatten().copied().collect();
            let contracts: Vec<i64> = self
                .state
                .table("Contracts")
                .values()
                .filter(|row| row.number("companyID") == Some(*company))
                .map(Record::id)
                .collect();
            for item in &items {
                if !contracts.is_empty() && self.rng.random_ratio(2, 5) {
                    let contract = contracts[self.rng.random_range(0..contracts.len())];
                    self.in_contract(*item, contract);
                }
                if one_in(&mut self.rng, 9) {
                    self.billing_product(*item);
                }
                if one_in(&mut self.rng, 12) {
                    self.subscription(*item);
                }
            }
            for pair in items.windows(2).filter(|pair| pair[0] % 9 == 0) {
                let id = self.id("related", 200);
                let row = Record::new(id)
                    .with("configurationItemID", pair[0])
                    .with("relatedConfigurationItemID", pair[1])
                    .with("relationship", 1);
                self.state.put("ConfigurationItemRelatedItems", row);
            }
            // A client that left long ago has few tickets; some have none at all.
            let tickets = if role.starts_with("contract") { 0 } else { self.rng.random_range(0..6) };
            for number in 0..tickets {
                self.ticket(*company, &items, number % 2 == 1);
            }
        }
    }

    /// Puts an item into a contract: by itself, by one of its services, or by a bundle.
    fn in_contract(&mut self, item: i64, contract: i64) {
        let within = |path: &str| -> Option<(i64, Option<i64>)> {
            let rows = self.state.table(path).values();
            let mut rows = rows.filter(|row| row.number("contractID") == Some(contract));
            rows.next()
                .map(|row| (row.id(), row.number("serviceID").or_else(|| row.number("serviceBundleID"))))
        };
        let (service, bundle) = (within("ContractServices"), within("ContractServiceBundles"));
        let way = self.rng.random_range(0..10);
        let Some(row) = self.state.stored_mut("ConfigurationItems", item) else { return };
        if way > 0 {
            row.set("contractID", contract);
        }
        match (way, service, bundle) {
            // One in ten has the service alone: its contract is one step away.
            (0..7, Some((service, kind)), _) => {
                row.set("contractServiceID", service);
                row.set("serviceID", kind);
            }
            (7..9, _, Some((bundle, kind))) => {
                row.set("contractServiceBundleID", bundle);
                row.set("serviceBundleID", kind);
            }
            _ => row.set("contractID", contract),
        }
    }

    fn billing_product(&mut self, item: i64) {
        let id = self.id("billing product", 400);
        let begun = self.next_days(100..900);
        let begun = self.day(begun);
        let ends = match id % 3 {
            0 => None,
            1 => Some(self.day(-200)),
            _ => Some(self.day(60)),
        };
        let row = Record::new(id)
            .with("configurationItemID", item)
            .with("billingProductID", setup::product_of(setup::WORKSTATION))
            .with("effectiveDate", begun)
            .with("expirationDate", ends);
        self.state.put("ConfigurationItemBillingProductAssociations", row);
    }

    fn subscription(&mut self, item: i64) {
        let id = self.id("subscription", 700);
        let runs = id % 3 != 0;
        let row = Record::new(id)
            .with("configurationItemID", item)
            .with("subscriptionName", "Antivirus, per device")
            .with("status", i64::from(runs))
            .with("effectiveDate", self.day(300))
            .with("expirationDate", self.day(if runs { -65 } else { 10 }))
            .with("periodType", 2)
            .with("periodPrice", 4.5)
            .with("periodCost", 2.0)
            .with("vendorID", 0);
        self.state.put("Subscriptions", row);
    }

    fn ticket(&mut self, company: i64, items: &[i64], closed: bool) {
        let id = self.id("ticket", 70_000);
        let days = self.next_days(1..200);
        let created = self.day(days);
        let mut row = Record::new(id)
            .with("companyID", company)
            .with("title", self.people.ticket(&mut self.rng))
            .with("ticketNumber", format!("T20260101.{:04}", id % 10_000))
            .with("status", if closed { setup::COMPLETE } else { setup::IN_PROGRESS })
            .with("priority", 2)
            .with("queueID", 29_682_833)
            .with("source", 4)
            .with("ticketType", 1)
            .with("createDate", created.clone())
            .with("lastActivityDate", created.clone());
        if closed {
            row.set("completedDate", created);
        }
        if let Some(first) = items.get(self.rng.random_range(0..items.len().max(1))) {
            row.set("configurationItemID", *first);
        }
        self.state.put("Tickets", row);
        for item in items {
            if self.rng.random_ratio(1, 14) {
                let additional = self.id("additional", 3000);
                let row = Record::new(additional).with("ticketID", id).with("configurationItemID", *item);
                self.state.put("TicketAdditionalConfigurationItems", row);
            }
        }
    }

    fn next_days(&mut self, range: std::ops::Range<i64>) -> i64 {
        self.rng.random_range(range)
    }
}
