//! Lists: which rows, in which order, and which page of them.

use serde_json::{Map, Value, json};

use super::{
    errors,
    filters::Shown,
    routes::Resource,
    state::{Row, State},
    switches::Shape,
};
use crate::simulator::{
    exchange::Reply,
    faults::{Kind, Rule, Target},
    query::Query,
};

/// A page where the request names no size, and a list of clients that is not paged.
const USUAL: u64 = 50;
/// The most tickets on a page.
const TICKETS: u64 = 100;

/// One list at a time.
pub(super) struct Lister<'a> {
    pub state: &'a State,
    pub query: &'a Query,
    pub faults: &'a [Rule],
}

impl Lister<'_> {
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.faults.iter().any(|rule| rule.kind == kind)
    }

    /// A flag of the query.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        understood(self.query.get(name)?)
    }

    /// A whole number, or the vendor's word for what is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Reply> {
        match self.query.get(name) {
            None | Some("") => Ok(None),
            Some(text) => match text.trim().parse::<i32>() {
                Ok(number) => Ok(Some(i64::from(number))),
                Err(_) => Err(errors::not_valid(name, text)),
            },
        }
    }

    /// A comma list of whole numbers; what is none among them is left out.
    pub(super) fn numbers(&self, name: &str) -> Option<Vec<i64>> {
        let text = self.query.get(name).filter(|text| !text.trim().is_empty())?;
        Some(text.split(',').filter_map(|part| part.trim().parse().ok()).collect())
    }

    /// Which of active and inactive rows are wanted.
    pub(super) fn wanted(&self) -> (bool, bool) {
        let plain =
            (self.flag("includeactive").unwrap_or(true), self.flag("includeinactive").unwrap_or(false));
        let Some(text) = self.query.get("activeinactive") else { return plain };
        let mut parts = text.split(',').map(|part| understood(part.trim()) == Some(true));
        match (parts.next(), parts.next()) {
            (Some(active), Some(inactive)) => (active, inactive),
            _ => plain,
        }
    }

    /// The list: what is asked for of the rows that pass the filter.
    pub fn list(&self, resource: &'static Resource) -> Result<Reply, Reply> {
        let mut shown = self.filtered(resource)?;
        self.order(&mut shown)?;
        let total = shown.ids.len();
        let (ids, page) = self.page(resource, &shown.ids)?;
        if resource.kind == "config" && self.poisoned(&ids) {
            return Err(Reply::empty(500));
        }
        let rows: Vec<Value> = ids.iter().map(|id| Value::Object((shown.show)(*id))).collect();
        Ok(self.envelope(resource, rows, total, page))
    }

    /// Rows in the resource's own envelope, or bare.
    pub(super) fn envelope(
        &self,
        resource: &Resource,
        rows: Vec<Value>,
        total: usize,
        page: Option<(u64, u64)>,
    ) -> Reply {
        let switches = &self.state.switches;
        let envelope = match resource.kind {
            "status" => (switches.status_list == Shape::Enveloped).then_some("statuses"),
            "change" if switches.asset_changes == Shape::Bare => None,
            _ => resource.envelope,
        };
        let Some(envelope) = envelope else { return Reply::json(200, Value::Array(rows)) };
        let mut body = Map::new();
        if let Some((number, size)) = page {
            body.insert("page_no".to_owned(), json!(number));
            body.insert("page_size".to_owned(), json!(size));
        }
        let lie = usize::from(self.has(Kind::LyingCount));
        body.insert("record_count".to_owned(), json!(total + lie));
        body.insert(envelope.to_owned(), Value::Array(rows));
        Reply::json(200, Value::Object(body))
    }

    /// Whether the page would hold a record that cannot be read.
    fn poisoned(&self, ids: &[i64]) -> bool {
        self.faults.iter().filter(|rule| rule.kind == Kind::PoisonRow).any(|rule| match &rule.target {
            Target::Item(_, id) => id.parse().is_ok_and(|id| ids.contains(&id)),
            _ => true,
        })
    }

    fn order(&self, shown: &mut Shown<'_>) -> Result<(), Reply> {
        self.number("count")?;
        let Some(by) = self.query.get("order").filter(|by| !by.is_empty()) else { return Ok(()) };
        let down = self.flag("orderdesc").unwrap_or(false);
        if by.eq_ignore_ascii_case("id") {
            shown.ids.sort_unstable();
        } else {
            let mut keyed: Vec<(String, i64)> = shown
                .ids
                .iter()
                .map(|id| {
                    let value = (shown.show)(*id).get(by).cloned().unwrap_or_default();
                    let key = match value {
                        Value::String(text) => text.to_lowercase(),
                        Value::Number(number) => format!("{:020}", number.as_i64().unwrap_or(0)),
                        other => other.to_string(),
                    };
                    (key, *id)
                })
                .collect();
            keyed.sort();
            shown.ids = keyed.into_iter().map(|(_, id)| id).collect();
        }
        if down {
            shown.ids.reverse();
        }
        Ok(())
    }

    /// The ids that go out, and the page that they are if the list is paged.
    #[expect(clippy::type_complexity, reason = "the two halves of one answer")]
    fn page(&self, resource: &Resource, ids: &[i64]) -> Result<(Vec<i64>, Option<(u64, u64)>), Reply> {
        let positive = |number: Option<i64>| number.filter(|number| *number > 0).map(|number| number as u64);
        let pages = resource.parameters.split_ascii_whitespace().any(|name| name == "pageinate");
        if !pages {
            return Ok((ids.to_vec(), None));
        }
        if self.flag("pageinate") != Some(true) {
            let count = positive(self.number("count")?);
            let usual = match resource.kind {
                "client" => Some(USUAL),
                "config" if !self.state.switches.all_assets_unpaged => Some(USUAL),
                _ => None,
            };
            let most = count.or(usual).map_or(ids.len(), |count| ids.len().min(count as usize));
            return Ok((self.shortened(&ids[..most]), None));
        }
        let asked = positive(self.number("page_no")?).unwrap_or(1);
        let mut size = positive(self.number("page_size")?).unwrap_or(USUAL);
        if resource.kind == "ticket" {
            size = size.min(TICKETS);
        }
        size = self.state.switches.largest_page.map_or(size, |largest| size.min(largest));
        let unpaged = self.state.switches.unpaged.iter().any(|name| name.eq_ignore_ascii_case(resource.name));
        let mut number = if unpaged { 1 } else { asked };
        if self.has(Kind::DroppedPage) {
            number += 1;
        }
        if self.has(Kind::RepeatedPage) && number > 1 {
            number -= 1;
        }
        let start = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX).min(ids.len());
        let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX)).min(ids.len());
        Ok((self.shortened(&ids[start..end]), Some((asked, size))))
    }

    fn shortened(&self, ids: &[i64]) -> Vec<i64> {
        let lost = usize::from(self.has(Kind::ShortenedPage) && !ids.is_empty());
        ids[..ids.len() - lost].to_vec()
    }
}

/// `true` and `false` are understood, in any case, as .NET reads them and clients in Python write them; whatever else
/// is as if it were not there.
pub(super) fn understood(flag: &str) -> Option<bool> {
    flag.to_ascii_lowercase().parse().ok()
}

/// Every number as a string: what some builds do.
pub(super) fn numbers_as_strings(row: &mut Row) {
    fn change(value: &mut Value) {
        match value {
            Value::Number(number) => *value = Value::String(number.to_string()),
            Value::Array(rows) => rows.iter_mut().for_each(change),
            Value::Object(row) => row.values_mut().for_each(change),
            _ => {}
        }
    }
    row.values_mut().for_each(change);
}
