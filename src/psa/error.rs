//! What can go wrong with a PSA, in terms that code decides by and words that a person can act on.

use thiserror::Error;

use crate::{
    domain::{Code, Incomplete},
    http::HttpError,
};

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PsaError {
    /// No usable answer: not resolved, refused, timed out, broken off, stalled.
    #[error("the PSA cannot be reached: {message}")]
    Unreachable {
        message: String,
        /// The sending layer waited as long as it may; nothing more will come of this run.
        gave_up: bool,
    },
    /// The sign-in was refused; it is not tried again by itself.
    #[error("the PSA refused the sign-in: {message}")]
    SignIn { message: String },
    /// Signed in, but not allowed to do this.
    #[error("the PSA refused permission: {message}")]
    Permission { message: String },
    #[error("the PSA keeps refusing for too many requests: {message}")]
    RateLimited { message: String },
    /// The settings name something that the tenant does not have.
    #[error("this PSA has no {what} \"{name}\"{}", suggest(candidates))]
    UnknownName { what: String, name: String, candidates: Vec<String> },
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// The PSA understood and said no, in its own words.
    #[error("the PSA said no ({status}): {message}")]
    Refused { status: u16, message: String },
    /// It answered something that is not what its documentation promises.
    #[error("the PSA's answer cannot be understood: {message}")]
    Unreadable { message: String },
    /// The settings cannot work for this PSA.
    #[error("{message}")]
    Settings { message: String },
}

impl From<HttpError> for PsaError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable { message, gave_up, .. } => Self::Unreachable { message, gave_up },
            HttpError::SignIn { message } | HttpError::TooFewRights { message } => Self::SignIn { message },
            HttpError::Resting { rest } => Self::SignIn { message: rest.to_string() },
            HttpError::RateLimited { message } => Self::RateLimited { message },
            HttpError::Unreadable { message } => Self::Unreadable { message },
            error @ HttpError::Held => Self::Unreachable { message: error.to_string(), gave_up: false },
            error @ (HttpError::Redirected { .. } | HttpError::Forbidden { .. }) => {
                Self::Settings { message: error.to_string() }
            }
        }
    }
}

impl PsaError {
    /// The contract's code for it.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. } | Self::Unreadable { .. } | Self::Refused { .. } => {
                Code::PSAConnectionError
            }
            Self::SignIn { .. } => Code::AuthenticationFailed,
            Self::Permission { .. } => Code::PermissionDenied,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::Incomplete(_) => Code::IncompleteListing,
            Self::UnknownName { .. } | Self::Settings { .. } => Code::SafeguardRefused,
        }
    }

    /// Whether the settings, not the PSA, must be mended.
    pub fn is_settings(&self) -> bool {
        matches!(self, Self::UnknownName { .. } | Self::Settings { .. })
    }

    /// What a person can do next.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "Check base_url, the network and the proxy; `mothball doctor` tells them apart."
            }
            Self::SignIn { .. } => {
                "Check the credentials in the profile with `mothball doctor`; they are not tried again by themselves."
            }
            Self::Permission { .. } => {
                "Give the API user the rights that `mothball doctor` lists, or leave this out."
            }
            Self::RateLimited { .. } => "Try again later, or lower `pace` in the profile.",
            Self::UnknownName { .. } | Self::Settings { .. } => "Correct the profile in the settings file.",
            Self::Incomplete(_) => {
                "Nothing was planned on it. Try again when nobody adds records; if it stays, tell the PSA's support."
            }
            Self::Refused { .. } | Self::Unreadable { .. } => {
                "The log file has the request; `mothball doctor` checks what this API account can do."
            }
        }
    }
}

fn suggest(candidates: &[String]) -> String {
    if candidates.is_empty() {
        String::new()
    } else {
        let shown: Vec<String> = candidates.iter().take(12).map(|name| format!("\"{name}\"")).collect();
        let more = if candidates.len() > 12 { ", …" } else { "" };
        format!("; it has {}{more}", shown.join(", "))
    }
}
