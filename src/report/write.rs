//! Reports as files: whole or not there, readable by their owner alone.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::export::{Sheet, Wish, sheets};
use crate::{
    domain::{document::Report, text::harmless_json},
    system::files::{create_private_folder, write_atomically},
};

#[derive(Debug, Error)]
#[error("the report could not be written to {}: {source}", path.display())]
pub struct WriteError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Pretty-printed JSON with a line feed at the end.
pub fn to_json(report: &Report) -> String {
    let mut json = serde_json::to_string_pretty(report).unwrap_or_else(|error| {
        // Every map in the document has text keys, so this cannot happen; if it does, say so in JSON.
        serde_json::json!({ "success": false, "error": error.to_string() }).to_string()
    });
    json.push('\n');
    harmless_json(&json)
}

/// `mothball-<run>.json`
pub fn file_name(report: &Report) -> String {
    format!("mothball-{}.json", report.run().run_id)
}

pub fn write_file(report: &Report, path: &Path) -> Result<(), WriteError> {
    write_text(&to_json(report), path)
}

/// An export that is one file.
pub fn write_text(text: &str, path: &Path) -> Result<(), WriteError> {
    write_atomically(path, text.as_bytes()).map_err(|source| WriteError { path: path.to_owned(), source })
}

/// One document per client and the joint one. Tells the joint one's path.
pub fn write_folder(report: &Report, folder: &Path) -> Result<PathBuf, WriteError> {
    // JSON for the house is always to be had.
    let sheets = sheets(report, &Wish::default()).unwrap_or_default();
    write_sheets(&sheets, folder)?;
    Ok(folder.join(file_name(report)))
}

/// Each document as a file of its own.
pub fn write_sheets(sheets: &[Sheet], folder: &Path) -> Result<(), WriteError> {
    create_private_folder(folder).map_err(|source| WriteError { path: folder.to_owned(), source })?;
    sheets.iter().try_for_each(|sheet| write_text(&sheet.text, &folder.join(&sheet.name)))
}
