//! The share of a PSA's limits that this process has of what a team has together: see [`crate::store::postgres`].

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    psa::port::{Limits, Seat, Seats, SignInParts, Taken},
    store::postgres::{Call, LOAN_LASTS, PostgresStore, Seated},
    system::random,
};

/// How long to wait for a seat, about, before one is asked for again.
const PAUSE: Duration = Duration::from_millis(100);

/// The seats of one account of one PSA.
pub struct TeamSeats {
    store: Arc<PostgresStore>,
    /// The account: its limits are what is shared.
    tenant: String,
    lent: Mutex<Option<Lent>>,
    /// Whoever borrows holds it; the others find what was lent.
    borrowing: tokio::sync::Mutex<()>,
}

/// Calls that were lent and not made yet.
struct Lent {
    left: u32,
    until: Instant,
}

impl TeamSeats {
    pub fn new(store: Arc<PostgresStore>, psa: &str, parts: &SignInParts) -> Self {
        Self {
            store,
            tenant: format!("{psa} {} {}", parts.place, parts.user),
            lent: Mutex::default(),
            borrowing: tokio::sync::Mutex::default(),
        }
    }

    /// Takes one of the calls that were lent, if one is left.
    fn spend(&self) -> bool {
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        match lent.as_mut().filter(|lent| lent.left > 0 && Instant::now() < lent.until) {
            Some(lent) => {
                lent.left -= 1;
                true
            }
            None => false,
        }
    }

    /// It was not made after all.
    fn unspend(&self) {
        if let Some(lent) = self.lent.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            lent.left += 1;
        }
    }

    fn keep(&self, calls: u32, asked: Instant) {
        let lent = Lent { left: calls, until: asked + LOAN_LASTS };
        *self.lent.lock().unwrap_or_else(PoisonError::into_inner) = Some(lent);
    }
}

#[async_trait]
impl Seats for TeamSeats {
    async fn take(&self, object: Option<&'static str>, limits: Limits) -> Result<Taken, String> {
        let of_object = object.zip(limits.per_object).map(|(object, most)| (object.to_owned(), most));
        let mut paid = self.spend();
        let mut borrowing = None;
        if !paid {
            borrowing = Some(self.borrowing.lock().await);
            paid = self.spend();
        }
        let borrowing = borrowing.filter(|_| !paid);
        let asked = Instant::now();
        let call = Call {
            tenant: self.tenant.clone(),
            seats: of_object.into_iter().chain([(String::new(), limits.in_flight)]).collect(),
            requests: limits.requests,
            window: limits.window,
            borrows: !paid,
        };
        let seated = self.store.take_seats(&call).await;
        if paid && !matches!(seated, Ok(Seated::Yes { .. })) {
            self.unspend();
        }
        match seated {
            Ok(Seated::Yes { seats, lent }) => {
                if borrowing.is_some() {
                    self.keep(lent.saturating_sub(1), asked);
                }
                let (store, tenant) = (Arc::clone(&self.store), self.tenant.clone());
                Ok(Taken::Seat(Seat::new(move || {
                    // Without a runtime the process is at its end, and its seats with it.
                    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
                    runtime.spawn(async move {
                        if let Err(error) = store.give_seats_back(&tenant, &seats).await {
                            tracing::debug!(%error, "a seat is free again once its time is over");
                        }
                    });
                })))
            }
            Ok(Seated::Full) => Ok(Taken::Wait(PAUSE.mul_f64(0.5 + random::fraction()))),
            Ok(Seated::Spent(wait)) => Ok(Taken::Wait(wait)),
            Err(error) => Err(format!("{error}; nothing is sent without it. {}", error.advice())),
        }
    }
}
