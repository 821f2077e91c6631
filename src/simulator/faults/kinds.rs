//! Every way to go wrong.

use std::{fmt, str::FromStr, time::Duration};

use super::{Parameter, ParseError, nearest};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal $scope:ident;)*) => {
        /// One way to go wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// Every kind, so that a test can go through all of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it in a plan.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The requests that it can meet.
            pub fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope,)* }
            }
        }
    };
}

/// The requests that a kind can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Any,
    Writes,
    /// Reads of many rows.
    Lists,
    /// Reads of how many rows there are.
    Counts,
    /// Whatever is answered with JSON rows.
    Reads,
}

kinds! {
    /// The connection is accepted and reset at once. New connections only; every answer asks for a new one.
    Refused "refused" Any;
    /// The connection is reset before the write is looked at.
    ResetBeforeWrite "reset_before_write" Writes;
    /// The connection is reset after the write was stored.
    ResetAfterWrite "reset_after_write" Writes;
    /// The connection is reset instead of an answer, on any request; a write is stored.
    Reset "reset" Any;
    /// The body ends half-way: fewer bytes than `Content-Length` says. A write is stored.
    Truncated "truncated" Any;
    /// `Content-Length` is too small: the first half of the body passes for the whole of it. A write is stored.
    CutShort "cut_short" Any;
    /// Too many requests; `Retry-After` in seconds (PARAM, default 1s).
    Throttled "429" Any;
    /// Too many requests; `Retry-After` as an HTTP date, PARAM ahead.
    ThrottledDate "429_date" Any;
    /// Too many requests, without `Retry-After`.
    ThrottledBare "429_absent" Any;
    /// Too many requests; `Retry-After` of a year.
    ThrottledAbsurd "429_absurd" Any;
    /// Too many requests; `Retry-After: -5`.
    ThrottledNegative "429_negative" Any;
    /// Too many threads, told with a 500 and the code `ITGenATR005` [C N8N]. Autotask only; elsewhere as `500`.
    ThreadLimit "thread_limit" Any;
    /// 500 with the vendor's JSON.
    Error500 "500" Any;
    /// 500 with an HTML page.
    Html500 "500_html" Any;
    /// 502 with an HTML page.
    Html502 "502" Any;
    /// 503 with an HTML page.
    Html503 "503" Any;
    /// 504 with an empty body.
    Empty504 "504" Any;
    /// The write is stored, the answer is a 500.
    ErrorAfterCommit "500_after_write" Writes;
    /// 200 with nothing in it. A write is stored.
    Empty200 "empty_200" Any;
    /// 401 with nothing in it.
    Empty401 "empty_401" Any;
    /// 500 with nothing in it.
    Empty500 "empty_500" Any;
    /// The answer comes PARAM later (default 2000ms).
    Slow "slow" Any;
    /// The answer comes up to PARAM later (default 30s), each time another while.
    Jitter "jitter" Any;
    /// The answer never comes (PARAM, default 120s, then a reset). A write is not stored.
    Hang "hang" Any;
    /// The write is stored, then the answer never comes.
    HangAfterWrite "hang_after_write" Writes;
    /// The body comes in small pieces, PARAM apart (default 50ms).
    Drip "drip" Any;
    /// 200, nothing stored, the answer shows the record unchanged.
    FalseOk "false_200" Writes;
    /// 200, nothing stored, the answer shows the change.
    LostWrite "lost_write" Writes;
    /// The write arrives twice, as from a proxy that sends it again; the second answer is shown.
    Duplicate "duplicate_write" Writes;
    /// 200 with another record. A write is stored in the right one.
    OtherRecord "other_id" Writes;
    /// 200 with an HTML page (a sign-in page). A write is not stored.
    Html200 "html_200" Any;
    /// 200 with broken JSON. A write is stored.
    InvalidJson "invalid_json" Any;
    /// The credentials are refused.
    Unauthorized "401" Any;
    /// No permission for this write.
    Forbidden "403" Writes;
    /// The record does not pass validation: a required member is missing.
    Invalid "400" Writes;
    /// The record is gone.
    NotFound "404" Writes;
    /// Somebody else holds the record.
    Conflict "409" Writes;
    /// 301 to another host.
    Redirect301 "301" Any;
    /// 302 to another host.
    Redirect302 "302" Any;
    /// A record is added after the page was read.
    RowsAdded "rows_added" Lists;
    /// The page after the one asked for.
    DroppedPage "dropped_page" Lists;
    /// The page before the one asked for.
    RepeatedPage "repeated_page" Lists;
    /// The page without its last row.
    ShortenedPage "shortened_page" Lists;
    /// The filter is not looked at.
    FilterIgnored "filter_ignored" Lists;
    /// A page that holds the record `@config:ID` fails with 500.
    PoisonRow "poison_row" Lists;
    /// A count that is one too many.
    LyingCount "lying_count" Counts;
    /// A small gzip body that grows to PARAM (default 65mb).
    GzipBomb "gzip_bomb" Any;
    /// A plain body of PARAM (default 65mb).
    HugeBody "huge_body" Any;
    /// 200 extra headers.
    HeaderFlood "header_flood" Any;
    /// Every number is sent as a string.
    NumbersAsStrings "numbers_as_strings" Reads;
    /// One member of each row is left out.
    MissingFields "missing_fields" Reads;
    /// One member of each row is null.
    NullFields "null_fields" Reads;
    /// Each row has members nobody has heard of.
    ExtraFields "extra_fields" Reads;
}

impl Kind {
    /// Whether it only decides when the answer comes, or dresses it up; another rule may decide what it says.
    pub(crate) fn only_adds(self) -> bool {
        matches!(self, Self::Slow | Self::Jitter | Self::HeaderFlood | Self::Drip | Self::PoisonRow)
    }

    /// Whether the rule is decided by the list that is made, not by the request.
    pub(crate) fn in_lists(self) -> bool {
        matches!(self.scope(), Scope::Lists | Scope::Counts)
    }

    pub(super) fn default_parameter(self) -> Parameter {
        match self {
            Self::Slow => Parameter::Time(Duration::from_secs(2)),
            Self::Jitter => Parameter::Time(Duration::from_secs(30)),
            Self::Hang | Self::HangAfterWrite => Parameter::Time(Duration::from_mins(2)),
            Self::Drip => Parameter::Time(Duration::from_millis(50)),
            Self::GzipBomb | Self::HugeBody => Parameter::Bytes(65 * 1024 * 1024),
            _ => Parameter::Time(Duration::from_secs(1)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL.iter().copied().find(|kind| kind.name() == text).ok_or_else(|| {
            let nearest = nearest(text, Self::ALL.iter().map(|kind| kind.name()));
            ParseError(format!("no fault is called \"{text}\"; did you mean \"{nearest}\"?"))
        })
    }
}
