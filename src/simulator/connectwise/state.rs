//! What is stored: the records of one tenant, and the log of how they changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    names::{self, Names},
    records::{Configuration, Record},
    switches::{Nulls, Switches},
};
use crate::simulator::{
    deliver::Delivery,
    log::{Ledger, Write, differences},
    watch::Touched,
};

pub use crate::simulator::rows::Row;
pub(super) use crate::simulator::rows::{flag, guid, object, text};

/// Members that every save touches; they are no change of their own.
const UNTOLD: &[&str] = &["_info"];

/// A site or a contact: its name and its company.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub name: String,
    pub company: i64,
}

/// One tenant.
#[derive(Debug, Clone)]
pub struct State {
    pub switches: Switches,
    /// The site's root.
    pub(super) base: String,
    /// The login company id.
    pub(super) login: String,
    pub(super) configurations: BTreeMap<i64, Configuration>,
    pub(super) by_company: HashMap<i64, BTreeSet<i64>>,
    pub(super) companies: BTreeMap<i64, Row>,
    /// What the generator made each company.
    pub(super) roles: BTreeMap<i64, &'static str>,
    pub(super) company_statuses: BTreeMap<i64, Row>,
    pub(super) company_types: BTreeMap<i64, Row>,
    pub(super) associations: BTreeMap<i64, Row>,
    pub(super) statuses: BTreeMap<i64, Row>,
    pub(super) types: BTreeMap<i64, Row>,
    /// By question id; the type's id is `parentId`.
    pub(super) questions: BTreeMap<i64, Row>,
    pub(super) sites: BTreeMap<i64, Named>,
    pub(super) contacts: BTreeMap<i64, Named>,
    pub(super) agreements: BTreeMap<i64, Row>,
    /// By addition id; the agreement's id is `agreementId`.
    pub(super) additions: BTreeMap<i64, Row>,
    pub(super) agreement_configurations: BTreeMap<i64, BTreeSet<i64>>,
    pub(super) tickets: BTreeMap<i64, Row>,
    pub(super) ticket_configurations: BTreeMap<i64, BTreeSet<i64>>,
    /// Notes of tickets; the ticket's id is `ticketId`.
    pub(super) notes: BTreeMap<i64, Row>,
    pub(super) members: BTreeMap<i64, Row>,
    pub(super) security: BTreeMap<i64, Row>,
    /// Definitions of custom fields.
    pub(super) fields: BTreeMap<i64, Row>,
    pub(super) audit: HashMap<i64, Vec<Row>>,
    pub(super) callbacks: BTreeMap<i64, Row>,
    pub(super) next_callback: i64,
    pub(super) deliveries: Vec<Delivery>,
    ledger: Ledger,
    pub(super) touched: Touched,
}

/// The vendor's times are of whole seconds: two changes in one second look the same.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

pub(super) fn id_of(row: &Row, reference: &str) -> Option<i64> {
    row.get(reference).and_then(|value| value.get("id")).and_then(Value::as_i64)
}

impl State {
    pub(super) fn empty(switches: Switches, base: &str, login: &str) -> Self {
        Self {
            switches,
            base: base.to_owned(),
            login: login.to_owned(),
            configurations: BTreeMap::new(),
            by_company: HashMap::new(),
            companies: BTreeMap::new(),
            roles: BTreeMap::new(),
            company_statuses: BTreeMap::new(),
            company_types: BTreeMap::new(),
            associations: BTreeMap::new(),
            statuses: BTreeMap::new(),
            types: BTreeMap::new(),
            questions: BTreeMap::new(),
            sites: BTreeMap::new(),
            contacts: BTreeMap::new(),
            agreements: BTreeMap::new(),
            additions: BTreeMap::new(),
            agreement_configurations: BTreeMap::new(),
            tickets: BTreeMap::new(),
            ticket_configurations: BTreeMap::new(),
            notes: BTreeMap::new(),
            members: BTreeMap::new(),
            security: BTreeMap::new(),
            fields: BTreeMap::new(),
            audit: HashMap::new(),
            callbacks: BTreeMap::new(),
            next_callback: 26_559,
            deliveries: Vec::new(),
            ledger: Ledger::default(),
            touched: Touched::new(),
        }
    }

    /// Puts a configuration in, at generation.
    pub(super) fn insert(&mut self, configuration: Configuration) {
        self.by_company.entry(configuration.company_id).or_default().insert(configuration.id);
        self.configurations.insert(configuration.id, configuration);
    }

    pub(super) fn href(&self, path: &str) -> String {
        let slash = if self.switches.double_slash_hrefs { "/" } else { "" };
        format!("{}/v4_6_release/apis/3.0{slash}{path}", self.base)
    }

    /// A reference to a record, as other records show it. Null if there is no such record.
    pub(super) fn reference(&self, kind: &str, id: i64) -> Value {
        let of = |rows: &BTreeMap<i64, Row>, member: &str, path: &str| {
            rows.get(&id).map_or(Value::Null, |row| {
                let href = self.href(&format!("{path}/{id}"));
                let mut reference = Map::new();
                reference.insert("id".to_owned(), json!(id));
                reference.insert("name".to_owned(), row.get(member).cloned().unwrap_or_default());
                reference.insert("_info".to_owned(), json!({ format!("{kind}_href"): href }));
                Value::Object(reference)
            })
        };
        match kind {
            "type" => of(&self.types, "name", "/company/configurations/types"),
            "status" => of(&self.statuses, "description", "/company/configurations/statuses"),
            "company" => {
                let mut reference = of(&self.companies, "name", "/company/companies");
                if let (Value::Object(shown), Some(company)) = (&mut reference, self.companies.get(&id)) {
                    shown.insert("identifier".to_owned(), json!(text(company, "identifier")));
                }
                reference
            }
            "site" => self.sites.get(&id).map_or(Value::Null, |site| {
                let href = self.href(&format!("/company/companies/{}/sites/{id}", site.company));
                json!({ "id": id, "name": site.name, "_info": { "site_href": href } })
            }),
            "contact" => self.contacts.get(&id).map_or(Value::Null, |contact| {
                let href = self.href(&format!("/company/contacts/{id}"));
                json!({ "id": id, "name": contact.name, "_info": { "contact_href": href } })
            }),
            _ => Value::Null,
        }
    }

    pub(super) fn custom_field(&self, id: i64, value: &Value, pod: &str) -> Value {
        let defined = self.fields.get(&id);
        let member = |name: &str| defined.and_then(|field| field.get(name)).cloned().unwrap_or_default();
        json!({
            "id": id,
            "caption": member("caption"),
            "type": member("fieldTypeIdentifier"),
            "entryMethod": member("entryTypeIdentifier"),
            "numberOfDecimals": 0,
            "value": value,
            "connectWiseId": guid(id),
            "rowNum": 1,
            "userDefinedFieldRecId": id,
            "podId": pod,
        })
    }

    pub(super) fn is_closed(&self, status: Option<i64>) -> bool {
        status.and_then(|id| self.statuses.get(&id)).is_some_and(|status| flag(status, "closedFlag"))
    }

    /// Hidden from the API member.
    pub(super) fn is_hidden(&self, configuration: &Configuration) -> bool {
        !self.switches.hidden_types.is_empty()
            && self.types.get(&configuration.type_id).is_some_and(|kind| {
                self.switches.hidden_types.iter().any(|hidden| hidden == text(kind, "name"))
            })
    }

    /// Fills members without a value with null, where that is the switch.
    pub(super) fn with_nulls(&self, mut row: Row, names: Names) -> Row {
        if self.switches.nulls == Nulls::Explicit {
            for (name, _) in names {
                row.entry((*name).to_owned()).or_insert(Value::Null);
            }
        }
        row
    }

    /// The log of changes.
    pub fn writes(&self) -> &[Write] {
        self.ledger.writes()
    }

    /// Names a configuration in an agreement or a ticket for a client, or takes it out, with the log. Whether that
    /// changed anything.
    pub(super) fn attach_logged(
        &mut self,
        at: Timestamp,
        of: (&'static str, i64),
        configuration: i64,
        attach: bool,
    ) -> bool {
        let (lists, holders) = match of.0 {
            "ticket" => (&mut self.ticket_configurations, &self.tickets),
            _ => (&mut self.agreement_configurations, &self.agreements),
        };
        let company = holders.get(&of.1).and_then(|row| row.get("company")).cloned().unwrap_or_default();
        let shown = |named: &BTreeSet<i64>| -> Row {
            let ids: Value = named.iter().map(|id| json!(id)).collect();
            [("configurations".to_owned(), ids), ("company".to_owned(), company.clone())]
                .into_iter()
                .collect()
        };
        let named = lists.entry(of.1).or_default();
        let before = shown(named);
        let changed = if attach { named.insert(configuration) } else { named.remove(&configuration) };
        let after = shown(named);
        self.log(at, of, &before, &after, false);
        changed
    }

    /// Notes what differs between two states of a record.
    pub(super) fn log(
        &mut self,
        at: Timestamp,
        record: (&str, i64),
        before: &Row,
        after: &Row,
        by_others: bool,
    ) {
        let changes = differences(before, after, UNTOLD);
        if changes.is_empty() {
            return;
        }
        let action = match (before.is_empty(), after.is_empty()) {
            (true, _) => "added",
            (_, true) => "deleted",
            _ => "updated",
        };
        self.announce(at, record, action, if after.is_empty() { before } else { after });
        let company = id_of(before, "company").or_else(|| id_of(after, "company"));
        let client = if record.0 == "company" { Some(record.1) } else { company };
        self.ledger.note(at, record, client, changes, by_others);
    }

    /// Puts a configuration back after a change of a client, with the log and the audit trail.
    pub(super) fn store(&mut self, at: Timestamp, mut after: Configuration) {
        let Some(before) = self.configurations.get(&after.id).cloned() else { return };
        after.updated = whole_second(at).max(before.updated);
        after.updated_by = super::API_MEMBER;
        let (old, new) = (before.render(self), after.render(self));
        self.audit_change(at, &before, &after);
        self.log(at, ("configuration", after.id), &old, &new, false);
        self.place(&before, after);
    }

    fn place(&mut self, before: &Configuration, after: Configuration) {
        if before.company_id != after.company_id {
            if let Some(ids) = self.by_company.get_mut(&before.company_id) {
                ids.remove(&before.id);
            }
            self.by_company.entry(after.company_id).or_default().insert(after.id);
        }
        self.configurations.insert(after.id, after);
    }

    fn audit_change(&mut self, at: Timestamp, before: &Configuration, after: &Configuration) {
        let status = |configuration: &Configuration| {
            let status = configuration.status_id.and_then(|id| self.statuses.get(&id));
            status.map_or_else(String::new, |status| text(status, "description").to_owned())
        };
        let flag = |configuration: &Configuration| match configuration.active {
            Some(false) => "Inactive",
            _ => "Active",
        };
        let mut told = Vec::new();
        if before.status_id != after.status_id {
            told.push(format!(
                "Status has been changed from <b>{}</b> to <b>{}</b>",
                status(before),
                status(after)
            ));
        }
        if before.active != after.active {
            told.push(format!(
                "Active Flag has been changed from <b>{}</b> to <b>{}</b>",
                flag(before),
                flag(after)
            ));
        }
        if told.is_empty() {
            told.push("The configuration has been updated".to_owned());
        }
        for text in told {
            let entry = json!({
                "text": text,
                "enteredDate": whole_second(at),
                "enteredBy": super::API_MEMBER,
                "auditType": "Configuration",
                "auditSubType": "Record",
                "auditSource": "API",
            });
            if let Value::Object(entry) = entry {
                self.audit.entry(after.id).or_default().push(entry);
            }
        }
    }

    /// The members of an object that has a table of rows.
    pub(super) fn table(&self, kind: &str) -> Option<(&BTreeMap<i64, Row>, Names)> {
        Some(match kind {
            "company" => (&self.companies, names::COMPANY),
            "company_status" => (&self.company_statuses, names::COMPANY_STATUS),
            "company_type" => (&self.company_types, names::COMPANY_TYPE),
            "association" => (&self.associations, names::TYPE_ASSOCIATION),
            "status" => (&self.statuses, names::CONFIGURATION_STATUS),
            "type" => (&self.types, names::CONFIGURATION_TYPE),
            "question" => (&self.questions, names::TYPE_QUESTION),
            "agreement" => (&self.agreements, names::AGREEMENT),
            "addition" => (&self.additions, names::ADDITION),
            "ticket" => (&self.tickets, names::TICKET),
            "note" => (&self.notes, names::SERVICE_NOTE),
            "member" => (&self.members, names::MEMBER),
            "security" => (&self.security, names::MY_SECURITY),
            "field" => (&self.fields, names::USER_DEFINED_FIELD),
            "callback" => (&self.callbacks, names::CALLBACK),
            _ => return None,
        })
    }

    fn table_mut(&mut self, kind: &str) -> Option<&mut BTreeMap<i64, Row>> {
        Some(match kind {
            "company" => &mut self.companies,
            "company_status" => &mut self.company_statuses,
            "status" => &mut self.statuses,
            "agreement" => &mut self.agreements,
            "addition" => &mut self.additions,
            "ticket" => &mut self.tickets,
            _ => return None,
        })
    }

    /// Stores a row that a client changed, with the log.
    pub(super) fn store_row(&mut self, at: Timestamp, kind: &'static str, id: i64, mut after: Row) {
        if let Some(Value::Object(info)) = after.get_mut("_info") {
            info.insert("lastUpdated".to_owned(), json!(whole_second(at)));
            info.insert("updatedBy".to_owned(), json!(super::API_MEMBER));
        }
        let before = self.table(kind).and_then(|(rows, _)| rows.get(&id)).cloned().unwrap_or_default();
        self.log(at, (kind, id), &before, &after, false);
        if let Some(rows) = self.table_mut(kind) {
            rows.insert(id, after);
        }
    }
}
