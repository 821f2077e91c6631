//! Lists, page by page: the address of the next page is posted to with the same body; where it cannot be followed,
//! the largest id so far is where the next page begins, for rows come in the order of their ids [C PK].

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use serde::de::DeserializeOwned;

use super::{
    client::Api,
    filter::{Filter, IN_LIST, PAGE},
    wire,
};
use crate::{
    domain::{Configuration, Listing},
    http::{Tries, Url},
    psa::{
        PsaError,
        lenient::{Row, filled, id_of},
        listing::{Kind, Page, all_there, each, pages, proven},
        port::{News, Result},
    },
};

/// Lists that are read in chunks are read so many chunks at once.
pub const CHUNKS_AT_ONCE: usize = 2;

/// What is listed.
#[derive(Debug, Clone)]
pub struct List {
    /// The noun for a row.
    pub what: &'static str,
    pub entity: &'static str,
    /// Members to send; empty for all.
    pub fields: &'static [&'static str],
    pub filter: Filter,
}

/// Where a page begins.
#[derive(Debug, Clone)]
struct From {
    place: Place,
    /// The largest id so far.
    last: i64,
    received: u64,
}

#[derive(Debug, Clone)]
enum Place {
    Start,
    Next(Url),
    After(i64),
}

impl List {
    pub fn all(what: &'static str, entity: &'static str, fields: &'static [&'static str]) -> Self {
        Self { what, entity, fields, filter: Filter::all() }
    }

    #[must_use]
    pub fn when(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

/// Who is told the pages as they come, and in which words.
pub struct Listener<'a, T> {
    pub to: &'a News,
    pub of: &'a (dyn Fn(&T) -> Option<Configuration> + Sync),
}

impl Api {
    /// A short list that is set up by hand: read to its end, not counted.
    pub async fn short_list<T: Row + DeserializeOwned + Send + Sync>(&self, list: &List) -> Result<Vec<T>> {
        self.rows(list, None, None).await
    }

    /// A list with the proof that it is complete, in the order of ids.
    pub async fn proven_list<T: Row + DeserializeOwned + Send + Sync>(
        &self,
        list: &List,
        belongs: &(dyn Fn(&T) -> bool + Sync),
        listener: Option<&Listener<'_, T>>,
    ) -> Result<Listing<T>> {
        let kind = Kind { what: list.what, id: &id_of::<T>, belongs };
        proven(
            &kind,
            || self.count(list.entity, &list.filter),
            |expected| self.rows(list, Some(expected), listener),
        )
        .await
    }

    /// The rows whose `field` has one of these values, with the proof that none is missing.
    pub async fn proven_of<T: Row + DeserializeOwned + Send + Sync>(
        &self,
        list: &List,
        field: &'static str,
        values: &[i64],
        value: impl Fn(&T) -> Option<i64> + Sync,
    ) -> Result<Vec<T>> {
        let value = &value;
        let parts = each(batches(values), CHUNKS_AT_ONCE, |chunk| async move {
            let asked: BTreeSet<i64> = chunk.iter().copied().collect();
            let filter = match &list.filter {
                filter if *filter == Filter::all() => Filter::one_of(field, &chunk),
                filter => Filter::one_of(field, &chunk).and(filter),
            };
            let list = List { filter, ..list.clone() };
            let belongs = |row: &T| value(row).is_some_and(|value| asked.contains(&value));
            self.proven_list(&list, &belongs, None).await
        })
        .await?;
        Ok(Listing::joined(parts).into_rows())
    }

    /// The rows of these ids; those that are not there are left out. Counted only where one is not.
    pub async fn by_ids<T: Row + DeserializeOwned + Send + Sync>(
        &self,
        list: &List,
        ids: &[i64],
    ) -> Result<Listing<T>> {
        let parts = each(batches(ids), CHUNKS_AT_ONCE, |chunk| async move {
            let asked: BTreeSet<i64> = chunk.iter().copied().collect();
            let list = list.clone().when(Filter::one_of("id", &chunk));
            let belongs = |row: &T| row.id().is_some_and(|id| asked.contains(&id));
            let kind = Kind { what: list.what, id: &id_of::<T>, belongs: &belongs };
            let rows = self.rows(&list, Some(chunk.len() as u64), None).await?;
            match all_there(rows, chunk.len() as u64, &kind) {
                Some(listing) => Ok(listing),
                None => self.proven_list(&list, &belongs, None).await,
            }
        })
        .await?;
        Ok(Listing::joined(parts))
    }

    /// All rows, as they come. `expected` is how many there shall be, if they were counted.
    async fn rows<T: Row + DeserializeOwned + Send + Sync>(
        &self,
        list: &List,
        expected: Option<u64>,
        listener: Option<&Listener<'_, T>>,
    ) -> Result<Vec<T>> {
        if expected == Some(0) {
            return Ok(Vec::new());
        }
        let kind = Kind { what: list.what, id: &id_of::<T>, belongs: &|_| true };
        let seen = Mutex::new(BTreeSet::new());
        let seen = &seen;
        let first = From { place: Place::Start, last: i64::MIN, received: 0 };
        let mut rows = pages(&kind, first, |from| async move {
            let page = self.page::<T>(list, &from).await?;
            if let Some(listener) = listener {
                listener.to.tell(page.rows.iter().filter_map(listener.of).collect()).await;
            }
            let brings_new = {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                page.rows.iter().filter(|row| seen.insert(row.id())).count() > 0
            };
            let mut page = self.turned(list, from, page, expected).await?;
            if !brings_new && expected.is_some() {
                // The same page again. The count will tell, and have the list read again.
                page.next = None;
            }
            Ok(page)
        })
        .await?;
        rows.sort_by_key(Row::id);
        Ok(rows)
    }

    async fn page<T: DeserializeOwned>(&self, list: &List, from: &From) -> Result<Read<T>> {
        let mut by_id = matches!(from.place, Place::After(_));
        let page = match &from.place {
            Place::Start => self.page_of(list, &list.filter, None, Tries::Usual).await?,
            Place::After(id) => self.page_after(list, *id).await?,
            Place::Next(url) => match self.page_of(list, &list.filter, Some(url), Tries::Usual).await {
                // Not every server may know this way; the ids are known everywhere.
                Err(PsaError::Refused { .. }) => {
                    by_id = true;
                    self.page_after(list, from.last).await?
                }
                other => other?,
            },
        };
        let next = page.details.and_then(|details| filled(details.next.as_ref()).map(ToOwned::to_owned));
        let rows = page.items.ok_or_else(|| PsaError::Unreadable {
            message: format!("{}/query: an answer without items", list.entity),
        })?;
        Ok(Read { rows, next, by_id })
    }

    async fn page_after<T: DeserializeOwned>(&self, list: &List, id: i64) -> Result<wire::Page<T>> {
        let filter = Filter::after("id", id).and(&list.filter);
        self.page_of(list, &filter, None, Tries::Usual).await
    }

    /// Where the page after this one begins.
    async fn turned<T: Row>(
        &self,
        list: &List,
        from: From,
        page: Read<T>,
        expected: Option<u64>,
    ) -> Result<Page<T, From>> {
        let received = from.received + page.rows.len() as u64;
        let largest = page.rows.iter().filter_map(Row::id).fold(from.last, i64::max);
        let open = expected.is_none_or(|expected| received < expected);
        let place = match &page.next {
            _ if page.rows.is_empty() => None,
            Some(address) => match self.zone().await?.next_page(list.entity, address) {
                Some(url) if !page.by_id => Some(Place::Next(url)),
                _ => Some(Place::After(largest)),
            },
            // The last page, unless there should be more: a full page without a count, or a count that is not reached.
            None if open && (expected.is_some() || page.rows.len() >= PAGE) => Some(Place::After(largest)),
            None => None,
        };
        Ok(Page { rows: page.rows, next: place.map(|place| From { place, last: largest, received }) })
    }

    /// One page; without the list of fields where this tenant does not take it.
    pub async fn page_of<T: DeserializeOwned>(
        &self,
        list: &List,
        filter: &Filter,
        next: Option<&Url>,
        tries: Tries,
    ) -> Result<wire::Page<T>> {
        let fields = if self.wants_all_fields(list.entity) { &[] } else { list.fields };
        match self.query(list.entity, &filter.listing(fields), next, tries).await {
            Err(PsaError::Refused { status, message }) if !fields.is_empty() && next.is_none() => {
                // A field that this tenant does not have refuses the whole query. If that is not it, the first
                // answer stands.
                let Ok(page) = self.query(list.entity, &filter.listing(&[]), None, tries).await else {
                    return Err(PsaError::Refused { status, message });
                };
                self.note_all_fields(list.entity);
                Ok(page)
            }
            other => other,
        }
    }
}

/// A page as it came.
struct Read<T> {
    rows: Vec<T>,
    next: Option<String>,
    /// From here on the ids say where a page begins.
    by_id: bool,
}

/// Ids in as few chunks as an `in` list allows.
pub fn batches(ids: &[i64]) -> Vec<Vec<i64>> {
    let ids: Vec<i64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    ids.chunks(IN_LIST).map(<[i64]>::to_vec).collect()
}
