//! `[[schedules]]`: runs that `mothball serve` begins by itself.

use std::{collections::BTreeMap, num::NonZeroUsize};

use jiff::tz::TimeZone;

use super::{
    profile::Profile,
    section::{Found, Section},
};
use crate::{
    domain::{
        ClientId,
        cadence::Cadence,
        schedule::{Clients, Inputs, Missed, Schedule},
        text::{nearest, one_line},
    },
    system::zones,
};

/// How long a missed run is still of use, unless the file says otherwise.
const MISSED_WITHIN_HOURS: u32 = 12;

/// How long the beginning may be put off, unless the file says otherwise.
const JITTER_SECONDS: u32 = 60;

/// All schedules, in the order of the file. `default_profile` is the one that is meant where none is named.
pub fn read_all(
    root: &Section<'_, '_>,
    profiles: &BTreeMap<String, Profile>,
    default_profile: Option<&str>,
) -> Vec<Schedule> {
    let mut all: Vec<Schedule> = Vec::new();
    for section in root.sections("schedules") {
        let at = section.at();
        let document = section.document();
        let Some(schedule) = read(section, profiles, default_profile) else { continue };
        if all.iter().any(|other| other.name == schedule.name) {
            let what = format!("there are two schedules \"{}\"; give each a name of its own", schedule.name);
            document.fault(at, "schedules.name", what);
        }
        all.push(schedule);
    }
    all
}

fn read(
    section: Section<'_, '_>,
    profiles: &BTreeMap<String, Profile>,
    default_profile: Option<&str>,
) -> Option<Schedule> {
    let name = section.label("name", "nightly");
    let cadence = cadence(&section);
    let profile = profile(&section, profiles, default_profile);
    let inputs = inputs(&section);
    let missed = section
        .choice("missed", &[("skip", Missed::Skip), ("run_once", Missed::RunOnce)])
        .unwrap_or_default();
    let missed_within_hours = section.small("missed_within_hours", 1..=168).unwrap_or(MISSED_WITHIN_HOURS);
    let jitter_seconds = section.small("jitter_seconds", 0..=3_600).unwrap_or(JITTER_SECONDS);
    section.done();
    Some(Schedule {
        name: name?,
        cadence: cadence?,
        profile: profile?,
        inputs: inputs?,
        missed,
        missed_within_hours,
        jitter_seconds,
    })
}

fn cadence(section: &Section<'_, '_>) -> Option<Cadence> {
    let zone = zone(section);
    let Some(line) = section.text("cron") else {
        section.missing("cron", "when it runs", "\"30 2 * * 1-5\"");
        return None;
    };
    // A line is read even where the zone is wrong: both are told at once.
    let cadence = Cadence::new(&line.value, zone.clone().unwrap_or(TimeZone::UTC));
    let cadence =
        cadence.map_err(|error| section.document().fault(line.at, line.key, error.to_string())).ok();
    cadence.filter(|_| zone.is_some())
}

fn zone(section: &Section<'_, '_>) -> Option<TimeZone> {
    let Some(found) = section.text("time_zone") else {
        return (!section.has("time_zone")).then(zones::own);
    };
    let zone = zones::named(&found.value);
    if zone.is_none() {
        let names = zones::names();
        let near = nearest(&found.value, names.iter().map(String::as_str));
        let way_out = near.map_or_else(
            || "write it like \"Europe/Berlin\", or leave it out for this computer's own".to_owned(),
            |name| format!("did you mean \"{name}\"?"),
        );
        let written = one_line(&found.value, 40);
        section.document().fault(
            found.at,
            found.key,
            format!("there is no time zone \"{written}\"; {way_out}"),
        );
    }
    zone
}

fn profile(
    section: &Section<'_, '_>,
    profiles: &BTreeMap<String, Profile>,
    default_profile: Option<&str>,
) -> Option<String> {
    let only = || profiles.keys().next().filter(|_| profiles.len() == 1).map(String::as_str);
    match section.text("profile") {
        Some(Found { value, at, key }) => section.known_profile(&value, at, key, profiles).then_some(value),
        None if section.has("profile") => None,
        None => {
            let meant = default_profile.or_else(only).map(str::to_owned);
            if meant.is_none() && !profiles.is_empty() {
                section.fault_of("profile", "which profile? Name it here, or set default_profile");
            }
            meant
        }
    }
}

fn inputs(section: &Section<'_, '_>) -> Option<Inputs> {
    let all = section.flag("all").unwrap_or(false);
    let ids: Vec<ClientId> = section.texts("client_ids").iter().map(|id| ClientId::from(id.trim())).collect();
    let names = section.texts("client_names");
    let some = !ids.is_empty() || !names.is_empty();
    if all == some {
        let what = if all {
            "it asks for all clients and for some by name; keep one of the two"
        } else {
            "whose configurations? Write all = true, or name clients with client_ids or client_names"
        };
        section.fault(what);
    }
    let said = |key: &str| section.text(key).map(|found| found.value.trim().to_owned());
    let inputs = Inputs {
        clients: if all { Clients::All } else { Clients::Named { ids, names } },
        statuses: section.texts("offboarded_statuses"),
        types: section.texts("types"),
        sites: section.texts("sites"),
        limit_clients: section
            .small("limit_clients", 1..=1_000_000)
            .and_then(|limit| NonZeroUsize::new(limit as usize)),
        dry_run: section.flag("dry_run").unwrap_or(false),
        require_approval: section.flag("require_approval").unwrap_or(false),
        include_archived: section.flag("include_archived").unwrap_or(false),
        reason: said("reason"),
        ticket: said("ticket"),
        requested_by: said("requested_by"),
    };
    (all != some).then_some(inputs)
}
