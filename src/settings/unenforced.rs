//! What a settings file may ask for and this build does not do yet. Someone who asks for a safeguard counts on
//! it, so nothing is written to a PSA while one of these is asked for. Whoever builds one deletes its line.

use super::{Note, Profile, Settings};
use crate::domain::safeguards::{OnLimit, Safeguards};

type Asked = fn(&Settings, &Profile) -> bool;

const NOT_YET: &[(&str, Asked)] = &[
    ("safeguards.require_approval = true (a second step for approval)", |settings, _| {
        settings.safeguards.require_approval
    }),
    ("safeguards.four_eyes = true (another person approves)", |settings, _| settings.safeguards.four_eyes),
    ("safeguards.settle_hours above 0 (newly offboarded clients rest first)", |settings, _| {
        settings.safeguards.settle_hours > 0
    }),
    ("safeguards.on_limit = \"park\" (wait for approval at a limit)", |settings, _| {
        settings.safeguards.on_limit == OnLimit::Park
    }),
    ("safeguards.max_new_offboarded (a limit for newly matching clients)", |settings, _| {
        // The default is no wish; whoever changes it counts on it.
        (settings.safeguards.max_new_offboarded - Safeguards::default().max_new_offboarded).abs()
            > f64::EPSILON
    }),
    ("deactivate.note other than \"none\" (notes in the PSA)", |_, profile| profile.note != Note::None),
    ("store.url (a database for a team)", |settings, _| settings.store.url.is_some()),
];

pub fn list(settings: &Settings, profile: &Profile) -> Vec<String> {
    NOT_YET
        .iter()
        .filter(|(_, asked)| asked(settings, profile))
        .map(|(what, _)| {
            format!("this build does not do {what} yet; take it out of the settings file to write without it")
        })
        .collect()
}
