//! The journal as it is stored: records in a row, each with its JSON. Read here without the program's own fold.

use std::collections::{BTreeMap, BTreeSet};

use mothball::{
    domain::RunId,
    store::{MemoryStore, journal::Record},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One run as its records tell it.
#[derive(Debug, Default)]
pub struct Told {
    /// What the approval names.
    pub approved: BTreeSet<String>,
    /// The places of the intents, by item.
    pub intents: BTreeMap<String, Vec<usize>>,
    /// The last outcome of each item that is not open again.
    pub settled: BTreeMap<String, Value>,
    /// Settled as something else than unknown, and then again.
    pub settled_twice: BTreeSet<String>,
    /// How it ended, each time it did.
    pub ends: Vec<String>,
}

pub fn read(store: &MemoryStore, run: &RunId) -> Told {
    let mut told = Told::default();
    let records = store.records(run);
    assert_chained(run, &records);
    // Record 0 is about the run as a whole.
    for (place, record) in records.iter().enumerate().skip(1) {
        let body: Value = serde_json::from_str(&record.body).expect("a record is JSON");
        let id = || body["config_id"].as_str().unwrap_or_default().to_owned();
        match body["event"].as_str().expect("a record is an event") {
            "approved" => {
                let items = body["approval"]["items"].as_array().into_iter().flatten();
                told.approved.extend(items.filter_map(Value::as_str).map(str::to_owned));
            }
            "intended" => {
                told.intents.entry(id()).or_default().push(place);
                // Nobody knew, somebody looked, and it is to be sent once more: it is open again.
                if told.settled.get(&id()).is_some_and(|settled| settled["outcome"] == "unknown") {
                    told.settled.remove(&id());
                }
            }
            "settled" => {
                let before = told.settled.insert(id(), body.clone());
                if before.is_some_and(|before| before["outcome"] != "unknown") {
                    told.settled_twice.insert(id());
                }
            }
            "ended" => told.ends.push(body["how"].as_str().unwrap_or_default().to_owned()),
            _ => {}
        }
    }
    told
}

/// Every record carries the hash of the one before it, and its own fits.
fn assert_chained(run: &RunId, records: &[Record]) {
    for (place, record) in records.iter().enumerate() {
        assert_eq!(record.seq as usize, place, "{run}: records are numbered");
        if place > 0 {
            assert_eq!(record.previous, records[place - 1].hash, "{run}: record {place} follows another one");
        }
        let text = format!("{}\n{}\n{}", record.previous, record.seq, record.body);
        let hash = Sha256::digest(text.as_bytes())
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(hash, record.hash, "{run}: record {place} is not what was hashed");
    }
}
