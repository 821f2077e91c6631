//! Clients, and what the PSA says that bears on whether they have left.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{ClientId, Reason};

/// A customer of the MSP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    /// The vendor's short name, if it has one.
    pub identifier: Option<String>,
    /// The parent company, if the PSA knows one.
    pub parent: Option<ClientId>,
    pub signals: Signals,
    /// The MSP's own company, or one the PSA keeps for itself: always protected, and why.
    pub own: Option<String>,
    pub record_url: Option<String>,
}

/// What the PSA says about a client, in the terms of the criteria. What was not asked for is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signals {
    /// The vendor's own inactive mark, with the word the vendor has for it.
    pub inactive: Option<bool>,
    /// Company status, company type or customer type, by name.
    pub status: Option<String>,
    /// Company types, classifications, relationships: by name.
    pub tags: BTreeSet<String>,
    /// The value of the custom field that the criteria name.
    pub custom_field: Option<String>,
    pub contracts: Option<ContractHistory>,
}

/// The agreements or contracts of a client, of its parent and of whoever pays its bills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractHistory {
    pub existed: bool,
    pub running: bool,
    pub last_ended: Option<Date>,
}

impl ContractHistory {
    /// One more agreement: whether it runs on the day of reading, and when it ended or will end.
    pub fn add(&mut self, running: bool, ended: Option<Date>) {
        self.existed = true;
        self.running |= running;
        if !running {
            self.last_ended = self.last_ended.max(ended);
        }
    }

    #[must_use]
    pub fn joined_with(mut self, other: Self) -> Self {
        self.existed |= other.existed;
        self.running |= other.running;
        self.last_ended = self.last_ended.max(other.last_ended);
        self
    }
}

/// A client that counts as offboarded, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offboarded {
    pub client: Client,
    /// Never empty.
    pub reasons: Vec<Reason>,
}

impl Offboarded {
    /// The reasons in one phrase: `status "Former Client"; last agreement ended 2026-01-31`.
    pub fn because(&self) -> String {
        self.because_told("agreement")
    }

    /// The same with the vendor's noun for an agreement.
    pub fn because_told(&self, agreement: &str) -> String {
        self.reasons.iter().map(|reason| reason.told(agreement)).collect::<Vec<_>>().join("; ")
    }
}
