//! Notes in the PSA: where they are asked for, once, before or after the change, and never at its cost.

use mothball::{
    domain::{
        ConfigId, Outcome, Phase, SkipReason,
        document::Report,
        note::{NoteFailed, NoteOn, NotePolicy, NoteWord},
        selection::Scope,
    },
    engine::{Control, Finished, Undo, UndoOf, Who},
    psa::registry::ROOMS,
    simulator::faults::{Kind, Plan, Rule},
};

use super::{offboarded, one_client, outcome, uniform};
use crate::support::{
    notes::{assert_noted_before, memos},
    openapi,
    quick::Quick,
    vendor::{contrary_but_writable, facts},
    world::{client, control_when, draft, report_of, who},
};

/// A client to retire, with notes as asked for, and a ticket of that client.
struct Desk {
    quick: Quick,
    client: String,
    ticket: String,
}

impl Desk {
    async fn new(psa: &str, configurations: usize, on: NoteOn) -> Self {
        let mut options = one_client(psa, configurations);
        options.keep_bodies = true;
        let quick = Quick::noting(options, NotePolicy { on, failed: NoteFailed::Warn }).await;
        let client = offboarded(&quick.simulator)[0].clone();
        let ticket = quick.simulator.edit(|edits| edits.add_ticket(&client, false));
        Self { quick, client, ticket }
    }

    fn stopping(mut self) -> Self {
        self.quick.engine.profile.notes.failed = NoteFailed::Stop;
        self
    }

    fn who(&self) -> Who {
        Who { ticket: Some(self.ticket.clone()), single: true, ..who() }
    }

    async fn run(&self) -> Finished {
        self.run_as(self.who()).await
    }

    async fn run_as(&self, who: Who) -> Finished {
        let draft = draft(&self.quick.engine, client(&self.client), Scope::default(), who).await;
        self.quick.engine.start(draft).await.expect("the run starts").wait().await
    }

    fn faults(&self, rules: Vec<Rule>) {
        self.quick.simulator.set_faults(Plan { rules });
    }

    /// What the report says of its notes: on what, and what became of it.
    fn told(&self, finished: &Finished) -> Vec<(String, NoteWord)> {
        let Report::Client(report) = report_of(&self.quick.engine, finished) else { panic!("one client") };
        report.notes.into_iter().map(|note| (note.on, note.state)).collect()
    }

    fn retired(&self) -> usize {
        let truth = self.quick.simulator.truth();
        truth.configurations.values().filter(|one| one.company == self.client && !one.is_active()).count()
    }
}

/// The routes that notes are written to begin so.
fn route(psa: &str) -> &'static str {
    match psa {
        "connectwise" => "POST /service/tickets/{parentId}/notes",
        "autotask" => "POST /Tickets/{parentId}/Notes",
        _ => "POST /Actions",
    }
}

const ITEM_ROUTE: &str = "POST /ConfigurationItems/{parentId}/Notes";

async fn one_note_with_the_summary_goes_to_the_ticket(psa: &'static str) {
    let desk = Desk::new(psa, 5, NoteOn::Ticket).await;
    let finished = desk.run().await;
    assert!(finished.state.is_success());
    let notes = memos(&desk.quick.simulator);
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert!(note.on_ticket && note.record == desk.ticket, "{note:?}");
    for said in ["5 ", "jane@msp.example", "left", finished.header.run.as_str(), "Set inactive:"] {
        assert!(note.text.contains(said), "{said} is missing in: {}", note.text);
    }
    assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Written)]);
    // The ticket itself is as it was.
    assert!(desk.quick.simulator.all_writes().iter().all(|write| !write.record.starts_with("ticket/")));
    desk.quick.check().await;
}

async fn every_request_of_notes_is_one_that_the_vendor_knows(psa: &'static str) {
    let desk = Desk::new(psa, 2, NoteOn::Ticket).await;
    // The answer is lost, so that the note is looked for as well.
    desk.faults(vec![Rule::always(Kind::ResetAfterWrite).on_route(route(psa)).times(1)]);
    assert!(desk.run().await.state.is_success());
    let judge = openapi::judge(psa);
    let mut judged = 0;
    for request in desk.quick.simulator.requests() {
        if request.path.contains("/token") || request.path.to_lowercase().contains("zoneinformation") {
            continue;
        }
        judge
            .check_request(&request.method, &request.path, &request.query, &request.body)
            .unwrap_or_else(|why| panic!("{why}: {} {}", request.path, request.body));
        if let Some(answer) = &request.answer
            && request.route.to_lowercase().contains("note")
        {
            judge
                .check_response(&request.method, &request.path, &request.query, request.status, answer)
                .unwrap_or_else(|why| panic!("{why}: {answer}"));
        }
        judged += 1;
    }
    assert!(judged > 5);
    assert_eq!(memos(&desk.quick.simulator).len(), 1);
    desk.quick.check().await;
}

async fn the_less_likely_psa_takes_the_same_note(psa: &'static str) {
    let mut options = one_client(psa, 3);
    options.switches = contrary_but_writable(psa);
    let notes = NotePolicy { on: NoteOn::Ticket, failed: NoteFailed::Stop };
    let quick = Quick::noting(options, notes).await;
    let client_id = offboarded(&quick.simulator)[0].clone();
    let ticket = quick.simulator.edit(|edits| edits.add_ticket(&client_id, false));
    let desk = Desk { quick, client: client_id, ticket };
    // Lost once, so that the notes of the ticket are read as well.
    desk.faults(vec![Rule::always(Kind::ResetAfterWrite).on_route(route(psa)).times(1)]);
    let finished = desk.run().await;
    assert!(finished.state.is_success(), "{:?}", finished.state.problems);
    assert_eq!(memos(&desk.quick.simulator).len(), 1);
    assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Written)]);
    desk.quick.check().await;
}

async fn a_dry_run_writes_none_and_tells_of_it(psa: &'static str) {
    let desk = Desk::new(psa, 3, NoteOn::Ticket).await;
    let who = Who { dry_run: true, ..desk.who() };
    let draft = draft(&desk.quick.engine, client(&desk.client), Scope::default(), who).await;
    assert!(draft.header.notes_in_words(desk.quick.engine.psa.nouns()).unwrap().contains(&desk.ticket));
    let finished =
        desk.quick.engine.conclude(draft, mothball::domain::event::End::Finished, Vec::new()).await.unwrap();
    assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Planned)]);
    assert!(memos(&desk.quick.simulator).is_empty());
    desk.quick.check().await;
}

async fn without_a_ticket_nothing_is_noted_and_the_report_says_so(psa: &'static str) {
    let desk = Desk::new(psa, 2, NoteOn::Ticket).await;
    let finished = desk.run_as(Who { ticket: None, ..desk.who() }).await;
    assert!(finished.state.is_success());
    assert!(finished.survey.warnings.iter().any(|text| text.contains("no ticket is named")));
    assert!(desk.told(&finished).is_empty() && memos(&desk.quick.simulator).is_empty());
    desk.quick.check().await;
}

async fn a_note_that_fails_is_a_warning_and_costs_no_item(psa: &'static str) {
    for kind in [
        Kind::Forbidden,
        Kind::Error500,
        Kind::ResetBeforeWrite,
        Kind::Html200,
        Kind::NotFound,
        Kind::Invalid,
    ] {
        let desk = Desk::new(psa, 4, NoteOn::Ticket).await;
        desk.faults(vec![Rule::always(kind).on_route(route(psa))]);
        let finished = desk.run().await;
        assert!(finished.state.is_success(), "{kind:?}: {:?}", finished.state.problems);
        assert_eq!(desk.retired(), 4, "{kind:?}");
        assert!(memos(&desk.quick.simulator).is_empty(), "{kind:?}");
        assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Failed)], "{kind:?}");
        let warned = finished.state.warnings.iter().filter(|text| text.contains("note on ticket")).count();
        assert_eq!(warned, 1, "{kind:?}: {:?}", finished.state.warnings);
        desk.quick.check().await;
    }
}

async fn a_lost_answer_writes_no_second_note(psa: &'static str) {
    for kind in
        [Kind::ResetAfterWrite, Kind::ErrorAfterCommit, Kind::Truncated, Kind::Empty200, Kind::InvalidJson]
    {
        let desk = Desk::new(psa, 3, NoteOn::Ticket).await;
        desk.faults(vec![Rule::always(kind).on_route(route(psa)).times(1)]);
        let finished = desk.run().await;
        assert!(finished.state.is_success());
        assert_eq!(memos(&desk.quick.simulator).len(), 1, "{kind:?}");
        assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Written)], "{kind:?}");
        desk.quick.check().await;
    }
}

async fn a_note_that_was_lost_on_the_way_is_written_after_looking(psa: &'static str) {
    let desk = Desk::new(psa, 3, NoteOn::Ticket).await;
    desk.faults(vec![Rule::always(Kind::ResetBeforeWrite).on_route(route(psa)).times(1)]);
    let finished = desk.run().await;
    assert!(finished.state.is_success());
    assert_eq!(memos(&desk.quick.simulator).len(), 1);
    assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Written)]);
    desk.quick.check().await;
}

async fn where_a_lost_note_cannot_be_looked_for_it_is_told_as_unknown(psa: &'static str) {
    let desk = Desk::new(psa, 3, NoteOn::Ticket).await;
    let look = match psa {
        "connectwise" => "GET /service/tickets/{parentId}/notes",
        "autotask" => "POST /TicketNotes/query",
        _ => "GET /Actions",
    };
    desk.faults(vec![
        Rule::always(Kind::ResetAfterWrite).on_route(route(psa)).times(1),
        Rule::always(Kind::Error500).on_route(look),
    ]);
    let finished = desk.run().await;
    assert!(finished.state.is_success());
    assert_eq!(memos(&desk.quick.simulator).len(), 1, "it was not sent again");
    assert_eq!(desk.told(&finished), [("ticket".to_owned(), NoteWord::Unknown)]);
    assert!(finished.state.warnings.iter().any(|text| text.contains("may be written or not")));
    desk.quick.check().await;
}

async fn a_ticket_that_is_not_there_is_told_or_stops_the_run(psa: &'static str) {
    for (named, closed) in [("999999", false), ("no ticket", false), ("", true)] {
        let desk = Desk::new(psa, 3, NoteOn::Ticket).await;
        let closed_one = desk.quick.simulator.edit(|edits| edits.add_ticket(&desk.client, true));
        let named = if closed { closed_one.as_str() } else { named };
        let finished = desk.run_as(Who { ticket: Some(named.to_owned()), ..desk.who() }).await;
        assert!(finished.state.is_success());
        assert_eq!(desk.retired(), 3);
        let word = if closed { NoteWord::Written } else { NoteWord::Failed };
        assert_eq!(desk.told(&finished), [("ticket".to_owned(), word)], "{named}");
        let said = if closed { "is closed" } else { "has no ticket" };
        assert!(
            finished.state.warnings.iter().any(|text| text.contains(said)),
            "{:?}",
            finished.state.warnings
        );
        assert!(desk.quick.simulator.all_writes().iter().all(|write| !write.record.starts_with("ticket/")));
        desk.quick.check().await;
    }
    let desk = Desk::new(psa, 3, NoteOn::Ticket).await.stopping();
    let finished = desk.run_as(Who { ticket: Some("999999".to_owned()), ..desk.who() }).await;
    assert_eq!(finished.state.phase, Phase::Refused);
    assert!(finished.state.problems[0].message.contains("has no ticket"), "{:?}", finished.state.problems);
    assert_eq!((desk.retired(), desk.quick.simulator.writes().len()), (0, 0));
    desk.quick.check().await;
}

async fn an_undo_tells_its_ticket_what_was_restored(psa: &'static str) {
    let desk = Desk::new(psa, 3, NoteOn::Ticket).await;
    let first = desk.run().await;
    let undo = Undo { of: UndoOf::Run(first.header.run.clone()), only: [].into() };
    let draft = desk.quick.engine.draft_undo(&undo, &desk.who()).await.unwrap();
    let undone = desk.quick.engine.start(draft).await.unwrap().wait().await;
    assert!(undone.state.is_success());
    let notes = memos(&desk.quick.simulator);
    let [_, note] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!(note.run(), undone.header.run);
    for said in ["3 ", "restored", "Undoes run", first.header.run.as_str()] {
        assert!(note.text.contains(said), "{said} is missing in: {}", note.text);
    }
    desk.quick.check().await;
}

async fn what_was_interrupted_tells_once_when_it_was_resumed(psa: &'static str) {
    let many = facts(psa).many(200);
    let desk = Desk::new(psa, many, NoteOn::Ticket).await;
    let draft = draft(&desk.quick.engine, client(&desk.client), Scope::default(), desk.who()).await;
    let handle = desk.quick.engine.start(draft).await.unwrap();
    control_when(&handle, Control::Interrupt, |state| state.totals.past_sending() >= 20).await;
    let finished = handle.wait().await;
    assert_eq!(finished.state.phase, Phase::Interrupted);
    assert!(memos(&desk.quick.simulator).is_empty(), "it is not over");
    let stored = desk.quick.engine.store.run(&finished.header.run).await.unwrap().unwrap();
    let resumed = desk.quick.engine.resume(stored).await.unwrap().wait().await;
    assert!(resumed.state.is_success());
    let notes = memos(&desk.quick.simulator);
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert!(note.text.contains(&format!("{many} ")), "{}", note.text);
    desk.quick.check().await;
}

async fn one_ticket_serves_a_run_of_several_clients(psa: &'static str) {
    let notes = NotePolicy { on: NoteOn::Ticket, failed: NoteFailed::Warn };
    let quick = Quick::noting(uniform(psa, 3, 2), notes).await;
    let ids = offboarded(&quick.simulator);
    let ticket = quick.simulator.edit(|edits| edits.add_ticket(&ids[0], false));
    let ask = mothball::engine::Ask::Named {
        ids: ids.iter().map(|id| id.as_str().into()).collect(),
        names: Vec::new(),
    };
    let who = Who { ticket: Some(format!("#{ticket}")), ..who() };
    let draft = draft(&quick.engine, ask, Scope::default(), who).await;
    let finished = quick.engine.start(draft).await.unwrap().wait().await;
    let Report::Joint(report) = report_of(&quick.engine, &finished) else { panic!("several") };
    let notes = memos(&quick.simulator);
    assert!(notes.len() == 1 && notes[0].text.contains("6 "), "{notes:?}");
    assert_eq!(report.notes[0].state, NoteWord::Written);
    assert!(report.notes[0].note_id.is_some() && report.clients.iter().all(|client| client.notes.is_empty()));
    quick.check().await;
}

/// The PSAs that have notes on configurations.
fn with_configuration_notes() -> impl Iterator<Item = &'static str> {
    ROOMS.into_iter().filter(|room| room.no_configuration_notes.is_none()).map(|room| room.key)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_configuration_gets_its_note_before_it_is_changed() {
    for psa in with_configuration_notes() {
        let desk = Desk::new(psa, 30, NoteOn::Configuration).await;
        let finished = desk.run().await;
        assert!(finished.state.is_success());
        let notes = memos(&desk.quick.simulator);
        assert_eq!(notes.len(), 30);
        assert_noted_before(&desk.quick.simulator);
        for said in ["about to", "jane@msp.example", "Reason: left", finished.header.run.as_str()] {
            assert!(notes[0].text.contains(said), "{said} is missing in: {}", notes[0].text);
        }
        let told = desk.told(&finished);
        assert_eq!(told.len(), 30);
        assert!(told.iter().all(|(on, word)| on == "configuration" && *word == NoteWord::Written));
        // One request each, and what the tenant's choices are once.
        let counts = desk.quick.simulator.counts();
        assert_eq!(counts[ITEM_ROUTE], 30);
        assert_eq!(counts["GET /ConfigurationItemNotes/entityInformation/fields"], 1);
        desk.quick.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guard_stops_gets_no_note() {
    for psa in with_configuration_notes() {
        let desk = Desk::new(psa, 6, NoteOn::Configuration).await;
        let draft = draft(&desk.quick.engine, client(&desk.client), Scope::default(), desk.who()).await;
        let items: Vec<ConfigId> =
            draft.plan.as_ref().unwrap().items().iter().map(|item| item.config_id.clone()).collect();
        desk.quick.simulator.edit(|edits| {
            edits.rename(items[0].as_str(), "renamed");
            edits.set_active(items[1].as_str(), false);
        });
        let finished = desk.quick.engine.start(draft).await.unwrap().wait().await;
        assert!(matches!(outcome(&finished, &items[0]), Outcome::ChangedSinceReview { .. }));
        assert_eq!(*outcome(&finished, &items[1]), Outcome::Skipped { reason: SkipReason::AlreadyInactive });
        let noted: Vec<ConfigId> =
            memos(&desk.quick.simulator).iter().map(|memo| memo.record.as_str().into()).collect();
        assert!(noted.len() == 4 && !noted.contains(&items[0]) && !noted.contains(&items[1]), "{noted:?}");
        desk.quick.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_whose_note_fails_goes_on_or_is_left_as_the_settings_say() {
    for psa in with_configuration_notes() {
        for kind in [Kind::Forbidden, Kind::Error500, Kind::ResetBeforeWrite] {
            let desk = Desk::new(psa, 5, NoteOn::Configuration).await;
            desk.faults(vec![Rule::always(kind).on_route(ITEM_ROUTE)]);
            let finished = desk.run().await;
            assert!(finished.state.is_success(), "{kind:?}: {:?}", finished.state.problems);
            assert_eq!(desk.retired(), 5, "{kind:?}");
            assert!(desk.told(&finished).iter().all(|(_, word)| *word == NoteWord::Failed), "{kind:?}");
            let warned =
                finished.state.warnings.iter().filter(|text| text.contains("was not written")).count();
            assert_eq!(warned, 1, "{kind:?}: what fails alike is one warning");
            if kind == Kind::Forbidden {
                // The first of each lane, and none after it was told that the right is missing.
                assert!(desk.quick.simulator.counts()[ITEM_ROUTE] <= 2);
            }
            desk.quick.check().await;

            let desk = Desk::new(psa, 5, NoteOn::Configuration).await.stopping();
            desk.faults(vec![Rule::always(kind).on_route(ITEM_ROUTE)]);
            let finished = desk.run().await;
            assert_eq!(desk.retired(), 0, "{kind:?}");
            for (id, item) in &finished.state.items {
                let Outcome::Failed { message, .. } = &item.settled().unwrap().outcome else {
                    panic!("{id}")
                };
                assert!(message.contains("note_failed"), "{message}");
            }
            assert!(desk.quick.simulator.writes().is_empty());
            desk.quick.check().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_configurations_note_writes_no_second_one() {
    for psa in with_configuration_notes() {
        let desk = Desk::new(psa, 6, NoteOn::Configuration).await;
        desk.faults(vec![
            Rule::always(Kind::ResetAfterWrite).on_route(ITEM_ROUTE).times(2),
            Rule::always(Kind::ResetBeforeWrite).on_route(ITEM_ROUTE).times(1),
        ]);
        let finished = desk.run().await;
        assert!(finished.state.is_success());
        assert_eq!(memos(&desk.quick.simulator).len(), 6);
        assert_noted_before(&desk.quick.simulator);
        assert!(desk.told(&finished).iter().all(|(_, word)| *word == NoteWord::Written));
        desk.quick.check().await;
    }
}

crate::support::vendor::on_every_psa!(
    one_note_with_the_summary_goes_to_the_ticket,
    every_request_of_notes_is_one_that_the_vendor_knows,
    the_less_likely_psa_takes_the_same_note,
    a_dry_run_writes_none_and_tells_of_it,
    without_a_ticket_nothing_is_noted_and_the_report_says_so,
    a_note_that_fails_is_a_warning_and_costs_no_item,
    a_lost_answer_writes_no_second_note,
    a_note_that_was_lost_on_the_way_is_written_after_looking,
    where_a_lost_note_cannot_be_looked_for_it_is_told_as_unknown,
    a_ticket_that_is_not_there_is_told_or_stops_the_run,
    an_undo_tells_its_ticket_what_was_restored,
    what_was_interrupted_tells_once_when_it_was_resumed,
    one_ticket_serves_a_run_of_several_clients,
);
