//! How far schedules were looked after.

use mothball::{
    domain::RunId,
    store::{Store, schedules::Mark},
};

use super::{on_every_store, samples::at};

on_every_store!(a_mark_moves_forward_and_never_back, of_many_who_mark_the_latest_stays);

async fn a_mark_moves_forward_and_never_back(store: &dyn Store) {
    assert!(store.schedule_marks().await.unwrap().is_empty());
    store.mark_schedule("nightly", at(10), None).await.unwrap();
    let (first, second) = (RunId::from("r1"), RunId::from("r2"));
    store.mark_schedule("nightly", at(20), Some(&first)).await.unwrap();
    // Late, and with a run of an earlier firing.
    store.mark_schedule("nightly", at(15), Some(&second)).await.unwrap();
    store.mark_schedule("weekly", at(5), Some(&second)).await.unwrap();
    store.mark_schedule("nightly", at(30), None).await.unwrap();
    let marks = store.schedule_marks().await.unwrap();
    assert_eq!(marks.len(), 2);
    assert_eq!(marks["nightly"], Mark { until: at(30), run: Some(first) });
    assert_eq!(marks["weekly"], Mark { until: at(5), run: Some(second) });
}

async fn of_many_who_mark_the_latest_stays(store: &dyn Store) {
    let marks = (0..20).map(|n| async move {
        let run = RunId::new(format!("r{n}"));
        store.mark_schedule("nightly", at((n * 7) % 20), Some(&run)).await.unwrap();
    });
    futures_util::future::join_all(marks).await;
    let mark = store.schedule_marks().await.unwrap().remove("nightly").unwrap();
    // 17 * 7 is 119, and that is 19 of 20.
    assert_eq!(mark, Mark { until: at(19), run: Some(RunId::from("r17")) });
}
