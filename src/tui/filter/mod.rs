//! The filter language: `srv type:server site:hq updated:>90d linked:billing "exact words" !old`.
//!
//! `parse` reads what was typed, `word` says what one word asks for; here whole queries are held against rows.

mod parse;
mod word;

use nucleo_matcher::{Config, Matcher, Utf32String};

use self::word::{Test, Word};
pub use self::{
    parse::Known,
    word::{Field, contains},
};
use super::{desk::Row, model::data::ClientEntry};
use crate::domain::Links;

/// A row with what is known of it, as a query looks at it.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    pub row: &'a Row,
    pub links: &'a Links,
}

/// A filter, understood.
#[derive(Debug, Clone, Default)]
pub struct Query {
    text: String,
    words: Vec<Word>,
    /// Words that could not be understood, said in the status line.
    pub complaint: Option<String>,
}

impl Query {
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every row that fits this also fits `before`, so that only its rows need another look.
    pub fn narrows(&self, before: &Self) -> bool {
        // A longer negated word lets more through, a half-typed `type:` means something else, and a quote ends.
        let plain = |text: &str| !text.contains(['!', ':', '"']);
        self.text.starts_with(&before.text) && plain(&self.text) && plain(&before.text)
    }

    /// Whether the answer depends on links, which arrive later.
    pub fn asks_for_links(&self) -> bool {
        self.words.iter().any(|word| matches!(word.test, Test::Linked(_)))
    }

    pub fn fits(&self, candidate: Candidate<'_>, matcher: &mut Matcher) -> bool {
        self.words.iter().all(|word| word.fits(candidate, matcher))
    }

    /// The same for a client, by its names, its id and why it counts as offboarded.
    pub fn fits_client(&self, client: &ClientEntry, matcher: &mut Matcher) -> bool {
        self.words.iter().all(|word| word.fits_client(client, matcher))
    }

    /// Whether a plain text fits (words only), for lists that are not configurations.
    pub fn fits_text(&self, text: &Utf32String, matcher: &mut Matcher) -> bool {
        self.words.iter().all(|word| word.fits_text(text, matcher))
    }

    /// Which graphemes of a text that stands in this field made its row fit.
    pub fn marks(&self, field: &Field, shown: &str, matcher: &mut Matcher) -> Vec<u32> {
        if self.words.is_empty() {
            return Vec::new();
        }
        let hay: Utf32String = head(shown).into();
        let mut marks = Vec::new();
        for word in &self.words {
            word.mark(field, &hay, matcher, &mut marks);
        }
        marks.sort_unstable();
        marks.dedup();
        marks
    }
}

pub fn matcher() -> Matcher {
    Matcher::new(Config::DEFAULT)
}

/// As much of a name as anybody filters by: no huge name is searched to its end.
fn head(text: &str) -> &str {
    if text.len() <= 300 {
        return text;
    }
    text.char_indices().nth(300).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
