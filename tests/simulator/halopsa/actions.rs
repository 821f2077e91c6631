//! Actions of tickets, notes above all.

use mothball::simulator::{Options, Switches};
use serde_json::json;

use super::Caller;

#[tokio::test]
async fn a_note_is_an_action_that_leaves_its_ticket_as_it_is() {
    let caller = Caller::start(Options::default()).await;
    let ticket = caller.read("/Tickets").await["tickets"][0]["id"].clone();
    let before = caller.read(&format!("/Tickets/{ticket}")).await;
    let note = json!({
        "ticket_id": ticket, "outcome": "Private Note", "note_html": "<p>a &lt;b&gt;<br>c</p>", "hiddenfromuser": true,
    });
    let (status, made) = caller.post("/Actions", json!([note])).await;
    assert_eq!((status, &made["ticket_id"], &made["hiddenfromuser"]), (201, &ticket, &json!(true)));
    let plain = caller.read(&format!("/Actions?ticket_id={ticket}")).await;
    assert_eq!((&plain["record_count"], &plain["actions"][0]["note"]), (&json!(1), &json!("a <b>\nc")));
    assert!(plain["actions"][0]["note_html"].is_null(), "the markup comes only where it is asked for");
    let marked = caller.read(&format!("/Actions?ticket_id={ticket}&includehtmlnote=true")).await;
    assert_eq!(marked["actions"][0]["note_html"], note["note_html"]);
    assert_eq!(caller.read("/Actions?ticket_id=1").await["record_count"], 0);
    assert_eq!(caller.read(&format!("/Tickets/{ticket}")).await, before);
    assert_eq!(caller.simulator.writes().len(), 1);
    // With a `new_status` it moves its ticket.
    let mut moving = note.clone();
    moving["new_status"] = json!(9);
    caller.post("/Actions", json!([moving])).await;
    assert_eq!(caller.read(&format!("/Tickets/{ticket}")).await["status_id"], 9);
    assert_eq!(caller.simulator.notes(), [] as [String; 0]);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_with_one_message() {
    let caller = Caller::start(Options::default()).await;
    let ticket = caller.read("/Tickets").await["tickets"][0]["id"].clone();
    for (action, status, said) in [
        (json!({ "note": "a" }), 400, "Ticket ID"),
        (json!({ "ticket_id": ticket }), 400, "A note"),
        (json!({ "ticket_id": 999_999, "note": "a" }), 404, ""),
    ] {
        let (got, answer) = caller.post("/Actions", json!([action])).await;
        assert!(got == status && answer.to_string().contains(said), "{answer}");
    }
    let mut switches = Switches::default();
    switches.halopsa.agent_may_act = false;
    caller.simulator.set_switches(&switches);
    let (status, answer) = caller.post("/Actions", json!([{ "ticket_id": ticket, "note": "a" }])).await;
    assert!(status == 400 && answer.to_string().contains("do not have access to this Action"), "{answer}");
    assert!(caller.simulator.writes().is_empty());
}
