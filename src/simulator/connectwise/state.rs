//! What is stored: the records of one tenant, and the log of how they changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    names::{self, Names},
    switches::{Nulls, Switches},
};
use crate::simulator::{
    deliver::Delivery,
    log::{Write, differences},
};

/// A record as its members.
pub type Row = Map<String, Value>;

/// Members that every save touches; they are no change of their own.
const UNTOLD: &[&str] = &["_info"];

/// A configuration. Typed, because there may be a hundred thousand of them; what a client PATCHes beyond these
/// members is kept in `extra`.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    pub id: i64,
    pub name: String,
    pub type_id: i64,
    pub status_id: Option<i64>,
    pub company_id: i64,
    pub site_id: Option<i64>,
    pub contact_id: Option<i64>,
    pub active: Option<bool>,
    pub bill: bool,
    pub parent: Option<i64>,
    pub device: String,
    pub serial: String,
    pub tag: String,
    /// Where the remote management has it.
    pub management_link: Option<String>,
    pub questions: Vec<Question>,
    /// Custom field id and value.
    pub custom: Vec<(i64, Value)>,
    pub installed: Timestamp,
    pub entered: Timestamp,
    pub updated: Timestamp,
    pub updated_by: &'static str,
    pub extra: Row,
}

/// The answer to a question that the configuration's type asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub answer_id: i64,
    pub question_id: i64,
    pub answer: Value,
}

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
    pub(super) members: BTreeMap<i64, Row>,
    pub(super) security: BTreeMap<i64, Row>,
    /// Definitions of custom fields.
    pub(super) fields: BTreeMap<i64, Row>,
    pub(super) audit: HashMap<i64, Vec<Row>>,
    pub(super) callbacks: BTreeMap<i64, Row>,
    pub(super) next_callback: i64,
    pub(super) deliveries: Vec<Delivery>,
    writes: Vec<Write>,
    touched: BTreeMap<(&'static str, i64), Option<Row>>,
}

/// Anything that can be listed.
pub(super) trait Record {
    fn id(&self) -> i64;
    /// One member, by path, as it stands in the whole record.
    fn get(&self, state: &State, path: &str) -> Value;
    fn render(&self, state: &State) -> Row;
}

impl Record for Row {
    fn id(&self) -> i64 {
        self.get("id").and_then(Value::as_i64).unwrap_or(0)
    }

    fn get(&self, state: &State, path: &str) -> Value {
        if path == "configuration/id" {
            let ids = state.ticket_configurations.get(&Record::id(self));
            return ids.map_or(Value::Null, |ids| ids.iter().map(|id| json!(id)).collect());
        }
        walk(self, path)
    }

    fn render(&self, _: &State) -> Row {
        self.clone()
    }
}

/// Follows a path into a row.
pub(super) fn walk(row: &Row, path: &str) -> Value {
    let mut parts = path.split('/');
    let first = parts.next().and_then(|part| row.get(part));
    parts.fold(first, |found, part| found.and_then(|found| found.get(part))).cloned().unwrap_or_default()
}

impl Record for Configuration {
    fn id(&self) -> i64 {
        self.id
    }

    fn get(&self, state: &State, path: &str) -> Value {
        let name_in = |rows: &BTreeMap<i64, Row>, id: Option<i64>, member: &str| {
            id.and_then(|id| rows.get(&id)).and_then(|row| row.get(member)).cloned().unwrap_or_default()
        };
        match path {
            "id" => json!(self.id),
            "name" => json!(self.name),
            "company/id" => json!(self.company_id),
            "company/name" => name_in(&state.companies, Some(self.company_id), "name"),
            "company/identifier" => name_in(&state.companies, Some(self.company_id), "identifier"),
            "status/id" => json!(self.status_id),
            "status/name" => name_in(&state.statuses, self.status_id, "description"),
            "type/id" => json!(self.type_id),
            "type/name" => name_in(&state.types, Some(self.type_id), "name"),
            "site/id" => json!(self.site_id),
            "site/name" => json!(self.site_id.and_then(|id| state.sites.get(&id)).map(|site| &site.name)),
            "activeFlag" => json!(self.active),
            "billFlag" => json!(self.bill),
            "parentConfigurationId" => json!(self.parent),
            "managementLink" => json!(self.management_link),
            "deviceIdentifier" => json!(self.device),
            "serialNumber" => json!(self.serial),
            "tagNumber" => json!(self.tag),
            "questions" => self.shown_questions(state),
            "customFields" => self.shown_custom_fields(state),
            "_info" => self.info(),
            "_info/lastUpdated" => json!(self.updated),
            "_info/dateEntered" => json!(self.entered),
            "_info/updatedBy" => json!(self.updated_by),
            _ => walk(&self.render(state), path),
        }
    }

    fn render(&self, state: &State) -> Row {
        let mut row = Row::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                row.insert(name.to_owned(), value);
            }
        };
        put("id", json!(self.id));
        put("name", json!(self.name));
        put("type", state.reference("type", self.type_id));
        put("status", self.status_id.map_or(Value::Null, |id| state.reference("status", id)));
        put("company", state.reference("company", self.company_id));
        put("site", self.site_id.map_or(Value::Null, |id| state.reference("site", id)));
        put("contact", self.contact_id.map_or(Value::Null, |id| state.reference("contact", id)));
        put("locationId", json!(11));
        put("location", json!({ "id": 11, "name": "Corporate", "_info": {} }));
        put("businessUnitId", json!(1));
        put("department", json!({ "id": 1, "name": "Services", "_info": {} }));
        put("deviceIdentifier", json!(self.device));
        put("serialNumber", json!(self.serial));
        put("tagNumber", json!(self.tag));
        put("installationDate", json!(self.installed));
        put("billFlag", json!(self.bill));
        put("backupSuccesses", json!(0));
        put("backupBillableSpaceGb", json!(0.0));
        put(
            "ipAddress",
            json!(format!("10.{}.{}.{}", self.company_id % 250, self.id / 250 % 250, self.id % 250 + 2)),
        );
        put("osType", json!(""));
        put("parentConfigurationId", json!(self.parent));
        put("questions", self.shown_questions(state));
        put("activeFlag", json!(self.active));
        put("managementLink", json!(self.management_link));
        put("mobileGuid", json!(guid(self.id)));
        put("companyLocationId", json!(2));
        put("showRemoteFlag", json!(self.management_link.is_some()));
        put("showAutomateFlag", json!(self.management_link.is_some()));
        put("needsRenewalFlag", json!(false));
        put("customFields", self.shown_custom_fields(state));
        put("_info", self.info());
        for (name, value) in &self.extra {
            put(name, value.clone());
        }
        row
    }
}

impl Configuration {
    fn info(&self) -> Value {
        json!({
            "lastUpdated": self.updated,
            "updatedBy": self.updated_by,
            "dateEntered": self.entered,
            "enteredBy": "zAdmin",
        })
    }

    fn shown_questions(&self, state: &State) -> Value {
        let shown = self.questions.iter().map(|question| {
            let asked = state.questions.get(&question.question_id);
            let member = |name: &str| asked.and_then(|asked| asked.get(name)).cloned().unwrap_or_default();
            json!({
                "answerId": question.answer_id,
                "questionId": question.question_id,
                "question": member("question"),
                "answer": question.answer,
                "sequenceNumber": member("sequenceNumber"),
                "numberOfDecimals": 0,
                "fieldType": member("fieldType"),
                "requiredFlag": member("requiredFlag"),
            })
        });
        shown.collect()
    }

    fn shown_custom_fields(&self, state: &State) -> Value {
        self.custom.iter().map(|(id, value)| state.custom_field(*id, value, "configuration_detail")).collect()
    }

    /// The required questions and custom fields that are empty.
    pub(super) fn empty_required(&self, state: &State) -> Vec<String> {
        let required = |rows: &BTreeMap<i64, Row>, id: i64, name: &str| {
            let row = rows.get(&id).filter(|row| row.get("requiredFlag") == Some(&Value::Bool(true)))?;
            row.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
        };
        let empty =
            |value: &Value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        let fields = self.custom.iter().filter(|(_, value)| empty(value));
        let fields = fields.filter_map(|(id, _)| required(&state.fields, *id, "caption"));
        let questions = self.questions.iter().filter(|question| empty(&question.answer));
        let questions =
            questions.filter_map(|asked| required(&state.questions, asked.question_id, "question"));
        fields.chain(questions).collect()
    }
}

/// A stable id for a record.
pub(super) fn guid(id: i64) -> String {
    let mixed = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        mixed >> 32,
        mixed & 0xffff,
        id & 0xfff,
        (mixed >> 16) & 0xfff,
        id
    )
}

pub(super) fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn flag(row: &Row, name: &str) -> bool {
    row.get(name).and_then(Value::as_bool).unwrap_or(false)
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
            members: BTreeMap::new(),
            security: BTreeMap::new(),
            fields: BTreeMap::new(),
            audit: HashMap::new(),
            callbacks: BTreeMap::new(),
            next_callback: 26_559,
            deliveries: Vec::new(),
            writes: Vec::new(),
            touched: BTreeMap::new(),
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
        &self.writes
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
        self.announce(at, record.0, record.1, action, (action != "deleted").then_some(after));
        let company = id_of(before, "company").or_else(|| id_of(after, "company"));
        let client = if record.0 == "company" { Some(record.1) } else { company };
        self.writes.push(Write {
            seq: self.writes.len() as u64 + 1,
            at,
            record: format!("{}/{}", record.0, record.1),
            id: record.1.to_string(),
            client: client.map(|id| id.to_string()).unwrap_or_default(),
            changes,
            by_others,
        });
    }

    /// Puts a configuration back after a change of a client, with the log and the audit trail.
    pub(super) fn store(&mut self, at: Timestamp, mut after: Configuration) {
        let Some(before) = self.configurations.get(&after.id).cloned() else { return };
        after.updated = at.max(before.updated);
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
                "enteredDate": at,
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
            info.insert("lastUpdated".to_owned(), json!(at));
            info.insert("updatedBy".to_owned(), json!(super::API_MEMBER));
        }
        let before = self.table(kind).and_then(|(rows, _)| rows.get(&id)).cloned().unwrap_or_default();
        self.log(at, (kind, id), &before, &after, false);
        if let Some(rows) = self.table_mut(kind) {
            rows.insert(id, after);
        }
    }

    fn touch(&mut self, kind: &'static str, id: i64) {
        if !self.touched.contains_key(&(kind, id)) {
            let before = self.shown(kind, id);
            self.touched.insert((kind, id), before);
        }
    }

    fn shown(&self, kind: &str, id: i64) -> Option<Row> {
        match kind {
            "configuration" => self.configurations.get(&id).map(|configuration| configuration.render(self)),
            kind => self.table(kind).and_then(|(rows, _)| rows.get(&id)).cloned(),
        }
    }

    /// Runs a change that no client made, and logs what differs afterwards.
    pub(crate) fn as_others<R>(&mut self, at: Timestamp, change: impl FnOnce(&mut Self) -> R) -> R {
        self.touched.clear();
        let result = change(self);
        for ((kind, id), before) in std::mem::take(&mut self.touched) {
            let after = self.shown(kind, id);
            if before == after {
                continue;
            }
            if let Some(mut configuration) =
                self.configurations.get(&id).cloned().filter(|_| kind == "configuration")
            {
                configuration.updated = at.max(configuration.updated);
                configuration.updated_by = "jdoe";
                for ids in self.by_company.values_mut() {
                    ids.remove(&id);
                }
                self.insert(configuration);
            }
            self.log(at, (kind, id), &before.unwrap_or_default(), &after.unwrap_or_default(), true);
        }
        result
    }

    // What a test may change behind the client's back, inside `Simulator::edit`.

    pub fn configuration_ids(&self) -> Vec<i64> {
        self.configurations.keys().copied().collect()
    }

    pub fn configuration(&self, id: i64) -> Option<&Configuration> {
        self.configurations.get(&id)
    }

    pub fn configuration_mut(&mut self, id: i64) -> Option<&mut Configuration> {
        self.touch("configuration", id);
        self.configurations.get_mut(&id)
    }

    pub fn company_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("company", id);
        self.companies.get_mut(&id)
    }

    pub fn agreement_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("agreement", id);
        self.agreements.get_mut(&id)
    }

    pub fn ticket_mut(&mut self, id: i64) -> Option<&mut Row> {
        self.touch("ticket", id);
        self.tickets.get_mut(&id)
    }

    /// Attaches a configuration to an agreement, as a colleague would.
    pub fn attach(&mut self, agreement: i64, configuration: i64) {
        self.agreement_configurations.entry(agreement).or_default().insert(configuration);
    }

    /// Names a configuration in a ticket, as a colleague would.
    pub fn name_in_ticket(&mut self, ticket: i64, configuration: i64) {
        self.ticket_configurations.entry(ticket).or_default().insert(configuration);
    }

    /// Deletes a configuration.
    pub fn remove_configuration(&mut self, id: i64) {
        self.touch("configuration", id);
        if let Some(gone) = self.configurations.remove(&id)
            && let Some(ids) = self.by_company.get_mut(&gone.company_id)
        {
            ids.remove(&id);
        }
    }

    /// Adds an active configuration to a company, like its others.
    pub fn add_configuration(&mut self, company: i64) -> i64 {
        let id = self.configurations.keys().next_back().map_or(1, |last| last + 1);
        self.touch("configuration", id);
        let like = self
            .by_company
            .get(&company)
            .and_then(|ids| ids.first())
            .and_then(|id| self.configurations.get(id));
        let like = like.or_else(|| self.configurations.values().next()).cloned();
        if let Some(like) = like {
            let status_id = Some(self.status_id("Active").unwrap_or(like.status_id.unwrap_or(1)));
            let site_id = like.site_id.filter(|_| like.company_id == company);
            self.insert(Configuration {
                id,
                name: format!("NEW-AGENT-{id}"),
                company_id: company,
                status_id,
                site_id,
                active: Some(true),
                parent: None,
                contact_id: None,
                ..like
            });
        }
        id
    }

    /// Adds a configuration for a client, which the log tells.
    pub(super) fn create(
        &mut self,
        at: Timestamp,
        company: i64,
        fill: impl FnOnce(&mut Configuration),
    ) -> i64 {
        let id = self.add_configuration(company);
        self.touched.clear();
        if let Some(row) = self.configurations.get_mut(&id) {
            fill(row);
            row.updated = at;
            row.entered = at;
        }
        let shown = self.shown("configuration", id).unwrap_or_default();
        self.log(at, ("configuration", id), &Row::new(), &shown, false);
        id
    }

    /// Sets a company's status by name, as a colleague would.
    pub fn set_company_status(&mut self, company: i64, status: &str) {
        let id = self.company_statuses.values().find(|row| text(row, "name") == status).map(Record::id);
        let Some(id) = id else { return };
        let href = self.href(&format!("/company/companies/statuses/{id}"));
        if let Some(row) = self.company_mut(company) {
            row.insert(
                "status".to_owned(),
                json!({ "id": id, "name": status, "_info": { "status_href": href } }),
            );
        }
    }

    /// The id of a configuration status, by name.
    pub fn status_id(&self, name: &str) -> Option<i64> {
        self.statuses.values().find(|row| text(row, "description") == name).map(Record::id)
    }

    /// The login company id.
    pub fn login(&self) -> &str {
        &self.login
    }
}
