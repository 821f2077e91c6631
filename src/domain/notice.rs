//! What is told about a run to people who do not look: which happenings, and in whose form.

use serde::{Deserialize, Serialize};

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A run waits for approval.
    Waiting,
    /// A run ended, and not as it should.
    Failed,
    /// A run ended well.
    Finished,
}

impl Occasion {
    /// Every one, by the word that the settings have for it.
    pub const ALL: [(&'static str, Self); 3] =
        [("waiting", Self::Waiting), ("failed", Self::Failed), ("finished", Self::Finished)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }
}

/// The form in which somebody takes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// Our own: every figure by its name.
    #[default]
    Json,
    /// A message with an Adaptive Card, as a Teams workflow takes it.
    Teams,
    /// A message as a Slack incoming webhook takes it.
    Slack,
}
