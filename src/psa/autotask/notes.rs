//! Notes on tickets and on configuration items. What a note may be, and who may see it, are picklists of the tenant:
//! numbers that mean "internal" to one mean "everybody" to another (WYRE-AI/autotask-mcp#126), so the words decide.
//! The API mails nobody for a note; rules of the tenant's own may.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Autotask, client::CallError, errors, filter::Filter, number, paging::List, setup::Choice, wire};
use crate::{
    domain::{
        note::{Note, Place},
        text::one_line,
    },
    http::{Reply, Sent},
    psa::{
        PsaError,
        lenient::filled,
        port::{NoteReply, Result, Ticket},
    },
};

const TICKETS: &str = "Tickets";
const ITEMS: &str = super::configurations::ENTITY;
pub const TICKET_NOTES: &str = "TicketNotes";
pub const ITEM_NOTES: &str = "ConfigurationItemNotes";
const FIELDS: &[&str] = &["id", "ticketNumber", "status", "completedDate"];
/// What the status of a ticket that is done is called.
const DONE: &[&str] = &["complete", "completed", "closed"];
/// The vendor's limits for title and description.
const TITLE: usize = 250;
const DESCRIPTION: usize = 32_000;
/// The system's own note types for what people write: `Task Notes`, `Task Summary`. Their labels are translated.
const USUAL_TYPES: [i64; 2] = [3, 1];

pub async fn ticket(psa: &Autotask, named: &str) -> Result<Option<Ticket>> {
    let named = named.trim().trim_start_matches('#');
    // People name tickets by their number, `T20261124.0017`; the API by another one.
    let filter = match number(named) {
        Some(id) => Filter::is("id", id),
        None if named.is_empty() => return Ok(None),
        None => Filter::is("ticketNumber", named),
    };
    let list = List::all("ticket", TICKETS, FIELDS).when(filter);
    let rows: Vec<wire::Ticket> = psa.api.short_list(&list).await?;
    let is_it = |row: &&wire::Ticket| match number(named) {
        Some(id) => row.id == Some(id),
        None => row.ticket_number.as_deref().is_some_and(|number| number.trim().eq_ignore_ascii_case(named)),
    };
    let Some((row, id)) = rows.iter().find(is_it).and_then(|row| Some((row, row.id?))) else {
        return Ok(None);
    };
    let statuses = psa.picklists(TICKETS).await?;
    let done = statuses.labelled("status", DONE);
    let closed = match row.status {
        Some(status) if !done.is_empty() => done.contains(&status),
        _ => filled(row.completed_date.as_ref()).is_some(),
    };
    Ok(Some(Ticket { id: id.to_string(), closed }))
}

pub async fn write(psa: &Autotask, note: &Note, hold: &CancellationToken) -> NoteReply {
    let prepared = async {
        let (entity, path) = path(psa, note.place()).await?;
        Ok::<_, PsaError>((entity, path, body(note, &choices(psa, entity).await?)))
    };
    let (entity, path, body) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => return NoteReply::NotSent { error },
    };
    match psa.api.create_once(entity, &path, &body, hold).await {
        Ok(reply) => outcome(&reply),
        Err(error) if error.sent() == Sent::Never => NoteReply::NotSent { error: error.into_psa() },
        Err(error) => NoteReply::Lost { message: CallError::into_psa(error).to_string() },
    }
}

/// What a note is to this tenant: its type, and who may see it where that can be chosen.
pub struct Choices {
    note_type: i64,
    publish: Option<i64>,
}

pub async fn choices(psa: &Autotask, entity: &'static str) -> Result<Choices> {
    let lists = psa.picklists(entity).await?;
    let note_type = note_type(lists.of_field("noteType")).ok_or_else(|| PsaError::Settings {
        message: "this tenant offers no type for such a note".to_owned(),
    })?;
    let publish = if entity == TICKET_NOTES { Some(internal(lists.of_field("publish"))?) } else { None };
    Ok(Choices { note_type, publish })
}

fn body(note: &Note, choices: &Choices) -> Value {
    let mut body = json!({
        "title": one_line(note.title(), TITLE),
        "description": note.text().chars().take(DESCRIPTION).collect::<String>(),
        "noteType": choices.note_type,
    });
    if let Some(publish) = choices.publish {
        body["publish"] = publish.into();
    }
    body
}

/// The tenant's default, or what people use most, or the first there is.
fn note_type(choices: &[Choice]) -> Option<i64> {
    let active = || choices.iter().filter(|choice| choice.active);
    let default = active().find(|choice| choice.default);
    let usual = USUAL_TYPES.iter().find_map(|usual| active().find(|choice| choice.value == *usual));
    default.or(usual).or_else(|| active().next()).map(|choice| choice.value)
}

/// Who may see it: the tenant's own people, and nobody else. `All Autotask Users` includes customers, and
/// `Internal & Co-Managed` their people. Without such a choice no note is written.
fn internal(choices: &[Choice]) -> Result<i64> {
    let plain = |choice: &&Choice| {
        let label = choice.label.to_lowercase();
        choice.active && label.contains("intern") && !label.contains("managed")
    };
    choices.iter().find(plain).map(|choice| choice.value).ok_or_else(|| {
        let labels: Vec<String> = choices.iter().map(|choice| format!("\"{}\"", choice.label)).collect();
        PsaError::Settings {
            message: format!(
                "none of this tenant's choices for who may see a note is plainly internal: {}",
                one_line(&labels.join(", "), 300)
            ),
        }
    })
}

/// What an answer to a note proves.
fn outcome(reply: &Reply) -> NoteReply {
    match reply.status {
        200..=299 => match reply.json::<wire::Operation>() {
            Ok(wire::Operation { item: Some(id) }) => {
                NoteReply::Written { id: Some(id.to_string()), warning: None }
            }
            Ok(wire::Operation { item: None }) => {
                NoteReply::Lost { message: "the answer names no note".to_owned() }
            }
            Err(message) => NoteReply::Lost { message: format!("{}: {message}", reply.status) },
        },
        300..=399 => NoteReply::Lost { message: format!("{}: the PSA redirects changes", reply.status) },
        status => match errors::error(reply) {
            error @ (PsaError::SignIn { .. } | PsaError::RateLimited { .. }) => NoteReply::NotSent { error },
            PsaError::Unreachable { message, .. } => NoteReply::Lost { message },
            // Most likely a considered no; a server that failed half way may use the same words.
            PsaError::Refused { message, .. } if status == 500 => NoteReply::Lost { message },
            error => NoteReply::Refused { error },
        },
    }
}

pub async fn has(psa: &Autotask, place: &Place, mark: &str) -> Result<bool> {
    let (entity, field) = match place {
        Place::Ticket { .. } => (TICKET_NOTES, "ticketID"),
        Place::Configuration { .. } => (ITEM_NOTES, "configurationItemID"),
    };
    let parent = record(psa, place).await?;
    let list = List::all("note", entity, &["id", "title", "description"]).when(Filter::is(field, parent));
    let rows: Vec<wire::Note> = psa.api.short_list(&list).await?;
    Ok(rows.iter().any(|row| row.description.as_ref().is_some_and(|text| text.contains(mark))))
}

/// Where a note is posted to: below its record.
async fn path(psa: &Autotask, place: &Place) -> Result<(&'static str, String)> {
    let record = record(psa, place).await?;
    Ok(match place {
        Place::Ticket { .. } => (TICKET_NOTES, format!("{TICKETS}/{record}/Notes")),
        Place::Configuration { .. } => (ITEM_NOTES, format!("{ITEMS}/{record}/Notes")),
    })
}

/// The API's number of the record.
async fn record(psa: &Autotask, place: &Place) -> Result<i64> {
    let found = match place {
        Place::Configuration { id } => number(id.as_str()),
        Place::Ticket { ticket: named } => match number(named.trim().trim_start_matches('#')) {
            Some(id) => Some(id),
            None => ticket(psa, named).await?.and_then(|ticket| number(&ticket.id)),
        },
    };
    found.ok_or_else(|| PsaError::Refused { status: 404, message: format!("there is no {place}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn choice(value: i64, label: &str) -> Choice {
        Choice { value, label: label.to_owned(), active: true, default: false }
    }

    #[test]
    fn who_may_see_a_note_is_told_by_words_alone() {
        let usual = [
            choice(1, "All Autotask Users"),
            choice(4, "Internal & Co-Managed"),
            choice(2, "Internal Project Team"),
        ];
        assert_eq!(internal(&usual).unwrap(), 2);
        let turned = [choice(1, "Internal Only"), choice(2, "All Autotask Users")];
        assert_eq!(internal(&turned).unwrap(), 1);
        let none = [choice(1, "All Autotask Users"), choice(4, "Internal & Co-managed")];
        assert!(
            matches!(internal(&none), Err(PsaError::Settings { message }) if message.contains("Co-managed"))
        );
        let inactive = [Choice { active: false, ..choice(2, "Internal") }];
        assert!(internal(&inactive).is_err());
    }

    #[test]
    fn the_type_is_the_tenants_default_or_what_people_use() {
        let own = [choice(1, "Aufgabenübersicht"), choice(3, "Aufgabennotizen"), choice(99, "RMM-Notiz")];
        assert_eq!(note_type(&own), Some(3));
        let with_default = [choice(3, "Task Notes"), Choice { default: true, ..choice(105, "Internal") }];
        assert_eq!(note_type(&with_default), Some(105));
        assert_eq!(note_type(&[choice(7, "Asset Note")]), Some(7));
        assert_eq!(note_type(&[]), None);
    }

    #[test]
    fn a_no_that_may_be_trouble_is_looked_into() {
        let told = |status: u16, body: &str| {
            outcome(&Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
        };
        assert_eq!(told(200, r#"{"itemId":5}"#), NoteReply::Written { id: Some("5".into()), warning: None });
        let right = r#"{"errors":["The logged in Resource does not have the adequate permissions to create this entity type."]}"#;
        assert!(matches!(told(500, right), NoteReply::Refused { error: PsaError::Permission { .. } }));
        for (status, body) in
            [(200, "{}"), (200, ""), (500, r#"{"errors":["title is required"]}"#), (502, "<html>")]
        {
            assert!(matches!(told(status, body), NoteReply::Lost { .. }), "{status} {body}");
        }
    }
}
