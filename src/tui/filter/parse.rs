//! From what was typed to a query. What is not understood is said, with what could have been meant.

use std::sync::Arc;

use super::{
    Query,
    word::{Field, Linked, Mark, Needle, Test, Word},
};
use crate::domain::{Timestamp, links::LinkKind, text::nearest};

/// What a filter of configurations may speak of besides the common fields.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Labels of the vendor's own fields, as far as rows have shown them.
    pub labels: &'a [Arc<str>],
    pub now: Timestamp,
}

/// The fields of configurations that have a name here.
const FIELDS: [(&str, Field); 9] = [
    ("name", Field::Name),
    ("type", Field::Type),
    ("site", Field::Site),
    ("status", Field::Status),
    ("serial", Field::Serial),
    ("id", Field::Id),
    ("parent", Field::Parent),
    ("rmm", Field::Rmm),
    ("updated", Field::Updated),
];

const LINKED: [(&str, Linked); 7] = [
    ("billing", Linked::Kind(LinkKind::Billing)),
    ("tickets", Linked::Kind(LinkKind::Tickets)),
    ("children", Linked::Kind(LinkKind::Children)),
    ("rmm", Linked::Kind(LinkKind::Rmm)),
    ("any", Linked::Any),
    ("none", Linked::None),
    ("unknown", Linked::Unknown),
];

const MARKS: [(&str, Mark); 5] = [
    ("mixed", Mark::Mixed),
    ("held", Mark::Held),
    ("protected", Mark::Protected),
    ("locked", Mark::Locked),
    ("again", Mark::Again),
];

impl Query {
    /// A filter of plain texts: words, phrases in quotes, and what shall not be there.
    pub fn parse(text: &str) -> Self {
        Self::made_of(text, |token| Ok(Some(token.text_test())))
    }

    /// A filter of configurations.
    pub fn of_rows(text: &str, known: Known<'_>) -> Self {
        Self::made_of(text, |token| match &token.field {
            None => Ok(Some(token.text_test())),
            Some(field) => row_test(field, &token.value, known),
        })
    }

    /// A filter of clients.
    pub fn of_clients(text: &str) -> Self {
        Self::made_of(text, |token| {
            let field = match token.field.as_deref() {
                None => return Ok(Some(token.text_test())),
                Some("name") => Field::Name,
                Some("id") => Field::Id,
                Some("because") => Field::Because,
                Some(other) => return Err(unknown(other, &["name", "id", "because"])),
            };
            Ok((!token.value.is_empty()).then(|| Test::In(field, Needle::new(&token.value))))
        })
    }

    fn made_of(text: &str, understand: impl Fn(&Token) -> Result<Option<Test>, String>) -> Self {
        let mut query = Self { text: text.to_owned(), ..Self::default() };
        for token in tokens(text) {
            match understand(&token) {
                Ok(Some(asked)) => query.words.push(Word { not: token.not, test: asked }),
                // A field that has no value yet asks for nothing.
                Ok(None) => {}
                // Nothing fits what is not understood: an "all" key must not take what was meant to be left out.
                Err(complaint) => {
                    query.complaint.get_or_insert(complaint);
                    query.words.push(Word { not: token.not, test: Test::Misunderstood });
                }
            }
        }
        query
    }
}

fn row_test(field: &str, value: &str, known: Known<'_>) -> Result<Option<Test>, String> {
    let test = match field {
        "linked" | "is" | "updated" if value.is_empty() => return Ok(None),
        "linked" => Test::Linked(one_of("linked", value, &LINKED)?),
        "is" => Test::Is(one_of("is", value, &MARKS)?),
        "updated" => updated(value, known.now)?,
        _ => {
            let found = FIELDS.iter().find(|(name, _)| *name == field).map(|(_, field)| field.clone());
            let found = found.or_else(|| detail(field, known.labels));
            let Some(found) = found else {
                let mut names: Vec<String> = FIELDS.iter().map(|(name, _)| (*name).to_owned()).collect();
                names.extend(["linked".to_owned(), "is".to_owned()]);
                names.extend(known.labels.iter().map(|label| plain(label)));
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                return Err(unknown(field, &names));
            };
            if value.is_empty() {
                return Ok(None);
            }
            Test::In(found, Needle::new(value))
        }
    };
    Ok(Some(test))
}

/// A vendor's field by the beginning of its label, without blanks: `ip` for `IP address`.
fn detail(written: &str, labels: &[Arc<str>]) -> Option<Field> {
    let wanted = plain(written);
    let exact = labels.iter().find(|label| plain(label) == wanted);
    let found =
        exact.or_else(|| labels.iter().find(|label| wanted.len() > 1 && plain(label).starts_with(&wanted)));
    found.map(|label| Field::Detail(Arc::clone(label)))
}

/// A label as it is written before a colon.
fn plain(label: &str) -> String {
    label.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn one_of<T: Copy>(field: &str, value: &str, all: &[(&str, T)]) -> Result<T, String> {
    let value = value.to_lowercase();
    all.iter().find(|(name, _)| name.starts_with(&value)).map(|(_, which)| *which).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let (last, others) = names.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
        format!("{field}: takes {} or {last}", others.join(", "))
    })
}

/// `<90d` less than 90 days ago, `>1y` longer ago, `<2026-01-31` before that day, `2026-01` in that month, `none`.
fn updated(value: &str, now: Timestamp) -> Result<Test, String> {
    let help = || {
        "updated: takes <90d (less than 90 days ago), >1y (longer ago), <2026-01-31 (before), 2026-01 (in), or none"
            .to_owned()
    };
    if "none".starts_with(value) {
        return Ok(Test::NeverUpdated);
    }
    let (sign, rest) = match value.strip_prefix(['<', '>']) {
        Some(rest) => (value.chars().next(), rest.trim_start_matches('=')),
        None => (None, value),
    };
    if let Some(moment) = day(rest) {
        return match sign {
            Some(sign) => Ok(Test::Updated { before: sign == '<', moment }),
            None => Ok(Test::In(Field::Updated, Needle::new(rest))),
        };
    }
    let split = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, unit) = rest.split_at(split);
    // While it is being typed, days are meant.
    let days = match unit {
        "" | "d" => 1,
        "w" => 7,
        "m" => 30,
        "y" => 365,
        _ => return Err(help()),
    };
    let (Some(sign), Ok(number)) = (sign, number.parse::<u16>()) else { return Err(help()) };
    let moment = now.plus_seconds(-i64::from(number) * days * 86_400);
    // A smaller age is a later moment.
    Ok(Test::Updated { before: sign == '>', moment })
}

/// The beginning of a day, a month or a year.
fn day(text: &str) -> Option<Timestamp> {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |text: &str, wanted: usize| text.len() == wanted && text.bytes().all(|b| b.is_ascii_digit());
    let whole = match parts[..] {
        [year] if digits(year, 4) => format!("{year}-01-01"),
        [year, month] if digits(year, 4) && digits(month, 2) => format!("{year}-{month}-01"),
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => text.to_owned(),
        _ => return None,
    };
    Timestamp::parse(&format!("{whole}T00:00:00Z"))
}

fn unknown(written: &str, names: &[&str]) -> String {
    let meant = match nearest(written, names.iter().copied()) {
        Some(name) => format!(", did you mean {name}:?"),
        None => ".".to_owned(),
    };
    let names = names.join(", ");
    format!("No field is called {written}{meant} There are {names}. Quotes search for the text itself.")
}

/// One word as it was typed.
struct Token {
    not: bool,
    field: Option<String>,
    value: String,
    quoted: bool,
}

impl Token {
    fn text_test(&self) -> Test {
        let text = match &self.field {
            Some(field) => format!("{field}:{}", self.value),
            None => self.value.clone(),
        };
        if self.quoted && self.field.is_none() { Test::Exact(Needle::new(&text)) } else { Test::text(&text) }
    }
}

/// Words between blanks; what is in quotes is one word, and a quote that is not closed goes to the end.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let not = rest.starts_with('!');
        rest = rest.strip_prefix('!').unwrap_or(rest);
        let head = rest.find(|c: char| c.is_whitespace() || c == '"' || c == ':').unwrap_or(rest.len());
        let mut field = None;
        if head > 0 && rest[head..].starts_with(':') {
            field = Some(rest[..head].to_lowercase());
            rest = &rest[head + 1..];
        }
        let (value, quoted) = if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"').unwrap_or(inner.len());
            rest = inner.get(end + 1..).unwrap_or("");
            (&inner[..end], true)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let value = &rest[..end];
            rest = &rest[end..];
            (value, false)
        };
        if field.is_some() || !value.is_empty() {
            tokens.push(Token { not, field, value: value.to_owned(), quoted });
        }
        rest = rest.trim_start();
    }
    tokens
}
