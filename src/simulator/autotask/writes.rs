//! Writes: a PATCH or PUT of the collection, new records, and what hangs below a record.

use serde_json::{Value, json};

use super::{
    entities::{self, CHILDREN, Children, Entity},
    errors,
    filter::id_in,
    records::Record,
    setup,
    state::{By, State, millisecond},
    values::{Mode, Save},
};
use crate::simulator::{
    exchange::{Call, Reply},
    faults,
};

/// `{"itemId": 1001}`
fn done(id: i64) -> Reply {
    Reply::json(200, json!({ "itemId": id }))
}

impl State {
    /// Whoever the API user stands for in this request.
    pub(super) fn person(call: Call<'_>) -> Result<By, Reply> {
        let Some(resource) = call.request.header("impersonationresourceid") else {
            return Ok(By { person: setup::API_USER, others: false });
        };
        let id: i64 = resource.trim().parse().unwrap_or(0);
        let known = setup::RESOURCES.iter().any(|(known, _)| *known == id);
        if !known || id == setup::API_USER {
            return Err(errors::server(format!("The Resource {id} cannot be impersonated.")));
        }
        Ok(By { person: id, others: false })
    }

    fn body(call: Call<'_>) -> Result<Value, Reply> {
        serde_json::from_slice::<Value>(&call.request.body)
            .ok()
            .filter(|body| body.is_object() && call.request.media() != super::FORM)
            .ok_or_else(|| errors::json_syntax(&call.request.body))
    }

    /// `PATCH` and `PUT` of one record; its id is in the body.
    pub(super) fn update(
        &mut self,
        call: Call<'_>,
        entity: &'static Entity,
        mode: Mode,
        within: Option<(&'static Children, i64)>,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let has = |kind: faults::Kind| call.faults.iter().any(|rule| rule.kind == kind);
        let by = Self::person(call)?;
        let body = Self::body(call)?;
        if mode == Mode::Put {
            notes.push(format!("PUT of {}: what the body leaves out is null afterwards", entity.path));
        }
        if !self.switches.may_edit && entity.path == "ConfigurationItems" {
            return Err(errors::permission("update"));
        }
        let id = id_in(&body);
        if id.is_none() {
            notes.push(format!("{} {} without an id in the body", call.request.method, entity.path));
        }
        let before = id.and_then(|id| self.record(entity.path, id)).cloned();
        let before = before
            .filter(|row| within.is_none_or(|(kin, parent)| row.number(kin.by) == Some(parent)))
            .ok_or_else(errors::no_match)?;
        let id = before.id;
        if has(faults::Kind::FalseOk) {
            return Ok(done(id));
        }
        if let Some(texts) = self.refusals.get(&id).filter(|_| entity.path == "ConfigurationItems") {
            return Err(errors::errors(500, texts));
        }
        let save = Save { state: self, entity, mode, notes, problems: Vec::new() };
        let mut after = save.apply(&before, &body).map_err(|texts| errors::errors(500, &texts))?;
        if has(faults::Kind::LostWrite) {
            return Ok(done(id));
        }
        if self.switches.first_patch_reverts && self.taken_back.insert(id) {
            // A workflow rule puts the old values back before anybody can look.
            return Ok(done(id));
        }
        if by.person != setup::API_USER && entity.field("impersonatorUpdaterResourceID").is_some() {
            after.set("impersonatorUpdaterResourceID", by.person);
        }
        let falls = entity.path == "ConfigurationItems" && before.flag("isActive") && !after.flag("isActive");
        self.store(call.request.now, entity, after, by);
        if falls && self.switches.cascades_to_children {
            self.cascade(call, entity, id);
        }
        let answered = if has(faults::Kind::OtherRecord) {
            let rows = self.table(entity.path);
            let other = rows.range(id + 1..).next().or_else(|| rows.iter().next());
            other.map_or(id, |(other, _)| *other)
        } else {
            id
        };
        Ok(done(answered))
    }

    /// The children of an item become inactive with it, by the vendor's own doing.
    fn cascade(&mut self, call: Call<'_>, entity: &'static Entity, parent: i64) {
        let is_child =
            |row: &&Record| row.number("parentConfigurationItemID") == Some(parent) && row.flag("isActive");
        let children: Vec<Record> = self.table(entity.path).values().filter(is_child).cloned().collect();
        for child in children {
            let by = By { person: setup::API_USER, others: true };
            self.store(call.request.now, entity, child.with("isActive", false), by);
        }
    }

    /// A new record.
    pub(super) fn create(
        &mut self,
        call: Call<'_>,
        entity: &'static Entity,
        within: Option<(&'static Children, i64)>,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let by = Self::person(call)?;
        let body = Self::body(call)?;
        let at = millisecond(call.request.now).to_string();
        let mut record = Record::new(self.next_id(entity.path).max(1));
        if let Some((kin, parent)) = within {
            record.set(kin.by, parent);
        }
        for (field, value) in [
            ("createDate", json!(at)),
            ("createDateTime", json!(at)),
            ("installDate", json!(at)),
            ("creatorResourceID", json!(setup::API_USER)),
            ("createdByPersonID", json!(setup::API_USER)),
            ("ownerResourceID", json!(setup::API_USER)),
            ("isReady", json!(false)),
            ("webhookGUID", json!(setup::guid(record.id))),
        ] {
            if let Some(field) = entity.field(field) {
                record.set(field.name, value);
            }
        }
        if by.person != setup::API_USER && entity.field("impersonatorCreatorResourceID").is_some() {
            record.set("impersonatorCreatorResourceID", by.person);
        }
        let save = Save { state: self, entity, mode: Mode::Create, notes, problems: Vec::new() };
        let mut record = save.apply(&record, &body).map_err(|texts| errors::errors(500, &texts))?;
        if let Some((kin, parent)) = within
            && record.number(kin.by) != Some(parent)
        {
            return Err(errors::server(format!("{} is not the parent of the address.", kin.by)));
        }
        if call.faults.iter().any(|rule| matches!(rule.kind, faults::Kind::FalseOk | faults::Kind::LostWrite))
        {
            return Ok(done(record.id));
        }
        record.set("isReady", Value::Null);
        if entity.field("isReady").is_some() {
            record.set("isReady", false);
        }
        let id = record.id;
        self.store(call.request.now, entity, record, by);
        if let Some((kin, parent)) = within {
            self.ready(kin, parent);
        }
        Ok(done(id))
    }

    pub(super) fn delete(
        &mut self,
        call: Call<'_>,
        entity: &'static Entity,
        id: i64,
        within: Option<(&'static Children, i64)>,
    ) -> Result<Reply, Reply> {
        let by = Self::person(call)?;
        let stored = self.record(entity.path, id);
        let fits =
            stored.is_some_and(|row| within.is_none_or(|(kin, parent)| row.number(kin.by) == Some(parent)));
        if !fits {
            return Err(errors::no_match());
        }
        let gone = self.take(entity.path, id);
        self.log(call.request.now, entity, gone.as_ref(), None, by);
        // What hung below it goes with it.
        for kin in CHILDREN.iter().filter(|kin| kin.parent == entity.path) {
            let below: Vec<i64> = self
                .table(kin.entity)
                .values()
                .filter(|row| row.number(kin.by) == Some(id))
                .map(|row| row.id)
                .collect();
            for child in below {
                self.take(kin.entity, child);
            }
        }
        if let Some((kin, parent)) = within {
            self.ready(kin, parent);
        }
        Ok(done(id))
    }

    /// Whether the record that an address hangs on is there.
    pub(super) fn parent_exists(&self, kin: &Children, parent: i64) -> Result<(), Reply> {
        self.record(kin.parent, parent).map(|_| ()).ok_or_else(errors::no_match)
    }

    /// A webhook is ready as soon as it has a field.
    fn ready(&mut self, kin: &Children, webhook: i64) {
        if kin.by != "webhookID" {
            return;
        }
        let counts = |segment: &str| {
            let below = CHILDREN.iter().find(|other| other.parent == kin.parent && other.segment == segment);
            below.is_some_and(|below| {
                self.table(below.entity).values().any(|row| row.number("webhookID") == Some(webhook))
            })
        };
        let ready = counts("Fields") || counts("UdfFields");
        if let Some(row) = self.stored_mut(kin.parent, webhook) {
            row.set("isReady", ready);
        }
    }
}

/// The entity of a child, for those who have only the kinship.
pub(super) fn of(kin: &Children) -> &'static Entity {
    entities::named(kin.entity)
}
