//! What still hangs on a configuration or a client. "Unknown" is an answer of its own, never "none".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The four kinds of link, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    Billing,
    Tickets,
    Children,
    Rmm,
}

impl LinkKind {
    pub const ALL: [Self; 4] = [Self::Billing, Self::Tickets, Self::Children, Self::Rmm];

    pub fn words(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::Tickets => "tickets",
            Self::Children => "children",
            Self::Rmm => "RMM",
        }
    }
}

/// One thing that still hangs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    pub id: String,
    /// The agreement's, ticket's, child's or RMM's name.
    pub name: String,
    /// Amount, quantity or date, as the vendor tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_url: Option<String>,
}

/// The answer to "what of this kind is still linked?".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum LinkAnswer {
    /// Nobody asked yet.
    #[default]
    NotRead,
    None,
    Linked {
        items: Vec<Link>,
    },
    /// It could not be read, and why.
    Unknown {
        why: String,
    },
}

impl LinkAnswer {
    pub fn of(items: Vec<Link>) -> Self {
        if items.is_empty() { Self::None } else { Self::Linked { items } }
    }

    pub fn items(&self) -> &[Link] {
        match self {
            Self::Linked { items } => items,
            _ => &[],
        }
    }

    /// Neither none nor these: nobody knows.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::NotRead)
    }
}

/// All four answers for one configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Links {
    pub billing: LinkAnswer,
    pub tickets: LinkAnswer,
    pub children: LinkAnswer,
    pub rmm: LinkAnswer,
}

impl Links {
    /// Links that nobody read, and why: unknown, never none.
    pub fn unknown(why: &str) -> Self {
        let unknown = || LinkAnswer::Unknown { why: why.to_owned() };
        Self { billing: unknown(), tickets: unknown(), children: unknown(), rmm: unknown() }
    }

    pub fn get(&self, kind: LinkKind) -> &LinkAnswer {
        match kind {
            LinkKind::Billing => &self.billing,
            LinkKind::Tickets => &self.tickets,
            LinkKind::Children => &self.children,
            LinkKind::Rmm => &self.rmm,
        }
    }

    pub fn get_mut(&mut self, kind: LinkKind) -> &mut LinkAnswer {
        match kind {
            LinkKind::Billing => &mut self.billing,
            LinkKind::Tickets => &mut self.tickets,
            LinkKind::Children => &mut self.children,
            LinkKind::Rmm => &mut self.rmm,
        }
    }

    /// The kinds that are linked.
    pub fn linked(&self) -> impl Iterator<Item = LinkKind> + '_ {
        LinkKind::ALL.into_iter().filter(|kind| !self.get(*kind).items().is_empty())
    }

    /// Known to hang on nothing: every kind was read and is none.
    pub fn are_none(&self) -> bool {
        LinkKind::ALL.iter().all(|kind| *self.get(*kind) == LinkAnswer::None)
    }

    pub fn are_all_unknown(&self) -> bool {
        LinkKind::ALL.iter().all(|kind| self.get(*kind).is_unknown())
    }

    pub fn have_unknown(&self) -> bool {
        LinkKind::ALL.iter().any(|kind| self.get(*kind).is_unknown())
    }

    /// `billing 2, RMM 1, tickets unknown`; `none`; `not read`.
    pub fn summary(&self) -> String {
        if LinkKind::ALL.iter().all(|kind| *self.get(*kind) == LinkAnswer::NotRead) {
            return "not read".to_owned();
        }
        let parts: Vec<String> = LinkKind::ALL
            .into_iter()
            .filter_map(|kind| match self.get(kind) {
                LinkAnswer::None => None,
                LinkAnswer::Linked { items } => Some(format!("{} {}", kind.words(), items.len())),
                LinkAnswer::Unknown { .. } | LinkAnswer::NotRead => Some(format!("{} unknown", kind.words())),
            })
            .collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }
}

/// Something that speaks against "offboarded".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "sign", rename_all = "snake_case")]
pub enum SignOfLife {
    RunningAgreement {
        name: String,
        /// Until when and for how much, as far as the PSA tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record_url: Option<String>,
    },
    OpenTickets {
        count: u64,
    },
    ActiveChild {
        name: String,
    },
    /// It could not be read, and why.
    Unknown {
        why: String,
    },
}

impl SignOfLife {
    /// The same with the vendor's noun for an agreement.
    pub fn told(&self, agreement: &str) -> String {
        let agreement = agreement.to_lowercase();
        match self {
            Self::RunningAgreement { name, detail: Some(detail), .. } => {
                format!("{agreement} \"{name}\" is running ({detail})")
            }
            Self::RunningAgreement { name, .. } => format!("{agreement} \"{name}\" is running"),
            Self::OpenTickets { count: 1 } => "1 open ticket".to_owned(),
            Self::OpenTickets { count } => format!("{count} open tickets"),
            Self::ActiveChild { name } => format!("child \"{name}\" is not offboarded"),
            Self::Unknown { why } => format!("signs of life could not be read: {why}"),
        }
    }
}

impl std::fmt::Display for SignOfLife {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told("agreement"))
    }
}
