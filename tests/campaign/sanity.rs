//! A checker that finds nothing proves nothing: evidence that was tampered with is found out.

use std::panic::AssertUnwindSafe;

use mothball::{
    domain::Outcome,
    simulator::{Change, Layout, Options, Write, faults::Plan},
};
use serde_json::{Value, json};

use super::{
    case::LONGEST,
    check::Evidence,
    model::Model,
    rows,
    wire::{Answer, History, Moment, Script},
    world::{Ended, Job, Making, World},
};

const PSAS: [&str; 3] = ["connectwise", "autotask", "halopsa"];

/// A healthy run of six items, and its report.
fn healthy(psa: &str, what: u64) -> (World, Value) {
    let layout = Layout::Uniform { offboarded: 1, each: 6 };
    let options = Options { psa: psa.to_owned(), layout, ..Options::default() };
    // Each world has a seed of its own.
    let seed = 77_000 + 10 * what + psa.len() as u64;
    let world = World::new(Making { seed, batch: Some(1), ..Making::new(options) });
    let job = Job::Deactivate { faults: Plan::none(), script: Script::default(), from_the_beginning: false };
    let (Ended::Finished(finished), _) = world.live(&job, LONGEST) else { panic!("it ends well") };
    let done = Outcome::Deactivated { verified: true };
    assert!(finished.state.items.values().all(|item| item.settled().is_some_and(|one| one.outcome == done)));
    let report = world.report(&finished);
    (world, report)
}

/// What the checker says to evidence that was tampered with.
fn objection(world: &World, report: &Value, tamper: impl FnOnce(&mut Evidence)) -> String {
    let mut evidence = Evidence::gather(world);
    tamper(&mut evidence);
    let judged = std::panic::catch_unwind(AssertUnwindSafe(|| {
        evidence.check(world);
        evidence.check_report(&world.runs()[0], report);
    }));
    let why = judged.expect_err("the checker finds nothing");
    why.downcast_ref::<String>().cloned().unwrap_or_default()
}

fn first_write(history: &History, psa: &str) -> usize {
    history.exchanges.iter().position(|exchange| !rows::write(psa, exchange).is_empty()).expect("a write")
}

#[test]
fn evidence_that_was_tampered_with_is_found_out() {
    for psa in PSAS {
        let (world, report) = healthy(psa, 1);
        let mut evidence = Evidence::gather(&world);
        evidence.check(&world);
        evidence.check_report(&world.runs()[0], &report);
        let id = evidence.log[0].id.clone();

        let why = objection(&world, &report, |evidence| {
            evidence.told[0].1.approved.remove(&id);
        });
        assert!(why.contains("nobody approved it"), "{psa}: {why}");

        let why = objection(&world, &report, |evidence| {
            let at = first_write(&evidence.history, psa);
            evidence.history.exchanges[at].journaled.values_mut().for_each(|length| *length = 3);
        });
        assert!(why.contains("before its intent was on record"), "{psa}: {why}");

        let why = objection(&world, &report, |evidence| {
            let change = Change { field: "name".to_owned(), before: json!("a"), after: json!("b") };
            evidence.log[0].changes.push(change);
        });
        assert!(why.contains("name was changed"), "{psa}: {why}");

        let why = objection(&world, &report, |evidence| {
            let again: Write = evidence.log[0].clone();
            evidence.log.push(again);
        });
        assert!(why.contains("changed 2 times"), "{psa}: {why}");

        let why = objection(&world, &report, |evidence| {
            let at = first_write(&evidence.history, psa);
            evidence.history.exchanges[at].origin = "http://localhost:2".to_owned();
        });
        assert!(why.contains("went elsewhere"), "{psa}: {why}");

        // The same write once more, right behind its answer.
        let why = objection(&world, &report, |evidence| {
            let at = first_write(&evidence.history, psa);
            let again = evidence.history.exchanges[at].clone();
            evidence.history.exchanges.push(again);
            let number = evidence.history.exchanges.len() - 1;
            let answered =
                evidence.history.moments.iter().position(|(what, _)| *what == Moment::Answered(at));
            let behind = answered.expect("it was answered") + 1;
            evidence.history.moments.insert(behind, (Moment::Sent(number), 0));
        });
        assert!(why.contains("without being read"), "{psa}: {why}");

        evidence.now.configurations.get_mut(&id).expect("it is there").active = Some(true);
        let why = objection(&world, &report, |tampered| tampered.now = evidence.now);
        assert!(why.contains("the model has lost") || why.contains("is active"), "{psa}: {why}");
    }
}

#[test]
fn a_report_that_does_not_tell_the_truth_is_found_out() {
    for psa in PSAS {
        let (world, report) = healthy(psa, 2);
        let tampered = |tamper: fn(&mut Value)| {
            let mut report = report.clone();
            tamper(&mut report);
            objection(&world, &report, |_| {})
        };
        let why = tampered(|report| report["configs"][0]["outcome"] = "failed".into());
        assert!(why.contains("the journal says"), "{psa}: {why}");
        let why = tampered(|report| report["statistics"]["configs_found"] = 7.into());
        assert!(why.contains("configs_found"), "{psa}: {why}");
        let why = tampered(|report| drop(report["configs"].as_array_mut().map(Vec::pop)));
        assert!(why.contains("every item of the plan is listed"), "{psa}: {why}");
        let why = tampered(|report| {
            let first = report["configs"][0].clone();
            report["configs"].as_array_mut().expect("rows").push(first);
        });
        assert!(why.contains("listed twice"), "{psa}: {why}");
    }
}

#[test]
fn an_answer_that_cannot_be_is_found_out() {
    for psa in PSAS {
        let (world, _) = healthy(psa, 3);
        let mut history = world.tap.history();
        let log = world.simulator.all_writes();
        let before = || world.before.configurations.values().map(|row| (row.id.clone(), row.active));
        assert!(Model::replay(psa, before(), &history, &log).is_ok());
        // The first reading shows the record as it will be.
        let id = &log[0].id;
        let shows = |exchange: &super::wire::Exchange| {
            rows::shown(psa, exchange).iter().any(|(shown, _)| shown == id)
        };
        let first = history.exchanges.iter().position(shows).expect("it was read");
        let Some(Answer::Reply { body, .. }) = &mut history.exchanges[first].answer else {
            panic!("it was answered")
        };
        let text = String::from_utf8(body.clone()).expect("JSON");
        let (was, will_be) = match psa {
            "connectwise" => (r#""activeFlag":true"#, r#""activeFlag":false"#),
            "autotask" => (r#""isActive":true"#, r#""isActive":false"#),
            _ => (r#""inactive":false"#, r#""inactive":true"#),
        };
        assert!(text.contains(was), "{psa}: {text}");
        *body = text.replace(was, will_be).into_bytes();
        let why = Model::replay(psa, before(), &history, &log).expect_err("it cannot be");
        assert!(why.contains("possible are"), "{psa}: {why}");
    }
}
