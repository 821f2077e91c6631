//! The keys that callbacks are signed with: where they are asked for, how often, and what is done without one.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use mothball::{
    http::WireRequest,
    psa::webhook::{About, Turned},
};

use crate::support::webhooks::{
    Caught, Keyring, SIGNING_KEY, bare_door, callback, callback_signature, proven,
};

/// A PSA with keys that a test changes, and what it was asked.
#[derive(Clone)]
struct Psa {
    key: Arc<Mutex<String>>,
    status: Arc<AtomicU16>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Psa {
    fn new() -> Self {
        Self {
            key: Arc::new(Mutex::new(SIGNING_KEY.to_owned())),
            status: Arc::new(AtomicU16::new(200)),
            asked: Arc::default(),
        }
    }

    fn door(&self) -> Arc<dyn mothball::psa::webhook::Door> {
        let psa = self.clone();
        bare_door(
            "connectwise",
            Arc::new(Keyring(move |request: &WireRequest| {
                assert!(
                    request.headers.get("authorization").is_none(),
                    "a key is asked for without credentials"
                );
                psa.asked.lock().unwrap().push(request.url.to_string());
                let key = psa.key.lock().unwrap().clone();
                (psa.status.load(Ordering::SeqCst), serde_json::json!({ "signing_key": key }).to_string())
            })),
        )
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn signed(key: &str, body: &[u8]) -> Caught {
    let mut caught = proven("connectwise", body);
    caught.headers[0].1 = callback_signature(key, body).into_bytes();
    caught
}

#[tokio::test(start_paused = true)]
async fn a_key_is_asked_for_once_and_again_after_an_hour() {
    let psa = Psa::new();
    let door = psa.door();
    for company in 1..=50 {
        // The vendor may give the key of each callback another number.
        let told =
            proven("connectwise", &callback(company, &format!("key-{company}"))).knock(door.as_ref()).await;
        assert!(matches!(told.unwrap()[0].about, About::Client(_)));
    }
    assert_eq!(psa.asked(), 1);
    assert_eq!(
        psa.asked.lock().unwrap()[0],
        "https://na.myconnectwise.net/v2025_1//system/callbackkey/index.rails?companyName=acmemsp&id=key-1"
    );
    tokio::time::advance(std::time::Duration::from_secs(3601)).await;
    assert!(proven("connectwise", &callback(1, "key-1")).knock(door.as_ref()).await.is_ok());
    assert_eq!(psa.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_callbacks_with_a_new_key_asks_once() {
    let psa = Psa::new();
    let door = psa.door();
    let knocks = (1..=100).map(|company| {
        let door = Arc::clone(&door);
        async move { proven("connectwise", &callback(company, "key")).knock(door.as_ref()).await.is_ok() }
    });
    let all = futures_util::future::join_all(knocks).await;
    assert!(all.into_iter().all(|got_in| got_in));
    assert_eq!(psa.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_psa_changed_is_learnt_and_the_old_one_ends() {
    let psa = Psa::new();
    let door = psa.door();
    assert!(proven("connectwise", &callback(1, "key")).knock(door.as_ref()).await.is_ok());
    *psa.key.lock().unwrap() = "another".to_owned();
    // The same number, moments later: it would be the same key.
    let fresh = signed("another", &callback(2, "key")).knock(door.as_ref()).await;
    assert!(matches!(fresh, Err(Turned::Away(_))), "{fresh:?}");
    tokio::time::advance(std::time::Duration::from_secs(21)).await;
    assert!(signed("another", &callback(2, "key")).knock(door.as_ref()).await.is_ok());
    assert_eq!(psa.asked(), 2);
    let old = signed(SIGNING_KEY, &callback(3, "key")).knock(door.as_ref()).await;
    assert!(old.is_err(), "the number has another key now");
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_are_not_asked_for_without_end() {
    let psa = Psa::new();
    let door = psa.door();
    let mut later = 0;
    for company in 0..100 {
        let forged = signed("mallory", &callback(company, &format!("key-{company}")));
        match forged.knock(door.as_ref()).await {
            Err(Turned::Later(_)) => later += 1,
            Err(Turned::Away(_)) => {}
            Ok(told) => panic!("it got in: {told:?}"),
        }
    }
    assert_eq!((psa.asked(), later), (12, 88));
    // A key that is known opens meanwhile, and after a minute new ones are asked for again.
    assert!(proven("connectwise", &callback(7, "key-3")).knock(door.as_ref()).await.is_ok());
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    drop(signed("mallory", &callback(1, "fresh")).knock(door.as_ref()).await);
    assert_eq!(psa.asked(), 13);
}

#[tokio::test(start_paused = true)]
async fn without_the_address_or_a_signature_nothing_is_asked() {
    let psa = Psa::new();
    let door = psa.door();
    let valid = proven("connectwise", &callback(1, "key"));
    let mut wrong = valid.clone();
    wrong.query = "recordId=1&action=updated".to_owned();
    assert!(wrong.knock(door.as_ref()).await.is_err());
    let mut twice = valid.clone();
    twice.query = format!("{}&{}", valid.query, valid.query);
    assert!(twice.knock(door.as_ref()).await.is_err());
    let mut unsigned = valid.clone();
    unsigned.headers.clear();
    assert!(unsigned.knock(door.as_ref()).await.is_err());
    for (from, to) in
        [("https:", "http:"), ("na.my", "evil.my"), ("acmemsp&", "mallory&"), ("callbackkey", "x")]
    {
        let body = String::from_utf8(callback(1, "key")).unwrap();
        let other = body.replace(from, to);
        assert_ne!(body, other);
        let got = signed(SIGNING_KEY, other.as_bytes()).knock(door.as_ref()).await;
        assert!(matches!(got, Err(Turned::Away(_))), "{to}: {got:?}");
    }
    assert_eq!(psa.asked(), 0);
    assert!(valid.knock(door.as_ref()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_callback_whose_key_cannot_be_had_now_comes_again() {
    let psa = Psa::new();
    let door = psa.door();
    let valid = proven("connectwise", &callback(1, "key"));
    for status in [500, 503] {
        psa.status.store(status, Ordering::SeqCst);
        assert!(matches!(valid.knock(door.as_ref()).await, Err(Turned::Later(_))), "{status}");
    }
    psa.status.store(404, Ordering::SeqCst);
    assert!(matches!(valid.knock(door.as_ref()).await, Err(Turned::Away(_))), "there is no such key");
    psa.status.store(200, Ordering::SeqCst);
    tokio::time::advance(std::time::Duration::from_secs(21)).await;
    assert!(valid.knock(door.as_ref()).await.is_ok());
}
