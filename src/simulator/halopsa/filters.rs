//! Which rows of a resource a request asks for, and how one shows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    hooks,
    lists::{Lister, numbers_as_strings},
    records::Asset,
    routes::Resource,
    state::{Row, flag, number, object, text},
    switches::{CustomFields, Nulls, OpenEnd},
};
use crate::simulator::{exchange::Reply, faults::Kind};

/// The rows that pass, and how to show one.
pub(super) struct Shown<'a> {
    pub ids: Vec<i64>,
    pub show: Box<dyn Fn(i64) -> Row + 'a>,
}

/// How many kinds of event there are to be told of.
const EVENTS: i64 = 205;

impl Lister<'_> {
    pub(super) fn filtered(&self, resource: &'static Resource) -> Result<Shown<'_>, Reply> {
        match resource.kind {
            "config" => self.assets(),
            "client" => self.clients(),
            "site" => self.sites(),
            "contract" => self.contracts(),
            "invoice" => self.invoices(),
            "posted" => self.posted(),
            "ticket" => self.tickets(),
            "action" => self.actions(),
            "change" => self.changes(),
            "status" => Ok(self.statuses()),
            "webhook" => Ok(self.webhooks()),
            "webhook_event" => Ok(Self::of_rows(self.state.webhook_events.clone())),
            "lookup" => self.lookups(),
            "type" => {
                let group = self.number("assetgroup_id")?;
                let rows = self.state.asset_types.values();
                let rows =
                    rows.filter(|row| group.is_none_or(|group| number(row, "assetgroup_id") == Some(group)));
                Ok(Self::of_rows(rows.cloned().collect()))
            }
            kind => Ok(Self::of_rows(
                self.state.table(kind).into_iter().flatten().map(|(_, row)| row.clone()).collect(),
            )),
        }
    }

    /// Rows that are made already, in their order.
    fn of_rows<'b>(rows: Vec<Row>) -> Shown<'b> {
        Shown {
            ids: (0..rows.len() as i64).collect(),
            show: Box::new(move |at| rows.get(at as usize).cloned().unwrap_or_default()),
        }
    }

    /// Rows of a table that pass.
    fn of_table<'b>(
        &self,
        rows: &'b BTreeMap<i64, Row>,
        passes: impl Fn(i64, &Row) -> bool,
        show: impl Fn(&Row) -> Row + 'b,
    ) -> Shown<'b> {
        let open = self.has(Kind::FilterIgnored);
        let ids = rows.iter().filter(|(id, row)| open || passes(**id, row)).map(|(id, _)| *id).collect();
        Shown { ids, show: Box::new(move |id| rows.get(&id).map(&show).unwrap_or_default()) }
    }

    fn assets(&self) -> Result<Shown<'_>, Reply> {
        let state = self.state;
        let client = self.number("client_id")?;
        let clients = self.numbers("client_ids");
        let site = self.number("site_id")?;
        let kind = self.number("assettype_id")?;
        let kinds = self.numbers("assettypes");
        let group = self.number("assetgroup_id")?;
        let groups = self.numbers("assetgroups");
        let statuses = self.numbers("assetstatuses");
        let these = self.numbers("assets");
        let not_these = self.numbers("excludethese").unwrap_or_default();
        let contract = self.number("contract_id")?;
        let ticket = self.number("ticket_id")?;
        let linked = self.number("linkedto_id")?;
        let (active, inactive) = self.wanted();
        let search = self.query.get("search").map(str::to_lowercase).filter(|text| !text.is_empty());
        let tag_only = self.flag("search_inventory_number_only").unwrap_or(false);
        let tag = self.query.get("inventory_number").filter(|text| !text.is_empty());
        let user = self.query.get("username").filter(|text| !text.is_empty());
        let in_group = |asset: &Asset, wanted: &[i64]| {
            let group = state.asset_types.get(&asset.type_id).and_then(|row| number(row, "assetgroup_id"));
            group.is_some_and(|group| wanted.contains(&group))
        };
        let one_of = |wanted: &Option<Vec<i64>>, id: i64| wanted.as_ref().is_none_or(|ids| ids.contains(&id));
        let is = |wanted: Option<i64>, id: Option<i64>| wanted.is_none_or(|wanted| id == Some(wanted));
        let linked_to = |asset: &Asset, other: i64| {
            asset.parent == Some(other)
                || state.assets.get(&other).is_some_and(|other| other.parent == Some(asset.id))
        };
        let passes = |asset: &Asset| {
            (if asset.inactive { inactive } else { active })
                && is(client, Some(asset.client_id))
                && one_of(&clients, asset.client_id)
                && is(site, asset.site_id)
                && is(kind, Some(asset.type_id))
                && one_of(&kinds, asset.type_id)
                && group.is_none_or(|group| in_group(asset, &[group]))
                && groups.as_ref().is_none_or(|groups| in_group(asset, groups))
                && statuses.as_ref().is_none_or(|ids| asset.status_id.is_some_and(|id| ids.contains(&id)))
                && one_of(&these, asset.id)
                && !not_these.contains(&asset.id)
                && contract.is_none_or(|id| {
                    state.contract_assets.get(&id).is_some_and(|carried| carried.contains(&asset.id))
                })
                && ticket.is_none_or(|id| {
                    state.ticket_assets.get(&id).is_some_and(|named| named.contains(&asset.id))
                })
                && linked.is_none_or(|other| linked_to(asset, other))
                && tag.is_none_or(|tag| asset.inventory_number.eq_ignore_ascii_case(tag))
                && user.is_none_or(|user| asset.username.eq_ignore_ascii_case(user))
                && search.as_ref().is_none_or(|text| {
                    let found = |value: &str| value.to_lowercase().contains(text);
                    found(&asset.inventory_number)
                        || !tag_only && (0..3).any(|key| found(&state.key_field(asset, key)))
                })
        };
        let open = self.has(Kind::FilterIgnored);
        // One client's assets are looked up, not searched for.
        let rows: Box<dyn Iterator<Item = &Asset>> = match client.filter(|_| !open) {
            Some(client) => Box::new(
                state.by_client.get(&client).into_iter().flatten().filter_map(|id| state.assets.get(id)),
            ),
            None => Box::new(state.assets.values()),
        };
        let ids = rows
            .filter(|asset| state.sees(asset.client_id) && (open || passes(asset)))
            .map(|asset| asset.id)
            .collect();
        let id_only = self.flag("idonly").unwrap_or(false);
        let with_fields = self.flag("includeassetfields") == Some(true) && kind.is_some();
        let with_statuses = self.flag("includeallowedstatus") == Some(true);
        let show = move |id: i64| {
            let Some(asset) = state.assets.get(&id) else { return Row::new() };
            if id_only {
                return object(json!({ "id": id }));
            }
            let mut row = state.asset_row(asset);
            if with_fields {
                row.insert("fields".to_owned(), state.shown_fields(asset));
            }
            if with_statuses {
                let all = state.allowed_statuses(asset.type_id).is_none();
                row.insert("allowallstatus".to_owned(), json!(all));
                row.insert("allowed_status".to_owned(), state.shown_statuses(asset.type_id));
            }
            if !state.switches.inactive_in_lists {
                row.remove("inactive");
            }
            let mut row = state.with_nulls(row);
            if state.switches.numbers_as_strings {
                numbers_as_strings(&mut row);
            }
            row
        };
        Ok(Shown { ids, show: Box::new(show) })
    }

    fn clients(&self) -> Result<Shown<'_>, Reply> {
        let state = self.state;
        let (active, inactive) = self.wanted();
        let top_level = self.number("toplevel_id")?;
        let search = self.query.get("search").map(str::to_lowercase).filter(|text| !text.is_empty());
        let no_internal = self.flag("exclude_internal").unwrap_or(false);
        let id_only = self.flag("idonly").unwrap_or(false);
        let asked = match state.switches.custom_fields {
            CustomFields::Always => None,
            CustomFields::OneByOne => Some(Vec::new()),
            CustomFields::WhenAsked => Some(self.numbers("include_custom_fields").unwrap_or_default()),
        };
        let passes = |id: i64, row: &Row| {
            (if flag(row, "inactive") { inactive } else { active })
                && top_level.is_none_or(|wanted| number(row, "toplevel_id") == Some(wanted))
                && search.as_ref().is_none_or(|text_of| text(row, "name").to_lowercase().contains(text_of))
                && !(no_internal && id == super::INTERNAL)
        };
        let show = move |row: &Row| {
            if id_only {
                return object(json!({ "id": row.get("id") }));
            }
            let mut row = row.clone();
            let fields = row.remove("customfields");
            if let (Some(Value::Array(mut fields)), true) =
                (fields, asked.as_ref().is_none_or(|asked| !asked.is_empty()))
            {
                if let Some(asked) = &asked {
                    fields.retain(|field| field["id"].as_i64().is_some_and(|id| asked.contains(&id)));
                }
                row.insert("customfields".to_owned(), Value::Array(fields));
            }
            state.client_row(row)
        };
        let mut shown = self.of_table(&state.clients, passes, show);
        shown.ids.retain(|id| state.sees(*id));
        Ok(shown)
    }

    fn sites(&self) -> Result<Shown<'_>, Reply> {
        let (active, inactive) = self.wanted();
        let client = self.number("client_id")?;
        let passes = |_: i64, row: &Row| {
            (if flag(row, "inactive") { inactive } else { active })
                && client.is_none_or(|wanted| number(row, "client_id") == Some(wanted))
                && number(row, "client_id").is_some_and(|client| self.state.sees(client))
        };
        Ok(self.of_table(&self.state.sites, passes, Row::clone))
    }

    fn contracts(&self) -> Result<Shown<'_>, Reply> {
        let state = self.state;
        let client = self.number("client_id")?;
        let site = self.number("site_id")?;
        let device = self.number("device_id")?;
        let ended_too = self.flag("includeinactive").unwrap_or(false);
        let passes = |id: i64, row: &Row| {
            (ended_too || flag(row, "active"))
                && client.is_none_or(|wanted| number(row, "client_id") == Some(wanted))
                && site.is_none_or(|wanted| number(row, "site_id") == Some(wanted))
                && device.is_none_or(|device| {
                    state.contract_assets.get(&id).is_some_and(|carried| carried.contains(&device))
                })
                && number(row, "client_id").is_some_and(|client| state.sees(client))
        };
        Ok(self.of_table(&state.contracts, passes, move |row| state.contract_row(row)))
    }

    fn invoices(&self) -> Result<Shown<'_>, Reply> {
        let state = self.state;
        let client = self.number("client_id")?;
        let clients = self.numbers("client_ids");
        let contract = self.number("contract_id")?;
        let asset = self.number("asset_id")?;
        let lines = self.flag("includelines").unwrap_or(false);
        let passes = |_: i64, row: &Row| {
            let owner = number(row, "client_id").unwrap_or(0);
            client.is_none_or(|wanted| owner == wanted)
                && clients.as_ref().is_none_or(|ids| ids.contains(&owner))
                && contract.is_none_or(|wanted| number(row, "contract_id") == Some(wanted))
                && asset.is_none_or(|asset| {
                    let lines = row.get("lines").and_then(Value::as_array);
                    lines.into_iter().flatten().any(|line| line["asset_id"].as_i64() == Some(asset))
                })
                && state.sees(owner)
        };
        let show = move |row: &Row| {
            let mut row = row.clone();
            if !lines {
                row.remove("lines");
            }
            row
        };
        Ok(self.of_table(&state.invoices, passes, show))
    }

    /// Invoices that were sent: one by each of those that recur.
    fn posted(&self) -> Result<Shown<'_>, Reply> {
        let client = self.number("client_id")?;
        let owner = |row: &Row| number(row, "client_id").unwrap_or(0);
        let rows = self.state.invoices.values();
        let rows = rows.filter(|row| self.state.sees(owner(row)) && client.is_none_or(|id| owner(row) == id));
        let show = |(at, row): (usize, &Row)| {
            Row::from_iter([("id".to_owned(), json!(at + 1)), ("client_id".to_owned(), json!(owner(row)))])
        };
        Ok(Self::of_rows(rows.enumerate().map(show).collect()))
    }

    fn tickets(&self) -> Result<Shown<'_>, Reply> {
        let state = self.state;
        let client = self.number("client_id")?;
        let clients = self.numbers("client_ids");
        let asset = self.number("asset_id")?;
        let open_only = self.flag("open_only").unwrap_or(false);
        let closed_only = self.flag("closed_only").unwrap_or(false);
        let id_only = self.flag("ticketidonly").unwrap_or(false);
        let passes = |id: i64, row: &Row| {
            let (owner, closed) = (number(row, "client_id").unwrap_or(0), flag(row, "hasbeenclosed"));
            client.is_none_or(|wanted| owner == wanted)
                && clients.as_ref().is_none_or(|ids| ids.contains(&owner))
                && (!closed || !open_only)
                && (closed || !closed_only)
                && asset.is_none_or(|asset| {
                    state.ticket_assets.get(&id).is_some_and(|named| named.contains(&asset))
                })
                && state.sees(owner)
        };
        let show =
            move |row: &Row| if id_only { object(json!({ "id": row.get("id") })) } else { row.clone() };
        Ok(self.of_table(&state.tickets, passes, show))
    }

    /// What was done on a ticket. The markup comes only where it is asked for.
    fn actions(&self) -> Result<Shown<'_>, Reply> {
        let ticket = self.number("ticket_id")?;
        let markup = self.flag("includehtmlnote").unwrap_or(false);
        let most = self.number("count")?.filter(|count| *count > 0);
        let rows = self.state.actions.values().rev();
        let open = self.has(Kind::FilterIgnored);
        let rows = rows.filter(|row| open || ticket.is_none_or(|id| number(row, "ticket_id") == Some(id)));
        let shown = rows.take(most.map_or(usize::MAX, |most| most as usize)).map(|row| {
            let mut row = row.clone();
            if !markup {
                row.remove("note_html");
            }
            row
        });
        Ok(Self::of_rows(shown.collect()))
    }

    fn changes(&self) -> Result<Shown<'_>, Reply> {
        let asset = self.number("asset_id")?;
        let rows = self.state.changes.iter().rev();
        let rows = rows.filter(|row| asset.is_none_or(|asset| number(row, "asset_id") == Some(asset)));
        Ok(Self::of_rows(rows.cloned().collect()))
    }

    fn statuses(&self) -> Shown<'_> {
        let asked = self.query.get("type").filter(|kind| !kind.is_empty());
        let passes = |row: &Row| {
            let of_asset = number(row, "type") == Some(super::setup::ASSET_STATUS);
            match asked {
                Some("asset") => of_asset,
                Some(_) => !of_asset,
                None => !of_asset || self.state.switches.asset_statuses_unasked,
            }
        };
        Self::of_rows(self.state.statuses.values().filter(|row| passes(row)).cloned().collect())
    }

    fn webhooks(&self) -> Shown<'_> {
        let kind = self.query.get("type").and_then(|text| text.parse::<i64>().ok());
        let rows = self.state.webhooks.values();
        let rows = rows.filter(|row| kind.is_none_or(|kind| number(row, "type").unwrap_or(0) == kind));
        Self::of_rows(rows.map(hooks::without_password).collect())
    }

    /// Codes with their labels; without a `lookupid` those of every lookup.
    fn lookups(&self) -> Result<Shown<'_>, Reply> {
        let asked = self.number("lookupid")?;
        let types = self.state.switches.customer_type_lookup;
        let customers = self.state.customer_types.iter().map(|(id, name)| (types, *id, (*name).to_owned()));
        let events = (1..=EVENTS).map(|event| (hooks::EVENT_LOOKUP, event, hooks::event_name(event)));
        let rows = customers.chain(events).filter(|(lookup, ..)| asked.is_none_or(|asked| asked == *lookup));
        Ok(Self::of_rows(
            rows.map(|(lookup, id, name)| {
                object(json!({ "id": id, "lookupid": lookup, "name": name, "sequence": id }))
            })
            .collect(),
        ))
    }
}

impl super::state::State {
    /// A client as it goes out.
    pub(super) fn client_row(&self, mut row: Row) -> Row {
        if self.switches.nulls == Nulls::Explicit {
            for name in
                ["ref", "customertype", "toplevel_id", "toplevel_name", "client_to_invoice", "website"]
            {
                row.entry(name.to_owned()).or_insert(Value::Null);
            }
        }
        if self.switches.numbers_as_strings {
            numbers_as_strings(&mut row);
        }
        row
    }

    /// A contract as it goes out.
    pub(super) fn contract_row(&self, row: &Row) -> Row {
        let mut row = row.clone();
        if self.switches.open_end == OpenEnd::Year1900 {
            row.entry("end_date".to_owned()).or_insert_with(|| json!("1900-01-01T00:00:00Z"));
        }
        row
    }
}
