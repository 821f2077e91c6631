//! The one change, and what its answer proves.

use mothball::{
    domain::{Lifecycle, Wanted},
    psa::{PsaError, port::SetAnswer},
    simulator::{
        Options, Simulator,
        connectwise::{Closing, NestedPatch},
        faults::{Kind, Plan, Rule},
    },
};
use tokio_util::sync::CancellationToken;

use crate::psa::{both_kinds, changes, check, offboarded, open, set_one, start};

/// The changes that the simulator stored are in this order and nothing but the two fields.
fn check_fields(simulator: &Simulator, most: usize) {
    let writes = simulator.writes();
    assert!(writes.len() <= most, "{} writes", writes.len());
    for write in writes {
        for change in write.changes {
            assert!(
                ["activeFlag", "status"].contains(&change.field.as_str()),
                "{} was changed",
                change.field
            );
        }
    }
}

#[tokio::test]
async fn a_change_is_made_compared_and_undone() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let wanted = psa.wanted(Some("Retired")).await.unwrap();
        let truth = simulator.truth();
        let free = |id: &str| truth.configurations[id].blocked.is_none();
        let taken: Vec<_> = listing
            .rows()
            .iter()
            .filter(|row| row.lifecycle() == Lifecycle::Active && free(row.id.as_str()))
            .take(5)
            .cloned()
            .collect();
        assert_eq!(taken.len(), 5);
        let forward =
            changes(&psa, &listing, |row| taken.iter().any(|t| t.id == row.id).then(|| wanted.clone())).await;
        for change in &forward {
            match set_one(&psa, change).await {
                SetAnswer::Accepted { state, .. } => assert_eq!(state.lifecycle(), Lifecycle::Inactive),
                other => panic!("{other:?}"),
            }
        }
        let ids: Vec<_> = taken.iter().map(|row| row.id.clone()).collect();
        for (id, now) in psa.read(&ids).await.unwrap() {
            assert_eq!(now.unwrap().lifecycle(), Lifecycle::Inactive, "{id}");
        }
        let back = changes(&psa, &listing, |row| {
            taken
                .iter()
                .any(|t| t.id == row.id)
                .then(|| Wanted { active: true, status: row.state.status.clone() })
        })
        .await;
        for change in &back {
            assert!(matches!(set_one(&psa, change).await, SetAnswer::Accepted { .. }));
        }
        let read = psa.read(&ids).await.unwrap();
        for row in &taken {
            assert_eq!(read[&row.id].as_ref().unwrap().state, row.state);
        }
        check_fields(&simulator, 10);
        check(&simulator);
    }
}

#[tokio::test]
async fn a_side_that_does_not_take_is_told() {
    let mut switches = mothball::simulator::Switches::default();
    switches.connectwise.closing = Closing::StatusFlipsFlag;
    switches.connectwise.nested_patch = NestedPatch::FalseOk;
    let simulator = start(Options { switches, ..Options::default() }).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let first = listing.rows().iter().find(|row| row.lifecycle() == Lifecycle::Active).unwrap();
    let change =
        &changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await[0];
    simulator.set_faults(Plan::of(vec![Rule::always(Kind::FalseOk)]));
    match set_one(&psa, change).await {
        SetAnswer::NotTaken { state, message } => {
            assert_eq!(state.as_ref(), Some(&first.state));
            assert!(message.contains("activeFlag is still true"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    check_fields(&simulator, 0);
    check(&simulator);
}

#[tokio::test]
async fn a_record_that_cannot_be_saved_is_told_with_the_field_that_blocks_it() {
    let mut switches = mothball::simulator::Switches::default();
    switches.connectwise.required_fields_block = true;
    let simulator =
        start(Options { clients: 120, configurations: 2000, switches, ..Options::default() }).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let truth = simulator.truth();
    let blocked = listing
        .rows()
        .iter()
        .find(|row| truth.configurations[row.id.as_str()].blocked.is_some())
        .expect("some record is blocked");
    let change =
        &changes(&psa, &listing, |row| (row.id == blocked.id).then(|| Wanted::inactive(None))).await[0];
    match set_one(&psa, change).await {
        SetAnswer::Refused { error: PsaError::Refused { status: 400, message } } => {
            assert!(message.contains("blocked by required field"), "{message}");
            assert!(message.contains("MissingRequiredField"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    check_fields(&simulator, 0);
    check(&simulator);
}

#[tokio::test]
async fn every_answer_to_a_write_is_sorted_right() {
    #[derive(Debug, PartialEq)]
    enum Sort {
        Accepted,
        NotTaken,
        Refused,
        Lost,
        NotSent,
    }
    let cases = [
        (Kind::ResetBeforeWrite, Sort::Lost, 0),
        (Kind::ResetAfterWrite, Sort::Lost, 1),
        (Kind::Truncated, Sort::Lost, 1),
        (Kind::Error500, Sort::Lost, 0),
        (Kind::Html500, Sort::Lost, 0),
        (Kind::Html503, Sort::Lost, 0),
        (Kind::Empty504, Sort::Lost, 0),
        (Kind::ErrorAfterCommit, Sort::Lost, 1),
        (Kind::Empty200, Sort::Lost, 1),
        (Kind::Empty401, Sort::NotSent, 0),
        (Kind::FalseOk, Sort::NotTaken, 0),
        (Kind::LostWrite, Sort::Accepted, 0),
        (Kind::OtherRecord, Sort::Lost, 1),
        (Kind::Html200, Sort::Lost, 0),
        (Kind::InvalidJson, Sort::Lost, 1),
        (Kind::Unauthorized, Sort::NotSent, 0),
        (Kind::Forbidden, Sort::Refused, 0),
        (Kind::Invalid, Sort::Refused, 0),
        (Kind::NotFound, Sort::Refused, 0),
    ];
    for (kind, expected, stored) in cases {
        let simulator = start(Options::default()).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let first = listing.rows().iter().find(|row| row.lifecycle() == Lifecycle::Active).unwrap();
        let wanted = psa.wanted(Some("Retired")).await.unwrap();
        let change = &changes(&psa, &listing, |row| (row.id == first.id).then(|| wanted.clone())).await[0];
        let rule: Rule = format!("{}@writes", kind.name()).parse().unwrap();
        simulator.set_faults(Plan::of(vec![rule]));
        let answer = set_one(&psa, change).await;
        let sort = match &answer {
            SetAnswer::Accepted { .. } => Sort::Accepted,
            SetAnswer::NotTaken { .. } => Sort::NotTaken,
            SetAnswer::Refused { .. } => Sort::Refused,
            SetAnswer::Lost { .. } => Sort::Lost,
            SetAnswer::NotSent { .. } => Sort::NotSent,
            other => panic!("{}: {other:?}", kind.name()),
        };
        assert_eq!(sort, expected, "{}: {answer:?}", kind.name());
        assert_eq!(simulator.writes().len(), stored, "{}", kind.name());
        if expected == Sort::Lost {
            let patches = simulator.requests().iter().filter(|seen| seen.method == "PATCH").count();
            assert_eq!(patches, 1, "{} was sent again without reading", kind.name());
        }
        check_fields(&simulator, 1);
        check(&simulator);
    }
}

#[tokio::test]
async fn a_write_turned_away_for_too_many_requests_is_sent_again() {
    for kind in [
        Kind::Throttled,
        Kind::ThrottledDate,
        Kind::ThrottledBare,
        Kind::ThrottledAbsurd,
        Kind::ThrottledNegative,
    ] {
        let simulator = start(Options::default()).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let first = listing.rows().iter().find(|row| row.lifecycle() == Lifecycle::Active).unwrap();
        let change =
            &changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await[0];
        simulator.set_faults(Plan::of(vec![Rule::on_write(kind, 0)]));
        let answer = set_one(&psa, change).await;
        assert!(matches!(answer, SetAnswer::Accepted { .. }), "{}: {answer:?}", kind.name());
        assert_eq!(simulator.writes().len(), 1);
        check(&simulator);
    }
}

#[tokio::test]
async fn nothing_is_sent_once_the_work_is_stopped() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let first = listing.rows().iter().find(|row| row.lifecycle() == Lifecycle::Active).unwrap();
    let change = changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await;
    let hold = CancellationToken::new();
    hold.cancel();
    assert!(matches!(psa.set(&change, &hold).await[..], [SetAnswer::NotSent { .. }]));
    check_fields(&simulator, 0);
    check(&simulator);
}
