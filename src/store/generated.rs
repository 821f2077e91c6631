//! Journals by seed, for the tests that meddle with them: runs of varied length with every kind of event.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, rngs::StdRng};

use super::{NewRun, Store};
use crate::domain::{
    Approval, Code, ConfigId, Criteria, Event, Links, Outcome, Plan, Problem, RunId, SkipReason, Stamped,
    State, Timestamp,
    document::{FollowUp, FollowUpKind},
    event::{Answer, End},
    plan::{Kind, samples},
    survey::{Found, Header, Survey, SurveyedClient},
};

/// How many kinds of events there are.
pub const KINDS: usize = 19;

pub struct Run {
    pub new: NewRun,
    /// As they are appended.
    pub batches: Vec<Vec<Stamped>>,
    pub has_report: bool,
}

/// `runs` runs, each with at most `events` events.
pub fn journal(rng: &mut StdRng, runs: usize, events: usize) -> Vec<Run> {
    (1..=runs).map(|number| run(rng, number, events)).collect()
}

pub async fn store(store: &dyn Store, journal: &[Run]) {
    for run in journal {
        let id = &run.new.header.run;
        store.create_run(&run.new).await.unwrap();
        let mut head = None;
        for batch in &run.batches {
            head = Some(store.append(id, batch).await.unwrap());
        }
        if run.has_report {
            let report = serde_json::json!({ "schema_version": "1.0", "run_id": id, "journal_head": head });
            store.save_report(id, &report).await.unwrap();
        }
    }
}

fn at(seconds: usize) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds as i64)
}

fn run(rng: &mut StdRng, number: usize, events: usize) -> Run {
    let plan = samples::plan(rng.random_range(1..=4));
    let start = number * 1_000;
    let client = SurveyedClient {
        found: plan
            .items()
            .iter()
            .map(|item| Found {
                configuration: samples::configuration(item.config_id.as_str().parse().unwrap(), 1),
                skip: None,
                why: None,
                links: Links::unknown("not read"),
            })
            .collect(),
        ..SurveyedClient::of(samples::offboarded(1))
    };
    let new = NewRun {
        header: Header {
            notes: crate::domain::note::NotePolicy::default(),
            run: RunId::new(format!("r{number}")),
            kind: Kind::Deactivate,
            parent: None,
            profile: "main".into(),
            psa: "connectwise".into(),
            tenant: Some(samples::head().tenant),
            operator: "jane".into(),
            user: "jane".into(),
            origin: crate::domain::Origin::default(),
            requested_by: None,
            ticket: None,
            reason: Some("left".into()),
            dry_run: false,
            attended: true,
            criteria: Criteria::default(),
            links: true,
            single: false,
            started_at: at(start),
        },
        survey: Survey { clients: vec![client], ..Survey::default() },
        plan: Some((plan.canonical_bytes(), plan.digest())),
    };
    let count = rng.random_range(1..=events);
    let mut all: Vec<Stamped> =
        (1..=count).map(|n| Stamped { at: at(start + n), event: event(rng, &plan) }).collect();
    let mut batches = Vec::new();
    while !all.is_empty() {
        batches.push(all.drain(..rng.random_range(1..=all.len())).collect());
    }
    Run { new, batches, has_report: rng.random_bool(0.5) }
}

fn event(rng: &mut StdRng, plan: &Plan) -> Event {
    let config_id = plan.items()[rng.random_range(0..plan.items().len())].config_id.clone();
    let text = || "what the PSA said: \"Größe\" ☃".to_owned();
    let moment = at(0);
    let client_id = plan.items()[0].client_id.clone();
    let follow_up = vec![FollowUp {
        kind: FollowUpKind::Rmm,
        config_id: Some(config_id.clone()),
        client_id,
        text: text(),
        record_url: None,
    }];
    match rng.random_range(0..KINDS) {
        0 => Event::Planned { digest: plan.digest() },
        1 => Event::Parked,
        2 => Event::Approved { approval: Approval::of_all(plan, "jane", moment) },
        3 => Event::Rejected { by: text() },
        4 => Event::Expired,
        5 => Event::Superseded { by: RunId::from("r9") },
        6 => Event::Applying,
        7 => Event::Paused { why: text() },
        8 => Event::Resumed,
        9 => Event::Intended { config_id, attempt: rng.random_range(1..4) },
        10 => Event::Answered { config_id, attempt: 1, answer: answer(rng, text()) },
        11 => {
            let state = State { active: rng.random_bool(0.5), status: None, closed: None };
            Event::settled(config_id, outcome(rng, text()), Some(state))
        }
        12 => Event::Verifying,
        13 => Event::Troubled { problem: Problem::new(Code::RateLimited, text(), moment) },
        14 => Event::Warned { text: text() },
        15 => {
            let links = BTreeMap::from([(config_id, Links::unknown("not read"))]);
            Event::FollowedUp { links, follow_up }
        }
        16 => Event::LookDue { due: at(rng.random_range(0..9_000)), items: BTreeSet::from([config_id]) },
        17 => Event::LookedAgain { follow_up },
        _ => Event::Ended {
            how: [End::Finished, End::Cancelled, End::Interrupted, End::Refused][rng.random_range(0..4)],
        },
    }
}

fn answer(rng: &mut StdRng, message: String) -> Answer {
    match rng.random_range(0..4) {
        0 => Answer::Accepted,
        1 => Answer::Refused { message },
        2 => Answer::Lost { message },
        _ => Answer::NotSent,
    }
}

fn outcome(rng: &mut StdRng, message: String) -> Outcome {
    match rng.random_range(0..6) {
        0 => Outcome::Deactivated { verified: true },
        1 => Outcome::Restored { verified: false },
        2 => Outcome::Skipped { reason: SkipReason::AlreadyInactive },
        3 => Outcome::ChangedSinceReview { what: message },
        4 => Outcome::Failed { code: Code::ConfigUpdateFailed, message },
        _ => Outcome::Unknown { message },
    }
}

/// The text with one of its ASCII characters changed to another.
pub fn flipped(rng: &mut StdRng, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    loop {
        let at = rng.random_range(0..bytes.len());
        if bytes[at].is_ascii() {
            // The lowest five bits keep it within ASCII.
            bytes[at] ^= rng.random_range(1..32);
            return String::from_utf8(bytes).expect("only ASCII was changed, into ASCII");
        }
    }
}

/// An id that no configuration has.
pub fn stranger() -> ConfigId {
    ConfigId::from("999")
}
