//! A thousand journals by seed, and everything that one can do to them: all of it is found.

#![expect(clippy::disallowed_macros, reason = "the counts are printed for those who ask for them")]

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    domain::{Timestamp, plan::sha256},
    store::{Findings, audit::hashes, generated},
};

const JOURNALS: u64 = 1_000;

/// What was done how often, and how often it was found.
type Tally = BTreeMap<&'static str, (u64, u64)>;

fn count(tally: &mut Tally, what: &'static str, was_found: bool) {
    let (done, found) = tally.entry(what).or_default();
    *done += 1;
    *found += u64::from(was_found);
}

fn conclude(seeds: &str, tally: &Tally) {
    let (done, found) = tally.values().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    println!("{seeds}: {found} of {done} found: {tally:?}");
    assert_eq!(done, found, "what was done and not found: {tally:?}");
}

async fn journal(seed: u64) -> (MemoryStore, StdRng) {
    let mut rng = StdRng::seed_from_u64(seed);
    let store = MemoryStore::new();
    let count = rng.random_range(1..=3);
    generated::store(&store, &generated::journal(&mut rng, count, 9)).await;
    assert_eq!(store.verify_all().await.unwrap(), [], "seed {seed}");
    (store, rng)
}

/// Numbers the records anew, as somebody would who wants to hide a gap.
fn renumber(kept: &mut Kept) {
    for (seq, record) in (0..).zip(&mut kept.records) {
        record.seq = seq;
    }
    kept.written = kept.records.len() as u64;
}

/// Writes every record after `from` anew, so that the chain fits again, and everything that follows from the records.
fn rewrite(kept: &mut Kept, from: usize) {
    for at in from..kept.records.len() {
        let previous =
            if at == 0 { kept.records[0].previous.clone() } else { kept.records[at - 1].hash.clone() };
        kept.records[at] = Record::new(at as u64, &previous, kept.records[at].body.clone());
    }
    let first = kept.records[0].clone();
    let later: Vec<String> = kept.records[1..].iter().map(|record| record.body.clone()).collect();
    let batch = Batch::of(&events(later.iter().map(String::as_str)).unwrap()).unwrap();
    kept.summary.phase = Phase::default();
    kept.summary.last_event = kept.summary.header.started_at;
    kept.summary.look_due = None;
    kept.summary.head = first.hash.clone();
    kept.settled.clear();
    kept.records = vec![first];
    kept.written = 1;
    kept.append(batch);
    // The report that is kept is rewritten, too.
    kept.report = None;
}

#[tokio::test]
async fn every_record_edited_removed_doubled_inserted_or_swapped_is_found_in_a_thousand_journals() {
    let mut tally = Tally::new();
    let mut kinds = BTreeSet::new();
    for seed in 0..JOURNALS {
        let (store, mut rng) = journal(seed).await;
        let mut state = store.lock();
        for kept in &mut state.runs {
            let records = kept.records.clone();
            let written = kept.written;
            for at in 0..records.len() {
                let body: serde_json::Value = serde_json::from_str(&records[at].body).unwrap();
                kinds.extend(body["event"].as_str().map(str::to_owned));
                let mut meddled = |what, meddle: &mut dyn FnMut(&mut Kept, &mut StdRng)| {
                    meddle(kept, &mut rng);
                    count(&mut tally, what, !kept.check(None).flaws.is_empty());
                    kept.records.clone_from(&records);
                    kept.written = written;
                };
                meddled("edited", &mut |kept, rng| {
                    let record = &mut kept.records[at];
                    record.body = generated::flipped(rng, &record.body);
                });
                meddled("edited and hashed anew", &mut |kept, rng| {
                    let record = &kept.records[at];
                    let body = generated::flipped(rng, &record.body);
                    kept.records[at] = Record::new(record.seq, &record.previous, body);
                });
                meddled("hash", &mut |kept, rng| {
                    let record = &mut kept.records[at];
                    record.hash = generated::flipped(rng, &record.hash);
                });
                meddled("previous", &mut |kept, rng| {
                    let record = &mut kept.records[at];
                    record.previous = generated::flipped(rng, &record.previous);
                });
                meddled("number", &mut |kept, rng| kept.records[at].seq ^= 1 << rng.random_range(0..63));
                meddled("removed", &mut |kept, _| drop(kept.records.remove(at)));
                meddled("removed and hidden", &mut |kept, _| {
                    kept.records.remove(at);
                    renumber(kept);
                });
                meddled("doubled", &mut |kept, _| kept.records.insert(at, records[at].clone()));
                meddled("inserted", &mut |kept, _| {
                    let body = records[at].body.clone();
                    kept.records.insert(at + 1, Record::new(at as u64 + 1, &records[at].hash, body));
                    renumber(kept);
                });
                if records.len() > 1 {
                    let other = (at + rng.random_range(1..records.len())) % records.len();
                    let mut meddled = |what, hide: bool| {
                        kept.records.swap(at, other);
                        if hide {
                            renumber(kept);
                        }
                        count(&mut tally, what, !kept.check(None).flaws.is_empty());
                        kept.records.clone_from(&records);
                    };
                    meddled("swapped", false);
                    meddled("swapped and hidden", true);
                }
            }
        }
    }
    assert_eq!(kinds.len(), generated::KINDS, "{kinds:?}");
    conclude("seeds 0 to 999", &tally);
}

#[tokio::test]
async fn a_changed_byte_of_anything_stored_beside_the_records_is_found_in_a_thousand_journals() {
    let mut tally = Tally::new();
    for seed in 0..JOURNALS {
        let (store, mut rng) = journal(seed).await;
        let mut state = store.lock();
        for kept in &mut state.runs {
            let mut found = |what, kept: &Kept| count(&mut tally, what, !kept.check(None).flaws.is_empty());
            macro_rules! meddle {
                ($what:literal, $field:expr, $with:expr) => {
                    let kept_before = $field.clone();
                    $field = $with;
                    found($what, kept);
                    $field = kept_before;
                };
            }
            meddle!("header", kept.prepared.header, generated::flipped(&mut rng, &kept.prepared.header));
            meddle!("survey", kept.prepared.survey, generated::flipped(&mut rng, &kept.prepared.survey));
            let (bytes, digest) = kept.prepared.plan.clone().unwrap();
            let mut flipped = bytes.clone();
            let at = rng.random_range(0..flipped.len());
            flipped[at] ^= 1 << rng.random_range(0..8);
            meddle!("plan", kept.prepared.plan, Some((flipped.clone(), digest.clone())));
            meddle!("plan and its digest", kept.prepared.plan, Some((flipped.clone(), sha256(&flipped))));
            let digest = generated::flipped(&mut rng, &digest);
            meddle!("plan digest", kept.prepared.plan, Some((bytes.clone(), digest.clone())));
            meddle!("no plan", kept.prepared.plan, None);
            let phases = [Phase::Planned, Phase::Finished, Phase::Refused, Phase::AwaitingApproval];
            let other = phases.into_iter().find(|phase| *phase != kept.summary.phase).unwrap();
            meddle!("phase", kept.summary.phase, other);
            let written = kept.written ^ (1 << rng.random_range(0..20));
            meddle!("records", kept.written, written);
            meddle!("head", kept.summary.head, generated::flipped(&mut rng, &kept.summary.head));
            let later = kept.summary.last_event.plus_millis(1);
            meddle!("last event", kept.summary.last_event, later);
            let due = kept.summary.look_due.map_or(Some(later), |due| Some(due.plus_millis(-1)));
            meddle!("second look", kept.summary.look_due, due);
            meddle!("vendor", kept.summary.header.psa, "halopsa".to_owned());
            meddle!("tenant", kept.summary.header.tenant, None);
            let mut items = kept.prepared.items.clone();
            items.pop();
            meddle!("item removed", kept.prepared.items, items.clone());
            let mut items = kept.prepared.items.clone();
            items[0].config_id = generated::stranger();
            meddle!("item renamed", kept.prepared.items, items.clone());
            let mut items = kept.prepared.items.clone();
            items[0].client_id = "77".into();
            meddle!("item's client", kept.prepared.items, items.clone());
            let first = kept.prepared.items[0].config_id.clone();
            let mut settled = kept.settled.clone();
            if settled.remove(&first).is_none() {
                settled.insert(first, ("deactivated", 1));
            }
            meddle!("item's outcome", kept.settled, settled.clone());
            if let Some((report, digest)) = kept.report.clone() {
                let mut other = report.clone();
                other["run_id"] = generated::flipped(&mut rng, other["run_id"].as_str().unwrap()).into();
                meddle!("report", kept.report, Some((other.clone(), digest.clone())));
                let head = generated::flipped(&mut rng, report["journal_head"].as_str().unwrap());
                other.clone_from(&report);
                other["journal_head"] = head.into();
                let fitting = sha256(other.to_string().as_bytes());
                meddle!("report and its digest", kept.report, Some((other.clone(), fitting.clone())));
            }
            assert_eq!(kept.check(None).flaws, [], "seed {seed}: it is again as it was");
        }
    }
    conclude("seeds 0 to 999", &tally);
}

/// Heads as reports name them that were made at the end of each run.
fn reports(state: &State) -> Vec<KnownHead> {
    let document = |kept: &Kept| serde_json::json!({ "clients": [{ "run_id": kept.prepared.id, "journal_head": kept.summary.head }] });
    let named = state.runs.iter().flat_map(|kept| hashes(&document(kept)));
    named.map(|(run, head)| KnownHead::of_a_report(&run, &head)).collect()
}

async fn found(store: &MemoryStore, known: &[KnownHead]) -> Findings {
    store.audit(known).await.unwrap()
}

#[tokio::test]
async fn ends_cut_off_and_whole_runs_rewritten_or_removed_are_found_by_the_heads_in_reports() {
    let mut tally = Tally::new();
    let mut seen_without = 0;
    for seed in 0..JOURNALS / 2 {
        let (store, mut rng) = journal(seed).await;
        let known = reports(&store.lock());
        assert_eq!(found(&store, &known).await.flaws, [], "seed {seed}");
        let runs = store.lock().runs.len();
        for run in 0..runs {
            let id = store.lock().runs[run].prepared.id.clone();
            let length = store.lock().runs[run].records.len();
            if length > 1 {
                let (cut, _) = journal(seed).await;
                let keep = rng.random_range(1..length);
                {
                    let mut state = cut.lock();
                    state.runs[run].records.truncate(keep);
                    rewrite(&mut state.runs[run], length);
                }
                assert_eq!(cut.verify(&id, None).await.unwrap(), [], "it fits in itself, seed {seed}");
                count(&mut tally, "cut off", !found(&cut, &known).await.is_whole());
                // The run after it names its head, too.
                seen_without += u64::from(!found(&cut, &[]).await.is_whole());

                let (written, _) = journal(seed).await;
                {
                    let mut state = written.lock();
                    let at = rng.random_range(1..length);
                    let mut event: Stamped = serde_json::from_str(&state.runs[run].records[at].body).unwrap();
                    event.at = Timestamp::from_seconds(1_790_000_500);
                    state.runs[run].records[at].body = serde_json::to_string(&event).unwrap();
                    rewrite(&mut state.runs[run], at);
                }
                assert_eq!(written.verify(&id, None).await.unwrap(), [], "it fits in itself, seed {seed}");
                count(&mut tally, "rewritten", !found(&written, &known).await.is_whole());
            }
            let (removed, _) = journal(seed).await;
            removed.lock().runs.remove(run);
            count(&mut tally, "run removed", !found(&removed, &known).await.is_whole());
            if run + 1 < runs {
                count(&mut tally, "run removed, no report", !found(&removed, &[]).await.is_whole());
                let (swapped, _) = journal(seed).await;
                {
                    let mut state = swapped.lock();
                    (state.runs[run].number, state.runs[run + 1].number) =
                        (state.runs[run + 1].number, state.runs[run].number);
                }
                count(&mut tally, "runs swapped", !found(&swapped, &[]).await.is_whole());
            }
        }
    }
    assert!(seen_without > 0, "the run stored after it tells of some");
    conclude("seeds 0 to 499", &tally);
}
