//! What became of one configuration, and the arithmetic that always closes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Code, State};

/// Why a configuration was left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    DryRun,
    Planned,
    AlreadyInactive,
    /// In an undo: it is again as it was.
    AlreadyRestored,
    Mixed,
    Protected,
    Held,
    NotSelected,
    LinkedBilling,
    LinkedTickets,
    LinkedChildren,
    LinkedRmm,
    LinkedUnknown,
    ChangedSinceReview,
    NotStarted,
}

impl SkipReason {
    pub fn words(self) -> &'static str {
        match self {
            Self::DryRun => "dry run",
            Self::Planned => "planned",
            Self::AlreadyInactive => "already inactive",
            Self::AlreadyRestored => "already restored",
            Self::Mixed => "mixed state",
            Self::Protected => "protected",
            Self::Held => "held",
            Self::NotSelected => "not selected",
            Self::LinkedBilling => "still billed",
            Self::LinkedTickets => "open tickets",
            Self::LinkedChildren => "active children",
            Self::LinkedRmm => "still in the RMM",
            Self::LinkedUnknown => "links unknown",
            Self::ChangedSinceReview => "changed since review",
            Self::NotStarted => "not started",
        }
    }
}

/// The end of one item of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Set inactive by this run, and read back as such if `verified`.
    Deactivated {
        verified: bool,
    },
    /// Set back by an undo, and read back as such if `verified`.
    Restored {
        verified: bool,
    },
    Skipped {
        reason: SkipReason,
    },
    /// It is no longer as it was when it was approved.
    ChangedSinceReview {
        what: String,
    },
    Failed {
        code: Code,
        message: String,
    },
    /// Something was sent and nobody could find out what came of it.
    Unknown {
        message: String,
    },
}

impl Outcome {
    /// The word of the contract (`outcome` in the report).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Deactivated { .. } => "deactivated",
            Self::Restored { .. } => "restored",
            Self::Skipped { reason: SkipReason::Planned } => "planned",
            Self::Skipped { .. } => "skipped",
            Self::ChangedSinceReview { .. } => "changed_since_review",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// For screens: `deactivated`, `skipped: protected`, `failed: …`.
    pub fn words(&self) -> String {
        match self {
            Self::Deactivated { verified: true } => "deactivated".to_owned(),
            Self::Deactivated { verified: false } => "deactivated, not read back".to_owned(),
            Self::Restored { verified: true } => "restored".to_owned(),
            Self::Restored { verified: false } => "restored, not read back".to_owned(),
            Self::Skipped { reason } => reason.words().to_owned(),
            Self::ChangedSinceReview { what } => format!("changed since review: {what}"),
            Self::Failed { message, .. } => format!("failed: {message}"),
            Self::Unknown { message } => format!("unknown: {message}"),
        }
    }

    pub fn skip_reason(&self) -> Option<SkipReason> {
        match self {
            Self::Skipped { reason } => Some(*reason),
            Self::ChangedSinceReview { .. } => Some(SkipReason::ChangedSinceReview),
            _ => None,
        }
    }

    pub fn is_error(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Unknown { .. })
    }

    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Deactivated { verified: true } | Self::Restored { verified: true })
    }
}

/// An outcome with the state that was last read from the PSA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub outcome: Outcome,
    pub state: Option<State>,
}

/// `configs_found = configs_deactivated + configs_restored + configs_skipped + errors`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    pub configs_found: u64,
    pub configs_deactivated: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configs_restored: Option<u64>,
    pub configs_skipped: u64,
    pub errors: u64,
}

impl Statistics {
    /// For an undo, which counts what it restored.
    pub fn of_undo() -> Self {
        Self { configs_restored: Some(0), ..Self::default() }
    }

    /// Counts one configuration that was found, by what became of it.
    pub fn count(&mut self, outcome: &Outcome) {
        self.configs_found += 1;
        match outcome {
            Outcome::Deactivated { .. } => self.configs_deactivated += 1,
            Outcome::Restored { .. } => *self.configs_restored.get_or_insert(0) += 1,
            Outcome::Skipped { .. } | Outcome::ChangedSinceReview { .. } => self.configs_skipped += 1,
            Outcome::Failed { .. } | Outcome::Unknown { .. } => self.errors += 1,
        }
    }

    /// Whether every configuration found is in exactly one count.
    pub fn close(&self) -> bool {
        self.configs_found
            == self.configs_deactivated
                + self.configs_restored.unwrap_or(0)
                + self.configs_skipped
                + self.errors
    }
}

impl std::ops::Add for Statistics {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let restored = match (self.configs_restored, other.configs_restored) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0) + b.unwrap_or(0)),
        };
        Self {
            configs_found: self.configs_found + other.configs_found,
            configs_deactivated: self.configs_deactivated + other.configs_deactivated,
            configs_restored: restored,
            configs_skipped: self.configs_skipped + other.configs_skipped,
            errors: self.errors + other.errors,
        }
    }
}

impl std::iter::Sum for Statistics {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |all, part| all + part)
    }
}

#[cfg(test)]
pub(crate) mod strategies {
    use proptest::prelude::*;

    use super::*;

    pub fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            any::<bool>().prop_map(|verified| Outcome::Deactivated { verified }),
            any::<bool>().prop_map(|verified| Outcome::Restored { verified }),
            Just(Outcome::Skipped { reason: SkipReason::AlreadyInactive }),
            Just(Outcome::Skipped { reason: SkipReason::NotStarted }),
            Just(Outcome::ChangedSinceReview { what: "status".into() }),
            Just(Outcome::Failed { code: Code::ConfigUpdateFailed, message: "no".into() }),
            Just(Outcome::Unknown { message: "lost".into() }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each reason has words of its own.
    #[test]
    fn no_two_reasons_read_alike() {
        use SkipReason::{
            AlreadyInactive, AlreadyRestored, ChangedSinceReview, DryRun, Held, LinkedBilling,
            LinkedChildren, LinkedRmm, LinkedTickets, LinkedUnknown, Mixed, NotSelected, NotStarted, Planned,
            Protected,
        };
        let all = [
            DryRun,
            Planned,
            AlreadyInactive,
            AlreadyRestored,
            Mixed,
            Protected,
            Held,
            NotSelected,
            LinkedBilling,
            LinkedTickets,
            LinkedChildren,
            LinkedRmm,
            LinkedUnknown,
            ChangedSinceReview,
            NotStarted,
        ];
        let words: std::collections::BTreeSet<_> = all.iter().map(|reason| reason.words()).collect();
        assert_eq!(words.len(), all.len());
        assert_eq!(Held.words(), "held");
    }

    #[test]
    fn what_an_outcome_counts_as() {
        let changed = Outcome::ChangedSinceReview { what: "status".to_owned() };
        assert_eq!(changed.skip_reason(), Some(SkipReason::ChangedSinceReview));
        for verified in [true, false] {
            assert_eq!(Outcome::Deactivated { verified }.is_verified(), verified);
            assert_eq!(Outcome::Restored { verified }.is_verified(), verified);
            assert_eq!(Outcome::Restored { verified }.skip_reason(), None);
        }
        assert!(!changed.is_verified());
        let mut undone = Statistics::of_undo();
        assert_eq!(undone.configs_restored, Some(0), "an undo that restored nothing says so");
        undone.count(&Outcome::Restored { verified: true });
        undone.count(&changed);
        assert!(undone.close());
        let all: Statistics = [undone, Statistics::of_undo()].into_iter().sum();
        assert_eq!((all.configs_restored, all.configs_skipped, all.configs_found), (Some(1), 1, 2));
        assert!(!Statistics { errors: 1, ..all }.close());
    }

    proptest! {
        #[test]
        fn the_arithmetic_always_closes(
            a in proptest::collection::vec(strategies::outcome(), 0..60),
            b in proptest::collection::vec(strategies::outcome(), 0..60),
        ) {
            let total = |outcomes: &[Outcome]| {
                let mut statistics = Statistics::default();
                for outcome in outcomes {
                    statistics.count(outcome);
                }
                statistics
            };
            let joint = total(&a) + total(&b);
            prop_assert!(joint.close());
            prop_assert_eq!(joint.configs_found, (a.len() + b.len()) as u64);
            let errors = a.iter().chain(&b).filter(|outcome| outcome.is_error()).count() as u64;
            prop_assert_eq!(joint.errors, errors);
        }
    }
}
