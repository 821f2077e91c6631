//! Where a report goes: the store, the data directory, and where the person wants it.

use std::path::{Path, PathBuf};

use super::{
    context::Context,
    print::{self, Failure},
};
use crate::{
    domain::{ExitCode, document::Report},
    report::{file_name, to_json, write_file, write_folder},
};

/// Keeps the report in the store and in the data directory, then hands it over. A place that cannot be
/// written loses nothing: the copy in the data directory is named.
pub async fn deliver(context: &Context, report: &Report, output: Option<&Path>) -> Result<(), Failure> {
    let kept = keep(context, report).await;
    let Some(output) = output else {
        print::out(&to_json(report));
        return kept.map(|_| ());
    };
    hand_over(report, output).map_err(|error| {
        let advice = match &kept {
            Ok(path) => format!("The report is kept at {}", path.display()),
            Err(failure) => failure.message.clone(),
        };
        Failure { code: ExitCode::Usage, message: error, advice }
    })?;
    kept.map(|_| ())
}

/// Saves the report beside the store, and in it.
pub async fn keep(context: &Context, report: &Report) -> Result<PathBuf, Failure> {
    let run = &report.run().run_id;
    let json = serde_json::to_value(report).unwrap_or_default();
    if let Err(error) = context.engine.store.save_report(run, &json).await {
        tracing::warn!(%error, "the report is not in the store");
    }
    let folder = context.report_folder();
    let path = folder.join(file_name(report));
    crate::system::files::create_private_folder(&folder)
        .map_err(|error| error.to_string())
        .and_then(|()| write_file(report, &path).map_err(|error| error.to_string()))
        .map_err(|message| Failure {
            code: ExitCode::Usage,
            message: format!("no copy of the report could be kept: {message}"),
            advice: format!(
                "Make room for {}, or make it writable, then: mothball runs export {run}",
                folder.display()
            ),
        })?;
    Ok(path)
}

/// A directory gets one document per client and the joint one; a file gets the one document.
pub fn hand_over(report: &Report, output: &Path) -> Result<(), String> {
    let written =
        if is_folder(output) { write_folder(report, output).map(|_| ()) } else { write_file(report, output) };
    written.map_err(|error| error.to_string())
}

/// A directory is one that is there, or that is named as one.
pub fn is_folder(output: &Path) -> bool {
    output.is_dir() || output.to_string_lossy().ends_with('/')
}
