//! `config.example.toml` parses, as it is and with everything switched on, and names every setting there is.

use std::path::Path;

use mothball::settings::Settings;

const EXAMPLE: &str = include_str!("../../config.example.toml");

fn parse(text: &str) -> Settings {
    Settings::parse(text, Path::new("config.example.toml")).unwrap_or_else(|error| panic!("{error}"))
}

/// Lines such as `#key = value`, without their `#`.
fn switched_on(marks: &str) -> String {
    EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix(marks) {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains(" = ") => rest,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn it_parses_as_it_is() {
    let settings = parse(EXAMPLE);
    assert_eq!(settings.profile(None).unwrap().name, "main");
    assert!(settings.warnings.is_empty());
    assert!(settings.unenforced(settings.profile(None).unwrap()).is_empty());
}

#[test]
fn it_parses_with_everything_switched_on_and_shows_the_defaults() {
    let settings = parse(&switched_on("#"));
    assert_eq!(settings.safeguards, parse(EXAMPLE).safeguards, "what is shown is the default");
    assert_eq!(settings.retention_days, 400);
    let profile = settings.profile(None).unwrap();
    assert_eq!(profile.pace, parse(EXAMPLE).profile(None).unwrap().pace);
    assert_eq!(profile.status.as_deref(), Some("Decommissioned"));
    assert_eq!(profile.criteria.contract_ended_days, Some(30));
}

#[test]
fn it_names_every_setting_there_is() {
    let all =
        switched_on("#").lines().map(|line| line.trim_start_matches('#').to_owned()).collect::<Vec<_>>();
    let (_, vocabulary) = Settings::parse_noting(EXAMPLE, Path::new("config.example.toml"));
    assert!(vocabulary.len() > 40, "{vocabulary:?}");
    // Settings of the change are taken in two more places, and shown in one.
    let shown_elsewhere = ["note", "verify_again_after_hours", "batch"];
    // The four ways to name a secret and the two of a custom field stand in one line.
    let inline = ["env", "file", "command", "keyring", "name", "value"];
    for key in vocabulary {
        let last = key.rsplit('.').next().unwrap();
        if inline.contains(&last) || key == "profiles.NAME" || key == "profiles" {
            continue;
        }
        if shown_elsewhere.contains(&last) && !key.contains("deactivate") {
            continue;
        }
        let is_shown = all.iter().any(|line| {
            line.starts_with(&format!("{last} ="))
                || line.starts_with('[') && line.trim_end_matches(']').ends_with(last)
        });
        assert!(is_shown, "{key} is not in config.example.toml");
    }
}
