//! Calls to one PSA from several processes: each takes a seat before it is sent, within the limits of all together.

use std::time::Duration;

use async_trait::async_trait;

use super::pace::Limits;

/// Whoever keeps the seats, beyond this process.
#[async_trait]
pub trait Seats: Send + Sync {
    /// Takes a seat for one call. Nothing is sent without; why there is none is for a person.
    async fn take(&self, object: Option<&'static str>, limits: Limits) -> Result<Taken, String>;
}

pub enum Taken {
    Seat(Seat),
    /// There is none now; ask again after so long.
    Wait(Duration),
}

/// A seat, given back when it is dropped.
pub struct Seat(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Seat {
    pub fn new(give_back: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}
