//! Points in time. The domain never asks what time it is: it is told.

use jiff::{SignedDuration, ZonedDateTime, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment in UTC, to the millisecond; ISO 8601 in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(#[schemars(with = "String")] jiff::Timestamp);

impl Timestamp {
    pub fn new(moment: jiff::Timestamp) -> Self {
        let millis = moment.as_millisecond();
        Self(jiff::Timestamp::from_millisecond(millis).unwrap_or(moment))
    }

    /// Reads ISO 8601 (`2026-11-24T01:47:19Z`).
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::new)
    }

    pub fn from_seconds(seconds: i64) -> Self {
        Self::new(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.0.checked_add(SignedDuration::from_secs(seconds)).map_or(self, Self::new)
    }

    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        self.0.checked_add(SignedDuration::from_millis(millis)).map_or(self, Self::new)
    }

    /// The first moment after a calendar day in UTC that is written as `2026-12-31`.
    pub fn after_day(day: &str) -> Option<Self> {
        let next = day.trim().parse::<Date>().ok()?.tomorrow().ok()?;
        Some(Self::new(TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok()?))
    }

    /// The moment that somebody means by a day in UTC (`2026-12-31`, its beginning), a moment
    /// (`2026-12-31T12:00:00Z`) or a span back from `now` (`30d`, `12h`, `3 months`).
    pub fn meant_by(text: &str, now: Self) -> Option<Self> {
        let text = text.trim();
        if let Some(moment) = Self::parse(text) {
            return Some(moment);
        }
        if let Ok(day) = text.parse::<Date>() {
            return Some(Self::new(TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?));
        }
        let back = text.parse::<jiff::Span>().ok()?.abs();
        let then = TimeZone::UTC.to_datetime(now.0).checked_sub(back).ok()?;
        Some(Self::new(TimeZone::UTC.to_timestamp(then).ok()?))
    }

    /// Seconds from `earlier` to this moment; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.duration_since(earlier.0).as_secs_f64()
    }

    /// What clocks of this zone show.
    pub fn in_zone(self, zone: &TimeZone) -> ZonedDateTime {
        self.0.to_zoned_datetime(zone.clone())
    }

    /// The calendar day in UTC.
    pub fn day(self) -> Date {
        TimeZone::UTC.to_datetime(self.0).date()
    }

    /// `2026-11-24 01:47`, for screens.
    pub fn minutes(self) -> String {
        TimeZone::UTC.to_datetime(self.0).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `01:47:19`, for logs on screens.
    pub fn clock_time(self) -> String {
        TimeZone::UTC.to_datetime(self.0).strftime("%H:%M:%S").to_string()
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Whole days from `earlier` to `later`.
pub fn days_between(earlier: Date, later: Date) -> i64 {
    i64::from((later - earlier).get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        let end = Timestamp::after_day(" 2026-12-31 ").unwrap();
        assert_eq!(end.to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(Timestamp::after_day("2026-02-28").unwrap().minutes(), "2026-03-01 00:00");
        for wrong in ["", "tomorrow", "2026-13-01", "31.12.2026", "2026-02-30"] {
            assert_eq!(Timestamp::after_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_day_a_moment_and_a_span_all_mean_a_moment() {
        let now = Timestamp::parse("2026-11-26T16:00:00Z").unwrap();
        for (text, meant) in [
            ("2026-01-01", "2026-01-01T00:00:00Z"),
            (" 2026-01-01T12:30:00Z ", "2026-01-01T12:30:00Z"),
            ("2026-01-01T12:30:00+02:00", "2026-01-01T10:30:00Z"),
            ("30d", "2026-10-27T16:00:00Z"),
            ("12h", "2026-11-26T04:00:00Z"),
            ("1 month", "2026-10-26T16:00:00Z"),
            ("2w 1h", "2026-11-12T15:00:00Z"),
        ] {
            assert_eq!(
                Timestamp::meant_by(text, now).map(|at| at.to_string()).as_deref(),
                Some(meant),
                "{text}"
            );
        }
        for wrong in ["", "yesterday", "30", "2026-13-01", "31.12.2026", "9999999999999y"] {
            assert_eq!(Timestamp::meant_by(wrong, now), None, "{wrong}");
        }
    }
}
