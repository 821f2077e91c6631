//! What `doctor` says of each thing that can be wrong.

use mothball::{
    psa::port::{Check, CheckVerdict},
    simulator::Options,
};

use super::{asked, start, start_with};
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
        assert!(checks.iter().all(|check| check.verdict != CheckVerdict::Failed), "{checks:#?}");
        assert!(verdict(&checks, "asset statuses").text.contains("\"Retired\""));
        assert_eq!(verdict(&checks, "scopes").verdict, CheckVerdict::Passed);
        assert!(simulator.writes().is_empty());
        check(&simulator);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_wrong_address() {
    let simulator = start(Options::default()).await;
    let mut wrong = connection(&simulator);
    wrong.secrets.insert("client_secret".to_owned(), "wrong".to_owned().into());
    let checks = open_as("halopsa", wrong).check().await;
    assert_eq!(verdict(&checks, "address").verdict, CheckVerdict::Passed);
    let sign_in = verdict(&checks, "sign-in");
    assert_eq!(sign_in.verdict, CheckVerdict::Failed);
    assert!(sign_in.advice.as_ref().is_some_and(|advice| advice.contains("Halo API")));
    assert_eq!(asked(&simulator, "token"), 1);

    let mut nowhere = connection(&simulator);
    nowhere.values.insert("base_url".to_owned(), "http://127.0.0.1:1".to_owned());
    let checks = open_as("halopsa", nowhere).check().await;
    assert_eq!(verdict(&checks, "address").verdict, CheckVerdict::Failed);

    let mut stranger = connection(&simulator);
    stranger.values.insert("tenant".to_owned(), "somebody".to_owned());
    let checks = open_as("halopsa", stranger).check().await;
    assert_eq!(verdict(&checks, "tenant").verdict, CheckVerdict::Warned);
}

#[tokio::test]
async fn missing_rights_for_extras_only_warn() {
    for how in ["forbidden", "unauthorized"] {
        let lacks = r#"agent_lacks=["read:contracts","read:invoices","read:tickets"]"#;
        let simulator = start_with(&[&format!("missing_right={how}"), lacks]).await;
        let checks = open(&simulator).check().await;
        for name in ["rights: read contracts", "rights: read recurring invoices", "rights: read tickets"] {
            assert_eq!(verdict(&checks, name).verdict, CheckVerdict::Warned, "{name}");
        }
        assert!(checks.iter().all(|check| check.verdict != CheckVerdict::Failed), "{checks:#?}");
        check(&simulator);
    }
}

#[tokio::test]
async fn empty_lists_are_suspected() {
    let simulator = start_with(&["missing_right=empty_list", r#"agent_lacks=["read:customers"]"#]).await;
    let checks = open(&simulator).check().await;
    let clients = verdict(&checks, "rights: read clients");
    assert_eq!(clients.verdict, CheckVerdict::Failed);
    assert!(clients.advice.as_ref().is_some_and(|advice| advice.contains("Allow use of all Customers")));

    let simulator = start_with(&["missing_right=empty_list", r#"agent_lacks=["read:assets"]"#]).await;
    let checks = open(&simulator).check().await;
    assert_eq!(verdict(&checks, "rights: read assets").verdict, CheckVerdict::Failed);
    check(&simulator);
}
