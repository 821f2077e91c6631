//! What stops a whole run: the first of it is kept, and every stage looks.

use std::sync::{Arc, Mutex, PoisonError};

use super::EngineError;

#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<EngineError>>>);

impl Trouble {
    pub fn meet(&self, error: impl Into<EngineError>) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            let error = error.into();
            tracing::error!(%error, "the run stops");
            *first = Some(error);
        }
    }

    pub fn is_there(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub fn take(&self) -> Option<EngineError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
