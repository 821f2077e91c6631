//! Webhooks: what the simulated PSA sends gets in and says what changed; what anybody else makes of it does not.

mod forged;
mod keys;
mod registering;

use std::time::Duration;

use mothball::{
    domain::{ClientId, ConfigId},
    psa::webhook::{About, Told},
    simulator::{Options, Simulator, Switches},
};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{check, connection, start};
use crate::support::{
    vendor,
    webhooks::{Caught, catcher, door, registration},
};

/// A simulator whose webhooks are set up, and what they send.
async fn listening(psa: &str, switches: Switches) -> (Simulator, UnboundedReceiver<Caught>) {
    let simulator = start(Options { psa: psa.to_owned(), switches, ..Options::default() }).await;
    let (url, caught) = catcher().await;
    let registrar = (vendor::room(psa).webhooks.registrar)(connection(&simulator)).unwrap();
    let made = registrar.register(&registration(psa, &url)).await.expect("webhooks can be set up");
    assert!(made.iter().all(|hook| hook.ours && hook.active && hook.new), "{made:#?}");
    (simulator, caught)
}

/// The next thing that the simulator sends; it does so at once.
async fn next(caught: &mut UnboundedReceiver<Caught>) -> Caught {
    tokio::time::timeout(Duration::from_secs(20), caught.recv())
        .await
        .expect("it was sent")
        .expect("it listens")
}

fn somebody(simulator: &Simulator, role: &str) -> String {
    simulator
        .truth()
        .companies
        .values()
        .find(|company| company.role == role)
        .expect("there is one")
        .id
        .clone()
}

fn an_active_item(simulator: &Simulator) -> String {
    simulator.truth().configurations.values().find(|row| row.is_active()).expect("there is one").id.clone()
}

async fn what_the_psa_sends_gets_in_and_says_what_changed(psa: &'static str) {
    for switches in super::both_kinds() {
        let (simulator, mut caught) = listening(psa, switches).await;
        let door = door(&simulator);
        let client = somebody(&simulator, "active");
        simulator.edit(|edits| edits.offboard(&client));
        let told: Vec<Told> = next(&mut caught).await.knock(door.as_ref()).await.expect("it gets in");
        assert_eq!(told[0].about, About::Client(ClientId::from(client.as_str())));
        let item = an_active_item(&simulator);
        simulator.edit(|edits| edits.set_active(&item, false));
        let told = next(&mut caught).await.knock(door.as_ref()).await.expect("it gets in");
        assert_eq!(told[0].about, About::Configuration(ConfigId::from(item.as_str())));
        check(&simulator);
    }
}

async fn the_same_event_is_known_again_and_another_is_not(psa: &'static str) {
    let (simulator, mut caught) = listening(psa, Switches::default()).await;
    let door = door(&simulator);
    let item = an_active_item(&simulator);
    simulator.edit(|edits| edits.set_active(&item, false));
    simulator.edit(|edits| edits.set_active(&item, true));
    let (first, second) = (next(&mut caught).await, next(&mut caught).await);
    let event =
        async |caught: &Caught| caught.knock(door.as_ref()).await.expect("it gets in").remove(0).event;
    let known = event(&first).await;
    assert_eq!(event(&first).await, known);
    assert_ne!(event(&second).await, known);
}

crate::support::vendor::on_every_psa!(
    what_the_psa_sends_gets_in_and_says_what_changed,
    the_same_event_is_known_again_and_another_is_not,
);
