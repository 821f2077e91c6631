//! How far each schedule was looked after: what came due later than that, while nobody was there, was missed.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Result;
use crate::domain::{RunId, Timestamp};

/// What is remembered of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// All its firings up to this moment were taken or passed over.
    pub until: Timestamp,
    /// The run of its last firing; it may have been pruned since.
    pub run: Option<RunId>,
}

/// The memory of schedules, by their names. Several processes may look after the same ones.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Notes that a schedule was looked after until now, and which run came of it. A mark never moves back, whoever
    /// comes late; without a run the earlier one stays.
    async fn mark_schedule(&self, name: &str, until: Timestamp, run: Option<&RunId>) -> Result<()>;

    async fn schedule_marks(&self) -> Result<BTreeMap<String, Mark>>;
}
