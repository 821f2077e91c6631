//! The language of `conditions`, `childConditions` and `customFieldConditions`: parsed against the members that the
//! object has, then asked of one record after the other.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    names::{Kind, Names},
    switches::{Dates, QuoteEscape},
};

/// Why a condition was refused, in the vendor's words.
pub(crate) type Refusal = String;

/// A parsed condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    All,
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Test(Test),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    /// In the object's own spelling.
    pub path: String,
    pub negated: bool,
    pub operator: Operator,
    pub values: Vec<Literal>,
    /// The whole numbers among the values, for long `in` lists.
    pub numbers: HashSet<i64>,
    /// Compare days only.
    pub days: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    Like,
    In,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    Moment { at: Timestamp, day_only: bool },
}

/// Which of the three parameters is read, and how.
#[derive(Clone, Copy)]
pub(crate) struct Dialect<'a> {
    /// Finds a name as written: its own spelling and kind.
    pub resolve: &'a dyn Fn(&str) -> Option<(String, Kind)>,
    /// Whether `in` may be used.
    pub lists: bool,
    pub escape: QuoteEscape,
    pub dates: Dates,
}

/// Looks a path up among an object's members, whatever its case. `lastUpdated` and its like live in `_info`.
pub(crate) fn resolve(names: Names, path: &str) -> Option<(String, Kind)> {
    let (head, tail) = path.split_once('/').map_or((path, None), |(head, tail)| (head, Some(tail)));
    let member = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(head));
    match (member, tail) {
        (Some((_, Kind::Info)), Some(tail)) => info_member(tail),
        (Some((_, Kind::List(_) | Kind::Info)), None) => None,
        (Some((name, Kind::Reference(_))), None) => Some(((*name).to_owned(), Kind::Reference(&[]))),
        (Some((name, kind)), None) => Some(((*name).to_owned(), *kind)),
        (Some((name, Kind::Reference(members))), Some(tail)) => members
            .iter()
            .find(|member| member.eq_ignore_ascii_case(tail))
            .map(|member| (format!("{name}/{member}"), reference_kind(member))),
        (None, None) if names.iter().any(|(_, kind)| *kind == Kind::Info) => info_member(head),
        _ => None,
    }
}

fn info_member(name: &str) -> Option<(String, Kind)> {
    ["lastUpdated", "dateEntered", "updatedBy", "enteredBy"]
        .into_iter()
        .find(|own| own.eq_ignore_ascii_case(name))
        .map(|own| {
            let kind = if own.ends_with("By") { Kind::Text } else { Kind::Date };
            (format!("_info/{own}"), kind)
        })
}

/// What a member of a reference holds.
pub(crate) fn reference_kind(member: &str) -> Kind {
    match member {
        "id" | "sort" | "dailyCapacity" => Kind::Number,
        name if name.ends_with("Flag") => Kind::Flag,
        _ => Kind::Text,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(Literal),
    Symbol(&'static str),
}

fn words(text: &str, dialect: Dialect<'_>) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match c {
            c if c.is_whitespace() => at += 1,
            '"' | '\'' => {
                let (literal, next) = quoted(&chars, at, dialect.escape)?;
                tokens.push(Token::Literal(Literal::Text(literal)));
                at = next;
            }
            '[' => {
                let end =
                    chars[at..].iter().position(|c| *c == ']').ok_or("A date is not closed with ].")? + at;
                let inner: String = chars[at + 1..end].iter().collect();
                tokens.push(Token::Literal(moment(inner.trim())?));
                at = end + 1;
            }
            '0'..='9' | '-' | '.' => {
                let end = run(&chars, at + 1, |c| c.is_ascii_digit() || c == '.');
                let digits: String = chars[at..end].iter().collect();
                let number =
                    digits.parse().map_err(|_| format!("Could not parse '{digits}' as a number."))?;
                tokens.push(Token::Literal(Literal::Number(number)));
                at = end;
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = run(&chars, at, |c| c.is_alphanumeric() || c == '_' || c == '/');
                tokens.push(Token::Word(chars[at..end].iter().collect()));
                at = end;
            }
            _ => {
                let two: String = chars[at..].iter().take(2).collect();
                let symbol = ["!=", "<=", ">=", "=", "<", ">", "(", ")", ","]
                    .into_iter()
                    .find(|symbol| two.starts_with(symbol))
                    .ok_or_else(|| format!("Unexpected character '{c}' at position {at}."))?;
                tokens.push(Token::Symbol(symbol));
                at += symbol.len();
            }
        }
    }
    Ok(tokens)
}

fn run(chars: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|at| !belongs(chars[*at])).unwrap_or(chars.len())
}

fn quoted(chars: &[char], from: usize, escape: QuoteEscape) -> Result<(String, usize), Refusal> {
    let quote = chars[from];
    let mut text = String::new();
    let mut at = from + 1;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (c, next) {
            ('\\', Some(next)) if escape == QuoteEscape::Backslash && (next == quote || next == '\\') => {
                text.push(next);
                at += 2;
            }
            (c, Some(next)) if c == quote && next == quote && escape == QuoteEscape::Doubled => {
                text.push(quote);
                at += 2;
            }
            (c, _) if c == quote => return Ok((text, at + 1)),
            (c, _) => {
                text.push(c);
                at += 1;
            }
        }
    }
    Err("A string is not closed with a quote.".to_owned())
}

fn moment(text: &str) -> Result<Literal, Refusal> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Literal::Moment { at, day_only: false });
    }
    let civil =
        text.parse::<jiff::civil::DateTime>().or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)));
    let at = civil.and_then(|civil| civil.to_zoned_datetime(TimeZone::UTC)).map(|zoned| zoned.timestamp());
    at.map(|at| Literal::Moment { at, day_only: !text.contains(':') })
        .map_err(|_| format!("String '{text}' was not recognized as a valid DateTime."))
}

/// Reads a condition; an empty one is true of every record.
pub(crate) fn parse(text: &str, dialect: Dialect<'_>) -> Result<Condition, Refusal> {
    let tokens = words(text, dialect)?;
    if tokens.is_empty() {
        return Ok(Condition::All);
    }
    let mut parser = Parser { tokens, at: 0, dialect, depth: 0 };
    let condition = parser.either()?;
    match parser.peek() {
        None => Ok(condition),
        Some(token) => Err(format!("Unexpected {} after the end of the condition.", told(token))),
    }
}

fn told(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("'{word}'"),
        Token::Symbol(symbol) => format!("'{symbol}'"),
        Token::Literal(literal) => literal.kind().to_owned(),
    }
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    dialect: Dialect<'a>,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(symbol)) if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Condition, Refusal> {
        let mut sides = vec![self.both()?];
        while self.keyword("or") {
            sides.push(self.both()?);
        }
        Ok(if sides.len() == 1 { sides.remove(0) } else { Condition::Or(sides) })
    }

    fn both(&mut self) -> Result<Condition, Refusal> {
        let mut sides = vec![self.one()?];
        while self.keyword("and") {
            sides.push(self.one()?);
        }
        Ok(if sides.len() == 1 { sides.remove(0) } else { Condition::And(sides) })
    }

    fn one(&mut self) -> Result<Condition, Refusal> {
        if self.symbol("(") {
            self.depth += 1;
            if self.depth > 64 {
                return Err("The condition is nested too deeply.".to_owned());
            }
            let inner = self.either()?;
            self.depth -= 1;
            return if self.symbol(")") { Ok(inner) } else { Err("A parenthesis is not closed.".to_owned()) };
        }
        let name = match self.peek() {
            Some(Token::Word(word)) => word.clone(),
            Some(token) => return Err(format!("Expected a name, not {}.", told(token))),
            None => return Err("The condition ends where a name is expected.".to_owned()),
        };
        self.at += 1;
        let (path, kind) =
            (self.dialect.resolve)(&name).ok_or_else(|| format!("{name} is not a recognized name."))?;
        let negated = self.keyword("not");
        let operator = self.operator(negated)?;
        let values = if operator == Operator::In { self.list()? } else { vec![self.literal()?] };
        let mut test = Test {
            path,
            negated,
            operator,
            values,
            numbers: HashSet::new(),
            days: kind == Kind::Date && self.dialect.dates == Dates::DayOnly,
        };
        for value in &mut test.values {
            check(kind, value)?;
            if let Literal::Number(number) = value {
                test.numbers.insert(*number as i64);
            }
        }
        Ok(Condition::Test(test))
    }

    fn operator(&mut self, negated: bool) -> Result<Operator, Refusal> {
        const SYMBOLS: [(&str, Operator); 6] = [
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("=", Operator::Equal),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        for (word, operator) in
            [("contains", Operator::Contains), ("like", Operator::Like), ("in", Operator::In)]
        {
            if self.keyword(word) {
                if operator == Operator::In && !self.dialect.lists {
                    return Err("The in operator is not supported here.".to_owned());
                }
                return Ok(operator);
            }
        }
        if !negated {
            for (symbol, operator) in SYMBOLS {
                if self.symbol(symbol) {
                    return Ok(operator);
                }
            }
        }
        Err("Expected an operator: = != < <= > >= contains like in not.".to_owned())
    }

    fn list(&mut self) -> Result<Vec<Literal>, Refusal> {
        if !self.symbol("(") {
            return Err("Expected ( after in.".to_owned());
        }
        let mut values = vec![self.literal()?];
        while self.symbol(",") {
            values.push(self.literal()?);
        }
        if self.symbol(")") { Ok(values) } else { Err("Expected ) after the values of in.".to_owned()) }
    }

    fn literal(&mut self) -> Result<Literal, Refusal> {
        let literal = match self.peek() {
            Some(Token::Literal(literal)) => literal.clone(),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Literal::Flag(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Literal::Flag(false),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("null") => Literal::Null,
            Some(token) => return Err(format!("Expected a value, not {}. {HINT}", told(token))),
            None => return Err(format!("The condition ends where a value is expected. {HINT}")),
        };
        self.at += 1;
        Ok(literal)
    }
}

const HINT: &str = "String values should be enclosed with double or single quotes; DateTime values should be enclosed in square brackets; Boolean values should be True or False.";

impl Literal {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "boolean",
            Self::Number(_) => "numeric",
            Self::Text(_) => "string",
            Self::Moment { .. } => "datetime",
        }
    }
}

/// Whether a value of this kind may be compared with that member. A number in quotes is taken as a number.
fn check(kind: Kind, value: &mut Literal) -> Result<(), Refusal> {
    let expected = match (kind, &*value) {
        (_, Literal::Null)
        | (Kind::Flag, Literal::Flag(_))
        | (Kind::Number, Literal::Number(_))
        | (Kind::Text, Literal::Text(_))
        | (Kind::Date, Literal::Moment { .. })
        // The value of a custom field can be anything.
        | (Kind::Info, _) => return Ok(()),
        (Kind::Number, Literal::Text(text)) => match text.parse() {
            Ok(number) => {
                *value = Literal::Number(number);
                return Ok(());
            }
            Err(_) => "numeric",
        },
        (Kind::Number, _) => "numeric",
        (Kind::Flag, _) => "boolean",
        (Kind::Date, _) => "datetime",
        (Kind::Text, _) => "string",
        (Kind::Reference(_) | Kind::List(_), _) => {
            return Err("A reference can only be compared with null; use its members, such as company/id.".to_owned());
        }
    };
    Err(format!("Expected a {expected} value, not a {}. {HINT}", value.kind()))
}
