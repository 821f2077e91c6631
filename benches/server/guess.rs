//! What a stranger with a clock learns about a token: times of refusing one that is right but for its end, and one that
//! is wrong from its start, compared by Welch's t. Beyond 4.5 the two would be told apart. The same is done with a
//! comparison that gives up at the first difference, to show that the clock is good enough to see one.

use std::{hint::black_box, time::Instant};

use mothball::{
    domain::Timestamp,
    service::tokens::{make, recognise},
    store::{MemoryStore, Right, Tokens},
    system::Clock,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretString};

/// Of each of the two.
const SAMPLES: usize = 1_000_000;
const BATCH: usize = 1_000;

pub async fn measure() {
    let store = MemoryStore::new();
    let now = Timestamp::new(Clock::system().now());
    let (token, secret) = make("bench", &[Right::Read], None, now);
    store.put_token(&token).await.expect("it is kept");
    let right = secret.expose_secret();
    // `mb_<id>_`: who calls is no secret, what follows is.
    let known = right.len() - 52;
    let mut dice = StdRng::seed_from_u64(7);
    // Made anew for each sample and by the same steps: what one text takes by chance says nothing of its kind.
    let mut made = |kind: Kind| {
        let letters = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut text = right.as_bytes().to_vec();
        let from = match kind {
            Kind::RightButForItsEnd => right.len() - 2,
            Kind::WrongFromItsStart | Kind::UnknownId => known,
        };
        for (at, letter) in text.iter_mut().enumerate() {
            let wrong = letters[dice.random_range(0..letters.len())];
            *letter = if at >= from { wrong } else { *letter };
        }
        if kind == Kind::UnknownId {
            text[3..13].fill(b'0');
        }
        String::from_utf8(text).expect("plain letters")
    };
    println!("\n{:<58}{:>10}{:>10}{:>9}", "ns to refuse a token", "one", "other", "t");
    let mut coin = StdRng::seed_from_u64(8);
    for (name, other) in [
        ("right but for its end; wrong from its start", Kind::WrongFromItsStart),
        ("known id; unknown id, which is no secret", Kind::UnknownId),
    ] {
        let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
        while times.iter().any(|times| times.len() < SAMPLES) {
            // Many at first, then timed one after the other: the same goes before each.
            let batch: Vec<(usize, SecretString)> = (0..BATCH)
                .map(|_| {
                    let which = usize::from(coin.random::<bool>());
                    (which, made([Kind::RightButForItsEnd, other][which]).into())
                })
                .filter(|(_, made): &(_, SecretString)| made.expose_secret() != right)
                .collect();
            for (which, presented) in &batch {
                let clock = Instant::now();
                let found = recognise(&store, black_box(presented), now).await;
                let took = clock.elapsed();
                assert!(found.expect("the store answers").is_none());
                times[*which].push(took.as_nanos() as f64);
            }
        }
        tell(name, times);
    }
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    while times.iter().any(|times| times.len() < SAMPLES) {
        let which = usize::from(coin.random::<bool>());
        let presented = made([Kind::RightButForItsEnd, Kind::WrongFromItsStart][which]);
        let clock = Instant::now();
        // So often that the clock can tell.
        for _ in 0..20 {
            black_box(hasty(black_box(presented.as_bytes()), black_box(right.as_bytes())));
        }
        times[which].push(clock.elapsed().as_nanos() as f64);
    }
    tell("the same, letter by letter until one differs, 20 times", times);
}

/// What is wrong with a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    RightButForItsEnd,
    WrongFromItsStart,
    UnknownId,
}

/// A comparison as it must not be.
fn hasty(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one == other)
}

fn tell(name: &str, times: [Vec<f64>; 2]) {
    // What was interrupted says nothing about the work: the slowest twentieth of both together is left out.
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let most = all[all.len() * 95 / 100];
    let [one, other] = times.map(|times| moments(times.into_iter().filter(|time| *time <= most)));
    let t = (one.mean - other.mean) / (one.variance / one.count + other.variance / other.count).sqrt();
    println!("{name:<58}{:>10.1}{:>10.1}{t:>9.2}", one.mean, other.mean);
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

fn moments(samples: impl Iterator<Item = f64>) -> Moments {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for sample in samples {
        count += 1.0;
        let off = sample - mean;
        mean += off / count;
        squares += off * (sample - mean);
    }
    Moments { count, mean, variance: squares / (count - 1.0) }
}
