//! What `doctor` says of the rights that notes need: nothing unless notes are asked for.

use mothball::{
    domain::note::NoteOn,
    psa::{
        port::{Check, CheckVerdict},
        registry::{Connection, ROOMS},
    },
    simulator::{Options, Switches},
};

use super::{check, connection, open_as, start};

/// The places that a vendor has notes on.
fn places(psa: &str) -> Vec<NoteOn> {
    let room = ROOMS.into_iter().find(|room| room.key == psa).unwrap();
    let configurations = room.no_configuration_notes.is_none().then_some(NoteOn::Configuration);
    [NoteOn::Ticket].into_iter().chain(configurations).collect()
}

async fn looked_at(psa: &str, switches: Switches, notes: NoteOn) -> Vec<Check> {
    let simulator = start(Options { psa: psa.to_owned(), switches, ..Options::default() }).await;
    let checks = open_as(psa, Connection { notes, ..connection(&simulator) }).check().await;
    assert!(simulator.writes().is_empty());
    check(&simulator);
    checks.into_iter().filter(|check| check.name.starts_with("rights: note on")).collect()
}

async fn only_who_wants_notes_is_told_of_their_rights(psa: &'static str) {
    for notes in places(psa) {
        let checks = looked_at(psa, Switches::default(), notes).await;
        let [line] = &checks[..] else { panic!("{checks:#?}") };
        // Only HaloPSA does not tell what its agent may do before it was tried.
        let verdict = if psa == "halopsa" { CheckVerdict::Unknown } else { CheckVerdict::Passed };
        assert_eq!(line.verdict, verdict, "{line:?}");
    }
    assert!(looked_at(psa, Switches::default(), NoteOn::None).await.is_empty());
}

async fn a_missing_right_only_warns_and_says_where_it_is_given(psa: &'static str) {
    let mut switches = Switches::default();
    switches.connectwise.may_note = false;
    switches.autotask.refused_entities = vec!["TicketNotes".to_owned(), "ConfigurationItemNotes".to_owned()];
    for notes in places(psa).into_iter().filter(|_| psa != "halopsa") {
        let checks = looked_at(psa, switches.clone(), notes).await;
        assert_eq!(checks[0].verdict, CheckVerdict::Warned, "{checks:#?}");
        assert!(checks[0].advice.is_some());
    }
}

crate::support::vendor::on_every_psa!(
    only_who_wants_notes_is_told_of_their_rights,
    a_missing_right_only_warns_and_says_where_it_is_given,
);
