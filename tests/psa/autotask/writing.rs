//! The one change, and what its answer proves.

use mothball::{
    domain::{Configuration, Lifecycle, Wanted},
    psa::{PsaError, port::SetAnswer},
    simulator::{
        Options, Simulator,
        faults::{Kind, Plan, Rule},
    },
};
use tokio_util::sync::CancellationToken;

use super::{start, start_with, switches};
use crate::psa::{both_kinds, changes, check, offboarded, open, set_one};

/// What the simulator stored is the mark and nothing else.
fn check_fields(simulator: &Simulator, most: usize) {
    let writes = simulator.writes();
    assert!(writes.len() <= most, "{} writes", writes.len());
    for write in writes {
        for change in write.changes {
            assert_eq!(change.field, "isActive");
        }
    }
}

/// Active items that a save is not refused for.
fn free<'a>(
    simulator: &Simulator,
    rows: &'a [Configuration],
) -> impl Iterator<Item = &'a Configuration> + use<'a> {
    let truth = simulator.truth();
    rows.iter().filter(move |row| {
        row.lifecycle() == Lifecycle::Active && truth.configurations[row.id.as_str()].blocked.is_none()
    })
}

#[tokio::test]
async fn a_change_is_made_read_back_and_undone() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let taken: Vec<Configuration> = free(&simulator, listing.rows()).take(5).cloned().collect();
        assert_eq!(taken.len(), 5);
        let is_taken = |row: &Configuration| taken.iter().any(|other| other.id == row.id);
        let ids: Vec<_> = taken.iter().map(|row| row.id.clone()).collect();
        for active in [false, true] {
            let wanted = |row: &Configuration| is_taken(row).then_some(Wanted { active, status: None });
            for change in &changes(&psa, &listing, wanted).await {
                assert_eq!(set_one(&psa, change).await, SetAnswer::Taken { warning: None });
            }
            for (id, now) in psa.read(&ids).await.unwrap() {
                assert_eq!(now.unwrap().state.active, active, "{id}");
            }
        }
        check_fields(&simulator, 10);
        check(&simulator);
    }
}

#[tokio::test]
async fn a_change_that_was_taken_back_shows_when_it_is_read_and_stays_the_second_time() {
    let simulator = start_with(&["first_patch_reverts=true"]).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let first = free(&simulator, listing.rows()).next().unwrap();
    let change =
        &changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await[0];
    for active in [true, false] {
        assert_eq!(
            set_one(&psa, change).await,
            SetAnswer::Taken { warning: None },
            "the answer shows nothing of it"
        );
        let read = psa.read(std::slice::from_ref(&first.id)).await.unwrap();
        assert_eq!(read[&first.id].as_ref().unwrap().state.active, active);
    }
    check(&simulator);
}

#[tokio::test]
async fn a_record_that_cannot_be_saved_is_told_in_the_vendors_words_and_the_next_one_is_saved() {
    let simulator = start(Options {
        clients: 120,
        configurations: 2000,
        switches: switches(&["patch_validates_all=true"]),
        ..Options::default()
    })
    .await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let truth = simulator.truth();
    let blocked = listing
        .rows()
        .iter()
        .find(|row| row.state.active && truth.configurations[row.id.as_str()].blocked.is_some())
        .expect("some record is blocked");
    let saved = free(&simulator, listing.rows()).next().expect("some record is not");
    let both = changes(&psa, &listing, |row| {
        (row.id == blocked.id || row.id == saved.id).then(|| Wanted::inactive(None))
    })
    .await;
    for change in &both {
        match set_one(&psa, change).await {
            SetAnswer::Doubted { error: PsaError::Refused { status: 500, message } } => {
                assert_eq!(change.config_id(), &blocked.id);
                assert!(!message.is_empty() && !message.contains("errors"), "{message}");
            }
            other => {
                assert_eq!((change.config_id(), other), (&saved.id, SetAnswer::Taken { warning: None }));
            }
        }
    }
    assert_eq!(simulator.writes().len(), 1);
    check_fields(&simulator, 1);
    check(&simulator);
}

#[tokio::test]
async fn a_missing_right_is_told_as_one() {
    let simulator = start_with(&["may_edit=false"]).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let first = free(&simulator, listing.rows()).next().unwrap();
    let change =
        &changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await[0];
    match set_one(&psa, change).await {
        SetAnswer::Refused { error: PsaError::Permission { message } } => {
            assert!(message.contains("permission"), "{message}");
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
        Taken,
        Doubted,
        Refused,
        Lost,
        NotSent,
    }
    let cases = [
        (Kind::ResetBeforeWrite, Sort::Lost, 0),
        (Kind::ResetAfterWrite, Sort::Lost, 1),
        (Kind::Truncated, Sort::Lost, 1),
        (Kind::Error500, Sort::Doubted, 0),
        (Kind::Html500, Sort::Lost, 0),
        (Kind::Empty500, Sort::Lost, 0),
        (Kind::Html503, Sort::Lost, 0),
        (Kind::Empty504, Sort::Lost, 0),
        (Kind::ErrorAfterCommit, Sort::Doubted, 1),
        (Kind::Empty200, Sort::Lost, 1),
        (Kind::Empty401, Sort::NotSent, 0),
        (Kind::FalseOk, Sort::Taken, 0),
        (Kind::LostWrite, Sort::Taken, 0),
        (Kind::OtherRecord, Sort::Lost, 1),
        (Kind::Html200, Sort::Lost, 0),
        (Kind::InvalidJson, Sort::Lost, 1),
        (Kind::Unauthorized, Sort::NotSent, 0),
        (Kind::Forbidden, Sort::Refused, 0),
        (Kind::Invalid, Sort::Doubted, 0),
    ];
    for (kind, expected, stored) in cases {
        let simulator = start(Options::default()).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let first = free(&simulator, listing.rows()).next().unwrap();
        let change =
            &changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await[0];
        let rule: Rule = format!("{}@writes", kind.name()).parse().unwrap();
        simulator.set_faults(Plan::of(vec![rule]));
        let answer = set_one(&psa, change).await;
        let sort = match &answer {
            SetAnswer::Taken { .. } => Sort::Taken,
            SetAnswer::Doubted { .. } => Sort::Doubted,
            SetAnswer::Refused { .. } => Sort::Refused,
            SetAnswer::Lost { .. } => Sort::Lost,
            SetAnswer::NotSent { .. } => Sort::NotSent,
            other => panic!("{}: {other:?}", kind.name()),
        };
        assert_eq!(sort, expected, "{}: {answer:?}", kind.name());
        assert_eq!(simulator.writes().len(), stored, "{}", kind.name());
        let patches = simulator.requests().iter().filter(|seen| seen.method == "PATCH").count();
        assert_eq!(patches, 1, "{} was sent again without reading", kind.name());
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
        let first = free(&simulator, listing.rows()).next().unwrap();
        let change =
            &changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await[0];
        simulator.set_faults(Plan::of(vec![Rule::on_write(kind, 0)]));
        assert_eq!(set_one(&psa, change).await, SetAnswer::Taken { warning: None }, "{}", kind.name());
        assert_eq!(simulator.writes().len(), 1);
        check(&simulator);
    }
}

#[tokio::test]
async fn nothing_is_sent_once_the_work_is_stopped() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let first = free(&simulator, listing.rows()).next().unwrap();
    let change = changes(&psa, &listing, |row| (row.id == first.id).then(|| Wanted::inactive(None))).await;
    let hold = CancellationToken::new();
    hold.cancel();
    assert!(matches!(psa.set(&change, &hold).await[..], [SetAnswer::NotSent { .. }]));
    check_fields(&simulator, 0);
    check(&simulator);
}
