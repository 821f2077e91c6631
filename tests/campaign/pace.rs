//! What faults cost in time: a run under ten percent of mixed faults that pass, against the same run without, both at
//! the pace that a profile has by default and in virtual time.

use std::time::Duration;

use mothball::simulator::{
    Layout, Options,
    faults::{Kind, Plan, Rule},
};

use super::{case::Case, world::Making};

/// What a request may meet on a bad day. None of it says that the client is too fast: that has to be obeyed.
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

fn took(psa: &str, items: usize, plan: Plan, seed: u64) -> (f64, u64) {
    let options = Options {
        psa: psa.to_owned(),
        seed,
        layout: Layout::Uniform { offboarded: 1, each: items },
        latency: Duration::from_millis(150),
        ..Options::default()
    };
    let name = format!("{psa}, {items} items, seed {seed}, under {plan}");
    let making = Making { batch: None, ..Making::new(options) };
    let counted = Case::new(name.clone(), making, plan).run().unwrap();
    assert!(counted.success || counted.met > 0, "{name}");
    (counted.took.as_secs_f64(), counted.met)
}

#[test]
fn measure() {
    for psa in ["connectwise", "autotask", "halopsa"] {
        for items in [200, 1000] {
            let (healthy, _) = took(psa, items, Plan::none(), 1);
            for (what, throttled) in [("passing", false), ("passing and 429", true)] {
                let mut kinds = PASSING.to_vec();
                if throttled {
                    kinds.push(Kind::Throttled);
                }
                let rate = 0.1 / kinds.len() as f64;
                let ratios: Vec<String> = (1..=4)
                    .map(|seed| {
                        let rules = kinds.iter().map(|kind| Rule::at_rate(*kind, rate)).collect();
                        let (took, met) = took(psa, items, Plan::of(rules), seed);
                        format!("{:.2} ({met} met)", took / healthy)
                    })
                    .collect();
                println!("campaign: pace {psa} {items} items healthy {healthy:.1} s, {what}: {ratios:?}");
            }
        }
    }
}
