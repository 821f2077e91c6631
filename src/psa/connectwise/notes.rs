//! Notes on service tickets: internal ones. Nothing is mailed for them: this PSA sends mail for a note, even for an
//! internal one, only where `processNotifications` is set (jundis/CWSlack-SlashCommands#40). Configurations have no
//! notes of their own here, only a text that belongs to the record.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    ConnectWise,
    client::CallError,
    errors, number,
    paging::{List, Pager},
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

pub const TICKETS: &str = "/service/tickets";
/// Why the settings cannot ask for notes on configurations.
pub const NO_CONFIGURATION_NOTES: &str = "a configuration of ConnectWise PSA has no notes of its own, only a text in the record, and nothing in a record is changed but what retires it";

pub async fn ticket(psa: &ConnectWise, named: &str) -> Result<Option<Ticket>> {
    let Some(id) = ticket_number(named) else { return Ok(None) };
    let read: Result<wire::Ticket> =
        psa.api.object(&format!("{TICKETS}/{id}"), &[("fields", "id,closedFlag")]).await;
    match read {
        Ok(row) if row.id == Some(id) => {
            Ok(Some(Ticket { id: id.to_string(), closed: row.closed_flag == Some(true) }))
        }
        Ok(_) => Err(PsaError::Unreadable { message: format!("another record came for ticket {id}") }),
        Err(PsaError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub async fn write(psa: &ConnectWise, note: &Note, hold: &CancellationToken) -> NoteReply {
    let path = match path(note.place()) {
        Ok(path) => path,
        Err(error) => return NoteReply::NotSent { error },
    };
    let body = json!({
        "text": note.text(),
        "detailDescriptionFlag": false,
        "internalAnalysisFlag": true,
        "resolutionFlag": false,
        "customerUpdatedFlag": false,
        "processNotifications": false,
    });
    match psa.api.post_once(&path, &body, hold).await {
        Ok(reply) => outcome(&reply),
        Err(error) if error.sent() == Sent::Never => NoteReply::NotSent { error: error.into_psa() },
        Err(error) => NoteReply::Lost { message: CallError::into_psa(error).to_string() },
    }
}

/// What an answer to a note proves.
fn outcome(reply: &Reply) -> NoteReply {
    match reply.status {
        200..=299 => match reply.json::<wire::ServiceNote>() {
            Ok(wire::ServiceNote {
                id: Some(id), internal_analysis_flag, detail_description_flag, ..
            }) => {
                let seen = internal_analysis_flag == Some(false) || detail_description_flag == Some(true);
                let warning = seen.then(|| {
                    "the PSA did not take it as internal, so the customer may see it; look at the ticket"
                        .to_owned()
                });
                NoteReply::Written { id: Some(id.to_string()), warning }
            }
            Ok(_) => NoteReply::Lost { message: "the answer shows no note".to_owned() },
            Err(message) => NoteReply::Lost { message: format!("{}: {message}", reply.status) },
        },
        401 => match errors::error(reply) {
            error @ PsaError::Permission { .. } => NoteReply::Refused { error },
            error => NoteReply::NotSent { error },
        },
        300..=399 => NoteReply::Lost { message: format!("{}: the PSA redirects changes", reply.status) },
        500..=599 => NoteReply::Lost { message: format!("{}: {}", reply.status, errors::words(reply)) },
        _ => NoteReply::Refused { error: errors::error(reply) },
    }
}

pub async fn has(psa: &ConnectWise, place: &Place, mark: &str) -> Result<bool> {
    let list = List::new("note", path(place)?, "id,text");
    let rows: Vec<wire::ServiceNote> = Pager::new(&psa.api, &list, None).all().await?;
    Ok(rows.iter().any(|row| row.text.as_ref().is_some_and(|text| text.contains(mark))))
}

fn path(place: &Place) -> Result<String> {
    match place {
        Place::Ticket { ticket } => match ticket_number(ticket) {
            Some(id) => Ok(format!("{TICKETS}/{id}/notes")),
            None => Err(PsaError::Settings { message: format!("{place} has no number") }),
        },
        Place::Configuration { .. } => Err(PsaError::Settings { message: NO_CONFIGURATION_NOTES.to_owned() }),
    }
}

/// People write `4711`, or `#4711` as the screens do.
fn ticket_number(named: &str) -> Option<i64> {
    number(named.trim().trim_start_matches('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn told(status: u16, body: &str) -> NoteReply {
        outcome(&Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn only_a_note_with_a_number_is_proof_and_one_that_others_see_is_told() {
        let written = r#"{"id":9,"internalAnalysisFlag":true,"detailDescriptionFlag":false}"#;
        assert_eq!(told(201, written), NoteReply::Written { id: Some("9".into()), warning: None });
        let seen = r#"{"id":9,"internalAnalysisFlag":false,"detailDescriptionFlag":true}"#;
        assert!(
            matches!(told(201, seen), NoteReply::Written { warning: Some(text), .. } if text.contains("customer"))
        );
        for (status, body) in [(201, "{}"), (200, ""), (302, ""), (500, "{}"), (503, "<html>")] {
            assert!(matches!(told(status, body), NoteReply::Lost { .. }), "{status} {body}");
        }
        let no = r#"{"code":"InvalidObject","message":"serviceNote object is invalid","errors":[{"code":"InvalidObject","message":"Please choose where to display the notes in order to save this record."}]}"#;
        assert!(
            matches!(told(400, no), NoteReply::Refused { error } if error.to_string().contains("choose where"))
        );
        let right = r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;
        assert!(matches!(told(401, right), NoteReply::Refused { error: PsaError::Permission { .. } }));
    }

    #[test]
    fn a_ticket_is_a_number_with_or_without_its_sign() {
        assert_eq!(
            ["4711", " #4711 ", "T-1", "", "-3"].map(ticket_number),
            [Some(4711), Some(4711), None, None, None]
        );
    }
}
