//! Limits at n and at n + 1, attended and not, stopping or parking; and what unattended runs owe to new clients.

use std::time::Duration;

use mothball::{
    domain::{
        ClientId, Links, SkipReason,
        links::{Link, LinkAnswer},
        safeguards::{OnLimit, Safeguards},
        selection::{LinkedPolicy, WhenLinked},
    },
    engine::{
        Ask, Discovery, Draft, Engine, EngineError, Pick, Request, Who,
        limits::{Allowance, Course, Refusal},
    },
    store::Sweep,
};

use crate::support::paper_psa::{self, Desk, named, who};

fn unattended() -> Who {
    Who { attended: false, ..who() }
}

async fn refusals(desk: &Desk, who: Who, max_changes: Option<u64>) -> (Draft, Vec<Refusal>) {
    let attended = who.attended;
    let draft = desk.draft(Ask::All, who).await;
    let refusals = desk.engine.refusals(&draft, Allowance { max_changes, attended }).await.unwrap();
    (draft, refusals)
}

/// What becomes of a run over everything.
async fn course(desk: &Desk, who: Who, max_changes: Option<u64>) -> &'static str {
    let (draft, refusals) = refusals(desk, who, max_changes).await;
    word(&desk.engine.course(&draft, refusals, false))
}

fn word(course: &Course) -> &'static str {
    match course {
        Course::Report => "report",
        Course::Refuse(_) => "refuse",
        Course::Park { .. } => "park",
        Course::Apply => "apply",
    }
}

#[tokio::test(start_paused = true)]
async fn changes_clients_and_share_at_n_and_one_more() {
    // Two clients with ten configurations each, among 100,000 active ones.
    let limits = |changes, clients| Safeguards {
        max_changes: changes,
        max_clients_unattended: clients,
        ..Safeguards::default()
    };
    for on_limit in [OnLimit::Stop, OnLimit::Park] {
        let over = if on_limit == OnLimit::Stop { "refuse" } else { "park" };
        for (safeguards, attended, allowed, expected) in [
            (limits(20, 2), true, None, "apply"),
            (limits(19, 2), true, None, over),
            (limits(19, 2), true, Some(20), "apply"),
            (limits(500, 2), true, Some(19), over),
            (limits(20, 2), false, None, "apply"),
            (limits(19, 2), false, None, over),
            (limits(19, 2), false, Some(20), "apply"),
            (limits(20, 1), true, None, "apply"),
            (limits(20, 1), false, None, over),
            (limits(20, 1), false, Some(20), over),
        ] {
            let desk = Desk::with(2, 10, Safeguards { on_limit, ..safeguards });
            let who = Who { attended, ..who() };
            let safeguards = &desk.engine.profile.safeguards;
            assert_eq!(
                course(&desk, who.clone(), allowed).await,
                expected,
                "{attended} {allowed:?} {safeguards:?}"
            );
            let dry = Who { dry_run: true, ..who };
            assert_eq!(course(&desk, dry, allowed).await, "report", "a dry run is never refused");
        }
        // Sixty changes of 299 active configurations are more than a fifth; of 300 they are not.
        for (others, expected) in [(239, over), (240, "apply")] {
            let desk = Desk::with(2, 30, Safeguards { on_limit, ..Safeguards::default() });
            desk.psa.edit(|paper| paper.other_configurations = others);
            assert_eq!(course(&desk, unattended(), None).await, expected);
            assert_eq!(course(&desk, who(), None).await, "apply", "the share binds where nobody watches");
        }
    }
    // Forty-nine are free, whatever their share.
    let desk = Desk::new(1, 49);
    desk.psa.edit(|paper| paper.other_configurations = 0);
    assert_eq!(course(&desk, unattended(), None).await, "apply");
}

#[tokio::test(start_paused = true)]
async fn no_approval_lifts_what_is_not_a_limit() {
    let safeguards = Safeguards { require_ticket: true, on_limit: OnLimit::Park, ..Safeguards::default() };
    let mut desk = Desk::with(1, 3, safeguards);
    assert_eq!(course(&desk, who(), None).await, "refuse");
    let (draft, refused) = refusals(&desk, who(), None).await;
    assert_eq!(word(&desk.engine.course(&draft, refused, true)), "refuse", "not even --require-approval");
    assert_eq!(course(&desk, Who { ticket: Some("4711".into()), ..who() }, None).await, "apply");
    desk.engine.profile.safeguards.require_ticket = false;
    desk.engine.profile.safeguards.require_reason = true;
    assert_eq!(course(&desk, Who { reason: None, ..who() }, None).await, "refuse");
    assert_eq!(course(&desk, Who { reason: Some("left".into()), ..who() }, None).await, "apply");
    desk.engine.profile.safeguards.require_reason = false;
    desk.engine.profile.unenforced = vec!["something".into()];
    assert_eq!(course(&desk, who(), None).await, "refuse");
}

/// One look at everything, or at some, as `run` takes it.
struct Look {
    discovery: Discovery,
    looked: mothball::engine::Looked,
    stops: bool,
}

async fn look(desk: &Desk, ask: Ask, attended: bool) -> Look {
    let everything = ask == Ask::All;
    let discovery = desk.engine.discover(&Request { ask, statuses: Vec::new() }, None).await.unwrap();
    let looked = desk.engine.sweep(&discovery, everything).await.unwrap();
    let stops = !attended && desk.engine.too_many_new(&looked).is_some();
    desk.engine.keep_sweep(&looked, !stops).await.unwrap();
    Look { discovery, looked, stops }
}

fn leave(desk: &Desk, clients: std::ops::RangeInclusive<i64>) {
    desk.psa.edit(|paper| {
        for id in clients {
            paper.clients.insert(ClientId::from(id), paper_psa::client(id));
            paper.others -= 1;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn suddenly_many_new_clients_stop_what_nobody_watches_until_somebody_looked() {
    // 100 active clients and ten that have left.
    let desk = Desk::new(10, 1);
    desk.psa.edit(|paper| paper.others = 100);
    let first = look(&desk, Ask::All, false).await;
    assert!(!first.stops, "the first run has nothing to compare with");
    assert!(desk.engine.first_look_warning(&first.looked).is_some(), "and says so");

    leave(&desk, 11..=15);
    let second = look(&desk, Ask::All, false).await;
    assert!(!second.stops, "5 of 100 are not more than 5 %");
    assert!(desk.engine.first_look_warning(&second.looked).is_none());
    leave(&desk, 16..=20);
    assert!(look(&desk, Ask::All, false).await.stops, "5 of the 95 that were left are more than 5 %");
    // It is no matter of trying again.
    assert!(look(&desk, Ask::All, false).await.stops);
    // Single clients say nothing about the whole.
    assert!(!look(&desk, named(&[16]), false).await.stops);
    assert!(look(&desk, Ask::All, false).await.stops);
    // Somebody looks at the list; then it goes on.
    assert!(!look(&desk, Ask::All, true).await.stops);
    assert!(!look(&desk, Ask::All, false).await.stops);
    // Four are never too many, whatever their share.
    desk.psa.edit(|paper| paper.others = 10);
    leave(&desk, 21..=24);
    assert!(!look(&desk, Ask::All, false).await.stops);
    // A client that came back and leaves again is new again.
    desk.psa.edit(|paper| paper.clients.retain(|id, _| id.as_str().parse::<i64>().unwrap() > 6));
    assert!(!look(&desk, Ask::All, false).await.stops);
    leave(&desk, 1..=6);
    assert!(look(&desk, Ask::All, false).await.stops);
}

#[tokio::test(start_paused = true)]
async fn other_criteria_than_the_profiles_set_no_measure() {
    let mut desk = Desk::new(10, 1);
    desk.psa.edit(|paper| paper.others = 90);
    desk.engine.profile.criteria.tags = vec!["Offboarded".into()];
    let request = Request { ask: Ask::All, statuses: vec!["Former Client".into()] };
    let discovery = desk.engine.discover(&request, None).await.unwrap();
    let looked = desk.engine.sweep(&discovery, true).await.unwrap();
    desk.engine.keep_sweep(&looked, true).await.unwrap();
    let first = look(&desk, Ask::All, false).await;
    assert!(desk.engine.first_look_warning(&first.looked).is_some(), "nobody has looked by these before");
}

#[tokio::test(start_paused = true)]
async fn clients_that_a_person_approved_are_new_no_longer() {
    use mothball::domain::consent::{Part, Person};
    let desk = Desk::new(1, 1);
    desk.psa.edit(|paper| paper.others = 100);
    look(&desk, Ask::All, false).await;
    let rows: Vec<i64> = (2..=8).collect();
    leave(&desk, 2..=8);
    desk.psa.edit(|paper| {
        let sample = paper.rows[&101.into()].clone();
        for client in &rows {
            let id = mothball::domain::ConfigId::from(client * 100 + 1);
            let mut row = sample.clone();
            row.id = id.clone();
            row.client = ClientId::from(*client);
            paper.rows.insert(id, row);
        }
    });
    assert!(look(&desk, Ask::All, false).await.stops);
    let run = desk.parked(Ask::All).await;
    let joe = Person { operator: "joe".into(), user: "joe".into() };
    assert!(desk.engine.approve(run, &Part::All, &joe).await.unwrap().wait().await.state.is_success());
    assert!(!look(&desk, Ask::All, false).await.stops);
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_newly_offboarded_client_rests_where_nobody_watches() {
    let desk = Desk::with(2, 2, Safeguards { settle_hours: 24, ..Safeguards::default() });
    let resting = |desk: &Desk, Look { discovery, looked, .. }: &Look| {
        let mut survey =
            desk.engine.survey(discovery, &Pick::Scope(mothball::domain::selection::Scope::default()), true);
        desk.engine.let_rest(&mut survey, looked);
        for client in &survey.clients {
            let rests = client.found.iter().all(|found| found.skip == Some(SkipReason::NotStarted));
            let told = client.warnings.iter().any(|warning| warning.contains("settle_hours"));
            assert_eq!(rests, told, "{client:?}");
        }
        let rests = |found: &&mothball::domain::survey::Found| found.skip == Some(SkipReason::NotStarted);
        survey.found().filter(rests).map(|found| found.configuration.id.to_string()).collect::<Vec<_>>()
    };
    let one = look(&desk, named(&[1]), false).await;
    assert_eq!(resting(&desk, &one), ["101", "102"], "first seen just now");
    tokio::time::advance(Duration::from_hours(12)).await;
    assert_eq!(resting(&desk, &look(&desk, Ask::All, false).await), ["101", "102", "201", "202"]);
    tokio::time::advance(Duration::from_secs(12 * 3600 - 1)).await;
    assert_eq!(resting(&desk, &look(&desk, named(&[1]), false).await), ["101", "102"]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(resting(&desk, &look(&desk, Ask::All, false).await), ["201", "202"], "each its own time");

    // Who comes back and leaves again rests again.
    desk.psa.edit(|paper| paper.clients.get_mut(&ClientId::from(1)).unwrap().signals.inactive = Some(false));
    look(&desk, named(&[1]), false).await;
    let sweep: Sweep = desk
        .engine
        .store
        .last_offboarded(&desk.engine.psa.tenant().await.unwrap(), "paper")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(sweep.clients.keys().collect::<Vec<_>>(), [&ClientId::from(2)]);
    desk.psa.edit(|paper| paper.clients.get_mut(&ClientId::from(1)).unwrap().signals.inactive = Some(true));
    assert_eq!(resting(&desk, &look(&desk, named(&[1]), false).await), ["101", "102"]);
}

#[tokio::test(start_paused = true)]
async fn when_linked_leaves_what_its_rules_name_and_says_what_hangs_on_it() {
    let linked =
        LinkAnswer::of(vec![Link { id: "7".into(), name: "Managed".into(), detail: None, record_url: None }]);
    let none = Links {
        billing: LinkAnswer::None,
        tickets: LinkAnswer::None,
        children: LinkAnswer::None,
        rmm: LinkAnswer::None,
    };
    let unknown = LinkAnswer::Unknown { why: "no right".into() };
    let skip = LinkedPolicy::Skip;
    for (rule, links, reason) in [
        (
            WhenLinked { billing: skip, ..WhenLinked::default() },
            Links { billing: linked.clone(), ..none.clone() },
            SkipReason::LinkedBilling,
        ),
        (
            WhenLinked { tickets: skip, ..WhenLinked::default() },
            Links { tickets: linked.clone(), ..none.clone() },
            SkipReason::LinkedTickets,
        ),
        (
            WhenLinked { children: skip, ..WhenLinked::default() },
            Links { children: linked.clone(), ..none.clone() },
            SkipReason::LinkedChildren,
        ),
        (
            WhenLinked { rmm: skip, ..WhenLinked::default() },
            Links { rmm: linked.clone(), ..none.clone() },
            SkipReason::LinkedRmm,
        ),
        (
            WhenLinked { unknown: skip, ..WhenLinked::default() },
            Links { tickets: unknown.clone(), ..none.clone() },
            SkipReason::LinkedUnknown,
        ),
    ] {
        let mut desk = Desk::new(1, 2);
        desk.psa.edit(|paper| {
            paper.links.insert(101.into(), links);
            paper.links.insert(102.into(), none.clone());
        });
        for (rules, expected) in [(WhenLinked::default(), None), (rule, Some(reason))] {
            desk.engine.profile.safeguards.when_linked = rules;
            let request = Request { ask: Ask::All, statuses: Vec::new() };
            let discovery = desk.engine.discover(&request, None).await.unwrap();
            let scope = Pick::Scope(mothball::domain::selection::Scope::default());
            let mut survey = desk.engine.survey(&discovery, &scope, true);
            let reading = desk.engine.read_links(&survey).await;
            Engine::attach_links(&mut survey, &reading.links, &reading.signs_of_life);
            desk.engine.obey_when_linked(&mut survey);
            let skips: Vec<_> = survey.found().map(|found| found.skip).collect();
            assert_eq!(skips, [expected, None]);
            let why = survey.found().next().unwrap().why.clone();
            assert_eq!(why.is_some(), expected.is_some(), "{why:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_runs_for_the_same_client_one_is_refused_and_told_who_holds_it() {
    for round in 0..200 {
        let desk = Desk::new(3, 2);
        let clients = [[1, 2], [2, 3]];
        let second = Who { operator: "joe".into(), user: "joe".into(), ..who() };
        let (a, b) =
            (desk.draft(named(&clients[0]), who()).await, desk.draft(named(&clients[1]), second).await);
        let (a_run, b_run) = (a.header.run.clone(), b.header.run.clone());
        let (a, b) = if round % 2 == 0 {
            tokio::join!(desk.engine.start(a), desk.engine.start(b))
        } else {
            let (b, a) = tokio::join!(desk.engine.start(b), desk.engine.start(a));
            (a, b)
        };
        assert_ne!(a.is_ok(), b.is_ok(), "round {round}: one holder");
        let (held, holder) = match (&a, &b) {
            (Ok(_), Err(EngineError::Locked { held })) => (held, (&a_run, "jane@msp.example")),
            (Err(EngineError::Locked { held }), Ok(_)) => (held, (&b_run, "joe")),
            (Ok(_), Err(other)) | (Err(other), _) => panic!("refused for another reason: {other}"),
            (Ok(_), Ok(_)) => unreachable!("just looked at"),
        };
        assert_eq!(held.len(), 1);
        assert_eq!((&held[0].run, held[0].by.operator.as_str()), holder);
        assert_eq!(held[0].client, ClientId::from(2));
        let winner = if let Ok(handle) = a { handle } else { b.ok().unwrap() };
        assert!(winner.wait().await.state.is_success());
        assert_eq!(desk.psa.edit(|paper| paper.writes.len()), 4, "each of the winner's items once");
        desk.check().await;
    }
}
