//! A run that waits for a person: approved whole or in part, rejected, expired, altered, superseded.

use std::time::Duration;

use mothball::{
    domain::{
        ClientId, Code, ConfigId, ExitCode, Outcome, Phase, RunId, SkipReason,
        consent::{Part, Person},
        safeguards::Safeguards,
    },
    engine::{
        Engine, EngineError, Finished, RunHandle, Undo, UndoOf, Who,
        limits::{Allowance, Course},
    },
    report,
    store::{Claim, Holder, StoredRun},
    system::{Clock, process::Identity},
};
use proptest::prelude::{Strategy, any};

use super::outcome;
use crate::support::paper_psa::{Desk, ids, named, who};

fn joe() -> Person {
    Person { operator: "joe@msp.example".into(), user: "joe".into() }
}

fn jane() -> Person {
    Person { operator: "jane@msp.example".into(), user: "jane".into() }
}

async fn approve(desk: &Desk, run: StoredRun, part: &Part) -> Finished {
    desk.engine.approve(run, part, &joe()).await.expect("it may be approved").wait().await
}

fn refusal(result: Result<RunHandle, EngineError>) -> EngineError {
    result.err().expect("it is refused")
}

/// Refused with this code, and nothing was written.
fn assert_refused(desk: &Desk, error: &EngineError, code: Code) {
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.exit_code(), ExitCode::Safeguard, "{error}");
    assert!(desk.psa.written().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_parked_run_that_is_approved_does_what_its_plan_says() {
    let desk = Desk::new(2, 5);
    let run = desk.parked(named(&[1, 2])).await;
    assert!(desk.psa.written().is_empty(), "parking writes nothing");
    let finished = approve(&desk, run, &Part::All).await;
    assert_eq!(finished.state.phase, Phase::Finished);
    assert_eq!(desk.psa.written().len(), 10);
    let report = desk.report(&finished);
    assert!(report.success());
    assert_eq!(report.statistics().configs_deactivated, 10);
    let approval = finished.state.approval.as_ref().unwrap();
    assert_eq!(report.run().approved_by.as_deref(), Some("joe@msp.example (user joe)"));
    assert_eq!(report.run().approval_digest.as_ref(), Some(&approval.digest));
    assert_eq!(report.run().plan_digest.as_ref(), Some(&approval.plan_digest));
    // It is decided now: nobody approves or rejects it again.
    for again in [
        desk.engine.approve(desk.stored(&finished).await, &Part::All, &joe()).await.err(),
        desk.engine.reject(desk.stored(&finished).await, &joe()).await.err(),
    ] {
        assert_eq!(again.expect("it is refused").exit_code(), ExitCode::Safeguard);
    }
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_approved_is_skipped_as_not_selected() {
    for (part, approved) in [
        (Part::Only(ids(&[101, 104])), ids(&[101, 104])),
        (Part::Except(ids(&[101, 104])), ids(&[102, 103, 105])),
    ] {
        let desk = Desk::new(1, 5);
        let run = desk.parked(named(&[1])).await;
        let finished = approve(&desk, run, &part).await;
        assert_eq!(desk.psa.written(), approved);
        assert_eq!(finished.state.approval.as_ref().unwrap().items, approved);
        for id in finished.state.items.keys().filter(|id| !approved.contains(id)) {
            assert_eq!(*outcome(&finished, id), Outcome::Skipped { reason: SkipReason::NotSelected });
        }
        let report = desk.report(&finished);
        assert!(report.success(), "leaving something out is no failure");
        assert_eq!(report.statistics().configs_deactivated, approved.len() as u64);
        assert_eq!(report.statistics().configs_found, 5);
        desk.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_the_plan_does_not_have_is_told_and_decides_nothing() {
    let desk = Desk::new(2, 3);
    let run = desk.parked(named(&[1])).await;
    for part in [Part::Only(ids(&[101, 201])), Part::Except(ids(&[999])), Part::Except(ids(&[101, 102, 103]))]
    {
        let error = refusal(desk.engine.approve(run.clone(), &part, &joe()).await);
        assert_eq!(error.exit_code(), ExitCode::Usage, "{error}");
        assert!(desk.psa.written().is_empty());
    }
    let finished = approve(&desk, run, &Part::All).await;
    assert!(finished.state.is_success(), "it still waited");
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_run_ends_with_nothing_written_and_says_who_rejected_it() {
    let desk = Desk::new(1, 3);
    let run = desk.parked(named(&[1])).await;
    // Whoever asked for it may take it back.
    let finished = desk.engine.reject(run.clone(), &jane()).await.unwrap();
    assert_eq!(finished.state.phase, Phase::Rejected);
    let report = desk.report(&finished);
    assert!(!report.success());
    assert_eq!(report.statistics().configs_skipped, 3);
    assert_eq!(report::verdict(&finished.survey, &finished.state), ExitCode::Safeguard);
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["errors"][0]["message"].as_str().unwrap().contains("jane"), "{json}");
    // The record that was read before the rejection helps nobody.
    for stored in [run, desk.stored(&finished).await] {
        let error = refusal(desk.engine.approve(stored, &Part::All, &joe()).await);
        assert_refused(&desk, &error, Code::SafeguardRefused);
    }
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_expires_to_the_second() {
    let hours = Safeguards { plan_expires_hours: 2, ..Safeguards::default() };
    let in_time = Desk::with(1, 3, hours.clone());
    let run = in_time.parked(named(&[1])).await;
    tokio::time::advance(Duration::from_secs(2 * 3600 - 1)).await;
    assert!(approve(&in_time, run, &Part::All).await.state.is_success());
    assert_eq!(in_time.psa.written().len(), 3);
    in_time.check().await;

    let late = Desk::with(1, 3, hours);
    let run = late.parked(named(&[1])).await;
    tokio::time::advance(Duration::from_secs(2 * 3600 + 1)).await;
    let error = refusal(late.engine.approve(run.clone(), &Part::All, &joe()).await);
    assert_refused(&late, &error, Code::PlanExpired);
    let ended = late.engine.as_it_ended(&run.header.run).await.unwrap().unwrap();
    assert_eq!(ended.state.phase, Phase::Expired, "the journal knows");
    assert_eq!(report::verdict(&ended.survey, &ended.state), ExitCode::Safeguard);
    assert!(!late.report(&ended).success());
    late.check().await;
}

fn at(desk: &Desk, seconds: i64) -> Engine {
    let moment = desk.now().plus_seconds(seconds).to_string().parse().unwrap();
    Engine { clock: Clock::fixed(moment), ..desk.engine.clone() }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_revives_no_plan() {
    // Somebody tried when it had expired; that stands in its own journal.
    let desk = Desk::new(1, 3);
    let run = desk.parked(named(&[1])).await;
    let id = run.header.run.clone();
    refusal(at(&desk, 25 * 3600).approve(run, &Part::All, &joe()).await);
    let error = refusal(desk.engine.approve(desk.again(&id).await, &Part::All, &joe()).await);
    assert_refused(&desk, &error, Code::PlanExpired);

    // Nobody did, but another run was written down that late.
    let desk = Desk::new(2, 3);
    let run = desk.parked(named(&[1])).await;
    let later = Desk { psa: desk.psa.clone(), engine: at(&desk, 25 * 3600) };
    later.parked(named(&[2])).await;
    let error = refusal(desk.engine.approve(run, &Part::All, &joe()).await);
    assert_refused(&desk, &error, Code::PlanExpired);
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_is_not_resumed_but_approved() {
    let desk = Desk::new(1, 2);
    let run = desk.parked(named(&[1])).await;
    let error = desk.engine.resume(run.clone()).await.err().unwrap().to_string();
    assert!(
        error.contains(&format!("approve it first: mothball runs approve {}", run.header.run)),
        "{error}"
    );
    assert!(approve(&desk, run, &Part::All).await.state.is_success());
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_is_written_down_by_whoever_looks() {
    let desk = Desk::new(2, 2);
    let old = desk.parked(named(&[1])).await;
    tokio::time::advance(Duration::from_hours(20)).await;
    let young = desk.parked(named(&[2])).await;
    tokio::time::advance(Duration::from_hours(5)).await;
    mothball::engine::expire_overdue(desk.engine.store.as_ref(), desk.now()).await.unwrap();
    let phases: Vec<Phase> =
        desk.engine.store.runs(9).await.unwrap().into_iter().map(|run| run.phase).collect();
    assert_eq!(phases, [Phase::AwaitingApproval, Phase::Expired]);
    let error = refusal(desk.engine.approve(desk.again(&old.header.run).await, &Part::All, &joe()).await);
    assert_refused(&desk, &error, Code::PlanExpired);
    assert!(approve(&desk, young, &Part::All).await.state.is_success());
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_flipped_bits_are_all_refused() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let desk = Desk::new(2, 10);
    let run = desk.parked(named(&[1, 2])).await;
    let (bytes, digest) = run.plan.clone().unwrap();
    let mut runner = TestRunner::deterministic();
    let flips = (any::<proptest::sample::Index>(), 0u8..8);
    for _ in 0..10_000 {
        let (at, bit) = flips.new_tree(&mut runner).unwrap().current();
        let mut flipped = bytes.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        let altered = StoredRun { plan: Some((flipped, digest.clone())), ..run.clone() };
        let error = refusal(desk.engine.approve(altered, &Part::All, &joe()).await);
        assert_eq!(error.code(), Code::PlanAltered, "byte {at}, bit {bit}: {error}");
    }
    assert!(desk.psa.written().is_empty());
    assert!(approve(&desk, run, &Part::All).await.state.is_success(), "the true one is taken");
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_altered_together_with_its_digest_is_refused() {
    let desk = Desk::new(2, 3);
    let run = desk.parked(named(&[1])).await;
    let other = desk.parked(named(&[2])).await;
    let swapped = StoredRun { plan: other.plan.clone(), ..run.clone() };
    let error = refusal(desk.engine.approve(swapped, &Part::All, &joe()).await);
    assert_refused(&desk, &error, Code::PlanAltered);
    let none = StoredRun { plan: None, ..run };
    let error = refusal(desk.engine.approve(none, &Part::All, &joe()).await);
    assert_eq!(error.exit_code(), ExitCode::Safeguard);
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_plan_for_the_same_client_supersedes_one_that_waits() {
    let desk = Desk::new(3, 2);
    let old = desk.parked(named(&[1, 2])).await;
    let untouched = desk.parked(named(&[3])).await;
    // Looking is no plan to act on.
    let dry = desk.draft(named(&[1]), Who { dry_run: true, ..who() }).await;
    desk.engine.conclude(dry, mothball::domain::event::End::Finished, Vec::new()).await.unwrap();
    assert_eq!(desk.engine.store.runs_in(Phase::AwaitingApproval).await.unwrap().len(), 2);

    let newer = desk.parked(named(&[2])).await;
    let error = refusal(desk.engine.approve(desk.again(&old.header.run).await, &Part::All, &joe()).await);
    assert_refused(&desk, &error, Code::PlanExpired);
    assert!(error.to_string().contains(newer.header.run.as_str()), "{error}");
    assert!(error.advice().contains(newer.header.run.as_str()), "{}", error.advice());
    // Whoever read the old one before learns it as well.
    let error = refusal(desk.engine.approve(old, &Part::All, &joe()).await);
    assert_eq!(error.exit_code(), ExitCode::Safeguard);

    // A run that starts at once is a newer plan, too, and says what it took the place of.
    let finished = desk.engine.start(desk.draft(named(&[2]), who()).await).await.unwrap().wait().await;
    assert!(finished.state.warnings[0].contains(newer.header.run.as_str()), "{:?}", finished.state.warnings);
    let waiting = desk.engine.store.runs_in(Phase::AwaitingApproval).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].header.run, untouched.header.run);
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn another_tenant_is_refused_and_the_run_still_waits() {
    let desk = Desk::new(1, 3);
    let run = desk.parked(named(&[1])).await;
    desk.psa.edit(|paper| paper.tenant.id = "paper/other".into());
    let error = refusal(desk.engine.approve(run.clone(), &Part::All, &joe()).await);
    assert_refused(&desk, &error, Code::OtherTenant);
    desk.psa.edit(|paper| {
        paper.tenant.id = "paper/msp".into();
        paper.tenant.name = "Paper MSP Ltd".into();
    });
    assert!(approve(&desk, run, &Part::All).await.state.is_success(), "a new name is the same tenant");
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn four_eyes_refuse_every_name_of_whoever_asked() {
    let safeguards = Safeguards { four_eyes: true, ..Safeguards::default() };
    let desk = Desk::with(1, 3, safeguards);
    let draft = desk.draft(named(&[1]), Who { requested_by: Some("Boss".into()), ..who() }).await;
    let error = desk.engine.start(draft.clone()).await.err().expect("nobody approves their own run");
    assert_eq!(error.exit_code(), ExitCode::Safeguard, "{error}");
    let parked = desk.engine.park(draft, Vec::new()).await.unwrap();
    let run = desk.stored(&parked).await;
    let person = |operator: &str, user: &str| Person { operator: operator.into(), user: user.into() };
    for same in [
        person("jane@msp.example", "someone"),
        person("JANE@msp.example ", "someone"),
        person("other", "jane"),
        person("boss", "b"),
        person("b", "Boss"),
    ] {
        let error = refusal(desk.engine.approve(run.clone(), &Part::All, &same).await);
        assert_refused(&desk, &error, Code::SafeguardRefused);
        assert!(error.to_string().contains("server's tokens"), "it says how far it binds: {error}");
    }
    assert!(approve(&desk, run, &Part::All).await.state.is_success());
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn dry_run_and_a_missing_ticket_forbid_to_approve_too() {
    for safeguards in [
        Safeguards { dry_run: true, ..Safeguards::default() },
        Safeguards { require_ticket: true, ..Safeguards::default() },
    ] {
        let mut desk = Desk::new(1, 3);
        let run = desk.parked(named(&[1])).await;
        desk.engine.profile.safeguards = safeguards;
        let error = refusal(desk.engine.approve(run, &Part::All, &joe()).await);
        assert_refused(&desk, &error, Code::SafeguardRefused);
        desk.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_came_back_or_was_protected_since_it_was_parked_is_left_alone() {
    let mut desk = Desk::new(3, 2);
    let run = desk.parked(named(&[1, 2, 3])).await;
    desk.psa.edit(|paper| {
        paper.clients.get_mut(&ClientId::from(1)).unwrap().signals.inactive = Some(false);
    });
    desk.engine.profile.protection.clients = vec!["2".into()];
    let finished = approve(&desk, run, &Part::All).await;
    assert_eq!(desk.psa.written(), ids(&[301, 302]));
    for id in [101, 102, 201, 202] {
        let outcome = outcome(&finished, &ConfigId::from(id));
        assert!(matches!(outcome, Outcome::ChangedSinceReview { .. }), "{id}: {outcome:?}");
    }
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_who_decide_at_the_same_time_one_is_too_late() {
    for round in 0..300 {
        let desk = Desk::new(1, 2);
        let run = desk.parked(named(&[1])).await;
        let (a, b) = (run.clone(), run.clone());
        let (by_joe, by_jim) = (joe(), Person { operator: "jim".into(), user: "jim".into() });
        let (first, second) = tokio::join!(desk.engine.approve(a, &Part::All, &by_joe), async {
            if round % 3 == 0 {
                desk.engine.reject(b, &by_jim).await.map(|_| None)
            } else {
                desk.engine.approve(b, &Part::All, &by_jim).await.map(Some)
            }
        });
        assert_ne!(first.is_ok(), second.is_ok(), "round {round}: exactly one decides");
        let late = first.as_ref().err().or(second.as_ref().err()).unwrap().to_string();
        assert!(!late.contains("it is planned"), "the late one is told what became of it: {late}");
        let handle = first.ok().or_else(|| second.ok().flatten());
        if let Some(handle) = handle {
            assert!(handle.wait().await.state.is_success());
        }
        let approvals = desk
            .again(&run.header.run)
            .await
            .events
            .iter()
            .filter(|stamped| matches!(stamped.event, mothball::domain::Event::Approved { .. }))
            .count();
        assert!(approvals <= 1);
        assert!(desk.psa.edit(|paper| paper.writes.len()) <= 2, "nothing was sent twice");
        // The lock is free again for the next one.
        let holder = Holder { process: Identity::own(), operator: "next".into() };
        let tenant = desk.engine.psa.tenant().await.unwrap();
        let next = RunId::from("next");
        let clients = [ClientId::from(1)];
        let acquired = desk
            .engine
            .store
            .acquire(&tenant, &clients, Claim::All, &next, &holder, desk.now())
            .await
            .unwrap();
        assert_eq!(acquired.held, []);
        desk.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn approval_and_four_eyes_apply_to_an_undo_and_no_limit_does() {
    let mut desk = Desk::new(1, 3);
    let done = desk.engine.start(desk.draft(named(&[1]), who()).await).await.unwrap().wait().await;
    assert!(done.state.is_success());
    desk.engine.profile.safeguards = Safeguards { four_eyes: true, max_changes: 1, ..Safeguards::default() };
    let undo = Undo { of: UndoOf::Run(done.header.run.clone()), only: std::collections::BTreeSet::new() };
    let draft = desk.engine.draft_undo(&undo, &who()).await.unwrap();
    assert!(desk.engine.start(draft.clone()).await.is_err());
    let refusals = desk.engine.refusals(&draft, Allowance::default()).await.unwrap();
    assert_eq!(refusals, []);
    assert!(matches!(desk.engine.course(&draft, refusals, false), Course::Park { .. }));
    let run = desk.stored(&desk.engine.park(draft, Vec::new()).await.unwrap()).await;
    let error = refusal(desk.engine.approve(run.clone(), &Part::All, &jane()).await);
    assert_eq!(error.exit_code(), ExitCode::Safeguard, "{error}");
    let finished = approve(&desk, run, &Part::Only(ids(&[101, 103]))).await;
    assert_eq!(*outcome(&finished, &"101".into()), Outcome::Restored { verified: true });
    assert_eq!(*outcome(&finished, &"102".into()), Outcome::Skipped { reason: SkipReason::NotSelected });
    let active: Vec<bool> = desk.psa.edit(|paper| paper.rows.values().map(|row| row.state.active).collect());
    assert_eq!(active, [true, false, true]);
    desk.check().await;
}
