//! A stored run of any text: header, survey and plan in the first three lines, an event in each line after them. What can
//! be read is folded and reported as the program does it.

use mothball::{
    domain::{
        Plan, RunState,
        plan::sha256,
        survey::{Header, Survey},
    },
    report,
    store::journal,
};

pub fn try_it(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.lines();
    let (Some(header), Some(survey), Some(plan)) = (lines.next(), lines.next(), lines.next()) else { return };
    // The plan's line break is written as a tab, so that it fits in a line.
    let plan = plan.replacen('\t', "\n", 1).into_bytes();
    let Ok(plan) = Plan::reopen(&plan, &sha256(&plan)) else { return };
    let events: Vec<_> = lines.filter_map(|line| journal::events([line]).ok()).flatten().collect();

    let state = RunState::replay(&plan, &events);
    assert_eq!(state.totals.all(), plan.items().len() as u64, "an item is in no total, or in two");
    assert!(state.open_items().all(|id| state.outcome(id).is_none()));
    let Some(now) = events.iter().map(|stamped| stamped.at).max() else { return };
    assert!(state.progress(now).percent() <= 100);

    let (Ok(header), Ok(survey)) =
        (serde_json::from_str::<Header>(header), serde_json::from_str::<Survey>(survey))
    else {
        return;
    };
    let document = report::build(&report::Source {
        header: &header,
        survey: &survey,
        plan: Some(&plan),
        state: &state,
        journal_head: None,
        now,
    });
    assert!(document.statistics().close());
    serde_json::to_value(&document).expect("a report is JSON");
}
