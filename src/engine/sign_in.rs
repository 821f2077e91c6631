//! Refused sign-ins, remembered in the store: the next command, and the next process, do not try them again at once.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;

use crate::{
    domain::Timestamp,
    psa::port::{Rest, SignInMemory, SignInParts},
    store::{Store, StoreError, rests_until, sign_in_key},
    system::Clock,
};

/// The memory of one sign-in. It goes by a hash of its parts, so that a new secret is another sign-in.
pub struct StoredSignIn {
    store: Arc<dyn Store>,
    key: String,
    clock: Clock,
}

impl StoredSignIn {
    pub fn new(store: Arc<dyn Store>, parts: &SignInParts, clock: Clock) -> Self {
        let secrets = parts.secrets.iter().map(ExposeSecret::expose_secret);
        let key = sign_in_key(&parts.place, &parts.user, secrets);
        Self { store, key, clock }
    }

    /// Forgets a refusal, so that the sign-in is tried again at once: a person said that the cause is gone.
    pub async fn forget(&self) -> Result<(), StoreError> {
        self.store.forget_refusal(&self.key).await
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(self.clock.now())
    }
}

#[async_trait]
impl SignInMemory for StoredSignIn {
    async fn resting(&self) -> Option<Rest> {
        match self.store.refusal(&self.key).await {
            Ok(refused) => {
                let rest = refused.map(|since| Rest { since, until: rests_until(since) });
                // One that lies ahead was noted by a clock that has been set back since: waiting for it could take years.
                rest.filter(|rest| (rest.since..rest.until).contains(&self.now()))
            }
            Err(error) => {
                tracing::warn!(%error, "it cannot be told whether the sign-in was refused before");
                None
            }
        }
    }

    async fn refused(&self) {
        let at = self.now();
        tracing::warn!(until = %rests_until(at), "the sign-in was refused; it is not tried again before");
        if let Err(error) = self.store.remember_refusal(&self.key, at).await {
            tracing::warn!(%error, "the refused sign-in cannot be remembered for other commands");
        }
    }

    async fn accepted(&self) {
        // Looked first: nearly always there is nothing to forget, and nothing to write.
        let forgotten = match self.store.refusal(&self.key).await {
            Ok(None) => return,
            Ok(Some(_)) => self.forget().await,
            Err(error) => Err(error),
        };
        if let Err(error) = forgotten {
            tracing::warn!(%error, "the refused sign-in cannot be forgotten");
        }
    }
}
