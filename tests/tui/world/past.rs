//! Earlier runs.

use mothball::{
    domain::{Origin, Phase, RunId, plan::Kind},
    tui::desk::PastRun,
};

use super::now;

/// A run of some kind that ended.
pub fn past(id: &str, seconds_ago: i64, phase: Phase) -> PastRun {
    PastRun {
        run: RunId::from(id),
        kind: Kind::Deactivate,
        parent: None,
        started_at: now().plus_seconds(-seconds_ago),
        phase,
        origin: Origin::Person,
        requested_by: "jane@msp.example".into(),
        reason: None,
        dry_run: false,
        clients: 1,
        items: 4,
        changed: 0,
        skipped: 0,
        errors: 0,
        unknown: 0,
        restorable: 0,
        active_again: 0,
        at_work: None,
        elsewhere: None,
    }
}

pub fn waiting(run: &RunId, items: u64, by: &str) -> PastRun {
    PastRun { items, requested_by: by.into(), ..past(run.as_str(), 60, Phase::AwaitingApproval) }
}

pub fn interrupted() -> PastRun {
    PastRun { changed: 1, restorable: 1, ..past("20261123T231500-dddddddd", 9_900, Phase::Interrupted) }
}

/// One that a server is at work on, and that nobody here started.
pub fn at_work(run: &RunId) -> PastRun {
    PastRun {
        origin: Origin::Schedule { name: "nightly".into() },
        requested_by: "schedule nightly".into(),
        at_work: Some("mothball, process 812 on srv1, since 2026-11-24 01:40 UTC".into()),
        ..past(run.as_str(), 400, Phase::Applying)
    }
}

/// One that finished and one dry run: nothing that is offered at the start.
pub fn past_runs() -> Vec<PastRun> {
    vec![
        PastRun {
            items: 5,
            changed: 4,
            skipped: 1,
            restorable: 4,
            ..past("20261123T090000-bbbbbbbb", 60_000, Phase::Finished)
        },
        PastRun {
            clients: 3,
            items: 40,
            skipped: 40,
            dry_run: true,
            ..past("20261120T090000-cccccccc", 300_000, Phase::Finished)
        },
    ]
}

/// One of each kind that still wants something, before those.
pub fn eventful_past() -> Vec<PastRun> {
    let mut runs = vec![
        PastRun {
            reason: Some("Left in October".into()),
            clients: 2,
            ..waiting(&RunId::from("20261124T010000-aaaaaaaa"), 4, "joe@msp.example")
        },
        interrupted(),
        PastRun {
            kind: Kind::Undo,
            parent: Some(RunId::from("20261120T090000-eeeeeeee")),
            changed: 4,
            ..past("20261123T120000-ffffffff", 50_000, Phase::Finished)
        },
    ];
    runs.extend(past_runs());
    runs[3].active_again = 2;
    runs.push(PastRun {
        elsewhere: Some("branch".into()),
        ..past("20261119T090000-gggggggg", 400_000, Phase::AwaitingApproval)
    });
    runs.push(past("20261118T090000-hhhhhhhh", 500_000, Phase::Rejected));
    runs
}
