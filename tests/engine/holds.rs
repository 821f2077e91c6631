//! A hold is obeyed whoever asks and however: by a scope, by ticks, by a plan that was approved before.

use std::{collections::BTreeSet, time::Duration};

use mothball::{
    domain::{
        ConfigId, ExitCode, Outcome, SkipReason,
        consent::{Part, Person},
        selection::Scope,
    },
    engine::{Draft, Pick, Who},
};

use super::outcome;
use crate::support::paper_psa::{Desk, ids, named, who};

fn joe() -> Person {
    Person { operator: "joe".into(), user: "joe".into() }
}

async fn hold(desk: &Desk, held: &BTreeSet<ConfigId>, hours: Option<i64>) {
    let until = hours.map(|hours| desk.now().plus_seconds(hours * 3600));
    desk.engine.hold(held, until, "still rented out", &joe()).await.unwrap();
}

fn why(draft: &Draft, id: &str) -> (Option<SkipReason>, String) {
    let found = draft.survey.found().find(|found| found.configuration.id.as_str() == id).unwrap();
    (found.skip, found.why.clone().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn every_mode_leaves_out_what_is_held_and_says_why() {
    let desk = Desk::new(1, 4);
    hold(&desk, &ids(&[102]), None).await;
    hold(&desk, &ids(&[104]), Some(1)).await;
    let ticked = Pick::Ticked(ids(&[101, 102, 104]));
    let narrow = Pick::Scope(Scope { ids: ids(&[101, 102, 104]), ..Scope::default() });
    let everything = Pick::Scope(Scope::default());
    for pick in [&ticked, &narrow, &everything] {
        for who in [who(), Who { attended: false, ..who() }, Who { dry_run: true, ..who() }] {
            let draft = desk.draft_of(named(&[1]), pick, who).await;
            for id in ["102", "104"] {
                let (reason, why) = why(&draft, id);
                assert_eq!(reason, Some(SkipReason::Held));
                assert!(why.contains("still rented out") && why.contains("joe"), "{why}");
            }
            assert!(why(&draft, "104").1.contains("until 2026-11-24 09:00"), "{:?}", why(&draft, "104"));
            assert!(why(&draft, "101").0.is_none());
        }
    }
    let draft = desk.draft_of(named(&[1]), &everything, who()).await;
    let finished = desk.engine.start(draft).await.unwrap().wait().await;
    assert_eq!(desk.psa.written(), ids(&[101, 103]));
    let report = serde_json::to_value(desk.report(&finished)).unwrap();
    let held = &report["clients"][0]["configs"][1];
    assert_eq!((&held["skip_reason"], held["config_id"].as_str()), (&"held".into(), Some("102")));
    assert!(held["outcome_text"].as_str().unwrap().contains("still rented out"), "{held}");

    // A hold ends by itself, or when it is taken away; runs do not end it.
    tokio::time::advance(Duration::from_hours(1)).await;
    let draft = desk.draft(named(&[1]), who()).await;
    assert_eq!((why(&draft, "104").0, why(&draft, "102").0), (None, Some(SkipReason::Held)));
    assert_eq!(desk.engine.unhold(&ids(&[102, 103])).await.unwrap(), [ConfigId::from("103")]);
    let draft = desk.draft(named(&[1]), who()).await;
    assert_eq!(why(&draft, "102").0, None);
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_comes_after_the_plan_is_obeyed_at_the_last_look() {
    let desk = Desk::new(1, 4);
    let run = desk.parked(named(&[1])).await;
    hold(&desk, &ids(&[103]), None).await;
    let finished = desk.engine.approve(run, &Part::All, &joe()).await.unwrap().wait().await;
    assert_eq!(desk.psa.written(), ids(&[101, 102, 104]));
    assert_eq!(*outcome(&finished, &"103".into()), Outcome::Skipped { reason: SkipReason::Held });
    let warning = &finished.state.warnings[0];
    assert!(warning.contains("SRV-103") && warning.contains("still rented out"), "{warning}");
    assert!(desk.report(&finished).success(), "what somebody wants kept is no failure");
    desk.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_slip_in_an_id_holds_nothing() {
    let desk = Desk::new(1, 2);
    let error = desk.engine.hold(&ids(&[101, 999]), None, "why", &joe()).await.unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::Usage);
    assert!(error.to_string().contains("999") && !error.to_string().contains("101"), "{error}");
    let tenant = desk.engine.psa.tenant().await.unwrap();
    assert!(desk.engine.holds(&tenant).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hold_belongs_to_its_tenant() {
    let desk = Desk::new(1, 2);
    hold(&desk, &ids(&[101]), None).await;
    desk.psa.edit(|paper| paper.tenant.id = "paper/other".into());
    let draft = desk.draft(named(&[1]), who()).await;
    assert_eq!(why(&draft, "101").0, None, "the other tenant's 101 is another record");
}
