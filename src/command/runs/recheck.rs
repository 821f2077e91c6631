//! `mothball runs show ID --recheck`: did what the run changed stay so?

use super::super::{args::Global, context::Context, print, print::Failure};
use crate::{
    domain::{
        ExitCode,
        text::{count, visible},
    },
    store::StoredRun,
};

/// Reads what the run changed once more, and says what did not stay so. It is kept with the run.
pub async fn recheck(global: &Global, run: StoredRun) -> Result<ExitCode, Failure> {
    let profile = global.profile.clone().or_else(|| Some(run.header.profile.clone()));
    let context = Context::open(&Global { profile, ..global.clone() }, false).await?;
    let looked = context.engine.look_again(run).await?;
    let nouns = context.engine.psa.nouns();
    let items = count(looked.items, nouns.configuration, nouns.configurations);
    if looked.found.is_empty() {
        print::out(&format!("{items} looked at again: all as the run left them\n"));
    } else {
        print::out(&format!("{items} looked at again:\n"));
        for one in &looked.found {
            print::out(&format!("  {}\n", visible(&one.text)));
        }
    }
    Ok(ExitCode::Success)
}
