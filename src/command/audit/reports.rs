//! Reports as witnesses: each names the last record that its run had when it was made.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::print::Failure;
use crate::{
    domain::{RunId, Timestamp},
    store::{KnownHead, audit::hashes},
};

/// Folders within folders, at most.
const DEPTH: usize = 16;

/// The reports that were looked at, and what they name.
#[derive(Debug, Default)]
pub struct Reports {
    pub count: usize,
    pub heads: Vec<KnownHead>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<String>,
}

impl Reports {
    /// Reads what was named, and the folder where reports are kept. Something named that is no report, or holds none, is
    /// a mistake.
    pub fn gather(kept: &Path, named: &[PathBuf]) -> Result<Self, Failure> {
        let mut reports = Self::default();
        if kept.is_dir() {
            reports.folder(kept, DEPTH);
        }
        for path in named {
            let before = reports.count;
            if path.is_dir() {
                reports.folder(path, DEPTH);
            } else {
                reports.file(path);
            }
            if let Some(why) = reports.unreadable.first() {
                return Err(Failure::usage(why.clone(), "Name reports that mothball wrote, with --report."));
            }
            if reports.count == before {
                let text = format!("{}: there is no report of mothball", path.display());
                return Err(Failure::usage(
                    text,
                    "Name a report, or a directory with reports, with --report.",
                ));
            }
        }
        Ok(reports)
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push(format!("{}: {error}", folder.display())),
        };
        let mut paths: Vec<(PathBuf, bool)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.path(), entry.file_type().ok()?.is_dir())))
            .collect();
        paths.sort();
        for (path, is_folder) in paths {
            if is_folder && depth > 0 {
                self.folder(&path, depth - 1);
            } else if !is_folder && path.extension().is_some_and(|ending| ending == "json") {
                self.file(&path);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) => return self.unreadable.push(format!("{}: {error}", path.display())),
        };
        // Other people's files may lie beside ours.
        let Ok(report) = serde_json::from_slice::<Value>(&text) else { return };
        if !report["schema_version"].is_string() || !report["run_id"].is_string() {
            return;
        }
        self.count += 1;
        let at = report["timestamp"].as_str().and_then(Timestamp::parse);
        let told_by = format!("the report {}", path.display());
        let known = |(run, head): (RunId, String)| KnownHead { run, head, told_by: told_by.clone(), at };
        self.heads.extend(hashes(&report).into_iter().map(known));
    }
}
