//! `mothball audit`: is the record of every run as it was written, what does it say, and what of it may go.

mod archive;
mod export;
mod prune;
mod reports;
mod verify;

use super::{
    args::{Audit, Global},
    context::{data_dir, load_settings},
    print::Failure,
    stores::{self, Which},
};
use crate::{
    domain::{ExitCode, Timestamp},
    settings::{Settings, SettingsError},
    store::{self, StoreError, prune::OldRun},
    system::Clock,
};

pub async fn audit(global: &Global, args: &Audit) -> Result<ExitCode, Failure> {
    let data_dir = data_dir(global)?;
    let which = stores::which(global).await?;
    let store = which.open().await.map_err(|error| match (error, &which) {
        (error @ StoreError::Corrupt { .. }, Which::Folder(folder)) => Failure {
            code: ExitCode::Safeguard,
            message: error.to_string(),
            advice: format!(
                "Change nothing in {} and copy all of it, then put the newest backup of mothball.db in a directory of its own: mothball --data-dir DIR audit verify --report {}",
                folder.display(),
                folder.join("reports").display()
            ),
        },
        (error, _) => error.into(),
    })?;
    let store = store.as_ref();
    match args {
        Audit::Verify(args) => verify::verify(store, &which, &data_dir, args).await,
        Audit::Export(args) => export::export(store, &data_dir, args, global.profile.as_deref()).await,
        Audit::Prune(args) => {
            let settings = settings(global)?;
            prune::prune(store, &data_dir, args, settings.as_ref()).await
        }
    }
}

/// How long runs are kept, where no settings file says it.
pub const RETENTION_DAYS: u32 = 400;

/// The settings, if there are any: the store can be looked at without.
fn settings(global: &Global) -> Result<Option<Settings>, Failure> {
    match Settings::load(global.config.as_deref()) {
        Err(SettingsError::NotFound { .. }) if global.config.is_none() => Ok(None),
        _ => load_settings(global).map(Some),
    }
}

/// The runs that are older than `days`.
pub async fn old_runs(store: &dyn store::Store, days: u32) -> Result<Vec<OldRun>, StoreError> {
    let before = now().plus_seconds(-i64::from(days) * 24 * 60 * 60);
    store::prune::old_runs(store, before).await
}

/// What lists say about runs that may go; nothing if there are none.
pub fn reminder(old: &[OldRun], days: u32) -> Option<String> {
    let free = old.iter().filter(|one| one.needed.is_none()).count();
    (free > 0).then(|| {
        format!(
            "{} older than {days} days (store.retention_days) and stay until somebody removes them: mothball audit prune",
            if free == 1 { "1 run is".to_owned() } else { format!("{free} runs are") }
        )
    })
}

fn now() -> Timestamp {
    Timestamp::new(Clock::system().now())
}
