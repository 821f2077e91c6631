//! Setting webhooks up at the PSA: once, marked as ours, and taken away again without touching others.

use mothball::{
    psa::webhook::Registered,
    simulator::{Options, Switches},
};

use super::{check, connection, start};
use crate::support::{
    vendor,
    webhooks::{SECRET, registration},
};

const PUBLIC: &str = "https://hooks.msp.example/mothball";

async fn they_are_made_once_and_taken_away_again(psa: &'static str) {
    for switches in super::super::both_kinds() {
        let simulator = start(Options { psa: psa.to_owned(), switches, ..Options::default() }).await;
        let registrar = (vendor::room(psa).webhooks.registrar)(connection(&simulator)).unwrap();
        let before = registrar.list("test").await.unwrap();
        assert!(before.iter().all(|hook| !hook.ours), "{before:#?}");
        let made = registrar.register(&registration(psa, PUBLIC)).await.unwrap();
        assert!(!made.is_empty() && made.iter().all(|hook| hook.new && hook.ours), "{made:#?}");
        assert!(made.iter().all(|hook| hook.url == format!("{PUBLIC}/v1/webhooks/test")), "{made:#?}");
        let again = registrar.register(&registration(psa, PUBLIC)).await.unwrap();
        assert!(again.iter().all(|hook| !hook.new && hook.active), "{again:#?}");
        // Another profile's, by another address, are not these.
        let mut other = registration(psa, "https://elsewhere.example");
        "other".clone_into(&mut other.lock.profile);
        other.address = mothball::psa::webhook::Address::of("https://elsewhere.example", "other").unwrap();
        registrar.register(&other).await.unwrap();
        let ours: Vec<Registered> =
            registrar.list("test").await.unwrap().into_iter().filter(|hook| hook.ours).collect();
        assert_eq!(ours.len(), made.len());
        for hook in &ours {
            registrar.remove(hook).await.unwrap();
        }
        let left = registrar.list("test").await.unwrap();
        assert!(left.iter().all(|hook| !hook.ours), "{left:#?}");
        assert_eq!(left.len(), before.len() + made.len(), "the other profile's are still there");
        assert!(!format!("{made:?}{left:?}").contains(SECRET), "no secret is told");
        check(&simulator);
    }
}

async fn a_psa_that_does_not_let_us_says_so(psa: &'static str) {
    let mut switches = Switches::default();
    switches.autotask.refused_entities = vec!["CompanyWebhooks".to_owned()];
    switches.halopsa.agent_lacks = vec!["read:admin".to_owned(), "edit:admin".to_owned(), "admin".to_owned()];
    if psa == "connectwise" {
        return;
    }
    let simulator = start(Options { psa: psa.to_owned(), switches, ..Options::default() }).await;
    let registrar = (vendor::room(psa).webhooks.registrar)(connection(&simulator)).unwrap();
    let error = registrar.register(&registration(psa, PUBLIC)).await.unwrap_err();
    assert!(matches!(error, mothball::psa::PsaError::Permission { .. }), "{error}");
}

crate::support::vendor::on_every_psa!(
    they_are_made_once_and_taken_away_again,
    a_psa_that_does_not_let_us_says_so,
);
