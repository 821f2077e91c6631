//! Every kind of fault at every request of a run of twenty items: alone, and from there on for a while; and a crash at
//! every request.

use mothball::simulator::{
    Layout, Options,
    faults::{Kind, Plan, Rule, Scope},
};

use super::{
    case::{Case, Tally},
    rows,
    wire::{Exchange, Happening, Own, Script},
    world::Making,
};

const ITEMS: usize = 20;
/// Requests beyond those of a healthy run that a fault is planned for, too.
const BEYOND: usize = 3;
/// So many times a fault that stays is met: more than one request is tried, and more than makes the PSA count as away.
const A_WHILE: u64 = 12;

fn making(psa: &str) -> Making {
    let layout = Layout::Uniform { offboarded: 1, each: ITEMS };
    Making::new(Options { psa: psa.to_owned(), layout, ..Options::default() })
}

/// The requests that a run takes in which nothing goes wrong.
fn healthy(psa: &str, what: &str) -> Vec<Exchange> {
    let counted =
        Case::new(format!("{psa}, healthy, to know what to spoil: {what}"), making(psa), Plan::none())
            .run()
            .unwrap();
    assert!(counted.success && counted.met == 0);
    counted.requests
}

/// Whether a kind can meet the request that stood there in the healthy run. Beyond its end anything may come.
fn meets(psa: &str, kind: Kind, request: Option<&Exchange>) -> Option<bool> {
    let request = request?;
    let write = !rows::write(psa, request).is_empty();
    match kind.scope() {
        Scope::Any => Some(true),
        Scope::Writes => Some(write),
        Scope::Reads | Scope::Lists | Scope::Counts if write => Some(false),
        Scope::Reads | Scope::Lists | Scope::Counts => None,
    }
}

fn each_kind(psa: &str, how: &str, plan: impl Fn(Kind, usize) -> (Plan, Script), every: usize) {
    let requests = healthy(psa, how);
    let mut tally = Tally::default();
    for kind in Kind::ALL {
        for at in (0..requests.len() + BEYOND).step_by(every) {
            let will_meet = meets(psa, *kind, requests.get(at));
            if will_meet == Some(false) {
                continue;
            }
            let (plan, script) = plan(*kind, at);
            let name = format!("{psa}, {kind} {how} request {at}");
            let case = Case { script, ..Case::new(name.clone(), making(psa), plan) };
            let went = case.run();
            if let Ok(counted) = &went
                && will_meet == Some(true)
            {
                assert!(counted.met > 0, "{name}: it did not happen");
            }
            tally.add(went);
        }
    }
    tally.tell(&format!(
        "{psa}, each of {} kinds {how} each of {} requests",
        Kind::ALL.len(),
        requests.len()
    ));
}

/// Bodies that are too large for this harness, whose limit is smaller than the real one.
fn sized(rule: Rule) -> Rule {
    match rule.kind {
        Kind::GzipBomb | Kind::HugeBody => rule.sized(2 * 1024 * 1024),
        _ => rule,
    }
}

fn each_kind_alone(psa: &str) {
    let alone = |kind, at| (sized(Rule::on_request(kind, at as u64).times(1)).into(), Script::default());
    each_kind(psa, "at", alone, 1);
}

fn each_kind_for_a_while(psa: &str) {
    let from = |kind, at| {
        let rule = sized(Rule::always(kind)).times(A_WHILE);
        (Plan::none(), Script(vec![(at as u64, Happening::Faults(rule.into()))]))
    };
    each_kind(psa, "for a while from", from, if psa == "halopsa" { 1 } else { 3 });
}

/// What goes wrong on this side of the wire, and the end of the program, at each request.
fn each_happening(psa: &str) {
    let requests = healthy(psa, "happenings").len();
    let own = Own::ALL.map(Happening::Own);
    let others = [
        Happening::CrashBefore,
        Happening::CrashAfter,
        Happening::ClockJump(3600),
        Happening::ClockJump(-3600),
    ];
    let mut tally = Tally::default();
    for happening in own.into_iter().chain(others) {
        for at in 0..requests {
            let name = format!("{psa}, {happening:?} at request {at}");
            let script = Script(vec![(at as u64, happening.clone())]);
            let case = Case { script, ..Case::new(name.clone(), making(psa), Plan::none()) };
            let went = case.run();
            assert!(went.as_ref().is_ok_and(|counted| counted.met > 0) || went.is_err(), "{name}");
            tally.add(went);
        }
    }
    tally.tell(&format!("{psa}, each of 7 happenings at each of {requests} requests"));
}

/// The tenant moves, or its tokens are revoked, after each number of requests.
fn the_vendor_moves(psa: &str) {
    let requests = healthy(psa, "moves").len() as u64;
    let mut tally = Tally::default();
    for after in 0..2 * requests {
        let mut making = making(psa);
        let switches = &mut making.options.switches;
        switches.connectwise.codebase_change_after = Some(after);
        switches.autotask.zone_moves_after = Some(after);
        // A token that serves no request at all could not be lived with.
        switches.halopsa.tokens_revoked_after = Some(after + 1);
        let counted = Case::new(format!("{psa}, moves after {after}"), making, Plan::none()).run();
        let counted = counted.map(|counted| {
            assert!(counted.success, "{psa}, moves after {after}: not a success");
            super::case::Counted { met: 1, ..counted }
        });
        tally.add(counted);
    }
    tally.tell(&format!("{psa}, moves after each number of requests"));
}

macro_rules! each_on_a_core_of_its_own {
    ($($psa:ident)*) => { $(mod $psa {
        #[test]
        fn each_kind_alone_at_each_request() {
            super::each_kind_alone(stringify!($psa));
        }

        #[test]
        fn each_kind_for_a_while_from_each_request_on() {
            super::each_kind_for_a_while(stringify!($psa));
        }

        #[test]
        fn each_happening_at_each_request() {
            super::each_happening(stringify!($psa));
        }

        #[test]
        fn the_vendor_moves_after_each_number_of_requests() {
            super::the_vendor_moves(stringify!($psa));
        }
    })* };
}

each_on_a_core_of_its_own!(connectwise autotask halopsa);
