//! Queries, their pages and counts, and single records.

use std::{borrow::Cow, ops::Bound};

use serde_json::{Map, Value, json};

use super::{
    FORM,
    entities::{Children, Entity, Kind},
    errors,
    filter::{Condition, Reader, member},
    records::Record,
    state::State,
    switches::Dates,
};
use crate::simulator::{
    exchange::{Content, Reply, Request},
    faults::{self, Rule, Target},
};

const LARGEST_PAGE: usize = 500;
/// Addresses longer than this do not reach the API.
pub(super) const LONGEST_ADDRESS: usize = 2048;
/// What a protected user-defined field shows.
pub(super) const MASK: &str = "*****";

/// How a query was asked.
struct Asked {
    condition: Option<Condition>,
    include: Option<Vec<String>>,
    size: usize,
}

/// Where a page begins: what the links carry, and all that they carry.
struct Paging {
    size: usize,
    /// The cursors of the pages before, the first of them -1.
    previous: Vec<i64>,
    /// Ids greater than this.
    after: i64,
}

/// The parameters of an address. The first of a name counts.
pub(super) fn parameter<'r>(request: &'r Request, name: &str) -> Option<Cow<'r, str>> {
    url::form_urlencoded::parse(request.query.as_bytes())
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

pub(super) struct Lister<'a> {
    pub state: &'a State,
    pub entity: &'static Entity,
    pub request: &'a Request,
    /// The address that the API has for this client: `http://127.0.0.1:8080/ATServicesRest/`.
    pub zone: &'a str,
    pub faults: &'a [Rule],
    pub notes: &'a mut Vec<String>,
}

impl Lister<'_> {
    fn has(&self, kind: faults::Kind) -> bool {
        self.faults.iter().any(|rule| rule.kind == kind)
    }

    /// The query itself: the body of a POST, or the `search` of a GET.
    fn body(&self) -> Result<Value, Reply> {
        if self.request.method == "POST" {
            if self.request.body.iter().all(u8::is_ascii_whitespace) || self.request.media() == FORM {
                return Err(errors::no_filter());
            }
            return serde_json::from_slice(&self.request.body)
                .map_err(|_| errors::json_syntax(&self.request.body));
        }
        let search = parameter(self.request, "search").ok_or_else(errors::no_filter)?;
        serde_json::from_str(&search).map_err(|_| errors::json_syntax(search.as_bytes()))
    }

    fn asked(&mut self) -> Result<Asked, Reply> {
        let body = self.body()?;
        for key in body.as_object().into_iter().flat_map(Map::keys) {
            if !["filter", "maxrecords", "includefields"].contains(&key.to_ascii_lowercase().as_str()) {
                self.notes.push(format!("{}: a query knows no \"{key}\"", self.entity.path));
            }
        }
        let size = match member(&body, "MaxRecords") {
            None | Some(Value::Null) => LARGEST_PAGE,
            Some(number) => number
                .as_u64()
                .or_else(|| number.as_str().and_then(|text| text.trim().parse().ok()))
                .and_then(|size| usize::try_from(size).ok())
                .filter(|size| (1..=LARGEST_PAGE).contains(size))
                .ok_or_else(errors::max_records)?,
        };
        let include = member(&body, "IncludeFields")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect::<Vec<_>>());
        for name in include.iter().flatten() {
            let udf = self.state.udfs_of(self.entity.path).any(|udf| udf.name.eq_ignore_ascii_case(name));
            if !udf && self.entity.field(name).is_none() {
                self.notes
                    .push(format!("{}: IncludeFields names \"{name}\", which is no field", self.entity.path));
            }
        }
        let condition = Reader::new(self.state, self.entity, self.notes).read(member(&body, "filter"))?;
        let ignored = self.has(faults::Kind::FilterIgnored);
        let condition = if ignored { Some(Condition::And(Vec::new())) } else { condition };
        Ok(Asked { condition, include: include.filter(|names| !names.is_empty()), size })
    }

    /// The first page.
    pub fn first(&mut self) -> Result<Reply, Reply> {
        let asked = self.asked()?;
        let size = asked.size;
        self.page(&asked, Paging { size, previous: Vec::new(), after: -1 })
    }

    /// A page that a link leads to.
    pub fn follow(&mut self) -> Result<Reply, Reply> {
        if self.request.method == "GET" && parameter(self.request, "search").is_none() {
            // The link of a query that was POSTed: it holds no conditions.
            self.notes.push("GET of a page whose query was POSTed: POST the same body again".to_owned());
            return Err(errors::method("GET"));
        }
        let asked = self.asked()?;
        let token = parameter(self.request, "paging").unwrap_or_default();
        let token: Value = serde_json::from_str(&token).map_err(|_| errors::json_syntax(token.as_bytes()))?;
        let ids = |name: &str| -> Vec<i64> {
            token[name].as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
        };
        let size = token["pageSize"].as_u64().map_or(LARGEST_PAGE, |size| size as usize);
        let size = size.clamp(1, LARGEST_PAGE);
        let after = ids("nextIds").first().copied().unwrap_or(-1);
        self.page(&asked, Paging { size, previous: ids("previousIds"), after })
    }

    fn page(&mut self, asked: &Asked, mut paging: Paging) -> Result<Reply, Reply> {
        let size = paging.size;
        let page_before = paging.previous.last().copied();
        let rows = if self.has(faults::Kind::RepeatedPage)
            && let Some(before) = page_before
        {
            paging.after = before;
            paging.previous.pop();
            self.matching(asked, before, 0, size + 1)
        } else {
            let skipped = if self.has(faults::Kind::DroppedPage) { size } else { 0 };
            self.matching(asked, paging.after, skipped, size + 1)
        };
        let more = rows.len() > size;
        let mut chosen = &rows[..rows.len().min(size)];
        let last = chosen.last().map(|row| row.id);
        if self.has(faults::Kind::ShortenedPage) {
            chosen = &chosen[..chosen.len().saturating_sub(1)];
        }
        self.poison(chosen)?;
        let items: Vec<Value> = chosen.iter().map(|row| self.show(row, asked.include.as_deref())).collect();
        let next = last.filter(|_| more).and_then(|last| {
            if asked
                .include
                .as_ref()
                .is_some_and(|names| !names.iter().any(|name| name.eq_ignore_ascii_case("id")))
            {
                self.notes.push(format!(
                    "{}: IncludeFields without id on more than one page: there is no next page without it",
                    self.entity.path
                ));
                return None;
            }
            let mut previous = paging.previous.clone();
            previous.push(paging.after);
            Some(self.link("next", size, &previous, last))
        });
        let before = paging
            .previous
            .split_last()
            .map(|(before, earlier)| self.link("previous", size, earlier, *before));
        let details = json!({
            "count": items.len(), "requestCount": size, "prevPageUrl": before, "nextPageUrl": next,
        });
        Ok(Reply::json(200, json!({ "items": items, "pageDetails": details })))
    }

    fn link(&self, way: &str, size: usize, previous: &[i64], after: i64) -> String {
        // As the vendor writes it: the members in this order, some signs encoded, in small letters.
        let members = [
            format!("\"pageSize\":{size}"),
            format!("\"previousIds\":{}", json!(previous)),
            format!("\"nextIds\":[{after}]"),
        ];
        let token: String = format!("{{{}}}", members.join(","))
            .chars()
            .map(|letter| match letter {
                '{' | '}' | '"' | ':' | ',' | '[' | ']' => format!("%{:02x}", u32::from(letter)),
                letter => letter.to_string(),
            })
            .collect::<Vec<_>>()
            .concat();
        let mut link = format!("{}V1.0/{}/query/{way}?paging={token}", self.zone, self.entity.path);
        if self.request.method == "GET"
            && let Some(search) = parameter(self.request, "search")
        {
            link.push_str("&search=");
            link.extend(url::form_urlencoded::byte_serialize(search.as_bytes()));
        }
        link
    }

    /// `{"queryCount": n}`.
    pub fn count(&mut self) -> Result<Reply, Reply> {
        let asked = self.asked()?;
        let count = self.matching(&asked, i64::MIN, 0, usize::MAX).len();
        let count = count + usize::from(self.has(faults::Kind::LyingCount));
        Ok(Reply::json(200, json!({ "queryCount": count })))
    }

    /// The matching rows with greater ids, in the order of their ids.
    fn matching(&self, asked: &Asked, after: i64, skipped: usize, most: usize) -> Vec<&Record> {
        let Some(condition) = &asked.condition else { return Vec::new() };
        let state = self.state;
        if state.switches.empty_entities.iter().any(|path| path.eq_ignore_ascii_case(self.entity.path)) {
            return Vec::new();
        }
        let table = state.table(self.entity.path);
        let fits = |row: &&Record| row.id > after && condition.holds(state, row);
        let by_company = |companies: Vec<i64>| -> Vec<i64> {
            companies.iter().filter_map(|id| state.by_company.get(id)).flatten().copied().collect()
        };
        let items = self.entity.path == "ConfigurationItems";
        let ids = condition
            .only("id")
            .or_else(|| items.then(|| condition.only("companyID").map(by_company)).flatten());
        if let Some(mut ids) = ids {
            ids.sort_unstable();
            ids.dedup();
            return ids.iter().filter_map(|id| table.get(id)).filter(fits).skip(skipped).take(most).collect();
        }
        let rows = table.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, row)| row);
        rows.filter(fits).skip(skipped).take(most).collect()
    }

    /// `{"item": …}`.
    pub fn one(&self, id: i64) -> Reply {
        let hidden = self.state.switches.empty_entities.iter().any(|path| path == self.entity.path);
        match self.state.record(self.entity.path, id).filter(|_| !hidden) {
            Some(row) => Reply::json(200, json!({ "item": self.whole(row) })),
            None => missing(self.state, &self.request.path),
        }
    }

    /// The records below another one.
    pub fn children(&self, kin: &Children, parent: i64) -> Reply {
        let theirs = self.state.table(kin.entity).values().filter(|row| row.number(kin.by) == Some(parent));
        let items: Vec<Value> = theirs.map(|row| self.whole(row)).collect();
        let details = json!({ "count": items.len(), "requestCount": LARGEST_PAGE, "prevPageUrl": null, "nextPageUrl": null });
        Reply::json(200, json!({ "items": items, "pageDetails": details }))
    }

    /// One of the records below another one.
    pub fn child(&self, kin: &Children, parent: i64, id: i64) -> Reply {
        match self.state.record(kin.entity, id).filter(|row| row.number(kin.by) == Some(parent)) {
            Some(row) => Reply::json(200, json!({ "item": self.whole(row) })),
            None => missing(self.state, &self.request.path),
        }
    }

    fn poison(&self, rows: &[&Record]) -> Result<(), Reply> {
        let poisoned = self.faults.iter().filter(|rule| rule.kind == faults::Kind::PoisonRow).any(|rule| {
            match &rule.target {
                Target::Item(_, id) => rows.iter().any(|row| row.id.to_string() == *id),
                _ => !rows.is_empty(),
            }
        });
        if poisoned {
            Err(errors::server("Object reference not set to an instance of an object."))
        } else {
            Ok(())
        }
    }

    /// A row as a query shows it.
    fn show(&self, record: &Record, include: Option<&[String]>) -> Value {
        let mut row = self.row(record);
        match include {
            Some(names) => {
                let asked = |name: &str| names.iter().any(|asked| asked.eq_ignore_ascii_case(name));
                row.retain(|name, _| name == "userDefinedFields" || asked(name));
                if let Some(Value::Array(udfs)) = row.get_mut("userDefinedFields") {
                    udfs.retain(|udf| udf["name"].as_str().is_some_and(asked));
                }
            }
            None if self.state.switches.queries_show_less && self.entity.path == "ConfigurationItems" => {
                row.retain(|name, _| {
                    !["notes", "rmmDeviceAuditDescription", "location"].contains(&name.as_str())
                });
            }
            None => {}
        }
        Value::Object(row)
    }

    /// A row as a GET by id shows it.
    fn whole(&self, record: &Record) -> Value {
        Value::Object(self.row(record))
    }

    fn row(&self, record: &Record) -> Map<String, Value> {
        let mut row = record.whole(self.entity);
        if self.state.switches.dates == Dates::Bare {
            for field in self.entity.fields.iter().filter(|field| field.kind == Kind::Date) {
                if let Some(Value::String(time)) = row.get_mut(field.name) {
                    *time = time.trim_end_matches('Z').to_owned();
                }
            }
        }
        if self.entity.udfs {
            let udfs = self.state.udfs_of(self.entity.path).map(|udf| {
                let value = record.udf(udf.id);
                json!({ "name": udf.name, "value": if udf.protected { value.map(|_| MASK) } else { value } })
            });
            row.insert("userDefinedFields".to_owned(), udfs.collect());
        }
        row
    }
}

/// A record that is not there.
fn missing(state: &State, path: &str) -> Reply {
    if state.switches.missing_is_404 {
        errors::no_route(&format!("{}{path}", state.base))
    } else {
        Reply::json(200, json!({ "item": null }))
    }
}

/// The company of the first row of a page of configuration items.
pub(super) fn first_company(reply: &Reply, state: &State) -> Option<i64> {
    let Content::Json(page) = &reply.content else { return None };
    let id = page["items"][0]["id"].as_i64()?;
    state.record("ConfigurationItems", id)?.number("companyID")
}
