//! `mothball simulate`: a simulated PSA on loopback, for whoever wants to try a client against it.

use std::time::Duration;

use super::{
    args::{Simulate, World},
    print::{self, Failure},
};
use crate::{
    domain::ExitCode,
    simulator::{self, Options, Simulator, Switches, faults},
    system::signals::Stops,
};

pub async fn simulate(args: &Simulate) -> Result<ExitCode, Failure> {
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let simulator = start(&args.world, args.port).await?;
    print::out(&format!("{}\n", simulator.ready_line()));
    stops.next().await;
    simulator.shutdown().await;
    Ok(ExitCode::Success)
}

/// Starts the simulator that the arguments describe.
pub async fn start(world: &World, port: u16) -> Result<Simulator, Failure> {
    let known = simulator::psas();
    if !known.contains(&world.psa.as_str()) {
        return Err(Failure::usage(
            format!("there is no simulator for \"{}\"", world.psa),
            format!("There is one for: {}.", known.join(", ")),
        ));
    }
    let plan: faults::Plan = world.faults.parse().map_err(|error: faults::ParseError| {
        Failure::usage(error.to_string(), "See `mothball simulate --help` for the form.")
    })?;
    let mut switches = Switches::default();
    for switch in &world.switches {
        switches.set(&world.psa, switch).map_err(|error| Failure::usage(error.to_string(), ""))?;
    }
    let options = Options {
        psa: world.psa.clone(),
        port,
        seed: world.seed,
        clients: world.clients,
        configurations: world.configurations,
        latency: Duration::from_millis(world.latency_ms),
        faults: plan,
        switches,
        ..Options::default()
    };
    Simulator::start(options).await.map_err(|error| {
        Failure::usage(
            format!("the simulator could not start on port {port}: {error}"),
            "Pick another port with --port, or 0 for a free one.",
        )
    })
}
