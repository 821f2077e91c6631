//! What is really stored, for checkers.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    patch,
    records::{Record, walk},
    state::{Row, State, flag, id_of, text},
};
use crate::simulator::{CompanyTruth, ConfigurationTruth, OffboardedBy, Truth, exchange::Content};

impl State {
    /// Whether an agreement runs on this day: not cancelled, begun, and not ended.
    fn runs(agreement: &Row, now: Timestamp) -> bool {
        let at = |member: &str| text(agreement, member).parse::<Timestamp>().ok();
        let ended = at("endDate").is_some_and(|end| end + SignedDuration::from_hours(24) <= now);
        let begun = at("startDate").is_none_or(|start| start <= now);
        !flag(agreement, "cancelledFlag") && begun && !ended
    }

    fn ended(agreement: &Row) -> Option<Timestamp> {
        let member = if flag(agreement, "cancelledFlag") { "dateCancelled" } else { "endDate" };
        text(agreement, member).parse().ok()
    }

    pub(crate) fn truth(&self, now: Timestamp) -> Truth {
        let mut running_on: HashMap<i64, BTreeMap<String, String>> = HashMap::new();
        for (id, carried) in &self.agreement_configurations {
            let Some(agreement) = self.agreements.get(id).filter(|agreement| Self::runs(agreement, now))
            else {
                continue;
            };
            for configuration in carried {
                let name = text(agreement, "name").to_owned();
                running_on.entry(*configuration).or_default().insert(id.to_string(), name);
            }
        }
        let mut tickets_on: HashMap<i64, Vec<String>> = HashMap::new();
        for (id, named) in &self.ticket_configurations {
            if self.tickets.get(id).is_some_and(|ticket| !flag(ticket, "closedFlag")) {
                for configuration in named {
                    tickets_on.entry(*configuration).or_default().push(id.to_string());
                }
            }
        }
        let mut children_of: HashMap<i64, Vec<String>> = HashMap::new();
        for row in self.configurations.values() {
            if let Some(parent) = row.parent
                && row.active != Some(false)
                && !self.is_closed(row.status_id)
            {
                children_of.entry(parent).or_default().push(row.id.to_string());
            }
        }
        let configurations = self.configurations.values().map(|row| {
            let named = |rows: &BTreeMap<i64, Row>, id: Option<i64>, member: &str| {
                id.and_then(|id| rows.get(&id)).map(|row| text(row, member).to_owned())
            };
            let why = patch::blocked(self, row).and_then(|reply| match reply.content {
                Content::Json(body) => body["errors"][0]["message"].as_str().map(ToOwned::to_owned),
                _ => None,
            });
            let truth = ConfigurationTruth {
                id: row.id.to_string(),
                name: row.name.clone(),
                company: row.company_id.to_string(),
                type_name: named(&self.types, Some(row.type_id), "name").unwrap_or_default(),
                site: row.site_id.and_then(|id| self.sites.get(&id)).map(|site| site.name.clone()),
                active: row.active,
                status: named(&self.statuses, row.status_id, "description"),
                closed: self.is_closed(row.status_id),
                agreements: running_on.remove(&row.id).unwrap_or_default(),
                open_tickets: tickets_on.remove(&row.id).unwrap_or_default(),
                active_children: children_of.remove(&row.id).unwrap_or_default(),
                rmm: row.management_link.clone(),
                blocked: why,
                hidden: self.is_hidden(row),
            };
            (truth.id.clone(), truth)
        });
        let configurations = configurations.collect();
        let companies =
            self.companies.values().map(|row| (Record::id(row).to_string(), self.company_truth(row, now)));
        Truth { configurations, companies: companies.collect() }
    }

    fn company_truth(&self, row: &Row, now: Timestamp) -> CompanyTruth {
        let id = Record::id(row);
        let status = id_of(row, "status").and_then(|id| self.company_statuses.get(&id));
        let status_name = status.map(|status| text(status, "name").to_owned()).unwrap_or_default();
        let types: Vec<String> = row
            .get("types")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|kind| kind["name"].as_str().map(ToOwned::to_owned))
            .collect();
        // The agreements of the company, of its parent, and of whoever pays its bills.
        let family: Vec<i64> = [Some(id), id_of(row, "parentCompany"), id_of(row, "billToCompany")]
            .into_iter()
            .flatten()
            .collect();
        let theirs: Vec<&Row> = self
            .agreements
            .values()
            .filter(|agreement| id_of(agreement, "company").is_some_and(|company| family.contains(&company)))
            .collect();
        let runs = theirs.iter().any(|agreement| Self::runs(agreement, now));
        let last = theirs.iter().filter_map(|agreement| Self::ended(agreement)).max();
        let long_ago = last.is_some_and(|last| last <= now - SignedDuration::from_hours(24 * 30));
        let says_yes = row.get("customFields").and_then(Value::as_array).into_iter().flatten().any(|field| {
            field["caption"] == "Offboarded" && field["value"].as_str().is_some_and(|value| value == "Yes")
        });
        let own = types.iter().any(|name| name == "Owner")
            || text(row, "identifier").eq_ignore_ascii_case("Catchall");
        CompanyTruth {
            id: id.to_string(),
            identifier: text(row, "identifier").to_owned(),
            name: text(row, "name").to_owned(),
            deleted: flag(row, "deletedFlag"),
            own,
            parent: id_of(row, "parentCompany").map(|id| id.to_string()),
            offboarded: OffboardedBy {
                inactive: status.is_some_and(|status| flag(status, "inactiveFlag")),
                status: status_name == "Former Client",
                tag: types.iter().any(|name| name == "Offboarded"),
                custom_field: says_yes,
                contract_ended: !theirs.is_empty() && !runs && long_ago,
            },
            status: status_name,
            types,
            role: self.roles.get(&id).copied().unwrap_or_default().to_owned(),
            running_agreements: self
                .agreements
                .iter()
                .filter(|(_, agreement)| {
                    id_of(agreement, "company") == Some(id) && Self::runs(agreement, now)
                })
                .map(|(id, _)| id.to_string())
                .collect(),
            open_tickets: self
                .tickets
                .iter()
                .filter(|(_, ticket)| id_of(ticket, "company") == Some(id) && !flag(ticket, "closedFlag"))
                .map(|(id, _)| id.to_string())
                .collect(),
            active_child_companies: self
                .companies
                .iter()
                .filter(|(_, child)| {
                    walk(child, "parentCompany/id").as_i64() == Some(id)
                        && walk(child, "status/id").as_i64() == Some(1)
                })
                .map(|(id, _)| id.to_string())
                .collect(),
        }
    }
}
