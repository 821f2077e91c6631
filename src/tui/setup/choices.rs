//! Which clients shall count as offboarded: every criterion beside the number of clients that it matches, and the number
//! that all ticked ones come to together. Counted with the rule that every run goes by.

use std::collections::BTreeMap;

use super::desk::{Census, Choice, Vendor};
use crate::domain::{Client, Criteria, client::Offboarded, criteria::Matching};

/// Days since the end of the last contract that can be chosen.
const DAYS: [u32; 9] = [0, 7, 14, 30, 60, 90, 180, 365, 730];
/// The one that is offered first.
const USUAL_DAYS: u32 = 30;

/// One line that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Inactive,
    Status(usize),
    Tag(usize),
    ContractEnded,
    Matching,
    /// What is set together with the inactive mark.
    StatusToSet,
    Go,
}

impl Line {
    /// Whether it says which clients count as offboarded.
    pub fn is_criterion(&self) -> bool {
        matches!(self, Self::Inactive | Self::Status(_) | Self::Tag(_) | Self::ContractEnded)
    }
}

/// A name with how many clients bear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub count: usize,
    pub chosen: bool,
}

#[derive(Debug)]
pub struct Choices {
    census: Census,
    pub inactive: (bool, usize),
    pub statuses: Vec<Named>,
    pub tags: Vec<Named>,
    /// `None`: nothing is known about contracts.
    pub contract: Option<(bool, usize)>,
    pub days: u32,
    pub matching: Matching,
    pub status_to_set: Option<usize>,
    pub cursor: usize,
    /// What the ticked criteria come to, with a few of the names.
    pub matched: usize,
    pub examples: Vec<String>,
}

impl Choices {
    pub fn new(census: Census) -> Self {
        let statuses = named(&census, &census.statuses, |client| client.signals.status.iter().collect());
        let tags = named(&census, &census.tags, |client| client.signals.tags.iter().collect());
        let mut choices = Self {
            inactive: (false, 0),
            statuses,
            tags,
            contract: census.no_contracts.is_none().then_some((false, 0)),
            days: USUAL_DAYS,
            matching: Matching::Any,
            status_to_set: None,
            cursor: 0,
            matched: 0,
            examples: Vec::new(),
            census,
        };
        choices.inactive.1 = choices.matching(&Criteria { inactive: true, ..Criteria::default() }).count();
        choices.count_contracts();
        choices
    }

    /// The same with what was chosen before, as far as it is still there.
    #[must_use]
    pub fn remembering(mut self, before: &Self) -> Self {
        let keep = |now: &mut [Named], before: &[Named]| {
            for named in now {
                named.chosen = before.iter().any(|old| old.chosen && old.name == named.name);
            }
        };
        keep(&mut self.statuses, &before.statuses);
        keep(&mut self.tags, &before.tags);
        self.inactive.0 = before.inactive.0;
        self.days = before.days;
        self.matching = before.matching;
        if let (Some((now, _)), Some((old, _))) = (&mut self.contract, before.contract) {
            *now = old;
        }
        let word = before.status_word();
        self.status_to_set = self.census.statuses_to_set.iter().position(|name| Some(name.as_str()) == word);
        self.count_contracts();
        self.count();
        self
    }

    pub fn lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::Inactive];
        lines.extend((0..self.statuses.len()).map(Line::Status));
        lines.extend((0..self.tags.len()).map(Line::Tag));
        if self.contract.is_some() {
            lines.push(Line::ContractEnded);
        }
        lines.push(Line::Matching);
        if !self.census.statuses_to_set.is_empty() {
            lines.push(Line::StatusToSet);
        }
        lines.push(Line::Go);
        lines
    }

    pub fn line(&self) -> Line {
        self.lines().get(self.cursor).cloned().unwrap_or(Line::Go)
    }

    /// Clients that could be meant: the MSP's own never is.
    pub fn clients(&self) -> usize {
        self.census.clients.iter().filter(|client| client.own.is_none()).count()
    }

    /// What is never offered whatever is ticked, and why.
    pub fn own(&self) -> impl Iterator<Item = (&str, &str)> {
        self.census.clients.iter().filter_map(|client| Some((client.name.as_str(), client.own.as_deref()?)))
    }

    pub fn no_contracts(&self) -> Option<&str> {
        self.census.no_contracts.as_deref()
    }

    pub fn status_word(&self) -> Option<&str> {
        self.status_to_set.and_then(|at| self.census.statuses_to_set.get(at)).map(String::as_str)
    }

    pub fn statuses_to_set(&self) -> &[String] {
        &self.census.statuses_to_set
    }

    /// How many criteria are ticked.
    pub fn ticked(&self) -> usize {
        let names = self.statuses.iter().chain(&self.tags).filter(|named| named.chosen).count();
        names + usize::from(self.inactive.0) + usize::from(self.contract.is_some_and(|(chosen, _)| chosen))
    }

    /// Ticks exactly these.
    pub fn tick_only<'l>(&mut self, lines: impl IntoIterator<Item = &'l Line>) {
        let lines: Vec<&Line> = lines.into_iter().collect();
        self.inactive.0 = lines.contains(&&Line::Inactive);
        for (at, named) in self.statuses.iter_mut().enumerate() {
            named.chosen = lines.contains(&&Line::Status(at));
        }
        for (at, named) in self.tags.iter_mut().enumerate() {
            named.chosen = lines.contains(&&Line::Tag(at));
        }
        if let Some((chosen, _)) = &mut self.contract {
            *chosen = lines.contains(&&Line::ContractEnded);
        }
        self.count();
    }

    pub fn set_days(&mut self, days: u32) {
        self.days = days;
        self.count_contracts();
        self.count();
    }

    pub fn set_matching(&mut self, matching: Matching) {
        self.matching = matching;
        self.count();
    }

    /// A criterion with the number of clients that it matches.
    pub fn in_words(&self, line: &Line, vendor: &Vendor) -> String {
        let nouns = vendor.nouns;
        let (text, count) = match line {
            Line::Inactive => (format!("{} marked inactive", nouns.client), self.inactive.1),
            Line::Status(at) => {
                (format!("{}: \"{}\"", vendor.statuses, self.statuses[*at].name), self.statuses[*at].count)
            }
            Line::Tag(at) => (format!("{}: \"{}\"", vendor.tags, self.tags[*at].name), self.tags[*at].count),
            Line::ContractEnded => (
                format!(
                    "last {} ended {} days ago or more, none runs",
                    nouns.agreement.to_lowercase(),
                    self.days
                ),
                self.contract.map_or(0, |(_, count)| count),
            ),
            Line::Matching | Line::StatusToSet | Line::Go => return String::new(),
        };
        format!("{text}: {count}")
    }

    /// Ticks or unticks; on a line with several values the next one.
    pub fn toggle(&mut self, by: isize) {
        match self.line() {
            Line::Inactive => self.inactive.0 = !self.inactive.0,
            Line::Status(at) => self.statuses[at].chosen = !self.statuses[at].chosen,
            Line::Tag(at) => self.tags[at].chosen = !self.tags[at].chosen,
            Line::ContractEnded => {
                if let Some((chosen, _)) = &mut self.contract {
                    *chosen = !*chosen;
                }
            }
            Line::Matching => {
                self.matching = match self.matching {
                    Matching::Any => Matching::All,
                    Matching::All => Matching::Any,
                };
            }
            Line::StatusToSet => {
                // One more than there are names: none of them.
                let len = self.census.statuses_to_set.len() + 1;
                let here = self.status_to_set.map_or(0, |at| at + 1);
                self.status_to_set = ((here + len).saturating_add_signed(by) % len).checked_sub(1);
            }
            Line::Go => {}
        }
        self.count();
    }

    /// Left and right: other days, another value. Ticks nothing.
    pub fn turn(&mut self, by: isize) {
        match self.line() {
            Line::ContractEnded => {
                let here = DAYS.iter().position(|days| *days == self.days).unwrap_or(0);
                let last = DAYS.len() - 1;
                self.days = DAYS[here.saturating_add_signed(by).min(last)];
                self.count_contracts();
                self.count();
            }
            Line::Matching | Line::StatusToSet => self.toggle(by),
            _ => {}
        }
    }

    pub fn choice(&self) -> Choice {
        Choice { criteria: self.criteria(), status: self.status_word().map(ToOwned::to_owned) }
    }

    pub fn criteria(&self) -> Criteria {
        let chosen = |named: &[Named]| -> Vec<String> {
            named.iter().filter(|named| named.chosen).map(|named| named.name.clone()).collect()
        };
        Criteria {
            inactive: self.inactive.0,
            statuses: chosen(&self.statuses),
            tags: chosen(&self.tags),
            custom_field: None,
            contract_ended_days: self.contract.filter(|(chosen, _)| *chosen).map(|_| self.days),
            matching: self.matching,
        }
    }

    fn count_contracts(&mut self) {
        let criteria = Criteria { contract_ended_days: Some(self.days), ..Criteria::default() };
        let count = self.matching(&criteria).count();
        if let Some((_, counted)) = &mut self.contract {
            *counted = count;
        }
    }

    fn count(&mut self) {
        let criteria = self.criteria();
        let found: Vec<String> = self.matching(&criteria).map(|found| found.client.name).collect();
        self.matched = found.len();
        self.examples = found.into_iter().take(12).collect();
    }

    fn matching(&self, criteria: &Criteria) -> impl Iterator<Item = Offboarded> {
        let today = self.census.today;
        let asked = !criteria.is_empty();
        self.census
            .clients
            .iter()
            .filter(move |_| asked)
            .filter_map(move |client| criteria.judge(client, today))
    }
}

/// All names that there are, each with the clients that bear it. Names that differ in case only are one.
fn named(census: &Census, known: &[String], of: fn(&Client) -> Vec<&String>) -> Vec<Named> {
    let plain = |name: &str| name.trim().to_lowercase();
    let mut counts: BTreeMap<String, (&str, usize)> = BTreeMap::new();
    for name in known {
        counts.entry(plain(name)).or_insert((name, 0));
    }
    for client in census.clients.iter().filter(|client| client.own.is_none()) {
        let names: BTreeMap<String, &String> =
            of(client).into_iter().map(|name| (plain(name), name)).collect();
        for (plain, name) in names {
            counts.entry(plain).or_insert((name, 0)).1 += 1;
        }
    }
    counts
        .into_values()
        .filter(|(name, _)| !name.trim().is_empty())
        .map(|(name, count)| Named { name: name.to_owned(), count, chosen: false })
        .collect()
}
