//! What every vendor's room needs to read lists: the loop that proves a listing complete, ids in chunks that fit
//! into an address, and the record that cannot be read found by halving.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{PsaError, port::Result};
use crate::domain::{Incomplete, Listing, listing::Claim};

/// A listing that does not add up is read again so many times: people and RMM tools add records while we read.
const MOST_READINGS: usize = 3;

/// What a proven listing is of.
pub struct Kind<'a, T> {
    /// The vendor's noun for a row.
    pub what: &'a str,
    pub id: &'a (dyn Fn(&T) -> String + Sync),
    /// Whether a row is one of those asked for.
    pub belongs: &'a (dyn Fn(&T) -> bool + Sync),
}

/// What one reading of a list brought: its rows, and how many there were said to be before the first and after the
/// last of them was read.
pub struct Reading<T> {
    pub rows: Vec<T>,
    pub before: u64,
    pub after: u64,
}

/// Counts, reads, counts again, and proves; again, at most twice, while the counts may still settle. `read` is told
/// how many rows to expect.
pub async fn proven<T, C, CF, R, RF>(kind: &Kind<'_, T>, count: C, read: R) -> Result<Listing<T>>
where
    C: Fn() -> CF,
    CF: Future<Output = Result<u64>>,
    R: Fn(u64) -> RF,
    RF: Future<Output = Result<Vec<T>>>,
{
    // The count after a reading serves as the one before the next.
    let last = Mutex::new(None);
    let last = &last;
    let (count, read) = (&count, &read);
    proven_by_itself(kind, || async move {
        let known = *last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match known {
            Some(before) => before,
            None => count().await?,
        };
        let rows = read(before).await?;
        let after = count().await?;
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(after);
        Ok(Reading { rows, before, after })
    })
    .await
}

/// The same where the list itself says how long it is: reads and proves, again, at most twice, while the counts may
/// still settle.
pub async fn proven_by_itself<T, R, RF>(kind: &Kind<'_, T>, read: R) -> Result<Listing<T>>
where
    R: Fn() -> RF,
    RF: Future<Output = Result<Reading<T>>>,
{
    let mut readings = 0;
    loop {
        let Reading { rows, before, after } = read().await?;
        readings += 1;
        let claim = Claim { what: kind.what, before, after, id: &kind.id, belongs: &kind.belongs };
        match Listing::prove(rows, &claim) {
            Ok(listing) => return Ok(listing),
            Err(incomplete) if incomplete.may_settle() && readings < MOST_READINGS => {
                tracing::warn!(%incomplete, readings, "reading again");
            }
            Err(incomplete) => return Err(incomplete.into()),
        }
    }
}

/// The proof where each id that was asked for is there: nothing can be missing, so nothing needs counting.
pub fn all_there<T>(rows: Vec<T>, asked: u64, kind: &Kind<'_, T>) -> Option<Listing<T>> {
    let claim = Claim { what: kind.what, before: asked, after: asked, id: &kind.id, belongs: &kind.belongs };
    Listing::prove(rows, &claim).ok()
}

/// No tenant has more; a PSA that sends pages for ever is not believed.
pub const MOST_PAGES: usize = 20_000;

/// A page of a list, and where the next one begins; `None` after the last.
pub struct Page<T, S> {
    pub rows: Vec<T>,
    pub next: Option<S>,
}

/// Reads a list page by page to its end.
///
/// # Errors
/// [`PsaError::Unreadable`] for a PSA that sends the same page again and again, or pages without end.
pub async fn pages<T, S, F, Fut>(kind: &Kind<'_, T>, first: S, read: F) -> Result<Vec<T>>
where
    F: Fn(S) -> Fut,
    Fut: Future<Output = Result<Page<T, S>>>,
{
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = Some(first);
    for _ in 0..MOST_PAGES {
        let Some(from) = next else { return Ok(rows) };
        let page = read(from).await?;
        let new = page.rows.iter().filter(|row| seen.insert((kind.id)(row))).count();
        if new == 0 && !page.rows.is_empty() && page.next.is_some() {
            let message = format!("it sends the same page of {} again instead of the next", kind.what);
            return Err(PsaError::Unreadable { message });
        }
        next = page.next;
        rows.extend(page.rows);
    }
    Err(PsaError::Unreadable { message: format!("it sends pages of {} without end", kind.what) })
}

/// Ids in as few chunks as possible, of about the same size, whose texts take at most `room` characters with one
/// more for each comma.
pub fn chunks(ids: &[i64], room: usize) -> Vec<Vec<i64>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let width = |id: &i64| id.to_string().len() + 1;
    let total: usize = ids.iter().map(width).sum();
    let Some(widest) = ids.iter().map(width).max() else { return Vec::new() };
    // A chunk closes as soon as it is as long as its share, so it may be one id longer than that.
    let room = room.max(widest * 2) - widest;
    let share = total.div_ceil(total.div_ceil(room).max(1));
    let mut chunks = Vec::new();
    let mut chunk = Vec::new();
    let mut length = 0;
    for id in ids {
        length += width(&id);
        chunk.push(id);
        if length >= share {
            chunks.push(std::mem::take(&mut chunk));
            length = 0;
        }
    }
    if !chunk.is_empty() {
        chunks.push(chunk);
    }
    chunks
}

/// Does the same for every chunk, a few at once, and keeps their order.
pub async fn each<C, T, F, Fut>(chunks: Vec<C>, at_once: usize, work: F) -> Result<Vec<T>>
where
    F: Fn(C) -> Fut,
    Fut: Future<Output = Result<T>>,
{
    stream::iter(chunks).map(work).buffered(at_once.max(1)).try_collect().await
}

/// What a by-id read found.
pub struct ById<T> {
    pub found: BTreeMap<i64, T>,
    /// Records that make the PSA fail whenever they are among those asked for.
    pub unreadable: BTreeMap<i64, String>,
}

/// Reads records by id. Where the PSA fails over a whole batch again and again, halves it until the records that it
/// fails over are alone.
///
/// # Errors
/// Whatever is not one record's fault.
pub async fn by_id<T, R, RF>(ids: Vec<i64>, read: R) -> Result<ById<T>>
where
    R: Fn(Vec<i64>, bool) -> RF,
    RF: Future<Output = Result<Vec<(i64, T)>>>,
{
    let mut result = ById { found: BTreeMap::new(), unreadable: BTreeMap::new() };
    let mut open = vec![(ids, false)];
    while let Some((batch, halved)) = open.pop() {
        if batch.is_empty() {
            continue;
        }
        match read(batch.clone(), halved).await {
            Ok(rows) => {
                for (id, row) in rows {
                    if !batch.contains(&id) {
                        return Err(
                            Incomplete::Foreign { what: "record".to_owned(), id: id.to_string() }.into()
                        );
                    }
                    result.found.insert(id, row);
                }
            }
            Err(PsaError::Refused { status: 500, message }) => {
                if let [only] = batch[..] {
                    result.unreadable.insert(only, message);
                    continue;
                }
                if result.unreadable.len() >= 20 {
                    return Err(PsaError::Refused { status: 500, message });
                }
                let half = batch.len() / 2;
                open.push((batch[half..].to_vec(), true));
                open.push((batch[..half].to_vec(), true));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_hold_every_id_once_and_fit(ids in proptest::collection::btree_set(1i64..10_000_000, 0..600), room in 20usize..1500) {
            let ids: Vec<i64> = ids.into_iter().collect();
            let made = chunks(&ids, room);
            prop_assert_eq!(made.concat(), ids);
            for chunk in &made {
                let length: usize = chunk.iter().map(|id| id.to_string().len() + 1).sum();
                prop_assert!(length <= room, "{} > {}", length, room);
            }
        }
    }

    #[tokio::test]
    async fn pages_are_read_to_their_end_and_never_for_ever() {
        let kind: Kind<'_, u64> = Kind { what: "row", id: &|row| row.to_string(), belongs: &|_| true };
        let three = |at: u64| async move {
            Ok(Page { rows: vec![2 * at, 2 * at + 1], next: (at < 2).then(|| at + 1) })
        };
        assert_eq!(pages(&kind, 0, three).await.unwrap(), [0, 1, 2, 3, 4, 5]);
        let same = |at: u64| async move { Ok(Page { rows: vec![1, 2], next: Some(at + 1) }) };
        assert!(matches!(pages(&kind, 0, same).await, Err(PsaError::Unreadable { .. })));
        let empty = |at: u64| async move { Ok(Page { rows: Vec::<u64>::new(), next: Some(at + 1) }) };
        assert!(matches!(pages(&kind, 0, empty).await, Err(PsaError::Unreadable { .. })));
    }

    #[tokio::test]
    async fn rows_added_while_reading_are_settled_by_reading_again_at_most_twice() {
        let kind: Kind<'_, u64> = Kind { what: "row", id: &|row| row.to_string(), belongs: &|_| true };
        for (changes, settles) in [(0, true), (1, true), (2, true), (3, false)] {
            let there = AtomicU64::new(5);
            let readings = AtomicU64::new(0);
            let listing = proven(
                &kind,
                || async { Ok(there.load(Ordering::Relaxed)) },
                |_| async {
                    let rows = (0..there.load(Ordering::Relaxed)).collect();
                    if readings.fetch_add(1, Ordering::Relaxed) < changes {
                        there.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(rows)
                },
            )
            .await;
            assert_eq!(listing.is_ok(), settles, "{changes} changes");
            assert_eq!(readings.load(Ordering::Relaxed), (changes + 1).min(3));
        }
    }

    #[tokio::test]
    async fn the_record_that_breaks_a_batch_is_found_by_halving() {
        let asked = AtomicU64::new(0);
        let read = by_id((1..=200).collect(), |batch: Vec<i64>, _| {
            asked.fetch_add(1, Ordering::Relaxed);
            async move {
                if batch.contains(&77) {
                    Err(PsaError::Refused { status: 500, message: "bad Boolean".into() })
                } else {
                    Ok(batch.into_iter().filter(|id| *id != 5).map(|id| (id, ())).collect())
                }
            }
        })
        .await
        .unwrap();
        assert_eq!(read.found.len(), 198);
        assert_eq!(read.unreadable.keys().copied().collect::<Vec<_>>(), [77]);
        assert!(asked.load(Ordering::Relaxed) <= 17);
    }
}
