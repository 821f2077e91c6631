//! What faults cost in time: a run under ten percent of mixed faults that pass, against the same run without, both at
//! the pace that a profile has by default and in virtual time.
//!
//! A 429 is not among them: it is the PSA's word that the client is too fast, and is obeyed, whatever that costs.

use std::time::Duration;

use mothball::simulator::{
    Layout, Options,
    faults::{Kind, Plan, Rule},
};

use super::{
    case::{Case, tell},
    world::Making,
};
use crate::support::vendor::facts;

/// What a request may meet on a bad day.
const PASSING: [Kind; 14] = [
    Kind::Refused,
    Kind::Reset,
    Kind::ResetBeforeWrite,
    Kind::ResetAfterWrite,
    Kind::Truncated,
    Kind::CutShort,
    Kind::Html500,
    Kind::Html502,
    Kind::Html503,
    Kind::Empty504,
    Kind::ErrorAfterCommit,
    Kind::Empty200,
    Kind::InvalidJson,
    Kind::Html200,
];
/// Of the requests, all kinds together.
const SHARE: f64 = 0.1;
const MOST: f64 = 1.35;
/// Items of a run: as many as need no typed confirmation; four times as many where a write takes 25. With much fewer it
/// is the luck of a single reading that decides.
const ITEMS: usize = 500;
const SEEDS: u64 = 5;

/// How long such a run takes, and how many requests went wrong.
fn took(psa: &str, plan: Plan, seed: u64) -> (f64, u64) {
    let layout =
        Layout::Uniform { offboarded: 1, each: if facts(psa).batch > 1 { 4 * ITEMS } else { ITEMS } };
    let latency = Duration::from_millis(150);
    let options = Options { psa: psa.to_owned(), seed, layout, latency, ..Options::default() };
    let name = format!("{psa}, pace, seed {seed}, under \"{plan}\"");
    let making = Making { batch: None, ..Making::new(options) };
    let counted = Case::new(name, making, plan).run().unwrap();
    (counted.took.as_secs_f64(), counted.met)
}

fn ten_percent_of_faults_cost_a_third_at_most(psa: &str) {
    let (healthy, met) = took(psa, Plan::none(), 1);
    assert_eq!(met, 0);
    let ratios: Vec<f64> = (1..=SEEDS)
        .map(|seed| {
            let rules = PASSING.iter().map(|kind| Rule::at_rate(*kind, SHARE / PASSING.len() as f64));
            let (took, met) = took(psa, Plan::of(rules.collect()), seed);
            assert!(met > 0, "{psa}, seed {seed}: nothing went wrong");
            took / healthy
        })
        .collect();
    let told: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    tell(&format!(
        "campaign: pace of {psa}: {healthy:.1} s healthy, under faults {} of that",
        told.join(", ")
    ));
    assert!(ratios.iter().all(|ratio| *ratio <= MOST), "{psa}: {told:?}");
}

#[test]
fn connectwise_takes_a_third_longer_at_most() {
    ten_percent_of_faults_cost_a_third_at_most("connectwise");
}

#[test]
fn autotask_takes_a_third_longer_at_most() {
    ten_percent_of_faults_cost_a_third_at_most("autotask");
}

#[test]
fn halopsa_takes_a_third_longer_at_most() {
    ten_percent_of_faults_cost_a_third_at_most("halopsa");
}
