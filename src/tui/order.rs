//! The order of rows: by a column, names breaking ties, ids breaking those.

use std::sync::Arc;

use super::model::{data::Entry, review::Sort};

/// A row that is to be put in order, with how many links it has.
#[derive(Debug, Clone)]
pub struct Place {
    pub at: u32,
    pub entry: Arc<Entry>,
    pub linked: u32,
}

/// Their places in order.
pub fn ordered(mut places: Vec<Place>, sort: &Sort) -> Vec<u32> {
    places.sort_by_cached_key(|place| (place.entry.sort_name(), place.entry.id().clone()));
    if sort.column != super::columns::Column::Name {
        places.sort_by_cached_key(|place| sort.column.sort_key(&place.entry, place.linked));
    }
    if sort.reverse {
        places.reverse();
    }
    places.into_iter().map(|place| place.at).collect()
}
