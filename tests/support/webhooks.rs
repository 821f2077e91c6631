//! Webhooks as a PSA sends them: caught from the simulator on their way, or made here with a known secret.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use mothball::{
    domain::Criteria,
    http::{HeaderMap, Transport, TransportError, WireReply, WireRequest},
    psa::webhook::{Address, Delivery, Door, HeaderName, HeaderValue, Lock, Registration, Told, Turned},
    simulator::Simulator,
};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{vendor, world};

/// The secrets of webhooks in tests. Each is looked for wherever nothing secret may stand.
pub const SECRET: &str = "canary-webhook-secret-0123456789";
const USER: &str = "mothball";

/// What the settings of a profile named `test` say about webhooks.
pub fn lock(psa: &str) -> Lock {
    let mut lock = Lock { profile: "test".to_owned(), ..Lock::default() };
    let secret = if psa == "halopsa" {
        lock.values.insert("user_name".to_owned(), USER.to_owned());
        "password"
    } else {
        "secret"
    };
    lock.secrets.insert(secret.to_owned(), SECRET.to_owned().into());
    lock
}

pub fn registration(psa: &str, public: &str) -> Registration {
    Registration {
        address: Address::of(public, "test").expect("an address"),
        lock: lock(psa),
        criteria: Criteria { inactive: true, ..Criteria::default() },
    }
}

/// The way in for what this simulator sends.
pub fn door(simulator: &Simulator) -> Arc<dyn Door> {
    let room = vendor::room(simulator.psa());
    let connection = world::connection(simulator, room, mothball::system::Clock::system());
    (room.webhooks.door)(&lock(simulator.psa()), &connection).expect("the door opens")
}

/// A request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    pub query: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Caught {
    pub fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).expect("a header's name");
            map.append(name, HeaderValue::from_bytes(value).expect("a header's value"));
        }
        map
    }

    /// Knocks with it at this moment.
    pub async fn knock(&self, door: &dyn Door) -> Result<Vec<Told>, Turned> {
        self.knock_at(door, mothball::system::Clock::system().now()).await
    }

    pub async fn knock_at(&self, door: &dyn Door, at: jiff::Timestamp) -> Result<Vec<Told>, Turned> {
        let headers = self.headers();
        door.admit(&Delivery { query: &self.query, headers: &headers, body: &self.body, at }).await
    }
}

/// A receiver on loopback, and all that it is sent.
pub async fn catcher() -> (String, UnboundedReceiver<Caught>) {
    let (tell, told) = unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let take = move |uri: axum::http::Uri, headers: axum::http::HeaderMap, body: axum::body::Bytes| async move {
        let headers =
            headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let query = uri.query().unwrap_or_default().to_owned();
        tell.send(Caught { query, headers, body: body.to_vec() }).ok();
        axum::http::StatusCode::NO_CONTENT
    };
    let router = axum::Router::new().fallback(take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, told)
}

/// The host of the ConnectWise profile that is made here.
pub const HOST: &str = "https://na.myconnectwise.net";

/// What signs callbacks here.
pub const SIGNING_KEY: &str = "c2lnbmluZy1rZXk=";

/// A door without a simulator behind it.
pub fn bare_door(psa: &str, transport: Arc<dyn Transport>) -> Arc<dyn Door> {
    let room = vendor::room(psa);
    let values = match psa {
        "connectwise" => BTreeMap::from([
            ("base_url".to_owned(), "https://api-na.myconnectwise.net".to_owned()),
            ("company_id".to_owned(), "acmemsp".to_owned()),
        ]),
        _ => BTreeMap::new(),
    };
    let connection = mothball::psa::registry::Connection {
        profile: "test".to_owned(),
        values,
        secrets: BTreeMap::new(),
        ca_file: None,
        pace: room.pace.default,
        batch: None,
        notes: mothball::domain::note::NoteOn::None,
        clock: mothball::system::Clock::system(),
        patience: None,
        transport: Some(transport),
        memory: None,
        seats: None,
    };
    (room.webhooks.door)(&lock(psa), &connection).expect("the door opens")
}

/// The PSA where keys are, in tests that make their own callbacks.
pub struct Keyring<F>(pub F);

#[async_trait]
impl<F> Transport for Keyring<F>
where
    F: Fn(&WireRequest) -> (u16, String) + Send + Sync,
{
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        let (status, body) = (self.0)(&request);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        Ok(WireReply { status, headers, body: body.into_bytes() })
    }
}

/// The PSA that has one key for all.
pub fn one_key() -> Arc<dyn Transport> {
    Arc::new(Keyring(|_: &WireRequest| (200, serde_json::json!({ "signing_key": SIGNING_KEY }).to_string())))
}

/// A webhook of this vendor with this body, proven as the vendor does it.
pub fn proven(psa: &str, body: &[u8]) -> Caught {
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    let (query, proof) = match psa {
        "connectwise" => (
            format!("key={}&recordId=7&action=updated", address_key("test")),
            header("x-content-signature", callback_signature(SIGNING_KEY, body)),
        ),
        "autotask" => (String::new(), header("x-hook-signature", callout_signature(body))),
        "halopsa" => (
            String::new(),
            header("authorization", format!("Basic {}", STANDARD.encode(format!("{USER}:{SECRET}")))),
        ),
        other => panic!("no webhooks of {other}"),
    };
    Caught { query, headers: vec![proof], body: body.to_vec() }
}

/// The key of the address, as a callback's URL of `register` has it.
fn address_key(profile: &str) -> String {
    let mut mac = <Hmac<Sha256>>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes any key");
    mac.update(format!("the address of callbacks to mothball, profile {profile}").as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

pub fn callback_signature(signing_key: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256>>::new_from_slice(&Sha256::digest(signing_key.as_bytes())).expect("any key");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

pub fn callout_signature(body: &[u8]) -> String {
    let mut mac = <Hmac<sha1::Sha1>>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes any key");
    mac.update(body);
    format!("sha1={}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A callback about a company, whose key has this number.
pub fn callback(company: i64, key: &str) -> Vec<u8> {
    serde_json::json!({
        "Action": "updated", "CallbackObjectRecId": 26604, "CompanyId": "acmemsp", "Entity": "{\"id\":7,\"name\":\"R&D <é>\"}",
        "FromUrl": "na.myconnectwise.net", "ID": company, "MemberId": "api", "MessageId": "5b3c",
        "Metadata": { "key_url": format!("{HOST}/v2025_1//system/callbackkey/index.rails?companyName=acmemsp&id={key}") },
        "Type": "company",
    })
    .to_string()
    .into_bytes()
}

/// A webhook about this client as the simulated PSA would send it to a profile, made by whoever knows the secret.
pub async fn genuine(simulator: &Simulator, profile: &str, client: &str) -> Caught {
    let psa = simulator.psa();
    let body = match psa {
        "connectwise" => {
            let company = simulator.credentials()["company_id"].clone();
            let address = format!(
                "{}/v2026_1//system/callbackkey/index.rails?companyName={company}&id={client}",
                simulator.base_url()
            );
            let told =
                reqwest::get(&address).await.expect("the key can be had").text().await.expect("it is told");
            let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
            let body = serde_json::json!({
                "Action": "updated", "CompanyId": company, "ID": client, "Type": "company",
                "Metadata": { "key_url": address },
            });
            let body = body.to_string().into_bytes();
            let key = told["signing_key"].as_str().expect("it is a text");
            return Caught {
                query: format!("key={}&recordId={client}&action=updated", address_key(profile)),
                headers: vec![(
                    "x-content-signature".to_owned(),
                    callback_signature(key, &body).into_bytes(),
                )],
                body,
            };
        }
        "autotask" => format!(r#"{{"Action":"Update","EntityType":"Account","Id":{client}}}"#),
        _ => format!(r#"{{"id":"{client}","event":"customer updated","object_id":{client}}}"#),
    };
    proven(psa, body.as_bytes())
}
