//! `config.example.toml`, and what good files come to.

use std::{collections::BTreeSet, path::Path, time::Duration};

use mothball::{
    domain::{
        criteria::Matching,
        note::{NoteFailed, NoteOn, NotePolicy},
        safeguards::OnLimit,
        selection::LinkedPolicy,
    },
    settings::{Preselect, Settings, SettingsError},
    system::Clock,
};

use super::{GOOD, good_but, parse};

fn example() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml")).unwrap()
}

/// The example with every setting in it that is off turned on.
fn all_on() -> String {
    let is_off = |line: &str| {
        line.strip_prefix('#')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
    };
    example().lines().map(|line| if is_off(line) { &line[1..] } else { line }).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_parses_and_asks_for_nothing_that_is_missing() {
    let settings = parse(&example()).unwrap();
    let profile = settings.profile(None).unwrap();
    assert_eq!(profile.name, "main");
    assert_eq!(settings.unenforced(profile), [""; 0]);
    assert_eq!(settings.warnings, [""; 0]);
    assert_eq!(settings.safeguards, mothball::domain::safeguards::Safeguards::default());
}

#[test]
fn the_example_parses_with_everything_turned_on() {
    let settings = parse(&all_on()).unwrap();
    assert_eq!(settings.profile(None).unwrap().protection.clients, ["1", "Acme Holding"]);
    // The defaults in it are the defaults.
    for profile in settings.profiles.values() {
        assert_eq!(profile.pace, profile.room.pace.default, "{}", profile.name);
    }
    assert_eq!(settings.safeguards, mothball::domain::safeguards::Safeguards::default());
    let quiet = parse(&example()).unwrap();
    assert_eq!(settings.profiles["main"].pace, quiet.profiles["main"].pace);
    assert_eq!(settings.store.retention_days, quiet.store.retention_days);
}

#[test]
fn every_setting_of_the_program_is_in_the_example() {
    let settings = parse(&all_on()).unwrap();
    // Those that a profile and its `protect` may hold as well as its `deactivate`, and the one that no vendor here has.
    let extras = ["note", "note_failed", "verify_again_after_hours", "batch"];
    let aside: Vec<String> = extras
        .iter()
        .flat_map(|key| [format!("profiles.*.{key}"), format!("profiles.*.protect.{key}")])
        .collect();
    let missing: BTreeSet<&str> = settings
        .known_keys()
        .filter(|key| !aside.iter().any(|other| other == key))
        .filter(|key| !settings.profiles.keys().any(|profile| settings.has(&key.replace('*', profile))))
        .collect();
    assert_eq!(missing, BTreeSet::new());
    let vendors: BTreeSet<&str> = settings.profiles.values().map(|profile| profile.room.key).collect();
    assert_eq!(vendors, mothball::psa::registry::ROOMS.iter().map(|room| room.key).collect());
    assert!(settings.known_keys().count() > 40);
}

#[test]
fn the_words_of_the_contract_are_understood() {
    let settings = parse(
        r#"
default_profile = "main"
operator = "jane@msp.example"

[profiles.main]
psa = "connectwise"
base_url = "https://api-na.myconnectwise.net"
company_id = "acmemsp"
public_key = "public"
private_key = { command = ["pass", "show", "cw"] }
client_id = "00000000-0000-0000-0000-000000000000"
ca_file = "ca.pem"

[profiles.main.offboarded]
inactive = true
statuses = ["Former Client"]
tags = ["Offboarded"]
custom_field = { name = "Offboarded", value = "Yes" }
contract_ended_days = 30
match = "all"

[profiles.main.deactivate]
status = "Decommissioned"
note = "none"
verify_again_after_hours = 24

[profiles.main.protect]
types = ["Domain", "SSL*"]
sites = []
names = []
clients = ["1"]

[profiles.main.pace]
in_flight = 4
requests = 100
window_seconds = 60

[safeguards]
dry_run = true
max_share = 1
on_limit = "stop"
when_linked = { billing = "skip", tickets = "warn", children = "warn", rmm = "warn", unknown = "skip" }

[store]
retention_days = 30

[review]
preselect = "unlinked"
"#,
    )
    .unwrap();
    let profile = settings.profile(None).unwrap();
    assert_eq!(settings.operator, "jane@msp.example");
    assert_eq!(profile.ca_file.as_deref(), Some(Path::new("/etc/mothball/ca.pem")));
    assert_eq!(profile.criteria.matching, Matching::All);
    assert_eq!(profile.criteria.contract_ended_days, Some(30));
    assert_eq!(profile.wanted_status.as_deref(), Some("Decommissioned"));
    assert_eq!(profile.protection.types, ["Domain", "SSL*"]);
    assert_eq!((profile.pace.in_flight, profile.pace.requests), (4, 100));
    assert!(settings.safeguards.dry_run);
    assert!((settings.safeguards.max_share - 1.0).abs() < f64::EPSILON);
    assert_eq!(settings.safeguards.when_linked.billing, LinkedPolicy::Skip);
    assert_eq!(settings.safeguards.when_linked.unknown, LinkedPolicy::Skip);
    assert_eq!(settings.review.preselect, Preselect::Unlinked);
    assert_eq!(settings.unenforced(profile), [""; 0]);
    assert_eq!(profile.values["company_id"], "acmemsp");
    assert!(!profile.values.contains_key("private_key"));
}

#[test]
fn loopback_may_be_plain() {
    for address in ["http://127.0.0.1:8080", "http://[::1]:9", "http://localhost:1"] {
        parse(&good_but("https://api-na.myconnectwise.net", address)).unwrap();
    }
}

#[test]
fn every_safeguard_there_is_is_enforced() {
    let all = "on_limit = \"park\"\nrequire_approval = true\nfour_eyes = true\nsettle_hours = 1\nmax_new_offboarded = 0.01";
    let store = "[store]\nurl = \"postgres://db.example/mothball\"";
    let enforced = parse(&format!("{GOOD}\n[safeguards]\n{all}\n{store}\n")).unwrap();
    assert_eq!(enforced.safeguards.on_limit, OnLimit::Park);
    assert_eq!(enforced.unenforced(enforced.profile(None).unwrap()), [""; 0]);
}

#[test]
fn four_keys_may_stand_in_the_profile_itself() {
    let text =
        good_but("psa =", "note = \"ticket\"\nnote_failed = \"stop\"\nverify_again_after_hours = 0\npsa =");
    let settings = parse(&text).unwrap();
    let profile = &settings.profiles["main"];
    assert_eq!(profile.notes, NotePolicy { on: NoteOn::Ticket, failed: NoteFailed::Stop });
    assert_eq!(profile.verify_again_after_hours, 0);
    assert_eq!(settings.unenforced(profile), [""; 0], "notes are written");
    assert_eq!(parse(GOOD).unwrap().profiles["main"].notes, NotePolicy::default());
}

#[test]
fn notes_on_configurations_are_refused_where_the_psa_has_none_and_the_message_says_what_is_possible() {
    let error =
        parse(&format!("{GOOD}\n[profiles.main.deactivate]\nnote = \"configuration\"\n")).unwrap_err();
    let said = error.to_string();
    for word in ["profiles.main.deactivate.note", "ConnectWise PSA", "\"ticket\" is possible"] {
        assert!(said.contains(word), "{word} is missing in: {said}");
    }
    let autotask = r#"[profiles.main]
psa = "autotask"
user_name = "api@msp.example"
secret = { env = "MOTHBALL_TEST_UNSET" }
integration_code = { env = "MOTHBALL_TEST_UNSET" }

[profiles.main.offboarded]
inactive = true

[profiles.main.deactivate]
note = "configuration"
"#;
    assert_eq!(parse(autotask).unwrap().profiles["main"].notes.on, NoteOn::Configuration);
}

#[test]
fn the_profile_is_the_one_asked_for_or_the_only_one() {
    let second = GOOD.replace("profiles.main", "profiles.other");
    let both = parse(&format!("{GOOD}{second}")).unwrap();
    assert!(matches!(both.profile(None), Err(SettingsError::WhichProfile { known }) if known.len() == 2));
    assert_eq!(both.profile(Some("other")).unwrap().name, "other");
    let error = both.profile(Some("othr")).unwrap_err();
    assert!(error.to_string().contains("did you mean \"other\""), "{error}");
    assert_eq!(parse(GOOD).unwrap().profile(None).unwrap().name, "main");
    let chosen = parse(&format!("default_profile = \"other\"\n{GOOD}{second}")).unwrap();
    assert_eq!(chosen.profile(None).unwrap().name, "other");
}

#[test]
fn a_missing_file_is_named_with_the_ways_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mothball/config.toml");
    let text = Settings::load(Some(&file)).unwrap_err().to_string();
    assert!(text.contains(&file.display().to_string()), "{text}");
    assert!(text.contains("mothball demo") && text.contains("config.example.toml"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Settings::read(folder.path()), Err(SettingsError::Unreadable { .. })));
    let file = folder.path().join("config.toml");
    std::fs::write(&file, [0xff, 0xfe, b'x']).unwrap();
    let error = Settings::read(&file).unwrap_err();
    assert!(error.to_string().contains("not UTF-8"), "{error}");
    std::fs::write(&file, GOOD).unwrap();
    assert_eq!(Settings::read(&file).unwrap().path, file);
}

#[tokio::test]
async fn a_broken_secret_of_another_profile_does_not_matter() {
    let other = GOOD
        .replace("profiles.main", "profiles.other")
        .replace("{ env = \"MOTHBALL_TEST_UNSET\" }", "{ command = [\"printf\", \"the-key\\\\nmore\"] }");
    let settings = parse(&format!("{GOOD}{other}")).unwrap();
    let clock = Clock::fixed(jiff::Timestamp::UNIX_EPOCH);
    let patience = Some(Duration::from_secs(1));
    let connection = settings.profiles["other"].connection(clock.clone(), patience).await.unwrap();
    use secrecy::ExposeSecret;
    assert_eq!(connection.secrets["private_key"].expose_secret(), "the-key");
    assert_eq!((connection.profile.as_str(), connection.patience), ("other", patience));
    let Err(error) = settings.profiles["main"].connection(clock, None).await else { panic!("no secret") };
    let text = error.to_string();
    assert!(text.starts_with("/etc/mothball/config.toml:7:15: profiles.main.private_key: "), "{text}");
    assert!(text.contains("MOTHBALL_TEST_UNSET is not set"), "{text}");
}
