//! When something happens by itself: five fields of cron, and the time zone whose wall clock they mean.
//!
//! On two days of the year a wall clock jumps. Where the line names its hours (`30 2 * * *`, `0 2,14 * * *`), each time
//! that it names happens once: one that the clock jumps over happens when the jump is done, one that the clock shows
//! twice the first time. Where it takes every hour (`*/15 * * * *`) it follows the clock: nothing happens in an hour
//! that there is not, and an hour that comes twice has all of it twice.

use std::cmp::Ordering;

use croner::{
    CivilDate, CivilDateTime, CivilTime, Cron, CronDateTime, Resolution, Weekday,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use jiff::{
    SignedDuration, ZonedDateTime, civil,
    tz::{AmbiguousOffset, TimeZone},
};
use thiserror::Error;

use super::{Timestamp, text::one_line};

/// Moments that come again and again.
#[derive(Debug, Clone)]
pub struct Cadence {
    cron: Cron,
    fields: String,
    zone: TimeZone,
}

/// Why a line says no such thing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CadenceError {
    #[error(
        "it has {0} fields and needs five: minute, hour, day of the month, month, day of the week; write it like \"30 2 * * 1-5\""
    )]
    Fields(usize),
    #[error("\"{written}\" is no {field}; it may be {range}")]
    Field { written: String, field: &'static str, range: &'static str },
    #[error("no day fits it, so it would never happen; mend the day of the month or the month")]
    Never,
}

/// The fields by name, and what may stand in them.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59, * or */5, lists (0,30) and ranges (0-10)"),
    ("hour", "0 to 23, * or */2, lists (2,14) and ranges (2-5)"),
    ("day of the month", "1 to 31, L for the last, *, lists and ranges"),
    ("month", "1 to 12 or JAN to DEC, *, lists and ranges"),
    ("day of the week", "0 to 7 (0 and 7 are Sunday) or SUN to SAT, *, lists and ranges (1-5)"),
];

/// Wall clock times that a jump back shows again, in minutes: no zone repeats more than a day.
const MOST_REPEATED: u32 = 24 * 60 + 1;

impl Cadence {
    /// # Errors
    /// [`CadenceError`] with the field that is wrong, and what it may be.
    pub fn new(line: &str, zone: TimeZone) -> Result<Self, CadenceError> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.len() != FIELDS.len() {
            return Err(CadenceError::Fields(fields.len()));
        }
        for (n, written) in fields.iter().enumerate() {
            let mut alone = ["*"; FIELDS.len()];
            alone[n] = written;
            // A field is a few characters: a long one is no field, and takes long to look at.
            if written.len() > 200 || read(&alone).is_err() {
                let (field, range) = FIELDS[n];
                return Err(CadenceError::Field { written: one_line(written, 40), field, range });
            }
        }
        let cron = read(&fields).map_err(|_| CadenceError::Never)?;
        let cadence = Self { cron, fields: fields.join(" "), zone };
        // Leap days come at least every eight years, so this finds whatever there is to find.
        cadence.after(Timestamp::from_seconds(0)).map(|_| cadence).ok_or(CadenceError::Never)
    }

    /// The five fields, one blank between two of them.
    pub fn fields(&self) -> &str {
        &self.fields
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The zone's name in the IANA database; `UTC` or an offset where it has none.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().map_or_else(
            || self.zone.to_fixed_offset().map_or_else(|_| "local".to_owned(), |offset| offset.to_string()),
            str::to_owned,
        )
    }

    /// The first moment later than this one.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let start = moment.in_zone(&self.zone);
        if self.takes_every_hour() {
            let next = self.cron.find_next_occurrence(&Clock(start), false).ok()?;
            return Some(Timestamp::new(next.0.timestamp()));
        }
        // Hours that are named are looked for on a dial without a zone; what they mean in it is said afterwards.
        let mut dial = Dial(start.datetime());
        for _ in 0..MOST_REPEATED {
            dial = self.cron.find_next_occurrence(&dial, false).ok()?;
            let meant = self.meant(dial.0)?;
            if meant > moment {
                return Some(meant);
            }
        }
        None
    }

    /// The moments later than this one.
    pub fn all_after(&self, moment: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.after(moment), |earlier| self.after(*earlier))
    }

    fn takes_every_hour(&self) -> bool {
        self.fields.split(' ').nth(1).is_some_and(|hour| hour.starts_with('*'))
    }

    /// The moment that a time on the dial means: the first of two, and the end of a jump over it.
    fn meant(&self, dial: civil::DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_zoned_datetime(dial);
        let zoned = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok()?,
            // Read with the offset from before the jump it is a moment after the jump, and the zone says when that was.
            AmbiguousOffset::Gap { .. } => {
                let behind = ambiguous.later().ok()?.timestamp();
                let jump = self.zone.preceding(behind + SignedDuration::from_nanos(1)).next()?;
                jump.timestamp().to_zoned_datetime(self.zone.clone())
            }
        };
        Some(Timestamp::new(zoned.timestamp()))
    }
}

fn read(fields: &[&str]) -> Result<Cron, CronError> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(&fields.join(" "))
}

/// A moment as a clock of its zone shows it.
#[derive(Clone)]
struct Clock(ZonedDateTime);

/// A date and a time of day of no zone.
#[derive(Clone)]
struct Dial(civil::DateTime);

fn shown(time: civil::DateTime) -> CivilDateTime {
    let part = i8::unsigned_abs;
    CivilDateTime::new(
        CivilDate::from_parts_unchecked(
            time.year().into(),
            part(time.month()).into(),
            part(time.day()).into(),
        ),
        CivilTime::from_parts_unchecked(
            part(time.hour()).into(),
            part(time.minute()).into(),
            part(time.second()).into(),
        ),
    )
}

fn read_off(civil: CivilDateTime) -> Result<civil::DateTime, CronError> {
    let part = |value: u32| i8::try_from(value).map_err(|_| CronError::InvalidTime);
    civil::DateTime::new(
        i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?,
        part(civil.month())?,
        part(civil.day())?,
        part(civil.hour())?,
        part(civil.minute())?,
        part(civil.second())?,
        0,
    )
    .map_err(|_| CronError::InvalidDate)
}

fn weekday(day: civil::Weekday) -> Weekday {
    Weekday::from_days_from_sunday(day.to_sunday_zero_offset().unsigned_abs().into())
}

impl CronDateTime for Clock {
    fn to_civil(&self) -> CivilDateTime {
        shown(self.0.datetime())
    }

    fn civil_weekday(&self) -> Weekday {
        weekday(self.0.weekday())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(read_off(civil)?);
        let invalid = |_| CronError::InvalidTime;
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(Self(ambiguous.unambiguous().map_err(invalid)?))
            }
            AmbiguousOffset::Fold { .. } => Resolution::Ambiguous(
                Self(ambiguous.clone().earlier().map_err(invalid)?),
                Self(ambiguous.later().map_err(invalid)?),
            ),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

impl CronDateTime for Dial {
    fn to_civil(&self) -> CivilDateTime {
        shown(self.0)
    }

    fn civil_weekday(&self) -> Weekday {
        weekday(self.0.weekday())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        Ok(Resolution::Single(Self(read_off(civil)?)))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests;
