//! What the processes of a team together may ask of one PSA.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use mothball::store::{
    Store,
    postgres::{Call, PostgresStore, Seat, Seated},
};
use sqlx::Executor;

use crate::support::postgres;

fn call(tenant: &str) -> Call {
    Call {
        tenant: tenant.to_owned(),
        seats: vec![("Companies".to_owned(), 3), (String::new(), 4)],
        requests: 40,
        window: Duration::from_hours(1),
        borrows: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_processes_no_more_calls_are_under_way_than_there_are_seats() {
    let Some(database) = postgres::database().await else { return };
    let stores = [database.open().await, database.open().await, database.open().await];
    let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let calls = (0..30).map(|n| {
        let (store, now, most) = (&stores[n % 3], &now, &most);
        async move {
            loop {
                match store.take_seats(&call("t")).await.unwrap() {
                    Seated::Yes { seats, .. } => {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(3)).await;
                        now.fetch_sub(1, Ordering::SeqCst);
                        return store.give_seats_back("t", &seats).await.unwrap();
                    }
                    Seated::Full => tokio::time::sleep(Duration::from_millis(3)).await,
                    Seated::Spent(_) => panic!("nothing was to be borrowed"),
                }
            }
        }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    // Another thing has seats of its own, and all things together have as many as there are.
    let about = |object: &str| Call { seats: vec![(object.to_owned(), 3), (String::new(), 4)], ..call("t") };
    for object in ["Companies", "Companies", "Companies", "Contacts"] {
        let seated = stores[0].take_seats(&about(object)).await.unwrap();
        assert!(matches!(seated, Seated::Yes { .. }), "{object}: {seated:?}");
    }
    assert_eq!(stores[1].take_seats(&about("Contacts")).await.unwrap(), Seated::Full);
    let other = stores[1].take_seats(&call("another tenant")).await.unwrap();
    assert!(matches!(other, Seated::Yes { .. }));
    // What a process did not give back is free when it has ended.
    stores[0].close().await;
    let seated = stores[1].take_seats(&about("Contacts")).await.unwrap();
    assert!(matches!(seated, Seated::Yes { .. }), "{seated:?}");
}

#[tokio::test]
async fn all_loans_together_are_not_more_than_the_window_has() {
    let Some(database) = postgres::database().await else { return };
    let stores = [database.open().await, database.open().await];
    let borrow = Call { seats: Vec::new(), borrows: true, ..call("t") };
    let mut lent = 0;
    for n in 0.. {
        match stores[n % 2].take_seats(&borrow).await.unwrap() {
            Seated::Yes { lent: calls, .. } => lent += calls,
            Seated::Spent(wait) => {
                assert!(wait > Duration::from_mins(50), "{wait:?}");
                break;
            }
            Seated::Full => panic!("no seat was asked for"),
        }
    }
    assert_eq!(lent, 40);
    let other = Call { tenant: "another".to_owned(), ..borrow };
    assert!(matches!(stores[0].take_seats(&other).await.unwrap(), Seated::Yes { lent: 2, .. }));
}

/// The seats of this call, if there were any.
async fn seated(store: &PostgresStore, call: &Call) -> Option<Vec<Seat>> {
    match store.take_seats(call).await.unwrap() {
        Seated::Yes { seats, .. } => Some(seats),
        _ => None,
    }
}

#[tokio::test]
async fn whoever_has_waited_longest_has_the_next_seat() {
    let Some(database) = postgres::database().await else { return };
    let (busy, waiting, third) = (database.open().await, database.open().await, database.open().await);
    let one = Call { seats: vec![(String::new(), 1)], ..call("t") };
    let mut taken = seated(&busy, &one).await.unwrap();
    for store in [&waiting, &third] {
        assert_eq!(seated(store, &one).await, None);
    }
    // Turn by turn, though the one that gives its seat back asks first each time.
    let turns = [&waiting, &third, &busy, &waiting, &third, &busy];
    let mut sits = &busy;
    for next in turns {
        sits.give_seats_back("t", &taken).await.unwrap();
        let others = [&busy, &waiting, &third].into_iter().filter(|store| !std::ptr::eq(*store, next));
        for other in std::iter::once(sits).chain(others) {
            assert_eq!(seated(other, &one).await, None, "it is not its turn");
        }
        taken = seated(next, &one).await.expect("it is its turn");
        sits = next;
    }
    // Who asks no more is not waited for.
    sits.give_seats_back("t", &taken).await.unwrap();
    while seated(sits, &one).await.is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_call_outlives_the_process_that_was_killed_over_it() {
    let Some(database) = postgres::database().await else { return };
    let (killed, other) = (database.open().await, database.open().await);
    let one = Call { seats: vec![(String::new(), 1)], ..call("t") };
    assert!(seated(&killed, &one).await.is_some());
    let mut past = database.raw().await;
    // No process has this number.
    past.execute("UPDATE processes SET pid = 4294967295 WHERE id = (SELECT process FROM seats)")
        .await
        .unwrap();
    assert_eq!(seated(&other, &one).await, None, "the PSA may still be at it");
    past.execute("UPDATE seats SET taken = taken - interval '1 minute'").await.unwrap();
    assert!(seated(&other, &one).await.is_some());
}
