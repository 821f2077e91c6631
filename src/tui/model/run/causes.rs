//! What went wrong in a run, by cause: a hundred items that fail for one reason are one thing to mend.

use std::collections::{BTreeMap, HashMap};

use super::super::super::{desk::Setting, prose::Prose, symbols::Symbols, theme::Meaning};
use crate::domain::{Code, Outcome, text::count};

/// One cause, and what it befell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub kind: Kind,
    /// The vendor's own words, as they came for the first of them.
    pub words: String,
    /// Places in the plan.
    pub items: Vec<usize>,
}

/// What kind of end it was; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Unknown,
    Failed(Code),
    Changed,
}

#[derive(Debug, Default)]
pub struct Causes {
    by_cause: BTreeMap<(Kind, String), Cause>,
    of_item: HashMap<usize, (Kind, String)>,
}

impl Causes {
    pub fn len(&self) -> usize {
        self.of_item.len()
    }

    pub fn is_empty(&self) -> bool {
        self.of_item.is_empty()
    }

    pub fn list(&self) -> impl Iterator<Item = &Cause> {
        self.by_cause.values()
    }

    /// An item went wrong in this way; or did not, or does not any more.
    pub fn note(&mut self, item: usize, outcome: Option<&Outcome>) {
        let now = outcome.and_then(cause);
        if self.of_item.get(&item) == now.as_ref().map(|(key, _)| key) {
            return;
        }
        if let Some(key) = self.of_item.remove(&item)
            && let Some(cause) = self.by_cause.get_mut(&key)
        {
            cause.items.retain(|at| *at != item);
            if cause.items.is_empty() {
                self.by_cause.remove(&key);
            }
        }
        if let Some((key, words)) = now {
            let new = || Cause { kind: key.0, words: words.to_owned(), items: Vec::new() };
            self.by_cause.entry(key.clone()).or_insert_with(new).items.push(item);
            self.of_item.insert(item, key);
        }
    }

    /// Each cause with what to do about it, and its items.
    pub fn page(&self, width: usize, setting: &Setting, symbols: &Symbols) -> Prose<usize> {
        let mut page = Prose::new(width);
        for cause in self.list() {
            page.blank();
            let (sign, meaning, word) = match cause.kind {
                Kind::Unknown => (symbols.unknown, Meaning::Bad, "unknown"),
                Kind::Failed(_) => (symbols.failed, Meaning::Bad, "failed"),
                Kind::Changed => (symbols.changed, Meaning::Warn, "changed since review"),
            };
            page.item(1, sign, meaning, &format!("{} {word}: {}", cause.items.len(), cause.words));
            page.item(3, symbols.arrow, Meaning::Text, &what_to_do(cause, setting));
            for item in &cause.items {
                page.entry(*item);
            }
        }
        page
    }
}

/// Outcomes whose words differ only in numbers have the same cause.
fn cause(outcome: &Outcome) -> Option<((Kind, String), &str)> {
    let (kind, words) = match outcome {
        Outcome::Failed { code, message } => (Kind::Failed(*code), message),
        Outcome::Unknown { message } => (Kind::Unknown, message),
        Outcome::ChangedSinceReview { what } => (Kind::Changed, what),
        _ => return None,
    };
    Some(((kind, without_numbers(words)), words))
}

fn without_numbers(words: &str) -> String {
    let mut plain = String::with_capacity(words.len());
    for c in words.chars().take(300) {
        if !c.is_ascii_digit() {
            plain.push(c);
        } else if !plain.ends_with('#') {
            plain.push('#');
        }
    }
    plain
}

fn what_to_do(cause: &Cause, setting: &Setting) -> String {
    let rows = setting.nouns.configurations;
    let them = count(cause.items.len(), setting.nouns.configuration, rows);
    match cause.kind {
        Kind::Unknown => {
            format!(
                "Nobody knows what became of {them}: once the run has ended, resume it from History; it reads them again and settles it."
            )
        }
        Kind::Changed => format!(
            "Somebody changed {them} after you looked: read again in Review, look, and plan what still may go."
        ),
        Kind::Failed(code) => match code {
            Code::PermissionDenied => format!(
                "Give the API account the right to edit {rows} (`mothball doctor` names the screen), then try again."
            ),
            Code::AuthenticationFailed => {
                "The sign-in was refused and is not tried again by itself: check the credentials with `mothball doctor`."
                    .to_owned()
            }
            Code::RateLimited => "Try again later, or lower `pace` in the profile.".to_owned(),
            Code::PSAConnectionError => {
                "Try again when the PSA can be reached; what was sent is read first.".to_owned()
            }
            Code::ConfigNotFound => {
                format!("The PSA has {them} no more, or hides them from this account: read again in Review.")
            }
            Code::NotVerified => {
                "The PSA took the change and still shows the old state: a workflow rule or a sync sets it back. Stop that first, then try again."
                    .to_owned()
            }
            Code::ConfigUpdateFailed => {
                "Mend in the PSA what its words name (often a required field that is empty), then try again."
                    .to_owned()
            }
            _ => "The log and `mothball doctor` tell more; then try again.".to_owned(),
        },
    }
}
