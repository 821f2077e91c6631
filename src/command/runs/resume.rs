//! `mothball runs resume`: a run that was interrupted goes on.

use super::super::{
    args::{Global, Output},
    conduct::{conclude, see_through},
    context::Context,
    print::Failure,
    progress::Style,
};
use crate::{domain::ExitCode, store::StoredRun, system::signals::Stops};

/// Goes on with an interrupted run, on the profile that it was started with unless another is named.
pub async fn resume(global: &Global, run: StoredRun, output: &Output) -> Result<ExitCode, Failure> {
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let profile = global.profile.clone().or_else(|| Some(run.header.profile.clone()));
    let context = Context::open(&Global { profile, ..global.clone() }, false).await?;
    let style = Style::chosen(output.progress, global.quiet);
    let handle = context.engine.resume(run).await?;
    let (finished, stopped) = see_through(&context.engine, style, handle, &mut stops).await;
    conclude(&context, output, style, &finished, stopped).await
}
