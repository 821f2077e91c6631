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

pub async fn measure() {
    let store = MemoryStore::new();
    let now = Timestamp::new(Clock::system().now());
    let (token, secret) = make("bench", &[Right::Read], None, now);
    store.put_token(&token).await.expect("it is kept");
    let right = secret.expose_secret();
    // `mb_<id>_`: who calls is no secret, what follows is.
    let known = right.len() - 52;
    let other = |text: &str| text.chars().map(|c| if c == '7' { '8' } else { '7' }).collect::<String>();
    let (start, end) = right.split_at(right.len() - 1);
    let near = format!("{start}{}", other(end));
    let far = format!("{}{}", &right[..known], other(&right[known..]));
    let unknown = format!("mb_{}_{}", "0".repeat(10), &right[known..]);
    println!("\n{:<58}{:>10}{:>10}{:>9}", "ns to refuse a token", "one", "other", "t");
    let secrets = [&near, &far, &unknown].map(|text| SecretString::from(text.clone()));
    for (name, other) in
        [("right but for its end; wrong from its start", 1), ("known id; unknown id, which is no secret", 2)]
    {
        let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
        let mut dice = StdRng::seed_from_u64(7);
        while times.iter().any(|times| times.len() < SAMPLES) {
            let which = usize::from(dice.random::<bool>());
            let presented = &secrets[which * other];
            let clock = Instant::now();
            let found = recognise(&store, black_box(presented), now).await;
            let took = clock.elapsed();
            assert!(found.expect("the store answers").is_none());
            times[which].push(took.as_nanos() as f64);
        }
        tell(name, times);
    }
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    let mut dice = StdRng::seed_from_u64(7);
    while times.iter().any(|times| times.len() < SAMPLES) {
        let which = usize::from(dice.random::<bool>());
        let presented = [&near, &far][which];
        let clock = Instant::now();
        // So often that the clock can tell.
        for _ in 0..20 {
            black_box(hasty(black_box(presented.as_bytes()), black_box(right.as_bytes())));
        }
        times[which].push(clock.elapsed().as_nanos() as f64);
    }
    tell("the same, letter by letter until one differs, 20 times", times);
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
