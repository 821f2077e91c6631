//! What writes do: PATCH, create, delete, and what the API member may not.

use serde_json::{Value, json};

use super::{
    ConnectWise, errors,
    lists::Source,
    names, patch,
    records::{Configuration, Record},
    routes::{self, Address, Endpoint},
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
            ("PATCH", Endpoint::ChangeType(id)) => self.change_type(request, *id),
            ("POST", Endpoint::TicketSearch) => self.search_tickets(call, address),
            ("POST", Endpoint::List(Source { kind: "callback", .. })) => {
                self.state.add_callback(request.now, &request.body)
            }
            ("DELETE", Endpoint::One(Source { kind: "callback", .. }, id)) => {
                let gone = self.state.callbacks.remove(id);
                gone.map(|_| Reply::empty(204)).ok_or_else(|| errors::not_found("Callback", *id))
            }
            (
                "DELETE",
                Endpoint::One(Source { kind: "agreement_configuration", parent: Some(parent) }, id),
            ) => {
                let gone = self.state.attach_logged(request.now, *parent, *id, false);
                if gone { Ok(Reply::empty(204)) } else { Err(errors::not_found("Configuration", *id)) }
            }
            (
                "POST",
                Endpoint::List(source @ Source { kind: "agreement_configuration", parent: Some(parent) }),
            ) => {
                self.parent_exists(*source)?;
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let id = body["id"].as_i64().unwrap_or(0);
                let row = self
                    .state
                    .configurations
                    .get(&id)
                    .ok_or_else(|| errors::not_found("Configuration", id))?;
                let shown = json!({ "id": id, "deviceIdentifier": row.device });
                self.state.attach_logged(request.now, *parent, id, true);
                Ok(Reply::json(201, shown))
            }
            ("POST", Endpoint::List(Source { kind: "configuration", .. })) => self.create(request),
            ("PUT", Endpoint::One(Source { kind: "configuration", .. }, id)) => {
                notes.push("PUT of a configuration: what is not in it is lost".to_owned());
                self.replace(request, *id)
            }
            // The API member may add and edit one at a time, and not delete.
            ("DELETE", Endpoint::One(Source { kind: "configuration", .. }, _)) | (_, Endpoint::Bulk) => {
                notes.push(format!("{method} that the API member may not do: {}", address.pattern()));
                Err(errors::forbidden())
            }
            _ => Err(errors::method(method)),
        }
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
        let before = self.state.configurations.get(&id).filter(|row| !self.state.is_hidden(row)).cloned();
        let before = before.ok_or_else(|| errors::not_found("Configuration", id))?;
        if !self.state.switches.may_edit {
            return Err(errors::forbidden());
        }
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

    fn change_type(&mut self, request: &Request, id: i64) -> Result<Reply, Reply> {
        let mut row = self
            .state
            .configurations
            .get(&id)
            .cloned()
            .ok_or_else(|| errors::not_found("Configuration", id))?;
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|_| errors::patch("The request body is not valid JSON."))?;
        let kind = body.pointer("/type/id").or_else(|| body.pointer("/0/value/id")).and_then(Value::as_i64);
        let kind = kind.filter(|kind| self.state.types.contains_key(kind));
        row.type_id =
            kind.ok_or_else(|| errors::invalid("configuration", "InvalidField", "type is invalid", "type"))?;
        self.state.store(request.now, row.clone());
        Ok(self.shown(&row))
    }

    /// PUT: the body is the whole record, and what it leaves out goes back to nothing.
    fn replace(&mut self, request: &Request, id: i64) -> Result<Reply, Reply> {
        let before = self.state.configurations.get(&id).filter(|row| !self.state.is_hidden(row)).cloned();
        let before = before.ok_or_else(|| errors::not_found("Configuration", id))?;
        if !self.state.switches.may_edit {
            return Err(errors::forbidden());
        }
        let after = patch::whole(&self.state, &before, &request.body)?;
        self.state.store(request.now, after.clone());
        Ok(self.state.configurations.get(&id).map_or_else(|| self.shown(&after), |row| self.shown(row)))
    }

    fn create(&mut self, request: &Request) -> Result<Reply, Reply> {
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|_| errors::patch("The request body is not valid JSON."))?;
        let required = |field: &str| {
            errors::invalid("configuration", "MissingRequiredField", &format!("{field} is required."), field)
        };
        let name =
            body["name"].as_str().filter(|name| !name.trim().is_empty()).ok_or_else(|| required("name"))?;
        let kind = body["type"]["id"].as_i64().filter(|id| self.state.types.contains_key(id));
        let kind = kind.ok_or_else(|| required("type"))?;
        let company = body["company"]["id"].as_i64().filter(|id| self.state.companies.contains_key(id));
        let company = company.ok_or_else(|| required("company"))?;
        let id = self.state.create(request.now, company, |row| {
            name.clone_into(&mut row.name);
            row.type_id = kind;
        });
        let row = self.state.configurations.get(&id).ok_or_else(errors::forbidden)?;
        Ok(Reply { status: 201, ..self.shown(row) })
    }
}
