//! A long run against the vendors' real limits, at the pace that a profile has by default, in virtual time: nothing is
//! ever turned away by a limit.

use std::time::Duration;

use mothball::{
    domain::{Outcome, selection::Scope},
    engine::{Ask, Finished},
    simulator::{Options, RequestSeen, Simulator, Switches},
};

use super::uniform;
use crate::support::{
    quick::Quick,
    vendor::facts,
    world::{draft, report_of, who},
};

const CLIENTS: usize = 100;
const EACH: usize = 200;
const ITEMS: u64 = (CLIENTS * EACH) as u64;

/// Retires all there is, and checks what holds whatever the limits are.
async fn retire_everything(psa: &str, switches: Switches) -> (Quick, Finished) {
    let latency = Duration::from_millis(150);
    let options = Options { switches, latency, ..uniform(psa, CLIENTS, EACH) };
    let quick = Quick::in_virtual_time(options).await;
    let draft = draft(&quick.engine, Ask::All, Scope::default(), who()).await;
    let finished = quick.engine.start(draft).await.expect("the run starts").wait().await;
    assert!(finished.state.is_success(), "{:?}", finished.state.totals);
    let report = report_of(&quick.engine, &finished);
    assert!(report.success());
    assert_eq!(report.statistics().configs_deactivated, ITEMS);
    let plan = finished.plan.as_ref().expect("there was something to do");
    assert_eq!(plan.items().len() as u64, ITEMS);
    for item in plan.items() {
        let settled = finished.state.outcome(&item.config_id).expect("the item is settled");
        assert_eq!(settled.outcome, Outcome::Deactivated { verified: true });
    }
    let truth = quick.simulator.truth();
    let still_active =
        plan.items().iter().filter(|item| truth.configurations[item.config_id.as_str()].is_active());
    assert_eq!(still_active.count(), 0);
    assert_eq!(quick.simulator.writes().len() as u64, ITEMS, "each was written once");
    (quick, finished)
}

/// No answer turned a request away, none failed, and nothing was sent more than once.
fn nothing_was_turned_away(simulator: &Simulator) {
    let requests = simulator.requests();
    assert_eq!(requests.len() as u64, simulator.count(), "the log has them all");
    let refused: Vec<&RequestSeen> = requests.iter().filter(|request| request.status >= 300).collect();
    assert!(refused.is_empty(), "{} requests were turned away, first {:?}", refused.len(), refused[0]);
    let writes = requests.iter().filter(|request| request.route.starts_with(facts(simulator.psa()).write));
    assert_eq!(writes.count() as u64, ITEMS.div_ceil(facts(simulator.psa()).batch as u64));
}

/// The most requests in any window of that length.
fn most_within(simulator: &Simulator, window: Duration) -> usize {
    let times: Vec<jiff::Timestamp> = simulator.requests().iter().map(|request| request.at).collect();
    let window = jiff::SignedDuration::try_from(window).expect("a window is short");
    let mut first = 0;
    let mut most = 0;
    for (last, at) in times.iter().enumerate() {
        while times[first] + window <= *at {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

async fn a_run_of_20_000_items_is_never_turned_away(psa: &'static str) {
    let (quick, _) = retire_everything(psa, Switches::default()).await;
    nothing_was_turned_away(&quick.simulator);
    println!("{psa} {} {:?}", quick.simulator.count(), quick.simulator.counts());
    println!("{}", quick.engine.clock.now());
    quick.check().await;
}

macro_rules! on_every_psa_in_virtual_time {
    ($($psa:ident),*) => {
        $(mod $psa {
            #[tokio::test(start_paused = true)]
            async fn a_run_of_20_000_items_is_never_turned_away() {
                super::a_run_of_20_000_items_is_never_turned_away(stringify!($psa)).await;
            }
        })*
    };
}

on_every_psa_in_virtual_time!(connectwise, autotask, halopsa);
