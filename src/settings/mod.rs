//! The settings file, and what stands above it: flags and the environment.
//!
//! [`location`] says where the files are, [`section`] reads TOML with positions and collects every mistake,
//! [`file`], [`profile`], [`webhook`], [`screen`], [`schedules`] and [`notifications`] know the keys, [`secret`] fetches what
//! must not stand in a file, [`unenforced`] names what a person asked for and this build does not do yet. Nothing here
//! changes after it was read.

pub mod draft;
pub mod error;
mod file;
pub mod location;
mod notifications;
pub mod profile;
mod schedules;
mod screen;
pub mod secret;
mod section;
mod serve;
mod unenforced;
mod webhook;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

pub use error::{Fault, SettingsError};
pub use notifications::Notification;
pub use profile::Profile;
pub use screen::{Bell, KeySetting, Placed, UiSettings};
pub use secret::Secret;
pub use serve::ServeSettings;
pub use webhook::WebhookSettings;

use crate::{
    domain::{safeguards::Safeguards, schedule::Schedule, text::nearest},
    system::{environment, process},
};

/// A settings file is text that a person wrote; a larger one is something else.
const LARGEST: u64 = 1 << 20;

/// All that the settings file says, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file they come from.
    pub path: PathBuf,
    pub profiles: BTreeMap<String, Profile>,
    pub default_profile: Option<String>,
    /// Who works here: `MOTHBALL_OPERATOR`, else the file, else the operating system's user.
    pub operator: String,
    pub safeguards: Safeguards,
    pub store: StoreSettings,
    pub serve: ServeSettings,
    pub review: ReviewSettings,
    pub ui: UiSettings,
    /// `[keys]`, in the order of the file.
    pub keys: Vec<KeySetting>,
    /// Runs that begin by themselves, in the order of the file.
    pub schedules: Vec<Schedule>,
    /// Whom to tell about runs, in the order of the file.
    pub notifications: Vec<Notification>,
    /// What is not wrong, but should be known.
    pub warnings: Vec<String>,
    /// The keys that the file has, as `safeguards.max_changes` or `profiles.main.pace.requests`.
    given: BTreeSet<String>,
    /// The keys that there are, with `*` for a profile's name.
    known: BTreeSet<String>,
}

/// `[store]`.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// A database for a team, in place of the file in the data directory.
    pub url: Option<Secret>,
    pub retention_days: u32,
}

/// `[review]`: how the screen begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewSettings {
    pub preselect: Preselect,
}

/// Which configurations are ticked when the screen opens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preselect {
    #[default]
    None,
    Unlinked,
    All,
}

impl Settings {
    /// Reads the settings file: `flag`, else `MOTHBALL_CONFIG`, else the platform's place.
    pub fn load(flag: Option<&Path>) -> Result<Self, SettingsError> {
        let path = location::settings_file(flag)?;
        Self::read(&path)
    }

    /// Reads this file.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |reason: String| SettingsError::Unreadable { path: path.to_owned(), reason };
        let size = match std::fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SettingsError::NotFound { path: path.to_owned() });
            }
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if size > LARGEST {
            return Err(unreadable(format!("it has {size} bytes, a settings file is smaller")));
        }
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
        Self::parse(&text, path)
    }

    /// Settings from text; `path` is where it is said to come from, and where relative paths begin.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let mut settings = file::parse(text, path)?;
        if let Some(operator) = environment::variable("MOTHBALL_OPERATOR") {
            settings.operator = operator;
        }
        if settings.operator.is_empty() {
            settings.operator = process::user();
        }
        Ok(settings)
    }

    /// The profile to work with: `flag`, else `MOTHBALL_PROFILE`, else `default_profile`, else the only one.
    pub fn profile(&self, flag: Option<&str>) -> Result<&Profile, SettingsError> {
        let asked = flag.map(str::to_owned).or_else(|| environment::variable("MOTHBALL_PROFILE"));
        let asked = asked.or_else(|| self.default_profile.clone());
        let names = || self.profiles.keys().cloned().collect::<Vec<_>>();
        match asked {
            Some(name) => self.profiles.get(&name).ok_or_else(|| SettingsError::UnknownProfile {
                nearest: nearest(&name, self.profiles.keys().map(String::as_str)).map(str::to_owned),
                known: names(),
                name,
            }),
            None => match self.profiles.values().next() {
                Some(only) if self.profiles.len() == 1 => Ok(only),
                _ => Err(SettingsError::WhichProfile { known: names() }),
            },
        }
    }

    /// What this file asks for that this build does not do yet, in words. While there is any, nothing may
    /// be written to the PSA of this profile.
    pub fn unenforced(&self, profile: &Profile) -> Vec<String> {
        unenforced::list(self, profile)
    }

    /// All that begins by itself: the schedules of the file, and for each profile that is told of changes by webhooks
    /// a daily look at all of its clients, since events get lost.
    pub fn all_schedules(&self) -> Vec<Schedule> {
        let sweeps = self.profiles.values().filter_map(|profile| {
            let cadence = profile.webhook.as_ref()?.sweep.clone()?;
            Some(Schedule::sweep(&profile.name, cadence))
        });
        self.schedules.iter().cloned().chain(sweeps).collect()
    }

    /// Whether the file itself has this key, as `safeguards.max_changes`.
    pub fn has(&self, key: &str) -> bool {
        self.given.contains(key)
    }

    /// Every key there is, with `*` for a profile's name.
    pub fn known_keys(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }
}
