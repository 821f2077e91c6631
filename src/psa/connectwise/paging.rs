//! Lists, page by page: forward-only where the endpoint has it, numbered pages in the order of ids where it has not,
//! and the one record that breaks its page found by asking for less and less.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::{client::Api, conditions::Condition, wire::Row};
use crate::{
    domain::{Incomplete, Listing},
    http::{HeaderValue, Reply, Request, header::HeaderName},
    psa::{
        PsaError,
        lenient::id_of,
        listing::{Kind, MOST_PAGES, proven},
        port::Result,
        query::parameters,
    },
};

/// Page sizes, largest first; each divides the one before.
const SIZES: [usize; 7] = [1000, 500, 250, 125, 25, 5, 1];

/// What is listed.
#[derive(Debug, Clone)]
pub struct List {
    pub path: String,
    /// Members to send; empty for all.
    pub fields: String,
    pub condition: Option<Condition>,
    /// The noun for a row.
    pub what: &'static str,
}

impl List {
    pub fn new(what: &'static str, path: impl Into<String>, fields: impl Into<String>) -> Self {
        Self { path: path.into(), fields: fields.into(), condition: None, what }
    }

    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    Numbered,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// No `Link` header at all.
    Silent,
    End,
    After(i64),
    /// A next page by number, or one that cannot be read.
    Page,
}

/// Reads a list page by page.
pub struct Pager<'a, T> {
    api: &'a Api,
    list: &'a List,
    /// How many rows are to be expected, if they were counted.
    expected: Option<u64>,
    mode: Mode,
    received: usize,
    after: Option<i64>,
    /// The largest id received; rows come in the order of their ids.
    last: i64,
    page: usize,
    size: usize,
    /// Where the page that could not be read as a whole ends.
    troubled_until: Option<usize>,
    pages: usize,
    done: bool,
    row: PhantomData<fn() -> T>,
}

impl<'a, T: Row + DeserializeOwned> Pager<'a, T> {
    pub fn new(api: &'a Api, list: &'a List, expected: Option<u64>) -> Self {
        let mode = if api.lacks_forward_only(&list.path) { Mode::Numbered } else { Mode::Forward };
        Self {
            api,
            list,
            expected,
            mode,
            received: 0,
            after: None,
            last: 0,
            page: 1,
            size: 0,
            troubled_until: None,
            pages: 0,
            done: expected == Some(0),
            row: PhantomData,
        }
    }

    /// The next page that has rows; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>> {
        while !self.done {
            self.pages += 1;
            if self.pages > MOST_PAGES {
                let message = format!("{} sends pages without end", self.list.path);
                return Err(PsaError::Unreadable { message });
            }
            let reply = match self.ask(&self.list.fields, SIZES[self.size]).await {
                Err(PsaError::Refused { status: 500, message }) => {
                    self.ask_for_less(message).await?;
                    continue;
                }
                other => other?,
            };
            let rows: Vec<T> = reply.json().map_err(|message| PsaError::Unreadable {
                message: format!("{}: {message}", self.list.path),
            })?;
            if let Some(rows) = self.turn(rows, &reply) {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// All rows, as they come.
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            all.extend(rows);
        }
        Ok(all)
    }

    /// Takes a page and decides how to go on; `None` if it is to be asked again in another mode, or is empty.
    fn turn(&mut self, rows: Vec<T>, reply: &Reply) -> Option<Vec<T>> {
        let size = SIZES[self.size];
        let next = next_page(reply);
        let enough = self.expected.is_some_and(|expected| (self.received + rows.len()) as u64 >= expected);
        let full = rows.len() >= size;
        match (self.mode, &next) {
            (Mode::Forward, Next::After(id)) => {
                // A cursor that does not move would never end.
                self.done = rows.is_empty() || self.after.is_some_and(|after| *id <= after);
                self.after = Some(*id);
            }
            (_, Next::End) => self.done = true,
            (Mode::Forward, Next::Page) if self.received == 0 => {
                self.fall_back();
                return None;
            }
            (Mode::Forward, Next::Page) => self.after = rows.last().and_then(Row::id),
            // Without the header either this is the end, or the endpoint lacks the mode.
            (Mode::Forward, Next::Silent) => {
                let more = !enough && (full || self.expected.is_some()) && !rows.is_empty();
                if self.received == 0 && more {
                    self.fall_back();
                    return None;
                }
                self.done = true;
            }
            (Mode::Numbered, Next::Silent) => {
                self.done = rows.is_empty() || enough && !full || self.expected.is_none() && !full;
            }
            (Mode::Numbered, Next::Page | Next::After(_)) => self.done = rows.is_empty(),
        }
        self.received += rows.len();
        self.last = rows.iter().filter_map(Row::id).fold(self.last, i64::max);
        self.page += 1;
        if self.troubled_until.is_some_and(|end| self.received >= end) {
            // The page that could not be read as a whole was read in parts: it was a passing trouble.
            self.troubled_until = None;
            self.size = 0;
            self.page = self.received / SIZES[0] + 1;
        }
        (!rows.is_empty()).then_some(rows)
    }

    fn fall_back(&mut self) {
        tracing::info!(path = self.list.path, "no forward-only paging here; numbered pages instead");
        self.api.note_lack_of_forward_only(&self.list.path);
        self.mode = Mode::Numbered;
        self.page = 1;
    }

    /// The page cannot be read. Asks for a part of it, down to the one record that breaks it.
    async fn ask_for_less(&mut self, message: String) -> Result<()> {
        self.troubled_until.get_or_insert(self.received + SIZES[self.size]);
        if self.size + 1 < SIZES.len() {
            self.size += 1;
            self.page = self.received / SIZES[self.size] + 1;
            return Ok(());
        }
        let id = match self.next_id().await {
            Ok(Some(id)) => id.to_string(),
            _ => format!("after {} others", self.received),
        };
        Err(Incomplete::Unreadable { what: self.list.what.to_owned(), id, why: message }.into())
    }

    /// The id of the row after the last one received, found by counting: that does not touch the row itself.
    async fn next_id(&self) -> Result<Option<i64>> {
        let after = self.last;
        let there = |up_to: i64| async move {
            let within = Condition::within("id", after, up_to);
            let condition = match &self.list.condition {
                Some(condition) => within.and(condition),
                None => within,
            };
            Ok::<bool, PsaError>(self.api.count(&self.list.path, Some(&condition)).await? > 0)
        };
        let mut step = 1;
        while !there(after + step).await? {
            step *= 2;
            if step > i64::from(i32::MAX) {
                return Ok(None);
            }
        }
        let (mut none, mut some) = (after + step / 2, after + step);
        while none + 1 < some {
            let middle = none + (some - none) / 2;
            if there(middle).await? {
                some = middle;
            } else {
                none = middle;
            }
        }
        Ok(Some(some))
    }

    async fn ask(&self, fields: &str, size: usize) -> Result<Reply> {
        let fields = if self.api.refuses_fields(&self.list.path) { "" } else { fields };
        match self.ask_with(fields, size).await {
            Err(PsaError::Refused { status: 400, message }) if !fields.is_empty() => {
                // Some names in `fields` are refused by some versions. If that is not it, the first answer stands.
                let Ok(reply) = self.ask_with("", size).await else {
                    return Err(PsaError::Refused { status: 400, message });
                };
                self.api.note_refused_fields(&self.list.path);
                Ok(reply)
            }
            // A part of a troubled page is asked for once; a broken connection is another matter.
            Err(PsaError::Unreachable { gave_up: false, .. } | PsaError::Unreadable { .. })
                if self.troubled_until.is_some() =>
            {
                self.send(fields, size, false).await
            }
            other => other,
        }
    }

    async fn ask_with(&self, fields: &str, size: usize) -> Result<Reply> {
        self.send(fields, size, self.troubled_until.is_some()).await
    }

    async fn send(&self, fields: &str, size: usize, once: bool) -> Result<Reply> {
        let size = size.to_string();
        let after = self.after.map(|id| id.to_string());
        let page = self.page.to_string();
        let mut query: Vec<(&str, &str)> = Vec::new();
        if let Some(condition) = &self.list.condition {
            query.push(("conditions", condition.text()));
        }
        if !fields.is_empty() {
            query.push(("fields", fields));
        }
        if self.mode == Mode::Numbered {
            query.push(("orderBy", "id"));
        }
        query.push(("pageSize", &size));
        match (self.mode, &after) {
            (Mode::Numbered, _) => query.push(("page", &page)),
            (Mode::Forward, Some(after)) => query.push(("pageId", after)),
            (Mode::Forward, None) => {}
        }
        let forward = self.mode == Mode::Forward;
        let dress = move |request: Request| {
            let request = if once { request.once() } else { request };
            if forward {
                let name = HeaderName::from_static("pagination-type");
                request.header(name, HeaderValue::from_static("forward-only"))
            } else {
                request
            }
        };
        self.api.get_as(&self.list.path, &query, dress).await
    }
}

impl Api {
    /// A short list that is set up by hand: read to its end, not counted.
    pub async fn setup_list<T: Row + DeserializeOwned>(&self, list: &List) -> Result<Vec<T>> {
        Pager::new(self, list, None).all().await
    }

    /// A list with the proof that it is complete.
    pub async fn proven_list<T: Row + DeserializeOwned + Send + Sync>(
        &self,
        list: &List,
        belongs: &(dyn Fn(&T) -> bool + Sync),
    ) -> Result<Listing<T>> {
        let kind = Kind { what: list.what, id: &id_of::<T>, belongs };
        proven(
            &kind,
            || self.count(&list.path, list.condition.as_ref()),
            |expected| Pager::new(self, list, Some(expected)).all(),
        )
        .await
    }
}

/// What the `Link` header says about the next page.
fn next_page(reply: &Reply) -> Next {
    let Some(link) = reply.header("link") else { return Next::Silent };
    let mut rest = link;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        let target = &rest[open + 1..open + close];
        let after = &rest[open + close + 1..];
        let parameters_end = after.find('<').unwrap_or(after.len());
        let relation = after[..parameters_end].to_ascii_lowercase().replace(['"', ' '], "");
        if relation.contains("rel=next") {
            let query = parameters(target);
            let id = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("pageid"));
            return id.and_then(|(_, id)| id.parse().ok()).map_or(Next::Page, Next::After);
        }
        rest = &after[parameters_end..];
    }
    Next::End
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn link(text: Option<&str>) -> Next {
        let mut headers = HeaderMap::new();
        if let Some(text) = text {
            headers.insert("link", text.parse().unwrap());
        }
        next_page(&Reply { status: 200, headers, body: Vec::new() })
    }

    #[test]
    fn links_are_understood_as_the_vendor_writes_them() {
        let captured = "<https://sandbox-na.myconnectwise.net/v4_6_release/apis/3.0/company/contacts/?conditions=LastUpdated+%3e%3d+%5b2025-04-01T20%3a02%3a28Z%5d&pageSize=2&page=2>; rel=\"next\"";
        assert_eq!(link(Some(captured)), Next::Page);
        let forward =
            "<https://x/?pageSize=2&pageId=41>; rel=\"next\", <https://x/?pageSize=2>; rel=\"first\"";
        assert_eq!(link(Some(forward)), Next::After(41));
        assert_eq!(
            link(Some("<https://x/?page=3>; rel=\"last\", <https://x/?a=1,2&pageId=5>; rel=\"next\"")),
            Next::After(5)
        );
        assert_eq!(link(Some("")), Next::End);
        assert_eq!(link(Some("<https://x/?page=1>; rel=\"first\"")), Next::End);
        assert_eq!(link(None), Next::Silent);
    }
}
