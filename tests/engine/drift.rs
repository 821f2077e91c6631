//! What changed between review and the change is refused item by item: exactly that, and nothing else.

use std::collections::BTreeSet;

use mothball::{
    domain::{
        ClientId, ConfigId, Configuration, Outcome, SkipReason,
        consent::{Part, Person},
    },
    engine::Ask,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::outcome;
use crate::support::paper_psa::{Desk, status};

/// What may happen to a record while its plan waits.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Nothing,
    /// Changes that the plan does not speak of.
    Harmless,
    Renamed,
    SecondName,
    OtherStatus,
    FlagOff,
    OtherType,
    Moved,
    Deleted,
    /// Somebody did what the plan wants.
    AsWanted,
}

impl Fate {
    fn strike(self, row: &mut Configuration) {
        match self {
            Self::Nothing | Self::Deleted => {}
            Self::Harmless => {
                row.site = Some("Attic".into());
                row.serial = Some("new".into());
                row.state.status.as_mut().unwrap().name = "Status 2, renamed".into();
            }
            Self::Renamed => row.name = format!("{}x", row.name).into(),
            Self::SecondName => row.names.push("tag".into()),
            Self::OtherStatus => row.state.status = Some(status("3")),
            Self::FlagOff => row.state.active = false,
            Self::OtherType => row.config_type = "Switch".into(),
            Self::Moved => row.client = ClientId::from(9),
            Self::AsWanted => {
                row.state.active = false;
                row.state.status = Some(status("7"));
                row.state.closed = Some(true);
            }
        }
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![
        Fate::Renamed,
        Fate::SecondName,
        Fate::OtherStatus,
        Fate::FlagOff,
        Fate::OtherType,
        Fate::Moved,
        Fate::Deleted,
        Fate::AsWanted,
    ])
}

/// The fates of so many items: of each plan another share drifts, from none to all.
fn fates(items: usize) -> impl Strategy<Value = Vec<Fate>> {
    (0u32..=100).prop_flat_map(move |percent| {
        let one = (0u32..100, fate(), any::<bool>()).prop_map(move |(dice, fate, harmless)| {
            match (dice < percent, harmless) {
                (true, _) => fate,
                (false, true) => Fate::Harmless,
                (false, false) => Fate::Nothing,
            }
        });
        prop::collection::vec(one, items)
    })
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_plans_exactly_what_drifted_is_refused() {
    const EACH: i64 = 6;
    let joe = Person { operator: "joe".into(), user: "joe".into() };
    let mut runner = TestRunner::deterministic();
    let mut refused_in_all = 0;
    for round in 0..1_000 {
        let desk = Desk::new(3, EACH);
        let run = desk.parked(Ask::All).await;
        let items: Vec<ConfigId> = desk.psa.edit(|paper| paper.rows.keys().cloned().collect());
        let fates = fates(items.len()).new_tree(&mut runner).unwrap().current();
        // Now and then a client comes back while its plan waits.
        let returned = (round % 5 == 0).then(|| ClientId::from(1 + round % 3));
        desk.psa.edit(|paper| {
            for (id, fate) in items.iter().zip(&fates) {
                if *fate == Fate::Deleted {
                    paper.rows.remove(id);
                } else {
                    fate.strike(paper.rows.get_mut(id).unwrap());
                }
            }
            if let Some(client) = &returned {
                paper.clients.get_mut(client).unwrap().signals.inactive = Some(false);
            }
        });
        let finished = desk.engine.approve(run, &Part::All, &joe).await.unwrap().wait().await;

        let mut written = BTreeSet::new();
        for (id, fate) in items.iter().zip(&fates) {
            let number: i64 = id.as_str().parse().unwrap();
            let came_back = returned == Some(ClientId::from(number / 100));
            let outcome = outcome(&finished, id);
            let fits = match fate {
                _ if came_back => matches!(outcome, Outcome::ChangedSinceReview { .. }),
                Fate::Nothing | Fate::Harmless => *outcome == Outcome::Deactivated { verified: true },
                Fate::AsWanted => *outcome == Outcome::Skipped { reason: SkipReason::AlreadyInactive },
                _ => matches!(outcome, Outcome::ChangedSinceReview { .. }),
            };
            assert!(fits, "round {round}, item {id}: {fate:?} came to {outcome:?}");
            refused_in_all += usize::from(matches!(outcome, Outcome::ChangedSinceReview { .. }));
            if *outcome == (Outcome::Deactivated { verified: true }) {
                written.insert(id.clone());
            }
        }
        assert_eq!(desk.psa.written(), written, "round {round}");
        desk.report(&finished);
        desk.check().await;
    }
    assert!(refused_in_all > 3_000, "the plans drifted: {refused_in_all}");
}
