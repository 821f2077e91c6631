//! A long run against the vendors' real limits, at the pace that a profile has by default, in virtual time: nothing is
//! ever turned away by a limit.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mothball::{
    domain::{Outcome, selection::Scope},
    engine::Ask,
    simulator::{Options, RequestSeen, Simulator, Switches},
};

use super::uniform;
use crate::support::{
    quick::Quick,
    vendor::facts,
    world::{draft, report_of, who},
};

/// Configurations of each client.
const EACH: usize = 200;

/// Retires so many items, all there are, and checks what holds whatever the limits are.
async fn retire(items: usize, psa: &str, switches: Switches) -> Quick {
    let latency = Duration::from_millis(150);
    let options = Options { switches, latency, ..uniform(psa, items / EACH, EACH) };
    let quick = Quick::in_virtual_time(options).await;
    let draft = draft(&quick.engine, Ask::All, Scope::default(), who()).await;
    let finished = quick.engine.start(draft).await.expect("the run starts").wait().await;
    assert!(finished.state.is_success(), "{:?}", finished.state.totals);
    let report = report_of(&quick.engine, &finished);
    assert!(report.success());
    assert_eq!(report.statistics().configs_deactivated, items as u64);
    let plan = finished.plan.as_ref().expect("there was something to do");
    assert_eq!(plan.items().len(), items);
    for item in plan.items() {
        let settled = finished.state.outcome(&item.config_id).expect("the item is settled");
        assert_eq!(settled.outcome, Outcome::Deactivated { verified: true });
    }
    let truth = quick.simulator.truth();
    let still_active =
        plan.items().iter().filter(|item| truth.configurations[item.config_id.as_str()].is_active());
    assert_eq!(still_active.count(), 0);
    assert_eq!(quick.simulator.writes().len(), items, "each was written once");
    nothing_was_turned_away(&quick.simulator, items);
    quick
}

/// No answer turned a request away, and no write was sent more than once.
fn nothing_was_turned_away(simulator: &Simulator, items: usize) {
    let requests = simulator.requests();
    assert_eq!(requests.len() as u64, simulator.count(), "the log has them all");
    let refused = requests.iter().find(|request| request.status >= 300);
    assert!(refused.is_none(), "{refused:?}");
    let facts = facts(simulator.psa());
    let writes = requests.iter().filter(|request| request.route.starts_with(facts.write)).count();
    assert_eq!(writes, items.div_ceil(facts.batch));
}

/// The most requests in any window of that length.
fn most_within(simulator: &Simulator, window: SignedDuration) -> usize {
    most_of(simulator, window, |_| true)
}

fn most_of(simulator: &Simulator, window: SignedDuration, counts: impl Fn(&RequestSeen) -> bool) -> usize {
    let requests = simulator.requests();
    let counted = requests.iter().filter(|request| request.with_credentials && counts(request));
    let times: Vec<Timestamp> = counted.map(|request| request.at).collect();
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

#[tokio::test(start_paused = true)]
async fn connectwise_takes_20_000_changes_below_1_000_requests_a_minute() {
    let mut switches = Switches::default();
    switches.connectwise.requests_per_minute = Some(1000);
    let quick = retire(20_000, "connectwise", switches).await;
    let most = most_within(&quick.simulator, SignedDuration::from_mins(1));
    assert!((400..=500).contains(&most), "the pace is used, and kept: {most} requests in a minute");
    quick.check().await;
}

#[tokio::test(start_paused = true)]
async fn autotask_takes_20_000_changes_with_half_of_each_hours_pool() {
    let quick = retire(20_000, "autotask", Switches::default()).await;
    let most = most_within(&quick.simulator, SignedDuration::from_hours(1));
    assert!((4_500..=5_000).contains(&most), "the share is used, and kept: {most} requests in an hour");
    quick.check().await;
}

#[tokio::test(start_paused = true)]
async fn autotask_leaves_what_other_integrations_use_out_of_its_half() {
    let mut switches = Switches::default();
    // 3,000 of the 10,000 requests of each hour.
    switches.autotask.foreign_per_minute = 50;
    // Three hours' worth: more would only repeat it.
    let quick = retire(6_000, "autotask", switches).await;
    let hour = SignedDuration::from_hours(1);
    let all = most_within(&quick.simulator, hour);
    let looks = |request: &RequestSeen| request.route == "GET /ThresholdInformation";
    let work = most_of(&quick.simulator, hour, |request| !looks(request));
    assert!((1_800..=2_000).contains(&work), "what is left of the half is used, and kept: {work} in an hour");
    // While nothing may be sent the pool is looked at once a minute, and that counts, too.
    assert!(all <= 2_100, "{all} requests in an hour, {work} of them work");
    quick.check().await;
}

#[tokio::test(start_paused = true)]
async fn halopsa_takes_20_000_changes_within_either_of_its_published_limits() {
    for requests_per_window in [700, 300] {
        let mut switches = Switches::default();
        switches.halopsa.requests_per_window = requests_per_window;
        let quick = retire(20_000, "halopsa", switches).await;
        let most = most_within(&quick.simulator, SignedDuration::from_mins(5));
        assert!((200..=240).contains(&most), "the pace is used, and kept: {most} requests in five minutes");
        quick.check().await;
    }
}
