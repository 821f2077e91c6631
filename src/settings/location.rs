//! Where the settings file and the data directory are.

use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::SettingsError;
use crate::system::environment;

const FOLDER: &str = "mothball";

/// The settings file: `flag`, else `MOTHBALL_CONFIG`, else `mothball/config.toml` where the platform keeps settings.
pub fn settings_file(flag: Option<&Path>) -> Result<PathBuf, SettingsError> {
    choose(flag, "MOTHBALL_CONFIG", || {
        Ok(home("settings file", "--config", "MOTHBALL_CONFIG")?
            .config_dir()
            .join(FOLDER)
            .join("config.toml"))
    })
}

/// The folder of store, log and reports: `flag`, else `MOTHBALL_DATA_DIR`, else `mothball` where the platform keeps data.
pub fn data_folder(flag: Option<&Path>) -> Result<PathBuf, SettingsError> {
    choose(flag, "MOTHBALL_DATA_DIR", || {
        Ok(home("data directory", "--data-dir", "MOTHBALL_DATA_DIR")?.data_dir().join(FOLDER))
    })
}

fn choose(
    flag: Option<&Path>,
    variable: &str,
    platform: impl FnOnce() -> Result<PathBuf, SettingsError>,
) -> Result<PathBuf, SettingsError> {
    match flag.map(Path::to_owned).or_else(|| environment::path(variable)) {
        Some(path) => Ok(path),
        None => platform(),
    }
}

fn home(what: &'static str, flag: &'static str, variable: &'static str) -> Result<BaseDirs, SettingsError> {
    BaseDirs::new().ok_or(SettingsError::NoHome { what, flag, variable })
}

/// A path of the settings file: `~/` is the home directory, and what is relative begins at the file's folder.
pub fn resolve(written: &str, settings_file: &Path) -> PathBuf {
    if let Some(rest) = written.strip_prefix("~/")
        && let Some(base) = BaseDirs::new()
    {
        return base.home_dir().join(rest);
    }
    let folder = settings_file.parent().unwrap_or(Path::new(""));
    folder.join(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_home_or_at_the_settings_file() {
        let file = Path::new("/etc/mothball/config.toml");
        assert_eq!(resolve("key.txt", file), Path::new("/etc/mothball/key.txt"));
        assert_eq!(resolve("/run/key", file), Path::new("/run/key"));
        assert!(!resolve("~/key", file).starts_with("/etc"));
    }

    #[test]
    fn a_flag_stands_above_everything() {
        assert_eq!(settings_file(Some(Path::new("x.toml"))).unwrap(), Path::new("x.toml"));
        assert_eq!(data_folder(Some(Path::new("data"))).unwrap(), Path::new("data"));
    }
}
