//! `mothball runs`: what earlier runs did.

mod approve;
mod export;
mod recheck;
mod resume;
mod show;
mod undo;

pub use export::report_of;

use super::{
    args::{Global, Resume, Runs},
    context::{data_dir, open_store},
    deliver::hand_over,
    print::{self, Failure},
};
use crate::{
    domain::{
        ExitCode, RunId, Timestamp,
        text::{harmless_json, visible},
    },
    engine::expire_overdue,
    report,
    store::{RunSummary, StoredRun},
    system::Clock,
};

pub async fn runs(global: &Global, args: &Runs) -> Result<ExitCode, Failure> {
    let store = open_store(&data_dir(global)?).await?;
    let broken = |error: crate::store::StoreError| Failure::usage(error.to_string(), error.advice());
    expire_overdue(store.as_ref(), Timestamp::new(Clock::system().now())).await.map_err(broken)?;
    match args {
        Runs::List { json, limit } => {
            let runs = store.runs(*limit).await.map_err(broken)?;
            if *json {
                let list: Vec<_> = runs.iter().map(summary).collect();
                let json = serde_json::to_string_pretty(&list).unwrap_or_default();
                print::out(&format!("{}\n", harmless_json(&json)));
            } else if runs.is_empty() {
                print::tell("no runs yet");
            } else {
                for run in runs {
                    print::out(&format!(
                        "{}  {}  {:18} {:>5} changed {:>5} skipped {:>5} errors  {}{}\n",
                        run.header.run,
                        run.header.started_at.minutes(),
                        run.phase.words(),
                        run.changed(),
                        run.skipped(),
                        run.errors(),
                        visible(&run.header.profile),
                        if run.header.dry_run { "  (dry run)" } else { "" },
                    ));
                }
            }
        }
        Runs::Show { id, recheck } => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            if *recheck {
                return recheck::recheck(global, run).await;
            }
            show::show(&run);
        }
        Runs::Resume(Resume { id: Some(id), output, .. }) => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            drop(store);
            return resume::resume(global, run, output).await;
        }
        Runs::Resume(Resume { output, .. }) => return resume::resume_all(global, store, output).await,
        Runs::Undo(args) => {
            let run = match &args.id {
                Some(id) => Some(find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?),
                None => None,
            };
            drop(store);
            return undo::undo(global, args, run).await;
        }
        Runs::Approve(args) => {
            let run = find(store.run(&RunId::from(args.id.as_str())).await.map_err(broken)?, &args.id)?;
            drop(store);
            return approve::approve(global, run, args).await;
        }
        Runs::Reject { id } => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            drop(store);
            return approve::reject(global, run).await;
        }
        Runs::Export { id, output } => {
            let run = find(store.run(&RunId::from(id.as_str())).await.map_err(broken)?, id)?;
            let report = report_of(&run)?;
            match output {
                None => print::out(&report::to_json(&report)),
                Some(path) => hand_over(&report, path)
                    .map_err(|error| Failure::usage(error, "Name another place with --output."))?,
            }
        }
    }
    Ok(ExitCode::Success)
}

/// One run of the list, as JSON.
fn summary(run: &RunSummary) -> serde_json::Value {
    serde_json::json!({
        "run": run.header.run,
        "started_at": run.header.started_at,
        "profile": run.header.profile,
        "tenant": run.header.tenant.as_ref().map(ToString::to_string),
        "phase": run.phase,
        "dry_run": run.header.dry_run,
        "changed": run.changed(),
        "skipped": run.skipped(),
        "errors": run.errors(),
    })
}

fn find(run: Option<StoredRun>, id: &str) -> Result<StoredRun, Failure> {
    run.ok_or_else(|| Failure::usage(format!("there is no run {id}"), "`mothball runs list` lists them."))
}
