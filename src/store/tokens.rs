//! Who may call the API. A token itself is shown once, when it is made; only its hash is kept.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Result;
use crate::domain::Timestamp;

/// What is known of a token. `hash` tells nobody the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The part of it that is no secret, by which it is found.
    pub id: String,
    /// Whose it is: the name stands in the journal, and four eyes go by it.
    pub name: String,
    pub rights: Vec<Right>,
    /// SHA-256 of the whole token, in hexadecimal.
    pub hash: String,
    pub made_at: Timestamp,
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
    pub last_used: Option<Timestamp>,
}

/// What a token allows. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Look at runs and reports.
    Read,
    /// Start, resume, undo and cancel runs.
    Trigger,
    /// Approve and reject runs.
    Approve,
}

impl Right {
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Trigger => "trigger",
            Self::Approve => "approve",
        }
    }
}

impl Token {
    /// Whether it opens anything at `now`.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now < end)
    }
}

/// The tokens of a store.
#[async_trait]
pub trait Tokens: Send + Sync {
    async fn put_token(&self, token: &Token) -> Result<()>;

    /// All of them, revoked ones too, the earliest first.
    async fn tokens(&self) -> Result<Vec<Token>>;

    async fn token(&self, id: &str) -> Result<Option<Token>>;

    /// From now on it opens nothing; tells whether it did until now.
    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool>;

    async fn token_used(&self, id: &str, at: Timestamp) -> Result<()>;
}
