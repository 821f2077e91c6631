//! Names in the settings, held against those that the tenant has.

use std::collections::BTreeSet;

use super::{PsaError, port::Result};
use crate::domain::{criteria::CustomField, text::same_name};

/// The ids of names; every name must be there.
pub fn ids_of<'a>(
    what: &str,
    names: &[String],
    known: impl Iterator<Item = (i64, &'a str)>,
) -> Result<Vec<i64>> {
    let known: Vec<(i64, &str)> = known.collect();
    let mut ids = Vec::new();
    for name in names {
        let before = ids.len();
        ids.extend(known.iter().filter(|(_, other)| same_name(other, name)).map(|(id, _)| *id));
        if ids.len() == before {
            return Err(unknown_name(what, name, known.iter().map(|(_, name)| *name)));
        }
    }
    Ok(ids)
}

/// The error for a name that the tenant does not have, the likeliest candidates first.
pub fn unknown_name<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> PsaError {
    let wanted = name.trim().to_lowercase();
    let mut candidates: Vec<(f64, String)> = known
        .filter(|known| !known.trim().is_empty())
        .map(|known| (strsim::jaro_winkler(&wanted, &known.trim().to_lowercase()), known.to_owned()))
        .collect();
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    candidates.dedup_by(|a, b| a.1 == b.1);
    PsaError::UnknownName {
        what: what.to_owned(),
        name: name.to_owned(),
        candidates: candidates.into_iter().map(|(_, name)| name).collect(),
    }
}

/// A field that no record has is a mistake in the settings, not a field that nobody filled.
pub fn known_field(what: &str, field: &CustomField, known: BTreeSet<&str>) -> Result<()> {
    if known.iter().any(|name| same_name(name, &field.name)) {
        Ok(())
    } else {
        Err(unknown_name(what, &field.name, known.into_iter()))
    }
}

pub fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
