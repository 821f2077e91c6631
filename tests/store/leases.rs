//! Who works on which client.

use std::process::Command;

use mothball::{
    domain::{ClientId, RunId},
    store::{Acquired, Claim, Holder, SqliteStore, Store},
    system::process::Identity,
};

use super::{on_every_store, samples::*};

on_every_store!(
    a_client_is_held_once,
    all_or_nothing_takes_nothing_when_one_is_held,
    an_ended_holder_is_replaced_and_a_living_one_never,
    only_one_of_many_gets_it,
);

fn own(operator: &str) -> Holder {
    Holder { process: Identity::own(), operator: operator.into() }
}

/// The number of a process that has ended.
fn ended() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

fn clients(ids: &[&str]) -> Vec<ClientId> {
    ids.iter().copied().map(ClientId::from).collect()
}

async fn take(store: &dyn Store, ids: &[&str], claim: Claim, run: &str, holder: &Holder) -> Acquired {
    let run = RunId::from(run);
    store.acquire(&tenant(), &clients(ids), claim, &run, holder, at(0)).await.unwrap()
}

async fn a_client_is_held_once(store: &dyn Store) {
    let jane = own("jane");
    assert_eq!(take(store, &["1", "2"], Claim::Free, "r1", &jane).await.taken, clients(&["1", "2"]));
    // The same run of the same process may ask again; another run may not.
    assert_eq!(take(store, &["1"], Claim::All, "r1", &jane).await.held, []);
    let second = take(store, &["2", "3"], Claim::Free, "r2", &own("joe")).await;
    assert_eq!(second.taken, clients(&["3"]));
    assert_eq!(second.held.len(), 1);
    assert_eq!((&second.held[0].run, &second.held[0].by), (&RunId::from("r1"), &jane));
    assert!(second.held[0].to_string().contains("client 2 is being worked on by run r1 (jane, process"));
    // Another tenant's client of the same number is another client.
    let elsewhere = store
        .acquire(&other_tenant(), &clients(&["1"]), Claim::All, &RunId::from("r3"), &jane, at(0))
        .await
        .unwrap();
    assert_eq!(elsewhere.taken, clients(&["1"]));
    store.release(&RunId::from("r1")).await.unwrap();
    assert_eq!(take(store, &["1", "2", "3"], Claim::Free, "r4", &jane).await.taken, clients(&["1", "2"]));
}

async fn all_or_nothing_takes_nothing_when_one_is_held(store: &dyn Store) {
    take(store, &["2"], Claim::All, "r1", &own("jane")).await;
    let refused = take(store, &["1", "2"], Claim::All, "r2", &own("joe")).await;
    assert_eq!((refused.taken.len(), refused.held.len()), (0, 1));
    assert_eq!(take(store, &["1"], Claim::All, "r3", &own("joe")).await.taken, clients(&["1"]));
}

async fn an_ended_holder_is_replaced_and_a_living_one_never(store: &dyn Store) {
    let living = own("jane");
    let gone = Holder { process: Identity { pid: ended(), ..Identity::own() }, operator: "gone".into() };
    let elsewhere = Holder {
        process: Identity { host: "another-host".into(), pid: ended(), boot: "earlier".into() },
        operator: "far".into(),
    };
    for (client, holder) in [("1", &gone), ("2", &living), ("3", &elsewhere)] {
        assert_eq!(take(store, &[client], Claim::All, "old", holder).await.taken.len(), 1);
    }
    let mut all = store.leases().await.unwrap();
    all.sort_by(|a, b| a.client.cmp(&b.client));
    let ended: Vec<bool> = all.iter().map(|held| held.ended).collect();
    assert_eq!(ended, [true, false, false], "all are told, whoever lives can be told apart");
    assert!(all.iter().all(|held| held.run.as_str() == "old"));
    let taken = take(store, &["1", "2", "3"], Claim::Free, "new", &own("joe")).await;
    assert_eq!(taken.taken, clients(&["1"]));
    let operators: Vec<_> = taken.held.iter().map(|held| held.by.operator.as_str()).collect();
    assert_eq!(operators, ["jane", "far"]);
    // A resume of the same run by another process is no exception while the first one lives.
    let parent = Holder {
        process: Identity { pid: std::os::unix::process::parent_id(), ..Identity::own() },
        operator: "x".into(),
    };
    assert_eq!(take(store, &["2"], Claim::All, "old", &parent).await.taken, []);
}

/// Where nobody else can be asked, a holder from before the last start of the computer has ended.
#[tokio::test]
async fn on_one_computer_a_holder_of_an_earlier_boot_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let before_boot =
        Holder { process: Identity { boot: "earlier".into(), ..Identity::own() }, operator: "old".into() };
    take(&store, &["1"], Claim::All, "old", &before_boot).await;
    assert_eq!(take(&store, &["1"], Claim::All, "new", &own("joe")).await.taken, clients(&["1"]));
}

/// The real thing: two processes have two handles on one file. Odd rounds are two runs, even ones the same run
/// resumed by two processes.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_races_each_has_one_holder() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(folder.path()).await.unwrap();
    let second = SqliteStore::open(folder.path()).await.unwrap();
    let here = own("jane");
    let there = Holder {
        process: Identity { pid: std::os::unix::process::parent_id(), ..Identity::own() },
        operator: "joe".into(),
    };
    for round in 0..1_000 {
        let (ours, theirs) = if round % 2 == 0 { ("r1", "r1") } else { ("r1", "r2") };
        let client = format!("c{}", round % 7);
        let wanted = [client.as_str(), "always"];
        let (a, b) = tokio::join!(
            take(&first, &wanted, Claim::All, ours, &here),
            take(&second, &wanted, Claim::All, theirs, &there)
        );
        assert_ne!(a.taken.is_empty(), b.taken.is_empty(), "round {round}: {a:?} {b:?}");
        let (loser, winner) = if a.taken.is_empty() { (&a, "joe") } else { (&b, "jane") };
        assert_eq!(loser.held.len(), 2, "round {round}");
        assert!(loser.held.iter().all(|held| held.by.operator == winner && held.since == at(0)));
        first.release(&RunId::from(ours)).await.unwrap();
        second.release(&RunId::from(theirs)).await.unwrap();
    }
    assert!(first.covers().contains(&folder.path().display().to_string()), "{}", first.covers());
    first.close().await;
    second.close().await;
}

async fn only_one_of_many_gets_it(store: &dyn Store) {
    for round in 0..20 {
        let client = format!("c{round}");
        let holder = own("jane");
        let tries = (0..8).map(|n| {
            let (client, holder) = (&client, &holder);
            async move { take(store, &[client], Claim::All, &format!("r{n}"), holder).await }
        });
        let won = futures_util::future::join_all(tries).await;
        assert_eq!(won.iter().filter(|acquired| !acquired.taken.is_empty()).count(), 1);
    }
}
