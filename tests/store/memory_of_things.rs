//! Refused sign-ins, sweeps, holds, requests.

use mothball::{
    domain::{ClientId, ConfigId, RunId},
    store::{Hold, Request, Sighting, Store, Sweep, Wish, rests_until, sign_in_key},
};

use super::{on_every_store, samples::*};

on_every_store!(
    a_refused_sign_in_is_remembered_until_forgotten,
    the_last_look_at_all_clients_is_known_per_profile,
    holds_hold_until_their_end,
    requests_are_handed_out_once,
);

async fn a_refused_sign_in_is_remembered_until_forgotten(store: &dyn Store) {
    let key = sign_in_key("na.example", "acme+key", ["secret"]);
    assert_eq!(store.refusal(&key).await.unwrap(), None);
    store.remember_refusal(&key, at(5)).await.unwrap();
    store.remember_refusal(&key, at(9)).await.unwrap();
    assert_eq!(store.refusal(&key).await.unwrap(), Some(at(9)));
    assert_eq!(store.refusal(&sign_in_key("na.example", "acme+key", ["new"])).await.unwrap(), None);
    assert_eq!(rests_until(at(9)), at(309));
    let later = sign_in_key("na.example", "another", ["secret"]);
    store.remember_refusal(&later, at(86_000)).await.unwrap();
    assert_eq!(store.refusal(&key).await.unwrap(), Some(at(9)));
    store.remember_refusal(&later, at(87_000)).await.unwrap();
    assert_eq!(store.refusal(&key).await.unwrap(), None, "a day later nobody asks");
    store.forget_refusal(&later).await.unwrap();
    assert_eq!(store.refusal(&later).await.unwrap(), None);
    store.forget_refusal(&key).await.unwrap();
    assert_eq!(store.refusal(&key).await.unwrap(), None);
}

async fn the_last_look_at_all_clients_is_known_per_profile(store: &dyn Store) {
    let sweep = |seconds, ids: &[&str]| Sweep {
        all_at: Some(at(seconds)),
        clients: ids
            .iter()
            .map(|id| (ClientId::from(*id), Sighting { since: at(seconds), accepted: *id != "1" }))
            .collect(),
    };
    assert_eq!(store.last_offboarded(&tenant(), "main").await.unwrap(), None);
    store.record_offboarded(&tenant(), "main", &sweep(1, &["1"])).await.unwrap();
    store.record_offboarded(&tenant(), "main", &sweep(2, &["1", "2"])).await.unwrap();
    let single = Sweep { all_at: None, ..sweep(3, &["7"]) };
    store.record_offboarded(&tenant(), "other", &single).await.unwrap();
    assert_eq!(store.last_offboarded(&tenant(), "other").await.unwrap(), Some(single));
    assert_eq!(store.last_offboarded(&tenant(), "main").await.unwrap(), Some(sweep(2, &["1", "2"])));
    assert_eq!(store.last_offboarded(&other_tenant(), "main").await.unwrap(), None);
}

async fn holds_hold_until_their_end(store: &dyn Store) {
    let hold = |id: &str, until| Hold {
        config_id: ConfigId::from(id),
        reason: "still needed".into(),
        by: "jane".into(),
        at: at(0),
        until,
    };
    for (id, until) in [("10", None), ("9", Some(at(100))), ("8", Some(at(50)))] {
        store.put_hold(&tenant(), &hold(id, until)).await.unwrap();
    }
    let ids = |holds: Vec<Hold>| -> Vec<String> {
        holds.into_iter().map(|hold| hold.config_id.to_string()).collect()
    };
    assert_eq!(ids(store.holds(&tenant(), at(49)).await.unwrap()), ["8", "9", "10"]);
    assert_eq!(ids(store.holds(&tenant(), at(50)).await.unwrap()), ["9", "10"]);
    assert_eq!(ids(store.holds(&other_tenant(), at(0)).await.unwrap()), [""; 0]);
    store.put_hold(&tenant(), &hold("9", None)).await.unwrap();
    assert_eq!(store.holds(&tenant(), at(500)).await.unwrap(), [hold("9", None), hold("10", None)]);
    assert!(store.remove_hold(&tenant(), &ConfigId::from("9")).await.unwrap());
    assert!(!store.remove_hold(&tenant(), &ConfigId::from("9")).await.unwrap());
    assert!(!store.remove_hold(&other_tenant(), &ConfigId::from("10")).await.unwrap());
}

async fn requests_are_handed_out_once(store: &dyn Store) {
    let run = RunId::from("r1");
    let request = |wish, seconds| Request { wish, by: "joe".into(), at: at(seconds) };
    assert_eq!(store.take_requests(&run).await.unwrap(), []);
    store.put_request(&run, &request(Wish::Pause, 1)).await.unwrap();
    store.put_request(&RunId::from("r2"), &request(Wish::Stop, 1)).await.unwrap();
    store.put_request(&run, &request(Wish::Cancel, 2)).await.unwrap();
    let expected = [request(Wish::Pause, 1), request(Wish::Cancel, 2)];
    assert_eq!(store.take_requests(&run).await.unwrap(), expected);
    assert_eq!(store.take_requests(&run).await.unwrap(), []);
    assert_eq!(store.take_requests(&RunId::from("r2")).await.unwrap().len(), 1);
    // A request that came too late is not for whoever resumes the run.
    store.put_request(&run, &request(Wish::Cancel, 3)).await.unwrap();
    store.release(&run).await.unwrap();
    assert_eq!(store.take_requests(&run).await.unwrap(), []);
}
