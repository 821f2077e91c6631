//! Randomness: ids of runs, and jitter for waits.

use rand::Rng;

/// A new run id: the moment to the second, so that ids sort by age, and 40 random bits.
pub fn run_id(now: jiff::Timestamp) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut rng = rand::rng();
    let tail: String = (0..8).map(|_| char::from(ALPHABET[rng.random_range(0..32)])).collect();
    format!("{}-{tail}", now.strftime("%Y%m%dT%H%M%S"))
}

/// A number in `0.0..1.0`.
pub fn fraction() -> f64 {
    rand::rng().random()
}
