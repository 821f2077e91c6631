//! A settings file of any bytes: it is read, or every fault names its place.

use std::path::Path;

use mothball::settings::Settings;

pub fn try_it(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Settings::parse(text, Path::new("/etc/mothball/config.toml")) {
        Ok(settings) => {
            for profile in settings.profiles.values() {
                // What a build cannot enforce is told, in words.
                assert!(settings.unenforced(profile).iter().all(|text| !text.trim().is_empty()));
            }
        }
        Err(error) => assert!(!error.to_string().trim().is_empty(), "a refusal without words"),
    }
}
