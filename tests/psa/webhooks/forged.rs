//! Forged webhooks: a valid one is changed in thousands of ways, and none gets in. `MOTHBALL_FORGED=1000000` makes it
//! that many for each vendor.

use mothball::{simulator::Switches, system::environment};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{an_active_item, check, listening, next};
use crate::support::{
    say,
    webhooks::{Caught, door},
};

/// The header that proves a vendor's webhooks.
fn proof(psa: &str) -> &'static str {
    match psa {
        "connectwise" => "x-content-signature",
        "autotask" => "x-hook-signature",
        _ => "authorization",
    }
}

/// One way of changing a webhook. What comes out differs from what went in, in something that is proven.
#[derive(Debug, Clone, Copy)]
enum Way {
    FlipBody,
    CutBody,
    GrowBody,
    DoubleBody,
    EmptyBody,
    OtherRecord,
    NoProof,
    EmptyProof,
    TwoProofs,
    TwoDifferentProofs,
    OtherName,
    FlipProof,
    CutProof,
    GrowProof,
    OtherAddress,
}

const OF_PROOF: [Way; 8] = [
    Way::NoProof,
    Way::EmptyProof,
    Way::TwoProofs,
    Way::TwoDifferentProofs,
    Way::OtherName,
    Way::FlipProof,
    Way::CutProof,
    Way::GrowProof,
];
const OF_BODY: [Way; 6] =
    [Way::FlipBody, Way::CutBody, Way::GrowBody, Way::DoubleBody, Way::EmptyBody, Way::OtherRecord];

/// What can be told apart: HaloPSA signs no bodies, so only one that is missing is.
fn ways(psa: &str) -> Vec<Way> {
    let mut ways = OF_PROOF.to_vec();
    match psa {
        "halopsa" => ways.push(Way::EmptyBody),
        "autotask" => ways.extend(OF_BODY),
        _ => {
            ways.extend(OF_BODY);
            ways.push(Way::OtherAddress);
        }
    }
    ways
}

fn flipped(bytes: &mut [u8], rng: &mut StdRng) {
    let at = rng.random_range(0..bytes.len());
    let before = bytes[at];
    // Stays a character that a header may have.
    while bytes[at] == before {
        bytes[at] = rng.random_range(0x21..0x7f);
    }
}

fn mutant(valid: &Caught, psa: &str, way: Way, rng: &mut StdRng) -> Caught {
    let name = proof(psa);
    let mut forged = valid.clone();
    let at = forged.headers.iter().position(|(header, _)| header == name).expect("it is proven");
    let (_, value) = forged.headers[at].clone();
    // What stands before is a word that may be written in any case, or that says how the rest is made.
    let start = value.iter().position(|byte| *byte == b' ').map_or(0, |at| at + 1);
    let body = &mut forged.body;
    match way {
        Way::FlipBody => {
            let at = rng.random_range(0..body.len());
            body[at] ^= 1 << rng.random_range(0..8);
        }
        Way::CutBody => body.truncate(rng.random_range(1..body.len())),
        Way::GrowBody => body.insert(rng.random_range(0..=body.len()), rng.random()),
        Way::DoubleBody => body.extend(valid.body.clone()),
        Way::EmptyBody => body.clear(),
        Way::OtherRecord => {
            let digits: Vec<usize> = (0..body.len()).filter(|at| body[*at].is_ascii_digit()).collect();
            let at = *digits.choose(rng).expect("it has a number");
            body[at] = if body[at] == b'9' { b'1' } else { body[at] + 1 };
        }
        Way::NoProof => drop(forged.headers.remove(at)),
        Way::EmptyProof => forged.headers[at].1 = vec![b' '; rng.random_range(0..2)],
        Way::TwoProofs => forged.headers.push((name.to_owned(), value)),
        Way::TwoDifferentProofs => {
            let mut other = value;
            flipped(&mut other[start..], rng);
            forged.headers.insert(rng.random_range(0..=at), (name.to_owned(), other));
        }
        Way::OtherName => forged.headers[at].0 = format!("{name}{}", rng.random_range(0..10)),
        Way::FlipProof => flipped(&mut forged.headers[at].1[start..], rng),
        Way::CutProof => {
            let kept = rng.random_range(0..value.len());
            forged.headers[at].1.truncate(kept);
        }
        Way::GrowProof => {
            let byte = rng.random_range(0x21..0x7f);
            let place = rng.random_range(0..=value.len());
            forged.headers[at].1.insert(place, byte);
        }
        Way::OtherAddress => {
            // The key stands before the number of the record, which is not proven and not believed.
            let end = forged.query.find('&').expect("the key is not all");
            let mut key = forged.query.as_bytes()[..end].to_vec();
            flipped(&mut key, rng);
            let key = String::from_utf8(key).expect("it is ASCII").replace(['%', '+', '#'], "_");
            forged.query = format!("{key}{}", &valid.query[end..]);
        }
    }
    forged
}

async fn no_forged_webhook_gets_in(psa: &'static str) {
    let (simulator, mut caught) = listening(psa, Switches::default()).await;
    let item = an_active_item(&simulator);
    // Letters that have a second form, so that both forms of signing are tried.
    simulator.edit(|edits| edits.rename(&item, "R&D <café> \"x\""));
    simulator.edit(|edits| edits.set_active(&item, false));
    let valid = next(&mut caught).await;
    let door = door(&simulator);
    assert!(valid.knock(door.as_ref()).await.is_ok(), "the valid one gets in");
    let count: u64 =
        environment::variable("MOTHBALL_FORGED").and_then(|text| text.parse().ok()).unwrap_or(34_000);
    let ways = ways(psa);
    for seed in 0..count {
        let mut rng = StdRng::seed_from_u64(seed);
        let way = *ways.choose(&mut rng).unwrap();
        let forged = mutant(&valid, psa, way, &mut rng);
        if forged == valid {
            continue;
        }
        let got_in = forged.knock(door.as_ref()).await;
        assert!(got_in.is_err(), "{psa}: seed {seed}, {way:?} got in: {forged:?}\nvalid: {valid:?}");
    }
    assert!(valid.knock(door.as_ref()).await.is_ok(), "the valid one still gets in");
    say(&format!("{psa}: {count} forged webhooks, none got in"));
    // Whatever they named, few keys were asked for, and at the configured host only.
    let keys = simulator.requests().iter().filter(|seen| seen.path.contains("callbackkey")).count();
    let most = if psa == "connectwise" { 12 + count / 10_000 * 12 } else { 0 };
    assert!(keys as u64 <= most, "{keys} keys were asked for");
    check(&simulator);
}

crate::support::vendor::on_every_psa!(no_forged_webhook_gets_in);
