//! Flags stand above the environment, which stands above the file. The environment is shared by all tests of
//! a process, so each case is this program again, in an environment of its own.

use std::{fs, path::Path, process::Command};

use mothball::settings::{Settings, location};

use super::GOOD;

/// Runs one of the ignored tests below with this environment.
fn run(test: &str, environment: &[(&str, &Path)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("settings::environment::{test}"), "--include-ignored"])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn the_environment_stands_above_the_file_and_below_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.toml");
    let second = GOOD.replace("profiles.main", "profiles.other");
    fs::write(&file, format!("operator = \"file\"\ndefault_profile = \"main\"\n{GOOD}{second}")).unwrap();
    let data = folder.path().join("data");
    let variables: &[(&str, &Path)] = &[
        ("MOTHBALL_CONFIG", &file),
        ("MOTHBALL_DATA_DIR", &data),
        ("MOTHBALL_PROFILE", Path::new("other")),
        ("MOTHBALL_OPERATOR", Path::new("environment")),
    ];
    run("with_all_variables", variables);
}

#[test]
fn without_variables_the_platform_says_where() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = Path::new("");
    let variables: &[(&str, &Path)] = &[
        ("HOME", home.path()),
        ("XDG_CONFIG_HOME", nowhere),
        ("XDG_DATA_HOME", nowhere),
        ("MOTHBALL_CONFIG", nowhere),
        ("MOTHBALL_DATA_DIR", nowhere),
    ];
    run("with_no_variables", variables);
}

#[test]
#[ignore = "run by another test in an environment of its own"]
fn with_all_variables() {
    if mothball::system::environment::variable("MOTHBALL_PROFILE").is_none() {
        return;
    }
    let settings = Settings::load(None).unwrap();
    assert!(settings.path.ends_with("other.toml"));
    assert_eq!(settings.operator, "environment");
    assert_eq!(settings.profile(None).unwrap().name, "other");
    assert_eq!(settings.profile(Some("main")).unwrap().name, "main");
    assert!(location::data_folder(None).unwrap().ends_with("data"));
    let flag = Path::new("/flag");
    assert_eq!(location::settings_file(Some(flag)).unwrap(), flag);
    assert_eq!(location::data_folder(Some(flag)).unwrap(), flag);
}

#[test]
#[ignore = "run by another test in an environment of its own"]
fn with_no_variables() {
    if mothball::system::environment::path("MOTHBALL_CONFIG").is_some() {
        return;
    }
    assert!(location::settings_file(None).unwrap().ends_with("mothball/config.toml"));
    assert!(location::data_folder(None).unwrap().ends_with("mothball"));
}
