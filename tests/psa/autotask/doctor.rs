//! What `doctor` says of each thing that can be wrong.

use mothball::{
    psa::port::{Check, CheckVerdict},
    simulator::Options,
};

use super::{start, start_with};
use crate::psa::{both_kinds, check, connection, open, open_as};

fn verdict<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("no line \"{name}\" in {checks:#?}"))
}

#[tokio::test]
async fn a_good_profile_passes_and_changes_nothing() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let checks = open(&simulator).check().await;
        assert!(checks.iter().all(|check| check.verdict == CheckVerdict::Passed), "{checks:#?}");
        let types = verdict(&checks, "company types");
        assert!(types.text.contains("\"Former Client\""), "{}", types.text);
        assert!(simulator.writes().is_empty());
        assert!(simulator.requests().iter().all(|seen| seen.method != "PATCH"));
        check(&simulator);
    }
}

#[tokio::test]
async fn user_secret_and_integration_code_are_told_apart_and_tried_once() {
    for (key, name) in [("user_name", "user"), ("secret", "secret"), ("integration_code", "integration code")]
    {
        let simulator = start(Options::default()).await;
        let mut wrong = connection(&simulator);
        if key == "user_name" {
            wrong.values.insert(key.to_owned(), "nobody@msp.example".to_owned());
        } else {
            wrong.secrets.insert(key.to_owned(), "wrong".to_owned().into());
        }
        let psa = open_as("autotask", wrong);
        let checks = psa.check().await;
        let failed: Vec<&str> = checks
            .iter()
            .filter(|check| check.verdict == CheckVerdict::Failed)
            .map(|check| check.name.as_str())
            .collect();
        assert_eq!(failed, [name], "{checks:#?}");
        let advice = verdict(&checks, name).advice.as_deref().unwrap_or_default();
        assert!(advice.contains(key), "{advice}");
        assert!(psa.tenant().await.is_err());
        let signed = simulator.requests().iter().filter(|seen| seen.with_credentials).count();
        assert!(signed <= 1, "a refused sign-in was tried again");
        check(&simulator);
    }
}

#[tokio::test]
async fn nobody_there_is_told_from_somebody_else_there() {
    let simulator = start(Options::default()).await;
    let mut nowhere = connection(&simulator);
    nowhere.values.insert("base_url".to_owned(), "http://127.0.0.1:1".to_owned());
    let checks = open_as("autotask", nowhere).check().await;
    assert_eq!(verdict(&checks, "zone").verdict, CheckVerdict::Failed);
    let other = crate::psa::start(Options::default()).await;
    let mut elsewhere = connection(&simulator);
    elsewhere.values.insert("base_url".to_owned(), other.base_url());
    let checks = open_as("autotask", elsewhere).check().await;
    assert_eq!(verdict(&checks, "zone").verdict, CheckVerdict::Failed);
    assert!(other.requests().iter().all(|seen| !seen.with_credentials));
}

#[tokio::test]
async fn missing_rights_fail_where_they_are_essential_and_warn_where_they_are_not() {
    let simulator = start_with(&["may_edit=false", r#"refused_entities=["Contracts","Tickets"]"#]).await;
    let checks = open(&simulator).check().await;
    assert_eq!(verdict(&checks, "rights: change configuration items").verdict, CheckVerdict::Failed);
    assert_eq!(verdict(&checks, "rights: read contracts").verdict, CheckVerdict::Warned);
    assert_eq!(verdict(&checks, "rights: read tickets").verdict, CheckVerdict::Warned);
    assert_eq!(verdict(&checks, "sign-in").verdict, CheckVerdict::Passed);
    check(&simulator);
    let simulator = start_with(&[r#"refused_entities=["ConfigurationItems"]"#]).await;
    let checks = open(&simulator).check().await;
    assert_eq!(verdict(&checks, "sign-in").verdict, CheckVerdict::Passed);
    assert_eq!(verdict(&checks, "rights: read configuration items").verdict, CheckVerdict::Failed);
    check(&simulator);
}

#[tokio::test]
async fn empty_lists_are_suspected_of_missing_rights() {
    let simulator = start_with(&[r#"empty_entities=["ConfigurationItems"]"#]).await;
    let checks = open(&simulator).check().await;
    let line = verdict(&checks, "rights: read configuration items");
    assert_eq!(line.verdict, CheckVerdict::Warned);
    assert!(line.advice.as_ref().is_some_and(|advice| advice.contains("security level")));
    check(&simulator);
}

#[tokio::test]
async fn a_pool_of_which_too_much_is_used_is_told_not_waited_for() {
    let simulator = start_with(&["pool=100"]).await;
    let psa = open(&simulator);
    for _ in 0..74 {
        assert!(psa.pool().await.is_some());
    }
    let checks = psa.check().await;
    let line = verdict(&checks, "hourly pool");
    assert_eq!(line.verdict, CheckVerdict::Warned);
    assert!(line.text.contains("of 100 requests used"), "{}", line.text);
    assert!(line.advice.as_ref().is_some_and(|advice| advice.contains("pace.requests")));
    assert_eq!(checks.iter().filter(|check| check.verdict == CheckVerdict::Failed).count(), 0, "{checks:#?}");
    check(&simulator);
}
