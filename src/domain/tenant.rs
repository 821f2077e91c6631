//! Which PSA this is, in its own words. Plans are bound to it, never to the name of a profile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::links::LinkKind;

/// The identity of one MSP's PSA as the PSA itself tells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The vendor's key in the settings file: `connectwise`, `autotask`, `halopsa`.
    pub psa: String,
    /// What tells this tenant from every other one of the same vendor, host included.
    pub id: String,
    /// What a person calls it.
    pub name: String,
}

impl Tenant {
    /// Same vendor, same id. The name may be changed by its owner at any time.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.psa == other.psa && self.id == other.id
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.id)
    }
}

/// What a vendor calls things; the screen and the messages use these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nouns {
    /// `ConnectWise PSA`
    pub product: &'static str,
    pub client: &'static str,
    pub clients: &'static str,
    pub configuration: &'static str,
    pub configurations: &'static str,
    /// `Agreement` or `Contract`
    pub agreement: &'static str,
    pub consequences: Consequences,
}

/// What this PSA does with what still hangs on a configuration once that is inactive: a sentence each, with what a
/// person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequences {
    pub billing: &'static str,
    pub tickets: &'static str,
    pub children: &'static str,
    pub rmm: &'static str,
}

impl Consequences {
    pub fn of(&self, kind: LinkKind) -> &'static str {
        match kind {
            LinkKind::Billing => self.billing,
            LinkKind::Tickets => self.tickets,
            LinkKind::Children => self.children,
            LinkKind::Rmm => self.rmm,
        }
    }
}
