//! A strict reader of TOML tables: every key must be known, every value of its type, and whatever is
//! wrong is gathered with its place instead of ending the reading.

use std::{collections::BTreeSet, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::error::Faults;
use crate::domain::text::nearest;

/// Reads a document. `None` if it is no TOML.
pub(super) fn read<T>(text: &str, faults: &Faults, f: impl FnOnce(&mut Section<'_>) -> T) -> Option<T> {
    match DeTable::parse(text) {
        Ok(table) => {
            let mut root = Section {
                table: Some(table.get_ref()),
                span: table.span(),
                path: String::new(),
                shape: String::new(),
                known: BTreeSet::new(),
                faults,
            };
            let value = f(&mut root);
            root.finish();
            Some(value)
        }
        Err(error) => {
            faults.add(error.span().unwrap_or_default(), "", error.message().replace('\n', " "));
            None
        }
    }
}

/// One table of the file, or one that is not there.
pub(super) struct Section<'a> {
    table: Option<&'a DeTable<'a>>,
    span: Range<usize>,
    path: String,
    /// The path with place holders for names that a person chooses.
    shape: String,
    known: BTreeSet<String>,
    pub faults: &'a Faults,
}

type Value<'a> = &'a Spanned<DeValue<'a>>;

impl<'a> Section<'a> {
    pub fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// The keys as they stand in the file.
    pub fn keys(&self) -> Vec<String> {
        self.table.into_iter().flat_map(|table| table.keys()).map(|key| key.get_ref().to_string()).collect()
    }

    pub fn key_path(&self, key: &str) -> String {
        join(&self.path, key)
    }

    fn look(&mut self, key: &str, shape: &str) -> Option<Value<'a>> {
        self.known.insert(key.to_owned());
        self.faults.note(&join(&self.shape, shape));
        self.table?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn get(&mut self, key: &str) -> Option<Value<'a>> {
        self.look(key, key)
    }

    /// Complains about a key, at its value if it has one, else at the table.
    pub fn complain(&self, key: &str, message: &str) {
        let span = self
            .table
            .and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key))
            .map_or(self.span.clone(), |(_, value)| value.span());
        self.faults.add(span, &self.key_path(key), message);
    }

    /// The line of a key's value, for errors that come later.
    pub fn line(&self, key: &str) -> usize {
        let span = self.table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key));
        self.faults.place(span.map_or(self.span.start, |(_, value)| value.span().start)).0
    }

    fn wrong(&self, key: &str, value: Value<'a>, wanted: &str) {
        let message = format!("{wanted} is wanted, not {}", describe(value.get_ref()));
        self.faults.add(value.span(), &self.key_path(key), message);
    }

    pub fn text(&mut self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
            DeValue::String(_) => {
                self.wrong(key, value, "some text");
                None
            }
            _ => {
                self.wrong(key, value, "text in quotes");
                None
            }
        }
    }

    pub fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, value, "true or false");
        }
        flag
    }

    pub fn number(&mut self, key: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.get(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| u64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(key, value, &format!("a whole number from {least} to {most}"));
        }
        number
    }

    /// A share between 0 and 1.
    pub fn share(&mut self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let text = match value.get_ref() {
            DeValue::Float(float) => Some(float.as_str().replace('_', "")),
            DeValue::Integer(whole) => Some(whole.as_str().to_owned()),
            _ => None,
        };
        let share =
            text.and_then(|text| text.parse::<f64>().ok()).filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            self.wrong(key, value, "a share from 0.0 to 1.0");
        }
        share
    }

    pub fn list(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts such as [\"a\", \"b\"]");
            return Vec::new();
        };
        let mut list = Vec::new();
        for entry in array {
            match entry.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => list.push(text.to_owned()),
                _ => self.wrong(key, entry, "text in quotes"),
            }
        }
        list
    }

    pub fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let names = || choices.iter().map(|(name, _)| *name);
        let found = value.get_ref().as_str().and_then(|text| choices.iter().find(|(name, _)| *name == text));
        if found.is_none() {
            let near = value.get_ref().as_str().and_then(|text| nearest(text, names()));
            let hint = near.map(|near| format!(" (did you mean \"{near}\"?)")).unwrap_or_default();
            let list: Vec<String> = names().map(|name| format!("\"{name}\"")).collect();
            self.wrong(key, value, &format!("one of {}{hint}", list.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// A table below this one, there or not.
    pub fn section(&mut self, key: &str) -> Section<'a> {
        self.section_as(key, key)
    }

    /// A table whose name a person chose.
    pub fn section_named(&mut self, key: &str, place_holder: &str) -> Section<'a> {
        self.section_as(key, place_holder)
    }

    fn section_as(&mut self, key: &str, shape: &str) -> Section<'a> {
        let value = self.look(key, shape);
        let table = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            self.wrong(key, value, &format!("a table [{}]", self.key_path(key)));
        }
        Section {
            table,
            span: value.map_or(self.span.clone(), Spanned::span),
            path: self.key_path(key),
            shape: join(&self.shape, shape),
            known: BTreeSet::new(),
            faults: self.faults,
        }
    }

    /// Text, or a table: for secrets.
    pub fn text_or_table(&mut self, key: &str) -> Option<Result<String, Section<'a>>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Ok(text.to_string())),
            DeValue::Table(_) => Some(Err(self.section(key))),
            _ => {
                self.wrong(key, value, "text, or a table such as { env = \"NAME\" }");
                None
            }
        }
    }

    /// Complains about every key that nobody asked for.
    pub fn finish(&self) {
        for (key, _) in self.table.into_iter().flatten() {
            let name = key.get_ref();
            if !self.known.contains(name.as_ref()) {
                let near = nearest(name, self.known.iter().map(String::as_str));
                let hint = match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => {
                        format!("known here: {}", self.known.iter().cloned().collect::<Vec<_>>().join(", "))
                    }
                };
                self.faults.add(key.span(), &self.key_path(name), format!("unknown key; {hint}"));
            }
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A value in words. Text is not repeated: it may be a secret in the wrong place.
fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.trim().is_empty() => "an empty text".to_owned(),
        DeValue::String(text) if text.len() <= 24 => format!("\"{text}\""),
        DeValue::String(_) => "this text".to_owned(),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(flag) => flag.to_string(),
        other => format!("a {}", other.type_str()),
    }
}
