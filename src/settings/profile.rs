//! `[profiles.NAME]`: one PSA tenant with its credentials, criteria and rules. Which credentials there are,
//! how fast one may go and what else is possible is declared by the vendor's room.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::{
    Fault, location,
    secret::{self, Secret},
    section::Section,
    webhook::{self, WebhookSettings},
};
use crate::{
    domain::{
        Criteria,
        criteria::{CustomField, Matching},
        note::{NoteFailed, NoteOn, NotePolicy},
        protect::Protection,
        text::{nearest, one_line},
    },
    psa::registry::{self, Connection, Field, FieldKind, Pace, PaceLimits, Room},
    system::Clock,
};

/// When items with an RMM link are looked at again, unless the file says otherwise.
const VERIFY_AGAIN_AFTER_HOURS: u32 = 24;

/// One PSA tenant.
#[derive(Debug, Clone)]
pub struct Profile {
    pub name: String,
    pub room: &'static Room,
    /// The room's fields that are not secret, by key.
    pub values: BTreeMap<String, String>,
    /// Those that are, by key; where to get them, not what they are.
    pub secrets: BTreeMap<String, Secret>,
    pub criteria: Criteria,
    /// The PSA's status to set together with the inactive mark, by name.
    pub wanted_status: Option<String>,
    pub protection: Protection,
    pub pace: Pace,
    /// Items per write, where the vendor takes several.
    pub batch: Option<u32>,
    pub ca_file: Option<PathBuf>,
    /// What is noted in the PSA.
    pub notes: NotePolicy,
    /// Hours until items with an RMM link are looked at again; 0 for never.
    pub verify_again_after_hours: u32,
    /// What the PSA's webhooks must know. Without it none is let in.
    pub webhook: Option<WebhookSettings>,
}

impl Profile {
    /// All that an adapter needs, with the secrets fetched. Only this profile's are looked at.
    pub async fn connection(
        &self,
        clock: Clock,
        patience: Option<Duration>,
    ) -> Result<Connection, super::SettingsError> {
        self.connection_given(BTreeMap::new(), clock, patience).await
    }

    /// The same with some secrets given, which are not fetched: they were just typed and are stored nowhere yet.
    pub async fn connection_given(
        &self,
        mut secrets: BTreeMap<String, SecretString>,
        clock: Clock,
        patience: Option<Duration>,
    ) -> Result<Connection, super::SettingsError> {
        let mut faults: Vec<Fault> = Vec::new();
        for (key, secret) in &self.secrets {
            if secrets.contains_key(key) {
                continue;
            }
            match secret.reveal().await {
                Ok(revealed) => {
                    secrets.insert(key.clone(), revealed);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(super::SettingsError::Faults(faults));
        }
        Ok(Connection {
            profile: self.name.clone(),
            values: self.values.clone(),
            secrets,
            ca_file: self.ca_file.clone(),
            pace: self.pace,
            batch: self.batch,
            notes: self.notes.on,
            clock,
            patience,
            transport: None,
            memory: None,
            seats: None,
        })
    }
}

/// All profiles of the file. What is wrong with them is told to the document.
pub fn read_all(root: &Section<'_, '_>) -> BTreeMap<String, Profile> {
    let sections = root.named_sections("profiles");
    if sections.is_empty() {
        root.fault_of("profiles", "there is no profile; add [profiles.NAME] as in config.example.toml");
    }
    sections.into_iter().filter_map(|(name, section)| Some((name.clone(), read(&name, section)?))).collect()
}

fn read(name: &str, mut section: Section<'_, '_>) -> Option<Profile> {
    if name.trim().is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        section.fault("a profile's name has no blanks; name it like [profiles.main]");
    }
    let room = room(&section);
    let ca_file = ca_file(&section);
    let criteria = criteria(section.section("offboarded"), &section);
    let protect = section.section("protect");
    let deactivate = section.section("deactivate");
    let wanted_status = status(&deactivate, room);
    let extras = extras(&section, &deactivate, &protect, room);
    deactivate.done();
    let protection = protection(protect);
    let pace = pace(section.section("pace"), room);
    let webhook = webhook::read(section.section("webhook"), room);
    let Some(room) = room else {
        section.be_lenient();
        section.done();
        return None;
    };
    let mut values = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    for field in room.fields {
        match field.kind {
            FieldKind::Text | FieldKind::Url => {
                if let Some(value) = value(&section, field) {
                    values.insert(field.key.to_owned(), value);
                }
            }
            FieldKind::Secret => match section.any(field.key) {
                Some(found) => {
                    if let Some(secret) = secret::read(&section, found, secret::Plain::Warned) {
                        secrets.insert(field.key.to_owned(), secret);
                    }
                }
                None => missing(&section, field),
            },
        }
    }
    section.done();
    Some(Profile {
        name: name.to_owned(),
        room,
        values,
        secrets,
        criteria,
        wanted_status,
        protection,
        pace,
        batch: extras.batch,
        ca_file,
        notes: extras.notes,
        verify_again_after_hours: extras.verify_again_after_hours,
        webhook,
    })
}

fn room(section: &Section<'_, '_>) -> Option<&'static Room> {
    let keys = || registry::ROOMS.iter().map(|room| room.key);
    let known = || keys().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
    let Some(psa) = section.text("psa") else {
        if !section.is_given() || section.any("psa").is_none() {
            section.fault_of("psa", format!("it is missing; say which PSA this is: {}", known()));
        }
        return None;
    };
    let room = registry::room(&psa.value);
    if room.is_none() {
        let near = nearest(&psa.value, keys()).map(|key| format!("; did you mean \"{key}\"?"));
        let what = format!(
            "this build knows no PSA \"{}\", only {}{}",
            one_line(&psa.value, 40),
            known(),
            near.unwrap_or_default()
        );
        section.document().fault(psa.at, psa.key, what);
    }
    room
}

fn value(section: &Section<'_, '_>, field: &Field) -> Option<String> {
    if section.any(field.key).is_none() {
        missing(section, field);
        return None;
    }
    let found = section.text(field.key)?;
    if let Err(why) = field.kind.check(&found.value) {
        section.document().fault(found.at, found.key, why);
        return None;
    }
    Some(found.value.trim().to_owned())
}

fn missing(section: &Section<'_, '_>, field: &Field) {
    if field.required {
        let example = match field.kind {
            FieldKind::Secret => format!("{{ env = \"{}\" }}", field.example),
            FieldKind::Text | FieldKind::Url => format!("\"{}\"", field.example),
        };
        let what = format!("it is missing ({}); write it like {} = {example}", field.help, field.key);
        section.fault_of(field.key, what);
    }
}

fn ca_file(section: &Section<'_, '_>) -> Option<PathBuf> {
    let found = section.text("ca_file")?;
    let path = location::resolve(&found.value, section.document().path());
    Some(path)
}

fn criteria(section: Section<'_, '_>, profile: &Section<'_, '_>) -> Criteria {
    let field = section.section("custom_field");
    let custom_field = {
        let (name, value) = (field.text("name"), field.text("value"));
        match (name, value) {
            (Some(name), Some(value)) => Some(CustomField { name: name.value, value: value.value }),
            (None, None) if !field.is_given() => None,
            _ => {
                field.fault("it needs both name and value, like { name = \"Offboarded\", value = \"Yes\" }");
                None
            }
        }
    };
    let field_is_given = field.is_given();
    field.done();
    let criteria = Criteria {
        inactive: section.flag("inactive").unwrap_or(false),
        statuses: section.texts("statuses"),
        tags: section.texts("tags"),
        custom_field,
        contract_ended_days: section.small("contract_ended_days", 0..=36_500),
        matching: section
            .choice("match", &[("any", Matching::Any), ("all", Matching::All)])
            .unwrap_or_default(),
    };
    if criteria.is_empty() && !field_is_given {
        let what = format!(
            "no criterion says which clients count as offboarded; set at least one of inactive, statuses, tags, custom_field, contract_ended_days under [{}.offboarded]",
            profile.name(),
        );
        section.fault(what);
    }
    section.done();
    criteria
}

fn protection(section: Section<'_, '_>) -> Protection {
    let protection = Protection {
        types: section.texts("types"),
        sites: section.texts("sites"),
        names: section.texts("names"),
        clients: section.texts("clients"),
    };
    section.done();
    protection
}

fn status(deactivate: &Section<'_, '_>, room: Option<&Room>) -> Option<String> {
    let found = deactivate.text("status")?;
    match room {
        Some(room) if !room.sets_status => {
            let what = format!("{} has no status to set; leave it out", room.nouns.product);
            deactivate.document().fault(found.at, found.key, what);
            None
        }
        _ => Some(found.value),
    }
}

struct Extras {
    notes: NotePolicy,
    verify_again_after_hours: u32,
    batch: Option<u32>,
}

/// Keys that stand under `deactivate`. The profile itself may hold them, too, and `protect`, behind which
/// they have also been written.
fn extras(
    profile: &Section<'_, '_>,
    deactivate: &Section<'_, '_>,
    protect: &Section<'_, '_>,
    room: Option<&Room>,
) -> Extras {
    let places = [deactivate, protect, profile];
    for key in ["note", "note_failed", "verify_again_after_hours", "batch"] {
        let mut given = places.iter().filter_map(|place| place.any(key));
        if let (Some(_), Some(second)) = (given.next(), given.next()) {
            let what = format!("it is given twice; keep the one under [{}]", deactivate.name());
            profile.document().fault(second.at, second.key, what);
        }
    }
    let place = |key: &str| places.into_iter().find(|place| place.any(key).is_some()).unwrap_or(deactivate);
    let batch_place = place("batch");
    let range = room.and_then(|room| room.batch.clone());
    let batch = match (room, range, batch_place.any("batch")) {
        (Some(room), None, Some(found)) => {
            let product = room.nouns.product;
            profile.document().warn(format!("{} is not used: {product} takes one item per write", found.key));
            None
        }
        (_, range, _) => batch_place.small("batch", range.unwrap_or(1..=100)),
    };
    Extras {
        notes: NotePolicy { on: note_on(place("note"), room), failed: note_failed(place("note_failed")) },
        verify_again_after_hours: place("verify_again_after_hours")
            .small("verify_again_after_hours", 0..=8_760)
            .unwrap_or(VERIFY_AGAIN_AFTER_HOURS),
        batch,
    }
}

fn note_on(section: &Section<'_, '_>, room: Option<&Room>) -> NoteOn {
    let words =
        [("none", NoteOn::None), ("ticket", NoteOn::Ticket), ("configuration", NoteOn::Configuration)];
    let on = section.choice("note", &words).unwrap_or_default();
    if on == NoteOn::Configuration
        && let Some(why) = room.and_then(|room| room.no_configuration_notes)
    {
        section.fault_of(
            "note",
            format!("{why}; \"ticket\" is possible: its note names every one that was changed"),
        );
        return NoteOn::None;
    }
    on
}

fn note_failed(section: &Section<'_, '_>) -> NoteFailed {
    let words = [("warn", NoteFailed::Warn), ("stop", NoteFailed::Stop)];
    section.choice("note_failed", &words).unwrap_or_default()
}

fn pace(section: Section<'_, '_>, room: Option<&Room>) -> Pace {
    // Without a room nothing is known; the profile is refused anyway.
    let some = Pace { in_flight: 1, requests: 60, window_seconds: 60 };
    let PaceLimits { default, most } =
        room.map_or(PaceLimits { default: some, most: some }, |room| room.pace);
    let pace = Pace {
        in_flight: section.small("in_flight", 1..=10_000).unwrap_or(default.in_flight),
        requests: section.small("requests", 1..=10_000_000).unwrap_or(default.requests),
        window_seconds: section.small("window_seconds", 1..=86_400).unwrap_or(default.window_seconds),
    };
    if let Some(room) = room {
        let product = room.nouns.product;
        if pace.in_flight > most.in_flight {
            section.fault_of("in_flight", format!("{product} allows at most {} at once", most.in_flight));
        }
        let asked = u64::from(pace.requests) * u64::from(most.window_seconds);
        let allowed = u64::from(most.requests) * u64::from(pace.window_seconds);
        if asked > allowed || pace.requests > most.requests && pace.window_seconds > most.window_seconds {
            let what = format!(
                "{product} allows at most {} requests per {} seconds; {} per {} is more than that, or a longer burst",
                most.requests, most.window_seconds, pace.requests, pace.window_seconds,
            );
            section.fault_of("requests", what);
        }
    }
    section.done();
    pace
}
