//! Reports as files: whole or not there, readable by their owner alone.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

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
    write_atomically(path, to_json(report).as_bytes())
        .map_err(|source| WriteError { path: path.to_owned(), source })
}

/// One document per client and the joint one. Tells the joint one's path.
pub fn write_folder(report: &Report, folder: &Path) -> Result<PathBuf, WriteError> {
    create_private_folder(folder).map_err(|source| WriteError { path: folder.to_owned(), source })?;
    let run = &report.run().run_id;
    for (at, client) in report.clients().iter().enumerate() {
        let id = client.client_id.as_ref().map_or_else(|| format!("unknown-{at}"), |id| plain(id.as_str()));
        let single = Report::Client(Box::new(client.clone()));
        write_file(&single, &folder.join(format!("mothball-{run}-client-{id}.json")))?;
    }
    let path = folder.join(file_name(report));
    write_file(report, &path)?;
    Ok(path)
}

/// An id as part of a file's name: what is not a letter or digit becomes an underscore.
fn plain(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect()
}
