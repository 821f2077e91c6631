//! The engine on the real adapter, the real store and the simulator.

mod apply;
mod approval;
mod asked;
mod broken_store;
mod census;
mod completeness;
mod crash;
mod discovery;
mod drift;
mod ends;
mod faults;
mod follow_up;
mod glance;
mod holds;
mod limits;
mod missed_events;
mod notes;
mod races;
mod requests;
mod second_look;
mod sign_in;
mod undo;
mod unwritten;
mod windows;

use mothball::{
    domain::{ConfigId, Outcome},
    engine::Finished,
    simulator::{Layout, Options, Simulator},
};

/// One offboarded client with so many active configurations.
pub fn one_client(psa: &str, configurations: usize) -> Options {
    uniform(psa, 1, configurations)
}

fn uniform(psa: &str, offboarded: usize, each: usize) -> Options {
    Options { psa: psa.to_owned(), layout: Layout::Uniform { offboarded, each }, ..Options::default() }
}

/// The offboarded clients of a uniform simulator, by id.
pub fn offboarded(simulator: &Simulator) -> Vec<String> {
    let mut ids: Vec<String> = simulator
        .truth()
        .companies
        .into_values()
        .filter(|company| company.offboarded.any() && !company.deleted && !company.own)
        .map(|company| company.id)
        .collect();
    ids.sort_by_key(|id| id.parse::<u64>().unwrap_or_default());
    ids
}

fn outcome<'a>(finished: &'a Finished, id: &ConfigId) -> &'a Outcome {
    &finished.state.outcome(id).expect("the item is settled").outcome
}
