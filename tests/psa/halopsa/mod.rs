//! HaloPSA.

mod discovery;
mod doctor;
mod faults;
mod links;
mod older_servers;
mod sign_in;
mod writing;

use mothball::simulator::{Options, Simulator, Switches};

/// A simulated HaloPSA. These tests do not keep to a pace, so it has no limit of requests.
async fn start(mut options: Options) -> Simulator {
    options.switches.halopsa.requests_per_window = 1_000_000;
    crate::psa::start(Options { psa: "halopsa".to_owned(), ..options }).await
}

/// One with these switches set, as the command line gives them.
async fn start_with(pairs: &[&str]) -> Simulator {
    start(Options { switches: switches(pairs), ..Options::default() }).await
}

fn switches(pairs: &[&str]) -> Switches {
    let mut switches = Switches::default();
    for pair in pairs {
        switches.set("halopsa", pair).expect("there is such a switch");
    }
    switches
}

/// Requests to routes that hold this word.
fn asked(simulator: &Simulator, word: &str) -> u64 {
    simulator.counts().iter().filter(|(route, _)| route.contains(word)).map(|(_, count)| count).sum()
}
