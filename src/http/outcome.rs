//! What one try came to, told by its status; and what is made of it when no further try is left.

use std::time::Duration;

use super::{
    address,
    request::{HttpError, Reply, Request},
    transport::TransportError,
};

const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// What came of one try.
pub(super) enum Try {
    Done(Reply),
    /// Turned away unseen: may be sent again, whatever it is.
    TurnedAway {
        why: String,
        reply: Reply,
    },
    /// The PSA, or what stands before it, is in trouble.
    Trouble {
        why: String,
        reply: Reply,
    },
    /// A success whose body is not JSON.
    Garbled {
        why: String,
        reply: Reply,
    },
    Failed(TransportError),
}

/// How long to wait before this attempt; the second is the first that waits.
pub(super) fn backoff(attempt: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(2));
    FIRST_BACKOFF.saturating_mul(doubled).min(LONGEST_BACKOFF)
}

pub(super) fn by_status(request: &Request, reply: Reply) -> Try {
    match reply.status {
        429 => Try::TurnedAway { why: format!("too many requests (429): {}", words(&reply)), reply },
        500..=599 => Try::Trouble {
            why: format!("the PSA is in trouble ({}): {}", reply.status, words(&reply)),
            reply,
        },
        200..=299 if reply.status != 204 && !reply.is_json() => {
            let why = format!(
                "{} {} answered {} instead of JSON",
                request.method,
                request.url.path(),
                reply.line()
            );
            Try::Garbled { why, reply }
        }
        _ => Try::Done(reply),
    }
}

/// The vendor's own words, whatever form they come in.
pub(super) fn words(reply: &Reply) -> String {
    match reply.json::<serde_json::Value>() {
        Ok(value) => {
            let said = value.get("message").or_else(|| value.pointer("/errors/0"));
            match said.and_then(serde_json::Value::as_str) {
                Some(said) => crate::domain::text::one_line(said, 200),
                None => reply.line(),
            }
        }
        Err(_) => reply.line(),
    }
}

pub(super) fn finish(request: &Request, outcome: Try, tries: u32) -> Result<Reply, HttpError> {
    let times = if tries > 1 { format!(" ({tries} tries)") } else { String::new() };
    match outcome {
        Try::Done(reply) | Try::Trouble { reply, .. } => Ok(reply),
        Try::TurnedAway { why, .. } => Err(HttpError::RateLimited { message: format!("{why}{times}") }),
        // A write that was answered may have happened: its sender decides.
        Try::Garbled { reply, .. } if !request.is_read() => Ok(reply),
        Try::Garbled { why, .. } => Err(HttpError::Unreadable { message: format!("{why}{times}") }),
        Try::Failed(error) => Err(HttpError::Unreachable {
            message: format!("{}: {}{times}", address::origin(&request.url), error.message),
            sent: error.sent,
            failure: Some(error.failure),
            gave_up: false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, Url, header::HeaderMap};

    use super::{
        super::transport::{Failure, Sent},
        *,
    };

    fn reply(status: u16, body: &str) -> Reply {
        let headers = HeaderMap::from_iter([(
            reqwest::header::CONTENT_TYPE,
            reqwest::header::HeaderValue::from_static("application/json"),
        )]);
        Reply { status, headers, body: body.as_bytes().to_vec() }
    }

    fn read() -> Request {
        Request::get(Url::parse("https://psa.example/things").unwrap())
    }

    fn write() -> Request {
        Request { method: Method::PATCH, ..read() }
    }

    #[test]
    fn each_pause_is_twice_the_one_before_up_to_ten_seconds() {
        let pauses: Vec<u128> = (2..=9).map(|attempt| backoff(attempt).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!(backoff(u32::MAX).as_millis(), 10_000);
    }

    #[test]
    fn the_vendors_own_words_are_told() {
        assert_eq!(words(&reply(400, r#"{"message": "name is\nrequired"}"#)), "name is required");
        assert_eq!(words(&reply(500, r#"{"errors": ["no such zone"]}"#)), "no such zone");
        assert_eq!(words(&reply(503, "[]")), "[]", "the whole line, where there are no words of that form");
    }

    #[test]
    fn the_end_says_how_often_it_was_tried() {
        let turned = |tries| {
            let outcome = Try::TurnedAway { why: "slow down".into(), reply: reply(429, "{}") };
            finish(&read(), outcome, tries).unwrap_err().to_string()
        };
        assert!(turned(1).contains("slow down") && !turned(1).contains("tries"), "{}", turned(1));
        assert!(turned(2).contains("slow down (2 tries)"), "{}", turned(2));
        let error = TransportError::new(Sent::Maybe, Failure::Timeout, "no answer");
        let lost = finish(&write(), Try::Failed(error), 3).unwrap_err().to_string();
        assert!(lost.contains("https://psa.example: no answer (3 tries)"), "{lost}");
    }

    #[test]
    fn a_garbled_answer_to_a_write_is_its_senders_to_judge() {
        let garbled = || Try::Garbled { why: "HTML".into(), reply: reply(200, "<html>") };
        assert!(finish(&write(), garbled(), 1).is_ok());
        assert!(matches!(finish(&read(), garbled(), 1), Err(HttpError::Unreadable { .. })));
    }
}
