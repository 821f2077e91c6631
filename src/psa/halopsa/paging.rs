//! Lists, page by page: each page tells how many rows there are in all, a page that cannot be read is read in parts, and
//! a server that knows smaller pages only, or none, is understood.

use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    client::{Api, right},
    wire::integer_of,
};
use crate::{
    domain::{Incomplete, Listing},
    psa::{
        PsaError,
        lenient::{Row, id_of},
        listing::{Kind, Page, Reading, pages, proven_by_itself},
        port::Result,
    },
};

/// Rows of a page of most lists.
pub const PAGE: usize = 250;

/// What is listed.
#[derive(Debug, Clone)]
pub struct List {
    pub path: &'static str,
    /// The member that holds the rows.
    pub key: &'static str,
    /// The noun for a row.
    pub what: &'static str,
    pub query: Vec<(&'static str, String)>,
    pub page: usize,
}

impl List {
    pub fn new(what: &'static str, path: &'static str, key: &'static str) -> Self {
        Self { path, key, what, query: Vec::new(), page: PAGE }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// The same list with another value of a parameter that it has.
    #[must_use]
    pub fn but(mut self, name: &str, value: &impl ToString) -> Self {
        for (known, old) in &mut self.query {
            if *known == name {
                *old = value.to_string();
            }
        }
        self
    }

    /// The query without paging.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

/// An answer with rows: an object with a count, or a bare array.
pub struct Envelope<T> {
    pub rows: Vec<T>,
    /// How many rows there are in all; not told by a bare array.
    pub count: Option<u64>,
    /// How many rows the server takes for a page.
    size: Option<usize>,
}

impl<T: DeserializeOwned> Envelope<T> {
    /// # Errors
    /// [`PsaError::Unreadable`] for an answer without such rows.
    pub fn of(value: Value, list: &List) -> Result<Self> {
        let unreadable = |why: String| PsaError::Unreadable { message: format!("{}: {why}", list.path) };
        let number =
            |members: &serde_json::Map<String, Value>, name: &str| members.get(name).and_then(integer_of);
        let (rows, count, size) = match value {
            Value::Array(_) => (value, None, None),
            Value::Object(mut members) => {
                let count = number(&members, "record_count").and_then(|count| u64::try_from(count).ok());
                let size = number(&members, "page_size").and_then(|size| usize::try_from(size).ok());
                let rows = members.remove(list.key).filter(|rows| !rows.is_null());
                match rows {
                    Some(rows) => (rows, count, size),
                    None if count == Some(0) => (Value::Array(Vec::new()), count, size),
                    None => return Err(unreadable(format!("an answer without \"{}\"", list.key))),
                }
            }
            _ => return Err(unreadable("an answer without rows".to_owned())),
        };
        let rows = serde_json::from_value(rows).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { rows, count, size })
    }
}

/// Where a page begins, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    offset: usize,
    size: usize,
    /// The size of pages that can be read as a whole.
    full: usize,
    /// Where the page that could not be read as a whole ends.
    troubled_until: usize,
}

impl At {
    fn start(full: usize) -> Self {
        Self { offset: 0, size: full, full, troubled_until: 0 }
    }

    /// The same place, a smaller page; `None` if it is one row already.
    fn less(self) -> Option<Self> {
        let size = match self.size {
            0 | 1 => return None,
            size if size % 2 == 0 => size / 2,
            size if size % 5 == 0 => size / 5,
            _ => 1,
        };
        Some(Self { size, troubled_until: self.troubled_until.max(self.offset + self.size), ..self })
    }

    fn next(self) -> Self {
        let offset = self.offset + self.size;
        let size = if offset >= self.troubled_until && offset.is_multiple_of(self.full) {
            self.full
        } else {
            self.size
        };
        Self { offset, size, ..self }
    }
}

/// What the pages said about the length of the list.
#[derive(Default)]
struct Counts {
    first: Option<u64>,
    last: Option<u64>,
    received: usize,
}

impl Api {
    /// A list with the proof that it is complete: as long as its first and as its last page say. Pages are told to
    /// `news` as they arrive.
    pub async fn proven_list<T>(
        &self,
        list: &List,
        belongs: &(dyn Fn(&T) -> bool + Sync),
        news: Option<&mpsc::Sender<Vec<T>>>,
    ) -> Result<Listing<T>>
    where
        T: Row + DeserializeOwned + Clone + Send + Sync,
    {
        let kind = Kind { what: list.what, id: &id_of::<T>, belongs };
        let kind = &kind;
        proven_by_itself(kind, || async move {
            let counts = Mutex::new(Counts::default());
            let counts = &counts;
            let rows = pages(kind, At::start(list.page), |at| async move {
                let page = self.page(list, at, counts).await?;
                // What was not asked for must not be waited for to the end of the list.
                if let Some(row) = page.rows.iter().find(|row| !belongs(row)) {
                    return Err(Incomplete::Foreign { what: list.what.to_owned(), id: id_of(row) }.into());
                }
                if let Some(news) = news
                    && !page.rows.is_empty()
                {
                    // Whoever wanted the news may have left; the listing does not depend on it.
                    let _ = news.send(page.rows.clone()).await;
                }
                Ok(page)
            })
            .await?;
            let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            let told = |count: Option<u64>| count.unwrap_or(rows.len() as u64);
            Ok(Reading { before: told(counts.first), after: told(counts.last), rows })
        })
        .await
    }

    async fn page<T>(&self, list: &List, at: At, counts: &Mutex<Counts>) -> Result<Page<T, At>>
    where
        T: Row + DeserializeOwned,
    {
        let once = at.offset < at.troubled_until;
        let envelope: Envelope<T> = match self.ask(list, at.offset / at.size + 1, at.size, once).await {
            Err(PsaError::Refused { status: 500, message }) => match at.less() {
                Some(less) => return Ok(Page { rows: Vec::new(), next: Some(less) }),
                None => return Err(self.unreadable(list, at.offset, message).await),
            },
            // A part of a troubled page is asked for once; a broken connection is another matter.
            Err(PsaError::Unreachable { gave_up: false, .. } | PsaError::Unreadable { .. }) if once => {
                self.ask(list, at.offset / at.size + 1, at.size, false).await?
            }
            other => other?,
        };
        let mut at = at;
        let got = envelope.rows.len();
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match envelope.count {
            Some(count) => count,
            // A bare array is all there is, if it is not as long as a page.
            None if got < at.size => (counts.received + got) as u64,
            None => {
                let message = format!("{} does not tell how many rows there are", list.path);
                return Err(PsaError::Unreadable { message });
            }
        };
        if at.offset == 0 && got > 0 && got < at.size && (got as u64) < count {
            // The server knows smaller pages only.
            if envelope.size.is_none_or(|size| size == got) {
                at = At::start(got);
            }
        }
        counts.first.get_or_insert(count);
        counts.last = Some(count);
        // A count that is too small shows by the page that follows the last one.
        let confirms = counts.received as u64 >= count;
        counts.received += got;
        let more = got > 0 && ((counts.received as u64) < count || got == at.size && !confirms);
        Ok(Page { rows: envelope.rows, next: more.then(|| at.next()) })
    }

    /// One page of a list, as it comes.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        list: &List,
        number: usize,
        size: usize,
        once: bool,
    ) -> Result<Envelope<T>> {
        let (number, size) = (number.to_string(), size.to_string());
        let mut query = list.pairs();
        query.extend([("pageinate", "true"), ("page_no", &number), ("page_size", &size)]);
        let reply =
            self.get_as(list.path, &query, |request| if once { request.once() } else { request }).await?;
        let value = reply
            .json()
            .map_err(|message| PsaError::Unreadable { message: format!("{}: {message}", list.path) })?;
        Envelope::of(value, list)
    }

    /// How many rows a list has.
    pub async fn count(&self, list: &List) -> Result<u64> {
        let envelope: Envelope<Value> = self.ask(list, 1, 1, false).await?;
        match envelope.count {
            Some(count) => Ok(count),
            None => Err(PsaError::Unreadable {
                message: format!("{} does not tell how many rows there are", list.path),
            }),
        }
    }

    /// Whether a list that is empty may be believed: it is not where the whole tenant has none of these, unless
    /// another list for which the same right is needed has rows.
    pub async fn may_be_empty(&self, whole: &List) -> Result<()> {
        if self.count(whole).await? > 0 {
            return Ok(());
        }
        if let Some(witness) = witness(whole.path)
            && self.count(&witness).await.is_ok_and(|count| count > 0)
        {
            return Ok(());
        }
        Err(PsaError::Permission {
            message: format!(
                "the list of {}s is empty for the whole tenant. This PSA shows missing rights as empty lists: either there are none, or the application or its agent lacks {}",
                whole.what,
                right(whole.path, false)
            ),
        })
    }

    /// The row that cannot be read, named by its id if the PSA tells that much.
    async fn unreadable(&self, list: &List, offset: usize, why: String) -> PsaError {
        let bare = list.clone().with("idonly", &true);
        let id = match self.ask::<super::wire::Named>(&bare, offset + 1, 1, true).await {
            Ok(Envelope { rows, .. }) if rows.len() == 1 && rows[0].id.is_some() => id_of(&rows[0]),
            _ => format!("after {offset} others"),
        };
        Incomplete::Unreadable { what: list.what.to_owned(), id, why }.into()
    }

    /// A short list that is set up by hand: a bare array, or an object with one.
    pub async fn setup_list<T: DeserializeOwned>(&self, list: &List) -> Result<Vec<T>> {
        let reply = self.get(list.path, &list.pairs()).await?;
        let value = reply
            .json()
            .map_err(|message| PsaError::Unreadable { message: format!("{}: {message}", list.path) })?;
        Ok(Envelope::of(value, list)?.rows)
    }
}

/// A list that needs the same right as this one. Many tenants send invoices and none of them recurs [C PSM: path and
/// member].
fn witness(path: &str) -> Option<List> {
    (path == "/RecurringInvoice").then(|| List::new("invoice", "/Invoice", "invoices"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_troubled_page_is_read_in_parts_and_the_next_one_as_a_whole() {
        let mut at = At { offset: 250, ..At::start(250) };
        let mut sizes = Vec::new();
        while let Some(less) = at.less() {
            at = less;
            sizes.push(at.size);
        }
        assert_eq!(sizes, [125, 25, 5, 1]);
        let mut steps = 0;
        while at.offset < 500 {
            assert_eq!(at.offset % at.size, 0);
            at = at.next();
            steps += 1;
        }
        assert_eq!((steps, at.size), (250, 250));
    }

    #[test]
    fn answers_with_rows_come_in_several_forms() {
        let list = List::new("asset", "/Asset", "assets");
        let of = |text: &str| Envelope::<Value>::of(serde_json::from_str(text).unwrap(), &list);
        let paged = of(r#"{"record_count":"7","page_size":2,"assets":[{},{}],"columns":[1]}"#).unwrap();
        assert_eq!((paged.rows.len(), paged.count, paged.size), (2, Some(7), Some(2)));
        assert_eq!(of("[{}]").unwrap().count, None);
        assert_eq!(of(r#"{"record_count":0}"#).unwrap().rows.len(), 0);
        assert_eq!(of(r#"{"record_count":0,"assets":null}"#).unwrap().rows.len(), 0);
        assert!(of(r#"{"record_count":3,"columns":[]}"#).is_err());
        assert!(of("true").is_err());
    }
}
