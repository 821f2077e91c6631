//! A transport between the adapter and the simulator that bends answers as a script says. While the script lasts,
//! each answer takes one byte of it: most bytes let it pass, the others say what becomes of it.

use std::sync::Mutex;

use async_trait::async_trait;
use axum::{Router, body::Body};
use mothball::http::{Failure, Sent, Transport, TransportError, WireReply, WireRequest};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::Value;
use tower::ServiceExt;

/// What a PSA might say in place of a value.
const ODD: &[&str] = &[
    "null",
    "\"\"",
    "0",
    "-1",
    "1e308",
    "18446744073709551615",
    "0.5",
    "true",
    "false",
    "[]",
    "{}",
    "[[[[[[[[]]]]]]]]",
    "{\"id\":0}",
    "\"0\"",
    "\"\\u0000\\u001b]8;;x\\u0007\"",
    "\"\\u202eevil\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"0001-01-01T00:00:00\"",
    "\"2026-13-45\"",
    "\"Inactive\"",
    "\"https://198.51.100.7/\"",
];

const STATUS: &[u16] =
    &[200, 201, 204, 206, 301, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504, 0, 999];

const RETRY: &[&str] = &["0", "1", "-5", "31536000", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "", "1.5"];

pub struct Bent {
    pub router: Router,
    pub script: Mutex<Script>,
}

/// Bytes that are taken one after the other; zeros once they are used up.
pub struct Script {
    bytes: Vec<u8>,
    at: usize,
}

impl Script {
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), at: 0 }
    }

    fn take(&mut self) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte.into()
    }

    /// Somewhere in so many places.
    fn place(&mut self, places: usize) -> usize {
        (self.take() << 8 | self.take()) % places.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.take() % of.len()]
    }

    /// The next bytes as they are.
    fn raw(&mut self) -> Vec<u8> {
        let length = self.take();
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let raw = rest[..length.min(rest.len())].to_vec();
        self.at += raw.len();
        raw
    }
}

#[async_trait]
impl Transport for Bent {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        let kind = self.script.lock().expect("nobody panicked with it").take();
        let lost = |sent, failure| TransportError::new(sent, failure, "the connection broke");
        // Before the request arrives, or after it was acted upon.
        match kind {
            1 => return Err(lost(Sent::Never, Failure::Connect)),
            2 => {
                pass(&self.router, request).await;
                return Err(lost(Sent::Maybe, Failure::Timeout));
            }
            _ => {}
        }
        let mut reply = pass(&self.router, request).await;
        let mut script = self.script.lock().expect("nobody panicked with it");
        bend(&mut reply, kind, &mut script);
        Ok(reply)
    }
}

async fn pass(router: &Router, request: WireRequest) -> WireReply {
    let WireRequest { method, url, headers, body } = request;
    let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    let mut http = axum::http::Request::builder().method(method).uri(target);
    *http.headers_mut().expect("no header was set yet") = headers;
    let http = http.body(Body::from(body.unwrap_or_default())).expect("a request that the client made");
    let Ok(response) = router.clone().oneshot(http).await;
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("the simulator's answer").to_vec();
    WireReply { status: parts.status.as_u16(), headers: parts.headers, body }
}

fn bend(reply: &mut WireReply, kind: usize, script: &mut Script) {
    match kind {
        3 => reply.body = script.raw(),
        4 => {
            let at = script.place(reply.body.len());
            reply.body.truncate(at);
        }
        5 => {
            let at = script.place(reply.body.len());
            if let Some(byte) = reply.body.get_mut(at) {
                *byte ^= script.take() as u8 | 1;
            }
        }
        6 => reply.status = STATUS[script.take() % STATUS.len()],
        7 => {
            reply.status = if script.take().is_multiple_of(2) { 429 } else { 503 };
            reply.headers.insert(RETRY_AFTER, HeaderValue::from_static(script.pick(RETRY)));
        }
        8 => {
            reply.status = 302;
            reply.headers.insert(LOCATION, HeaderValue::from_static("https://198.51.100.7/"));
        }
        9 => {
            reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            reply.body = b"<html><body>Sign in</body></html>".to_vec();
        }
        10 => {
            if let Ok(value) = HeaderValue::from_bytes(&script.raw()) {
                reply.headers.insert(HeaderName::from_static("x-total-count"), value.clone());
                reply.headers.insert(HeaderName::from_static("link"), value);
            }
        }
        // The rest of the small ones bend the JSON: one to six changes.
        11..=64 => {
            let Ok(mut json) = serde_json::from_slice::<Value>(&reply.body) else { return };
            for _ in 0..=kind % 6 {
                let places = count(&json);
                let mut at = script.place(places);
                change(&mut json, &mut at, script);
            }
            reply.body = json.to_string().into_bytes();
        }
        _ => {}
    }
}

fn count(json: &Value) -> usize {
    1 + match json {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is `at` steps from here, in the order of reading.
fn change(json: &mut Value, at: &mut usize, script: &mut Script) -> bool {
    if *at == 0 {
        bend_value(json, script);
        return true;
    }
    *at -= 1;
    match json {
        Value::Array(items) => items.iter_mut().any(|item| change(item, at, script)),
        Value::Object(members) => members.values_mut().any(|member| change(member, at, script)),
        _ => false,
    }
}

fn bend_value(json: &mut Value, script: &mut Script) {
    let how = script.take();
    let place = script.take();
    match (json, how % 4) {
        (Value::Array(items), 0) if !items.is_empty() => {
            items.remove(place % items.len());
        }
        (Value::Array(items), 1) if !items.is_empty() => items.push(items[place % items.len()].clone()),
        (Value::Object(members), 0) if !members.is_empty() => {
            let key = members.keys().nth(place % members.len()).cloned().unwrap_or_default();
            members.remove(&key);
        }
        // A number as text, text as a number.
        (json, 2) => {
            *json = match json.take() {
                Value::Number(number) => Value::String(number.to_string()),
                Value::String(text) => {
                    text.parse().map_or(Value::Null, |number: i64| Value::Number(number.into()))
                }
                other => Value::Array(vec![other]),
            };
        }
        (json, _) => {
            *json = serde_json::from_str(ODD[place % ODD.len()]).expect("the list is JSON");
        }
    }
}
