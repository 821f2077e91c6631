//! Broken files: each mistake is told with its place, its key and what to do, and all of them at once.

use mothball::settings::{Fault, SettingsError};

use super::{GOOD, good_but, parse};

fn faults(text: &str) -> Vec<Fault> {
    match parse(text) {
        Err(SettingsError::Faults(faults)) => faults,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted:\n{text}"),
    }
}

#[test]
fn each_mistake_is_told_with_its_place_and_a_way_out() {
    // The text, the key, and what the message must say.
    let appended: &[(&str, &str, &[&str])] = &[
        ("[safeguards]\nmax_chnges = 5", "safeguards.max_chnges", &["unknown key", "\"max_changes\""]),
        ("[safeguards]\nmax_changes = \"5\"", "safeguards.max_changes", &["a whole number", "not text"]),
        ("[safeguards]\nmax_changes = -5", "safeguards.max_changes", &["from 1 to"]),
        ("[safeguards]\nmax_share = 20", "safeguards.max_share", &["from 0.0 to 1.0"]),
        ("[safeguards]\ndry_run = \"yes\"", "safeguards.dry_run", &["true or false"]),
        (
            "[safeguards]\non_limit = \"parc\"",
            "safeguards.on_limit",
            &["\"stop\", \"park\"", "did you mean \"park\""],
        ),
        ("[safeguards]\nplan_expires_hours = 169", "safeguards.plan_expires_hours", &["1 to 168"]),
        ("[safeguards.when_linked]\nbiling = \"warn\"", "safeguards.when_linked.biling", &["\"billing\""]),
        ("safeguards = 3", "profiles.main.offboarded.safeguards", &["unknown key"]),
        ("[safegards]\ndry_run = true", "safegards", &["\"safeguards\""]),
        ("[store]\nretention = 3", "store.retention", &["\"retention_days\""]),
        ("[review]\npreselect = \"some\"", "review.preselect", &["\"none\", \"unlinked\", \"all\""]),
        ("[profiles.main.pace]\nin_flight = 33", "profiles.main.pace.in_flight", &["ConnectWise", "32"]),
        (
            "[profiles.main.pace]\nrequests = 1001",
            "profiles.main.pace.requests",
            &["1000 requests per 60 seconds"],
        ),
        ("[profiles.main.pace]\nwindow_seconds = 1", "profiles.main.pace.requests", &["500 per 1"]),
        ("[profiles.main.protect]\ntypes = \"Domain\"", "profiles.main.protect.types", &["a list of texts"]),
        ("[profiles.main.protect]\ntypes = [1]", "profiles.main.protect.types", &["a list of texts only"]),
        (
            "custom_field = { name = \"x\" }",
            "profiles.main.offboarded.custom_field",
            &["both name and value"],
        ),
        ("statuses = [\"\"]", "profiles.main.offboarded.statuses", &["empty"]),
        ("default_profile = \"main\"", "profiles.main.offboarded.default_profile", &["top of the file"]),
        ("inactive = true", "", &["not TOML", "duplicate key"]),
        ("= 3", "", &["not TOML"]),
    ];
    for (more, key, words) in appended {
        let faults = faults(&format!("{GOOD}{more}\n"));
        assert_eq!(faults.len(), 1, "{more}: {faults:#?}");
        assert_eq!(faults[0].key, *key, "{faults:#?}");
        assert!(faults[0].line >= 11, "{more}: {}", faults[0]);
        for word in *words {
            assert!(faults[0].what.contains(word), "{more}: {}", faults[0]);
        }
    }
    let replaced: &[(&str, &str, &str, &[&str])] = &[
        (
            "psa = \"connectwise\"",
            "psa = \"conectwise\"",
            "profiles.main.psa",
            &["did you mean \"connectwise\""],
        ),
        (
            "psa = \"connectwise\"",
            "psa = \"servicedesk\"",
            "profiles.main.psa",
            &["this build knows no PSA \"servicedesk\""],
        ),
        ("psa = \"connectwise\"\n", "", "profiles.main.psa", &["it is missing"]),
        ("psa = \"connectwise\"", "psa = 3", "profiles.main.psa", &["must be text", "a whole number"]),
        (
            "company_id = \"acmemsp\"\n",
            "",
            "profiles.main.company_id",
            &["it is missing", "company_id = \"acmemsp\""],
        ),
        ("private_key = { env = \"MOTHBALL_TEST_UNSET\" }\n", "", "profiles.main.private_key", &["{ env = "]),
        ("https://", "http://", "profiles.main.base_url", &["http:// is accepted for this computer only"]),
        ("https://", "ftp://", "profiles.main.base_url", &["https://"]),
        ("https://api-na.myconnectwise.net", "not an address", "profiles.main.base_url", &["no web address"]),
        ("company_id", "compny_id", "profiles.main.compny_id", &["\"company_id\""]),
        ("inactive = true", "inactive = false", "profiles.main.offboarded", &["no criterion"]),
        ("[profiles.main.offboarded]\ninactive = true", "", "profiles.main.offboarded", &["no criterion"]),
        (
            "{ env = \"MOTHBALL_TEST_UNSET\" }",
            "{ enw = \"X\" }",
            "profiles.main.private_key",
            &["did you mean \"env\""],
        ),
        (
            "{ env = \"MOTHBALL_TEST_UNSET\" }",
            "{ env = \"X\", file = \"y\" }",
            "profiles.main.private_key",
            &["exactly one"],
        ),
        (
            "{ env = \"MOTHBALL_TEST_UNSET\" }",
            "{ command = \"pass show cw\" }",
            "profiles.main.private_key",
            &["no shell"],
        ),
        ("{ env = \"MOTHBALL_TEST_UNSET\" }", "5", "profiles.main.private_key", &["it must be"]),
        ("{ env = \"MOTHBALL_TEST_UNSET\" }", "\"\"", "profiles.main.private_key", &["it is empty"]),
    ];
    for (from, to, key, words) in replaced {
        let faults = faults(&good_but(from, to));
        let fault =
            faults.iter().find(|fault| fault.key == *key).unwrap_or_else(|| panic!("{to}: {faults:#?}"));
        for word in *words {
            assert!(fault.what.contains(word), "{to}: {fault}");
        }
    }
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_file() {
    let text = good_but("public_key = \"public\"", "publc_key = \"public\"")
        .replace("inactive = true", "inactive = 1\nmatsch = \"any\"");
    let text = format!("default_profil = \"main\"\n{text}[safeguards]\nmax_share = 7\n");
    let told: Vec<(usize, String)> = faults(&text).into_iter().map(|fault| (fault.line, fault.key)).collect();
    let expected = [
        (1, "default_profil"),
        (3, "profiles.main.public_key"),
        (7, "profiles.main.publc_key"),
        (11, "profiles.main.offboarded"),
        (12, "profiles.main.offboarded.inactive"),
        (13, "profiles.main.offboarded.matsch"),
        (15, "safeguards.max_share"),
    ];
    assert_eq!(told, expected.map(|(line, key)| (line, key.to_owned())));
}

#[test]
fn a_limit_is_told_at_its_key() {
    let told = faults(&format!("{GOOD}[profiles.main.pace]\nwindow_seconds = 60\nin_flight = 99\n"));
    assert_eq!((told[0].line, told[0].column), (14, 1), "{}", told[0]);
}

#[test]
fn a_place_is_counted_in_lines_and_characters() {
    let text = good_but("company_id = \"acmemsp\"", "company_id = \"ünï☃\" \nx = { \"日本\" = 1 }");
    let fault = &faults(&text)[0];
    assert_eq!((fault.line, fault.column), (6, 1));
    assert!(
        fault.to_string().starts_with("/etc/mothball/config.toml:6:1: profiles.main.x: unknown key"),
        "{fault}"
    );
    let broken = parse("a = \"é\" b\n").unwrap_err().to_string();
    assert!(broken.starts_with("/etc/mothball/config.toml:1:9:"), "{broken}");
}

#[test]
fn an_empty_file_says_what_is_needed() {
    let faults = faults("");
    assert!(faults[0].what.contains("[profiles.NAME]"), "{faults:?}");
}

#[test]
fn a_key_given_twice_in_two_places_is_told() {
    let text = format!(
        "{}[profiles.main.deactivate]\nnote = \"none\"\n",
        good_but("psa =", "note = \"none\"\npsa =")
    );
    let faults = faults(&text);
    assert!(faults[0].what.contains("given twice"), "{faults:?}");
}

#[test]
fn no_message_repeats_what_may_be_a_secret() {
    let secret = "hunter2-hunter2";
    for text in [
        good_but("private_key = { env = \"MOTHBALL_TEST_UNSET\" }", &format!("private_ky = \"{secret}\"")),
        good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", &format!("[\"{secret}\"]")),
        good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", &format!("{{ plain = \"{secret}\" }}")),
        good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", &format!("\"{secret}")),
        good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", &format!("\"{secret}\" \"{secret}\"")),
        good_but("https://api", &format!("http://user:{secret}@api")),
        good_but("inactive = true", &format!("inactive = \"{secret}\"")),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    let plain = parse(&good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", &format!("\"{secret}\""))).unwrap();
    assert!(!format!("{plain:?}").contains(secret));
    assert!(plain.warnings.len() == 1 && plain.warnings[0].contains("profiles.main.private_key"));
    let store = parse(&format!("{GOOD}[store]\nurl = \"postgres://me:{secret}@db/x\"")).unwrap();
    assert!(!format!("{store:?}").contains(secret));
    assert_eq!(store.warnings.len(), 1);
}
