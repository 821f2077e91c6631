//! `[profiles.NAME.webhook]`: what the PSA's webhooks must know to be let in. Which keys there are is declared by the
//! vendor's room. Without the table there is no way in.

use std::collections::BTreeMap;

use secrecy::SecretString;
use toml::de::DeValue;

use super::{
    Fault, SettingsError,
    secret::{self, Secret},
    section::{Found, Section},
};
use crate::{
    domain::cadence::Cadence,
    psa::registry::{FieldKind, Lock, Room},
    system::zones,
};

/// What stands in the table, checked.
#[derive(Debug, Clone, Default)]
pub struct WebhookSettings {
    /// The room's keys that are not secret.
    pub values: BTreeMap<String, String>,
    /// Those that are; where to get them, not what they are.
    pub secrets: BTreeMap<String, Secret>,
    /// When all clients are looked at, for events that got lost; `None` if never.
    pub sweep: Option<Cadence>,
}

/// Once a day, before anybody comes to work.
const SWEEP: &str = "30 4 * * *";

impl WebhookSettings {
    /// The same with the secrets fetched.
    pub async fn lock(&self, profile: &str) -> Result<Lock, SettingsError> {
        let mut secrets: BTreeMap<String, SecretString> = BTreeMap::new();
        let mut faults: Vec<Fault> = Vec::new();
        for (key, secret) in &self.secrets {
            match secret.reveal().await {
                Ok(revealed) => {
                    secrets.insert(key.clone(), revealed);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(SettingsError::Faults(faults));
        }
        Ok(Lock { profile: profile.to_owned(), values: self.values.clone(), secrets })
    }
}

/// The table of a profile; `None` if there is none.
pub fn read(section: Section<'_, '_>, room: Option<&Room>) -> Option<WebhookSettings> {
    let Some(room) = room else {
        let mut section = section;
        section.be_lenient();
        section.done();
        return None;
    };
    let mut settings = WebhookSettings::default();
    for field in room.webhooks.fields {
        match field.kind {
            FieldKind::Text | FieldKind::Url => {
                let Some(found) = section.text(field.key) else { continue };
                match field.kind.check(&found.value) {
                    Ok(()) => {
                        settings.values.insert(field.key.to_owned(), found.value.trim().to_owned());
                    }
                    Err(why) => section.document().fault(found.at, found.key, why),
                }
            }
            FieldKind::Secret => {
                let secret = section
                    .any(field.key)
                    .and_then(|found| secret::read(&section, found, secret::Plain::Warned));
                if let Some(secret) = secret {
                    settings.secrets.insert(field.key.to_owned(), secret);
                }
            }
        }
    }
    settings.sweep = sweep(&section);
    let given = section.is_given();
    if given {
        whole(&section, room, &settings);
    }
    section.done();
    given.then_some(settings)
}

/// A cron line, or whether there is a sweep at all.
fn sweep(section: &Section<'_, '_>) -> Option<Cadence> {
    let line = match section.any("sweep") {
        None | Some(Found { value: DeValue::Boolean(true), .. }) => SWEEP.to_owned(),
        Some(Found { value: DeValue::Boolean(false), .. }) => return None,
        Some(Found { value: DeValue::String(line), .. }) => line.to_string(),
        Some(_) => {
            section
                .fault_of("sweep", format!("it must be a cron line like \"{SWEEP}\", or false for no sweep"));
            return None;
        }
    };
    let cadence = Cadence::new(&line, zones::own());
    cadence.map_err(|error| section.fault_of("sweep", error.to_string())).ok()
}

/// A table that asks for nothing would let everybody in, and half of a pair is of no use.
fn whole(section: &Section<'_, '_>, room: &Room, settings: &WebhookSettings) {
    let has = |key: &&&str| section.any(key).is_some() || settings.values.contains_key(**key);
    let ways = room.webhooks.ways;
    for way in ways {
        let there: Vec<&&str> = way.iter().filter(has).collect();
        if let (Some(there), Some(missing)) = (there.first(), way.iter().find(|key| !has(key))) {
            section.fault_of(
                there,
                format!("it is of no use without {missing}; add {missing} under [{}]", section.name()),
            );
        }
    }
    if !ways.iter().any(|way| way.iter().any(|key| has(&key))) {
        let ways: Vec<String> = ways.iter().map(|way| way.join(" and ")).collect();
        section.fault(format!(
            "nothing in it proves that the PSA sends; add {}, or leave the table out",
            ways.join(", or ")
        ));
    }
}
