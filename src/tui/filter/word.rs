//! One word of a filter: what it asks for, what fits it, and what of a text it marks.

use std::sync::Arc;

use nucleo_matcher::{
    Matcher, Utf32Str, Utf32String,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use super::{super::model::data::ClientEntry, Candidate, head};
use crate::domain::{Configuration, Lifecycle, Links, Timestamp, links::LinkKind};

/// What a word can ask about, and what a column shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    Name,
    Type,
    Site,
    Status,
    Serial,
    Id,
    Parent,
    Rmm,
    Updated,
    Links,
    /// Why a client counts as offboarded.
    Because,
    /// A field that this vendor's records have beside the common ones, by its label.
    Detail(Arc<str>),
}

#[derive(Debug, Clone)]
pub(super) struct Word {
    pub not: bool,
    pub test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    /// Fuzzy over the name; type, serial and id have it as it is.
    Text {
        fuzzy: Atom,
        needle: Needle,
    },
    /// In quotes: as it is, wherever a word would be looked for.
    Exact(Needle),
    In(Field, Needle),
    Linked(Linked),
    /// Last updated before that moment, or after it.
    Updated {
        before: bool,
        moment: Timestamp,
    },
    /// The PSA does not tell when it was last updated.
    NeverUpdated,
    Is(Mark),
    /// Nobody knows what it asks for.
    Misunderstood,
}

/// Which link a `linked:` word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    Any,
    None,
    Unknown,
    Kind(LinkKind),
}

/// What a row is, apart from its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Mixed,
    Held,
    Protected,
    /// It cannot be ticked, for whichever reason.
    Locked,
    /// An earlier run set it inactive, and it is active again.
    Again,
}

/// A text to be found in others, case aside.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    lower: String,
    /// The same for marks, and for names without their accents.
    atom: Atom,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        Self { lower: text.to_lowercase(), atom: atom(text, AtomKind::Substring) }
    }

    fn is_in(&self, text: &str) -> bool {
        contains(text, &self.lower)
    }

    /// At the beginning of a word, so that `active` is not found in `inactive`.
    fn begins_a_word_of(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let mut before = None;
        text.char_indices().any(|(at, c)| {
            let begins = before.is_none_or(|before: char| !before.is_alphanumeric());
            before = Some(c);
            begins && text[at..].starts_with(&self.lower)
        })
    }
}

/// Whether `text` has `lower` in it, case aside. `lower` is in small letters already.
pub fn contains(text: &str, lower: &str) -> bool {
    if lower.is_empty() {
        return true;
    }
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        return text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower));
    }
    text.to_lowercase().contains(lower)
}

impl Test {
    pub fn text(word: &str) -> Self {
        Self::Text { fuzzy: atom(word, AtomKind::Fuzzy), needle: Needle::new(word) }
    }
}

impl Word {
    pub fn fits(&self, candidate: Candidate<'_>, matcher: &mut Matcher) -> bool {
        let row = &candidate.row.configuration;
        let fits = match &self.test {
            // What is left out must be there to the letter: a fuzzy "not" would take far too much away.
            Test::Text { needle, .. } if self.not => {
                is_named(&needle.atom, row, matcher) || in_more(needle, row)
            }
            Test::Text { fuzzy, needle } => is_named(fuzzy, row, matcher) || in_more(needle, row),
            Test::Exact(needle) => is_named(&needle.atom, row, matcher) || in_more(needle, row),
            Test::In(Field::Name, needle) => is_named(&needle.atom, row, matcher),
            Test::In(field, needle) => in_field(field, needle, row),
            Test::Linked(which) => is_linked(candidate.links, *which),
            Test::Updated { before, moment } => {
                row.last_updated.is_some_and(|at| if *before { at < *moment } else { at >= *moment })
            }
            Test::NeverUpdated => row.last_updated.is_none(),
            Test::Is(mark) => match mark {
                Mark::Mixed => row.lifecycle().is_mixed(),
                Mark::Held => candidate.row.hold.is_some(),
                Mark::Protected => candidate.row.locked.is_some() && row.lifecycle() != Lifecycle::Inactive,
                Mark::Locked => !candidate.row.may_be_ticked(),
                Mark::Again => candidate.row.again.is_some(),
            },
            Test::Misunderstood => return false,
        };
        fits != self.not
    }

    pub fn fits_client(&self, client: &ClientEntry, matcher: &mut Matcher) -> bool {
        let fits = match &self.test {
            Test::Text { needle, .. } if self.not => hits(&needle.atom, &client.hay, matcher),
            Test::Text { fuzzy, .. } => hits(fuzzy, &client.hay, matcher),
            Test::Exact(needle) => hits(&needle.atom, &client.hay, matcher),
            Test::In(Field::Because, needle) => needle.is_in(&client.offboarded.because()),
            Test::In(Field::Id, needle) => needle.is_in(client.id().as_str()),
            Test::In(Field::Name, needle) => needle.is_in(&client.offboarded.client.name),
            // The parser makes no others for clients.
            _ => return false,
        };
        fits != self.not
    }

    pub fn fits_text(&self, text: &Utf32String, matcher: &mut Matcher) -> bool {
        match &self.test {
            Test::Text { fuzzy, .. } if !self.not => hits(fuzzy, text, matcher),
            Test::Text { needle, .. } | Test::Exact(needle) => hits(&needle.atom, text, matcher) != self.not,
            _ => false,
        }
    }

    pub fn mark(&self, field: &Field, hay: &Utf32String, matcher: &mut Matcher, marks: &mut Vec<u32>) {
        let more = matches!(field, Field::Type | Field::Serial | Field::Id);
        let atom = match &self.test {
            _ if self.not => return,
            Test::Text { fuzzy, .. } if *field == Field::Name => fuzzy,
            Test::Text { needle, .. } if more => &needle.atom,
            Test::Exact(needle) if more || *field == Field::Name => &needle.atom,
            Test::In(asked, needle) if asked == field => &needle.atom,
            _ => return,
        };
        let mut found = Vec::new();
        if atom.indices(hay.slice(..), matcher, &mut found).is_some() {
            marks.append(&mut found);
        }
    }
}

fn hits(atom: &Atom, hay: &Utf32String, matcher: &mut Matcher) -> bool {
    atom.score(hay.slice(..), matcher).is_some()
}

fn is_named(atom: &Atom, row: &Configuration, matcher: &mut Matcher) -> bool {
    // Filled only where a name has more than ASCII.
    let mut letters = Vec::new();
    atom.score(Utf32Str::new(head(&row.name), &mut letters), matcher).is_some()
}

fn atom(word: &str, kind: AtomKind) -> Atom {
    Atom::new(word, CaseMatching::Ignore, Normalization::Smart, kind, false)
}

fn in_more(needle: &Needle, row: &Configuration) -> bool {
    needle.is_in(&row.config_type)
        || row.serial.as_deref().is_some_and(|serial| needle.is_in(serial))
        || needle.is_in(row.id.as_str())
}

fn in_field(field: &Field, needle: &Needle, row: &Configuration) -> bool {
    let optional = |text: Option<&str>| text.is_some_and(|text| needle.is_in(text));
    match field {
        Field::Name => needle.is_in(&row.name),
        Field::Type => needle.is_in(&row.config_type),
        Field::Site => optional(row.site.as_deref()),
        Field::Status => {
            row.state.status_name().is_some_and(|name| needle.begins_a_word_of(name))
                || needle.begins_a_word_of(row.lifecycle().words())
        }
        Field::Serial => optional(row.serial.as_deref()),
        Field::Id => needle.is_in(row.id.as_str()),
        Field::Parent => optional(row.parent.as_ref().map(crate::domain::ConfigId::as_str)),
        Field::Rmm => optional(row.rmm.as_deref()),
        Field::Updated => row.last_updated.is_some_and(|at| at.day().to_string().starts_with(&needle.lower)),
        Field::Detail(label) => {
            row.details.iter().any(|(name, value)| **name == **label && needle.is_in(value))
        }
        // Links have a test of their own, and only clients count as offboarded.
        Field::Links | Field::Because => false,
    }
}

fn is_linked(links: &Links, which: Linked) -> bool {
    match which {
        Linked::Any => links.linked().next().is_some(),
        Linked::None => links.are_none(),
        Linked::Unknown => links.have_unknown(),
        Linked::Kind(kind) => !links.get(kind).items().is_empty(),
    }
}
