//! What can be made to go wrong, how often, and on what.
//!
//! On the command line and in `POST /_sim/faults` a plan is a comma list of rules:
//! `KIND[=RATE[:PARAM]][@TARGET][*TIMES]`.
//!
//! - `RATE` is a share of the requests that the kind applies to (`0.1`); without one every such request is met.
//! - `PARAM` is a time (`2000ms`, `30s`), a size (`70mb`) or a number, as the kind wants it.
//! - `TARGET` is `config:123` (requests about that configuration), `route:TEXT` (the route contains it),
//!   `request:N` (the N-th request that the plan sees, from 0), `write:N` (the N-th write), or `reads`, `writes`.
//! - `TIMES` ends the rule after so many hits.
//!
//! Example: `429=0.1:2s,reset_after_write=0.05,false_200@config:123,403@config:55,slow=0.1:2000ms,500@request:7*1`.

use std::{fmt, str::FromStr, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::Serialize;

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
    /// Whether the rule is decided by the list that is made, not by the request.
    pub(crate) fn in_lists(self) -> bool {
        matches!(self.scope(), Scope::Lists | Scope::Counts)
    }

    fn default_parameter(self) -> Parameter {
        match self {
            Self::Slow => Parameter::Time(Duration::from_secs(2)),
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
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::ALL.iter().copied().find(|kind| kind.name() == text).ok_or_else(|| {
            let nearest = nearest(text, Self::ALL.iter().map(|kind| kind.name()));
            FaultError(format!("no fault is called \"{text}\"; did you mean \"{nearest}\"?"))
        })
    }
}

/// The name most like `word`.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> &'a str {
    names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .min_by_key(|(distance, _)| *distance)
        .map_or("", |(_, name)| name)
}

/// A plan that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultError(String);

/// What a rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    #[default]
    All,
    /// A record, by the word for its kind and its id: `config:123`.
    Item(String, String),
    /// Routes that contain this text.
    Route(String),
    /// The N-th request that the plan sees, from 0.
    Request(u64),
    /// The N-th write that the plan sees, from 0.
    Write(u64),
    Reads,
    Writes,
}

/// A time, a size or a number that the kind wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    Time(Duration),
    Bytes(u64),
}

impl Parameter {
    pub fn time(self) -> Duration {
        match self {
            Self::Time(time) => time,
            Self::Bytes(_) => Duration::ZERO,
        }
    }

    pub fn bytes(self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Time(_) => 65 * 1024 * 1024,
        }
    }
}

/// One kind of fault, how often, and on what.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub kind: Kind,
    /// Share of the requests it applies to.
    pub rate: f64,
    pub target: Target,
    pub parameter: Option<Parameter>,
    /// Ends after so many hits.
    pub times: Option<u64>,
}

impl Rule {
    /// Meets every request that the kind applies to.
    pub fn always(kind: Kind) -> Self {
        Self { kind, rate: 1.0, target: Target::All, parameter: None, times: None }
    }

    pub fn at_rate(kind: Kind, rate: f64) -> Self {
        Self { rate, ..Self::always(kind) }
    }

    /// Meets requests about one configuration.
    pub fn on_configuration(kind: Kind, id: impl fmt::Display) -> Self {
        Self { target: Target::Item("config".to_owned(), id.to_string()), ..Self::always(kind) }
    }

    /// Meets the N-th request after the plan was set.
    pub fn on_request(kind: Kind, index: u64) -> Self {
        Self { target: Target::Request(index), ..Self::always(kind) }
    }

    /// Meets the N-th write after the plan was set.
    pub fn on_write(kind: Kind, index: u64) -> Self {
        Self { target: Target::Write(index), ..Self::always(kind) }
    }

    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.parameter = Some(Parameter::Time(time));
        self
    }

    #[must_use]
    pub fn sized(mut self, bytes: u64) -> Self {
        self.parameter = Some(Parameter::Bytes(bytes));
        self
    }

    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn on_route(mut self, text: impl Into<String>) -> Self {
        self.target = Target::Route(text.into());
        self
    }

    pub fn parameter(&self) -> Parameter {
        self.parameter.unwrap_or_else(|| self.kind.default_parameter())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.rate < 1.0 || self.parameter.is_some() {
            write!(f, "={}", self.rate)?;
        }
        match self.parameter {
            Some(Parameter::Time(time)) => write!(f, ":{}ms", time.as_millis())?,
            Some(Parameter::Bytes(bytes)) => write!(f, ":{bytes}b")?,
            None => {}
        }
        match &self.target {
            Target::All => {}
            Target::Item(kind, id) => write!(f, "@{kind}:{id}")?,
            Target::Route(text) => write!(f, "@route:{text}")?,
            Target::Request(index) => write!(f, "@request:{index}")?,
            Target::Write(index) => write!(f, "@write:{index}")?,
            Target::Reads => f.write_str("@reads")?,
            Target::Writes => f.write_str("@writes")?,
        }
        self.times.map_or(Ok(()), |times| write!(f, "*{times}"))
    }
}

impl FromStr for Rule {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let error = |what: &str| FaultError(format!("fault \"{text}\": {what}"));
        let (head, times) = match text.rsplit_once('*') {
            Some((head, times)) => {
                let times = times.trim().parse().map_err(|_| error("after * comes a number of times"))?;
                (head, Some(times))
            }
            None => (text, None),
        };
        let (head, target) = match head.split_once('@') {
            Some((head, target)) => (head, parse_target(target.trim()).map_err(|what| error(&what))?),
            None => (head, Target::All),
        };
        let (name, amount) = head.split_once('=').map_or((head, ""), |(name, amount)| (name, amount));
        let kind: Kind = name.trim().parse()?;
        let (rate, parameter) =
            amount.split_once(':').map_or((amount, ""), |(rate, parameter)| (rate, parameter));
        let rate = match rate.trim() {
            "" => 1.0,
            rate => rate.parse().map_err(|_| error("the rate is a number from 0 to 1, such as 0.1"))?,
        };
        if !(0.0..=1.0).contains(&rate) {
            return Err(error("the rate is a number from 0 to 1, such as 0.1"));
        }
        let parameter = match parameter.trim() {
            "" => None,
            parameter => Some(
                parse_parameter(parameter)
                    .ok_or_else(|| error("after the rate comes a time (2000ms, 30s) or a size (70mb)"))?,
            ),
        };
        Ok(Self { kind, rate, target, parameter, times })
    }
}

fn parse_target(text: &str) -> Result<Target, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("\"{text}\" is not a number"));
    match text.split_once(':') {
        None if text == "reads" => Ok(Target::Reads),
        None if text == "writes" => Ok(Target::Writes),
        Some(("route", route)) => Ok(Target::Route(route.to_owned())),
        Some(("request", index)) => Ok(Target::Request(number(index)?)),
        Some(("write", index)) => Ok(Target::Write(number(index)?)),
        Some((kind, id)) if !id.is_empty() => Ok(Target::Item(kind.to_owned(), id.to_owned())),
        _ => Err("after @ comes config:ID, route:TEXT, request:N, write:N, reads or writes".to_owned()),
    }
}

fn parse_parameter(text: &str) -> Option<Parameter> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    Some(match &text[digits..].to_ascii_lowercase()[..] {
        "" | "s" => Parameter::Time(Duration::from_secs(number)),
        "ms" => Parameter::Time(Duration::from_millis(number)),
        "b" => Parameter::Bytes(number),
        "kb" => Parameter::Bytes(number * 1024),
        "mb" => Parameter::Bytes(number * 1024 * 1024),
        _ => return None,
    })
}

/// The rules in force. The first one that meets a request decides; the order is the order given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub rules: Vec<Rule>,
}

impl Plan {
    pub fn none() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn and(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

impl From<Rule> for Plan {
    fn from(rule: Rule) -> Self {
        Self { rules: vec![rule] }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<String> = self.rules.iter().map(ToString::to_string).collect();
        f.write_str(&rules.join(","))
    }
}

impl Serialize for Plan {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Plan {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let rules: Result<Vec<Rule>, FaultError> =
            text.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(str::parse).collect();
        Ok(Self { rules: rules? })
    }
}

/// What a rule may look at in a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub route: &'a str,
    /// The kind and id of the record it is about.
    pub item: Option<(&'a str, &'a str)>,
    pub write: bool,
    pub list: bool,
    pub count: bool,
}

/// A plan at work: it counts, and it throws seeded dice.
#[derive(Debug)]
pub(crate) struct Dice {
    plan: Plan,
    hits: Vec<u64>,
    rng: StdRng,
    requests: u64,
    writes: u64,
}

impl Dice {
    pub fn new(plan: Plan, seed: u64) -> Self {
        let hits = vec![0; plan.rules.len()];
        Self { plan, hits, rng: StdRng::seed_from_u64(seed), requests: 0, writes: 0 }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether connections are to be short-lived, so that refusals meet new ones.
    pub fn refuses(&self) -> bool {
        self.plan.rules.iter().any(|rule| rule.kind == Kind::Refused)
    }

    /// Whether a connection that has just been made is to be reset.
    pub fn refuse_connection(&mut self) -> bool {
        let Self { plan, hits, rng, .. } = self;
        plan.rules.iter().zip(hits).any(|(rule, hits)| {
            let meets = rule.kind == Kind::Refused
                && rule.target == Target::All
                && rule.times.is_none_or(|times| *hits < times)
                && (rule.rate >= 1.0 || rng.random::<f64>() < rule.rate);
            *hits += u64::from(meets);
            meets
        })
    }

    /// The rules that meet a request: at most one that decides the answer, and those of slowness before it.
    pub fn throw(&mut self, sight: Sight<'_>) -> Vec<Rule> {
        let request = self.requests;
        self.requests += 1;
        let write = self.writes;
        self.writes += u64::from(sight.write);
        let mut met = Vec::new();
        let Self { plan, hits, rng, .. } = self;
        for (rule, hits) in plan.rules.iter().zip(hits) {
            if rule.times.is_some_and(|times| *hits >= times) || !applies(rule, sight, request, write) {
                continue;
            }
            // The dice are thrown for each rule that applies, so that one rule's luck does not shift another's.
            if rule.rate < 1.0 && rng.random::<f64>() >= rule.rate {
                continue;
            }
            *hits += 1;
            met.push(rule.clone());
            if !matches!(rule.kind, Kind::Slow | Kind::HeaderFlood | Kind::Drip | Kind::PoisonRow) {
                break;
            }
        }
        met
    }
}

fn applies(rule: &Rule, sight: Sight<'_>, request: u64, write: u64) -> bool {
    let scope = match rule.kind.scope() {
        Scope::Any => true,
        Scope::Writes => sight.write,
        Scope::Lists => sight.list,
        Scope::Counts => sight.count,
        Scope::Reads => !sight.write && !sight.count,
    };
    // New connections are where a refusal of all is met.
    let at_connection = rule.kind == Kind::Refused && rule.target == Target::All;
    scope
        && !at_connection
        && match &rule.target {
            Target::All => true,
            // A poisoned record is looked for in the rows, not in the path.
            Target::Item(..) if rule.kind == Kind::PoisonRow => true,
            Target::Item(kind, id) => sight.item.is_some_and(|(k, i)| k == kind && i == id),
            Target::Route(text) => sight.route.contains(text.as_str()),
            Target::Request(index) => *index == request,
            Target::Write(index) => sight.write && *index == write,
            Target::Reads => !sight.write,
            Target::Writes => sight.write,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_back_as_it_is_written() {
        let text = "429=0.1:2000ms,reset_after_write=0.05,false_200@config:123,403@config:55,slow=0.1:2000ms,500@request:7*1,gzip_bomb=1:1048576b@route:/company/companies";
        let plan: Plan = text.parse().unwrap();
        assert_eq!(plan.to_string(), text);
        assert_eq!(plan.to_string().parse::<Plan>().unwrap(), plan);
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Rule>().unwrap(), Rule::always(*kind));
        }
    }

    #[test]
    fn a_plan_that_cannot_be_read_says_what_is_wrong() {
        for (text, said) in [
            ("flase_200", "did you mean \"false_200\"?"),
            ("429=2", "from 0 to 1"),
            ("429=0.1:soon", "a time"),
            ("429@config", "after @"),
            ("429@request:x", "not a number"),
            ("429*x", "number of times"),
        ] {
            let error = text.parse::<Plan>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!("".parse::<Plan>().unwrap(), Plan::none());
    }

    #[test]
    fn dice_are_seeded_and_keep_to_their_rate() {
        let sight = Sight { route: "GET /x", item: None, write: false, list: false, count: false };
        let run = |seed| {
            let mut dice = Dice::new("500=0.25".parse().unwrap(), seed);
            (0..1000).map(|_| dice.throw(sight).len()).collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
        let hits: usize = run(3).iter().sum();
        assert!((200..300).contains(&hits), "{hits}");
    }
}
