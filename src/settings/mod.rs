//! The settings file: what it may say, read strictly, with errors that name file, line, key and the way out.
//!
//! Precedence is flag, environment, file, default; flags and environment are joined by `command`.

mod error;
pub mod paths;
mod profile;
mod reader;
mod safeguards;
mod secret;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

pub use error::SettingsError;
pub use profile::{Note, Profile};
pub use secret::{Secret, SecretError};

use crate::domain::{safeguards::Safeguards, text::nearest};
use error::Faults;
use reader::Section;

/// Everything that the settings file says. Secrets are looked up only when a profile is used.
#[derive(Debug, Clone)]
pub struct Settings {
    pub path: PathBuf,
    pub default_profile: Option<String>,
    /// Who is recorded in the journal; else the OS user.
    pub operator: Option<String>,
    pub profiles: BTreeMap<String, Profile>,
    pub safeguards: Safeguards,
    pub preselect: Preselect,
    /// `postgres://…` for a team; not served by this version.
    pub store_url: Option<String>,
    pub retention_days: u32,
    /// What works but should be otherwise.
    pub warnings: Vec<String>,
}

/// What is ticked when the screen opens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preselect {
    #[default]
    None,
    Unlinked,
    All,
}

impl Settings {
    /// Reads the file that was named, or the one of this platform.
    pub fn load(named: Option<&Path>) -> Result<Self, SettingsError> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => paths::settings_file()?,
        };
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => SettingsError::Missing { path: path.clone() },
            _ => SettingsError::Unreadable { path: path.clone(), why: error.to_string() },
        })?;
        Self::parse(&text, &path)
    }

    /// Reads settings from text; `path` is for messages and for files named relative to it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        Self::parse_noting(text, path).0
    }

    /// The same, with the path of every key that was looked for: the whole vocabulary.
    pub fn parse_noting(text: &str, path: &Path) -> (Result<Self, SettingsError>, BTreeSet<String>) {
        let faults = Faults::of(text);
        let read = reader::read(text, &faults, |root| Self::from_root(root, path));
        let vocabulary = faults.vocabulary();
        let result = match (read, faults.into_list()) {
            (Some(settings), list) if list.is_empty() => Ok(settings),
            (_, list) => Err(SettingsError::Faults { path: path.to_owned(), list }),
        };
        (result, vocabulary)
    }

    fn from_root(root: &mut Section<'_>, path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new("."));
        let default_profile = root.text("default_profile");
        let operator = root.text("operator");
        let mut warnings = Vec::new();
        let mut profiles = BTreeMap::new();
        let mut tables = root.section("profiles");
        for name in tables.keys() {
            let mut section = tables.section_named(&name, "NAME");
            if let Some(profile) = profile::read(&name, &mut section, folder, &mut warnings) {
                profiles.insert(name, profile);
            }
            section.finish();
        }
        if tables.keys().is_empty() {
            root.complain("profiles", "no profile is set up; add a table [profiles.main] with psa = \"…\"");
        }
        if let Some(name) = &default_profile
            && !tables.keys().is_empty()
            && !tables.keys().contains(name)
        {
            let near = nearest(name, profiles.keys().map(String::as_str));
            let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
            root.complain("default_profile", &format!("there is no profile \"{name}\"{hint}"));
        }
        let mut section = root.section("safeguards");
        let safeguards = safeguards::read(&mut section);
        section.finish();
        let mut section = root.section("review");
        let preselect = section
            .choice(
                "preselect",
                &[("none", Preselect::None), ("unlinked", Preselect::Unlinked), ("all", Preselect::All)],
            )
            .unwrap_or_default();
        section.finish();
        let mut section = root.section("store");
        let store_url = section.text("url");
        let retention_days = section.number("retention_days", 1, 36_500).map_or(400, |days| days as u32);
        section.finish();
        Self {
            path: path.to_owned(),
            default_profile,
            operator,
            profiles,
            safeguards,
            preselect,
            store_url,
            retention_days,
            warnings,
        }
    }

    /// The profile of this name, the default one, or the only one there is.
    pub fn profile(&self, name: Option<&str>) -> Result<&Profile, SettingsError> {
        let known = || self.profiles.keys().map(String::as_str);
        match name.or(self.default_profile.as_deref()) {
            Some(name) => self.profiles.get(name).ok_or_else(|| SettingsError::NoProfile {
                path: self.path.clone(),
                name: name.to_owned(),
                known: known().map(str::to_owned).collect(),
                near: nearest(name, known()).map(str::to_owned),
            }),
            None => match self.profiles.values().collect::<Vec<_>>().as_slice() {
                [only] => Ok(only),
                _ => Err(SettingsError::WhichProfile {
                    path: self.path.clone(),
                    known: known().map(str::to_owned).collect(),
                }),
            },
        }
    }

    /// Settings that ask for what this version does not enforce yet. While there is one, nothing is written.
    pub fn unenforced(&self, profile: &Profile) -> Vec<String> {
        safeguards::UNENFORCED
            .iter()
            .filter(|entry| (entry.is_set)(self, profile))
            .map(|entry| entry.name.to_owned())
            .collect()
    }
}
