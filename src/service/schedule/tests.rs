use std::sync::Mutex;

use jiff::tz::TimeZone;

use super::*;
use crate::{
    domain::{
        cadence::Cadence,
        schedule::{Inputs, Missed},
    },
    store::{Holder, MemoryStore, Queue as _, Schedules as _},
    system::process::Identity,
};

/// A clock that a test sets.
#[derive(Clone)]
struct Dial(Arc<Mutex<Timestamp>>);

impl Dial {
    fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(at(text))))
    }

    fn set(&self, text: &str) {
        *self.0.lock().unwrap() = at(text);
    }

    fn clock(&self) -> Clock {
        let dial = Arc::clone(&self.0);
        Clock::telling(move || {
            let seconds = dial.lock().unwrap().seconds_since(Timestamp::from_seconds(0));
            jiff::Timestamp::from_second(seconds as i64).unwrap()
        })
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn schedule(line: &str, missed: Missed) -> Schedule {
    Schedule {
        name: "nightly".to_owned(),
        cadence: Cadence::new(line, TimeZone::UTC).unwrap(),
        profile: "main".to_owned(),
        inputs: Inputs::default(),
        missed,
        missed_within_hours: 12,
        jitter_seconds: 60,
    }
}

fn scheduler(store: &Arc<MemoryStore>, dial: &Dial, schedule: Schedule) -> Scheduler {
    let task: Task = Box::new(|schedule| serde_json::json!({ "schedule": schedule.name }));
    Scheduler::new(vec![schedule], Arc::clone(store) as Arc<dyn Store>, dial.clock(), task)
}

fn holder() -> Holder {
    Holder { process: Identity::own(), operator: "test".to_owned() }
}

/// Does whatever the queue has, as a worker would.
async fn work_off(store: &MemoryStore, dial: &Dial) -> Vec<NewJob> {
    let mut done = Vec::new();
    let now = *dial.0.lock().unwrap();
    while let Some(job) = store.take_job(&holder(), now.plus_seconds(3_600)).await.unwrap() {
        store.finish_job(&job.new.run, now, None).await.unwrap();
        done.push(job.new);
    }
    done
}

#[tokio::test]
async fn one_of_several_processes_puts_a_firing_down() {
    let store = Arc::new(MemoryStore::new());
    let dial = Dial::at("2026-11-26T12:00:00Z");
    let mut all: Vec<Scheduler> =
        (0..3).map(|_| scheduler(&store, &dial, schedule("30 2 * * *", Missed::Skip))).collect();
    for one in &mut all {
        assert_eq!(one.look().await.unwrap(), LOOK, "nothing is near");
    }
    for day in 27..30 {
        dial.set(&format!("2026-11-{day}T02:30:01Z"));
        for one in &mut all {
            one.look().await.unwrap();
            one.look().await.unwrap();
        }
        let jobs = work_off(&store, &dial).await;
        assert_eq!(jobs.len(), 1, "{jobs:#?}");
        let firing = at(&format!("2026-11-{day}T02:30:00Z"));
        assert_eq!(jobs[0].origin, Origin::Schedule { name: "nightly".to_owned() });
        assert_eq!(jobs[0].task, serde_json::json!({ "schedule": "nightly" }));
        assert_eq!(jobs[0].lane.as_deref(), Some("schedule:nightly"));
        let late = jobs[0].not_before.seconds_since(firing);
        assert!((1.0..=60.0).contains(&late), "{late}");
        let mark = store.schedule_marks().await.unwrap().remove("nightly").unwrap();
        assert_eq!(mark.run.as_ref(), Some(&jobs[0].run));
    }
}

#[tokio::test]
async fn it_is_looked_again_when_the_next_firing_is_due() {
    let store = Arc::new(MemoryStore::new());
    let dial = Dial::at("2026-11-26T02:29:50Z");
    let mut one = scheduler(&store, &dial, schedule("30 2 * * *", Missed::Skip));
    let wait = one.look().await.unwrap();
    assert!((Duration::from_secs(10)..Duration::from_secs(11)).contains(&wait), "{wait:?}");
}

#[tokio::test]
async fn what_is_due_while_the_last_run_goes_on_is_passed_over() {
    let store = Arc::new(MemoryStore::new());
    let dial = Dial::at("2026-11-26T12:00:30Z");
    let mut one = scheduler(&store, &dial, schedule("*/10 * * * *", Missed::Skip));
    one.look().await.unwrap();
    dial.set("2026-11-26T12:10:00Z");
    one.look().await.unwrap();
    let begun = store.take_job(&holder(), at("2026-11-26T12:12:00Z")).await.unwrap().unwrap();
    for minute in ["20", "30"] {
        dial.set(&format!("2026-11-26T12:{minute}:00Z"));
        one.look().await.unwrap();
        assert_eq!(store.jobs().await.unwrap().len(), 1, "only the one that goes on");
    }
    store.finish_job(&begun.new.run, at("2026-11-26T12:31:00Z"), None).await.unwrap();
    dial.set("2026-11-26T12:40:00Z");
    one.look().await.unwrap();
    let next = work_off(&store, &dial).await;
    assert_eq!(next.len(), 1, "no crowd of those that were passed over");
    assert_ne!(next[0].run, begun.new.run);
}

#[tokio::test]
async fn what_a_server_that_was_off_has_missed_is_made_up_for_where_that_is_wanted() {
    for (missed, runs) in [(Missed::Skip, 0), (Missed::RunOnce, 1)] {
        let store = Arc::new(MemoryStore::new());
        let dial = Dial::at("2026-11-26T12:00:00Z");
        // New: what was due before it was ever looked after was not missed.
        let mut first = scheduler(&store, &dial, schedule("30 2 * * *", missed));
        first.look().await.unwrap();
        assert!(store.jobs().await.unwrap().is_empty());
        drop(first);
        dial.set("2026-11-27T08:00:00Z");
        for _ in 0..2 {
            // Started twice: it is made up for once.
            scheduler(&store, &dial, schedule("30 2 * * *", missed)).look().await.unwrap();
        }
        assert_eq!(work_off(&store, &dial).await.len(), runs, "{missed:?}");
        scheduler(&store, &dial, schedule("30 2 * * *", missed)).look().await.unwrap();
        assert!(store.jobs().await.unwrap().is_empty(), "not once more");
    }
}

#[tokio::test]
async fn a_mark_from_a_clock_that_was_wrong_silences_nothing() {
    let store = Arc::new(MemoryStore::new());
    store.mark_schedule("nightly", at("2036-01-01T00:00:00Z"), None).await.unwrap();
    let dial = Dial::at("2026-11-26T12:00:00Z");
    let mut one = scheduler(&store, &dial, schedule("30 2 * * *", Missed::Skip));
    one.look().await.unwrap();
    dial.set("2026-11-27T02:30:00Z");
    one.look().await.unwrap();
    assert_eq!(work_off(&store, &dial).await.len(), 1);
}

#[tokio::test]
async fn a_store_that_fails_loses_no_firing() {
    let store = Arc::new(MemoryStore::new());
    let dial = Dial::at("2026-11-26T12:00:00Z");
    let mut one = scheduler(&store, &dial, schedule("30 2 * * *", Missed::Skip));
    one.look().await.unwrap();
    dial.set("2026-11-27T02:30:00Z");
    store.close().await;
    assert!(one.look().await.is_err());
    assert_eq!(one.since["nightly"], at("2026-11-26T12:00:00Z"), "it is looked for again");
}

#[tokio::test(start_paused = true)]
async fn it_works_until_it_is_told_to_stop() {
    let store = Arc::new(MemoryStore::new());
    let start = "2026-11-26T12:00:00Z".parse().unwrap();
    let clock = Clock::following_tokio(start);
    let task: Task = Box::new(|_| serde_json::Value::Null);
    let all = vec![schedule("0 * * * *", Missed::Skip)];
    let scheduler = Scheduler::new(all, Arc::clone(&store) as Arc<dyn Store>, clock.clone(), task);
    let stop = CancellationToken::new();
    let working = tokio::spawn(scheduler.work(stop.clone()));
    let mut runs = std::collections::BTreeSet::new();
    for _ in 0..24 {
        clock.sleep(Duration::from_hours(1)).await;
        let now = Timestamp::new(clock.now());
        if let Some(job) = store.take_job(&holder(), now).await.unwrap() {
            store.finish_job(&job.new.run, now, None).await.unwrap();
            runs.insert(job.new.once.unwrap().key);
        }
    }
    stop.cancel();
    working.await.unwrap();
    assert!(runs.len() >= 23, "one each hour: {runs:?}");
}
