//! Randomness: ids of runs, secrets, and jitter for waits.

use std::cell::RefCell;

use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

thread_local! {
    /// Where this thread draws from instead, so that a test can be repeated.
    static SEEDED: RefCell<Option<StdRng>> = const { RefCell::new(None) };
}

/// From now on this thread draws from a seed, or, with `None`, no longer.
pub fn seed(seed: Option<u64>) {
    SEEDED.with_borrow_mut(|rng| *rng = seed.map(StdRng::seed_from_u64));
}

fn draw<T>(from: impl FnOnce(&mut dyn RngCore) -> T) -> T {
    SEEDED.with_borrow_mut(|seeded| match seeded {
        Some(rng) => from(rng),
        None => from(&mut rand::rng()),
    })
}

/// A new run id: the moment to the second, so that ids sort by age, and 40 random bits.
pub fn run_id(now: jiff::Timestamp) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let tail: String = draw(|rng| (0..8).map(|_| char::from(ALPHABET[rng.random_range(0..32)])).collect());
    format!("{}-{tail}", now.strftime("%Y%m%dT%H%M%S"))
}

/// 256 bits that nobody can guess, never from a seed.
pub fn secret() -> [u8; 32] {
    rand::rng().random()
}

/// A number in `0.0..1.0`.
pub fn fraction() -> f64 {
    draw(|rng| rng.random())
}
