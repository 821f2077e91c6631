//! Every fault is told with its line, its key and the way out, and all of them at once.

use std::path::Path;

use mothball::settings::{Settings, SettingsError};

const GOOD: &str = r#"default_profile = "main"
[profiles.main]
psa = "connectwise"
base_url = "https://api-na.myconnectwise.net"
company_id = "acmemsp"
public_key = "public"
private_key = { env = "CW_PRIVATE_KEY" }
client_id = "00000000-0000-0000-0000-000000000000"
[profiles.main.offboarded]
inactive = true
"#;

fn told(text: &str) -> String {
    match Settings::parse(text, Path::new("config.toml")) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_fault_names_line_key_and_way_out() {
    assert!(Settings::parse(GOOD, Path::new("config.toml")).is_ok());
    for (from, to, words) in [
        ("company_id", "company_ix", vec!["config.toml:5:", "company_ix", "did you mean \"company_id\"?"]),
        ("inactive = true", "inactive = 1", vec!["config.toml:10:", "offboarded.inactive", "true or false"]),
        ("inactive = true", "", vec!["no criterion"]),
        ("inactive = true", "match = \"al\"", vec!["\"any\", \"all\"", "did you mean \"all\"?"]),
        ("psa = \"connectwise\"", "psa = \"haolpsa\"", vec!["config.toml:3:", "no PSA \"haolpsa\""]),
        ("psa = \"connectwise\"", "", vec!["which PSA is it?"]),
        ("private_key = { env = \"CW_PRIVATE_KEY\" }", "", vec!["private_key", "missing"]),
        ("{ env = \"CW_PRIVATE_KEY\" }", "{ evn = \"X\" }", vec!["evn", "did you mean \"env\"?"]),
        ("{ env = \"CW_PRIVATE_KEY\" }", "{ env = \"X\", file = \"y\" }", vec!["exactly one of"]),
        ("{ env = \"CW_PRIVATE_KEY\" }", "12", vec!["{ env = \"NAME\" }"]),
        ("https://api-na", "http://api-na", vec!["config.toml:4:", "https://"]),
        ("https://api-na", "ftp://api-na", vec!["base_url"]),
        ("default_profile = \"main\"", "default_profile = \"mian\"", vec!["did you mean \"main\"?"]),
        ("[profiles.main]", "[profiles.main", vec!["line 2"]),
        (
            "[profiles.main.offboarded]",
            "[profiles.main.pace]\nrequests = 5000\n[profiles.main.offboarded]",
            vec!["published limit"],
        ),
        (
            "[profiles.main.offboarded]",
            "[profiles.main.deactivate]\nbatch = 5\n[profiles.main.offboarded]",
            vec!["one item per write"],
        ),
        (
            "[profiles.main.offboarded]",
            "[safeguards]\nmax_share = 2.0\n[profiles.main.offboarded]",
            vec!["a share from 0.0 to 1.0"],
        ),
        (
            "[profiles.main.offboarded]",
            "[safeguards]\nplan_expires_hours = 0\n[profiles.main.offboarded]",
            vec!["from 1 to 168"],
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let text = told(&GOOD.replacen(from, to, 1));
        for word in words {
            assert!(text.contains(word), "{to}: \"{word}\" is not told in: {text}");
        }
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = GOOD.replace("company_id", "company_ix").replace("inactive = true", "inactive = 1");
    let Err(SettingsError::Faults { list, .. }) = Settings::parse(&text, Path::new("config.toml")) else {
        panic!("accepted")
    };
    assert!(list.len() >= 3, "{list:?}");
    assert!(list.windows(2).all(|pair| pair[0].line <= pair[1].line));
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let text = GOOD.replace("inactive = true", "inactive = \"canary-secret-that-is-rather-long\"");
    assert!(!told(&text).contains("canary"));
}

#[test]
fn settings_that_are_not_enforced_yet_are_named() {
    for (more, name) in [
        ("[safeguards]\nfour_eyes = true\n", "four_eyes"),
        ("[safeguards]\nsettle_hours = 4\n", "settle_hours"),
        ("[safeguards]\nmax_new_offboarded = 0.5\n", "max_new_offboarded"),
        ("[profiles.main.deactivate]\nnote = \"ticket\"\n", "note"),
        ("[store]\nurl = \"postgres://x\"\n", "store.url"),
    ] {
        let settings = Settings::parse(&format!("{GOOD}{more}"), Path::new("config.toml")).unwrap();
        let named = settings.unenforced(settings.profile(None).unwrap());
        assert!(named.len() == 1 && named[0].contains(name), "{more}: {named:?}");
    }
}

#[test]
fn the_contracts_own_example_is_taken() {
    // `note`, `verify_again_after_hours` and `batch` have also been written after `protect`.
    let text = format!(
        "{GOOD}[profiles.main.protect]\ntypes = [\"SSL*\"]\nnote = \"none\"\nverify_again_after_hours = 24\n"
    );
    assert!(Settings::parse(&text, Path::new("config.toml")).is_ok());
}
