//! `mothball runs`: what earlier runs did.

mod approve;
mod export;
mod recheck;
mod resume;
mod show;
mod undo;

pub use export::report_of;
pub use show::lines as story;

use super::{
    args::{Global, Resume, Runs},
    audit::{RETENTION_DAYS, old_runs, reminder},
    print::{self, Failure},
    stores,
};
use crate::{
    domain::{
        ExitCode, RunId, Timestamp,
        text::{harmless_json, visible},
    },
    engine::expire_overdue,
    settings::Settings,
    store::{Audit, RunSummary, StoredRun},
    system::Clock,
};

pub async fn runs(global: &Global, args: &Runs) -> Result<ExitCode, Failure> {
    let store = stores::which(global).await?.open().await?;
    expire_overdue(store.as_ref(), Timestamp::new(Clock::system().now())).await?;
    match args {
        Runs::List { json, limit } => {
            let runs = store.runs(*limit).await?;
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
                remind(global, store.as_ref()).await?;
            }
        }
        Runs::Show { id, recheck } => {
            let run = find(store.as_ref(), id).await?;
            if *recheck {
                return recheck::recheck(global, run).await;
            }
            show::show(&run);
        }
        Runs::Resume(Resume { id: Some(id), output, .. }) => {
            let run = find(store.as_ref(), id).await?;
            drop(store);
            return resume::resume(global, run, output).await;
        }
        Runs::Resume(Resume { output, .. }) => return resume::resume_all(global, store, output).await,
        Runs::Undo(args) => {
            let run = match &args.id {
                Some(id) => Some(find(store.as_ref(), id).await?),
                None => None,
            };
            drop(store);
            return undo::undo(global, args, run).await;
        }
        Runs::Approve(args) => {
            let run = find(store.as_ref(), &args.id).await?;
            drop(store);
            return approve::approve(global, run, args).await;
        }
        Runs::Reject { id } => {
            let run = find(store.as_ref(), id).await?;
            drop(store);
            return approve::reject(global, run).await;
        }
        Runs::Export(args) => export::export(&find(store.as_ref(), &args.id).await?, args)?,
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
        "operator": run.header.operator,
        "origin": run.header.origin,
        "dry_run": run.header.dry_run,
        "changed": run.changed(),
        "skipped": run.skipped(),
        "errors": run.errors(),
    })
}

async fn find(store: &dyn Audit, id: &str) -> Result<StoredRun, Failure> {
    let run = RunId::from(id);
    if let Some(stored) = store.run(&run).await? {
        return Ok(stored);
    }
    let prunings = store.prunings().await?;
    let pruned = prunings.iter().find(|pruning| pruning.runs.iter().any(|stone| stone.run == run));
    Err(match pruned {
        Some(pruning) => Failure::usage(
            format!("run {id} was pruned at {} by {}", pruning.at.minutes(), pruning.by),
            format!("What it was is kept, word for word, in {}", pruning.archive),
        ),
        None => Failure::usage(format!("there is no run {id}"), "`mothball runs list` lists them."),
    })
}

/// Says what is older than the settings want runs to be kept. Settings that cannot be read are told elsewhere.
async fn remind(global: &Global, store: &dyn Audit) -> Result<(), Failure> {
    let settings = Settings::load(global.config.as_deref());
    let days = settings.map_or(RETENTION_DAYS, |settings| settings.store.retention_days);
    if let Some(text) = reminder(&old_runs(store, days).await?, days) {
        print::tell(&text);
    }
    Ok(())
}
