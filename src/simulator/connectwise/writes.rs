//! What writes do: PATCH, create, delete, and what the API member may not.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    ConnectWise, errors,
    lists::Source,
    names, patch,
    records::{Configuration, Record},
    routes::{self, Address, Endpoint},
    whole,
};
use crate::simulator::{
    exchange::{Call, Reply, Request},
    faults,
};

impl ConnectWise {
    pub(super) fn write(
        &mut self,
        call: Call<'_>,
        address: &Address,
        method: &str,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let request = call.request;
        match (method, &address.endpoint) {
            ("PATCH", Endpoint::One(Source { kind: "configuration", .. }, id)) => {
                self.patch_configuration(call, *id, notes)
            }
            ("PATCH", Endpoint::One(source, id))
                if matches!(source.kind, "company" | "agreement" | "ticket") =>
            {
                let before = self.state.table(source.kind).and_then(|(rows, _)| rows.get(id)).cloned();
                let before = before.ok_or_else(|| errors::not_found(routes::title(source.kind), *id))?;
                match patch::row(&self.state, source.kind, &before, &request.body) {
                    Ok(patched) => {
                        notes.extend(patched.notes);
                        self.state.store_row(request.now, source.kind, *id, patched.after);
                        let stored =
                            self.state.table(source.kind).and_then(|(rows, _)| rows.get(id)).cloned();
                        Ok(Reply::json(200, Value::Object(stored.unwrap_or_default())))
                    }
                    Err((reply, remarks)) => {
                        notes.extend(remarks);
                        Err(reply)
                    }
                }
            }
            ("POST", Endpoint::List(source @ Source { kind: "note", parent: Some(ticket) })) => {
                self.parent_exists(*source)?;
                self.add_note(call, *ticket, notes)
            }
            ("PATCH", Endpoint::ChangeType(id)) => self.change_type(request, *id, notes),
            ("POST", Endpoint::TicketSearch) => self.search_tickets(call, address),
            ("POST", Endpoint::List(Source { kind: "callback", .. })) => {
                self.state.add_callback(request.now, &request.body)
            }
            ("PUT" | "PATCH", Endpoint::One(Source { kind: "callback", .. }, id)) => {
                self.state.change_callback(request.now, method, *id, &request.body)
            }
            ("DELETE", Endpoint::One(Source { kind: "callback", .. }, id)) => {
                let gone = self.state.callbacks.remove(id);
                gone.map(|_| Reply::empty(204)).ok_or_else(|| errors::not_found("Callback", *id))
            }
            ("POST", Endpoint::List(source @ Source { parent: Some(parent), .. }))
                if holder(source.kind).is_some() =>
            {
                self.parent_exists(*source)?;
                self.attach(request, (holder(source.kind).unwrap_or_default(), *parent))
            }
            ("DELETE", Endpoint::One(source @ Source { parent: Some(parent), .. }, id))
                if holder(source.kind).is_some() =>
            {
                self.parent_exists(*source)?;
                let of = (holder(source.kind).unwrap_or_default(), *parent);
                let gone = self.state.attach_logged(request.now, of, *id, false);
                if gone { Ok(Reply::empty(204)) } else { Err(errors::not_found("Configuration", *id)) }
            }
            ("POST", Endpoint::List(Source { kind: "configuration", .. })) => {
                self.create(request.now, &errors::parsed(&request.body)?)
            }
            ("PUT", Endpoint::One(Source { kind: "configuration", .. }, id)) => {
                notes.push("PUT of a configuration: what is not in it is lost".to_owned());
                self.replace(request.now, *id, &errors::parsed(&request.body)?)
            }
            ("POST" | "PUT", Endpoint::Bulk) => self.bulk(request, method, notes),
            // What else the vendor offers needs rights that this API member does not have.
            _ => {
                notes.push(format!("{method} that the API member may not do: {}", address.pattern()));
                Err(errors::forbidden())
            }
        }
    }

    /// Names a configuration in an agreement or a ticket.
    fn attach(&mut self, request: &Request, of: (&'static str, i64)) -> Result<Reply, Reply> {
        let body = errors::parsed(&request.body)?;
        let id = body.get("id").and_then(patch::as_id).unwrap_or(0);
        let row = self.state.configurations.get(&id).filter(|row| !self.state.is_hidden(row));
        let row = row.ok_or_else(|| errors::not_found("Configuration", id))?;
        let shown = json!({ "id": id, "deviceIdentifier": row.device });
        self.state.attach_logged(request.now, of, id, true);
        Ok(Reply::json(201, shown))
    }

    fn shown(&self, configuration: &Configuration) -> Reply {
        let row = self.state.with_nulls(configuration.render(&self.state), names::CONFIGURATION);
        Reply::json(200, Value::Object(row))
    }

    fn patch_configuration(
        &mut self,
        call: Call<'_>,
        id: i64,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let has = |kind| call.faults.iter().any(|rule| rule.kind == kind);
        let before = self.editable(id)?;
        if has(faults::Kind::FalseOk) {
            return Ok(self.shown(&before));
        }
        let patched = patch::configuration(&self.state, &before, &call.request.body);
        let patch::Patched { after, notes: remarks } = patched.map_err(|(reply, remarks)| {
            notes.extend(remarks);
            reply
        })?;
        notes.extend(remarks);
        if has(faults::Kind::LostWrite) {
            return Ok(self.shown(&after));
        }
        self.state.store(call.request.now, after);
        let shown = if has(faults::Kind::OtherRecord) {
            let next = self.state.configurations.range(id + 1..).next();
            next.or_else(|| self.state.configurations.iter().next()).map(|(_, row)| row)
        } else {
            self.state.configurations.get(&id)
        };
        shown.map(|row| self.shown(row)).ok_or_else(|| errors::not_found("Configuration", id))
    }

    fn change_type(&mut self, request: &Request, id: i64, notes: &mut Vec<String>) -> Result<Reply, Reply> {
        let mut row = self.editable(id)?;
        for operation in patch::operations(&request.body, names::CONFIGURATION, notes)? {
            let kind = match (operation.head, operation.tail.as_deref()) {
                ("type", None) => patch::reference_id(&operation.value, "configurationType")?,
                ("type", Some("id")) => patch::as_id(&operation.value),
                _ => return Err(patch::invalid(operation.head)),
            };
            let kind = kind.filter(|kind| self.state.types.contains_key(kind));
            row.type_id = kind.ok_or_else(|| patch::invalid("type"))?;
        }
        self.state.store(request.now, row.clone());
        Ok(self.shown(&row))
    }

    /// A configuration that the API member may see and edit.
    fn editable(&self, id: i64) -> Result<Configuration, Reply> {
        let row = self.state.configurations.get(&id).filter(|row| !self.state.is_hidden(row));
        let row = row.ok_or_else(|| errors::not_found("Configuration", id))?;
        if self.state.switches.may_edit { Ok(row.clone()) } else { Err(errors::forbidden()) }
    }

    /// PUT: the body is the whole record, and what it leaves out goes back to nothing.
    pub(super) fn replace(&mut self, at: Timestamp, id: i64, body: &Value) -> Result<Reply, Reply> {
        let after = whole::replaced(&self.state, &self.editable(id)?, body)?;
        self.state.store(at, after.clone());
        Ok(self.state.configurations.get(&id).map_or_else(|| self.shown(&after), |row| self.shown(row)))
    }

    pub(super) fn create(&mut self, at: Timestamp, body: &Value) -> Result<Reply, Reply> {
        let made = whole::created(&self.state, at, self.state.next_id(), body)?;
        let shown = self.shown(&made);
        self.state.create(at, made);
        Ok(Reply { status: 201, ..shown })
    }
}

/// The kind of record whose configurations a list holds.
fn holder(kind: &str) -> Option<&'static str> {
    match kind {
        "agreement_configuration" => Some("agreement"),
        "ticket_configuration" => Some("ticket"),
        _ => None,
    }
}
