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
//!
//! `kinds` lists every way to go wrong; `dice` decides which requests meet one.

use std::{fmt, str::FromStr, time::Duration};

use serde::Serialize;

mod dice;
mod kinds;

pub(crate) use dice::{Dice, Sight};
pub use kinds::{Kind, Scope};

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
pub struct ParseError(String);

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
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = |what: &str| ParseError(format!("fault \"{text}\": {what}"));
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

    pub fn of(rules: Vec<Rule>) -> Self {
        Self { rules }
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
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let rules: Result<Vec<Rule>, ParseError> =
            text.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(str::parse).collect();
        Ok(Self { rules: rules? })
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
        let sight = Sight { route: "GET /x", items: &[], write: false, list: false, count: false };
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
