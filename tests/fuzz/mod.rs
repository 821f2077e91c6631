//! What the fuzz targets do (`fuzz/`), on their seeds, on all that was ever found with them, and on some variants: so
//! that they keep compiling and what was mended stays so. `MOTHBALL_FUZZ=100000` makes it that many variants each.

use std::path::Path;

use mothball::{
    domain::{Event, Plan, plan::sha256, selection::Scope},
    store::Store,
    system::environment,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    engine::{offboarded, one_client},
    support::{
        quick::Quick,
        world::{self, client, who},
    },
};

#[path = "../../fuzz/src/lib.rs"]
mod drive;

fn variants(usual: u64) -> u64 {
    environment::variable("MOTHBALL_FUZZ").and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seed");
    seeds
}

/// A seed with a few bytes changed, cut, doubled or put elsewhere.
fn variant(seed: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..32)).min(bytes.len());
        match rng.random_range(0..5) {
            0 if at < bytes.len() => bytes[at] = rng.random(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.random_range(0..=bytes.len());
                drop(bytes.splice(to..to, piece));
            }
            3 => bytes.insert(at, rng.random()),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Runs a target on its seeds and their variants; one that breaks a promise is named.
fn run(target: &str, usual: u64, try_it: impl Fn(&[u8])) {
    let seeds = seeds(target);
    for (_, seed) in &seeds {
        try_it(seed);
    }
    for number in 0..variants(usual) {
        let mut rng = StdRng::seed_from_u64(number);
        let (name, seed) = &seeds[rng.random_range(0..seeds.len())];
        let bytes = variant(seed, &mut rng);
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| try_it(&bytes)));
        assert!(tried.is_ok(), "{target}: variant {number} of {name} breaks a promise: {bytes:?}");
    }
}

#[test]
fn settings_of_any_text_are_read_or_refused_in_words() {
    run("settings", 2_000, drive::settings::try_it);
}

#[test]
fn a_plan_of_any_bytes_is_refused_or_is_what_its_digest_says() {
    run("plan", 2_000, drive::plan::try_it);
    let (_, seed) = seeds("plan").remove(0);
    assert!(
        Plan::reopen(&seed, &sha256(&seed)).is_ok(),
        "the seed is a plan, or variants of it would try nothing"
    );
}

#[test]
fn a_stored_run_of_any_text_is_folded_and_reported() {
    run("journal", 2_000, drive::journal::try_it);
}

#[test]
fn a_webhook_of_any_body_is_turned_away_or_understood_in_part() {
    run("webhook", 1_000, drive::webhook::try_it);
}

/// Scripts of random bytes, with as many bent answers as a run may have.
fn answers(psa: &str) {
    for (_, seed) in seeds("answers") {
        drive::answers::try_it(psa, &seed);
    }
    for number in 0..variants(150) {
        let mut rng = StdRng::seed_from_u64(number);
        let length = rng.random_range(2..200);
        let share = rng.random::<f64>();
        let byte = |rng: &mut StdRng| if rng.random_bool(share) { rng.random_range(0..80) } else { 255 };
        let script: Vec<u8> = (0..length).map(|_| byte(&mut rng)).collect();
        let tried = std::panic::catch_unwind(|| drive::answers::try_it(psa, &script));
        assert!(tried.is_ok(), "{psa}: script {number} breaks a promise: {script:?}");
    }
}

#[test]
fn bent_answers_of_connectwise_harm_nothing() {
    answers("connectwise");
}

#[test]
fn bent_answers_of_autotask_harm_nothing() {
    answers("autotask");
}

#[test]
fn bent_answers_of_halopsa_harm_nothing() {
    answers("halopsa");
}

/// The seed of the journal target is a whole run of today, or variants of it would try nothing. Written anew by
/// `MOTHBALL_WRITE_SEEDS=1 cargo test --test suite fuzz::`.
#[tokio::test]
async fn the_journal_seed_is_a_whole_run() {
    let quick = Quick::new(one_client("connectwise", 4)).await;
    let id = offboarded(&quick.simulator)[0].clone();
    let draft = world::draft(&quick.engine, client(&id), Scope::default(), who()).await;
    let finished = quick.engine.start(draft).await.unwrap().wait().await;
    let stored = quick.store.run(&finished.header.run).await.unwrap().unwrap();
    let json = |value: serde_json::Result<String>| value.unwrap();
    let (plan, _) = stored.plan.unwrap();
    let mut lines = vec![
        json(serde_json::to_string(&stored.header)),
        json(serde_json::to_string(&stored.survey)),
        String::from_utf8(plan).unwrap().replacen('\n', "\t", 1),
    ];
    lines.extend(stored.events.iter().map(|stamped| json(serde_json::to_string(stamped))));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/journal/run");
    if environment::variable("MOTHBALL_WRITE_SEEDS").is_some() {
        std::fs::write(&path, lines.join("\n")).unwrap();
    }
    let seed = std::fs::read_to_string(&path).unwrap();
    let kept =
        mothball::store::journal::events(seed.lines().skip(3)).expect("every event of the seed is read");
    assert!(kept.iter().any(|stamped| matches!(stamped.event, Event::Settled { .. })));
    assert_eq!(kept.len(), stored.events.len(), "the seed is out of date: write it anew");
    drive::journal::try_it(seed.as_bytes());
    quick.check().await;
}
