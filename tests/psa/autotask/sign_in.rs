//! Signing in: zones that move, secrets that are wrong, and how often that is tried.

use mothball::{
    domain::{ClientId, Criteria, event::Notice},
    psa::{PsaError, port::ClientScope},
    simulator::{
        Options, Simulator,
        faults::{Kind, Plan, Rule},
    },
};

use super::{asked, start, start_with};
use crate::psa::{check, connection, open, open_as};

fn refused(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|seen| seen.with_credentials && !seen.authorised).count()
}

fn everybody(simulator: &Simulator) -> Vec<ClientId> {
    simulator.truth().companies.keys().map(|id| ClientId::from(id.as_str())).collect()
}

#[tokio::test]
async fn a_wrong_secret_is_one_401_after_one_more_look_for_the_zone() {
    for body in ["unauthorized_body=errors", "unauthorized_body=empty"] {
        let simulator = start_with(&[body]).await;
        let mut wrong = connection(&simulator);
        wrong.secrets.insert("secret".to_owned(), "wr$ng~*#@".to_owned().into());
        let psa = open_as("autotask", wrong);
        for _ in 0..3 {
            match psa.tenant().await {
                Err(PsaError::SignIn { message }) => {
                    assert!(message.contains("secret is wrong"), "{message}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(refused(&simulator), 1, "a refused sign-in was tried again");
        assert_eq!(asked(&simulator, "ZoneInformation"), 2);
        check(&simulator);
    }
}

#[tokio::test]
async fn a_wrong_integration_code_is_told_as_such_and_not_tried_again() {
    let simulator = start(Options::default()).await;
    let mut wrong = connection(&simulator);
    wrong.secrets.insert("integration_code".to_owned(), "WRONG".to_owned().into());
    let psa = open_as("autotask", wrong);
    for _ in 0..2 {
        match psa.tenant().await {
            Err(PsaError::SignIn { message }) => assert!(message.contains("integration_code"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused(&simulator), 1);
    check(&simulator);
}

#[tokio::test]
async fn an_unknown_user_is_found_out_without_credentials() {
    let simulator = start(Options::default()).await;
    let mut wrong = connection(&simulator);
    wrong.values.insert("user_name".to_owned(), "nobody@msp.example".to_owned());
    let psa = open_as("autotask", wrong);
    for _ in 0..2 {
        match psa.tenant().await {
            Err(PsaError::SignIn { message }) => assert!(message.contains("nobody@msp.example"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((simulator.count(), asked(&simulator, "ZoneInformation")), (1, 1));
    check(&simulator);
}

#[tokio::test]
async fn the_wrong_zone_is_left_after_one_401() {
    let simulator = start_with(&["wrong_zone_first=true"]).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    let listing = psa.configurations(&everybody(&simulator), None).await.unwrap();
    assert!(!listing.rows().is_empty());
    assert_eq!(refused(&simulator), 1);
    assert_eq!(asked(&simulator, "ZoneInformation"), 2);
    check(&simulator);
}

#[tokio::test]
async fn a_tenant_that_moves_while_we_read_stays_the_same_tenant() {
    for after in [1, 2, 5, 9] {
        let simulator = start_with(&[&format!("zone_moves_after={after}")]).await;
        let psa = open(&simulator);
        let before = psa.tenant().await.unwrap();
        let criteria = Criteria { inactive: true, ..Criteria::default() };
        psa.clients(ClientScope::Candidates, &criteria).await.unwrap();
        let listing = psa.configurations(&everybody(&simulator), None).await.unwrap();
        let there = simulator.truth().configurations.values().filter(|row| !row.hidden).count();
        assert_eq!(listing.rows().len(), there);
        assert!(asked(&simulator, "ZoneInformation") == 2, "after {after}");
        let again = open(&simulator).tenant().await.unwrap();
        assert!(before.is_same_as(&again), "{before} {again}");
        check(&simulator);
    }
}

#[tokio::test]
async fn a_secret_that_is_rotated_meanwhile_stops_everything() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    psa.tenant().await.unwrap();
    simulator.set_faults(Plan::of(vec![Rule::always(Kind::Empty401)]));
    let clients = everybody(&simulator);
    for _ in 0..3 {
        assert!(matches!(psa.configurations(&clients, None).await, Err(PsaError::SignIn { .. })));
    }
    let with_credentials = simulator.requests().iter().filter(|seen| seen.with_credentials).count();
    assert!(with_credentials <= 5, "{with_credentials} calls with a secret that was refused");
}

#[tokio::test]
async fn the_hourly_pool_is_looked_at_before_it_is_asked_for_and_the_wait_is_told() {
    let simulator = start_with(&["pool=200", "foreign_per_minute=1"]).await;
    let mut hasty = connection(&simulator);
    hasty.patience = Some(std::time::Duration::from_secs(3));
    let psa = open_as("autotask", hasty);
    let mut told = psa.notices();
    let clients = everybody(&simulator);
    let error = loop {
        if let Err(error) = psa.configurations(&clients, None).await {
            break error;
        }
    };
    match error {
        PsaError::Unreachable { gave_up: true, message } => {
            assert!(message.contains("of the 200 requests"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let pool = psa.pool().await.unwrap();
    assert_eq!((pool.limit, pool.window_seconds), (200, 3600));
    assert!(pool.used <= 160, "nothing is sent above 75 %: {pool:?}");
    let turned_away = simulator.requests().iter().filter(|seen| seen.status == 429).count();
    assert_eq!(turned_away, 0);
    assert!(told.try_recv().is_err(), "no wait longer than the patience is begun");
    check(&simulator);
}

#[tokio::test]
async fn a_person_is_told_what_is_waited_for() {
    let simulator = start_with(&["pool=100"]).await;
    let mut with_a_person = connection(&simulator);
    with_a_person.patience = None;
    let psa = open_as("autotask", with_a_person);
    let mut told = psa.notices();
    let clients = everybody(&simulator);
    let reading = async {
        loop {
            psa.configurations(&clients, None).await.unwrap();
        }
    };
    let notice = tokio::select! {
        () = reading => unreachable!("it never ends"),
        notice = told.recv() => notice.unwrap(),
    };
    match notice {
        Notice::Waiting { why, .. } => assert!(why.contains("of the 100 requests"), "{why}"),
        other => panic!("{other:?}"),
    }
    check(&simulator);
}
