//! `mothball demo`: the screen on a simulated PSA. Needs no settings, touches nothing real.

use std::path::PathBuf;

use super::{
    args::{Demo, Global},
    context::{Context, data_dir},
    print::Failure,
    review::show,
    simulate::start,
};
use crate::{domain::ExitCode, settings::Settings, tui::desk::Mode};

/// What a PSA takes to answer, so that there is something to see.
const LATENCY_MS: u64 = 40;

pub async fn demo(global: &Global, args: &Demo) -> Result<ExitCode, Failure> {
    let mut world = args.world.clone();
    if world.latency_ms == 0 {
        world.latency_ms = LATENCY_MS;
    }
    let simulator = start(&world, 0).await?;
    let text = simulator.sample_settings();
    let settings = Settings::parse(&text, &PathBuf::from("the demo's settings"))
        .map_err(|error| Failure::usage(error.to_string(), ""))?;
    // The demo's journal is kept apart from that of real runs.
    let global = Global { data_dir: Some(data_dir(global)?.join("demo")), profile: None, ..global.clone() };
    let context = Context::with_settings(settings, &global, true).await?;
    let left = show(context, Mode::Demo, &global, &args.screen).await;
    simulator.shutdown().await;
    left
}
