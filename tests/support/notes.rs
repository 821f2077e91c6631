//! Notes that clients wrote in a simulated PSA, in terms that every vendor shares, and the check of them.

use std::collections::BTreeMap;

use mothball::{
    domain::{
        ConfigId, Event, RunId,
        note::{NoteOn, Place},
    },
    simulator::{Simulator, Write},
    store::Store,
};
use serde_json::Value;

/// One note as it is stored.
#[derive(Debug, Clone)]
pub struct Memo {
    /// Where it stands in the log of writes.
    pub seq: u64,
    /// The record that it stands on, as the vendor numbers it.
    pub on_ticket: bool,
    pub record: String,
    pub text: String,
    /// Seen by the MSP's own people only.
    pub internal: bool,
    /// Somebody is mailed about it.
    pub mailed: bool,
}

impl Memo {
    /// The run whose mark it carries.
    pub fn run(&self) -> RunId {
        let (_, rest) =
            self.text.split_once("[mothball ").unwrap_or_else(|| panic!("no mark in {}", self.text));
        RunId::from(rest.split(']').next().unwrap_or_default())
    }
}

pub fn is_note(write: &Write) -> bool {
    write.record.starts_with("note/")
}

/// The notes that clients wrote, in order.
pub fn memos(simulator: &Simulator) -> Vec<Memo> {
    simulator
        .writes()
        .iter()
        .filter(|write| is_note(write))
        .map(|write| memo(simulator.psa(), write))
        .collect()
}

fn memo(psa: &str, write: &Write) -> Memo {
    let stored: BTreeMap<&str, &Value> =
        write.changes.iter().map(|change| (change.field.as_str(), &change.after)).collect();
    let is = |name: &str| stored.get(name).and_then(|value| value.as_bool()) == Some(true);
    let said = |name: &str| stored.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let id = |name: &str| stored.get(name).filter(|value| value.is_number()).map(ToString::to_string);
    let (ticket, text, internal, mailed) = match psa {
        "connectwise" => (
            id("ticketId"),
            said("text"),
            is("internalAnalysisFlag") && !is("detailDescriptionFlag") && !is("resolutionFlag"),
            is("processNotifications"),
        ),
        // Notes on items are for the MSP's own people anyway; 2 is `Internal Project Team` in the simulated tenant.
        "autotask" => {
            let ticket = id("ticketID");
            let internal = ticket.is_none() || id("publish").as_deref() == Some("2");
            (ticket, said("description"), internal, false)
        }
        "halopsa" => (id("ticket_id"), said("note"), is("hiddenfromuser"), is("sendemail")),
        other => panic!("nothing is known of notes of {other}"),
    };
    let record = ticket.clone().or_else(|| id("configurationItemID")).expect("a note stands on something");
    Memo { seq: write.seq, on_ticket: ticket.is_some(), record, text, internal, mailed }
}

/// What every test's notes keep to: each was asked for by its run, of which it carries the mark; it stood in the journal
/// before; nobody else sees it; and none stands there twice. One on a configuration is about an approved change, and
/// came before it.
pub async fn check(simulator: &Simulator, store: &dyn Store) {
    let mut seen: BTreeMap<(RunId, bool, String), u64> = BTreeMap::new();
    for memo in memos(simulator) {
        assert!(memo.internal && !memo.mailed, "others see it: {memo:?}");
        let run = memo.run();
        let stored =
            store.run(&run).await.expect("a run can be read").unwrap_or_else(|| panic!("no run {run}"));
        assert!(!stored.header.dry_run, "a dry run wrote {memo:?}");
        let wanted = if memo.on_ticket { NoteOn::Ticket } else { NoteOn::Configuration };
        assert_eq!(stored.header.notes.on, wanted, "not asked for: {memo:?}");
        let intended = stored.events.iter().any(|stamped| match &stamped.event {
            Event::NoteIntended { place: Place::Ticket { .. } } => memo.on_ticket,
            Event::NoteIntended { place: Place::Configuration { id } } => {
                !memo.on_ticket && id.as_str() == memo.record
            }
            _ => false,
        });
        assert!(intended, "not journaled before: {memo:?}");
        if !memo.on_ticket {
            let id = ConfigId::from(memo.record.as_str());
            let approved = stored.events.iter().any(|stamped| {
                matches!(&stamped.event, Event::Approved { approval } if approval.items.contains(&id))
            });
            assert!(approved, "about a change that was not approved: {memo:?}");
        }
        let earlier = seen.insert((run, memo.on_ticket, memo.record.clone()), memo.seq);
        assert!(earlier.is_none(), "it stands there twice: {memo:?}");
    }
}

/// Each changed configuration had its note before.
pub fn assert_noted_before(simulator: &Simulator) {
    let memos = memos(simulator);
    for write in simulator.writes().iter().filter(|write| !is_note(write)) {
        let earlier =
            memos.iter().any(|memo| !memo.on_ticket && memo.record == write.id && memo.seq < write.seq);
        assert!(earlier, "{} was changed without a note before", write.id);
    }
}
