//! How each kind of fault is played, for whatever vendor.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, header},
};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::{
    exchange::{Content, Reply, Request, Sighting},
    faults::{Kind, Rule},
    server::{Broken, Shared, bytes_of, respond},
    wire::Wire,
};
use crate::system::Clock;

/// Whether the kind changes the answer, as against delaying or decorating it.
pub(crate) fn decides(kind: Kind) -> bool {
    !matches!(kind, Kind::Slow | Kind::Jitter | Kind::HeaderFlood) && !kind.in_lists()
}

/// Whether the vendor never hears of the request.
pub(crate) fn before_the_vendor(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Refused
            | Kind::ResetBeforeWrite
            | Kind::Throttled
            | Kind::ThrottledDate
            | Kind::ThrottledBare
            | Kind::ThrottledAbsurd
            | Kind::ThrottledNegative
            | Kind::ThreadLimit
            | Kind::Error500
            | Kind::Html500
            | Kind::Html502
            | Kind::Html503
            | Kind::Empty504
            | Kind::Empty401
            | Kind::Empty500
            | Kind::Hang
            | Kind::Html200
            | Kind::Unauthorized
            | Kind::Forbidden
            | Kind::Invalid
            | Kind::NotFound
            | Kind::Conflict
            | Kind::Redirect301
            | Kind::Redirect302
    )
}

/// What goes out on the wire.
pub(crate) enum Outgoing {
    Plain(Reply),
    Break(Broken),
    /// Nothing for so long, then a reset.
    Silence(Duration),
    /// The first half, and then no more.
    Half(Reply),
    /// In small pieces.
    Drip(Reply, Duration),
    Flood {
        gzip: bool,
        bytes: u64,
    },
}

/// The answer to a request that the vendor never hears of.
pub(crate) fn instead(
    rule: &Rule,
    shared: &Shared,
    sighting: &Sighting,
    request: &Request,
) -> (u16, Outgoing) {
    let vendor = super::server::lock(&shared.vendor);
    let own = vendor.fault(rule, sighting, request).or_else(|| {
        // Where the vendor has no such words.
        let plain = Rule::always(Kind::Error500);
        (rule.kind == Kind::ThreadLimit).then(|| vendor.fault(&plain, sighting, request)).flatten()
    });
    if let Some(reply) = own {
        return (reply.status, Outgoing::Plain(reply));
    }
    let page = |title: &str| {
        format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1><hr><center>cloudflare</center></body></html>\n"
        )
    };
    let away = || format!("{}{}", shared.elsewhere, request.path);
    let reply = match rule.kind {
        Kind::Refused => return (0, Outgoing::Break(Broken::Refused)),
        Kind::ResetBeforeWrite => return (0, Outgoing::Break(Broken::Reset)),
        Kind::Hang => return (0, Outgoing::Silence(rule.parameter().time())),
        Kind::Html502 => Reply::html(502, page("502 Bad Gateway")),
        Kind::Html503 => Reply::html(503, page("503 Service Temporarily Unavailable")),
        Kind::Empty504 => Reply::empty(504),
        Kind::Empty401 => Reply::empty(401),
        Kind::Empty500 => Reply::empty(500),
        Kind::Html200 => Reply::html(200, page("Sign in")),
        Kind::Redirect301 => Reply::empty(301).with("location", away()),
        Kind::Redirect302 => Reply::empty(302).with("location", away()),
        _ => Reply::html(500, page("500 Internal Server Error")),
    };
    (reply.status, Outgoing::Plain(reply))
}

/// What becomes of the vendor's reply.
pub(crate) fn afterwards(
    rule: &Rule,
    shared: &Shared,
    sighting: &Sighting,
    request: &Request,
    mut reply: Reply,
) -> (u16, Outgoing) {
    let ok = reply.status < 300;
    match rule.kind {
        Kind::ResetAfterWrite | Kind::Reset => return (0, Outgoing::Break(Broken::Reset)),
        Kind::HangAfterWrite => return (0, Outgoing::Silence(rule.parameter().time())),
        Kind::Truncated => return (reply.status, Outgoing::Half(reply)),
        Kind::CutShort => {
            let bytes = bytes_of(&reply.content);
            let half = String::from_utf8_lossy(&bytes[..bytes.len() / 2]).into_owned();
            reply.content = Content::Text(half);
            reply.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Kind::Drip => return (reply.status, Outgoing::Drip(reply, rule.parameter().time())),
        Kind::GzipBomb => return (200, Outgoing::Flood { gzip: true, bytes: rule.parameter().bytes() }),
        Kind::HugeBody => return (200, Outgoing::Flood { gzip: false, bytes: rule.parameter().bytes() }),
        Kind::ErrorAfterCommit => {
            let error = Rule::always(Kind::Error500);
            let vendor = super::server::lock(&shared.vendor);
            reply = vendor.fault(&error, sighting, request).unwrap_or_else(|| Reply::empty(500));
        }
        Kind::Empty200 => reply = Reply::empty(200),
        Kind::InvalidJson if ok => {
            let text = String::from_utf8_lossy(&bytes_of(&reply.content)).replacen(':', "=", 1);
            reply.content = Content::Text(format!("{text},"));
            reply.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Kind::NumbersAsStrings | Kind::MissingFields | Kind::NullFields | Kind::ExtraFields if ok => {
            if let Content::Json(value) = &mut reply.content {
                reshape(rule.kind, rows_in(value));
            }
        }
        _ => {}
    }
    (reply.status, Outgoing::Plain(reply))
}

/// The rows of an answer: itself, or what stands in its envelope, which is known by having no id of its own.
fn rows_in(value: &mut Value) -> &mut Value {
    let holds_rows = |member: &Value| match member {
        Value::Array(rows) => rows.iter().all(Value::is_object),
        member => member.get("id").is_some(),
    };
    let inner = match &*value {
        Value::Object(envelope) if !envelope.contains_key("id") => {
            envelope.iter().find(|(_, member)| holds_rows(member)).map(|(name, _)| name.clone())
        }
        _ => None,
    };
    match inner {
        Some(name) => &mut value[name],
        None => value,
    }
}

/// Rows in a shape nobody promised.
fn reshape(kind: Kind, value: &mut Value) {
    match (kind, value) {
        (_, Value::Array(rows)) => rows.iter_mut().for_each(|row| reshape(kind, row)),
        (Kind::NumbersAsStrings, Value::Object(row)) => {
            row.values_mut().for_each(|member| reshape(kind, member));
        }
        (Kind::NumbersAsStrings, value @ Value::Number(_)) => *value = Value::String(value.to_string()),
        (Kind::MissingFields, Value::Object(row)) => {
            if let Some(name) = victim(row) {
                row.remove(&name);
            }
        }
        (Kind::NullFields, Value::Object(row)) => {
            if let Some(name) = victim(row) {
                row.insert(name, Value::Null);
            }
        }
        (Kind::ExtraFields, Value::Object(row)) => {
            row.insert("futureMember".to_owned(), serde_json::json!({ "nested": [1, "two", null] }));
            row.insert("futureFlag".to_owned(), Value::Bool(true));
        }
        _ => {}
    }
}

/// One member of a row, not the id, differing from row to row but not from time to time.
fn victim(row: &Map<String, Value>) -> Option<String> {
    let names: Vec<&String> = row.keys().filter(|name| *name != "id").collect();
    let id = row.get("id").and_then(Value::as_u64).unwrap_or(0) as usize;
    (!names.is_empty()).then(|| names[id % names.len()].clone())
}

impl Outgoing {
    pub async fn send(self, clock: &Clock, wire: Option<&Wire>) -> Response<Body> {
        match self {
            Self::Plain(reply) => respond(&reply, None),
            Self::Break(broken) => break_off(broken, wire),
            Self::Silence(time) => {
                clock.sleep(time).await;
                break_off(Broken::Reset, wire)
            }
            Self::Half(reply) => {
                let bytes = bytes_of(&reply.content);
                let half = bytes.slice(..bytes.len() / 2);
                let clock = clock.clone();
                let rest = stream::once(async move {
                    // The first half leaves before the connection is closed on the client.
                    clock.sleep(Duration::from_millis(20)).await;
                    Err(io::Error::from(io::ErrorKind::ConnectionReset))
                });
                let body = stream::once(async move { Ok::<Bytes, io::Error>(half) }).chain(rest);
                let mut response = respond(&reply, Some(Body::from_stream(body)));
                response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len().max(2)));
                response
            }
            Self::Drip(reply, pause) => {
                let bytes = bytes_of(&reply.content);
                let piece = (bytes.len() / 8).max(1);
                let pieces: Vec<Bytes> = bytes.chunks(piece).map(Bytes::copy_from_slice).collect();
                let clock = clock.clone();
                let body = stream::iter(pieces).then(move |piece| {
                    let clock = clock.clone();
                    async move {
                        clock.sleep(pause).await;
                        Ok::<Bytes, Infallible>(piece)
                    }
                });
                respond(&reply, Some(Body::from_stream(body)))
            }
            Self::Flood { gzip: true, bytes } => {
                let mut response = respond(&Reply::json(200, Value::Null), Some(bomb(bytes)));
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            Self::Flood { gzip: false, bytes } => {
                const PIECE: u64 = 64 * 1024;
                let spaces = Bytes::from(vec![b' '; PIECE as usize]);
                let body = stream::iter(
                    (0..bytes.div_ceil(PIECE)).map(move |_| Ok::<Bytes, Infallible>(spaces.clone())),
                );
                let body = stream::once(async { Ok(Bytes::from_static(b"[")) }).chain(body);
                respond(&Reply::json(200, Value::Null), Some(Body::from_stream(body)))
            }
        }
    }
}

fn break_off(broken: Broken, wire: Option<&Wire>) -> Response<Body> {
    if let Some(wire) = wire {
        wire.reset();
    }
    let mut response = respond(&Reply::empty(500), None);
    response.extensions_mut().insert(broken);
    response
}

/// A gzip body that grows to `bytes` spaces: one literal, then "again, 258 times" over and over. The checksum at
/// its end is wrong; whoever gets that far has already taken too much.
fn bomb(bytes: u64) -> Body {
    // Deflate with fixed Huffman codes, least significant bit first: final block, type 01, the literal 32
    // (00110000 + 32 = 01010000, most significant bit first).
    let mut bits: Vec<bool> = vec![true, true, false];
    bits.extend([false, true, false, true, false, false, false, false]);
    // Length 258 is symbol 285 (11000101), distance 1 is symbol 0 (00000).
    let again = [true, true, false, false, false, true, false, true, false, false, false, false, false];
    // 11 bits stand before the first match; 8 matches are 13 whole bytes, so the pattern repeats from there on.
    while !bits.len().is_multiple_of(8) || bits.len() < 16 {
        bits.extend(again);
    }
    let lead = pack(&bits);
    let cycle = pack(&again.repeat(8));
    let piece = Bytes::from(cycle.repeat(512));
    let pieces = bytes.div_ceil(8 * 258 * 512);
    let head = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    // End of block (0000000) and an eight-byte trailer.
    let tail = Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let body = stream::iter([head, Bytes::from(lead)])
        .chain(stream::iter((0..pieces).map(move |_| piece.clone())))
        .chain(stream::once(async move { tail }))
        .map(Ok::<Bytes, Infallible>);
    Body::from_stream(body)
}

fn pack(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8)
        .map(|byte| {
            byte.iter().enumerate().fold(0, |packed, (place, bit)| packed | (u8::from(*bit) << place))
        })
        .collect()
}
