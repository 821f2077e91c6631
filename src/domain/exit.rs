//! Exit codes of the contract, and which of them is worse.

use super::Code;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitCode {
    Success,
    /// Finished, but some items failed, changed since review or are unknown.
    Incomplete,
    Usage,
    AwaitsApproval,
    /// PSA not reachable, sign-in or permission refused.
    Psa,
    /// Client not found, ambiguous, not offboarded, or without configurations.
    Client,
    Safeguard,
    Locked,
    /// A part of the program panicked; the journal is whole.
    Panic,
    Hangup,
    Interrupted,
    Terminated,
}

impl ExitCode {
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Incomplete => 1,
            Self::Usage => 2,
            Self::AwaitsApproval => 3,
            Self::Psa => 4,
            Self::Client => 5,
            Self::Safeguard => 6,
            Self::Locked => 7,
            Self::Panic => 101,
            Self::Hangup => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The worse of the two: the higher number.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.number() > self.number() { other } else { self }
    }

    /// What a problem of a whole client or run comes to.
    pub fn of(code: Code) -> Self {
        match code {
            Code::ClientNotFound
            | Code::AmbiguousClient
            | Code::ClientNotOffboarded
            | Code::ConfigNotFound => Self::Client,
            Code::AuthenticationFailed
            | Code::PermissionDenied
            | Code::PSAConnectionError
            | Code::RateLimited => Self::Psa,
            Code::SafeguardRefused
            | Code::PlanExpired
            | Code::PlanAltered
            | Code::OtherTenant
            | Code::IncompleteListing => Self::Safeguard,
            Code::RunLocked => Self::Locked,
            Code::Interrupted => Self::Interrupted,
            Code::ConfigUpdateFailed | Code::ChangedSinceReview | Code::NotVerified => Self::Incomplete,
        }
    }
}
