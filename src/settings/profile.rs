//! One `[profiles.NAME]`: a tenant with its credentials, criteria and pace. What a vendor's profile has
//! besides is declared by its room.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    SettingsError,
    reader::Section,
    secret::{self, Secret},
};
use crate::{
    domain::{
        Criteria,
        criteria::{CustomField, Matching},
        protect::Protection,
        text::nearest,
    },
    psa::registry::{self, Connection, FieldKind, Pace, Room},
    system::Clock,
};

/// Hours after which items with an RMM link are looked at again, unless the file says otherwise.
const VERIFY_AGAIN_AFTER_HOURS: u32 = 24;

#[derive(Clone)]
pub struct Profile {
    pub name: String,
    pub room: &'static Room,
    pub values: BTreeMap<String, String>,
    /// By key, each with the line it stands on.
    pub secrets: BTreeMap<String, (Secret, usize)>,
    pub criteria: Criteria,
    /// The status set together with the inactive mark.
    pub status: Option<String>,
    pub protection: Protection,
    pub pace: Pace,
    pub batch: Option<u32>,
    pub ca_file: Option<PathBuf>,
    pub note: Note,
    pub verify_again_after_hours: u32,
}

/// Notes that a run leaves in the PSA.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Note {
    #[default]
    None,
    Ticket,
    Configuration,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("psa", &self.room.key)
            .finish_non_exhaustive()
    }
}

pub(super) fn read(
    name: &str,
    section: &mut Section<'_>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Option<Profile> {
    let psa = section.text("psa");
    // Every vendor's keys count as known, so that a wrong `psa` does not make them all look misspelt.
    let Some(room) = psa.as_deref().and_then(registry::room) else {
        let known: Vec<&str> = registry::ROOMS.iter().map(|room| room.key).collect();
        match &psa {
            None => {
                section.complain("psa", &format!("which PSA is it? psa = \"{}\"", known.join("\" or \"")));
            }
            Some(psa) => {
                let near = nearest(psa, known.iter().copied());
                let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
                section
                    .complain("psa", &format!("there is no PSA \"{psa}\"{hint} Known: {}", known.join(", ")));
            }
        }
        for field in registry::ROOMS.iter().flat_map(|room| room.fields) {
            section.text_or_table(field.key);
        }
        common(section, None);
        return None;
    };
    let (values, secrets) = fields(section, room, folder, warnings);
    let common = common(section, Some(room));
    let ca_file = section.text("ca_file").map(|path| folder.join(path));
    Some(Profile {
        name: name.to_owned(),
        room,
        values,
        secrets,
        criteria: common.criteria,
        status: common.status,
        protection: common.protection,
        pace: common.pace,
        batch: common.batch,
        ca_file,
        note: common.note,
        verify_again_after_hours: common.verify_again_after_hours,
    })
}

type Fields = (BTreeMap<String, String>, BTreeMap<String, (Secret, usize)>);

fn fields(section: &mut Section<'_>, room: &Room, folder: &Path, warnings: &mut Vec<String>) -> Fields {
    let mut values = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    for field in room.fields {
        let key = field.key;
        let there = section.keys().iter().any(|name| name == key);
        if field.required && !there {
            section.complain(key, &format!("missing: {} (for example \"{}\")", field.help, field.example));
        }
        match field.kind {
            FieldKind::Secret => {
                let line = section.line(key);
                if let Some(secret) = secret::read(section, key, folder, warnings) {
                    secrets.insert(key.to_owned(), (secret, line));
                }
            }
            FieldKind::Text | FieldKind::Url => {
                if let Some(text) = section.text(key) {
                    if field.kind == FieldKind::Url
                        && let Err(why) = registry::check_address(&text)
                    {
                        section.complain(key, &why.to_string());
                    }
                    values.insert(key.to_owned(), text.trim().to_owned());
                }
            }
        }
    }
    (values, secrets)
}

struct Common {
    criteria: Criteria,
    status: Option<String>,
    protection: Protection,
    pace: Pace,
    batch: Option<u32>,
    note: Note,
    verify_again_after_hours: u32,
}

/// What every vendor's profile has.
fn common(section: &mut Section<'_>, room: Option<&Room>) -> Common {
    let criteria = criteria(section);
    let mut deactivate = section.section("deactivate");
    let status = deactivate.text("status");
    if let (Some(room), Some(_)) = (room, &status)
        && !room.sets_status
    {
        deactivate.complain(
            "status",
            &format!("{} sets no status with the inactive mark; leave it out", room.nouns.product),
        );
    }
    let mut protect = section.section("protect");
    let protection = Protection {
        types: protect.list("types"),
        sites: protect.list("sites"),
        names: protect.list("names"),
        clients: protect.list("clients"),
    };
    let extras =
        [Extras::read(&mut deactivate, room), Extras::read(&mut protect, room), Extras::read(section, room)];
    deactivate.finish();
    protect.finish();
    Common {
        criteria,
        status,
        protection,
        pace: pace(section, room),
        batch: extras.iter().find_map(|one| one.batch),
        note: extras.iter().find_map(|one| one.note).unwrap_or_default(),
        verify_again_after_hours: extras
            .iter()
            .find_map(|one| one.verify_again_after_hours)
            .unwrap_or(VERIFY_AGAIN_AFTER_HOURS),
    }
}

/// Settings of the change itself. They belong under `deactivate`; since they have also been written after
/// `protect` and straight in the profile, they are taken there too.
struct Extras {
    note: Option<Note>,
    verify_again_after_hours: Option<u32>,
    batch: Option<u32>,
}

impl Extras {
    fn read(section: &mut Section<'_>, room: Option<&Room>) -> Self {
        let note = section.choice(
            "note",
            &[("none", Note::None), ("ticket", Note::Ticket), ("configuration", Note::Configuration)],
        );
        let hours = section.number("verify_again_after_hours", 0, 8_760).map(|hours| hours as u32);
        let range = room.map(|room| room.batch.clone());
        let batch = match range {
            Some(None) if section.keys().iter().any(|key| key == "batch") => {
                section.number("batch", 1, 1_000);
                section.complain("batch", "this PSA takes one item per write; leave it out");
                None
            }
            Some(Some(range)) => section
                .number("batch", u64::from(*range.start()), u64::from(*range.end()))
                .map(|batch| batch as u32),
            _ => section.number("batch", 1, 100).map(|batch| batch as u32),
        };
        Self { note, verify_again_after_hours: hours, batch }
    }
}

fn criteria(section: &mut Section<'_>) -> Criteria {
    let mut offboarded = section.section("offboarded");
    let mut field = offboarded.section("custom_field");
    let custom_field = match (field.text("name"), field.text("value")) {
        (Some(name), Some(value)) => Some(CustomField { name, value }),
        (None, None) if !field.is_there() => None,
        _ => {
            offboarded.complain("custom_field", "both are wanted: { name = \"…\", value = \"…\" }");
            None
        }
    };
    field.finish();
    let criteria = Criteria {
        inactive: offboarded.flag("inactive").unwrap_or_default(),
        statuses: offboarded.list("statuses"),
        tags: offboarded.list("tags"),
        custom_field,
        contract_ended_days: offboarded.number("contract_ended_days", 0, 36_500).map(|days| days as u32),
        matching: offboarded
            .choice("match", &[("any", Matching::Any), ("all", Matching::All)])
            .unwrap_or_default(),
    };
    if criteria.is_empty() {
        section.complain(
            "offboarded",
            "no criterion is set, so no client would ever count as offboarded; set inactive = true, statuses, tags, custom_field or contract_ended_days",
        );
    }
    offboarded.finish();
    criteria
}

fn pace(section: &mut Section<'_>, room: Option<&Room>) -> Pace {
    let mut table = section.section("pace");
    let any = Pace { in_flight: 1_000, requests: 1_000_000, window_seconds: 86_400 };
    let (default, most) = room.map_or((any, any), |room| (room.pace.default, room.pace.most));
    let in_flight = table.number("in_flight", 1, u64::from(most.in_flight));
    let requests = table.number("requests", 1, 1_000_000);
    let window = table.number("window_seconds", 1, 86_400);
    let pace = Pace {
        in_flight: in_flight.map_or(default.in_flight, |n| n as u32),
        requests: requests.map_or(default.requests, |n| n as u32),
        window_seconds: window.map_or(default.window_seconds, |n| n as u32),
    };
    let rate = |pace: Pace| f64::from(pace.requests) / f64::from(pace.window_seconds.max(1));
    if rate(pace) > rate(most) {
        table.complain(
            "requests",
            &format!(
                "{} requests in {} s are more than the vendor's published limit of {} in {} s",
                pace.requests, pace.window_seconds, most.requests, most.window_seconds
            ),
        );
    }
    table.finish();
    pace
}

impl Profile {
    /// Looks the secrets up and gives all that the adapter needs. `patience` is how long a PSA that stays away is
    /// waited for.
    pub async fn connection(
        &self,
        settings: &Path,
        clock: Clock,
        patience: Option<Duration>,
    ) -> Result<Connection, SettingsError> {
        let mut secrets = BTreeMap::new();
        for (key, (secret, line)) in &self.secrets {
            let found = secret.look_up().await.map_err(|source| SettingsError::Secret {
                path: settings.to_owned(),
                line: *line,
                key: format!("profiles.{}.{key}", self.name),
                source,
            })?;
            secrets.insert(key.clone(), found);
        }
        Ok(Connection {
            profile: self.name.clone(),
            values: self.values.clone(),
            secrets,
            ca_file: self.ca_file.clone(),
            pace: self.pace,
            batch: self.batch,
            clock,
            patience,
            transport: None,
        })
    }
}
