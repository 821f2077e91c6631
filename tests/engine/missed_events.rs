//! Events get lost. What webhooks did not tell of is found by the next sweep, all of it: an unattended run over every
//! client, within the limits for such runs.

use std::collections::BTreeSet;

use mothball::{
    domain::{Origin, Phase, safeguards::OnLimit, selection::Scope},
    engine::{Ask, Begun, Order, Who},
    simulator::Simulator,
    system::environment,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{offboarded, uniform};
use crate::support::{quick::Quick, world::client};

/// Of the thousand that the promise speaks of, as many as a test has time for; `MOTHBALL_EVENTS=1000` takes all.
const EVENTS: usize = 200;

fn events() -> usize {
    environment::variable("MOTHBALL_EVENTS").and_then(|many| many.parse().ok()).unwrap_or(EVENTS)
}

/// What a trigger asks for: nobody watches.
fn order(ask: Ask, origin: Origin) -> Order {
    let who =
        Who { operator: "mothball serve".into(), origin, attended: false, links: true, ..Who::default() };
    Order {
        ask,
        statuses: Vec::new(),
        scope: Scope::default(),
        require_approval: false,
        limit_clients: None,
        max_changes: None,
        who,
    }
}

async fn begun(quick: &Quick, order: &Order) -> Begun {
    let planned = quick.engine.plan(order).await;
    quick.engine.begin(order, planned).await.unwrap()
}

fn active_clients(simulator: &Simulator) -> BTreeSet<String> {
    let wanted: BTreeSet<String> = offboarded(simulator).into_iter().collect();
    let truth = simulator.truth();
    let active = truth.configurations.values().filter(|one| one.is_active() && wanted.contains(&one.company));
    active.map(|one| one.company.clone()).collect()
}

/// Seven of ten events arrive, and each is worked off; tells which clients the others were about.
async fn with_three_of_ten_lost(quick: &Quick) -> BTreeSet<String> {
    let mut dice = StdRng::seed_from_u64(30);
    let mut lost = BTreeSet::new();
    for id in offboarded(&quick.simulator) {
        if dice.random_bool(0.3) {
            lost.insert(id);
            continue;
        }
        let origin = Origin::Webhook { event: format!("about {id}") };
        let Begun::Applies(handle) = begun(quick, &order(client(&id), origin)).await else { panic!("{id}") };
        assert_eq!(handle.wait().await.state.phase, Phase::Finished, "{id}");
    }
    assert_eq!(active_clients(&quick.simulator), lost, "each event was worked off, and no more");
    assert!(lost.len() * 10 > events() * 2, "{}", lost.len());
    lost
}

#[tokio::test]
async fn the_sweep_finds_every_client_whose_event_was_lost() {
    let mut quick = Quick::new(uniform("connectwise", events(), 1)).await;
    let safeguards = &mut quick.engine.profile.safeguards;
    (safeguards.max_clients_unattended, safeguards.max_share, safeguards.max_new_offboarded) =
        (10_000, 1.0, 1.0);
    let lost = with_three_of_ten_lost(&quick).await;
    let sweep = order(Ask::All, Origin::Schedule { name: "sweep:test".into() });
    let Begun::Applies(handle) = begun(&quick, &sweep).await else { panic!("it goes on") };
    let finished = handle.wait().await;
    let found = finished.plan.as_ref().unwrap().clients();
    assert_eq!(found.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), lost);
    assert!(finished.state.is_success());
    assert_eq!(active_clients(&quick.simulator), BTreeSet::new());
    quick.check().await;
}

/// With the limits as they are, so many clients at once wait for a person, all of them.
#[tokio::test]
async fn a_sweep_that_finds_too_much_waits_for_a_person_with_all_that_it_found() {
    let mut quick = Quick::new(uniform("connectwise", 40, 1)).await;
    quick.engine.profile.safeguards.on_limit = OnLimit::Park;
    let sweep = order(Ask::All, Origin::Schedule { name: "sweep:test".into() });
    let Begun::Parked(finished) = begun(&quick, &sweep).await else { panic!("it waits") };
    assert_eq!(finished.plan.as_ref().unwrap().clients().len(), 40);
    assert!(quick.simulator.writes().is_empty());
    quick.check().await;
}
