//! The Secret Service of a Linux desktop: GNOME Keyring, KWallet, KeePassXC. Spoken over D-Bus without any library of
//! the system.

use std::{collections::HashMap, future::Future};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use secret_service::{EncryptionType, Error, Item, SecretService};
use tokio::time::timeout;

use super::{Keyring, KeyringError, LIMIT, SERVICE};

pub struct SecretServiceKeyring;

#[async_trait]
impl Keyring for SecretServiceKeyring {
    async fn read(&self, name: &str) -> Result<SecretString, KeyringError> {
        in_time(async {
            let service = connect().await?;
            let item = find(&service, name).await?;
            let item = item.ok_or_else(|| KeyringError::Missing { name: name.to_owned() })?;
            let bytes = Zeroizing::new(item.get_secret().await.map_err(said)?);
            let text = std::str::from_utf8(&bytes);
            let text = text.map_err(|_| KeyringError::NotText { name: name.to_owned() })?;
            Ok(SecretString::from(text))
        })
        .await
    }

    async fn store(&self, name: &str, secret: &SecretString) -> Result<(), KeyringError> {
        in_time(async {
            let service = connect().await?;
            if find(&service, name).await?.is_some() {
                return Err(KeyringError::Taken { name: name.to_owned() });
            }
            let collection = service.get_any_collection().await.map_err(said)?;
            collection.unlock().await.map_err(said)?;
            let label = format!("{SERVICE}: {name}");
            let secret = secret.expose_secret().as_bytes();
            collection
                .create_item(&label, attributes(name), secret, false, "text/plain")
                .await
                .map_err(said)?;
            Ok(())
        })
        .await
    }

    async fn remove(&self, name: &str) -> Result<(), KeyringError> {
        in_time(async {
            let service = connect().await?;
            let item = find(&service, name).await?;
            let item = item.ok_or_else(|| KeyringError::Missing { name: name.to_owned() })?;
            item.delete().await.map_err(said)
        })
        .await
    }
}

/// The same attributes as other programs with a keyring use, so that a person can see to it with theirs.
fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", name)])
}

async fn connect() -> Result<SecretService<'static>, KeyringError> {
    // On its way over the bus a secret is encrypted.
    SecretService::connect(EncryptionType::Dh).await.map_err(|error| match error {
        Error::Unavailable => KeyringError::NotThere { why: "no Secret Service".to_owned() },
        Error::Zbus(error) => KeyringError::NotThere { why: first_line(&error.to_string()) },
        Error::ZbusFdo(error) => KeyringError::NotThere { why: first_line(&error.to_string()) },
        other => said(other),
    })
}

/// The item of this name, unlocked; the desktop may ask a person for it.
async fn find<'s>(service: &'s SecretService<'_>, name: &str) -> Result<Option<Item<'s>>, KeyringError> {
    let found = service.search_items(attributes(name)).await.map_err(said)?;
    if let Some(item) = found.unlocked.into_iter().next() {
        return Ok(Some(item));
    }
    let Some(item) = found.locked.into_iter().next() else { return Ok(None) };
    item.unlock().await.map_err(said)?;
    Ok(Some(item))
}

fn said(error: Error) -> KeyringError {
    match error {
        Error::Locked | Error::Prompt => KeyringError::Locked,
        Error::Unavailable => KeyringError::NotThere { why: "no Secret Service".to_owned() },
        other => KeyringError::Failed { why: first_line(&other.to_string()) },
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

async fn in_time<T>(work: impl Future<Output = Result<T, KeyringError>>) -> Result<T, KeyringError> {
    timeout(LIMIT, work).await.unwrap_or(Err(KeyringError::Silent(LIMIT)))
}
