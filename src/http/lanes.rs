//! How many calls are under way at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    pace::Limits,
    request::{Auth, Request},
};

/// Calls under way, as a whole and about each thing. Requests without credentials are not held up by others: a call
/// may wait for the token that one of them gets.
pub(super) struct Lanes {
    all: Arc<Semaphore>,
    per_object: Option<usize>,
    objects: Mutex<HashMap<&'static str, Arc<Semaphore>>>,
}

/// What a call holds while it is under way.
pub(super) type Lane = (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>);

impl Lanes {
    pub fn new(limits: Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.in_flight.max(1) as usize)),
            per_object: limits.per_object.map(|most| most.max(1) as usize),
            objects: Mutex::default(),
        }
    }

    pub async fn enter(&self, request: &Request) -> Lane {
        if request.auth == Auth::None {
            return (None, None);
        }
        let object = match (request.object, self.per_object) {
            (Some(object), Some(most)) => {
                let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
                Some(Arc::clone(objects.entry(object).or_insert_with(|| Arc::new(Semaphore::new(most)))))
            }
            _ => None,
        };
        // The semaphores are never closed, so there always is a permit. The narrower one comes first: who waits for
        // it holds up nobody else.
        let narrow = match object {
            Some(object) => object.acquire_owned().await.ok(),
            None => None,
        };
        (narrow, Arc::clone(&self.all).acquire_owned().await.ok())
    }
}
