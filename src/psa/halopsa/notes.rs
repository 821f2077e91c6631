//! Notes on tickets: actions that are hidden from the customer. An action can do much to its ticket, such as give it
//! another status with a `new_status`; ours brings its text and nothing else, and says that no rule, no mail and no
//! survey follows from it. Assets have no notes of their own here, only a text that belongs to the record.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    HaloPsa,
    client::right,
    errors, number,
    paging::{Envelope, List},
    wire,
};
use crate::{
    domain::note::{Note, Place},
    http::{Reply, Sent},
    psa::{
        PsaError,
        port::{NoteReply, Result, Ticket},
    },
};

const TICKETS: &str = "/Tickets";
const ACTIONS: &str = "/Actions";
/// What public clients call such an action; it is a text here, not one of the tenant's own buttons.
const OUTCOME: &str = "Private Note";
/// Actions of one ticket that are looked through; lists have no pages here.
const MOST: usize = 1000;
/// Why the settings cannot ask for notes on assets.
pub const NO_CONFIGURATION_NOTES: &str = "an asset of HaloPSA has no notes of its own, only a text in the record, and nothing in a record is changed but what retires it";

pub async fn ticket(psa: &HaloPsa, named: &str) -> Result<Option<Ticket>> {
    let Some(id) = ticket_number(named) else { return Ok(None) };
    let read: Result<wire::Ticket> = psa.api.object(&format!("{TICKETS}/{id}"), &[]).await;
    match read {
        Ok(row) if row.id == Some(id) => {
            let closed = row.hasbeenclosed == Some(true) && wire::day(row.dateclosed.as_ref()).is_some();
            Ok(Some(Ticket { id: id.to_string(), closed }))
        }
        Ok(_) => Err(PsaError::Unreadable { message: format!("another record came for ticket {id}") }),
        Err(PsaError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub async fn write(psa: &HaloPsa, note: &Note, hold: &CancellationToken) -> NoteReply {
    let id = match record(note.place()) {
        Ok(id) => id,
        Err(error) => return NoteReply::NotSent { error },
    };
    let body = json!([{
        "ticket_id": id,
        "outcome": OUTCOME,
        "note_html": markup(note.text()),
        "hiddenfromuser": true,
        "sendemail": false,
        "send_survey": false,
        "dont_do_rules": true,
    }]);
    match psa.api.post_once(ACTIONS, &body, hold).await {
        Ok(reply) => outcome(&reply),
        Err(error) if error.sent() == Sent::Never => NoteReply::NotSent { error: error.into() },
        Err(error) => NoteReply::Lost { message: PsaError::from(error).to_string() },
    }
}

/// What an answer to a note proves.
fn outcome(reply: &Reply) -> NoteReply {
    match reply.status {
        200..=299 => {
            let action = match reply.json::<Value>() {
                Ok(Value::Array(rows)) => rows.into_iter().next().unwrap_or_default(),
                Ok(other) => other,
                Err(message) => return NoteReply::Lost { message: format!("{}: {message}", reply.status) },
            };
            match serde_json::from_value::<wire::Action>(action) {
                Ok(wire::Action { id: Some(id), hiddenfromuser, .. }) => {
                    let warning = (hiddenfromuser == Some(false)).then(|| {
                        "the PSA did not hide it, so the customer may see it; look at the ticket".to_owned()
                    });
                    NoteReply::Written { id: Some(id.to_string()), warning }
                }
                _ => NoteReply::Lost { message: "the answer shows no action".to_owned() },
            }
        }
        300..=399 => NoteReply::Lost { message: format!("{}: the PSA redirects changes", reply.status) },
        500..=599 => NoteReply::Lost { message: errors::error(reply, right(ACTIONS, true)).to_string() },
        _ => NoteReply::Refused { error: errors::error(reply, right(ACTIONS, true)) },
    }
}

pub async fn has(psa: &HaloPsa, place: &Place, mark: &str) -> Result<bool> {
    let ticket = record(place)?;
    let list = List::new("action", ACTIONS, "actions")
        .with("ticket_id", &ticket)
        .with("count", &MOST)
        .with("includehtmlnote", &true);
    let answer: Value = psa.api.object(ACTIONS, &list.pairs()).await?;
    let rows = Envelope::<wire::Action>::of(answer, &list)?.rows;
    let says = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(mark));
    let ours = |row: &&wire::Action| row.ticket_id.is_none_or(|id| id == ticket);
    if rows.iter().filter(ours).any(|row| says(&row.note) || says(&row.note_html)) {
        return Ok(true);
    }
    // A filter that is not looked at, or a list that is cut off, does not show what is not there.
    if rows.len() >= MOST || rows.iter().any(|row| !ours(&row)) {
        let message =
            format!("the actions of ticket {ticket} cannot be told from those of others, or are too many");
        return Err(PsaError::Unreadable { message });
    }
    Ok(false)
}

fn record(place: &Place) -> Result<i64> {
    match place {
        Place::Ticket { ticket } => ticket_number(ticket)
            .ok_or_else(|| PsaError::Settings { message: format!("{place} has no number") }),
        Place::Configuration { .. } => Err(PsaError::Settings { message: NO_CONFIGURATION_NOTES.to_owned() }),
    }
}

/// People write `4242`, or `#0004242` as messages of the PSA do.
fn ticket_number(named: &str) -> Option<i64> {
    number(named.trim().trim_start_matches('#'))
}

/// Plain text as it must be written where markup is shown.
fn markup(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            // Templates of this PSA begin so.
            '$' => html.push_str("&#36;"),
            other => html.push(other),
        }
    }
    format!("<p>{html}</p>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn told(status: u16, body: &str) -> NoteReply {
        outcome(&Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn an_action_with_a_number_is_proof_whatever_it_comes_in() {
        let written = NoteReply::Written { id: Some("31".into()), warning: None };
        assert_eq!(told(201, r#"{"id":31,"ticket_id":7,"hiddenfromuser":true}"#), written);
        assert_eq!(told(201, r#"[{"id":31}]"#), written);
        let seen = told(200, r#"{"id":31,"hiddenfromuser":false}"#);
        assert!(matches!(seen, NoteReply::Written { warning: Some(text), .. } if text.contains("customer")));
        for (status, body) in [(201, "[]"), (200, ""), (200, "<html>"), (302, ""), (500, ""), (504, "<html>")]
        {
            assert!(matches!(told(status, body), NoteReply::Lost { .. }), "{status} {body}");
        }
        let no = told(400, r#""You do not have access to this Action at the moment""#);
        assert!(
            matches!(no, NoteReply::Refused { error } if error.to_string().contains("do not have access"))
        );
        assert!(matches!(told(401, ""), NoteReply::Refused { error: PsaError::Permission { .. } }));
    }

    #[test]
    fn foreign_words_are_text_and_no_markup() {
        assert_eq!(markup("a <b>&\n$x \"q\""), "<p>a &lt;b&gt;&amp;<br>&#36;x &quot;q&quot;</p>");
    }
}
