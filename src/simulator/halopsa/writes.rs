//! What POST and DELETE do.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    HaloPsa, errors,
    merge::{self, merged},
    records::Asset,
    routes::{Endpoint, Resource},
    state::{Row, number, object},
    switches::{BadItem, ManyAnswer},
};
use crate::simulator::{
    exchange::{Call, Reply},
    faults::{Kind, Target},
    watch::Watched,
};

impl HaloPsa {
    pub(super) fn write(
        &mut self,
        call: Call<'_>,
        endpoint: &Endpoint,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let method = call.request.method.as_str();
        match (method, endpoint) {
            ("POST", Endpoint::All(resource)) if resource.post => {
                let items = posted(call)?;
                match resource.kind {
                    "config" => self.post_assets(call, &items, notes),
                    "action" => self.post_actions(call, &items, notes),
                    _ => self.post_rows(call, resource, &items),
                }
            }
            ("POST", Endpoint::InvoiceLines(_)) => self.post_lines(call),
            ("DELETE", Endpoint::One(resource, id)) if resource.delete => {
                self.delete(call, resource, id, notes)
            }
            _ => {
                notes.push(format!("{method} where the vendor has none"));
                Err(Reply::empty(405))
            }
        }
    }

    fn post_assets(
        &mut self,
        call: Call<'_>,
        items: &[Value],
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let wrong = merge::unreadable(items, &String::from_utf8_lossy(&call.request.body));
        if !wrong.is_empty() {
            return Err(errors::model_state(wrong));
        }
        if items.is_empty() {
            notes.push("a POST of no asset at all".to_owned());
        }
        if items.len() > 100 {
            notes.push("a POST of more than 100 assets".to_owned());
        }
        let ids: Vec<i64> = items.iter().filter_map(|item| item.get("id").and_then(merge::whole)).collect();
        if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
            notes.push("a POST that names an asset twice".to_owned());
        }
        // Looked at one by one; stored at the end, or as far as it went.
        let mut good: Vec<Asset> = Vec::new();
        let mut bad = None;
        for item in items.iter().filter_map(Value::as_object) {
            match self.item(item, &good, notes) {
                Ok(asset) => good.push(asset),
                Err(reply) => {
                    bad = Some(reply);
                    break;
                }
            }
        }
        if bad.is_some() && self.state.switches.bad_item == BadItem::AllRefused {
            good.clear();
        }
        let mut shown = Vec::new();
        for asset in good {
            shown.push(self.settle(call, asset));
        }
        if let Some(reply) = bad {
            return Err(reply);
        }
        Ok(self.stored(shown))
    }

    /// What one element of the POST makes of its asset.
    fn item(&self, item: &Row, earlier: &[Asset], notes: &mut Vec<String>) -> Result<Asset, Reply> {
        let id = item.get("id").and_then(merge::whole).filter(|id| *id > 0);
        let before = match id {
            Some(id) => earlier
                .iter()
                .rev()
                .find(|asset| asset.id == id)
                .or_else(|| self.state.assets.get(&id))
                .filter(|asset| self.state.sees(asset.client_id))
                .cloned()
                .ok_or_else(errors::not_found)?,
            None => self.blank(item, earlier)?,
        };
        merged(&self.state, &before, item, notes)
    }

    /// A new asset, before what the POST says of it is put in.
    fn blank(&self, item: &Row, earlier: &[Asset]) -> Result<Asset, Reply> {
        let refuse = |text: &str| errors::message(&self.state.switches, text);
        if !item.contains_key("assettype_id") {
            return Err(refuse("An Asset Type must be selected"));
        }
        if !item.contains_key("client_id") && !item.contains_key("site_id") {
            return Err(refuse("A Site must be selected"));
        }
        let last = self.state.assets.keys().next_back().copied().unwrap_or(0);
        let last = earlier.iter().map(|asset| asset.id).max().unwrap_or(0).max(last);
        let client = item.get("client_id").and_then(merge::whole).unwrap_or(0);
        let main = self.state.clients.get(&client).and_then(|row| number(row, "main_site_id"));
        Ok(Asset {
            site_id: main,
            status_id: Some(super::setup::ACTIVE),
            ..Asset::new(last + 1, client, item.get("assettype_id").and_then(merge::whole).unwrap_or(0))
        })
    }

    /// Stores an asset, unless a fault has it otherwise, and says what is answered.
    fn settle(&mut self, call: Call<'_>, after: Asset) -> Row {
        let id = after.id;
        let meets = |kind: Kind| {
            call.faults.iter().any(|rule| {
                rule.kind == kind
                    && match &rule.target {
                        Target::Item(_, item) => *item == id.to_string(),
                        _ => true,
                    }
            })
        };
        if meets(Kind::FalseOk)
            && let Some(asset) = self.state.assets.get(&id)
        {
            return self.state.asset_whole(asset);
        }
        if meets(Kind::LostWrite) {
            return self.state.asset_whole(&after);
        }
        self.state.store(call.request.now, after);
        let stored = self.state.assets.get(&id);
        let shown = if meets(Kind::OtherRecord) {
            let next = self.state.assets.range(id + 1..).next();
            next.or_else(|| self.state.assets.iter().next()).map(|(_, asset)| asset)
        } else {
            stored
        };
        shown.map(|asset| self.state.asset_whole(asset)).unwrap_or_default()
    }

    /// One object for one element; for several, what the switch says.
    pub(super) fn stored(&self, shown: Vec<Row>) -> Reply {
        let switches = &self.state.switches;
        let mut rows: Vec<Value> = shown
            .into_iter()
            .map(|mut row| {
                if switches.numbers_as_strings {
                    super::lists::numbers_as_strings(&mut row);
                }
                Value::Object(row)
            })
            .collect();
        let one = rows.len() == 1 || switches.many_answer == ManyAnswer::Object;
        let body = if one && !rows.is_empty() { rows.swap_remove(0) } else { Value::Array(rows) };
        Reply::json(switches.stored_status, body)
    }

    /// Clients, sites, contracts, invoices, webhooks and their bindings.
    fn post_rows(
        &mut self,
        call: Call<'_>,
        resource: &'static Resource,
        items: &[Value],
    ) -> Result<Reply, Reply> {
        let mut shown = Vec::new();
        for item in items {
            let given = item.as_object().cloned().unwrap_or_default();
            let row = match resource.kind {
                "webhook" => self.state.save_webhook(&given)?,
                "notification" => self.state.save_notification(&given)?,
                kind => self.save_row(call, kind, &given)?,
            };
            shown.push(row);
        }
        Ok(self.stored(shown))
    }

    fn save_row(&mut self, call: Call<'_>, kind: &'static str, given: &Row) -> Result<Row, Reply> {
        let id = given.get("id").and_then(merge::whole).filter(|id| *id != 0);
        let rows = self.state.table(kind).ok_or_else(errors::not_found)?;
        let mut row = if let Some(id) = id {
            rows.get(&id).cloned().ok_or_else(errors::not_found)?
        } else {
            let id = rows.keys().next_back().map_or(1, |last| last + 1);
            object(serde_json::json!({ "id": id }))
        };
        if matches!(kind, "client" | "site") && !row.contains_key("name") && !given.contains_key("name") {
            return Err(errors::message(&self.state.switches, "Please enter a name"));
        }
        row.extend(
            given
                .iter()
                .filter(|(name, _)| *name != "id" && !name.starts_with('_'))
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let id = number(&row, "id").unwrap_or(0);
        self.state.store_row(call.request.now, kind, id, &row);
        Ok(row)
    }

    /// Lines of recurring invoices, by their own id.
    fn post_lines(&mut self, call: Call<'_>) -> Result<Reply, Reply> {
        for item in posted(call)? {
            let id = item.get("id").and_then(merge::whole).ok_or_else(errors::not_found)?;
            let found = self.state.invoices.iter().find_map(|(invoice, row)| {
                let lines = row.get("lines").and_then(Value::as_array)?;
                lines.iter().position(|line| line["id"].as_i64() == Some(id)).map(|at| (*invoice, at))
            });
            let (invoice, at) = found.ok_or_else(errors::not_found)?;
            let mut row = self.state.invoices.get(&invoice).cloned().unwrap_or_default();
            if let Some(Value::Object(line)) = row.get_mut("lines").and_then(|lines| lines.get_mut(at)) {
                line.extend(item.as_object().cloned().unwrap_or_default());
            }
            self.state.store_row(call.request.now, "invoice", invoice, &row);
        }
        Ok(Reply::empty(200))
    }

    fn delete(
        &mut self,
        call: Call<'_>,
        resource: &'static Resource,
        id: &str,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        if resource.kind == "webhook" {
            return self.state.webhooks.remove(id).map(|_| Reply::empty(200)).ok_or_else(errors::not_found);
        }
        notes.push("DELETE of an asset: it is gone for good".to_owned());
        let id: i64 = id.parse().map_err(|_| errors::not_valid("id", id))?;
        let before = self.state.shown("configuration", id).ok_or_else(errors::not_found)?;
        self.state.take_out(id);
        self.state.log(call.request.now, ("configuration", id), &before, &Row::new(), false);
        Ok(Reply::empty(200))
    }
}

/// The elements of a POST, which must be an array.
fn posted(call: Call<'_>) -> Result<Vec<Value>, Reply> {
    let json = call
        .request
        .header("content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json"));
    if !json {
        return Err(Reply::empty(415));
    }
    match serde_json::from_slice(&call.request.body) {
        Ok(Value::Array(items)) => Ok(items),
        Ok(other) => {
            let text = format!(
                "Cannot deserialize the current JSON {} into type 'System.Collections.Generic.List`1' because the type requires a JSON array (e.g. [1,2,3]) to deserialize correctly. Path '', line 1, position 1.",
                if other.is_object() { "object (e.g. {\"name\":\"value\"})" } else { "value" }
            );
            Err(errors::model_state([(String::new(), text)]))
        }
        Err(error) => {
            let text = format!(
                "Unexpected end or character in the content. Path '', line {}, position {}.",
                error.line(),
                error.column()
            );
            Err(errors::model_state([(String::new(), text)]))
        }
    }
}
