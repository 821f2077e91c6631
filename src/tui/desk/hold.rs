//! Holds: a person wants a configuration kept, whatever a run would do with it.

use crate::domain::{self, ConfigId, Timestamp};

/// A hold that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub reason: String,
    pub by: String,
    /// Without an end it holds until it is taken away.
    pub until: Option<Timestamp>,
}

impl From<&domain::Hold> for Hold {
    fn from(hold: &domain::Hold) -> Self {
        Self { reason: hold.reason.clone(), by: hold.by.clone(), until: hold.until }
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "held ")?;
        if let Some(until) = self.until {
            // It ends with its last day.
            write!(f, "until {} ", until.plus_millis(-1).day())?;
        }
        write!(f, "by {}: {}", self.by, self.reason)
    }
}

/// The hold that a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRequest {
    pub config_id: ConfigId,
    pub reason: String,
    pub until: Option<Timestamp>,
}
