//! What can go wrong, under the names of the contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigId, Timestamp};

/// The codes that the report and the API use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Code {
    ClientNotFound,
    ConfigNotFound,
    ConfigUpdateFailed,
    PermissionDenied,
    PSAConnectionError,
    AmbiguousClient,
    ClientNotOffboarded,
    AuthenticationFailed,
    RateLimited,
    ChangedSinceReview,
    NotVerified,
    IncompleteListing,
    SafeguardRefused,
    PlanExpired,
    PlanAltered,
    OtherTenant,
    RunLocked,
    Interrupted,
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// One entry of the report's `errors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    pub code: Code,
    pub message: String,
    pub timestamp: Timestamp,
    pub config_id: Option<ConfigId>,
}

impl Problem {
    /// A problem of the run as a whole, or of one client.
    pub fn new(code: Code, message: impl Into<String>, timestamp: Timestamp) -> Self {
        Self { code, message: message.into(), timestamp, config_id: None }
    }

    #[must_use]
    pub fn about(mut self, config_id: ConfigId) -> Self {
        self.config_id = Some(config_id);
        self
    }
}
