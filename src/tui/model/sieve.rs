//! Which items of a report are shown: by what became of them, and by words.

use nucleo_matcher::Matcher;

use super::super::filter::Query;
use crate::domain::document::{ClientReport, ConfigReport};

/// What `f` goes through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    #[default]
    All,
    /// Failed, unknown, changed since review.
    Problems,
    /// Deactivated or restored.
    Done,
    /// Skipped, or only planned.
    Left,
}

impl Which {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Problems,
            Self::Problems => Self::Done,
            Self::Done => Self::Left,
            Self::Left => Self::All,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::All => "all items",
            Self::Problems => "only items with a problem",
            Self::Done => "only what was done",
            Self::Left => "only what was left as it is",
        }
    }

    fn lets(self, config: &ConfigReport) -> bool {
        let done = matches!(config.outcome.as_str(), "deactivated" | "restored");
        match self {
            Self::All => true,
            Self::Problems => is_problem(config),
            Self::Done => done,
            Self::Left => !done && !is_problem(config),
        }
    }
}

pub fn is_problem(config: &ConfigReport) -> bool {
    matches!(config.outcome.as_str(), "failed" | "unknown" | "changed_since_review")
}

/// What was chosen and typed, taken apart.
pub struct Sieve {
    which: Which,
    /// The beginning of an outcome or of a reason to skip, and whether it is not wanted.
    outcomes: Vec<(String, bool)>,
    query: Query,
}

impl Sieve {
    pub fn new(which: Which, typed: &str) -> Self {
        let mut outcomes = Vec::new();
        let mut words = Vec::new();
        for word in typed.split_whitespace() {
            let (not, plain) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
            match plain.to_lowercase().split_once(':') {
                Some(("outcome", text)) if !text.is_empty() => outcomes.push((text.to_owned(), not)),
                Some(("outcome", _)) => {}
                _ => words.push(word),
            }
        }
        Self { which, outcomes, query: Query::parse(&words.join(" ")) }
    }

    pub fn lets(&self, client: &ClientReport, config: &ConfigReport, matcher: &mut Matcher) -> bool {
        self.which.lets(config)
            && self.outcomes.iter().all(|(text, not)| ended_like(config, text) != *not)
            && self.has_words(client, config, matcher)
    }

    fn has_words(&self, client: &ClientReport, config: &ConfigReport, matcher: &mut Matcher) -> bool {
        if self.query.is_empty() {
            return true;
        }
        let name = client.client_name.as_deref().unwrap_or("");
        let text = format!(
            "{} {} {} {} {name}",
            config.config_name, config.config_id, config.config_type, config.outcome_text
        );
        self.query.fits_text(&text.chars().take(400).collect::<String>().into(), matcher)
    }
}

/// `failed`, `skip`, `held`, `changed`: an outcome of the contract or a reason to skip that begins like this.
fn ended_like(config: &ConfigReport, text: &str) -> bool {
    let reason = config.skip_reason.map(|reason| reason.words().replace(' ', "_"));
    let reads = |word: &str| word.starts_with(text) || word.replace('_', "-").starts_with(text);
    reads(&config.outcome) || reason.as_deref().is_some_and(reads)
}
