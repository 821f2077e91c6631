//! `[profiles.NAME.webhook]`: what webhooks must know, or no way in.

use secrecy::ExposeSecret;

use super::{GOOD, parse};

const HALO: &str = r#"
[profiles.main]
psa = "halopsa"
base_url = "https://acme.halopsa.com"
client_id = "x"
client_secret = { env = "MOTHBALL_TEST_UNSET" }

[profiles.main.offboarded]
inactive = true

[profiles.main.webhook]
"#;

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn without_the_table_there_is_no_way_in() {
    assert!(parse(GOOD).unwrap().profiles["main"].webhook.is_none());
    let with = parse(&format!("{GOOD}\n[profiles.main.webhook]\nsecret = {{ env = \"X\" }}\n")).unwrap();
    assert!(with.profiles["main"].webhook.is_some());
    assert_eq!(with.unenforced(&with.profiles["main"]), [""; 0]);
}

#[test]
fn a_table_that_asks_for_nothing_is_refused() {
    let said = refused(&format!("{GOOD}\n[profiles.main.webhook]\n"));
    assert!(said.contains("profiles.main.webhook") && said.contains("add secret"), "{said}");
    let said = refused(HALO);
    assert!(said.contains("user_name and password") && said.contains("header and secret"), "{said}");
}

#[test]
fn half_of_a_pair_is_refused_and_the_other_half_named() {
    for (given, missing) in [
        ("user_name = \"mothball\"", "password"),
        ("password = { env = \"X\" }", "user_name"),
        ("header = \"x-proof\"", "secret"),
        ("user_name = \"m\"\npassword = { env = \"X\" }\nsecret = { env = \"Y\" }", "header"),
    ] {
        let said = refused(&format!("{HALO}{given}\n"));
        assert!(said.contains(&format!("add {missing} under [profiles.main.webhook]")), "{given}: {said}");
    }
    let both =
        "user_name = \"m\"\npassword = { env = \"X\" }\nheader = \"x-proof\"\nsecret = { env = \"Y\" }\n";
    assert!(parse(&format!("{HALO}{both}")).is_ok(), "both are asked for then");
}

#[test]
fn keys_of_another_vendor_are_unknown() {
    let said =
        refused(&format!("{GOOD}\n[profiles.main.webhook]\nsecret = {{ env = \"X\" }}\npassword = \"x\"\n"));
    assert!(said.contains("profiles.main.webhook.password") && said.contains("unknown key"), "{said}");
}

#[tokio::test]
async fn its_secrets_are_fetched_when_they_are_needed_and_never_shown() {
    let text = format!(
        "{GOOD}\n[profiles.main.webhook]\nsecret = {{ command = [\"printf\", \"canary-of-the-webhook\"] }}\n"
    );
    let settings = parse(&text).unwrap();
    let webhook = settings.profiles["main"].webhook.as_ref().unwrap();
    let lock = webhook.lock("main").await.unwrap();
    assert_eq!(lock.secret("secret").unwrap().expose_secret(), "canary-of-the-webhook");
    assert!(!format!("{lock:?}").contains("canary-of-the-webhook"));
    let missing =
        parse(&format!("{GOOD}\n[profiles.main.webhook]\nsecret = {{ env = \"MOTHBALL_TEST_UNSET\" }}\n"));
    let error = missing.unwrap().profiles["main"].webhook.as_ref().unwrap().lock("main").await.unwrap_err();
    assert!(error.to_string().contains("profiles.main.webhook.secret"), "{error}");
}

#[test]
fn a_profile_that_webhooks_tell_of_is_swept_once_a_day_unless_its_settings_say_otherwise() {
    let sweeps = |more: &str| {
        let text = format!("{GOOD}\n[profiles.main.webhook]\nsecret = {{ env = \"X\" }}\n{more}\n");
        parse(&text).unwrap().all_schedules()
    };
    let daily = sweeps("").remove(0);
    assert_eq!(
        (daily.name.as_str(), daily.profile.as_str(), daily.cadence.fields()),
        ("sweep:main", "main", "30 4 * * *")
    );
    assert_eq!(daily.inputs.clients, mothball::domain::schedule::Clients::All);
    assert_eq!(sweeps("sweep = \"0 1 * * 0\"")[0].cadence.fields(), "0 1 * * 0");
    assert_eq!(sweeps("sweep = true")[0].cadence.fields(), "30 4 * * *");
    assert!(sweeps("sweep = false").is_empty());
    assert!(parse(GOOD).unwrap().all_schedules().is_empty(), "nothing to make up for");
    for (wrong, words) in
        [("sweep = \"0 25 * * *\"", "\"25\" is no hour"), ("sweep = 4", "or false for no sweep")]
    {
        let said =
            refused(&format!("{GOOD}\n[profiles.main.webhook]\nsecret = {{ env = \"X\" }}\n{wrong}\n"));
        assert!(said.contains("profiles.main.webhook.sweep") && said.contains(words), "{said}");
    }
}
