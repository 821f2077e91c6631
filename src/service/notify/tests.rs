use std::{collections::VecDeque, sync::Mutex};

use async_trait::async_trait;

use super::*;
use crate::{
    domain::{
        Code, Outcome, Phase, Plan, RunState, Stamped,
        event::{End, Event},
        plan::samples,
        survey::{Header, Survey},
    },
    http::{Failure, Sent, TransportError, WireReply},
    store::{MemoryStore, Queue as _, generated},
};

/// Answers as it is told, and keeps what it was sent.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<u16, Failure>>>,
    sent: Mutex<Vec<WireRequest>>,
}

impl Script {
    fn of(answers: &[Result<u16, Failure>]) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.iter().copied().collect()), ..Self::default() })
    }

    fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        self.sent.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        match next.unwrap_or(Ok(200)) {
            Ok(status) => Ok(WireReply { status, headers: HeaderMap::new(), body: b"canary".to_vec() }),
            Err(failure) => Err(TransportError::new(Sent::Maybe, failure, "it broke")),
        }
    }
}

const URL: &str = "https://hooks.example.com/services/canary?sig=canary";

fn target(name: &str) -> Target {
    Target {
        name: name.to_owned(),
        url: SecretString::from(URL),
        preset: Preset::Json,
        events: vec![Occasion::Waiting, Occasion::Failed, Occasion::Finished],
        profiles: Vec::new(),
        client_names: false,
        link: None,
    }
}

fn notifier(targets: Vec<Target>, script: &Arc<Script>) -> Arc<Notifier> {
    let clock = Clock::fixed("2026-11-26T12:00:00Z".parse().unwrap());
    Arc::new(Notifier::new(targets, Arc::clone(script) as Arc<dyn Transport>, clock, Tally::default()))
}

/// The report of a run of two items that came to this point.
fn report(events: Vec<Event>) -> Report {
    let plan = samples::plan(2);
    let new = generated::journal(&mut rand::SeedableRng::seed_from_u64(1), 1, 1).remove(0).new;
    let header = Header { run: plan.head().run.clone(), dry_run: false, single: false, ..new.header };
    let mut state = RunState::of(&plan);
    let at = Timestamp::parse("2026-11-26T11:59:00Z").unwrap();
    for event in events {
        state.apply(&Stamped { at, event });
    }
    let mut survey = survey_of(&plan);
    survey.coverage.complete = true;
    crate::report::build(&crate::report::Source {
        header: &header,
        survey: &survey,
        plan: Some(&plan),
        state: &state,
        journal_head: None,
        now: at,
    })
}

/// A client with a name that must not be told, with what the plan has.
fn survey_of(plan: &Plan) -> Survey {
    use crate::domain::{
        Links,
        survey::{Found, SurveyedClient},
    };
    let found = plan.items().iter().map(|item| {
        let mut configuration = samples::configuration(1, 1);
        configuration.id = item.config_id.clone();
        configuration.client = item.client_id.clone();
        configuration.state = item.before.clone();
        Found { configuration, skip: None, why: None, links: Links::default() }
    });
    let client = SurveyedClient {
        id: plan.items().first().map(|item| item.client_id.clone()),
        name: Some("Secretive <Client> Ltd".to_owned()),
        found: found.collect(),
        ..SurveyedClient::default()
    };
    Survey { clients: vec![client], ..Survey::default() }
}

fn parked() -> Report {
    report(vec![Event::Parked])
}

async fn settle(store: &MemoryStore) {
    // What was spawned has its turn.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let _ = store;
}

#[test]
fn what_a_run_has_to_tell_follows_from_how_it_stands() {
    let done = |verified| {
        let ids = samples::plan(2).items().iter().map(|item| item.config_id.clone()).collect::<Vec<_>>();
        let settled =
            ids.into_iter().map(move |id| Event::settled(id, Outcome::Deactivated { verified }, None));
        settled.collect::<Vec<_>>()
    };
    let ended = |mut events: Vec<Event>, how| {
        events.push(Event::Ended { how });
        Notice::of(&report(events), "a person".into(), Timestamp::from_seconds(0))
    };
    let waiting = Notice::of(&parked(), "schedule nightly".into(), Timestamp::from_seconds(0)).unwrap();
    assert_eq!((waiting.event, waiting.changes, waiting.clients), (Occasion::Waiting, 2, 1));
    assert_eq!(waiting.look, format!("mothball runs show {}", waiting.run_id));
    let fine = ended(done(true), End::Finished).unwrap();
    assert_eq!((fine.event, fine.changes), (Occasion::Finished, 2));
    assert_eq!(ended(done(false), End::Finished).unwrap().event, Occasion::Failed, "not read back");
    assert_eq!(ended(Vec::new(), End::Refused).unwrap().event, Occasion::Failed);
    assert_eq!(ended(Vec::new(), End::Cancelled).unwrap().event, Occasion::Failed);
    assert_eq!(ended(Vec::new(), End::Interrupted), None, "it is gone on with");
    let away = Event::Troubled {
        problem: crate::domain::Problem::new(Code::PSAConnectionError, "gone", Timestamp::from_seconds(0)),
    };
    let failed = ended(vec![away], End::Interrupted).unwrap();
    assert_eq!(failed.event, Occasion::Failed);
    assert!(failed.codes.contains(&Code::PSAConnectionError));
    let planned = Notice::of(&report(Vec::new()), "a person".into(), Timestamp::from_seconds(0));
    assert_eq!(planned, None, "it goes on");
    assert_eq!(parked().run().state, Phase::AwaitingApproval);
}

#[tokio::test]
async fn it_is_told_at_once_and_kept_no_longer() {
    let script = Script::of(&[Ok(202)]);
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn Store> = memory.clone();
    let notifier = notifier(vec![target("ops")], &script);
    for _ in 0..3 {
        notifier.tell(&store, &parked(), &Origin::Schedule { name: "nightly".into() }).await.unwrap();
        settle(&memory).await;
    }
    assert_eq!(script.sent(), 1, "once, however often it is said");
    assert!(memory.jobs().await.unwrap().is_empty(), "nothing is left to do");
    assert_eq!(notifier.tally.delivered.get(), 1);
    let sent = script.sent.lock().unwrap()[0].clone();
    assert_eq!((sent.method, sent.url.as_str()), (Method::POST, URL));
    let body: serde_json::Value = serde_json::from_slice(&sent.body.unwrap()).unwrap();
    assert_eq!((&body["event"], &body["started_by"]), (&"waiting".into(), &"schedule nightly".into()));
    assert_eq!((&body["changes"], &body["clients"]), (&2.into(), &1.into()));
}

#[tokio::test]
async fn what_could_not_be_told_waits_in_the_queue_and_is_told_after_a_restart() {
    let script = Script::of(&[Err(Failure::Connect), Ok(503), Ok(204)]);
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn Store> = memory.clone();
    notifier(vec![target("ops")], &script).tell(&store, &parked(), &Origin::Person).await.unwrap();
    settle(&memory).await;
    let job = memory.jobs().await.unwrap().remove(0);
    let now = Timestamp::parse("2026-11-26T12:00:00Z").unwrap();
    assert_eq!(job.new.not_before, now.plus_seconds(30));
    // Another process, later.
    let restarted = notifier(vec![target("ops")], &script);
    let delivery = Delivery::of(&job.new).unwrap();
    assert_eq!(restarted.deliver(&delivery, 2).await, Told::Later(now.plus_seconds(120)));
    assert_eq!(restarted.deliver(&delivery, 3).await, Told::Done);
    assert_eq!(script.sent(), 3);
}

#[tokio::test]
async fn nobody_is_tried_for_ever_and_a_wrong_address_only_once() {
    let down: Vec<_> = std::iter::repeat_n(Err(Failure::Timeout), 20).collect();
    let script = Script::of(&down);
    let notifier_down = notifier(vec![target("ops")], &script);
    let notice = Notice::of(&parked(), "a person".into(), Timestamp::from_seconds(0)).unwrap();
    let delivery = Delivery { target: "ops".into(), notice };
    let mut tries = 1;
    while let Told::Later(_) = notifier_down.deliver(&delivery, tries).await {
        tries += 1;
    }
    assert_eq!(tries as usize, WAITS.len() + 1);
    assert_eq!(notifier_down.tally.given_up.get(), 1);
    for (status, again) in
        [(404, false), (410, false), (400, false), (302, false), (429, true), (408, true), (500, true)]
    {
        let script = Script::of(&[Ok(status)]);
        let told = notifier(vec![target("ops")], &script).deliver(&delivery, 1).await;
        assert_eq!(matches!(told, Told::Later(_)), again, "{status}: {told:?}");
        assert!(
            !format!("{told:?}").contains("canary"),
            "neither the address nor the answer is told: {told:?}"
        );
    }
    let gone = Delivery { target: "other".into(), ..delivery.clone() };
    let script = Script::of(&[]);
    assert!(matches!(notifier(vec![target("ops")], &script).deliver(&gone, 1).await, Told::Never(_)));
    assert_eq!(script.sent(), 0);
    let plain = Target { url: SecretString::from("http://hooks.example.com/canary"), ..target("ops") };
    let told = notifier(vec![plain], &script).deliver(&delivery, 1).await;
    let Told::Never(why) = &told else { panic!("{told:?}") };
    assert!(why.contains("https://") && !why.contains("canary"), "{why}");
    assert_eq!(script.sent(), 0, "nothing goes out unencrypted");
}

#[tokio::test]
async fn only_who_wants_it_is_told_and_only_what_they_want() {
    let script = Script::of(&[]);
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn Store> = memory.clone();
    let targets = vec![
        Target { events: vec![Occasion::Finished], ..target("finished-only") },
        Target { profiles: vec!["elsewhere".into()], ..target("other-profile") },
        Target { client_names: true, link: Some("https://wiki.example/{run}".into()), ..target("all") },
        target("totals"),
    ];
    notifier(targets, &script)
        .tell(&store, &parked(), &Origin::Webhook { event: "Secretive".into() })
        .await
        .unwrap();
    settle(&memory).await;
    let sent = script.sent.lock().unwrap();
    let bodies: Vec<String> =
        sent.iter().map(|one| String::from_utf8(one.body.clone().unwrap()).unwrap()).collect();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert!(
        bodies[0].contains("Secretive <Client> Ltd") && bodies[0].contains("https://wiki.example/2"),
        "{}",
        bodies[0]
    );
    assert!(!bodies[1].contains("Secretive"), "{}", bodies[1]);
}
