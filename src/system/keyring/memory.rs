//! A keyring that forgets: for tests, where no desktop is.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use secrecy::SecretString;

use super::{Keyring, KeyringError};

#[derive(Default)]
pub struct MemoryKeyring {
    secrets: Mutex<BTreeMap<String, SecretString>>,
}

impl MemoryKeyring {
    /// The names that something stands under.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SecretString>> {
        // What is in there is whole after every statement.
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Keyring for MemoryKeyring {
    async fn read(&self, name: &str) -> Result<SecretString, KeyringError> {
        self.lock().get(name).cloned().ok_or_else(|| KeyringError::Missing { name: name.to_owned() })
    }

    async fn store(&self, name: &str, secret: &SecretString) -> Result<(), KeyringError> {
        match self.lock().entry(name.to_owned()) {
            Entry::Occupied(_) => Err(KeyringError::Taken { name: name.to_owned() }),
            Entry::Vacant(free) => {
                free.insert(secret.clone());
                Ok(())
            }
        }
    }

    async fn remove(&self, name: &str) -> Result<(), KeyringError> {
        self.lock().remove(name).map(|_| ()).ok_or_else(|| KeyringError::Missing { name: name.to_owned() })
    }
}
