//! `Retry-After`: seconds, or a date. Nonsense is no answer.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Nobody is made to wait longer than this on the word of one header.
pub(super) const LONGEST: Duration = Duration::from_mins(10);

/// How long the PSA asks to wait; `None` if it does not say, or says something absurd.
pub(super) fn asked(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<f64>() {
        // Less than nothing, infinity and what is no number are no durations.
        Duration::try_from_secs_f64(seconds).ok()?
    } else {
        let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Duration::try_from(until.duration_since(now)).ok()?
    };
    (wait <= LONGEST).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_count_nonsense_does_not() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            super::asked(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(asked("30"), Some(30));
        assert_eq!(asked("0"), Some(0));
        assert_eq!(asked("600"), Some(600), "ten minutes are the most");
        assert_eq!(asked("601"), None);
        assert_eq!(asked("Tue, 24 Nov 2026 10:00:20 GMT"), Some(20));
        assert_eq!(asked("Tue, 24 Nov 2026 09:00:00 GMT"), None);
        for nonsense in ["-5", "31536000", "soon", "", "NaN", "inf", "Tue, 24 Nov 2027 10:00:00 GMT"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
        assert_eq!(super::asked(&HeaderMap::new(), now), None);
    }
}
