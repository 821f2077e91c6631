//! Who may call: tokens, made once, kept as hashes, compared without telling how much of one was right.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    domain::{Timestamp, plan::hex},
    store::{Right, Store, StoreError, Token},
    system::random,
};

/// Failures of one address within a minute that are answered at once.
const FREE_FAILURES: usize = 5;
const MINUTE: f64 = 60.0;
/// Addresses that are remembered; beyond that the oldest are forgotten.
const ADDRESSES: usize = 10_000;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new token: what is kept, and what is shown once. `mb_<id>_<secret>`, with 256 bits that nobody can guess.
pub fn make(
    name: &str,
    rights: &[Right],
    expires: Option<Timestamp>,
    now: Timestamp,
) -> (Token, SecretString) {
    let id: String = text(&random::secret()).chars().take(10).collect();
    let whole = format!("mb_{id}_{}", text(&random::secret()));
    let token = Token {
        id,
        name: name.to_owned(),
        rights: rights.to_vec(),
        hash: hash(&whole),
        made_at: now,
        expires,
        revoked: None,
        last_used: None,
    };
    (token, whole.into())
}

/// Five bits a character; the last one has what is left.
fn text(bytes: &[u8; 32]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
    (0..52)
        .map(|place| (0..5).fold(0, |five, n| five << 1 | bit(place * 5 + n)))
        .map(|five| char::from(ALPHABET[five]))
        .collect()
}

fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// The token that this text is, if it is one that is in force.
pub async fn recognise(
    store: &dyn Store,
    presented: &SecretString,
    now: Timestamp,
) -> Result<Option<Token>, StoreError> {
    let presented = presented.expose_secret();
    let id = presented.strip_prefix("mb_").and_then(|rest| rest.split_once('_')).map(|(id, _)| id);
    let found = match id {
        Some(id) if id.len() == 10 => store.token(id).await?,
        _ => None,
    };
    // An id that nobody has is compared all the same, with a hash that nothing has.
    let kept = found.as_ref().map_or_else(|| "0".repeat(64), |token| token.hash.clone());
    let same = bool::from(hash(presented).as_bytes().ct_eq(kept.as_bytes()));
    Ok(found.filter(|token| same && token.is_in_force(now)))
}

/// Failed sign-ins of the last minute, by address.
#[derive(Debug, Default)]
pub struct Failures(Mutex<BTreeMap<IpAddr, Vec<Timestamp>>>);

impl Failures {
    /// Counts one more, and tells how many beyond the free ones there were within the last minute.
    pub fn count(&self, from: IpAddr, now: Timestamp) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Timestamp| now.seconds_since(*at) < MINUTE;
        if all.len() >= ADDRESSES {
            all.retain(|_, times| times.iter().any(recent));
        }
        if all.len() >= ADDRESSES {
            all.pop_first();
        }
        let times = all.entry(from).or_default();
        times.retain(recent);
        // More than these make no difference.
        if times.len() < 4 * FREE_FAILURES {
            times.push(now);
        }
        times.len().saturating_sub(FREE_FAILURES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Tokens};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_790_000_000 + seconds)
    }

    #[tokio::test]
    async fn a_token_is_recognised_whole_unexpired_and_unrevoked_only() {
        let store = MemoryStore::new();
        let (token, secret) = make("jane", &[Right::Read], Some(at(100)), at(0));
        store.put_token(&token).await.unwrap();
        let known = async |text: &str, now| {
            recognise(&store, &text.to_owned().into(), now).await.unwrap().map(|token| token.name)
        };
        let text = secret.expose_secret();
        assert_eq!(known(text, at(99)).await.as_deref(), Some("jane"));
        assert_eq!(known(text, at(100)).await, None, "it has expired");
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] = if other[place] == b'x' { b'y' } else { b'x' };
            assert_eq!(known(&String::from_utf8(other).unwrap(), at(1)).await, None, "at {place}");
        }
        for other in ["", "mb_", "mb__", &text[..text.len() - 1], &format!("{text}0"), &format!(" {text}")] {
            assert_eq!(known(other, at(1)).await, None, "{other:?}");
        }
        assert!(!format!("{token:?}").contains(text));
        store.revoke_token(&token.id, at(5)).await.unwrap();
        assert_eq!(known(text, at(6)).await, None);
    }

    #[test]
    fn no_two_tokens_are_alike_and_each_has_256_bits() {
        let secrets: std::collections::BTreeSet<String> =
            (0..1_000).map(|_| make("x", &[], None, at(0)).1.expose_secret().to_owned()).collect();
        assert_eq!(secrets.len(), 1_000);
        assert!(secrets.iter().all(|text| text.len() == 3 + 10 + 1 + 52));
        assert_eq!(text(&[0xff; 32]), format!("{}g", "z".repeat(51)), "51 times five bits, and one");
    }

    #[test]
    fn five_failures_a_minute_are_free_and_each_address_has_its_own() {
        let failures = Failures::default();
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let counted: Vec<usize> = (0..7).map(|second| failures.count(one, at(second))).collect();
        assert_eq!(counted, [0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(failures.count(other, at(7)), 0);
        assert_eq!(failures.count(one, at(62)), 0, "a minute later they are free again");
    }
}
