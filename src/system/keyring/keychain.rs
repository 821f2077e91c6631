//! The keychain of macOS. Its calls block, and may wait for a person.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use security_framework::{base::Error, passwords};
use tokio::time::timeout;

use super::{Keyring, KeyringError, LIMIT, SERVICE};

/// `errSecItemNotFound`
const NOT_FOUND: i32 = -25300;

pub struct Keychain;

#[async_trait]
impl Keyring for Keychain {
    async fn read(&self, name: &str) -> Result<SecretString, KeyringError> {
        let name = name.to_owned();
        in_time(move || {
            let bytes =
                passwords::get_generic_password(SERVICE, &name).map_err(|error| said(&name, error))?;
            let bytes = Zeroizing::new(bytes);
            let text =
                std::str::from_utf8(&bytes).map_err(|_| KeyringError::NotText { name: name.clone() })?;
            Ok(SecretString::from(text))
        })
        .await
    }

    async fn store(&self, name: &str, secret: &SecretString) -> Result<(), KeyringError> {
        match self.read(name).await {
            Err(KeyringError::Missing { .. }) => {}
            Ok(_) => return Err(KeyringError::Taken { name: name.to_owned() }),
            Err(error) => return Err(error),
        }
        let (name, secret) = (name.to_owned(), secret.clone());
        in_time(move || {
            let bytes = secret.expose_secret().as_bytes();
            passwords::set_generic_password(SERVICE, &name, bytes).map_err(|error| said(&name, error))
        })
        .await
    }

    async fn remove(&self, name: &str) -> Result<(), KeyringError> {
        let name = name.to_owned();
        in_time(move || {
            passwords::delete_generic_password(SERVICE, &name).map_err(|error| said(&name, error))
        })
        .await
    }
}

fn said(name: &str, error: Error) -> KeyringError {
    if error.code() == NOT_FOUND {
        KeyringError::Missing { name: name.to_owned() }
    } else {
        KeyringError::Failed { why: error.to_string() }
    }
}

async fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    match timeout(LIMIT, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(KeyringError::Failed { why: "its thread ended".to_owned() }),
        Err(_) => Err(KeyringError::Silent(LIMIT)),
    }
}
