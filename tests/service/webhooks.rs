//! What becomes of a webhook: put down once and durably, then a look, and nothing more than that.

use std::{collections::BTreeSet, sync::Arc};

use mothball::{
    domain::{ClientId, ConfigId, Origin},
    service::webhooks::{Answer, LARGEST, Look, Seen, Way, Ways, look},
    store::{Job, MemoryStore, Queue},
};

use crate::{
    engine::offboarded,
    support::{
        quick::Quick,
        webhooks::{Caught, bare_door, callback, one_key, proven},
    },
};

fn ways(psa: &str) -> Ways {
    let mut ways = Ways::default();
    ways.open("test", Way { door: bare_door(psa, one_key()), again: 429 });
    ways
}

/// A webhook about a client of this number.
fn about(psa: &str, client: i64) -> Vec<u8> {
    match psa {
        "connectwise" => callback(client, "key"),
        "autotask" => {
            format!(r#"{{"Action":"Update","EntityType":"Account","Id":{client},"SequenceNumber":1}}"#)
                .into_bytes()
        }
        _ => format!(r#"{{"id":"8e25bc7b","event":"customer updated","object_id":{client}}}"#).into_bytes(),
    }
}

async fn receive(ways: &Ways, profile: &str, caught: &Caught, queue: &dyn Queue) -> Answer {
    let headers = caught.headers();
    let at = mothball::system::Clock::system().now();
    let delivery =
        mothball::psa::webhook::Delivery { query: &caught.query, headers: &headers, body: &caught.body, at };
    ways.receive(profile, &delivery, queue).await
}

async fn jobs(store: &MemoryStore) -> Vec<Job> {
    store.jobs().await.unwrap()
}

async fn the_same_event_a_thousand_times_is_one_job(psa: &'static str) {
    let (ways, store) = (Arc::new(ways(psa)), Arc::new(MemoryStore::new()));
    let caught = proven(psa, &about(psa, 250));
    let knocks = (0..1_000).map(|_| {
        let (ways, store, caught) = (Arc::clone(&ways), Arc::clone(&store), caught.clone());
        tokio::spawn(async move { receive(&ways, "test", &caught, store.as_ref()).await })
    });
    for knock in knocks.collect::<Vec<_>>() {
        assert_eq!(knock.await.unwrap(), Answer::Taken);
    }
    let jobs = jobs(&store).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        jobs[0].new.task,
        serde_json::json!({ "task": "look", "at": { "client": "250" } }),
        "nothing else of it is kept"
    );
    assert!(matches!(&jobs[0].new.origin, Origin::Webhook { event } if event.len() == 16));
    assert_eq!(receive(&ways, "test", &proven(psa, &about(psa, 251)), store.as_ref()).await, Answer::Taken);
    assert_eq!(self::jobs(&store).await.len(), 2, "another event is another job");
}

async fn what_is_not_the_psas_puts_nothing_down(psa: &'static str) {
    let (ways, store) = (ways(psa), MemoryStore::new());
    let valid = proven(psa, &about(psa, 250));
    let mut unproven = valid.clone();
    unproven.headers.clear();
    assert_eq!(receive(&ways, "test", &unproven, &store).await, Answer::Away);
    assert_eq!(receive(&ways, "other", &valid, &store).await, Answer::Nowhere);
    assert_eq!(receive(&Ways::default(), "test", &valid, &store).await, Answer::Nowhere);
    let large = proven(psa, &vec![b' '; LARGEST + 1]);
    assert_eq!(receive(&ways, "test", &large, &store).await, Answer::TooLarge);
    let other = match psa {
        "connectwise" => {
            String::from_utf8(callback(7, "key")).unwrap().replace("\"company\"", "\"ticket\"").into_bytes()
        }
        "autotask" => br#"{"Action":"Deactivated","Guid":"6f1b"}"#.to_vec(),
        _ => br#"{"event":"ticket updated","object_id":7}"#.to_vec(),
    };
    assert_eq!(
        receive(&ways, "test", &proven(psa, &other), &store).await,
        Answer::Taken,
        "it is of no concern"
    );
    assert_eq!(jobs(&store).await, []);
}

async fn a_look_at_a_client_that_did_not_leave_does_nothing(psa: &'static str) {
    let quick = Quick::new(mothball::simulator::Options { psa: psa.to_owned(), ..Default::default() }).await;
    let left: BTreeSet<String> = offboarded(&quick.simulator).into_iter().collect();
    let truth = quick.simulator.truth();
    let stays = truth.companies.values().find(|company| company.role == "active").unwrap();
    let own = truth.companies.values().find(|company| company.own).unwrap();
    let theirs =
        truth.configurations.values().find(|row| row.company == stays.id && row.is_active()).unwrap();
    for nothing in [
        Look::Client(ClientId::from(stays.id.as_str())),
        Look::Client(ClientId::from(own.id.as_str())),
        Look::Client(ClientId::from("987654")),
        Look::Configuration(ConfigId::from(theirs.id.as_str())),
        Look::Configuration(ConfigId::from("98765432")),
    ] {
        let seen = look(&quick.engine, &nothing).await.unwrap();
        assert!(matches!(seen, Seen::Nothing(_)), "{nothing:?}: {seen:?}");
    }
    let item =
        truth.configurations.values().find(|row| left.contains(&row.company) && row.is_active()).unwrap();
    let seen = look(&quick.engine, &Look::Configuration(ConfigId::from(item.id.as_str()))).await.unwrap();
    assert_eq!(seen, Seen::Left(ClientId::from(item.company.as_str())));
    quick.simulator.edit(|edits| edits.set_active(&item.id, false));
    let seen = look(&quick.engine, &Look::Configuration(ConfigId::from(item.id.as_str()))).await.unwrap();
    assert!(matches!(seen, Seen::Nothing(_)), "{seen:?}");
    assert!(quick.simulator.writes().is_empty());
    quick.check().await;
}

crate::support::vendor::on_every_psa!(
    the_same_event_a_thousand_times_is_one_job,
    what_is_not_the_psas_puts_nothing_down,
    a_look_at_a_client_that_did_not_leave_does_nothing,
);

#[tokio::test]
async fn events_that_come_together_are_put_down_together() {
    let (ways, store) = (ways("halopsa"), MemoryStore::new());
    let body = br#"[{"id":"a","event":"asset updated","object_id":42},{"id":"b","event":"customer updated","object_id":12},
        {"id":"c","event":"asset updated","object_id":42},{"id":"d","event":"ticket updated","object_id":1}]"#;
    assert_eq!(receive(&ways, "test", &proven("halopsa", body), &store).await, Answer::Taken);
    let tasks: BTreeSet<String> = jobs(&store).await.iter().map(|job| job.new.task.to_string()).collect();
    let wanted =
        [r#"{"at":{"client":"12"},"task":"look"}"#, r#"{"at":{"configuration":"42"},"task":"look"}"#];
    assert_eq!(tasks, wanted.into_iter().map(str::to_owned).collect());
}
