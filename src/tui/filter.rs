//! The filter language: `srv type:server site:hq status:active linked:billing !old`.

use nucleo_matcher::{
    Config, Matcher, Utf32String,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use crate::domain::{Configuration, Links, links::LinkKind};

/// The texts of one row, prepared for matching.
#[derive(Debug, Clone)]
pub struct Haystack {
    name: Utf32String,
    /// Type, serial and id, one beside the other.
    more: Utf32String,
    kind: String,
    site: String,
    status: String,
}

impl Haystack {
    pub fn of(configuration: &Configuration) -> Self {
        let head = |text: &str| text.chars().take(300).collect::<String>();
        let more = format!(
            "{} {} {}",
            head(&configuration.config_type),
            head(configuration.serial.as_deref().unwrap_or("")),
            configuration.id
        );
        Self {
            name: head(&configuration.name).into(),
            more: more.into(),
            kind: head(&configuration.config_type).to_lowercase(),
            site: head(configuration.site.as_deref().unwrap_or("")).to_lowercase(),
            status: format!(
                "{} {}",
                head(configuration.state.status_name().unwrap_or("")).to_lowercase(),
                configuration.lifecycle().words()
            ),
        }
    }
}

/// Which link a `linked:` word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Linked {
    Any,
    None,
    Unknown,
    Kind(LinkKind),
}

#[derive(Debug, Clone)]
enum Word {
    Text { fuzzy: Atom, exact: Atom, not: bool },
    Type { text: String, not: bool },
    Site { text: String, not: bool },
    Status { text: String, not: bool },
    Linked { which: Linked, not: bool },
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
    pub fn parse(text: &str) -> Self {
        let mut query = Self { text: text.to_owned(), ..Self::default() };
        for written in text.split_whitespace() {
            let (not, word) = match written.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, written),
            };
            if word.is_empty() {
                continue;
            }
            let lower = word.to_lowercase();
            let word = match lower.split_once(':') {
                Some((_, "")) => continue,
                Some(("type", text)) => Word::Type { text: text.to_owned(), not },
                Some(("site", text)) => Word::Site { text: text.to_owned(), not },
                Some(("status", text)) => Word::Status { text: text.to_owned(), not },
                Some(("linked", text)) => {
                    let Some(which) = linked(text) else {
                        let all = "linked: takes billing, tickets, children, rmm, any, none or unknown";
                        query.complaint = Some(all.to_owned());
                        continue;
                    };
                    Word::Linked { which, not }
                }
                _ => Word::Text {
                    fuzzy: atom(word, AtomKind::Fuzzy),
                    exact: atom(word, AtomKind::Substring),
                    not,
                },
            };
            query.words.push(word);
        }
        query
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every row that fits this also fits `before`, so that only its rows need another look.
    pub fn narrows(&self, before: &Self) -> bool {
        // A longer negated word lets more through, and a half-typed `type:` means something else.
        self.text.starts_with(&before.text)
            && !self.text.contains(['!', ':'])
            && !before.text.contains(['!', ':'])
    }

    /// Whether the answer depends on links, which arrive later.
    pub fn asks_for_links(&self) -> bool {
        self.words.iter().any(|word| matches!(word, Word::Linked { .. }))
    }

    pub fn fits(&self, hay: &Haystack, links: &Links, matcher: &mut Matcher) -> bool {
        self.words.iter().all(|word| match word {
            Word::Text { fuzzy, exact, not } => {
                if *not {
                    !hits(exact, &hay.name, matcher) && !hits(exact, &hay.more, matcher)
                } else {
                    hits(fuzzy, &hay.name, matcher) || hits(exact, &hay.more, matcher)
                }
            }
            Word::Type { text, not } => hay.kind.contains(text) != *not,
            Word::Site { text, not } => hay.site.contains(text) != *not,
            Word::Status { text, not } => hay.status.contains(text) != *not,
            Word::Linked { which, not } => is_linked(links, *which) != *not,
        })
    }

    /// Whether a plain text fits (words only), for lists that are not configurations.
    pub fn fits_text(&self, text: &Utf32String, matcher: &mut Matcher) -> bool {
        self.words.iter().all(|word| match word {
            Word::Text { fuzzy, exact, not } => {
                if *not {
                    !hits(exact, text, matcher)
                } else {
                    hits(fuzzy, text, matcher)
                }
            }
            _ => true,
        })
    }

    /// Which characters of a shown text made it fit.
    pub fn marks(&self, text: &str, matcher: &mut Matcher) -> Vec<u32> {
        let hay: Utf32String = text.chars().take(300).collect::<String>().into();
        let mut marks = Vec::new();
        for word in &self.words {
            if let Word::Text { fuzzy, not: false, .. } = word {
                let mut found = Vec::new();
                if fuzzy.indices(hay.slice(..), matcher, &mut found).is_some() {
                    marks.append(&mut found);
                }
            }
        }
        marks.sort_unstable();
        marks.dedup();
        marks
    }
}

pub fn matcher() -> Matcher {
    Matcher::new(Config::DEFAULT)
}

fn hits(atom: &Atom, hay: &Utf32String, matcher: &mut Matcher) -> bool {
    atom.score(hay.slice(..), matcher).is_some()
}

fn atom(word: &str, kind: AtomKind) -> Atom {
    Atom::new(word, CaseMatching::Ignore, Normalization::Smart, kind, false)
}

fn linked(text: &str) -> Option<Linked> {
    let kinds = [
        ("billing", Linked::Kind(LinkKind::Billing)),
        ("tickets", Linked::Kind(LinkKind::Tickets)),
        ("children", Linked::Kind(LinkKind::Children)),
        ("rmm", Linked::Kind(LinkKind::Rmm)),
        ("any", Linked::Any),
        ("none", Linked::None),
        ("unknown", Linked::Unknown),
    ];
    kinds.into_iter().find(|(name, _)| name.starts_with(text)).map(|(_, which)| which)
}

fn is_linked(links: &Links, which: Linked) -> bool {
    match which {
        Linked::Any => links.linked().next().is_some(),
        Linked::None => links.are_none(),
        Linked::Unknown => links.have_unknown(),
        Linked::Kind(kind) => !links.get(kind).items().is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ClientId, ConfigId, State, StatusRef,
        links::{Link, LinkAnswer},
    };

    fn row(name: &str, config_type: &str) -> Haystack {
        Haystack::of(&Configuration {
            id: ConfigId::from("42"),
            client: ClientId::from("1"),
            name: name.into(),
            names: Vec::new(),
            config_type: config_type.into(),
            site: Some("HQ Berlin".into()),
            serial: Some("SN-9".into()),
            state: State {
                active: true,
                status: Some(StatusRef { id: "2".into(), name: "In Use".into() }),
                closed: Some(false),
            },
            parent: None,
            rmm: None,
            last_updated: None,
            record_url: None,
            details: Vec::new(),
        })
    }

    fn fits(query: &str, hay: &Haystack, links: &Links) -> bool {
        Query::parse(query).fits(hay, links, &mut matcher())
    }

    #[test]
    fn words_and_fields() {
        let hay = row("SRV-DC01", "Managed Server");
        let billed = Links {
            billing: LinkAnswer::of(vec![Link {
                id: "1".into(),
                name: "Gold".into(),
                detail: None,
                record_url: None,
            }]),
            ..Links::default()
        };
        for yes in [
            "",
            "dc01",
            "SDC1",
            "server",
            "sn-9",
            "42",
            "type:server",
            "site:berlin",
            "status:use",
            "status:active",
            "linked:billing",
            "linked:b",
            "!switch",
            "dc01 type:managed !old",
            "type:",
            "!type:switch",
        ] {
            assert!(fits(yes, &hay, &billed), "{yes}");
        }
        for no in ["dc02", "type:switch", "site:paris", "linked:rmm", "!dc01", "!type:server", "linked:none"]
        {
            assert!(!fits(no, &hay, &billed), "{no}");
        }
        assert!(!fits("linked:none", &hay, &Links::default()), "not read is never none");
        assert!(fits("linked:unknown", &hay, &Links::default()));
        assert!(Query::parse("linked:wat").complaint.is_some());
    }

    #[test]
    fn longer_words_narrow_unless_negated() {
        assert!(Query::parse("srv").narrows(&Query::parse("sr")));
        assert!(!Query::parse("!srv").narrows(&Query::parse("!sr")));
        assert!(!Query::parse("sr").narrows(&Query::parse("srv")));
    }

    #[test]
    fn marks_say_what_fitted() {
        assert_eq!(Query::parse("dc").marks("SRV-DC01", &mut matcher()), [4, 5]);
    }
}
