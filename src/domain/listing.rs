//! Lists that come with the proof that they are complete. There is no other way to make one.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// Rows of the PSA, proven complete when they were made: counted before and after, every row belongs
/// to what was asked, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    rows: Vec<T>,
}

/// Why rows are no listing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Incomplete {
    #[error("the PSA counts {before} {what} before and {after} after reading, but sent {received}")]
    Count { what: String, before: u64, after: u64, received: u64 },
    #[error("the PSA sent {what} {id}, which was not asked for: it ignored the filter")]
    Foreign { what: String, id: String },
    #[error("{what} {id} cannot be read: {why}")]
    Unreadable { what: String, id: String, why: String },
}

impl Incomplete {
    /// A record that does not say whether it is active: it may be taken for neither.
    pub fn unmarked(what: &str, id: impl std::fmt::Display) -> Self {
        let why = "the PSA does not show whether it is active".to_owned();
        Self::Unreadable { what: what.to_owned(), id: id.to_string(), why }
    }

    /// Whether reading again may help: records were added or removed while we read.
    pub fn may_settle(&self) -> bool {
        matches!(self, Self::Count { .. })
    }
}

/// What a proof needs besides the rows.
pub struct Claim<'a, T> {
    /// The vendor's noun for a row, for messages.
    pub what: &'a str,
    /// What the PSA counted before the first row was read.
    pub before: u64,
    /// What it counted after the last one.
    pub after: u64,
    pub id: &'a dyn Fn(&T) -> String,
    /// Whether a row is one of those asked for.
    pub belongs: &'a dyn Fn(&T) -> bool,
}

impl<T> Listing<T> {
    /// Makes a listing of rows that keep what is claimed of them.
    ///
    /// # Errors
    /// [`Incomplete`] if a row was not asked for or the counts do not add up.
    pub fn prove(rows: Vec<T>, claim: &Claim<'_, T>) -> Result<Self, Incomplete> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let id = (claim.id)(&row);
            if !(claim.belongs)(&row) {
                return Err(Incomplete::Foreign { what: claim.what.to_owned(), id });
            }
            if seen.insert(id) {
                kept.push(row);
            }
        }
        let unique = kept.len() as u64;
        if unique != claim.before || unique != claim.after {
            return Err(Incomplete::Count {
                what: claim.what.to_owned(),
                before: claim.before,
                after: claim.after,
                received: unique,
            });
        }
        Ok(Self { rows: kept })
    }

    /// A listing of nothing, because nothing was asked for.
    pub fn nothing() -> Self {
        Self { rows: Vec::new() }
    }

    /// Listings of disjoint chunks, each proven on its own.
    #[must_use]
    pub fn joined(parts: impl IntoIterator<Item = Self>) -> Self {
        Self { rows: parts.into_iter().flat_map(|part| part.rows).collect() }
    }

    /// The same rows in other words; the proof stays with them.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Listing<U>, E> {
        Ok(Listing { rows: self.rows.into_iter().map(f).collect::<Result<_, E>>()? })
    }

    /// The same rows in other words; the proof stays with them.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Listing<U> {
        Listing { rows: self.rows.into_iter().map(f).collect() }
    }

    /// Fewer rows, for a reason of ours. What is left is still known to be all of its kind.
    #[must_use]
    pub fn narrowed(mut self, keep: impl FnMut(&T) -> bool) -> Self {
        self.rows.retain(keep);
        self
    }

    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    pub fn into_rows(self) -> Vec<T> {
        self.rows
    }

    pub fn by_key<K: Ord>(&self, key: impl Fn(&T) -> K) -> BTreeMap<K, &T> {
        self.rows.iter().map(|row| (key(row), row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prove(rows: Vec<u32>, before: u64, after: u64) -> Result<Listing<u32>, Incomplete> {
        let claim = Claim {
            what: "row",
            before,
            after,
            id: &|row: &u32| row.to_string(),
            belongs: &|row| *row < 1000,
        };
        Listing::prove(rows, &claim)
    }

    #[test]
    fn a_foreign_row_is_refused_for_good() {
        let refused = prove(vec![1, 2000], 2, 2).unwrap_err();
        assert!(matches!(&refused, Incomplete::Foreign { id, .. } if id == "2000"));
        assert!(!refused.may_settle());
    }

    #[test]
    fn a_row_that_came_twice_is_kept_once_and_nothing_is_lost_on_the_way() {
        let listing = prove(vec![3, 1, 3, 2], 3, 3).unwrap();
        assert_eq!(listing.rows(), [3, 1, 2]);
        let doubled = listing.clone().map(|row| row * 2);
        assert_eq!(doubled.by_key(|row| *row).into_keys().collect::<Vec<_>>(), [2, 4, 6]);
        let joined = Listing::joined([listing, doubled.narrowed(|row| *row > 2)]);
        assert_eq!(joined.into_rows(), [3, 1, 2, 6, 4]);
    }

    proptest! {
        #[test]
        fn only_exact_counts_pass(rows in proptest::collection::btree_set(0u32..1000, 0..50), before in 0u64..50, after in 0u64..50) {
            let n = rows.len() as u64;
            let proven = prove(rows.into_iter().collect(), before, after);
            prop_assert_eq!(proven.is_ok(), before == n && after == n);
        }

        #[test]
        fn a_repeated_page_never_hides_a_missing_one(rows in proptest::collection::btree_set(0u32..1000, 2..50), missing in 0usize..50) {
            let all: Vec<u32> = rows.into_iter().collect();
            let n = all.len() as u64;
            let mut sent = all.clone();
            let at = missing % sent.len();
            sent[at] = all[(at + 1) % all.len()];
            prop_assert!(prove(sent, n, n).is_err());
        }
    }
}
