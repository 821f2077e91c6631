//! What hangs on configurations in a generated tenant: agreements with their additions, and tickets.

use rand::Rng;
use serde_json::json;

use super::{
    seed::Seeder,
    state::{id_of, object},
};
use crate::simulator::people::one_in;

impl Seeder<'_> {
    /// An agreement that runs on, or ended or was cancelled so many days ago.
    pub(super) fn agreement(&mut self, company: i64, name: &str, ended: Option<i64>, cancelled: bool) -> i64 {
        // No agreement ended about a month ago: which side of thirty days it is on hangs on how days are counted.
        let ended = ended.map(|days| if (27..=33).contains(&days) { days + 14 } else { days });
        let runs_out = ended.is_none() && one_in(&mut self.rng, 3);
        let id = self.id("agreement", 400);
        let reference = self.state.reference("company", company);
        let length = self.rng.random_range(365..1200);
        let start = self.ago(ended.unwrap_or(0) + length);
        let cancelled = cancelled && ended.is_some();
        let mut row = object(json!({
            "id": id,
            "name": name,
            "type": { "id": 6, "name": "Managed", "_info": { "type_href": self.state.href("/finance/agreements/types/6") } },
            "company": reference,
            "contact": { "id": 3000 + company, "name": "Accounts Payable", "_info": {} },
            "startDate": start,
            "noEndingDateFlag": (ended.is_none() && !runs_out) || cancelled,
            "cancelledFlag": cancelled,
            "billToCompany": reference,
            "billAmount": f64::from(self.rng.random_range(10u16..200)) * 25.0,
            "agreementStatus": if cancelled { "Cancelled" } else if ended.is_some() { "Expired" } else { "Active" },
            "_info": { "lastUpdated": start, "updatedBy": "zAdmin", "dateEntered": start, "enteredBy": "zAdmin" },
        }));
        if runs_out {
            row.insert("endDate".to_owned(), json!(self.ago(-200)));
        }
        if let Some(days) = ended {
            let day = self.ago(days);
            if cancelled {
                row.insert("dateCancelled".to_owned(), json!(day));
                row.insert("reasonCancelled".to_owned(), json!("Client left"));
            } else {
                row.insert("endDate".to_owned(), json!(day));
            }
        }
        self.state.agreements.insert(id, row);
        for product in ["MS-SERVER", "MS-WORKSTATION"] {
            let addition = self.id("addition", 5000);
            let quantity = self.rng.random_range(1..20);
            let mut row = object(json!({
                "id": addition,
                "product": { "id": 70 + i64::from(product.len() as u8), "identifier": product, "_info": {} },
                "quantity": f64::from(quantity),
                "unitPrice": 45.0,
                "billCustomer": if one_in(&mut self.rng, 5) { "DoNotBill" } else { "Billable" },
                "effectiveDate": start,
                "agreementId": id,
                "description": product,
                "agreementStatus": if ended.is_some() { "Expired" } else { "Active" },
                "_info": { "lastUpdated": start, "updatedBy": "zAdmin" },
            }));
            if let Some(days) = ended {
                row.insert("cancelledDate".to_owned(), json!(self.ago(days)));
            }
            self.state.additions.insert(addition, row);
        }
        id
    }

    /// Agreements carry configurations; tickets name them.
    pub(super) fn links_of(&mut self, companies: &[(i64, String, &'static str)]) {
        let agreements: Vec<(i64, i64)> = self
            .state
            .agreements
            .iter()
            .filter_map(|(id, row)| id_of(row, "company").map(|company| (*id, company)))
            .collect();
        for (agreement, company) in agreements {
            let ids: Vec<i64> = self.state.by_company.get(&company).into_iter().flatten().copied().collect();
            let carried = ids.into_iter().filter(|_| self.rng.random_ratio(2, 5)).collect();
            self.state.agreement_configurations.insert(agreement, carried);
        }
        for (company, _, role) in companies {
            let ids: Vec<i64> = self.state.by_company.get(company).into_iter().flatten().copied().collect();
            // A client that left long ago has few tickets; some have none at all.
            let tickets = if role.starts_with("contract") { 0 } else { self.rng.random_range(0..6) };
            for number in 0..tickets {
                let closed = number % 2 == 1;
                let ticket = self.ticket(*company, closed);
                let named = ids.iter().copied().filter(|_| self.rng.random_ratio(1, 12)).collect();
                self.state.ticket_configurations.insert(ticket, named);
            }
        }
    }

    fn ticket(&mut self, company: i64, closed: bool) -> i64 {
        let id = self.id("ticket", 70_000);
        let summary = self.people.ticket(&mut self.rng);
        let days = self.rng.random_range(1..200);
        let entered = self.ago(days);
        let (status, name) = if closed { (17, ">Closed") } else { (12, "In Progress") };
        let mut row = object(json!({
            "id": id,
            "summary": summary,
            "recordType": "ServiceTicket",
            "board": { "id": 1, "name": "Help Desk", "_info": { "board_href": self.state.href("/service/boards/1") } },
            "status": { "id": status, "name": name, "_info": {} },
            "company": self.state.reference("company", company),
            "priority": { "id": 8, "name": "Priority 3 - Normal Response", "sort": 30, "_info": {} },
            "closedFlag": closed,
            "severity": "Medium",
            "impact": "Medium",
            "actualHours": 0.5,
            "_info": { "lastUpdated": entered, "updatedBy": "jdoe", "dateEntered": entered, "enteredBy": "jdoe" },
        }));
        if closed {
            row.insert("closedDate".to_owned(), json!(entered));
            row.insert("closedBy".to_owned(), json!("jdoe"));
        }
        self.state.tickets.insert(id, row);
        id
    }
}
