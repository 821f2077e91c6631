//! The journal's hash chain: each record carries the hash of the one before, a run's first record the
//! head of the run that was put down before it.

use sha2::{Digest, Sha256};

/// The head of an empty journal.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a record: SHA-256 over the hash before it, its number, its run and its JSON.
pub fn link(before: &str, run: &str, seq: i64, json: &str) -> String {
    use std::fmt::Write;
    let mut hash = Sha256::new();
    for part in [before, run, &seq.to_string(), json] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One record as it is stored.
#[derive(Debug, Clone)]
pub struct Link {
    pub seq: i64,
    pub json: String,
    pub before: String,
    pub hash: String,
}

/// What does not fit in a run's records, if anything: an edit, a gap, a wrong order.
pub fn broken(run: &str, start: &str, head: &str, records: &[Link]) -> Option<String> {
    let mut before = start.to_owned();
    for (at, record) in records.iter().enumerate() {
        let seq = at as i64 + 1;
        if record.seq != seq {
            return Some(format!("run {run}: record {seq} is missing or out of order"));
        }
        if record.before != before || record.hash != link(&before, run, seq, &record.json) {
            return Some(format!("run {run}: record {seq} was altered"));
        }
        before.clone_from(&record.hash);
    }
    (before != head).then(|| format!("run {run}: records are missing at the end"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(n: usize) -> (Vec<Link>, String) {
        let mut before = GENESIS.to_owned();
        let links = (1..=n as i64)
            .map(|seq| {
                let json = format!("{{\"event\":{seq}}}");
                let hash = link(&before, "run", seq, &json);
                let record = Link { seq, json, before: before.clone(), hash: hash.clone() };
                before = hash;
                record
            })
            .collect();
        (links, before)
    }

    proptest! {
        #[test]
        fn every_tampering_is_found(n in 1usize..20, at in any::<prop::sample::Index>(), how in 0usize..4) {
            let (mut records, head) = records(n);
            prop_assert!(broken("run", GENESIS, &head, &records).is_none());
            let at = at.index(n);
            match how {
                0 => records[at].json.push(' '),
                1 => { records.remove(at); }
                2 => { let copy = records[at].clone(); records.insert(at, copy); }
                _ => {
                    // Rewritten with a hash that fits by itself: the next record or the head tells.
                    records[at].json.push(' ');
                    records[at].hash = link(&records[at].before, "run", records[at].seq, &records[at].json);
                }
            }
            prop_assert!(broken("run", GENESIS, &head, &records).is_some());
        }
    }
}
