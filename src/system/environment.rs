//! The environment variables of the process.

use std::path::PathBuf;

/// The variable's text, if it is set, not empty and valid Unicode.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The variable as a path, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|text| !text.is_empty()).map(PathBuf::from)
}

/// Whether colour is unwanted: `NO_COLOR` set to anything but nothing (no-color.org).
pub fn no_color() -> bool {
    path("NO_COLOR").is_some()
}
