//! Every answer to a change, sorted by what it proves.

use mothball::{
    domain::{Change, Configuration, Lifecycle, Listing, Wanted},
    psa::{Psa, PsaError, port::SetAnswer},
    simulator::{
        Options, Simulator, Switches,
        faults::{Kind, Plan, Rule},
    },
};
use tokio_util::sync::CancellationToken;

use super::{asked, start, start_with};
use crate::psa::{both_kinds, changes, check, offboarded, open, set_one};

fn check_fields(simulator: &Simulator) {
    for write in simulator.writes() {
        for change in write.changes {
            assert!(
                ["inactive", "status_id", "status_name"].contains(&change.field.as_str()),
                "{} was changed",
                change.field
            );
        }
    }
    for seen in
        simulator.requests().iter().filter(|seen| seen.path.ends_with("/Asset") && seen.method == "POST")
    {
        for row in
            serde_json::from_str::<Vec<serde_json::Map<String, serde_json::Value>>>(&seen.body).unwrap()
        {
            assert!(
                row.keys().all(|name| ["id", "inactive", "status_id"].contains(&name.as_str())),
                "{row:?}"
            );
        }
    }
}

/// So many active assets whose type allows the status and that no rule of the tenant blocks.
fn free(simulator: &Simulator, listing: &Listing<Configuration>, most: usize) -> Vec<Configuration> {
    let truth = simulator.truth();
    let free = |row: &&Configuration| {
        row.lifecycle() == Lifecycle::Active && truth.configurations[row.id.as_str()].blocked.is_none()
    };
    listing.rows().iter().filter(free).take(most).cloned().collect()
}

async fn forward(
    psa: &std::sync::Arc<dyn Psa>,
    listing: &Listing<Configuration>,
    taken: &[Configuration],
    wanted: &Wanted,
) -> Vec<Change> {
    changes(psa, listing, |row| taken.iter().any(|t| t.id == row.id).then(|| wanted.clone())).await
}

fn settles(answer: &SetAnswer) -> bool {
    matches!(answer, SetAnswer::Accepted { .. } | SetAnswer::Taken { .. })
}

#[tokio::test]
async fn a_batch_is_made_read_back_and_undone() {
    for switches in both_kinds() {
        let simulator = start(Options { switches, ..Options::default() }).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let wanted = Wanted::inactive(None);
        let taken = free(&simulator, &listing, 20);
        assert_eq!(taken.len(), 20);
        let ids: Vec<_> = taken.iter().map(|row| row.id.clone()).collect();
        let answers =
            psa.set(&forward(&psa, &listing, &taken, &wanted).await, &CancellationToken::new()).await;
        assert!(answers.iter().all(settles), "{answers:?}");
        assert_eq!(asked(&simulator, "POST /Asset"), 1, "{:#?}", simulator.counts());
        for (id, now) in psa.read(&ids).await.unwrap() {
            assert_eq!(now.unwrap().lifecycle(), Lifecycle::Inactive, "{id}");
        }
        let back = changes(&psa, &listing, |row| {
            let was = taken.iter().find(|t| t.id == row.id)?;
            Some(Wanted { active: true, status: was.state.status.clone() })
        })
        .await;
        let answers = psa.set(&back, &CancellationToken::new()).await;
        assert!(answers.iter().all(settles), "{answers:?}");
        let read = psa.read(&ids).await.unwrap();
        for row in &taken {
            assert_eq!(read[&row.id].as_ref().unwrap().state, row.state);
        }
        check_fields(&simulator);
        check(&simulator);
    }
}

#[tokio::test]
async fn the_guilty_item_of_a_batch_is_found_and_the_others_are_done() {
    for how in ["all_refused", "earlier_stored"] {
        let mut switches = super::switches(&[&format!("bad_item={how}"), "mandatory_fields_block=true"]);
        let simulator = start(Options {
            clients: 120,
            configurations: 2000,
            switches: switches.clone(),
            ..Options::default()
        })
        .await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let truth = simulator.truth();
        let guilty = listing
            .rows()
            .iter()
            .find(|row| {
                row.lifecycle() == Lifecycle::Active
                    && truth.configurations[row.id.as_str()].blocked.is_some()
            })
            .expect("some asset is blocked")
            .clone();
        let mut taken = free(&simulator, &listing, 12);
        taken.insert(5, guilty.clone());
        let batch = forward(&psa, &listing, &taken, &Wanted::inactive(None)).await;
        let answers = psa.set(&batch, &CancellationToken::new()).await;
        for (change, answer) in batch.iter().zip(&answers) {
            if *change.config_id() == guilty.id {
                assert!(matches!(answer, SetAnswer::Refused { .. }), "{how}: {answer:?}");
            } else {
                assert!(settles(answer), "{how} {}: {answer:?}", change.config_id());
            }
        }
        assert_eq!(simulator.writes().len(), 12, "{how}");
        check_fields(&simulator);
        switches.halopsa.mandatory_fields_block = false;
        check(&simulator);
    }
}

#[tokio::test]
async fn a_status_is_set_where_the_type_allows_it_and_refused_where_not() {
    let simulator = start(Options { clients: 120, configurations: 2000, ..Options::default() }).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let wanted = psa.wanted(Some("Retired")).await.unwrap();
    let taken = free(&simulator, &listing, 60);
    let batch = forward(&psa, &listing, &taken, &wanted).await;
    let (mut done, mut refused) = (0, 0);
    for part in batch.chunks(25) {
        for answer in psa.set(part, &CancellationToken::new()).await {
            match answer {
                SetAnswer::Accepted { state, .. } => {
                    assert_eq!(state.status_name(), Some("Retired"));
                    done += 1;
                }
                SetAnswer::Refused { error: PsaError::Refused { message, .. } } => {
                    assert!(message.contains("does not allow"), "{message}");
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(done > 0 && done + refused == taken.len(), "{done} done, {refused} refused");
    check_fields(&simulator);
    check(&simulator);
}

#[tokio::test]
async fn an_empty_refusal_says_which_right_is_missing_and_ends_the_splitting() {
    let simulator = start_with(&[r#"agent_lacks=["edit:assets"]"#]).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let taken = free(&simulator, &listing, 20);
    let batch = forward(&psa, &listing, &taken, &Wanted::inactive(None)).await;
    for answer in psa.set(&batch, &CancellationToken::new()).await {
        match answer {
            SetAnswer::Refused { error: PsaError::Permission { message } } => {
                assert!(message.contains("the application or its agent lacks edit:assets"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(asked(&simulator, "POST /Asset") < 10, "{:#?}", simulator.counts());
    assert!(simulator.writes().is_empty());
    check(&simulator);
}

#[tokio::test]
async fn every_answer_to_a_write_is_sorted_right() {
    let cases = [
        (Kind::ResetBeforeWrite, "lost", 0),
        (Kind::ResetAfterWrite, "lost", 1),
        (Kind::Truncated, "lost", 1),
        (Kind::Error500, "lost", 0),
        (Kind::Html500, "lost", 0),
        (Kind::Html503, "lost", 0),
        (Kind::Empty504, "lost", 0),
        (Kind::ErrorAfterCommit, "lost", 1),
        (Kind::Empty200, "lost", 1),
        (Kind::FalseOk, "not taken", 0),
        (Kind::LostWrite, "accepted", 0),
        (Kind::OtherRecord, "lost", 1),
        (Kind::Html200, "lost", 0),
        (Kind::InvalidJson, "lost", 1),
        (Kind::Forbidden, "refused", 0),
        (Kind::Invalid, "refused", 0),
        (Kind::NotFound, "refused", 0),
    ];
    for (kind, expected, stored) in cases {
        let simulator = start(Options { switches: Switches::default(), ..Options::default() }).await;
        let psa = open(&simulator);
        let listing = offboarded(&psa).await;
        let taken = free(&simulator, &listing, 1);
        let change = forward(&psa, &listing, &taken, &Wanted::inactive(None)).await;
        let rule: Rule = format!("{}@writes", kind.name()).parse().unwrap();
        simulator.set_faults(Plan::of(vec![rule]));
        let answer = set_one(&psa, &change[0]).await;
        let sort = match &answer {
            SetAnswer::Accepted { .. } => "accepted",
            SetAnswer::Taken { .. } => "taken",
            SetAnswer::NotTaken { .. } => "not taken",
            SetAnswer::Refused { .. } => "refused",
            SetAnswer::Doubted { .. } => "doubted",
            SetAnswer::Lost { .. } => "lost",
            SetAnswer::NotSent { .. } => "not sent",
        };
        assert_eq!(sort, expected, "{}: {answer:?}", kind.name());
        assert_eq!(simulator.writes().len(), stored, "{}", kind.name());
        check_fields(&simulator);
        check(&simulator);
    }
}

#[tokio::test]
async fn nothing_is_sent_once_the_work_is_stopped() {
    let simulator = start(Options::default()).await;
    let psa = open(&simulator);
    let listing = offboarded(&psa).await;
    let taken = free(&simulator, &listing, 3);
    let batch = forward(&psa, &listing, &taken, &Wanted::inactive(None)).await;
    let hold = CancellationToken::new();
    hold.cancel();
    let answers = psa.set(&batch, &hold).await;
    assert!(answers.iter().all(|answer| matches!(answer, SetAnswer::NotSent { .. })), "{answers:?}");
    assert!(simulator.writes().is_empty());
    check(&simulator);
}
