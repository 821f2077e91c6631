//! Lists, counts and single records: conditions, order, both ways of paging, `fields`.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::{Value, json};

use super::{
    ask::Asked,
    conditions::Condition,
    errors,
    names::{self, Names},
    query::encode,
    records::{Configuration, Record, walk},
    state::{Row, State, flag},
    switches::LastLink,
};
use crate::simulator::{
    exchange::{Content, Reply, Request},
    faults::{self, Rule, Target},
    query::Query,
};

pub(super) const DEFAULT_PAGE: usize = 25;
pub(super) const LARGEST_PAGE: usize = 1000;

/// Which records a list is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub kind: &'static str,
    /// The record that the list hangs on.
    pub parent: Option<i64>,
}

/// Reads and lists are answered here. Notes go to `notes`.
pub(super) struct Lister<'a> {
    pub state: &'a State,
    pub request: &'a Request,
    pub query: &'a Query,
    /// `/company/configurations`
    pub path: &'a str,
    /// The release that the client addressed.
    pub codebase: &'a str,
    pub faults: &'a [Rule],
}

impl Source {
    pub fn names(self, state: &State) -> Names {
        match self.kind {
            "configuration" => names::CONFIGURATION,
            "status_info" => names::CONFIGURATION_STATUS_INFO,
            "agreement_configuration" | "ticket_configuration" => names::CONFIGURATION_REFERENCE,
            "audit" => names::AUDIT_TRAIL_ENTRY,
            kind => state.table(kind).map_or(&[], |(_, names)| names),
        }
    }
}

impl<'a> Lister<'a> {
    pub(super) fn has(&self, kind: faults::Kind) -> bool {
        self.faults.iter().any(|rule| rule.kind == kind)
    }

    /// A page of rows.
    pub fn list(&self, source: Source) -> Result<Reply, Reply> {
        let asked = self.asked(source, source.kind != "audit")?;
        let (rows, link) = if source.kind == "configuration" {
            self.page(self.configurations(&asked), &asked, source)
        } else {
            let rows = self.rows(source);
            self.page(rows.iter(), &asked, source)
        };
        self.poison(&rows)?;
        let shown: Vec<Value> = rows;
        let mut reply = Reply::json(200, Value::Array(shown));
        if let Some(link) = link {
            reply = reply.with("Link", link);
        }
        Ok(reply)
    }

    /// `{"count": n}`.
    pub fn count(&self, source: Source) -> Result<Reply, Reply> {
        let asked = self.asked(source, false)?;
        let count = if source.kind == "configuration" {
            self.configurations(&asked).filter(|row| self.fits(*row, &asked, source)).count()
        } else {
            self.rows(source).iter().filter(|row| self.fits(*row, &asked, source)).count()
        };
        let count = count + usize::from(self.has(faults::Kind::LyingCount));
        Ok(Reply::json(200, json!({ "count": count })))
    }

    /// One record by id.
    pub fn one(&self, source: Source, id: i64, missing: &str) -> Result<Reply, Reply> {
        let names = source.names(self.state);
        let fields = self.fields(names)?;
        let gone = || errors::not_found(missing, id);
        let shown = if source.kind == "configuration" {
            let found = self
                .state
                .configurations
                .get(&id)
                .filter(|row| !self.state.is_hidden(row))
                .ok_or_else(gone)?;
            self.show(found, names, fields.as_deref())
        } else {
            let rows = self.rows(source);
            let found = rows.iter().find(|row| Record::id(*row) == id).ok_or_else(gone)?;
            self.show(found, names, fields.as_deref())
        };
        Ok(Reply::json(200, shown))
    }

    fn poison(&self, rows: &[Value]) -> Result<(), Reply> {
        let poisoned = self.faults.iter().filter(|rule| rule.kind == faults::Kind::PoisonRow).any(|rule| {
            match &rule.target {
                Target::Item(_, id) => {
                    rows.iter().any(|row| row["id"] == *id || row["id"].as_i64() == id.parse().ok())
                }
                _ => !rows.is_empty(),
            }
        });
        if poisoned { Err(errors::poison()) } else { Ok(()) }
    }

    /// Rows of the smaller tables, in the order of their ids.
    fn rows(&self, source: Source) -> Vec<Row> {
        let of_parent = |rows: &BTreeMap<i64, Row>, member: &str| -> Vec<Row> {
            rows.values()
                .filter(|row| source.parent.is_none() || walk(row, member).as_i64() == source.parent)
                .cloned()
                .collect()
        };
        let references = |ids: Option<&std::collections::BTreeSet<i64>>| -> Vec<Row> {
            let ids = ids.into_iter().flatten();
            let found = ids.filter_map(|id| self.state.configurations.get(id));
            found
                .filter(|found| !self.state.is_hidden(found))
                .map(|found| {
                    let href = self.state.href(&format!("/company/configurations/{}", found.id));
                    let shown = json!({
                        "id": found.id, "deviceIdentifier": found.device,
                        "_info": { "name": found.name, "configuration_href": href },
                    });
                    shown.as_object().cloned().unwrap_or_default()
                })
                .collect()
        };
        let parent = source.parent.unwrap_or(0);
        match source.kind {
            "agreement_configuration" => references(self.state.agreement_configurations.get(&parent)),
            "ticket_configuration" => references(self.state.ticket_configurations.get(&parent)),
            "audit" => self.state.audit.get(&parent).cloned().unwrap_or_default(),
            "association" => of_parent(&self.state.associations, "company/id"),
            "question" => of_parent(&self.state.questions, "parentId"),
            "addition" => of_parent(&self.state.additions, "agreementId"),
            "note" => of_parent(&self.state.notes, "ticketId"),
            "status_info" => {
                let strip = |row: &Row| {
                    let mut row = row.clone();
                    row.remove("connectWiseId");
                    row
                };
                self.state.statuses.values().map(strip).collect()
            }
            kind => {
                self.state.table(kind).map(|(rows, _)| rows.values().cloned().collect()).unwrap_or_default()
            }
        }
    }

    /// The configurations that can match at all, in the order of their ids.
    fn configurations(&self, asked: &Asked<'_>) -> Box<dyn Iterator<Item = &'a Configuration> + 'a> {
        let state = self.state;
        let after = asked.after.unwrap_or(i64::MIN);
        if let Some(mut ids) = asked.conditions.only("id") {
            ids.sort_unstable();
            ids.dedup();
            return Box::new(ids.into_iter().filter_map(|id| state.configurations.get(&id)));
        }
        if let Some(companies) = asked.conditions.only("company/id") {
            let mut ids: Vec<i64> =
                companies.iter().filter_map(|id| state.by_company.get(id)).flatten().copied().collect();
            ids.sort_unstable();
            ids.dedup();
            return Box::new(ids.into_iter().filter_map(|id| state.configurations.get(&id)));
        }
        // A repeated page looks behind the cursor.
        let from =
            if self.has(faults::Kind::RepeatedPage) || after == i64::MIN { i64::MIN } else { after + 1 };
        Box::new(state.configurations.range(from..).map(|(_, row)| row))
    }

    fn fits<R: Record>(&self, row: &R, asked: &Asked<'_>, source: Source) -> bool {
        let state = self.state;
        if source.kind == "configuration"
            && !state.switches.hidden_types.is_empty()
            && state.configurations.get(&row.id()).is_some_and(|row| state.is_hidden(row))
        {
            return false;
        }
        if source.kind == "company"
            && !state.switches.deleted_in_lists
            && !asked.conditions.paths().contains(&"deletedFlag")
            && state.companies.get(&row.id()).is_some_and(|row| flag(row, "deletedFlag"))
        {
            return false;
        }
        asked.conditions.holds(&|path| row.get(state, path))
            && (asked.child == Condition::All || child_fits(row, state, &asked.child))
            && (asked.custom == Condition::All
                || row.get(state, "customFields").as_array().is_some_and(|fields| {
                    fields
                        .iter()
                        .any(|field| asked.custom.holds(&|path| field.get(path).cloned().unwrap_or_default()))
                }))
    }

    fn page<'r, R: Record + 'r>(
        &self,
        rows: impl Iterator<Item = &'r R>,
        asked: &Asked<'_>,
        source: Source,
    ) -> (Vec<Value>, Option<String>) {
        let mut matching = rows.filter(|row| self.fits(*row, asked, source));
        let (mut chosen, link) = match asked.after {
            Some(after) => self.forward(&mut matching, after, asked),
            None => self.navigable(matching.collect(), asked),
        };
        if self.has(faults::Kind::ShortenedPage) {
            chosen.pop();
        }
        let fields = asked.fields.as_deref();
        (chosen.iter().map(|row| self.show(*row, asked.names, fields)).collect(), link)
    }

    fn forward<'r, R: Record>(
        &self,
        rows: &mut dyn Iterator<Item = &'r R>,
        after: i64,
        asked: &Asked<'_>,
    ) -> (Vec<&'r R>, Option<String>) {
        let size = asked.size;
        let mut page: Vec<&R> = if self.has(faults::Kind::RepeatedPage) && after > 0 {
            let before: Vec<&R> = rows.filter(|row| row.id() <= after).collect();
            before[before.len().saturating_sub(size)..].to_vec()
        } else {
            let skipped = if self.has(faults::Kind::DroppedPage) { size } else { 0 };
            rows.filter(|row| row.id() > after).skip(skipped).take(size + 1).collect()
        };
        let more = page.len() > size || (page.len() == size && self.state.switches.full_last_page_links);
        let repeated = self.has(faults::Kind::RepeatedPage) && after > 0;
        page.truncate(size);
        let next = page
            .last()
            .filter(|_| more || repeated)
            .map(|row| self.link(asked.query, "pageId", row.id(), "next"));
        let link = match (next, self.state.switches.last_link) {
            (Some(next), _) => Some(next),
            (None, LastLink::Empty) => Some(String::new()),
            (None, LastLink::Absent) => None,
        };
        (page, link)
    }

    fn navigable<'r, R: Record>(
        &self,
        mut rows: Vec<&'r R>,
        asked: &Asked<'_>,
    ) -> (Vec<&'r R>, Option<String>) {
        if !asked.order.is_empty() {
            rows.sort_by(|a, b| self.ordered(*a, *b, &asked.order));
        }
        let last = rows.len().div_ceil(asked.size).max(1);
        let page = asked.page;
        let link = self.links(asked, page, last);
        let shown = match () {
            () if self.has(faults::Kind::DroppedPage) => page + 1,
            () if self.has(faults::Kind::RepeatedPage) => page.saturating_sub(1).max(1),
            () => page,
        };
        let from = ((shown - 1).saturating_mul(asked.size)).min(rows.len());
        let to = from.saturating_add(asked.size).min(rows.len());
        (rows[from..to].to_vec(), link)
    }

    fn links(&self, asked: &Asked<'_>, page: usize, last: usize) -> Option<String> {
        if asked.lacks_mode {
            return None;
        }
        let mut links = Vec::new();
        let mut link =
            |page: usize, relation: &str| links.push(self.link(asked.query, "page", page as i64, relation));
        if page < last {
            link(page + 1, "next");
        }
        if page > 1 && page <= last {
            link(page - 1, "prev");
        }
        if page > 1 && page <= last {
            link(1, "first");
        }
        if page < last {
            link(last, "last");
        }
        (!links.is_empty()).then(|| links.join(", "))
    }

    /// The query as it was asked, re-encoded, the page last, a slash before the question mark.
    fn link(&self, query: &Query, parameter: &str, value: i64, relation: &str) -> String {
        let mut text = String::new();
        for (name, value) in query.pairs() {
            if !name.eq_ignore_ascii_case("page") && !name.eq_ignore_ascii_case("pageId") {
                text.push_str(&[&encode(name), "=", &encode(value), "&"].concat());
            }
        }
        let (base, codebase, path) = (self.request.site(&self.state.base), self.codebase, self.path);
        format!("<{base}/{codebase}/apis/3.0{path}/?{text}{parameter}={value}>; rel=\"{relation}\"")
    }

    fn ordered<R: Record>(&self, a: &R, b: &R, order: &[(String, bool)]) -> Ordering {
        for (path, descending) in order {
            let (a, b) = (a.get(self.state, path), b.get(self.state, path));
            let ordering = match (&a, &b) {
                (Value::Number(a), Value::Number(b)) => {
                    a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
                }
                (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
                (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
                (Value::Null, Value::Null) => Ordering::Equal,
                (Value::Null, _) => Ordering::Less,
                (_, Value::Null) => Ordering::Greater,
                _ => Ordering::Equal,
            };
            if ordering != Ordering::Equal {
                return if *descending { ordering.reverse() } else { ordering };
            }
        }
        a.id().cmp(&b.id())
    }
}

/// Whether an entry of the record's list fits: all that is said must be true of one entry.
fn child_fits<R: Record>(row: &R, state: &State, condition: &Condition) -> bool {
    let lists: std::collections::BTreeSet<&str> =
        condition.paths().into_iter().filter_map(|path| path.split('/').next()).collect();
    lists.into_iter().all(|list| {
        row.get(state, list).as_array().is_some_and(|entries| {
            entries.iter().any(|entry| {
                condition.holds(&|path| {
                    let member =
                        path.split_once('/').filter(|(head, _)| *head == list).map(|(_, member)| member);
                    member.and_then(|member| entry.get(member)).cloned().unwrap_or_default()
                })
            })
        })
    })
}

/// The first row's company of a page of configurations.
pub(super) fn first_company(reply: &Reply, state: &State) -> Option<i64> {
    let Content::Json(Value::Array(rows)) = &reply.content else { return None };
    let id = rows.first()?.get("id")?.as_i64()?;
    state.configurations.get(&id).map(|row| row.company_id)
}
