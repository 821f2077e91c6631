//! Nothing is built on a journal that is not as it was written.

use super::{Engine, EngineError};
use crate::{domain::plan::PlanAltered, store::StoredRun};

impl Engine {
    /// Refuses a run whose records, plan or lists were altered since they were written.
    pub(super) async fn must_be_whole(&self, stored: &StoredRun) -> Result<(), EngineError> {
        let flaws = self.store.verify(&stored.header.run, Some(&stored.head)).await?;
        match flaws.first() {
            None => Ok(()),
            Some(flaw) => Err(EngineError::Altered(PlanAltered::Record(flaw.to_string()))),
        }
    }
}
