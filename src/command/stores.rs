//! Which store: the file in the data directory, or the team's database that the settings name.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::{ExposeSecret, SecretString};

use super::{args::Global, context::data_dir, print::Failure};
use crate::{
    domain::ExitCode,
    settings::{Settings, SettingsError},
    store::{
        StoreError,
        copy::Copyable,
        postgres::{Address, PostgresStore},
        sqlite::SqliteStore,
    },
    telemetry::keep_secret,
};

/// Where a store is kept.
#[derive(Debug, Clone)]
pub enum Which {
    Folder(PathBuf),
    Team(Address),
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Team(address) => address.fmt(f),
        }
    }
}

impl Which {
    /// The store that these settings name; without any, the one in the data directory.
    pub async fn of(settings: Option<&Settings>, data_dir: &Path) -> Result<Self, Failure> {
        let Some(url) = settings.and_then(|settings| settings.store.url.as_ref()) else {
            return Ok(Self::Folder(data_dir.to_owned()));
        };
        let revealed = url.reveal().await.map_err(|fault| {
            let text = format!("store.url (line {}): {}", fault.line, fault.what);
            Failure::usage(text, "It is needed to find the team's store.")
        })?;
        Self::at(&revealed)
    }

    /// What somebody named: the address of a database, or a folder.
    pub fn named(text: &str) -> Result<Self, Failure> {
        if text.contains("://") {
            Self::at(&SecretString::from(text.to_owned()))
        } else {
            Ok(Self::Folder(PathBuf::from(text)))
        }
    }

    /// The database at this address.
    pub fn at(url: &SecretString) -> Result<Self, Failure> {
        let parsed = url::Url::parse(url.expose_secret()).ok();
        if let Some(password) = parsed.as_ref().and_then(url::Url::password) {
            keep_secret(url);
            keep_secret(&SecretString::from(password.to_owned()));
        }
        Ok(Self::Team(Address::parse(url)?))
    }

    pub async fn open(&self) -> Result<Arc<dyn Copyable>, StoreError> {
        Ok(self.open_shared().await?.store)
    }

    pub async fn open_shared(&self) -> Result<Opened, StoreError> {
        Ok(match self {
            Self::Folder(folder) => Opened { store: Arc::new(SqliteStore::open(folder).await?), team: None },
            Self::Team(address) => {
                let team = Arc::new(PostgresStore::open(address).await?);
                Opened { store: Arc::clone(&team) as Arc<dyn Copyable>, team: Some(team) }
            }
        })
    }

    /// What it is, at the beginning of a sentence.
    pub fn itself(&self) -> &'static str {
        match self {
            Self::Folder(_) => "The file itself",
            Self::Team(_) => "The database itself",
        }
    }

    /// What a backup of it is called.
    pub fn backup(&self) -> &'static str {
        match self {
            Self::Folder(_) => "mothball.db",
            Self::Team(_) => "the database",
        }
    }
}

/// A store, and what it is besides if it is a team's.
#[derive(Clone)]
pub struct Opened {
    pub store: Arc<dyn Copyable>,
    pub team: Option<Arc<PostgresStore>>,
}

/// Opens the store; nothing can be changed without it.
pub async fn open(settings: &Settings, data_dir: &Path) -> Result<Opened, Failure> {
    Ok(Which::of(Some(settings), data_dir).await?.open_shared().await?)
}

/// The store for a command that can do without settings: if there are some, they say which it is.
pub async fn which(global: &Global) -> Result<Which, Failure> {
    Which::of(settings(global)?.as_ref(), &data_dir(global)?).await
}

/// The settings, if there are any.
pub fn settings(global: &Global) -> Result<Option<Settings>, Failure> {
    match Settings::load(global.config.as_deref()) {
        Ok(settings) => Ok(Some(settings)),
        Err(SettingsError::NotFound { .. }) if global.config.is_none() => Ok(None),
        Err(error) => Err(Failure {
            code: ExitCode::Usage,
            message: error.to_string(),
            advice: "They say which store is meant, so they must be in order.".to_owned(),
        }),
    }
}
