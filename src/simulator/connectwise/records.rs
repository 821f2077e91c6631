//! The records that lists are made of: configurations, typed, and rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Row, State, guid};

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
    pub entered_by: &'static str,
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
            "enteredBy": self.entered_by,
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
