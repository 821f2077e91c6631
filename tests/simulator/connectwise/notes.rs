//! Notes of service tickets.

use mothball::simulator::{Options, Switches};
use serde_json::{Value, json};

use super::{Caller, answer};

async fn post(caller: &Caller, path: &str, body: Value) -> (u16, Value) {
    answer(caller.request("POST", path).json(&body)).await
}

#[tokio::test]
async fn a_note_is_kept_below_its_ticket_and_leaves_it_as_it_is() {
    let caller = Caller::start(Options::default()).await;
    let ticket = caller.rows("/service/tickets?pageSize=1").await[0].clone();
    let path = format!("/service/tickets/{}/notes", ticket["id"]);
    let (status, made) = post(&caller, &path, json!({ "text": "Done.", "internalAnalysisFlag": true })).await;
    assert_eq!((status, &made["ticketId"], &made["text"]), (201, &ticket["id"], &json!("Done.")));
    // The answer claims both, a reading neither.
    assert_eq!((&made["internalFlag"], &made["externalFlag"]), (&json!(true), &json!(true)));
    let rows = caller.rows(&path).await;
    assert_eq!((rows.len(), &rows[0]["internalFlag"]), (1, &Value::Null));
    assert_eq!(caller.count(&format!("{path}/count")).await, 1);
    assert_eq!(caller.get(&format!("/service/tickets/{}", ticket["id"])).await.1, ticket);
    let writes = caller.simulator.writes();
    assert_eq!((writes.len(), &writes[0].record), (1, &format!("note/{}", made["id"])));
    assert_eq!(caller.simulator.notes(), [] as [String; 0]);
}

#[tokio::test]
async fn what_cannot_be_saved_is_said_in_the_vendors_words() {
    let caller = Caller::start(Options::default()).await;
    let ticket = caller.rows("/service/tickets?pageSize=1").await[0]["id"].clone();
    let path = format!("/service/tickets/{ticket}/notes");
    for (body, said) in [
        (json!({ "text": "Done." }), "Please choose where to display"),
        (json!({ "text": "  ", "internalAnalysisFlag": true }), "text is required"),
        (json!({ "text": "Done.", "internalAnalysisFlag": "perhaps" }), "Could not cast"),
    ] {
        let (status, answer) = post(&caller, &path, body).await;
        assert!(status == 400 && answer.to_string().contains(said), "{answer}");
    }
    let good = json!({ "text": "Done.", "internalAnalysisFlag": true });
    assert_eq!(post(&caller, "/service/tickets/1/notes", good.clone()).await.0, 404);
    let mut switches = Switches::default();
    switches.connectwise.may_note = false;
    caller.simulator.set_switches(&switches);
    assert_eq!(post(&caller, &path, good).await.0, 403);
    assert!(caller.simulator.writes().is_empty());
}
