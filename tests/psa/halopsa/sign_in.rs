//! Tokens: got without credentials in the wrong place, kept, renewed once, and refused for good.

use mothball::{
    domain::{ClientId, Criteria},
    psa::{PsaError, port::ClientScope},
    simulator::{Options, Simulator},
};

use super::{asked, start, start_with};
use crate::psa::{check, connection, open, open_as};

fn everybody(simulator: &Simulator) -> Vec<ClientId> {
    simulator.truth().companies.keys().map(|id| ClientId::from(id.as_str())).collect()
}

#[tokio::test]
async fn one_token_serves_all_calls_that_begin_together() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let ids = everybody(&simulator);
    let calls = ids.iter().map(|id| psa.configurations(std::slice::from_ref(id), None));
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(asked(&simulator, "token"), 1);
    assert_eq!(asked(&simulator, "AuthInfo"), 1);
    check(&simulator);
}

#[tokio::test]
async fn a_token_that_runs_out_in_mid_run_is_renewed() {
    let simulator = start_with(&["tokens_revoked_after=5"]).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    for id in everybody(&simulator).iter().take(20) {
        psa.configurations(std::slice::from_ref(id), None).await.unwrap();
    }
    let tokens = asked(&simulator, "token");
    assert!((3..=6).contains(&tokens), "{tokens} tokens for about 20 requests");
    check(&simulator);
}

#[tokio::test]
async fn a_secret_that_is_replaced_in_mid_run_stops_everything_at_the_first_refusal() {
    let simulator = start_with(&["secret_rotated_after=6"]).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    let mut refused = None;
    for id in everybody(&simulator) {
        if let Err(error) = psa.configurations(&[id], None).await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(&refused, Some(PsaError::SignIn { .. })), "{refused:?}");
    let before = simulator.count();
    assert!(matches!(psa.active_configurations().await, Err(PsaError::SignIn { .. })));
    assert_eq!(simulator.count(), before, "something was sent after the refusal");
    assert_eq!(asked(&simulator, "token"), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_tried_once() {
    for status in ["bad_client_status=401", "bad_client_status=400"] {
        let simulator = start_with(&[status]).await;
        let mut wrong = connection(&simulator);
        wrong.secrets.insert("client_secret".to_owned(), "wrong".to_owned().into());
        let psa = open_as("halopsa", wrong);
        match psa.tenant().await {
            Err(PsaError::SignIn { message }) => assert!(message.contains("client_secret"), "{message}"),
            other => panic!("{other:?}"),
        }
        assert!(psa.active_configurations().await.is_err());
        assert_eq!(asked(&simulator, "token"), 1, "a refused sign-in was tried again");
    }
}

#[tokio::test]
async fn a_wrong_tenant_is_told_as_such() {
    for how in ["refused", "server_error"] {
        let simulator = start_with(&[&format!("wrong_tenant={how}")]).await;
        let mut wrong = connection(&simulator);
        wrong.values.insert("tenant".to_owned(), "somebody".to_owned());
        match open_as("halopsa", wrong).tenant().await {
            Err(PsaError::SignIn { message }) => {
                assert!(message.contains("\"somebody\""), "{how}: {message}");
            }
            other => panic!("{how}: {other:?}"),
        }
        assert_eq!(asked(&simulator, "token"), 1, "{how}");
    }
}

#[tokio::test]
async fn the_tenant_need_not_be_named() {
    let simulator = start(Options::default()).await;
    let named = open(&simulator).tenant().await.unwrap();
    let mut unnamed = connection(&simulator);
    unnamed.values.remove("tenant");
    unnamed.values.insert("base_url".to_owned(), format!("{}/api/", simulator.base_url()));
    assert_eq!(open_as("halopsa", unnamed).tenant().await.unwrap(), named);
    let host = simulator.base_url().replace("http://", "");
    assert!(named.id.starts_with(&format!("{host}/")) && named.psa == "halopsa", "{named:?}");
    check(&simulator);
}

#[tokio::test]
async fn a_right_that_is_missing_at_one_address_costs_one_token_and_leaves_the_rest_alone() {
    let simulator = start_with(&["missing_right=unauthorized", r#"agent_lacks=["read:contracts"]"#]).await;
    let psa = open(&simulator);
    let criteria = Criteria { contract_ended_days: Some(30), ..Criteria::default() };
    for _ in 0..3 {
        match psa.clients(ClientScope::Candidates, &criteria).await {
            Err(PsaError::Permission { message }) => assert!(message.contains("read:contracts"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(asked(&simulator, "token"), 2);
    let ids = everybody(&simulator);
    assert!(psa.configurations(&ids, None).await.is_ok());
    check(&simulator);
}
