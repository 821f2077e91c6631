//! What is gone, and what a list only leaves out: an answer that was cut looks like a record that was deleted.

use mothball::{
    domain::ConfigId,
    simulator::{
        Options,
        faults::{Kind, Plan, Rule},
    },
};

use super::{check, open, start};

async fn a_record_that_lists_leave_out_is_not_told_as_gone(psa: &str) {
    let simulator = start(Options { psa: psa.to_owned(), ..Options::default() }).await;
    let adapter = open(&simulator);
    let ids: Vec<ConfigId> = simulator
        .truth()
        .configurations
        .values()
        .filter(|row| row.is_active() && !row.hidden)
        .take(3)
        .map(|row| ConfigId::from(row.id.as_str()))
        .collect();
    assert_eq!(adapter.read(&ids).await.unwrap().len(), 3);
    simulator.set_faults(Rule::always(Kind::ShortenedPage).into());
    let read = adapter.read(&ids).await.unwrap();
    assert!(read.values().all(Option::is_some), "{psa}: told as gone: {read:?}");
    let alone = adapter.read(&ids[..1]).await.unwrap();
    assert!(alone.values().all(Option::is_some), "{psa}: told as gone: {alone:?}");
    simulator.set_faults(Plan::none());
    simulator.edit(|edits| edits.remove(ids[1].as_str()));
    let read = adapter.read(&ids).await.unwrap();
    assert!(read[&ids[0]].is_some() && read[&ids[1]].is_none() && read[&ids[2]].is_some(), "{psa}");
    check(&simulator);
}

crate::support::vendor::on_every_psa!(a_record_that_lists_leave_out_is_not_told_as_gone);
