//! The settings file: what it may say, what it is told when it is wrong, and where secrets come from.

mod contract;
mod draft;
mod environment;
mod example;
mod faults;
mod screen;
mod secrets;
mod serve;
mod webhooks;

use std::path::Path;

use mothball::settings::{Settings, SettingsError};

/// A file that is good.
pub const GOOD: &str = r#"
[profiles.main]
psa = "connectwise"
base_url = "https://api-na.myconnectwise.net"
company_id = "acmemsp"
public_key = "public"
private_key = { env = "MOTHBALL_TEST_UNSET" }
client_id = "00000000-0000-0000-0000-000000000000"

[profiles.main.offboarded]
inactive = true
"#;

pub fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::parse(text, Path::new("/etc/mothball/config.toml"))
}

/// [`GOOD`] with one text put in place of another.
pub fn good_but(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}
