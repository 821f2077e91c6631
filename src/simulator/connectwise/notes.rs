//! Notes on service tickets, as clients write them.

use serde_json::{Value, json};

use super::{
    API_MEMBER, ConnectWise, errors, names,
    state::{Row, flag, text, whole_second},
};
use crate::simulator::{
    exchange::{Call, Reply},
    faults::Kind,
};

/// Where a note may be shown; one of them must be set.
const SHOWN: [&str; 3] = ["detailDescriptionFlag", "internalAnalysisFlag", "resolutionFlag"];

impl ConnectWise {
    pub(super) fn add_note(
        &mut self,
        call: Call<'_>,
        ticket: i64,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        if !self.state.switches.may_note {
            return Err(errors::forbidden());
        }
        let body = errors::parsed(&call.request.body)?;
        let given =
            body.as_object().ok_or_else(|| errors::cast(&body, "ConnectWise.Apis.v3_0.ServiceNote"))?;
        let mut row = Row::new();
        for (name, value) in given {
            match names::SERVICE_NOTE.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((known, names::Kind::Flag)) if !value.is_boolean() && !value.is_null() => {
                    return Err(errors::cast(value, &format!("System.Boolean ({known})")));
                }
                Some((known, _)) => drop(row.insert((*known).to_owned(), value.clone())),
                None => notes.push(format!("a service note has no member \"{name}\"")),
            }
        }
        if text(&row, "text").trim().is_empty() {
            return Err(errors::invalid("serviceNote", "MissingRequiredField", "text is required.", "text"));
        }
        if !SHOWN.iter().any(|name| flag(&row, name)) {
            let why = "Please choose where to display the notes in order to save this record.";
            return Err(errors::invalid("serviceNote", "InvalidObject", why, "detailDescriptionFlag"));
        }
        let id = self.state.notes.keys().next_back().map_or(40_001, |last| last + 1);
        let at = json!(whole_second(call.request.now));
        row.insert("id".to_owned(), json!(id));
        row.insert("ticketId".to_owned(), json!(ticket));
        row.insert("dateCreated".to_owned(), at.clone());
        row.insert("createdBy".to_owned(), json!(API_MEMBER));
        row.insert("_info".to_owned(), json!({ "lastUpdated": at, "updatedBy": API_MEMBER }));
        let mut shown = row.clone();
        // Both at once in the answer, whatever was asked for; seen live, and gone in the next reading.
        shown.insert("internalFlag".to_owned(), Value::Bool(true));
        shown.insert("externalFlag".to_owned(), Value::Bool(true));
        let lost =
            |rule: &crate::simulator::faults::Rule| matches!(rule.kind, Kind::FalseOk | Kind::LostWrite);
        if !call.faults.iter().any(lost) {
            self.state.notes.insert(id, row.clone());
            self.state.log(call.request.now, ("note", id), &Row::new(), &row, false);
        }
        Ok(Reply::json(201, Value::Object(shown)))
    }
}
