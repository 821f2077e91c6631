//! Mixed cases: a seed decides the tenant, what is uncertain about its vendor, the faults and their rates, what happens
//! in the middle, and what is done afterwards.
//!
//! `MOTHBALL_SEEDS=10000` takes so many instead of the usual 2,000, `MOTHBALL_SEEDS=7..8` those of a range.

use std::{ops::Range, time::Duration};

use mothball::{
    engine::Control,
    simulator::{
        Layout, Options, Switches,
        connectwise::Closing,
        faults::{Kind, Plan, Rule},
        halopsa::{BadItem, ForeignStatus, ManyAnswer},
    },
    system::environment,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{
    case::{Case, Tally, Then, tell},
    wire::{Edit, Happening, Own, Script},
    world::Making,
};
use crate::support::vendor::contrary_but_writable;

const PSAS: [&str; 3] = ["connectwise", "autotask", "halopsa"];
const USUAL: u64 = 2000;

fn seeds() -> Range<u64> {
    let Some(wish) = environment::variable("MOTHBALL_SEEDS") else { return 0..USUAL };
    let number =
        |text: &str| text.trim().parse().expect("MOTHBALL_SEEDS is a number or a range such as 7..8");
    match wish.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => 0..number(&wish),
    }
}

/// Kinds after which a run cannot go on, as often as they may come in one case.
fn ends_a_run(kind: Kind) -> bool {
    matches!(kind, Kind::Unauthorized | Kind::Empty401 | Kind::Redirect301 | Kind::Redirect302)
}

fn faults(rng: &mut StdRng) -> Plan {
    let share = match rng.random_range(0..10) {
        0 => return Plan::none(),
        1..8 => rng.random_range(0.01..=0.1),
        _ => rng.random_range(0.1..=0.6),
    };
    let many = rng.random_range(1..=8);
    let kinds: Vec<Kind> = Kind::ALL.choose_multiple(rng, many).copied().collect();
    let rules = kinds.iter().map(|kind| {
        let rule = Rule::at_rate(*kind, share / kinds.len() as f64);
        match kind {
            kind if ends_a_run(*kind) => rule.times(1),
            Kind::GzipBomb | Kind::HugeBody => rule.sized(2 * 1024 * 1024),
            Kind::Slow | Kind::Drip => rule.lasting(Duration::from_millis(rng.random_range(1..40_000))),
            Kind::Hang | Kind::HangAfterWrite => rule.lasting(Duration::from_secs(rng.random_range(1..200))),
            Kind::Throttled | Kind::ThrottledDate => {
                rule.lasting(Duration::from_secs(rng.random_range(0..90)))
            }
            _ => rule,
        }
    });
    Plan::of(rules.collect())
}

fn happening(rng: &mut StdRng) -> Happening {
    let item = rng.random_range(0..40);
    match rng.random_range(0..20) {
        0..2 => Happening::Own(*Own::ALL.choose(rng).expect("there are some")),
        2 => Happening::Control(Control::Cancel),
        3 => Happening::Control(Control::Interrupt),
        4 => Happening::Control(Control::Stop),
        5 => Happening::Control(Control::Abort),
        6..8 => Happening::Pause(rng.random_range(1..200)),
        8 => Happening::Edit(Edit::Activate(item)),
        9 => Happening::Edit(Edit::Deactivate(item)),
        10 => Happening::Edit(Edit::Rename(item)),
        11 => Happening::Edit(Edit::Remove(item)),
        12 => Happening::Edit(Edit::BringClientBack),
        13 => Happening::ClockJump(3600),
        14 => Happening::ClockJump(-3600),
        15 => Happening::ClockJump(*[90_000, -90_000].choose(rng).expect("there are two")),
        16..18 => Happening::CrashBefore,
        _ => Happening::CrashAfter,
    }
}

fn script(rng: &mut StdRng, requests: u64) -> Script {
    let many = *[0, 0, 1, 1, 2, 4].choose(rng).expect("there are some");
    Script((0..many).map(|_| (rng.random_range(0..requests), happening(rng))).collect())
}

/// The vendor as it is most likely, as it is least likely, or likely but for a few things.
fn switches(rng: &mut StdRng, psa: &str) -> Switches {
    match rng.random_range(0..4) {
        0 | 1 => Switches::default(),
        2 => contrary_but_writable(psa),
        _ => {
            let mut switches = Switches::default();
            switches.connectwise.closing =
                *[Closing::StatusFlipsFlag, Closing::FlagFlipsStatus, Closing::Independent]
                    .choose(rng)
                    .expect("there are some");
            switches.connectwise.custom_fields_required = rng.random();
            switches.connectwise.requests_per_minute = rng.random_bool(0.5).then_some(1000);
            switches.autotask.first_patch_reverts = rng.random_bool(0.3);
            switches.autotask.cascades_to_children = rng.random();
            switches.halopsa.bad_item =
                if rng.random() { BadItem::EarlierStored } else { BadItem::AllRefused };
            switches.halopsa.many_answer = if rng.random() { ManyAnswer::Object } else { ManyAnswer::Array };
            switches.halopsa.foreign_status =
                if rng.random() { ForeignStatus::Ignored } else { ForeignStatus::Refused };
            switches.halopsa.token_seconds = rng.random_range(30..4000);
            switches
        }
    }
}

pub fn case(psa: &str, seed: u64) -> Case {
    let mut rng = StdRng::seed_from_u64(seed);
    let rng = &mut rng;
    let each = rng.random_range(3..=40);
    let layout =
        if rng.random_bool(0.8) { Layout::Uniform { offboarded: 1, each } } else { Layout::Realistic };
    let options = Options {
        psa: psa.to_owned(),
        seed,
        layout,
        clients: 25,
        configurations: 300,
        latency: Duration::from_millis(*[0, 5, 150, 900].choose(rng).expect("there are some")),
        switches: switches(rng, psa),
        ..Options::default()
    };
    let batch = Some(rng.random_range(1..=25));
    let making = Making { batch, ..Making::new(options) };
    let requests = if psa == "halopsa" { 14 } else { each as u64 + 12 };
    let name = format!("seed {seed} ({psa})");
    let faults_first = faults(rng);
    Case {
        script: script(rng, requests),
        from_the_beginning: rng.random_bool(0.15),
        then: match rng.random_range(0..4) {
            0 => Then::ResumeUnder(faults(rng), script(rng, requests)),
            1 => Then::Again,
            _ => Then::Resume,
        },
        ..Case::new(name, making, faults_first)
    }
}

/// The seeds whose turn it is on this PSA, one part of two of them.
fn run(psa: &str, part: u64) {
    let own = PSAS.iter().position(|known| *known == psa).expect("one of the three") as u64;
    let range = seeds();
    let mut tally = Tally::default();
    for seed in range.clone().filter(|seed| seed % 3 == own && (seed / 3) % 2 == part) {
        let went = case(psa, seed).run();
        if let Err(why) = &went {
            tell(&format!("campaign: {why}"));
            let next = seed + 1;
            tell(&format!(
                "campaign: run it alone with: MOTHBALL_SEEDS={seed}..{next} cargo test --test suite campaign::seeds::{psa} -- --nocapture"
            ));
        }
        tally.add(went);
    }
    tally.tell(&format!("seeds {range:?}, those of {psa}, part {} of 2", part + 1));
}

macro_rules! two_parts_each {
    ($($psa:ident)*) => { $(mod $psa {
        #[test]
        fn mixed_seeds_first_part() {
            super::run(stringify!($psa), 0);
        }

        #[test]
        fn mixed_seeds_second_part() {
            super::run(stringify!($psa), 1);
        }
    })* };
}

two_parts_each!(connectwise autotask halopsa);
