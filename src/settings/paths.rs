//! Where settings and data lie when nobody says otherwise.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::SettingsError;

fn platform() -> Result<ProjectDirs, SettingsError> {
    ProjectDirs::from("", "", "mothball").ok_or(SettingsError::NoHome)
}

/// `mothball/config.toml` in the platform's configuration directory.
pub fn settings_file() -> Result<PathBuf, SettingsError> {
    Ok(platform()?.config_dir().join("config.toml"))
}

/// The folder that was named, or the platform's data directory.
pub fn data_dir(named: Option<&Path>) -> Result<PathBuf, SettingsError> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => Ok(platform()?.data_dir().to_owned()),
    }
}
