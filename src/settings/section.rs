//! Reading TOML with positions. A [`Section`] is asked for each key it may have; what it was never asked for
//! is an unknown key. Mistakes are collected, so that a person sees all of them at once. A value is never
//! part of a message unless it is a word of a fixed choice: it could be a secret in the wrong place.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::{Range, RangeInclusive},
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Fault, profile::Profile};
use crate::domain::text::{nearest, one_line, place};

/// The file being read, and what was found out about it so far.
pub struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    faults: RefCell<Vec<(usize, Fault)>>,
    strays: RefCell<Vec<Stray>>,
    /// Keys that were asked for, with `*` for a profile's name.
    known: RefCell<BTreeSet<String>>,
    given: RefCell<BTreeSet<String>>,
    /// Names of sections that there may be several of, written `[[name]]`.
    lists: RefCell<BTreeSet<String>>,
    warnings: RefCell<Vec<String>>,
}

/// A key that nobody asked for.
struct Stray {
    section: String,
    key: String,
    at: usize,
    siblings: Vec<String>,
}

/// What came out of a document.
pub struct Findings {
    pub known: BTreeSet<String>,
    pub given: BTreeSet<String>,
    pub warnings: Vec<String>,
}

impl<'a> Document<'a> {
    pub fn new(path: &'a Path, text: &'a str) -> Self {
        Self {
            path,
            text,
            faults: RefCell::default(),
            strays: RefCell::default(),
            known: RefCell::default(),
            given: RefCell::default(),
            lists: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    pub fn path(&self) -> &'a Path {
        self.path
    }

    pub fn fault(&self, at: usize, key: impl Into<String>, what: impl Into<String>) {
        let fault = self.fault_at(at, key.into(), what.into());
        self.faults.borrow_mut().push((at, fault));
    }

    pub fn fault_at(&self, at: usize, key: String, what: String) -> Fault {
        let (line, column) = place(self.text, at);
        Fault { path: PathBuf::from(self.path), line, column, key, what }
    }

    pub fn warn(&self, text: String) {
        self.warnings.borrow_mut().push(text);
    }

    /// Everything asked: the mistakes in the order of the file, or what came out.
    pub fn finish(self) -> Result<Findings, Vec<Fault>> {
        let known = self.known.take();
        for stray in self.strays.take() {
            let siblings = stray.siblings.iter().map(String::as_str);
            let here = nearest(&stray.key, siblings.clone());
            let elsewhere = known.iter().find(|path| path.rsplit('.').next() == Some(stray.key.as_str()));
            let what = match (here, elsewhere) {
                (_, Some(path)) => {
                    let place = path.rsplit_once('.').map_or("", |(place, _)| place);
                    let place = place.replace('*', profile_of(&stray.section).unwrap_or("NAME"));
                    if place.is_empty() {
                        "unknown key here; it belongs at the top of the file, before the first [section]"
                            .to_owned()
                    } else if self.lists.borrow().contains(&place) {
                        format!("unknown key here; it belongs under [[{place}]]")
                    } else {
                        format!("unknown key here; it belongs under [{place}]")
                    }
                }
                (Some(near), None) => format!("unknown key; did you mean \"{near}\"?"),
                (None, None) => {
                    format!("unknown key; known here: {}", siblings.collect::<Vec<_>>().join(", "))
                }
            };
            self.fault(stray.at, join(&stray.section, &stray.key), what);
        }
        let mut faults = self.faults.take();
        if faults.is_empty() {
            return Ok(Findings { known, given: self.given.take(), warnings: self.warnings.take() });
        }
        faults.sort_by_key(|(at, _)| *at);
        Err(faults.into_iter().map(|(_, fault)| fault).collect())
    }
}

fn profile_of(section: &str) -> Option<&str> {
    section.strip_prefix("profiles.").map(|rest| rest.split('.').next().unwrap_or(rest))
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// A value with its place.
pub struct Found<T> {
    pub value: T,
    pub at: usize,
    /// The whole key, `profiles.main.psa`.
    pub key: String,
}

/// One table of the file. It may be absent: then it has no keys, but is asked all the same.
pub struct Section<'d, 'a> {
    document: &'d Document<'a>,
    name: String,
    /// The name with `*` for a profile's.
    general: String,
    table: Option<&'d DeTable<'a>>,
    at: usize,
    asked: RefCell<Vec<String>>,
    lenient: bool,
}

impl<'d, 'a> Section<'d, 'a> {
    pub fn root(document: &'d Document<'a>, table: &'d DeTable<'a>) -> Self {
        Self {
            document,
            name: String::new(),
            general: String::new(),
            table: Some(table),
            at: 0,
            asked: RefCell::default(),
            lenient: false,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn document(&self) -> &'d Document<'a> {
        self.document
    }

    /// Where it begins, for what is missing in it.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn is_given(&self) -> bool {
        self.table.is_some()
    }

    pub fn key(&self, key: &str) -> String {
        join(&self.name, key)
    }

    /// Takes unknown keys without a word, because it cannot be told what is known.
    pub fn be_lenient(&mut self) {
        self.lenient = true;
    }

    /// Something is wrong with the whole of it.
    pub fn fault(&self, what: impl Into<String>) {
        self.document.fault(self.at, self.name.clone(), what);
    }

    /// Something is wrong with this key: told where it stands, or where it should.
    pub fn fault_of(&self, key: &str, what: impl Into<String>) {
        let at = self.position(key).map_or(self.at, |span| span.start);
        self.document.fault(at, self.key(key), what);
    }

    fn ask(&self, key: &str, is_value: bool) -> Option<&'d Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key.to_owned());
        if is_value {
            self.document.known.borrow_mut().insert(join(&self.general, key));
        }
        let value = self.table?.get(key)?;
        if is_value {
            self.document.given.borrow_mut().insert(self.key(key));
        }
        Some(value)
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'a>>, wanted: &str) {
        let kind = kind(value.get_ref());
        let text = format!("it must be {wanted}, not {kind}");
        self.document.fault(value.span().start, self.key(key), text);
    }

    /// The value of any kind.
    pub fn any(&self, key: &str) -> Option<Found<&'d DeValue<'a>>> {
        let value = self.ask(key, true)?;
        Some(Found { value: value.get_ref(), at: value.span().start, key: self.key(key) })
    }

    pub fn text(&self, key: &str) -> Option<Found<String>> {
        let value = self.ask(key, true)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(key, value, "text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.document.fault(value.span().start, self.key(key), "it is empty; fill it in or leave it out");
            return None;
        }
        Some(Found { value: text.to_owned(), at: value.span().start, key: self.key(key) })
    }

    /// Whether it has this key, whatever stands behind it.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// A key that must be there is not.
    pub fn missing(&self, key: &str, what: &str, example: &str) {
        if !self.has(key) {
            self.fault_of(key, format!("it is missing ({what}); write it like {key} = {example}"));
        }
    }

    /// A name that must be there, of letters, digits and `-_.`: it is part of what is remembered and counted.
    pub fn label(&self, key: &str, example: &str) -> Option<String> {
        let Some(found) = self.text(key) else {
            self.missing(key, "a name for it", &format!("\"{example}\""));
            return None;
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if found.value.len() > 40 || !found.value.chars().all(fits) {
            let what = format!("a name has up to 40 letters, digits, - _ or ., like \"{example}\"");
            self.document.fault(found.at, found.key, what);
            return None;
        }
        Some(found.value)
    }

    /// Whether there is such a profile; if not, it is said. Without any profile that is said elsewhere.
    pub fn known_profile(
        &self,
        name: &str,
        at: usize,
        key: String,
        profiles: &BTreeMap<String, Profile>,
    ) -> bool {
        if profiles.contains_key(name) || profiles.is_empty() {
            return profiles.contains_key(name);
        }
        let near = nearest(name, profiles.keys().map(String::as_str));
        let hint = near.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
        self.document.fault(at, key, format!("there is no profile \"{}\"{hint}", one_line(name, 40)));
        false
    }

    /// Texts in brackets, none of them empty.
    pub fn texts(&self, key: &str) -> Vec<String> {
        self.text_list(key).into_iter().map(|found| found.value).collect()
    }

    /// The same, each with its place.
    pub fn text_list(&self, key: &str) -> Vec<Found<String>> {
        let wanted = "a list of texts, like [\"One\", \"Two\"]";
        let Some(value) = self.ask(key, true) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, wanted);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for entry in array {
            let (at, key) = (entry.span().start, self.key(key));
            match entry.get_ref().as_str() {
                Some(text) if text.trim().is_empty() => {
                    self.document.fault(at, key, "an entry is empty; leave it out");
                }
                Some(text) => texts.push(Found { value: text.to_owned(), at, key }),
                None => self.document.fault(
                    at,
                    key,
                    format!("it must be a list of texts only, not {}", kind(entry.get_ref())),
                ),
            }
        }
        texts
    }

    /// Some of a few words; `None` if the key is not there.
    pub fn choices<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let chosen = self.text_list(key).into_iter().filter_map(|found| self.one_of(found, words)).collect();
        self.has(key).then_some(chosen)
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        let value = self.ask(key, true)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, value, "true or false, without quotes");
        }
        flag
    }

    /// `"auto"`, which is `None`, or a flag.
    pub fn flag_or_auto(&self, key: &str) -> Option<bool> {
        let value = self.ask(key, true)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            DeValue::String(text) if text == "auto" => None,
            _ => {
                self.wrong(key, value, "\"auto\", true or false");
                None
            }
        }
    }

    /// Every entry of a section whose keys are names: a text, or a list of texts, in the order of the file.
    pub fn text_lists(&self) -> Vec<Found<(String, Vec<String>)>> {
        let mut all = Vec::new();
        for (name, value) in self.table.into_iter().flatten() {
            let key = name.get_ref().to_string();
            let texts: Option<Vec<String>> = match value.get_ref() {
                DeValue::String(text) => Some(vec![text.to_string()]),
                DeValue::Array(list) => {
                    list.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect()
                }
                _ => None,
            };
            match texts {
                Some(texts) => {
                    all.push(Found { at: name.span().start, key: self.key(&key), value: (key, texts) });
                }
                None => self.wrong(&key, value, "a text, or a list of texts, like [\"One\", \"Two\"]"),
            }
        }
        all.sort_by_key(|found| found.at);
        all
    }

    pub fn whole(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.ask(key, true)?;
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong(key, value, &wanted);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let fits = number.filter(|number| range.contains(number));
        if fits.is_none() {
            self.document.fault(value.span().start, self.key(key), format!("it must be {wanted}"));
        }
        fits
    }

    pub fn small(&self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        self.whole(key, wide).and_then(|number| u32::try_from(number).ok())
    }

    /// A share from 0 to 1.
    pub fn share(&self, key: &str) -> Option<f64> {
        let value = self.ask(key, true)?;
        let wanted = "a number from 0.0 to 1.0 (0.2 is a fifth)";
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            DeValue::Integer(integer) => integer.as_str().parse::<f64>().ok(),
            _ => {
                self.wrong(key, value, wanted);
                return None;
            }
        };
        let fits = number.filter(|number| (0.0..=1.0).contains(number));
        if fits.is_none() {
            self.document.fault(value.span().start, self.key(key), format!("it must be {wanted}"));
        }
        fits
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let found = self.text(key)?;
        self.one_of(found, words)
    }

    fn one_of<T: Copy>(&self, found: Found<String>, words: &[(&str, T)]) -> Option<T> {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == found.value) {
            return Some(*value);
        }
        let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let near = nearest(&found.value, words.iter().map(|(word, _)| *word));
        let hint = near.map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default();
        let written = one_line(&found.value, 40);
        self.document.fault(
            found.at,
            found.key,
            format!("\"{written}\" is not one of {}{hint}", known.join(", ")),
        );
        None
    }

    /// The table under this key; an absent one if there is none.
    pub fn section(&self, key: &str) -> Section<'d, 'a> {
        self.section_named(key, key)
    }

    fn section_named(&self, key: &str, general: &str) -> Section<'d, 'a> {
        let value = self.ask(key, false);
        let table = value.and_then(|value| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.wrong(key, value, &format!("a section, [{}]", self.key(key)));
            }
            table
        });
        Section {
            document: self.document,
            name: self.key(key),
            general: join(&self.general, general),
            table,
            at: value.map_or(self.at, |value| self.position(key).unwrap_or(value.span()).start),
            asked: RefCell::default(),
            lenient: false,
        }
    }

    fn position(&self, key: &str) -> Option<Range<usize>> {
        self.table?.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(name, _)| name.span())
    }

    /// Every table under this key, by the name that a person gave it.
    pub fn named_sections(&self, key: &str) -> Vec<(String, Section<'d, 'a>)> {
        let all = self.section(key);
        let names: Vec<String> =
            all.table.into_iter().flatten().map(|(name, _)| name.get_ref().to_string()).collect();
        names.into_iter().map(|name| (name.clone(), all.section_named(&name, "*"))).collect()
    }

    /// Every table of a list of them, `[[key]]`, in the order of the file.
    pub fn sections(&self, key: &str) -> Vec<Section<'d, 'a>> {
        self.document.lists.borrow_mut().insert(self.key(key));
        let Some(value) = self.ask(key, false) else { return Vec::new() };
        let wanted = format!("a list of sections, each [[{}]]", self.key(key));
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(key, value, &wanted);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for entry in array {
            match entry.get_ref().as_table() {
                Some(table) => sections.push(Section {
                    document: self.document,
                    name: self.key(key),
                    general: join(&self.general, key),
                    table: Some(table),
                    at: entry.span().start,
                    asked: RefCell::default(),
                    lenient: false,
                }),
                None => self.wrong(key, entry, &wanted),
            }
        }
        sections
    }

    /// All was asked; what is left over is unknown.
    pub fn done(self) {
        if self.lenient {
            return;
        }
        let asked = self.asked.take();
        for (name, _) in self.table.into_iter().flatten() {
            let key = name.get_ref().to_string();
            if !asked.contains(&key) {
                self.document.strays.borrow_mut().push(Stray {
                    section: self.name.clone(),
                    key,
                    at: name.span().start,
                    siblings: asked.clone(),
                });
            }
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}
