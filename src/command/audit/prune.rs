//! `mothball audit prune`: old runs are removed when a person says so, never by themselves.

use std::path::{Path, PathBuf};

use super::{
    super::{
        args::Prune,
        print::{self, Failure},
    },
    RETENTION_DAYS,
    archive::Archive,
    now, old_runs,
    reports::Reports,
};
use crate::{
    domain::{
        ExitCode, Timestamp,
        consent::Person,
        text::{count, visible},
    },
    settings::Settings,
    store::{
        Audit, RunSummary,
        prune::{Cut, OldRun},
    },
    system::{files::create_private_folder, process::user},
};

pub async fn prune(
    store: &dyn Audit,
    data_dir: &Path,
    args: &Prune,
    settings: Option<&Settings>,
) -> Result<ExitCode, Failure> {
    let days = settings.map_or(RETENTION_DAYS, |settings| settings.store.retention_days);
    let old = old_runs(store, days).await?;
    let free: Vec<&OldRun> = old.iter().filter(|one| one.needed.is_none()).collect();
    show(&old, days);
    if free.is_empty() {
        return Ok(ExitCode::Success);
    }
    if !args.yes {
        print::tell(
            "nothing was removed; `mothball audit prune --yes` removes what is named without a \"stays\"",
        );
        return Ok(ExitCode::Success);
    }
    // A pruning would make it look as if what was altered had been in order.
    let reports = Reports::gather(&data_dir.join("reports"), &[])?;
    if !store.audit(&reports.heads).await?.is_whole() {
        return Err(Failure {
            code: ExitCode::Safeguard,
            message: "the record of the runs is not as it was written, so nothing is removed from it"
                .to_owned(),
            advice: "`mothball audit verify` names what is wrong and what to do.".to_owned(),
        });
    }
    let now = now();
    let path = archive_path(data_dir, args.archive.as_deref(), now)?;
    let runs: Vec<RunSummary> = free.iter().map(|one| one.run.clone()).collect();
    let digest = write(store, &path, &runs).await?;
    let operator = settings.map_or_else(user, |settings| settings.operator.clone());
    let cut = Cut {
        at: now,
        by: Person { operator, user: user() }.to_string(),
        archive: path.display().to_string(),
        archive_digest: digest,
        runs,
    };
    if !store.prune(&cut).await? {
        // Nothing was removed, so there is nothing to keep a copy of.
        let _ = std::fs::remove_file(&path);
        return Err(Failure {
            code: ExitCode::Safeguard,
            message: "one of these runs changed meanwhile; nothing was removed".to_owned(),
            advice: "Try again: `mothball audit prune` shows what may go now.".to_owned(),
        });
    }
    let removed = count(cut.runs.len(), "run was", "runs were");
    print::tell(&format!("{removed} removed; they are kept, word for word, in {}", path.display()));
    Ok(ExitCode::Success)
}

fn show(old: &[OldRun], days: u32) {
    for one in old {
        let run = &one.run;
        let fate = match &one.needed {
            Some(why) => format!("stays: {why}"),
            None if one.restorable > 0 => {
                let what = count(one.restorable as usize, "configuration", "configurations");
                format!("goes, and with it the way to set {what} back with `runs undo`")
            }
            None => "goes".to_owned(),
        };
        let line = format!(
            "{}  {}  {:18} {:>5} changed  {}  {fate}",
            run.header.run,
            run.header.started_at.minutes(),
            run.phase.words(),
            run.changed(),
            run.header.profile,
        );
        print::out(&format!("{}\n", visible(&line)));
    }
    let free = old.iter().filter(|one| one.needed.is_none()).count();
    print::tell(&format!(
        "{} older than {days} days (store.retention_days), {free} of them may go",
        count(old.len(), "run is", "runs are"),
    ));
}

/// Where the archive goes. One that is there is never written over.
fn archive_path(data_dir: &Path, asked: Option<&Path>, now: Timestamp) -> Result<PathBuf, Failure> {
    let advice = "Name another file with --archive.";
    let path = if let Some(path) = asked {
        path.to_owned()
    } else {
        let folder = data_dir.join("pruned");
        create_private_folder(&folder).map_err(|error| {
            Failure::usage(format!("{} cannot be made: {error}", folder.display()), advice)
        })?;
        let stamp: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        folder.join(format!("mothball-pruned-{stamp}.jsonl"))
    };
    let absolute = std::path::absolute(&path).unwrap_or(path);
    if absolute.exists() {
        return Err(Failure::usage(format!("{} is there already", absolute.display()), advice));
    }
    Ok(absolute)
}

/// Writes all that is stored of these runs. Returns the digest of the file.
async fn write(store: &dyn Audit, path: &Path, runs: &[RunSummary]) -> Result<String, Failure> {
    let unwritable = |error: std::io::Error| {
        let text = format!("{} cannot be written, so nothing is removed: {error}", path.display());
        Failure::usage(text, "Name another file with --archive.")
    };
    let mut archive = Archive::create(path).map_err(unwritable)?;
    for run in runs {
        let id = &run.header.run;
        let raw = store.raw(id).await?;
        let raw = raw.ok_or_else(|| Failure::usage(format!("run {id} is gone meanwhile"), "Try again."))?;
        archive.add(id, &raw).map_err(unwritable)?;
    }
    archive.finish().map_err(unwritable)
}
