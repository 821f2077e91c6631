//! The keyring of the person who is signed in to this computer: the Secret Service of the desktop on Linux, the
//! keychain on macOS. Where there is none, as on most servers, that is said in words; nothing waits for ever.

#[cfg(all(feature = "keyring", target_os = "macos"))]
mod keychain;
mod memory;
#[cfg(all(feature = "keyring", target_os = "linux"))]
mod secret_service;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

pub use memory::MemoryKeyring;

/// Under which service our secrets stand; the name in the settings is the account.
pub const SERVICE: &str = "mothball";

/// How long a keyring may take, with a person who types a password for it.
#[cfg_attr(not(feature = "keyring"), expect(dead_code, reason = "there is nothing to wait for"))]
const LIMIT: Duration = Duration::from_secs(30);

/// Secrets by name, kept by the system.
#[async_trait]
pub trait Keyring: Send + Sync {
    /// The secret of this name.
    async fn read(&self, name: &str) -> Result<SecretString, KeyringError>;

    /// Keeps a secret under a name that is free.
    async fn store(&self, name: &str, secret: &SecretString) -> Result<(), KeyringError>;

    /// Removes what was stored a moment ago.
    async fn remove(&self, name: &str) -> Result<(), KeyringError>;
}

/// Why a keyring gives or takes nothing, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyringError {
    #[error("this build has no keyring support (cargo feature `keyring`)")]
    NotInBuild,
    #[error(
        "there is no keyring on this computer, or none that this session can reach ({why}); servers and SSH sessions mostly have none"
    )]
    NotThere { why: String },
    #[error("the keyring is locked; unlock it on the desktop and try again")]
    Locked,
    #[error("the keyring did not answer within {} seconds; it may be waiting for a password on the desktop", .0.as_secs())]
    Silent(Duration),
    #[error("the keyring has no secret \"{name}\" for {SERVICE}; {}", how_to_store(name))]
    Missing { name: String },
    #[error("the keyring has a secret \"{name}\" for {SERVICE} already")]
    Taken { name: String },
    #[error("what the keyring has as \"{name}\" is not text")]
    NotText { name: String },
    #[error("the keyring failed: {why}")]
    Failed { why: String },
}

/// The command that puts a secret where it is looked for.
fn how_to_store(name: &str) -> String {
    if cfg!(target_os = "macos") {
        format!("store it with `security add-generic-password -s {SERVICE} -a {name} -w`")
    } else {
        format!(
            "store it with `mothball setup`, or with `secret-tool store --label=mothball service {SERVICE} username {name}`"
        )
    }
}

/// Whether this build can ask a keyring at all.
pub const fn is_built_in() -> bool {
    cfg!(all(feature = "keyring", any(target_os = "linux", target_os = "macos")))
}

/// The keyring of this computer.
pub fn own() -> Arc<dyn Keyring> {
    #[cfg(all(feature = "keyring", target_os = "linux"))]
    let own = secret_service::SecretServiceKeyring;
    #[cfg(all(feature = "keyring", target_os = "macos"))]
    let own = keychain::Keychain;
    #[cfg(not(all(feature = "keyring", any(target_os = "linux", target_os = "macos"))))]
    let own = NoKeyring;
    Arc::new(own)
}

/// What a build without keyring support has.
pub struct NoKeyring;

#[async_trait]
impl Keyring for NoKeyring {
    async fn read(&self, _name: &str) -> Result<SecretString, KeyringError> {
        Err(KeyringError::NotInBuild)
    }

    async fn store(&self, _name: &str, _secret: &SecretString) -> Result<(), KeyringError> {
        Err(KeyringError::NotInBuild)
    }

    async fn remove(&self, _name: &str) -> Result<(), KeyringError> {
        Err(KeyringError::NotInBuild)
    }
}
