//! What `doctor` says of each thing that can be wrong.

use mothball::{
    psa::port::{Check, CheckVerdict},
    simulator::{Options, Switches},
};

use crate::psa::{both_kinds, check, connection, open, open_with, start};

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
        assert!(checks.iter().all(|check| check.verdict != CheckVerdict::Failed), "{checks:#?}");
        let statuses = verdict(&checks, "configuration statuses");
        assert!(statuses.text.contains("\"Retired\""), "{}", statuses.text);
        assert!(statuses.advice.as_ref().is_some_and(|advice| advice.contains("deactivate.status")));
        assert!(simulator.writes().is_empty());
        assert!(simulator.requests().iter().all(|seen| seen.method == "GET"));
        check(&simulator);
    }
}

#[tokio::test]
async fn a_wrong_key_is_tried_once_and_told_from_a_wrong_address() {
    let simulator = start(Options::default()).await;
    let mut wrong = connection(&simulator);
    wrong.secrets.insert("private_key".to_owned(), "wrong".to_owned().into());
    let psa = open_with(wrong);
    let checks = psa.check().await;
    assert_eq!(verdict(&checks, "address").verdict, CheckVerdict::Passed);
    assert_eq!(verdict(&checks, "sign-in").verdict, CheckVerdict::Failed);
    assert!(psa.tenant().await.is_err());
    let signed = simulator.requests().iter().filter(|seen| seen.with_credentials).count();
    assert_eq!(signed, 1, "a refused sign-in was tried again");

    let mut nowhere = connection(&simulator);
    nowhere.values.insert("base_url".to_owned(), "http://127.0.0.1:1".to_owned());
    let checks = open_with(nowhere).check().await;
    assert_eq!(verdict(&checks, "address").verdict, CheckVerdict::Failed);

    let mut stranger = connection(&simulator);
    stranger.values.insert("company_id".to_owned(), "nobody".to_owned());
    let checks = open_with(stranger).check().await;
    let address = verdict(&checks, "address");
    assert!(address.text.contains("company id"), "{}", address.text);
}

#[tokio::test]
async fn missing_rights_for_extras_only_warn() {
    let mut switches = Switches::default();
    switches.connectwise.agreements_readable = false;
    switches.connectwise.tickets_readable = false;
    let simulator = start(Options { switches, ..Options::default() }).await;
    let checks = open(&simulator).check().await;
    assert_eq!(verdict(&checks, "rights: read agreements").verdict, CheckVerdict::Warned);
    assert_eq!(verdict(&checks, "rights: read tickets").verdict, CheckVerdict::Warned);
    assert!(checks.iter().all(|check| check.verdict != CheckVerdict::Failed), "{checks:#?}");
    check(&simulator);
}
