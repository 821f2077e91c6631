//! Asking a parsed condition of a record.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::conditions::{Condition, Literal, Operator, Test};

impl Condition {
    /// Asks the condition of one record, whose members `get` tells.
    pub fn holds(&self, get: &dyn Fn(&str) -> Value) -> bool {
        match self {
            Self::All => true,
            Self::And(sides) => sides.iter().all(|side| side.holds(get)),
            Self::Or(sides) => sides.iter().any(|side| side.holds(get)),
            Self::Test(test) => test.holds(&get(&test.path)),
        }
    }

    /// The ids that the member `path` can only have, if the condition says so: lets a list start from an index.
    pub fn only(&self, path: &str) -> Option<Vec<i64>> {
        match self {
            Self::All => None,
            Self::And(sides) => sides.iter().find_map(|side| side.only(path)),
            Self::Or(sides) => {
                let each: Option<Vec<Vec<i64>>> = sides.iter().map(|side| side.only(path)).collect();
                each.map(|each| each.concat())
            }
            Self::Test(test) => {
                let fits = test.path == path
                    && !test.negated
                    && matches!(test.operator, Operator::Equal | Operator::In)
                    && test.values.iter().all(|value| matches!(value, Literal::Number(_)));
                fits.then(|| test.numbers.iter().copied().collect())
            }
        }
    }

    /// The paths that are asked about.
    pub fn paths(&self) -> Vec<&str> {
        match self {
            Self::All => Vec::new(),
            Self::And(sides) | Self::Or(sides) => sides.iter().flat_map(Self::paths).collect(),
            Self::Test(test) => vec![&test.path],
        }
    }
}

impl Test {
    fn holds(&self, found: &Value) -> bool {
        // A member that is itself a list (a ticket's configurations) fits if one of its entries does.
        if let Value::Array(entries) = found {
            return entries.iter().any(|entry| self.holds(entry));
        }
        let met = match self.operator {
            Operator::In => {
                found.as_i64().is_some_and(|number| self.numbers.contains(&number))
                    || (!found.is_number() && self.values.iter().any(|value| self.equal(found, value)))
            }
            Operator::Equal => self.equal(found, &self.values[0]),
            Operator::NotEqual => !self.equal(found, &self.values[0]),
            Operator::Contains => text_of(found)
                .zip(self.pattern())
                .is_some_and(|(text, part)| text.to_lowercase().contains(&part.to_lowercase())),
            Operator::Like => {
                text_of(found).zip(self.pattern()).is_some_and(|(text, pattern)| like(&text, &pattern))
            }
            Operator::Less => self.order(found).is_some_and(std::cmp::Ordering::is_lt),
            Operator::LessOrEqual => self.order(found).is_some_and(std::cmp::Ordering::is_le),
            Operator::Greater => self.order(found).is_some_and(std::cmp::Ordering::is_gt),
            Operator::GreaterOrEqual => self.order(found).is_some_and(std::cmp::Ordering::is_ge),
        };
        met != self.negated
    }

    fn pattern(&self) -> Option<String> {
        match &self.values[0] {
            Literal::Text(text) => Some(text.clone()),
            Literal::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn equal(&self, found: &Value, value: &Literal) -> bool {
        match (found, value) {
            (Value::Null, Literal::Null) => true,
            (Value::Null, Literal::Flag(flag)) => !flag && self.path.ends_with("Flag"),
            (Value::Bool(found), Literal::Flag(flag)) => found == flag,
            (Value::Bool(found), Literal::Text(text)) => found.to_string().eq_ignore_ascii_case(text),
            (Value::String(found), Literal::Flag(flag)) => found.eq_ignore_ascii_case(&flag.to_string()),
            (Value::Number(found), Literal::Number(number)) => {
                found.as_f64().is_some_and(|found| (found - number).abs() < f64::EPSILON)
            }
            (Value::String(found), Literal::Number(number)) => found.parse() == Ok(*number),
            (Value::Number(found), Literal::Text(text)) => found.to_string() == *text,
            (Value::String(found), Literal::Text(text)) => found.to_lowercase() == text.to_lowercase(),
            (Value::String(_), Literal::Moment { .. }) => {
                self.moments(found, value).is_some_and(|(a, b)| a == b)
            }
            _ => false,
        }
    }

    fn order(&self, found: &Value) -> Option<std::cmp::Ordering> {
        match (found, &self.values[0]) {
            (Value::Number(found), Literal::Number(number)) => found.as_f64()?.partial_cmp(number),
            (Value::String(found), Literal::Text(text)) => {
                Some(found.to_lowercase().cmp(&text.to_lowercase()))
            }
            (Value::String(_), value @ Literal::Moment { .. }) => {
                self.moments(found, value).map(|(found, wanted)| found.cmp(&wanted))
            }
            _ => None,
        }
    }

    /// Both moments, to be compared; where only days count, both at their day's start.
    fn moments(&self, found: &Value, value: &Literal) -> Option<(Timestamp, Timestamp)> {
        let (Value::String(found), Literal::Moment { at, day_only }) = (found, value) else { return None };
        let found: Timestamp = found.parse().ok()?;
        if !self.days {
            return Some((found, *at));
        }
        let day =
            |at: Timestamp| at.to_zoned_datetime(TimeZone::UTC).start_of_day().map(|day| day.timestamp());
        if *day_only { Some((day(found).ok()?, day(*at).ok()?)) } else { None }
    }
}

fn text_of(found: &Value) -> Option<String> {
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// `*` and `%` stand for any text; `[[]` for a bracket. Case does not count.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let pattern = pattern.to_lowercase().replace("[[]", "[");
    let text = text.to_lowercase();
    let pieces: Vec<&str> = pattern.split(['*', '%']).collect();
    let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
    if pieces.len() == 1 {
        return text == first;
    }
    if text.len() < first.len() + last.len() || !text.starts_with(first) || !text.ends_with(last) {
        return false;
    }
    let mut rest = &text[first.len()..text.len() - last.len()];
    for piece in &pieces[1..pieces.len() - 1] {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}
