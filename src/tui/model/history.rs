//! The state of History: the list, and what is being asked about it.

use super::super::{
    desk::{PastRun, Trouble},
    scroll::Scroll,
};
use crate::domain::RunId;

/// Earlier runs.
#[derive(Debug, Default)]
pub struct HistoryPage {
    pub reading: bool,
    pub runs: Option<Result<Vec<PastRun>, Trouble>>,
    pub scroll: Scroll,
    /// Interrupted runs were offered once; after that they are only listed.
    pub offered: bool,
    /// The question whose answer is the plan of the run to resume.
    pub reopening: Option<u64>,
    /// The question whose answer is the plan of the run to watch, and who is at work on it.
    pub following: Option<(u64, String)>,
    /// The run that is being looked at again.
    pub rechecking: Option<RunId>,
    /// Where the cursor shall be once the list is here.
    pub seek: Option<RunId>,
}

impl HistoryPage {
    pub fn list(&self) -> &[PastRun] {
        match &self.runs {
            Some(Ok(runs)) => runs,
            _ => &[],
        }
    }

    pub fn under_cursor(&self) -> Option<&PastRun> {
        self.list().get(self.scroll.cursor)
    }

    pub fn run(&self, id: &RunId) -> Option<&PastRun> {
        self.list().iter().find(|run| run.run == *id)
    }

    /// Whether an answer is awaited.
    pub fn is_busy(&self) -> bool {
        self.reading || self.reopening.is_some() || self.following.is_some() || self.rechecking.is_some()
    }
}
