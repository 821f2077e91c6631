//! Whatever the flags and settings are: a dry run writes nothing, and what nobody approved is not written.

use mothball::{
    domain::{
        Event, Phase,
        consent::{Part, Person},
        event::End,
        safeguards::{OnLimit, Safeguards},
    },
    engine::{
        Ask, Who,
        limits::{Allowance, Course},
    },
};

use crate::support::paper_psa::{Desk, who};

/// Every combination of so many switches.
fn combinations(switches: u32) -> impl Iterator<Item = impl FnMut() -> bool> {
    (0..1u32 << switches).map(move |bits| {
        let mut next = 0;
        move || {
            next += 1;
            assert!(next <= switches, "more switches than combinations");
            bits >> (next - 1) & 1 == 1
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_or_an_unapproved_plan_writes_nothing_whatever_the_flags() {
    let mut applied = 0;
    for mut switch in combinations(11) {
        let (dry_flag, dry_setting) = (switch(), switch());
        let (approval_flag, approval_setting, four_eyes) = (switch(), switch(), switch());
        let (over_changes, over_clients, allowed) = (switch(), switch(), switch());
        let (park, attended, ticket_missing) = (switch(), switch(), switch());
        let safeguards = Safeguards {
            dry_run: dry_setting,
            require_approval: approval_setting,
            four_eyes,
            max_changes: if over_changes { 1 } else { 500 },
            max_clients_unattended: if over_clients { 0 } else { 3 },
            on_limit: if park { OnLimit::Park } else { OnLimit::Stop },
            require_ticket: ticket_missing,
            ..Safeguards::default()
        };
        let desk = Desk::with(1, 2, safeguards);
        let draft = desk.draft(Ask::All, Who { dry_run: dry_flag, attended, ..who() }).await;
        let allowance = Allowance { max_changes: allowed.then_some(2), attended };
        let refusals = desk.engine.refusals(&draft, allowance).await.unwrap();
        let course = desk.engine.course(&draft, refusals, approval_flag);

        let dry = dry_flag || dry_setting;
        let over = over_changes && !allowed || over_clients && !attended;
        let asks = approval_flag || approval_setting || four_eyes;
        let may_go = !dry && !ticket_missing && !over && !asks;
        assert_eq!(course == Course::Apply, may_go, "{course:?}");
        if dry {
            assert_eq!(course, Course::Report, "dry run wins");
        }
        // The engine refuses by itself what its caller should not have started.
        if dry || approval_setting || four_eyes {
            assert!(desk.engine.start(draft.clone()).await.is_err());
        }
        match course {
            Course::Report => drop(desk.engine.conclude(draft, End::Finished, Vec::new()).await.unwrap()),
            Course::Refuse(_) => drop(desk.engine.conclude(draft, End::Refused, Vec::new()).await.unwrap()),
            Course::Park { why } => {
                let parked = desk.engine.park(draft, why).await.unwrap();
                assert_eq!(parked.state.phase, Phase::AwaitingApproval);
                // Neither resuming nor its own requester gets it written, where four eyes are wanted.
                let run = desk.stored(&parked).await;
                assert!(desk.engine.resume(run.clone()).await.is_err());
                if four_eyes {
                    let jane = Person { operator: "jane@msp.example".into(), user: "jane".into() };
                    assert!(desk.engine.approve(run, &Part::All, &jane).await.is_err());
                }
            }
            Course::Apply => {
                assert!(desk.engine.start(draft).await.unwrap().wait().await.state.is_success());
                assert_eq!(desk.psa.written().len(), 2);
                desk.check().await;
                applied += 1;
                continue;
            }
        }
        assert!(desk.psa.written().is_empty());
        for summary in desk.engine.store.runs(9).await.unwrap() {
            let events = desk.again(&summary.header.run).await.events;
            assert!(!events.iter().any(|stamped| matches!(stamped.event, Event::Approved { .. })));
        }
        desk.check().await;
    }
    assert!(applied > 0, "some combinations do write");
}
