//! What a settings file may ask for and this build does not do yet. Someone who asks for a safeguard counts on
//! it, so nothing is written to a PSA while one of these is asked for. Whoever builds one deletes its line.

use super::{Profile, Settings};

type Asked = fn(&Settings, &Profile) -> bool;

const NOT_YET: &[(&str, Asked)] = &[];

pub fn list(settings: &Settings, profile: &Profile) -> Vec<String> {
    NOT_YET
        .iter()
        .filter(|(_, asked)| asked(settings, profile))
        .map(|(what, _)| {
            format!("this build does not do {what} yet; take it out of the settings file to write without it")
        })
        .collect()
}
