//! A webhook of any body: unproven it never gets in; proven it says what it is about, or that it is nothing.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use mothball::{
    domain::note::NoteOn,
    http::{HeaderMap, Transport, TransportError, WireReply, WireRequest},
    psa::{
        registry::{self, Connection},
        webhook::{About, Delivery, Door, HeaderName, HeaderValue, Lock},
    },
    system::Clock,
};
use sha2::{Digest, Sha256};

const SECRET: &str = "a secret of thirty-two letters..";
const KEY: &str = "signing key";
/// A callback that teaches the door its key.
const FIRST: &str = r#"{"ID":1,"Type":"company","Metadata":{"key_url":"https://psa.example/v2025_1//system/callbackkey/index.rails?id=1"}}"#;

/// Has one key for all who ask.
struct OneKey;

#[async_trait]
impl Transport for OneKey {
    async fn send(&self, _request: WireRequest) -> Result<WireReply, TransportError> {
        let body = format!(r#"{{"signing_key":"{KEY}"}}"#).into_bytes();
        Ok(WireReply { status: 200, headers: HeaderMap::new(), body })
    }
}

pub fn try_it(body: &[u8]) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts");
    runtime.block_on(async {
        for psa in ["connectwise", "autotask", "halopsa"] {
            let door = door(psa);
            if psa == "connectwise" {
                let taught = knock(door.as_ref(), psa, FIRST.as_bytes(), &proof(psa, FIRST.as_bytes())).await;
                assert_eq!(taught, Some(1), "the first callback gets in");
            }
            let told = knock(door.as_ref(), psa, body, &proof(psa, body)).await;
            assert!(
                body.is_empty() || told.is_some() || psa == "connectwise",
                "{psa}: what is proven gets in"
            );
            let wrong = proof(psa, b"something else");
            let unproven = knock(door.as_ref(), psa, body, &wrong).await;
            assert!(unproven.is_none() || psa == "halopsa", "{psa}: what is not proven gets in");
            assert!(knock(door.as_ref(), psa, body, "").await.is_none(), "{psa}: an empty proof gets in");
        }
    });
}

/// How many events it told of, if it got in.
async fn knock(door: &dyn Door, psa: &str, body: &[u8], proof: &str) -> Option<usize> {
    let mut headers = HeaderMap::new();
    let name = match psa {
        "connectwise" => "x-content-signature",
        "autotask" => "x-hook-signature",
        _ => "authorization",
    };
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(proof).expect("a header's value"));
    let query = format!(
        "key={}",
        URL_SAFE_NO_PAD
            .encode(hmac256(SECRET.as_bytes(), b"the address of callbacks to mothball, profile fuzz"))
    );
    let delivery = Delivery { query: &query, headers: &headers, body, at: jiff::Timestamp::UNIX_EPOCH };
    let told = door.admit(&delivery).await.ok()?;
    for one in &told {
        assert_eq!(one.event.len(), 64);
        match &one.about {
            About::Client(id) => assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit())),
            About::Configuration(id) => assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit())),
            About::Stopped => {}
            About::Nothing(why) => assert!(!why.is_empty()),
        }
    }
    Some(told.len())
}

fn hmac256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn proof(psa: &str, body: &[u8]) -> String {
    match psa {
        "connectwise" => STANDARD.encode(hmac256(&Sha256::digest(KEY.as_bytes()), body)),
        "autotask" => {
            let mut mac = <Hmac<sha1::Sha1>>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes any key");
            mac.update(body);
            format!("sha1={}", STANDARD.encode(mac.finalize().into_bytes()))
        }
        _ => format!("Basic {}", STANDARD.encode(format!("mothball:{SECRET}"))),
    }
}

fn door(psa: &str) -> Arc<dyn Door> {
    let room = registry::room(psa).expect("there is a room for it");
    let key = if psa == "halopsa" { "password" } else { "secret" };
    let lock = Lock {
        profile: "fuzz".to_owned(),
        values: match psa {
            "halopsa" => BTreeMap::from([("user_name".to_owned(), "mothball".to_owned())]),
            _ => BTreeMap::new(),
        },
        secrets: BTreeMap::from([(key.to_owned(), SECRET.to_owned().into())]),
    };
    let values = [("base_url", "https://psa.example"), ("company_id", "acme")];
    let connection = Connection {
        profile: "fuzz".to_owned(),
        values: values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        secrets: BTreeMap::new(),
        ca_file: None,
        pace: room.pace.default,
        batch: None,
        notes: NoteOn::None,
        clock: Clock::system(),
        patience: None,
        transport: Some(Arc::new(OneKey)),
        memory: None,
        seats: None,
    };
    (room.webhooks.door)(&lock, &connection).expect("the door opens")
}
