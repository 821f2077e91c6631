//! The cheap look at one client that every event of the PSA begins with.

use std::time::Duration;

use mothball::{domain::ClientId, engine::Glance};

use super::{offboarded, one_client};
use crate::support::quick::Quick;

async fn it_tells_whether_there_is_anything_to_do(psa: &'static str) {
    let quick = Quick::new(one_client(psa, 2)).await;
    let left = offboarded(&quick.simulator).remove(0);
    let truth = quick.simulator.truth();
    let active = truth
        .companies
        .values()
        .find(|company| !company.offboarded.any() && !company.own && !company.deleted);
    let glance = async |id: &str| quick.engine.glance(&ClientId::from(id)).await.unwrap();
    if let Some(active) = active {
        quick.simulator.forget_requests();
        assert_eq!(glance(&active.id).await, Glance::Stays);
        // Setup lists of criteria by name are read as well; what an event of an active client costs stays small.
        assert!(quick.simulator.count() <= 12, "{} requests", quick.simulator.count());
    }
    for id in ["987654", "0", "nobody"] {
        assert_eq!(glance(id).await, Glance::Stays, "{id}");
    }
    assert_eq!(glance(&left).await, Glance::Left);
    let theirs: Vec<String> =
        truth.configurations.values().filter(|row| row.company == left).map(|row| row.id.clone()).collect();
    for id in &theirs {
        quick.simulator.edit(|edits| edits.set_active(id, false));
    }
    assert_eq!(glance(&left).await, Glance::NothingLeft);
    quick.simulator.edit(|edits| edits.bring_back(&left));
    assert_eq!(glance(&left).await, Glance::Stays);
    assert!(quick.simulator.writes().is_empty(), "a look writes nothing");
    quick.check().await;
}

crate::support::vendor::on_every_psa!(it_tells_whether_there_is_anything_to_do);

#[tokio::test(start_paused = true)]
async fn a_client_that_left_rests_from_the_first_look_on_and_anew_after_it_came_back() {
    let mut quick = Quick::in_virtual_time(one_client("connectwise", 2)).await;
    quick.engine.profile.safeguards.settle_hours = 2;
    let left = offboarded(&quick.simulator).remove(0);
    let id = ClientId::from(left.as_str());
    let Glance::Rests { until } = quick.engine.glance(&id).await.unwrap() else { panic!("it rests") };
    assert!(until >= quick.engine.now().plus_seconds(7_190));
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(quick.engine.glance(&id).await.unwrap(), Glance::Rests { until }, "the first look counts");
    tokio::time::advance(Duration::from_secs(3700)).await;
    assert_eq!(quick.engine.glance(&id).await.unwrap(), Glance::Left);
    quick.simulator.edit(|edits| edits.bring_back(&left));
    assert_eq!(quick.engine.glance(&id).await.unwrap(), Glance::Stays);
    quick.simulator.edit(|edits| edits.offboard(&left));
    assert!(matches!(quick.engine.glance(&id).await.unwrap(), Glance::Rests { .. }), "it rests anew");
    quick.check().await;
}
